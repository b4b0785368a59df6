// Serves execute: masks that are learned while the weights stay as they are drawn (Zhou et al. 2019; Ramanujan et al. 2020).
import BitExact
import KernelTable

/// How a mask comes from scores.
public enum SupermaskKind: Sendable, Hashable {
  /// Each weight lives with probability σ(score), drawn anew at every step (Zhou et al. 2019).
  case bernoulli
  /// In each layer the fraction `keep` of weights with the largest |score| lives (edge-popup, Ramanujan et al. 2020).
  case edgePopup(keep: Double)
}

/// Learns scores for the weights of a network; the weights themselves never change.
///
/// The gradient passes straight through the mask: ∂L/∂s = ∂L/∂w_eff · w · f with f = σ′(s) for `bernoulli` and
/// f = sign(s) for `edgePopup`.
public final class SupermaskTrainer {
  private let network: Network
  private let kind: SupermaskKind
  private let rescales: Bool
  private let options: TrainOptions
  private let seed: UInt64
  private let fixed: Buffer
  private let weights: [Parameter]
  private let momentum: Buffer
  private let second: Buffer
  private let scoreGradient: Buffer
  private var betaPowers = (1.0, 1.0)
  /// σ(score) of each weight when its mask was last drawn.
  private var probabilities: [Double] = []
  /// One score a weight, laid out as the parameters.
  public let scores: Buffer

  /// Takes the network's present weights; scores start at 0 for `bernoulli`, uniform within ±√(3/fan-in) for `edgePopup`.
  public init(
    _ network: Network, kind: SupermaskKind, rescales: Bool, options: TrainOptions, seed: UInt64
  ) {
    self.network = network
    self.kind = kind
    self.rescales = rescales
    self.options = options
    self.seed = seed
    fixed = network.parameters.duplicate()
    weights = network.layout.parameters.filter { $0.kind == .weight }
    let size = network.layout.size
    (momentum, second, scoreGradient, scores) = (Buffer(size), Buffer(size), Buffer(size), Buffer(size))
    if kind == .bernoulli { probabilities = [Double](repeating: 0, count: size) }
    guard case .edgePopup = kind else { return }
    for parameter in weights {
      var stream = RandomStream(seed: seed, purpose: "mask-scores/\(parameter.name)")
      let bound = (3 / Double(parameter.rows)).squareRoot()
      parameter.forEachIndex { scores.start[$0] = Float((2 * stream.uniform() - 1) * bound) }
    }
  }

  /// Learns on `data`; `watch` is called before the first step and after every step that `watches` selects, with the
  /// unmasked weights out of the way, and returns false to end.
  public func run(
    _ data: ExampleMatrix, watches: (Int) -> Bool, watch: (_ step: Int) throws -> Bool
  ) rethrows {
    let size = min(options.batch ?? data.count, data.count)
    let stepsPerEpoch = (data.count + size - 1) / size
    var order = BatchOrder(count: data.count, seed: seed)
    var batch = Array(0..<size)
    guard try watch(0) else { return }
    for step in 0..<options.steps {
      if size < data.count { order.fill(&batch) }
      applyMask(drawing: "mask", index: UInt32(truncatingIfNeeded: step))
      network.computeGradient(data, batch)
      fillScoreGradient()
      let rate = options.schedule.rate(
        options.rate, step: step, steps: options.steps, stepsPerEpoch: stepsPerEpoch)
      update(rate: rate)
      let done = step + 1
      if watches(done) || done == options.steps {
        guard try watch(done) else { return }
      }
    }
  }

  /// Puts the masked weights into the network; a Bernoulli mask is drawn from a stream, or without one keeps every
  /// weight whose probability is above ½. Returns the fraction of weights that live.
  @discardableResult
  public func applyMask(drawing purpose: String? = nil, index: UInt32 = 0) -> Double {
    var (living, all) = (0, 0)
    for parameter in weights {
      let alive = mask(parameter, purpose, index)
      let count = alive.count { $0 }
      living += count
      all += alive.count
      let factor = factor(living: count, of: alive.count)
      var k = 0
      parameter.forEachIndex { place in
        network.parameters.start[place] = alive[k] ? fixed.start[place] * factor : 0
        k += 1
      }
    }
    return Double(living) / Double(max(1, all))
  }

