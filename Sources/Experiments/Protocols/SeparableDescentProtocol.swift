// Serves execute: descent on separable data against the hard-margin separator (Soudry et al. 2018).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct SeparableDescentProtocol: RunProtocol {
  static let record = Record(
    "separable-descent",
    doc: """
      Descent on the logistic loss Σ log(1 + exp(−y⟨w, x⟩)) from w = 0, in double precision, compared with the \
      homogeneous hard-margin separator (Soudry et al. 2018). Recorded at ten steps a decade.
      """,
    fields: [
      Field(
        "method",
        .choice([
          Choice("gd", "Gradient descent."),
          Choice("momentum", "Heavy ball with momentum 0.9 and a tenth of the step."),
          Choice("normalized", "The gradient divided by the loss (Nacson et al. 2019)."),
          Choice("sgd", "One example a step."),
          Choice("adam", "Adam (Kingma & Ba 2015)."),
        ]), default: .value("gd"), doc: "How the weights follow the gradient.", example: "normalized"),
      Field(
        "lr", .number(.positive), default: .value(1),
        doc: """
          Step size in the method's own unit: 1/σ²max of the data for gd and momentum (stable below 8), 1/max‖x‖² for \
          normalized and sgd, 0.01 for adam.
          """, example: "1"),
      Field(
        "steps", .integer(1...1_000_000_000), default: .required, unit: "steps", doc: "Number of steps.",
        example: "100000"),
    ])
  static let trainsModel = false
  static let datasets: [DatasetName] = [.separable, .digitPair]

  private let method: DescentMethod
  private let rate: Double
  private let steps: Int

  init(_ value: Value) throws {
    guard let method = value["method"]?.string.flatMap(DescentMethod.init), let rate = value["lr"]?.number,
      let steps = value["steps"]?.integer
    else { throw ConfigurationError(description: "separable-descent without its options") }
    self.method = method
    self.rate = rate
    self.steps = steps
  }

  private static let metrics: [Column] = [
    Column("norm", .metric, doc: "‖w‖₂."),
    Column("loss", .metric, unit: "nats", doc: "Logistic loss, summed over the training points."),
    Column("loss_t", .metric, doc: "loss · step."),
    Column("cosine", .metric, doc: "Cosine of the angle between w and the separator ŵ."),
    Column("one_minus_cosine", .metric, doc: "1 − cosine, computed without cancellation."),
    Column("one_minus_cosine_log2_t", .metric, doc: "(1 − cosine) · log²(step)."),
    Column("angle", .metric, unit: "rad", doc: "Angle between w and ŵ."),
    Column("margin", .metric, doc: "min y⟨w, x⟩/‖w‖, negative before the points are separated."),
    Column("margin_gap", .metric, doc: "γ − margin, γ the largest possible margin."),
    Column("relative_margin_gap", .metric, doc: "margin_gap/γ."),
    Column("gap_log_t", .metric, doc: "margin_gap · log(step)."),
    Column("train_error", .metric, doc: "Fraction of training points on the wrong side."),
    Column("validation_loss", .metric, unit: "nats", doc: "Logistic loss, mean over the validation points."),
    Column("validation_error", .metric, doc: "Fraction of validation points on the wrong side."),
  ]

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the metrics after the last step.", axes: [],
      metrics: metrics + [
        Column("svm_margin", .metric, doc: "γ = 1/‖ŵ‖, the margin of the hard-margin separator.")
      ]),
    TableDeclaration(
      suffix: "history", doc: "One row a run and recorded step, ten steps a decade.",
      axes: [Column("step", .axis, unit: "steps", doc: "Steps taken so far.")], metrics: metrics),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let split = try context.library.load(context.configuration.data, seed: context.streamSeed)
    let train = SignedPoints(split.train)
    let validation = SignedPoints(split.validation)
    guard let separator = HardMarginSeparator(train) else {
      throw RunFailure(description: "the training points are not linearly separable")
    }
    var descent = SeparableDescent(train, method: method, rate: stepSize(train), seed: context.streamSeed)
    let tables = SeparableDescentProtocol.tables
    var (main, history) = (RunTable(tables[0]), RunTable(tables[1]))
    var result = RunResult()
    let marks = Set(recordedSteps)
    let beat = max(1, steps / 50)
    var last: [String: Double] = [:]
    for step in 1...steps {
      descent.step()
      if step % beat == 0 { try context.progress(step, steps) }
      guard marks.contains(step) else { continue }
      last = measure(descent.weights, step, train, validation, separator)
      history.rows.append(
        history.columns.map { $0 == "step" ? .number(Double(step)) : last[$0].map(Cell.number) ?? .missing })
      result.digests.append((step, digest(descent.weights)))
    }
    last["svm_margin"] = separator.margin
    main.rows = [main.columns.map { last[$0].map(Cell.number) ?? .missing }]
    result.tables = ["": main, "history": history]
    return result
  }

  /// 1, 2, 3, … 10, 13, 16, 20, …: the whole numbers nearest to powers of 10^(1/10), and the last step.
  private var recordedSteps: [Int] {
    var marks: [Int] = []
    for k in 0... {
      let step = (Elementary.exp(Double(k) * Elementary.log(10) / 10)).rounded()
      if step >= Double(steps) { break }
      if Int(step) != marks.last { marks.append(Int(step)) }
    }
    return marks + [steps]
  }

  private func stepSize(_ points: SignedPoints) -> Double {
    switch method {
    case .gd, .momentum:
      let sigma = points.largestSingularValue
      return rate / (sigma * sigma)
    case .normalized, .sgd: return rate / points.largestSquaredLength
    case .adam: return rate * 0.01
    }
  }

  private func measure(
    _ w: [Double], _ step: Int, _ train: SignedPoints, _ validation: SignedPoints,
    _ separator: HardMarginSeparator
  ) -> [String: Double] {
    let norm = w.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let length = separator.weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let products = train.margins(w)
    let time = Double(step)
    let logTime = Elementary.log(time)
    var values: [String: Double] = ["norm": norm]
    let loss = products.reduce(0) { $0 + logisticLoss($1) }
    values["loss"] = loss
    values["loss_t"] = loss * time
    let chord = zip(w, separator.weights).reduce(0) { sum, pair in
      let difference = pair.0 / norm - pair.1 / length
      return sum + difference * difference
    }
    values["one_minus_cosine"] = chord / 2
    values["one_minus_cosine_log2_t"] = chord / 2 * logTime * logTime
    values["cosine"] = 1 - chord / 2
    values["angle"] = 2 * Elementary.asin(min(1, chord.squareRoot() / 2))
    let margin = (products.min() ?? 0) / norm
    values["margin"] = margin
    values["margin_gap"] = separator.margin - margin
    values["relative_margin_gap"] = (separator.margin - margin) / separator.margin
    values["gap_log_t"] = (separator.margin - margin) * logTime
    values["train_error"] = fraction(products) { $0 <= 0 }
    if validation.count > 0 {
      let margins = validation.margins(w)
      values["validation_loss"] = margins.reduce(0) { $0 + logisticLoss($1) } / Double(validation.count)
      values["validation_error"] = fraction(margins) { $0 <= 0 }
    }
    return values
  }

  private func fraction(_ values: [Double], where condition: (Double) -> Bool) -> Double {
    values.isEmpty ? 0 : Double(values.count(where: condition)) / Double(values.count)
  }

  private func digest(_ w: [Double]) -> String {
    var hash = SHA256()
    hash.update(w.map { ($0.isNaN ? Double.nan.bitPattern : $0.bitPattern).littleEndian })
    return hash.hexDigest()
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    // Two passes over the data a step, and an exponential an example that takes as long as about forty operations.
    let operations = Double(steps) * Double(data.train) * (4 * Double((data.inputCount + 7) / 8 * 8) + 40)
    return RunCost(steps: Double(steps), operations: operations * 8)
  }
}

/// A run that cannot go on, for a reason that its author should hear.
public struct RunFailure: Error, CustomStringConvertible {
  /// The reason.
  public var description: String
}

extension SignedPoints {
  fileprivate init(_ data: LabelledData) {
    self.init(
      points: data.inputs.map(Double.init), labels: data.labels.map(Double.init), dimension: data.inputCount)
  }

  fileprivate var largestSquaredLength: Double {
    (0..<count).map { n in
      (0..<dimension).reduce(0.0) { $0 + values[n * stride + $1] * values[n * stride + $1] }
    }.max() ?? 1
  }
}
