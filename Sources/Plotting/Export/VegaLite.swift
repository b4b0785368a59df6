// Serves export: a drawn figure as a Vega-Lite specification, with the same marks at the same places.
import Specification
import Tables

/// A figure as a Vega-Lite specification (version 5) with its data in it.
///
/// The data are what is drawn, aggregated already, so that the picture does not depend on how another program
/// summarises. Places on continuous axes are values, scales have explicit domains, plots have their sizes in pixels:
/// Vega-Lite draws each mark where `draw` does.
///
/// - Throws: `DiagnosticError` for tables and columns that do not exist.
public func vegaLite(_ figure: Figure, tables: (String) -> Table?, theme: Theme = .light) throws -> Value {
  let data = try FigureData(figure, tables: tables)
  let layout = FigureLayouter(figure, data, theme).layout()
  return VegaLiteExport(figure: figure, data: data, layout: layout).specification()
}

struct VegaLiteExport {
  let figure: Figure
  let data: FigureData
  let layout: FigureLayout

  private var theme: Theme { layout.looks.theme }

  func specification() -> Value {
    let units = layout.plots.map { VegaLiteUnit(export: self, plot: $0).specification() }
    var result: Value = [
      "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
      "background": .string(theme.background.css),
      "config": config,
      "description": .string(figure.alternativeText ?? data.description(of: figure)),
    ]
    if let title = figure.title { result["title"] = .string(MathText.unicode(title)) }
    if units.count == 1, case .object(let unit) = units[0] {
      for (key, value) in unit { result[key] = value }
    } else {
      let rows = Set(layout.plots.map(\.frame.top)).sorted()
      result["vconcat"] = .array(
        rows.map { top in
          let row = zip(layout.plots, units).filter { $0.0.frame.top == top }
            .sorted { $0.0.frame.left < $1.0.frame.left }
          return ["hconcat": .array(row.map(\.1)), "resolve": resolution]
        })
      result["resolve"] = resolution
    }
    return result
  }

  /// Panels that show other columns have other colours for the same place in the palette.
  private var resolution: Value {
    ["scale": ["color": data.colors.areShared ? "shared" : "independent"]]
  }

  private var config: Value {
    [
      "font": "Open Sans, sans-serif",
      "axis": [
        "gridColor": .string(theme.grid.css), "domainColor": .string(theme.axis.css),
        "tickColor": .string(theme.axis.css), "labelColor": .string(theme.mutedInk.css),
        "titleColor": .string(theme.ink.css), "labelFontSize": .number(Metrics.tickSize),
        "titleFontSize": .number(Metrics.labelSize), "titleFontWeight": "normal",
      ],
      "legend": [
        "labelColor": .string(theme.ink.css), "titleColor": .string(theme.mutedInk.css),
        "labelFontSize": .number(Metrics.labelSize), "titleFontSize": .number(Metrics.labelSize),
        "titleFontWeight": "normal",
      ],
      "title": ["color": .string(theme.ink.css), "anchor": "start", "fontSize": .number(Metrics.labelSize)],
      "view": ["stroke": .null],
    ]
  }

  /// The scale that gives the names of a panel their colours.
  func nominalColor(panel: Int) -> Value {
    let groups = data.colors.ofPanel[panel]
    let places = groups.flatMap { Array(data.colors.range($0)) }
    let title = groups.count == 1 ? data.colors.groups[groups[0]].title : nil
    return [
      "field": "series", "type": "nominal",
      "scale": [
        "domain": .array(places.map { .string(data.colors.names[$0]) }),
        "range": .array(places.map { .string(layout.looks.colors[$0].css) }),
      ],
      "title": title.map { .string(MathText.unicode($0)) } ?? .null,
    ]
  }
}

extension Color {
  /// `#rrggbb`; the opacity is a property of marks.
  var css: String {
    func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    return "#" + hex(red) + hex(green) + hex(blue)
  }
}

/// One plot as a layered view.
struct VegaLiteUnit {
  let export: VegaLiteExport
  let plot: PlotLayout
  let painter: PlotPainter

  init(export: VegaLiteExport, plot: PlotLayout) {
    self.export = export
    self.plot = plot
    painter = PlotPainter(
      plot: plot, looks: export.layout.looks, colorScale: plot.colors,
      scene: Scene(
        width: export.layout.width, height: export.layout.height,
        background: export.layout.looks.theme.background))
  }

