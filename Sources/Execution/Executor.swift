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
}

/// Runs on this machine, in worker processes.
public struct LocalExecutor {
  private let workerCommand: [String]
  private let workers: Int

  /// Creates an executor of `workers` processes, each started as `workerCommand`.
  public init(workerCommand: [String], workers: Int) {
    self.workerCommand = workerCommand
    self.workers = max(1, workers)
  }

  /// Executes the runs, the most expensive first, and tells `progress` what happens.
  public func execute(_ runs: [Run], progress: inout some ExecutionProgress) -> ExecutionOutcome {
    var outcome = ExecutionOutcome()
    var waiting = Array(runs.sorted { $0.cost.operations > $1.cost.operations }.reversed())
    let byKey = Dictionary(runs.map { ($0.key, $0) }) { first, _ in first }
    var pool: [WorkerProcess] = []
    let restore = InterruptFlag.install()
    defer { restore() }
    progress.begin(runs)
    defer { progress.end() }

    func fail(_ key: String, _ reason: String) {
      outcome.failures.append(FailedRun(key: key, reason: reason))
    }
    /// Gives an idle worker the next run, or ends it.
    func feed(_ index: Int) {
      guard let run = waiting.popLast() else {
        _ = pool.remove(at: index).finish()
        return
      }
      let job = Job(key: run.key, specification: run.configuration.value, seed: run.seed)
      // A worker that does not take its job shows up as ended at the next read.
      _ = pool[index].start(job)
    }
    func startWorker() {
      guard let worker = WorkerProcess(workerCommand) else {
        if pool.isEmpty {
          for run in waiting { fail(run.key, "no worker process could be started") }
          waiting = []
        }
        return
      }
      pool.append(worker)
      feed(pool.count - 1)
    }

    for _ in 0..<min(workers, runs.count) { startWorker() }
    while !pool.isEmpty {
      if InterruptFlag.isSet {
        outcome.interrupted = true
        for worker in pool {
          worker.kill()
          _ = worker.finish()
        }
        return outcome
      }
      for index in readable(pool).reversed() {
        let worker = pool[index]
        guard let reports = worker.reports() else {
          pool.remove(at: index)
          let end = worker.finish()
          if let job = worker.job, let run = byKey[job.key] {
            fail(job.key, "the worker ended with \(end)")
            progress.failed(run, "the worker ended with \(end)")
          }
          if !waiting.isEmpty { startWorker() }
          continue
        }
        for report in reports {
          switch report {
          case .progress(let key, let done, let total):
            if let run = byKey[key] { progress.advanced(run, done: done, of: total) }
          case .finished(let key, let seconds):
            if let run = byKey[key] { progress.finished(run, seconds: seconds) }
            worker.job = nil
            feed(index)
          case .failed(let key, let reason):
            fail(key, reason)
            if let run = byKey[key] { progress.failed(run, reason) }
            worker.job = nil
            feed(index)
          }
        }
      }
    }
    return outcome
  }

  /// Indices of the workers that have said something or ended; waits at most a second.
  private func readable(_ pool: [WorkerProcess]) -> [Int] {
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
