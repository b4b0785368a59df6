// Serves draw: the marks of one plot, from places to shapes.

/// Draws the layers of a plot into a scene.
struct PlotPainter {
  let plot: PlotLayout
  let looks: Looks
  let colorScale: ColorScale?
  var scene: Scene

  var theme: Theme { looks.theme }

  /// The colour of a place: of its number, or of its series.
  func color(_ series: Series, _ point: DataPoint? = nil) -> Color {
    if let shade = point?.shade ?? series.shade, let colorScale { return colorScale.color(shade) }
    return looks.color(series)
  }

  /// Draws everything inside the frame.
  mutating func paint() {
    // Rules are references: they lie under the data.
    let layers =
      plot.data.layers.filter { $0.layer.mark.kind == .rule }
      + plot.data.layers.filter { $0.layer.mark.kind != .rule }
    for layer in layers {
      // Marks at the very edge of an axis may reach over it; marks beyond a given domain may not.
      scene.items.append(.clip(clip(layer)))
      switch layer.layer.mark.kind {
      case .line:
        paintBands(layer)
        paintSeeds(layer)
        paintLines(layer)
      case .point:
        paintSeeds(layer)
        paintIntervals(layer, capped: false)
        paintPoints(layer)
      case .bar: paintBars(layer)
      case .area: paintAreas(layer)
      case .band: paintBands(layer)
      case .errorbar:
        paintSeeds(layer)
        paintIntervals(layer, capped: true)
      case .rule: paintRules(layer)
      case .tick: paintTicks(layer)
      case .text: for word in words(layer) { scene.text(word.line, at: word.origin) }
      case .rect: paintCells(layer)
      case .boxplot: paintBoxes(layer)
      case .contour: paintContours(layer)
      }
    }
    scene.items.append(.clip(nil))
    if plot.data.layers.allSatisfy({ $0.series.allSatisfy(\.points.isEmpty) }) {
      let style = TextStyle(size: Metrics.labelSize, cut: .italic, color: theme.mutedInk)
      let line = TextLine("no data", style)
      scene.text(line, at: plot.frame.center + Point(0, line.halfCapital), anchor: .middle)
    }
  }

  private func clip(_ layer: LayerData) -> Rect {
    let reach = 7.0
    let hasDomain: (Figure.Channel?) -> Bool = { $0?.scale.domain != nil }
    let inX = plot.data.layers.contains { hasDomain($0.layer.encoding.x) }
    let inY = plot.data.layers.contains { hasDomain($0.layer.encoding.y) }
    if layer.layer.mark.kind.isField { return plot.frame }
    let isSolid =
      layer.layer.mark.kind == .line || layer.layer.mark.kind == .band || layer.layer.mark.kind == .area
    let (rx, ry) = (inX && isSolid ? 0 : reach, inY && isSolid ? 1 : reach)
    return Rect(
      left: plot.frame.left - rx, top: plot.frame.top - ry, right: plot.frame.right + rx,
      bottom: plot.frame.bottom + (isSolid ? min(ry, 1) : ry))
  }

  /// Whether a point lies inside the frame or at its edge.
  func isInside(_ point: Point) -> Bool { plot.frame.insetBy(-1).contains(point) }

  // MARK: - Places

  /// How far a series stands beside the middle of its category, and how wide its share is, in CSS pixels.
  func slot(_ series: Series, _ layer: LayerData) -> (shift: Double, width: Double) {
    let isHorizontal = layer.isHorizontal
    let scale = isHorizontal ? plot.scales.y : plot.scales.x
    guard scale.isOrdinal else { return (0, 12) }
    let step = scale.step * (isHorizontal ? plot.frame.height : plot.frame.width)
    let hasBars = plot.data.layers.contains { [.bar, .boxplot].contains($0.layer.mark.kind) }
    let groups = plot.data.layers.filter { $0.layer.mark.kind == layer.layer.mark.kind || hasBars }
      .flatMap(\.series)
    let colors = Set(groups.compactMap(\.color)).sorted()
    let patterns = Set(groups.compactMap(\.pattern)).sorted()
    let isStacked = groups.contains { $0.points.contains { $0.base != nil } }
    let isShared = !isStacked && groups.count > 1 && hasSharedPlaces(groups, isHorizontal: isHorizontal)
    let count = isShared ? max(1, colors.count) * max(1, patterns.count) : 1
    let kind = layer.layer.mark.kind
    guard hasBars || kind == .point || kind == .errorbar || kind == .tick else { return (0, step * 0.6) }
    let color = series.color.flatMap { colors.firstIndex(of: $0) } ?? 0
    let pattern = series.pattern.flatMap { patterns.firstIndex(of: $0) } ?? 0
    let index = isShared ? color * max(1, patterns.count) + pattern : 0
    let share = min(step * (count == 1 ? 0.62 : 0.8), hasBars ? Double(count) * 56 : Double(count) * 26)
    let width = share / Double(count)
    return ((Double(index) + 0.5) * width - share / 2, width)
  }

  /// Whether two series have a value at the same category, so that they must stand side by side.
  private func hasSharedPlaces(_ series: [Series], isHorizontal: Bool) -> Bool {
    var owners: [Coordinate: Int] = [:]
    for (index, series) in series.enumerated() {
      for point in series.points {
        let place = isHorizontal ? point.y : point.x
        if let owner = owners[place], owner != index { return true }
        owners[place] = index
      }
    }
    return false
  }

  func place(_ point: DataPoint, _ shift: Double, _ layer: LayerData) -> Point {
    let place = plot.place(of: point, isHorizontal: layer.isHorizontal)
    return layer.isHorizontal ? Point(place.x, place.y + shift) : Point(place.x + shift, place.y)
  }

  /// A value's place along the value axis; what lies beyond a logarithmic axis is at its low end.
  func along(_ value: Double, _ layer: LayerData) -> Double {
    let place = layer.isHorizontal ? plot.x(.number(value)) : plot.y(.number(value))
    if place.isFinite { return place }
    let scale = layer.isHorizontal ? plot.scales.x : plot.scales.y
    let isAtStart = !scale.reversed
    if layer.isHorizontal { return isAtStart ? plot.frame.left : plot.frame.right }
    return isAtStart ? plot.frame.bottom : plot.frame.top
  }

  func point(_ place: Double, _ along: Double, _ layer: LayerData) -> Point {
    layer.isHorizontal ? Point(along, place) : Point(place, along)
  }
}
