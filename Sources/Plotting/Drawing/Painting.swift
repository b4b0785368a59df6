// Serves draw: a layout to a scene, from the back to the front.

extension FigureLayout {
  /// The whole picture as shapes.
  func scene() -> Scene {
    let theme = looks.theme
    var scene = Scene(width: width, height: height, background: theme.background)
    var y = Metrics.margin
    for line in title {
      y += Metrics.titleSize * 1.4
      scene.text(line, at: Point(Metrics.margin, y - Metrics.titleSize * 0.4))
    }
    if !title.isEmpty { y += 4 }
    legend.draw(at: Point(legendLeft, y), into: &scene)
    for plot in plots {
      plot.drawGrid(theme, into: &scene)
      var painter = PlotPainter(plot: plot, looks: looks, colorScale: plot.colors, scene: scene)
      painter.paint()
      scene = painter.scene
      plot.drawAxes(theme, into: &scene)
    }
    drawDirectLabels(into: &scene)
    drawSharedTitles(into: &scene)
    for bar in colorBars { bar.draw(theme, into: &scene) }
    for (index, note) in notes.reversed().enumerated() {
      let baseline = height - Metrics.margin - 3 - Double(index) * Metrics.noteSize * 1.4
      scene.text(note, at: Point(Metrics.margin, baseline))
    }
    return scene
  }

  private func drawDirectLabels(into scene: inout Scene) {
    guard let labels = directLabels, let frame = plots.first?.frame else { return }
    for (line, y) in labels.labels {
      scene.text(line, at: Point(frame.right + 8, frame.top + y + line.halfCapital))
    }
    if let header = labels.header, let first = labels.labels.first {
      scene.text(header, at: Point(frame.right + 8, max(frame.top + first.y - 14, header.ascent + 2)))
    }
  }

  private func drawSharedTitles(into scene: inout Scene) {
    if let (lines, top, center) = sharedXTitle {
      for (index, line) in lines.enumerated() {
        let baseline = top + Metrics.labelSize * (1 + 1.35 * Double(index))
        scene.text(line, at: Point(center, baseline), anchor: .middle)
      }
    }
    if let (lines, left, center) = sharedYTitle {
      for (index, line) in lines.enumerated() {
        let room = line.width / 2 + 2
        let x = left + line.ascent + Double(index) * Metrics.labelSize * 1.3
        scene.text(
          line, at: Point(x, min(max(center, room), height - room)), anchor: .middle, .upwards)
      }
    }
  }
}

extension PlotLayout {
  /// The mark that covers the plot with colour.
  var field: Figure.Mark? { data.layers.lazy.map(\.layer.mark).first(where: \.coversPlot) }

  /// Light lines at the labelled ticks.
  func drawGrid(_ theme: Theme, into scene: inout Scene) {
    guard field == nil else { return }
    defer { drawZeroLines(theme, into: &scene) }
    for label in yAxis.labels where hasYAxis && !label.lines.isEmpty && !yAxis.isOrdinal {
      let y = frame.bottom - label.position * frame.height
      guard y > frame.top - 0.5, y < frame.bottom + 0.5 else { continue }
      scene.hairline(Point(frame.left, y), Point(frame.right, y), width: 1, theme.grid)
    }
    for label in xAxis.labels where hasXAxis && !label.lines.isEmpty && !xAxis.isOrdinal {
      let x = frame.left + label.position * frame.width
      guard x > frame.left - 0.5, x < frame.right + 0.5 else { continue }
      scene.hairline(Point(x, frame.top), Point(x, frame.bottom), width: 1, theme.grid)
    }
  }

