// Serves verify: runs a paper again from nothing and compares with its lock.
import BitExact
import Diagnostics
import Execution
import Experiments
import Manuscript
import RunStore
import Statistics
import Tables

/// How a verification ended.
public struct VerificationSummary: Sendable {
  /// Runs that were made again.
  public var checked = 0
  /// Runs of the paper.
  public var runs = 0
  /// One line for each run that does not agree: name, metric and step.
  public var differences: [String] = []
  /// Runs that could not be made, as `name: reason`.
  public var failures: [String] = []
  /// Runs of the paper that the lock lacks.
  public var unlocked: [String] = []
  /// Keys of the lock that belong to no run of the paper.
  public var stale = 0
  /// Whether the user interrupted it.
  public var interrupted = false

  /// What agreement of a random sample proves: at least this share of all runs agrees, with 95 % confidence.
  ///
  /// If a share s agreed, a sample of n would agree with probability sⁿ; the bound is the s with sⁿ = 0.05.
  public var provenShare: Double {
    checked == 0 ? 0 : checked >= runs ? 1 : Elementary.exp(Elementary.log(0.05) / Double(checked))
  }

  /// Whether every run that was made agrees with the lock.
  public var agrees: Bool { differences.isEmpty && failures.isEmpty && unlocked.isEmpty && !interrupted }
}

/// Runs a paper, or a random sample of its runs, into an empty store and compares the results with the lock.
///
/// - Parameters:
///   - request: the paper and the profile of its lock.
///   - sample: how many runs; `nil` for all.
///   - scratch: an empty folder for the new results.
/// - Throws: `DiagnosticError` for mistakes in the paper and for a paper without a lock.
public func verify(
  _ request: BuildRequest, sample: Int?, in workspace: Workspace, scratch: String,
  progress: inout some ExecutionProgress
) throws -> VerificationSummary {
  var build = BuildSummary()
  let plan = try loadPlan(ParsedPaper(request), request, workspace, &build)
  guard let lock = try LockFile(folder: request.folder) else {
    throw DiagnosticError(
      rule: "no-lock", "\(LockFile.path(request.folder)) does not exist", hint: "'offprint build' writes it")
  }
  var summary = VerificationSummary()
  let runs = distinctRuns(request.selected(plan.experiments))
  summary.runs = runs.count
  let keys = Set(plan.runs.map(\.key))
  summary.stale = lock.digests.keys.count { !keys.contains($0) }
  summary.unlocked = runs.filter { lock.digests[$0.key] == nil }.map(describe)
  let locked = runs.filter { lock.digests[$0.key] != nil }
  // Which runs are drawn must not be known beforehand, and decides no number.
  let chosen = sample.map { Array(locked.shuffled().prefix($0)) } ?? locked
  let store = RunStore(folder: scratch)
  let outcome = try workspace.execute(
    chosen, limits: plan.manuscript.configuration.limits, store: scratch, progress: &progress)
  summary.interrupted = outcome.interrupted
  let reasons = Dictionary(outcome.failures.map { ($0.key, $0.reason) }) { first, _ in first }
  for run in chosen {
    if let reason = reasons[run.key] {
      summary.failures.append("\(describe(run)): \(reason)")
      continue
    }
    guard case .found(let record) = store.load(run.key), let result = RunResult(record.result) else {
      if !outcome.interrupted { summary.failures.append("\(describe(run)): no result") }
      continue
    }
    summary.checked += 1
    if result.digest != lock.digests[run.key] {
      let place =
        storedDifference(run, result, lock, workspace.store)
        ?? plan.experiments.first { $0.id == run.experiment }.flatMap {
          publishedDifference(run, result, $0, reports: "\(workspace.output)/\(paperName(request.folder))")
        } ?? "the result differs from the lock, and neither the store nor the published tables say where"
      summary.differences.append("\(describe(run)): \(place)")
    }
  }
  return summary
}

/// The first metric and the first step at which a result differs from the stored one behind the lock; `nil` when that is
/// not in the store.
private func storedDifference(_ run: Run, _ result: RunResult, _ lock: LockFile, _ store: RunStore) -> String?
{
  guard case .found(let record) = store.load(run.key), let old = RunResult(record.result),
    old.digest == lock.digests[run.key]
  else { return nil }
  var parts: [String] = []
  let pairs = Array(zip(old.digests, result.digests))
  if let step = pairs.first(where: { $0 != $1 })?.0.step {
    let before = pairs.last { $0 == $1 && $0.step < step }?.0.step
    parts.append("weights differ at step \(step)" + (before.map { ", not yet at step \($0)" } ?? ""))
  } else {
    parts.append("the weights agree at every recorded step")
  }
  for suffix in old.tables.keys.sorted() {
    guard let a = old.tables[suffix], let b = result.tables[suffix] else { continue }
    for (row, other) in zip(a.rows, b.rows) {
      guard let index = row.indices.first(where: { row[$0] != other[$0] }) else { continue }
      parts.append("\(a.columns[index]) was \(row[index].label) and is \(other[index].label)")
      return parts.joined(separator: "; ")
    }
  }
  return parts.joined(separator: "; ")
}
