// Serves execute: winning tickets by iterative magnitude pruning, with their controls (Frankle & Carbin 2019).
import Datasets
import Specification
import Tables
import Training

struct IterativePruning: RunProtocol {
  static let record = Record(
    "iterative-pruning",
    doc: """
      Iterative magnitude pruning (Frankle & Carbin 2019): train, remove the smallest weights of each layer, reset the \
      others to their initial values, repeat. Controls have as many weights in each layer as the ticket. Needs \
      validation data and `record.every`, which give the early-stop step.
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
        "controls",
        .list(
          .choice([
            Choice("reinit", "The ticket's mask with freshly drawn initial weights."),
            Choice("shuffled", "The ticket's initial weights with its mask shuffled within each layer."),
            Choice(
              "one-shot",
              "A mask of the same size cut from the dense network in one go, reset to the initial weights."),
          ]), count: 0...3), default: .value([]), doc: "Controls that are trained beside the ticket.",
        example: "[reinit, one-shot]"),
      Field(
        "control_rounds", .list(.integer(1...100), count: 0...100), default: .value([]),
        doc: "Rounds at which controls are trained.", example: "[3, 7, 11]"),
    ])
  static let trainsModel = true
  static let datasets: [DatasetName] = [.fashionMNIST, .mnist, .digits, .mnist1d]

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let controls = value["protocol"]?["controls"]?.array ?? []
    let rounds = value["protocol"]?["control_rounds"]?.array?.compactMap(\.integer) ?? []
    if controls.isEmpty != rounds.isEmpty {
      complaints.add(
        "missing-key", "controls need the rounds at which they are trained", in: "protocol",
        expected: "both controls and control_rounds, or neither")
    }
    if let last = value["protocol"]?["rounds"]?.integer, let late = rounds.first(where: { $0 > last }) {
      complaints.add("wrong-value", "control round \(late) is after the last round, \(last)", in: "protocol")
    }
    complaints.requireValidation(value, for: record.name)
    if value["record"]?["every"] == nil {
      complaints.add(
        "missing-key", "iterative-pruning needs 'record.every' for its early-stop step", in: "record")
    }
  }

  private let rounds: Int
  private let rate: Double
  private let outputRate: Double
  private let controls: [String]
  private let controlRounds: [Int]

  init(_ value: Value) throws {
    guard let rounds = value["rounds"]?.integer, let rate = value["rate"]?.number,
      let outputRate = value["output_rate"]?.number
    else { throw ConfigurationError(description: "iterative-pruning without its options") }
    self.rounds = rounds
    self.rate = rate
    self.outputRate = outputRate
    controls = value["controls"]?.array?.compactMap(\.string) ?? []
    controlRounds = value["control_rounds"]?.array?.compactMap(\.integer) ?? []
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

  static let tables = [
    TableDeclaration(suffix: "", doc: "One row a run: the dense network.", axes: [], metrics: finalMetrics),
    TableDeclaration(
      suffix: "rounds", doc: "One row a run, round and control; round 0 is the dense network.",
      axes: [
        Column("round", .axis, unit: "rounds", doc: "Pruning rounds so far."),
        Column("control", .axis, doc: "`ticket`, or the name of a control."),
      ], metrics: roundMetrics),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let data = TrainingData(try context.library.load(context.configuration.data, seed: context.streamSeed))
    guard let (network, options) = context.makeNetwork(for: data) else {
      throw ConfigurationError(description: "no model or training")
    }
    var session = Session(network, options, data, context, steps: trainings * options.steps)
    let dense = try session.train(round: 0, control: "ticket", mask: PruningMask(layout: network.layout))
    session.keepMain(dense)
    let denseWeights = network.parameters.duplicate()
    var mask = PruningMask(layout: network.layout)
    for round in 1...rounds {
      let keeping = PruningMask.survivorsAfterRound(mask.survivors, rate: rate, outputRate: outputRate)
      mask = mask.pruned(by: network.parameters, keeping: keeping)
      if controlRounds.contains(round) {
        for control in controls { try session.trainControl(control, round, mask, denseWeights) }
      }
      try session.train(round: round, control: "ticket", mask: mask)
    }
    return session.result
  }

  /// Trainings of one run.
  private var trainings: Int { 1 + rounds + controls.count * controlRounds.filter { $0 <= rounds }.count }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let one = configuration.trainingCost(data)
    return RunCost(steps: one.steps * Double(trainings), operations: one.operations * Double(trainings))
  }
}

/// The trainings of one run, one after the other on one network.
private struct Session {
  private let network: Network
  private let options: TrainOptions
  private let data: TrainingData
  private let context: RunContext
  private let steps: Int
  private var done = 0
  private var main: RunTable
  private var rounds: RunTable
  private var digests: [(step: Int, digest: String)] = []

  init(
    _ network: Network, _ options: TrainOptions, _ data: TrainingData, _ context: RunContext, steps: Int
  ) {
    self.network = network
    self.options = options
    self.data = data
    self.context = context
    self.steps = steps
    main = RunTable(IterativePruning.tables[0])
    rounds = RunTable(IterativePruning.tables[1])
  }

  var result: RunResult { RunResult(tables: ["": main, "rounds": rounds], digests: digests) }

  /// Trains from the initial weights (or those of `initialization`) under a mask and adds a row.
  @discardableResult
  mutating func train(
    round: Int, control: String, mask: PruningMask, initialization: String = "init"
  ) throws -> [String: Double] {
    network.initialize(seed: context.streamSeed, purpose: initialization)
    let training = ObservedTraining(network, options, data, context, mask: mask.values)
    training.progressOffset = (done, steps)
    var values = try training.run().final
    values["remaining"] = mask.remaining * 100
    rounds.rows.append(
      rounds.columns.map { column in
        switch column {
        case "round": .number(Double(round))
        case "control": .text(control)
        default: values[column].map(Cell.number) ?? .missing
        }
      })
    digests += training.trail.entries.map { (done + $0.step, $0.digest) }
    done += options.steps
    return values
  }

  mutating func keepMain(_ values: [String: Double]) {
    main.rows = [main.columns.map { values[$0].map(Cell.number) ?? .missing }]
  }

  /// Trains one control of a round.
  mutating func trainControl(_ control: String, _ round: Int, _ mask: PruningMask, _ denseWeights: Buffer)
    throws
  {
    switch control {
    case "reinit": try train(round: round, control: control, mask: mask, initialization: "reinit/\(round)")
    case "shuffled":
      let shuffled = mask.shuffled(seed: context.streamSeed, purpose: "shuffled-mask/\(round)")
      try train(round: round, control: control, mask: shuffled)
    default:
      let oneShot = PruningMask(layout: network.layout).pruned(by: denseWeights, keeping: mask.survivors)
      try train(round: round, control: control, mask: oneShot)
    }
  }
}
