// Serves draw: what a figure's legend says, and whether names fit at the ends of lines.
import Tables

extension FigureLayouter {
  private var patternChannel: Figure.Channel? {
    figure.panels.flatMap(\.layers).lazy.compactMap(\.encoding.pattern).first
  }

  /// The mark that stands for a series in the legend: the richest of those that draw it.
  private func swatch(color: Int?, pattern: Int?, _ looks: Looks, _ layers: [LayerData])
    -> LegendEntry.Swatch?
  {
    var line: Figure.Mark?
    var hasMarker = false
    var (filled, hasPoint, hasBox, shade) = (true, false, false, 0.0)
    for layer in layers {
      let drawsIt = layer.series.contains { series in
        !series.points.isEmpty && (color == nil || series.color == color)
          && (pattern == nil || series.pattern == pattern)
      }
      guard drawsIt else { continue }
      switch layer.layer.mark.kind {
      case .line:
        line = layer.layer.mark
        hasMarker = hasMarker || layer.layer.mark.point
      case .point, .errorbar, .tick, .text:
        hasPoint = true
        filled = layer.layer.mark.filled
      case .bar:
        let plain = theme == .light ? 0.1 : 0.3
        (hasBox, shade) = (true, 1 - (1 - plain) * PlotPainter.barOpacity(layer))
      case .area where layer.series.contains { $0.points.contains { $0.base != nil } }:
        (hasBox, shade) = (true, 0.25)
      case .area, .band: (hasBox, shade) = (true, 0.6)
      case .boxplot: (hasBox, shade) = (true, 0.4)
      case .rect where !layer.hasContinuousColor: (hasBox, shade) = (true, 0)
      case .rule, .rect, .contour: break
      }
    }
    let index = looks.shapeIndex(color: color, pattern: pattern)
    if let line {
      return .line(dash: looks.dash(index, line), marker: hasMarker ? looks.marker(index) : nil)
    }
    if hasPoint { return .marker(looks.marker(index), filled: filled) }
    return hasBox ? .box(shade: shade) : nil
  }

  /// Whether each panel explains its own colours, because others have other names.
  var hasLegendPerPanel: Bool {
    figure.panels.count > 1 && data.plots.count == figure.panels.count && !data.colors.areShared
  }

  /// What the looks of the series stand for in a panel, or in all.
  func legend(_ looks: Looks, panel: Int? = nil, width: Double) -> Legend {
    let layers = data.plots.filter { panel == nil || $0.panel == panel }.flatMap(\.layers)
    var legend = Legend()
    for group in panel.map({ data.colors.ofPanel[$0] }) ?? Array(data.colors.groups.indices) {
      let names = data.colors.groups[group]
      let entries = data.colors.range(group).compactMap { index in
        entry(
          data.colors.names[index], names.channel, looks.colors[index],
          swatch(color: index, pattern: nil, looks, layers), width)
      }
      add(names, entries, to: &legend, width: width)
    }
    let columns = data.colors.groups.compactMap { $0.channel?.field?.name }
    if let field = patternChannel?.field, columns.contains(field.name) { return legend }
    let entries = data.patterns.names.indices.compactMap { index in
      entry(
        data.patterns.names[index], patternChannel, theme.mutedInk,
        swatch(color: nil, pattern: index, looks, layers), width)
    }
    add(data.patterns, entries, to: &legend, width: width)
    return legend
  }

  private func entry(
    _ name: String, _ channel: Figure.Channel?, _ color: Color, _ swatch: LegendEntry.Swatch?, _ width: Double
  ) -> LegendEntry? {
    let line = TextLine.shortened(seriesName(name, channel), labelStyle, width: min(260, width - 60))
    return swatch.map { LegendEntry(name: line, color: color, swatch: $0) }
  }

  private func add(_ names: Names, _ entries: [LegendEntry], to legend: inout Legend, width: Double) {
    let heading = names.title.map { TextLine.shortened($0, mutedStyle, width: width / 2) }
    legend.add(heading: heading, entries, width: width, limit: 4, note: mutedStyle)
  }

  /// The room for names at the ends of lines, when they may stand there.
  func directLabelWidth() -> Double? {
    let names = data.colors.names
    guard (2...9).contains(names.count), data.colors.groups.count == 1, data.patterns.names.isEmpty,
      let plot = data.plots.first
    else { return nil }
    let lines = plot.layers.filter { $0.layer.mark.kind == .line }
    let others: [Figure.MarkKind] = [.line, .band, .rule, .area]
    guard !lines.isEmpty, plot.layers.allSatisfy({ others.contains($0.layer.mark.kind) }) else { return nil }
    let group = data.colors.groups[0]
    var labels = names.map { TextLine(seriesName($0, group.channel), headingStyle).width }
    if let title = group.title { labels.append(TextLine(title, mutedStyle).width) }
    let widest = labels.max() ?? 0
    return widest < width * 0.22 ? widest : nil
  }

  /// Names beside the last places of the lines; `nil` when these end early or too close together.
  func directLabels(_ plot: PlotLayout, _ looks: Looks) -> DirectLabels? {
    var ends: [Int: (x: Double, y: Double)] = [:]
    for layer in plot.data.layers where layer.layer.mark.kind == .line {
      for series in layer.series {
        guard let color = series.color else { continue }
        for point in series.points {
          let place = plot.place(of: point)
          guard place.isFinite else { continue }
          if let end = ends[color], end.x >= place.x { continue }
          ends[color] = (place.x, place.y)
        }
      }
    }
    guard ends.count == data.colors.names.count, let rightmost = ends.values.map(\.x).max() else {
      return nil
    }
    let isOpen = ends.values.allSatisfy { rightmost - $0.x <= plot.frame.width * 0.02 }
    let isNear = plot.frame.right - rightmost <= plot.frame.width * 0.12
    guard isOpen, isNear else { return nil }
    let group = data.colors.groups[0]
    let wished = data.colors.names.enumerated().map { index, name -> (line: TextLine, y: Double) in
      var style = TextStyle(size: Metrics.labelSize, cut: .semibold, color: looks.colors[index])
      if style.color.contrast(with: theme.background) < 4.5 {
        style.color = style.color.mixed(with: theme.ink, 0.35)
      }
      let y = min(max(ends[index]?.y ?? 0, plot.frame.top), plot.frame.bottom) - plot.frame.top
      return (TextLine(seriesName(name, group.channel), style), y)
    }
    let header = group.title.map { TextLine($0, mutedStyle) }
    return DirectLabels(wished, header: header, height: plot.frame.height)
  }
}
