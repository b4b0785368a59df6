// Serves execute: what noise on inputs and weights costs a trained network.
import BitExact
import Datasets
import Specification
import Tables
import Training

struct NoiseRobustness: RunMeasurement {
  static let record = Record(
    "noise_robustness",
    doc: """
      Test accuracy under normal noise: added to the inputs, x + σz, or multiplied into the weights, w(1 + σz); biases and \
      normalisation stay.
      """,
    fields: [
      Field(
        "input", .list(.number(.nonNegative), count: 0...50), default: .value([0, 0.1, 0.3, 1]),
        doc: "σ of input noise, in the units of the scaled inputs.", example: "[0, 0.5, 1]"),
      Field(
        "weight", .list(.number(.nonNegative), count: 0...50), default: .value([0, 0.1, 0.3, 1]),
        doc: "σ of weight noise, relative to each weight.", example: "[0, 0.2, 0.5]"),
      Field(
        "draws", .integer(1...1000), default: .value(5), doc: "Draws that accuracies are averaged over.",
        example: "5"),
    ])

  private let inputs: [Double]
  private let weights: [Double]
  private let draws: Int

  init(_ value: Value) {
    inputs = value["input"]?.array?.compactMap(\.number) ?? []
    weights = value["weight"]?.array?.compactMap(\.number) ?? []
    draws = value["draws"]?.integer ?? 5
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, place and strength of the noise.",
    axes: [
      Column("place", .axis, doc: "`input` or `weight`."),
      Column("sigma", .axis, doc: "Standard deviation of the noise."),
    ], metrics: [Column("accuracy", .metric, doc: "Test accuracy, mean over the draws.")])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    var table = RunTable(NoiseRobustness.table)
    for sigma in inputs {
      let accuracy = mean { draw in network.evaluate(noisy(data.test, sigma, seed, draw)).accuracy }
      table.addRow(["sigma": sigma, "accuracy": accuracy], labels: ["place": "input"])
    }
    let trained = NetworkState(network)
    for sigma in weights {
      let accuracy = mean { draw in
        trained.restore(network)
        shake(network, sigma, seed, draw)
        return network.evaluate(data.test).accuracy
      }
      table.addRow(["sigma": sigma, "accuracy": accuracy], labels: ["place": "weight"])
    }
    trained.restore(network)
    return table
  }

  private func mean(_ value: (UInt32) -> Double) -> Double {
    (0..<draws).reduce(0) { $0 + value(UInt32($1)) } / Double(draws)
  }

  /// The same draws for every strength, so that a curve over strengths is one experiment.
  private func noisy(_ data: ExampleMatrix, _ sigma: Double, _ seed: UInt64, _ draw: UInt32) -> ExampleMatrix
  {
    var stream = RandomStream(seed: seed, purpose: "input-noise", index: draw)
    var inputs: [Float] = []
    inputs.reserveCapacity(data.count * data.features)
    for row in 0..<data.count {
      for column in 0..<data.features {
        inputs.append(data.inputs.start[row * data.stride + column] + Float(sigma * stream.normal()))
      }
    }
    return data.withInputs(inputs, rows: Array(0..<data.count), labels: data.labels)
  }

  private func shake(_ network: Network, _ sigma: Double, _ seed: UInt64, _ draw: UInt32) {
    for parameter in network.layout.parameters where parameter.kind == .weight {
      var stream = RandomStream(seed: seed, purpose: "weight-noise/\(parameter.name)", index: draw)
      parameter.forEachIndex { network.parameters.start[$0] *= Float(1 + sigma * stream.normal()) }
    }
  }

  func examples(_ data: DatasetDescription) -> Int { data.test * draws * (inputs.count + weights.count) }
}
