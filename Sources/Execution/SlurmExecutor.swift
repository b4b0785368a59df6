// Serves execute: runs in the tasks of a Slurm job array, over a folder that all of its machines share.
import Experiments
import RunStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why Slurm took no job.
public struct SlurmError: Error, Sendable {
  /// What is wrong.
  public var message: String
  /// What to do about it.
  public var hint: String
}

/// Runs through Slurm: a job array whose tasks each take some of the runs, in the same worker as on one machine.
///
/// Jobs, reports and records are files below the cache, which all machines must see under the same path, as they must the
/// program and the working folder. What becomes of the tasks is read from their reports; `squeue` is asked only to notice
/// those that ended without saying so.
public struct SlurmExecutor: Executor {
  private let command: [String]
  private let folder: String
  private let tasksAtOnce: Int?
  private let options: [String]
  private let limits: RunLimits
  private let isFresh: Bool

  /// Creates an executor.
  ///
  /// - Parameters:
  ///   - command: the worker's command; with `--list` and a file it does the jobs in the file.
  ///   - folder: where jobs and reports go; it is made and removed.
  ///   - tasksAtOnce: how many tasks may run at the same time; `nil` for as many as Slurm starts.
  ///   - options: further arguments of `sbatch`, which take precedence over our own.
  ///   - limits: what one run may take.
  ///   - isFresh: whether records that are there are made again.
  public init(
    command: [String], folder: String, tasksAtOnce: Int? = nil, options: [String] = [],
    limits: RunLimits = RunLimits(), isFresh: Bool = false
  ) {
    self.command = command
    self.folder = folder
    self.tasksAtOnce = tasksAtOnce
    self.options = options
    self.limits = limits
    self.isFresh = isFresh
  }

  /// Submits the runs and follows them until each has ended.
  public func execute(_ runs: [Run], progress: inout some ExecutionProgress) throws -> ExecutionOutcome {
    let restore = InterruptFlag.install()
    defer { restore() }
    progress.begin(runs)
    defer { progress.end() }
    let lists = dealt(runs)
    try writeLists(lists)
    defer { removeFiles(lists.count) }
    let job = try submit(lists)
    progress.noted("Slurm job \(job): \(lists.count) \(lists.count == 1 ? "task" : "tasks")")
    var array = SlurmArray(job: job, folder: folder, lists: lists)
    while !array.isDone {
      if InterruptFlag.isSet {
        _ = programOutcome(["scancel", job], takesErrors: true)
        array.outcome.interrupted = true
        break
      }
      array.advance(&progress)
      if !array.isDone { usleep(200_000) }
    }
    return array.outcome
  }

  // MARK: - Tasks

  /// Slurm refuses arrays of more than 1001 tasks unless its administrators allow them.
  private static let mostTasks = 1000
  /// Minutes of a year, longer than which no task is: a limit may be any number.
  private static let mostMinutes = 525_600.0
  /// Seconds of work below which a task of its own is not worth its start.
  private static let taskSeconds = 30.0

  /// The runs of each task, of about equal cost, the most expensive first.
  private func dealt(_ runs: [Run]) -> [[Run]] {
    let seconds = runs.reduce(0) { $0 + $1.cost.operations } / 20e9
    let useful = Int(min(1e6, seconds / SlurmExecutor.taskSeconds).rounded(.up))
    let count = max(1, min(runs.count, SlurmExecutor.mostTasks, max(useful, tasksAtOnce ?? 1)))
    var lists = [[Run]](repeating: [], count: count)
    var loads = [Double](repeating: 0, count: count)
    for run in runs.sorted(by: { $0.cost.operations > $1.cost.operations }) {
      let least =
        loads.indices.min { (loads[$0], lists[$0].count, $0) < (loads[$1], lists[$1].count, $1) } ?? 0
      lists[least].append(run)
      loads[least] += run.cost.operations
    }
    return lists
  }

