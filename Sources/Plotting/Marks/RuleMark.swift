// Serves draw: straight lines across a plot, with their names.

extension PlotPainter {
  /// Rules at fixed values, or at the values of a column.
  mutating func paintRules(_ layer: LayerData) {
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
    let crowds = boxes.map { origin in
      crowding(
        Rect(
          left: origin.x - 2, top: origin.y - line.ascent, right: origin.x + line.width + 2,
          bottom: origin.y + line.descent))
    }
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
