// Serves write: the files of a report, each put in place whole and only when it changed.
import BitExact
import Diagnostics
import Execution
import Experiments
import Manuscript
import Plotting
import Report
import RunStore
import Specification
import Tables

/// Fills in everything that the report shows.
func resolvedPaper(_ resolver: Resolver, _ pictures: [String: DrawnFigure]) -> ResolvedPaper {
  var paper = ResolvedPaper(
    manuscript: resolver.plan.manuscript, profile: resolver.reportProfile,
    engine: EngineInfo(name: "Offprint", numericVersion: String(numericVersion)), values: resolver.values(),
    claims: resolver.claims(), figures: pictures.mapValues(\.resolved), tables: resolver.resolvedTables(),
    experiments: resolver.experiments())
  paper.elsewhere = resolver.elsewhere()
  return paper
}

/// Writes a paper's report; returns the path of its page.
///
/// Files of an earlier report that this one no longer has are removed from its folders.
func publish(
  _ paper: ResolvedPaper, _ results: Results, _ pictures: [String: DrawnFigure], from source: String,
  to output: String
) throws -> String {
  let folder = "\(output)/\(paperName(source))"
  var files: [(path: String, bytes: [UInt8])] = []
  for figure in pictures.values {
    for (path, bytes) in figure.files { files.append((path, bytes)) }
  }
  for table in results.tables.values { files.append(("data/\(table.name).csv", Array(table.csv.utf8))) }
  for image in paper.manuscript.images {
    if let bytes = try Files.read("\(source)/\(image.path)") { files.append((image.path, bytes)) }
  }
  files.append(("card.png", try socialCard(paper).png()))
  files.append(("results.json", Array(resultsExport(paper).prettyJSON.utf8)))
  files.append(("claims.json", Array(claimsExport(paper).prettyJSON.utf8)))
  for page in reportPages(paper, sha256: { SHA256.hexDigest(of: $0) }) {
    files.append((page.path, Array(page.html.utf8)))
  }
  files += describe(paper, files)
  for (path, bytes) in files {
    try Files.makeFolder("\(folder)/\(path)".parentFolder)
    try Files.update(bytes, at: "\(folder)/\(path)")
  }
  let kept = Set(files.map(\.path))
  for sub in ["figures", "data", "provenance"] {
    for file in Files.list("\(folder)/\(sub)") where !kept.contains("\(sub)/\(file)") {
      Files.remove("\(folder)/\(sub)/\(file)")
    }
  }
  // Pages of sections that the paper no longer has; exports stay.
  let exports = Set(ExportFormat.allCases.flatMap(\.fileNames))
  for file in Files.list(folder)
  where file.hasSuffix(".html") && !kept.contains(file) && !exports.contains(file) {
    Files.remove("\(folder)/\(file)")
  }
  return "\(folder)/index.html"
}

/// The picture that stands for a paper where somebody links to it.
private func socialCard(_ paper: ResolvedPaper) -> SocialCard {
  let colors: [(ReportVerdict, UInt32)] = [
    (.supported, 0x0A6B48), (.contradicted, 0xB3261E), (.inconclusive, 0x855300), (.notJudged, 0x555B66),
  ]
  let configuration = paper.manuscript.configuration
  let claims = paper.manuscript.blocks(.claim).map { paper.claims[$0.id]?.verdict ?? .notJudged }
  return SocialCard(
    title: (paper.profile.isDraft ? "Draft: " : "") + configuration.title,
    subtitle: configuration.subtitle ?? "",
    authors: configuration.authors.map(\.name).joined(separator: ", "),
    tallies: colors.map { verdict, color in
      SocialCard.Tally(label: verdict.rawValue, count: claims.count { $0 == verdict }, color: color)
    })
}

/// Writes the page that lists the papers.
public func publishSite(_ papers: [PaperSummary], in workspace: Workspace) throws {
  // Pages that other commands write; a site need not have them.
  let others = [
    (path: "reference/index.html", name: "Reference of the language"),
    (path: "gallery/index.html", name: "Gallery of figures"),
  ].filter { Files.exists("\(workspace.output)/\($0.path)") }
  let page = sitePage(title: "Papers", papers: papers, others: others, sha256: { SHA256.hexDigest(of: $0) })
  try Files.makeFolder(workspace.output)
  try Files.update(Array(page.utf8), at: "\(workspace.output)/index.html")
  try Files.makeFolder("\(workspace.output)/reference")
  for (name, schema) in [("results", resultsSchema), ("claims", claimsSchema)] {
    try Files.update(
      Array(schema.prettyJSON.utf8), at: "\(workspace.output)/reference/\(name).schema.json")
  }
}

extension String {
  /// Everything before the last slash.
  var parentFolder: String {
    split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }
}

/// Writes the lock of a whole build.
///
/// A result that differs from the one locked under the same key breaks the numeric contract: the lock stays as it is then,
/// and the runs are named.
func writeLock(_ results: Results, _ plan: PaperPlan, _ summary: inout BuildSummary) throws {
  if let old = try LockFile(folder: plan.folder) {
    let differing = plan.runs.filter { run in
      guard let locked = old.digests[run.key], let digest = results.digests[run.key] else { return false }
      return locked != digest
    }
    summary.differences = differing.map(describe)
    if !differing.isEmpty { return }
  }
  try Files.update(Array(LockFile(digests: results.digests).text.utf8), at: LockFile.path(plan.folder))
}
