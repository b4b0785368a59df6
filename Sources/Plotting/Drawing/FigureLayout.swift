// Serves draw: a place for everything, by measuring.
import Tables

/// A plot with its place and axes.
struct PlotLayout: Sendable {
  var data: PlotData
  var scales: PlotScales
  var frame: Rect
  var xAxis: AxisLayout
  var yAxis: AxisLayout
  /// Whether the axes have numbers here; beside a plot with the same axis they need none.
  var showsX: Bool
  var showsY: Bool
  /// Whether the axes are drawn at all.
  var hasXAxis = true
  var hasYAxis = true
  /// The continuous scale of colours.
  var colors: ColorScale?
  /// Over the plot, centred on nothing: set at its left edge.
  var heading: [TextLine] = []
  /// What the plot's own colours stand for, between its heading and itself.
  var legend = Legend()
  /// What the legends of a row of plots need, so that their headings stand at one height.
  var legendRoom = 0.0
  /// At its right side, turned.
  var rowHeading: TextLine?
  var xTitle: [TextLine] = []
  var yTitle: [TextLine] = []
}

/// A figure whose parts have places.
struct FigureLayout: Sendable {
  var width: Double
  var height = 0.0
  var title: [TextLine] = []
  var legend = Legend()
  var legendLeft = 0.0
  var plots: [PlotLayout] = []
  var directLabels: DirectLabels?
  /// Titles common to all plots: under them, and at their left, turned.
  var sharedXTitle: (lines: [TextLine], top: Double, center: Double)?
  var sharedYTitle: (lines: [TextLine], left: Double, center: Double)?
  var notes: [TextLine] = []
  var colorBars: [ColorBarLayout] = []
  var looks: Looks
}

/// Works out a figure's layout in the order in which sizes depend on each other: names, columns, rows.
struct FigureLayouter {
  let figure: Figure
  let data: FigureData
  let theme: Theme
  let scales: [PlotScales]
  let width: Double
  let bars: ColorBars

  var tickStyle: TextStyle { TextStyle(size: Metrics.tickSize, color: theme.mutedInk) }
  var labelStyle: TextStyle { TextStyle(size: Metrics.labelSize, color: theme.ink) }
  var mutedStyle: TextStyle { TextStyle(size: Metrics.labelSize, color: theme.mutedInk) }
  var headingStyle: TextStyle { TextStyle(size: Metrics.labelSize, cut: .semibold, color: theme.ink) }
  var noteStyle: TextStyle { TextStyle(size: Metrics.noteSize, cut: .italic, color: theme.mutedInk) }

  init(_ figure: Figure, _ data: FigureData, _ theme: Theme, _ size: FigureSize = .page) {
    self.figure = figure
    self.data = data
    self.theme = theme
    scales = data.scales(figure)
    width = size == .phone ? Metrics.phoneWidth : figure.isFullWidth ? Metrics.fullWidth : Metrics.columnWidth
    bars = ColorBars(
      figure, data, theme, title: TextStyle(size: Metrics.labelSize, color: theme.mutedInk),
      ticks: TextStyle(size: Metrics.tickSize, color: theme.mutedInk))
  }

