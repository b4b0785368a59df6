// Serves the tests of write: the whole page of the sample paper.
import Diagnostics
import Foundation
import Manuscript
import Report
import Specification
import Testing

@Suite struct PaperPageTests {
  @Test func wholePageMatchesRecording() throws {
    try expectSnapshot(reportPage(try samplePaper(), sha256: sha256), "paper.html", in: fixtures)
  }
}

@Suite struct PreviewTests {
  /// Writes the pages to the folder named in `OFFPRINT_PREVIEW`, for looking at them.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["OFFPRINT_PREVIEW"] != nil))
  func writesPages() throws {
    let folder = URL(filePath: try #require(ProcessInfo.processInfo.environment["OFFPRINT_PREVIEW"]))
    let paper = try samplePaper()
    let draft = try samplePaper(profile: ReportProfile(name: "smoke", isDraft: true))
    try reportPage(paper, sha256: sha256).write(to: folder.appending(path: "index.html"), atomically: true, encoding: .utf8)
    try reportPage(draft, sha256: sha256).write(to: folder.appending(path: "draft.html"), atomically: true, encoding: .utf8)
    let site = sitePage(
      title: "Regenerated papers", papers: [PaperSummary(path: "index.html", paper: paper), PaperSummary(path: "draft.html", paper: draft)],
      sha256: sha256)
    try site.write(to: folder.appending(path: "site.html"), atomically: true, encoding: .utf8)
  }
}

/// Renders any folder without results, for looking at papers that are being written.
@Suite struct RealPaperPreview {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["OFFPRINT_PREVIEW_PAPER"] != nil))
  func writesPage() throws {
    let environment = ProcessInfo.processInfo.environment
    let folder = URL(filePath: try #require(environment["OFFPRINT_PREVIEW"]))
    var diagnostics = Diagnostics()
    let manuscript = try #require(parsePaper(folder: try #require(environment["OFFPRINT_PREVIEW_PAPER"]), &diagnostics))
    for diagnostic in diagnostics.sorted { print(DiagnosticRenderer { _, _ in nil }.render(diagnostic), terminator: "") }
    var paper = ResolvedPaper(
      manuscript: manuscript, profile: ReportProfile(name: "default", isDraft: false),
      engine: EngineInfo(name: "Offprint 0.1", numericVersion: "1"))
    for value in manuscript.values {
      paper.values[value.index] = ResolvedValue(text: "0.823 ± 0.004", title: "mean ± half-width of the 95 % t-interval over n = 5 seeds", experiments: [String(value.expression.prefix { $0 != "[" && $0 != "." })], samples: ["0.8212", "0.8197", "0.8301", "0.8254", "0.8188"])
    }
    try reportPage(paper, sha256: sha256).write(to: folder.appending(path: "real.html"), atomically: true, encoding: .utf8)
  }
}
