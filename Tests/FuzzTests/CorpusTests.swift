// Inputs that once crashed or hung a reader, and the seeds of the fuzzer: each is read without a trap.
import Foundation
import FuzzTargets
import Testing

private let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

@Suite struct CorpusTests {
  @Test(arguments: FuzzTarget.allCases)
  func everyInputIsRead(target: FuzzTarget) throws {
    let folder = corpus.appending(path: target.rawValue)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: file))
      target.read(bytes)
      // Torn in the middle, as a crash leaves it.
      target.read(Array(bytes.prefix(bytes.count / 2)))
    }
  }
}
