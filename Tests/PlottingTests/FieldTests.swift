// Cells, contours, boxes and bins lie where they should.
import Diagnostics
import Tables
import Testing

@testable import Plotting

@Suite struct FieldTests {
  /// x + 2y over a grid, on which linear interpolation is exact.
  private static let plane: ValueGrid = {
    let (xs, ys) = ((0..<9).map { Double($0) * 10 }, (0..<6).map { Double($0) * 10 })
    return ValueGrid(xs: xs, ys: ys, values: ys.flatMap { y in xs.map { $0 + 2 * y } })
  }()

  @Test(arguments: [5.0, 33, 80, 119, 175]) func linesOfAPlaneAreStraight(level: Double) throws {
    let lines = Self.plane.lines(at: level)
    #expect(lines.count == 1)
    for point in try #require(lines.first) { #expect(abs(point.x + 2 * point.y - level) < 1e-9) }
  }

  @Test(arguments: [-1.0, 0, 33, 80, 119, 180, 200]) func regionsHaveTheirArea(level: Double) {
    // The part of [0, 80] × [0, 50] with x + 2y ≥ level, by integrating over y.
    let steps = 200_000
    let expected = (0..<steps).reduce(0.0) { sum, step in
      let y = (Double(step) + 0.5) * 50 / Double(steps)
      return sum + min(max(80 - max(level - 2 * y, 0), 0), 80) * 50 / Double(steps)
    }
    let area = Self.plane.region(from: level).reduce(0.0) { sum, polygon in
      sum + enclosed(polygon)
    }
    #expect(abs(area - expected) < 0.01, "\(level)")
  }

