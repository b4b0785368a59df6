// Serves execute: the training loop of one run.
import BitExact
import KernelTable

/// The order in which examples are visited: one random permutation an epoch, joined end to end, so that every batch
/// is full.
public struct BatchOrder {
  private let count: Int
  private let seed: UInt64
  private let purpose: String
  private let shuffles: Bool
  private var epoch: UInt32 = 0
  private var order: [Int] = []
  private var next = 0

  /// Opens the order of `count` examples for a seed; without `shuffles` every epoch is in the order of the data.
  public init(count: Int, seed: UInt64, purpose: String = "order", shuffles: Bool = true) {
    self.count = count
    self.seed = seed
    self.purpose = purpose
    self.shuffles = shuffles
  }

  /// Fills `batch` with the next examples.
  public mutating func fill(_ batch: inout [Int]) {
    for i in batch.indices {
      if next == order.count {
        var stream = RandomStream(seed: seed, purpose: purpose, index: epoch)
        if order.isEmpty { order = Array(0..<count) } else { for j in 0..<count { order[j] = j } }
        if shuffles { stream.shuffle(&order) }
        epoch += 1
        next = 0
      }
      batch[i] = order[next]
      next += 1
    }
  }
}

/// One step of a training.
public struct TrainingUpdate {
  /// Steps taken before it.
  public var step: Int
  /// The rows of the batch.
  public var batch: [Int]
  /// The learning rate, that of no group.
  public var rate: Double
  /// The momentum.
  public var momentum: Double
}

/// What is called around every update of a training.
public struct UpdateObserver {
  /// The network's gradient is that of the batch, its parameters have not moved.
  public var before: (TrainingUpdate) -> Void
  /// The parameters have moved; the gradient is still that from before, scaled as the rule may have done.
  public var after: (TrainingUpdate) -> Void

  /// Observes with two functions.
  public init(before: @escaping (TrainingUpdate) -> Void, after: @escaping (TrainingUpdate) -> Void) {
    self.before = before
    self.after = after
  }
}

/// Trains one network; the caller watches at the steps it asks for.
public struct Trainer {
  /// The network being trained.
  public let network: Network
  /// How it is trained.
  public let options: TrainOptions
  /// 1 where a weight may live and 0 where it is pruned, laid out as the parameters; `nil` for a dense network.
  public var mask: Buffer?
  /// 1 where a parameter is trained and 0 where it keeps its value, laid out as the parameters; `nil` for all.
  public var trainableMask: Buffer?
  /// What the batch order is keyed by.
  public var orderPurpose = "order"
  /// Told of every update when its gradient is known and nothing has moved, and again after it.
  public var updates: UpdateObserver?
  /// Steps that count as done: the schedule and the order of examples go on from here.
  public var firstStep = 0
  /// Where states are saved, and one to go on from.
  public var checkpoints: TrainingCheckpoints?

  /// Prepares a training.
  public init(_ network: Network, _ options: TrainOptions, mask: Buffer? = nil) {
    self.network = network
    self.options = options
    self.mask = mask
  }

  /// Trains on `data` and calls `watch` before the first step and after every step that `watches` selects; `watch`
  /// returns false to end the training. The last step is always watched.
  ///
  /// - Returns: the number of steps taken, those before `firstStep` included.
  @discardableResult
  public func run(
    _ data: ExampleMatrix, seed: UInt64, watches: (Int) -> Bool, watch: (_ step: Int) throws -> Bool
  ) rethrows -> Int {
    if let mask { network.kernels.mask(mask.count, network.parameters.start, mask.start) }
    network.keepOnly(mask)
    defer { network.keepOnly(nil) }
    network.augmentation = options.augmentation
    let size = min(options.batch ?? data.count, data.count)
    let stepsPerEpoch = (data.count + size - 1) / size
    let optimizer = Optimizer(options, layout: network.layout)
    let frozen = FrozenParameters(network, trainableMask ?? randomMask(seed: seed), options)
    let perturbation = options.sharpnessRadius > 0 ? Buffer(network.parameters.count) : nil
    // Nobody looks at the gradient of a step that is not watched.
    let isPlain = mask == nil && frozen == nil && perturbation == nil && updates == nil
    var order = BatchOrder(count: data.count, seed: seed, purpose: orderPurpose, shuffles: options.shuffles)
    var batch = Array(0..<size)
    let resumed = checkpoints?.restore(network, optimizer.memory)
    if let resumed { optimizer.powers = resumed.powers }
    let start = resumed?.step ?? firstStep
    if size < data.count { for _ in 0..<start { order.fill(&batch) } }
    if resumed == nil { guard try watch(firstStep) else { return firstStep } }
    for step in start..<max(start, options.steps) {
      if size < data.count { order.fill(&batch) }
      network.setDraw(seed: seed, step: step)
      let rate = options.rate(step: step, stepsPerEpoch: stepsPerEpoch)
      let momentum = options.momentum(epoch: step / stepsPerEpoch)
      let done = step + 1
      let isWatched = watches(done) || done == options.steps
      if isPlain, !isWatched {
        optimizer.step(network, data, batch, rate: rate, momentum: momentum)
      } else {
        computeGradient(data, batch, frozen, perturbation)
        let update = TrainingUpdate(step: step, batch: batch, rate: rate, momentum: momentum)
        updates?.before(update)
        optimizer.step(network, rate: rate, momentum: momentum)
        frozen?.restore(network)
        updates?.after(update)
      }
      if isWatched {
        guard try watch(done) else { return done }
      }
      if let checkpoints, checkpoints.isDue(done) {
        checkpoints.save(network, optimizer.memory, optimizer.powers, step: done)
      }
    }
    return max(start, options.steps)
  }

