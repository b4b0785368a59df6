// Serves draw: what a figure's legend says, and whether names fit at the ends of lines.
import Tables

extension FigureLayouter {
  private var colorChannel: Figure.Channel? {
    figure.panels.flatMap(\.layers).lazy.filter { !$0.hasContinuousColor }.compactMap(\.encoding.color).first
  }

  private var patternChannel: Figure.Channel? {
    figure.panels.flatMap(\.layers).lazy.compactMap(\.encoding.pattern).first
  }

  /// The mark that stands for a series in the legend: the richest of those that draw it.
  private func swatch(color: Int?, pattern: Int?, _ looks: Looks) -> LegendEntry.Swatch? {
    var line: Figure.Mark?
    var hasMarker = false
    var (filled, hasPoint, hasBox, shade) = (true, false, false, 0.0)
    for layer in data.plots.flatMap(\.layers) {
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
      case .bar: (hasBox, shade) = (true, theme == .light ? 0.1 : 0.3)
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

  func legend(_ looks: Looks, width: Double) -> Legend {
    var legend = Legend()
    let groups: [(Names, Figure.Channel?, isColor: Bool)] = [
      (data.colors, colorChannel, true), (data.patterns, patternChannel, false),
    ]
    for (names, channel, isColor) in groups where names.names.count > 0 {
      let isSameField =
        !isColor && channel?.field?.name == colorChannel?.field?.name && channel?.field != nil
      if isSameField { continue }
      let entries = names.names.enumerated().compactMap { index, name -> LegendEntry? in
        guard let swatch = swatch(color: isColor ? index : nil, pattern: isColor ? nil : index, looks)
        else { return nil }
        let line = TextLine.shortened(seriesName(name, channel), labelStyle, width: min(260, width - 60))
        return LegendEntry(name: line, color: isColor ? looks.colors[index] : theme.mutedInk, swatch: swatch)
      }
      let heading = names.title.map { TextLine.shortened($0, mutedStyle, width: width / 2) }
      legend.add(heading: heading, entries, width: width, limit: 4, note: mutedStyle)
    }
    return legend
  }

  /// The room for names at the ends of lines, when they may stand there.
  func directLabelWidth() -> Double? {
    let names = data.colors.names
    guard (2...9).contains(names.count), data.patterns.names.isEmpty, let plot = data.plots.first else {
      return nil
    }
    let lines = plot.layers.filter { $0.layer.mark.kind == .line }
    let others: [Figure.MarkKind] = [.line, .band, .rule, .area]
    guard !lines.isEmpty, plot.layers.allSatisfy({ others.contains($0.layer.mark.kind) }) else { return nil }
    var labels = names.map { TextLine(seriesName($0, colorChannel), headingStyle).width }
    if let title = data.colors.title { labels.append(TextLine(title, mutedStyle).width) }
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
    let wished = data.colors.names.enumerated().map { index, name -> (line: TextLine, y: Double) in
      var style = TextStyle(size: Metrics.labelSize, cut: .semibold, color: looks.colors[index])
      if style.color.contrast(with: theme.background) < 4.5 {
        style.color = style.color.mixed(with: theme.ink, 0.35)
      }
      let y = min(max(ends[index]?.y ?? 0, plot.frame.top), plot.frame.bottom) - plot.frame.top
      return (TextLine(seriesName(name, colorChannel), style), y)
    }
    let header = data.colors.title.map { TextLine($0, mutedStyle) }
    return DirectLabels(wished, header: header, height: plot.frame.height)
  }
}
