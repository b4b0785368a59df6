// Serves execute: what a mask alone knows: initial weights under masks from a trained network (Zhou et al. 2019).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct UntrainedMasks: RunProtocol {
  static let record = Record(
    "untrained-masks",
    doc: """
      Trains once, builds masks from the initial and trained weights by the criteria of Zhou et al. 2019, and measures the \
      initial weights under each mask without training them again. Each layer keeps the same fraction; the output layer \
      loses half as much. Ties are broken at random.
      """,
    fields: [
      Field(
        "criteria", .list(.choice(criterionChoices), count: 1...20),
        default: .value(["large-final", "large-final-same-sign", "random"]),
        doc: "What weights are ranked by; the largest stay.", example: "[large-final, random]"),
      Field(
        "keep", .list(.number(NumberRange(0, 1, excludesLower: true)), count: 1...50),
        default: .value([0.8, 0.5, 0.3, 0.1]), doc: "Fractions of the weights of a layer that stay.",
        example: "[0.8, 0.5, 0.2]"),
      Field(
        "actions", .list(.choice(actionChoices), count: 1...10),
        default: .value(["rewind", "sign-constant"]),
        doc: "What the weights that stay are set to.", example: "[rewind, sign-constant, random-sign]"),
    ])

  private static let criterionChoices = [
    Choice("large-final", "|w_f|, the trained weights' magnitude."),
    Choice("small-final", "−|w_f|."),
    Choice("large-init", "|w_i|, the initial weights' magnitude."),
    Choice("small-init", "−|w_i|."),
    Choice("large-init-large-final", "The smaller of the ranks by |w_i| and by |w_f|."),
    Choice("small-init-small-final", "The smaller of the ranks by −|w_i| and by −|w_f|."),
    Choice("magnitude-increase", "|w_f| − |w_i|."),
    Choice("movement", "|w_f − w_i|."),
    Choice("large-final-same-sign", "|w_f| where the sign has stayed, else 0."),
    Choice("large-final-diff-sign", "|w_f| where the sign has changed, else 0."),
    Choice("random", "At random."),
  ]
  private static let actionChoices = [
    Choice("rewind", "Their initial values."),
    Choice("sign-constant", "±σ of the layer with their initial signs."),
    Choice("random-sign", "±σ of the layer with random signs."),
    Choice("reinit", "The layer's initial values, shuffled."),
    Choice(
      "reinit-signed", "The magnitudes of the layer's initial values, shuffled, with their own initial signs."
    ),
  ]

  static let trainsModel = true
  static let datasets = classificationData

  private let criteria: [String]
  private let keeps: [Double]
  private let actions: [String]

  init(_ value: Value) {
    criteria = value["criteria"]?.array?.compactMap(\.string) ?? []
    keeps = value["keep"]?.array?.compactMap(\.number) ?? []
    actions = value["actions"]?.array?.compactMap(\.string) ?? []
  }

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the trained network, and the best of its masks.", axes: [],
      metrics: finalMetrics + [
        Column("best_masked_accuracy", .metric, doc: "Largest test accuracy of any untrained masked network.")
      ]),
    TableDeclaration(
      suffix: "masks", doc: "One row a run, criterion, fraction and action.",
      axes: [
        Column("criterion", .axis, doc: "What the weights were ranked by."),
        Column("keep", .axis, doc: "Fraction of the weights of a layer that stay."),
        Column("action", .axis, doc: "What the weights that stay were set to."),
      ],
      metrics: [
        Column("remaining", .metric, unit: "%", doc: "Weights that stay in percent of all weights."),
        Column("masked_train_accuracy", .metric, doc: "Training accuracy of the masked, untrained network."),
        Column("masked_accuracy", .metric, doc: "Test accuracy of the masked, untrained network."),
      ]),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    var series = try TrainingSeries(context, trainings: 1)
    let network = series.network
    series.begin(.initial)
    let initial = NetworkState(network)
    let training = try series.train()
    let final = NetworkState(network)
    var masks = RunTable(UntrainedMasks.tables[1])
    var best = 0.0
    let starts = actions.map { ($0, start($0, initial, series)) }
    for criterion in criteria {
      let scores = scores(criterion, initial.parameters, final.parameters, network.layout, context.streamSeed)
      for keep in keeps {
        let mask = mask(network.layout, keep) { scores.start[$0] }
        for (action, state) in starts {
          state.restore(network)
          for i in 0..<mask.values.count { network.parameters.start[i] *= mask.values.start[i] }
          let test = network.evaluate(series.data.test).accuracy
          best = max(best, test)
          masks.addRow(
            [
              "keep": keep, "remaining": mask.remaining * 100, "masked_accuracy": test,
              "masked_train_accuracy": network.evaluate(series.data.train).accuracy,
            ], labels: ["criterion": criterion, "action": action])
        }
      }
    }
    var main = RunTable(UntrainedMasks.tables[0])
    main.addRow(training.final.merging(["best_masked_accuracy": best]) { $1 })
    return RunResult(tables: ["": main, "masks": masks], digests: series.digests)
  }

  /// The output layer loses half the fraction.
  private func mask(_ layout: ParameterLayout, _ keep: Double, _ score: (Int) -> Float) -> PruningMask {
    let full = PruningMask(layout: layout)
    let sizes = full.sizes
    let keeping = sizes.enumerated().map { index, size in
      let lost = index == sizes.count - 1 ? (1 - keep) / 2 : 1 - keep
      return max(1, size - Int((lost * Double(size)).rounded()))
    }
    return full.selected(keeping: keeping, by: score)
  }

  private func start(_ action: String, _ initial: NetworkState, _ series: TrainingSeries) -> NetworkState {
    switch action {
    case "sign-constant": series.begin(.constants(signs: .kept))
    case "random-sign": series.begin(.constants(signs: .random(purpose: "random-sign")))
    case "reinit", "reinit-signed":
      initial.restore(series.network)
      shuffle(series.network, seed: series.context.streamSeed, keepsSigns: action == "reinit-signed")
    default: initial.restore(series.network)
    }
    return NetworkState(series.network)
  }

  private func shuffle(_ network: Network, seed: UInt64, keepsSigns: Bool) {
    for parameter in network.layout.parameters where parameter.kind == .weight {
      var places: [Int] = []
      parameter.forEachIndex { places.append($0) }
      var values = places.map { network.parameters.start[$0] }
      var stream = RandomStream(seed: seed, purpose: "reinit-shuffle/\(parameter.name)")
      stream.shuffle(&values)
      for (place, value) in zip(places, values) {
        let isNegative = network.parameters.start[place] < 0
        network.parameters.start[place] = keepsSigns ? (isNegative ? -abs(value) : abs(value)) : value
      }
    }
  }

  /// Ranks within each layer as scores, so that ties are broken at random: the largest rank stays longest.
  private func scores(
    _ criterion: String, _ initial: Buffer, _ final: Buffer, _ layout: ParameterLayout, _ seed: UInt64
  ) -> Buffer {
    let result = Buffer(layout.size)
    let ties = randomScores(layout, seed: seed, purpose: "mask-ties/\(criterion)")
    for parameter in layout.parameters where parameter.kind == .weight {
      var places: [Int] = []
      parameter.forEachIndex { places.append($0) }
      func ranks(_ score: (Int) -> Float) -> [Int] {
        let order = places.indices.sorted { a, b in
          let (x, y) = (score(places[a]), score(places[b]))
          if x != y { return x < y }
          let (s, t) = (ties.start[places[a]], ties.start[places[b]])
          return s == t ? a < b : s < t
        }
        var ranks = [Int](repeating: 0, count: places.count)
        for (rank, index) in order.enumerated() { ranks[index] = rank }
        return ranks
      }
      let wi = { (place: Int) in initial.start[place] }
      let wf = { (place: Int) in final.start[place].isNaN ? 0 : final.start[place] }
      let values: [Int] =
        switch criterion {
        case "large-final": ranks { abs(wf($0)) }
        case "small-final": ranks { -abs(wf($0)) }
        case "large-init": ranks { abs(wi($0)) }
        case "small-init": ranks { -abs(wi($0)) }
        case "large-init-large-final":
          zip(ranks { abs(wi($0)) }, ranks { abs(wf($0)) }).map { min($0, $1) }
        case "small-init-small-final":
          zip(ranks { -abs(wi($0)) }, ranks { -abs(wf($0)) }).map { min($0, $1) }
        case "magnitude-increase": ranks { abs(wf($0)) - abs(wi($0)) }
        case "movement": ranks { abs(wf($0) - wi($0)) }
        case "large-final-same-sign": ranks { wi($0) * wf($0) > 0 ? abs(wf($0)) : 0 }
        case "large-final-diff-sign": ranks { wi($0) * wf($0) < 0 ? abs(wf($0)) : 0 }
        default: ranks { _ in 0 }
        }
      for (place, value) in zip(places, values) { result.start[place] = Float(value) }
    }
    return result
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let masks = criteria.count * keeps.count * actions.count
    return configuration.seriesCost(trainings: 1, examples: masks * (data.train + data.test), data)
  }
}
