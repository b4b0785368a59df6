// Serves execute: how much the loss can rise near a trained network (Keskar et al. 2017).
import BitExact
import Datasets
import Measurements
import Specification
import Tables
import Training

struct KeskarSharpness: RunMeasurement {
  static let record = Record(
    "keskar_sharpness",
    doc: """
      φ = 100·(max f(x + Ay) − f(x))/(1 + f(x)) over the box |yᵢ| ≤ ε·(|(A⁺x)ᵢ| + 1), f the training loss (Keskar et al. 2017, \
      metric 2.1); A is the identity or has random normal columns. The maximum is sought by projected sign-gradient ascent, \
      so φ is a lower bound.
      """,
    fields: [
      Field(
        "epsilon", .list(.number(.positive), count: 1...20), default: .value([5e-4, 1e-3]),
        doc: "Values of ε.",
        example: "[1e-3]"),
      Field(
        "subspace", .list(.integer(0...1000), count: 1...20), default: .value([0, 100]), unit: "columns",
        doc: "Columns of A; 0 for the whole space.", example: "[0]"),
      Field(
        "iterations", .integer(1...1000), default: .value(10), unit: "steps", doc: "Steps of ascent.",
        example: "20"),
      curvatureFields[0], curvatureFields[1],
    ])

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, ε and subspace.",
    axes: [
      Column("epsilon", .axis, doc: "ε."),
      Column("subspace", .axis, unit: "columns", doc: "Columns of A; 0 for the whole space."),
    ],
    metrics: [
      Column("loss", .metric, unit: "nats", doc: "f(x)."),
      Column("largest_loss", .metric, unit: "nats", doc: "The largest f(x + Ay) found."),
      Column("sharpness", .metric, doc: "φ."),
    ])

  private let epsilons: [Double]
  private let subspaces: [Int]
  private let iterations: Int
  private let examples: Int
  private let mode: Mode

  init(_ value: Value) {
    epsilons = value["epsilon"]?.array?.compactMap(\.number) ?? []
    subspaces = value["subspace"]?.array?.compactMap(\.integer) ?? []
    iterations = value["iterations"]?.integer ?? 10
    examples = value["examples"]?.integer ?? 500
    mode = value["statistics"]?.string == "running" ? .evaluation : .batchStatistics
  }

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let rows = firstRows(examples, of: data.train)
    let twin = try network.twin(capacity: rows.count)
    func evaluate() -> Double { twin.computeGradient(data.train, rows, mode: mode) }
    var table = RunTable(KeskarSharpness.table)
    for epsilon in epsilons {
      for dimension in subspaces {
        let found =
          dimension == 0
          ? BoxSharpness(twin, epsilon: epsilon, iterations: iterations, evaluate: evaluate)
          : BoxSharpness(
            twin, epsilon: epsilon, dimension: min(dimension, twin.layout.count), iterations: iterations,
            stream: RandomStream(seed: seed, purpose: "sharpness"), evaluate: evaluate)
        table.addRow([
          "epsilon": epsilon, "subspace": Double(dimension), "loss": found.loss,
          "largest_loss": found.largestLoss, "sharpness": found.value,
        ])
      }
    }
    return table
  }

  func examples(_ data: DatasetDescription) -> Int {
    3 * min(examples, data.train) * epsilons.count * subspaces.count * (iterations + 2)
  }
}
