// Serves execute: the process that runs runs. It reads jobs from its standard input and writes records.
import Datasets
import Experiments
import RunStore
import Specification

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Takes jobs as JSON lines, one at a time, until its input ends.
public struct Worker {
  private let store: RunStore
  private let library: DatasetLibrary
  private let checkpointSeconds: Double

  /// A worker that writes its records into `store`, and the state of a run under way every `checkpointSeconds`.
  public init(store: RunStore, library: DatasetLibrary, checkpointSeconds: Double = 60) {
    self.store = store
    self.library = library
    self.checkpointSeconds = checkpointSeconds
  }

  /// Works until the input ends.
  public func serve() {
    while let line = readLine(strippingNewline: true) {
      guard let job = Job(line: line.utf8) else {
        say(.failed(key: "", reason: "a worker received a line that is not a job"))
        continue
      }
      say(perform(job))
    }
  }

  private func perform(_ job: Job) -> Report {
    guard let lock = store.lock(job.key, waits: job.waits) else { return .busy(key: job.key) }
    defer { lock.release() }
    // Another build may have made the run since this one looked.
    if !job.isFresh, case .found(let record) = store.load(job.key), record.specification == job.specification
    {
      return .finished(key: job.key, seconds: 0)
    }
    do {
      let started = processorSeconds()
      let configuration = try Configuration(job.specification)
      let context = RunContext(
        configuration: configuration, seed: job.seed, library: library, checkpoints: checkpoints(of: job)
      ) { done, total in
        say(.progress(key: job.key, done: done, total: total))
      }
      let result = try configuration.run(context)
      let seconds = processorSeconds() - started
      try store.save(
        StoredRun(key: job.key, specification: job.specification, result: result.value, seconds: seconds))
      store.removeCheckpoint(job.key)
      return .finished(key: job.key, seconds: seconds)
    } catch let error as FileError where error.path.hasPrefix(store.folder) {
      return .storeFailed(key: job.key, reason: "\(error)")
    } catch {
      return .failed(key: job.key, reason: "\(error)")
    }
  }

  /// Saves at intervals of time: what is saved when changes no number.
  private func checkpoints(of job: Job) -> RunCheckpoints {
    var last = wallSeconds()
    return RunCheckpoints(
      saved: job.isFresh ? nil : store.checkpoint(job.key),
      isDue: { _ in
        let now = wallSeconds()
        if now - last < checkpointSeconds { return false }
        last = now
        return true
      },
      // A full disk shows when the record is saved; until then the run goes on.
      save: { try? store.saveCheckpoint(job.key, $0) })
  }

  private func say(_ report: Report) {
    // The build may be gone; then the next read ends the worker.
    let bytes = Array(report.line.utf8)
    _ = unsafe write(STDOUT_FILENO, bytes, bytes.count)
  }
}

/// Processor time of this thread in seconds; for people, never for a result.
public func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
