// Serves draw: points, ticks, intervals and words at places.
import Tables

extension PlotPainter {
  /// Markers; many of them are smaller and let each other shine through.
  mutating func paintPoints(_ layer: LayerData) {
    let count = layer.series.reduce(0) { $0 + $1.points.count }
    let radius = (layer.layer.mark.size / 3.141592653589793).squareRoot() * crowding(count).scale
    for series in layer.series {
      let (shift, _) = slot(series, layer)
      if count > 400, layer.layer.mark.filled, !layer.hasContinuousColor {
        paintCrowd(series, layer, shift: shift, radius: radius, opacity: crowding(count).opacity)
        continue
      }
      for point in series.points {
        let center = place(point, shift, layer)
        guard isInside(center) else { continue }
        let color = self.color(series, point)
        if count > 400 {
          let outline = looks.marker(series).outline(center: center, radius: radius)
          let faint = color.withOpacity(layer.layer.mark.opacity ?? crowding(count).opacity)
          if layer.layer.mark.filled {
            scene.fill(outline, faint)
          } else {
            scene.stroke(outline, StrokeStyle(width: 1, join: .miter), faint, closed: true)
          }
        } else {
          drawMarker(
            looks.marker(series), at: center, radius: radius,
            color.withOpacity(layer.layer.mark.opacity ?? 1), filled: layer.layer.mark.filled, into: &scene)
        }
      }
    }
  }

  /// How much smaller and fainter markers are when there are many.
  private func crowding(_ count: Int) -> (scale: Double, opacity: Double) {
    switch count {
    case ...400: (1, 1)
    case ...2000: (0.75, 0.7)
    case ...20_000: (0.55, 0.45)
    case ...200_000: (0.4, 0.25)
    default: (0.3, 0.1)
    }
  }

  /// Many markers of one colour at once.
  private mutating func paintCrowd(
    _ series: Series, _ layer: LayerData, shift: Double, radius: Double, opacity: Double
  ) {
    let places = series.points.map { place($0, shift, layer) }.filter(isInside)
    let outline = looks.marker(series).outline(center: Point(0, 0), radius: radius)
    let color = looks.color(series).withOpacity(layer.layer.mark.opacity ?? opacity)
    scene.items.append(.stamps(outline, at: places, color))
  }

  /// Intervals along the value axis; an errorbar also shows its middle.
  mutating func paintIntervals(_ layer: LayerData, capped: Bool) {
    for series in layer.series {
      let (shift, width) = slot(series, layer)
      for point in series.points {
        let center = place(point, shift, layer)
        drawInterval(
          point, center, looks.color(series), cap: PlotPainter.cap(slotWidth: width, layer), layer)
        // Of an interval between two columns no end is its middle.
        let isBetweenColumns = layer.layer.encoding.x2 != nil || layer.layer.encoding.y2 != nil
        if capped, !isBetweenColumns, isInside(center) {
          drawMarker(
            looks.marker(series), at: center, radius: 3, looks.color(series), filled: true, into: &scene)
        }
      }
    }
  }

  /// Half the width of the caps at the ends of an interval.
  static func cap(slotWidth width: Double, _ layer: LayerData) -> Double {
    switch layer.layer.mark.kind {
    case .bar: min(barHalf(slotWidth: width) * 0.45, 5)
    case .errorbar: min(width * 0.3, 5)
    default: 0
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

  /// Words centred over their places; one that would cover another moves up or down, and is left out when that does not
  /// help.
  func words(_ layer: LayerData) -> [PlacedText] {
    let format = layer.layer.encoding.text?.format ?? .number
    var words: [PlacedText] = []
    for series in layer.series {
      for point in series.points {
        let color = series.color == nil && point.shade == nil ? theme.ink : self.color(series, point)
        let center = place(point, 0, layer)
        guard isInside(center) else { continue }
        let text = point.text.number.map { formatValue($0, format) } ?? point.text.label
        let line = TextLine.shortened(text, TextStyle(size: Metrics.tickSize, color: color), width: 160)
        guard line.width > 0 else { continue }
        let left = min(max(center.x - line.width / 2, plot.frame.left), plot.frame.right - line.width)
        let origins = [0.0, -1, 1, -2, 2].map { Point(left, center.y + line.halfCapital + $0 * line.height) }
        let taken = words.map { box(of: $0.line, at: $0.origin) }
        let free = origins.first { origin in !taken.contains { $0.overlaps(box(of: line, at: origin)) } }
        if let free { words.append(PlacedText(line, at: free)) }
      }
    }
    return words
  }
}
