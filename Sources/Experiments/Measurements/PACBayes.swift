// Serves execute: how much noise the weights stand, and the bounds that follow (Neyshabur et al. 2017; Jiang et al. 2020).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct PACBayes: RunMeasurement {
  static let record = Record(
    "pac_bayes",
    doc: """
      The largest standard deviation σ of normal noise on all parameters at which the mean training accuracy falls by at \
      most `drop`, by bisection on 0…2, and measures of flatness made from it; m training examples, w₀ the initial weights. \
      The magnitude-aware σ′ scales with each weight: variance σ′²w² + 10⁻⁶.
      """,
    fields: [
      Field(
        "drop", .number(NumberRange(0, 1, excludesLower: true)), default: .value(0.1),
        doc: "Fall of the training accuracy that is allowed.", example: "0.1"),
      Field(
        "draws", .integer(1...1000), default: .value(10), doc: "Draws of the noise for each σ.", example: "10"
      ),
      Field(
        "iterations", .integer(1...60), default: .value(15), doc: "Halvings of the interval.", example: "15"),
      Field(
        "examples", .integer(1...10_000_000), default: .value(2000), unit: "examples",
        doc: "Training examples that accuracy is measured on, the first of the run's.", example: "1000"),
    ])

  private let drop: Double
  private let draws: Int
  private let iterations: Int
  private let examples: Int

  init(_ value: Value) {
    drop = value["drop"]?.number ?? 0.1
    draws = value["draws"]?.integer ?? 10
    iterations = value["iterations"]?.integer ?? 15
    examples = value["examples"]?.integer ?? 2000
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run.", axes: [],
    metrics: [
      Column("sigma", .metric, doc: "σ; a standard deviation, not a variance."),
      Column("flatness", .metric, doc: "1/σ²."),
      Column("pac_bayes_init", .metric, doc: "‖w − w₀‖²/(4σ²) + log(m/σ) + 10."),
      Column("pac_bayes_origin", .metric, doc: "‖w‖²/(4σ²) + log(m/σ) + 10."),
      Column("magnitude_sigma", .metric, doc: "σ′."),
      Column("magnitude_flatness", .metric, doc: "1/σ′²."),
      Column(
        "magnitude_init", .metric,
        doc:
          "¼ Σ log[(ε² + (σ′² + 1)‖w − w₀‖²/ω)/(ε² + σ′²(w − w₀)ᵢ²)] + log(m/σ′) + 10 over ω parameters, ε = 10⁻³."
      ),
    ])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let trained = NetworkState(network)
    defer { trained.restore(network) }
    let start = Buffer(network.layout.size)
    network.layout.initialize(start, options: network.options, seed: seed)
    let rows = Array(0..<min(examples, data.train.count))
    let wanted = network.evaluate(data.train, indices: rows).accuracy - drop
    // The same draws at every σ: kept where that takes at most 32 MB.
    let keeps = draws * network.layout.count <= 4 << 20
    let kept = keeps ? (0..<draws).map { noise(network.layout, draw: $0, seed) } : []
    func largest(_ scalesWithWeight: Bool) -> Double {
      bisect { sigma in
        let accuracies = (0..<draws).map { draw in
          disturb(
            network, trained, keeps ? kept[draw] : noise(network.layout, draw: draw, seed), sigma,
            scalesWithWeight)
          return network.evaluate(data.train, indices: rows).accuracy
        }
        return accuracies.reduce(0, +) / Double(draws) >= wanted
      }
    }
    let (sigma, magnitude) = (largest(false), largest(true))
    trained.restore(network)
    var table = RunTable(PACBayes.table)
    table.addRow(values(network, start, Double(data.train.count), sigma, magnitude))
    return table
  }

  private func bisect(_ holds: (Double) -> Bool) -> Double {
    var (low, high) = (0.0, 2.0)
    if holds(high) { return high }
    for _ in 0..<iterations {
      let middle = (low + high) / 2
      if holds(middle) { low = middle } else { high = middle }
    }
    return low > 0 ? low : high
  }

  /// Standard normal numbers, one a parameter, in order.
  private func noise(_ layout: ParameterLayout, draw: Int, _ seed: UInt64) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(layout.count)
    for parameter in layout.parameters {
      var stream = RandomStream(seed: seed, purpose: "pac-bayes/\(parameter.name)", index: UInt32(draw))
      for _ in 0..<parameter.count { numbers.append(stream.normal()) }
    }
    return numbers
  }

  /// Puts the trained parameters with noise of deviation σ, or σ′ times each weight, into the network.
  private func disturb(
    _ network: Network, _ trained: NetworkState, _ noise: [Double], _ sigma: Double, _ scalesWithWeight: Bool
  ) {
    trained.restore(network)
    var next = 0
    for parameter in network.layout.parameters {
      parameter.forEachIndex { place in
        let w = Double(network.parameters.start[place])
        let deviation = scalesWithWeight ? (sigma * sigma * w * w + 1e-6).squareRoot() : sigma
        network.parameters.start[place] = Float(w + deviation * noise[next])
        next += 1
      }
    }
  }

  private func values(
    _ network: Network, _ start: Buffer, _ count: Double, _ sigma: Double, _ magnitude: Double
  ) -> [String: Double] {
    let layout = network.layout
    let (moved, size) = (layout.distance(network.parameters, start), layout.distance(network.parameters))
    func bound(_ length: Double) -> Double {
      length * length / (4 * sigma * sigma) + Elementary.log(count / sigma) + 10
    }
    let share = (magnitude * magnitude + 1) * moved * moved / Double(max(1, layout.count))
    var sum = 0.0
    for parameter in layout.parameters {
      parameter.forEachIndex { place in
        let change = Double(network.parameters.start[place]) - Double(start.start[place])
        sum += Elementary.log((1e-6 + share) / (1e-6 + magnitude * magnitude * change * change))
      }
    }
    return [
      "sigma": sigma, "flatness": 1 / (sigma * sigma), "pac_bayes_init": bound(moved),
      "pac_bayes_origin": bound(size), "magnitude_sigma": magnitude,
      "magnitude_flatness": 1 / (magnitude * magnitude),
      "magnitude_init": sum / 4 + Elementary.log(count / magnitude) + 10,
    ]
  }

  func examples(_ data: DatasetDescription) -> Int {
    2 * (iterations + 1) * draws * min(examples, data.train)
  }
}
