// Serves execute: how many labellings of points a plane can realise, measured against Cover's count (1965).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct Separability: RunProtocol {
  static let record = Record(
    "separability",
    doc: """
      Draws labellings of the training points by fair coins and decides by linear programming which of them a plane \
      through the origin separates; compares with Cover's exact count, ½ at twice as many points as dimensions.
      """,
    fields: [
      Field(
        "labelings", .integer(1...1_000_000), default: .value(400), doc: "Labellings that are drawn.",
        example: "400")
    ])
  static let trainsModel = false
  static let datasets: [DatasetName] = [.randomPoints]

  private let labelings: Int

  init(_ value: Value) { labelings = value["labelings"]?.integer ?? 400 }

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run.", axes: [],
      metrics: [
        Column("separable_fraction", .metric, doc: "Fraction of the drawn labellings that are separable."),
        Column(
          "expected_fraction", .metric, doc: "2·Σ_{k<d} binom(n − 1, k)/2ⁿ for n points in d dimensions."),
        Column("deviation", .metric, doc: "separable_fraction − expected_fraction."),
        Column(
          "standard_error", .metric,
          doc: "√(p(1 − p)/labelings), p the expected fraction: what chance makes of the deviation."),
        Column("load", .metric, doc: "n/d, points a dimension."),
      ])
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let points = try context.library.load(context.configuration.data, seed: context.streamSeed).train
    let coordinates = points.inputs.map(Double.init)
    var separable = 0
    for labeling in 0..<labelings {
      if labeling % 16 == 0 { try context.progress(labeling, labelings) }
      var stream = RandomStream(seed: context.streamSeed, purpose: "labeling", index: UInt32(labeling))
      let labels = (0..<points.count).map { _ in stream.below(2) == 1 ? 1.0 : -1 }
      let signed = SignedPoints(points: coordinates, labels: labels, dimension: points.inputCount)
      if LinearSeparability(signed).separator != nil { separable += 1 }
    }
    let expected = LinearSeparability.expectedFraction(points: points.count, dimension: points.inputCount)
    let fraction = Double(separable) / Double(labelings)
    var main = RunTable(Separability.tables[0])
    main.addRow([
      "separable_fraction": fraction, "expected_fraction": expected, "deviation": fraction - expected,
      "standard_error": (expected * (1 - expected) / Double(labelings)).squareRoot(),
      "load": Double(points.count) / Double(points.inputCount),
    ])
    return RunResult(tables: ["": main])
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    // About two pivots a dimension, each over the whole tableau.
    let tableau = Double(data.inputCount + 2) * Double(data.train + data.inputCount + 2)
    return RunCost(
      steps: Double(labelings), operations: Double(labelings) * 4 * Double(data.inputCount) * tableau * 4)
  }
}