  /// The gradient at the parameters, or, for sharpness-aware minimisation, at the nearby point
  /// w + ρ·∇L(w)/‖∇L(w)‖ (Foret et al. 2021, equation 2).
  private func computeGradient(
    _ data: ExampleMatrix, _ batch: [Int], _ frozen: FrozenParameters?, _ perturbation: Buffer?
  ) {
    computeGradient(data, batch, frozen)
    guard let saved = perturbation else { return }
    let norm = network.layout.distance(network.gradient)
    guard norm > 0 else { return }
    saved.copy(from: network.parameters)
    let factor = Float(options.sharpnessRadius / norm)
    for i in 0..<saved.count { network.parameters.start[i] += factor * network.gradient.start[i] }
    computeGradient(data, batch, frozen)
    network.parameters.copy(from: saved)
  }

  private func computeGradient(_ data: ExampleMatrix, _ batch: [Int], _ frozen: FrozenParameters?) {
    if let mask {
      network.computeGradient(data, batch, keepingOnly: mask)
    } else {
      network.computeGradient(data, batch)
    }
    frozen?.maskGradient(network)
  }

  /// Chooses the trained weights of `Trainable.randomWeights`.
  private func randomMask(seed: UInt64) -> Buffer? {
    guard case .randomWeights(let selector) = options.trainable else { return nil }
    let layout = network.layout
    let count = layout.parameters.filter { selector.contains($0) }.reduce(0) { $0 + $1.count }
    var places: [Int] = []
    for parameter in layout.parameters where parameter.kind == .weight {
      parameter.forEachIndex { places.append($0) }
    }
    var stream = RandomStream(seed: seed, purpose: "trainable-weights")
    stream.shuffle(&places)
    let mask = Buffer(layout.size)
    for place in places.prefix(count) { mask.start[place] = 1 }
    return mask
  }
}

/// Parameters that keep their values one by one, whatever the update rule does.
private final class FrozenParameters {
  private let mask: Buffer
  private let values: Buffer?

  init?(_ network: Network, _ mask: Buffer?, _ options: TrainOptions) {
    guard let mask else { return nil }
    self.mask = mask
    // Without decay a parameter with zero gradient does not move.
    let decays = options.weightDecay != 0 || options.groups.contains { ($0.weightDecay ?? 0) != 0 }
    values = decays ? network.parameters.duplicate() : nil
  }

  func maskGradient(_ network: Network) {
    network.kernels.scale(mask.count, network.gradient.start, mask.start)
  }

  func restore(_ network: Network) {
    guard let values else { return }
    for i in 0..<mask.count where mask.start[i] == 0 { network.parameters.start[i] = values.start[i] }
  }
}

/// Digests of the weights at step 0, every power of two, and the last step, so that a difference between two
/// trainings can be dated.
public struct DigestTrail: Sendable {
  /// Step and SHA-256 of the parameters, in order of steps.
  public private(set) var entries: [(step: Int, digest: String)] = []

  /// Starts with no digests.
  public init() {}

  /// Goes on from these.
  init(entries: [(step: Int, digest: String)]) { self.entries = entries }

  /// Whether the trail has an entry for a step.
  public static func marks(_ step: Int) -> Bool { step & (step - 1) == 0 }

  /// Adds the digest of the network's parameters.
  public mutating func add(step: Int, _ network: Network) {
    if entries.last?.step == step { return }
    entries.append((step, network.layout.digest(network.parameters)))
  }
}
