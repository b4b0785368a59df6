// Serves execute: what the saved state of a run holds besides its network: the records of a training, the probes of it,
// and the trainings before it.
import Measurements
import Tables
import Training

/// Where a run of several trainings saves its state: the outcomes of those that have ended, and the state of the one
/// under way.
///
/// A run that goes on runs its protocol from the start, which is quick between trainings; a training with a saved outcome
/// is not made again, it leaves the network as it did then.
struct SeriesCheckpoints {
  private let run: RunCheckpoints
  private let savedOutcomes: [[UInt8]]
  private let savedState: [UInt8]?
  private var outcomes: [[UInt8]] = []

  /// Reads the state that an interrupted run left; what is no state of a series is not used.
  init(_ run: RunCheckpoints) {
    self.run = run
    var reader = StateReader(run.saved ?? [])
    let outcomes = reader.text() == SeriesCheckpoints.label ? reader.list { $0.byteString() } : nil
    let state = outcomes == nil ? nil : reader.byteString()
    savedOutcomes = reader.isAtEnd ? outcomes ?? [] : []
    savedState = reader.isAtEnd ? state : nil
  }

  private static let label = "series"

  /// Makes the next training of the series, or puts network and records where it left them.
  mutating func make(_ training: ObservedTraining) throws {
    let index = outcomes.count
    let isSaved = savedOutcomes.indices.contains(index) && training.restoreOutcome(savedOutcomes[index])
    if !isSaved {
      training.checkpoints = hooks(saved: index == savedOutcomes.count ? savedState : nil)
      _ = try training.run()
    }
    outcomes.append(training.outcome)
  }

  private func hooks(saved: [UInt8]?) -> RunCheckpoints {
    RunCheckpoints(saved: saved, isDue: run.isDue) { [run, outcomes] state in
      var writer = StateWriter()
      writer.add(SeriesCheckpoints.label)
      writer.add(outcomes.count)
      for outcome in outcomes { writer.add(outcome) }
      writer.add(state)
      run.save(writer.bytes)
    }
  }
}

extension ObservedTraining {
  /// The hooks of a training with this observer's records in its state.
  func trainingCheckpoints(_ checkpoints: RunCheckpoints) -> TrainingCheckpoints {
    TrainingCheckpoints(
      saved: checkpoints.saved, isDue: checkpoints.isDue, save: checkpoints.save,
      watcherState: { self.state }, restoreWatcher: { self.restore($0) })
  }

  /// What a training that has ended leaves behind; nothing when somebody watched its records, who must see them again.
  fileprivate var outcome: [UInt8] {
    if atRecord != nil { return [] }
    var writer = StateWriter()
    writer.add(NetworkState(network))
    writer.add(final)
    return writer.bytes + state
  }

  /// Puts network and records where the training left them; false, and nothing changed, when the bytes are no outcome.
  fileprivate func restoreOutcome(_ bytes: [UInt8]) -> Bool {
    var reader = StateReader(bytes)
    guard let end = reader.networkState(), end.fits(network), let values = reader.values(),
      restore(reader.rest)
    else { return false }
    end.restore(network)
    final = values
    return true
  }

  /// Everything that records made so far contribute to the result.
  private var state: [UInt8] {
    var writer = StateWriter()
    trail.write(to: &writer)
    writer.add(history.rows)
    writer.add(best == nil ? 0 : 1)
    if let best {
      writer.add(best.step)
      writer.add(best.loss)
      writer.add(best.state)
    }
    writer.add(stepsToFit ?? -1)
    writer.add(bestTest?.step ?? -1)
    writer.add(bestTest?.accuracy ?? 0)
    writer.add(reached)
    writer.add(captured.count)
    for entry in captured.sorted(by: { $0.key < $1.key }) {
      writer.add(entry.key)
      writer.add(entry.value)
    }
    probes?.write(to: &writer)
    return writer.bytes
  }

  /// Puts the records back; false, and nothing changed, when the bytes are not a state.
  private func restore(_ bytes: [UInt8]) -> Bool {
    var reader = StateReader(bytes)
    guard let trail = DigestTrail(&reader), let rows = reader.rows(of: history),
      let hasBest = reader.integer()
    else { return false }
    var best: (step: Int, loss: Double, state: NetworkState)?
    if hasBest == 1 {
      guard let step = reader.integer(), let loss = reader.number(), let state = reader.networkState() else {
        return false
      }
      best = (step, loss, state)
    }
    guard let fit = reader.integer(), let bestStep = reader.integer(), let bestAccuracy = reader.number(),
      let reached = reader.values(),
      let captured = reader.list({ reader in
        reader.integer().flatMap { step in reader.networkState().map { (step, $0) } }
      }), probes?.restore(&reader) ?? true, reader.isAtEnd
    else { return false }
    self.trail = trail
    history.rows = rows
    self.best = best
    stepsToFit = fit < 0 ? nil : fit
    bestTest = bestStep < 0 ? nil : (bestStep, bestAccuracy)
    self.reached = reached
    self.captured = Dictionary(captured) { $1 }
    return true
  }
}

