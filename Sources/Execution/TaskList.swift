// Serves execute: the runs of one task of a batch system, on whatever machine it was given.
import Experiments
import RunStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Does the jobs in a file, one a line, in a worker process started as `workerCommand`, and says on standard output what
/// a worker says; the last line says that the task has come to its end.
///
/// The worker is watched as one on the user's machine is: limits, crashes and a full disk end as they do there.
public func performTask(_ list: String, workerCommand: [String], limits: RunLimits) throws {
  let jobs = (try Files.read(list) ?? []).split(separator: 10).compactMap { Job(line: $0) }
  let runs = try jobs.map { job in
    Run(
      experiment: "", configuration: try Configuration(job.specification), seed: job.seed, axes: [],
      cost: RunCost(steps: 0, operations: 0), key: job.key)
  }
  var progress = TaskProgress()
  let outcome = LocalExecutor(
    workerCommand: workerCommand, workers: 1, limits: limits, isFresh: jobs.contains { $0.isFresh }
  ).execute(runs, progress: &progress)
  if let failure = outcome.storeFailure { TaskProgress.say(.storeFailed(key: "", reason: failure.reason)) }
  // An interrupted task has not ended: the batch system says what became of it.
  if !outcome.interrupted { TaskProgress.say(.ended) }
}

/// Hands on what happens, as lines.
private struct TaskProgress: ExecutionProgress {
  static func say(_ report: Report) {
    let bytes = Array(report.line.utf8)
    _ = unsafe write(STDOUT_FILENO, bytes, bytes.count)
  }

  func begin(_ runs: [Run]) {}
  func advanced(_ run: Run, done: Int, of total: Int) {
    TaskProgress.say(.progress(key: run.key, done: done, total: total))
  }
  func finished(_ run: Run, seconds: Double) { TaskProgress.say(.finished(key: run.key, seconds: seconds)) }
  func failed(_ run: Run, _ reason: String) { TaskProgress.say(.failed(key: run.key, reason: reason)) }
  func noted(_ text: String) {}
  func end() {}
}
