// Serves plan: models of the language, declared once.
import KernelTable
import Specification
import Training

/// A network.
let modelRecord = Record(
  "model",
  doc:
    "A network: give its architecture in one way, as `mlp`, `width`, `blocks`, `cnn`, `resnet` or `gru`; the rest is shared by all layers.",
  fields: architectureFields + layerFields + initFields)

private let architectureFields = [
  Field(
    "mlp", .list(.integer(1...1_000_000), count: 0...1000), unit: "units",
    doc: "A multilayer perceptron: units of each hidden layer.", example: "[100, 100]"),
  Field(
    "width", .integer(1...1_000_000), unit: "units",
    doc: "A multilayer perceptron with hidden layers of this width; with `blocks` or `resnet`, their width.",
    example: "64"),
  Field(
    "depth", .integer(1...1000), unit: "layers", doc: "Hidden layers of `width` units; 1 when absent.",
    example: "2"),
  Field(
    "residual", .boolean, default: .value(false),
    doc:
      "Whether hidden layers of a multilayer perceptron that keep the width add their input to their output.",
    example: "true"),
  Field(
    "blocks", .integer(1...1000), unit: "blocks",
    doc:
      "A residual perceptron: a dense layer of `width` units, then so many blocks of two dense layers, y = act(x + f(x)).",
    example: "16"),
  Field(
    "skip", .boolean, default: .value(true), doc: "Whether the blocks of `blocks` have the sum with x.",
    example: "false"),
  Field(
    "cnn", .list(.integer(1...4096), count: 1...200), unit: "channels",
    doc:
      "A convolutional network: channels of each convolution, over one or two dimensions as the data have.",
    example: "[25, 25, 25]"),
  Field(
    "kernel", .either([.integer(1...64), .list(.integer(1...64), count: 1...200)]), default: .value(3),
    unit: "positions",
    doc: "Side of the kernels of `cnn`; of a list, the last one serves all further convolutions.",
    example: "[5, 3]"),
  Field(
    "stride", .integer(1...16), default: .value(1), unit: "positions",
    doc: "Distance between the places where a kernel of `cnn` is applied; at most its side.", example: "2"),
  Field(
    "padding", .integer(0...32), default: .value(0), unit: "positions",
    doc: "Zeros around the input of each convolution of `cnn`.", example: "1"),
  Field(
    "pool", .integer(1...16), default: .value(1), unit: "positions",
    doc: "Side of the max-pooling windows of `cnn`; 1 for none.", example: "2"),
  Field(
    "pool_every", .integer(1...100), default: .value(1), unit: "layers",
    doc: "Convolutions of `cnn` before each pooling.", example: "2"),
  Field(
    "dense", .list(.integer(1...1_000_000), count: 0...100), default: .value([]), unit: "units",
    doc: "Dense hidden layers after the convolutions of `cnn`.", example: "[256, 256]"),
  Field(
    "resnet", .integer(8...2000), unit: "layers",
    doc:
      "The residual network of He et al. 2016 for small images, of this depth, 6n + 2, and first width `width` (16 when absent).",
    example: "20"),
  Field(
    "projection", .boolean, default: .value(false),
    doc:
      "Whether the shortcuts of `resnet` are normalised 1 × 1 convolutions where the shape changes (option B), instead of padded with zeros (A).",
    example: "true"),
  Field(
    "gru", .integer(1...1024), unit: "units",
    doc: "A bidirectional gated recurrent unit over the positions (Cho et al. 2014), then a dense layer.",
    example: "6"),
]

private let layerFields = [
  Field(
    "activation",
    .choice([
      Choice("relu", "max(0, x)"), Choice("leaky-relu", "x where positive, 0.01·x elsewhere."),
      Choice("tanh", "Hyperbolic tangent."),
      Choice("sigmoid", "1/(1 + exp(−x))"), Choice("identity", "None: a deep linear network."),
    ]), default: .value("relu"), doc: "Nonlinearity after each hidden layer.", example: "tanh"),
  Field(
    "norm",
    .choice([
      Choice("none", "No normalisation."),
      Choice("batch", "Batch normalisation (Ioffe & Szegedy 2015)."),
      Choice("batch-l1", "The same by the mean absolute deviation (Santurkar et al. 2018)."),
      Choice("batch-linf", "The same by the largest absolute deviation (Santurkar et al. 2018)."),
      Choice("layer", "Layer normalisation (Ba, Kiros & Hinton 2016)."),
      Choice("group", "Group normalisation (Wu & He 2018) in `norm_groups` groups."),
    ]), default: .value("none"), doc: "Normalisation of the hidden layers.", example: "batch"),
  Field(
    "norm_position",
    .choice([
      Choice("pre", "Before the nonlinearity, as in the original."), Choice("post", "After it."),
    ]), default: .value("pre"), doc: "Where the normalisation stands.", example: "post"),
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
    "norm_eps", .number(.nonNegative), default: .value(1e-5),
    doc: "ε, added to the variance (with `batch-l1` and `batch-linf` to the deviation).", example: "1e-3"),
  Field(
    "norm_groups", .integer(1...4096), default: .value(4), unit: "groups",
    doc: "Groups of features of `group` normalisation.", example: "8"),
  Field(
    "norm_batch", .integer(2...1_000_000), unit: "examples",
    doc:
      "Examples that share their statistics in training, a ghost batch (Hoffer et al. 2017); the whole batch when absent.",
    example: "16"),
  Field(
    "norm_noise", .number(NumberRange(0, 100)), default: .value(0),
    doc:
      "Strength s of noise after the normalisation in training: N(μ, σ²) with μ ~ s·U(−½, ½) and σ ~ s·U(1, 1.25) redrawn for each step and unit (Santurkar et al. 2018).",
    example: "0.25"),
  Field(
    "norm_scale",
    .choice([
      Choice("ones", "γ = 1."), Choice("uniform", "γ ~ U(0, 1) (Frankle, Schwab & Morcos 2021)."),
    ]), default: .value("ones"), doc: "Initial scales γ of the normalisation.", example: "uniform"),
  Field(
    "dropout", .number(NumberRange(0, 0.99)), default: .value(0),
    doc: "Fraction of hidden units dropped in training (Srivastava et al. 2014).", example: "0.3"),
  Field(
    "dropout_place",
    .choice([
      Choice("hidden", "After every hidden layer, hence also before the next normalisation."),
      Choice("last", "After the last hidden layer only, behind every normalisation."),
    ]), default: .value("hidden"), doc: "Where units are dropped.", example: "last"),
]

