// Serves draw: the numbers behind a picture, for readers and for files.
import Tables

extension FigureData {
  /// One row for each place that is drawn, in drawing order.
  func table(_ figure: Figure) -> Table {
    let hasBounds = plots.contains {
      $0.layers.contains { $0.series.contains { $0.points.contains { $0.low != nil } } }
    }
    let hasExtra = plots.contains { $0.layers.contains { [.rect, .text].contains($0.layer.mark.kind) } }
    let several = figure.panels.count > 1
    let layers = (figure.panels.map(\.layers.count).max() ?? 0) > 1
    let first = figure.panels[0].layers.first?.encoding
    var columns: [Column] = []
    if several { columns.append(Column("panel", .axis, doc: "Which plot, from 1.")) }
    if layers { columns.append(Column("layer", .axis, doc: "Which mark of the plot.")) }
    if !rowValues.isEmpty { columns.append(Column(first?.row?.field?.name ?? "row", .axis)) }
    if !columnValues.isEmpty { columns.append(Column(first?.column?.field?.name ?? "column", .axis)) }
    if !colors.names.isEmpty { columns.append(Column(first?.color?.field?.name ?? "series", .axis)) }
    if !patterns.names.isEmpty { columns.append(Column(first?.pattern?.field?.name ?? "pattern", .axis)) }
    columns.append(Column(several ? "x" : first?.x?.field?.name ?? "x", .axis))
    columns.append(Column(several ? "y" : first?.y?.field?.name ?? "y", .metric))
    if hasExtra { columns.append(Column("value", .metric)) }
    if hasBounds {
      columns.append(Column("low", .metric, doc: "Lower end of the interval."))
      columns.append(Column("high", .metric, doc: "Upper end of the interval."))
    }
    columns.append(Column("n", .metric, doc: "How many rows the value summarises."))

    var rows: [[Cell]] = []
    for plot in plots {
      for layer in plot.layers {
        for series in layer.series {
          for point in series.points {
            var row: [Cell] = []
            if several { row.append(.number(Double(plot.panel + 1))) }
            if layers { row.append(.text(layer.layer.mark.kind.rawValue)) }
            if !rowValues.isEmpty { row.append(plot.rowValue.map(Cell.text) ?? .missing) }
            if !columnValues.isEmpty { row.append(plot.columnValue.map(Cell.text) ?? .missing) }
            if !colors.names.isEmpty { row.append(series.color.map { .text(colors.names[$0]) } ?? .missing) }
            if !patterns.names.isEmpty {
              row.append(series.pattern.map { .text(patterns.names[$0]) } ?? .missing)
            }
            let isRule = layer.layer.mark.kind == .rule
            row.append(isRule && layer.layer.encoding.x == nil ? .missing : point.x.cell)
            row.append(isRule && layer.layer.encoding.y == nil ? .missing : point.y.cell)
            if hasExtra { row.append(point.extra) }
            if hasBounds {
              row.append(point.low.map(Cell.number) ?? .missing)
              row.append(point.high.map(Cell.number) ?? .missing)
            }
            row.append(.number(Double(point.count)))
            rows.append(row)
          }
        }
      }
    }
    return Table(name: "figure", columns: uniquelyNamed(columns), rows: rows)
  }

  private func uniquelyNamed(_ columns: [Column]) -> [Column] {
    var seen: Set<String> = []
    return columns.map { column in
      var column = column
      while !seen.insert(column.name).inserted { column.name += "_" }
      return column
    }
  }
}

extension Coordinate {
  fileprivate var cell: Cell {
    switch self {
    case .number(let value): .number(value)
    case .category(let label): .text(label)
    }
  }
}
