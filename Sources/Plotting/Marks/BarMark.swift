// Serves draw: bars from zero.
import Tables

extension PlotPainter {
  /// Bars side by side, with the interval of each and its seeds as dots.
  mutating func paintBars(_ layer: LayerData) {
    let opacity = PlotPainter.barOpacity(layer)
    for series in layer.series {
      let (shift, width) = slot(series, layer)
      let half = PlotPainter.barHalf(slotWidth: width)
      for point in series.points {
        let center = place(point, shift, layer)
        guard center.isFinite else { continue }
        let (from, to) = ends(of: point, center, half, layer)
        let base = along(point.base ?? 0, layer)
        let end = layer.isHorizontal ? center.x : center.y
        scene.fill(
          [
            self.point(from, base, layer), self.point(to, base, layer), self.point(to, end, layer),
            self.point(from, end, layer),
          ],
          self.color(series, point).mixed(with: scene.background, theme == .light ? 0.1 : 0.3)
            .withOpacity(opacity))
      }
      paintSeedDots(series, layer)
      let cap = PlotPainter.cap(slotWidth: width, layer)
      for point in series.points {
        drawInterval(point, place(point, shift, layer), theme.ink, cap: cap, layer)
      }
    }
  }

  /// Half the width of a bar; a thin gap tells neighbours apart.
  static func barHalf(slotWidth width: Double) -> Double { max(width / 2 - (width > 8 ? 1 : 0.25), 0.4) }

  /// Histograms of several series lie over each other.
  static func barOpacity(_ layer: LayerData) -> Double {
    let isBinned = layer.series.contains { $0.points.contains { ($0.spanX ?? $0.spanY) != nil } }
    return layer.layer.mark.opacity ?? (isBinned && layer.series.count > 1 ? 0.6 : 1)
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
}
