// Stacked series, and legends of panels that show different columns.
import Tables
import Testing

@testable import Plotting

@Suite struct StackingTests {
  static let table = Table(
    name: "t",
    columns: [
      Column("place", .axis), Column("kind", .axis), Column("size", .metric), Column("other", .axis),
    ],
    rows: [("a", "x", 2), ("a", "y", 6), ("a", "z", -1), ("b", "y", 3), ("b", "z", -4), ("b", "x", -2)].map {
      [.text($0.0), .text($0.1), .number($0.2), .text($0.1 + "!")]
    })

  private func example(_ yaml: String) -> Example { Example(name: "stack", yaml: yaml, tables: [Self.table]) }

  private func spans(_ stack: String, mark: String = "bar") throws -> [String: [Double]] {
    let figure = example(
      "data: t\nmark: \(mark)\n"
        + "encoding: {x: {field: place}, y: {field: size, stack: \(stack)}, color: {field: kind}}"
    )
    let data = try FigureData(figure.figure(), tables: figure.table)
    var spans: [String: [Double]] = [:]
    for series in data.plots[0].layers[0].series {
      for point in series.points where point.y.number != 0 {
        let name = data.colors.names[series.color ?? 0]
        spans["\(name) \(point.x.label)"] = [point.base ?? .nan, point.end(of: point.y.number ?? .nan)]
      }
    }
    return spans
  }

  @Test(arguments: ["bar", "area"]) func seriesStandOnEachOther(mark: String) throws {
    #expect(
      try spans("zero", mark: mark) == [
        "x a": [0, 2], "y a": [2, 8], "z a": [0, -1], "y b": [0, 3], "x b": [0, -2], "z b": [-2, -6],
      ])
  }

  @Test func sharesAddUpToOne() throws {
    let shares = try spans("normalize")
    #expect(shares["x a"] == [0, 2 / 9.0] && shares["z a"] == [0, -1 / 9.0])
    #expect(abs((shares["y a"]?[1] ?? 0) - 8 / 9.0) < 1e-15)
  }

  /// The bars of a stack stand in one place, as wide as a bar alone.
  @Test func stackedBarsShareTheirPlace() throws {
    let figure = example(
      "data: t\nmark: bar\nencoding: {x: {field: place}, y: {field: size, stack: zero}, color: {field: kind}}"
    )
    let data = try FigureData(figure.figure(), tables: figure.table)
    let layout = try FigureLayouter(figure.figure(), data, .light).layout()
    let painter = PlotPainter(
      plot: layout.plots[0], looks: layout.looks, colorScale: nil,
      scene: Scene(width: 1, height: 1, background: Color(0)))
    let layer = data.plots[0].layers[0]
    #expect(layer.series.allSatisfy { painter.slot($0, layer).shift == 0 })
    #expect(try figure.draw().alternativeText.hasPrefix("Stacked bar chart of size against place"))
  }

  @Test func onlyBarsAndAreasAreStacked() {
    for (mark, scale) in [("line", ""), ("bar", ", scale: {type: log}")] {
      #expect(throws: (any Error).self) {
        try example(
          "data: t\nmark: \(mark)\nencoding: {x: {field: place}, y: {field: size, stack: zero\(scale)}}"
        ).figure()
      }
    }
  }

  private static func panels(_ second: String) -> String {
    """
    data: t
    hconcat:
      - {mark: bar, encoding: {x: {field: place}, y: {field: size}, color: {field: kind}}}
      - {mark: bar, encoding: {x: {field: place}, y: {field: size}, color: {field: \(second)}}}
    """
  }

  private func layout(_ yaml: String) throws -> FigureLayout {
    let figure = example(yaml)
    let data = try FigureData(figure.figure(), tables: figure.table)
    return try FigureLayouter(figure.figure(), data, .light).layout()
  }

  @Test func panelsOfOneColumnShareALegend() throws {
    let layout = try layout(Self.panels("kind"))
    #expect(layout.legend.rows.count == 1 && layout.plots.allSatisfy(\.legend.rows.isEmpty))
  }

  @Test func panelsOfDifferentColumnsHaveALegendEach() throws {
    let layout = try layout(Self.panels("other"))
    #expect(layout.legend.rows.isEmpty)
    let names = layout.plots.map { plot in
      plot.legend.rows.joined().compactMap { item -> String? in
        if case .entry(let entry) = item { entry.name.text } else { nil }
      }
    }
    #expect(names == [["x", "y", "z"], ["x!", "y!", "z!"]])
    #expect(layout.looks.colors[0] == layout.looks.colors[3], "colours begin anew")
    #expect(layout.plots.allSatisfy { $0.legendRoom >= $0.legend.height })
  }

  /// Where a line lies on another, dashes let both be seen.
  @Test func coincidentLinesAreDashed() throws {
    var rows: [[Cell]] = []
    for (name, shift) in [("one", 0.0), ("two", 0.001), ("far", 3)] {
      for x in 0..<12 { rows.append([.text(name), .number(Double(x)), .number(Double(x * x) / 20 + shift)]) }
    }
    let columns = [Column("s", .axis), Column("x", .axis), Column("y", .metric)]
    func dashes(_ rows: [[Cell]]) throws -> [Bool] {
      let figure = Example(
        name: "lines",
        yaml:
          "data: t\nmark: {type: line, point: true}\n"
          + "encoding: {x: {field: x}, y: {field: y}, color: {field: s}}",
        tables: [Table(name: "t", columns: columns, rows: rows)])
      let data = try FigureData(figure.figure(), tables: figure.table)
      let layout = try FigureLayouter(figure.figure(), data, .light).layout()
      let layer = data.plots[0].layers[0]
      return layer.series.map { layout.looks.dash($0, layer.layer.mark).isEmpty }
    }
    #expect(try dashes(rows) == [true, false, false])
    #expect(try dashes(rows.filter { $0[0] != .text("two") }) == [true, true])
  }
}
