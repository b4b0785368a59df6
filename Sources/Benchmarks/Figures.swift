// `make bench`: the time of whole figures, from a table in memory to the bytes of a PNG.
import Diagnostics
import Plotting
import Specification
import Tables

/// A figure to time, with its data made by a formula, so that a peer can make the same.
struct FigureWorkload {
  var name: String
  var figure: Figure
  var table: Table

  /// Reads the block; traps when it is wrong, which is a mistake of this file.
  init(name: String, source: String, table: Table) {
    self.name = name
    self.table = table
    var diagnostics = Diagnostics()
    guard let node = try? Node(yaml: source, origin: SourcePosition(file: name, line: 1, column: 1)),
      let figure = Figure(resolving: node, &diagnostics)
    else { preconditionFailure("\(name): \(diagnostics.all)") }
    self.figure = figure
  }

  /// Draws it once.
  func draw() -> RenderedFigure {
    do {
      return try Plotting.draw(figure, tables: { $0 == table.name ? table : nil }, theme: .light)
    } catch {
      preconditionFailure("\(name): \(error)")
    }
  }

  /// The figures by name, made when they are wanted: a million points take a while.
  static let all: [(name: String, make: @Sendable () -> FigureWorkload)] = [
    ("figure_curves", { curves }), ("figure_million_points", { scatter }),
  ]

  /// Five series of a thousand points with bands, a legend and type, with as many pixels as 1400 × 900. The lines end so
  /// close to each other that their names need the legend.
  static let curves: FigureWorkload = {
    var rows: [[Cell]] = []
    for series in 0..<5 {
      var state = UInt64(series) + 1
      var value = Double(series)
      for step in 0..<1000 {
        value += 0.1 * (uniform(&state) - 0.5) - 0.0009 * Double(series)
        rows.append([
          .text("series \(series)"), .number(Double(step)), .number(value), .number(value - 0.4),
          .number(value + 0.4),
        ])
      }
    }
    return FigureWorkload(
      name: "figure_curves",
      source: """
        data: t
        height: 385
        encoding: {x: {field: step}, y: {field: value}, color: {field: series}}
        layer:
          - {mark: band, encoding: {y: {field: low, title: value}, y2: {field: high}}}
          - {mark: line}
        """, table: table(["series", "step", "value", "low", "high"], rows))
  }()

  /// A million translucent points.
  static let scatter: FigureWorkload = {
    var state: UInt64 = 1
    let rows = (0..<1_000_000).map { _ -> [Cell] in
      let (x, y) = (uniform(&state) + uniform(&state), uniform(&state) + uniform(&state))
      return [.number(x), .number(y + x)]
    }
    return FigureWorkload(
      name: "figure_million_points",
      source: "data: t\nmark: point\nencoding: {x: {field: x}, y: {field: y}}",
      table: table(["x", "y"], rows))
  }()

  private static func table(_ names: [String], _ rows: [[Cell]]) -> Table {
    Table(name: "t", columns: names.map { Column($0, .metric) }, rows: rows)
  }

  /// A linear congruential generator (Knuth's MMIX constants).
  static func uniform(_ state: inout UInt64) -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 9_007_199_254_740_992
  }
}
