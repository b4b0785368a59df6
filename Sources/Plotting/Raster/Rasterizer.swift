// Serves draw: paints shapes into rows of pixels, blending in linear light.

/// Some rows of a picture under construction: light per pixel, 16 bits a channel.
///
/// Polygons are rasterised by signed areas (see `CoverageBuffer`); no sampling is involved.
final class Canvas {
  let width: Int
  private(set) var rows: Range<Int>
  private(set) var pixels: [SIMD4<UInt16>]

  private let background: SIMD4<UInt16>
  private let areas: CoverageBuffer
  private let mask: CoverageBuffer
  /// The outline of a piece of a line, kept so that each piece needs no memory of its own.
  private var outline: [Point] = []

  init(width: Int, rows: Range<Int>, background: Color) {
    self.width = width
    self.rows = rows
    let light = background.light
    self.background = SIMD4(light.x, light.y, light.z, 0)
    pixels = Array(repeating: self.background, count: width * rows.count)
    areas = CoverageBuffer(width: width, rows: rows)
    mask = CoverageBuffer(width: width, rows: rows)
  }

  /// Begins anew with other rows, at most as many as at first.
  func begin(rows: Range<Int>) {
    self.rows = rows
    areas.move(to: rows)
    mask.move(to: rows)
    pixels.withUnsafeMutableBufferPointer { $0.update(repeating: background) }
  }

  /// Hands the rows from top to bottom to `body`.
  func forEachRow(_ body: (UnsafeBufferPointer<SIMD4<UInt16>>) -> Void) {
    pixels.withUnsafeBufferPointer { pixels in
      for row in rows.indices {
        let start = (row - rows.lowerBound) * width
        body(UnsafeBufferPointer(rebasing: pixels[start..<(start + width)]))
      }
    }
  }

  /// Paints the part of a shape that lies in the canvas's rows.
  func paint(_ shape: DeviceShape) {
    var clip = shape.clip
    clip.top = max(clip.top, rows.lowerBound)
    clip.bottom = min(clip.bottom, rows.upperBound)
    guard clip.left < clip.right, clip.top < clip.bottom, shape.top < Double(clip.bottom),
      shape.bottom > Double(clip.top)
    else { return }
    switch shape.form {
    case .areas(let outlines, let emphasis):
      for outline in outlines { areas.add(outline, clip) }
      paintAreas(shape.color, emphasis: emphasis)
    case .stroke(let pieces, let radius, let roundEnds):
      for piece in pieces { strokePiece(piece, radius: radius, roundEnds: roundEnds, clip) }
      paintMask(shape.color)
    case .stamps(let masks, let places): stamp(masks, places, shape.color, clip)
    }
  }

  /// Adds one dash, or a whole line, to the mask. The mask keeps the largest coverage, so a line that overlaps itself
  /// is covered once.
  private func strokePiece(_ piece: [Point], radius: Double, roundEnds: Bool, _ clip: PixelBounds) {
    let margin = radius * 4 + 2
    let bounds = Rect(
      left: Double(clip.left) - margin, top: Double(clip.top) - margin, right: Double(clip.right) + margin,
      bottom: Double(clip.bottom) + margin)
    if piece.count == 1 || (piece.count == 2 && piece[0] == piece[1]) {
      guard roundEnds, bounds.contains(piece[0]) else { return }
      areas.add(circlePolygon(center: piece[0], radius: radius), clip)
      mask.keepLarger(of: areas)
      return
    }
    for index in 1..<max(1, piece.count) {
      let (from, to) = (piece[index - 1], piece[index])
      // Most pieces of a long line lie in other rows.
      guard min(from.y, to.y) - radius <= Double(clip.bottom), max(from.y, to.y) + radius >= Double(clip.top),
        let (a, b) = clipped(from, to, to: bounds)
      else { continue }
      let start = roundEnds || index > 1
      let end = roundEnds || index < piece.count - 1
      outline.removeAll(keepingCapacity: true)
      addSegmentOutline(a, b, radius: radius, roundStart: start, roundEnd: end, to: &outline)
      areas.add(outline, clip)
      mask.keepLarger(of: areas)
    }
  }

  /// Blends the pixels that the areas cover and empties their buffer; `emphasis` thickens faint edges, as text of few
  /// pixels needs.
  private func paintAreas(_ color: Color, emphasis: Double) {
    var brush = Brush(color)
    let boost = Float(emphasis)
    pixels.withUnsafeMutableBufferPointer { pixels in
      areas.drain { row, columns, values in
        let line = UnsafeMutableBufferPointer(rebasing: pixels[(row * width)..<((row + 1) * width)])
        var sum: Float = 0
        var column = columns.lowerBound
        while column < columns.upperBound {
          sum += values[column]
          values[column] = 0
          let coverage = min(abs(sum), 1)
          brush.set(coverage > 0.0005 ? coverage + coverage * (1 - coverage) * boost : 0)
          // Inside of a shape nothing changes from pixel to pixel.
          let end = values.endOfZeros(from: column + 1, to: columns.upperBound)
          if brush.strength != 0 { brush.blend(line, column..<min(end, width)) }
          column = end
        }
      }
    }
  }

  private func paintMask(_ color: Color) {
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
  private func stamp(
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

  /// Moves neighbouring pixels, several at a time where they are alike.
  @inline(__always)
  mutating func blend(_ line: UnsafeMutableBufferPointer<SIMD4<UInt16>>, _ columns: Range<Int>) {
    var column = columns.lowerBound
    while column < columns.upperBound {
      blend(&line[column])
      let end = line.endOfRun(of: last.old, from: column + 1, to: columns.upperBound)
      for place in (column + 1)..<end { line[place] = last.new }
      column = end
    }
  }
}

extension UnsafeMutableBufferPointer<SIMD4<UInt16>> {
  /// The first of some places whose pixel is not as given; the end when there is none.
  @inline(__always)
  func endOfRun(of pixel: UInt64, from start: Int, to end: Int) -> Int {
    UnsafeBufferPointer(self).endOfRun(of: pixel, from: start, to: end)
  }
}

extension UnsafeBufferPointer<SIMD4<UInt16>> {
  /// The first of some places whose pixel is not as given; the end when there is none.
  @inline(__always)
  func endOfRun(of pixel: UInt64, from start: Int, to end: Int) -> Int {
    let bytes = UnsafeRawPointer(baseAddress)
    var place = start
    while place + 8 <= end, let bytes {
      let eight =
        bytes.loadUnaligned(fromByteOffset: 8 * place, as: SIMD8<UInt64>.self) ^ SIMD8(repeating: pixel)
      let four = eight.lowHalf | eight.highHalf
      let two = four.lowHalf | four.highHalf
      if two.x | two.y != 0 { break }
      place += 8
    }
    while place < end, unsafeBitCast(self[place], to: UInt64.self) == pixel { place += 1 }
    return place
  }
}
