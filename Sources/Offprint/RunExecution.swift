// Serves execute: the runs of a plan that the store lacks.
import Diagnostics
import Execution
import Experiments
import Manuscript
import RunStore

/// Makes the runs that the store lacks; `nil` when the user interrupted.
func execute(
  _ plan: PaperPlan, _ request: BuildRequest, _ workspace: Workspace, _ summary: inout BuildSummary,
  _ progress: inout some ExecutionProgress
) throws -> Results? {
  let wanted = plan.runs.filter { request.only?.contains($0.experiment) ?? true }
  var loaded: [String: RunResult] = [:]
  let missing = request.isFresh ? wanted : load(wanted, workspace.store, into: &loaded, &summary.damaged)
  var failures: [FailedRunReason] = []
  if !missing.isEmpty {
    // A store that cannot be written may still be read: only new runs need more.
    try Files.requireWritable(workspace.store.folder)
    workspace.store.removeLeftovers()
    let outcome = LocalExecutor(
      workerCommand: workspace.workerCommand, workers: workspace.workers,
      limits: workspace.caps.combined(plan.manuscript.configuration.limits).run, isFresh: request.isFresh
    ).execute(missing, progress: &progress)
    if let failure = outcome.storeFailure {
      throw DiagnosticError(
        rule: "store", "the run store takes no more records: \(failure.reason)",
        hint:
          "\(failure.left) \(failure.left == 1 ? "run is" : "runs are") left for the next build; those made before are kept"
      )
    }
    if outcome.interrupted {
      summary.interrupted = true
      return nil
    }
    failures = outcome.failures.map { FailedRunReason(key: $0.key, reason: $0.reason) }
    summary.executed += missing.count - failures.count
    let failed = Set(failures.map(\.key))
    _ = load(missing.filter { !failed.contains($0.key) }, workspace.store, into: &loaded, &summary.damaged)
  }
  let names = Dictionary(plan.runs.map { ($0.key, describe($0)) }) { first, _ in first }
  summary.failures = failures.map { "\(names[$0.key] ?? $0.key): \($0.reason)" }
  return Results(plan, loaded, failures: failures)
}

/// Reads results from the store; returns the runs that it lacks.
func load(_ runs: [Run], _ store: RunStore, into loaded: inout [String: RunResult], _ damaged: inout [String])
  -> [Run]
{
  runs.filter { run in
    switch store.load(run.key) {
    case .found(let record):
      if record.specification != run.configuration.value {
        damaged.append("\(describe(run)): its record is of another specification")
        return true
      }
      if let result = RunResult(record.result) {
        loaded[run.key] = result
        return false
      }
      damaged.append("\(describe(run)): its record has another form")
    case .damaged(let reason): damaged.append("\(describe(run)): \(reason)")
    case .absent: break
    }
    return true
  }
}
