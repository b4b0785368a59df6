// Serves execute: networks that are never trained, only masked, with a learned mask (Zhou et al. 2019; Ramanujan et al. 2020).
import Datasets
import Specification
import Tables
import Training

struct LearnMask: RunProtocol {
  static let record = Record(
    "learn-mask",
    doc: """
      Learns which of the initial weights to keep and changes none of them. `train` says how the scores behind the mask \
      are learned; its weight decay acts on the scores.
      """,
    fields: [
      Field(
        "method",
        .choice([
          Choice(
            "bernoulli", "Each weight lives with probability σ(score), drawn every step (Zhou et al. 2019)."),
          Choice(
            "edge-popup",
            "In each layer the weights with the largest |score| live (Ramanujan et al. 2020)."),
        ]), default: .value("bernoulli"), doc: "How the mask comes from the scores.", example: "edge-popup"),
      Field(
        "keep", .number(NumberRange(0, 1, excludesLower: true)), default: .value(0.5),
        doc: "Fraction of the weights of a layer that edge-popup keeps.", example: "0.3"),
      Field(
        "weights",
        .choice([
          Choice("init", "As drawn."),
          Choice("sign-constant", "±σ of the layer, with the signs as drawn."),
        ]), default: .value("init"), doc: "The weights that are masked.", example: "sign-constant"),
      Field(
        "rescale", .boolean, default: .value(true),
        doc:
          "Whether living weights are multiplied by (weights/living) for bernoulli, 1/√keep for edge-popup.",
        example: "false"),
      Field(
        "samples", .integer(1...1000), default: .value(10),
        doc: "Drawn masks over which `sampled_accuracy` is averaged.", example: "10"),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  static func check(_ value: Value, _ complaints: inout Complaints) {
    if let optimizer = value["train"]?["optimizer"]?.string, !["sgd", "adam"].contains(optimizer) {
      complaints.add(
        "wrong-value", "scores cannot be learned by '\(optimizer)'", in: "train", expected: "sgd or adam")
    }
  }

  private let kind: SupermaskKind
  private let isConstant: Bool
  private let rescales: Bool
  private let samples: Int

  init(_ value: Value) {
    kind =
      value["method"]?.string == "edge-popup" ? .edgePopup(keep: value["keep"]?.number ?? 0.5) : .bernoulli
    isConstant = value["weights"]?.string == "sign-constant"
    rescales = value["rescale"]?.bool ?? true
    samples = value["samples"]?.integer ?? 10
  }

  private static let metrics: [Column] =
    usualMetrics.filter { !$0.name.hasPrefix("validation_") } + [
      Column("remaining", .metric, unit: "%", doc: "Living weights in percent of all weights.")
    ]

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the masked network after the last step.", axes: [],
      metrics: metrics + [
        Column(
          "sampled_accuracy", .metric,
          doc: "Test accuracy, mean over `samples` drawn masks; that of the mask itself for edge-popup."),
        Column("unmasked_accuracy", .metric, doc: "Test accuracy of all weights as they are, unmasked."),
      ]),
    TableDeclaration(
      suffix: "history", doc: "One row a run and recorded step.",
      axes: [Column("step", .axis, unit: "steps", doc: "Steps taken so far.")], metrics: metrics),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let series = try TrainingSeries(context, trainings: 1)
    series.begin(isConstant ? .constants(signs: .kept) : .initial)
    let (network, options) = (series.network, series.options)
    let unmasked = network.evaluate(series.data.test).accuracy
    let trainer = SupermaskTrainer(
      network, kind: kind, rescales: rescales, options: options, seed: context.streamSeed)
    var history = RunTable(LearnMask.tables[1])
    var trail = DigestTrail()
    let every = context.configuration.record.every ?? options.steps
    let beat = max(1, min(every, options.steps / 20))
    var last: [String: Double] = [:]
    trainer.checkpoints = context.checkpoints.map { checkpoints in
      TrainingCheckpoints(
        saved: checkpoints.saved, isDue: checkpoints.isDue, save: checkpoints.save,
        watcherState: { maskRecords(trail, history, last) },
        restoreWatcher: { readMaskRecords($0, &trail, &history, &last) })
    }
    try trainer.run(
      series.data.train, watches: { $0 % every == 0 || $0 % beat == 0 || DigestTrail.marks($0) }
    ) { step in
      if step % beat == 0 { try context.progress(step, options.steps) }
      let isRecord = step % every == 0 || step == options.steps
      guard isRecord || DigestTrail.marks(step) else { return true }
      let remaining = trainer.applyMask()
      trail.add(step: step, network)
      guard isRecord else { return true }
      last = evaluate(network, series.data)
      last["remaining"] = remaining * 100
      history.addRow(last.merging(["step": Double(step)]) { $1 })
      return true
    }
    last["sampled_accuracy"] = sampledAccuracy(trainer, network, series.data)
    last["unmasked_accuracy"] = unmasked
    var main = RunTable(LearnMask.tables[0])
    main.addRow(last)
    return RunResult(tables: ["": main, "history": history], digests: trail.entries)
  }

  private func evaluate(_ network: Network, _ data: TrainingData) -> [String: Double] {
    let (train, test) = (network.evaluate(data.train), network.evaluate(data.test))
    return [
      "train_loss": train.loss, "train_accuracy": train.accuracy, "train_error": 1 - train.accuracy,
      "test_loss": test.loss, "test_accuracy": test.accuracy, "test_error": 1 - test.accuracy,
    ]
  }

  private func sampledAccuracy(_ trainer: SupermaskTrainer, _ network: Network, _ data: TrainingData)
    -> Double
  {
    let draws = kind == .bernoulli ? samples : 1
    var sum = 0.0
    for draw in 0..<draws {
      trainer.applyMask(drawing: "sampled-mask", index: UInt32(draw))
      sum += network.evaluate(data.test).accuracy
    }
    return sum / Double(draws)
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    // Drawing a mask and a sigmoid take about as long as sixty operations a weight and step.
    let steps = Double(configuration.train?.steps ?? 0)
    var cost = configuration.seriesCost(trainings: 1, examples: (samples + 1) * data.test, data)
    cost.operations += 60 * steps * Double(configuration.modelSize(data)?.weights ?? 0)
    return cost
  }
}
