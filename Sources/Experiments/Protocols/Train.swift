// Serves execute: the default protocol, one training of one network.
import Datasets
import Specification
import Tables
import Training

struct Train: RunProtocol {
  static let record = Record("train", doc: "Trains the model once a run. The default.", fields: [])
  static let trainsModel = true
  static let datasets: [DatasetName] = [.fashionMNIST, .mnist, .digits, .mnist1d]

  init(_ value: Value) {}

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the metrics after the last step.", axes: [], metrics: finalMetrics),
    historyDeclaration,
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let data = TrainingData(try context.library.load(context.configuration.data, seed: context.streamSeed))
    guard let (network, options) = context.makeNetwork(for: data) else {
      throw ConfigurationError(description: "no model or training")
    }
    network.initialize(seed: context.streamSeed)
    let training = try ObservedTraining(network, options, data, context).run()
    var result = RunResult()
    result.digests = training.trail.entries
    var main = RunTable(Train.tables[0])
    main.rows = [main.columns.map { training.final[$0].map(Cell.number) ?? .missing }]
    result.tables[""] = main
    result.tables["history"] = training.history
    for measurement in context.configuration.measurements {
      result.tables[type(of: measurement).table.suffix] = try measurement.measure(
        network, data, seed: context.streamSeed)
    }
    return result
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    configuration.trainingCost(data)
  }
}

/// The table `exp-x.history` of a training.
let historyDeclaration = TableDeclaration(
  suffix: "history", doc: "One row a run and recorded step; metrics that are not recorded are empty.",
  axes: [Column("step", .axis, unit: "steps", doc: "Steps taken so far.")], metrics: historyMetrics)

extension RunContext {
  /// An uninitialised network for this run's data, and its training options.
  func makeNetwork(for data: TrainingData) -> (Network, TrainOptions)? {
    guard let model = configuration.model, let train = configuration.train else { return nil }
    let capacity = max(min(train.batch ?? data.train.count, data.train.count), 256)
    let network = try? Network(
      model, input: data.shape, classes: data.outputs, capacity: capacity, loss: train.loss)
    return network.map { ($0, train) }
  }
}

extension Configuration {
  /// The model counted for the data; `nil` without a model, or when it does not fit.
  func modelSize(_ data: DatasetDescription) -> ModelSize? {
    try? model?.size(.input(data.shape), classes: data.classes)
  }

  /// The cost of one training: 6 operations a multiplication and example, 2 for an evaluation.
  func trainingCost(_ data: DatasetDescription) -> RunCost {
    guard let train, let size = modelSize(data) else { return RunCost(steps: 0, operations: 0) }
    let batch = Double(min(train.batch ?? data.train, data.train))
    let records = 1 + Double(record.every.map { train.steps / max(1, $0) } ?? 0)
    let sets = Set(record.metrics.compactMap { $0.split(separator: "_").first })
    let recorded =
      (sets.contains("train") ? data.train : 0) + (sets.contains("test") ? data.test : 0) + data.validation
    let evaluated = records * Double(recorded) + Double(data.train + data.test)
    let measured = measurements.reduce(0) { $0 + $1.examples(data) }
    let steps = Double(train.steps) * (train.sharpnessRadius > 0 ? 2 : 1)
    return RunCost(
      steps: steps,
      operations: size.multiplications * (6 * steps * batch + 2 * (evaluated + Double(measured))))
  }
}
