// Serves execute: internal covariate shift as the change of a layer's gradient by updates of the layers before it.
import Measurements
import Specification
import Tables
import Training

struct CovariateShift: TrainingProbe {
  static let record = Record(
    "covariate_shift",
    doc: """
      Internal covariate shift (Santurkar et al. 2018, definition 2.1): ‖G − G′‖ with G the gradient of a layer's weights, and G′ \
      the same on the same batch after the layers before it made their update and it did not. Without any shift it is 0 and the \
      cosine of G and G′ is 1.
      """,
    fields: [
      everyField,
      Field(
        "layers", .list(.integer(1...1000), count: 1...1000),
        doc: "Numbers of the layers with weights, from 1 at the input; all but the first when absent.",
        example: "[2, 4, 6]"),
    ])

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, observed step and layer.", axes: [stepColumn, layerColumn],
    metrics: [
      Column("gradient_norm", .metric, doc: "‖G‖."),
      Column("shift", .metric, doc: "‖G − G′‖."),
      Column("relative_shift", .metric, doc: "‖G − G′‖/‖G‖."),
      Column("cosine", .metric, doc: "⟨G, G′⟩/(‖G‖·‖G′‖)."),
    ])

  private let layers: [Int]?

  init(_ value: Value) { layers = value["layers"]?.array?.compactMap(\.integer) }

  func rows(_ bench: ProbeBench) -> Int { batchSize(bench) }

  func measure(_ bench: ProbeBench, after update: TrainingUpdate) -> [ProbeRow] {
    guard let twin = bench.twin() else { return [] }
    let count = twin.layout.weights.count
    let shifts = covariateShift(
      twin, from: bench.before, to: bench.network.parameters, bench.data.train, update.batch,
      layers: layers ?? Array(1..<count + 1).filter { $0 > 1 }, seed: bench.seed, step: update.step)
    return shifts.map { shift in
      [
        "layer": .number(Double(shift.layer)), "gradient_norm": .number(shift.gradientNorm),
        "shift": .number(shift.shift),
        "relative_shift": Cell(shift.gradientNorm > 0 ? shift.shift / shift.gradientNorm : nil),
        "cosine": Cell(shift.cosine),
      ]
    }
  }

  func passes(_ setting: ProbeSetting) -> Double {
    3 * setting.batch * (1 + Double(layers?.count ?? Int(setting.layers) - 1))
  }
}
