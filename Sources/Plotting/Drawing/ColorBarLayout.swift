// Serves draw: continuous scales of colours, and the bars beside the plots that explain them.
import Tables

/// Which colour a number has.
struct ColorScale: Sendable {
  var scale: Scale
  var ramp: ColorRamp
  /// Where filled contours change their colour, when all fields of the plot are filled contours.
  var steps: [Double] = []
  /// How much of the page the field of these colours hides.
  var opacity = 1.0

  func color(_ value: Double) -> Color { ramp.color(at: scale.position(value)) }

  /// The colour between two contour lines, that of the middle between them as the scale measures it.
  func color(between low: Double, and high: Double) -> Color {
    ramp.color(at: (scale.position(low) + scale.position(high)) / 2)
  }
}

/// A bar of colours with a place.
struct ColorBarLayout: Sendable {
  var frame: Rect
  var colors: ColorScale
  var axis: AxisLayout
  var title: TextLine?
}

/// A bar of colours before it has a place.
struct ColorBar: Sendable {
  var colors: ColorScale
  var format: NumberStyle
  var title: TextLine
  /// All of its width with the gap before it.
  var room: Double
}

/// The bars of a figure: one for all panels that show the same column in the same way.
struct ColorBars: Sendable {
  /// Which bar explains each panel.
  var ofPanel: [Int?] = []
  var bars: [ColorBar] = []

  /// Whether one bar stands beside the whole figure.
  var isShared: Bool { bars.count == 1 }

  func colors(panel: Int) -> ColorScale? { ofPanel[panel].map { bars[$0].colors } }

  private struct Key: Hashable {
    var field: String?
    var title: String?
    var format: NumberStyle
    var scale: ScaleRequest
  }

  init(_ figure: Figure, _ data: FigureData, _ theme: Theme, title style: TextStyle, ticks: TextStyle) {
    var keys: [Key] = []
    for panel in figure.panels.indices {
      let layers = data.plots.lazy.filter { $0.panel == panel }.flatMap(\.layers)
      guard let channel = layers.first(where: \.hasContinuousColor)?.layer.encoding.color else {
        ofPanel.append(nil)
        continue
      }
      let key = Key(
        field: channel.field?.name, title: channel.title, format: channel.format, scale: channel.scale)
      if !keys.contains(key) { keys.append(key) }
      ofPanel.append(keys.firstIndex(of: key))
    }
    for (index, key) in keys.enumerated() {
      let layers = data.plots.filter { ofPanel[$0.panel] == index }.flatMap(\.layers)
        .filter(\.hasContinuousColor)
      let colors = Self.colors(layers, key.scale, theme)
      let name =
        key.title ?? key.field?.split(separator: "_").joined(separator: " ")
        ?? (layers.first?.layer.encoding.color?.aggregate == .count ? "count" : "")
      let title = TextLine.shortened(name, style, width: 110)
      let axis = AxisLayout.vertical(colors.scale, height: 200, format: key.format, style: ticks, widest: 90)
      bars.append(
        ColorBar(
          colors: colors, format: key.format, title: title,
          room: 18 + max(title.width, 12 + 8 + axis.extent) + 4))
    }
  }

  private static func colors(_ layers: [LayerData], _ request: ScaleRequest, _ theme: Theme) -> ColorScale {
    let values = layers.flatMap(\.series).flatMap { series in
      series.shade.map { [$0] } ?? series.points.compactMap(\.shade)
    }
    let kind = request.kind == .ordinal ? .linear : request.kind ?? .linear
    var scale = Scale.fitted(to: values, kind: kind, request: request, zero: false, tight: true)
    let scheme = request.scheme ?? (request.middle == nil ? .sequential : .diverging)
    if scheme == .diverging, request.domain == nil {
      let middle = kind.transform(request.middle ?? (kind == .log ? 1 : 0))
      let reach = max(abs(scale.high - middle), abs(scale.low - middle))
      if middle.isFinite, reach > 0 { (scale.low, scale.high) = (middle - reach, middle + reach) }
    }
    let fields = layers.filter(\.layer.mark.coversPlot)
    var colors = ColorScale(scale: scale, ramp: .of(scheme, theme, field: !fields.isEmpty))
    colors.opacity = fields.first?.layer.mark.opacity ?? 1
    if let first = fields.first, fields.allSatisfy({ $0.layer.mark.kind == .contour }) {
      colors.steps = contourLevels(first.layer.mark.levels, scale)
    }
    return colors
  }
}

extension FigureLayouter {
  /// Puts a bar at the right of the plots from `top` to `bottom` whose right side is `left`.
  func place(_ bar: ColorBar, top: Double, bottom: Double, left: Double, into result: inout FigureLayout) {
    let barTop = top + 28
    let frame = snapped(
      Rect(
        left: left + 18, top: barTop, right: left + 30, bottom: min(max(bottom, barTop + 40), barTop + 260)))
    let axis = AxisLayout.vertical(
      bar.colors.scale, height: frame.height, format: bar.format, style: tickStyle, widest: 90)
    result.colorBars.append(
      ColorBarLayout(
        frame: frame, colors: bar.colors, axis: axis, title: bar.title.width > 0 ? bar.title : nil))
  }
}

extension ColorBarLayout {
  /// The bar with its numbers and its title.
  func draw(_ theme: Theme, into scene: inout Scene) {
    let edges = [0.0] + colors.steps.map { min(max(colors.scale.position($0), 0), 1) }.sorted() + [1.0]
    let parts =
      colors.steps.isEmpty
      ? (0..<Int(frame.height * 2)).map { step -> (Double, Double) in
        let steps = (frame.height * 2).rounded(.down)
        return (Double(step) / steps, Double(step + 1) / steps)
      } : Array(zip(edges, edges.dropFirst()))
    for (low, high) in parts where high > low {
      scene.fill(
        Rect(
          left: frame.left, top: frame.bottom - frame.height * high, right: frame.right,
          bottom: frame.bottom - frame.height * low),
        theme.background.mixed(with: colors.ramp.color(at: (low + high) / 2), colors.opacity))
    }
    for label in axis.labels {
      guard let line = label.lines.first else { continue }
      let y = frame.bottom - label.position * frame.height
      scene.hairline(Point(frame.right, y), Point(frame.right + 3, y), width: 1, theme.axis)
      scene.text(line, at: Point(frame.right + 6, y + line.halfCapital))
    }
    if let title { scene.text(title, at: Point(frame.left, frame.top - 13)) }
  }
}
