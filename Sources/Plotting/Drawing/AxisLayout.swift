// Serves draw: the ticks and labels of an axis, chosen by measuring them.

/// An axis that has been measured.
struct AxisLayout: Sendable {
  struct Label: Sendable {
    /// 0…1 along the axis.
    var position: Double
    /// Top to bottom; empty for a minor tick.
    var lines: [TextLine]
  }

  var labels: [Label]
  /// Which way names run whose room is too narrow for them.
  var direction = TextDirection.rightwards
  var isOrdinal = false
  /// The room that ticks and labels take across the axis.
  var extent: Double
}

extension AxisLayout {
  /// How far the labels of an axis of `width` reach beyond its right end.
  func overhang(width: Double) -> Double {
    guard direction == .rightwards else { return 0 }
    return labels.flatMap { label in label.lines.map { label.position * width + $0.width / 2 - width } }.max()
      ?? 0
  }

  /// How far they reach beyond its left end.
  func underhang(width: Double) -> Double {
    guard direction != .upwards else { return 0 }
    let share = direction == .slanted ? TextDirection.diagonal : 0.5
    return labels.flatMap { label in label.lines.map { $0.width * share - label.position * width } }.max()
      ?? 0
  }

  /// The axis without its rightmost number, which stays as a tick.
  var withoutLastLabel: AxisLayout {
    var axis = self
    let labelled = labels.indices.filter { !labels[$0].lines.isEmpty }
    if let last = labelled.max(by: { labels[$0].position < labels[$1].position }) {
      axis.labels[last].lines = []
    }
    return axis
  }

  /// The ticks under a plot of `width`.
  static func horizontal(
    _ scale: Scale, width: Double, format: NumberStyle, style: TextStyle, valuesShown: [Double]
  ) -> AxisLayout {
    if scale.isOrdinal { return categories(scale, width: width, style: style) }
    let gap = style.size * 0.9
    func layout(_ ticks: [Tick]) -> AxisLayout? {
      let labels = ticks.map { tick in
        Label(
          position: scale.position(tick.value),
          lines: tick.label.isEmpty ? [] : [TextLine(tick.label, style)])
      }
      let spans = labels.compactMap { label in
        label.lines.first.map { (label.position * width, $0.width / 2) }
      }.sorted { $0.0 < $1.0 }
      let fits = zip(spans, spans.dropFirst()).allSatisfy { $0.0 + $0.1 + gap <= $1.0 - $1.1 }
      return fits ? AxisLayout(labels: labels, extent: Metrics.tickLength + 4 + style.size) : nil
    }
    // A swept parameter has its few values as ticks.
    if scale.kind == .log, (2...9).contains(valuesShown.count) {
      let ticks = valuesShown.map { Tick(value: $0, label: logLabel($0, among: valuesShown, format)) }
      if let fitting = layout(ticks) { return fitting }
    }
    let most = max(2, Int(width / (scale.kind == .log ? 48 : 58)))
    for count in stride(from: min(most, 10), through: 2, by: -1) {
      if let fitting = layout(scale.ticks(count: count, format)) { return fitting }
    }
    let ends = scale.ticks(count: 2, format).filter { !$0.label.isEmpty }
    return layout(Array(ends.prefix(1))) ?? AxisLayout(labels: [], extent: Metrics.tickLength)
  }

  /// Categories under a plot: on one line, wrapped, slanted, or upright and thinned.
  private static func categories(_ scale: Scale, width: Double, style: TextStyle) -> AxisLayout {
    let step = scale.step * width
    let names = scale.categories.map(formatCategory)
    let lineHeight = style.size * 1.25
    var lines = names.map { [TextLine($0, style)] }
    let widest = lines.map { $0[0].width }.max() ?? 0
    if widest > step - 6 {
      lines = names.map { TextLine.wrapped($0, style, width: max(step - 8, 10), limit: 3) }
      let isWhole = zip(lines, names).allSatisfy { lines, name in
        let wide = lines.reduce(0) { $0 + $1.glyphs.count }
        return wide >= name.unicodeScalars.count { !$0.properties.isWhitespace } && step > 40
      }
      if !isWhole, step < 90 { return turned(scale, names, step: step, style: style) }
    }
    let labels = zip(scale.categories, lines).map { Label(position: scale.position($0), lines: $1) }
    let depth = Double(lines.map(\.count).max() ?? 1)
    return AxisLayout(
      labels: labels, isOrdinal: true, extent: 6 + style.size + (depth - 1) * lineHeight)
  }

  private static func turned(_ scale: Scale, _ names: [String], step: Double, style: TextStyle) -> AxisLayout
  {
    let lineHeight = style.size * 1.15
    // Slanted lines are nearer to each other than their ends.
    let isSlanted = step * TextDirection.diagonal >= lineHeight
    let every = max(1, Int((lineHeight / step).rounded(.up)))
    let labels = zip(scale.categories, names).enumerated().compactMap { index, pair -> Label? in
      guard index % every == 0 else { return nil }
      return Label(
        position: scale.position(pair.0), lines: [TextLine.shortened(pair.1, style, width: 130)])
    }
    let longest = labels.map { $0.lines[0].width }.max() ?? 0
    return AxisLayout(
      labels: labels, direction: isSlanted ? .slanted : .upwards, isOrdinal: true,
      extent: 6 + (isSlanted ? (longest + style.size) * TextDirection.diagonal : longest))
  }

  /// The ticks at the left of a plot of `height`.
  static func vertical(
    _ scale: Scale, height: Double, format: NumberStyle, style: TextStyle, widest: Double
  ) -> AxisLayout {
    if scale.isOrdinal {
      let step = scale.step * height
      let every = max(1, Int((style.size * 1.15 / step).rounded(.up)))
      let labels = scale.categories.enumerated().compactMap { index, name -> Label? in
        guard index % every == 0 else { return nil }
        let rows = max(1, min(3, Int(step / (style.size * 1.3))))
        return Label(
          position: scale.position(name),
          lines: TextLine.wrapped(formatCategory(name), style, width: widest, limit: rows))
      }
      let width = labels.flatMap(\.lines).map(\.width).max() ?? 0
      return AxisLayout(labels: labels, isOrdinal: true, extent: width + 8)
    }
    let most = max(2, Int(height / (scale.kind == .log ? 24 : 38)))
    var labels: [Label] = []
    for count in stride(from: min(most, 9), through: 2, by: -1) {
      labels = scale.ticks(count: count, format).map { tick in
        Label(
          position: scale.position(tick.value), lines: tick.label.isEmpty ? [] : [TextLine(tick.label, style)]
        )
      }
      let places = labels.filter { !$0.lines.isEmpty }.map { $0.position * height }.sorted()
      if zip(places, places.dropFirst()).allSatisfy({ $1 - $0 >= style.size * 1.3 }) { break }
    }
    let width = labels.flatMap(\.lines).map(\.width).max() ?? 0
    return AxisLayout(labels: labels, extent: width + 8)
  }
}
