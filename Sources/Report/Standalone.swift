// Serves export: article and provenance as one HTML file with its pictures inside.
import Manuscript

extension ResolvedPaper {
  /// The pictures that its article shows, by path in the report.
  public var picturePaths: [String] {
    figures.values.flatMap { figure in
      [figure.picture, figure.narrowPicture].compactMap(\.self).flatMap { [$0.path, $0.darkPath] }
    }.sorted() + manuscript.images.map(\.path)
  }
}

/// The article with the provenance of its numbers and all pictures in one file.
///
/// - Parameters:
///   - pictures: the bytes of the pictures, by path; one that is missing stays a path.
///   - sha256: as for ``reportPages(_:sha256:)``.
public func standalonePage(
  _ paper: ResolvedPaper, pictures: [String: [UInt8]], sha256: (String) -> String
) -> String {
  var alone = paper
  alone.sitePath = nil
  alone.resultsPath = nil
  alone.manuscript.configuration.layout = .one
  var renderer = PageRenderer(alone)
  renderer.kind = .standalone
  renderer.embedded = pictures.reduce(into: [:]) { result, picture in
    result[picture.key] = "data:\(pictureType(picture.key));base64,\(base64(picture.value))"
  }
  return renderer.article(sha256: sha256)
}

private func pictureType(_ path: String) -> String {
  switch path.split(separator: ".").last?.lowercased() {
  case "jpg", "jpeg": "image/jpeg"
  case "svg": "image/svg+xml"
  case "gif": "image/gif"
  case "webp": "image/webp"
  default: "image/png"
  }
}

extension PageRenderer {
  /// The address of a picture: its path, or its bytes where the page carries them.
  func pictureURL(_ path: String) -> String { embedded[path] ?? relativeURL(path) }

  /// The provenance of every experiment as sections of the article.
  func embeddedProvenance() -> HTML {
    guard kind == .standalone else { return .empty }
    return manuscript.experimentsInOrder.map { block in
      let title =
        "Experiment \(block.number)" + (block.caption.isEmpty ? "" : ": \(plainText(block.caption))")
      return line(
        "section", ["class": "provenance", "id": "prov-\(block.id)"],
        .raw("\n") + line("h3", [:], HTML(title)) + provenance(of: block))
    }.joined()
  }
}