  @Test func regionsTurnOneWay() {
    for polygon in Self.plane.region(from: 77) { #expect(enclosed(polygon) >= 0) }
  }

  /// A saddle: the mean of the corners decides which of them belong together.
  @Test(arguments: [(0.4, 1), (0.6, 2)]) func saddles(level: Double, parts: Int) {
    let grid = ValueGrid(xs: [0, 1], ys: [0, 1], values: [1, 0, 0, 1])
    #expect(grid.region(from: level).count == parts)
    #expect(grid.lines(at: level).count == 2)
  }

  @Test func ringsClose() throws {
    let xs = (0..<21).map { Double($0) - 10 }
    let grid = ValueGrid(xs: xs, ys: xs, values: xs.flatMap { y in xs.map { $0 * $0 + y * y } })
    let lines = grid.lines(at: 30.5)
    #expect(lines.count == 1)
    let ring = try #require(lines.first)
    #expect(ring.first == ring.last && ring.count > 20)
  }

  @Test func holesInTheGridStayEmpty() {
    let grid = ValueGrid(xs: [0, 1, 2], ys: [0, 1], values: [1, 1, .nan, 1, 1, 1])
    #expect(grid.region(from: 0).reduce(0) { $0 + enclosed($1) } == 1)
  }

  private func enclosed(_ polygon: [Point]) -> Double {
    zip(polygon, polygon.dropFirst() + polygon.prefix(1)).reduce(0) {
      $0 + ($1.0.x * $1.1.y - $1.1.x * $1.0.y) / 2
    }
  }

  @Test func cellsEndHalfway() {
    let linear = CellEdges([3, 1, 2, 2, 6], nil)
    #expect(linear.span(around: 1) == Span(start: 0.5, end: 1.5))
    #expect(linear.span(around: 3) == Span(start: 2.5, end: 4.5))
    #expect(linear.span(around: 6) == Span(start: 4.5, end: 7.5))
    #expect(linear.span(around: 4) == nil)
    var channel = Figure.Channel(position: SourcePosition(file: "", line: 1, column: 1))
    channel.scale.kind = .log
    let log = CellEdges([1, 100], channel)
    #expect(log.span(around: 1) == Span(start: 0.1, end: 10))
    #expect(log.span(around: 100) == Span(start: 10, end: 1000))
    #expect(CellEdges([4], nil).span(around: 4) == Span(start: 2, end: 6))
  }

  @Test func boxesHaveTukeysParts() throws {
    let box = try #require(BoxSummary([1, 2, 3, 4, 5, 6, 7, 8, 30], reach: 1.5))
    #expect((box.lowerQuartile, box.median, box.upperQuartile) == (3, 5, 7))
    #expect((box.whiskerLow, box.whiskerHigh) == (1, 8))
    #expect(box.outliers == [30])
    #expect(try #require(BoxSummary([1, 30, 2], reach: nil)).outliers.isEmpty)
    #expect(BoxSummary([], reach: 1.5) == nil)
    #expect(try #require(BoxSummary([4], reach: 1.5)).whiskerHigh == 4)
  }

  @Test func binsHaveRoundEnds() throws {
    let bins = try #require(Binning([0.03, 9.7], BinRequest(), kind: .linear))
    #expect(bins.span(of: 0.03) == Span(start: 0, end: 0.5))
    #expect(bins.span(of: 2.5) == Span(start: 2.5, end: 3))
    #expect(try #require(bins.span(of: -0.1)).end == 0)
    let wide = try #require(Binning([1, 5], BinRequest(step: 2), kind: .linear))
    #expect(wide.span(of: 5) == Span(start: 4, end: 6))
    let log = try #require(Binning([1, 1e6], BinRequest(step: 1), kind: .log))
    let decade = try #require(log.span(of: 500))
    #expect(abs(decade.start - 100) < 1e-9 && abs(decade.end - 1000) < 1e-8)
    #expect(Binning([], BinRequest(), kind: .linear) == nil)
    #expect(Binning([0, 1e9], BinRequest(step: 1e-3), kind: .linear) == nil, "not a billion bins")
    #expect(Binning([3, 3], BinRequest(), kind: .linear)?.span(of: 3) != nil)
  }

  @Test func summariesTakeQuantiles() throws {
    let summary = try #require(Summary.of([4, 1, 3, 2, 5], .quantile(0.75), .quantiles(0, 0.5)))
    #expect((summary.value, summary.low, summary.high) == (4, 1, 3))
  }

  @Test(arguments: ColorScheme.allCases, Theme.allCases) func rampsGoOneWay(scheme: ColorScheme, theme: Theme)
  {
    let ramp = ColorRamp.of(scheme, theme, field: true)
    let light = (0...40).map { ramp.color(at: Double($0) / 40).luminance }
    let halves = scheme == .diverging ? [Array(light[...20]), Array(light[20...])] : [light]
    for half in halves {
      let rises = zip(half, half.dropFirst()).map { $1 - $0 }
      #expect(rises.allSatisfy { $0 >= -0.004 } || rises.allSatisfy { $0 <= 0.004 })
    }
    #expect(ramp.color(at: -3) == ramp.color(at: 0) && ramp.color(at: .nan) == ramp.color(at: 0))
  }

  @Test(arguments: Theme.allCases, Vision.allCases) func endsOfDivergingScalesDiffer(
    theme: Theme, vision: Vision
  ) {
    let ramp = ColorRamp.of(.diverging, theme, field: true)
    for distance in [0.15, 0.3, 0.5] {
      let (low, high) = (ramp.color(at: 0.5 - distance), ramp.color(at: 0.5 + distance))
      #expect(ciede2000(vision.lab(low), vision.lab(high)) > 12, "\(theme) \(vision) \(distance)")
    }
  }

  /// A guide of exponent −1 through (10, 1) passes (100, 0.1).
  @Test func guidesHaveTheirSlope() throws {
    let rows: [[Cell]] = [[.number(1), .number(10)], [.number(1000), .number(0.001)]]
    let example = Example(
      name: "guide",
      yaml: """
        data: t
        encoding: {x: {field: x, scale: {type: log}}, y: {field: y, scale: {type: log}}}
        layer:
          - {mark: line}
          - {mark: {type: rule, slope: -1}, encoding: {x: {datum: 10}, y: {datum: 1}}}
        """,
      tables: [Table(name: "t", columns: [Column("x", .axis), Column("y", .metric)], rows: rows)])
    let figure = try example.figure()
    let layout = FigureLayouter(figure, try FigureData(figure, tables: example.table), .light).layout()
    let plot = try #require(layout.plots.first)
    let line = layout.scene().items.compactMap { item -> [Point]? in
      if case .stroke(let points, _, let style, _) = item, style.dash == [5, 3] { points } else { nil }
    }
    let (a, b) = (try #require(line.first?.first), try #require(line.first?.last))
    let place = Point(plot.x(.number(100)), plot.y(.number(0.1)))
    let offset = (b.x - a.x) * (place.y - a.y) - (b.y - a.y) * (place.x - a.x)
    #expect(abs(offset) / (b - a).length < 0.01)
  }
}

@Suite struct RowExpressionTests {
  private static let place = SourcePosition(file: "f.md", line: 3, column: 5)

  @Test(arguments: [
    ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9), ("2^3^2", 512), ("-2^2", -4), ("a - b", 3), ("a-b", 40),
    ("10 / 4 - 1", 1.5), ("log10(1000)", 3), ("log2(8)", 3), ("max(1, a, b)", 5), ("sqrt(a + 4)", 3),
    ("abs(b - a)", 3), ("round(2.6)", 3), ("floor(2.6)", 2), ("2 × a − 1", 9), ("1e-3 * 1e3", 1),
  ]) func values(text: String, value: Double) throws {
    let columns = ["a": 5.0, "b": 2, "a-b": 40]
    let found = try RowExpression.parse(text, at: Self.place).value { columns[$0] }
    #expect(abs(try #require(found) - value) < 1e-11)
  }

  @Test func logarithmAndExponentialAreInverse() throws {
    let expression = try RowExpression.parse("log(exp(a))", at: Self.place)
    for value in [-20.0, -1, 0.1, 1, 30] {
      #expect(abs((expression.value { _ in value } ?? 0) - value) < 1e-9)
    }
  }

  @Test func aMissingColumnIsMissing() throws {
    #expect(try RowExpression.parse("a + 1", at: Self.place).value { _ in nil } == nil)
    #expect(try RowExpression.parse("log(a)", at: Self.place).value { _ in -1 }?.isNaN == true)
  }

  @Test(arguments: [
    ("1 +", 8, "expression-syntax"), ("(a", 7, "expression-syntax"), ("a b", 7, "expression-syntax"),
    ("lgo(a)", 5, "unknown-function"), ("a + sqrt(a, 2)", 9, "function-arguments"),
    ("", 5, "expression-syntax"),
    ("1..2", 9, "expression-syntax"), ("a + ?", 9, "expression-syntax"),
  ]) func mistakesHavePlaces(text: String, column: Int, rule: String) throws {
    let error = try #require(throws: DiagnosticError.self) { try RowExpression.parse(text, at: Self.place) }
    #expect(error.diagnostics.first?.rule == rule)
    #expect(error.diagnostics.first?.position?.column == column)
  }

  @Test(arguments: ["(", "-", "2^"]) func deepNestingIsRefused(part: String) {
    #expect(throws: DiagnosticError.self) {
      try RowExpression.parse(String(repeating: part, count: 50_000) + "1", at: Self.place)
    }
  }

