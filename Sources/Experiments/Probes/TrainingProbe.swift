// Serves execute: what every probe of a running training provides, and how probes are run.
import BitExact
import Datasets
import Measurements
import Specification
import Tables
import Training

/// Something measured while a network is trained, into a table of its own with the axis `step`. Adding one means adding
/// one type, and its name to `trainingProbes`.
///
/// A row for step t is about the parameters after t steps, and about the update that follows them where it needs one.
protocol TrainingProbe: Sendable {
  /// Its name, documentation and options; among them `every`, from `everyField`.
  static var record: Record { get }
  /// Reads resolved options.
  init(_ value: Value) throws
  /// Its table; the first axis is `step`.
  static var table: TableDeclaration { get }
  /// What no single option can say about a specification with this probe, as `complaints`.
  static func check(_ value: Value, _ complaints: inout Complaints)
  /// Examples that it passes through the network at once.
  func rows(_ bench: ProbeBench) -> Int
  /// Rows of the table for the parameters before `update`, whose gradient is known; called before it is made.
  func measure(_ bench: ProbeBench, before update: TrainingUpdate) -> [ProbeRow]
  /// The same, called after it was made; `bench.before` has the parameters from before.
  func measure(_ bench: ProbeBench, after update: TrainingUpdate) -> [ProbeRow]
  /// Rows for the parameters after the last step.
  func measureAtEnd(_ bench: ProbeBench, step: Int) -> [ProbeRow]
  /// Work of one observation, in forward passes of one example; a gradient is three.
  func passes(_ setting: ProbeSetting) -> Double
}

/// Values of a row by column, without the step.
typealias ProbeRow = [String: Cell]

/// What the cost of a probe depends on.
struct ProbeSetting {
  /// Examples of a training batch.
  var batch: Double
  /// Training examples.
  var train: Double
  /// Layers with weights.
  var layers: Double
}

extension TrainingProbe {
  static func check(_ value: Value, _ complaints: inout Complaints) {}
  func rows(_ bench: ProbeBench) -> Int { 0 }
  func measure(_ bench: ProbeBench, before update: TrainingUpdate) -> [ProbeRow] { [] }
  func measure(_ bench: ProbeBench, after update: TrainingUpdate) -> [ProbeRow] { [] }
  func measureAtEnd(_ bench: ProbeBench, step: Int) -> [ProbeRow] { [] }
}

/// The probes of the language.
let trainingProbes: [any TrainingProbe.Type] = [
  GradientNorms.self, LandscapeAlongGradient.self, CovariateShift.self, UnitInputs.self, WeightGrowth.self,
  CurvatureProbe.self,
]

/// The option `probe` of the experiment block.
let probeField = Field(
  "probe", .list(.variant(tag: "name", trainingProbes.map { $0.record }), count: 0...20),
  doc: "Measurements during training, each with a table of its own; for the protocol `train`.",
  example: "[{name: gradient_norms, every: 20}]")

/// How often a probe looks.
let everyField = Field(
  "every", .integer(1...1_000_000_000), default: .value(20), unit: "steps",
  doc: "Steps between two observations, the first before the first step.", example: "20")

/// The column that every probe's table begins with.
let stepColumn = Column("step", .axis, unit: "steps", doc: "Steps taken so far.")

/// The column for layers with weights.
let layerColumn = Column(
  "layer", .axis, doc: "Number of the layer among those with weights, from 1 at the input.")

/// One probe of a specification.
struct ScheduledProbe: Sendable {
  let probe: any TrainingProbe
  /// Steps between observations.
  let every: Int

  var declaration: TableDeclaration { type(of: probe).table }

  init(_ value: Value) throws {
    guard let name = value["name"]?.string,
      let kind = trainingProbes.first(where: { $0.record.name == name })
    else { throw ConfigurationError(description: "unknown probe") }
    probe = try kind.init(value)
    every = value["every"]?.integer ?? 20
  }

  /// Forward passes of one example, or work as much as that, over a whole training.
  func passes(steps: Int, _ setting: ProbeSetting) -> Double {
    Double(1 + (steps - 1) / max(1, every)) * probe.passes(setting)
  }
}

/// What probes measure with.
final class ProbeBench {
  /// The network in training; probes must leave it as it is.
  let network: Network
  /// How it is trained.
  let options: TrainOptions
  /// The data.
  let data: TrainingData
  /// The seed of the streams.
  let seed: UInt64
  /// The parameters before the update, when a probe runs after it.
  let before: Buffer
  /// What `unit_inputs` saw last, by layer and place.
  var lastSummaries: [String: [UnitSummary]] = [:]
  private var made: Network?

  init(_ network: Network, _ options: TrainOptions, _ data: TrainingData, seed: UInt64) {
    self.network = network
    self.options = options
    self.data = data
    self.seed = seed
    before = Buffer(network.layout.size)
  }

