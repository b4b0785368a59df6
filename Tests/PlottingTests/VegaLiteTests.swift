// Vega-Lite draws exported figures with the same marks at the same places.
import BitExact
import Foundation
import Gallery
import Specification
import Tables
import Testing

@testable import Plotting

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

private let source = Result { try GallerySource(folder: root.path + "/gallery") }

/// Places that Vega-Lite gave, made by `Fixtures/vega-lite/make-positions.py`.
private let fixtures = root.appending(path: "Tests/PlottingTests/Fixtures/vega-lite")

@Suite struct VegaLiteTests {
  static let names =
    (((try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []).filter {
      $0.hasSuffix(".json")
    })
    .map { String($0.dropLast(5)) }.sorted()

  @Test func fixturesCoverTheMarks() { #expect(Self.names.count >= 20) }

  @Test(arguments: names) func marksLieWhereVegaLiteDrawsThem(name: String) throws {
    let source = try source.get()
    let figure = try #require(source.figures.first { $0.id == name }).figure()
    let text = try String(contentsOf: fixtures.appending(path: "\(name).json"), encoding: .utf8)
    let fixture = try Value(json: Array(text.utf8))
    let specification = try vegaLite(figure, tables: { source.tables[$0] })
    let digest = SHA256.hexDigest(
      of: specification.prettyJSON.trimmingCharacters(in: .whitespacesAndNewlines))
    #expect(
      fixture["specification"]?.string == digest, "made from another specification; run make-positions.py")

    let data = try FigureData(figure, tables: { source.tables[$0] })
    let layout = FigureLayouter(figure, data, .light).layout()
    let plots = layout.plots.sorted { ($0.frame.top, $0.frame.left) < ($1.frame.top, $1.frame.left) }
    let views = fixture["views"]?.array ?? []
    #expect(views.count == plots.count)
    for (view, plot) in zip(views, plots) {
      // Without a row there is no step of a category, and Vega-Lite's picture has no size.
      guard !(view["marks"]?.array ?? []).isEmpty else { continue }
      #expect(view["width"]?.number == plot.frame.width && view["height"]?.number == plot.frame.height)
      let drawn = DrawnScene(layout.scene(), plot.frame)
      for mark in view["marks"]?.array ?? [] {
        guard let kind = mark.array?.first?.string else { continue }
        for item in (mark.array ?? []).dropFirst() where !drawn.has(kind, item) {
          Issue.record("\(name): no \(kind) at \(item)")
        }
      }
    }
  }
}

extension VegaLiteTests {
  /// Powers of ten are written as powers there too; formats of d3 would write 1e-3.
  @Test func logarithmicAxesHavePowers() throws {
    let table = Table(
      name: "t", columns: [Column("x", .axis), Column("y", .metric)],
      rows: (0..<7).map { [.number(Double($0)), .number(powerOfTen(-$0))] })
    let example = Example(
      name: "powers",
      yaml: "data: t\nmark: line\nencoding: {x: {field: x}, y: {field: y, scale: {type: log}}}",
      tables: [table])
    let text = try vegaLite(example.figure(), tables: example.table).canonicalJSON
    #expect(text.contains("\"labelExpr\":\"[\\\"10⁻⁶\\\""), "\(text)")
    #expect(text.contains("[indexof([0.000001,"))
  }
}

/// The shapes of a scene, from the upper left corner of a plot.
private struct DrawnScene {
  var fills: [[Point]] = []
  /// The bounds of fills of four corners.
  var boxes: [Rect] = []
  /// Every corner of a fill or a stroke, to a tenth of a pixel.
  var corners: Set<[Int]> = []
  var strokes: [[Point]] = []
  /// Words with their middle.
  var texts: [(text: String, center: Point)] = []
  var size: Rect