  private var looks: Looks { painter.looks }
  private var theme: Theme { painter.theme }

  func specification() -> Value {
    let rules = plot.data.layers.filter { $0.layer.mark.kind == .rule }
    let others = plot.data.layers.filter { $0.layer.mark.kind != .rule }
    var result: Value = [
      "width": .number(plot.frame.width), "height": .number(plot.frame.height),
      "layer": .array((rules + others).flatMap(layers)),
    ]
    let headings = [
      export.figure.panels[plot.data.panel].title, plot.data.rowValue, plot.data.columnValue,
    ].compactMap(\.self)
    if !headings.isEmpty { result["title"] = .string(MathText.unicode(headings.joined(separator: ", "))) }
    return result
  }

  // MARK: - Channels

  /// A place along an axis.
  private func channel(_ name: String, isX: Bool) -> Value {
    let scale = isX ? plot.scales.x : plot.scales.y
    let titles = export.data.titles[plot.data.panel]
    let isShown = isX ? plot.hasXAxis : plot.hasYAxis
    var axis: Value = .null
    if isShown {
      let title = MathText.unicode(isX ? titles.x : titles.y)
      axis = ["title": title.isEmpty ? .null : .string(title)]
      let layout = isX ? plot.xAxis : plot.yAxis
      if scale.isOrdinal, isX {
        switch layout.direction {
        case .rightwards: axis["labelAngle"] = 0
        case .slanted: axis["labelAngle"] = -45
        case .upwards: axis["labelAngle"] = -90
        }
      }
      if !scale.isOrdinal {
        let format = isX ? plot.scales.xFormat : plot.scales.yFormat
        let labels = layout.labels.filter { !$0.lines.isEmpty }
        let values = labels.map { label -> Double in
          let place = scale.reversed ? 1 - label.position : label.position
          return Self.rounded(scale.kind.inverse(scale.low + place * (scale.high - scale.low)))
        }
        let ticks = Value.array(values.map { .number($0) })
        axis["values"] = ticks
        axis["format"] = format == .percent ? "~%" : ",.6~r"
        let texts = labels.flatMap(\.lines).map(\.text)
        if texts.contains(where: { $0.contains("^") }) {
          // The formats of d3 have no powers of ten, so each tick gets the words that it has here.
          let words = Value.array(texts.map { .string(MathText.unicode($0)) })
          axis["labelExpr"] = .string("\(words.canonicalJSON)[indexof(\(ticks.canonicalJSON), datum.value)]")
        }
      }
      axis["grid"] = .bool(!scale.isOrdinal && plot.field == nil)
    }
    return [
      "field": .string(name), "type": scale.isOrdinal ? "ordinal" : "quantitative",
      "scale": scaleValue(scale, isX: isX), "axis": axis,
    ]
  }

