// Serves draw: a finished picture, and how it is made from rows of light.

/// A finished picture: indices into a palette, or colours when there are too many for one.
struct Picture: Sendable {
  var width: Int
  var height: Int
  /// Bytes a pixel: 1 for an index into the palette, 3 for sRGB.
  var samples: Int
  /// Three bytes of sRGB for each index, in order of first appearance; empty without indices.
  var palette: [UInt8]
  /// The rows as a PNG has them, compressed.
  var stream: [UInt8]
}

/// A picture whose rows come from top to bottom. It keeps indices as long as 256 colours suffice.
struct PictureBuilder {
  private let width: Int
  private let height: Int
  private var indices = ColorIndices()
  /// The rows so far as indices.
  private var indexRows: [UInt8] = []
  /// The rows as colours, once there are too many for indices.
  private var colorRows: RowCompressor?
  private var row: [UInt8]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    row = Array(repeating: 0, count: width)
  }

  /// Adds a row of light, 16 bits a channel.
  mutating func append(_ light: UnsafeBufferPointer<SIMD4<UInt16>>) {
    if colorRows == nil, !appendIndices(light) { colorRows = widened() }
    if let colorRows { appendColors(light, to: colorRows) }
  }

  /// The picture, when all rows are there.
  func finished() -> Picture {
    if let colorRows {
      return Picture(width: width, height: height, samples: 3, palette: [], stream: colorRows.finished())
    }
    let rows = RowCompressor(stride: width + 1, samples: 1)
    indexRows.withUnsafeBytes { bytes in
      for row in 0..<height {
        rows.append { target in
          let source = UnsafeRawBufferPointer(rebasing: bytes[(row * width)..<((row + 1) * width)])
          UnsafeMutableRawBufferPointer(start: target, count: width).copyMemory(from: source)
        }
      }
    }
    return Picture(
      width: width, height: height, samples: 1, palette: indices.palette, stream: rows.finished())
  }

  /// Adds a row of indices; false when there are too many colours.
  private mutating func appendIndices(_ light: UnsafeBufferPointer<SIMD4<UInt16>>) -> Bool {
    let fits = row.withUnsafeMutableBufferPointer { row in
      light.forEachRun { columns, color in
        guard let index = indices.index(of: color) else { return false }
        row[columns].update(repeating: index)
        return true
      }
    }
    if fits { indexRows += row }
    return fits
  }

  private func appendColors(_ light: UnsafeBufferPointer<SIMD4<UInt16>>, to rows: RowCompressor) {
    rows.append { bytes in
      _ = light.forEachRun { columns, color in
        var place = 3 * columns.lowerBound
        let end = 3 * columns.upperBound
        // What reaches beyond the run is overwritten by what follows.
        if columns.count < 3 {
          while place < end {
            bytes.storeBytes(of: color.littleEndian, toByteOffset: place, as: UInt32.self)
            place += 3
          }
          return true
        }
        // Four pixels are twelve bytes: words that repeat with the colour's bytes turned.
        let pixels = (color | color << 24, color >> 8 | color << 16, color >> 16 | color << 8)
        while place < end {
          bytes.storeBytes(of: pixels.0.littleEndian, toByteOffset: place, as: UInt32.self)
          bytes.storeBytes(of: pixels.1.littleEndian, toByteOffset: place + 4, as: UInt32.self)
          bytes.storeBytes(of: pixels.2.littleEndian, toByteOffset: place + 8, as: UInt32.self)
          place += 12
        }
        return true
      }
    }
  }

  /// The rows so far as colours.
  private mutating func widened() -> RowCompressor {
    let rows = RowCompressor(stride: 3 * width + 1, samples: 3)
    for start in stride(from: 0, to: indexRows.count, by: max(width, 1)) {
      rows.append { bytes in
        for (column, index) in indexRows[start..<(start + width)].enumerated() {
          for channel in 0..<3 {
            bytes.storeBytes(
              of: indices.palette[3 * Int(index) + channel], toByteOffset: 3 * column + channel,
              as: UInt8.self)
          }
        }
      }
    }
    indexRows = []
    return rows
  }
}

extension UnsafeBufferPointer<SIMD4<UInt16>> {
  /// Hands runs of equal light from left to right to `body`, as sRGB with red in the lowest of three bytes, until it
  /// returns false. Returns whether it never did.
  @inline(__always)
  fileprivate func forEachRun(_ body: (_ columns: Range<Int>, _ color: UInt32) -> Bool) -> Bool {
    byteOfLight.withUnsafeBufferPointer { table in
      var column = 0
      while column < count {
        let light = self[column]
        let end = endOfRun(of: unsafeBitCast(light, to: UInt64.self), from: column + 1, to: count)
        let color =
          UInt32(table[Int(light.x)]) | UInt32(table[Int(light.y)]) << 8 | UInt32(table[Int(light.z)]) << 16
        guard body(column..<end, color) else { return false }
        column = end
      }
      return true
    }
  }
}

/// The numbers of the colours of a picture, in order of first appearance.
private struct ColorIndices {
  /// Three bytes a colour.
  private(set) var palette: [UInt8] = []
  // An open hash table of 1024 places is never more than a quarter full.
  private var keys = [UInt32](repeating: .max, count: 1024)
  private var numbers = [UInt8](repeating: 0, count: 1024)

  /// The index of a colour; `nil` when there is no room for it.
  mutating func index(of color: UInt32) -> UInt8? {
    var place = Int((color &* 2_654_435_761) >> 22)
    while keys[place] != color, keys[place] != .max { place = (place + 1) & 1023 }
    if keys[place] == .max {
      guard palette.count < 768 else { return nil }
      keys[place] = color
      numbers[place] = UInt8(palette.count / 3)
      palette += [0, 8, 16].map { UInt8(truncatingIfNeeded: color >> $0) }
    }
    return numbers[place]
  }
}
