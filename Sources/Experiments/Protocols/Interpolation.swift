// Serves execute: the loss on the line between two trainings (Frankle et al. 2020; Keskar et al. 2017).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct Interpolation: RunProtocol {
  static let record = Record(
    "interpolation",
    doc: """
      Trains two networks and evaluates those on the straight line between their weights, αW₂ + (1 − α)W₁. The error \
      barrier is the largest error on the segment minus the mean of its ends (Frankle et al. 2020). Normalisation over \
      batches uses the statistics of the batches that are evaluated.
      """,
    fields: [
      Field(
        "pair",
        .choice([
          Choice("order", "A training to `fork_step`, then two with different orders of batches."),
          Choice("init", "Two trainings from different initial weights."),
          Choice(
            "batch", "Two trainings from the same weights with different batch sizes (Keskar et al. 2017)."),
        ]), default: .value("order"), doc: "How the two trainings differ.", example: "init"),
      Field(
        "fork_step", .integer(0...1_000_000_000), default: .value(0), unit: "steps",
        doc:
          "Steps that both trainings share; the optimiser's memory starts anew after them, and the schedule must be constant.",
        example: "200"),
      Field(
        "second_batch",
        .either([.integer(1...10_000_000), .choice([Choice("full", "All training examples.")])]),
        unit: "examples", doc: "Batch size of the second training of `batch`.", example: "full"),
      Field(
        "second_lr", .number(.positive), doc: "Learning rate of the second training of `batch`.",
        example: "0.01"),
      Field(
        "second_steps", .integer(1...1_000_000_000), unit: "steps",
        doc: "Steps of the second training of `batch`; as many as the first when absent.", example: "500"),
      Field("from", .number(NumberRange(-10, 0)), default: .value(0), doc: "Smallest α.", example: "-1"),
      Field("to", .number(NumberRange(1, 10)), default: .value(1), doc: "Largest α.", example: "2"),
      Field(
        "points", .integer(3...1001), default: .value(21),
        doc: "Evaluated points, equispaced, the ends included.", example: "31"),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let options = value["protocol"]
    let fork = options?["fork_step"]?.integer ?? 0
    if fork > 0, options?["pair"]?.string != "order" {
      complaints.add("wrong-value", "only the pair 'order' has a fork_step", in: "protocol")
    }
    if fork > 0, (value["train"]?["schedule"]?["name"]?.string ?? "constant") != "constant" {
      complaints.add(
        "wrong-value", "a fork needs a constant learning rate", in: "train", expected: "schedule: constant")
    }
    if let steps = value["train"]?["steps"]?.integer, fork >= steps {
      complaints.add(
        "wrong-value", "fork_step \(fork) leaves nothing of \(steps) steps", in: "protocol",
        expected: "less than \(steps)")
    }
    if options?["pair"]?.string == "batch", options?["second_batch"] == nil {
      complaints.add(
        "missing-key", "the pair 'batch' needs the second batch size", in: "protocol",
        expected: "second_batch: a number of examples, or full")
    }
  }

  private let pair: String
  private let fork: Int
  private let secondBatch: Int?
  private let secondRate: Double?
  private let secondSteps: Int?
  private let alphas: [Double]

  init(_ value: Value) {
    pair = value["pair"]?.string ?? "order"
    fork = value["fork_step"]?.integer ?? 0
    secondBatch = value["second_batch"]?.integer
    secondRate = value["second_lr"]?.number
    secondSteps = value["second_steps"]?.integer
    let (from, to) = (value["from"]?.number ?? 0, value["to"]?.number ?? 1)
    let points = value["points"]?.integer ?? 21
    alphas = (0..<points).map { from + (to - from) * Double($0) / Double(points - 1) }
  }

  private static let segmentMetrics = usualMetrics.filter { !$0.name.hasPrefix("validation_") }

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the first network, the second, and the barrier between them.",
      axes: [],
      metrics: finalMetrics + [
        Column("second_train_loss", .metric, unit: "nats", doc: "Training loss of the second network."),
        Column("second_test_accuracy", .metric, doc: "Test accuracy of the second network."),
        Column("second_distance", .metric, doc: "‖w − w₀‖₂ of the second network."),
        Column("between", .metric, doc: "‖w₁ − w₂‖₂."),
        Column(
          "train_barrier", .metric,
          doc: "Largest training error for α in 0…1 minus the mean of both ends; 0 when it is not larger."),
        Column("test_barrier", .metric, doc: "The same of the test error."),
        Column("loss_barrier", .metric, unit: "nats", doc: "The same of the training loss."),
      ]),
    TableDeclaration(
      suffix: "segment", doc: "One row a run and point of the line.",
      axes: [Column("alpha", .axis, doc: "0 at the first network, 1 at the second.")], metrics: segmentMetrics
    ),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    var series = try TrainingSeries(
      context, trainings: 2, further: fork, largestBatch: pair == "batch" ? secondBatch ?? .max : 0)
    let (first, second, ends) = try train(&series)
    var segment = RunTable(Interpolation.tables[1])
    var curve: [String: [Double]] = [:]
    for alpha in alphas {
      let values = evaluate(series, first, second, alpha)
      segment.addRow(values.merging(["alpha": alpha]) { $1 })
      guard alpha >= -1e-12, alpha <= 1 + 1e-12 else { continue }
      for (name, value) in values { curve[name, default: []].append(value) }
    }
    var values = ends.first.final
    values["second_train_loss"] = ends.second.final["train_loss"]
    values["second_test_accuracy"] = ends.second.final["test_accuracy"]
    values["second_distance"] = ends.second.final["distance"]
    values["between"] = series.network.layout.distance(first.parameters, second.parameters)
    let endValues = [evaluate(series, first, second, 0), evaluate(series, first, second, 1)]
    for (name, metric) in [
      ("train_barrier", "train_error"), ("test_barrier", "test_error"), ("loss_barrier", "train_loss"),
    ] {
      let mean = endValues.reduce(0) { $0 + ($1[metric] ?? 0) } / 2
      values[name] = max(0, (curve[metric]?.max() ?? mean) - mean)
    }
    var main = RunTable(Interpolation.tables[0])
    main.addRow(values)
    first.restore(series.network)
    return RunResult(tables: ["": main, "segment": segment], digests: series.digests)
  }

  private func train(_ series: inout TrainingSeries) throws -> (
    NetworkState, NetworkState, (first: ObservedTraining, second: ObservedTraining)
  ) {
    var start = StartingPoint.initial
    var options = series.options
    if fork > 0 {
      options.steps = fork
      try series.train(options: options)
      start = .state(NetworkState(series.network))
      options.steps = series.options.steps - fork
    }
    let a = try series.train(from: start, options: options) { $0.orderPurpose = "order/first" }
    let first = NetworkState(series.network)
    if pair == "init" { start = .drawn(purpose: "other-init") }
    if pair == "batch" {
      options.batch = secondBatch
      options.rate = secondRate ?? options.rate
      options.steps = secondSteps ?? options.steps
    }
    let b = try series.train(from: start, options: options) { $0.orderPurpose = "order/second" }
    return (first, NetworkState(series.network), (a, b))
  }

  private func evaluate(
    _ series: TrainingSeries, _ first: NetworkState, _ second: NetworkState, _ alpha: Double
  ) -> [String: Double] {
    let network = series.network
    for i in 0..<first.parameters.count {
      let (a, b) = (Double(first.parameters.start[i]), Double(second.parameters.start[i]))
      network.parameters.start[i] = Float((1 - alpha) * a + alpha * b)
    }
    let mode: Mode = network.runningStatistics.isEmpty ? .evaluation : .batchStatistics
    let train = network.evaluate(series.data.train, mode: mode)
    let test = network.evaluate(series.data.test, mode: mode)
    return [
      "train_loss": train.loss, "train_accuracy": train.accuracy, "train_error": 1 - train.accuracy,
      "test_loss": test.loss, "test_accuracy": test.accuracy, "test_error": 1 - test.accuracy,
    ]
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let steps = Double(configuration.train?.steps ?? 1)
    let second = Double(secondSteps ?? configuration.train?.steps ?? 1)
    let batches = Double(secondBatch ?? data.train) / Double(configuration.train?.batch ?? data.train)
    let share = pair == "batch" ? second / steps * batches : 1
    return configuration.seriesCost(
      trainings: 1 + share, examples: (alphas.count + 2) * (data.train + data.test), data)
  }
}
