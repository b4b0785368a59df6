// Serves draw: the numbers behind a picture, for readers and for files.
import Tables

extension FigureData {
  /// One drawn place with what it belongs to.
  private struct Drawn {
    var plot: PlotData
    var layer: LayerData
    var series: Series
    var point: DataPoint

    var isRule: Bool { layer.layer.mark.kind == .rule }
  }

  /// A column and what stands in it.
  private typealias Part = (column: Column, cell: (Drawn) -> Cell)

  /// One row for each place that is drawn, in drawing order.
  func table(_ figure: Figure) -> Table {
    let parts = identity(figure) + measures(figure)
    var rows: [[Cell]] = []
    for plot in plots {
      for layer in plot.layers {
        for series in layer.series {
          for point in series.points {
            let drawn = Drawn(plot: plot, layer: layer, series: series, point: point)
            rows.append(parts.map { $0.cell(drawn) })
          }
        }
      }
    }
    return Table(name: "figure", columns: uniquelyNamed(parts.map(\.column)), rows: rows)
  }

  /// Which plot, layer and series a place belongs to.
  private func identity(_ figure: Figure) -> [Part] {
    let first = figure.panels[0].layers.first?.encoding
    var parts: [Part] = []
    if figure.panels.count > 1 {
      parts.append(
        (Column("panel", .axis, doc: "Which plot, from 1."), { .number(Double($0.plot.panel + 1)) }))
    }
    if figure.panels.contains(where: { $0.layers.count > 1 }) {
      parts.append(
        (
          Column("layer", .axis, doc: "Which mark of the plot."), { .text($0.layer.layer.mark.kind.rawValue) }
        ))
    }
    if !rowValues.isEmpty {
      parts.append(
        (Column(first?.row?.field?.name ?? "row", .axis), { $0.plot.rowValue.map(Cell.text) ?? .missing }))
    }
    if !columnValues.isEmpty {
      parts.append(
        (
          Column(first?.column?.field?.name ?? "column", .axis),
          { $0.plot.columnValue.map(Cell.text) ?? .missing }
        ))
    }
    if !colors.names.isEmpty {
      parts.append(
        (
          Column(first?.color?.field?.name ?? "series", .axis),
          { drawn in drawn.series.color.map { .text(colors.names[$0]) } ?? .missing }
        ))
    }
    if !patterns.names.isEmpty {
      parts.append(
        (
          Column(first?.pattern?.field?.name ?? "pattern", .axis),
          { drawn in drawn.series.pattern.map { .text(patterns.names[$0]) } ?? .missing }
        ))
    }
    return parts
  }

  /// Where a place is and what it shows.
  private func measures(_ figure: Figure) -> [Part] {
    let several = figure.panels.count > 1
    let first = figure.panels[0].layers.first?.encoding
    let layers = plots.flatMap(\.layers)
    func anyPoint(_ holds: (DataPoint) -> Bool) -> Bool {
      layers.contains { $0.series.contains { $0.points.contains(where: holds) } }
    }
    func number(_ path: @escaping (DataPoint) -> Double?) -> (Drawn) -> Cell {
      { path($0.point).map(Cell.number) ?? .missing }
    }
    var parts: [Part] = [
      (
        Column(several ? "x" : first?.x?.field?.name ?? "x", .axis),
        { $0.isRule && $0.layer.layer.encoding.x == nil ? .missing : $0.point.x.cell }
      ),
      (
        Column(several ? "y" : first?.y?.field?.name ?? "y", .metric),
        { $0.isRule && $0.layer.layer.encoding.y == nil ? .missing : $0.point.y.cell }
      ),
    ]
    if layers.contains(where: \.hasContinuousColor) {
      let name = layers.first(where: \.hasContinuousColor)?.layer.encoding.color?.field?.name
      parts.append(
        (
          Column(name ?? "value", .metric),
          { ($0.point.shade ?? $0.series.shade).map(Cell.number) ?? .missing }
        )
      )
    }
    if layers.contains(where: { $0.layer.mark.kind == .text }) {
      parts.append((Column("text", .metric), { $0.point.text }))
    }
    if anyPoint({ $0.box != nil }) {
      parts.append((Column("lower_quartile", .metric), number { $0.box?.lowerQuartile }))
      parts.append((Column("upper_quartile", .metric), number { $0.box?.upperQuartile }))
      parts.append((Column("outliers", .metric), number { ($0.box?.outliers.count).map(Double.init) }))
    }
    if anyPoint({ $0.low != nil }) {
      parts.append((Column("low", .metric, doc: "Lower end of the interval."), number(\.low)))
      parts.append((Column("high", .metric, doc: "Upper end of the interval."), number(\.high)))
    }
    parts.append(
      (Column("n", .metric, doc: "How many rows the value summarises."), { .number(Double($0.point.count)) }))
    return parts
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
