// Serves plan and execute: what every protocol and every measurement provides.
import Datasets
import KernelTable
import Specification
import Tables
import Training

/// One of the tables that the runs of an experiment fill.
public struct TableDeclaration: Sendable {
  /// What follows the experiment's id: empty for the main table, else `history` and the like.
  public var suffix: String
  /// One sentence for the reference.
  public var doc: String
  /// Coordinates of a row besides the experiment's axes and the seed.
  public var axes: [Column]
  /// What is measured.
  public var metrics: [Column]
}

extension TableDeclaration {
  /// The same table with only these metrics.
  func recording(_ names: [String]) -> TableDeclaration {
    var copy = self
    copy.metrics = metrics.filter { names.contains($0.name) }
    return copy
  }
}

/// The rows of one table from one run.
public struct RunTable: Sendable, Hashable {
  /// Names of the columns: axes, then metrics.
  public var columns: [String]
  /// The rows.
  public var rows: [[Cell]]

  init(_ declaration: TableDeclaration) {
    columns = (declaration.axes + declaration.metrics).map(\.name)
    rows = []
  }
}

/// What a run yields.
public struct RunResult: Sendable {
  /// Rows by the table's suffix; the main table has the empty suffix and one row.
  public var tables: [String: RunTable] = [:]
  /// Digests of the weights at some steps, in order.
  public var digests: [(step: Int, digest: String)] = []
}

/// What a run works with.
public struct RunContext {
  /// The specification.
  public let configuration: Configuration
  /// The seed, from 1.
  public let seed: Int
  /// The datasets of this process.
  public let library: DatasetLibrary
  /// Told now and then how many of the run's steps are done; throws to give the run up.
  public let progress: (_ done: Int, _ total: Int) throws -> Void
  /// Where a long run saves its state; `nil` when it need not.
  public let checkpoints: RunCheckpoints?

  /// Prepares a run.
  public init(
    configuration: Configuration, seed: Int, library: DatasetLibrary, checkpoints: RunCheckpoints? = nil,
    progress: @escaping (Int, Int) throws -> Void = { _, _ in }
  ) {
    self.checkpoints = checkpoints
    self.configuration = configuration
    self.seed = seed
    self.library = library
    self.progress = progress
  }

  /// The seed as the streams take it.
  var streamSeed: UInt64 { UInt64(max(0, seed)) }
}

/// Where a run saves its state now and then, so that an interrupted one need not start again.
///
/// A protocol that runs one training hands it to `ObservedTraining.checkpoints`; going on from a saved state gives the same
/// bits as not having stopped.
public struct RunCheckpoints {
  /// The state that an interrupted run left.
  public let saved: [UInt8]?
  /// Whether it is time to save; may read a clock, as saving changes no number.
  public let isDue: (_ step: Int) -> Bool
  /// Keeps a state.
  public let save: ([UInt8]) -> Void

  /// Collects the hooks.
  public init(saved: [UInt8]?, isDue: @escaping (_ step: Int) -> Bool, save: @escaping ([UInt8]) -> Void) {
    self.saved = saved
    self.isDue = isDue
    self.save = save
  }
}

/// A way of running an experiment. Adding one means adding one type, and its name to `runProtocols`.
protocol RunProtocol: Sendable {
  /// Its name, documentation and options.
  static var record: Record { get }
  /// Reads resolved options.
  init(_ value: Value) throws
  /// Whether runs need `model` and `train`.
  static var trainsModel: Bool { get }
  /// Whether probes look into its training.
  static var takesProbes: Bool { get }
  /// The datasets that it works on.
  static var datasets: [DatasetName] { get }
  /// The tables of its runs; the first is the main one.
  static var tables: [TableDeclaration] { get }
  /// Runs once.
  func run(_ context: RunContext) throws -> RunResult
  /// The tables of runs of one specification; those of the type, with the metrics that only it asks for.
  func tables(_ configuration: Configuration) -> [TableDeclaration]
  /// What no single option can say about a specification of this protocol, as `complaints`.
  static func check(_ value: Value, _ complaints: inout Complaints)
  /// Training steps of one run and floating-point operations of one run, for estimates.
  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost
}

extension RunProtocol {
  func tables(_ configuration: Configuration) -> [TableDeclaration] { Self.tables }
  static func check(_ value: Value, _ complaints: inout Complaints) {}
  static var takesProbes: Bool { false }
}

extension RunMeasurement {
  static func check(_ value: Value, _ complaints: inout Complaints) {}
}

/// Mistakes that a protocol or measurement finds in a specification, for the planner to place.
struct Complaints {
  /// One mistake; `key` is the part of the specification that it lies in (`data`, `protocol`, …).
  struct Complaint {
    var rule: String
    var message: String
    var key: String
    var expected: String?
  }

  private(set) var all: [Complaint] = []

  mutating func add(_ rule: String, _ message: String, in key: String, expected: String? = nil) {
    all.append(Complaint(rule: rule, message: message, key: key, expected: expected))
  }

  /// Complains when a dataset has no validation part.
  mutating func requireValidation(_ value: Value, for name: String) {
    if value["data"]?["validation"] == nil {
      add(
        "missing-key", "\(name) needs validation data", in: "data",
        expected: "validation: a number of examples")
    }
  }
}

/// What a run will cost.
public struct RunCost: Sendable, Hashable {
  /// Training steps.
  public var steps: Double
  /// Floating-point operations, the matrix products' 2·m·n·k and little else.
  public var operations: Double

  /// A cost of so many steps and operations.
  public init(steps: Double, operations: Double) {
    self.steps = steps
    self.operations = operations
  }
}

