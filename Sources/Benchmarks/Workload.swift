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
  var data: () throws -> ExampleMatrix
  var classes = 10

  /// Floating-point operations of the matrix products of one step; a first layer has no input gradient.
  func operations(_ input: FeatureShape) throws -> Double {
    let layers = model.layers(classes: classes)
    let all = try model.size(input, classes: classes).multiplications
    let first = try layers.first.map { try ModelOptions.multiplications($0, input) } ?? 0
    return Double(train.batch ?? 1) * (6 * all - 2 * first)
  }

  static func all() -> [Workload] {
    func sgd(_ batch: Int, momentum: Double = 0) -> TrainOptions {
      TrainOptions(rate: 0.05, momentum: momentum, batch: batch, steps: .max)
    }
    func wide(_ width: Int) -> Workload {
      Workload(
        name: "wide\(width)", model: ModelOptions(hidden: [width]), train: sgd(100), data: fashionMNIST)
    }
    let lenet = ModelOptions(hidden: [300, 100])
    return [
      Workload(name: "mlp", model: lenet, train: sgd(60), data: fashionMNIST),
      Workload(
        name: "mlp_adam", model: lenet,
        train: TrainOptions(optimizer: .adam, rate: 1.2e-3, batch: 60, steps: .max), data: fashionMNIST),
      Workload(
        name: "mlp_bn", model: ModelOptions(hidden: [512, 512], batchNorm: true),
        train: sgd(128, momentum: 0.9),
        data: fashionMNIST),
      wide(64), wide(1024), wide(8192),
      Workload(
        name: "small1d", model: ModelOptions(hidden: [100, 100]), train: sgd(100, momentum: 0.9),
        data: mnist1D),
    ]
  }
}

private func matrix(_ request: DatasetRequest) throws -> ExampleMatrix {
  let library = DatasetLibrary(searchPath: DatasetLibrary.defaultSearchPath(environment: [:]))
  let data = try library.load(request, seed: 1).train
  return ExampleMatrix(inputs: data.inputs, labels: data.labels, features: data.inputCount)
}

private func fashionMNIST() throws -> ExampleMatrix { try matrix(DatasetRequest(.fashionMNIST)) }
private func mnist1D() throws -> ExampleMatrix { try matrix(DatasetRequest(.mnist1d)) }
