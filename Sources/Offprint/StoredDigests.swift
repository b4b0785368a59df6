// Serves plan: digests of datasets, kept so that planning neither reads nor makes the data.
import Datasets
import RunStore
import Synchronization

/// A file with one line a source: digest and identity. It only saves time: one that is lost or damaged is made again.
final class StoredDigests: DigestMemory {
  private let path: String
  private let known: Mutex<[String: String]>

  init(path: String) {
    self.path = path
    let text = ((try? Files.read(path)) ?? nil).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
      let parts = line.split(separator: " ", maxSplits: 1)
      return parts.count == 2 && parts[0].utf8.count == 64 ? (String(parts[1]), String(parts[0])) : nil
    }
    known = Mutex(Dictionary(pairs) { first, _ in first })
  }

  func digest(of identity: String) -> String? { known.withLock { $0[identity] } }

  func remember(_ digest: String, of identity: String) {
    known.withLock { known in
      known[identity] = digest
      let lines = known.map { "\($0.value) \($0.key)\n" }.sorted().joined()
      // A folder that cannot be written costs the time again, and nothing else.
      try? Files.makeFolder(path.parentFolder)
      try? Files.write(Array(lines.utf8), to: path, durable: false)
    }
  }
}
