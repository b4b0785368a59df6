// Serves draw: from tables to series of places, per panel.
import Diagnostics
import Tables

/// A value along an axis.
enum Coordinate: Hashable, Sendable {
  case number(Double)
  case category(String)

  var number: Double? { if case .number(let value) = self { value } else { nil } }

  var label: String {
    switch self {
    case .number(let value): Cell.format(value)
    case .category(let label): label
    }
  }
}

/// One place of a mark.
struct DataPoint: Sendable {
  var x: Coordinate
  var y: Coordinate
  /// The interval along the value axis.
  var low: Double?
  var high: Double?
  var count = 1
  /// The number that a continuous colour shows.
  var shade: Double?
  /// Where a stacked value begins; its end is as far beyond as the value is large.
  var base: Double?
  /// What few marks have; a million points of a scatter plot stay small without it.
  private var details: Details?

  init(x: Coordinate, y: Coordinate) {
    self.x = x
    self.y = y
  }

  private final class Details: Sendable {
    let text: Cell
    let spanX: Span?
    let spanY: Span?
    let box: BoxSummary?

    init(text: Cell, spanX: Span?, spanY: Span?, box: BoxSummary?) {
      self.text = text
      self.spanX = spanX
      self.spanY = spanY
      self.box = box
    }
  }

  /// What a text mark writes.
  var text: Cell { details?.text ?? .missing }
  /// What the mark covers along x and y, when it is more than a place.
  var spanX: Span? { details?.spanX }
  var spanY: Span? { details?.spanY }
  /// What a boxplot shows beside its median.
  var box: BoxSummary? { details?.box }

  mutating func set(text: Cell) {
    if text != self.text { details = Details(text: text, spanX: spanX, spanY: spanY, box: box) }
  }

  mutating func set(spanX: Span?, spanY: Span?) {
    guard spanX != nil || spanY != nil || details != nil else { return }
    details = Details(text: text, spanX: spanX, spanY: spanY, box: box)
  }

  mutating func set(box: BoxSummary) { details = Details(text: text, spanX: spanX, spanY: spanY, box: box) }
}

extension DataPoint {
  /// The end of a value along its axis, where that differs from the value because others are below it.
  func end(of value: Double) -> Double { (base ?? 0) + value }
}

/// From one end to the other along an axis, in the values of the axis.
struct Span: Hashable, Sendable {
  var start: Double
  var end: Double
}

/// The places that belong together.
struct Series: Sendable {
  /// Index into the figure's colour names, when the layer has them.
  var color: Int?
  /// Index into the figure's pattern names.
  var pattern: Int?
  var points: [DataPoint]
  /// Each seed for itself.
  var seeds: [[DataPoint]] = []
  /// The number that a continuous colour shows of the whole series.
  var shade: Double?
}

/// A layer's series in one panel.
struct LayerData: Sendable {
  var layer: Figure.Layer
  /// Whether values run along x and places along y.
  var isHorizontal: Bool
  /// Whether colour stands for a number on a continuous scale.
  var hasContinuousColor: Bool
  var series: [Series]
}

/// One plot of the figure: a panel at one value of the facets.
struct PlotData: Sendable {
  var panel: Int
  var rowValue: String?
  var columnValue: String?
  var layers: [LayerData]
}

/// Everything that is drawn, before it has a place.
struct FigureData: Sendable {
  var plots: [PlotData] = []
  var colors = ColorNames()
  var patterns = Names()
  var rowValues: [String] = []
  var columnValues: [String] = []
  /// For each panel, whether its axes have categories.
  var isOrdinal: [(x: Bool, y: Bool)] = []
  /// Names along the axes of each panel, in the order of the tables.
  var categories: [(x: [String], y: [String])] = []
  /// Axis titles of each panel; empty for an axis that is not shown.
  var titles: [(x: String, y: String)] = []
  /// Whether the axes of each panel are shown.
  var showsAxes: [(x: Bool, y: Bool)] = []
  var droppedNotFinite = 0
  var droppedNotPositive = 0
  /// Cells of heat maps without a finite value.
  var emptyCells = 0
  /// Remarks about the data for the author, as sentences.
  var remarks: [String] = []
  /// Seeds seen in each panel, for the alternative text.
  var seedCounts: [Int] = []
}

