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
  let cache = TableCache(memory: workspace.memory, store: workspace.store)
  // Only the wanted experiments are run; what the store has of the others is shown all the same.
  let selected = Set(request.selected(plan.experiments).map(\.id))
  let kept = cache.load(plan.experiments.filter { !(request.isFresh && selected.contains($0.id)) })
  let open = plan.experiments.filter { kept[$0.id] == nil }
  let wanted = distinctRuns(request.selected(open))
  let renewed = request.isFresh ? Set(wanted.map(\.key)) : []
  var loaded: [String: RunResult] = [:]
  load(
    distinctRuns(open).filter { !renewed.contains($0.key) }, workspace.store, into: &loaded, &summary.damaged)
  let missing = wanted.filter { loaded[$0.key] == nil }
  var failures: [FailedRunReason] = []
  if !missing.isEmpty {
    // A store that cannot be written may still be read: only new runs need more.
    try Files.requireWritable(workspace.store.folder)
    workspace.store.removeLeftovers()
    let outcome = try workspace.execute(
      missing, limits: plan.manuscript.configuration.limits, isFresh: request.isFresh, progress: &progress)
    if outcome.interrupted {
      summary.interrupted = true
      return nil
    }
    failures = outcome.failures.map { FailedRunReason(key: $0.key, reason: $0.reason) }
    summary.executed += missing.count - failures.count
    let failed = Set(failures.map(\.key))
    load(missing.filter { !failed.contains($0.key) }, workspace.store, into: &loaded, &summary.damaged)
  }
  let failedKeys = Set(failures.map(\.key))
  let names = wanted.filter { failedKeys.contains($0.key) }.map { ($0.key, describe($0)) }
  let nameOfRun = Dictionary(names) { first, _ in first }
  summary.failures = failures.map { "\(nameOfRun[$0.key] ?? $0.key): \($0.reason)" }
  var results = Results(failures)
  for experiment in plan.experiments {
    if let tables = kept[experiment.id] {
      results.add(tables)
      continue
    }
    let tables = ExperimentResults(experiment, loaded)
    if tables.digests.count == experiment.runs.count { cache.save(tables, of: experiment) }
    results.add(tables)
  }
  return results
}

/// Reads the results that the store has; those that are damaged or of another form are named and left out.
func load(
  _ runs: [Run], _ store: RunStore, into loaded: inout [String: RunResult], _ damaged: inout [String]
) {
  for run in runs {
    switch store.load(run.key) {
    case .found(let record):
      if record.specification != run.configuration.value {
        damaged.append("\(describe(run)): its record is of another specification")
      } else if let result = RunResult(record.result) {
        loaded[run.key] = result
      } else {
        damaged.append("\(describe(run)): its record has another form")
      }
    case .damaged(let reason): damaged.append("\(describe(run)): \(reason)")
    case .absent: break
    }
  }
}
