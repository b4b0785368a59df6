// Serves the commands check and status: what they print.
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

/// Which runs are stored, how large the store is, and whether the lock fits.
public func statusReport(_ request: BuildRequest, in workspace: Workspace) throws -> String {
  var summary = BuildSummary()
  let plan = try loadPlan(ParsedPaper(request), request, workspace, &summary)
  var rows = [["experiment", "runs", "stored", "damaged", "core time"]]
  var total = 0.0
  for experiment in request.selected(plan.experiments) {
    let entries = experiment.runs.map { workspace.store.load($0.key) }
    let seconds = entries.compactMap { if case .found(let record) = $0 { record.seconds } else { nil } }
    let damaged = entries.count { if case .damaged = $0 { true } else { false } }
    total += seconds.reduce(0, +)
    rows.append([
      experiment.id, "\(entries.count)", "\(seconds.count)", "\(damaged)",
      seconds.isEmpty ? "–" : clock(seconds.reduce(0, +)),
    ])
  }
  rows.append(["all", "", "", "", clock(total)])
  let keys = Set(plan.runs.map(\.key))
  let others = workspace.store.keys.count { !keys.contains($0) }
  var text = "\(request.folder), profile \(request.profile)\n" + aligned(rows)
  let bytes = workspace.store.keys.reduce(0) { $0 + workspace.store.size($1) }
  text += "\nstore \(workspace.store.folder): \(byteText(bytes)), "
  text +=
    "\(others) records of other papers, profiles or older text ('offprint clean' removes those no paper needs)"
  let states = workspace.store.checkpoints
  if !states.isEmpty {
    text += "\n\(states.count) interrupted \(states.count == 1 ? "run" : "runs") to go on with, "
    text += byteText(states.reduce(0) { $0 + $1.bytes })
  }
  if let lock = try LockFile(folder: request.folder) {
    text += "\nlock: \(keys.count { lock.digests[$0] != nil }) of \(keys.count) runs"
  } else {
    text += "\nlock: none"
  }
  return text
}

/// Columns of equal width, the first left-aligned and the others right-aligned.
func aligned(_ rows: [[String]]) -> String {
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
