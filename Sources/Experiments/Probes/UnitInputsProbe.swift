// Serves execute: how the distribution of what units receive moves during training (Ioffe & Szegedy 2015, figure 1).
import Measurements
import Specification
import Tables
import Training

struct UnitInputs: TrainingProbe {
  static let record = Record(
    "unit_inputs",
    doc: """
      Percentiles, mean and variance of the inputs of hidden units over the first training examples, after the weights and after \
      the normalisation, with the batch's own statistics (Ioffe & Szegedy 2015, figure 1). Without normalisation both places are \
      the same.
      """,
    fields: [
      everyField,
      Field(
        "examples", .integer(2...100_000), default: .value(500), unit: "examples",
        doc: "Training examples, the first ones.", example: "500"),
      Field(
        "unit", .integer(1...1_000_000), default: .value(1),
        doc: "The unit whose percentiles are shown; the last one of layers that have fewer.", example: "1"),
      Field(
        "layers", .list(.integer(1...1000), count: 1...1000),
        doc: "Numbers of the hidden layers with weights, from 1 at the input; all when absent.",
        example: "[2, 4, 6]"),
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    guard let model = value["model"] else { return }
    if model["residual"]?.bool == true || model["resnet"] != nil || model["gru"] != nil
      || (model["blocks"] != nil && model["skip"]?.bool != false)
    {
      complaints.add(
        "model-probe", "'unit_inputs' needs layers one after the other", in: "probe",
        expected: "a model without residual branches or recurrence")
    }
  }

  static let table = TableDeclaration(
    suffix: record.name,
    doc: "One row a run, observed step, hidden layer and place; drifts are missing in the first observation.",
    axes: [
      stepColumn, layerColumn,
      Column(
        "place", .axis, doc: "`before` or `after` the normalisation; the same values without normalisation."),
    ],
    metrics: [
      Column("p15", .metric, doc: "15th percentile of the unit's input over examples."),
      Column("p50", .metric, doc: "Its median."),
      Column("p85", .metric, doc: "Its 85th percentile."),
      Column("mean", .metric, doc: "Its mean."),
      Column("variance", .metric, doc: "Its variance."),
      Column(
        "median_drift", .metric,
        doc: "Mean over the layer's units of |median − median at the last observation|."),
      Column(
        "mean_drift", .metric, doc: "Mean over the layer's units of |mean − mean at the last observation|."),
      Column(
        "deviation_drift", .metric,
        doc: "Mean over the layer's units of |standard deviation − that at the last observation|."),
      Column(
        "relative_drift", .metric,
        doc:
          "Mean over the layer's units of |mean − mean at the last observation| over the standard deviation then."
      ),
    ])

  private let examples: Int
  private let unit: Int
  private let layers: [Int]?

  init(_ value: Value) {
    examples = value["examples"]?.integer ?? 500
    unit = value["unit"]?.integer ?? 1
    layers = value["layers"]?.array?.compactMap(\.integer)
  }

  func rows(_ bench: ProbeBench) -> Int { min(examples, bench.data.train.count) }

  func measure(_ bench: ProbeBench, before update: TrainingUpdate) -> [ProbeRow] {
    observe(bench)
  }

  func measureAtEnd(_ bench: ProbeBench, step: Int) -> [ProbeRow] { observe(bench) }

  private func observe(_ bench: ProbeBench) -> [ProbeRow] {
    guard let twin = bench.twin() else { return [] }
    let seen = twin.unitValues(bench.data.train, 0..<rows(bench), mode: .batchStatistics)
    let last = twin.layout.weights.count
    return (1..<last).filter { layers?.contains($0) ?? true }.flatMap { layer -> [ProbeRow] in
      let before = seen.first { $0.layer == layer && $0.place == .weights }
      let after = seen.first { $0.layer == layer && $0.place == .normalisation } ?? before
      return [("before", before), ("after", after)].compactMap { place, values in
        values.map { row($0, layer, place, bench) }
      }
    }
  }

  private func row(_ values: UnitValues, _ layer: Int, _ place: String, _ bench: ProbeBench) -> ProbeRow {
    let summaries = values.units.map(UnitSummary.init)
    let key = "\(layer)/\(place)"
    defer { bench.lastSummaries[key] = summaries }
    let shown = summaries[min(unit, summaries.count) - 1]
    var row: ProbeRow = [
      "layer": .number(Double(layer)), "place": .text(place), "p15": .number(shown.p15),
      "p50": .number(shown.p50), "p85": .number(shown.p85), "mean": .number(shown.mean),
      "variance": .number(shown.variance),
    ]
    guard let earlier = bench.lastSummaries[key] else { return row }
    func drift(_ change: (UnitSummary, UnitSummary) -> Double) -> Cell {
      .number(zip(summaries, earlier).map(change).reduce(0, +) / Double(summaries.count))
    }
    row["median_drift"] = drift { abs($0.p50 - $1.p50) }
    row["mean_drift"] = drift { abs($0.mean - $1.mean) }
    row["deviation_drift"] = drift { abs($0.variance.squareRoot() - $1.variance.squareRoot()) }
    row["relative_drift"] = drift {
      $1.variance > 0 ? abs($0.mean - $1.mean) / $1.variance.squareRoot() : 0
    }
    return row
  }

  func passes(_ setting: ProbeSetting) -> Double { min(Double(examples), setting.train) }
}
