// Serves execute: winning tickets by iterative magnitude pruning, with their controls (Frankle & Carbin 2019).
import Datasets
import Specification
import Tables
import Training

struct IterativePruning: RunProtocol {
  static let record = Record(
    "iterative-pruning",
    doc: """
      Iterative pruning (Frankle & Carbin 2019): train, remove the smallest weights of each layer, reset the others to \
      their initial values, repeat. Controls have as many weights in each layer as the ticket. Every training begins with \
      a fresh optimiser, also those from trained or rewound weights. Needs validation data and `record.every`, which give \
      the early-stop step.
      """,
    fields: [
      Field(
        "rounds", .integer(1...100), default: .required, doc: "Pruning rounds after the dense training.",
        example: "12"),
      Field(
        "rate", .number(NumberRange(0, 0.99, excludesLower: true)), default: .value(0.2),
        doc: "Fraction of the surviving weights of a layer that a round removes.", example: "0.2"),
      Field(
        "output_rate", .number(NumberRange(0, 0.99)), default: .value(0.1),
        doc: "The same for the output layer.", example: "0.1"),
      Field(
        "convolution_rate", .number(NumberRange(0, 0.99)),
        doc: "The same for convolutions; `rate` when absent (Frankle & Carbin 2019, figure 2).",
        example: "0.1"),
      Field(
        "controls", .list(.choice(controlChoices), count: 0...8), default: .value([]),
        doc: "Controls that are trained beside the ticket.", example: "[reinit, one-shot]"),
      Field(
        "control_rounds", .list(.integer(1...100), count: 0...100), default: .value([]),
        doc: "Rounds at which controls are trained.", example: "[3, 7, 11]"),
      Field(
        "criterion",
        .choice([
          Choice("magnitude", "The smallest trained weights go; the default."),
          Choice("random", "Weights go at random."),
        ]), doc: "Which weights a round removes.", example: "random"),
      Field(
        "scope",
        .choice([
          Choice("layer", "Each layer loses its own share; the default."),
          Choice("global", "The whole network loses `rate` of its weights, whichever layers they are in."),
        ]), doc: "Among which weights the smallest are sought.", example: "global"),
      Field(
        "retrain",
        .choice([
          Choice("reset", "From the initial weights; the default."),
          Choice("rewind", "From the weights of the dense training at `rewind_step` (Frankle et al. 2020)."),
          Choice(
            "learning-rate", "From the trained weights, with the whole schedule again (Renda et al. 2020)."),
          Choice("fine-tune", "From the trained weights, at `fine_tune` times the rate, held constant."),
        ]), doc: "Where the survivors of a round train from.", example: "rewind"),
      Field(
        "rewind_step", .integer(0...1_000_000_000), unit: "steps",
        doc: "Step of the dense training whose weights `rewind` goes back to.", example: "100"),
      Field(
        "fine_tune", .number(.positive), doc: "Factor on the learning rate of `fine-tune`; 0.1 when absent.",
        example: "0.1"),
      Field(
        "costs", .boolean,
        doc: "Whether the table of rounds has the columns `trainings` and `dense_equivalents`.",
        example: "true"),
    ])

  private static let controlChoices = [
    Choice("reinit", "The ticket's mask with freshly drawn initial weights."),
    Choice("shuffled", "The ticket's initial weights with its mask shuffled within each layer."),
    Choice(
      "one-shot",
      "A mask of the same size cut from the dense network in one go, reset to the initial weights."),
    Choice(
      "sign-constant", "The ticket's mask; each weight starts at ±σ of its layer with its initial sign."),
    Choice("random-sign", "The ticket's mask; each weight starts at ±σ of its layer with a random sign."),
    Choice("rewind", "The ticket's mask; weights start as the dense training had them at `rewind_step`."),
    Choice("learning-rate", "The ticket's mask; the trained weights train on with the whole schedule."),
    Choice("fine-tune", "The ticket's mask; the trained weights train on at `fine_tune` times the rate."),
  ]

