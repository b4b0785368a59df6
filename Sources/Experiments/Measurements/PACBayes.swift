// Serves execute: flatness as the noise that a network bears (Neyshabur et al. 2017, Jiang et al. 2020).
import BitExact
import Datasets
import Measurements
import Specification
import Tables
import Training

struct PACBayes: RunMeasurement {
  static let record = Record(
    "pac_bayes",
    doc: """
      The largest σ at which Gaussian noise on all parameters lowers the training accuracy by at most `drop` in the mean, by \
      bisection of [0, 2], and the measures of generalisation made from it (Neyshabur et al. 2017; Jiang et al. 2020): for noise of \
      one size, and for noise in proportion to each weight. Batch normalisation uses its running averages.
      """,
    fields: [
      Field("drop", .number(.fraction), default: .value(0.1), doc: "Loss of accuracy.", example: "0.1"),
      Field(
        "draws", .integer(1...1000), default: .value(10), unit: "draws", doc: "Random vectors of noise.",
        example: "10"),
      Field(
        "bisections", .integer(1...50), default: .value(15), unit: "steps", doc: "Steps of bisection.",
        example: "15"),
      Field(
        "examples", .integer(1...1_000_000), default: .value(1000), unit: "examples",
        doc: "Training examples of the accuracy, the first ones.", example: "1000"),
    ])

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run; m is the number of training examples.", axes: [],
    metrics: [
      Column("sigma", .metric, doc: "Tolerated σ, the same for all parameters."),
      Column("inverse_variance", .metric, doc: "1/σ²."),
      Column("pac_bayes_distance", .metric, doc: "‖w − w₀‖²/(4σ²) + log(m/σ) + 10."),
      Column("pac_bayes_norm", .metric, doc: "‖w‖²/(4σ²) + log(m/σ) + 10."),
      Column("magnitude_sigma", .metric, doc: "Tolerated σ of noise with variance σ²w² + 10⁻⁶."),
      Column("magnitude_inverse_variance", .metric, doc: "1/magnitude_sigma²."),
      Column(
        "magnitude_pac_bayes", .metric, doc: "The magnitude-aware form with w − w₀ (Jiang et al. 2020)."),
    ])

  private let drop: Double
  private let draws: Int
  private let bisections: Int
  private let examples: Int

  init(_ value: Value) {
    drop = value["drop"]?.number ?? 0.1
    draws = value["draws"]?.integer ?? 10
    bisections = value["bisections"]?.integer ?? 15
    examples = value["examples"]?.integer ?? 1000
  }

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let rows = firstRows(examples, of: data.train)
    let twin = try network.twin(capacity: min(network.capacity, rows.count))
    let initial = Buffer(network.layout.size)
    network.layout.initialize(initial, options: network.options, seed: seed)
    func sigma(_ scale: NoiseScale) -> Double {
      toleratedNoise(
        twin, scale, drop: drop, draws: draws, bisections: bisections,
        stream: RandomStream(seed: seed, purpose: "pac-bayes")
      ) { twin.evaluate(data.train, indices: rows).accuracy }
    }
    let (plain, relative, m) = (sigma(.uniform), sigma(.magnitude), data.train.count)
    let distance = network.layout.distance(network.parameters, initial)
    let norm = network.layout.distance(network.parameters)
    var values = ["sigma": plain, "magnitude_sigma": relative]
    if plain > 0 {
      values["inverse_variance"] = 1 / (plain * plain)
      values["pac_bayes_distance"] = pacBayesBound(
        squaredNorm: distance * distance, sigma: plain, examples: m)
      values["pac_bayes_norm"] = pacBayesBound(squaredNorm: norm * norm, sigma: plain, examples: m)
    }
    if relative > 0 {
      values["magnitude_inverse_variance"] = 1 / (relative * relative)
      values["magnitude_pac_bayes"] = magnitudeAwareBound(
        network.layout, network.parameters, initial, sigma: relative, examples: m)
    }
    var table = RunTable(PACBayes.table)
    table.addRow(values)
    return table
  }

  func examples(_ data: DatasetDescription) -> Int {
    2 * min(examples, data.train) * (1 + draws * bisections)
  }
}
