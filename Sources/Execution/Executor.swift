// Serves execute: keeps one worker per core busy until every run is in the store.
import Experiments
import RunStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A run that could not be had.
public struct FailedRun: Sendable, Hashable {
  /// The run's key.
  public var key: String
  /// Why.
  public var reason: String
}

/// How an execution ended.
public struct ExecutionOutcome: Sendable {
  /// Runs without a record.
  public var failures: [FailedRun] = []
  /// Whether the user interrupted it.
  public var interrupted = false
  /// Why the store takes no records, and how many runs were then not made.
  public var storeFailure: (reason: String, left: Int)?
}

/// What one run may take.
public struct RunLimits: Sendable {
  /// Seconds on the clock.
  public var seconds: Double?
  /// Bytes of memory, looked at once a second.
  public var memory: Int?

  /// Sets limits; `nil` for none.
  public init(seconds: Double? = nil, memory: Int? = nil) {
    self.seconds = seconds
    self.memory = memory
  }
}

/// What decides where workers live.
public protocol Executor {
  /// Executes the runs, and tells `progress` what happens.
  ///
  /// - Throws: when no run could be started at all.
  func execute(_ runs: [Run], progress: inout some ExecutionProgress) throws -> ExecutionOutcome
}

/// Runs on this machine, in worker processes.
public struct LocalExecutor: Executor {
  private let workerCommand: [String]
  private let workers: Int
  private let limits: RunLimits
  private let isFresh: Bool

  /// Creates an executor of `workers` processes, each started as `workerCommand`.
  ///
  /// - Parameters:
  ///   - limits: what one run may take before it is given up.
  ///   - isFresh: whether records that are there are made again.
  public init(workerCommand: [String], workers: Int, limits: RunLimits = RunLimits(), isFresh: Bool = false) {
    self.workerCommand = workerCommand
    self.workers = max(1, workers)
    self.limits = limits
    self.isFresh = isFresh
  }

  /// Executes the runs, the most expensive first, and tells `progress` what happens.
  public func execute(_ runs: [Run], progress: inout some ExecutionProgress) -> ExecutionOutcome {
    let restore = InterruptFlag.install()
    defer { restore() }
    progress.begin(runs)
    var queue = RunQueue(runs, workerCommand, limits, isFresh: isFresh)
    for _ in 0..<min(workers, runs.count) { queue.startWorker() }
    while !queue.pool.isEmpty {
      if InterruptFlag.isSet {
        queue.interrupt()
        break
      }
      queue.advance(&progress)
    }
    progress.end()
    return queue.outcome
  }
}

/// The state of one execution.
private struct RunQueue {
  private(set) var pool: [WorkerProcess] = []
  private(set) var outcome = ExecutionOutcome()
  private let workerCommand: [String]
  private let limits: RunLimits
  private let isFresh: Bool
  private let byKey: [String: Run]
  /// The next run is the last.
  private var waiting: [Run]
  /// Runs that another build is making; they are waited for when nothing else is left.
  private var busyElsewhere: [Run] = []

  init(_ runs: [Run], _ workerCommand: [String], _ limits: RunLimits, isFresh: Bool) {
    self.workerCommand = workerCommand
    self.limits = limits
    self.isFresh = isFresh
    byKey = Dictionary(runs.map { ($0.key, $0) }) { first, _ in first }
    waiting = Array(runs.sorted { $0.cost.operations > $1.cost.operations }.reversed())
  }

  mutating func startWorker() {
    guard let worker = WorkerProcess(workerCommand) else {
      if pool.isEmpty {
        for run in waiting + busyElsewhere { fail(run.key, "no worker process could be started") }
        waiting = []
        busyElsewhere = []
      }
      return
    }
    pool.append(worker)
    feed(pool.count - 1)
  }

  /// Gives an idle worker the next run, or ends it.
  private mutating func feed(_ index: Int) {
    let waits = waiting.isEmpty
    guard let run = waits ? busyElsewhere.popLast() : waiting.popLast() else {
      _ = pool.remove(at: index).finish()
      return
    }
    // A worker that does not take its job shows up as ended at the next read.
    _ = pool[index].start(
      Job(
        key: run.key, specification: run.configuration.value, seed: run.seed, isFresh: isFresh, waits: waits))
  }