  func layout() -> FigureLayout {
    var result = FigureLayout(width: width, looks: Looks(data, theme))
    result.looks.dashesSeparateLines = hasCoincidentLines
    let inner = width - 2 * Metrics.margin
    if let title = figure.title {
      let style = TextStyle(size: Metrics.titleSize, cut: .semibold, color: theme.ink)
      result.title = TextLine.wrapped(title, style, width: inner, limit: 3)
    }
    let grid = PlotGrid(figure, data, width: width)
    let notes = notes()
    result.notes = notes.flatMap { TextLine.wrapped($0, noteStyle, width: inner, limit: 3) }

    // First with names at the ends of lines; when they do not fit, with a legend.
    let right = bars.isShared ? bars.bars[0].room : 0
    if grid.count == 1, let wished = directLabelWidth() {
      var looks = result.looks
      looks.dashesFollowColor = false
      var attempt = result
      attempt.looks = looks
      place(grid, right: wished + 10 + right, legendWidth: nil, into: &attempt)
      if let labels = directLabels(attempt.plots[0], looks) {
        attempt.directLabels = labels
        return attempt
      }
    }
    var best = result
    place(grid, right: right, legendWidth: inner, into: &best)
    // Facets whose labels had to be turned may read better in fewer, wider columns.
    var columns = grid.columns
    while figure.facetColumns == nil, grid.isFlow, columns > 2, hasTurnedNames(best) {
      columns = (columns + 1) / 2
      var attempt = result
      place(
        PlotGrid(figure, data, width: width, columns: columns), right: right, legendWidth: inner,
        into: &attempt)
      if !hasTurnedNames(attempt) { best = attempt }
    }
    return best
  }

  private func hasTurnedNames(_ layout: FigureLayout) -> Bool {
    layout.plots.contains { $0.xAxis.direction != .rightwards }
  }

  /// Whether a line lies on another for half of its length: then the upper one is dashed, so that the lower one shows.
  private var hasCoincidentLines: Bool {
    zip(data.plots, scales).contains { plot, scales in
      plot.layers.contains { layer in
        guard layer.layer.mark.kind == .line, layer.series.count <= 12 else { return false }
        let lines = layer.series.map { $0.points.map { (x: $0.x, y: scales.y.position($0.y)) } }
        return lines.indices.contains { upper in
          lines[..<upper].contains { lower in
            var (shared, coincident) = (0, 0)
            for (a, b) in zip(lower, lines[upper]) where a.x == b.x {
              shared += 1
              if abs(a.y - b.y) < 0.006 { coincident += 1 }
            }
            return shared > 1 && coincident * 2 >= shared
          }
        }
      }
    }
  }

