// Serves plan: how many seeds an experiment has whose first seeds decide it.
import Datasets
import Diagnostics
import Execution
import Experiments
import Expressions
import Manuscript
import RunStore
import Statistics
import Tables

/// Plans a paper with the numbers of seeds that the results in the store decide, or else the lock file names.
///
/// A number decided by the store is the same on every machine, as the first results are; until they are there, the lock
/// says what it came to when the paper was published.
func planPaper(
  _ manuscript: Manuscript, _ request: BuildRequest, _ workspace: Workspace, _ diagnostics: inout Diagnostics
) -> PaperPlan? {
  func plan(_ seeds: [String: Int], _ diagnostics: inout Diagnostics) -> PaperPlan? {
    planPaper(
      manuscript, folder: request.folder, profile: request.profile, library: workspace.library,
      decidedSeeds: { seeds[$0] ?? $1.first }, caps: workspace.caps, &diagnostics)
  }
  var found = Diagnostics()
  let first = plan([:], &found)
  let staged = first?.experiments.filter { $0.stagedSeeds != nil } ?? []
  if staged.isEmpty {
    diagnostics.add(contentsOf: found.all)
    return first
  }
  let locked = (try? LockFile(folder: request.folder))?.digests ?? [:]
  var most = Diagnostics()
  let widest = planPaper(
    manuscript, folder: request.folder, profile: request.profile, library: workspace.library,
    decidedSeeds: { $1.atMost }, &most)
  var seeds: [String: Int] = [:]
  for experiment in staged {
    seeds[experiment.id] =
      experiment.decidedSeeds(workspace.store)
      ?? widest?.experiments.first { $0.id == experiment.id }?.lockedSeeds(locked)
  }
  let final = plan(seeds, &diagnostics)
  for experiment in staged {
    if let warning = experiment.shortfall(workspace.store) { diagnostics.add(warning) }
  }
  return final
}

extension Experiment {
  /// The sample of the rule's expression over the first seeds; `nil` while one of their results is missing.
  private func firstSample(_ store: RunStore) -> [Double]? {
    guard let rule = stagedSeeds else { return nil }
    var results: [String: RunResult] = [:]
    for run in runs where run.seed <= rule.first {
      guard case .found(let record) = store.load(run.key), let result = RunResult(record.result) else {
        return nil
      }
      results[run.key] = result
    }
    let tables = self.tables { results[$0.key] }
    let expression = try? SampleExpression(parsing: rule.expression, at: rule.position)
    return try? expression?.evaluate { name in tables.first { $0.name == name } }.numbers
  }

  /// The number of seeds that the stored first seeds decide; `nil` while one of their results is missing.
  func decidedSeeds(_ store: RunStore) -> Int? {
    guard let rule = stagedSeeds, let sample = firstSample(store) else { return nil }
    return min(secondStageCount(sample, halfWidth: rule.halfWidth) ?? rule.first, rule.atMost)
  }

  /// The number of seeds up to which the lock has every run.
  fileprivate func lockedSeeds(_ locked: [String: String]) -> Int? {
    guard let rule = stagedSeeds else { return nil }
    let missing = runs.filter { locked[$0.key] == nil }.map(\.seed).min() ?? rule.atMost + 1
    return missing > rule.first ? missing - 1 : nil
  }

  /// A warning when `at_most` seeds do not make the interval as short as asked.
  fileprivate func shortfall(_ store: RunStore) -> Diagnostic? {
    guard let rule = stagedSeeds, let sample = firstSample(store) else { return nil }
    guard let needed = secondStageCount(sample, halfWidth: rule.halfWidth) else {
      return Diagnostic(
        .warning, rule: "seeds",
        "the first seeds of \(id) gave a number that is not finite, so they decide nothing",
        at: rule.position, hint: "the experiment stays at \(rule.first) seeds")
    }
    if needed <= rule.atMost { return nil }
    return Diagnostic(
      .warning, rule: "seeds",
      "\(id) would need \(needed) seeds for an interval of ±\(Cell.format(rule.halfWidth)), at_most is \(rule.atMost)",
      at: rule.position, hint: "the interval printed is wider than asked")
  }
}

extension PaperPlan {
  /// Whether first seeds, now in the store, decide for another number of seeds than the plan has.
  func hasUndecidedSeeds(_ store: RunStore) -> Bool {
    experiments.contains { experiment in
      experiment.decidedSeeds(store).map { $0 != experiment.seeds } ?? false
    }
  }
}

extension BuildRequest {
  /// The same request, keeping results that are stored by now.
  var withoutFreshness: BuildRequest {
    var copy = self
    copy.isFresh = false
    return copy
  }
}
