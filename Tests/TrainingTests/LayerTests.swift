// Every kind of layer: gradients and Hessian-vector products against finite differences of the network itself.
import BitExact
import KernelTable
import Testing
import Training

/// A model with the shape of its inputs.
struct ModelCase: CustomTestStringConvertible, Sendable {
  var name: String
  var options: ModelOptions
  var shape: [Int]
  var loss: Loss = .crossEntropy
  var mode: Mode = .batchStatistics
  /// Length of the finite differences; short where a maximum may change hands.
  var step: Float = 1e-2
  var rows = 12

  var testDescription: String { name }

  /// Random examples of the shape.
  func examples(_ count: Int) -> ExampleMatrix {
    var stream = RandomStream(seed: 5, purpose: "examples")
    let features = shape.reduce(1, *)
    let inputs = (0..<count * features).map { _ in Float(stream.normal()) }
    let labels = (0..<count).map { _ in Int32(stream.below(3)) }
    return ExampleMatrix(inputs: inputs, labels: labels, features: features)
  }

  func network(capacity: Int) throws -> Network {
    let network = try Network(options, input: .input(shape), classes: 3, capacity: capacity, loss: loss)
    network.initialize(seed: 3)
    var stream = RandomStream(seed: 4, purpose: "shake")
    for parameter in network.layout.parameters where parameter.kind != .weight || parameter.role.startsAtZero
    {
      parameter.forEachIndex { network.parameters.start[$0] += Float(0.2 * stream.normal()) }
    }
    return network
  }

  static func norm(_ kind: NormKind, _ change: (inout NormOptions) -> Void = { _ in }) -> NormOptions {
    var norm = NormOptions(kind)
    norm.epsilon = 1e-3
    change(&norm)
    return norm
  }