  static let trainsModel = true
  static let datasets = classificationData

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let options = value["protocol"]
    let controls = options?["controls"]?.array?.compactMap(\.string) ?? []
    let rounds = options?["control_rounds"]?.array?.compactMap(\.integer) ?? []
    if controls.isEmpty != rounds.isEmpty {
      complaints.add(
        "missing-key", "controls need the rounds at which they are trained", in: "protocol",
        expected: "both controls and control_rounds, or neither")
    }
    if let last = options?["rounds"]?.integer, let late = rounds.first(where: { $0 > last }) {
      complaints.add("wrong-value", "control round \(late) is after the last round, \(last)", in: "protocol")
    }
    checkRewinding(value, controls, &complaints)
    complaints.requireValidation(value, for: record.name)
    if value["record"]?["every"] == nil {
      complaints.add(
        "missing-key", "iterative-pruning needs 'record.every' for its early-stop step", in: "record")
    }
  }

  private static func checkRewinding(
    _ value: Value, _ controls: [String], _ complaints: inout Complaints
  ) {
    let rewinds = controls.contains("rewind") || value["protocol"]?["retrain"]?.string == "rewind"
    let step = value["protocol"]?["rewind_step"]?.integer
    if rewinds, step == nil {
      complaints.add(
        "missing-key", "rewinding needs the step to go back to", in: "protocol",
        expected: "rewind_step: a number of steps")
    }
    if let step, let steps = value["train"]?["steps"]?.integer, step > steps {
      complaints.add(
        "wrong-value", "rewind_step \(step) is after the last step of training, \(steps)", in: "protocol",
        expected: "at most \(steps)")
    }
  }

  private let rounds: Int
  private let rate: Double
  private let rates: PruningRates
  private let controls: [String]
  private let controlRounds: [Int]
  private let isRandom: Bool
  private let scope: PruningScope
  private let retrain: String
  private let rewindStep: Int
  private let fineTune: Double
  private let hasCosts: Bool

  init(_ value: Value) throws {
    guard let rounds = value["rounds"]?.integer, let rate = value["rate"]?.number,
      let outputRate = value["output_rate"]?.number
    else { throw ConfigurationError(description: "iterative-pruning without its options") }
    self.rounds = rounds
    self.rate = rate
    rates = PruningRates(dense: rate, convolution: value["convolution_rate"]?.number, output: outputRate)
    controls = value["controls"]?.array?.compactMap(\.string) ?? []
    controlRounds = value["control_rounds"]?.array?.compactMap(\.integer) ?? []
    isRandom = value["criterion"]?.string == "random"
    scope = value["scope"]?.string.flatMap(PruningScope.init) ?? .layer
    retrain = value["retrain"]?.string ?? "reset"
    rewindStep = value["rewind_step"]?.integer ?? 0
    fineTune = value["fine_tune"]?.number ?? 0.1
    hasCosts = value["costs"]?.bool ?? false
  }

  private static let roundMetrics: [Column] =
    [
      Column(
        "remaining", .metric, unit: "%",
        doc: "Surviving weights in percent of all weights (P_m of Frankle & Carbin 2019)."),
      Column(
        "early_stop_step", .metric, unit: "steps", doc: "Recorded step with the smallest validation loss."),
      Column("early_stop_accuracy", .metric, doc: "Test accuracy of the weights at early_stop_step."),
    ]
    + finalMetrics.filter {
      ["train_accuracy", "train_loss", "test_accuracy", "test_loss", "validation_accuracy", "gap"].contains(
        $0.name)
    }

  private static let costMetrics: [Column] = [
    Column("trainings", .metric, doc: "Trainings that finding this ticket has taken, its own included."),
    Column(
      "dense_equivalents", .metric,
      doc:
        "The same in dense trainings if sparsity were free: Σ over the rounds so far of the weights remaining."
    ),
  ]

  static let tables = [
    TableDeclaration(suffix: "", doc: "One row a run: the dense network.", axes: [], metrics: finalMetrics),
    TableDeclaration(
      suffix: "rounds", doc: "One row a run, round and control; round 0 is the dense network.",
      axes: [
        Column("round", .axis, unit: "rounds", doc: "Pruning rounds so far."),
        Column("control", .axis, doc: "`ticket`, or the name of a control."),
      ], metrics: roundMetrics),
  ]

  func tables(_ configuration: Configuration) -> [TableDeclaration] {
    var tables = IterativePruning.tables
    if hasCosts { tables[1].metrics += IterativePruning.costMetrics }
    return tables
  }

  func run(_ context: RunContext) throws -> RunResult {
    let tables = tables(context.configuration)
    var session = Session(
      try TrainingSeries(context, trainings: trainings), fineTune: fineTune, rewindStep: rewindStep,
      rounds: RunTable(tables[1]))
    let dense = try session.trainDense(wantsRewinding: retrain == "rewind" || controls.contains("rewind"))
    var main = RunTable(tables[0])
    main.addRow(dense)
    let denseWeights = session.series.network.parameters.duplicate()
    var mask = PruningMask(layout: session.series.network.layout)
    for round in 1...rounds {
      session.trained = NetworkState(session.series.network)
      mask = nextMask(mask, session, round)
      if controlRounds.contains(round) {
        for control in controls { try session.trainControl(control, round, mask, denseWeights) }
      }
      try session.trainTicket(retrain, round, mask)
    }
    return RunResult(tables: ["": main, "rounds": session.rounds], digests: session.series.digests)
  }

  private func nextMask(_ mask: PruningMask, _ session: Session, _ round: Int) -> PruningMask {
    let network = session.series.network
    let scores =
      isRandom
      ? randomScores(
        network.layout, seed: session.series.context.streamSeed, purpose: "random-pruning/\(round)")
      : session.trained.parameters
    switch scope {
    case .layer:
      return mask.pruned(by: scores, keeping: mask.survivorsAfterRound(rates))
    case .global:
      let alive = mask.survivors.reduce(0, +)
      return mask.selectedGlobally(keeping: alive - Int((rate * Double(alive)).rounded())) {
        abs(scores.start[$0])
      }
    }
  }

  /// Trainings of one run.
  private var trainings: Int { 1 + rounds + controls.count * controlRounds.filter { $0 <= rounds }.count }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    configuration.seriesCost(trainings: Double(trainings), examples: 0, data)
  }
}

