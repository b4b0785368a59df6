// Serves draw: reads outlines and metrics from a TrueType file (the OpenType specification, version 1.9).

/// A TrueType font. What is missing or damaged reads as zero, so that no file can stop the program.
struct TrueTypeFont: Sendable {
  /// A closed curve of straight lines and quadratic Béziers.
  struct Contour: Hashable, Sendable {
    struct Node: Hashable, Sendable {
      var x: Double
      var y: Double
      var onCurve: Bool
    }
    var nodes: [Node]
  }

  let unitsPerEm: Double
  /// Above the baseline, positive; in font units.
  let ascent: Double
  /// Below the baseline, positive; in font units.
  let descent: Double
  let glyphCount: Int

  private let bytes: [UInt8]
  private let glyphTable: Range<Int>
  private let locations: Range<Int>
  private let longLocations: Bool
  private let advances: Range<Int>
  private let advanceCount: Int
  private let characterMap: Int?
  private let characterMapFormat: Int
  private let kerning: (start: Int, count: Int)?

  init(_ bytes: [UInt8]) {
    let reader = ByteReader(bytes: bytes)
    var tables: [UInt32: Range<Int>] = [:]
    for index in 0..<reader.u16(4) {
      let entry = 12 + 16 * index
      let start = reader.u32(entry + 8)
      tables[UInt32(truncatingIfNeeded: reader.u32(entry))] = start..<(start + reader.u32(entry + 12))
    }
    func table(_ tag: StaticString) -> Range<Int> {
      let name = tag.withUTF8Buffer { $0.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
      return tables[name] ?? 0..<0
    }
    let (head, hhea) = (table("head").lowerBound, table("hhea").lowerBound)
    self.bytes = bytes
    unitsPerEm = Double(max(1, reader.u16(head + 18)))
    ascent = Double(reader.i16(hhea + 4))
    descent = Double(-reader.i16(hhea + 6))
    longLocations = reader.i16(head + 50) != 0
    glyphCount = reader.u16(table("maxp").lowerBound + 4)
    glyphTable = table("glyf")
    locations = table("loca")
    advances = table("hmtx")
    advanceCount = max(1, reader.u16(hhea + 34))

    let cmap = table("cmap").lowerBound
    var best: (format: Int, start: Int)?
    for index in 0..<reader.u16(cmap + 2) {
      let start = cmap + reader.u32(cmap + 8 + 8 * index)
      let format = reader.u16(start)
      if format == 12 || (format == 4 && best?.format != 12) { best = (format, start) }
    }
    characterMap = best?.start
    characterMapFormat = best?.format ?? 0

    let kern = table("kern").lowerBound
    // Version 0, first subtable, horizontal, format 0.
    let isPlain = kern > 0 && reader.u16(kern) == 0 && reader.u16(kern + 2) > 0
    let coverage = reader.u16(kern + 8)
    kerning =
      isPlain && coverage >> 8 == 0 && coverage & 1 == 1 ? (kern + 18, reader.u16(kern + 10)) : nil
  }

  private var reader: ByteReader { ByteReader(bytes: bytes) }

  /// The glyph of a character; 0 when the font has none.
  func glyph(for scalar: Unicode.Scalar) -> Int {
    guard let map = characterMap else { return 0 }
    let (reader, code) = (self.reader, Int(scalar.value))
    let glyph = characterMapFormat == 12 ? segmented(reader, map, code) : bmp(reader, map, code)
    return glyph < glyphCount ? glyph : 0
  }

  /// Format 12: groups of (first, last, first glyph), sorted.
  private func segmented(_ reader: ByteReader, _ map: Int, _ code: Int) -> Int {
    var (low, high) = (0, reader.u32(map + 12))
    while low < high {
      let middle = (low + high) / 2
      let group = map + 16 + 12 * middle
      if code > reader.u32(group + 4) {
        low = middle + 1
      } else if code < reader.u32(group) {
        high = middle
      } else {
        return reader.u32(group + 8) + code - reader.u32(group)
      }
    }
    return 0
  }

  /// Format 4: segments by last code, with a difference or an offset into a list of glyphs.
  private func bmp(_ reader: ByteReader, _ map: Int, _ code: Int) -> Int {
    guard code < 0x10000 else { return 0 }
    let count = reader.u16(map + 6) / 2
    let (ends, starts) = (map + 14, map + 16 + 2 * count)
    let (deltas, offsets) = (starts + 2 * count, starts + 4 * count)
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if reader.u16(ends + 2 * middle) < code { low = middle + 1 } else { high = middle }
    }
    guard low < count, reader.u16(starts + 2 * low) <= code else { return 0 }
    let delta = reader.u16(deltas + 2 * low)
    let offset = reader.u16(offsets + 2 * low)
    if offset == 0 { return (code + delta) & 0xFFFF }
    let glyph = reader.u16(offsets + 2 * low + offset + 2 * (code - reader.u16(starts + 2 * low)))
    return glyph == 0 ? 0 : (glyph + delta) & 0xFFFF
  }