  static let all: [ModelCase] = [
    ModelCase(name: "mlp", options: ModelOptions(hidden: [9, 17], activation: .tanh), shape: [6]),
    ModelCase(
      name: "mse", options: ModelOptions(hidden: [9], activation: .tanh), shape: [6], loss: .meanSquaredError),
    ModelCase(
      name: "batch norm",
      options: ModelOptions(.mlp([9, 18], residual: false), activation: .tanh, norm: norm(.batch)),
      shape: [6]),
    ModelCase(
      name: "batch norm in evaluation mode",
      options: ModelOptions(.mlp([9, 18], residual: false), activation: .sigmoid, norm: norm(.batch)),
      shape: [6],
      mode: .evaluation),
    ModelCase(
      name: "ghost batch norm",
      options: ModelOptions(
        .mlp([9, 18], residual: false), activation: .tanh, norm: norm(.batch) { $0.ghostBatch = 6 }),
      shape: [6]),
    ModelCase(
      name: "batch norm after the nonlinearity",
      options: ModelOptions(
        .mlp([9, 8], residual: false), activation: .sigmoid, norm: norm(.batch) { $0.position = .post }),
      shape: [6]),
    ModelCase(
      name: "l1 batch norm",
      options: ModelOptions(.mlp([9, 8], residual: false), activation: .tanh, norm: norm(.batchL1)),
      shape: [6]),
    ModelCase(
      name: "l-infinity batch norm",
      options: ModelOptions(.mlp([9, 8], residual: false), activation: .tanh, norm: norm(.batchMax)),
      shape: [6]),
    ModelCase(
      name: "layer norm",
      options: ModelOptions(.mlp([9, 18], residual: false), activation: .tanh, norm: norm(.layer)),
      shape: [6]),
    ModelCase(
      name: "group norm",
      options: ModelOptions(
        .mlp([18, 9], residual: false), activation: .tanh, norm: norm(.group) { $0.groups = 3 }),
      shape: [6]),
    ModelCase(
      name: "residual mlp", options: ModelOptions(.mlp([9, 9, 9], residual: true), activation: .tanh),
      shape: [6]),
    ModelCase(
      name: "residual blocks",
      options: ModelOptions(.blocks(2, width: 10, skip: true), activation: .tanh, norm: norm(.batch)),
      shape: [6]),
    ModelCase(
      name: "blocks without skip, zero initialised",
      options: ModelOptions(.blocks(2, width: 10, skip: false), activation: .tanh, zeroInitResidual: true),
      shape: [6]),
    ModelCase(
      name: "conv1d",
      options: ModelOptions(
        .cnn(ConvolutionStack(channels: [5, 17, 4], kernels: [5, 3], stride: 2, padding: 1)),
        activation: .tanh),
      shape: [20]),
    ModelCase(
      name: "conv1d with batch norm and uneven strides",
      options: ModelOptions(
        .cnn(ConvolutionStack(channels: [16, 6], kernels: [4], stride: 3, padding: 2)), activation: .tanh,
        norm: norm(.batch)), shape: [23]),
    ModelCase(
      name: "conv2d with pooling and dense layers",
      options: ModelOptions(
        .cnn(
          ConvolutionStack(channels: [4, 3, 2], kernels: [3], padding: 1, pool: 2, poolEvery: 2, dense: [7])),
        activation: .tanh), shape: [1, 7, 6], step: 1e-3, rows: 2),
    ModelCase(
      name: "conv2d, three channels, stride two, group norm",
      options: ModelOptions(
        .cnn(ConvolutionStack(channels: [18, 5], kernels: [3, 2], stride: 2)), activation: .tanh,
        norm: norm(.group)), shape: [3, 9, 8]),
    ModelCase(
      name: "resnet-8",
      options: ModelOptions(.resnet(8, width: 4, projects: false), activation: .tanh, norm: norm(.batch)),
      shape: [3, 8, 8]),
    ModelCase(
      name: "resnet-8 with projections",
      options: ModelOptions(.resnet(8, width: 5, projects: true), activation: .tanh, norm: norm(.batch)),
      shape: [1, 8, 8]),
    ModelCase(
      name: "images that shrink to a point",
      options: ModelOptions(
        .cnn(ConvolutionStack(channels: [4, 5, 3], kernels: [3], stride: 2, padding: 1)), activation: .tanh),
      shape: [1, 4, 3]),
    ModelCase(
      name: "dropout",
      options: ModelOptions(.mlp([20, 9], residual: false), activation: .tanh, dropout: 0.3), shape: [6],
      mode: .training),
    ModelCase(
      name: "noise after batch norm",
      options: ModelOptions(
        .mlp([12, 9], residual: false), activation: .tanh, norm: norm(.batch) { $0.noise = 0.3 }), shape: [6],
      mode: .training),
    ModelCase(name: "gru", options: ModelOptions(.gru(5), initializer: .pytorch), shape: [7]),
  ]
}

/// A direction of unit length over the parameters of `kind`, or over all.
private func direction(_ layout: ParameterLayout, _ only: String?, seed: UInt64) -> Buffer {
  let result = Buffer(layout.size)
  var stream = RandomStream(seed: seed, purpose: "direction")
  for parameter in layout.parameters where only == nil || parameter.name == only {
    parameter.forEachIndex { result.start[$0] = Float(stream.normal()) }
  }
  let norm = Float(layout.distance(result))
  for i in 0..<result.count { result.start[i] /= norm }
  return result
}

extension Network {
  fileprivate func move(_ direction: Buffer, by step: Float, from origin: Buffer) {
    for i in 0..<origin.count { parameters.start[i] = origin.start[i] + step * direction.start[i] }
  }
}

private func dot(_ layout: ParameterLayout, _ a: Buffer, _ b: Buffer) -> Double {
  var sum = 0.0
  for parameter in layout.parameters {
    parameter.forEachIndex { sum += Double(a.start[$0]) * Double(b.start[$0]) }
  }
  return sum
}

