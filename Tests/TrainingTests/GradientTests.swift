// Gradients against finite differences of an independent double-precision forward pass.
import BitExact
import KernelTable
import Testing
import Training

/// A plain double-precision multilayer perceptron over the same parameters, written from the definitions.
private struct ReferenceNetwork {
  let options: ModelOptions
  let layout: ParameterLayout

  /// Mean cross-entropy with batch statistics.
  func loss(_ parameters: [Double], _ inputs: [[Double]], _ labels: [Int]) -> Double {
    var rows = inputs
    var layer = 1
    while let weight = parameter("layer\(layer).weight") {
      rows = rows.map { row in
        (0..<weight.columns).map { j in
          let bias = parameter("layer\(layer).bias").map { parameters[$0.index(0, j)] } ?? 0
          return row.indices.reduce(bias) { $0 + row[$1] * parameters[weight.index($1, j)] }
        }
      }
      if let scale = parameter("norm\(layer).weight"), let shift = parameter("norm\(layer).bias") {
        rows = normalized(rows, parameters, scale, shift)
      }
      if parameter("layer\(layer + 1).weight") != nil { rows = rows.map { $0.map(activate) } }
      layer += 1
    }
    let losses = zip(rows, labels).map { row, label in
      Elementary.log(row.reduce(0) { $0 + Elementary.exp($1) }) - row[label]
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  private func parameter(_ name: String) -> Parameter? { layout.parameters.first { $0.name == name } }

  private func normalized(_ rows: [[Double]], _ p: [Double], _ scale: Parameter, _ shift: Parameter)
    -> [[Double]]
  {
    let count = Double(rows.count)
    let mean = rows[0].indices.map { j in rows.reduce(0) { $0 + $1[j] } / count }
    let variance = rows[0].indices.map { j in
      rows.reduce(0) { $0 + ($1[j] - mean[j]) * ($1[j] - mean[j]) } / count
    }
    return rows.map { row in
      row.indices.map { j in
        (row[j] - mean[j]) / (variance[j] + 1e-5).squareRoot() * p[scale.index(0, j)] + p[shift.index(0, j)]
      }
    }
  }

  private func activate(_ x: Double) -> Double {
    switch options.activation {
    case .relu: max(0, x)
    case .leakyRelu: x > 0 ? x : 0.01 * x
    case .tanh: Elementary.tanh(x)
    case .sigmoid: 1 / (1 + Elementary.exp(-x))
    case .identity: x
    }
  }
}

private func examples(_ count: Int, features: Int, classes: Int) -> ExampleMatrix {
  var stream = RandomStream(seed: 5, purpose: "examples")
  let inputs = (0..<count * features).map { _ in Float(stream.normal()) }
  let labels = (0..<count).map { _ in Int32(stream.below(classes)) }
  return ExampleMatrix(inputs: inputs, labels: labels, features: features)
}

@Suite struct GradientTests {
  static let models: [ModelOptions] = [
    ModelOptions(hidden: []),
    ModelOptions(hidden: [7], activation: .relu),
    ModelOptions(hidden: [7, 4], activation: .leakyRelu),
    ModelOptions(hidden: [20, 5], activation: .tanh, initializer: .glorotUniform),
    ModelOptions(hidden: [9, 17], activation: .sigmoid, initializer: .pytorch),
    ModelOptions(hidden: [6, 6, 6], activation: .identity, bias: false),
    ModelOptions(hidden: [8, 18], activation: .relu, batchNorm: true),
    ModelOptions(hidden: [18, 8], activation: .tanh, batchNorm: true, initScale: 3),
  ]

  @Test(arguments: models.indices)
  func gradientsEqualFiniteDifferences(index: Int) {
    let options = GradientTests.models[index]
    let data = examples(12, features: 5, classes: 3)
    let network = Network(options, features: 5, classes: 3, capacity: 16)
    network.initialize(seed: UInt64(index))
    let loss = network.computeGradient(data, Array(0..<12))
    let reference = ReferenceNetwork(options: options, layout: network.layout)
    var parameters = (0..<network.parameters.count).map { Double(network.parameters.start[$0]) }
    let inputs = (0..<12).map { i in (0..<5).map { Double(data.inputs.start[i * data.stride + $0]) } }
    let labels = data.labels.map(Int.init)
    #expect(abs(loss - reference.loss(parameters, inputs, labels)) < 1e-5)
    for parameter in network.layout.parameters {
      parameter.forEachIndex { i in
        let (value, step) = (parameters[i], 1e-5)
        parameters[i] = value + step
        let above = reference.loss(parameters, inputs, labels)
        parameters[i] = value - step
        let below = reference.loss(parameters, inputs, labels)
        parameters[i] = value
        let expected = (above - below) / (2 * step)
        let actual = Double(network.gradient.start[i])
        #expect(
          abs(actual - expected) < 2e-5 + 1e-4 * abs(expected),
          "\(parameter.name) at \(i): \(actual), not \(expected)")
      }
    }
  }

  @Test func paddingStaysZero() {
    let data = examples(30, features: 5, classes: 3)
    let options = ModelOptions(hidden: [9, 17], activation: .sigmoid, batchNorm: true)
    let network = Network(options, features: 5, classes: 3, capacity: 30)
    network.initialize(seed: 1)
    Trainer(network, TrainOptions(optimizer: .adam, rate: 0.01, weightDecay: 0.1, batch: 10, steps: 20))
      .run(data, seed: 1, watches: { _ in false }, watch: { _ in true })
    var used = Set<Int>()
    for parameter in network.layout.parameters { parameter.forEachIndex { used.insert($0) } }
    #expect(
      (0..<network.parameters.count).allSatisfy { used.contains($0) || network.parameters.start[$0] == 0 })
  }
}

