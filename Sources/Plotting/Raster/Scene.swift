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
  ///
  /// It is painted in strips of rows that fit in a processor's cache; each pixel sees the shapes in their order.
  func rasterized(scale: Double) -> Picture {
    let width = max(1, Int((self.width * scale).rounded()))
    let height = max(1, Int((self.height * scale).rounded()))
    let shapes = deviceShapes(width: width, height: height, scale: scale)
    let stride = 3 * width + 1
    let rows = [UInt8](unsafeUninitializedCapacity: stride * height + 1) { bytes, count in
      for top in Swift.stride(from: 0, to: height, by: Scene.stripHeight) {
        let strip = top..<min(top + Scene.stripHeight, height)
        var canvas = Canvas(width: width, rows: strip, background: background)
        for shape in shapes { canvas.paint(shape) }
        if let start = bytes.baseAddress { canvas.encode(into: start + stride * top) }
      }
      count = stride * height
    }
    return Picture(width: width, height: height, rows: rows)
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
      case .text(let line, let origin, let upwards):
        let outlines = line.outlines(at: origin, upwards: upwards, scale: scale, cache: &glyphs)
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

/// A finished picture.
struct Picture: Sendable {
  var width: Int
  var height: Int
  /// The rows one after another: a zero, the filter byte of a PNG, then three bytes of sRGB a pixel.
  var rows: [UInt8]

  /// The pixels row by row, three bytes each.
  var pixels: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 3 * width * height) { pixels, count in
      for row in 0..<height {
        let source = rows[(row * (3 * width + 1) + 1)..<((row + 1) * (3 * width + 1))]
        let target = UnsafeMutableBufferPointer(rebasing: pixels[(3 * width * row)...].prefix(3 * width))
        _ = target.update(fromContentsOf: source)
      }
      count = 3 * width * height
    }
  }
}
