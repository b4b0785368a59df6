// Serves plan: models of the language, declared once.
import KernelTable
import Specification
import Training

/// A multilayer perceptron.
let modelRecord = Record(
  "model", doc: "A multilayer perceptron: give the hidden layers as `mlp`, or `width` and `depth`.",
  fields: [
    Field(
      "mlp", .list(.integer(1...1_000_000), count: 0...1000), unit: "units",
      doc: "Units of each hidden layer.", example: "[100, 100]"),
    Field(
      "width", .integer(1...1_000_000), unit: "units", doc: "Units of every hidden layer, instead of `mlp`.",
      example: "64"),
    Field(
      "depth", .integer(1...1000), unit: "layers", doc: "Hidden layers of `width` units; 1 when absent.",
      example: "2"),
    Field(
      "activation",
      .choice([
        Choice("relu", "max(0, x)"), Choice("tanh", "Hyperbolic tangent."),
        Choice("sigmoid", "1/(1 + exp(−x))"), Choice("identity", "None: a deep linear network."),
      ]), default: .value("relu"), doc: "Nonlinearity after each hidden layer.", example: "tanh"),
    Field(
      "norm",
      .choice([
        Choice("none", "No normalisation."),
        Choice("batch", "Batch normalisation before the nonlinearity, ε = 10⁻⁵ (Ioffe & Szegedy 2015)."),
      ]), default: .value("none"), doc: "Normalisation of the hidden layers.", example: "batch"),
    Field(
      "norm_momentum", .number(.fraction), default: .value(0.1),
      doc: "Weight of the newest batch in the running averages of batch normalisation.", example: "0.01"),
    Field(
      "norm_statistics",
      .choice([
        Choice("batch", "The mini-batch's own: training mode."),
        Choice("running", "The running averages, which then stay at 0 and 1: evaluation mode."),
      ]), default: .value("batch"), doc: "What batch normalisation uses during training.", example: "running"),
    Field(
      "init",
      .choice([
        Choice("he-normal", "N(0, 2/fan-in) (He et al. 2015)."),
        Choice("he-uniform", "U(±√(6/fan-in)) (He et al. 2015)."),
        Choice("glorot-normal", "N(0, 2/(fan-in + fan-out)) (Glorot & Bengio 2010)."),
        Choice("glorot-uniform", "U(±√(6/(fan-in + fan-out))) (Glorot & Bengio 2010)."),
        Choice("lecun-normal", "N(0, 1/fan-in) (LeCun et al. 1998)."),
        Choice("pytorch", "U(±1/√fan-in) for weights and biases, PyTorch's default."),
        Choice("normal", "N(0, 1); set the deviation by `init_scale`."),
      ]), default: .value("he-normal"), doc: "Distribution of the initial weights; biases start at 0.",
      example: "glorot-normal"),
    Field(
      "init_scale", .number(.positive), default: .value(1), doc: "Factor on all initial weights.",
      example: "0.3"),
    Field(
      "bias", .boolean, default: .value(true),
      doc: "Whether dense layers add a bias; a layer that feeds batch normalisation never does.",
      example: "false"),
  ])

extension ModelOptions {
  /// Reads a resolved `model` value; `nil` when the hidden layers are not given in exactly one way.
  init?(_ value: Value) {
    let hidden: [Int]
    switch (value["mlp"]?.array, value["width"]?.integer) {
    case (let units?, nil) where value["depth"] == nil: hidden = units.compactMap(\.integer)
    case (nil, let width?): hidden = Array(repeating: width, count: value["depth"]?.integer ?? 1)
    default: return nil
    }
    self.init(
      hidden: hidden, activation: value["activation"]?.string.flatMap(Activation.init) ?? .relu,
      batchNorm: value["norm"]?.string == "batch", normMomentum: value["norm_momentum"]?.number ?? 0.1,
      normStatistics: value["norm_statistics"]?.string.flatMap(NormStatistics.init) ?? .batch,
      initializer: value["init"]?.string.flatMap(Initializer.init) ?? .heNormal,
      initScale: value["init_scale"]?.number ?? 1, bias: value["bias"]?.bool ?? true)
  }
}
