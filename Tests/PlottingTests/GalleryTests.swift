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

  /// A file of `output/gallery`, written by `make gallery`: a line for each figure, after its name. When a change is
  /// meant, look at the pictures first.
  private static func published(_ file: String) -> [String: Substring] {
    let text = (try? String(contentsOfFile: root + "/output/gallery/" + file, encoding: .utf8)) ?? ""
    return Dictionary(
      text.split(separator: "\n").map { line in
        let name = String(line.prefix { $0 != " " && $0 != ":" })
        return (name, line.dropFirst(name.count).drop { $0 == " " || $0 == ":" })
      }
    ) { first, _ in first }
  }

  private static let pixels = published("pixels.txt")
  private static let texts = published("alternative-text.txt")

  @Test(arguments: names) func alternativeTextsArePublished(name: String) throws {
    let source = try source.get()
    let figure = try #require(source.figures.first { $0.id == name }).figure()
    let text = try FigureData(figure, tables: { source.tables[$0] }).description(of: figure)
    #expect(text == Self.texts[name] ?? "")
    #expect(text.count < 1500, "nobody listens to more")
  }

  @Test(arguments: names) func pixelsArePublished(name: String) throws {
    let source = try source.get()
    let picture = try #require(source.figures.first { $0.id == name })
    let figure = try picture.figure()
    let digests = try Theme.allCases.map { theme in
      try draw(figure, tables: { source.tables[$0] }, theme: theme).pixelDigest()
    }
    #expect(digests.joined(separator: " ") == Self.pixels[name] ?? "")
  }

  /// On a phone as on a page: something is drawn, and nothing is cut off at the picture's edge.
  @Test(arguments: names, FigureSize.allCases) func nothingIsCutOff(name: String, size: FigureSize) throws {
    let source = try source.get()
    let figure = try #require(source.figures.first { $0.id == name }).figure()
    let data = try FigureData(figure, tables: { source.tables[$0] })
    let picture = FigureLayouter(figure, data, .light, size).layout().scene().rasterized(scale: 1)
    #expect(try picture.edges().allSatisfy { $0 == [255, 255, 255] })
    #expect(!data.description(of: figure).isEmpty)
  }

  @Test func everyMarkIsShown() throws {
    let figures = try source.get().figures.map { try $0.figure() }
    let shown = Set(figures.flatMap(\.panels).flatMap(\.layers).map(\.mark.kind))
    for kind in Figure.MarkKind.allCases { #expect(shown.contains(kind), "\(kind)") }
  }
}

extension Picture {
  /// The pixels row by row, three bytes of sRGB each.
  func pixels() throws -> [UInt8] {
    let rgba = try decodePNG(encodePNG(self, scale: 1, texts: [])).rgba
    return stride(from: 0, to: rgba.count, by: 4).flatMap { rgba[$0..<($0 + 3)] }
  }

  /// The pixels along the four sides.
  func edges() throws -> [[UInt8]] {
    let sides = (0..<height).flatMap { [$0 * width, $0 * width + width - 1] }
    let indices = sides + Array(0..<width) + Array(((height - 1) * width)..<(height * width))
    let pixels = try pixels()
    return indices.map { Array(pixels[(3 * $0)..<(3 * $0 + 3)]) }
  }
}
