// Serves execute: how many random labels a network can fit (Cover 1965; Zhang et al. 2017).
import Datasets
import Specification
import Tables
import Training

struct MemorizationCapacity: RunProtocol {
  static let record = Record(
    "memorization-capacity",
    doc: """
      The largest number of the training examples, first ones first, that the network fits within its steps, by \
      bisection. Needs `record.every`, at which training looks whether it is done.
      """,
    fields: [
      Field(
        "accuracy", .number(.fraction), default: .value(0.999),
        doc: "Training accuracy that counts as fitted.", example: "0.999"),
      Field(
        "tolerance", .number(NumberRange(0, 1, excludesLower: true)), default: .value(0.05),
        doc: "Bisection ends when the bounds differ by at most this fraction.", example: "0.05"),
      Field(
        "start", .integer(1...10_000_000), default: .value(50), unit: "examples",
        doc: "The first number that is tried; doubled or halved until it is on the other side.", example: "50"
      ),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  static func check(_ value: Value, _ complaints: inout Complaints) {
    if value["record"]?["every"] == nil {
      complaints.add(
        "missing-key", "memorization-capacity needs 'record.every' to see when training is done",
        in: "record", expected: "every: a number of steps")
    }
  }

  private let accuracy: Double
  private let tolerance: Double
  private let start: Int

  init(_ value: Value) {
    accuracy = value["accuracy"]?.number ?? 0.999
    tolerance = value["tolerance"]?.number ?? 0.05
    start = value["start"]?.integer ?? 50
  }

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run.", axes: [],
      metrics: [
        Column("capacity", .metric, unit: "examples", doc: "The largest number of examples that was fitted."),
        Column(
          "upper_bound", .metric, unit: "examples",
          doc: "The smallest number that was not; none when all were."),
        Column("parameters", .metric, doc: "Number of parameters."),
        Column("capacity_per_parameter", .metric, doc: "capacity/parameters."),
      ]),
    TableDeclaration(
      suffix: "trials", doc: "One row a run and number of examples that was tried, in the order of trials.",
      axes: [Column("examples", .axis, unit: "examples", doc: "Training examples.")],
      metrics: [
        Column("train_accuracy", .metric, doc: "Fraction of them classified correctly at the end."),
        Column("steps", .metric, unit: "steps", doc: "Steps taken."),
      ]),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let available = try context.library.description(of: context.configuration.data).train
    var series = try TrainingSeries(context, trainings: trials(available))
    var table = RunTable(MemorizationCapacity.tables[1])
    func fits(_ count: Int) throws -> Bool {
      var options = series.options
      options.stopAccuracy = accuracy
      let training = try series.train(options: options, data: series.data.prefix(count))
      let reached = training.final["train_accuracy"] ?? 0
      table.addRow([
        "examples": Double(count), "train_accuracy": reached, "steps": training.final["steps"] ?? 0,
      ])
      return reached >= accuracy
    }
    let bounds = try bisect(available: available, fits)
    let parameters = Double(series.network.layout.count)
    var main = RunTable(MemorizationCapacity.tables[0])
    var values = [
      "capacity": Double(bounds.fitted), "parameters": parameters,
      "capacity_per_parameter": Double(bounds.fitted) / parameters,
    ]
    values["upper_bound"] = bounds.failed.map(Double.init)
    main.addRow(values)
    return RunResult(tables: ["": main, "trials": table], digests: series.digests)
  }

  /// The largest number known to fit and the smallest known not to.
  private func bisect(
    available: Int, _ fits: (Int) throws -> Bool
  ) rethrows -> (fitted: Int, failed: Int?) {
    var (low, high): (Int, Int?) = (0, nil)
    var next = min(start, available)
    while high == nil || (low == 0 && next > 0) {
      if try fits(next) {
        low = next
        if next == available { return (low, nil) }
        if high != nil { break }
        next = min(2 * next, available)
      } else {
        high = next
        if low > 0 { break }
        next /= 2
      }
    }
    while let top = high, Double(top - low) > max(1, tolerance * Double(low)) {
      let middle = (low + top) / 2
      if try fits(middle) { low = middle } else { high = middle }
    }
    return (low, high)
  }

  /// Trainings at most: doublings or halvings from the start, then halvings of the interval.
  private func trials(_ available: Int) -> Int {
    var doublings = 1
    var reach = max(1, start)
    while reach < available {
      reach *= 2
      doublings += 1
    }
    var halvings = 0
    var width = 1.0
    while width > tolerance {
      width /= 2
      halvings += 1
    }
    return doublings + halvings
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    configuration.seriesCost(trainings: Double(trials(data.train)), examples: 0, data)
  }
}
