// The commands that write no report: plan, check, verify, status, explain, and the worker.
import ArgumentParser
import Diagnostics
import Execution
import Offprint
import RunStore
import Specification

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a build would run, and for how long; run nothing.")

  @OptionGroup var options: CommonOptions

  @Flag(help: "Print JSON, one value a paper.")
  var json = false

  func run() throws {
    for folder in try options.folders() {
      let estimate = try reportingErrors { try estimatePlan(options.request(folder), in: options.workspace) }
      print(json ? estimate.json.canonicalJSON : estimate.text)
    }
  }
}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show every mistake of a paper, with place and hint; run nothing.")

  @OptionGroup var options: CommonOptions

  @Flag(help: "Treat warnings as errors.")
  var strict = false

  func run() throws {
    var failed = false
    for folder in try options.folders() {
      let diagnostics = try checkPaper(options.request(folder), in: options.workspace)
      show(diagnostics)
      failed = failed || diagnostics.contains { $0.severity == .error } || (strict && !diagnostics.isEmpty)
      if diagnostics.isEmpty { print("\(folder): no mistakes") }
    }
    if failed { throw Exit.error }
  }
}

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prove the lock: run again from nothing and compare every digest.",
    discussion:
      "Ends with status 3 when a result differs; the first differing metric and training step are named.")

  @OptionGroup var options: CommonOptions

  @Option(
    help: ArgumentHelp(
      "Only a random sample of the runs; the share that it proves is printed.", valueName: "n"))
  var sample: Int?

  func validate() throws {
    if let sample, sample < 1 { throw ValidationError("--sample must be at least 1") }
  }

  func run() throws {
    var differs = false
    for folder in try options.folders() {
      let scratch = "\(options.cache)/verify"
      emptyFolder(scratch)
      defer { emptyFolder(scratch) }
      var progress = options.progress
      let summary = try reportingErrors {
        try verify(
          options.request(folder), sample: sample, in: options.workspace, scratch: scratch,
          progress: &progress)
      }
      if summary.interrupted {
        writeError("interrupted\n")
        throw Exit.interrupted
      }
      for line in summary.differences { print("differs: \(line)") }
      for line in summary.failures { print("failed: \(line)") }
      for line in summary.unlocked { print("not in the lock: \(line)") }
      if summary.stale > 0 { print("\(summary.stale) entries of the lock belong to no run of the paper") }
      let agreed = summary.checked - summary.differences.count
      var line = "\(folder): \(agreed) of \(summary.checked) runs agree with the lock"
      if summary.agrees, summary.checked < summary.runs {
        let share = (summary.provenShare * 1000).rounded(.down) / 10
        line += " (of \(summary.runs)); with 95 % confidence at least \(share) % of all runs do"
      }
      print(line)
      differs = differs || !summary.agrees
    }
    if differs { throw Exit.difference }
  }
}

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show which runs are stored, which are missing, and how large the store is.")

  @OptionGroup var options: CommonOptions

  func run() throws {
    for folder in try options.folders() {
      print(try reportingErrors { try statusReport(options.request(folder), in: options.workspace) })
    }
  }
}

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Explain a block, dataset, protocol, measurement, metric, option or function; without a name, list them."
  )

  @Argument(help: "For example fashion-mnist, label_noise, iterative-pruning, early_stop_step or spearman.")
  var name: String?

  func run() throws {
    print(try reportingErrors { try explanation(of: name) })
  }
}

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Take runs as JSON lines on standard input and write their records.",
    shouldDisplay: false)

  @Option var cache = ".offprint"
  @Option var store: String?
  /// Seconds between saved states of a run.
  @Option var checkpointSeconds = 60.0
  /// A file of jobs that are done instead of those on standard input, by a worker under limits; what a task of a batch
  /// system does.
  @Option var list: String?
  @Option var maxRunSeconds: Double?
  @Option var maxRunBytes: Int?

  func run() throws {
    if let list {
      let command = [executablePath(), "worker", "--cache", cache] + (store.map { ["--store", $0] } ?? [])
      return try reportingErrors {
        try performTask(
          list, workerCommand: command, limits: RunLimits(seconds: maxRunSeconds, memory: maxRunBytes))
      }
    }
    let seconds = environment("OFFPRINT_CHECKPOINT_SECONDS").flatMap(Double.init) ?? checkpointSeconds
    Worker(
      store: RunStore(folder: store ?? "\(cache)/store"), library: datasetLibrary(),
      checkpointSeconds: seconds
    ).serve()
  }
}

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of paper.yml and of all blocks.")

  func run() { print(languageSchema().prettyJSON, terminator: "") }
}

struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove what the papers no longer need from the run store.",
    discussion: "Kept are the results of all profiles of the papers named, or of every paper in 'papers'.")

  @OptionGroup var options: CommonOptions

  @Flag(help: "Only say what would be removed.")
  var dryRun = false

  func run() throws {
    let folders = try options.folders()
    let removed = try reportingErrors { try cleanStore(folders, in: options.workspace, dryRun: dryRun) }
    let kind = removed.records == 1 ? "record" : "records"
    print("\(dryRun ? "would remove" : "removed") \(removed.records) \(kind), \(byteText(removed.bytes))")
  }
}

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "List the datasets: where they are, their licences and digests.")

  func run() { print(datasetReport(datasetLibrary())) }
}

struct New: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Make a small working paper to start from.")

  @Argument(
    help: ArgumentHelp("Folder of the new paper; its name becomes the report's.", valueName: "folder"))
  var folder: String

  func run() throws {
    try reportingErrors { try makePaper(folder) }
    print("\(folder): made; now run 'offprint build \(folder)'")
  }
}
