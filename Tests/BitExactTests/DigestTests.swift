// One digest a kernel, the same at every instruction-set level and on every processor.
import BitExact
import Foundation
import KernelDigests
import KernelTable
import Testing

@Suite struct DigestTests {
  /// Changing a line of the fixture on purpose means raising `numericVersion`, unless it is the line of a new kernel.
  @Test(arguments: Kernels.available.map(\.name))
  func digestsArePinned(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/kernel-digests.txt")
    let pinned = try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n").map(String.init)
    var lines: [String] = []
    reportKernelDigests(kernels) { name, digest in
      let digits = String(digest, radix: 16)
      lines.append("\(name) \(String(repeating: "0", count: 16 - digits.count))\(digits)")
    }
    #expect(lines == pinned, "kernels of the level \(level)")
  }
}
