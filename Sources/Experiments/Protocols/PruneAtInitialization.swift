// Serves execute: pruning before any training (Lee et al. 2019; Tanaka et al. 2020; Wang et al. 2020).
import Datasets
import Specification
import Tables
import Training

struct PruneAtInitialization: RunProtocol {
  static let record = Record(
    "prune-at-init",
    doc:
      "Prunes the initial network by one criterion, then trains what is left (compared by Frankle et al. 2021).",
    fields: [
      Field(
        "criterion",
        .choice([
          Choice("snip", "|θ·∂L/∂θ| of the initial weights (Lee, Ajanthan & Torr 2019)."),
          Choice(
            "grasp",
            "θ·(H·∂L/∂θ): what carries the flow of the gradient (Wang, Zhang & Grosse 2020), without the temperature of their code."
          ),
          Choice(
            "synflow",
            "|θ|·∂R/∂|θ| with R = 1ᵀ|W_L|…|W₁|1, in rounds (Tanaka et al. 2020); dense layers only."),
          Choice("magnitude", "|θ| of the initial weights."),
          Choice("random", "At random."),
          Choice("none", "Nothing goes: the dense network."),
        ]), default: .required, doc: "What the weights are ranked by; the largest stay.", example: "snip"),
      Field(
        "sparsity", .number(NumberRange(0, 0.9999)), default: .required,
        doc: "Fraction of all weights that is removed.", example: "0.9"),
      Field(
        "scope",
        .choice([
          Choice("layer", "Each layer has the same sparsity."),
          Choice("global", "Weights compete in the whole network; SynFlow always does."),
        ]), default: .value("global"), doc: "Among which weights the smallest are sought.", example: "layer"),
      Field(
        "examples", .integer(1...10_000_000), default: .value(1000), unit: "examples",
        doc:
          "Training examples that the gradient is averaged over, the first of the run's; all if there are fewer.",
        example: "100"),
      Field(
        "rounds", .integer(1...1000), default: .value(100), doc: "Rounds of SynFlow.", example: "100"),
    ])
  static let trainsModel = true
  static let datasets = classificationData

  private let criterion: String
  private let sparsity: Double
  private let scope: PruningScope
  private let examples: Int
  private let rounds: Int

  init(_ value: Value) throws {
    guard let criterion = value["criterion"]?.string, let sparsity = value["sparsity"]?.number else {
      throw ConfigurationError(description: "prune-at-init without its options")
    }
    self.criterion = criterion
    self.sparsity = sparsity
    scope = value["scope"]?.string.flatMap(PruningScope.init) ?? .global
    examples = value["examples"]?.integer ?? 1000
    rounds = value["rounds"]?.integer ?? 100
  }

  private static let remaining = Column(
    "remaining", .metric, unit: "%", doc: "Surviving weights in percent of all weights.")
  private static let emptyLayers = Column(
    "empty_layers", .metric, doc: "Layers without any surviving weight: nothing passes through them.")

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: the metrics after the last step.", axes: [],
      metrics: finalMetrics + [remaining, emptyLayers]),
    historyDeclaration,
    TableDeclaration(
      suffix: "layers", doc: "One row a run and layer.",
      axes: [Column("layer", .axis, doc: "Number of the layer, from 1 at the input.")],
      metrics: [
        Column("layer_remaining", .metric, unit: "%", doc: "Its surviving weights in percent of its weights.")
      ]),
  ]

  func tables(_ configuration: Configuration) -> [TableDeclaration] {
    var tables = trainingTables(configuration.record)
    tables[0].metrics += [PruneAtInitialization.remaining, PruneAtInitialization.emptyLayers]
    return tables + [PruneAtInitialization.tables[2]]
  }

  func run(_ context: RunContext) throws -> RunResult {
    let tables = tables(context.configuration)
    var series = try TrainingSeries(context, trainings: 1)
    series.begin(.initial)
    let mask = try mask(series)
    let training = try series.train(mask: mask)
    var (main, layers) = (RunTable(tables[0]), RunTable(tables[2]))
    var values = training.final
    values["remaining"] = mask.remaining * 100
    values["empty_layers"] = Double(mask.survivors.count { $0 == 0 })
    main.addRow(values)
    for (index, (kept, size)) in zip(mask.survivors, mask.sizes).enumerated() {
      layers.addRow(["layer": Double(index + 1), "layer_remaining": 100 * Double(kept) / Double(size)])
    }
    return RunResult(
      tables: ["": main, "history": training.history, "layers": layers], digests: series.digests)
  }

  private func mask(_ series: TrainingSeries) throws -> PruningMask {
    let network = series.network
    let full = PruningMask(layout: network.layout)
    let rows = Array(0..<min(examples, series.data.train.count))
    func keep(_ scores: Buffer) -> PruningMask {
      full.keeping(1 - sparsity, within: scope) { scores.start[$0] }
    }
    switch criterion {
    case "snip": return keep(network.snipScores(series.data.train, rows))
    case "grasp":
      if let obstacle = network.options.curvatureObstacle {
        throw RunFailure(description: "GraSP needs exact curvature, which there is not for \(obstacle)")
      }
      return keep(network.graspScores(series.data.train, rows))
    case "magnitude":
      return full.keeping(1 - sparsity, within: scope) { abs(network.parameters.start[$0]) }
    case "random":
      return keep(
        randomScores(network.layout, seed: series.context.streamSeed, purpose: "random-pruning"))
    case "synflow":
      guard network.denseChain != nil,
        let mask = synapticFlowMask(
          network.parameters, layout: network.layout, fraction: 1 - sparsity, rounds: rounds)
      else {
        throw RunFailure(
          description: "SynFlow is defined here for chains of dense layers without normalisation")
      }
      return mask
    default: return full
    }
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let gradients = ["snip": 1, "grasp": 3][criterion] ?? 0
    return configuration.seriesCost(
      trainings: 1, examples: 3 * gradients * min(examples, data.train), data)
  }
}
