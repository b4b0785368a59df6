// Serves draw: contour lines and the levels between them.

/// A level of a contour plot, or one of its lines, as polygons on the page.
struct ContourShape {
  var polygons: [[Point]]
  var isFilled: Bool
  var color: Color
  /// Of a line, in CSS pixels.
  var width = 0.0
  /// The value along a line.
  var level = 0.0
}

extension PlotPainter {
  /// The levels of a layer filled, or its lines, with their values when asked for.
  mutating func paintContours(_ layer: LayerData) {
    guard let colorScale else { return }
    var labels: [Rect] = []
    for shape in contourShapes(layer, colorScale) {
      if shape.isFilled {
        scene.items.append(.fill(shape.polygons, shape.color))
        continue
      }
      for line in shape.polygons {
        let isClosed = line.count > 2 && line.first == line.last
        scene.stroke(
          isClosed ? Array(line.dropLast()) : line, StrokeStyle(width: shape.width), shape.color,
          closed: isClosed)
      }
      if layer.layer.mark.labels == true { paintValue(shape.level, on: shape.polygons, layer, &labels) }
    }
  }

  /// What a layer consists of, from the back to the front.
  func contourShapes(_ layer: LayerData, _ colors: ColorScale) -> [ContourShape] {
    let mark = layer.layer.mark
    let levels = contourLevels(mark.levels, colors.scale)
    let isOverField =
      !mark.filled
      && plot.data.layers.contains {
        $0.layer.mark.kind == .rect || ($0.layer.mark.kind == .contour && $0.layer.mark.filled)
      }
    var shapes: [ContourShape] = []
    for series in layer.series {
      guard let grid = grid(series) else { continue }
      if mark.filled { shapes += filledLevels(grid, levels, colors, mark.opacity ?? 1) }
      for level in levels {
        let color = lineColor(level, colors, isFilled: mark.filled, isOverField: isOverField)
        shapes.append(
          ContourShape(
            polygons: grid.lines(at: level), isFilled: false, color: color, width: mark.filled ? 0.75 : 1.4,
            level: level))
      }
    }
    return shapes.filter { !$0.polygons.isEmpty }
  }

  /// The colours from the lowest level up, each over the one below it.
  private func filledLevels(
    _ grid: ValueGrid, _ levels: [Double], _ colors: ColorScale, _ opacity: Double
  ) -> [ContourShape] {
    let finite = grid.values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return [] }
    let bounds = [-Double.infinity] + levels + [.infinity]
    return zip(bounds, bounds.dropFirst()).filter { $1 > low && $0 <= high }.map { from, to in
      // Above the next level the colour is another; a translucent fill must not lie under it.
      let upper = opacity < 1 && to <= high ? grid.region(from: to).map { Array($0.reversed()) } : []
      let start = from.isFinite ? from : colors.scale.valueAtLow
      let end = to.isFinite ? to : colors.scale.valueAtHigh
      let color = start.isFinite && end.isFinite ? colors.color(between: start, and: end) : colors.color(low)
      return ContourShape(
        polygons: grid.region(from: from) + upper, isFilled: true, color: color.withOpacity(opacity))
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
