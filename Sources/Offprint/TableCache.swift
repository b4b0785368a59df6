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

/// Tables by what they were made of: the runs, the stamps of their records, and this program.
///
/// A record that was touched since has another stamp, and is read and checked again. The cache only saves time: what is
/// lost or damaged in it is made again.
struct TableCache {
  let folder: String
  let store: RunStore
  /// Another build of the program may tabulate otherwise.
  private let program: String

  init(folder: String, store: RunStore, executable: String) {
    self.folder = folder
    self.store = store
    program = FileStamp(executable)?.description ?? ""
  }

  /// One file for the same runs: another state of their records takes the place of an earlier one.
  private func path(_ experiment: Experiment) -> String {
    "\(folder)/\(SHA256.hexDigest(of: experiment.id + experiment.runs.map(\.key).joined(separator: " ")))"
  }

  /// The digest of everything that the tables depend on; `nil` while a record is missing.
  private func seal(_ experiment: Experiment) -> String? {
    var text = "\(program)\n\(experiment.stagedSeeds?.first ?? 0)\n"
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
    guard let seal = seal(experiment), let content = try? Files.read(path(experiment)),
      let newline = content.firstIndex(of: 10)
    else { return nil }
    let body = Array(content[(newline + 1)...])
    guard String(decoding: content[..<newline], as: UTF8.self) == "\(seal) \(SHA256.hexDigest(of: body))"
    else {
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

  /// Keeps tables; a folder that cannot be written costs the time again, and nothing else.
  func save(_ results: ExperimentResults, of experiment: Experiment) {
    guard let seal = seal(experiment) else { return }
    var writer = RowWriter()
    for run in experiment.runs { writer.append(results.digests[run.key] ?? "") }
    for table in results.tables { writer.append(table.rows) }
    let header = "\(seal) \(SHA256.hexDigest(of: writer.bytes))\n"
    try? Files.makeFolder(folder)
    try? Files.write(Array(header.utf8) + writer.bytes, to: path(experiment), durable: false)
  }
}