/// The trainings of one search for a ticket.
private struct Session {
  var series: TrainingSeries
  let fineTune: Double
  let rewindStep: Int
  var rounds: RunTable
  /// The weights that the last ticket came to.
  var trained: NetworkState
  private var rewound: NetworkState?
  private var spent = (trainings: 0.0, dense: 0.0)

  init(_ series: TrainingSeries, fineTune: Double, rewindStep: Int, rounds: RunTable) {
    self.series = series
    self.fineTune = fineTune
    self.rewindStep = rewindStep
    self.rounds = rounds
    trained = NetworkState(series.network)
  }

  mutating func trainDense(wantsRewinding: Bool) throws -> [String: Double] {
    let mask = PruningMask(layout: series.network.layout)
    let training = try series.train(mask: mask) { [rewindStep] in
      if wantsRewinding { $0.captureSteps = [rewindStep] }
    }
    rewound = training.captured[rewindStep]
    spent = (1, 1)
    return add(training.final, 0, "ticket", mask)
  }

  /// Adds a row of the table of rounds; returns all of its values.
  @discardableResult
  private mutating func add(
    _ final: [String: Double], _ round: Int, _ control: String, _ mask: PruningMask
  ) -> [String: Double] {
    var values = final
    values["remaining"] = mask.remaining * 100
    values["round"] = Double(round)
    values["trainings"] = control == "ticket" ? spent.trainings : nil
    values["dense_equivalents"] = control == "ticket" ? spent.dense : nil
    rounds.addRow(values, labels: ["control": control])
    return values
  }

  mutating func trainTicket(_ retrain: String, _ round: Int, _ mask: PruningMask) throws {
    spent = (spent.trainings + 1, spent.dense + mask.remaining)
    add(try train(retrain, mask), round, "ticket", mask)
  }

  private mutating func train(_ retrain: String, _ mask: PruningMask) throws -> [String: Double] {
    switch retrain {
    case "rewind": try series.train(from: rewound.map(StartingPoint.state) ?? .initial, mask: mask).final
    case "learning-rate": try series.train(from: .state(trained), mask: mask).final
    case "fine-tune":
      try series.train(
        from: .state(trained), mask: mask, options: series.options.fineTuning(by: fineTune)
      ).final
    default: try series.train(mask: mask).final
    }
  }

  /// Trains one control of a round.
  mutating func trainControl(
    _ control: String, _ round: Int, _ mask: PruningMask, _ denseWeights: Buffer
  ) throws {
    let seed = series.context.streamSeed
    var used = mask
    let final: [String: Double]
    switch control {
    case "reinit":
      final = try series.train(from: .drawn(purpose: "reinit/\(round)"), mask: mask).final
    case "shuffled":
      used = mask.shuffled(seed: seed, purpose: "shuffled-mask/\(round)")
      final = try series.train(mask: used).final
    case "one-shot":
      used = PruningMask(layout: mask.layout).pruned(by: denseWeights, keeping: mask.survivors)
      final = try series.train(mask: used).final
    case "sign-constant":
      final = try series.train(from: .constants(signs: .kept), mask: mask).final
    case "random-sign":
      let signs = StartingPoint.ConstantSigns.random(purpose: "random-sign/\(round)")
      final = try series.train(from: .constants(signs: signs), mask: mask).final
    default: final = try train(control, mask)
    }
    add(final, round, control, used)
  }
}

extension TrainOptions {
  /// The same training at a constant rate, `factor` times the first one, for `steps` steps if given.
  func fineTuning(by factor: Double, steps: Int? = nil) -> TrainOptions {
    var options = self
    options.rate *= factor
    options.schedule = .constant
    options.steps = steps ?? self.steps
    return options
  }
}
