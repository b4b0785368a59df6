// Names under a plot have room: side by side, slanted, upright, and only then fewer of them.
import Tables
import Testing

@testable import Plotting

@Suite struct AxisTests {
  private func layout(bars count: Int) throws -> FigureLayout {
    let rows = (0..<count).map { [Cell.text("category \($0)"), .number(Double($0 + 1))] }
    let example = Example(
      name: "bars-\(count)", yaml: "data: t\nmark: bar\nencoding: {x: {field: name}, y: {field: value}}",
      tables: [Table(name: "t", columns: [Column("name", .axis), Column("value", .metric)], rows: rows)])
    let figure = try example.figure()
    return FigureLayouter(figure, try FigureData(figure, tables: example.table), .light).layout()
  }

  @Test func namesAreTurnedBeforeTheyAreLeftOut() throws {
    let expected: [(count: Int, direction: TextDirection, shown: Int)] = [
      (5, .rightwards, 5), (14, .slanted, 14), (25, .slanted, 25), (40, .upwards, 40), (200, .upwards, 40),
    ]
    for (count, direction, shown) in expected {
      let axis = try layout(bars: count).plots[0].xAxis
      #expect(axis.direction == direction, "\(count) names")
      #expect(axis.labels.count == shown, "\(count) names")
      #expect(axis.labels.allSatisfy { $0.lines.count == 1 })
    }
  }

  /// A slanted name ends under its place, and its whole outline lies between the plot and the title.
  @Test func slantedNamesLieBetweenPlotAndTitle() throws {
    let layout = try layout(bars: 14)
    let (plot, title) = (layout.plots[0], try #require(layout.sharedXTitle))
    var cache = GlyphCache()
    var count = 0
    for case .text(let line, let origin, .slanted) in layout.scene().items {
      let points = line.outlines(at: origin, .slanted, scale: 1, cache: &cache).flatMap(\.self)
      let place = plot.frame.left + plot.xAxis.labels[count].position * plot.frame.width
      let right = points.map(\.x).max() ?? 0
      #expect(abs(right - place) < line.style.size / 2)
      #expect(points.allSatisfy { $0.x > 2 && $0.y > plot.frame.bottom + 2 && $0.y < title.top + 5 })
      count += 1
    }
    #expect(count == 14)
  }
}
