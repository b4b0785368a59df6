// Serves the design of the report: writes pages to a folder, for looking at them.
import Diagnostics
import Foundation
import Manuscript
import Report
import Specification
import Testing

/// Where to write, from `OFFPRINT_PREVIEW`; without it nothing is written.
private let preview = ProcessInfo.processInfo.environment["OFFPRINT_PREVIEW"].map { URL(filePath: $0) }
/// The folder of a paper to show without its results, from `OFFPRINT_PREVIEW_PAPER`.
private let paperFolder = ProcessInfo.processInfo.environment["OFFPRINT_PREVIEW_PAPER"]

@Suite struct Preview {
  @Test(.enabled(if: preview != nil)) func samplePages() throws {
    let paper = try samplePaper()
    let draft = try samplePaper(profile: ReportProfile(name: "smoke", isDraft: true))
    try write(reportPage(paper, sha256: sha256), "index.html")
    try write(reportPage(draft, sha256: sha256), "draft.html")
    try write(
      sitePage(title: "Regenerated papers", papers: papers(paper, draft), sha256: sha256), "site.html")
  }

  @Test(.enabled(if: preview != nil && paperFolder != nil)) func paperWithoutResults() throws {
    var diagnostics = Diagnostics()
    let manuscript = try #require(parsePaper(folder: paperFolder ?? "", &diagnostics))
    for diagnostic in diagnostics.sorted {
      print(DiagnosticRenderer { _, _ in nil }.render(diagnostic), terminator: "")
    }
    try write(reportPage(try paperWithDummyValues(manuscript), sha256: sha256), "real.html")
  }

  private func write(_ text: String, _ name: String) throws {
    let folder = try #require(preview)
    try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
  }
}

/// The list that the site's page shows.
func papers(_ paper: ResolvedPaper, _ draft: ResolvedPaper) -> [PaperSummary] {
  [PaperSummary(path: "index.html", paper: paper), PaperSummary(path: "draft.html", paper: draft)]
}

private func paperWithDummyValues(_ manuscript: Manuscript) throws -> ResolvedPaper {
  var paper = ResolvedPaper(
    manuscript: manuscript, profile: ReportProfile(name: "default", isDraft: false),
    engine: EngineInfo(name: "Offprint", numericVersion: "1"))
  for value in manuscript.values {
    paper.values[value.index] = ResolvedValue(
      text: "0.823 ± 0.004", title: "mean ± half-width of the 95 % t-interval over n = 5 seeds",
      experiments: [String(value.expression.prefix { $0 != "[" && $0 != "." })],
      samples: ["0.8212", "0.8197", "0.8301", "0.8254", "0.8188"])
  }
  let results = try samplePaper()
  let verdicts = ["clm-rate", "clm-rate", "clm-labels", "clm-width"]
  for (index, block) in manuscript.blocks(.claim).enumerated() {
    paper.claims[block.id] = results.claims[verdicts[index % verdicts.count]]
    paper.claims[block.id]?.assertion = block.body["assert"]?.text ?? ""
  }
  for block in manuscript.blocks(.figure) {
    paper.figures[block.id] = results.figures[block.body["width"]?.text == "full" ? "fig-wide" : "fig-rate"]
  }
  for block in manuscript.blocks(.experiment) {
    paper.experiments[block.id] = results.experiments["exp-rate"]
  }
  return paper
}
