// Serves execute: the training loop of one run.
import BitExact
import KernelTable

/// The order in which examples are visited: one random permutation an epoch, joined end to end, so that every batch
/// is full.
public struct BatchOrder {
  private let count: Int
  private let seed: UInt64
  private let purpose: String
  private var epoch: UInt32 = 0
  private var order: [Int] = []
  private var next = 0

  /// Opens the order of `count` examples for a seed.
  public init(count: Int, seed: UInt64, purpose: String = "order") {
    self.count = count
    self.seed = seed
    self.purpose = purpose
  }

  /// Fills `batch` with the next examples.
  public mutating func fill(_ batch: inout [Int]) {
    for i in batch.indices {
      if next == order.count {
        var stream = RandomStream(seed: seed, purpose: purpose, index: epoch)
        if order.isEmpty { order = Array(0..<count) } else { for j in 0..<count { order[j] = j } }
        stream.shuffle(&order)
        epoch += 1
        next = 0
      }
      batch[i] = order[next]
      next += 1
    }
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
  /// What the batch order is keyed by.
  public var orderPurpose = "order"

  /// Prepares a training.
  public init(_ network: Network, _ options: TrainOptions, mask: Buffer? = nil) {
    self.network = network
    self.options = options
    self.mask = mask
  }

  /// Trains on `data` and calls `watch` before the first step and after every step that `watches` selects; `watch`
  /// returns false to end the training. The last step is always watched.
  ///
  /// - Returns: the number of steps taken.
  @discardableResult
  public func run(
    _ data: ExampleMatrix, seed: UInt64, watches: (Int) -> Bool, watch: (_ step: Int) throws -> Bool
  ) rethrows -> Int {
    if let mask { network.kernels.scale(mask.count, network.parameters.start, mask.start) }
    let size = min(options.batch ?? data.count, data.count)
    let stepsPerEpoch = (data.count + size - 1) / size
    let optimizer = Optimizer(options, size: network.layout.size)
    var order = BatchOrder(count: data.count, seed: seed, purpose: orderPurpose)
    var batch = Array(0..<size)
    guard try watch(0) else { return 0 }
    for step in 0..<options.steps {
      if size < data.count { order.fill(&batch) }
      network.computeGradient(data, batch)
      if let mask { network.kernels.scale(mask.count, network.gradient.start, mask.start) }
      let rate = options.schedule.rate(
        options.rate, step: step, steps: options.steps, stepsPerEpoch: stepsPerEpoch)
      optimizer.step(network, rate: rate)
      let done = step + 1
      if watches(done) || done == options.steps {
        guard try watch(done) else { return done }
      }
    }
    return options.steps
  }
}

/// Digests of the weights at step 0, every power of two, and the last step, so that a difference between two
/// trainings can be dated.
public struct DigestTrail: Sendable {
  /// Step and SHA-256 of the parameters, in order of steps.
  public private(set) var entries: [(step: Int, digest: String)] = []

  /// Starts with no digests.
  public init() {}

  /// Whether the trail has an entry for a step.
  public static func marks(_ step: Int) -> Bool { step & (step - 1) == 0 }

  /// Adds the digest of the network's parameters.
  public mutating func add(step: Int, _ network: Network) {
    if entries.last?.step == step { return }
    entries.append((step, network.layout.digest(network.parameters)))
  }
}
