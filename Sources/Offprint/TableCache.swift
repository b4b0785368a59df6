// Serves tabulate: the tables of an experiment, kept so that a build that runs nothing need not read its records.
import BitExact
import Experiments
import RunStore
import Tables

/// The results of one experiment.
struct ExperimentResults {
  /// Its tables.
  var tables: [Table]
  /// Result digests by run key.
  var digests: [String: String]
}

extension ExperimentResults {
  /// Those of the runs that have one; the others leave holes.
  init(_ experiment: Experiment, _ loaded: [String: RunResult]) {
    let found = experiment.runs.compactMap { run in loaded[run.key].map { (run.key, $0.digest) } }
    self.init(
      tables: experiment.tables { loaded[$0.key] }, digests: Dictionary(found) { first, _ in first })
  }
}

/// Tables by what they were made of: the runs and the stamps of their records.
///
/// A record that was touched since has another stamp, and is read and checked again.
struct TableCache {
  let memory: BuildMemory
  let store: RunStore

  /// One file for the same runs: another state of their records takes the place of an earlier one.
  private func name(_ experiment: Experiment) -> String {
    "tables/\(SHA256.hexDigest(of: experiment.id + experiment.runs.map(\.key).joined(separator: " ")))"
  }

  /// The digest of everything that the tables depend on; `nil` while a record is missing.
  func seal(_ experiment: Experiment) -> String? {
    var text = "\(experiment.stagedSeeds?.first ?? 0)\n"
    for run in experiment.runs {
      guard let stamp = store.stamp(run.key) else { return nil }
      text += "\(stamp) \(run.axes.map(\.label).joined(separator: " "))\n"
    }
    return SHA256.hexDigest(of: text)
  }

  /// Those of the experiments that are kept whole, by id.
  func load(_ experiments: [Experiment]) -> [String: ExperimentResults] {
    var kept: [String: ExperimentResults] = [:]
    for experiment in experiments { kept[experiment.id] = load(experiment) }
    return kept
  }

  private func load(_ experiment: Experiment) -> ExperimentResults? {
    guard let seal = seal(experiment), let body = memory.recall(name(experiment), madeOf: seal) else {
      return nil
    }
    var reader = RowReader(body)
    var results = ExperimentResults(tables: experiment.tables { _ in nil }, digests: [:])
    for run in experiment.runs { results.digests[run.key] = reader.text() }
    for index in results.tables.indices {
      guard let rows = reader.rows(), rows.allSatisfy({ $0.count == results.tables[index].columns.count })
      else { return nil }
      results.tables[index].rows = rows
    }
    return reader.isAtEnd ? results : nil
  }

  /// Keeps tables.
  func save(_ results: ExperimentResults, of experiment: Experiment) {
    guard let seal = seal(experiment) else { return }
    var writer = RowWriter()
    for run in experiment.runs { writer.append(results.digests[run.key] ?? "") }
    for table in results.tables { writer.append(table.rows) }
    memory.keep(writer.bytes, as: name(experiment), madeOf: seal)
  }
}