@Suite struct BatchNormTests {
  private let data = examples(64, features: 6, classes: 3)

  private func network(_ scale: Double = 1) -> Network {
    let network = Network(
      ModelOptions(hidden: [10], batchNorm: true, initScale: scale), features: 6, classes: 3, capacity: 64)
    network.initialize(seed: 3)
    return network
  }

  /// BN(aWx) = BN(Wx): scaling all weights that feed the layer changes nothing but ε's share.
  @Test func outputIsInvariantToTheScaleOfItsWeights() {
    let (a, b) = (network(), network())
    let weight = b.layout.parameters[0]
    weight.forEachIndex { b.parameters.start[$0] *= 7 }
    let x = a.logits(data, 0..<64, mode: .batchStatistics)
    let y = b.logits(data, 0..<64, mode: .batchStatistics)
    for (p, q) in zip(x.joined(), y.joined()) { #expect(abs(p - q) < 1e-4) }
  }

  /// ⟨wⱼ, ∂L/∂wⱼ⟩ = 0 for every unit that feeds the layer.
  @Test func gradientIsOrthogonalToTheWeights() {
    let network = network()
    network.computeGradient(data, Array(0..<64))
    let weight = network.layout.parameters[0]
    for unit in 0..<weight.columns {
      var (product, size) = (0.0, 0.0)
      for input in 0..<weight.rows {
        let i = weight.index(input, unit)
        product += Double(network.parameters.start[i]) * Double(network.gradient.start[i])
        size += abs(Double(network.parameters.start[i]) * Double(network.gradient.start[i]))
      }
      #expect(abs(product) <= 1e-4 * size + 1e-7)
    }
  }

  /// Running averages approach the population's statistics like 1 − (1 − m)^t.
  @Test func runningAveragesFollowTheirRate() {
    let network = network()
    for step in 1...20 {
      _ = network.evaluate(data, mode: .training)
      let running = network.runningStatistics[0]
      let once = self.network()
      _ = once.evaluate(data, mode: .training)
      // After one step the mean is m·μ, so μ = mean/m.
      let population = once.runningStatistics[0].start[0] / 0.1
      let expected = Double(population) * (1 - Elementary.pow(0.9, Double(step)))
      #expect(abs(Double(running.start[0]) - expected) < 1e-4)
    }
  }

  /// With one example every normalised value is 0 and the output constant.
  @Test func aBatchOfOneGivesAConstant() {
    let network = network()
    let a = network.logits(data, 0..<1, mode: .batchStatistics)
    let b = network.logits(data, 1..<2, mode: .batchStatistics)
    #expect(a == b)
  }
}
