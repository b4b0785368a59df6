// Serves execute: norm-based measures of capacity (Neyshabur et al. 2017, 2019; Bartlett et al. 2017; Jiang et al. 2020).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct Complexity: RunMeasurement {
  static let record = Record(
    "complexity",
    doc: """
      Measures of capacity of a chain of dense layers without normalisation. Wᵢ are the weights (outputs × inputs), Wᵢ⁰ \
      their initial values, γ the margin f_y − max f_j that all but a fraction of the training examples exceed; columns \
      that end in `_margin` are divided by γ, and missing when γ is not positive. Biases are left out of the norms.
      """,
    fields: [
      Field(
        "percentile", .number(NumberRange(0, 0.5)), default: .value(0.1),
        doc: "Fraction of the training examples whose margin may be below γ.", example: "0.05")
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    requireChain(value, record.name, &complaints)
  }

  private let percentile: Double

  init(_ value: Value) { percentile = value["percentile"]?.number ?? 0.1 }

  private static let norms: [Column] = [
    Column("l2_norm", .metric, doc: "√Σ‖Wᵢ‖²_F."),
    Column("distance_from_init", .metric, doc: "√Σ‖Wᵢ − Wᵢ⁰‖²_F."),
    Column("frobenius_product", .metric, doc: "Π‖Wᵢ‖_F."),
    Column("spectral_product", .metric, doc: "Π‖Wᵢ‖₂."),
    Column("l1_product", .metric, doc: "Π maxⱼ‖wᵢⱼ‖₁ over the output units j of each layer."),
    Column("path_norm", .metric, doc: "(Σ over paths Π w²)^½ (Neyshabur et al. 2015)."),
    Column("path_norm_l1", .metric, doc: "Σ over paths Π |w|."),
    Column(
      "bartlett", .metric,
      doc: "Π‖Wᵢ‖₂ · (Σ(‖(Wᵢ − Wᵢ⁰)ᵀ‖₂,₁/‖Wᵢ‖₂)^⅔)^(3⁄2) (Bartlett, Foster & Telgarsky 2017)."),
    Column(
      "spectral_frobenius", .metric,
      doc: "Π‖Wᵢ‖₂ · (Σ hᵢ‖Wᵢ − Wᵢ⁰‖²_F/‖Wᵢ‖₂²)^½, hᵢ output units (Neyshabur et al. 2018)."),
    Column(
      "neyshabur", .metric,
      doc:
        "‖V‖_F(‖U − U⁰‖_F + ‖U⁰‖₂) of two layers U, V (Neyshabur et al. 2019, without the term √h); missing for others."
    ),
  ]

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run.", axes: [],
    metrics: [
      Column("weights", .metric, doc: "Number of weights."),
      Column("margin", .metric, doc: "γ."),
      Column("inverse_margin", .metric, doc: "1/γ²; missing when γ is not positive."),
      Column("stable_rank_sum", .metric, doc: "Σ‖Wᵢ‖²_F/‖Wᵢ‖₂²."),
      Column(
        "fisher_rao", .metric,
        doc: "L·(E⟨p − y, f⟩²)^½ for L layers of weights, exact without biases (Liang et al. 2019)."),
      Column(
        "vc_bound", .metric,
        doc:
          "Bound on the error from the VC dimension of two layers (code of Neyshabur et al. 2019); above 1 it says nothing."
      ),
    ] + norms
      + norms.map { Column("\($0.name)_margin", .metric, doc: "\($0.name)/γ.") })

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let start = Buffer(network.layout.size)
    network.layout.initialize(start, options: network.options, seed: seed)
    guard let weights = network.denseChain, let initial = network.denseChain(of: start) else {
      throw RunFailure(description: "'complexity' is defined here for chains of dense layers only")
    }
    var values = weightNorms(weights, initial)
    let (margin, fisherRao) = outputs(network, data.train, layers: weights.count)
    for column in Complexity.norms {
      values["\(column.name)_margin"] = margin > 0 ? values[column.name].map { $0 / margin } : nil
    }
    values["margin"] = margin
    values["inverse_margin"] = margin > 0 ? 1 / (margin * margin) : nil
    values["fisher_rao"] = fisherRao
    values["weights"] = Double(weights.reduce(0) { $0 + $1.values.count })
    if weights.count == 2 {
      values["vc_bound"] = vcBound(
        inputs: weights[0].columns, hidden: weights[0].rows, classes: weights[1].rows,
        examples: data.train.count)
    }
    var table = RunTable(Complexity.table)
    table.addRow(values)
    return table
  }

  private func weightNorms(_ weights: [DoubleMatrix], _ initial: [DoubleMatrix]) -> [String: Double] {
    let frobenius = weights.map(\.frobeniusNorm)
    let spectral = weights.map(spectralNorm)
    let moved = zip(weights, initial).map { w, w0 in
      DoubleMatrix(rows: w.rows, columns: w.columns, values: zip(w.values, w0.values).map { $0 - $1 })
    }
    let distances = moved.map(\.frobeniusNorm)
    let product = spectral.reduce(1, *)
    let ratios = zip(moved, spectral).map { change, size in
      power23((0..<change.rows).reduce(0) { $0 + norm(change.row($1)) } / size)
    }
    let scaled = weights.indices.reduce(0.0) {
      $0 + Double(weights[$1].rows) * distances[$1] * distances[$1] / (spectral[$1] * spectral[$1])
    }
    let sum = ratios.reduce(0, +)
    var values: [String: Double] = [
      "l2_norm": norm(frobenius), "distance_from_init": norm(distances),
      "frobenius_product": frobenius.reduce(1, *), "spectral_product": product,
      "l1_product": weights.map(largestRowSum).reduce(1, *), "path_norm": pathNorm(weights, squared: true),
      "path_norm_l1": pathNorm(weights, squared: false), "bartlett": product * sum * sum.squareRoot(),
      "spectral_frobenius": product * scaled.squareRoot(),
      "stable_rank_sum": zip(frobenius, spectral).reduce(0) { $0 + $1.0 * $1.0 / ($1.1 * $1.1) },
    ]
    if weights.count == 2 {
      values["neyshabur"] = frobenius[1] * (distances[0] + spectralNorm(initial[0]))
    }
    return values
  }

  /// x^⅔ for x ≥ 0.
  private func power23(_ x: Double) -> Double { x > 0 ? Elementary.exp(2 * Elementary.log(x) / 3) : 0 }

  private func largestRowSum(_ matrix: DoubleMatrix) -> Double {
    (0..<matrix.rows).map { matrix.row($0).reduce(0) { $0 + abs($1) } }.max() ?? 0
  }

  /// The margin at the percentile, and L·√E⟨p − y, f⟩².
  private func outputs(_ network: Network, _ data: ExampleMatrix, layers: Int) -> (Double, Double) {
    var margins: [Double] = []
    var squares = 0.0
    network.forEachLogits(data) { row, logits in
      let label = Int(data.labels[row])
      let f = logits.map(Double.init)
      let rival = f.indices.filter { $0 != label }.map { f[$0] }.max() ?? 0
      margins.append(f[label] - rival)
      let top = f.max() ?? 0
      let powers = f.map { Elementary.exp($0 - top) }
      let sum = powers.reduce(0, +)
      let slope = f.indices.reduce(0.0) { $0 + (powers[$1] / sum - ($1 == label ? 1 : 0)) * f[$1] }
      squares += slope * slope
    }
    let sorted = margins.sorted()
    let margin = sorted[safe: Int(percentile * Double(max(0, sorted.count - 1)))] ?? 0
    return (margin, Double(layers) * (squares / Double(max(1, data.count))).squareRoot())
  }

  /// √(capacity/m) with capacity 8(C·VC·ln(e·max(m/VC, 1))) + 8 ln(2/δ), δ = 0.01.
  private func vcBound(inputs d: Int, hidden h: Int, classes c: Int, examples: Int) -> Double {
    let (d, h, c, m) = (Double(d), Double(h), Double(c), Double(examples))
    let parameters = (d + 1) * h + (h + 1) * c
    let depth = (2 * (d + 1) * h + (h + 1) * c) / parameters
    let width = 4 * Elementary.exp(1) * (h + 2 * c)
    let dimension = 2 + parameters * Elementary.log2(2 * width * Elementary.log2(width)) * depth
    let capacity =
      8 * c * dimension * (1 + Elementary.log(max(m / dimension, 1))) + 8 * Elementary.log(200)
    return (capacity / m).squareRoot()
  }

  func examples(_ data: DatasetDescription) -> Int { data.train }
}

/// (Σ over paths Π w²)^½, or Σ over paths Π |w|, of a chain of layers without their biases.
func pathNorm(_ weights: [DoubleMatrix], squared: Bool) -> Double {
  var flow = [Double](repeating: 1, count: weights.first?.columns ?? 0)
  for weight in weights {
    var sizes = weight
    for i in sizes.values.indices {
      sizes.values[i] = squared ? sizes.values[i] * sizes.values[i] : abs(sizes.values[i])
    }
    flow = sizes.times(flow)
  }
  let sum = flow.reduce(0, +)
  return squared ? sum.squareRoot() : sum
}

/// Complains unless the model is a multilayer perceptron without normalisation or residual connections.
func requireChain(_ value: Value, _ name: String, _ complaints: inout Complaints) {
  let model = value["model"]
  let isPerceptron = model?["mlp"] != nil || model?["width"] != nil
  let isPlain = (model?["norm"]?.string ?? "none") == "none" && model?["residual"]?.bool != true
  if !isPerceptron || !isPlain {
    complaints.add(
      "model-measurement", "'\(name)' needs a plain multilayer perceptron", in: "measure",
      expected: "model: {mlp: [...]} without norm or residual")
  }
}