  /// Axis lines, ticks, labels and titles.
  func drawAxes(_ theme: Theme, into scene: inout Scene) {
    let isHeatMap = field != nil || !hasXAxis
    let hasBase = scales.y.isOrdinal && !isHeatMap
    if hasBase {
      scene.hairline(
        Point(frame.left, frame.top), Point(frame.left, frame.bottom), width: 1, theme.axis)
    } else if !isHeatMap {
      scene.hairline(
        Point(frame.left, frame.bottom), Point(frame.right, frame.bottom), width: 1, theme.axis)
    }
    drawXLabels(theme, isHeatMap, into: &scene)
    drawYLabels(theme, into: &scene)
    for (index, line) in heading.enumerated() {
      let back = legendRoom + Double(heading.count - 1 - index) * Metrics.labelSize * 1.35
      scene.text(line, at: Point(frame.left, frame.top - 8 - back))
    }
    legend.draw(at: Point(frame.left, frame.top - 3 - legendRoom), into: &scene)
    if let line = rowHeading {
      scene.text(
        line, at: Point(frame.right + 6 + line.ascent, frame.center.y), anchor: .middle, .upwards)
    }
    let titleTop = frame.bottom + (showsX ? xAxis.extent : 0) + 8
    for (index, line) in xTitle.enumerated() {
      let baseline = titleTop + Metrics.labelSize * (0.8 + 1.35 * Double(index))
      scene.text(line, at: Point(frame.center.x, baseline), anchor: .middle)
    }
    for (index, line) in yTitle.enumerated() {
      let back = Double(yTitle.count - 1 - index) * Metrics.labelSize * 1.3
      let x = frame.left - yAxis.extent - 8 - back
      scene.text(line, at: Point(x, frame.center.y), anchor: .middle, .upwards)
    }
  }

  /// Zero inside a plot whose values have both signs.
  private func drawZeroLines(_ theme: Theme, into scene: inout Scene) {
    // An author's rule at zero takes the place of the line.
    func hasRule(_ path: KeyPath<DataPoint, Coordinate>, _ isGiven: (Figure.Encoding) -> Bool) -> Bool {
      data.layers.contains { layer in
        layer.layer.mark.kind == .rule && layer.layer.mark.slope == nil && isGiven(layer.layer.encoding)
          && layer.series.contains { $0.points.contains { $0[keyPath: path].number == 0 } }
      }
    }
    if !scales.y.isOrdinal, hasYAxis, !hasRule(\.y, { $0.x == nil }) {
      let y = self.y(.number(0))
      if y > frame.top + 1, y < frame.bottom - 1 {
        scene.hairline(Point(frame.left, y), Point(frame.right, y), width: 1, theme.axis)
      }
    }
    if !scales.x.isOrdinal, hasXAxis, !hasRule(\.x, { $0.y == nil }),
      !scales.y.isOrdinal || data.layers.contains(where: { $0.layer.mark.kind == .bar })
    {
      let x = self.x(.number(0))
      if x > frame.left + 1, x < frame.right - 1 {
        scene.hairline(Point(x, frame.top), Point(x, frame.bottom), width: 1, theme.axis)
      }
    }
  }

  private func drawXLabels(_ theme: Theme, _ isHeatMap: Bool, into scene: inout Scene) {
    let length = Metrics.tickLength
    guard hasXAxis else { return }
    for label in xAxis.labels {
      let x = frame.left + label.position * frame.width
      if !xAxis.isOrdinal {
        let isMinor = label.lines.isEmpty
        scene.hairline(
          Point(x, frame.bottom), Point(x, frame.bottom + (isMinor ? length * 0.6 : length)), width: 1,
          isMinor ? theme.axis.withOpacity(0.6) : theme.axis)
      }
      guard showsX else { continue }
      let top = frame.bottom + (xAxis.isOrdinal ? 6 : length + 4)
      for (index, line) in label.lines.enumerated() {
        switch xAxis.direction {
        case .rightwards:
          let baseline = top + line.style.size * (0.8 + 1.25 * Double(index))
          scene.text(line, at: Point(x, baseline), anchor: .middle)
        case .slanted:
          // The middle of the last letter lies under the place.
          let side = line.halfCapital * TextDirection.diagonal
          scene.text(line, at: Point(x + side, top + 2 * side), anchor: .end, .slanted)
        case .upwards: scene.text(line, at: Point(x + line.halfCapital, top), anchor: .end, .upwards)
        }
      }
    }
  }

  private func drawYLabels(_ theme: Theme, into scene: inout Scene) {
    guard showsY, hasYAxis else { return }
    for label in yAxis.labels {
      let y = frame.bottom - label.position * frame.height
      let lineHeight = Metrics.tickSize * 1.25
      let first = y - Double(label.lines.count - 1) * lineHeight / 2
      for (index, line) in label.lines.enumerated() {
        let baseline = first + Double(index) * lineHeight + line.halfCapital
        scene.text(line, at: Point(frame.left - 7, baseline), anchor: .end)
      }
    }
  }
}
