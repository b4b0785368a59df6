// Serves draw: contour lines and the levels between them.

extension PlotPainter {
  /// The levels of a layer filled, or its lines, with their values when asked for.
  mutating func paintContours(_ layer: LayerData) {
    guard let colorScale else { return }
    let mark = layer.layer.mark
    let levels = contourLevels(mark.levels, colorScale.scale)
    var labels: [Rect] = []
    for series in layer.series {
      guard let grid = grid(series) else { continue }
      if mark.filled { fillLevels(grid, levels, colorScale, mark.opacity ?? 1) }
      let isOverField =
        !mark.filled
        && plot.data.layers.contains {
          $0.layer.mark.kind == .rect || $0.layer.mark.filled && $0.layer.mark.kind == .contour
        }
      for level in levels {
        let lines = grid.lines(at: level)
        let color = lineColor(level, colorScale, isFilled: mark.filled, isOverField: isOverField)
        let style = StrokeStyle(width: mark.filled ? 0.75 : 1.4)
        for line in lines {
          let isClosed = line.count > 2 && line.first == line.last
          scene.stroke(isClosed ? Array(line.dropLast()) : line, style, color, closed: isClosed)
        }
        if mark.labels == true { paintValue(level, on: lines, layer, &labels) }
      }
    }
  }

  /// The colours from the lowest level up, each over the one below it.
  private mutating func fillLevels(
    _ grid: ValueGrid, _ levels: [Double], _ colors: ColorScale, _ opacity: Double
  ) {
    guard let low = grid.values.filter(\.isFinite).min(), let high = grid.values.filter(\.isFinite).max()
    else {
      return
    }
    let bounds = [-Double.infinity] + levels + [.infinity]
    for (from, to) in zip(bounds, bounds.dropFirst()) where to > low && from <= high {
      // Above the next level the colour is another; a translucent fill must not lie under it.
      let lower = grid.region(from: from)
      let upper = opacity < 1 && to <= high ? grid.region(from: to).map { Array($0.reversed()) } : []
      let start = from.isFinite ? from : colors.scale.valueAtLow
      let end = to.isFinite ? to : colors.scale.valueAtHigh
      let color = start.isFinite && end.isFinite ? colors.color(between: start, and: end) : colors.color(low)
      scene.items.append(.fill(lower + upper, color.withOpacity(opacity)))
    }
  }

  private func lineColor(_ level: Double, _ colors: ColorScale, isFilled: Bool, isOverField: Bool) -> Color {
    // Lines over a field of the same colours would vanish in it.
    if isFilled || isOverField {
      let beneath = colors.color(level)
      let (dark, light) = (Color(0x14161A), Color(0xFFFFFF))
      let ink = beneath.contrast(with: dark) > beneath.contrast(with: light) ? dark : light
      return ink.withOpacity(isFilled ? 0.35 : 0.8)
    }
    return colors.color(level)
  }

  /// The value of a level on the longest of its lines, where that runs most nearly level and no other value stands.
  private mutating func paintValue(
    _ level: Double, on lines: [[Point]], _ layer: LayerData, _ taken: inout [Rect]
  ) {
    guard let line = lines.max(by: { $0.count < $1.count }), line.count > 8 else { return }
    let format = layer.layer.encoding.color?.format ?? .number
    let style = TextStyle(size: Metrics.tickSize - 1, color: theme.ink)
    let text = TextLine(formatValue(level, format), style)
    let frame = plot.frame.insetBy(text.width / 2 + 4)
    func box(_ place: Point) -> Rect {
      Rect(
        left: place.x - text.width / 2 - 3, top: place.y - text.ascent / 2 - 2,
        right: place.x + text.width / 2 + 3, bottom: place.y + text.ascent / 2 + 2)
    }
    var best: (steepness: Double, place: Point)?
    for index in 2..<(line.count - 2) where frame.contains(line[index]) {
      let direction = line[index + 2] - line[index - 2]
      let steepness = abs(direction.y) / max(direction.length, 1e-9)
      if let best, steepness >= best.steepness - 1e-9 { continue }
      let wished = box(line[index]).insetBy(-2)
      if !taken.contains(where: { $0.overlaps(wished) }) { best = (steepness, line[index]) }
    }
    guard let place = best?.place else { return }
    taken.append(box(place))
    scene.fill(box(place), theme.background.withOpacity(0.8))
    scene.text(text, at: place + Point(0, text.halfCapital), anchor: .middle)
  }

  /// The values of a series over its places; `nil` when they lie on a line.
  private func grid(_ series: Series) -> ValueGrid? {
    func places(_ path: KeyPath<DataPoint, Coordinate>) -> [Double] {
      var result: [Double] = []
      for value in series.points.compactMap({ $0[keyPath: path].number }).sorted() where result.last != value
      {
        result.append(value)
      }
      return result
    }
    let (xs, ys) = (places(\.x), places(\.y))
    guard xs.count > 1, ys.count > 1, xs.count * ys.count <= 4_000_000 else { return nil }
    let columns = Dictionary(xs.enumerated().map { ($1, $0) }) { first, _ in first }
    let rows = Dictionary(ys.enumerated().map { ($1, $0) }) { first, _ in first }
    var values = [Double](repeating: .nan, count: xs.count * ys.count)
    for point in series.points {
      guard let x = point.x.number, let y = point.y.number, let shade = point.shade, let column = columns[x],
        let row = rows[y]
      else { continue }
      values[row * xs.count + column] = shade
    }
    return ValueGrid(
      xs: xs.map { plot.x(.number($0)) }, ys: ys.map { plot.y(.number($0)) }, values: values)
  }
}
