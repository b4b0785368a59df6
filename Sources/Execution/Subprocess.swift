// Serves diff, and execution through Slurm: the output of another program.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs a program found on the path and returns what it writes; `nil` when it cannot be started or ends with an error.
///
/// The arguments go to the program as they are, through no shell.
public func runProgram(_ arguments: [String]) -> [UInt8]? {
  programOutcome(arguments, takesErrors: false).flatMap { $0.status == 0 ? $0.output : nil }
}

/// Runs a program found on the path: how it ended and what it wrote, with `takesErrors` to standard error too; `nil` when
/// it cannot be started.
func programOutcome(_ arguments: [String], takesErrors: Bool) -> (status: Int32, output: [UInt8])? {
  var ends: [Int32] = [0, 0]
  guard let program = arguments.first, unsafe pipe(&ends) == 0 else { return nil }
  _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
  var actions = posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
  if takesErrors {
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
  } else {
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
  }
  unsafe posix_spawn_file_actions_addclose(&actions, ends[1])
  // The program starts with the signals that it expects, whatever this process blocks and ignores.
  var attributes = posix_spawnattr_t()
  unsafe posix_spawnattr_init(&attributes)
  defer { unsafe posix_spawnattr_destroy(&attributes) }
  var (none, all) = (sigset_t(), sigset_t())
  unsafe sigemptyset(&none)
  unsafe sigfillset(&all)
  unsafe posix_spawnattr_setsigmask(&attributes, &none)
  unsafe posix_spawnattr_setsigdefault(&attributes, &all)
  unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  var words = arguments.map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var child: pid_t = 0
  let failure = unsafe posix_spawnp(&child, program, &actions, &attributes, &words, environ)
  close(ends[1])
  defer { close(ends[0]) }
  if failure != 0 { return nil }
  var output: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(ends[0], &chunk, chunk.count)
    if count < 0, errno == EINTR { continue }
    if count <= 0 { break }
    output.append(contentsOf: chunk[..<count])
  }
  var status: Int32 = 0
  while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
  return (status, output)
}