private let initFields = [
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
      Choice("orthogonal", "Orthonormal rows or columns (Saxe et al. 2014), times √2 for ReLU."),
    ]), default: .value("he-normal"), doc: "Distribution of the initial weights; biases start at 0.",
    example: "glorot-normal"),
  Field(
    "init_scale", .number(.positive), default: .value(1), doc: "Factor on all initial weights.",
    example: "0.3"),
  Field(
    "hidden_init_scale", .number(.positive), default: .value(1),
    doc: "A further factor on the initial weights of all layers but the last.", example: "10"),
  Field(
    "zero_init_residual", .boolean, default: .value(false),
    doc: "Whether the last weights of each residual block start at zero (Zhang, Dauphin & Ma 2019).",
    example: "true"),
  Field(
    "bias", .boolean, default: .value(true),
    doc: "Whether layers add a bias; a layer that feeds a normalisation never does.", example: "false"),
]

extension ModelOptions {
  /// Reads a resolved `model` value; `nil` when the architecture is not given in exactly one way.
  init?(_ value: Value) {
    guard let architecture = Architecture(value) else { return nil }
    self.init(
      architecture, activation: value["activation"]?.string.flatMap(Activation.init) ?? .relu,
      norm: NormOptions(value), dropout: value["dropout"]?.number ?? 0,
      dropoutPlace: value["dropout_place"]?.string.flatMap(DropoutPlace.init) ?? .hidden,
      initializer: value["init"]?.string.flatMap(Initializer.init) ?? .heNormal,
      initScale: value["init_scale"]?.number ?? 1, hiddenInitScale: value["hidden_init_scale"]?.number ?? 1,
      zeroInitResidual: value["zero_init_residual"]?.bool ?? false, bias: value["bias"]?.bool ?? true)
  }
}

extension Architecture {
  fileprivate init?(_ value: Value) {
    let ways = ["mlp", "blocks", "cnn", "resnet", "gru"].filter { value[$0] != nil }
    let width = value["width"]?.integer
    guard ways.count <= 1, value["depth"] == nil || ways.isEmpty else { return nil }
    switch ways.first {
    case "mlp"? where width == nil:
      let hidden = value["mlp"]?.array?.compactMap(\.integer) ?? []
      self = .mlp(hidden, residual: value["residual"]?.bool ?? false)
    case "blocks"?:
      guard let width else { return nil }
      self = .blocks(value["blocks"]?.integer ?? 1, width: width, skip: value["skip"]?.bool ?? true)
    case "cnn"? where width == nil: self = .cnn(ConvolutionStack(value))
    case "resnet"?:
      guard let depth = value["resnet"]?.integer, depth % 6 == 2 else { return nil }
      self = .resnet(depth, width: width ?? 16, projects: value["projection"]?.bool ?? false)
    case "gru"? where width == nil: self = .gru(value["gru"]?.integer ?? 1)
    case nil:
      guard let width else { return nil }
      let hidden = Array(repeating: width, count: value["depth"]?.integer ?? 1)
      self = .mlp(hidden, residual: value["residual"]?.bool ?? false)
    default: return nil
    }
  }
}

extension ConvolutionStack {
  fileprivate init(_ value: Value) {
    func integers(_ key: String) -> [Int] { value[key]?.array?.compactMap(\.integer) ?? [] }
    self.init(
      channels: integers("cnn"), kernels: value["kernel"]?.integer.map { [$0] } ?? integers("kernel"),
      stride: value["stride"]?.integer ?? 1, padding: value["padding"]?.integer ?? 0,
      pool: value["pool"]?.integer ?? 1, poolEvery: value["pool_every"]?.integer ?? 1,
      dense: integers("dense"))
  }
}

extension NormOptions {
  fileprivate init(_ value: Value) {
    self.init(value["norm"]?.string.flatMap(NormKind.init) ?? .none)
    momentum = value["norm_momentum"]?.number ?? 0.1
    statistics = value["norm_statistics"]?.string.flatMap(NormStatistics.init) ?? .batch
    epsilon = value["norm_eps"]?.number ?? 1e-5
    groups = value["norm_groups"]?.integer ?? 4
    ghostBatch = value["norm_batch"]?.integer
    noise = value["norm_noise"]?.number ?? 0
    randomScale = value["norm_scale"]?.string == "uniform"
    position = value["norm_position"]?.string.flatMap(NormPosition.init) ?? .pre
  }
}
