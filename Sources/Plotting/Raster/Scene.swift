// Serves draw: the list of shapes between layout and pixels.

/// What a figure consists of, in painting order, in CSS pixels.
struct Scene: Sendable {
  enum Item: Sendable {
    case fill([[Point]], Color)
    case stroke([Point], closed: Bool, StrokeStyle, Color)
    /// A line of text whose baseline starts at the point.
    case text(TextLine, at: Point, TextDirection)
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
  mutating func text(
    _ line: TextLine, at point: Point, anchor: Anchor = .start, _ direction: TextDirection = .rightwards
  ) {
    let start = point - direction.unit * (line.width * anchor.rawValue)
    items.append(.text(line, at: start, direction))
  }

  /// The picture at `scale` device pixels per CSS pixel.
  ///
  /// It is painted in strips of rows that fit in a processor's cache; each pixel sees the shapes in their order.
  func rasterized(scale: Double) -> Picture {
    let width = max(1, Int((self.width * scale).rounded()))
    let height = max(1, Int((self.height * scale).rounded()))
    let shapes = deviceShapes(width: width, height: height, scale: scale)
    let canvas = Canvas(width: width, rows: 0..<min(Scene.stripHeight, height), background: background)
    var picture = PictureBuilder(width: width, height: height)
    for top in stride(from: 0, to: height, by: Scene.stripHeight) {
      canvas.begin(rows: top..<min(top + Scene.stripHeight, height))
      for shape in shapes { canvas.paint(shape) }
      canvas.forEachRow { picture.append($0) }
    }
    return picture.finished()
  }

  private static let stripHeight = 64

  /// The shapes in device pixels, in painting order. The sides of clips are rounded to whole pixels.
  func deviceShapes(width: Int, height: Int, scale: Double) -> [DeviceShape] {
    let whole = PixelBounds(left: 0, top: 0, right: width, bottom: height)
    func pixel(_ length: Double, _ limit: Int) -> Int {
      Int(min(max((length * scale).rounded(), 0), Double(limit)))
    }
    var clip = whole
    var glyphs = GlyphCache()
    var shapes: [DeviceShape] = []
    shapes.reserveCapacity(items.count)
    // In linear light, dark letters on a light page look thinner than light letters on a dark one.
    let emphasis = background.luminance > 0.5 ? 0.35 : 0
    for item in items {
      switch item {
      case .fill(let polygons, let color):
        shapes.append(DeviceShape(areas: polygons.map { $0.map { $0 * scale } }, color, clip))
      case .stroke(let line, let closed, let style, let color):
        shapes.append(DeviceShape(stroke: line, closed: closed, style, color, scale: scale, clip))
      case .text(let line, let origin, let direction):
        let outlines = line.outlines(at: origin, direction, scale: scale, cache: &glyphs)
        shapes.append(DeviceShape(areas: outlines, emphasis: emphasis, line.style.color, clip))
      case .stamps(let outline, let places, let color):
        shapes.append(DeviceShape(stamps: outline, at: places, color, scale: scale, clip))
      case .clip(let rect):
        clip =
          rect.map {
            PixelBounds(
              left: pixel($0.left, width), top: pixel($0.top, height), right: pixel($0.right, width),
              bottom: pixel($0.bottom, height))
          } ?? whole
      }
    }
    return shapes
  }
}
