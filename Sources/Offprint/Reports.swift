// Serves the commands plan, check and status: what they print.
import Diagnostics
import Execution
import Experiments
import Manuscript
import RunStore
import Tables

/// Every mistake of a paper, in the order of the text.
public func checkPaper(_ request: BuildRequest, in workspace: Workspace) -> [Diagnostic] {
  var diagnostics = Diagnostics()
  if let manuscript = parsePaper(folder: request.folder, &diagnostics) {
    _ = planPaper(manuscript, request, workspace, &diagnostics)
  }
  return diagnostics.sorted
}

/// What a build would run: a line an experiment with runs, steps, operations and, where the store has measured such
/// runs, the time.
public func planReport(_ request: BuildRequest, in workspace: Workspace) throws -> String {
  var summary = BuildSummary()
  let plan = try loadPlan(request, workspace, &summary)
  var rows = [["experiment", "runs", "stored", "steps", "TFLOP", "time left"]]
  let stored = storedSeconds(plan, workspace.store)
  // Without a measurement, a core is taken to sustain this many operations a second.
  let measured = stored.values.reduce((seconds: 0.0, operations: 0.0)) {
    ($0.seconds + $1.seconds, $0.operations + $1.operations)
  }
  let pace = measured.operations > 0 ? measured.seconds / measured.operations : 1 / assumedPace
  var total = 0.0
  for experiment in plan.experiments {
    let missing = experiment.runs.filter { stored[$0.key] == nil }
    let own = experiment.runs.compactMap { stored[$0.key] }
    let seconds = own.reduce(0) { $0 + $1.seconds }
    let operations = own.reduce(0) { $0 + $1.operations }
    let left = missing.reduce(0) { $0 + $1.cost.operations } * (operations > 0 ? seconds / operations : pace)
    total += left
    rows.append([
      experiment.id, "\(experiment.runs.count)", "\(experiment.runs.count - missing.count)",
      Cell.format(experiment.runs.reduce(0) { $0 + $1.cost.steps }),
      Cell.format((experiment.runs.reduce(0) { $0 + $1.cost.operations } / 1e10).rounded() / 100),
      missing.isEmpty ? "–" : clock(left / Double(workspace.workers)),
    ])
  }
  rows.append([
    "all", "\(plan.runs.count)", "\(stored.count)", "", "", clock(total / Double(workspace.workers)),
  ])
  return "\(request.folder), profile \(request.profile), \(workspace.workers) workers\n" + aligned(rows)
}

/// Which runs are stored, how large the store is, and whether the lock fits.
public func statusReport(_ request: BuildRequest, in workspace: Workspace) throws -> String {
  var summary = BuildSummary()
  let plan = try loadPlan(request, workspace, &summary)
  var rows = [["experiment", "runs", "stored", "damaged"]]
  for experiment in plan.experiments {
    let entries = experiment.runs.map { workspace.store.load($0.key) }
    let found = entries.count { if case .found = $0 { true } else { false } }
    let damaged = entries.count { if case .damaged = $0 { true } else { false } }
    rows.append([experiment.id, "\(entries.count)", "\(found)", "\(damaged)"])
  }
  let keys = Set(plan.runs.map(\.key))
  let others = workspace.store.keys.count { !keys.contains($0) }
  var text = "\(request.folder), profile \(request.profile)\n" + aligned(rows)
  let bytes = workspace.store.keys.reduce(0) { $0 + workspace.store.size($1) }
  text += "\nstore \(workspace.store.folder): \(byteText(bytes)), "
  text +=
    "\(others) records of other papers, profiles or older text ('offprint clean' removes those no paper needs)"
  if let lock = try LockFile(folder: request.folder) {
    text += "\nlock: \(keys.count { lock.digests[$0] != nil }) of \(keys.count) runs"
  } else {
    text += "\nlock: none"
  }
  return text
}

private func storedSeconds(_ plan: PaperPlan, _ store: RunStore) -> [String: (
  seconds: Double, operations: Double
)] {
  var result: [String: (seconds: Double, operations: Double)] = [:]
  for run in plan.runs {
    if case .found(let record) = store.load(run.key) {
      result[run.key] = (record.seconds, run.cost.operations)
    }
  }
  return result
}

/// Columns of equal width, the first left-aligned and the others right-aligned.
private func aligned(_ rows: [[String]]) -> String {
  let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { index, cell in
      let space = String(repeating: " ", count: widths[index] - cell.count)
      return index == 0 ? cell + space : space + cell
    }
    return "  " + cells.joined(separator: "  ")
  }.joined(separator: "\n")
}

/// Removes the records in a scratch folder and the folder itself.
public func emptyFolder(_ folder: String) {
  for name in Files.list(folder) {
    let path = "\(folder)/\(name)"
    if Files.isFolder(path) { emptyFolder(path) } else { Files.remove(path) }
  }
  Files.removeFolder(folder)
}
