// The gallery: every figure draws the pixels that are published, and together they cover the language.
import Foundation
import Gallery
import Specification
import Testing

@testable import Plotting

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

private let source = Result { try GallerySource(folder: root + "/gallery") }

@Suite struct GalleryTests {
  static let names = ((try? source.get())?.figures ?? []).map(\.id)

  /// `output/gallery/pixels.txt`, written by `make gallery`. When a change is meant, look at the pictures first.
  private static let published: [String: Substring] = {
    let text = (try? String(contentsOfFile: root + "/output/gallery/pixels.txt", encoding: .utf8)) ?? ""
    return Dictionary(
      text.split(separator: "\n").map { line in
        let name = String(line.prefix { $0 != " " })
        return (name, line.dropFirst(name.count + 1))
      }
    ) { first, _ in first }
  }()

  @Test(arguments: names) func pixelsArePublished(name: String) throws {
    let source = try source.get()
    let picture = try #require(source.figures.first { $0.id == name })
    let figure = try picture.figure()
    let digests = try Theme.allCases.map { theme in
      try draw(figure, tables: { source.tables[$0] }, theme: theme).pixelDigest
    }
    #expect(digests.joined(separator: " ") == Self.published[name] ?? "")
  }

  /// On a phone as on a page: something is drawn, and nothing is cut off at the picture's edge.
  @Test(arguments: names, FigureSize.allCases) func nothingIsCutOff(name: String, size: FigureSize) throws {
    let source = try source.get()
    let figure = try #require(source.figures.first { $0.id == name }).figure()
    let data = try FigureData(figure, tables: { source.tables[$0] })
    let canvas = FigureLayouter(figure, data, .light, size).layout().scene().rasterized(scale: 1)
    let (width, height) = (canvas.width, canvas.height)
    let sides = (0..<height).flatMap { [$0 * width, $0 * width + width - 1] }
    let edges = sides + Array(0..<width) + Array(((height - 1) * width)..<(height * width))
    let background = Color(0xFFFFFF).light
    #expect(
      edges.allSatisfy { index in
        let pixel = canvas.pixels[index]
        return (pixel.x, pixel.y, pixel.z) == (background.x, background.y, background.z)
      })
    #expect(!data.description(of: figure).isEmpty)
  }

  @Test func everyMarkIsShown() throws {
    let figures = try source.get().figures.map { try $0.figure() }
    let shown = Set(figures.flatMap(\.panels).flatMap(\.layers).map(\.mark.kind))
    for kind in Figure.MarkKind.allCases { #expect(shown.contains(kind), "\(kind)") }
  }
}