  @Test func derivedColumnsAndFilters() throws {
    let rows =
      (1...10).map { [Cell.number(Double($0)), .number(Double($0 * $0))] } + [[.missing, .number(1)]]
    let example = Example(
      name: "derived",
      yaml: """
        data: t
        calculate: {difference: y - x, half: difference / 2}
        filter: half - 1 > 2, x<9
        mark: point
        encoding: {x: {field: x}, y: {field: half}}
        """,
      tables: [Table(name: "t", columns: [Column("x", .axis), Column("y", .metric)], rows: rows)])
    let figure = try example.figure()
    let data = try FigureData(figure, tables: example.table)
    let points = data.plots.flatMap(\.layers).flatMap(\.series).flatMap(\.points)
    #expect(points.compactMap(\.y.number) == [6, 10, 15, 21, 28])
  }

  @Test func unknownColumnsOfExpressionsAreFound() throws {
    let example = Example(
      name: "derived",
      yaml: """
        data: t
        calculate: {half: test_eror / 2}
        filter: half - trian_error > 2
        mark: point
        encoding: {x: {field: test_error}, y: {field: half}}
        """, tables: [])
    let columns = [Column("test_error", .metric), Column("train_error", .metric)]
    let found = try example.figure().check(columns: { _ in columns })
    #expect(
      found.map(\.message) == [
        "the table 't' has no column 'test_eror'", "the table 't' has no column 'trian_error'",
      ])
    #expect(found.map { $0.position?.column } == [19, 16])
    #expect(found.allSatisfy { $0.hint != nil })
  }
}