  private func writeLists(_ lists: [[Run]]) throws {
    try Files.makeFolder(folder)
    for (index, runs) in lists.enumerated() {
      let lines = runs.map {
        Job(key: $0.key, specification: $0.configuration.value, seed: $0.seed, isFresh: isFresh).line
      }
      try Files.write(Array(lines.joined().utf8), to: "\(folder)/\(index).jobs", durable: false)
    }
    let words = (command + ["--list"]).map(shellQuoted).joined(separator: " ")
    var script = "#!/bin/sh\nexec \(words) \(shellQuoted(folder + "/"))\"$SLURM_ARRAY_TASK_ID\".jobs"
    if let seconds = limits.seconds { script += " --max-run-seconds \(seconds)" }
    if let memory = limits.memory { script += " --max-run-bytes \(memory)" }
    try Files.write(Array((script + "\n").utf8), to: "\(folder)/script", durable: false)
  }

  private func removeFiles(_ tasks: Int) {
    for index in 0..<tasks {
      for kind in ["jobs", "reports", "errors"] { Files.remove("\(folder)/\(index).\(kind)") }
    }
    Files.remove("\(folder)/script")
    Files.removeFolder(folder)
  }

  // MARK: - Submission

  /// The number of the job.
  private func submit(_ lists: [[Run]]) throws -> String {
    let place = folder.replacing("%", with: "%%")
    var words = [
      "sbatch", "--parsable", "--job-name=offprint", "--ntasks=1", "--cpus-per-task=1", "--open-mode=append",
      "--output=\(place)/%a.reports", "--error=\(place)/%a.errors",
    ]
    words.append("--array=0-\(lists.count - 1)" + (tasksAtOnce.map { "%\($0)" } ?? ""))
    let longest = lists.map(\.count).max() ?? 1
    if let seconds = limits.seconds {
      // The worker keeps the limit of each run; this one tells Slurm how long the task may be, to the minute.
      let minutes = min(seconds * Double(longest) / 60, SlurmExecutor.mostMinutes).rounded(.up)
      words.append("--time=\(Int(minutes) + 1)")
    }
    // Twice the limit, so that the worker, which names the run, comes before Slurm.
    if let memory = limits.memory { words.append("--mem=\(2 * memory / 1024 + 65_536)K") }
    words += options
    guard let answer = programOutcome(words + ["\(folder)/script"], takesErrors: true) else {
      throw SlurmError(
        message: "there is no 'sbatch' here",
        hint: "install Slurm's client commands, or leave out --executor to use this machine")
    }
    let lines = String(decoding: answer.output, as: UTF8.self).split(separator: "\n")
    let number = lines.last { $0.first?.isNumber == true }?.prefix { $0.isNumber }
    guard answer.status == 0, let number else {
      throw SlurmError(
        message: "Slurm took no job: \(lines.last { !$0.isEmpty } ?? "sbatch gave no reason")",
        hint: "nothing was run; --sbatch-option passes a partition, an account or a time to sbatch")
    }
    return String(number)
  }
}

/// A word that a shell reads as it is.
private func shellQuoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }

/// A job array under way.
private struct SlurmArray {
  var outcome = ExecutionOutcome()
  private let job: String
  private let folder: String
  private var tasks: [Task]
  private var nextQuestion = wallSeconds() + SlurmArray.questionSeconds
  private var lastQueue = ""

  /// Seconds between two questions to Slurm's controller.
  private static let questionSeconds = 2.0

  private struct Task {
    /// Runs that it has said nothing final about, by key.
    var open: [String: Run]
    /// Bytes of its reports that have been read.
    var read = 0
    var hasEnded = false
    /// The state in which Slurm showed it last, once that is a final one.
    var finalState: String?
  }

  init(job: String, folder: String, lists: [[Run]]) {
    self.job = job
    self.folder = folder
    tasks = lists.map { Task(open: Dictionary($0.map { ($0.key, $0) }) { first, _ in first }) }
  }

  var isDone: Bool { tasks.allSatisfy(\.hasEnded) }

  /// Reads what tasks have said, and now and then asks Slurm for those that say nothing.
  mutating func advance(_ progress: inout some ExecutionProgress) {
    let asks = wallSeconds() >= nextQuestion
    for index in tasks.indices where !tasks[index].hasEnded { readReports(index, &progress) }
    guard asks, !isDone else { return }
    // Whoever was over when Slurm was last asked has had time for its last words to arrive.
    for index in tasks.indices where !tasks[index].hasEnded {
      if let state = tasks[index].finalState { close(index, state, &progress) }
    }
    askSlurm(&progress)
    nextQuestion = wallSeconds() + SlurmArray.questionSeconds
  }

