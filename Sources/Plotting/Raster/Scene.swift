// Serves draw: the list of shapes between layout and pixels.

/// What a figure consists of, in painting order, in CSS pixels.
struct Scene: Sendable {
  enum Item: Sendable {
    case fill([[Point]], Color)
    case stroke([Point], closed: Bool, StrokeStyle, Color)
    /// A line of text whose baseline starts at the point; `upwards` is turned a quarter to the left.
    case text(TextLine, at: Point, upwards: Bool)
    /// A small shape, given round the origin, at many places.
    case stamps([Point], at: [Point], Color)
    /// Restricts what follows to a rectangle, or lifts the restriction.
    case clip(Rect?)
  }

  var width: Double
  var height: Double
  var background: Color
  var items: [Item] = []

  mutating func fill(_ polygon: [Point], _ color: Color) { items.append(.fill([polygon], color)) }

  mutating func fill(_ rect: Rect, _ color: Color) { fill(rect.corners, color) }

  mutating func stroke(_ line: [Point], _ style: StrokeStyle, _ color: Color, closed: Bool = false) {
    items.append(.stroke(line, closed: closed, style, color))
  }

  /// A line whose sides fall on device pixels at double density.
  mutating func hairline(_ a: Point, _ b: Point, width: Double, _ color: Color, dash: [Double] = []) {
    func snap(_ x: Double) -> Double { (x * 2).rounded() / 2 }
    let (a, b) = (Point(snap(a.x), snap(a.y)), Point(snap(b.x), snap(b.y)))
    items.append(.stroke([a, b], closed: false, StrokeStyle(width: width, dash: dash), color))
  }

  /// Where along its width a line of text is held.
  enum Anchor: Double, Sendable {
    case start = 0
    case middle = 0.5
    case end = 1
  }

  /// Sets a line with its baseline at `point`, held at `anchor`.
  mutating func text(_ line: TextLine, at point: Point, anchor: Anchor = .start, upwards: Bool = false) {
    let shift = line.width * anchor.rawValue
    let start = upwards ? Point(point.x, point.y + shift) : Point(point.x - shift, point.y)
    items.append(.text(line, at: start, upwards: upwards))
  }

  /// The picture at `scale` device pixels per CSS pixel.
  func rasterized(scale: Double) -> Canvas {
    var canvas = Canvas(
      width: max(1, Int((width * scale).rounded())), height: max(1, Int((height * scale).rounded())),
      scale: scale, background: background)
    var glyphs = GlyphCache()
    let darkOnLight = background.luminance > 0.5
    for item in items {
      switch item {
      case .fill(let polygons, let color): canvas.fill(polygons, color)
      case .stroke(let line, let closed, let style, let color):
        canvas.stroke(line, closed: closed, style, color)
      case .text(let line, let origin, let upwards):
        let outlines = line.outlines(at: origin, upwards: upwards, scale: scale, cache: &glyphs)
        // In linear light, dark letters on a light page look thinner than light letters on a dark one.
        canvas.fillDevice(outlines, line.style.color, emphasis: darkOnLight ? 0.35 : 0)
      case .stamps(let outline, let places, let color): canvas.stamp(outline, at: places, color)
      case .clip(let rect): canvas.setClip(rect)
      }
    }
    return canvas
  }
}