  /// Makes a second network for passes of `rows` examples.
  func prepare(rows: Int) throws {
    do { made = rows > 0 ? try network.twin(capacity: rows) : nil } catch {
      throw ConfigurationError(description: "\(error)")
    }
  }

  /// A second network in the state of the first; `nil` when no probe said that it needs one.
  func twin() -> Network? {
    made?.adopt(network)
    return made
  }

  /// A stream of random numbers for a purpose; the same at every step, so that rows can be compared.
  func stream(_ purpose: String) -> RandomStream { RandomStream(seed: seed, purpose: "probe/\(purpose)") }
}

/// The probes of one training, with the rows that they make.
final class ProbeSeries {
  let bench: ProbeBench
  private let probes: [ScheduledProbe]
  /// The rows measured so far, a table a probe.
  var tables: [RunTable]

  /// Prepares the probes of a specification.
  init(_ probes: [ScheduledProbe], _ bench: ProbeBench) throws {
    self.probes = probes
    self.bench = bench
    tables = probes.map { RunTable($0.declaration) }
    try bench.prepare(rows: probes.map { $0.probe.rows(bench) }.max() ?? 0)
  }

  /// What the trainer calls; `nil` when there is nothing to do.
  var observer: UpdateObserver? {
    if probes.isEmpty { return nil }
    return UpdateObserver(before: { self.observe(before: $0) }, after: { self.observe(after: $0) })
  }

  /// The tables by suffix.
  var results: [String: RunTable] {
    Dictionary(uniqueKeysWithValues: zip(probes, tables).map { ($0.declaration.suffix, $1) })
  }

  private func observe(before update: TrainingUpdate) {
    guard probes.contains(where: { update.step % $0.every == 0 }) else { return }
    bench.before.copy(from: bench.network.parameters)
    each(update.step) { $0.measure(bench, before: update) }
  }

  private func observe(after update: TrainingUpdate) {
    each(update.step) { $0.measure(bench, after: update) }
  }

  private func each(_ step: Int, _ measure: (any TrainingProbe) -> [ProbeRow]) {
    for index in probes.indices where step % probes[index].every == 0 {
      add(measure(probes[index].probe), step, to: index)
    }
  }

  /// Called after the last step.
  func finish(_ step: Int) {
    for index in probes.indices { add(probes[index].probe.measureAtEnd(bench, step: step), step, to: index) }
  }

  private func add(_ rows: [ProbeRow], _ step: Int, to index: Int) {
    for row in rows {
      tables[index].rows.append(
        tables[index].columns.map { $0 == "step" ? .number(Double(step)) : row[$0] ?? .missing })
    }
  }
}

/// The first rows of the training data, all where there are fewer.
func firstRows(_ count: Int, of data: ExampleMatrix) -> [Int] { Array(0..<min(count, data.count)) }

/// How many examples a batch has.
func batchSize(_ bench: ProbeBench) -> Int {
  min(bench.options.batch ?? bench.data.train.count, bench.data.train.count)
}

/// Complains about probes that cannot be run, and about measurements where nothing would make them.
func checkProbes(_ value: Value, takesProbes: Bool, _ complaints: inout Complaints) {
  let probes = value["probe"]?.array ?? []
  for (key, what) in [("probe", "probes"), ("measure", "measurements")]
  where !takesProbes && value[key]?.array?.isEmpty == false {
    complaints.add(
      "unused-key", "the protocol '\(value["protocol"]?["name"]?.string ?? "")' has no \(what)", in: key,
      expected: "protocol: train")
  }
  let names = probes.compactMap { $0["name"]?.string }
  let tables = (value["measure"]?.array ?? []).compactMap { $0["name"]?.string } + names
  for (index, name) in tables.enumerated() where tables[..<index].contains(name) {
    complaints.add(
      "duplicate-name", "'\(name)' is there twice, and both would fill one table",
      in: names.contains(name) ? "probe" : "measure")
  }
  for probe in trainingProbes where names.contains(probe.record.name) { probe.check(value, &complaints) }
}

extension Configuration {
  /// Floating-point operations of all probes of one training.
  func probeCost(_ data: DatasetDescription) -> Double {
    guard let train, let size = modelSize(data), !probes.isEmpty else { return 0 }
    let layout = try? model.map { try ParameterLayout($0, input: .input(data.shape), classes: data.classes) }
    let setting = ProbeSetting(
      batch: Double(min(train.batch ?? data.train, data.train)), train: Double(data.train),
      layers: Double(layout?.weights.count ?? 0))
    return 2 * size.multiplications
      * probes.reduce(0) { $0 + $1.passes(steps: train.steps, setting) }
  }
}
