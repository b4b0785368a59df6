// Serves draw: how much of each pixel a polygon or a stroke covers, exactly, and blending in linear light.

/// Some rows of a picture under construction: light per pixel, 16 bits a channel.
///
/// Polygons are rasterised by signed areas: each edge adds, to the pixels it crosses, the area to its right, and a running
/// sum along the row gives the covered fraction of each pixel. No sampling is involved, so a polygon's coverage adds up
/// to its area. (The method of R. Levien's font-rs, 2016.)
struct Canvas {
  let width: Int
  let rows: Range<Int>

  private(set) var pixels: [SIMD4<UInt16>]
  private var areas: CoverageBuffer
  private var mask: CoverageBuffer

  init(width: Int, rows: Range<Int>, background: Color) {
    self.width = width
    self.rows = rows
    let light = background.light
    pixels = Array(repeating: SIMD4(light.x, light.y, light.z, 0), count: width * rows.count)
    areas = CoverageBuffer(width: width, rows: rows)
    mask = CoverageBuffer(width: width, rows: rows)
  }

  /// Paints the part of a shape that lies in the canvas's rows.
  mutating func paint(_ shape: DeviceShape) {
    var clip = shape.clip
    clip.top = max(clip.top, rows.lowerBound)
    clip.bottom = min(clip.bottom, rows.upperBound)
    guard clip.left < clip.right, clip.top < clip.bottom, shape.top < Double(clip.bottom),
      shape.bottom > Double(clip.top)
    else { return }
    switch shape.form {
    case .areas(let outlines, let emphasis):
      for outline in outlines { addPolygon(outline, clip) }
      paintAreas(shape.color, emphasis: emphasis)
    case .stroke(let pieces, let radius, let roundEnds):
      for piece in pieces { strokePiece(piece, radius: radius, roundEnds: roundEnds, clip) }
      paintMask(shape.color)
    case .stamps(let masks, let places): stamp(masks, places, shape.color, clip)
    }
  }

  /// Adds one dash, or a whole line, to the mask. The mask keeps the largest coverage, so a line that overlaps itself
  /// is covered once.
  private mutating func strokePiece(
    _ piece: [Point], radius: Double, roundEnds: Bool, _ clip: PixelBounds
  ) {
    let margin = radius * 4 + 2
    let bounds = Rect(
      left: Double(clip.left) - margin, top: Double(clip.top) - margin, right: Double(clip.right) + margin,
      bottom: Double(clip.bottom) + margin)
    if piece.count == 1 || (piece.count == 2 && piece[0] == piece[1]) {
      guard roundEnds, bounds.contains(piece[0]) else { return }
      addPolygon(circlePolygon(center: piece[0], radius: radius), clip)
      mask.keepLarger(of: &areas)
      return
    }
    for index in 1..<max(1, piece.count) {
      let (from, to) = (piece[index - 1], piece[index])
      // Most pieces of a long line lie in other rows.
      guard min(from.y, to.y) <= bounds.bottom, max(from.y, to.y) >= bounds.top,
        let (a, b) = clipped(from, to, to: bounds)
      else { continue }
      let start = roundEnds || index > 1
      let end = roundEnds || index < piece.count - 1
      addPolygon(segmentOutline(a, b, radius: radius, roundStart: start, roundEnd: end), clip)
      mask.keepLarger(of: &areas)
    }
  }

  private mutating func addPolygon(_ polygon: [Point], _ clip: PixelBounds) {
    guard var previous = polygon.last, polygon.count > 2 else { return }
    for point in polygon {
      areas.addEdge(previous, point, clip)
      previous = point
    }
  }

  /// Blends the pixels that the areas cover and empties their buffer; `emphasis` thickens faint edges, as text of few
  /// pixels needs.
  private mutating func paintAreas(_ color: Color, emphasis: Double) {
    var brush = Brush(color)
    let boost = Float(emphasis)
    pixels.withUnsafeMutableBufferPointer { pixels in
      areas.drain { row, columns, values in
        var sum: Float = 0
        let start = row * width
        for column in columns {
          let value = values[column]
          // Inside of a shape nothing changes from pixel to pixel.
          if value != 0 {
            sum += value
            values[column] = 0
            let coverage = min(abs(sum), 1)
            brush.set(coverage > 0.0005 ? coverage + coverage * (1 - coverage) * boost : 0)
          }
          guard column < width else { break }
          if brush.strength != 0 { brush.blend(&pixels[start + column]) }
        }
        brush.set(0)
      }
    }
  }

  private mutating func paintMask(_ color: Color) {
    var brush = Brush(color)
    pixels.withUnsafeMutableBufferPointer { pixels in
      mask.drain { row, columns, values in
        let start = row * width
        for column in columns {
          let coverage = values[column]
          values[column] = 0
          guard coverage > 0.0005, column < width else { continue }
          brush.set(coverage)
          brush.blend(&pixels[start + column])
        }
      }
    }
  }