  /// Gives every plot its frame and everything round it.
  private func place(_ grid: PlotGrid, right: Double, legendWidth: Double?, into result: inout FigureLayout) {
    let sharesXTitle = Set(data.titles.map(\.x)).count == 1
    let sharesYTitle = Set(data.titles.map(\.y)).count == 1
    var yTitleRoom = titleRoom(1)
    let hasYTitle = data.titles.contains { !$0.y.isEmpty }
    func sharedYTitle(_ height: Double) -> [TextLine] {
      TextLine.wrapped(data.titles.first?.y ?? "", labelStyle, width: height, limit: 2)
    }

    // Which plots show the numbers of their axes.
    var shows: [(x: Bool, y: Bool)] = []
    for (index, plot) in data.plots.enumerated() {
      let place = grid.places[index]
      let left = data.plots.indices.first {
        grid.places[$0].row == place.row && grid.places[$0].column == place.column - 1
      }
      let below = data.plots.indices.first {
        grid.places[$0].row == place.row + 1 && grid.places[$0].column == place.column
      }
      let sameLeft =
        left.map { data.plots[$0].panel == plot.panel && scales[$0].y == scales[index].y } ?? false
      let sameBelow =
        below.map { data.plots[$0].panel == plot.panel && scales[$0].x == scales[index].x } ?? false
      shows.append((!sameBelow, !sameLeft))
    }

    // Heights and widths depend on each other through labels: guess, measure, settle.
    let widestLabel = width * 0.3
    var plotWidth = max(40, (width - 2 * Metrics.margin - right - 50) / Double(grid.columns) - 20)
    var plotHeight = panelHeight(grid, plotWidth)
    var yAxes: [AxisLayout] = []
    var leftRoom = [Double](repeating: 0, count: grid.columns)
    // Bars of colours that belong to one panel stand at its right.
    var rightRoom = [Double](repeating: 0, count: grid.columns)
    if !bars.isShared {
      for (index, plot) in data.plots.enumerated() {
        guard let bar = bars.ofPanel[plot.panel] else { continue }
        let isLast = !data.plots.indices.contains {
          data.plots[$0].panel == plot.panel && grid.places[$0].column > grid.places[index].column
        }
        let column = grid.places[index].column
        if isLast { rightRoom[column] = max(rightRoom[column], bars.bars[bar].room) }
      }
    }
    var gap = Metrics.panelGap
    var xAxes: [AxisLayout] = []
    var overhang = 0.0
    // What plots that keep their shape leave of the width.
    var free = 0.0
    let rowHeadings = !data.rowValues.isEmpty
    for _ in 0..<3 {
      yAxes = scales.map {
        .vertical($0.y, height: plotHeight, format: $0.yFormat, style: tickStyle, widest: widestLabel)
      }
      leftRoom = [Double](repeating: 0, count: grid.columns)
      for index in data.plots.indices where shows[index].y {
        guard data.showsAxes[data.plots[index].panel].y else { continue }
        var room = yAxes[index].extent
        let title = data.titles[data.plots[index].panel].y
        if !sharesYTitle, !title.isEmpty { room += titleRoom(ownYTitle(title, plotHeight).count) + 4 }
        leftRoom[grid.places[index].column] = max(leftRoom[grid.places[index].column], room)
      }
      gap = grid.columns > 4 ? 16 : Metrics.panelGap
      if hidesAxes { gap = 8 }
      for index in xAxes.indices where xAxes[index].direction == .slanted && shows[index].x {
        guard data.showsAxes[data.plots[index].panel].x else { continue }
        let place = grid.places[index]
        // Beside names that are slanted too they lie as close as among themselves.
        let isBesideOthers = xAxes.indices.contains {
          xAxes[$0].direction == .slanted && grid.places[$0].row == place.row
            && grid.places[$0].column == place.column - 1
        }
        if isBesideOthers { continue }
        let free = place.column > 0 ? gap : sharesYTitle && hasYTitle ? yTitleRoom + 4 : 0
        leftRoom[place.column] = max(
          leftRoom[place.column], xAxes[index].underhang(width: plotWidth) - free)
      }
      let fixed =
        2 * Metrics.margin + right + leftRoom.reduce(0, +) + rightRoom.reduce(0, +) + gap
        * Double(grid.columns - 1)
        + (sharesYTitle && hasYTitle ? yTitleRoom + 4 : 0)
        + max(rowHeadings ? yTitleRoom : 4, overhang - right)
      plotWidth = max(24, (width - fixed) / Double(grid.columns))
      plotHeight = panelHeight(grid, plotWidth)
      let available = plotWidth
      if figure.hasEqualUnits { (plotWidth, plotHeight) = equalSides(plotWidth, grid) }
      free = (available - plotWidth) * Double(grid.columns)
      if sharesYTitle, hasYTitle {
        // A title longer than the plots are high takes two lines.
        yTitleRoom = titleRoom(sharedYTitle(plotHeight * Double(grid.rows) + 20).count)
      }
      xAxes = scales.map {
        .horizontal($0.x, width: plotWidth, format: $0.xFormat, style: tickStyle, valuesShown: $0.xValues)
      }
      // The last number of an axis may reach beyond its plot.
      overhang =
        zip(xAxes, data.plots).map { axis, plot in
          data.showsAxes[plot.panel].x ? axis.overhang(width: plotWidth) : 0
        }.max() ?? 0
    }

    // The last number of one axis and the first of the next must not run together.
    for index in data.plots.indices where shows[index].x && !xAxes[index].isOrdinal {
      let place = grid.places[index]
      let right = data.plots.indices.first {
        grid.places[$0].row == place.row && grid.places[$0].column == place.column + 1
      }
      guard let right else { continue }
      let room = gap + rightRoom[place.column] + leftRoom[place.column + 1]
      // Slanted names begin lower than numbers end.
      let next = xAxes[right].direction == .slanted ? 0 : xAxes[right].underhang(width: plotWidth)
      let needed = xAxes[index].overhang(width: plotWidth) + next + 8
      if needed > room { xAxes[index] = xAxes[index].withoutLastLabel }
    }

    // Down the page.
    var y = Metrics.margin + Double(result.title.count) * Metrics.titleSize * 1.4
    if !result.title.isEmpty { y += 4 }
    var left = Metrics.margin + (sharesYTitle && hasYTitle ? yTitleRoom + 4 : 0)
    left += free / 2
    let gridLeft = left + leftRoom[0]
    var columnLefts: [Double] = []
    for column in 0..<grid.columns {
      left += leftRoom[column]
      columnLefts.append(left)
      left += plotWidth + rightRoom[column] + gap
    }
    if let legendWidth, !hasLegendPerPanel {
      result.legend = legend(result.looks, width: legendWidth - gridLeft + Metrics.margin)
      result.legendLeft = gridLeft
      y += result.legend.height
    } else {
      y += 4
    }
    let legendBottom = y
    let gridTop = legendBottom
    for row in 0..<grid.rows {
      let members = data.plots.indices.filter { grid.places[$0].row == row }
      let headings = members.map { heading(data.plots[$0], row: row, grid: grid, width: plotWidth) }
      let headingHeight = headings.map { Double($0.count) * Metrics.labelSize * 1.35 }.max() ?? 0
      let legends = members.map { index in
        hasLegendPerPanel
          ? legend(result.looks, panel: data.plots[index].panel, width: plotWidth + gap) : Legend()
      }
      let legendRoom = legends.map(\.height).max() ?? 0
      y += headingHeight + (headingHeight > 0 ? 5 : 3) + legendRoom
      var below = 0.0
      for (offset, index) in members.enumerated() {
        let frameLeft = columnLefts[grid.places[index].column]
        var plot = PlotLayout(
          data: data.plots[index], scales: scales[index],
          frame: snapped(Rect(left: frameLeft, top: y, right: frameLeft + plotWidth, bottom: y + plotHeight)),
          xAxis: xAxes[index], yAxis: yAxes[index], showsX: shows[index].x, showsY: shows[index].y)
        (plot.hasXAxis, plot.hasYAxis) = data.showsAxes[data.plots[index].panel]
        plot.colors = bars.colors(panel: data.plots[index].panel)
        plot.heading = headings[offset]
        (plot.legend, plot.legendRoom) = (legends[offset], legendRoom)
        let isLastColumn = !members.contains { grid.places[$0].column == grid.places[index].column + 1 }
        if rowHeadings, isLastColumn, let value = data.plots[index].rowValue {
          plot.rowHeading = TextLine.shortened(
            facetName(value, \.row), headingStyle, width: plotHeight)
        }
        let titles = data.titles[data.plots[index].panel]
        if !sharesYTitle, shows[index].y {
          plot.yTitle = ownYTitle(titles.y, plotHeight)
        }
        var room = shows[index].x && plot.hasXAxis ? xAxes[index].extent : 0
        if !sharesXTitle, shows[index].x, !titles.x.isEmpty {
          plot.xTitle = TextLine.wrapped(titles.x, labelStyle, width: plotWidth + gap, limit: 2)
          room += 8 + Double(plot.xTitle.count) * Metrics.labelSize * 1.35
        }
        below = max(below, room)
        result.plots.append(plot)
      }
      y += plotHeight + below + (row < grid.rows - 1 ? (below > 0 ? 14 : hidesAxes ? 2 : 10) : 0)
    }
    let gridBottom = result.plots.map(\.frame.bottom).max() ?? y
    let firstLeft = columnLefts[0]
    let lastRight = (columnLefts.last ?? 0) + plotWidth
    if sharesXTitle, let text = data.titles.first?.x, !text.isEmpty {
      let lines = TextLine.wrapped(text, labelStyle, width: lastRight - firstLeft + 40, limit: 3)
      result.sharedXTitle = (lines, y + 5, (firstLeft + lastRight) / 2)
      y += 5 + Double(lines.count) * Metrics.labelSize * 1.4
    }
    if sharesYTitle, let text = data.titles.first?.y, !text.isEmpty {
      let height = gridBottom - gridTop
      result.sharedYTitle = (
        sharedYTitle(max(height, plotHeight * Double(grid.rows) + 20)), Metrics.margin + free / 2,
        (gridTop + gridBottom) / 2
      )
    }
    if bars.isShared {
      place(bars.bars[0], top: gridTop, bottom: gridBottom, left: lastRight, into: &result)
    } else {
      for panel in figure.panels.indices {
        let frames = result.plots.filter { $0.data.panel == panel }.map(\.frame)
        guard let bar = bars.ofPanel[panel], let top = frames.map(\.top).min(),
          let bottom = frames.map(\.bottom).max(), let right = frames.map(\.right).max()
        else { continue }
        place(bars.bars[bar], top: top - 3, bottom: bottom, left: right, into: &result)
      }
    }
    if !result.notes.isEmpty {
      y += 6 + Double(result.notes.count) * Metrics.noteSize * 1.4
    }
    result.height = (y + Metrics.margin).rounded(.up)
  }