/// Something measured of a trained network, into a table of its own.
protocol RunMeasurement: Sendable {
  /// Its name, documentation and options.
  static var record: Record { get }
  /// Reads resolved options.
  init(_ value: Value) throws
  /// Its table.
  static var table: TableDeclaration { get }
  /// What no single option can say about a specification with this measurement, as `complaints`.
  static func check(_ value: Value, _ complaints: inout Complaints)
  /// Measures.
  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable
  /// Examples that pass through the network, for estimates.
  func examples(_ data: DatasetDescription) -> Int
}

/// The protocols of the language.
let runProtocols: [any RunProtocol.Type] = [
  Train.self, IterativePruning.self, PruneAndFineTune.self, PruneAtInitialization.self, TicketMovement.self,
  UntrainedMasks.self, LearnMask.self,
  SeparableDescentProtocol.self, Separability.self, LinearRegression.self, FeatureRegression.self,
  MemorizationCapacity.self, Transfer.self, Interpolation.self, RepresentationSimilarity.self,
  FrequencyFit.self,
]

/// The measurements of the language.
let runMeasurements: [any RunMeasurement.Type] = [
  InferenceModes.self, NoiseRobustness.self, Complexity.self, NeuralCollapse.self, InputSpectrum.self,
  InputSensitivity.self, Rescaling.self, PACBayes.self, Curvature.self, KeskarSharpness.self, Landscape.self,
  NormScales.self, NormUnits.self, VarianceShift.self,
]

/// The data of a run, laid out for the kernels.
final class TrainingData {
  let train: ExampleMatrix
  let validation: ExampleMatrix
  let test: ExampleMatrix
  let classes: Int
  /// Shape of one input.
  let shape: FeatureShape
  /// Rows of `train` whose label was drawn at random, and the others.
  let noisyRows: [Int]
  let cleanRows: [Int]
  /// The rows with a randomly drawn label, with their true labels.
  private(set) lazy var noisyTrue = train.selecting(noisyRows, labels: trueLabels)
  /// The labels of `train` before label noise.
  let trueLabels: [Int32]

  convenience init(_ split: DataSplit) {
    func matrix(_ data: LabelledData) -> ExampleMatrix {
      ExampleMatrix(
        inputs: data.channelsLast, labels: data.labels, features: data.inputCount,
        targets: data.targets ?? [],
        targetCount: data.targets == nil ? 0 : data.classes)
    }
    self.init(
      train: matrix(split.train), validation: matrix(split.validation), test: matrix(split.test),
      classes: split.train.classes, shape: .input(split.train.shape), trueLabels: split.trueTrainLabels,
      isNoisy: split.isNoisy)
  }

  private init(
    train: ExampleMatrix, validation: ExampleMatrix, test: ExampleMatrix, classes: Int, shape: FeatureShape,
    trueLabels: [Int32], isNoisy: [Bool]
  ) {
    self.train = train
    self.validation = validation
    self.test = test
    self.classes = classes
    self.shape = shape
    self.trueLabels = trueLabels
    noisyRows = isNoisy.indices.filter { isNoisy[$0] }
    cleanRows = isNoisy.isEmpty ? Array(0..<train.count) : isNoisy.indices.filter { !isNoisy[$0] }
  }

  /// The same with only the first training examples.
  func prefix(_ count: Int) -> TrainingData {
    let noisy = Set(noisyRows)
    return TrainingData(
      train: train.selecting(Array(0..<count), labels: train.labels), validation: validation, test: test,
      classes: classes, shape: shape, trueLabels: Array(trueLabels.prefix(count)),
      isNoisy: noisy.isEmpty ? [] : (0..<count).map { noisy.contains($0) })
  }

  /// The same with other training labels, none of which counts as noisy.
  func relabelled(_ labels: [Int32]) -> TrainingData {
    TrainingData(
      train: train.selecting(Array(0..<train.count), labels: labels), validation: validation, test: test,
      classes: classes, shape: shape, trueLabels: labels, isNoisy: [])
  }
}

extension ExampleMatrix {
  /// Some rows, with labels of the caller's (one for each row of the whole); targets go along.
  func selecting(_ rows: [Int], labels: [Int32]) -> ExampleMatrix {
    var inputs: [Float] = []
    inputs.reserveCapacity(rows.count * features)
    for row in rows {
      for column in 0..<features { inputs.append(self.inputs.start[row * stride + column]) }
    }
    return withInputs(inputs, rows: rows, labels: labels)
  }

  /// The targets of some rows, one after the other; empty for classification.
  private func targetValues(_ rows: [Int]) -> [Float] {
    guard let targets else { return [] }
    return rows.flatMap { row in
      (0..<targetCount).map { targets.start[row * paddedWidth(targetCount) + $0] }
    }
  }

  /// Rows with other inputs, one after the other, `features` numbers each.
  func withInputs(_ inputs: [Float], rows: [Int], labels: [Int32]) -> ExampleMatrix {
    ExampleMatrix(
      inputs: inputs, labels: rows.map { labels[$0] }, features: features, targets: targetValues(rows),
      targetCount: targetCount)
  }
}

extension LabelledData {
  /// The inputs with the channels of each position beside one another, as the kernels want them.
  fileprivate var channelsLast: [Float] {
    guard shape.count == 3, shape[0] > 1 else { return inputs }
    let (channels, positions) = (shape[0], shape[1] * shape[2])
    var result = [Float](repeating: 0, count: inputs.count)
    for row in 0..<count {
      for channel in 0..<channels {
        for position in 0..<positions {
          let base = row * channels * positions
          result[base + position * channels + channel] = inputs[base + channel * positions + position]
        }
      }
    }
    return result
  }
}
