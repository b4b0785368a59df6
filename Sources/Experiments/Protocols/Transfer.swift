// Serves execute: whether descent finds good minima from a bad start (Liu, Papailiopoulos & Achlioptas 2020).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct Transfer: RunProtocol {
  static let record = Record(
    "transfer",
    doc: """
      Trains first on other labels of the same inputs, then on the data's own, with a fresh optimiser. After random labels \
      the second training starts from a global minimum of the wrong problem (Liu et al. 2020).
      """,
    fields: [
      Field(
        "pretrain",
        .choice([
          Choice("random-labels", "Labels drawn uniformly over all classes."),
          Choice("shuffled-labels", "The data's labels in a random order."),
          Choice("true-labels", "The data's own labels: simply a longer training."),
          Choice("none", "No first training."),
        ]), default: .value("random-labels"), doc: "What is learned first.", example: "none"),
      Field(
        "pretrain_steps", .integer(1...1_000_000_000), unit: "steps",
        doc: "Steps of the first training at most; as many as `train.steps` when absent.", example: "2000"),
      Field(
        "pretrain_lr", .number(.positive),
        doc: "Learning rate of the first training; `train.lr` when absent.",
        example: "0.1"),
      Field(
        "pretrain_weight_decay", .number(.nonNegative),
        doc: "Weight decay of the first training; `train.weight_decay` when absent.", example: "0"),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  private let pretrain: String
  private let steps: Int?
  private let rate: Double?
  private let decay: Double?

  init(_ value: Value) {
    pretrain = value["pretrain"]?.string ?? "random-labels"
    steps = value["pretrain_steps"]?.integer
    rate = value["pretrain_lr"]?.number
    decay = value["pretrain_weight_decay"]?.number
  }

  private static let further: [Column] = [
    Column("pretrain_accuracy", .metric, doc: "Training accuracy of the first training, on its own labels."),
    Column("pretrain_norm", .metric, doc: "‖w‖₂ after the first training."),
    Column("pretrain_distance", .metric, doc: "‖w − w₀‖₂ after the first training."),
    Column("pretrain_steps_taken", .metric, unit: "steps", doc: "Steps of the first training."),
  ]

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the metrics after the second training.", axes: [],
      metrics: finalMetrics + further),
    historyDeclaration,
  ]

  func tables(_ configuration: Configuration) -> [TableDeclaration] {
    var tables = trainingTables(configuration.record)
    tables[0].metrics += Transfer.further
    return tables
  }

  func run(_ context: RunContext) throws -> RunResult {
    let tables = tables(context.configuration)
    let hasFirst = pretrain != "none"
    let firstSteps = steps ?? context.configuration.train?.steps ?? 0
    var series = try TrainingSeries(context, trainings: 1, further: hasFirst ? firstSteps : 0)
    var values: [String: Double] = [:]
    series.begin(.initial)
    if hasFirst {
      var options = series.options
      options.steps = firstSteps
      options.rate = rate ?? options.rate
      options.weightDecay = decay ?? options.weightDecay
      let first = try series.train(options: options, data: series.data.relabelled(labels(series))) {
        $0.orderPurpose = "pretrain-order"
      }
      values["pretrain_accuracy"] = first.final["train_accuracy"]
      values["pretrain_norm"] = first.final["weight_norm"]
      values["pretrain_distance"] = first.final["distance"]
      values["pretrain_steps_taken"] = first.final["steps"]
    }
    let second = try series.train(from: .state(NetworkState(series.network)))
    var main = RunTable(tables[0])
    main.addRow(second.final.merging(values) { $1 })
    return RunResult(tables: ["": main, "history": second.history], digests: series.digests)
  }

  private func labels(_ series: TrainingSeries) -> [Int32] {
    let data = series.data
    var stream = RandomStream(seed: series.context.streamSeed, purpose: "pretrain-labels")
    switch pretrain {
    case "random-labels":
      return (0..<data.train.count).map { _ in Int32(stream.below(data.classes)) }
    case "shuffled-labels":
      var labels = data.train.labels
      stream.shuffle(&labels)
      return labels
    default: return data.train.labels
    }
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let own = configuration.train?.steps ?? 1
    let share = pretrain == "none" ? 0 : Double(steps ?? own) / Double(max(1, own))
    return configuration.seriesCost(trainings: 1 + share, examples: 0, data)
  }
}
