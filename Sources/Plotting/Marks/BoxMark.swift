// Serves draw: boxplots.

extension PlotPainter {
  /// A box from quartile to quartile with its median, whiskers, and outliers as rings.
  mutating func paintBoxes(_ layer: LayerData) {
    for series in layer.series {
      let color = looks.color(series)
      let (shift, width) = slot(series, layer)
      let half = max(min(width / 2 - 2, 24), 2)
      for point in series.points {
        guard let box = point.box else { continue }
        let center = place(point, shift, layer)
        guard center.isFinite else { continue }
        let across = layer.isHorizontal ? center.y : center.x
        let line = StrokeStyle(width: 1.5)
        for (inner, outer) in [(box.lowerQuartile, box.whiskerLow), (box.upperQuartile, box.whiskerHigh)] {
          let (start, end) = (along(inner, layer), along(outer, layer))
          scene.stroke([self.point(across, start, layer), self.point(across, end, layer)], line, color)
          let cap = half * 0.45
          scene.stroke(
            [self.point(across - cap, end, layer), self.point(across + cap, end, layer)], line, color)
        }
        paintBox(box, across: across, half: half, color, layer)
        for value in box.outliers {
          let place = self.point(across, along(value, layer), layer)
          guard isInside(place) else { continue }
          scene.stroke(
            circlePolygon(center: place, radius: 2.6), StrokeStyle(width: 1.2), color.withOpacity(0.85),
            closed: true)
        }
      }
    }
  }

  private mutating func paintBox(
    _ box: BoxSummary, across: Double, half: Double, _ color: Color, _ layer: LayerData
  ) {
    let (low, high) = (along(box.lowerQuartile, layer), along(box.upperQuartile, layer))
    let corners = [
      point(across - half, low, layer), point(across + half, low, layer), point(across + half, high, layer),
      point(across - half, high, layer),
    ]
    scene.fill(corners, color.mixed(with: scene.background, theme == .light ? 0.72 : 0.75))
    scene.stroke(corners, StrokeStyle(width: 1.5, join: .miter), color, closed: true)
    let middle = along(box.median, layer)
    scene.stroke(
      [point(across - half, middle, layer), point(across + half, middle, layer)], StrokeStyle(width: 2.5),
      theme == .light ? color.mixed(with: theme.ink, 0.25) : color)
  }
}
