// `make gallery`: draws every figure of `gallery/` in both themes and writes the page that shows them.
import BitExact
import Diagnostics
import Plotting
import RunStore
import Specification

@main
enum Main {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let source = try GallerySource(folder: "gallery")
    if arguments.first == "--vega-lite", arguments.count == 2 {
      try exportFigures(source, to: arguments[1])
      return
    }
    let output = "output/gallery"
    try Files.makeFolder(output)
    var drawn: [String: DrawnPicture] = [:]
    for picture in source.figures where arguments.isEmpty || arguments.contains(picture.id) {
      do {
        drawn[picture.id] = try draw(picture, source, to: output)
      } catch let error as DiagnosticError {
        let renderer = DiagnosticRenderer { _, _ in nil }
        print(error.diagnostics.map(renderer.render).joined())
        throw error
      }
    }
    guard arguments.isEmpty else { return }
    let lines = source.figures.map { "\($0.id) \((drawn[$0.id]?.digests ?? []).joined(separator: " "))\n" }
    try Files.update(Array(lines.joined().utf8), at: "\(output)/pixels.txt")
    let texts = source.figures.map { "\($0.id): \(drawn[$0.id]?.alternativeText ?? "")\n" }
    try Files.update(Array(texts.joined().utf8), at: "\(output)/alternative-text.txt")
    try Files.update(Array(galleryPage(source, drawn).utf8), at: "\(output)/index.html")
  }

  /// Writes every figure as a Vega-Lite specification.
  private static func exportFigures(_ source: GallerySource, to folder: String) throws {
    try Files.makeFolder(folder)
    for picture in source.figures {
      let specification = try vegaLite(picture.figure(), tables: { source.tables[$0] })
      try Files.update(Array(specification.prettyJSON.utf8), at: "\(folder)/\(picture.id).vl.json")
    }
  }

  private static func draw(_ picture: GalleryFigure, _ source: GallerySource, to output: String) throws
    -> DrawnPicture
  {
    let figure = try picture.figure()
    var light: RenderedFigure?
    var digests: [String] = []
    for theme in Theme.allCases {
      let rendered = try Plotting.draw(figure, tables: { source.tables[$0] }, theme: theme)
      let suffix = theme == .light ? "" : "-dark"
      try Files.update(rendered.png, at: "\(output)/\(picture.id)\(suffix).png")
      digests.append(try rendered.pixelDigest())
      if theme == .light { light = rendered }
    }
    return DrawnPicture(
      width: light?.cssWidth ?? 0, height: light?.cssHeight ?? 0, caption: figure.caption,
      alternativeText: light?.alternativeText ?? "", remarks: light?.remarks ?? [], digests: digests)
  }
}

extension RenderedFigure {
  /// Half of the SHA-256 of size and pixels.
  public func pixelDigest() throws -> String {
    let size = [pixelWidth, pixelHeight].flatMap { [UInt8($0 >> 8 & 255), UInt8($0 & 255)] }
    return String(SHA256.hexDigest(of: size + (try pixels())).prefix(32))
  }
}
