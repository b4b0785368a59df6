// Serves execute: whether descent trains the ticket alone (Zhou et al. 2019; Frankle & Carbin 2019, appendix F).
import Datasets
import Specification
import Tables
import Training

struct TicketMovement: RunProtocol {
  static let record = Record(
    "ticket-movement",
    doc: """
      Finds a ticket by iterative magnitude pruning, then asks how much of the dense training happens in it: the share of \
      all movement and of the squared gradient; and trains with the other weights frozen at their initial values or \
      removed, and the other weights alone.
      """,
    fields: [
      Field(
        "rounds", .integer(1...100), default: .required, doc: "Pruning rounds that give the ticket.",
        example: "7"),
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
    ])
  static let trainsModel = true
  static let datasets = classificationData

  private let rounds: Int
  private let rates: PruningRates

  init(_ value: Value) throws {
    guard let rounds = value["rounds"]?.integer, let rate = value["rate"]?.number,
      let outputRate = value["output_rate"]?.number
    else { throw ConfigurationError(description: "ticket-movement without its options") }
    self.rounds = rounds
    rates = PruningRates(dense: rate, convolution: value["convolution_rate"]?.number, output: outputRate)
  }

  private static let shares: [Column] = [
    Column("remaining", .metric, unit: "%", doc: "Weights of the ticket in percent of all weights."),
    Column(
      "movement_share", .metric, unit: "%",
      doc: "Σ (θ_T − θ₀)² over the ticket's weights in percent of that over all weights of the dense network."
    ),
    Column(
      "gradient_share", .metric, unit: "%",
      doc: "Σ g² over the ticket's weights in percent of that over all weights, for the last batch."),
  ]

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the dense network and the ticket's share of its training.", axes: [],
      metrics: finalMetrics + shares),
    TableDeclaration(
      suffix: "shares", doc: "One row a run and recorded step of the dense training.",
      axes: [Column("step", .axis, unit: "steps", doc: "Steps taken so far.")],
      metrics: Array(shares.dropFirst())),
    TableDeclaration(
      suffix: "arms", doc: "One row a run and arm.",
      axes: [
        Column(
          "arm", .axis,
          doc: """
            `dense`; `ticket`: only the ticket, the others at zero; `others-frozen`: the ticket trains, the others stay at \
            their initial values; `others-only`: the others train, the ticket's weights stay at their initial values; \
            `others-zeroed-ticket`: the others train, the ticket's weights are zero; `dense-others-reset` and \
            `dense-others-zeroed`: the trained dense network with the others set back or to zero.
            """)
      ],
      metrics: finalMetrics.filter {
        ["train_accuracy", "train_loss", "test_accuracy", "test_loss"].contains($0.name)
      }),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let tables = TicketMovement.tables
    var series = try TrainingSeries(context, trainings: rounds + 5)
    let mask = try findTicket(&series)
    var (main, shares, arms) = (RunTable(tables[0]), RunTable(tables[1]), RunTable(tables[2]))
    series.begin(.initial)
    let initial = NetworkState(series.network)
    let network = series.network
    var last: [String: Double] = [:]
    let dense = try series.train { training in
      training.atRecord = { step in
        last = [
          "movement_share": share(mask, network) {
            Double(network.parameters.start[$0]) - Double(initial.parameters.start[$0])
          } ?? .nan,
          "gradient_share": share(mask, network) { Double(network.gradient.start[$0]) } ?? .nan,
        ]
        if step > 0 { shares.addRow(last.merging(["step": Double(step)]) { $1 }) }
      }
    }
    main.addRow(dense.final.merging(last) { $1 }.merging(["remaining": mask.remaining * 100]) { $1 })
    let trained = NetworkState(network)
    arms.addRow(dense.final, labels: ["arm": "dense"])
    arms.addRow(try series.train(mask: mask).final, labels: ["arm": "ticket"])
    arms.addRow(try series.trainOnly(mask).final, labels: ["arm": "others-frozen"])
    arms.addRow(try series.trainOnly(mask.complement).final, labels: ["arm": "others-only"])
    arms.addRow(try series.train(mask: mask.complement).final, labels: ["arm": "others-zeroed-ticket"])
    for (arm, source) in [("dense-others-reset", initial.parameters), ("dense-others-zeroed", nil)] {
      arms.addRow(evaluate(series, trained, mask, others: source), labels: ["arm": arm])
    }
    return RunResult(tables: ["": main, "shares": shares, "arms": arms], digests: series.digests)
  }

  private func findTicket(_ series: inout TrainingSeries) throws -> PruningMask {
    var mask = PruningMask(layout: series.network.layout)
    for _ in 0..<rounds {
      try series.train(mask: mask)
      mask = mask.pruned(by: series.network.parameters, keeping: mask.survivorsAfterRound(rates))
    }
    return mask
  }

  /// Percent of Σ value² over all weights that lies in the mask; `nil` when the sum is zero.
  private func share(_ mask: PruningMask, _ network: Network, _ value: (Int) -> Double) -> Double? {
    var (inside, all) = (0.0, 0.0)
    for parameter in mask.weights {
      parameter.forEachIndex { place in
        let square = value(place) * value(place)
        all += square
        if mask.values.start[place] != 0 { inside += square }
      }
    }
    return all > 0 ? 100 * inside / all : nil
  }

  private func evaluate(
    _ series: TrainingSeries, _ state: NetworkState, _ mask: PruningMask, others: Buffer?
  ) -> [String: Double] {
    state.restore(series.network)
    let network = series.network
    for parameter in mask.weights {
      parameter.forEachIndex { place in
        if mask.values.start[place] == 0 { network.parameters.start[place] = others?.start[place] ?? 0 }
      }
    }
    let (train, test) = (network.evaluate(series.data.train), network.evaluate(series.data.test))
    return [
      "train_accuracy": train.accuracy, "train_loss": train.loss, "test_accuracy": test.accuracy,
      "test_loss": test.loss,
    ]
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    configuration.seriesCost(trainings: Double(rounds + 5), examples: 2 * (data.train + data.test), data)
  }
}
