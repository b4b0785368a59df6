// Serves export: other forms of a paper, from the same results as its report.
import BitExact
import Diagnostics
import Execution
import Manuscript
import Report
import RunStore
import Specification

/// A form in which a paper can be exported.
public enum ExportFormat: String, Sendable, CaseIterable {
  /// One HTML file with its pictures and its provenance inside.
  case standalone = "html-standalone"
  /// GitHub-flavoured Markdown.
  case markdown
  /// LaTeX source for pdfLaTeX, with the report's pictures beside it.
  case latex
  /// A Jupyter notebook (nbformat 4.5).
  case notebook = "ipynb"
  /// A research object (RO-Crate 1.2) with an action for each run.
  case crate = "ro-crate"
  /// A citation file (CFF 1.2.0).
  case citation = "cff"
  /// JSON Schemas of results.json and claims.json.
  case schemas = "json-schema"
  /// A Vega-Lite specification of each figure, with its data.
  case vegaLite = "vega-lite"
  /// A PDF, printed by an installed Chromium.
  case pdf

  /// The names of the files that it makes; those of figures depend on the paper.
  public var fileNames: [String] {
    switch self {
    case .standalone: ["standalone.html"]
    case .markdown: ["article.md"]
    case .latex: ["article.tex"]
    case .notebook: ["article.ipynb"]
    case .crate: ["ro-crate-metadata.json"]
    case .citation: ["CITATION.cff"]
    case .schemas: ["results.schema.json", "claims.schema.json"]
    case .vegaLite: []
    case .pdf: ["article.pdf"]
    }
  }
}

/// Builds a paper’s report and writes it in another form beside it; returns the paths of the new files.
///
/// A PDF is only prepared: its page is printed by `printPDF(_:to:with:)`.
///
/// - Throws: what `regenerate` throws.
public func export(
  _ request: BuildRequest, as format: ExportFormat, in workspace: Workspace, to folder: String?,
  progress: inout some ExecutionProgress
) throws -> [String] {
  let summary = try regenerate(request, in: workspace, progress: &progress)
  guard let paper = summary.paper?.paper else { return [] }
  let report = "\(workspace.output)/\(paperName(request.folder))"
  let target = folder ?? report
  try Files.makeFolder(target)
  if format == .vegaLite { return try exportFigures(request, in: workspace, to: "\(target)/vega-lite") }
  let paths = format.fileNames.map { "\(target)/\($0)" }
  for (path, text) in zip(paths, try contents(of: format, paper, report)) {
    try Files.update(Array(text.utf8), at: path)
  }
  return paths
}

private func contents(of format: ExportFormat, _ paper: ResolvedPaper, _ report: String) throws -> [String] {
  switch format {
  case .standalone:
    var pictures: [String: [UInt8]] = [:]
    for path in paper.picturePaths { pictures[path] = try Files.read("\(report)/\(path)") }
    return [standalonePage(paper, pictures: pictures, sha256: { SHA256.hexDigest(of: $0) })]
  case .markdown: return [markdownExport(paper)]
  case .latex: return [latexExport(paper)]
  case .notebook: return [notebookExport(paper).prettyJSON]
  case .crate:
    return [String(decoding: try Files.read("\(report)/ro-crate-metadata.json") ?? [], as: UTF8.self)]
  case .citation: return [citationFile(paper)]
  case .schemas: return [resultsSchema.prettyJSON, claimsSchema.prettyJSON]
  case .vegaLite, .pdf: return []
  }
}

/// What describes a report to other programs: the files of a crate, and the crate itself last.
func describe(_ paper: ResolvedPaper, _ files: [(path: String, bytes: [UInt8])]) -> [(
  path: String, bytes: [UInt8]
)] {
  let citation = (path: "CITATION.cff", bytes: Array(citationFile(paper).utf8))
  let listed = (files + [citation]).map {
    PublishedFile(path: $0.path, size: $0.bytes.count, sha256: SHA256.hexDigest(of: $0.bytes))
  }
  let crate = researchObject(paper, files: listed).prettyJSON
  return [citation, (path: "ro-crate-metadata.json", bytes: Array(crate.utf8))]
}

/// Writes feed.xml and sitemap.xml beside the list of papers, for a site at the address `base`.
public func publishFeeds(_ papers: [PaperSummary], base: String, in workspace: Workspace) throws {
  let address = base.hasSuffix("/") ? base : base + "/"
  try Files.makeFolder(workspace.output)
  let feed = atomFeed(title: "Papers", papers: papers, base: address)
  try Files.update(Array(feed.utf8), at: "\(workspace.output)/feed.xml")
  let map = sitemap(papers: papers, base: address)
  try Files.update(Array(map.utf8), at: "\(workspace.output)/sitemap.xml")
}