  func snapped(_ rect: Rect) -> Rect {
    func snap(_ x: Double) -> Double { x.rounded() }
    return Rect(
      left: snap(rect.left), top: snap(rect.top), right: snap(rect.right), bottom: snap(rect.bottom))
  }

  /// The title of one plot's axis, beside it.
  private func ownYTitle(_ title: String, _ plotHeight: Double) -> [TextLine] {
    TextLine.wrapped(title, labelStyle, width: plotHeight + 20, limit: 2)
  }

  /// The room that so many turned lines need.
  private func titleRoom(_ lines: Int) -> Double {
    Metrics.labelSize * (0.15 + 1.3 * Double(max(1, lines)))
  }

  /// Whether no plot has an axis, so that plots may stand close together.
  private var hidesAxes: Bool { data.showsAxes.allSatisfy { !$0.x && !$0.y } }

  /// The sides of plots in which a unit of x is as long as a unit of y, no wider than `width`.
  private func equalSides(_ width: Double, _ grid: PlotGrid) -> (width: Double, height: Double) {
    func units(_ scale: Scale) -> Double {
      scale.isOrdinal ? Double(max(1, scale.categories.count)) : scale.high - scale.low
    }
    let shapes = scales.map { units($0.y) / units($0.x) }.filter { $0.isFinite && $0 > 0 }
    let shape = min(max(shapes.max() ?? 1, 0.02), 50)
    let highest = figure.panelHeight ?? (grid.rows == 1 ? 420 : 300)
    let height = min(width * shape, highest)
    return (height / shape, height)
  }