  /// Twelve significant digits: a tick at 0.1 is not one at 0.09999999999999998.
  private static func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let exponent = decimalExponent(value)
    guard abs(exponent) < 200 else { return value }
    if exponent >= 12 { return value }
    return (value * powerOfTen(11 - exponent)).rounded() / powerOfTen(11 - exponent)
  }

  private func scaleValue(_ scale: Scale, isX: Bool) -> Value {
    if scale.isOrdinal {
      // The first category is at the left or at the top, there as here.
      let isReversed = scale.reversed == isX
      return [
        "type": "band", "domain": .array(scale.categories.map { .string($0) }), "paddingInner": 0,
        "paddingOuter": 0, "reverse": .bool(isReversed),
      ]
    }
    var value: Value = [
      "domain": [.number(scale.valueAtLow), .number(scale.valueAtHigh)], "nice": false, "zero": false,
      "reverse": .bool(scale.reversed),
    ]
    switch scale.kind {
    case .linear, .ordinal: value["type"] = "linear"
    case .log: value["type"] = "log"
    case .sqrt: value["type"] = "sqrt"
    case .symlog(let constant):
      value["type"] = "symlog"
      value["constant"] = .number(constant)
    }
    return value
  }

  /// How far a mark is moved inside the band of its category; `nil` when all stand in the middle.
  private func offset(_ layer: LayerData) -> (channel: String, middle: Double)? {
    guard layer.series.contains(where: { painter.slot($0, layer).shift != 0 }) else { return nil }
    return stepMiddle(layer)
  }

  /// Where the middle of a category lies in its band.
  private func stepMiddle(_ layer: LayerData) -> (channel: String, middle: Double) {
    layer.isHorizontal
      ? ("yOffset", plot.scales.y.step * plot.frame.height / 2)
      : ("xOffset", plot.scales.x.step * plot.frame.width / 2)
  }

  private func cell(_ coordinate: Coordinate) -> Value {
    switch coordinate {
    case .number(let value): .number(value)
    case .category(let label): .string(label)
    }
  }

  /// The columns that every mark has: its place, its series, its value of a continuous colour.
  private func row(_ point: DataPoint, _ series: Series, _ layer: LayerData) -> Value {
    var row: Value = ["x": cell(point.x), "y": cell(point.y)]
    if let value = (layer.isHorizontal ? point.x : point.y).number, point.base != nil {
      row[layer.isHorizontal ? "x" : "y"] = .number(point.end(of: value))
    }
    if let color = series.color { row["series"] = .string(export.data.colors.names[color]) }
    if let shade = point.shade ?? series.shade { row["shade"] = .number(shade) }
    if let offset = offset(layer) {
      row["offset"] = .number(offset.middle + painter.slot(series, layer).shift)
    }
    return row
  }

  /// Places and colour as most marks encode them.
  private func encoding(_ layer: LayerData) -> Value {
    var result: Value = ["x": channel("x", isX: true), "y": channel("y", isX: false)]
    if let offset = offset(layer) {
      result[offset.channel] = ["field": "offset", "type": "quantitative", "scale": .null]
    }
    if layer.hasContinuousColor, let colors = plot.colors {
      let stops = (0...16).map { Value.string(colors.ramp.color(at: Double($0) / 16).css) }
      var scale = scaleValue(colors.scale, isX: true)
      scale["range"] = .array(colors.scale.reversed ? stops.reversed() : stops)
      scale["reverse"] = false
      let title = layer.layer.encoding.color?.title ?? layer.layer.encoding.color?.field?.name ?? ""
      result["color"] = [
        "field": "shade", "type": "quantitative", "scale": scale, "title": .string(MathText.unicode(title)),
      ]
    } else if layer.series.contains(where: { $0.color != nil }) {
      result["color"] = export.nominalColor(panel: plot.data.panel)
    } else {
      result["color"] = ["value": .string((layer.layer.mark.kind == .rule ? theme.rule : looks.single).css)]
    }
    return result
  }

  private func view(_ mark: Value, _ rows: [Value], _ encoding: Value) -> Value {
    ["mark": mark, "data": ["values": .array(rows)], "encoding": encoding]
  }

  private func without(_ keys: [String], _ value: Value) -> Value {
    guard case .object(var members) = value else { return value }
    for key in keys { members[key] = nil }
    return .object(members)
  }

  // MARK: - Marks

  /// The views of a layer, from the back to the front.
  private func layers(_ layer: LayerData) -> [Value] {
    switch layer.layer.mark.kind {
    case .line: bands(layer) + seeds(layer) + lines(layer)
    case .band: bands(layer)
    case .area: areas(layer)
    case .point: seeds(layer) + intervals(layer) + points(layer)
    case .errorbar: seeds(layer) + intervals(layer) + points(layer)
    case .bar: bars(layer) + seeds(layer) + intervals(layer)
    case .tick: ticks(layer)
    case .text: axes(layer) + words(painter.words(layer))
    case .rect: cells(layer) + cellNumbers(layer)
    case .rule: rules(layer) + words(painter.ruleNames(layer), isItalic: true)
    case .boxplot: boxes(layer)
    case .contour: contours(layer)
    }
  }

  /// Rows of every point of every series that has one; `extra` adds columns or leaves a point out.
  private func rows(
    _ layer: LayerData, _ extra: (DataPoint, Series, inout Value) -> Bool = { _, _, _ in true }
  )
    -> [Value]
  {
    layer.series.flatMap { series in
      series.points.compactMap { point in
        var row = row(point, series, layer)
        return extra(point, series, &row) ? row : nil
      }
    }
  }

  private func lines(_ layer: LayerData) -> [Value] {
    let mark = layer.layer.mark
    var views: [Value] = []
    for (index, series) in layer.series.enumerated() where !series.points.isEmpty {
      let rows = series.points.enumerated().map { order, point in
        var row = row(point, series, layer)
        row["order"] = .number(Double(order))
        return row
      }
      var encoding = encoding(layer)
      encoding["order"] = ["field": "order", "type": "quantitative"]
      encoding["detail"] = ["value": .number(Double(index))]
      let dash = looks.dash(series, mark)
      views.append(
        view(
          [
            "type": "line", "strokeWidth": .number(Metrics.lineWidth), "strokeCap": "round", "clip": true,
            "interpolate": mark.isStep ? "step-after" : "linear",
            "strokeDash": .array(dash.map { .number($0) }),
          ], rows, without(["detail"], encoding)))
    }
    return views + (mark.point ? points(layer) : [])
  }

  private func seeds(_ layer: LayerData) -> [Value] {
    let isLine = painter.showsSeedLines(layer) && layer.layer.mark.kind != .bar
    let middle = (layer.isHorizontal ? plot.scales.y : plot.scales.x).isOrdinal ? stepMiddle(layer) : nil
    let rows = layer.series.flatMap { series in
      let shifts = painter.seedShifts(series, layer)
      return series.seeds.enumerated().flatMap { seed, points -> [Value] in
        // A narrow bar has no dots.
        guard isLine || seed < shifts.count else { return [] }
        return points.map { point in
          var row = row(point, series, layer)
          row["seed"] = .number(Double(seed + 1))
          if !isLine, let middle { row["offset"] = .number(middle.middle + shifts[seed]) }
          return row
        }
      }
    }
    guard !rows.isEmpty, layer.series.contains(where: { $0.seeds.count > 1 }) else { return [] }
    var encoding = encoding(layer)
    encoding["detail"] = ["field": "seed", "type": "nominal"]
    if isLine {
      let mark: Value = ["type": "line", "strokeWidth": 1, "opacity": 0.3, "clip": true]
      return [view(mark, rows, encoding)]
    }
    if let middle { encoding[middle.channel] = ["field": "offset", "type": "quantitative", "scale": .null] }
    if layer.layer.mark.kind == .bar { encoding["color"] = ["value": .string(theme.ink.css)] }
    let radius = PlotPainter.seedRadius(layer)
    return [
      view(
        [
          "type": "point", "filled": true, "size": .number(3.141592653589793 * radius * radius),
          "opacity": .number(painter.seedDotOpacity(layer)),
        ], rows, encoding)
    ]
  }

  private func bands(_ layer: LayerData) -> [Value] {
    let rows = rows(layer) { point, _, row in
      guard let low = point.low, let high = point.high else { return false }
      row[layer.isHorizontal ? "x" : "y"] = .number(clamped(low, layer))
      row["high"] = .number(clamped(high, layer))
      return true
    }
    guard !rows.isEmpty else { return [] }
    var encoding = encoding(layer)
    encoding[layer.isHorizontal ? "x2" : "y2"] = ["field": "high"]
    let isMark = layer.layer.mark.kind == .band
    return [
      view(
        [
          "type": "area", "opacity": .number(layer.layer.mark.opacity ?? (isMark ? 0.32 : 0.24)),
          "clip": true,
          "line": false, "interpolate": layer.layer.mark.isStep ? "step-after" : "linear",
          "orient": layer.isHorizontal ? "horizontal" : "vertical",
        ], rows, encoding)
    ]
  }

  /// A bound on a logarithmic axis that has no place for it lies at the axis's low end.
  private func clamped(_ value: Double, _ layer: LayerData) -> Double {
    let scale = layer.isHorizontal ? plot.scales.x : plot.scales.y
    return scale.kind == .log && value <= 0 ? scale.valueAtLow : value
  }

  private func areas(_ layer: LayerData) -> [Value] {
    let rows = rows(layer) { point, _, row in
      guard let low = point.low, let high = point.high,
        let value = (layer.isHorizontal ? point.x : point.y).number
      else {
        row["base"] = .number(clamped(point.base ?? 0, layer))
        return true
      }
      row["base"] = .number(clamped(value == low ? high : low, layer))
      return true
    }
    guard !rows.isEmpty else { return [] }
    var encoding = encoding(layer)
    encoding[layer.isHorizontal ? "x2" : "y2"] = ["field": "base"]
    let mark: Value = [
      "type": "area", "opacity": .number(painter.areaOpacity(layer)), "clip": true,
      "orient": layer.isHorizontal ? "horizontal" : "vertical",
    ]
    return [view(mark, rows, encoding)] + lines(layer)
  }

  private static let shapes = [
    "circle", "square", "triangle-up", "diamond", "triangle-down",
    "M0,-1L0.951,-0.309L0.588,0.809L-0.588,0.809L-0.951,-0.309Z", "cross",
    "M-0.7,-0.4L-0.4,-0.7L0,-0.3L0.4,-0.7L0.7,-0.4L0.3,0L0.7,0.4L0.4,0.7L0,0.3L-0.4,0.7L-0.7,0.4L-0.3,0Z",
  ]

  private func points(_ layer: LayerData) -> [Value] {
    let mark = layer.layer.mark
    let isPoint = mark.kind == .point
    if mark.kind == .errorbar, layer.layer.encoding.x2 != nil || layer.layer.encoding.y2 != nil { return [] }
    let radius = isPoint ? nil : Metrics.markerRadius
    let size = radius.map { $0 * $0 * 3.141592653589793 } ?? mark.size
    // A shape is a property of the mark, so series with different shapes are views of their own.
    var views: [(shape: Int, rows: [Value])] = []
    for series in layer.series {
      let shape = looks.marker(series).rawValue
      let rows = series.points.map { row($0, series, layer) }
      if let index = views.firstIndex(where: { $0.shape == shape }) {
        views[index].rows += rows
      } else {
        views.append((shape, rows))
      }
    }
    return views.filter { !$0.rows.isEmpty }.map { shape, rows in
      view(
        [
          "type": "point", "filled": .bool(!isPoint || mark.filled), "size": .number(size),
          "shape": .string(Self.shapes[shape]), "opacity": .number(mark.opacity ?? 1),
        ], rows, encoding(layer))
    }
  }

  private func intervals(_ layer: LayerData) -> [Value] {
    let rows = rows(layer) { point, _, row in
      guard let low = point.low, let high = point.high else { return false }
      row[layer.isHorizontal ? "x" : "y"] = .number(clamped(low, layer))
      row["high"] = .number(clamped(high, layer))
      return true
    }
    guard !rows.isEmpty else { return [] }
    var encoding = encoding(layer)
    encoding[layer.isHorizontal ? "x2" : "y2"] = ["field": "high"]
    if layer.layer.mark.kind == .bar { encoding["color"] = ["value": .string(theme.ink.css)] }
    return [view(["type": "rule", "strokeWidth": 1.5], rows, encoding)] + caps(layer, encoding["color"])
  }

  /// Short lines across both ends of each interval.
  private func caps(_ layer: LayerData, _ color: Value?) -> [Value] {
    guard let first = layer.series.first(where: { !$0.points.isEmpty }) else { return [] }
    let half = PlotPainter.cap(slotWidth: painter.slot(first, layer).width, layer)
    guard half > 0 else { return [] }
    let rows = layer.series.flatMap { series in
      series.points.flatMap { point in
        [point.low, point.high].compactMap { end -> Value? in
          guard let end, point.low != nil, point.high != nil else { return nil }
          var row = row(point, series, layer)
          row[layer.isHorizontal ? "x" : "y"] = .number(clamped(end, layer))
          return row
        }
      }
    }
    var encoding = encoding(layer)
    if let color { encoding["color"] = color }
    return [
      view(
        [
          "type": "tick", "thickness": 1.5, "size": .number(2 * half),
          "orient": layer.isHorizontal ? "vertical" : "horizontal",
        ], rows, encoding)
    ]
  }

  private func bars(_ layer: LayerData) -> [Value] {
    guard let first = layer.series.first(where: { !$0.points.isEmpty }) else { return [] }
    let isBinned = layer.series.contains { $0.points.contains { ($0.spanX ?? $0.spanY) != nil } }
    var mark: Value = ["type": "bar", "opacity": .number(PlotPainter.barOpacity(layer)), "binSpacing": 0]
    var encoding = encoding(layer)
    let rows = rows(layer) { point, _, row in
      row["base"] = .number(clamped(point.base ?? 0, layer))
      if let span = layer.isHorizontal ? point.spanY : point.spanX {
        row[layer.isHorizontal ? "y" : "x"] = .number(span.start)
        row["end"] = .number(span.end)
      }
      return true
    }
    encoding[layer.isHorizontal ? "x2" : "y2"] = ["field": "base"]
    if isBinned {
      encoding[layer.isHorizontal ? "y2" : "x2"] = ["field": "end"]
    } else {
      let half = PlotPainter.barHalf(slotWidth: painter.slot(first, layer).width)
      mark[layer.isHorizontal ? "height" : "width"] = .number(half * 2)
    }
    return [view(mark, rows, encoding)]
  }

  private func ticks(_ layer: LayerData) -> [Value] {
    guard let first = layer.series.first(where: { !$0.points.isEmpty }) else { return [] }
    let size = 2 * min(painter.slot(first, layer).width / 2, 14)
    // Short lines across the axis of values.
    return [
      view(
        [
          "type": "tick", "thickness": 1.5, "size": .number(size), "opacity": 0.8,
          "orient": layer.isHorizontal ? "vertical" : "horizontal",
        ], rows(layer), encoding(layer))
    ]
  }

  /// Words where they stand here, in pixels from the upper left corner of the plot: a view each, because only a fixed
  /// value is free of the axes.
  private func words(_ words: [PlacedText], isItalic: Bool = false) -> [Value] {
    words.map { word in
      var mark = textMark(word)
      mark["fontStyle"] = isItalic ? "italic" : "normal"
      return view(
        mark, [[:]],
        [
          "x": ["value": .number(word.center.x - plot.frame.left)],
          "y": ["value": .number(word.center.y - plot.frame.top)],
          "text": ["value": .string(MathText.unicode(word.line.text))],
          "color": ["value": .string(word.line.style.color.css)],
        ])
    }
  }

  private func textMark(_ word: PlacedText) -> Value {
    [
      "type": "text", "align": "center", "baseline": "middle", "fontSize": .number(word.line.style.size),
    ]
  }

  /// The numbers in the cells of a heat map, a view for each ink: a column of inks would be a second scale of colours.
  private func cellNumbers(_ layer: LayerData) -> [Value] {
    let inks = Dictionary(grouping: painter.cellNumbers(layer)) { $0.number.line.style.color.css }
    return inks.sorted { $0.key < $1.key }.compactMap { ink, numbers in
      guard let first = numbers.first else { return nil }
      let rows = numbers.map { cell, number -> Value in
        ["x": self.cell(cell.x), "y": self.cell(cell.y), "text": .string(MathText.unicode(number.line.text))]
      }
      return view(
        textMark(first.number), rows,
        [
          "x": channel("x", isX: true), "y": channel("y", isX: false),
          "text": ["field": "text", "type": "nominal"], "color": ["value": .string(ink)],
        ])
    }
  }

  private func cells(_ layer: LayerData) -> [Value] {
    var encoding = encoding(layer)
    let points = layer.series.flatMap(\.points)
    let rows = rows(layer) { point, _, row in
      if layer.hasContinuousColor, point.shade == nil { return false }
      if let span = point.spanX { (row["x"], row["x2"]) = (.number(span.start), .number(span.end)) }
      if let span = point.spanY { (row["y"], row["y2"]) = (.number(span.start), .number(span.end)) }
      return true
    }
    guard !rows.isEmpty else { return [] }
    if points.contains(where: { $0.spanX != nil }) { encoding["x2"] = ["field": "x2"] }
    if points.contains(where: { $0.spanY != nil }) { encoding["y2"] = ["field": "y2"] }
    return [
      view(["type": "rect", "clip": true, "opacity": .number(layer.layer.mark.opacity ?? 1)], rows, encoding)
    ]
  }

  private func rules(_ layer: LayerData) -> [Value] {
    let mark: Value = ["type": "rule", "strokeWidth": 1.25, "strokeDash": [5, 3], "clip": true]
    let isPiece = painter.isPiece(layer)
    var encoding = encoding(layer)
    let rows = rows(layer) { point, _, row in
      guard isPiece else { return true }
      guard let (start, end) = painter.ends(of: point, layer) else { return false }
      let (left, top) = (plot.frame.left, plot.frame.top)
      row = [
        "x1": .number(start.x - left), "y1": .number(start.y - top), "x2": .number(end.x - left),
        "y2": .number(end.y - top),
      ]
      return true
    }
    guard !rows.isEmpty else { return [] }
    if isPiece {
      for (name, first) in [("x", "x1"), ("y", "y1")] {
        encoding[name] = ["field": .string(first), "type": "quantitative", "scale": .null, "axis": .null]
      }
      encoding["x2"] = ["field": "x2"]
      encoding["y2"] = ["field": "y2"]
    } else {
      encoding = without([layer.layer.encoding.y == nil ? "y" : "x"], encoding)
    }
    return [view(mark, rows, encoding)]
  }

  private func boxes(_ layer: LayerData) -> [Value] {
    guard let first = layer.series.first(where: { !$0.points.isEmpty }) else { return [] }
    let half = max(min(painter.slot(first, layer).width / 2 - 2, 24), 2)
    let (value, end) = layer.isHorizontal ? ("x", "x2") : ("y", "y2")
    func between(_ mark: Value, _ ends: @escaping (BoxSummary) -> (Double, Double)) -> Value {
      var encoding = encoding(layer)
      encoding[end] = ["field": "end"]
      let rows = rows(layer) { point, _, row in
        guard let box = point.box else { return false }
        let (low, high) = ends(box)
        row[value] = .number(low)
        row["end"] = .number(high)
        return true
      }
      return view(mark, rows, encoding)
    }
    let side = layer.isHorizontal ? "height" : "width"
    var box: Value = ["type": "bar", "opacity": 0.4]
    box[side] = .number(half * 2)
    let outliers = layer.series.flatMap { series in
      series.points.flatMap { point in
        (point.box?.outliers ?? []).map { outlier in
          var row = row(point, series, layer)
          row[value] = .number(outlier)
          return row
        }
      }
    }
    let median: Value = [
      "type": "tick", "thickness": 2.5, "size": .number(half * 2),
      "orient": layer.isHorizontal ? "vertical" : "horizontal",
    ]
    let views = [
      between(["type": "rule", "strokeWidth": 1.5]) { ($0.whiskerLow, $0.lowerQuartile) },
      between(["type": "rule", "strokeWidth": 1.5]) { ($0.upperQuartile, $0.whiskerHigh) },
      between(box) { ($0.lowerQuartile, $0.upperQuartile) },
      view(median, rows(layer), encoding(layer)),
    ]
    guard !outliers.isEmpty else { return views }
    return views + [view(["type": "point", "filled": false, "size": 21], outliers, encoding(layer))]
  }

  /// An invisible mark that gives the plot its axes.
  private func axes(_ layer: LayerData) -> [Value] {
    let corners = layer.series.flatMap(\.points).prefix(1).map { point -> Value in
      ["x": cell(point.x), "y": cell(point.y)]
    }
    return [
      view(
        ["type": "point", "opacity": 0], Array(corners),
        ["x": channel("x", isX: true), "y": channel("y", isX: false)])
    ]
  }

  /// Vega-Lite has no contours: filled levels are shapes in pixels, lines have their places in pixels.
  private func contours(_ layer: LayerData) -> [Value] {
    guard let colors = plot.colors else { return [] }
    var views: [Value] = []
    let shapes = painter.contourShapes(layer, colors)
    for shape in shapes {
      let rings = shape.polygons.map { polygon -> Value in
        let ring = (polygon + polygon.prefix(1)).map { point -> Value in
          [.number(point.x - plot.frame.left), .number(point.y - plot.frame.top)]
        }
        return .array(shape.isFilled ? [.array(ring)] : Array(ring.dropLast()))
      }
      let geometry: Value = [
        "type": shape.isFilled ? "MultiPolygon" : "MultiLineString", "coordinates": .array(rings),
      ]
      let mark: Value =
        shape.isFilled
        ? ["type": "geoshape", "fill": .string(shape.color.css), "opacity": .number(shape.color.opacity)]
        : [
          "type": "geoshape", "filled": false, "stroke": .string(shape.color.css),
          "strokeWidth": .number(shape.width), "opacity": .number(shape.color.opacity),
        ]
      views.append([
        "data": ["values": [["type": "Feature", "properties": [:], "geometry": geometry]]],
        "projection": ["type": "identity", "scale": 1, "translate": [0, 0]], "mark": mark,
      ])
    }
    return axes(layer) + views + words(painter.contourLabels(layer, shapes, colors).map(\.text))
  }
}
