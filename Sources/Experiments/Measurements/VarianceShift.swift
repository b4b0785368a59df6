// Serves execute: what dropout does to the variances that a later normalisation keeps (Li et al. 2019).
import BitExact
import Datasets
import Measurements
import Specification
import Tables
import Training

struct VarianceShift: RunMeasurement {
  static let record = Record(
    "variance_shift",
    doc: """
      Variances in training over variances in evaluation, of units behind dropout and of the inputs of the normalisations that \
      follow (Li et al. 2019). A unit with mean c and variance v that is kept with probability q and divided by it has the variance \
      (v + c²)/q − c² in training and v in evaluation; Σ wⱼxⱼ gains Σ wⱼ²·E[xⱼ²]·(1/q − 1).
      """,
    fields: [
      Field(
        "examples", .integer(2...100_000), default: .value(1000), unit: "examples",
        doc: "Training examples, the first ones.", example: "1000"),
      Field(
        "draws", .integer(1...1000), default: .value(20), unit: "passes",
        doc: "Passes in training mode, each with its own dropped units.", example: "20"),
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    guard let model = value["model"] else { return }
    let isChain =
      model["mlp"] != nil || (model["width"] != nil && model["blocks"] == nil && model["resnet"] == nil)
    if !isChain || model["residual"]?.bool == true || model["dropout"]?.number ?? 0 == 0 {
      complaints.add(
        "model-measurement", "'variance_shift' needs a perceptron with dropout", in: "measure",
        expected: "model: {mlp: [...], dropout: 0.3}")
    }
  }

  static let table = TableDeclaration(
    suffix: record.name,
    doc: "One row a run, layer and place; variances are summed over the layer's units.",
    axes: [
      Column("layer", .axis, doc: "Number of the layer with weights, from 1 at the input."),
      Column(
        "place", .axis,
        doc:
          "`dropout`, the layer's units behind dropout; or `norm_input`, the layer's sums where a normalisation follows."
      ),
    ],
    metrics: [
      Column("evaluation_variance", .metric, doc: "Variance in evaluation mode."),
      Column("training_ratio", .metric, doc: "Variance in training mode over evaluation_variance."),
      Column(
        "expected_ratio", .metric,
        doc:
          "The same by the formulas for the dropout directly before, from moments in evaluation mode; 1 where there is none."
      ),
      Column(
        "running_ratio", .metric,
        doc:
          "Running variance of the normalisation over evaluation_variance; only for `norm_input` of batch normalisation."
      ),
    ])

  private let examples: Int
  private let draws: Int

  init(_ value: Value) {
    examples = value["examples"]?.integer ?? 1000
    draws = value["draws"]?.integer ?? 20
  }

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let count = min(examples, data.train.count)
    let twin = try network.twin(capacity: count)
    let running = twin.runningStatistics.map { $0.duplicate() }
    let evaluated = twin.unitValues(data.train, 0..<count, mode: .evaluation)
    var trained = evaluated.map { _ in [Moments]() }
    for draw in 0..<draws {
      // A stream of its own: steps of training have others.
      twin.setDraw(seed: seed ^ 0x5EED, step: draw)
      for (place, values) in twin.unitValues(data.train, 0..<count, mode: .training).enumerated() {
        trained[place].append(Moments(values.units))
      }
    }
    var table = RunTable(VarianceShift.table)
    for (index, values) in evaluated.enumerated() {
      guard let place = place(index, evaluated) else { continue }
      let variance = Moments(values.units).variances.reduce(0, +)
      var row = [
        "layer": Double(values.layer), "evaluation_variance": variance,
        "training_ratio": Moments(trained[index]).variances.reduce(0, +) / variance,
        "expected_ratio": expected(index, evaluated, twin) / variance,
      ]
      let normalisations = evaluated[...index].filter { $0.place == .weights }.count
      if place == "norm_input", twin.options.norm.kind == .batch, running.indices.contains(normalisations - 1)
      {
        let statistics = running[normalisations - 1]
        let sum = values.units.indices.reduce(0) {
          $0 + Double(statistics.start[statistics.count / 2 + $1])
        }
        row["running_ratio"] = sum / variance
      }
      table.addRow(row, labels: ["place": place])
    }
    return table
  }

  private func place(_ index: Int, _ values: [UnitValues]) -> String? {
    switch values[index].place {
    case .dropout: return "dropout"
    case .weights:
      let next = values.dropFirst(index + 1).first
      return next?.place == .normalisation && next?.layer == values[index].layer ? "norm_input" : nil
    default: return nil
    }
  }

  /// The variance in training by the formulas, summed over units.
  private func expected(_ index: Int, _ values: [UnitValues], _ network: Network) -> Double {
    let gain = 1 / (1 - network.options.dropout) - 1
    let own = Moments(values[index].units)
    if values[index].place == .dropout { return own.variances.reduce(0, +) + gain * own.squares.reduce(0, +) }
    let plain = own.variances.reduce(0, +)
    guard index > 0, values[index - 1].place == .dropout else { return plain }
    let weight = network.layout.weights[values[index].layer - 1]
    let squares = Moments(values[index - 1].units).squares
    var added = 0.0
    for (row, square) in squares.enumerated() {
      for column in 0..<weight.columns {
        let w = Double(network.parameters.start[weight.index(row, column)])
        added += w * w * square
      }
    }
    return plain + gain * added
  }

  func examples(_ data: DatasetDescription) -> Int { min(examples, data.train) * (draws + 1) }
}

/// Mean and mean square of every unit.
private struct Moments {
  private let means: [Double]
  /// E[x²].
  let squares: [Double]

  init(_ units: [[Float]]) {
    means = units.map { UnitSummary.mean($0) }
    squares = units.map { values in
      values.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(1, values.count))
    }
  }

  /// The moments over several passes of equal size.
  init(_ passes: [Moments]) {
    func mean(_ values: (Moments) -> [Double]) -> [Double] {
      (passes.first.map(values) ?? []).indices.map { unit in
        passes.reduce(0) { $0 + values($1)[unit] } / Double(passes.count)
      }
    }
    (means, squares) = (mean(\.means), mean(\.squares))
  }

  var variances: [Double] { zip(means, squares).map { $1 - $0 * $0 } }
}
