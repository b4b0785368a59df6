// Serves execute: a batch-normalised network in the right and the wrong mode.
import BitExact
import Datasets
import Specification
import Tables
import Training

struct InferenceModes: RunMeasurement {
  static let record = Record(
    "inference_modes",
    doc: """
      Test accuracy of the trained network in evaluation mode, with the statistics of each test batch, and after the \
      running averages were updated on the test batches ("leak"); for shuffled and class-sorted batches of several \
      sizes, and for shifted inputs x → (1 + s)·x + s.
      """,
    fields: [
      Field(
        "batch", .list(.integer(1...4096), count: 1...50), default: .value([1, 2, 4, 8, 32, 128]),
        unit: "examples", doc: "Sizes of the test batches.", example: "[1, 128]"),
      Field(
        "shift", .list(.number(.any), count: 1...50), default: .value([0]), doc: "Values of s.",
        example: "[0, 0.5]"),
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    if value["model"]?["norm"]?.string?.hasPrefix("batch") != true {
      complaints.add(
        "model-measurement", "'inference_modes' needs a batch-normalised model", in: "measure",
        expected: "model: {norm: batch}")
    }
  }

  private let batches: [Int]
  private let shifts: [Double]

  init(_ value: Value) {
    batches = value["batch"]?.array?.compactMap(\.integer) ?? []
    shifts = value["shift"]?.array?.compactMap(\.number) ?? []
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, mode, order, batch size and shift.",
    axes: [
      Column("mode", .axis, doc: "`evaluation`, `batch` or `leak`."),
      Column("order", .axis, doc: "`shuffled` or `sorted` by class; no matter in evaluation mode."),
      Column(
        "batch", .axis, unit: "examples", doc: "Size of the test batches; no matter in evaluation mode."),
      Column("shift", .axis, doc: "s of x → (1 + s)·x + s."),
    ], metrics: [Column("accuracy", .metric, doc: "Fraction of the test data classified correctly.")])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    var result = RunTable(InferenceModes.table)
    var stream = RandomStream(seed: seed, purpose: "inference-order")
    let orders = [
      ("shuffled", stream.permutation(data.test.count)), ("sorted", sortedByClass(data.test.labels)),
    ]
    for shift in shifts {
      let test = shift == 0 ? data.test : shifted(data.test, by: Float(shift))
      let evaluation = network.evaluate(test).accuracy
      for (name, indices) in orders {
        for size in batches {
          let rows = [
            ("evaluation", evaluation),
            ("batch", network.evaluate(test, mode: .batchStatistics, indices: indices, chunk: size).accuracy),
            ("leak", leaked(network, test, indices, size)),
          ]
          for (mode, accuracy) in rows {
            result.rows.append([
              .text(mode), .text(name), .number(Double(size)), .number(shift), .number(accuracy),
            ])
          }
        }
      }
    }
    return result
  }

  /// Accuracy in evaluation mode after a pass over the test batches in training mode; the averages are then put back.
  private func leaked(_ network: Network, _ test: ExampleMatrix, _ indices: [Int], _ size: Int) -> Double {
    let saved = network.runningStatistics.map { $0.duplicate() }
    _ = network.evaluate(test, mode: .training, indices: indices, chunk: size)
    let accuracy = network.evaluate(test).accuracy
    for (running, copy) in zip(network.runningStatistics, saved) { running.copy(from: copy) }
    return accuracy
  }

  private func sortedByClass(_ labels: [Int32]) -> [Int] {
    labels.indices.sorted { labels[$0] == labels[$1] ? $0 < $1 : labels[$0] < labels[$1] }
  }

  private func shifted(_ data: ExampleMatrix, by shift: Float) -> ExampleMatrix {
    var inputs: [Float] = []
    inputs.reserveCapacity(data.count * data.features)
    for row in 0..<data.count {
      for column in 0..<data.features {
        inputs.append((1 + shift) * data.inputs.start[row * data.stride + column] + shift)
      }
    }
    return ExampleMatrix(inputs: inputs, labels: data.labels, features: data.features)
  }

  func examples(_ data: DatasetDescription) -> Int {
    data.test * shifts.count * (1 + 2 * batches.count * 3)
  }
}
