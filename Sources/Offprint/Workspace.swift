// Serves every command: where things are, and how much of the machine may be used.
import BitExact
import Datasets
import Diagnostics
import Execution
import Experiments
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
  /// Jobs and reports of tasks that a batch system runs.
  public var taskFolder: String
  /// Worker processes.
  public var workers: Int
  /// How a worker is started.
  public var workerCommand: [String]
  /// How Slurm makes the runs; `nil` for worker processes on this machine.
  public var slurm: SlurmSettings?
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
    taskFolder = "\(cache)/slurm"
  }

  /// Executes runs where this workspace has its workers.
  ///
  /// - Parameters:
  ///   - limits: what the paper allows besides the command line.
  ///   - store: where records go; `nil` for the workspace's own store.
  /// - Throws: `DiagnosticError` when Slurm takes no job or the store no records; `FileError`.
  func execute(
    _ runs: [Run], limits: Value, store: String? = nil, isFresh: Bool = false,
    progress: inout some ExecutionProgress
  ) throws -> ExecutionOutcome {
    let limits = caps.combined(limits).run
    let command = workerCommand + (store.map { ["--store", $0] } ?? [])
    let outcome: ExecutionOutcome
    if let slurm {
      let executor = SlurmExecutor(
        command: command, folder: "\(taskFolder)/\(Files.processName)", tasksAtOnce: slurm.tasksAtOnce,
        options: slurm.options, limits: limits, isFresh: isFresh)
      do { outcome = try executor.execute(runs, progress: &progress) } catch let error as SlurmError {
        throw DiagnosticError(rule: "slurm", error.message, hint: error.hint)
      }
    } else {
      outcome = LocalExecutor(
        workerCommand: command, workers: workers, limits: limits, isFresh: isFresh
      ).execute(runs, progress: &progress)
    }
    if let failure = outcome.storeFailure {
      throw DiagnosticError(
        rule: "store", "the run store takes no more records: \(failure.reason)",
        hint:
          "\(failure.left) \(failure.left == 1 ? "run is" : "runs are") left for the next build; those made before are kept"
      )
    }
    return outcome
  }
}

/// How runs are made through Slurm.
public struct SlurmSettings: Sendable {
  /// Tasks that may run at the same time; `nil` for as many as Slurm starts.
  public var tasksAtOnce: Int?
  /// Further arguments of `sbatch`.
  public var options: [String]

  /// Collects the settings.
  public init(tasksAtOnce: Int? = nil, options: [String] = []) {
    self.tasksAtOnce = tasksAtOnce
    self.options = options
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
