// Serves draw: bars from zero, and the cells of heat maps.
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

  /// A cell for each pair of categories, coloured by its value; the number stands in it when there is room.
  mutating func paintCells(_ layer: LayerData) {
    let (width, height) = (plot.scales.x.step * plot.frame.width, plot.scales.y.step * plot.frame.height)
    let gap = min(width, height) > 8 ? 0.75 : 0
    let cells = layer.series.flatMap(\.points)
    let texts = textsOfCells(cells, layer.layer.encoding.color?.format ?? .number)
    let widest =
      texts.map { TextLine($0, TextStyle(size: Metrics.tickSize, color: theme.ink)).width }.max() ?? 0
    for (cell, text) in zip(cells, texts) {
      let center = plot.place(of: cell)
      guard let value = cell.extra.number, let scale = colorBarScale, center.isFinite else { continue }
      let color = theme.sequentialColor(scale.position(value))
      scene.fill(
        Rect(
          left: center.x - width / 2 + gap, top: center.y - height / 2 + gap,
          right: center.x + width / 2 - gap,
          bottom: center.y + height / 2 - gap), color)
      if widest < width - 8, height > Metrics.tickSize * 1.5 {
        let (dark, light) = (Color(0x14161A), Color(0xFFFFFF))
        let ink = color.contrast(with: dark) > color.contrast(with: light) ? dark : light
        let line = TextLine(text, TextStyle(size: Metrics.tickSize, color: ink))
        scene.text(line, at: center + Point(0, line.halfCapital), anchor: .middle)
      }
    }
  }

  /// The numbers in the cells, all with the same decimals when they are percentages.
  private func textsOfCells(_ cells: [DataPoint], _ format: NumberStyle) -> [String] {
    let values = cells.map(\.extra.number)
    let isWhole = values.allSatisfy { value in
      value.map { abs($0 * 100 - ($0 * 100).rounded()) < 1e-9 } ?? true
    }
    return values.map { value in
      guard let value else { return "" }
      return format == .percent
        ? formatFixed(value * 100, decimals: isWhole ? 0 : 1) + "%" : formatSignificant(value)
    }
  }
}