  init(_ scene: Scene, _ frame: Rect) {
    let corner = Point(frame.left, frame.top)
    size = Rect(left: 0, top: 0, right: frame.width, bottom: frame.height)
    for item in scene.items {
      switch item {
      case .fill(let polygons, _): fills += polygons.map { $0.map { $0 - corner } }
      case .stroke(let line, _, _, _): strokes.append(line.map { $0 - corner })
      case .text(let line, let start, _):
        texts.append((MathText.unicode(line.text), PlacedText(line, at: start - corner).center))
      case .stamps(let outline, let places, _):
        fills += places.map { place in outline.map { $0 + place - corner } }
      case .clip: break
      }
    }
    boxes = fills.filter { $0.count == 4 }.map { shape in
      let (xs, ys) = (shape.map(\.x), shape.map(\.y))
      return Rect(
        left: xs.min() ?? 0, top: ys.min() ?? 0, right: xs.max() ?? 0, bottom: ys.max() ?? 0)
    }
    for shape in fills + strokes {
      for point in shape where point.isFinite { corners.insert([Int(point.x * 10), Int(point.y * 10)]) }
    }
  }

  /// Whether something of the kind is drawn at a place of a fixture.
  func has(_ kind: String, _ item: Value) -> Bool {
    switch kind {
    case "symbol":
      // Its outline has the place as its middle; what lies outside the plot is drawn by neither.
      let place = point(item)
      if !size.insetBy(-1).contains(place) { return true }
      return (fills + strokes).contains { isMarker($0, at: place) }
    case "text":
      let place = point(item)
      let words = item.array?.last?.string
      return texts.contains { $0.text == words && ($0.center - place).length < 0.01 }
    case "rule": return hasRule(numbers(item))
    case "rect": return hasRect(numbers(item))
    case "line": return hasLine((item.array ?? []).map(point))
    case "area": return hasArea((item.array ?? []).map(numbers))
    case "shape":
      return (item.array ?? []).allSatisfy { ($0.array ?? []).map(point).allSatisfy(isCorner) }
    default: return false
    }
  }

  private func numbers(_ value: Value) -> [Double] { (value.array ?? []).compactMap(\.number) }

  private func point(_ value: Value) -> Point {
    let numbers = numbers(value)
    return Point(numbers[0], numbers[1])
  }

  private func isCorner(_ place: Point) -> Bool {
    let (x, y) = (Int(place.x * 10), Int(place.y * 10))
    return (-1...1).contains { dx in (-1...1).contains { corners.contains([x + dx, y + $0]) } }
  }

  private func near(_ place: Point, _ shape: [Point], _ distance: Double) -> Bool {
    shape.contains { abs($0.x - place.x) <= distance && abs($0.y - place.y) <= distance }
  }

  private func isMarker(_ shape: [Point], at place: Point) -> Bool {
    guard shape.count > 3, abs(shape[0].x - place.x) < 12, abs(shape[0].y - place.y) < 12 else {
      return false
    }
    let middle = shape.reduce(Point(0, 0)) { $0 + $1 } * (1 / Double(shape.count))
    return (middle - place).length < 0.3
  }

  private func hasRule(_ ends: [Double]) -> Bool {
    let (a, b) = (Point(ends[0], ends[1]), Point(ends[2], ends[3]))
    // Whiskers of nothing and rules outside the plot are not drawn.
    if (b - a).length < 0.01 || !size.insetBy(-1).contains(a) && !size.insetBy(-1).contains(b) { return true }
    return strokes.contains { $0.count == 2 && (near(a, $0, 0.5) && near(b, $0, 0.5)) }
  }

  private func hasRect(_ sides: [Double]) -> Bool {
    // A tick is a thin rectangle there and a line here.
    if min(sides[2] - sides[0], sides[3] - sides[1]) < 2.6 {
      let middle = Point((sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2)
      if strokes.contains(where: { $0.count == 2 && (($0[0] + $0[1]) * 0.5 - middle).length < 0.3 }) {
        return true
      }
    }
    return boxes.contains { box in
      abs(box.left - sides[0]) <= 1.01 && abs(box.top - sides[1]) <= 1.01 && abs(box.right - sides[2]) <= 1.01
        && abs(box.bottom - sides[3]) <= 1.01
    }
  }

  private func hasLine(_ line: [Point]) -> Bool {
    let line = line.filter { size.insetBy(-1).contains($0) }
    return line.count < 2 || strokes.contains { stroke in line.allSatisfy { near($0, stroke, 0.02) } }
  }

  private func hasArea(_ slices: [[Double]]) -> Bool {
    let corners = slices.flatMap { [Point($0[0], $0[1]), Point($0[2], $0[3])] }
    return fills.contains { fill in corners.allSatisfy { near($0, fill, 0.02) } }
  }
}
