// Serves resolve: draws the figures of a paper in both themes, each only once for the same data.
import BitExact
import Diagnostics
import Experiments
import Manuscript
import Plotting
import Report
import RunStore
import Specification
import Tables

/// A figure with its files.
struct DrawnFigure {
  /// What the report shows.
  var resolved: ResolvedFigure
  /// The files, which are read only when the report lacks them.
  var files: [ReportFile]
}

/// Draws every figure of the plan whose data are there; those without any data are left out.
func draw(_ plan: PaperPlan, _ results: Results, _ workspace: Workspace) throws -> [String: DrawnFigure] {
  var drawn: [String: DrawnFigure] = [:]
  for (block, figure) in plan.figures {
    let tables = figure.tableNames.compactMap { results.tables[$0] }
    guard tables.contains(where: { !$0.rows.isEmpty }) else { continue }
    drawn[block.id] = try FigureDrawing(
      block: block, figure: figure, results: results, cache: workspace.figureCache,
      program: workspace.memory.program
    ).draw()
  }
  return drawn
}

/// Writes each figure of a paper whose results are stored as a Vega-Lite specification; returns their paths.
func exportFigures(_ request: BuildRequest, in workspace: Workspace, to folder: String) throws -> [String] {
  var summary = BuildSummary()
  let plan = try loadPlan(ParsedPaper(request), request, workspace, &summary)
  var loaded: [String: RunResult] = [:]
  load(plan.runs, workspace.store, into: &loaded, &summary.damaged)
  let results = Results(plan, loaded, failures: [])
  try Files.makeFolder(folder)
  var paths: [String] = []
  for (block, figure) in plan.figures {
    guard figure.tableNames.contains(where: { results.tables[$0]?.rows.isEmpty == false }) else { continue }
    let path = "\(folder)/\(block.id).vl.json"
    let specification = try vegaLite(figure, tables: { results.tables[$0] })
    try Files.update(Array(specification.prettyJSON.utf8), at: path)
    paths.append(path)
  }
  return paths
}

private struct FigureDrawing {
  let block: PaperBlock
  let figure: Figure
  let results: Results
  let cache: String
  /// The build of the plotter: another may draw the same figure differently.
  let program: String

  func draw() throws -> DrawnFigure {
    let data = figure.tableNames.compactMap { results.csv($0) }.joined(separator: "\n")
    let provenance = FigureProvenance(
      caption: figure.caption, specificationDigest: SHA256.hexDigest(of: figure.specification.canonicalJSON),
      dataDigest: SHA256.hexDigest(of: data))
    let key = SHA256.hexDigest(
      of: "\(program) \(provenance.caption) \(provenance.specificationDigest) \(provenance.dataDigest)"
    )
    var files: [ReportFile] = []
    let (picture, light) = try pictures(.page, "figures/\(block.id)", key, provenance, &files)
    let (narrow, _) = try pictures(.phone, "figures/\(block.id)-phone", key, provenance, &files)
    files.append(ReportFile("data/\(block.id).csv", recipe: key) { Array(light.csv.utf8) })
    let resolved = ResolvedFigure(
      picture: picture, narrowPicture: narrow, isFullWidth: figure.specification["width"]?.string == "full",
      altText: alternativeText(light.alternativeText),
      csvPath: "data/\(block.id).csv", data: light.table,
      experiments: figure.tableNames.map { String($0.prefix { $0 != "." }) })
    return DrawnFigure(resolved: resolved, files: files)
  }

  /// The alternative text with its numbers; one that was drafted from the data has none to fill in.
  private func alternativeText(_ text: String) -> String {
    let values = try? TextValues(text, at: (block.body["fig-alt"] ?? block.body).position)
    return values?.filled(results.tables) ?? text
  }

