// Serves execute: how a model is trained, as plain values.
import KernelTable

/// The update rule.
public enum OptimizerKind: String, Sendable {
  /// Stochastic gradient descent with (Nesterov) momentum in PyTorch's form.
  case sgd
  /// Adam (Kingma & Ba 2015).
  case adam
  /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
  case adamw
  /// SGD on the gradient divided by its norm.
  case normalized = "normalized-sgd"
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
  /// It is multiplied by `factor` at each milestone, a number of steps or, with `areEpochs`, of epochs since the start of
  /// the training, its warm-up included.
  case multistep(milestones: [Int], areEpochs: Bool, factor: Double)

  /// Whether the warm-up counts among its steps.
  var includesWarmup: Bool { if case .multistep = self { true } else { false } }
}

/// A set of parameters by what they are.
public enum ParameterSelector: String, Sendable, CaseIterable {
  /// Every parameter.
  case all
  /// Weights of dense layers and convolutions.
  case weights
  /// Weights of all layers but the last.
  case hiddenWeights = "hidden-weights"
  /// Weights of layers that feed a normalisation.
  case normedWeights = "normed-weights"
  /// Biases.
  case biases
  /// Scales and shifts of normalisations.
  case norm
  /// Weights and biases of the last layer.
  case output

  /// Whether a parameter belongs to the set.
  public func contains(_ parameter: Parameter) -> Bool {
    switch self {
    case .all: true
    case .weights: parameter.kind == .weight
    case .hiddenWeights: parameter.kind == .weight && !parameter.role.isOutput
    case .normedWeights: parameter.kind == .weight && parameter.role.feedsNorm
    case .biases: parameter.kind == .bias
    case .norm: parameter.kind == .normWeight || parameter.kind == .normBias
    case .output: parameter.role.isOutput
    }
  }
}

/// Settings of a set of parameters that differ from the others'.
public struct ParameterGroup: Sendable, Hashable {
  /// Which parameters.
  public var selector: ParameterSelector
  /// Factor on the learning rate.
  public var rateFactor: Double
  /// Their weight decay; `nil` for the common one.
  public var weightDecay: Double?

  /// Describes a group.
  public init(_ selector: ParameterSelector, rateFactor: Double = 1, weightDecay: Double? = nil) {
    self.selector = selector
    self.rateFactor = rateFactor
    self.weightDecay = weightDecay
  }
}

/// Which parameters are trained; the others keep their initial values.
public enum Trainable: Sendable, Hashable {
  /// Those in any of the sets.
  case sets([ParameterSelector])
  /// As many weights, chosen at random over all layers, as a set has parameters.
  case randomWeights(asManyAs: ParameterSelector)
}

/// How a model is trained.
public struct TrainOptions: Sendable, Hashable {
  /// What is minimised.
  public var loss: Loss
  /// The update rule.
  public var optimizer: OptimizerKind
  /// Learning rate at the first step, after the warm-up.
  public var rate: Double
  /// Momentum of SGD.
  public var momentum: Double
  /// Added to the momentum after every epoch, to 0.9 at most (Neyshabur, Tomioka & Srebro 2015).
  public var momentumGrowth: Double
  /// Whether SGD's momentum is Nesterov's.
  public var nesterov: Bool
  /// Decay of Adam's first moment.
  public var beta1: Double
  /// Decay of Adam's second moment.
  public var beta2: Double
  /// Adam's ε.
  public var epsilon: Double
  /// L2 penalty: λ·w is added to the gradient; with AdamW, rate·λ·w is subtracted from the weight.
  public var weightDecay: Double
  /// Groups with other settings; a parameter belongs to the first that selects it.
  public var groups: [ParameterGroup]
  /// What is trained at all.
  public var trainable: Trainable
  /// Radius ρ of sharpness-aware minimisation (Foret et al. 2021); 0 for none.
  public var sharpnessRadius: Double
  /// Examples a step; `nil` for all of them.
  public var batch: Int?
  /// Whether each epoch has a new random order; else examples come in the order of the data.
  public var shuffles: Bool
  /// Random changes of the inputs.
  public var augmentation: Augmentation?
  /// Number of steps at most.
  public var steps: Int
  /// Steps over which the rate rises linearly from 0.
  public var warmup: Int
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
    loss = .crossEntropy
    momentumGrowth = 0
    groups = []
    trainable = .sets([.all])
    sharpnessRadius = 0
    shuffles = true
    augmentation = nil
    warmup = 0
  }

  /// The momentum in an epoch, from 0.
  public func momentum(epoch: Int) -> Double {
    momentumGrowth == 0 ? momentum : min(0.9, momentum + momentumGrowth * Double(epoch))
  }
}
