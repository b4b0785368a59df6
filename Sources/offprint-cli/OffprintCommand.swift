// The command line: arguments, printing and exit codes; the work is done by the library.
import ArgumentParser
import BitExact
import Datasets
import Diagnostics
import Execution
import Offprint
import RunStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct OffprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offprint",
    abstract: "Regenerates research articles from their Markdown.",
    discussion: """
      A paper is a folder with a paper.yml. Without a paper, commands work on every paper in the folder 'papers'.

      Exit status: 0 done; 1 an error; 2 a claim is contradicted (with --strict-claims); 3 verify found a difference; \
      64 wrong usage; 130 interrupted.
      """,
    version: "offprint 0.1.0, numeric version \(numericVersion)",
    subcommands: [
      Build.self, Export.self, Plan.self, Check.self, Verify.self, StatusCommand.self, DiffCommand.self,
      Explain.self, Preview.self, SchemaCommand.self,
      DataCommand.self, New.self, Clean.self, WorkerCommand.self,
    ])

  /// Runs the command; a reader that stops reading ends it quietly.
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    // A file that is larger than the user may make is refused like one on a full disk.
    signal(SIGXFSZ, SIG_IGN)
    main(nil)
  }
}

/// Exit codes besides 0, as documented in the README.
enum Exit {
  static let error = ExitCode(1)
  static let contradicted = ExitCode(2)
  static let difference = ExitCode(3)
  static let interrupted = ExitCode(130)
}

/// Where workers live.
enum ExecutorName: String, CaseIterable, ExpressibleByArgument {
  case local, slurm
}

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Folder of a paper.", valueName: "paper"))
  var papers: [String] = []

  @Option(
    name: .shortAndLong,
    help: "Profile whose numbers are wanted: smoke, default, full or one of the paper's own.")
  var profile = "default"

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Worker processes, one per core when absent; with Slurm, tasks at the same time.", valueName: "n"))
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "Where workers live: local, or slurm for the tasks of a job array over a folder that its machines share.",
      valueName: "executor"))
  var executor = ExecutorName.local

  @Option(
    name: .customLong("sbatch-option"),
    help: ArgumentHelp(
      "An argument for sbatch, as in --sbatch-option=--partition=long; may be repeated.", valueName: "option")
  )
  var sbatchOptions: [String] = []

  @Option(help: ArgumentHelp("Folder of the reports.", valueName: "folder"))
  var output = "output"

  @Option(
    help: ArgumentHelp("Folder of the run store and other files that can be made again.", valueName: "folder")
  )
  var cache = ".offprint"

  @Option(help: ArgumentHelp("Only these experiments, by id, separated by commas.", valueName: "ids"))
  var only: String?

  @Option(
    help: ArgumentHelp(
      "Only the experiments of a section, by its file or the id of a heading.", valueName: "section"))
  var section: String?

  @Option(help: ArgumentHelp("Refuse a profile of more runs.", valueName: "n"))
  var maxRuns: Int?

  @Option(help: ArgumentHelp("Refuse a profile that takes more hours of one core.", valueName: "hours"))
  var maxCoreHours: Double?

  @Option(help: ArgumentHelp("Give up a run that takes more minutes.", valueName: "minutes"))
  var maxRunMinutes: Double?

  @Option(help: ArgumentHelp("Give up a run that takes more memory.", valueName: "MB"))
  var maxRunMegabytes: Double?

  func validate() throws {
    for limit in [maxRuns.map(Double.init), maxCoreHours, maxRunMinutes, maxRunMegabytes] {
      if let limit, !(limit.isFinite && limit >= 0) { throw ValidationError("a limit cannot be negative") }
    }
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs must be a number from 1 to 1024")
    }
    if executor == .local, !sbatchOptions.isEmpty {
      throw ValidationError("--sbatch-option needs --executor slurm")
    }
    if let problem = Kernels.complaint { throw ValidationError(problem) }
  }

  /// The papers named, or all in the folder 'papers'.
  func folders() throws -> [String] {
    let found = papers.isEmpty ? Offprint.papers(in: "papers") : papers.map { trimmed($0) }
    if found.isEmpty {
      throw ValidationError(
        "there is no paper here: no folder 'papers' with a paper in it, and none was named")
    }
    return found
  }

  private func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? trimmed(String(path.dropLast())) : path
  }

  var workspace: Workspace {
    var workspace = Workspace(
      output: output, cache: cache, workers: workers, executable: executablePath(), library: datasetLibrary())
    workspace.caps = Caps(
      runs: maxRuns.map(Double.init), coreHours: maxCoreHours, runMinutes: maxRunMinutes,
      runMegabytes: maxRunMegabytes)
    if executor == .slurm { workspace.slurm = SlurmSettings(tasksAtOnce: jobs, options: sbatchOptions) }
    return workspace
  }

  var progress: ConsoleProgress {
    let place =
      executor == .slurm ? "through Slurm" : "with \(workers) \(workers == 1 ? "worker" : "workers")"
    return ConsoleProgress(live: isTerminal, place: place, lines: executor == .slurm ? 8 : workers)
  }

  var workers: Int { jobs ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// What is asked of a paper.
  ///
  /// - Throws: the end of the command, when the paper has no such section; why is then printed.
  func request(_ folder: String) throws -> BuildRequest {
    var ids = only.map { Set($0.split(separator: ",").map { $0.trimmingSpaces }) }
    if let section {
      let own = try reportingErrors { try experiments(ofSection: section, paper: folder) }
      ids = ids.map { $0.intersection(own) } ?? own
    }
    return BuildRequest(folder: folder, profile: profile, only: ids, writesLock: profile == "default")
  }
}

extension Substring {
  var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

func datasetLibrary() -> DatasetLibrary {
  let variables = environment("OFFPRINT_DATA").map { ["OFFPRINT_DATA": $0] } ?? [:]
  return DatasetLibrary(searchPath: DatasetLibrary.defaultSearchPath(environment: variables))
}

/// This program's own file, which workers are started from.
func executablePath() -> String {
  var buffer = [CChar](repeating: 0, count: 4096)
  let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
  if count > 0 { return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
  return CommandLine.arguments[0]
}

var isTerminal: Bool { isatty(STDERR_FILENO) != 0 && environment("TERM") != "dumb" }
var usesColor: Bool { isTerminal && environment("NO_COLOR") == nil }

/// Prints the mistakes of a paper with their source lines.
func show(_ diagnostics: [Diagnostic]) {
  let renderer = diagnosticRenderer(color: usesColor)
  for diagnostic in diagnostics { writeError(renderer.render(diagnostic)) }
  let errors = diagnostics.count { $0.severity == .error }
  let warnings = diagnostics.count - errors
  var counts: [String] = []
  if errors > 0 { counts.append("\(errors) \(errors == 1 ? "error" : "errors")") }
  if warnings > 0 { counts.append("\(warnings) \(warnings == 1 ? "warning" : "warnings")") }
  if !counts.isEmpty { writeError(counts.joined(separator: ", ") + "\n") }
}

/// Runs `body`; mistakes of the paper and refusals of the system are printed and end the command with status 1.
func reportingErrors<T>(_ body: () throws -> T) throws -> T {
  do { return try body() } catch let error as DiagnosticError {
    show(error.diagnostics)
    throw Exit.error
  } catch let error as FileError {
    writeError("error[file]: \(error)\n")
    throw Exit.error
  } catch let error as LockError {
    writeError("\(error)\n")
    throw Exit.error
  }
}
