// Serves execute: the geometry of the last features at the end of training (Papyan, Han & Donoho 2020).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct NeuralCollapse: RunMeasurement {
  static let record = Record(
    "neural_collapse",
    doc: """
      How far the features before the last layer have collapsed onto their class means, for the training data. \
      Σ_W is the covariance within classes, Σ_B that of the class means about their mean, C the number of classes.
      """,
    fields: [
      Field(
        "examples", .integer(2...1_000_000), default: .value(5000), unit: "examples",
        doc: "Training examples, the first of the run's; all if there are fewer.", example: "2000")
    ])

  private let examples: Int

  init(_ value: Value) { examples = value["examples"]?.integer ?? 5000 }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run.", axes: [],
    metrics: [
      Column("nc1", .metric, doc: "tr(Σ_W Σ_B⁺)/C: variation within classes against that between them."),
      Column("nc1_ratio", .metric, doc: "tr Σ_W/tr Σ_B, which stays finite when class means align."),
      Column("nc2_norm", .metric, doc: "Coefficient of variation of the lengths of the centred class means."),
      Column(
        "nc2_angle", .metric, doc: "Mean |cos + 1/(C − 1)| over pairs of class means; 0 for a simplex."),
      Column("nc3", .metric, doc: "‖Wᵀ/‖W‖_F − M/‖M‖_F‖²: the classifier against the class means."),
      Column("nc4", .metric, doc: "Fraction of examples whose nearest class mean is not the prediction."),
    ])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let outputs = network.activations(data.train, count: examples)
    guard outputs.count >= 2, let logits = outputs.last else {
      throw RunFailure(description: "'neural_collapse' needs a hidden layer")
    }
    let features = outputs[outputs.count - 2].values
    let collapse = CollapseMeasures(
      features, labels: data.train.labels.prefix(features.rows).map(Int.init), classes: data.classes,
      predictions: (0..<features.rows).map { row in
        var best = 0
        for j in 1..<max(1, data.classes) where logits.values[row, j] > logits.values[row, best] { best = j }
        return best
      }, classifier: classifier(network, width: features.columns))
    var table = RunTable(NeuralCollapse.table)
    table.addRow(collapse.values)
    return table
  }

  /// The last weights as classes × features; `nil` when the features are not one vector.
  private func classifier(_ network: Network, width: Int) -> DoubleMatrix? {
    guard let last = network.layout.parameters.last(where: { $0.kind == .weight }),
      paddedWidth(last.rows) == width
    else { return nil }
    var matrix = DoubleMatrix(rows: last.columns, columns: width)
    for i in 0..<last.rows {
      for j in 0..<last.columns { matrix[j, i] = Double(network.parameters.start[last.index(i, j)]) }
    }
    return matrix
  }

  func examples(_ data: DatasetDescription) -> Int { min(examples, data.train) }
}

/// The measures NC1 … NC4 of given features.
struct CollapseMeasures {
  /// By column name; measures that are not defined are left out.
  private(set) var values: [String: Double] = [:]

  init(
    _ features: DoubleMatrix, labels: [Int], classes: Int, predictions: [Int], classifier: DoubleMatrix?
  ) {
    let means = CollapseMeasures.classMeans(features, labels, classes)
    let centered = means.centered
    measureVariation(features, labels, means, centered)
    measureGeometry(centered)
    if let classifier, classifier.rows == classes {
      let (a, b) = (classifier.frobeniusNorm, centered.frobeniusNorm)
      let difference = zip(classifier.values, centered.values).map { $0 / a - $1 / b }
      if a > 0, b > 0 { values["nc3"] = dot(difference, difference) }
    }
    values["nc4"] = CollapseMeasures.mismatch(features, means, predictions)
  }

  private static func classMeans(_ features: DoubleMatrix, _ labels: [Int], _ classes: Int) -> DoubleMatrix {
    var means = DoubleMatrix(rows: classes, columns: features.columns)
    var counts = [Double](repeating: 0, count: classes)
    for (row, label) in labels.enumerated() {
      counts[label] += 1
      for j in 0..<features.columns { means[label, j] += features[row, j] }
    }
    for label in 0..<classes where counts[label] > 0 {
      for j in 0..<features.columns { means[label, j] /= counts[label] }
    }
    return means
  }

  private mutating func measureVariation(
    _ features: DoubleMatrix, _ labels: [Int], _ means: DoubleMatrix, _ centered: DoubleMatrix
  ) {
    let classes = Double(means.rows)
    var residuals = features
    for (row, label) in labels.enumerated() {
      for j in 0..<features.columns { residuals[row, j] -= means[label, j] }
    }
    let count = Double(max(1, features.rows))
    let within = dot(residuals.values, residuals.values) / count
    let between = dot(centered.values, centered.values) / classes
    if between > 0 { values["nc1_ratio"] = within / between }
    // Σ_B = MᵀM/C, so Σ_B⁺ = C·Σₖ vₖvₖᵀ/sₖ² with the singular values and right vectors of M.
    let svd = ThinSVD(centered)
    var trace = 0.0
    for k in 0..<svd.rank(tolerance: 1e-9) {
      let shares = residuals.times(svd.right.row(k))
      trace += classes * dot(shares, shares) / count / (svd.values[k] * svd.values[k])
    }
    values["nc1"] = trace / classes
  }

  private mutating func measureGeometry(_ centered: DoubleMatrix) {
    let classes = centered.rows
    guard classes > 1 else { return }
    let lengths = (0..<classes).map { norm(centered.row($0)) }
    let mean = lengths.reduce(0, +) / Double(classes)
    guard mean > 0, lengths.allSatisfy({ $0 > 0 }) else { return }
    let variance = lengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(classes)
    values["nc2_norm"] = variance.squareRoot() / mean
    let gram = centered.rowGram
    var (sum, pairs) = (0.0, 0.0)
    for i in 0..<classes {
      for j in 0..<i {
        sum += abs(gram[i, j] / (lengths[i] * lengths[j]) + 1 / Double(classes - 1))
        pairs += 1
      }
    }
    values["nc2_angle"] = sum / pairs
  }

  private static func mismatch(_ features: DoubleMatrix, _ means: DoubleMatrix, _ predictions: [Int])
    -> Double
  {
    // ‖h − μ‖² = ‖h‖² − 2h·μ + ‖μ‖²; the first term does not matter.
    let products = features.timesTransposed(means)
    let squares = (0..<means.rows).map { dot(means.row($0), means.row($0)) }
    var wrong = 0
    for row in 0..<features.rows {
      var best = 0
      for c in 1..<max(1, means.rows)
      where squares[c] - 2 * products[row, c] < squares[best] - 2 * products[row, best] {
        best = c
      }
      if best != predictions[row] { wrong += 1 }
    }
    return Double(wrong) / Double(max(1, features.rows))
  }
}
