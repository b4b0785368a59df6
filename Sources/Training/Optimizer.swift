// Serves execute: the update rules and the learning-rate schedules.
import BitExact
import KernelTable

/// Applies an update rule to the trained parameters of a network.
public final class Optimizer {
  private let options: TrainOptions
  private let pieces: [Piece]
  let first: Buffer
  let second: Buffer
  private(set) var beta1Power = 1.0
  private(set) var beta2Power = 1.0

  /// Neighbouring parameters with the same settings.
  private struct Piece {
    var offset: Int
    var count: Int
    var rateFactor: Double
    var decay: Double
  }

  /// Creates the rule's state, zero, for the parameters of a layout.
  public init(_ options: TrainOptions, layout: ParameterLayout) {
    self.options = options
    first = Buffer(layout.size)
    second = Buffer([.adam, .adamw].contains(options.optimizer) ? layout.size : 0)
    var pieces: [Piece] = []
    for parameter in layout.parameters {
      if case .sets(let sets) = options.trainable, !sets.contains(where: { $0.contains(parameter) }) {
        continue
      }
      let group = options.groups.first { $0.selector.contains(parameter) }
      let piece = Piece(
        offset: parameter.offset, count: parameter.size, rateFactor: group?.rateFactor ?? 1,
        decay: group?.weightDecay ?? options.weightDecay)
      if let last = pieces.last, last.offset + last.count == piece.offset,
        last.rateFactor == piece.rateFactor,
        last.decay == piece.decay
      {
        pieces[pieces.count - 1].count += piece.count
      } else {
        pieces.append(piece)
      }
    }
    self.pieces = pieces
  }

  /// One update at learning rate `rate`.
  public func step(_ network: Network, rate: Double, momentum: Double? = nil) {
    beta1Power *= options.beta1
    beta2Power *= options.beta2
    if options.optimizer == .normalized { normalize(network) }
    for piece in pieces { update(piece, network, rate * piece.rateFactor, momentum ?? options.momentum) }
  }

  private func update(_ piece: Piece, _ network: Network, _ rate: Double, _ momentum: Double) {
    let parameters = network.parameters.start + piece.offset
    let gradient = network.gradient.start + piece.offset
    switch options.optimizer {
    case .sgd, .normalized:
      network.kernels.sgd(
        piece.count, parameters, gradient, first.start + piece.offset, Float(rate), Float(momentum),
        options.nesterov, Float(piece.decay))
    case .adam, .adamw:
      let isDecoupled = options.optimizer == .adamw
      if isDecoupled, piece.decay != 0 {
        let keep = Float(1 - rate * piece.decay)
        for i in 0..<piece.count { parameters[i] *= keep }
      }
      let step = AdamStep(
        rate: Float(rate), beta1: Float(options.beta1), beta2: Float(options.beta2),
        epsilon: Float(options.epsilon), firstCorrection: Float(1 / (1 - beta1Power)),
        secondCorrection: Float(1 / (1 - beta2Power)), decay: isDecoupled ? 0 : Float(piece.decay))
      network.kernels.adam(
        piece.count, parameters, gradient, first.start + piece.offset, second.start + piece.offset, step)
    }
  }

  /// Divides the gradient by its norm; a zero gradient stays.
  private func normalize(_ network: Network) {
    let norm = network.layout.distance(network.gradient)
    guard norm > 0 else { return }
    let factor = Float(1 / norm)
    for i in 0..<network.gradient.count { network.gradient.start[i] *= factor }
  }

  /// Puts the rule back into a state it was in.
  func restore(first: Buffer, second: Buffer, beta1Power: Double, beta2Power: Double) {
    self.first.copy(from: first)
    self.second.copy(from: second)
    self.beta1Power = beta1Power
    self.beta2Power = beta2Power
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

extension TrainOptions {
  /// The learning rate of step `step`, from 0; the schedule runs over the steps after the warm-up.
  func rate(step: Int, stepsPerEpoch: Int) -> Double {
    if step < warmup { return rate * Double(step + 1) / Double(warmup) }
    return schedule.rate(rate, step: step - warmup, steps: steps - warmup, stepsPerEpoch: stepsPerEpoch)
  }
}
