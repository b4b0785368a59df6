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

/// The value of a contour line, standing on it.
struct ContourLabel {
  var text: PlacedText
  /// The colour behind the number.
  var plate: Color

  var box: Rect {
    let (center, line) = (text.center, text.line)
    return Rect(
      left: center.x - line.width / 2 - 3, top: center.y - line.ascent / 2 - 2,
      right: center.x + line.width / 2 + 3, bottom: center.y + line.ascent / 2 + 2)
  }
}

extension PlotPainter {
  /// The levels of a layer filled, or its lines, with their values when asked for.
  mutating func paintContours(_ layer: LayerData) {
    guard let colorScale else { return }
    let shapes = contourShapes(layer, colorScale)
    for shape in shapes {
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
    }
    // Over all lines, so that none runs through a number.
    for label in contourLabels(layer, shapes, colorScale) {
      scene.fill(label.box, label.plate)
      scene.text(label.text.line, at: label.text.origin)
    }
  }

  /// What a layer consists of, from the back to the front.
  func contourShapes(_ layer: LayerData, _ colors: ColorScale) -> [ContourShape] {
    let mark = layer.layer.mark
    let levels = contourLevels(mark.levels, colors.scale)
    let isOverField = !mark.filled && plot.field != nil
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
      return colors.color(level).readableInk.withOpacity(isFilled ? 0.35 : 0.8)
    }
    return colors.color(level)
  }

  /// The values of the lines, where a layer asks for them: each on the longest line of its level, where that runs most
  /// nearly level and neither another value nor a mark stands.
  func contourLabels(_ layer: LayerData, _ shapes: [ContourShape], _ colors: ColorScale) -> [ContourLabel] {
    guard layer.layer.mark.labels == true else { return [] }
    let obstacles = plot.data.layers.filter { !$0.layer.mark.kind.isField && $0.layer.mark.kind != .rule }
      .flatMap(\.series).flatMap { $0.points.prefix(2000).map { plot.place(of: $0) } }
    var labels: [ContourLabel] = []
    for shape in shapes where !shape.isFilled {
      guard let line = shape.polygons.max(by: { $0.count < $1.count }), line.count > 8 else { continue }
      let plate = plate(shape.level, colors)
      let style = TextStyle(size: Metrics.tickSize - 1, color: plate.readableInk)
      let value = formatValue(shape.level, layer.layer.encoding.color?.format ?? .number)
      let text = TextLine(value, style)
      func label(_ index: Int) -> ContourLabel {
        ContourLabel(text: PlacedText(text, center: line[index]), plate: plate)
      }
      func steepness(_ index: Int) -> Double {
        let direction = line[index + 2] - line[index - 2]
        return abs(direction.y) / max(direction.length, 1e-9)
      }
      let frame = plot.frame.insetBy(text.width / 2 + 4)
      let free = (2..<(line.count - 2)).filter { index in
        let wished = label(index).box.insetBy(-2)
        return frame.contains(line[index]) && !labels.contains { $0.box.overlaps(wished) }
          && !obstacles.contains(where: wished.contains)
      }
      if let best = free.min(by: { steepness($0) < steepness($1) - 1e-9 }) { labels.append(label(best)) }
    }
    return labels
  }

  /// What lies under a level's line: the field, or the page.
  private func plate(_ level: Double, _ colors: ColorScale) -> Color {
    guard let field = plot.field else { return theme.background }
    return theme.background.mixed(with: colors.color(level), field.opacity ?? 1)
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