  /// The height of a plot that suits its kind and width.
  private func panelHeight(_ grid: PlotGrid, _ plotWidth: Double) -> Double {
    if let height = figure.panelHeight, width > Metrics.narrowest { return height }
    // Many rows are lower, so that the figure stays on a few screens.
    return min(suitableHeight(grid, plotWidth), max(52, 2400 / Double(grid.rows) - 30))
  }

  private func suitableHeight(_ grid: PlotGrid, _ plotWidth: Double) -> Double {
    let forCategories = heightForCategories()
    if scales.allSatisfy(\.y.isOrdinal) { return forCategories }
    if grid.count == 1 { return min(max((plotWidth * 0.54).rounded(), 200), 420) }
    if width < Metrics.narrowest, grid.columns == 1 { return 180 }
    let aspect = grid.columns == 1 ? 0.34 : grid.columns == 2 ? 0.62 : 0.85
    return max(min(max((plotWidth * aspect).rounded(), 84), 300), min(forCategories, 300))
  }

  /// The height at which the longest list of categories is readable; 0 without any.
  private func heightForCategories() -> Double {
    let categories = scales.map(\.y.categories.count).max() ?? 0
    guard categories > 0 else { return scales.contains(where: \.y.isOrdinal) ? 90 : 0 }
    let layers = data.plots.flatMap(\.layers)
    let hasSlots = layers.contains { [.bar, .boxplot].contains($0.layer.mark.kind) }
    let slots = hasSlots ? max(1, data.colors.groups.map(\.names.count).max() ?? 1) : 1
    let hasCells = layers.contains { $0.layer.mark.kind == .rect }
    let lines = scales.flatMap(\.y.categories).prefix(200).map {
      TextLine.wrapped(formatCategory($0), tickStyle, width: width * 0.3, limit: 3).count
    }
    let perLabel = categories <= 30 ? Double(lines.max() ?? 1) * Metrics.tickSize * 1.3 + 10 : 0
    let perCategory = max(hasCells ? 34 : 14 + 12 * Double(slots), perLabel)
    return min(max(Double(categories) * perCategory, 90), 900)
  }

