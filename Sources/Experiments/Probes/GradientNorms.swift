// Serves execute: the size of every layer's gradient during training, the explosion at initialisation included.
import Measurements
import Specification
import Tables
import Training

struct GradientNorms: TrainingProbe {
  static let record = Record(
    "gradient_norms",
    doc: """
      Norms of the weights and of the gradient of the batch for every layer with weights. The scale-free squared gradient \
      ‖W‖²·‖∇_W L‖² of a batch-normalised ReLU network at initialisation grows towards the input, by π/(π − 1) ≈ 1.467 a \
      layer for infinite width and batch (Yang et al. 2019).
      """, fields: [everyField])

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, observed step and layer.", axes: [stepColumn, layerColumn],
    metrics: [
      Column("weight_norm", .metric, doc: "‖W‖ of the layer, Frobenius."),
      Column("gradient_norm", .metric, doc: "‖∇_W L‖ of the batch, without weight decay."),
      Column("scale_free_gradient", .metric, doc: "‖W‖²·‖∇_W L‖² (Yang et al. 2019)."),
      Column(
        "gradient_growth", .metric,
        doc: "scale_free_gradient over that of the next layer; missing for the last layer."),
      Column(
        "median_growth", .metric,
        doc:
          "Median of gradient_growth over neighbouring layers, without the first and the last layer; the same in all rows of a step."
      ),
    ])

  init(_ value: Value) {}

  func measure(_ bench: ProbeBench, before update: TrainingUpdate) -> [ProbeRow] {
    let network = bench.network
    let layers = layerGradients(network.layout, network.parameters, network.gradient)
    let growth = gradientGrowth(layers)
    // The first layer sees the data and the last feeds no nonlinearity; the theory is about those between.
    let middle = median(growth.dropFirst().dropLast(2).compactMap { $0 })
    return layers.enumerated().map { index, layer in
      [
        "layer": .number(Double(layer.layer)), "weight_norm": .number(layer.weightNorm),
        "gradient_norm": .number(layer.gradientNorm), "scale_free_gradient": .number(layer.scaleFree),
        "gradient_growth": Cell(growth[index]), "median_growth": Cell(middle),
      ]
    }
  }

  func passes(_ setting: ProbeSetting) -> Double { 0 }
}

extension Cell {
  /// A number, or nothing.
  init(_ number: Double?) { self = number.map(Cell.number) ?? .missing }
}
