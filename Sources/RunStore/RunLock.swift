// Serves execute: two builds on one store share the work instead of doing it twice.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A lock on one run, held until it is released or its process ends.
public final class RunLock {
  private var descriptor: Int32 = -1
  private let path: String

  init?(_ path: String, in folder: String, waits: Bool) {
    self.path = path
    guard (try? Files.makeFolder(folder)) != nil else { return }
    while true {
      let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      if opened < 0 { return }
      var result = flock(opened, LOCK_EX | (waits ? 0 : LOCK_NB))
      while result != 0, errno == EINTR { result = flock(opened, LOCK_EX | (waits ? 0 : LOCK_NB)) }
      if result != 0 {
        let isHeld = errno == EWOULDBLOCK
        close(opened)
        if isHeld { return nil }
        return
      }
      // Whoever held it may have removed the file meanwhile: then this lock is on a file that nobody else opens.
      var (mine, current) = (stat(), stat())
      if unsafe fstat(opened, &mine) == 0, unsafe stat(path, &current) == 0, mine.st_ino == current.st_ino {
        descriptor = opened
        return
      }
      close(opened)
    }
  }

  /// Lets others have the run.
  public func release() {
    guard descriptor >= 0 else { return }
    unlink(path)
    close(descriptor)
    descriptor = -1
  }

  deinit { release() }
}
