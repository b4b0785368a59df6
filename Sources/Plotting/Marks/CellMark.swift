// Serves draw: the cells of heat maps, confusion matrices and images.
import Tables

extension PlotPainter {
  /// A cell for each pair of places, coloured by its value; the number stands in it when there is room.
  mutating func paintCells(_ layer: LayerData) {
    let hasGaps = layer.layer.encoding.x?.showsAxis != false || layer.layer.encoding.y?.showsAxis != false
    let opacity = layer.layer.mark.opacity ?? 1
    for series in layer.series {
      for cell in series.points {
        guard let rect = cellFrame(cell, hasGaps: hasGaps) else { continue }
        scene.fill(rect, cellColor(series, cell, layer).withOpacity(opacity))
      }
    }
    for (_, number) in cellNumbers(layer) { scene.text(number.line, at: number.origin) }
  }

  /// The colour of a cell; grey when it has no value.
  private func cellColor(_ series: Series, _ cell: DataPoint, _ layer: LayerData) -> Color {
    guard layer.hasContinuousColor else { return looks.color(series) }
    guard let shade = cell.shade, let colorScale else { return theme.grid }
    return colorScale.color(shade)
  }

  /// Where a cell lies. Its sides fall on device pixels, so that neighbours leave no seams.
  private func cellFrame(_ cell: DataPoint, hasGaps: Bool) -> Rect? {
    func ends(_ span: Span?, _ isHorizontal: Bool) -> (Double, Double)? {
      let scale = isHorizontal ? plot.scales.x : plot.scales.y
      func place(_ value: Double) -> Double {
        let place = isHorizontal ? plot.x(.number(value)) : plot.y(.number(value))
        return (place * Metrics.density).rounded() / Metrics.density
      }
      if let span {
        let (a, b) = (place(span.start), place(span.end))
        return a.isFinite && b.isFinite ? (min(a, b), max(a, b)) : nil
      }
      guard scale.isOrdinal else { return nil }
      let step = scale.step * (isHorizontal ? plot.frame.width : plot.frame.height)
      let center = isHorizontal ? plot.x(cell.x) : plot.y(cell.y)
      guard center.isFinite else { return nil }
      let gap = hasGaps && min(step, otherStep(isHorizontal)) > 8 ? 0.75 : 0
      if gap > 0 { return (center - step / 2 + gap, center + step / 2 - gap) }
      func snapped(_ place: Double) -> Double { (place * Metrics.density).rounded() / Metrics.density }
      return (snapped(center - step / 2), snapped(center + step / 2))
    }
    guard let (left, right) = ends(cell.spanX, true), let (top, bottom) = ends(cell.spanY, false) else {
      return nil
    }
    return Rect(left: left, top: top, right: right, bottom: bottom)
  }

  private func otherStep(_ isHorizontal: Bool) -> Double {
    let scale = isHorizontal ? plot.scales.y : plot.scales.x
    return scale.isOrdinal ? scale.step * (isHorizontal ? plot.frame.height : plot.frame.width) : 100
  }

  /// The numbers in the cells, when all of them fit.
  func cellNumbers(_ layer: LayerData) -> [(cell: DataPoint, number: PlacedText)] {
    guard layer.hasContinuousColor, layer.layer.mark.labels != false else { return [] }
    guard plot.scales.x.isOrdinal, plot.scales.y.isOrdinal else { return [] }
    let (width, height) = (plot.scales.x.step * plot.frame.width, plot.scales.y.step * plot.frame.height)
    let cells = layer.series.flatMap(\.points)
    guard width > 16, height > Metrics.tickSize * 1.4, cells.count <= 2000 else { return [] }
    let texts = textsOfCells(cells, layer.layer.encoding.color?.format ?? .number)
    let size = width > 30 ? Metrics.tickSize : Metrics.tickSize - 1.5
    let widest = texts.map { TextLine($0, TextStyle(size: size, color: theme.ink)).width }.max() ?? 0
    guard widest < width - 5 else { return [] }
    return zip(cells, texts).compactMap { cell, text in
      let center = plot.place(of: cell)
      guard let shade = cell.shade, let colorScale, center.isFinite else { return nil }
      let ink = colorScale.color(shade).readableInk
      return (cell, PlacedText(TextLine(text, TextStyle(size: size, color: ink)), center: center))
    }
  }

  /// The numbers in the cells, all with the same decimals where these are few.
  private func textsOfCells(_ cells: [DataPoint], _ format: NumberStyle) -> [String] {
    let values = cells.map(\.shade)
    let finite = values.compactMap(\.self)
    if format == .percent {
      let isWhole = finite.allSatisfy { abs($0 * 100 - ($0 * 100).rounded()) < 1e-9 }
      return values.map { $0.map { formatFixed($0 * 100, decimals: isWhole ? 0 : 1) + "%" } ?? "" }
    }
    let texts = values.map { $0.map { formatSignificant($0) } ?? "" }
    let decimals = texts.map { $0.drop { $0 != "." }.dropFirst().count }.max() ?? 0
    guard finite.allSatisfy({ abs($0) < 100 }), decimals <= 3 else { return texts }
    return values.map { $0.map { formatFixed($0, decimals: decimals) } ?? "" }
  }
}
