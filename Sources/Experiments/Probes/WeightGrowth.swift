// Serves execute: norms, effective rates and rotations of weights whose scale does not matter.
import BitExact
import Measurements
import Specification
import Tables
import Training

struct WeightGrowth: TrainingProbe {
  static let record = Record(
    "weight_growth",
    doc: """
      Weights of layers that feed a normalisation: their gradient is orthogonal to them, so plain gradient descent with decay λ \
      takes ‖w‖² to (1 − ηλ)²‖w‖² + η²‖∇L‖² exactly, the effective rate is η/‖w‖² (van Laarhoven 2017), and in equilibrium \
      w turns by about √(2ηλ) a step (Li, Lyu & Arora 2020).
      """,
    fields: [
      everyField,
      Field(
        "on", .choice(selectorChoices), default: .value("normed-weights"),
        doc: "Which weights; others than normed ones serve as contrast.", example: "weights"),
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let asked = value["probe"]?.array?.first { $0["name"]?.string == record.name }?["on"]?.string
    if asked == "normed-weights", value["model"]?["norm"]?.string ?? "none" == "none" {
      complaints.add(
        "model-probe", "'weight_growth' finds no weights that feed a normalisation", in: "probe",
        expected: "model: {norm: batch}, or on: weights")
    }
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, observed step and layer.", axes: [stepColumn, layerColumn],
    metrics: [
      Column("norm_squared", .metric, doc: "‖w‖² before the step."),
      Column("gradient_norm", .metric, doc: "‖∇L‖ of the layer's weights."),
      Column(
        "radial_gradient", .metric,
        doc: "⟨w, ∇L⟩/(‖w‖·‖∇L‖): 0 where the scale of w does not matter."),
      Column("growth", .metric, doc: "Change of ‖w‖² by the step."),
      Column(
        "expected_growth", .metric,
        doc: "((1 − ηλ)² − 1)·‖w‖² + η²‖∇L‖²; only for SGD without momentum."),
      Column(
        "growth_error", .metric, doc: "|growth − expected_growth| relative to ‖w‖²."),
      Column("effective_rate", .metric, doc: "η/‖w‖²."),
      Column("angle", .metric, unit: "radians", doc: "Angle between w before and after the step."),
      Column(
        "equilibrium_angle", .metric, unit: "radians", doc: "√(2ηλ); missing without weight decay."),
    ])

  private let selector: ParameterSelector

  init(_ value: Value) {
    selector = value["on"]?.string.flatMap(ParameterSelector.init) ?? .normedWeights
  }

  func measure(_ bench: ProbeBench, after update: TrainingUpdate) -> [ProbeRow] {
    bench.network.layout.weights.enumerated().filter { selector.contains($0.element) }.map {
      row(bench, update, layer: $0.offset + 1, $0.element)
    }
  }

  private func row(_ bench: ProbeBench, _ update: TrainingUpdate, layer: Int, _ weight: Parameter) -> ProbeRow
  {
    let (old, new, gradient) = (bench.before, bench.network.parameters, bench.network.gradient)
    let group = bench.options.groups.first { $0.selector.contains(weight) }
    let rate = update.rate * (group?.rateFactor ?? 1)
    let decay = group?.weightDecay ?? bench.options.weightDecay
    let (square, gradientNorm) = (weight.dot(old, old), weight.length(gradient))
    let growth = weight.dot(new, new) - square
    var values: [String: Double] = [
      "layer": Double(layer), "norm_squared": square, "gradient_norm": gradientNorm, "growth": growth,
      "effective_rate": rate / square, "angle": weight.angle(old, new),
    ]
    if gradientNorm > 0, square > 0 {
      values["radial_gradient"] = weight.dot(old, gradient) / (square.squareRoot() * gradientNorm)
    }
    if bench.options.optimizer == .sgd, update.momentum == 0 {
      let keep = 1 - rate * decay
      let expected = (keep * keep - 1) * square + rate * rate * gradientNorm * gradientNorm
      values["expected_growth"] = expected
      values["growth_error"] = abs(growth - expected) / square
    }
    if decay > 0 { values["equilibrium_angle"] = (2 * rate * decay).squareRoot() }
    return values.mapValues(Cell.number)
  }

  func passes(_ setting: ProbeSetting) -> Double { 0 }
}

extension Parameter {
  /// The angle between this parameter in two vectors, in radians: 2·asin(‖a/‖a‖ − b/‖b‖‖/2), good for small angles.
  fileprivate func angle(_ a: Buffer, _ b: Buffer) -> Double {
    let (lengthA, lengthB) = (length(a), length(b))
    guard lengthA > 0, lengthB > 0 else { return 0 }
    var square = 0.0
    forEachIndex { i in
      let difference = Double(a.start[i]) / lengthA - Double(b.start[i]) / lengthB
      square += difference * difference
    }
    return 2 * Elementary.asin(min(1, square.squareRoot() / 2))
  }
}
