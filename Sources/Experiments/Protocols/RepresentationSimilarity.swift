// Serves execute: whether networks that start apart come to represent data alike (Kornblith et al. 2019; Huh et al. 2024).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct RepresentationSimilarity: RunProtocol {
  static let record = Record(
    "representation-similarity",
    doc: """
      Trains two networks from different initial weights, and a third on shuffled labels, and compares the layers of each \
      pair on test data: trained with trained, untrained with untrained (the baseline, which width alone raises), and \
      trained with trained on shuffled labels.
      """,
    fields: [
      Field(
        "examples", .integer(10...5000), default: .value(1000), unit: "examples",
        doc: "Test examples that representations are compared on, the first of the run's.", example: "500"),
      Field(
        "neighbours", .integer(1...100), default: .value(10), doc: "k of the mutual nearest neighbours.",
        example: "10"),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  private let examples: Int
  private let neighbours: Int

  init(_ value: Value) {
    examples = value["examples"]?.integer ?? 1000
    neighbours = value["neighbours"]?.integer ?? 10
  }

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the first network, and the last hidden layer of each pair.", axes: [],
      metrics: finalMetrics + [
        Column(
          "cka_trained", .metric, doc: "Linear CKA of the last hidden layers of the two trained networks."),
        Column("cka_untrained", .metric, doc: "The same of their initial weights."),
        Column(
          "cka_shuffled", .metric, doc: "The same of a trained network and one trained on shuffled labels."),
        Column("cka_excess", .metric, doc: "cka_trained − cka_untrained."),
        Column("knn_trained", .metric, doc: "Mutual nearest neighbours of the two trained networks."),
        Column("knn_untrained", .metric, doc: "The same of their initial weights."),
      ]),
    TableDeclaration(
      suffix: "layers", doc: "One row a run, pair and two layers.",
      axes: [
        Column("pair", .axis, doc: "`trained`, `untrained` or `shuffled`."),
        Column(
          "layer", .axis, doc: "Layer of the first network, from 1 at the input; the last is the logits."),
        Column("other_layer", .axis, doc: "Layer of the second network."),
      ],
      metrics: [
        Column("cka", .metric, doc: "Linear centred kernel alignment."),
        Column("cka_debiased", .metric, doc: "The same from the unbiased HSIC, for few examples."),
        Column("mutual_knn", .metric, doc: "Share of the nearest neighbours that both layers agree on."),
      ]),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    var series = try TrainingSeries(context, trainings: 3)
    let tables = RepresentationSimilarity.tables
    series.begin(.initial)
    let firstInitial = layers(series)
    let first = try series.train()
    let firstTrained = layers(series)
    series.begin(.drawn(purpose: "other-init"))
    let secondInitial = layers(series)
    try series.train(from: .drawn(purpose: "other-init")) { $0.orderPurpose = "other-order" }
    let secondTrained = layers(series)
    try series.train(from: .drawn(purpose: "other-init"), data: series.data.relabelled(shuffled(series))) {
      $0.orderPurpose = "other-order"
    }
    let shuffled = layers(series)

    var (main, table) = (RunTable(tables[0]), RunTable(tables[1]))
    var values = first.final
    for (pair, a, b) in [
      ("trained", firstTrained, secondTrained), ("untrained", firstInitial, secondInitial),
      ("shuffled", firstTrained, shuffled),
    ] {
      for x in a {
        for y in b {
          let cka = x.values.linearCKA(y.values)
          let shared = x.values.mutualNearestNeighbours(y.values)
          table.addRow(
            [
              "layer": Double(x.layer), "other_layer": Double(y.layer), "cka": cka,
              "cka_debiased": x.values.debiasedCKA(y.values), "mutual_knn": shared,
            ], labels: ["pair": pair])
          if x.layer == max(1, a.count - 1), y.layer == x.layer {
            values["cka_\(pair)"] = cka
            values["knn_\(pair)"] = shared
          }
        }
      }
    }
    values["cka_excess"] = (values["cka_trained"] ?? 0) - (values["cka_untrained"] ?? 0)
    main.addRow(values)
    return RunResult(tables: ["": main, "layers": table], digests: series.digests)
  }

  private func layers(_ series: TrainingSeries) -> [(layer: Int, values: Representation)] {
    series.network.activations(series.data.test, count: examples).map {
      ($0.layer, Representation($0.values, neighbours: neighbours))
    }
  }

  private func shuffled(_ series: TrainingSeries) -> [Int32] {
    var labels = series.data.train.labels
    var stream = RandomStream(seed: series.context.streamSeed, purpose: "shuffled-labels")
    stream.shuffle(&labels)
    return labels
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    var cost = configuration.seriesCost(trainings: 3, examples: 5 * min(examples, data.test), data)
    let layers = Double((configuration.model?.hidden.count ?? 2) + 1)
    let n = Double(min(examples, data.test))
    cost.operations += 3 * layers * layers * n * n * 400
    return cost
  }
}
