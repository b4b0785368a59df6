// Whatever the data, a picture comes out that says what it can.
import Tables
import Testing

@testable import Plotting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct BadInputTests {
  private static let columns = [Column("group", .axis), Column("x", .axis), Column("y", .metric)]

  private static func example(_ name: String, _ mark: String, _ rows: [[Cell]], _ more: String = "")
    -> Example
  {
    Example(
      name: name,
      yaml: """
        data: t
        mark: \(mark)
        encoding:
          x: {field: x}
          y: {field: y}
          color: {field: group}
        \(more)
        """, tables: [Table(name: "t", columns: columns, rows: rows)])
  }

  private static func row(_ group: String, _ x: Cell, _ y: Cell) -> [Cell] { [.text(group), x, y] }

  private static let least = Double.leastNonzeroMagnitude

  static let marks = ["line", "point", "bar", "area", "band", "errorbar", "tick", "boxplot"]

  /// Every kind of data that breaks plotters.
  static let data: [(String, [[Cell]])] = few + many

  private static let few: [(String, [[Cell]])] = [
    ("empty", []),
    ("one", [row("a", .number(1), .number(2))]),
    ("equal", (0..<5).map { _ in row("a", .number(3), .number(3)) }),
    ("zero", (0..<5).map { row("a", .number(Double($0)), .number(0)) }),
    (
      "not-a-number",
      (0..<5).map { row("a", .number(Double($0)), $0 == 2 ? .number(.nan) : .number(Double($0))) }
    ),
    ("infinite", [row("a", .number(.infinity), .number(1)), row("a", .number(1), .number(-.infinity))]),
    ("huge", [row("a", .number(-1e308), .number(1e308)), row("b", .number(1e308), .number(-1e308))]),
    (
      "tiny",
      [row("a", .number(least * 100), .number(least * 200)), row("a", .number(least * 300), .number(least))]
    ),
    ("close", [row("a", .number(1), .number(1e9)), row("a", .number(2), .number(1e9 + 1e-6))]),
    ("missing", [row("a", .missing, .number(1)), row("a", .number(1), .missing)]),
    ("names", [row("a", .text("one"), .number(1)), row("b", .text("two"), .number(2))]),
    ("both-names", [row("a", .text("one"), .text("x")), row("b", .text("two"), .text("y"))]),
  ]

  private static let many: [(String, [[Cell]])] = [
    ("long-names", (0..<4).map { row(long($0), .text(long($0)), .number(Double($0))) }),
    (
      "other-scripts",
      [row("שלום עולם", .text("مرحبا"), .number(1)), row("漢字", .text("👩‍👩‍👧"), .number(2))]
    ),
    (
      "many-categories",
      (0..<200).map { row("g\($0 % 3)", .text("category \($0)"), .number(Double($0 % 17))) }
    ),
    ("many-groups", (0..<200).map { row("group \($0)", .number(Double($0 % 5)), .number(Double($0))) }),
    ("empty-names", [row("", .text(""), .number(1)), row("", .text(" "), .number(2))]),
    ("markup", [row("$x_1^2", .text("$\\frac{"), .number(1)), row("$$", .text("a$b$c"), .number(2))]),
  ]

  private static func long(_ index: Int) -> String {
    "\(index) " + String(repeating: "a label that goes on and on ", count: 11)
  }

  @Test(arguments: data.map(\.0), marks) func everyMarkDrawsAnything(name: String, mark: String) throws {
    let rows = try #require(Self.data.first { $0.0 == name }).1
    try check(Self.example("\(name)-\(mark)", mark, rows))
  }

  @Test(arguments: ["log", "symlog", "sqrt", "ordinal"]) func everyScaleDrawsAnything(kind: String) throws {
    for (name, rows) in Self.data {
      var example = Self.example("\(name)-\(kind)", "{type: line, point: true}", rows)
      example.yaml = example.yaml.replacing("{field: x}", with: "{field: x, scale: {type: \(kind)}}")
      try check(example)
      example.yaml = example.yaml.replacing("{field: y}", with: "{field: y, scale: {type: \(kind)}}")
      try check(example)
    }
  }

  @Test func manyFacets() throws {
    let rows = (0..<400).map {
      Self.row("facet \($0 % 40)", .number(Double($0 / 40)), .number(Double($0 % 7)))
    }
    for extra in ["", "columns: 3", "resolve: {scale: {y: independent, x: independent}}"] {
      var example = Self.example("facets", "line", rows, extra)
      example.yaml = example.yaml.replacing("color:", with: "column:")
      try check(example)
      example.yaml = example.yaml.replacing("column:", with: "row:")
      try check(example)
    }
  }

  @Test func droppedValuesAreCounted() throws {
    let rows: [[Cell]] = [
      Self.row("a", .number(1), .number(.nan)), Self.row("a", .number(-1), .number(1)),
      Self.row("a", .number(10), .number(1)), Self.row("a", .number(100), .number(2)),
    ]
    var example = Self.example("dropped", "line", rows)
    example.yaml = example.yaml.replacing("{field: x}", with: "{field: x, scale: {type: log}}")
    let figure = try example.draw()
    #expect(
      figure.remarks == [
        "1 values are not finite and not shown", "1 values have no logarithm and are not shown",
      ])
    #expect(figure.table.rows.count == 2)
  }

  @Test(arguments: [
    "rect", "{type: rect, opacity: 0.5}", "contour", "{type: contour, filled: false, labels: true}",
  ]) func fieldsOfAnything(mark: String) throws {
    for (name, rows) in Self.data {
      for y in ["group", "y, type: quantitative"] {
        let example = Example(
          name: "field-\(name)",
          yaml: "data: t\nmark: \(mark)\nencoding: {x: {field: x}, y: {field: \(y)}, color: {field: y}}",
          tables: [Table(name: "t", columns: Self.columns, rows: rows)])
        try check(example)
      }
    }
  }

  @Test(arguments: ["point", "line", "tick", "area"]) func continuousColoursOfAnything(mark: String) throws {
    for (name, rows) in Self.data {
      let example = Example(
        name: "shade-\(name)",
        yaml:
          "data: t\nmark: \(mark)\nencoding: {x: {field: x}, y: {field: y}, color: {field: y, type: quantitative}}",
        tables: [Table(name: "t", columns: Self.columns, rows: rows)])
      try check(example)
    }
  }

  @Test func charactersWithoutASignAreRemarked() throws {
    let rows = try #require(Self.data.first { $0.0 == "other-scripts" }).1
    let remarks = try Self.example("scripts", "bar", rows).draw().remarks
    // Eight are named, the others counted.
    let remark = try #require(remarks.first { $0.contains("no sign for") })
    #expect(remark.contains("'م', 'ر'") && remark.contains("and 5 more"), "\(remark)")
  }

  /// Words at one place stand below each other, and those for which there is no room are left out.
  @Test func wordsDoNotCoverEachOther() throws {
    let rows = (0..<9).map { Self.row("word \($0)", .number(1), .number(1)) }
    let example = Example(
      name: "words",
      yaml: "data: t\nmark: text\nencoding: {x: {field: x}, y: {field: y}, text: {field: group}}",
      tables: [Table(name: "t", columns: Self.columns, rows: rows)])
    let figure = try example.figure()
    let layout = FigureLayouter(figure, try FigureData(figure, tables: example.table), .light).layout()
    let boxes = layout.scene().items.compactMap { item -> Rect? in
      guard case .text(let line, let start, .rightwards) = item, line.glyphs.count == 6 else { return nil }
      return Rect(left: start.x, top: start.y - line.ascent, right: start.x + line.width, bottom: start.y)
    }
    #expect(boxes.count == 5)
    for (index, box) in boxes.enumerated() {
      #expect(!boxes[(index + 1)...].contains { $0.overlaps(box) })
    }
  }

  @Test func wordsInThePlot() throws {
    for (name, rows) in Self.data {
      let example = Example(
        name: "text-\(name)",
        yaml: "data: t\nmark: text\nencoding: {x: {field: x}, y: {field: y}, text: {field: group}}",
        tables: [Table(name: "t", columns: Self.columns, rows: rows)])
      try check(example)
    }
  }

  /// A picture of sensible size with something on it and nothing cut off.
  private func check(_ example: Example) throws {
    let data = try FigureData(example.figure(), tables: example.table)
    let layout = try FigureLayouter(example.figure(), data, .dark).layout()
    let picture = layout.scene().rasterized(scale: 1)
    #expect(picture.width == 680)
    #expect((50...4500).contains(picture.height), "\(example.name): \(picture.height)")
    let pixels = try picture.pixels()
    let background = Array(pixels[..<3])
    let drawn = stride(from: 0, to: pixels.count, by: 3).count { Array(pixels[$0..<($0 + 3)]) != background }
    #expect(drawn > 150, "\(example.name) is nearly blank")
    #expect(try picture.edges().allSatisfy { $0 == background }, "\(example.name) is cut off")
    #expect(!data.description(of: try example.figure()).isEmpty)
    if let place = ProcessFilter.kept, example.name.contains(place) {
      try Gallery.keep(example.draw(.light).png, "bad-\(example.name).png")
    }
  }
}

/// Which of the bad inputs are also written to the gallery: `OFFPRINT_KEEP=part of a name`.
private enum ProcessFilter {
  static var kept: String? { getenv("OFFPRINT_KEEP").map { String(cString: $0) } }
}
