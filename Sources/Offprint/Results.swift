// Serves tabulate: what the store has for a plan, as tables.
import Experiments
import RunStore
import Specification
import Tables

/// The results of a paper's runs.
struct Results {
  /// Tables by name.
  var tables: [String: Table] = [:]
  /// Result digests by run key.
  var digests: [String: String] = [:]
  /// Why runs have no result, by run key.
  var failures: [String: String] = [:]

  /// Reads the results of a plan; runs without one are holes in the tables.
  init(_ plan: PaperPlan, _ loaded: [String: RunResult], failures: [FailedRunReason]) {
    self.init(failures)
    for experiment in plan.experiments { add(ExperimentResults(experiment, loaded)) }
  }

  /// Starts with no results, only with the reasons why some are missing.
  init(_ failures: [FailedRunReason]) {
    for failure in failures { self.failures[failure.key] = failure.reason }
  }

  /// A table as comma-separated values; `nil` when there is none of that name.
  func csv(_ name: String) -> String? { tables[name]?.csv }

  /// Adds those of an experiment.
  mutating func add(_ results: ExperimentResults) {
    digests.merge(results.digests) { first, _ in first }
    for table in results.tables { tables[table.name] = table }
  }
}

/// A run without a result and the reason.
struct FailedRunReason {
  var key: String
  var reason: String
}
