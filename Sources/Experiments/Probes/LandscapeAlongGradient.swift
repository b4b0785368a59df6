// Serves execute: how smooth the loss is along the steps of a training (Santurkar et al. 2018).
import Measurements
import Specification
import Tables
import Training

struct LandscapeAlongGradient: TrainingProbe {
  static let record = Record(
    "landscape_along_gradient",
    doc: """
      Loss and gradient at w − a·∇L(w), on the batch of the step in training mode, for a in multiples of the learning rate \
      (Santurkar et al. 2018, section 3.1): the range of the loss, gradient predictiveness, effective β-smoothness. Weights that \
      feed a normalisation have no scale, so there are also forms relative to ‖w‖.
      """,
    fields: [
      everyField,
      Field(
        "multiples", .list(.number(.positive), count: 1...100),
        default: .value([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]), unit: "learning rates", doc: "Step lengths a.",
        example: "[0.5, 1, 2, 4]"),
    ])

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run and observed step.", axes: [stepColumn],
    metrics: [
      Column("loss", .metric, unit: "nats", doc: "L(w), of the batch."),
      Column("loss_min", .metric, unit: "nats", doc: "Smallest L(w − a·∇L(w))."),
      Column("loss_max", .metric, unit: "nats", doc: "Largest L(w − a·∇L(w))."),
      Column("loss_range", .metric, unit: "nats", doc: "loss_max − loss_min."),
      Column("gradient_norm", .metric, doc: "‖∇L(w)‖ over all parameters."),
      Column("gradient_change_min", .metric, doc: "Smallest ‖∇L(w) − ∇L(w − a·∇L(w))‖."),
      Column(
        "gradient_change", .metric, doc: "Largest ‖∇L(w) − ∇L(w − a·∇L(w))‖: gradient predictiveness."),
      Column(
        "smoothness", .metric,
        doc: "Effective β: the largest ‖∇L(w) − ∇L(w − a·∇L(w))‖ / (a·‖∇L(w)‖)."),
      Column(
        "relative_gradient_change", .metric, doc: "gradient_change times ‖w‖ over all weights."),
      Column(
        "relative_smoothness", .metric,
        doc: "smoothness times ‖w‖²: the same for w and c·w where the loss ignores c."),
    ])

  private let multiples: [Double]

  init(_ value: Value) { multiples = value["multiples"]?.array?.compactMap(\.number) ?? [] }

  func rows(_ bench: ProbeBench) -> Int { batchSize(bench) }

  func measure(_ bench: ProbeBench, before update: TrainingUpdate) -> [ProbeRow] {
    guard let twin = bench.twin() else { return [] }
    // A schedule may end at a rate of zero, where there is no way to walk.
    guard update.rate > 0 else { return [] }
    let walk = GradientWalk(
      twin, bench.data.train, update.batch, lengths: multiples.map { $0 * update.rate }, seed: bench.seed,
      step: update.step)
    return [
      [
        "loss": .number(walk.loss), "loss_min": Cell(walk.losses.min()), "loss_max": Cell(walk.losses.max()),
        "loss_range": .number(walk.lossRange), "gradient_norm": .number(walk.gradientNorm),
        "gradient_change_min": Cell(walk.gradientChanges.min()),
        "gradient_change": Cell(walk.gradientChanges.max()), "smoothness": Cell(walk.smoothness),
        "relative_gradient_change": Cell(walk.gradientChanges.max().map { $0 * walk.weightNorm }),
        "relative_smoothness": Cell(walk.smoothness.map { $0 * walk.weightNorm * walk.weightNorm }),
      ]
    ]
  }

  func passes(_ setting: ProbeSetting) -> Double { 3 * setting.batch * Double(multiples.count + 1) }
}
