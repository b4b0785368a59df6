// Serves plan and tabulate: tells a file that nobody has touched, without reading it.
#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What changes whenever a file's content does: its size, its number, and the time of its last change, which no
/// program can set. (As git's index does it.)
public struct FileStamp: Hashable, Sendable, CustomStringConvertible {
  /// Bytes.
  public let size: Int
  /// The number of the file on its device; another one after it was replaced.
  public let number: UInt64
  /// Nanoseconds since 1970 of the last change of content or name.
  public let changed: Int

  /// The stamp of a file; `nil` when there is none.
  public init?(_ path: String) {
    var information = stat()
    guard unsafe stat(path, &information) == 0 else { return nil }
    #if canImport(Darwin)
      let time = information.st_ctimespec
    #else
      let time = information.st_ctim
    #endif
    size = Int(information.st_size)
    number = UInt64(information.st_ino)
    changed = Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }

  /// The three numbers, separated by spaces.
  public var description: String { "\(size) \(number) \(changed)" }
}
