// Serves write and verify: run key → result digest, one line a run, sorted.
import RunStore

/// The lock file of a paper: what its published numbers were.
public struct LockFile: Sendable, Hashable {
  /// Result digests by run key.
  public var digests: [String: String]

  /// Collects digests.
  public init(digests: [String: String]) { self.digests = digests }

  /// The lock file beside a paper.
  public static func path(_ folder: String) -> String { "\(folder)/offprint.lock" }

  /// Reads the lock of a paper; `nil` when there is none.
  ///
  /// - Throws: `LockError` with the line that is no entry; `FileError` when the file cannot be read.
  public init?(folder: String) throws {
    guard Files.exists(LockFile.path(folder)) else { return nil }
    try self.init(reading: LockFile.path(folder))
  }

  /// Reads a lock file.
  ///
  /// - Throws: `LockError` with the line that is no entry; `FileError` when the file cannot be read.
  public init(reading path: String) throws {
    let bytes = try Files.read(path) ?? []
    digests = [:]
    for (index, line) in String(decoding: bytes, as: UTF8.self).split(separator: "\n").enumerated() {
      let words = line.split(separator: " ")
      guard words.count == 2, words.allSatisfy({ $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) }) else {
        throw LockError(description: "\(path):\(index + 1):1: error[lock]: not 'run-key result-digest'")
      }
      digests[String(words[0])] = String(words[1])
    }
  }

  /// The file's text.
  public var text: String {
    digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
  }
}

/// A lock file that cannot be read.
public struct LockError: Error, CustomStringConvertible {
  /// Position and reason.
  public var description: String
}
