// Serves every command: where things are, and how much of the machine may be used.
import BitExact
import Datasets
import Diagnostics
import Execution
import RunStore
import Specification

/// The folders and limits of a command.
public struct Workspace: Sendable {
  /// Where the reports go.
  public var output: String
  /// The run store.
  public var store: RunStore
  /// Drawn figures.
  public var figureCache: String
  /// What builds leave for one another.
  let memory: BuildMemory
  /// Worker processes.
  public var workers: Int
  /// How a worker is started.
  public var workerCommand: [String]
  /// The datasets.
  public var library: DatasetLibrary
  /// What the command line allows.
  public var caps = Caps()

  /// Describes a workspace whose ignored files are under `cache`.
  public init(output: String, cache: String, workers: Int, executable: String, library: DatasetLibrary) {
    self.output = output
    store = RunStore(folder: "\(cache)/store")
    figureCache = "\(cache)/figures"
    self.workers = workers
    workerCommand = [executable, "worker", "--cache", cache]
    self.library = library.remembering(in: StoredDigests(path: "\(cache)/data-digests"))
    memory = BuildMemory(folder: cache, executable: executable)
  }
}

/// What a build may take; `nil` for no limit.
public struct Caps: Sendable, Hashable {
  /// Runs of the profile.
  public var runs: Double?
  /// Hours of one core for all runs.
  public var coreHours: Double?
  /// Minutes on the clock for one run.
  public var runMinutes: Double?
  /// Megabytes (10⁶) of memory for one run.
  public var runMegabytes: Double?

  /// Sets limits.
  public init(
    runs: Double? = nil, coreHours: Double? = nil, runMinutes: Double? = nil, runMegabytes: Double? = nil
  ) {
    self.runs = runs
    self.coreHours = coreHours
    self.runMinutes = runMinutes
    self.runMegabytes = runMegabytes
  }

  /// The smaller of each limit and that of the `limits` of a paper.
  func combined(_ limits: Value) -> Caps {
    func smaller(_ own: Double?, _ key: String) -> Double? {
      [own, limits[key]?.number].compactMap(\.self).min()
    }
    return Caps(
      runs: smaller(runs, "runs"), coreHours: smaller(coreHours, "core_hours"),
      runMinutes: smaller(runMinutes, "run_minutes"), runMegabytes: smaller(runMegabytes, "run_megabytes"))
  }

  /// The limits of one run.
  var run: RunLimits {
    RunLimits(seconds: runMinutes.map { $0 * 60 }, memory: runMegabytes.map { Int(min($0, 1e12) * 1e6) })
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
