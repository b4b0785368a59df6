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
  /// The files, by path below the report.
  var files: [(path: String, bytes: [UInt8])]
}

/// Raised whenever the plotter draws something differently, so that figures drawn before are drawn again.
private let plotterVersion = 8

/// Draws every figure of the plan whose data are there; those without any data are left out.
func draw(_ plan: PaperPlan, _ results: Results, cache: String) throws -> [String: DrawnFigure] {
  var drawn: [String: DrawnFigure] = [:]
  for (block, figure) in plan.figures {
    let tables = figure.tableNames.compactMap { results.tables[$0] }
    guard tables.contains(where: { !$0.rows.isEmpty }) else { continue }
    drawn[block.id] = try FigureDrawing(block: block, figure: figure, results: results, cache: cache).draw()
  }
  return drawn
}

/// Writes each figure of a paper whose results are stored as a Vega-Lite specification; returns their paths.
func exportFigures(_ request: BuildRequest, in workspace: Workspace, to folder: String) throws -> [String] {
  var summary = BuildSummary()
  let plan = try loadPlan(request, workspace, &summary)
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

  func draw() throws -> DrawnFigure {
    let data = figure.tableNames.compactMap { results.tables[$0]?.csv }.joined(separator: "\n")
    let provenance = FigureProvenance(
      caption: figure.caption, specificationDigest: SHA256.hexDigest(of: figure.specification.canonicalJSON),
      dataDigest: SHA256.hexDigest(of: data))
    let key = SHA256.hexDigest(
      of: "\(plotterVersion) \(provenance.caption) \(provenance.specificationDigest) \(provenance.dataDigest)"
    )
    var files: [(path: String, bytes: [UInt8])] = []
    let (picture, light) = try pictures(.page, "figures/\(block.id)", key, provenance, &files)
    let (narrow, _) = try pictures(.phone, "figures/\(block.id)-phone", key, provenance, &files)
    files.append(("data/\(block.id).csv", Array(light.csv.utf8)))
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

  /// The light and the dark picture of a size, added to `files`; also the light one as it is kept.
  private func pictures(
    _ size: FigureSize, _ name: String, _ key: String, _ provenance: FigureProvenance,
    _ files: inout [(path: String, bytes: [UInt8])]
  ) throws -> (ResolvedPicture, CachedPicture) {
    let light = try picture(.light, size, key, provenance)
    let dark = try picture(.dark, size, key, provenance)
    files += [("\(name).png", light.png), ("\(name)-dark.png", dark.png)]
    let resolved = ResolvedPicture(
      path: "\(name).png", darkPath: "\(name)-dark.png", width: light.width, height: light.height)
    return (resolved, light)
  }

  /// The picture from the cache, or drawn and put there.
  private func picture(
    _ theme: Theme, _ size: FigureSize, _ key: String, _ provenance: FigureProvenance
  ) throws -> CachedPicture {
    let path = "\(cache)/\(key.prefix(2))/\(key.dropFirst(2))-\(size.rawValue)-\(theme.rawValue)"
    if let picture = CachedPicture(path) { return picture }
    let rendered = try Plotting.draw(
      figure, tables: { results.tables[$0] }, theme: theme, size: size, provenance: provenance)
    let picture = CachedPicture(rendered)
    try Files.makeFolder(path.parentFolder)
    try picture.save(path)
    return picture
  }
}

/// A drawn picture as it is kept: the PNG, and what the report says about it.
private struct CachedPicture {
  var png: [UInt8]
  var width: Int
  var height: Int
  var alternativeText: String
  var csv: String
  var table: DataTable

  init(_ rendered: RenderedFigure) {
    png = rendered.png
    width = rendered.cssWidth
    height = rendered.cssHeight
    alternativeText = rendered.alternativeText
    csv = rendered.table.csv
    table = DataTable(
      header: rendered.table.columns.map(\.name), rows: rendered.table.rows.map { $0.map(\.shortLabel) })
  }

  /// A picture that was kept whole; `nil` when there is none, or a damaged one.
  init?(_ path: String) {
    guard let png = try? Files.read("\(path).png"), let bytes = try? Files.read("\(path).json"),
      let value = try? Value(json: bytes), value["png"]?.string == SHA256.hexDigest(of: png),
      let width = value["width"]?.integer, let height = value["height"]?.integer,
      let text = value["alt"]?.string,
      let csv = value["csv"]?.string, let header = value["header"]?.array?.compactMap(\.string),
      let rows = value["rows"]?.array?.map({ $0.array?.compactMap(\.string) ?? [] })
    else { return nil }
    self.png = png
    self.width = width
    self.height = height
    alternativeText = text
    self.csv = csv
    table = DataTable(header: header, rows: rows)
  }

  func save(_ path: String) throws(FileError) {
    let value: Value = [
      "alt": .string(alternativeText), "csv": .string(csv), "height": .number(Double(height)),
      "header": .array(table.header.map { .string($0) }), "png": .string(SHA256.hexDigest(of: png)),
      "rows": .array(table.rows.map { .array($0.map { .string($0) }) }), "width": .number(Double(width)),
    ]
    try Files.write(png, to: "\(path).png", durable: false)
    try Files.write(Array(value.canonicalJSON.utf8), to: "\(path).json", durable: false)
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
