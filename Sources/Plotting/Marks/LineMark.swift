// Serves draw: lines, the bands round them, areas, and the seeds behind them.

extension PlotPainter {
  /// The lines of a layer, with markers when asked for.
  mutating func paintLines(_ layer: LayerData) {
    let mark = layer.layer.mark
    for series in layer.series {
      let places = series.points.map { plot.place(of: $0) }
      let style = StrokeStyle(
        width: Metrics.lineWidth, dash: looks.dash(series, mark), roundCaps: looks.dash(series, mark).isEmpty)
      let color = self.color(series)
      if places.count == 1, !mark.point {
        drawMarker(
          looks.marker(series), at: places[0], radius: Metrics.markerRadius, color, filled: true, into: &scene
        )
      }
      scene.stroke(mark.isStep ? stepped(places) : places, style, color)
    }
    guard mark.point else { return }
    for series in layer.series {
      for point in series.points {
        let place = plot.place(of: point)
        guard isInside(place) else { continue }
        drawMarker(
          looks.marker(series), at: place, radius: Metrics.markerRadius, self.color(series), filled: true,
          into: &scene)
      }
    }
  }

  private func stepped(_ places: [Point]) -> [Point] {
    guard let first = places.first else { return [] }
    return zip(places, places.dropFirst()).reduce(into: [first]) { line, pair in
      line.append(Point(pair.1.x, pair.0.y))
      line.append(pair.1)
    }
  }

  /// The interval of each series as one polygon, so that it has one tone.
  mutating func paintBands(_ layer: LayerData) {
    let isMark = layer.layer.mark.kind == .band
    let opacity =
      layer.layer.mark.opacity ?? (theme == .light ? (isMark ? 0.32 : 0.24) : (isMark ? 0.1 : 0.055))
    for series in layer.series {
      let color = self.color(series).withOpacity(opacity)
      // Places without an interval (a single seed) interrupt the band.
      for run in series.points.split(whereSeparator: { $0.low == nil || $0.high == nil }) where run.count > 1
      {
        var (lower, upper): ([Point], [Point]) = ([], [])
        for point in run {
          let place = plot.place(of: point)
          let across = layer.isHorizontal ? place.y : place.x
          lower.append(self.point(across, along(point.low ?? 0, layer), layer))
          upper.append(self.point(across, along(point.high ?? 0, layer), layer))
        }
        let (a, b) = layer.layer.mark.isStep ? (stepped(lower), stepped(upper)) : (lower, upper)
        scene.fill(a + b.reversed(), color)
      }
    }
  }

  /// Areas down to zero, or between two bounds.
  mutating func paintAreas(_ layer: LayerData) {
    for series in layer.series where series.points.count > 1 {
      let color = self.color(series)
      let places = series.points.map { plot.place(of: $0) }
      let base = along(0, layer)
      let floor = zip(series.points, places).map { point, place -> Point in
        guard let low = point.low, let high = point.high,
          let value = (layer.isHorizontal ? point.x : point.y).number
        else { return self.point(layer.isHorizontal ? place.y : place.x, base, layer) }
        return self.point(
          layer.isHorizontal ? place.y : place.x, along(value == low ? high : low, layer), layer)
      }
      scene.fill(
        places + floor.reversed(),
        color.withOpacity(layer.layer.mark.opacity ?? (theme == .light ? 0.35 : 0.16)))
      scene.stroke(places, StrokeStyle(width: 1.5), color)
    }
  }

  /// Whether seeds are lines and not dots.
  func showsSeedLines(_ layer: LayerData) -> Bool {
    switch layer.layer.seeds {
    case .dots: false
    case .lines: true
    default: layer.layer.mark.kind == .line && layer.series.contains { $0.points.count > 25 }
    }
  }

  /// Each seed, faintly: dots where places are few, lines where they are many.
  mutating func paintSeeds(_ layer: LayerData) {
    for series in layer.series where series.seeds.count > 1 {
      let color = self.color(series)
      let (shift, width) = slot(series, layer)
      if showsSeedLines(layer) {
        let many = max(0.4, min(1, 5 / Double(series.seeds.count)))
        let strength = (theme == .light ? 0.42 : 0.24) * many
        for seed in series.seeds {
          let places = seed.map { plot.place(of: $0) }
          scene.stroke(
            layer.layer.mark.isStep ? stepped(places) : places, StrokeStyle(width: 1),
            color.withOpacity(strength))
        }
        continue
      }
      let count = Double(series.seeds.count)
      let isOrdinal = (layer.isHorizontal ? plot.scales.y : plot.scales.x).isOrdinal
      let spread = isOrdinal && layer.layer.mark.kind != .line ? min(width * 0.5, count * 5) : 0
      for (index, seed) in series.seeds.enumerated() {
        let jitter = ((Double(index) + 0.5) / count - 0.5) * spread
        for point in seed {
          let center = place(point, shift + jitter, layer)
          guard isInside(center) else { continue }
          scene.fill(
            circlePolygon(center: center, radius: 2), color.withOpacity(theme == .light ? 0.45 : 0.4))
        }
      }
    }
  }
}
