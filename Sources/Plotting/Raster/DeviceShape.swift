// Serves draw: the shapes of a scene in device pixels, ready to be painted in any rows of the picture.

/// What is painted in one go, with one colour.
struct DeviceShape {
  enum Form {
    /// Polygons; areas wound twice in the same sense are covered once.
    case areas([[Point]], emphasis: Double)
    /// Lines in pieces, each covered once.
    case stroke([[Point]], radius: Double, roundEnds: Bool)
    /// A small shape at many places.
    case stamps(StampMasks, [StampMasks.Place])
  }

  var form: Form
  var color: Color
  var clip: PixelBounds
  /// Between which heights it lies.
  var top: Double
  var bottom: Double

  /// Polygons in device pixels.
  init(areas: [[Point]], emphasis: Double = 0, _ color: Color, _ clip: PixelBounds) {
    self.init(.areas(areas, emphasis: emphasis), color, clip, DeviceShape.extent(areas, reach: 0))
  }

  /// An open or closed line, given in CSS pixels.
  init(
    stroke line: [Point], closed: Bool, _ style: StrokeStyle, _ color: Color, scale: Double,
    _ clip: PixelBounds
  ) {
    let device = line.filter(\.isFinite).map { $0 * scale }
    let radius = style.width * scale / 2
    if style.join == .miter, style.dash.isEmpty {
      self.init(areas: miteredOutline(of: device, closed: closed, radius: radius), color, clip)
      return
    }
    let path = simplified(closed ? device + device.prefix(1) : device, tolerance: 0.04)
    let pieces = dashed(path, style.dash.map { $0 * scale })
    self.init(
      .stroke(pieces, radius: radius, roundEnds: style.roundCaps), color, clip,
      DeviceShape.extent(pieces, reach: radius + 1))
  }

  /// A small outline, given round the origin, at many places, both in CSS pixels. Its coverage is worked out once for
  /// each eighth of a pixel, so that a million places cost no more than the pixels under them.
  init(stamps outline: [Point], at places: [Point], _ color: Color, scale: Double, _ clip: PixelBounds) {
    let masks = StampMasks(outline.map { $0 * scale })
    let placed = places.compactMap { masks.place($0 * scale) }
    let (top, bottom) = (placed.map(\.top).min() ?? 0, placed.map(\.top).max() ?? 0)
    self.init(.stamps(masks, placed), color, clip, (Double(top), Double(bottom) + Double(masks.side)))
  }

  private init(_ form: Form, _ color: Color, _ clip: PixelBounds, _ extent: (top: Double, bottom: Double)) {
    (self.form, self.color, self.clip) = (form, color, clip)
    (top, bottom) = extent
  }

  private static func extent(_ lines: [[Point]], reach: Double) -> (top: Double, bottom: Double) {
    var (top, bottom) = (Double.infinity, -Double.infinity)
    for line in lines {
      for point in line where point.isFinite {
        top = min(top, point.y)
        bottom = max(bottom, point.y)
      }
    }
    return (top - reach, bottom + reach)
  }
}

/// How much of each pixel a small shape covers, at each eighth of a pixel.
struct StampMasks {
  /// Where a mask is laid, and which.
  struct Place {
    var left: Int32
    var top: Int32
    var phase: Int32
  }

  let side: Int
  let coverage: [[Float]]
  private let reach: Int

  init(_ outline: [Point]) {
    // Moved by up to seven eighths, the shape stays within a pixel beyond its reach.
    let reach = Int((outline.map { max(abs($0.x), abs($0.y)) }.max() ?? 0).rounded(.up))
    let side = 2 * reach + 1
    coverage = (0..<64).map { phase in
      let offset = Point(Double(reach) + Double(phase % 8) / 8, Double(reach) + Double(phase / 8) / 8)
      return StampMasks.coverage(of: outline.map { $0 + offset }, side: side)
    }
    (self.side, self.reach) = (side, reach)
  }

  /// The place nearest to a point in device pixels: a whole pixel and a number of eighths.
  func place(_ point: Point) -> Place? {
    guard point.isFinite, abs(point.x) < 1e6, abs(point.y) < 1e6 else { return nil }
    let (x, y) = (Int32((point.x * 8).rounded()), Int32((point.y * 8).rounded()))
    return Place(left: x >> 3 - Int32(reach), top: y >> 3 - Int32(reach), phase: (y & 7) * 8 + (x & 7))
  }

  private static func coverage(of outline: [Point], side: Int) -> [Float] {
    let buffer = CoverageBuffer(width: side, rows: 0..<side)
    buffer.add(outline, PixelBounds(left: 0, top: 0, right: side, bottom: side))
    var mask = [Float](repeating: 0, count: side * side)
    buffer.drain { row, columns, values in
      var sum: Float = 0
      for column in columns {
        sum += values[column]
        values[column] = 0
        if column < side { mask[row * side + column] = min(abs(sum), 1) }
      }
    }
    return mask
  }
}
