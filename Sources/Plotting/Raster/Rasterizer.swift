// Serves draw: how much of each pixel a polygon or a stroke covers, exactly, and blending in linear light.

/// A picture under construction: light per pixel, 16 bits a channel.
///
/// Polygons are rasterised by signed areas: each edge adds, to the pixels it crosses, the area to its right, and a running
/// sum along the row gives the covered fraction of each pixel. No sampling is involved, so a polygon's coverage adds up
/// to its area. (The method of R. Levien's font-rs, 2016.)
struct Canvas {
  let width: Int
  let height: Int
  /// Device pixels per CSS pixel.
  let scale: Double

  private(set) var pixels: [SIMD4<UInt16>]
  private var areas: CoverageBuffer
  private var mask: CoverageBuffer
  private var clip: PixelBounds

  init(width: Int, height: Int, scale: Double, background: Color) {
    self.width = width
    self.height = height
    self.scale = scale
    let light = background.light
    pixels = Array(repeating: SIMD4(light.x, light.y, light.z, 0), count: width * height)
    areas = CoverageBuffer(width: width, height: height)
    mask = CoverageBuffer(width: width, height: height)
    clip = PixelBounds(left: 0, top: 0, right: width, bottom: height)
  }

  /// Restricts drawing to a rectangle whose sides are rounded to whole device pixels; `nil` lifts the restriction.
  mutating func setClip(_ rect: Rect?) {
    let whole = PixelBounds(left: 0, top: 0, right: width, bottom: height)
    guard let rect else {
      clip = whole
      return
    }
    func pixel(_ length: Double, _ limit: Int) -> Int {
      Int(min(max((length * scale).rounded(), 0), Double(limit)))
    }
    clip = PixelBounds(
      left: pixel(rect.left, width), top: pixel(rect.top, height),
      right: pixel(rect.right, width), bottom: pixel(rect.bottom, height))
  }

  /// Fills polygons (in CSS pixels); areas wound twice in the same sense are covered once.
  mutating func fill(_ polygons: [[Point]], _ color: Color) {
    for polygon in polygons { addPolygon(polygon) }
    paint(color, emphasis: 0)
  }

  /// Fills outlines given in device pixels; `emphasis` thickens faint edges, as text of few pixels needs.
  mutating func fillDevice(_ outlines: [[Point]], _ color: Color, emphasis: Double) {
    for outline in outlines { addDevicePolygon(outline) }
    paint(color, emphasis: emphasis)
  }

  /// Strokes an open or closed line (in CSS pixels).
  mutating func stroke(_ line: [Point], closed: Bool, _ style: StrokeStyle, _ color: Color) {
    let device = line.filter(\.isFinite).map { $0 * scale }
    let radius = style.width * scale / 2
    let margin = radius * 4 + 2
    let bounds = Rect(
      left: Double(clip.left) - margin, top: Double(clip.top) - margin, right: Double(clip.right) + margin,
      bottom: Double(clip.bottom) + margin)
    if style.join == .miter, style.dash.isEmpty {
      for polygon in miteredOutline(of: device, closed: closed, radius: radius) { addDevicePolygon(polygon) }
      paint(color, emphasis: 0)
      return
    }
    let path = simplified(closed ? device + device.prefix(1) : device, tolerance: 0.04)
    let dash = style.dash.map { $0 * scale }
    for piece in dashed(path, dash) {
      strokePiece(piece, radius: radius, roundEnds: style.roundCaps, bounds: bounds)
    }
    paintMask(color)
  }

  /// Adds one dash, or a whole line, to the mask. The mask keeps the largest coverage, so a line that overlaps itself
  /// is covered once.
  private mutating func strokePiece(_ piece: [Point], radius: Double, roundEnds: Bool, bounds: Rect) {
    if piece.count == 1 || (piece.count == 2 && piece[0] == piece[1]) {
      guard roundEnds, bounds.contains(piece[0]) else { return }
      addDevicePolygon(circlePolygon(center: piece[0], radius: radius))
      gatherMask()
      return
    }
    for index in 1..<max(1, piece.count) {
      guard let (a, b) = clipped(piece[index - 1], piece[index], to: bounds) else { continue }
      let start = roundEnds || index > 1
      let end = roundEnds || index < piece.count - 1
      addDevicePolygon(segmentOutline(a, b, radius: radius, roundStart: start, roundEnd: end))
      gatherMask()
    }
  }

