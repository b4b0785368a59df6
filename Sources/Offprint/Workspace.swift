// Serves every command: where things are, and how much of the machine may be used.
import BitExact
import Datasets
import Diagnostics
import RunStore

/// The folders and limits of a command.
public struct Workspace: Sendable {
  /// Where the reports go.
  public var output: String
  /// The run store.
  public var store: RunStore
  /// Drawn figures.
  public var figureCache: String
  /// Worker processes.
  public var workers: Int
  /// How a worker is started.
  public var workerCommand: [String]
  /// The datasets.
  public var library: DatasetLibrary

  /// Describes a workspace whose ignored files are under `cache`.
  public init(output: String, cache: String, workers: Int, executable: String, library: DatasetLibrary) {
    self.output = output
    store = RunStore(folder: "\(cache)/store")
    figureCache = "\(cache)/figures"
    self.workers = workers
    workerCommand = [executable, "worker", "--cache", cache]
    self.library = library
  }
}

/// Shows diagnostics with the lines of the files that they point into.
public func diagnosticRenderer(color: Bool) -> DiagnosticRenderer {
  DiagnosticRenderer(color: color) { file, line in
    guard let bytes = try? Files.read(file) else { return nil }
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    return lines.indices.contains(line - 1) ? String(decoding: lines[line - 1], as: UTF8.self) : nil
  }
}

/// The papers in a folder of papers: every folder with a `paper.yml`.
public func papers(in folder: String) -> [String] {
  Files.list(folder).map { "\(folder)/\($0)" }.filter { Files.exists("\($0)/paper.yml") }
}

/// The last part of a paper's folder, under which its report is published.
public func paperName(_ folder: String) -> String {
  folder.split(separator: "/").last.map(String.init) ?? folder
}
