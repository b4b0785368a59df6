// Serves draw: bars from zero.
import Tables

extension PlotPainter {
  /// Bars side by side, with the interval of each and its seeds as dots.
  mutating func paintBars(_ layer: LayerData) {
    let base = along(0, layer)
    // Histograms of several series lie over each other.
    let isBinned = layer.series.contains { $0.points.contains { ($0.spanX ?? $0.spanY) != nil } }
    let opacity = layer.layer.mark.opacity ?? (isBinned && layer.series.count > 1 ? 0.6 : 1)
    for series in layer.series {
      let (shift, width) = slot(series, layer)
      let half = max(width / 2 - (width > 8 ? 1 : 0.25), 0.4)
      for point in series.points {
        let center = place(point, shift, layer)
        guard center.isFinite else { continue }
        let (from, to) = ends(of: point, center, half, layer)
        let end = layer.isHorizontal ? center.x : center.y
        scene.fill(
          [
            self.point(from, base, layer), self.point(to, base, layer), self.point(to, end, layer),
            self.point(from, end, layer),
          ],
          self.color(series, point).mixed(with: scene.background, theme == .light ? 0.1 : 0.3)
            .withOpacity(opacity))
      }
      paintSeedDots(series, layer, shift: shift, width: width)
      for point in series.points {
        drawInterval(point, place(point, shift, layer), theme.ink, cap: min(half * 0.45, 5), layer)
      }
    }
  }

  /// Where a bar begins and ends across its axis: as wide as its bin, or as its share of the category.
  private func ends(of point: DataPoint, _ center: Point, _ half: Double, _ layer: LayerData) -> (
    Double, Double
  ) {
    let across = layer.isHorizontal ? center.y : center.x
    guard let span = layer.isHorizontal ? point.spanY : point.spanX else {
      return (across - half, across + half)
    }
    func place(_ value: Double) -> Double {
      layer.isHorizontal ? plot.y(.number(value)) : plot.x(.number(value))
    }
    let (a, b) = (place(span.start), place(span.end))
    guard a.isFinite, b.isFinite else { return (across - half, across + half) }
    // A thin gap tells neighbours apart.
    let gap = abs(b - a) > 4 ? 0.5 : 0
    return (min(a, b) + gap, max(a, b) - gap)
  }

  /// The seeds of a bar, beside its interval.
  private mutating func paintSeedDots(_ series: Series, _ layer: LayerData, shift: Double, width: Double) {
    guard width > 10 else { return }
    let count = Double(series.seeds.count)
    for (index, seed) in series.seeds.enumerated() {
      let jitter = ((Double(index) + 0.5) / count - 0.5) * min(width * 0.6, count * 7)
      for point in seed {
        let center = place(point, shift + jitter, layer)
        guard isInside(center) else { continue }
        scene.fill(
          circlePolygon(center: center, radius: 2.1), theme.ink.withOpacity(theme == .light ? 0.5 : 0.4))
      }
    }
  }
}
