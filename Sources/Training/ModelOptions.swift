// Serves execute: what a model is, as plain values.
public import KernelTable

/// The distribution of a layer's initial weights; `fanIn` inputs and `fanOut` outputs a unit.
public enum Initializer: String, Sendable, CaseIterable {
  /// N(0, 2/fanIn) (He et al. 2015).
  case heNormal = "he-normal"
  /// U(±√(6/fanIn)) (He et al. 2015).
  case heUniform = "he-uniform"
  /// N(0, 2/(fanIn + fanOut)) (Glorot & Bengio 2010).
  case glorotNormal = "glorot-normal"
  /// U(±√(6/(fanIn + fanOut))) (Glorot & Bengio 2010).
  case glorotUniform = "glorot-uniform"
  /// N(0, 1/fanIn) (LeCun et al. 1998).
  case lecunNormal = "lecun-normal"
  /// U(±1/√fanIn) for weights and biases, PyTorch's default.
  case pytorch
  /// N(0, 1), to be multiplied by `init_scale`.
  case normal
  /// Orthonormal rows or columns, whichever are fewer (Saxe et al. 2014), times √2 for ReLU.
  case orthogonal
}

/// How a layer's features are brought to a common location and scale.
public enum NormKind: String, Sendable, CaseIterable {
  /// Not at all.
  case none
  /// Over the mini-batch (Ioffe & Szegedy 2015).
  case batch
  /// Over the mini-batch, by the mean absolute deviation (Santurkar et al. 2018).
  case batchL1 = "batch-l1"
  /// Over the mini-batch, by the largest absolute deviation (Santurkar et al. 2018).
  case batchMax = "batch-linf"
  /// Over the features of an example (Ba, Kiros & Hinton 2016).
  case layer
  /// Over groups of features of an example (Wu & He 2018).
  case group

  /// Whether examples of a batch depend on one another.
  public var isOverBatch: Bool { [.batch, .batchL1, .batchMax].contains(self) }
}

/// Which statistics a BatchNorm layer normalises with while it is trained.
public enum NormStatistics: String, Sendable {
  /// The mini-batch's own (training mode).
  case batch
  /// The running averages, which then never change from 0 and 1 (a net trained in evaluation mode).
  case running
}

/// Where a normalisation stands.
public enum NormPosition: String, Sendable {
  /// Between the weights and the nonlinearity, as in the original.
  case pre
  /// After the nonlinearity.
  case post
}

/// Which hidden layers drop units.
public enum DropoutPlace: String, Sendable {
  /// All of them, hence also before the next layer's normalisation.
  case hidden
  /// The last one only, after every normalisation.
  case last
}

/// Normalisation of the hidden layers.
public struct NormOptions: Sendable, Hashable {
  /// What is normalised over.
  public var kind: NormKind = .none
  /// Weight of the newest batch in the running averages.
  public var momentum = 0.1
  /// Statistics used in training.
  public var statistics: NormStatistics = .batch
  /// Added to the variance, or to the deviation of the ℓ1 and ℓ∞ forms.
  public var epsilon = 1e-5
  /// Groups of features of `group`; at most the number of features are used.
  public var groups = 4
  /// Examples that share their statistics in training, a ghost batch (Hoffer et al. 2017); `nil` for the whole batch.
  public var ghostBatch: Int?
  /// Strength of the noise that is added after the normalisation in training (Santurkar et al. 2018); 0 for none.
  public var noise = 0.0
  /// Whether scales start uniformly in (0, 1) (Frankle, Schwab & Morcos 2021) instead of at 1.
  public var randomScale = false
  /// Where it stands.
  public var position: NormPosition = .pre

  /// No normalisation, with the defaults of PyTorch for the rest.
  public init(_ kind: NormKind = .none) { self.kind = kind }
}

/// A convolutional network: convolutions with pooling, then dense layers.
public struct ConvolutionStack: Sendable, Hashable {
  /// Channels of each convolution.
  public var channels: [Int]
  /// Side of each kernel; the last one serves all further convolutions.
  public var kernels: [Int]
  /// Distance between the places where a kernel is applied.
  public var stride: Int
  /// Zeros around the input.
  public var padding: Int
  /// Side of the max-pooling windows; 1 for none.
  public var pool: Int
  /// Convolutions before each pooling.
  public var poolEvery: Int
  /// Units of the dense hidden layers that follow.
  public var dense: [Int]