  private mutating func addPolygon(_ polygon: [Point]) {
    guard var previous = polygon.last, polygon.count > 2 else { return }
    for point in polygon {
      areas.addEdge(previous * scale, point * scale, clip)
      previous = point
    }
  }

  private mutating func addDevicePolygon(_ polygon: [Point]) {
    guard var previous = polygon.last, polygon.count > 2 else { return }
    for point in polygon {
      areas.addEdge(previous, point, clip)
      previous = point
    }
  }

  /// Blends the covered pixels and empties the buffer of areas.
  private mutating func paint(_ color: Color, emphasis: Double) {
    let light = color.light
    let source = SIMD4<UInt32>(UInt32(light.x), UInt32(light.y), UInt32(light.z), 0)
    let strength = Float(min(max(color.opacity, 0), 1) * 65536)
    let boost = Float(emphasis)
    let width = self.width
    pixels.withUnsafeMutableBufferPointer { pixels in
      areas.drain { row, columns, values in
        var sum: Float = 0
        let start = row * width
        for column in columns {
          sum += values[column]
          values[column] = 0
          guard column < width else { break }
          var coverage = min(abs(sum), 1)
          guard coverage > 0.0005 else { continue }
          coverage += coverage * (1 - coverage) * boost
          blend(&pixels[start + column], source, UInt32(coverage * strength + 0.5))
        }
      }
    }
  }

  /// Moves the areas into the mask, keeping the larger coverage of each pixel.
  private mutating func gatherMask() { mask.keepLarger(of: &areas) }

  private mutating func paintMask(_ color: Color) {
    let light = color.light
    let source = SIMD4<UInt32>(UInt32(light.x), UInt32(light.y), UInt32(light.z), 0)
    let strength = Float(min(max(color.opacity, 0), 1) * 65536)
    let width = self.width
    pixels.withUnsafeMutableBufferPointer { pixels in
      mask.drain { row, columns, values in
        let start = row * width
        for column in columns {
          let coverage = values[column]
          values[column] = 0
          guard coverage > 0.0005, column < width else { continue }
          blend(&pixels[start + column], source, UInt32(coverage * strength + 0.5))
        }
      }
    }
  }

  /// Fills a small outline (in CSS pixels round the origin) at many places. Its coverage is worked out once for each
  /// eighth of a pixel, so that a million places cost no more than the pixels under them.
  mutating func stamp(_ outline: [Point], at places: [Point], _ color: Color) {
    let device = outline.map { $0 * scale }
    let reach = Int((device.map { max(abs($0.x), abs($0.y)) }.max() ?? 0).rounded(.up)) + 1
    let side = 2 * reach + 2
    let steps = 8
    var masks = [[Float]?](repeating: nil, count: steps * steps)
    let light = color.light
    let source = SIMD4<UInt32>(UInt32(light.x), UInt32(light.y), UInt32(light.z), 0)
    let strength = Float(min(max(color.opacity, 0), 1) * 65536)
    for place in places where place.isFinite {
      let (x, y) = (place.x * scale, place.y * scale)
      guard abs(x) < 1e6, abs(y) < 1e6 else { continue }
      // The place to the nearest eighth: a whole pixel and a number of eighths.
      let (eighthsX, eighthsY) = (Int((x * Double(steps)).rounded()), Int((y * Double(steps)).rounded()))
      let (column, row) = (eighthsX >> 3, eighthsY >> 3)
      let phase = (eighthsY & 7) * steps + (eighthsX & 7)
      if masks[phase] == nil {
        let offset = Point(
          Double(reach) + Double(eighthsX & 7) / Double(steps),
          Double(reach) + Double(eighthsY & 7) / Double(steps))
        masks[phase] = Canvas.coverage(of: device.map { $0 + offset }, side: side)
      }
      guard let mask = masks[phase] else { continue }
      let rows =
        max(clip.top, row - reach)..<max(max(clip.top, row - reach), min(clip.bottom, row - reach + side))
      let columns =
        max(
          clip.left, column - reach)..<max(
          max(clip.left, column - reach), min(clip.right, column - reach + side))
      pixels.withUnsafeMutableBufferPointer { pixels in
        for line in rows {
          let start = (line - row + reach) * side - column + reach
          for place in columns {
            let coverage = mask[start + place]
            if coverage > 0.0005 {
              blend(&pixels[line * width + place], source, UInt32(coverage * strength + 0.5))
            }
          }
        }
      }
    }
  }

