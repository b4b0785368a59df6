// Serves execute: which examples a network depends on, and how close its boundary is (Arpit et al. 2017).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct InputSensitivity: RunMeasurement {
  static let record = Record(
    "input_sensitivity",
    doc: """
      The mean |∂L/∂x| of each training example, and how unevenly it is spread (Arpit et al. 2017); and the \
      critical-sample ratio: the fraction of examples with another prediction inside the box |x′ − x| ≤ radius, sought by \
      steps along the sign of the gradient.
      """,
    fields: [
      Field(
        "examples", .integer(1...100_000), default: .value(500), unit: "examples",
        doc: "Examples of each part, the first of the run's; all if there are fewer.", example: "500"),
      Field(
        "radius", .number(.positive), default: .value(0.3),
        doc: "Half the side of the box, in the units of the scaled inputs.", example: "0.3"),
      Field(
        "steps", .integer(1...1000), default: .value(10), doc: "Steps of the search, each of radius/4.",
        example: "10"),
    ])

  private let examples: Int
  private let radius: Double
  private let steps: Int

  init(_ value: Value) {
    examples = value["examples"]?.integer ?? 500
    radius = value["radius"]?.number ?? 0.3
    steps = value["steps"]?.integer ?? 10
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run.", axes: [],
    metrics: [
      Column("sensitivity", .metric, doc: "Mean over training examples of the mean |∂L/∂x|."),
      Column(
        "gini", .metric, doc: "Gini coefficient of it over the examples: 0 all alike, 1 a single example."),
      Column("critical_train", .metric, doc: "Critical-sample ratio of the training data."),
      Column("critical_test", .metric, doc: "Critical-sample ratio of the test data."),
    ])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let twin = try network.withInputGradient()
    let train = data.train.selecting(Array(0..<min(examples, data.train.count)), labels: data.train.labels)
    let test = data.test.selecting(Array(0..<min(examples, data.test.count)), labels: data.test.labels)
    let slopes = gradients(twin, train).map { row in
      row.reduce(0.0) { $0 + abs(Double($1)) } / Double(max(1, row.count))
    }
    var table = RunTable(InputSensitivity.table)
    table.addRow([
      "sensitivity": slopes.reduce(0, +) / Double(max(1, slopes.count)), "gini": giniCoefficient(slopes),
      "critical_train": criticalRatio(twin, train), "critical_test": criticalRatio(twin, test),
    ])
    return table
  }

  private func gradients(_ network: Network, _ data: ExampleMatrix) -> [[Float]] {
    stride(from: 0, to: data.count, by: network.capacity).flatMap { first in
      network.inputGradient(data, first..<min(first + network.capacity, data.count))
    }
  }

  private func predictions(_ network: Network, _ data: ExampleMatrix) -> [Int32] {
    var labels: [Int32] = []
    network.forEachLogits(data) { _, logits in labels.append(Int32(Calibration.prediction(logits).0)) }
    return labels
  }

  private func criticalRatio(_ network: Network, _ data: ExampleMatrix) -> Double {
    guard data.count > 0 else { return 0 }
    let original = predictions(network, data)
    let rows = Array(0..<data.count)
    let start = rows.flatMap { row in
      (0..<data.features).map { data.inputs.start[row * data.stride + $0] }
    }
    var inputs = start
    var flipped = [Bool](repeating: false, count: data.count)
    for _ in 0..<steps {
      let slopes = gradients(network, data.withInputs(inputs, rows: rows, labels: original))
      for row in rows {
        for column in 0..<data.features {
          let place = row * data.features + column
          let slope = slopes[row][column]
          let moved = inputs[place] + Float(radius / 4) * (slope > 0 ? 1 : slope < 0 ? -1 : 0)
          inputs[place] = min(max(moved, start[place] - Float(radius)), start[place] + Float(radius))
        }
      }
      let labels = predictions(network, data.withInputs(inputs, rows: rows, labels: original))
      for row in rows where labels[row] != original[row] { flipped[row] = true }
    }
    return Double(flipped.count { $0 }) / Double(data.count)
  }

  func examples(_ data: DatasetDescription) -> Int {
    3 * min(examples, data.train) + 4 * steps * (min(examples, data.train) + min(examples, data.test))
  }
}

/// Σᵢ(2i − n − 1)xᵢ/(nΣx) of sorted values x₁ ≤ … ≤ xₙ ≥ 0; 0 when all are zero.
func giniCoefficient(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let count = Double(sorted.count)
  let sum = sorted.reduce(0, +)
  guard sum > 0 else { return 0 }
  let weighted = sorted.enumerated().reduce(0.0) { $0 + (2 * Double($1.offset + 1) - count - 1) * $1.element }
  return weighted / (count * sum)
}

extension Network {
  /// A network with the same weights that also gives gradients with respect to inputs.
  func withInputGradient() throws -> Network {
    let twin = try Network(
      options, input: input, classes: classes, capacity: capacity, loss: loss, wantsInputGradient: true)
    NetworkState(self).restore(twin)
    return twin
  }
}
