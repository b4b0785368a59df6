// Serves execute: the records of a training as part of its saved state.
import Tables
import Training

extension ObservedTraining {
  /// The hooks of a training with this observer's records in its state.
  func trainingCheckpoints(_ checkpoints: RunCheckpoints) -> TrainingCheckpoints {
    TrainingCheckpoints(
      saved: checkpoints.saved, isDue: checkpoints.isDue, save: checkpoints.save,
      watcherState: { self.state }, restoreWatcher: { self.restore($0) })
  }

  /// Everything that records made so far contribute to the result.
  private var state: [UInt8] {
    var writer = StateWriter()
    trail.write(to: &writer)
    writer.add(history.rows.count)
    for row in history.rows { writer.add(row) }
    writer.add(best == nil ? 0 : 1)
    if let best {
      writer.add(best.step)
      writer.add(best.loss)
      writer.add(best.state)
    }
    writer.add(stepsToFit ?? -1)
    writer.add(bestTest?.step ?? -1)
    writer.add(bestTest?.accuracy ?? 0)
    writer.add(reached.count)
    for entry in reached.sorted(by: { $0.key < $1.key }) {
      writer.add(entry.key)
      writer.add(entry.value)
    }
    writer.add(captured.count)
    for entry in captured.sorted(by: { $0.key < $1.key }) {
      writer.add(entry.key)
      writer.add(entry.value)
    }
    return writer.bytes
  }

  /// Puts the records back; false, and nothing changed, when the bytes are not a state.
  private func restore(_ bytes: [UInt8]) -> Bool {
    var reader = StateReader(bytes)
    let columns = history.columns.count
    guard let trail = DigestTrail(&reader), let rows = reader.list({ $0.row(columns) }),
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
      let reached = reader.list({ reader in
        reader.text().flatMap { name in reader.number().map { (name, $0) } }
      }),
      let captured = reader.list({ reader in
        reader.integer().flatMap { step in reader.networkState().map { (step, $0) } }
      }), reader.isAtEnd
    else { return false }
    self.trail = trail
    history.rows = rows
    self.best = best
    stepsToFit = fit < 0 ? nil : fit
    bestTest = bestStep < 0 ? nil : (bestStep, bestAccuracy)
    self.reached = Dictionary(reached) { $1 }
    self.captured = Dictionary(captured) { $1 }
    return true
  }
}

extension StateWriter {
  fileprivate mutating func add(_ row: [Cell]) {
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
  fileprivate mutating func row(_ columns: Int) -> [Cell]? {
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

  fileprivate mutating func networkState() -> NetworkState? {
    guard let parameters = buffer(), let statistics = list({ $0.buffer() }) else { return nil }
    return NetworkState(parameters: parameters, statistics: statistics)
  }
}