  /// The covered fraction of each pixel of a small square.
  private static func coverage(of outline: [Point], side: Int) -> [Float] {
    var buffer = CoverageBuffer(width: side, height: side)
    let bounds = PixelBounds(left: 0, top: 0, right: side, bottom: side)
    for (a, b) in zip(outline, outline.dropFirst() + outline.prefix(1)) { buffer.addEdge(a, b, bounds) }
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

  /// The finished picture, 8-bit sRGB, three bytes a pixel.
  func encoded() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: pixels.count * 3) { bytes, count in
      byteOfLight.withUnsafeBufferPointer { table in
        pixels.withUnsafeBufferPointer { pixels in
          var last = SIMD4<UInt16>(0, 0, 0, 1)
          var (red, green, blue): (UInt8, UInt8, UInt8) = (0, 0, 0)
          for index in 0..<pixels.count {
            let pixel = pixels[index]
            if pixel != last {
              last = pixel
              red = table[Int(pixel.x)]
              green = table[Int(pixel.y)]
              blue = table[Int(pixel.z)]
            }
            bytes[3 * index] = red
            bytes[3 * index + 1] = green
            bytes[3 * index + 2] = blue
          }
        }
      }
      count = pixels.count * 3
    }
  }
}

/// `pixel` moved towards `source` by `strength` / 65536, rounded; the same integers on every machine.
@inline(__always)
private func blend(_ pixel: inout SIMD4<UInt16>, _ source: SIMD4<UInt32>, _ strength: UInt32) {
  let strength = min(strength, 65536)
  let old = SIMD4<UInt32>(truncatingIfNeeded: pixel)
  if strength == 65536 {
    pixel = SIMD4<UInt16>(truncatingIfNeeded: source)
    return
  }
  // 65535 × 65536 + 32768 fits in 32 bits, so nothing overflows.
  let mixed = (old &* (65536 &- strength)) &+ (source &* strength) &+ 32768
  pixel = SIMD4<UInt16>(truncatingIfNeeded: mixed &>> 16)
}

/// Whole pixels: `left` and `top` inside, `right` and `bottom` outside.
struct PixelBounds: Hashable, Sendable {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int
}

/// One number per pixel (and one spare column) with the part of each row that is in use.
struct CoverageBuffer {
  private let stride: Int
  private var values: [Float]
  private var first: [Int32]
  private var last: [Int32]
  private var usedRows: Range<Int> = 0..<0

  init(width: Int, height: Int) {
    stride = width + 2
    values = Array(repeating: 0, count: stride * height)
    first = Array(repeating: .max, count: height)
    last = Array(repeating: -1, count: height)
  }

  /// Adds the signed area to the right of an edge (device pixels) to the pixels inside `clip`.
  mutating func addEdge(_ a: Point, _ b: Point, _ clip: PixelBounds) {
    guard a.y != b.y, a.isFinite, b.isFinite, clip.left < clip.right, clip.top < clip.bottom else { return }
    let sign: Double = a.y < b.y ? 1 : -1
    var (upper, lower) = a.y < b.y ? (a, b) : (b, a)
    let (top, bottom) = (Double(clip.top), Double(clip.bottom))
    guard lower.y > top, upper.y < bottom else { return }
    let slope = (lower.x - upper.x) / (lower.y - upper.y)
    if upper.y < top { upper = Point(upper.x + (top - upper.y) * slope, top) }
    if lower.y > bottom { lower = Point(lower.x - (lower.y - bottom) * slope, bottom) }
    splitAtSides(upper, lower, slope, sign, clip)
  }

  /// Cuts an edge at the left and right side of the clip: what is beyond a side counts as running down it.
  private mutating func splitAtSides(
    _ upper: Point, _ lower: Point, _ slope: Double, _ sign: Double, _ clip: PixelBounds
  ) {
    let (left, right) = (Double(clip.left), Double(clip.right))
    if upper.x >= left, upper.x <= right, lower.x >= left, lower.x <= right {
      addInside(upper, lower, slope, sign)
      return
    }
    func crossing(_ x: Double) -> Double {
      slope == 0 ? upper.y : min(max(upper.y + (x - upper.x) / slope, upper.y), lower.y)
    }
    let (atLeft, atRight) = (crossing(left), crossing(right))
    let cuts = [upper.y, min(atLeft, atRight), max(atLeft, atRight), lower.y]
    for (top, bottom) in zip(cuts, cuts.dropFirst()) where bottom > top {
      let (a, b) = (upper.x + (top - upper.y) * slope, upper.x + (bottom - upper.y) * slope)
      let middle = (a + b) / 2
      if middle <= left {
        addInside(Point(left, top), Point(left, bottom), 0, sign)
      } else if middle < right {
        let (a, b) = (min(max(a, left), right), min(max(b, left), right))
        addInside(Point(a, top), Point(b, bottom), (b - a) / (bottom - top), sign)
      } else {
        // Nothing lies to the right, but the row is in use up to here.
        addInside(Point(right, top), Point(right, bottom), 0, sign)
      }
    }
  }