@Suite struct LayerTests {
  /// Losses in single precision have errors of 1e-7, so with steps of 1e-2 the quotient is good to about 1e-4.
  @Test(arguments: ModelCase.all)
  func gradientEqualsFiniteDifferences(_ model: ModelCase) throws {
    let network = try model.network(capacity: 12)
    let data = model.examples(model.rows)
    let rows = Array(0..<model.rows)
    let origin = network.parameters.duplicate()
    network.computeGradient(data, rows, mode: model.mode)
    let gradient = network.gradient.duplicate()
    for parameter in network.layout.parameters {
      let v = direction(network.layout, parameter.name, seed: 1)
      let step = model.step
      network.move(v, by: step, from: origin)
      let above = network.computeGradient(data, rows, mode: model.mode)
      network.move(v, by: -step, from: origin)
      let below = network.computeGradient(data, rows, mode: model.mode)
      let expected = (above - below) / Double(2 * step)
      let actual = dot(network.layout, gradient, v)
      #expect(
        abs(actual - expected) < 2e-6 / Double(step) + 2e-2 * abs(expected),
        "\(parameter.name): \(actual), not \(expected)")
    }
  }

  @Test(arguments: ModelCase.all.filter { $0.options.curvatureObstacle == nil })
  func hessianVectorProductEqualsFiniteDifferences(_ model: ModelCase) throws {
    let network = try model.network(capacity: 12)
    let data = model.examples(model.rows)
    let rows = Array(0..<model.rows)
    let origin = network.parameters.duplicate()
    let v = direction(network.layout, nil, seed: 2)
    network.prepareCurvature(data, rows, mode: model.mode)
    let product = Buffer(network.layout.size)
    network.hessianVectorProduct(v, into: product)
    let step = model.step
    network.move(v, by: step, from: origin)
    network.computeGradient(data, rows, mode: model.mode)
    let above = network.gradient.duplicate()
    network.move(v, by: -step, from: origin)
    network.computeGradient(data, rows, mode: model.mode)
    let difference = above.duplicate()
    for i in 0..<difference.count {
      difference.start[i] = (above.start[i] - network.gradient.start[i]) / (2 * step)
    }
    let error = network.layout.distance(product, difference) / network.layout.distance(difference)
    // What the result held before does not matter.
    let again = Buffer(network.layout.size)
    for parameter in network.layout.parameters { parameter.forEachIndex { again.start[$0] = .nan } }
    network.move(v, by: 0, from: origin)
    network.prepareCurvature(data, rows, mode: model.mode)
    network.hessianVectorProduct(v, into: again)
    #expect(network.layout.digest(again) == network.layout.digest(product))
    #expect(error < (model.step < 1e-2 ? 0.2 : 2e-2), "relative error \(error)")
  }

  /// uᵀ(Hv) = vᵀ(Hu).
  @Test(arguments: ModelCase.all.filter { $0.options.curvatureObstacle == nil })
  func hessianIsSymmetric(_ model: ModelCase) throws {
    let network = try model.network(capacity: 12)
    network.prepareCurvature(model.examples(12), Array(0..<12), mode: model.mode)
    let (u, v) = (direction(network.layout, nil, seed: 6), direction(network.layout, nil, seed: 7))
    let (hu, hv) = (Buffer(network.layout.size), Buffer(network.layout.size))
    network.hessianVectorProduct(u, into: hu)
    network.hessianVectorProduct(v, into: hv)
    let (a, b) = (dot(network.layout, u, hv), dot(network.layout, v, hu))
    let scale = network.layout.distance(hv) + network.layout.distance(hu)
    #expect(abs(a - b) < 1e-4 * scale, "\(a) and \(b)")
  }

  /// Padding never holds anything but zeros, whatever the layers do.
  @Test(arguments: ModelCase.all)
  func paddingStaysZero(_ model: ModelCase) throws {
    let network = try model.network(capacity: 12)
    var options = TrainOptions(optimizer: .adamw, rate: 0.01, weightDecay: 0.1, batch: 6, steps: 5)
    options.loss = model.loss
    Trainer(network, options).run(model.examples(12), seed: 1, watches: { _ in false }, watch: { _ in true })
    var used = [Bool](repeating: false, count: network.parameters.count)
    for parameter in network.layout.parameters { parameter.forEachIndex { used[$0] = true } }
    #expect(used.indices.allSatisfy { used[$0] || network.parameters.start[$0] == 0 })
  }

  /// Every instruction-set level gives the same weights after a few steps.
  @Test(arguments: ModelCase.all)
  func levelsAgree(_ model: ModelCase) throws {
    let digests = try Kernels.available.map { kernels in
      let network = try Network(
        model.options, input: .input(model.shape), classes: 3, capacity: 12, loss: model.loss,
        kernels: kernels)
      network.initialize(seed: 3)
      Trainer(network, TrainOptions(rate: 0.05, momentum: 0.9, batch: 6, steps: 8)).run(
        model.examples(12), seed: 1, watches: { _ in false }, watch: { _ in true })
      return network.layout.digest(network.parameters)
    }
    #expect(Set(digests).count == 1, "\(digests)")
  }

  @Test func sizesAreThePublishedOnes() throws {
    // Greydanus & Kobak 2024: 5,210 parameters of the convolutional network, 15,210 of the perceptron, 5,134 of the GRU.
    let cnn = ModelOptions(
      .cnn(ConvolutionStack(channels: [25, 25, 25], kernels: [5, 3], stride: 2, padding: 1)))
    #expect(try cnn.size(.input([40]), classes: 10).parameters == 5210)
    let mlp = ModelOptions(.mlp([100, 100], residual: true))
    #expect(try mlp.size(.input([40]), classes: 10).parameters == 15210)
    #expect(try ModelOptions(.gru(6)).size(.input([40]), classes: 10).parameters == 5134)
    // Frankle & Carbin 2019: LeNet-300-100 has 266,610 parameters, 266,200 of them weights.
    let lenet = try ModelOptions(hidden: [300, 100]).size(.input([1, 28, 28]), classes: 10)
    #expect(lenet.parameters == 266_610 && lenet.weights == 266_200)
  }

  /// Frankle, Schwab & Morcos 2021: parameters of batch normalisation in ResNets of depth 14 to 866.
  @Test func batchNormParametersOfResNets() throws {
    for (depth, expected) in [
      (14, 1120), (32, 2464), (56, 4256), (110, 8288), (218, 16352), (434, 32480), (866, 64736),
    ] {
      let model = ModelOptions(.resnet(depth, width: 16, projects: true), norm: NormOptions(.batch))
      let layout = try ParameterLayout(model, input: .input([3, 32, 32]), classes: 10)
      let count = layout.parameters.filter { $0.kind == .normWeight || $0.kind == .normBias }.reduce(0) {
        $0 + $1.count
      }
      #expect(count == expected)
    }
  }

  @Test func modelsThatDoNotFitAreRefused() {
    let model = ModelOptions(.cnn(ConvolutionStack(channels: [4, 4], kernels: [5], stride: 2)))
    #expect(throws: ModelError.self) { try model.size(.input([1, 8, 8]), classes: 3) }
    #expect(throws: ModelError.self) { try ModelOptions(.gru(4)).size(.vector(1), classes: 3) }
  }
}

