// Serves execute: what a model and its training are, as plain values.
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
  /// U(±1/√fanIn) for weights and biases, PyTorch's default for linear layers.
  case pytorch
  /// N(0, 1), to be multiplied by `init_scale`.
  case normal
}

/// Which statistics a BatchNorm layer normalises with while it is trained.
public enum NormStatistics: String, Sendable {
  /// The mini-batch's own (training mode).
  case batch
  /// The running averages, which then never change from 0 and 1 (a net trained in evaluation mode).
  case running
}

/// A multilayer perceptron.
public struct ModelOptions: Sendable, Hashable {
  /// Units of each hidden layer.
  public var hidden: [Int]
  /// Nonlinearity after each hidden layer.
  public var activation: Activation
  /// Whether hidden layers are batch-normalised before the nonlinearity (Ioffe & Szegedy 2015).
  public var batchNorm: Bool
  /// Weight of the newest batch in the running averages.
  public var normMomentum: Double
  /// Statistics used in training.
  public var normStatistics: NormStatistics
  /// Distribution of the initial weights.
  public var initializer: Initializer
  /// Factor on all initial weights.
  public var initScale: Double
  /// Whether dense layers add a bias; a layer that feeds BatchNorm never does.
  public var bias: Bool

  /// Creates options with PyTorch's and the reference's defaults.
  public init(
    hidden: [Int], activation: Activation = .relu, batchNorm: Bool = false, normMomentum: Double = 0.1,
    normStatistics: NormStatistics = .batch, initializer: Initializer = .heNormal, initScale: Double = 1,
    bias: Bool = true
  ) {
    self.hidden = hidden
    self.activation = activation
    self.batchNorm = batchNorm
    self.normMomentum = normMomentum
    self.normStatistics = normStatistics
    self.initializer = initializer
    self.initScale = initScale
    self.bias = bias
  }
}

/// The update rule.
public enum OptimizerKind: String, Sendable {
  /// Stochastic gradient descent with (Nesterov) momentum in PyTorch's form.
  case sgd
  /// Adam (Kingma & Ba 2015).
  case adam
}

/// How the learning rate changes over training.
public enum Schedule: Sendable, Hashable {
  /// It stays.
  case constant
  /// It is multiplied by `factor` after every `every` steps.
  case step(every: Int, factor: Double)
  /// It falls to zero along half a cosine over all steps (Loshchilov & Hutter 2017, without restarts).
  case cosine
  /// It is multiplied by `factor` after every epoch.
  case exponential(factor: Double)
}

/// How a model is trained.
public struct TrainOptions: Sendable, Hashable {
  /// The update rule.
  public var optimizer: OptimizerKind
  /// Learning rate at the first step.
  public var rate: Double
  /// Momentum of SGD.
  public var momentum: Double
  /// Whether SGD's momentum is Nesterov's.
  public var nesterov: Bool
  /// Decay of Adam's first moment.
  public var beta1: Double
  /// Decay of Adam's second moment.
  public var beta2: Double
  /// Adam's ε.
  public var epsilon: Double
  /// L2 penalty, added to the gradient as λ·w.
  public var weightDecay: Double
  /// Examples a step; `nil` for all of them.
  public var batch: Int?
  /// Number of steps at most.
  public var steps: Int
  /// How the rate changes.
  public var schedule: Schedule
  /// Training ends at the first record with a training loss of at most this.
  public var stopLoss: Double?
  /// Training ends at the first record with a training accuracy of at least this.
  public var stopAccuracy: Double?

  /// Creates options with PyTorch's defaults.
  public init(
    optimizer: OptimizerKind = .sgd, rate: Double, momentum: Double = 0, nesterov: Bool = false,
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    batch: Int? = 100, steps: Int, schedule: Schedule = .constant, stopLoss: Double? = nil,
    stopAccuracy: Double? = nil
  ) {
    self.optimizer = optimizer
    self.rate = rate
    self.momentum = momentum
    self.nesterov = nesterov
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.batch = batch
    self.steps = steps
    self.schedule = schedule
    self.stopLoss = stopLoss
    self.stopAccuracy = stopAccuracy
  }
}