  private mutating func addInside(_ upper: Point, _ lower: Point, _ slope: Double, _ sign: Double) {
    guard lower.y > upper.y else { return }
    let firstRow = Int(upper.y)
    let endRow = min(Int(lower.y.rounded(.up)), first.count)
    use(firstRow..<endRow)
    let limit = Double(stride - 2)
    values.withUnsafeMutableBufferPointer { values in
      var x = upper.x
      for row in firstRow..<endRow {
        let height = min(Double(row + 1), lower.y) - max(Double(row), upper.y)
        let next = min(max(x + slope * height, 0), limit)
        let area = height * sign
        let (low, high) = x < next ? (x, next) : (next, x)
        let firstColumn = Int(low)
        let endColumn = Int(high.rounded(.up))
        let base = row * stride
        if endColumn <= firstColumn + 1 {
          let middle = (x + next) / 2 - Double(firstColumn)
          values[base + firstColumn] += Float(area - area * middle)
          values[base + firstColumn + 1] += Float(area * middle)
        } else {
          // The edge crosses several pixels of the row: the area grows as a parabola, then a line, then a parabola.
          let share = 1 / (high - low)
          let rest = 1 - (low - Double(firstColumn))
          let overhang = high - Double(endColumn - 1)
          let start = 0.5 * share * rest * rest
          let end = 0.5 * share * overhang * overhang
          var previous = start
          values[base + firstColumn] += Float(area * start)
          if endColumn > firstColumn + 2 {
            let second = share * (rest + 0.5)
            values[base + firstColumn + 1] += Float(area * (second - start))
            previous = second
            for column in (firstColumn + 2)..<(endColumn - 1) {
              values[base + column] += Float(area * share)
              previous += share
            }
          }
          values[base + endColumn - 1] += Float(area * (1 - end - previous))
          values[base + endColumn] += Float(area * end)
        }
        first[row] = min(first[row], Int32(firstColumn))
        last[row] = max(last[row], Int32(max(endColumn, firstColumn + 1)))
        x = next
      }
    }
  }

  private mutating func use(_ rows: Range<Int>) {
    usedRows =
      usedRows.isEmpty
      ? rows : min(usedRows.lowerBound, rows.lowerBound)..<max(usedRows.upperBound, rows.upperBound)
  }

  /// Hands each used row to `body`, which must leave its values zero, and forgets which parts were used.
  mutating func drain(_ body: (_ row: Int, _ columns: ClosedRange<Int>, _ values: inout RowValues) -> Void) {
    values.withUnsafeMutableBufferPointer { values in
      for row in usedRows where last[row] >= 0 {
        var rowValues = RowValues(values: values, start: row * stride)
        body(row, Int(first[row])...Int(last[row]), &rowValues)
        first[row] = .max
        last[row] = -1
      }
    }
    usedRows = 0..<0
  }

  /// Takes over the covered fractions that `areas` stand for where they are larger, and empties the areas.
  mutating func keepLarger(of areas: inout CoverageBuffer) {
    let rows = areas.usedRows
    guard !rows.isEmpty else { return }
    use(rows)
    values.withUnsafeMutableBufferPointer { values in
      areas.values.withUnsafeMutableBufferPointer { areaValues in
        for row in rows where areas.last[row] >= 0 {
          let (start, end) = (areas.first[row], areas.last[row])
          var sum: Float = 0
          for place in (row * stride + Int(start))...(row * stride + Int(end)) {
            sum += areaValues[place]
            areaValues[place] = 0
            values[place] = max(values[place], min(abs(sum), 1))
          }
          first[row] = min(first[row], start)
          last[row] = max(last[row], end)
          areas.first[row] = .max
          areas.last[row] = -1
        }
      }
    }
    areas.usedRows = 0..<0
  }
}

/// One row of a coverage buffer.
struct RowValues {
  fileprivate let values: UnsafeMutableBufferPointer<Float>
  fileprivate let start: Int

  subscript(column: Int) -> Float {
    get { values[start + column] }
    nonmutating set { values[start + column] = newValue }
  }
}
