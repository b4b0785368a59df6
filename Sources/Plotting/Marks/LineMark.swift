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
      let places = series.points.map { place($0, 0, layer) }
      let floor = zip(series.points, places).map { point, place -> Point in
        guard let low = point.low, let high = point.high,
          let value = (layer.isHorizontal ? point.x : point.y).number
        else {
          return self.point(layer.isHorizontal ? place.y : place.x, along(point.base ?? 0, layer), layer)
        }
        return self.point(
          layer.isHorizontal ? place.y : place.x, along(value == low ? high : low, layer), layer)
      }
      scene.fill(
        places + floor.reversed(),
        color.withOpacity(areaOpacity(layer)))
      scene.stroke(places, StrokeStyle(width: 1.5), color)
    }
  }

  /// Areas over each other let what is behind them through; those of a stack lie on nothing but the grid.
  func areaOpacity(_ layer: LayerData) -> Double {
    let isStacked = layer.series.contains { $0.points.contains { $0.base != nil } }
    return layer.layer.mark.opacity ?? (isStacked ? 0.75 : theme == .light ? 0.35 : 0.16)
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
      guard showsSeedLines(layer) else {
        paintSeedDots(series, layer)
        continue
      }
      let many = max(0.4, min(1, 5 / Double(series.seeds.count)))
      let color = self.color(series).withOpacity((theme == .light ? 0.42 : 0.24) * many)
      for seed in series.seeds {
        let places = seed.map { plot.place(of: $0) }
        scene.stroke(layer.layer.mark.isStep ? stepped(places) : places, StrokeStyle(width: 1), color)
      }
    }
  }

  /// A dot for each seed: of the ink on a bar, else of the colour of the series.
  mutating func paintSeedDots(_ series: Series, _ layer: LayerData) {
    let isBar = layer.layer.mark.kind == .bar
    let color = (isBar ? theme.ink : self.color(series)).withOpacity(seedDotOpacity(layer))
    for (seed, shift) in zip(series.seeds, seedShifts(series, layer)) {
      for center in seed.map({ place($0, shift, layer) }) where isInside(center) {
        scene.fill(circlePolygon(center: center, radius: PlotPainter.seedRadius(layer)), color)
      }
    }
  }

  static func seedRadius(_ layer: LayerData) -> Double { layer.layer.mark.kind == .bar ? 2.1 : 2 }

  func seedDotOpacity(_ layer: LayerData) -> Double {
    theme == .dark ? 0.4 : layer.layer.mark.kind == .bar ? 0.5 : 0.45
  }

  /// How far the dots of each seed stand beside the middle of their place, so that they do not cover each other; none
  /// where a bar is too narrow for dots.
  func seedShifts(_ series: Series, _ layer: LayerData) -> [Double] {
    let (shift, width) = slot(series, layer)
    let count = Double(series.seeds.count)
    let spread: Double
    if layer.layer.mark.kind == .bar {
      guard width > 10 else { return [] }
      spread = min(width * 0.6, count * 7)
    } else {
      let isOrdinal = (layer.isHorizontal ? plot.scales.y : plot.scales.x).isOrdinal
      spread = isOrdinal && layer.layer.mark.kind != .line ? min(width * 0.5, count * 5) : 0
    }
    return series.seeds.indices.map { shift + ((Double($0) + 0.5) / count - 0.5) * spread }
  }
}
