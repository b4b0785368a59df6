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
        let facet = [
          plot.rowValue.map { facetName($0, figure, \.row) },
          plot.columnValue.map { facetName($0, figure, \.column) },
        ].compactMap(\.self).joined(separator: ", ")
        for layer in told(plot) {
          let found =
            statements(layer, figure, facet: facet) + [comparison(layer, facet: facet)].compactMap(\.self)
          // Layers of the same values say the same.
          sentences += found.filter { !sentences.contains($0) }
        }
      }
      let isEmpty = plots.filter { $0.panel == panel }.flatMap(\.layers).flatMap(\.series).allSatisfy(
        \.points.isEmpty)
      if isEmpty { sentences.append("There are no data to show.") }
    }
    if plots.count > shown.count {
      sentences.append("\(plots.count - shown.count) more panels are in the table behind the figure.")
    }
    return sentences.joined(separator: " ")
  }

  /// A facet's value; a number says what it is a number of.
  private func facetName(_ value: String, _ figure: Figure, _ path: KeyPath<Figure.Encoding, Figure.Channel?>)
    -> String
  {
    let channel = figure.panels.flatMap(\.layers).lazy.compactMap { $0.encoding[keyPath: path] }.first
    guard let number = Double(value) else { return value }
    let name = channel?.title ?? channel?.field?.name.split(separator: "_").joined(separator: " ") ?? ""
    return "\(MathText.plain(name)) \(self.number(number, channel))"
  }

  /// The title of an axis, or what it shows where it has none.
  private func axisName(
    _ title: String, _ layers: [Figure.Layer], _ path: KeyPath<Figure.Encoding, Figure.Channel?>
  ) -> String {
    if !title.isEmpty { return MathText.plain(title) }
    let field = layers.lazy.compactMap { $0.encoding[keyPath: path]?.field }.first
    return field?.name.split(separator: "_").joined(separator: " ") ?? ""
  }

  /// The layers that have something to say: bands and intervals round lines, bars and points repeat them.
  private func told(_ plot: PlotData) -> [LayerData] {
    let (intervals, values): ([Figure.MarkKind], [Figure.MarkKind]) = (
      [.band, .errorbar], [.line, .bar, .area, .point]
    )
    let hasValues = plot.layers.contains { values.contains($0.layer.mark.kind) }
    return plot.layers.filter { !hasValues || !intervals.contains($0.layer.mark.kind) }
  }

  /// How the series of a layer stand to each other: two of them wherever both have a value, more of them at the last
  /// place of all.
  private func comparison(_ layer: LayerData, facet: String) -> String? {
    guard [.line, .bar, .errorbar].contains(layer.layer.mark.kind), layer.series.count > 1 else { return nil }
    let channel = layer.isHorizontal ? layer.layer.encoding.x : layer.layer.encoding.y
    let tables = layer.series.map { series in
      Dictionary(
        series.points.compactMap { point in
          (layer.isHorizontal ? point.x : point.y).number.map { (layer.isHorizontal ? point.y : point.x, $0) }
        }
      ) { first, _ in first }
    }
    let shared = layer.series[0].points.map { layer.isHorizontal ? $0.y : $0.x }.filter { place in
      tables.allSatisfy { $0[place] != nil }
    }
    guard let last = shared.last else { return nil }
    let names = layer.series.map { subject($0, "", layer) }
    guard Set(names).count == names.count, !names.contains("") else { return nil }
    let start = facet.isEmpty ? "" : "\(facet): "
    if names.count == 2 {
      let above = shared.count { (tables[0][$0] ?? 0) > (tables[1][$0] ?? 0) }
      let below = shared.count { (tables[0][$0] ?? 0) < (tables[1][$0] ?? 0) }
      let (upper, lower, count) = above >= below ? (0, 1, above) : (1, 0, below)
      guard count > 0 else { return "\(start)\(names[0]) and \(names[1]) are equal." }
      let places =
        shared.count == 1
        ? "" : count == shared.count ? " at all \(count) places" : " at \(count) of \(shared.count) places"
      return "\(start)\(names[upper]) is above \(names[lower])\(places)."
    }
    // Bars of many series are told one by one; the ends of lines say where they lead.
    guard layer.layer.mark.kind == .line else { return nil }
    let ends = tables.map { $0[last] ?? 0 }
    guard let low = ends.indices.min(by: { ends[$0] < ends[$1] }),
      let high = ends.indices.max(by: { ends[$0] < ends[$1] }), ends[low] < ends[high]
    else { return nil }
    return "\(start)\(start.isEmpty ? "At" : "at") \(plainLabel(last)), \(names[high]) is highest "
      + "(\(number(ends[high], channel))) and \(names[low]) lowest (\(number(ends[low], channel)))."
  }

  private func opening(_ figure: Figure, _ panel: Int) -> String {
    let kinds: [Figure.MarkKind: String] = [
      .line: "Line plot", .point: "Scatter plot", .bar: "Bar chart", .area: "Area plot", .band: "Band plot",
      .errorbar: "Interval plot", .rule: "Rules", .tick: "Strip plot", .text: "Labelled plot",
      .rect: "Heat map", .boxplot: "Boxplot", .contour: "Contour plot",
    ]
    let layers = figure.panels[panel].layers
    let kind = layers.first { $0.mark.kind != .rule }?.mark.kind ?? .rule
    let (x, y) = (axisName(titles[panel].x, layers, \.x), axisName(titles[panel].y, layers, \.y))
    let isHistogram = layers.contains {
      $0.mark.kind == .bar && ($0.encoding.x?.bin != nil || $0.encoding.y?.bin != nil)
    }
    var text = "\(kinds[kind] ?? "Plot") of \(y) against \(x)"
    if kind.isField {
      text = "\(kinds[kind] ?? "Plot")"
      if let shade = shadeTitle(figure, panel) { text += " of \(shade)" }
      if !titles[panel].x.isEmpty, !titles[panel].y.isEmpty { text += " over \(x) and \(y)" }
    }
    if isHistogram { text = "Histogram of \(isOrdinal[panel].y || layers[0].encoding.y?.bin != nil ? y : x)" }
    if layers.contains(where: { ($0.encoding.x?.stack ?? $0.encoding.y?.stack) != nil }) {
      text = "Stacked " + text.prefix(1).lowercased() + text.dropFirst()
    }
    if [.bar, .boxplot, .tick].contains(kind), isOrdinal[panel].y {
      text = "\(kinds[kind] ?? "Plot") of \(x) by \(y)"
    }
    if !kind.isField, let shade = shadeTitle(figure, panel) { text += ", coloured by \(shade)" }
    let groups = colors.ofPanel[panel].map { colors.groups[$0] }.filter { !$0.names.isEmpty }
    if !groups.isEmpty { text += ", for " + groups.map(listed).joined(separator: " and ") }
    let facets = max(1, rowValues.count) * max(1, columnValues.count)
    if facets > 1 { text += ", in \(facets) panels" }
    if seedCounts[panel] > 1 { text += "; \(seedCounts[panel]) seeds" }
    return text + "."
  }

  /// The names that colours tell apart, after what they are names of.
  private func listed(_ names: Names) -> String {
    let shown = names.names.prefix(6).map(formatCategory).joined(separator: ", ")
    let rest = names.names.count > 6 ? " and \(names.names.count - 6) more" : ""
    return (names.title.map { MathText.plain($0) + " " } ?? "") + shown + rest
  }

  /// What a continuous colour shows.
  private func shadeTitle(_ figure: Figure, _ panel: Int) -> String? {
    plots.lazy.filter { $0.panel == panel }.flatMap(\.layers).compactMap(\.shadeName).first.map(
      MathText.plain)
  }

  private func statements(_ layer: LayerData, _ figure: Figure, facet: String) -> [String] {
    let kind = layer.layer.mark.kind
    if kind == .rule {
      guard let point = layer.series.first?.points.first else { return [] }
      let isUpright = layer.layer.encoding.y == nil
      // The rule lies on the axis of the other marks, which may show percentages.
      let channel = figure.panels.flatMap(\.layers).filter { $0.mark.kind != .rule }
        .lazy.compactMap { isUpright ? $0.encoding.x : $0.encoding.y }.first
      let value = label(isUpright ? point.x : point.y, channel)
      return ["A line marks \(layer.layer.label.map { MathText.plain($0) + " at " } ?? "")\(value)."]
    }
    if kind.isField { return layer.hasContinuousColor ? extremes(layer, facet) : [] }
    if kind == .boxplot { return medians(layer, facet) }
    if kind == .tick || kind == .point, layer.series.allSatisfy({ $0.points.allSatisfy { $0.low == nil } }) {
      return clouds(layer, facet)
    }
    guard [.line, .bar, .area, .band, .point, .errorbar].contains(kind) else { return [] }
    return layer.series.prefix(6).compactMap { series in
      let name = subject(series, facet, layer)
      return statement(series, name.isEmpty ? "The value" : name, layer)
    }
  }

  private func statement(_ series: Series, _ subject: String, _ layer: LayerData) -> String? {
    let encoding = layer.layer.encoding
    let (valueChannel, placeChannel) =
      layer.isHorizontal ? (encoding.x, encoding.y) : (encoding.y, encoding.x)
    let values = series.points.compactMap { (layer.isHorizontal ? $0.x : $0.y).number }
    let places = series.points.map { layer.isHorizontal ? $0.y : $0.x }
    guard values.count == places.count, let first = values.first, let last = values.last,
      let low = values.min(), let high = values.max(), let firstPlace = places.first,
      let lastPlace = places.last
    else { return nil }
    func number(_ value: Double) -> String { self.number(value, valueChannel) }
    func place(_ coordinate: Coordinate) -> String { label(coordinate, placeChannel) }
    if values.count == 1 { return "\(subject): \(number(first)) at \(place(firstPlace))." }
    if low == high { return "\(subject) stays at \(number(first))." }
    let lowPlace = place(places[values.firstIndex(of: low) ?? 0])
    let highPlace = place(places[values.firstIndex(of: high) ?? 0])
    if firstPlace.number == nil {
      return "\(subject): from \(number(low)) (\(lowPlace)) to \(number(high)) (\(highPlace))."
    }
    let change = last - first
    let verb =
      abs(change) < (high - low) * 0.05 ? "begins and ends near" : change > 0 ? "rises from" : "falls from"
    var text = "\(subject) \(verb) \(number(first))"
    if verb != "begins and ends near" {
      text += " at \(place(firstPlace)) to \(number(last)) at \(place(lastPlace))"
    }
    if high > max(first, last) { text += ", highest \(number(high)) at \(highPlace)" }
    if low < min(first, last) { text += ", lowest \(number(low)) at \(lowPlace)" }
    return text + "."
  }

  private func number(_ value: Double, _ channel: Figure.Channel?) -> String {
    MathText.plain(formatValue(value, channel?.format ?? .number))
  }

  private func label(_ coordinate: Coordinate, _ channel: Figure.Channel?) -> String {
    coordinate.number.map { number($0, channel) } ?? plainLabel(coordinate)
  }

  /// What a series is: its names, a number with what it is a number of.
  private func subject(_ series: Series, _ facet: String, _ layer: LayerData) -> String {
    var parts = [facet]
    if let color = series.color {
      let group = colors.groups.indices.first { colors.range($0).contains(color) }.map { colors.groups[$0] }
      parts.append(seriesName(colors.names[color], group))
    }
    if let pattern = series.pattern { parts.append(seriesName(patterns.names[pattern], patterns)) }
    if let shade = series.shade {
      let channel = layer.layer.encoding.color
      parts.append("\(MathText.plain(layer.shadeName ?? "")) \(number(shade, channel))")
    }
    return parts.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  private func seriesName(_ name: String, _ names: Names?) -> String {
    guard let number = Double(name), let names else { return formatCategory(name) }
    let value = names.channel?.format == .percent ? self.number(number, names.channel) : formatCategory(name)
    return [names.title.map(MathText.plain), value].compactMap(\.self).joined(separator: " ")
  }

  /// Where a field is lowest and highest.
  private func extremes(_ layer: LayerData, _ facet: String) -> [String] {
    let cells = layer.series.flatMap(\.points).filter { $0.shade != nil }
    guard let low = cells.min(by: { ($0.shade ?? 0) < ($1.shade ?? 0) }),
      let high = cells.max(by: { ($0.shade ?? 0) < ($1.shade ?? 0) }), let least = low.shade,
      let most = high.shade
    else { return [] }
    let encoding = layer.layer.encoding
    let subject = facet.isEmpty ? "" : "\(facet): "
    if least == most { return ["\(subject)every value is \(number(most, encoding.color))."] }
    func place(_ point: DataPoint) -> String {
      "(\(label(point.x, encoding.x)), \(label(point.y, encoding.y)))"
    }
    return [
      "\(subject)\(subject.isEmpty ? "Lowest" : "lowest") \(number(least, encoding.color)) at \(place(low)), "
        + "highest \(number(most, encoding.color)) at \(place(high))."
    ]
  }

  /// The lowest and the highest median of the boxes of each series.
  private func medians(_ layer: LayerData, _ facet: String) -> [String] {
    let channel = layer.isHorizontal ? layer.layer.encoding.x : layer.layer.encoding.y
    return layer.series.prefix(6).compactMap { series in
      let boxes = series.points.filter { $0.box != nil }
      guard let low = boxes.min(by: { ($0.box?.median ?? 0) < ($1.box?.median ?? 0) }),
        let high = boxes.max(by: { ($0.box?.median ?? 0) < ($1.box?.median ?? 0) }),
        let least = low.box?.median,
        let most = high.box?.median
      else { return nil }
      let subject = subject(series, facet, layer)
      let name = subject.isEmpty ? "Medians" : "\(subject): medians"
      let outliers = boxes.reduce(0) { $0 + ($1.box?.outliers.count ?? 0) }
      let rest =
        outliers == 0
        ? "" : "; \(outliers) \(outliers == 1 ? "value lies" : "values lie") beyond the whiskers"
      func place(_ point: DataPoint) -> String { plainLabel(layer.isHorizontal ? point.y : point.x) }
      if boxes.count == 1 { return "\(name) \(number(least, channel)) (\(place(low)))\(rest)." }
      return
        "\(name) from \(number(least, channel)) (\(place(low))) to \(number(most, channel)) (\(place(high)))\(rest)."
    }
  }

  /// How many points there are, where, and whether they rise or fall together.
  private func clouds(_ layer: LayerData, _ facet: String) -> [String] {
    let encoding = layer.layer.encoding
    return layer.series.prefix(6).compactMap { series in
      let subject = subject(series, facet, layer)
      let name = subject.isEmpty ? "" : "\(subject): "
      let count =
        "\(formatFixed(Double(series.points.count), decimals: 0)) \(series.points.count == 1 ? "point" : "points")"
      let (xs, ys) = (series.points.compactMap(\.x.number), series.points.compactMap(\.y.number))
      func range(_ values: [Double], _ channel: Figure.Channel?, _ axis: String) -> String? {
        guard let low = values.min(), let high = values.max() else { return nil }
        return "\(axis) from \(number(low, channel)) to \(number(high, channel))"
      }
      let ranges = [range(xs, encoding.x, "x"), range(ys, encoding.y, "y")].compactMap(\.self)
      guard !ranges.isEmpty else { return nil }
      var text = "\(name)\(count), \(ranges.joined(separator: ", "))"
      if let correlation = correlation(xs, ys), xs.count > 4 {
        text += "; correlation \(MathText.plain(formatFixed(correlation, decimals: 2)))"
      }
      return text + "."
    }
  }

  /// Pearson's correlation; `nil` when one side is constant.
  private func correlation(_ xs: [Double], _ ys: [Double]) -> Double? {
    guard xs.count == ys.count, xs.count > 1 else { return nil }
    let count = Double(xs.count)
    let (mx, my) = (xs.reduce(0, +) / count, ys.reduce(0, +) / count)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (x, y) in zip(xs, ys) {
      xx += (x - mx) * (x - mx)
      yy += (y - my) * (y - my)
      xy += (x - mx) * (y - my)
    }
    guard xx > 0, yy > 0 else { return nil }
    let value = xy / (xx.squareRoot() * yy.squareRoot())
    return value.isFinite ? value : nil
  }

  private func plainLabel(_ coordinate: Coordinate) -> String {
    switch coordinate {
    case .number(let value): MathText.plain(formatSignificant(value))
    case .category(let label): formatCategory(label)
    }
  }
}

extension LayerData {
  /// What its continuous colour shows.
  fileprivate var shadeName: String? {
    guard hasContinuousColor, let color = layer.encoding.color else { return nil }
    if let title = color.title, !title.isEmpty { return title }
    if let field = color.field { return field.name.split(separator: "_").joined(separator: " ") }
    return color.aggregate == .count ? "how many rows there are" : nil
  }
}