  /// The light and the dark picture of a size, added to `files`; also what is kept of the light one.
  private func pictures(
    _ size: FigureSize, _ name: String, _ key: String, _ provenance: FigureProvenance,
    _ files: inout [ReportFile]
  ) throws -> (ResolvedPicture, KeptPicture) {
    let light = try picture(.light, size, key, provenance)
    for (path, theme) in [("\(name).png", Theme.light), ("\(name)-dark.png", .dark)] {
      let recipe = "\(key) \(size.rawValue) \(theme.rawValue)"
      files.append(ReportFile(path, recipe: recipe) { try png(theme, size, key, provenance) })
    }
    let resolved = ResolvedPicture(
      path: "\(name).png", darkPath: "\(name)-dark.png", width: light.width, height: light.height)
    return (resolved, light)
  }

  /// What is kept of a picture, which is drawn when nothing is.
  private func picture(
    _ theme: Theme, _ size: FigureSize, _ key: String, _ provenance: FigureProvenance
  ) throws -> KeptPicture {
    if let bytes = try? Files.read(path(theme, size, key)), let body = unsealed(bytes),
      let picture = KeptPicture(stored: body)
    {
      return picture
    }
    return try draw(theme, size, key, provenance).picture
  }

  /// The bytes of a picture, which is drawn when they are lost or damaged.
  private func png(
    _ theme: Theme, _ size: FigureSize, _ key: String, _ provenance: FigureProvenance
  ) throws -> [UInt8] {
    let picture = try picture(theme, size, key, provenance)
    if let png = try? Files.read("\(path(theme, size, key)).png"), SHA256.hexDigest(of: png) == picture.digest
    {
      return png
    }
    return try draw(theme, size, key, provenance).png
  }

  private func path(_ theme: Theme, _ size: FigureSize, _ key: String) -> String {
    "\(cache)/\(key.prefix(2))/\(key.dropFirst(2))-\(size.rawValue)-\(theme.rawValue)"
  }

  private func draw(
    _ theme: Theme, _ size: FigureSize, _ key: String, _ provenance: FigureProvenance
  ) throws -> (picture: KeptPicture, png: [UInt8]) {
    let rendered = try Plotting.draw(
      figure, tables: { results.tables[$0] }, theme: theme, size: size, provenance: provenance)
    let picture = KeptPicture(rendered)
    let path = path(theme, size, key)
    try Files.makeFolder(path.parentFolder)
    try Files.write(rendered.png, to: "\(path).png", durable: false)
    try Files.write(sealed(picture.stored), to: path, durable: false)
    return (picture, rendered.png)
  }
}

/// What the report says about a picture, kept beside its PNG.
private struct KeptPicture: Storable {
  /// The digest of the PNG.
  var digest: String
  var width: Int
  var height: Int
  var alternativeText: String
  var csv: String
  var table: DataTable

  init(_ rendered: RenderedFigure) {
    digest = SHA256.hexDigest(of: rendered.png)
    width = rendered.cssWidth
    height = rendered.cssHeight
    alternativeText = rendered.alternativeText
    csv = rendered.table.csv
    table = DataTable(
      header: rendered.table.columns.map(\.name), rows: rendered.table.rows.map { $0.map(\.shortLabel) })
  }

  init?(_ reader: inout RowReader) {
    guard let digest = String(&reader), let width = Int(&reader), let height = Int(&reader),
      let text = String(&reader), let csv = String(&reader), let table = DataTable(&reader)
    else { return nil }
    self.digest = digest
    self.width = width
    self.height = height
    alternativeText = text
    self.csv = csv
    self.table = table
  }

  func store(_ writer: inout RowWriter) {
    digest.store(&writer)
    width.store(&writer)
    height.store(&writer)
    alternativeText.store(&writer)
    csv.store(&writer)
    table.store(&writer)
  }
}

extension Cell {
  /// At most five significant digits, for a table that is read and not computed with.
  fileprivate var shortLabel: String {
    guard case .number(let number) = self, number.isFinite, number != 0, number != number.rounded() else {
      return label
    }
    var scale = 1.0
    while abs(number) * scale < 10_000 { scale *= 10 }
    while abs(number) * scale >= 100_000 { scale /= 10 }
    return Cell.format((number * scale).rounded() / scale)
  }
}