  /// The advance width of a glyph in font units.
  func advance(of glyph: Int) -> Double {
    Double(reader.u16(advances.lowerBound + 4 * min(glyph, advanceCount - 1)))
  }

  /// The correction of the distance between two glyphs in font units.
  func kerning(_ left: Int, _ right: Int) -> Double {
    guard let kerning else { return 0 }
    let (reader, pair) = (self.reader, left << 16 | right)
    var (low, high) = (0, kerning.count)
    while low < high {
      let middle = (low + high) / 2
      let entry = kerning.start + 6 * middle
      let key = reader.u32(entry)
      if key == pair { return Double(reader.i16(entry + 4)) }
      if key < pair { low = middle + 1 } else { high = middle }
    }
    return 0
  }

  /// The outline of a glyph in font units, y upwards.
  func outline(of glyph: Int) -> [Contour] { outline(of: glyph, depth: 0) }

  private func outline(of glyph: Int, depth: Int) -> [Contour] {
    guard glyph >= 0, glyph < glyphCount, depth < 6 else { return [] }
    let reader = self.reader
    let step = longLocations ? 4 : 2
    func location(_ index: Int) -> Int {
      let place = locations.lowerBound + step * index
      return longLocations ? reader.u32(place) : 2 * reader.u16(place)
    }
    let (start, end) = (location(glyph), location(glyph + 1))
    guard end > start, end <= glyphTable.count else { return [] }
    let place = glyphTable.lowerBound + start
    let contours = reader.i16(place)
    return contours >= 0
      ? simpleOutline(reader, place, contours) : compositeOutline(reader, place, depth)
  }

  private func simpleOutline(_ reader: ByteReader, _ glyph: Int, _ count: Int) -> [Contour] {
    guard count > 0 else { return [] }
    let ends = (0..<count).map { reader.u16(glyph + 10 + 2 * $0) }
    guard let last = ends.last, zip(ends, ends.dropFirst()).allSatisfy({ $0 < $1 }) else { return [] }
    var place = glyph + 10 + 2 * count
    place += 2 + reader.u16(place)
    var flags: [Int] = []
    while flags.count <= last, place < bytes.count {
      let flag = reader.u8(place)
      place += 1
      flags.append(flag)
      guard flag & 8 != 0 else { continue }
      for _ in 0..<reader.u8(place) { flags.append(flag) }
      place += 1
    }
    guard flags.count > last else { return [] }
    func coordinates(short: Int, same: Int) -> [Double] {
      var value = 0
      return (0...last).map { index in
        if flags[index] & short != 0 {
          value += flags[index] & same != 0 ? reader.u8(place) : -reader.u8(place)
          place += 1
        } else if flags[index] & same == 0 {
          value += reader.i16(place)
          place += 2
        }
        return Double(value)
      }
    }
    let xs = coordinates(short: 2, same: 16)
    let ys = coordinates(short: 4, same: 32)
    var first = 0
    return ends.map { end in
      defer { first = end + 1 }
      return Contour(
        nodes: (first...end).map { Contour.Node(x: xs[$0], y: ys[$0], onCurve: flags[$0] & 1 != 0) })
    }
  }