  // MARK: - Words

  private func heading(_ plot: PlotData, row: Int, grid: PlotGrid, width: Double) -> [TextLine] {
    var lines: [TextLine] = []
    if let title = figure.panels[plot.panel].title {
      lines += TextLine.wrapped(title, headingStyle, width: width, limit: 2)
    }
    if let value = plot.columnValue, grid.isWrapped || row == 0 {
      lines += TextLine.wrapped(facetName(value, \.column), headingStyle, width: width, limit: 2)
    }
    return lines
  }

  /// A facet's value; a number says what it is a number of.
  private func facetName(_ value: String, _ path: KeyPath<Figure.Encoding, Figure.Channel?>) -> String {
    guard let number = Double(value) else { return value }
    let channel = figure.panels.flatMap(\.layers).lazy.compactMap { $0.encoding[keyPath: path] }.first
    let name = channel?.title ?? channel?.field?.name.split(separator: "_").joined(separator: " ") ?? ""
    return "\(name) \(formatValue(number, channel?.format ?? .number))"
  }

  func seriesName(_ name: String, _ channel: Figure.Channel?) -> String {
    guard channel?.format == .percent, let number = Double(name) else { return formatCategory(name) }
    return formatValue(number, .percent)
  }

  private func notes() -> [String] {
    var notes: [String] = []
    func values(_ count: Int) -> String {
      count == 1 ? "1 value" : "\(formatFixed(Double(count), decimals: 0)) values"
    }
    if data.droppedNotFinite > 0 {
      notes.append(
        "Not shown: \(values(data.droppedNotFinite)) that \(data.droppedNotFinite == 1 ? "is" : "are") not finite."
      )
    }
    if data.droppedNotPositive > 0 {
      notes.append(
        "Not shown: \(values(data.droppedNotPositive)) at or below zero, which a logarithmic axis has no place for."
      )
    }
    if data.emptyCells > 0 {
      notes.append("Grey: \(data.emptyCells == 1 ? "a cell" : "cells") without a finite value.")
    }
    return notes
  }
}

extension PlotLayout {
  /// Where a point of the data lies on the page.
  func place(of point: DataPoint) -> Point { Point(x(point.x), y(point.y)) }

  /// The same for the end of a value that stands on others.
  func place(of point: DataPoint, isHorizontal: Bool) -> Point {
    guard let value = (isHorizontal ? point.x : point.y).number, point.base != nil else {
      return place(of: point)
    }
    let end = Coordinate.number(point.end(of: value))
    return isHorizontal ? Point(x(end), y(point.y)) : Point(x(point.x), y(end))
  }

  func x(_ coordinate: Coordinate) -> Double { frame.left + scales.x.position(coordinate) * frame.width }

  func y(_ coordinate: Coordinate) -> Double { frame.bottom - scales.y.position(coordinate) * frame.height }
}
