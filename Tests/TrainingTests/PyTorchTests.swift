// Outputs, gradients and twenty optimiser steps against PyTorch (Fixtures/make-pytorch.py).
import BitExact
import Foundation
import KernelTable
import Testing
import Training

private struct Reference: Decodable {
  var examples: [Float]
  var labels: [Int32]
  var parameters: [Float]
  var outputs: [Float]
  var loss: Double
  var gradient: [Float]
  var trained: [Float]
  var trained_outputs: [Float]

  static let all: [String: Reference] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/pytorch.json")
    return (try? JSONDecoder().decode([String: Reference].self, from: Data(contentsOf: file))) ?? [:]
  }()
}

private struct PyTorchCase: CustomTestStringConvertible, Sendable {
  var name: String
  var model: ModelOptions
  var shape: [Int]
  var train: TrainOptions
  var testDescription: String { name }

  static func sgd(_ rate: Double, momentum: Double = 0, _ change: (inout TrainOptions) -> Void = { _ in })
    -> TrainOptions
  {
    var options = TrainOptions(rate: rate, momentum: momentum, batch: 8, steps: 20)
    options.shuffles = false
    change(&options)
    return options
  }

  static func adam(_ change: (inout TrainOptions) -> Void = { _ in }) -> TrainOptions {
    sgd(0.01) {
      $0.optimizer = .adam
      change(&$0)
    }
  }

  static func mlp(_ hidden: [Int], _ activation: Activation, _ norm: NormKind = .none, residual: Bool = false)
    -> ModelOptions
  {
    var options = NormOptions(norm)
    options.groups = 2
    return ModelOptions(.mlp(hidden, residual: residual), activation: activation, norm: options)
  }

  static let resnet = ModelOptions(.resnet(8, width: 2, projects: false), norm: NormOptions(.batch))
  static let projected = ModelOptions(.resnet(8, width: 2, projects: true), norm: NormOptions(.batch))

  static let all = [
    PyTorchCase(
      name: "relu", model: mlp([9, 5], .relu), shape: [6],
      train: sgd(0.1, momentum: 0.9) { $0.weightDecay = 0.01 }),
    PyTorchCase(
      name: "nesterov", model: mlp([9], .tanh), shape: [6],
      train: sgd(0.1, momentum: 0.9) { $0.nesterov = true }),
    PyTorchCase(
      name: "mse", model: mlp([17], .sigmoid), shape: [6], train: adam { $0.loss = .meanSquaredError }),
    PyTorchCase(
      name: "adamw", model: mlp([9], .leakyRelu), shape: [6],
      train: adam { ($0.optimizer, $0.weightDecay) = (.adamw, 0.1) }),
    PyTorchCase(
      name: "batch-norm", model: mlp([9, 8], .tanh, .batch), shape: [6], train: sgd(0.05, momentum: 0.9)),
    PyTorchCase(
      name: "layer-norm", model: mlp([9, 8], .relu, .layer), shape: [6], train: adam { $0.weightDecay = 0.01 }
    ),
    PyTorchCase(name: "group-norm", model: mlp([12, 8], .tanh, .group), shape: [6], train: sgd(0.1)),
    PyTorchCase(name: "residual", model: mlp([10, 10], .relu, residual: true), shape: [6], train: adam()),
    PyTorchCase(
      name: "blocks",
      model: ModelOptions(.blocks(1, width: 8, skip: true), activation: .tanh, norm: NormOptions(.batch)),
      shape: [6], train: sgd(0.05, momentum: 0.9)),
    PyTorchCase(
      name: "conv1d",
      model: ModelOptions(
        .cnn(ConvolutionStack(channels: [5, 6, 4], kernels: [5, 3], stride: 2, padding: 1))),
      shape: [20], train: adam()),
    PyTorchCase(
      name: "conv2d",
      model: ModelOptions(.cnn(ConvolutionStack(channels: [4, 6], padding: 1, pool: 2, dense: [7]))),
      shape: [1, 8, 8], train: sgd(0.05, momentum: 0.9)),
    PyTorchCase(name: "resnet", model: resnet, shape: [3, 6, 6], train: sgd(0.05, momentum: 0.9)),
    PyTorchCase(name: "resnet-projection", model: projected, shape: [3, 6, 6], train: sgd(0.05)),
    PyTorchCase(name: "gru", model: ModelOptions(.gru(4)), shape: [9], train: adam()),
    PyTorchCase(
      name: "sam", model: mlp([9], .tanh), shape: [6], train: sgd(0.1) { $0.sharpnessRadius = 0.1 }),
  ]
}

@Suite struct PyTorchTests {
  @Test(arguments: PyTorchCase.all)
  private func agrees(_ model: PyTorchCase) throws {
    let reference = try #require(Reference.all[model.name])
    let network = try Network(
      model.model, input: .input(model.shape), classes: 3, capacity: 24, loss: model.train.loss)
    #expect(network.layout.count == reference.parameters.count)
    network.initialize(seed: 0)
    set(network, reference.parameters)
    let data = examples(reference, model.shape)
    let loss = network.computeGradient(data, Array(0..<24), mode: .batchStatistics)
    #expect(abs(loss - reference.loss) < 1e-6)
    #expect(distance(values(network, network.gradient), reference.gradient) < 2e-6)
    #expect(
      distance(network.logits(data, 0..<24, mode: .batchStatistics).flatMap { $0 }, reference.outputs) < 1e-6)
    Trainer(network, model.train).run(data, seed: 0, watches: { _ in false }, watch: { _ in true })
    // Twenty steps let the rounding of each pass grow; 1e-5 is a hundred units in the last place.
    #expect(distance(values(network, network.parameters), reference.trained) < 1e-5)
    #expect(distance(network.logits(data, 0..<24).flatMap { $0 }, reference.trained_outputs) < 2e-5)
  }

  /// Images have their channels last.
  private func examples(_ reference: Reference, _ shape: [Int]) -> ExampleMatrix {
    let (channels, positions) = shape.count == 3 ? (shape[0], shape[1] * shape[2]) : (1, shape[0])
    let features = channels * positions
    let inputs = (0..<24 * features).map { i in
      let (row, position, channel) = (i / features, i % features / channels, i % channels)
      return reference.examples[row * features + channel * positions + position]
    }
    return ExampleMatrix(inputs: inputs, labels: reference.labels, features: features)
  }

  private func set(_ network: Network, _ values: [Float]) {
    var next = 0
    for parameter in network.layout.parameters {
      parameter.forEachIndex {
        network.parameters.start[$0] = values[next]
        next += 1
      }
    }
  }

  private func values(_ network: Network, _ buffer: Buffer) -> [Float] {
    var result: [Float] = []
    for parameter in network.layout.parameters { parameter.forEachIndex { result.append(buffer.start[$0]) } }
    return result
  }

  /// ‖a − b‖/‖b‖.
  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    var (difference, size) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      difference += Double(x - y) * Double(x - y)
      size += Double(y) * Double(y)
    }
    return (difference / size).squareRoot()
  }
}