extension FigureData {
  init(_ figure: Figure, tables: (String) -> Table?) throws {
    var loaded: [String: Table] = [:]
    for layer in figure.panels.flatMap(\.layers) {
      guard let data = layer.data, loaded[data.name] == nil else { continue }
      guard let table = tables(data.name) else {
        throw DiagnosticError(
          rule: "unknown-table", "there is no table '\(data.name)'", at: data.position,
          length: data.name.utf8.count)
      }
      loaded[data.name] = table
    }
    let missing = figure.check(columns: { loaded[$0]?.columns })
    if !missing.isEmpty { throw DiagnosticError(missing) }

    let rows = figure.panels.map { panel in
      panel.layers.map { layer in LayerRows(layer, layer.data.flatMap { loaded[$0.name] }) }
    }
    let all = rows.flatMap(\.self)
    colors = ColorNames(rows)
    patterns = Names.gathered(all, \.pattern, label: { _ in nil })
    rowValues = Names.gathered(all, \.row, label: { _ in nil }).names
    columnValues = Names.gathered(all, \.column, label: { _ in nil }).names
    for (panel, layers) in rows.enumerated() { add(panel, layers) }
    seedCounts = rows.map { $0.map(\.seedCount).max() ?? 0 }
    for layer in all {
      if let remark = layer.unusedAxisRemark, !remarks.contains(remark) { remarks.append(remark) }
    }
    remarkMissingCharacters(figure)
  }

  /// Names the characters that are drawn as boxes.
  private mutating func remarkMissingCharacters(_ figure: Figure) {
    let words = categories.flatMap { $0.x.prefix(200) + $0.y.prefix(200) } + titles.flatMap { [$0.x, $0.y] }
    let names = colors.names.prefix(200) + patterns.names.prefix(200) + rowValues + columnValues
    let titles = [figure.title, patterns.title].compactMap(\.self) + colors.groups.compactMap(\.title)
    let texts = (words + names + titles).flatMap { MathText.runs(of: $0).map(\.text) }
    let missing = TextLine.missingCharacters(in: texts)
    guard !missing.isEmpty else { return }
    let shown = missing.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
    let rest = missing.count > 8 ? " and \(missing.count - 8) more" : ""
    remarks.append("the typeface has no sign for \(shown)\(rest), which are drawn as boxes")
  }

  private mutating func add(_ panel: Int, _ layers: [LayerRows]) {
    let marks = layers.filter { $0.layer.mark.kind != .rule }
    let considered = marks.isEmpty ? layers : marks
    let y = considered.contains { $0.isCategorical(\.y) }
    let x = considered.contains { $0.isCategorical(\.x) || ($0.isCategoricalByMark && !y) }
    isOrdinal.append((x, y))
    categories.append(
      (x ? LayerRows.labels(considered, \.x) : [], y ? LayerRows.labels(considered, \.y) : []))
    func isShown(_ path: KeyPath<Figure.Encoding, Figure.Channel?>) -> Bool {
      considered.allSatisfy { $0.layer.encoding[keyPath: path]?.showsAxis ?? true }
    }
    showsAxes.append((isShown(\.x), isShown(\.y)))
    titles.append(
      (
        isShown(\.x) ? considered.lazy.compactMap { $0.title(\.x) }.first ?? "" : "",
        isShown(\.y) ? considered.lazy.compactMap { $0.title(\.y) }.first ?? "" : ""
      ))

    var plots: [PlotData] = []
    for row in rowValues.isEmpty ? [nil] : rowValues.map(Optional.some) {
      for column in columnValues.isEmpty ? [nil] : columnValues.map(Optional.some) {
        plots.append(PlotData(panel: panel, rowValue: row, columnValue: column, layers: []))
      }
    }
    for layer in layers {
      let isHorizontal = y && !x
      let partition = layer.partitioned()
      for index in plots.indices {
        let rows = partition.flatMap { part -> [Int] in
          let fits =
            (part.row == nil || part.row == plots[index].rowValue)
            && (part.column == nil || part.column == plots[index].columnValue)
          return fits ? part.rows : []
        }
        let series = layer.series(
          rows, ordinal: (x, y), isHorizontal: isHorizontal, colors: colors.codes(of: layer, in: panel),
          patterns: NameCodes(patterns.names))
        droppedNotFinite += series.notFinite
        droppedNotPositive += series.notPositive
        if layer.layer.mark.kind == .rect, layer.hasContinuousColor {
          emptyCells += series.series.reduce(0) { $0 + $1.points.count { $0.shade == nil } }
        }
        let stack = (isHorizontal ? layer.layer.encoding.x : layer.layer.encoding.y)?.stack
        plots[index].layers.append(
          LayerData(
            layer: layer.layer, isHorizontal: isHorizontal, hasContinuousColor: layer.hasContinuousColor,
            series: stack.map { stacked(series.series, $0, isHorizontal: isHorizontal) } ?? series.series))
      }
    }
    self.plots += plots
  }
}