@Suite struct DeepNetworkTests {
  /// The article's ResNet-866 builds, counts and trains a step, on small images.
  @Test func resNet866TrainsAStep() throws {
    let model = ModelOptions(.resnet(866, width: 16, projects: true), norm: NormOptions(.batch))
    let size = try model.size(.input([3, 32, 32]), classes: 10)
    #expect(size.parameters > 13_000_000 && size.parameters < 14_500_000, "\(size.parameters)")
    // A narrower one trains: the depth is what could fail.
    let narrow = ModelOptions(.resnet(866, width: 4, projects: true), norm: NormOptions(.batch))
    let network = try Network(narrow, input: .input([3, 4, 4]), classes: 10, capacity: 2)
    network.initialize(seed: 1)
    let before = network.layout.digest(network.parameters)
    var stream = RandomStream(seed: 1, purpose: "images")
    let data = ExampleMatrix(
      inputs: (0..<96).map { _ in Float(stream.normal()) }, labels: [1, 2], features: 48)
    Trainer(network, TrainOptions(rate: 1e-3, batch: 2, steps: 1)).run(
      data, seed: 1, watches: { _ in false }, watch: { _ in true })
    #expect(network.layout.digest(network.parameters) != before)
    #expect(network.evaluate(data, mode: .batchStatistics).loss.isFinite)
  }
}
