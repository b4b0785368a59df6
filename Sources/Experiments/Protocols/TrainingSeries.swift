// Serves execute: protocols that train one network several times, from chosen starting points.
import BitExact
import Datasets
import Tables
import Training

/// Where a training starts from.
enum StartingPoint {
  /// Freshly drawn weights of the stream `purpose`; `init` for those that every protocol starts from.
  case drawn(purpose: String)
  /// Kept weights.
  case state(NetworkState)
  /// The usual initial weights, each replaced by ±σ of its layer's initial weights (Zhou et al. 2019).
  case constants(signs: ConstantSigns)

  /// The initial weights of the run.
  static var initial: StartingPoint { .drawn(purpose: "init") }

  /// Where the signs of constants come from.
  enum ConstantSigns {
    /// From the initial weights.
    case kept
    /// From fair coins of a stream.
    case random(purpose: String)
  }
}

/// The trainings of one run, one after the other on one network.
struct TrainingSeries {
  let network: Network
  let options: TrainOptions
  let data: TrainingData
  let context: RunContext
  /// Steps of all trainings, for progress.
  let steps: Int
  private(set) var done = 0
  /// Digests of all trainings; steps count on from one to the next.
  private(set) var digests: [(step: Int, digest: String)] = []
  private var checkpoints: SeriesCheckpoints?

  /// Prepares `trainings` times the steps of the specification's training, and `further` steps, with batches of at most
  /// the specification's size or `largestBatch`.
  init(_ context: RunContext, trainings: Int, further: Int = 0, largestBatch: Int = 0) throws {
    data = TrainingData(try context.library.load(context.configuration.data, seed: context.streamSeed))
    let (network, options) = try context.makeNetwork(for: data, rows: largestBatch)
    self.network = network
    self.options = options
    self.context = context
    steps = trainings * options.steps + further
    checkpoints = context.checkpoints.map(SeriesCheckpoints.init)
  }

  /// Brings the network to a starting point.
  func begin(_ start: StartingPoint) {
    switch start {
    case .drawn(let purpose): network.initialize(seed: context.streamSeed, purpose: purpose)
    case .state(let state): state.restore(network)
    case .constants(let signs):
      network.initialize(seed: context.streamSeed)
      setConstants(signs)
    }
  }

  private func setConstants(_ signs: StartingPoint.ConstantSigns) {
    for parameter in network.layout.parameters where parameter.kind == .weight {
      let size = deviation(parameter)
      var stream: RandomStream?
      if case .random(let purpose) = signs {
        stream = RandomStream(seed: context.streamSeed, purpose: "\(purpose)/\(parameter.name)")
      }
      parameter.forEachIndex { place in
        let isNegative = stream != nil ? stream?.below(2) == 1 : network.parameters.start[place] < 0
        network.parameters.start[place] = isNegative ? -size : size
      }
    }
  }

  /// σ of a layer's weights, the root of their mean square about their mean.
  private func deviation(_ parameter: Parameter) -> Float {
    var values: [Double] = []
    parameter.forEachIndex { values.append(Double(network.parameters.start[$0])) }
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))
    return Float(variance.squareRoot())
  }

  /// Trains from a starting point; `configure` may set what the training watches.
  @discardableResult
  mutating func train(
    from start: StartingPoint = .initial, mask: PruningMask? = nil, options: TrainOptions? = nil,
    data: TrainingData? = nil, configure: (ObservedTraining) -> Void = { _ in }
  ) throws -> ObservedTraining {
    begin(start)
    let options = options ?? self.options
    let training = ObservedTraining(network, options, data ?? self.data, context, mask: mask?.values)
    training.progressOffset = (done, steps)
    configure(training)
    if checkpoints != nil { try checkpoints?.make(training) } else { _ = try training.run() }
    digests += training.trail.entries.map { (done + $0.step, $0.digest) }
    done += options.steps
    return training
  }

  /// Trains only the weights of `free`; all others, biases and normalisation included, keep the values that they start
  /// with, those of `pruned` at zero.
  mutating func trainOnly(
    _ free: PruningMask, from start: StartingPoint = .initial, trainsVectors: Bool = true
  ) throws -> ObservedTraining {
    begin(start)
    let network = network
    let fixed = network.parameters.duplicate()
    var places: [Int] = []
    for parameter in network.layout.parameters {
      parameter.forEachIndex { place in
        let isFree = parameter.kind == .weight ? free.values.start[place] != 0 : trainsVectors
        if !isFree { places.append(place) }
      }
    }
    return try train(from: .state(NetworkState(network))) { training in
      training.afterStep = {
        for place in places { network.parameters.start[place] = fixed.start[place] }
      }
    }
  }
}

extension Configuration {
  /// Examples that a forward pass over training and test data reads, as operations.
  func evaluationCost(_ examples: Int, _ data: DatasetDescription) -> Double {
    2 * (modelSize(data)?.multiplications ?? 0) * Double(examples)
  }

  /// Several trainings and some evaluations.
  func seriesCost(trainings: Double, examples: Int, _ data: DatasetDescription) -> RunCost {
    let one = trainingCost(data)
    return RunCost(
      steps: one.steps * trainings, operations: one.operations * trainings + evaluationCost(examples, data))
  }
}
