// Serves draw: points, ticks, intervals and words at places.
import Tables

extension PlotPainter {
  /// Markers; many of them are smaller and let each other shine through.
  mutating func paintPoints(_ layer: LayerData) {
    let count = layer.series.reduce(0) { $0 + $1.points.count }
    let crowding = count > 2000 ? 0.55 : count > 400 ? 0.75 : 1
    let radius = (layer.layer.mark.size / 3.141592653589793).squareRoot() * crowding
    for series in layer.series {
      let (shift, _) = slot(series, layer)
      for point in series.points {
        let center = place(point, shift, layer)
        guard isInside(center) else { continue }
        let color = self.color(series, point)
        if count > 400 {
          let outline = looks.marker(series).outline(center: center, radius: radius)
          let faint = color.withOpacity(layer.layer.mark.opacity ?? (count > 2000 ? 0.45 : 0.7))
          if layer.layer.mark.filled {
            scene.fill(outline, faint)
          } else {
            scene.stroke(outline, StrokeStyle(width: 1, join: .miter), faint, closed: true)
          }
        } else {
          drawMarker(
            looks.marker(series), at: center, radius: radius, color, filled: layer.layer.mark.filled,
            into: &scene)
        }
      }
    }
  }

  /// Intervals along the value axis; an errorbar also shows its middle.
  mutating func paintIntervals(_ layer: LayerData, capped: Bool) {
    for series in layer.series {
      let (shift, width) = slot(series, layer)
      for point in series.points {
        let center = place(point, shift, layer)
        drawInterval(point, center, looks.color(series), cap: capped ? min(width * 0.3, 5) : 0, layer)
        if capped, isInside(center) {
          drawMarker(
            looks.marker(series), at: center, radius: 3, looks.color(series), filled: true, into: &scene)
        }
      }
    }
  }

  /// One interval, with caps of half-width `cap`.
  mutating func drawInterval(
    _ point: DataPoint, _ center: Point, _ color: Color, cap: Double, _ layer: LayerData
  ) {
    guard let low = point.low, let high = point.high else { return }
    let across = layer.isHorizontal ? center.y : center.x
    let (start, end) = (along(low, layer), along(high, layer))
    let style = StrokeStyle(width: 1.5)
    scene.stroke([self.point(across, start, layer), self.point(across, end, layer)], style, color)
    guard cap > 0 else { return }
    for place in [start, end] {
      scene.stroke(
        [self.point(across - cap, place, layer), self.point(across + cap, place, layer)], style, color)
    }
  }

  /// Short lines across the value axis.
  mutating func paintTicks(_ layer: LayerData) {
    for series in layer.series {
      let (shift, width) = slot(series, layer)
      let half = min(width / 2, 14)
      for point in series.points {
        let center = place(point, shift, layer)
        guard isInside(center) else { continue }
        let reach = layer.isHorizontal ? Point(0, half) : Point(half, 0)
        scene.stroke(
          [center - reach, center + reach], StrokeStyle(width: 1.5), color(series, point).withOpacity(0.8))
      }
    }
  }

  /// Words centred over their places.
  mutating func paintTexts(_ layer: LayerData) {
    let channel = layer.layer.encoding.text
    for series in layer.series {
      for point in series.points {
        let color = series.color == nil && point.shade == nil ? theme.ink : self.color(series, point)
        let center = place(point, 0, layer)
        guard isInside(center) else { continue }
        let text = point.text.number.map { formatValue($0, channel?.format ?? .number) } ?? point.text.label
        let line = TextLine.shortened(text, TextStyle(size: Metrics.tickSize, color: color), width: 160)
        let left = min(max(center.x - line.width / 2, plot.frame.left), plot.frame.right - line.width)
        scene.text(line, at: Point(left, center.y + line.halfCapital))
      }
    }
  }
}
