// Serves execute: the learned scales of normalisations (Frankle, Schwab & Morcos 2021).
import Datasets
import Measurements
import Specification
import Tables
import Training

struct NormScales: RunMeasurement {
  static let record = Record(
    "norm_scales",
    doc: """
      The scales γ of every normalisation: how many are near zero, which switches their unit off, and quantiles (Frankle, Schwab \
      & Morcos 2021, section 4).
      """,
    fields: [
      Field(
        "threshold", .number(.positive), default: .value(0.01), doc: "|γ| below this counts as zero.",
        example: "0.01")
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    requireNorm(value, record.name, &complaints)
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run and normalisation, and one, layer 0, for all together.",
    axes: [Column("layer", .axis, doc: "Number of the normalisation from the input, from 1; 0 for all.")],
    metrics: [
      Column("scales", .metric, doc: "Number of scales."),
      Column("zero_fraction", .metric, doc: "Fraction of |γ| below the threshold."),
      Column("scale_mean", .metric, doc: "Mean of γ."),
    ] + quantiles.map { Column($0.name, .metric, doc: "Quantile \($0.share) of γ.") })

  private static let quantiles: [(name: String, share: Double)] = [
    ("scale_q05", 0.05), ("scale_q25", 0.25), ("scale_q50", 0.5), ("scale_q75", 0.75), ("scale_q95", 0.95),
  ]

  private let threshold: Double

  init(_ value: Value) { threshold = value["threshold"]?.number ?? 0.01 }

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let layers = network.layout.parameters.filter { $0.kind == .normWeight }.map { parameter in
      (0..<parameter.columns).map { network.parameters.start[parameter.index(0, $0)] }
    }
    var table = RunTable(NormScales.table)
    for (layer, scales) in ([layers.flatMap { $0 }] + layers).enumerated() {
      let zeros = scales.filter { Double(abs($0)) < threshold }
      var values = [
        "layer": Double(layer), "scales": Double(scales.count),
        "zero_fraction": Double(zeros.count) / Double(scales.count), "scale_mean": UnitSummary(scales).mean,
      ]
      for quantile in NormScales.quantiles {
        values[quantile.name] = Measurements.quantile(quantile.share, of: scales)
      }
      table.addRow(values)
    }
    return table
  }

  func examples(_ data: DatasetDescription) -> Int { 0 }
}

struct NormUnits: RunMeasurement {
  static let record = Record(
    "norm_units", doc: "Scale γ and shift β of every normalised unit or channel, for histograms.", fields: [])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    requireNorm(value, record.name, &complaints)
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, normalisation and unit.",
    axes: [
      Column("layer", .axis, doc: "Number of the normalisation from the input, from 1."),
      Column("unit", .axis, doc: "Number of the unit, from 1."),
    ],
    metrics: [Column("scale", .metric, doc: "γ."), Column("shift", .metric, doc: "β.")])

  init(_ value: Value) {}

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let scales = network.layout.parameters.filter { $0.kind == .normWeight }
    let shifts = network.layout.parameters.filter { $0.kind == .normBias }
    var table = RunTable(NormUnits.table)
    for (layer, pair) in zip(scales, shifts).enumerated() {
      for unit in 0..<pair.0.columns {
        table.addRow([
          "layer": Double(layer + 1), "unit": Double(unit + 1),
          "scale": Double(network.parameters.start[pair.0.index(0, unit)]),
          "shift": Double(network.parameters.start[pair.1.index(0, unit)]),
        ])
      }
    }
    return table
  }

  func examples(_ data: DatasetDescription) -> Int { 0 }
}

private func requireNorm(_ value: Value, _ name: String, _ complaints: inout Complaints) {
  if value["model"]?["norm"]?.string ?? "none" == "none" {
    complaints.add(
      "model-measurement", "'\(name)' needs a model with normalisation", in: "measure",
      expected: "model: {norm: batch}")
  }
}
