// The arrows between the targets: what each may import, and nothing that closes a circle.
import Foundation
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// What each target may import of our own; system modules are free.
private let allowed: [String: Set<String>] = [
  "KernelTable": [],
  "KernelDigests": ["KernelTable"],
  "Kernels": ["CProcessor", "KernelTable"],
  "BitExact": ["CProcessor", "CCrypto", "KernelTable", "KernelsBaseline", "KernelsAVX2", "KernelsAVX512"],
  "Diagnostics": [],
  "Tables": [],
  "Specification": ["Diagnostics", "Yams"],
  "Statistics": ["BitExact"],
  "Expressions": ["Diagnostics", "Tables", "Statistics", "BitExact"],
  "Datasets": ["BitExact", "CZlib"],
  "Training": ["BitExact", "KernelTable"],
  "Measurements": ["BitExact", "KernelTable", "Training"],
  "Experiments": [
    "BitExact", "KernelTable", "Diagnostics", "Specification", "Tables", "Expressions", "Datasets",
    "Training", "Measurements",
  ],
  "RunStore": ["BitExact", "Specification"],
  "Execution": ["Datasets", "Experiments", "RunStore", "Specification", "Tables"],
  "Manuscript": ["CCmarkGFM", "Diagnostics", "Specification"],
  "Plotting": ["CPNG", "CFonts", "Diagnostics", "Specification", "Tables"],
  "Report": ["Manuscript", "Diagnostics", "Specification"],
  "Offprint": [
    "BitExact", "Diagnostics", "Specification", "Tables", "Statistics", "Expressions", "Datasets",
    "Experiments",
    "RunStore", "Execution", "Manuscript", "Plotting", "Report",
  ],
  "Gallery": ["BitExact", "Diagnostics", "Plotting", "RunStore", "Specification", "Tables"],
  "Benchmarks": [
    "BitExact", "KernelTable", "KernelDigests", "Datasets", "Diagnostics", "Plotting", "RunStore",
    "Specification",
    "Tables",
    "Training",
  ],
  "FuzzTargets": [
    "Datasets", "Diagnostics", "Experiments", "Expressions", "Manuscript", "Plotting", "RunStore",
    "Specification", "Tables", "Training",
  ],
  "Fuzzer": ["FuzzTargets"],
  "offprint-cli": [
    "Offprint", "BitExact", "Datasets", "Diagnostics", "Execution", "Report", "RunStore", "Specification",
    "ArgumentParser",
  ],
]

private let system: Set<String> = ["Dispatch", "Glibc", "Darwin", "Musl", "Synchronization"]

@Suite struct ImportTests {
  private func imports(of target: String) throws -> [(file: String, module: String)] {
    let folder = root.appending(path: "Sources/\(target)")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var result: [(String, String)] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        // Swift modules are capitalised; another language's imports are text of ours.
        guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1,
          words[index + 1].first?.isUppercase == true
        else { continue }
        if index == 0 || ["public", "internal", "private", "package"].contains(words[0]) {
          result.append((file.lastPathComponent, String(words[index + 1])))
        }
      }
    }
    return result
  }

  @Test(arguments: allowed.keys.sorted())
  func targetsImportOnlyWhatTheyMay(target: String) throws {
    let permitted = try #require(allowed[target]).union(system)
    for (file, module) in try imports(of: target) {
      #expect(permitted.contains(module), "\(target)/\(file) imports \(module)")
    }
  }

  @Test func everyTargetHasItsPlace() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
    let swift = folders.filter {
      !$0.hasPrefix("C") && !["KernelsBaseline", "KernelsAVX2", "KernelsAVX512"].contains($0)
    }
    #expect(Set(swift) == Set(allowed.keys))
  }

  @Test func arrowsPointOneWay() {
    func reaches(_ from: String, _ to: String, _ seen: Set<String>) -> Bool {
      (allowed[from] ?? []).contains { $0 == to || (!seen.contains($0) && reaches($0, to, seen.union([$0]))) }
    }
    for target in allowed.keys { #expect(!reaches(target, target, []), "\(target) depends on itself") }
  }

  /// The pipeline stays readable at one sitting.
  @Test func regenerationStaysShort() throws {
    let text = try String(
      contentsOf: root.appending(path: "Sources/Offprint/Regeneration.swift"), encoding: .utf8)
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 160)
  }
}