  private func compositeOutline(_ reader: ByteReader, _ glyph: Int, _ depth: Int) -> [Contour] {
    var contours: [Contour] = []
    var place = glyph + 10
    // The longest composite glyphs have a handful of parts.
    for _ in 0..<64 {
      let flags = reader.u16(place)
      let part = reader.u16(place + 2)
      place += 4
      var (dx, dy) = (0.0, 0.0)
      let words = flags & 1 != 0
      if flags & 2 != 0 {
        dx = Double(words ? reader.i16(place) : reader.i8(place))
        dy = Double(words ? reader.i16(place + 2) : reader.i8(place + 1))
      }
      place += words ? 4 : 2
      var (a, b, c, d) = (1.0, 0.0, 0.0, 1.0)
      func fraction() -> Double {
        place += 2
        return Double(reader.i16(place - 2)) / 16384
      }
      if flags & 8 != 0 {
        a = fraction()
        d = a
      } else if flags & 0x40 != 0 {
        a = fraction()
        d = fraction()
      } else if flags & 0x80 != 0 {
        a = fraction()
        b = fraction()
        c = fraction()
        d = fraction()
      }
      for contour in outline(of: part, depth: depth + 1) {
        let nodes = contour.nodes.map {
          Contour.Node(x: a * $0.x + c * $0.y + dx, y: b * $0.x + d * $0.y + dy, onCurve: $0.onCurve)
        }
        contours.append(Contour(nodes: nodes))
      }
      if flags & 0x20 == 0 { break }
    }
    return contours
  }
}

extension TrueTypeFont.Contour {
  /// The contour as a polygon in which every curve is `steps` straight lines.
  func flattened(steps: Int) -> [Point] {
    guard let start = startPoint else { return [] }
    var polygon = [start.point]
    var control: Point?
    var current = start.point
    func curve(to end: Point) {
      if let middle = control {
        for step in 1...steps {
          let t = Double(step) / Double(steps)
          let (a, b, c) = ((1 - t) * (1 - t), 2 * t * (1 - t), t * t)
          polygon.append(current * a + middle * b + end * c)
        }
      } else {
        polygon.append(end)
      }
      control = nil
      current = end
    }
    for offset in 0..<nodes.count {
      let node = nodes[(start.next + offset) % nodes.count]
      let point = Point(node.x, node.y)
      if node.onCurve {
        curve(to: point)
      } else {
        // Between two control points lies an implied point of the curve.
        if let last = control { curve(to: (last + point) * 0.5) }
        control = point
      }
    }
    curve(to: start.point)
    return polygon
  }

  /// A point of the curve to start at, and the node that follows it.
  private var startPoint: (point: Point, next: Int)? {
    guard let first = nodes.first, let last = nodes.last else { return nil }
    if let index = nodes.firstIndex(where: \.onCurve) {
      return (Point(nodes[index].x, nodes[index].y), index + 1)
    }
    return (Point((first.x + last.x) / 2, (first.y + last.y) / 2), 0)
  }
}

/// Big-endian numbers; zero beyond the end.
private struct ByteReader {
  let bytes: [UInt8]

  func u8(_ at: Int) -> Int { at >= 0 && at < bytes.count ? Int(bytes[at]) : 0 }
  func i8(_ at: Int) -> Int { Int(Int8(truncatingIfNeeded: u8(at))) }
  func u16(_ at: Int) -> Int { u8(at) << 8 | u8(at + 1) }
  func i16(_ at: Int) -> Int { Int(Int16(truncatingIfNeeded: u16(at))) }
  func u32(_ at: Int) -> Int { u16(at) << 16 | u16(at + 2) }
}
