// Serves execute: pruning after training, without and with training on (Han et al. 2015).
import Datasets
import KernelTable
import Specification
import Tables
import Training

struct PruneAndFineTune: RunProtocol {
  static let record = Record(
    "prune",
    doc: """
      Trains once, then prunes to each sparsity and trains on at a fraction of the rate (Han et al. 2015): once without \
      training on, once with it, step by step through the sparsities, and with a random choice of weights.
      """,
    fields: [
      Field(
        "sparsity", .list(.number(NumberRange(0, 0.9999)), count: 1...50), default: .required,
        doc: "Fractions of all weights that are removed, in rising order.", example: "[0.5, 0.8, 0.9, 0.95]"),
      Field(
        "methods",
        .list(
          .choice([
            Choice("cut", "The smallest weights of the dense network go; no training afterwards."),
            Choice("fine-tune", "The same, trained on."),
            Choice("iterative", "Each sparsity is cut from the network fine-tuned at the one before."),
            Choice("random", "Weights go at random; trained on."),
          ]), count: 1...4), default: .value(["cut", "fine-tune", "iterative", "random"]),
        doc: "Ways to prune.", example: "[cut, iterative]"),
      Field(
        "scope",
        .choice([
          Choice("layer", "Each layer has the same sparsity."),
          Choice("global", "The smallest weights of the whole network go."),
        ]), default: .value("global"), doc: "Among which weights the smallest are sought.", example: "layer"),
      Field(
        "fine_tune", .number(.positive), default: .value(0.1),
        doc: "Factor on the first learning rate while training on; the rate is then constant.",
        example: "0.1"),
      Field(
        "fine_tune_steps", .integer(1...1_000_000_000), unit: "steps",
        doc: "Steps of training on; as many as `train.steps` when absent.", example: "500"),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let sparsity = value["protocol"]?["sparsity"]?.array?.compactMap(\.number) ?? []
    for (a, b) in zip(sparsity, sparsity.dropFirst()) where a >= b {
      complaints.add(
        "wrong-value", "sparsity \(Cell.format(b)) does not rise from \(Cell.format(a))", in: "protocol",
        expected: "fractions in rising order")
      return
    }
  }

  private let sparsities: [Double]
  private let methods: [String]
  private let scope: PruningScope
  private let factor: Double
  private let fineTuneSteps: Int?

  init(_ value: Value) throws {
    guard let sparsities = value["sparsity"]?.array?.compactMap(\.number), !sparsities.isEmpty else {
      throw ConfigurationError(description: "prune without its options")
    }
    self.sparsities = sparsities
    methods = value["methods"]?.array?.compactMap(\.string) ?? []
    scope = value["scope"]?.string.flatMap(PruningScope.init) ?? .global
    factor = value["fine_tune"]?.number ?? 0.1
    fineTuneSteps = value["fine_tune_steps"]?.integer
  }

  static let tables = [
    TableDeclaration(suffix: "", doc: "One row a run: the dense network.", axes: [], metrics: finalMetrics),
    TableDeclaration(
      suffix: "pruned", doc: "One row a run, sparsity and method.",
      axes: [
        Column("sparsity", .axis, doc: "Fraction of the weights that was to be removed."),
        Column("method", .axis, doc: "`cut`, `fine-tune`, `iterative` or `random`."),
      ],
      metrics: [Column("remaining", .metric, unit: "%", doc: "Surviving weights in percent of all weights.")]
        + finalMetrics.filter {
          ["train_accuracy", "train_loss", "test_accuracy", "test_loss"].contains($0.name)
        }),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let tables = PruneAndFineTune.tables
    let (trained, further) = fineTunings(context.configuration.train?.steps ?? 0)
    var series = try TrainingSeries(context, trainings: 1, further: trained * further)
    var (main, pruned) = (RunTable(tables[0]), RunTable(tables[1]))
    main.addRow(try series.train().final)
    let dense = NetworkState(series.network)
    let options = series.options.fineTuning(by: factor, steps: fineTuneSteps)
    for method in methods {
      var state = dense
      var mask = PruningMask(layout: series.network.layout)
      for sparsity in sparsities {
        if method != "iterative" { (state, mask) = (dense, PruningMask(layout: series.network.layout)) }
        mask = cut(mask, state, sparsity, method, series)
        var values: [String: Double]
        if method == "cut" {
          values = evaluate(series, state, mask)
        } else {
          values = try series.train(from: .state(state), mask: mask, options: options).final
          state = NetworkState(series.network)
        }
        values["sparsity"] = sparsity
        values["remaining"] = mask.remaining * 100
        pruned.addRow(values, labels: ["method": method])
      }
    }
    return RunResult(tables: ["": main, "pruned": pruned], digests: series.digests)
  }

  private func cut(
    _ mask: PruningMask, _ state: NetworkState, _ sparsity: Double, _ method: String, _ series: TrainingSeries
  ) -> PruningMask {
    let scores =
      method == "random"
      ? randomScores(series.network.layout, seed: series.context.streamSeed, purpose: "random-pruning")
      : state.parameters
    return mask.keeping(1 - sparsity, within: scope) { abs(scores.start[$0]) }
  }

  private func evaluate(_ series: TrainingSeries, _ state: NetworkState, _ mask: PruningMask) -> [String:
    Double]
  {
    state.restore(series.network)
    let network = series.network
    network.kernels.scale(mask.values.count, network.parameters.start, mask.values.start)
    let (train, test) = (network.evaluate(series.data.train), network.evaluate(series.data.test))
    return [
      "train_accuracy": train.accuracy, "train_loss": train.loss, "test_accuracy": test.accuracy,
      "test_loss": test.loss,
    ]
  }

  /// How many times it is trained on, and for how many steps.
  private func fineTunings(_ steps: Int) -> (count: Int, steps: Int) {
    (methods.count { $0 != "cut" } * sparsities.count, fineTuneSteps ?? steps)
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let steps = configuration.train?.steps ?? 1
    let tunings = fineTunings(steps)
    let share = Double(tunings.count) * Double(tunings.steps) / Double(max(1, steps))
    let cuts = methods.contains("cut") ? sparsities.count : 0
    return configuration.seriesCost(trainings: 1 + share, examples: cuts * (data.train + data.test), data)
  }
}