  /// Describes a stack.
  public init(
    channels: [Int], kernels: [Int] = [3], stride: Int = 1, padding: Int = 0, pool: Int = 1,
    poolEvery: Int = 1,
    dense: [Int] = []
  ) {
    self.channels = channels
    self.kernels = kernels
    self.stride = stride
    self.padding = padding
    self.pool = pool
    self.poolEvery = poolEvery
    self.dense = dense
  }

  func kernel(_ index: Int) -> Int { kernels[min(index, kernels.count - 1)] }
}

/// The kinds of network.
public enum Architecture: Sendable, Hashable {
  /// Dense hidden layers; with `residual`, those that keep the width add their input to their output.
  case mlp([Int], residual: Bool)
  /// A dense layer of `width` units, then blocks of two dense layers, each y = act(x + f(x)), or act(f(x)) without `skip`.
  case blocks(Int, width: Int, skip: Bool)
  /// Convolutions, over one or two dimensions as the data have.
  case cnn(ConvolutionStack)
  /// The residual network of He et al. 2016 for small images, of depth 6n + 2 and first width `width`; where the shape
  /// changes, shortcuts either pad with zeros (option A) or, with `projects`, are normalised 1 × 1 convolutions (B).
  case resnet(Int, width: Int, projects: Bool)
  /// A bidirectional gated recurrent unit over the positions, its states flattened (Cho et al. 2014, PyTorch's form).
  case gru(Int)
}

/// A network's architecture with everything that all its layers share.
public struct ModelOptions: Sendable, Hashable {
  /// The kind of network.
  public var architecture: Architecture
  /// Nonlinearity after each hidden layer.
  public var activation: Activation
  /// Normalisation of the hidden layers.
  public var norm: NormOptions
  /// Fraction of units dropped in training (Srivastava et al. 2014), the others divided by what remains.
  public var dropout: Double
  /// Which hidden layers drop units.
  public var dropoutPlace: DropoutPlace
  /// Distribution of the initial weights.
  public var initializer: Initializer
  /// Factor on all initial weights.
  public var initScale: Double
  /// A further factor on the initial weights of all layers but the last.
  public var hiddenInitScale: Double
  /// Whether the last weights of each residual block start at zero (Zhang, Dauphin & Ma 2019).
  public var zeroInitResidual: Bool
  /// Whether dense layers and convolutions add a bias; a layer that feeds a normalisation never does.
  public var bias: Bool

  /// Creates options with PyTorch's and the reference's defaults.
  public init(
    _ architecture: Architecture, activation: Activation = .relu, norm: NormOptions = NormOptions(),
    dropout: Double = 0, dropoutPlace: DropoutPlace = .hidden, initializer: Initializer = .heNormal,
    initScale: Double = 1, hiddenInitScale: Double = 1, zeroInitResidual: Bool = false, bias: Bool = true
  ) {
    self.architecture = architecture
    self.activation = activation
    self.norm = norm
    self.dropout = dropout
    self.dropoutPlace = dropoutPlace
    self.initializer = initializer
    self.initScale = initScale
    self.hiddenInitScale = hiddenInitScale
    self.zeroInitResidual = zeroInitResidual
    self.bias = bias
  }

  /// A multilayer perceptron with these hidden layers.
  public init(
    hidden: [Int], activation: Activation = .relu, batchNorm: Bool = false,
    initializer: Initializer = .heNormal, initScale: Double = 1, bias: Bool = true
  ) {
    self.init(
      .mlp(hidden, residual: false), activation: activation, norm: NormOptions(batchNorm ? .batch : .none),
      initializer: initializer, initScale: initScale, bias: bias)
  }

  /// Units of the hidden layers of a multilayer perceptron; empty for other kinds.
  public var hidden: [Int] {
    if case .mlp(let hidden, _) = architecture { return hidden }
    return []
  }

  /// Whether hidden layers are normalised over the batch.
  public var batchNorm: Bool { norm.kind.isOverBatch }
}
