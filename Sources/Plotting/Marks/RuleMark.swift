// Serves draw: straight lines across a plot, with their names.

extension PlotPainter {
  /// Rules at fixed values or at the values of a column, pieces of lines, and guides of a given slope, with their name.
  mutating func paintRules(_ layer: LayerData) {
    for series in layer.series {
      let color = ruleColor(series).withOpacity(0.9)
      for (from, to) in series.points.compactMap({ ends(of: $0, layer) }) {
        if isPiece(layer) {
          scene.stroke([from, to], StrokeStyle(width: 1.25, dash: [5, 3]), color)
        } else {
          scene.hairline(from, to, width: 1.25, color, dash: [5, 3])
        }
      }
    }
    for name in ruleNames(layer) { scene.text(name.line, at: name.origin) }
  }

  /// The name of a layer of rules, beside the first of each series.
  func ruleNames(_ layer: LayerData) -> [PlacedText] {
    guard let label = layer.layer.label else { return [] }
    return layer.series.compactMap { series in
      guard let (from, to) = series.points.lazy.compactMap({ ends(of: $0, layer) }).first else { return nil }
      let color = ruleColor(series)
      return isPiece(layer)
        ? name(label, along: from, to, color)
        : name(label, at: from, isUpright: layer.layer.encoding.y == nil, color)
    }
  }

  private func ruleColor(_ series: Series) -> Color { series.color == nil ? theme.rule : looks.color(series) }

  /// Whether rules run between two places, or through one, and not across the plot.
  func isPiece(_ layer: LayerData) -> Bool {
    let encoding = layer.layer.encoding
    return encoding.x != nil && encoding.y != nil
      && (layer.layer.mark.slope != nil || encoding.x2 != nil || encoding.y2 != nil)
  }

  /// The ends of a rule inside the plot.
  func ends(of point: DataPoint, _ layer: LayerData) -> (Point, Point)? {
    if isPiece(layer) { return ends(of: point, layer.layer.mark) }
    let isUpright = layer.layer.encoding.y == nil
    let start = Point(
      isUpright ? plot.x(point.x) : plot.frame.left, isUpright ? plot.frame.top : plot.y(point.y))
    guard start.isFinite, isInside(start) else { return nil }
    return (start, isUpright ? Point(start.x, plot.frame.bottom) : Point(plot.frame.right, start.y))
  }

  /// The ends of a piece of a line, or of a guide, inside the plot.
  private func ends(of point: DataPoint, _ mark: Figure.Mark) -> (Point, Point)? {
    let start = plot.place(of: point)
    let ends: (Point, Point)?
    if let slope = mark.slope {
      ends = guide(through: point, slope)
    } else {
      let end = Point(
        point.spanX.map { plot.x(.number($0.end)) } ?? start.x,
        point.spanY.map { plot.y(.number($0.end)) } ?? start.y)
      ends = start.isFinite && end.isFinite ? (start, end) : nil
    }
    return ends.flatMap { clipped($0.0, $0.1, to: plot.frame) }
  }

  /// The line through a place that is straight where the axes measure, as far as the second end of the mark or across
  /// the plot.
  private func guide(through point: DataPoint, _ slope: Double) -> (Point, Point)? {
    guard let x = point.x.number, let y = point.y.number else { return nil }
    let (xs, ys) = (plot.scales.x, plot.scales.y)
    let (x0, y0) = (xs.kind.transform(x), ys.kind.transform(y))
    let ends = point.spanX.map { [x0, xs.kind.transform($0.end)] } ?? [xs.low, xs.high]
    let places = ends.map { x -> Point in
      let (u, v) = ((x - xs.low) / (xs.high - xs.low), (y0 + slope * (x - x0) - ys.low) / (ys.high - ys.low))
      return Point(
        plot.frame.left + (xs.reversed ? 1 - u : u) * plot.frame.width,
        plot.frame.bottom - (ys.reversed ? 1 - v : v) * plot.frame.height)
    }
    return places.allSatisfy(\.isFinite) ? (places[0], places[1]) : nil
  }

  /// A name beside a sloping line, where the fewest marks are under it.
  private func name(_ name: String, along from: Point, _ to: Point, _ color: Color) -> PlacedText? {
    let style = TextStyle(size: Metrics.tickSize, cut: .italic, color: color)
    let line = TextLine.shortened(name, style, width: plot.frame.width * 0.6)
    let (left, right) = from.x <= to.x ? (from, to) : (to, from)
    // Above a falling line there is room to the right of it, above a rising one to the left.
    let isFalling = right.y > left.y
    let origins = [0.5, 0.25, 0.75, 0.1, 0.9].flatMap { fraction -> [Point] in
      let place = left + (right - left) * fraction
      let above = Point(isFalling ? place.x + 5 : place.x - 5 - line.width, place.y - 4)
      let below = Point(isFalling ? place.x - 5 - line.width : place.x + 5, place.y + line.ascent + 4)
      return [above, below]
    }.filter { origin in
      origin.x > plot.frame.left + 2 && origin.x + line.width < plot.frame.right - 2
        && origin.y - line.ascent > plot.frame.top && origin.y + line.descent < plot.frame.bottom
    }
    return leastCrowded(origins, line)
  }

  private func leastCrowded(_ origins: [Point], _ line: TextLine) -> PlacedText? {
    let crowds = origins.map { crowding(box(of: line, at: $0)) }
    let best = crowds.indices.min { crowds[$0] < crowds[$1] }
    return best.map { PlacedText(line, at: origins[$0]) }
  }

  func box(of line: TextLine, at origin: Point) -> Rect {
    Rect(
      left: origin.x - 2, top: origin.y - line.ascent, right: origin.x + line.width + 2,
      bottom: origin.y + line.descent)
  }

  /// A name beside a rule, where the fewest marks are under it.
  private func name(_ name: String, at place: Point, isUpright: Bool, _ color: Color) -> PlacedText? {
    let style = TextStyle(size: Metrics.tickSize, cut: .italic, color: color)
    let line = TextLine.shortened(name, style, width: plot.frame.width * 0.6)
    let boxes: [Point]
    if isUpright {
      let right = place.x + 5 + line.width < plot.frame.right
      let x = right ? place.x + 5 : place.x - 5 - line.width
      boxes = [plot.frame.top + 12, plot.frame.bottom - 8, plot.frame.center.y].map { Point(x, $0) }
    } else {
      let above = place.y - 5 - line.ascent > plot.frame.top
      let y = above ? place.y - 5 : place.y + line.ascent + 4
      let other = place.y + line.ascent + 4 < plot.frame.bottom ? place.y + line.ascent + 4 : y
      let ends = [
        plot.frame.right - line.width - 4, plot.frame.left + 6, plot.frame.center.x - line.width / 2,
      ]
      boxes = ends.map { Point($0, y) } + ends.map { Point($0, other) }
    }
    return leastCrowded(boxes, line)
  }

  /// How many places and pieces of lines of the plot lie in a rectangle.
  private func crowding(_ rect: Rect) -> Int {
    var count = 0
    for layer in plot.data.layers where layer.layer.mark.kind != .rule {
      for series in layer.series {
        var previous: Point?
        for point in series.points {
          let place = plot.place(of: point)
          if rect.contains(place) { count += 3 }
          if let previous, layer.layer.mark.kind == .line, clipped(previous, place, to: rect) != nil {
            count += 2
          }
          previous = place
        }
        for seed in series.seeds { count += seed.count { rect.contains(plot.place(of: $0)) } }
      }
    }
    return count
  }
}
