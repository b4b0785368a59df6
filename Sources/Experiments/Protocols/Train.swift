// Serves execute: the default protocol, one training of one network.
import Datasets
import Specification
import Tables
import Training

struct Train: RunProtocol {
  static let record = Record("train", doc: "Trains the model once a run. The default.", fields: [])
  static let trainsModel = true
  static let takesProbes = true
  static let datasets = classificationData + regressionData

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let name = value["data"]?["name"]?.string
    if regressionData.contains(where: { $0.rawValue == name }), value["train"]?["loss"]?.string != "mse" {
      complaints.add(
        "model-data", "'\(name ?? "")' has real-valued targets, which cross-entropy cannot fit", in: "train",
        expected: "loss: mse")
    }
  }

  init(_ value: Value) {}

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the metrics after the last step.", axes: [], metrics: finalMetrics),
    historyDeclaration,
  ]

  func tables(_ configuration: Configuration) -> [TableDeclaration] { trainingTables(configuration.record) }

  func run(_ context: RunContext) throws -> RunResult {
    let data = TrainingData(try context.library.load(context.configuration.data, seed: context.streamSeed))
    let (network, options) = try context.makeNetwork(for: data)
    network.initialize(seed: context.streamSeed)
    let probes = try ProbeSeries(
      context.configuration.probes, ProbeBench(network, options, data, seed: context.streamSeed))
    let training = ObservedTraining(network, options, data, context)
    training.probes = probes
    training.checkpoints = context.checkpoints
    _ = try training.run()
    var result = RunResult()
    result.tables = probes.results
    result.digests = training.trail.entries
    var main = RunTable(tables(context.configuration)[0])
    main.addRow(training.final)
    result.tables[""] = main
    result.tables["history"] = training.history
    for measurement in context.configuration.measurements {
      result.tables[type(of: measurement).table.suffix] = try measurement.measure(
        network, data, seed: context.streamSeed)
    }
    return result
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    var cost = configuration.trainingCost(data)
    cost.operations += configuration.probeCost(data)
    return cost
  }
}

/// The table `exp-x.history` of a training.
let historyDeclaration = TableDeclaration(
  suffix: "history", doc: "One row a run and recorded step; metrics that are not recorded are empty.",
  axes: [Column("step", .axis, unit: "steps", doc: "Steps taken so far.")], metrics: usualMetrics)

/// The main table and the history of a training with these records.
func trainingTables(_ record: RecordOptions) -> [TableDeclaration] {
  let requested = requestedMetrics(record)
  var main = TableDeclaration(
    suffix: "", doc: "One row a run: the metrics after the last step.", axes: [], metrics: finalMetrics)
  main.metrics += requested + record.thresholds.map(\.column)
  var history = historyDeclaration
  history.metrics += requested
  return [main, history]
}

/// Complains about records that cannot be made.
func checkRecord(_ value: Value, _ complaints: inout Complaints) {
  let record = RecordOptions(value["record"] ?? [:])
  for metric in Set(record.thresholds.map(\.metric)).sorted()
  where !record.metrics.contains(metric) {
    let known = historyMetrics.contains { $0.name == metric }
    complaints.add(
      known ? "missing-key" : "unknown-metric",
      known ? "'steps_to' watches '\(metric)', which is not recorded" : "there is no metric '\(metric)'",
      in: "record", expected: known ? "\(metric) among record.metrics" : "a metric of record.metrics")
  }
  let noisy = record.metrics.filter { $0.hasPrefix("noisy_") }
  if let first = noisy.first, value["data"]?["label_noise"]?.number ?? 0 == 0,
    value["data"]?["labels"]?.string != "random"
  {
    complaints.add(
      "missing-key", "'\(first)' needs examples with random labels", in: "record",
      expected: "data.label_noise above 0, or labels: random")
  }
  if record.metrics.contains(where: { $0.hasPrefix("best_test_") }), !record.metrics.contains("test_accuracy")
  {
    complaints.add(
      "missing-key", "the best test accuracy needs test_accuracy in every record", in: "record",
      expected: "test_accuracy among record.metrics")
  }
}

extension RunTable {
  /// Appends a row; columns without a value are missing.
  mutating func addRow(_ values: [String: Double], labels: [String: String] = [:]) {
    rows.append(
      columns.map { labels[$0].map(Cell.text) ?? values[$0].map(Cell.number) ?? .missing })
  }
}

extension RunContext {
  /// An uninitialised network for this run's data, and its training options.
  ///
  /// - Parameter rows: examples of the largest batch, when another than the training's own may be larger.
  /// - Throws: `ConfigurationError` without a model or training; what `Network` throws when the model does not fit.
  func makeNetwork(for data: TrainingData, rows: Int = 0) throws -> (Network, TrainOptions) {
    guard let model = configuration.model, let train = configuration.train else {
      throw ConfigurationError(description: "no model or training")
    }
    let capacity = max(min(max(train.batch ?? data.train.count, rows), data.train.count), 256)
    let network = try Network(
      model, input: data.shape, classes: data.classes, capacity: capacity, loss: train.loss)
    return (network, train)
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
