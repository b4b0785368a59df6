// Serves draw: bars from zero.
import Tables

extension PlotPainter {
  /// Bars side by side, with the interval of each and its seeds as dots.
  mutating func paintBars(_ layer: LayerData) {
    let base = along(0, layer)
    for series in layer.series {
      let color = looks.color(series)
      let (shift, width) = slot(series, layer)
      let half = max(width / 2 - (width > 8 ? 1 : 0.25), 0.4)
      for point in series.points {
        let center = place(point, shift, layer)
        guard center.isFinite else { continue }
        let across = layer.isHorizontal ? center.y : center.x
        let end = layer.isHorizontal ? center.x : center.y
        scene.fill(
          [
            self.point(across - half, base, layer), self.point(across + half, base, layer),
            self.point(across + half, end, layer), self.point(across - half, end, layer),
          ], color.mixed(with: scene.background, theme == .light ? 0.1 : 0.3))
      }
      paintSeedDots(series, layer, shift: shift, width: width)
      for point in series.points {
        drawInterval(point, place(point, shift, layer), theme.ink, cap: min(half * 0.45, 5), layer)
      }
    }
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
