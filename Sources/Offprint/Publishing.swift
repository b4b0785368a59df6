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

/// The files that hold results and nothing of the text: a table of each experiment, and the figures.
func resultFiles(
  _ plan: PaperPlan, _ results: Results, _ pictures: [String: DrawnFigure], _ workspace: Workspace
) -> [ReportFile] {
  let cache = TableCache(memory: workspace.memory, store: workspace.store)
  let tables = plan.experiments.flatMap { experiment in
    let seal = cache.seal(experiment)
    return experiment.declarations.map { declaration in
      let name = experiment.tableName(declaration)
      return ReportFile("data/\(name).csv", recipe: seal.map { "\($0) \(name)" }) {
        Array((results.csv(name) ?? "").utf8)
      }
    }
  }
  return tables + plan.figures.compactMap { pictures[$0.block.id]?.files }.joined()
}

/// Writes a paper's report into `report`, where its results are already; returns the path of its page.
///
/// Files of an earlier report that this one no longer has are removed from its folders.
///
/// - Parameter seal: the digest of everything that the findings depend on; `nil` when that is not known.
func publish(
  _ paper: ResolvedPaper, _ seal: String?, from source: String, to report: inout ReportFolder
) throws -> String {
  for image in paper.manuscript.images {
    let path = "\(source)/\(image.path)"
    guard let stamp = FileStamp(path) else { continue }
    try report.put(ReportFile(image.path, recipe: "\(stamp)") { try Files.read(path) ?? [] })
  }
  let pages = ReportPages(paper, sha256: { SHA256.hexDigest(of: $0) })
  let outline = seal.map { SHA256.hexDigest(of: $0 + pages.outline) }
  try report.put(ReportFile("card.png", recipe: seal) { try socialCard(paper).png() })
  try report.put(ReportFile("results.json", recipe: seal) { resultsExport(paper).prettyBytes })
  try report.put(ReportFile("claims.json", recipe: outline) { claimsExport(paper).prettyBytes })
  for page in pages.article { try report.put(ReportFile(page.path, page.html)) }
  for block in pages.experiments {
    try report.put(
      ReportFile(provenancePath(block.id), recipe: outline) { Array(pages.provenance(of: block).utf8) })
  }
  try report.put(ReportFile("CITATION.cff", citationFile(paper)))
  try report.put(crate(of: paper, seal, report))
  removeOthers(in: report)
  report.remember()
  return "\(report.path)/index.html"
}

/// The crate that describes the files of a report. What else it says stands on the article's page or among the findings.
private func crate(of paper: ResolvedPaper, _ seal: String?, _ report: ReportFolder) -> ReportFile {
  let files = report.files
  let list = files.map { "\($0.path) \($0.size) \($0.sha256)" }.joined(separator: "\n")
  return ReportFile("ro-crate-metadata.json", recipe: seal.map { SHA256.hexDigest(of: "\($0)\n\(list)") }) {
    let actions = report.part("actions", madeOf: seal) { crateActions(paper) }
    return researchObject(paper, files: files, actions: actions)
  }
}

/// Removes what an earlier report had and this one has not; exports stay.
private func removeOthers(in report: ReportFolder) {
  let kept = Set(report.files.map(\.path))
  for sub in ["figures", "data", "provenance"] {
    for file in Files.list("\(report.path)/\(sub)") where !kept.contains("\(sub)/\(file)") {
      Files.remove("\(report.path)/\(sub)/\(file)")
    }
  }
  let exports = Set(ExportFormat.allCases.flatMap(\.fileNames))
  for file in Files.list(report.path)
  where file.hasSuffix(".html") && !kept.contains(file) && !exports.contains(file) {
    Files.remove("\(report.path)/\(file)")
  }
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