  private mutating func readReports(_ index: Int, _ progress: inout some ExecutionProgress) {
    let path = "\(folder)/\(index).reports"
    guard let bytes = try? Files.read(path, from: tasks[index].read), let end = bytes.lastIndex(of: 10) else {
      return
    }
    tasks[index].read += end + 1
    for line in bytes[...end].split(separator: 10) {
      if let report = Report(line: line) { note(report, of: index, &progress) }
    }
  }

  private mutating func note(_ report: Report, of index: Int, _ progress: inout some ExecutionProgress) {
    switch report {
    case .progress(let key, let done, let total):
      if let run = tasks[index].open[key] { progress.advanced(run, done: done, of: total) }
    case .finished(let key, let seconds):
      // A task that was started again by Slurm says it twice.
      if let run = tasks[index].open.removeValue(forKey: key) { progress.finished(run, seconds: seconds) }
    case .failed(let key, let reason): fail(key, reason, of: index, &progress)
    case .storeFailed(_, let reason):
      let left = (outcome.storeFailure?.left ?? 0) + tasks[index].open.count
      outcome.storeFailure = (outcome.storeFailure?.reason ?? reason, left)
      tasks[index].open = [:]
    case .ended: close(index, "COMPLETED", &progress)
    case .busy: break
    }
  }

  private mutating func fail(
    _ key: String, _ reason: String, of index: Int, _ progress: inout some ExecutionProgress
  ) {
    guard let run = tasks[index].open.removeValue(forKey: key) else { return }
    outcome.failures.append(FailedRun(key: key, reason: reason))
    progress.failed(run, reason)
  }

  /// A task is over: runs that it said nothing about cannot be had.
  private mutating func close(_ index: Int, _ state: String, _ progress: inout some ExecutionProgress) {
    tasks[index].hasEnded = true
    let errors = (try? Files.read("\(folder)/\(index).errors")) ?? []
    let last = String(decoding: errors, as: UTF8.self).split(separator: "\n").last.map { ": \($0)" } ?? ""
    for key in tasks[index].open.keys.sorted() {
      fail(key, "task \(index) of Slurm job \(job) ended as \(state)\(last)", of: index, &progress)
    }
  }

  // MARK: - The queue

  /// States that a task may still come out of.
  private static let openStates: Set<Substring> = [
    "PENDING", "RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED",
    "RESIZING", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "RESV_DEL_HOLD",
  ]

  private mutating func askSlurm(_ progress: inout some ExecutionProgress) {
    let words = ["squeue", "--noheader", "--array", "--states=all", "--format=%K %T %r", "--jobs=\(job)"]
    guard let answer = programOutcome(words, takesErrors: true) else { return }
    let text = String(decoding: answer.output, as: UTF8.self)
    if answer.status != 0 {
      // Slurm forgets jobs some minutes after their end; other errors pass.
      if text.contains("Invalid job id") { forgetOpenTasks() }
      return
    }
    var waiting: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 2)
      guard parts.count >= 2, let index = Int(parts[0]), tasks.indices.contains(index) else { continue }
      if !SlurmArray.openStates.contains(parts[1]) { tasks[index].finalState = String(parts[1]) }
      // Slurm knows no reason yet where it says "None".
      if parts[1] == "PENDING", parts.last != "None" { waiting[parts.last ?? "", default: 0] += 1 }
    }
    let queue = waiting.sorted { $0.key < $1.key }.map { "\($1) for \($0)" }.joined(separator: ", ")
    if queue != lastQueue, !queue.isEmpty { progress.noted("tasks that wait in Slurm's queue: \(queue)") }
    lastQueue = queue
  }

  private mutating func forgetOpenTasks() {
    for index in tasks.indices where tasks[index].finalState == nil {
      tasks[index].finalState = "a job that Slurm no longer knows"
    }
  }
}
