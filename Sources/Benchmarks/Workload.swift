// Serves `make bench`: what is timed, under the names that the peer scripts use too.
import BitExact
import Datasets
import KernelTable
import Training

/// One training workload: a step is fetch, forward, loss, backward, update.
struct Workload {
  var name: String
  var model: ModelOptions
  var train: TrainOptions
  var source: Source
  var classes = 10

  /// Where the examples come from; what an image shows does not change the time it takes.
  enum Source {
    case fashionMNIST
    case mnist1D
    case noise([Int])
  }

  /// Shape of an example, as its network sees it.
  var shape: [Int] {
    let isSpatial = model.hidden.isEmpty
    switch source {
    case .fashionMNIST: return isSpatial ? [1, 28, 28] : [784]
    case .mnist1D: return [40]
    case .noise(let shape): return shape
    }
  }

  var input: FeatureShape { model.hidden.isEmpty ? .input(shape) : .vector(shape.reduce(1, *)) }

  func data() throws -> ExampleMatrix {
    switch source {
    case .fashionMNIST: return try matrix(DatasetRequest(.fashionMNIST))
    case .mnist1D: return try matrix(DatasetRequest(.mnist1d))
    case .noise(let shape): return noise(shape.reduce(1, *), classes: classes)
    }
  }

  func network(capacity: Int) throws -> Network {
    let network = try Network(model, input: input, classes: classes, capacity: capacity)
    network.initialize(seed: 1)
    return network
  }

  /// Floating-point operations of the matrix products of one step; a first layer has no input gradient.
  func operations() throws -> Double {
    let forward = try model.size(input, classes: classes).multiplications
    let first = try model.layers(classes: classes).first.map {
      try ModelOptions.multiplications($0, input)
    }
    return 2 * Double(train.batch ?? 1) * (3 * forward - (first ?? 0))
  }

  static func all() -> [Workload] {
    func sgd(_ batch: Int, momentum: Double = 0) -> TrainOptions {
      TrainOptions(rate: 0.05, momentum: momentum, batch: batch, steps: .max)
    }
    func adam(_ rate: Double, _ batch: Int) -> TrainOptions {
      TrainOptions(optimizer: .adam, rate: rate, batch: batch, steps: .max)
    }
    func wide(_ width: Int) -> Workload {
      Workload(
        name: "wide\(width)", model: ModelOptions(hidden: [width]), train: sgd(100), source: .fashionMNIST)
    }
    func convolutional(_ stack: ConvolutionStack) -> ModelOptions { ModelOptions(.cnn(stack)) }
    let lenet = ModelOptions(hidden: [300, 100])
    return [
      Workload(name: "mlp", model: lenet, train: sgd(60), source: .fashionMNIST),
      Workload(name: "mlp_adam", model: lenet, train: adam(1.2e-3, 60), source: .fashionMNIST),
      Workload(
        name: "mlp_bn", model: ModelOptions(hidden: [512, 512], batchNorm: true),
        train: sgd(128, momentum: 0.9), source: .fashionMNIST),
      wide(64), wide(1024), wide(8192),
      Workload(
        name: "small1d", model: ModelOptions(hidden: [100, 100]), train: sgd(100, momentum: 0.9),
        source: .mnist1D),
      Workload(
        name: "conv1d",
        model: convolutional(
          ConvolutionStack(channels: [25, 25, 25], kernels: [5], stride: 2, padding: 2)),
        train: sgd(100, momentum: 0.9), source: .mnist1D),
      Workload(
        name: "lenet5",
        model: convolutional(ConvolutionStack(channels: [16, 32], kernels: [5], pool: 2, dense: [128])),
        train: sgd(64, momentum: 0.9), source: .fashionMNIST),
      Workload(
        name: "conv4",
        model: convolutional(
          ConvolutionStack(
            channels: [64, 64, 128, 128], padding: 1, pool: 2, poolEvery: 2, dense: [256, 256])),
        train: adam(3e-4, 60), source: .noise([3, 32, 32])),
      Workload(
        name: "resnet20",
        model: ModelOptions(.resnet(20, width: 16, projects: false), norm: NormOptions(.batch)),
        train: sgd(128, momentum: 0.9), source: .noise([3, 32, 32])),
    ]
  }
}

private func matrix(_ request: DatasetRequest) throws -> ExampleMatrix {
  let library = DatasetLibrary(searchPath: DatasetLibrary.defaultSearchPath(environment: [:]))
  let data = try library.load(request, seed: 1).train
  return ExampleMatrix(inputs: data.inputs, labels: data.labels, features: data.inputCount)
}

private func noise(_ features: Int, classes: Int) -> ExampleMatrix {
  var stream = RandomStream(seed: 1, purpose: "bench")
  let count = 1000
  let inputs = (0..<count * features).map { _ in Float(stream.normal()) }
  return ExampleMatrix(
    inputs: inputs, labels: (0..<count).map { _ in Int32(stream.below(classes)) }, features: features)
}
