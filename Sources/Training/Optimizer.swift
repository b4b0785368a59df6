// Serves execute: the update rules and the learning-rate schedules.
import BitExact
import KernelTable

/// Applies an update rule to all parameters of a network.
public final class Optimizer {
  private let options: TrainOptions
  private let first: Buffer
  private let second: Buffer
  private var beta1Power = 1.0
  private var beta2Power = 1.0

  /// Creates the rule's state, zero, for `size` padded parameters.
  public init(_ options: TrainOptions, size: Int) {
    self.options = options
    first = Buffer(size)
    second = Buffer(options.optimizer == .adam ? size : 0)
  }

  /// One update at learning rate `rate`.
  public func step(_ network: Network, rate: Double) {
    let (parameters, gradient) = (network.parameters, network.gradient)
    switch options.optimizer {
    case .sgd:
      network.kernels.sgd(
        parameters.count, parameters.start, gradient.start, first.start, Float(rate), Float(options.momentum),
        options.nesterov, Float(options.weightDecay))
    case .adam:
      beta1Power *= options.beta1
      beta2Power *= options.beta2
      let step = AdamStep(
        rate: Float(rate), beta1: Float(options.beta1), beta2: Float(options.beta2),
        epsilon: Float(options.epsilon), firstCorrection: Float(1 / (1 - beta1Power)),
        secondCorrection: Float(1 / (1 - beta2Power)), decay: Float(options.weightDecay))
      network.kernels.adam(
        parameters.count, parameters.start, gradient.start, first.start, second.start, step)
    }
  }
}

extension Schedule {
  /// The learning rate of step `step` (from 0) of `steps`, with `stepsPerEpoch` steps an epoch.
  public func rate(_ initial: Double, step: Int, steps: Int, stepsPerEpoch: Int) -> Double {
    switch self {
    case .constant: return initial
    case .step(let every, let factor): return initial * Elementary.pow(factor, Double(step / max(1, every)))
    case .exponential(let factor):
      return initial * Elementary.pow(factor, Double(step / max(1, stepsPerEpoch)))
    case .cosine:
      return initial * 0.5 * (1 + Elementary.cos(Double.pi * Double(step) / Double(max(1, steps))))
    }
  }
}
