// Serves draw: a description of a picture, drafted from its data.
import Tables

extension FigureData {
  /// What is compared, which way it goes, and the extremes.
  func description(of figure: Figure) -> String {
    var sentences: [String] = []
    let shown = plots.prefix(4)
    for panel in figure.panels.indices {
      sentences.append(opening(figure, panel))
      for plot in shown where plot.panel == panel {
        let facet = [plot.rowValue, plot.columnValue].compactMap(\.self).joined(separator: ", ")
        for layer in plot.layers { sentences += statements(layer, figure, facet: facet) }
      }
    }
    if plots.count > shown.count {
      sentences.append("\(plots.count - shown.count) more panels are in the table behind the figure.")
    }
    return sentences.joined(separator: " ")
  }

  private func opening(_ figure: Figure, _ panel: Int) -> String {
    let kinds: [Figure.MarkKind: String] = [
      .line: "Line plot", .point: "Scatter plot", .bar: "Bar chart", .area: "Area plot", .band: "Band plot",
      .errorbar: "Interval plot", .rule: "Rules", .tick: "Strip plot", .text: "Labelled plot",
      .rect: "Heat map", .boxplot: "Boxplot", .contour: "Contour plot",
    ]
    let layers = figure.panels[panel].layers
    let kind = layers.first { $0.mark.kind != .rule }?.mark.kind ?? .rule
    let (x, y) = (MathText.plain(titles[panel].x), MathText.plain(titles[panel].y))
    var text = "\(kinds[kind] ?? "Plot") of \(y) against \(x)"
    if kind == .bar, isOrdinal[panel].y { text = "\(kinds[kind] ?? "Plot") of \(x) by \(y)" }
    if !colors.names.isEmpty {
      let names = colors.names.prefix(6).map(formatCategory).joined(separator: ", ")
      let rest = colors.names.count > 6 ? " and \(colors.names.count - 6) more" : ""
      text += ", for \(colors.title.map { MathText.plain($0) + " " } ?? "")\(names)\(rest)"
    }
    let facets = max(1, rowValues.count) * max(1, columnValues.count)
    if facets > 1 { text += ", in \(facets) panels" }
    if seedCount > 1 { text += "; \(seedCount) seeds" }
    return text + "."
  }

  private func statements(_ layer: LayerData, _ figure: Figure, facet: String) -> [String] {
    let kind = layer.layer.mark.kind
    if kind == .rule {
      guard let point = layer.series.first?.points.first else { return [] }
      let value = layer.layer.encoding.y == nil ? point.x : point.y
      return [
        "A line marks \(layer.layer.label.map { MathText.plain($0) + " at " } ?? "")\(plainLabel(value))."
      ]
    }
    guard [.line, .bar, .area, .band].contains(kind) else { return [] }
    let channel = layer.isHorizontal ? layer.layer.encoding.x : layer.layer.encoding.y
    let format = channel?.format ?? .number
    return layer.series.prefix(6).compactMap { series in
      let name = [
        facet, series.color.map { formatCategory(colors.names[$0]) },
        series.pattern.map { patterns.names[$0] },
      ]
      .compactMap { $0?.isEmpty == false ? $0 : nil }.joined(separator: ", ")
      let subject = name.isEmpty ? "The value" : name
      return statement(series, subject, isHorizontal: layer.isHorizontal, format)
    }
  }

  private func statement(_ series: Series, _ subject: String, isHorizontal: Bool, _ format: NumberStyle)
    -> String?
  {
    let values = series.points.compactMap { (isHorizontal ? $0.x : $0.y).number }
    let places = series.points.map { isHorizontal ? $0.y : $0.x }
    guard values.count == places.count, let first = values.first, let last = values.last,
      let low = values.min(), let high = values.max(), let firstPlace = places.first,
      let lastPlace = places.last
    else { return nil }
    func number(_ value: Double) -> String { MathText.plain(formatValue(value, format)) }
    if values.count == 1 { return "\(subject): \(number(first)) at \(plainLabel(firstPlace))." }
    if low == high { return "\(subject) stays at \(number(first))." }
    let lowPlace = plainLabel(places[values.firstIndex(of: low) ?? 0])
    let highPlace = plainLabel(places[values.firstIndex(of: high) ?? 0])
    if firstPlace.number == nil {
      return "\(subject): from \(number(low)) (\(lowPlace)) to \(number(high)) (\(highPlace))."
    }
    let change = last - first
    let verb =
      abs(change) < (high - low) * 0.05 ? "begins and ends near" : change > 0 ? "rises from" : "falls from"
    var text = "\(subject) \(verb) \(number(first))"
    if verb != "begins and ends near" {
      text += " at \(plainLabel(firstPlace)) to \(number(last)) at \(plainLabel(lastPlace))"
    }
    if high > max(first, last) { text += ", highest \(number(high)) at \(highPlace)" }
    if low < min(first, last) { text += ", lowest \(number(low)) at \(lowPlace)" }
    return text + "."
  }

  private func plainLabel(_ coordinate: Coordinate) -> String {
    switch coordinate {
    case .number(let value): MathText.plain(formatSignificant(value))
    case .category(let label): formatCategory(label)
    }
  }
}
