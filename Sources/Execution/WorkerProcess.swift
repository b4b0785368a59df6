// Serves execute: one worker seen from the build, a child process behind two pipes.
import RunStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A child process that takes jobs.
final class WorkerProcess {
  /// Reads what the worker says.
  let output: Int32
  private let input: Int32
  private let identifier: pid_t
  private var buffer: [UInt8] = []
  /// The job it works on.
  private(set) var job: Job?
  private var startedAt = 0.0

  /// Seconds since it took its job.
  var elapsed: Double { job == nil ? 0 : wallSeconds() - startedAt }

  /// Bytes of memory that it has in use; 0 where the system does not say.
  var memory: Int {
    guard let text = try? Files.read("/proc/\(identifier)/statm") else { return 0 }
    let pages = String(decoding: text, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap {
      Int($0)
    }
    return (pages ?? 0) * max(1, sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Forgets the job, which has come to an end.
  func jobEnded() { job = nil }

  /// Starts `arguments[0]` with `arguments`; `nil` when the system refuses.
  init?(_ arguments: [String]) {
    var (toChild, fromChild): ([Int32], [Int32]) = ([0, 0], [0, 0])
    guard unsafe pipe(&toChild) == 0 else { return nil }
    guard unsafe pipe(&fromChild) == 0 else {
      toChild.forEach { close($0) }
      return nil
    }
    // The parent's ends must not reach other workers, or a worker's input would never end.
    _ = fcntl(toChild[1], F_SETFD, FD_CLOEXEC)
    _ = fcntl(fromChild[0], F_SETFD, FD_CLOEXEC)
    var actions = posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
    unsafe posix_spawn_file_actions_addclose(&actions, toChild[0])
    unsafe posix_spawn_file_actions_addclose(&actions, fromChild[1])
    var child: pid_t = 0
    var words = arguments.map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    let failure = unsafe posix_spawn(&child, arguments[0], &actions, nil, &words, environ)
    close(toChild[0])
    close(fromChild[1])
    (input, output, identifier) = (toChild[1], fromChild[0], child)
    if failure != 0 {
      close(input)
      close(output)
      return nil
    }
  }

  /// Hands over a job; false when the worker no longer listens.
  func start(_ job: Job) -> Bool {
    self.job = job
    startedAt = wallSeconds()
    let bytes = Array(job.line.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      offset += count
    }
    return true
  }

  /// What the worker has said since the last call; `nil` when it has ended.
  func reports() -> [Report]? {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe read(output, &chunk, chunk.count)
    if count < 0 { return errno == EINTR || errno == EAGAIN ? [] : nil }
    if count == 0 { return nil }
    buffer.append(contentsOf: chunk[..<count])
    var reports: [Report] = []
    while let newline = buffer.firstIndex(of: 10) {
      if let report = Report(line: buffer[..<newline]) { reports.append(report) }
      buffer.removeSubrange(...newline)
    }
    return reports
  }

  /// Closes the pipes, waits, and says how the process ended.
  func finish() -> String {
    close(input)
    close(output)
    var status: Int32 = 0
    while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    // The system ends the process that takes most when memory runs out, and says so to nobody.
    let hint = signal == SIGKILL ? "; killed by hand, or the machine was out of memory" : ""
    return signal != 0
      ? unsafe "signal \(signal) (\(String(cString: strsignal(signal))))\(hint)"
      : "exit status \(status >> 8 & 0xFF)"
  }

  /// Ends the process at once.
  func kill() { _ = Glibc.kill(identifier, SIGKILL) }
}