extension ProbeSeries {
  /// Appends the rows measured so far, and what `unit_inputs` saw last.
  fileprivate func write(to writer: inout StateWriter) {
    for table in tables { writer.add(table.rows) }
    writer.add(bench.lastSummaries.count)
    for entry in bench.lastSummaries.sorted(by: { $0.key < $1.key }) {
      writer.add(entry.key)
      writer.add(entry.value.count)
      for unit in entry.value {
        for number in [unit.p15, unit.p50, unit.p85, unit.mean, unit.variance] { writer.add(number) }
      }
    }
  }

  /// Puts them back; false, and nothing changed, when something else stands there.
  fileprivate func restore(_ reader: inout StateReader) -> Bool {
    var restored: [[[Cell]]] = []
    for table in tables {
      guard let rows = reader.rows(of: table) else { return false }
      restored.append(rows)
    }
    let summaries = reader.list { reader in
      reader.text().flatMap { key in reader.list { $0.unitSummary() }.map { (key, $0) } }
    }
    guard let summaries else { return false }
    for index in tables.indices { tables[index].rows = restored[index] }
    bench.lastSummaries = Dictionary(summaries) { $1 }
    return true
  }
}

/// The records of `learn-mask` as part of a saved state.
func maskRecords(_ trail: DigestTrail, _ history: RunTable, _ last: [String: Double]) -> [UInt8] {
  var writer = StateWriter()
  trail.write(to: &writer)
  writer.add(history.rows)
  writer.add(last)
  return writer.bytes
}

/// Puts the records back; false, and nothing changed, when the bytes are no such records.
func readMaskRecords(
  _ bytes: [UInt8], _ trail: inout DigestTrail, _ history: inout RunTable, _ last: inout [String: Double]
) -> Bool {
  var reader = StateReader(bytes)
  guard let entries = DigestTrail(&reader), let rows = reader.rows(of: history), let values = reader.values(),
    reader.isAtEnd
  else { return false }
  (trail, history.rows, last) = (entries, rows, values)
  return true
}

extension StateWriter {
  fileprivate mutating func add(_ values: [String: Double]) {
    add(values.count)
    for entry in values.sorted(by: { $0.key < $1.key }) {
      add(entry.key)
      add(entry.value)
    }
  }

  fileprivate mutating func add(_ rows: [[Cell]]) {
    add(rows.count)
    for row in rows { add(row) }
  }

  private mutating func add(_ row: [Cell]) {
    for cell in row {
      switch cell {
      case .missing: add(0)
      case .number(let number):
        add(1)
        add(number)
      case .text(let text):
        add(2)
        add(text)
      }
    }
  }

  fileprivate mutating func add(_ state: NetworkState) {
    add(state.parameters)
    add(state.statistics.count)
    for statistics in state.statistics { add(statistics) }
  }
}

extension StateReader {
  fileprivate mutating func values() -> [String: Double]? {
    list { reader in reader.text().flatMap { name in reader.number().map { (name, $0) } } }
      .map { Dictionary($0) { $1 } }
  }

  fileprivate mutating func rows(of table: RunTable) -> [[Cell]]? {
    list { $0.row(table.columns.count) }
  }

  private mutating func row(_ columns: Int) -> [Cell]? {
    var row: [Cell] = []
    for _ in 0..<columns {
      switch integer() {
      case 0: row.append(.missing)
      case 1:
        guard let number = number() else { return nil }
        row.append(.number(number))
      case 2:
        guard let text = text() else { return nil }
        row.append(.text(text))
      default: return nil
      }
    }
    return row
  }

  fileprivate mutating func unitSummary() -> UnitSummary? {
    guard let p15 = number(), let p50 = number(), let p85 = number(), let mean = number(),
      let variance = number()
    else { return nil }
    return UnitSummary(p15: p15, p50: p50, p85: p85, mean: mean, variance: variance)
  }

  fileprivate mutating func networkState() -> NetworkState? {
    guard let parameters = buffer(), let statistics = list({ $0.buffer() }) else { return nil }
    return NetworkState(parameters: parameters, statistics: statistics)
  }
}
