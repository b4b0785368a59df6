// Serves execute: the update rules and the learning-rate schedules.
import BitExact
import KernelTable

/// Applies an update rule to the trained parameters of a network.
public final class Optimizer {
  private let options: TrainOptions
  private var pieces: [Piece]
  private var rate = 0.0
  private var momentum = 0.0
  let first: Buffer
  let second: Buffer
  private(set) var beta1Power = 1.0
  private(set) var beta2Power = 1.0

  /// Neighbouring parameters with the same settings; large weights are by themselves, because they may move before the
  /// others.
  private struct Piece {
    var offset: Int
    var count: Int
    var rateFactor: Double
    var decay: Double
    var hasMoved = false
  }

  /// Creates the rule's state, zero, for the parameters of a layout.
  public init(_ options: TrainOptions, layout: ParameterLayout) {
    self.options = options
    first = Buffer(layout.size)
    second = Buffer([.adam, .adamw].contains(options.optimizer) ? layout.size : 0)
    var (pieces, lastIsLarge): ([Piece], Bool) = ([], false)
    for parameter in layout.parameters {
      if case .sets(let sets) = options.trainable, !sets.contains(where: { $0.contains(parameter) }) {
        continue
      }
      let group = options.groups.first { $0.selector.contains(parameter) }
      let piece = Piece(
        offset: parameter.offset, count: parameter.size, rateFactor: group?.rateFactor ?? 1,
        decay: group?.weightDecay ?? options.weightDecay)
      if let last = pieces.last, !lastIsLarge, !Optimizer.isLarge(parameter),
        last.offset + last.count == piece.offset, last.rateFactor == piece.rateFactor,
        last.decay == piece.decay
      {
        pieces[pieces.count - 1].count += piece.count
      } else {
        pieces.append(piece)
      }
      lastIsLarge = Optimizer.isLarge(parameter)
    }
    self.pieces = pieces
  }

  /// One update at learning rate `rate`, by the network's gradient.
  public func step(_ network: Network, rate: Double, momentum: Double? = nil) {
    begin(rate, momentum)
    if options.optimizer == .normalized { normalize(network) }
    finish(network)
  }

  /// Gradient and update in one: weights may follow their gradient while it is computed, so that `gradient` is not left
  /// anywhere. The network moves as by `computeGradient` and `step`.
  public func step(
    _ network: Network, _ data: ExampleMatrix, _ indices: [Int], rate: Double, momentum: Double? = nil
  ) {
    guard options.optimizer != .normalized else {
      network.computeGradient(data, indices)
      return step(network, rate: rate, momentum: momentum)
    }
    begin(rate, momentum)
    network.computeGradient(data, indices, updating: self)
    finish(network)
  }

  private func begin(_ rate: Double, _ momentum: Double?) {
    beta1Power *= options.beta1
    beta2Power *= options.beta2
    self.rate = rate
    self.momentum = momentum ?? options.momentum
  }

  /// Whether the second pass over a weight and its gradient would fetch them from far away. For smaller ones it is the
  /// faster way.
  private static func isLarge(_ parameter: Parameter) -> Bool {
    parameter.kind == .weight && parameter.size >= 1 << 16
  }

  /// How a weight follows its gradient at once; `nil` where it waits for `finish`.
  func update(_ parameter: Parameter) -> ParameterUpdate? {
    guard Optimizer.isLarge(parameter),
      let index = pieces.firstIndex(where: { $0.offset == parameter.offset }),
      options.optimizer != .adamw || pieces[index].decay == 0
    else { return nil }
    pieces[index].hasMoved = true
    return update(pieces[index])
  }

  private func finish(_ network: Network) {
    for index in pieces.indices {
      if pieces[index].hasMoved {
        pieces[index].hasMoved = false
      } else {
        move(pieces[index], network)
      }
    }
  }

  private func move(_ piece: Piece, _ network: Network) {
    let parameters = network.parameters.start + piece.offset
    if options.optimizer == .adamw, piece.decay != 0 {
      let keep = Float(1 - rate * piece.rateFactor * piece.decay)
      for i in 0..<piece.count { parameters[i] *= keep }
    }
    network.kernels.update(piece.count, parameters, network.gradient.start + piece.offset, update(piece))
  }

  private func update(_ piece: Piece) -> ParameterUpdate {
    let rate = rate * piece.rateFactor
    let rule: UpdateRule
    switch options.optimizer {
    case .sgd, .normalized:
      rule = .sgd(
        SGDStep(
          rate: Float(rate), momentum: Float(momentum), nesterov: options.nesterov, decay: Float(piece.decay))
      )
    case .adam, .adamw:
      rule = .adam(
        AdamStep(
          rate: Float(rate), beta1: Float(options.beta1), beta2: Float(options.beta2),
          epsilon: Float(options.epsilon), firstCorrection: Float(1 / (1 - beta1Power)),
          secondCorrection: Float(1 / (1 - beta2Power)),
          decay: options.optimizer == .adamw ? 0 : Float(piece.decay)))
    }
    return ParameterUpdate(
      rule, first: first.start + piece.offset, second: second.start + (second.count == 0 ? 0 : piece.offset))
  }

  /// Divides the gradient by its norm; a zero gradient stays.
  private func normalize(_ network: Network) {
    let norm = network.layout.distance(network.gradient)
    guard norm > 0 else { return }
    let factor = Float(1 / norm)
    for i in 0..<network.gradient.count { network.gradient.start[i] *= factor }
  }

  /// What the rule remembers from one step to the next, besides the powers.
  var memory: [Buffer] { [first, second] }

  /// Powers of Adam's decays, by which its moments are corrected.
  var powers: (Double, Double) {
    get { (beta1Power, beta2Power) }
    set { (beta1Power, beta2Power) = newValue }
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
    case .multistep(let milestones, let areEpochs, let factor):
      let done = areEpochs ? step / max(1, stepsPerEpoch) : step
      return initial * Elementary.pow(factor, Double(milestones.count { $0 <= done }))
    case .cosine:
      return initial * 0.5 * (1 + Elementary.cos(Double.pi * Double(step) / Double(max(1, steps))))
    }
  }
}

extension TrainOptions {
  /// The learning rate of step `step`, from 0; schedules without milestones run over the steps after the warm-up.
  public func rate(step: Int, stepsPerEpoch: Int) -> Double {
    if step < warmup { return rate * Double(step + 1) / Double(warmup) }
    let before = schedule.includesWarmup ? 0 : warmup
    return schedule.rate(rate, step: step - before, steps: steps - before, stepsPerEpoch: stepsPerEpoch)
  }
}