  /// Paints a small shape at many places.
  private mutating func stamp(
    _ masks: StampMasks, _ places: [StampMasks.Place], _ color: Color, _ clip: PixelBounds
  ) {
    var brush = Brush(color)
    let side = masks.side
    pixels.withUnsafeMutableBufferPointer { pixels in
      for place in places {
        let (left, top) = (Int(place.left), Int(place.top))
        let (first, end) = (max(clip.top, top), min(clip.bottom, top + side))
        let (from, to) = (max(clip.left, left), min(clip.right, left + side))
        guard first < end, from < to else { continue }
        masks.coverage[Int(place.phase)].withUnsafeBufferPointer { mask in
          for row in first..<end {
            let start = (row - rows.lowerBound) * width
            let line = (row - top) * side - left
            for column in from..<to {
              let coverage = mask[line + column]
              guard coverage > 0.0005 else { continue }
              brush.set(coverage)
              brush.blend(&pixels[start + column])
            }
          }
        }
      }
    }
  }

  /// Writes the rows as 8-bit sRGB, three bytes a pixel, each row after a zero, the filter byte of a PNG. There must be
  /// room for a byte more than that.
  func encode(into bytes: UnsafeMutableRawPointer) {
    byteOfLight.withUnsafeBufferPointer { table in
      pixels.withUnsafeBufferPointer { pixels in
        var last = UInt64(1) << 48
        var color: UInt32 = 0
        var place = 0
        for row in 0..<rows.count {
          bytes.storeBytes(of: 0, toByteOffset: place, as: UInt8.self)
          place += 1
          for index in (row * width)..<((row + 1) * width) {
            let pixel = pixels[index]
            let bits = unsafeBitCast(pixel, to: UInt64.self)
            if bits != last {
              last = bits
              color =
                UInt32(table[Int(pixel.x)]) | UInt32(table[Int(pixel.y)]) << 8
                | UInt32(table[Int(pixel.z)]) << 16
            }
            // The fourth byte is overwritten by what follows.
            bytes.storeBytes(of: color.littleEndian, toByteOffset: place, as: UInt32.self)
            place += 3
          }
        }
      }
    }
  }
}

/// A colour that is blended with many pixels. Neighbours mostly have the same colour and the same coverage, so the last
/// result is kept.
private struct Brush {
  /// How much of the colour a pixel gets, in 65536ths.
  private(set) var strength: UInt32 = 0
  private let source: SIMD4<UInt32>
  private let opacity: Float
  private var last: (old: UInt64, strength: UInt32, new: SIMD4<UInt16>) = (1 << 48, 0, .zero)

  init(_ color: Color) {
    let light = color.light
    source = SIMD4(UInt32(light.x), UInt32(light.y), UInt32(light.z), 0)
    opacity = Float(min(max(color.opacity, 0), 1) * 65536)
  }

  /// Covers the pixels that follow by a fraction.
  @inline(__always)
  mutating func set(_ coverage: Float) { strength = min(UInt32(coverage * opacity + 0.5), 65536) }

  /// Moves a pixel towards the colour, by the same integers on every machine.
  @inline(__always)
  mutating func blend(_ pixel: inout SIMD4<UInt16>) {
    let old = unsafeBitCast(pixel, to: UInt64.self)
    if old != last.old || strength != last.strength {
      let wide = SIMD4<UInt32>(truncatingIfNeeded: pixel)
      // 65535 × 65536 + 32768 fits in 32 bits, so nothing overflows.
      let mixed = (wide &* (65536 &- strength)) &+ (source &* strength) &+ 32768
      let new = strength == 65536 ? source : mixed &>> 16
      last = (old, strength, SIMD4<UInt16>(truncatingIfNeeded: new))
    }
    pixel = last.new
  }
}

/// Whole pixels: `left` and `top` inside, `right` and `bottom` outside.
struct PixelBounds: Hashable, Sendable {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int
}

/// One number per pixel of some rows (and one spare column) with the part of each row that is in use.
struct CoverageBuffer {
  private let stride: Int
  private let top: Int
  private var values: [Float]
  private var first: [Int32]
  private var last: [Int32]
  private var usedRows: Range<Int> = 0..<0

  init(width: Int, rows: Range<Int>) {
    stride = width + 2
    top = rows.lowerBound
    values = Array(repeating: 0, count: stride * rows.count)
    first = Array(repeating: .max, count: rows.count)
    last = Array(repeating: -1, count: rows.count)
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
    let endRow = min(ceiling(lower.y), top + first.count)
    use((firstRow - top)..<(endRow - top))
    let limit = Double(stride - 2)
    values.withUnsafeMutableBufferPointer { values in
      var x = upper.x
      for row in firstRow..<endRow {
        let height = min(Double(row + 1), lower.y) - max(Double(row), upper.y)
        let next = min(max(x + slope * height, 0), limit)
        let area = height * sign
        let (low, high) = x < next ? (x, next) : (next, x)
        let firstColumn = Int(low)
        let endColumn = ceiling(high)
        let base = (row - top) * stride
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
        first[row - top] = min(first[row - top], Int32(firstColumn))
        last[row - top] = max(last[row - top], Int32(max(endColumn, firstColumn + 1)))
        x = next
      }
    }
  }

  private mutating func use(_ rows: Range<Int>) {
    usedRows =
      usedRows.isEmpty
      ? rows : min(usedRows.lowerBound, rows.lowerBound)..<max(usedRows.upperBound, rows.upperBound)
  }

  /// Hands each used row, counted from the first, to `body`, which must leave its values zero, and forgets which parts
  /// were used.
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

/// The least whole number not below a number ≥ 0; `rounded(.up)` is a call of the C library on older processors.
@inline(__always)
private func ceiling(_ x: Double) -> Int {
  let whole = Int(x)
  return Double(whole) < x ? whole + 1 : whole
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
