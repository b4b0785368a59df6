// Serves draw: straight lines across a plot, with their names.

extension PlotPainter {
  /// Rules at fixed values, or at the values of a column.
  mutating func paintRules(_ layer: LayerData) {
    let encoding = layer.layer.encoding
    if encoding.x != nil, encoding.y != nil,
      layer.layer.mark.slope != nil || encoding.x2 != nil || encoding.y2 != nil
    {
      paintPieces(layer)
      return
    }
    let isUpright = layer.layer.encoding.y == nil
    for series in layer.series {
      let color = series.color == nil ? theme.rule : looks.color(series)
      var isNamed = false
      for point in series.points {
        let x = isUpright ? plot.x(point.x) : plot.frame.left
        let y = isUpright ? plot.frame.top : plot.y(point.y)
        guard x.isFinite, y.isFinite, isInside(Point(x, y)) else { continue }
        let end = isUpright ? Point(x, plot.frame.bottom) : Point(plot.frame.right, y)
        scene.hairline(Point(x, y), end, width: 1.25, color.withOpacity(0.9), dash: [5, 3])
        if !isNamed, let label = layer.layer.label {
          paintName(label, at: Point(x, y), isUpright: isUpright, color)
          isNamed = true
        }
      }
    }
  }

  /// Pieces of lines between two places, and guides of a given slope through one.
  private mutating func paintPieces(_ layer: LayerData) {
    for series in layer.series {
      let color = series.color == nil ? theme.rule : looks.color(series)
      for (index, point) in series.points.enumerated() {
        guard let (from, to) = ends(of: point, layer.layer.mark) else { continue }
        scene.stroke([from, to], StrokeStyle(width: 1.25, dash: [5, 3]), color.withOpacity(0.9))
        if index == 0, let label = layer.layer.label { paintName(label, along: from, to, color) }
      }
    }
  }

  /// The ends of a piece of a line, or of a guide, inside the plot.
  func ends(of point: DataPoint, _ mark: Figure.Mark) -> (Point, Point)? {
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
  private mutating func paintName(_ name: String, along from: Point, _ to: Point, _ color: Color) {
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
    guard let first = origins.first else { return }
    let crowds = origins.map { crowding(box(of: line, at: $0)) }
    let least = crowds.min() ?? 0
    scene.text(line, at: crowds.firstIndex(of: least).map { origins[$0] } ?? first)
  }

  func box(of line: TextLine, at origin: Point) -> Rect {
    Rect(
      left: origin.x - 2, top: origin.y - line.ascent, right: origin.x + line.width + 2,
      bottom: origin.y + line.descent)
  }

  /// A name beside a rule, where the fewest marks are under it.
  private mutating func paintName(_ name: String, at place: Point, isUpright: Bool, _ color: Color) {
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
    let crowds = boxes.map { crowding(box(of: line, at: $0)) }
    let least = crowds.min() ?? 0
    let origin = boxes[crowds.firstIndex(of: least) ?? 0]
    scene.text(line, at: origin)
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
