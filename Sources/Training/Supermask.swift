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
  /// Which weights of the parameter at hand live.
  private var alive: [Bool]
  /// A random word, or |score| as bits, for each weight of the parameter at hand.
  private var words: [UInt32]
  /// One score a weight, laid out as the parameters.
  public let scores: Buffer
  /// Where states are saved, and one to go on from.
  public var checkpoints: TrainingCheckpoints?

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
    let largest = weights.map(\.count).max() ?? 0
    alive = [Bool](repeating: false, count: largest)
    words = [UInt32](repeating: 0, count: largest)
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
    let memory = [scores, momentum, second]
    let resumed = checkpoints?.restore(network, memory)
    if let resumed { betaPowers = resumed.powers }
    let start = resumed?.step ?? 0
    if size < data.count { for _ in 0..<start { order.fill(&batch) } }
    if resumed == nil { guard try watch(0) else { return } }
    for step in start..<max(start, options.steps) {
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
      if let checkpoints, checkpoints.isDue(done) {
        checkpoints.save(network, memory, betaPowers, step: done)
      }
    }
  }

  /// Puts the masked weights into the network; a Bernoulli mask is drawn from a stream, or without one keeps every
  /// weight whose probability is above ½. Returns the fraction of weights that live.
  @discardableResult
  public func applyMask(drawing purpose: String? = nil, index: UInt32 = 0) -> Double {
    var (living, all) = (0, 0)
    for parameter in weights {
      let count: Int
      switch kind {
      case .bernoulli: count = drawMask(parameter, purpose, index)
      case .edgePopup(let keep): count = keepLargest(parameter, keep)
      }
      living += count
      all += parameter.count
      write(parameter, factor(living: count, of: parameter.count))
    }
    return Double(living) / Double(max(1, all))
  }

  /// The living weights times `factor`, and zeros.
  private func write(_ parameter: Parameter, _ factor: Float) {
    let (target, source) = (network.parameters.start, fixed.start)
    alive.withUnsafeBufferPointer { alive in
      var k = 0
      parameter.forEachIndex { place in
        target[place] = alive[k] ? source[place] * factor : 0
        k += 1
      }
    }
  }

  /// What living weights are multiplied by, so that activations keep their size.
  private func factor(living: Int, of count: Int) -> Float {
    guard rescales, living > 0 else { return 1 }
    switch kind {
    case .bernoulli: return Float(count) / Float(living)
    case .edgePopup(let keep): return Float((1 / keep).squareRoot())
    }
  }

  /// Lets each weight live with its probability; returns how many do.
  private func drawMask(_ parameter: Parameter, _ purpose: String?, _ index: UInt32) -> Int {
    guard let purpose else { return keepLikely(parameter) }
    var stream = RandomStream(seed: seed, purpose: "\(purpose)/\(parameter.name)", index: index)
    let scores = scores.start
    return words.withUnsafeMutableBufferPointer { words in
      if let words = words.baseAddress { stream.fill(words, count: parameter.count) }
      return alive.withUnsafeMutableBufferPointer { alive in
        probabilities.withUnsafeMutableBufferPointer { probabilities in
          var (k, living) = (0, 0)
          parameter.forEachIndex { place in
            let probability = 1 / (1 + Elementary.exp(-Double(scores[place])))
            probabilities[place] = probability
            alive[k] = Double(words[k]) * 0x1p-32 < probability
            living += alive[k] ? 1 : 0
            k += 1
          }
          return living
        }
      }
    }
  }

  /// Lets each weight live whose probability is above ½; returns how many there are.
  private func keepLikely(_ parameter: Parameter) -> Int {
    var (k, living) = (0, 0)
    parameter.forEachIndex { place in
      alive[k] = scores.start[place] > 0
      living += alive[k] ? 1 : 0
      k += 1
    }
    return living
  }

  /// Lets the fraction `keep` with the largest |score| live; returns how many do.
  private func keepLargest(_ parameter: Parameter, _ keep: Double) -> Int {
    let (count, scores) = (parameter.count, scores.start)
    let wanted = max(1, Int((keep * Double(count)).rounded()))
    words.withUnsafeMutableBufferPointer { sizes in
      alive.withUnsafeMutableBufferPointer { alive in
        // Sizes of numbers are ordered as their bits are.
        var k = 0
        parameter.forEachIndex { place in
          sizes[k] = scores[place].magnitude.bitPattern
          k += 1
        }
        let (least, equals) = leastOfLargest(UnsafeBufferPointer(rebasing: sizes[..<count]), count: wanted)
        var left = equals
        for k in 0..<count {
          alive[k] = sizes[k] > least || sizes[k] == least && left > 0
          left -= sizes[k] == least ? 1 : 0
        }
      }
    }
    return wanted
  }

  private func fillScoreGradient() {
    let (target, gradient) = (scoreGradient.start, network.gradient.start)
    let (fixed, scores) = (fixed.start, scores.start)
    probabilities.withUnsafeBufferPointer { probabilities in
      for parameter in weights {
        switch kind {
        case .bernoulli:
          parameter.forEachIndex { place in
            let p = probabilities[place]
            target[place] = gradient[place] * fixed[place] * Float(p * (1 - p))
          }
        case .edgePopup:
          parameter.forEachIndex { place in
            let slope = gradient[place] * fixed[place]
            target[place] = scores[place] < 0 ? -slope : slope
          }
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

/// The least of the `count` largest values, and how many of those are equal to it; 1 ≤ `count` ≤ the number of values.
///
/// Counts of eleven bits at a time, from the highest, take the place of sorting.
func leastOfLargest(_ values: UnsafeBufferPointer<UInt32>, count: Int) -> (least: UInt32, equals: Int) {
  var (least, wanted): (UInt32, Int) = (0, count)
  withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1 << 11) { counts in
    for (shift, bits) in [(21, 11), (10, 11), (0, 10)] {
      counts.initialize(repeating: 0)
      let mask = UInt32(1) << UInt32(bits) - 1
      for value in values where UInt64(value) >> UInt64(shift + bits) == UInt64(least) >> UInt64(shift + bits)
      {
        counts[Int(value >> UInt32(shift) & mask)] += 1
      }
      var digit = Int(mask)
      while digit > 0, wanted > Int(counts[digit]) {
        wanted -= Int(counts[digit])
        digit -= 1
      }
      least |= UInt32(digit) << UInt32(shift)
    }
  }
  return (least, wanted)
}