  private mutating func fail(_ key: String, _ reason: String) {
    outcome.failures.append(FailedRun(key: key, reason: reason))
  }

  mutating func interrupt() {
    outcome.interrupted = true
    for worker in pool {
      worker.kill()
      _ = worker.finish()
    }
    pool = []
  }

  /// Waits at most a second for news, and takes note of it.
  mutating func advance(_ progress: inout some ExecutionProgress) {
    for index in readable().reversed() {
      guard let reports = pool[index].reports() else {
        replace(index, reason: nil, &progress)
        continue
      }
      for report in reports { note(report, of: index, &progress) }
    }
    for index in pool.indices.reversed() {
      if let reason = excess(pool[index]) {
        pool[index].kill()
        replace(index, reason: reason, &progress)
      }
    }
  }

  /// Why a worker's run is given up; `nil` while it keeps its limits.
  private func excess(_ worker: WorkerProcess) -> String? {
    guard worker.job != nil else { return nil }
    if let seconds = limits.seconds, worker.elapsed > seconds {
      return "it took more than the \(clock(seconds)) that a run may take; its state is kept where it has one"
    }
    if let memory = limits.memory, worker.memory > memory {
      return "it took more than the \(memory / 1_000_000) MB of memory that a run may take"
    }
    return nil
  }

  /// A worker has ended, by itself or because of `reason`; its run has failed, and another worker goes on.
  private mutating func replace(_ index: Int, reason: String?, _ progress: inout some ExecutionProgress) {
    let worker = pool.remove(at: index)
    let end = worker.finish()
    if let job = worker.job, let run = byKey[job.key] {
      let reason = reason ?? "the worker ended with \(end)"
      fail(job.key, reason)
      progress.failed(run, reason)
    }
    if !waiting.isEmpty || !busyElsewhere.isEmpty { startWorker() }
  }

  private mutating func note(
    _ report: Report, of index: Int, _ progress: inout some ExecutionProgress
  ) {
    switch report {
    case .progress(let key, let done, let total):
      if let run = byKey[key] { progress.advanced(run, done: done, of: total) }
      return
    case .ended: return
    case .finished(let key, let seconds):
      if let run = byKey[key] { progress.finished(run, seconds: seconds) }
    case .failed(let key, let reason):
      fail(key, reason)
      if let run = byKey[key] { progress.failed(run, reason) }
    case .busy(let key):
      if let run = byKey[key] { busyElsewhere.append(run) }
    case .storeFailed(_, let reason):
      // The next record would be refused as well: the time it takes to make it is saved.
      let left = (outcome.storeFailure?.left ?? 0) + waiting.count + busyElsewhere.count + 1
      outcome.storeFailure = (outcome.storeFailure?.reason ?? reason, left)
      waiting = []
      busyElsewhere = []
    }
    pool[index].jobEnded()
    feed(index)
  }

  /// Indices of the workers that have said something or ended.
  private func readable() -> [Int] {
    var descriptors = pool.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
    guard unsafe poll(&descriptors, nfds_t(descriptors.count), 1000) > 0 else { return [] }
    return descriptors.indices.filter { descriptors[$0].revents != 0 }
  }
}

/// Remembers that the user asked to stop.
enum InterruptFlag {
  nonisolated(unsafe) private static var flag: sig_atomic_t = 0

  static var isSet: Bool { unsafe flag != 0 }

  /// Watches for SIGINT and SIGTERM; the result puts the old behaviour back.
  static func install() -> () -> Void {
    unsafe flag = 0
    let handler: @convention(c) (Int32) -> Void = { _ in unsafe InterruptFlag.flag = 1 }
    // A parent may have started this process with the signals blocked.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe sigaddset(&signals, SIGTERM)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    let oldInterrupt = signal(SIGINT, handler)
    let oldTerminate = signal(SIGTERM, handler)
    let oldPipe = signal(SIGPIPE, SIG_IGN)
    return {
      signal(SIGINT, oldInterrupt)
      signal(SIGTERM, oldTerminate)
      signal(SIGPIPE, oldPipe)
    }
  }
}