  /// What living weights are multiplied by, so that activations keep their size.
  private func factor(living: Int, of count: Int) -> Float {
    guard rescales, living > 0 else { return 1 }
    switch kind {
    case .bernoulli: return Float(count) / Float(living)
    case .edgePopup(let keep): return Float((1 / keep).squareRoot())
    }
  }

  private func mask(_ parameter: Parameter, _ purpose: String?, _ index: UInt32) -> [Bool] {
    switch kind {
    case .bernoulli:
      var alive: [Bool] = []
      alive.reserveCapacity(parameter.count)
      var stream = purpose.map { RandomStream(seed: seed, purpose: "\($0)/\(parameter.name)", index: index) }
      parameter.forEachIndex { place in
        let score = scores.start[place]
        guard let word = stream?.next() else {
          alive.append(score > 0)
          return
        }
        let probability = 1 / (1 + Elementary.exp(-Double(score)))
        probabilities[place] = probability
        alive.append(Double(word) * 0x1p-32 < probability)
      }
      return alive
    case .edgePopup(let keep):
      // Sizes of numbers are ordered as their bits are.
      var sizes: [UInt32] = []
      sizes.reserveCapacity(parameter.count)
      parameter.forEachIndex { sizes.append(abs(scores.start[$0]).bitPattern) }
      var (least, equals) = leastOfLargest(sizes, count: max(1, Int((keep * Double(sizes.count)).rounded())))
      return sizes.map { size in
        guard size == least else { return size > least }
        equals -= 1
        return equals >= 0
      }
    }
  }

  private func fillScoreGradient() {
    for parameter in weights {
      parameter.forEachIndex { place in
        let slope = network.gradient.start[place] * fixed.start[place]
        switch kind {
        case .bernoulli:
          let p = probabilities[place]
          scoreGradient.start[place] = slope * Float(p * (1 - p))
        case .edgePopup: scoreGradient.start[place] = scores.start[place] < 0 ? -slope : slope
        }
      }
    }
  }

  private func update(rate: Double) {
    let rule: UpdateRule
    if options.optimizer == .adam {
      betaPowers = (betaPowers.0 * options.beta1, betaPowers.1 * options.beta2)
      rule = .adam(
        AdamStep(
          rate: Float(rate), beta1: Float(options.beta1), beta2: Float(options.beta2),
          epsilon: Float(options.epsilon), firstCorrection: Float(1 / (1 - betaPowers.0)),
          secondCorrection: Float(1 / (1 - betaPowers.1)), decay: Float(options.weightDecay)))
    } else {
      rule = .sgd(
        SGDStep(
          rate: Float(rate), momentum: Float(options.momentum), nesterov: options.nesterov,
          decay: Float(options.weightDecay)))
    }
    network.kernels.update(
      scores.count, scores.start, scoreGradient.start,
      ParameterUpdate(rule, first: momentum.start, second: second.start))
  }
}

/// The least of the `count` largest values, and how many of those are equal to it.
///
/// Two counts, of the upper and of the lower halves of the values, take the place of sorting.
func leastOfLargest(_ values: [UInt32], count: Int) -> (least: UInt32, equals: Int) {
  /// The highest place at which, counted from the top, `wanted` are reached, and how many of them that place has to give.
  func place(_ counts: [Int], _ wanted: Int) -> (place: Int, given: Int) {
    var rest = wanted
    for place in counts.indices.reversed() {
      if rest <= counts[place] { return (place, rest) }
      rest -= counts[place]
    }
    return (0, rest)
  }
  var counts = [Int](repeating: 0, count: 1 << 16)
  for value in values { counts[Int(value >> 16)] += 1 }
  let (upper, wanted) = place(counts, count)
  for index in counts.indices { counts[index] = 0 }
  for value in values where Int(value >> 16) == upper { counts[Int(value & 0xFFFF)] += 1 }
  let (lower, equals) = place(counts, wanted)
  return (UInt32(upper) << 16 | UInt32(lower), equals)
}
