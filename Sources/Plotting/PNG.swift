// Serves write: pixels to the bytes of a PNG file.
import CPNG

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A picture that could not be encoded or decoded.
public struct PNGError: Error, Sendable, CustomStringConvertible {
  /// What libpng said.
  public var description: String
}

/// The bytes of a PNG file of a picture, with a palette when 256 colours suffice.
///
/// Rows have no filter: flat areas and thin marks compress best when equal rows stay equal. The bytes depend on the pixels and the texts, and on nothing else: rows are compressed here, not by the installed zlib.
func encodePNG(
  _ picture: Picture, scale: Double, texts: [(keyword: String, text: String)]
) throws(PNGError) -> [UInt8] {
  let indexed = paletteIndices(of: picture)
  let samples = indexed == nil ? 3 : 1
  let stream = zlibStream(
    of: indexed?.rows ?? picture.rows, stride: picture.width * samples + 1, samples: samples)
  let palette = indexed?.palette ?? []
  var message = [CChar](repeating: 0, count: Int(OFFPRINT_PNG_ERROR_SIZE))
  var count = 0
  // strdup keeps the texts alive over the call without nesting a closure for each.
  let copies = texts.map { (strdup($0.keyword), strdup($0.text)) }
  defer {
    for (keyword, text) in copies {
      free(keyword)
      free(text)
    }
  }
  let chunks = copies.map { offprint_png_text(keyword: $0.0, text: $0.1) }
  let bytes: UnsafeMutablePointer<UInt8>? = stream.withUnsafeBufferPointer { stream in
    palette.withUnsafeBufferPointer { palette in
      chunks.withUnsafeBufferPointer { chunks in
        var image = offprint_png_image(
          stream: stream.baseAddress, stream_count: stream.count, width: UInt32(picture.width),
          height: UInt32(picture.height), samples: Int32(samples), palette: palette.baseAddress,
          palette_count: Int32(palette.count / 3),
          // A CSS pixel is 1/96 inch.
          pixels_per_metre: UInt32((96 * scale / 0.0254).rounded()),
          texts: chunks.baseAddress, text_count: Int32(chunks.count))
        return offprint_png_encode(&image, &count, &message)
      }
    }
  }
  guard let bytes else { throw PNGError(description: text(of: message)) }
  defer { free(bytes) }
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// A decoded picture.
struct DecodedPNG {
  var width: Int
  var height: Int
  var rgba: [UInt8]
}

/// Reads a PNG file back.
func decodePNG(_ bytes: [UInt8]) throws(PNGError) -> DecodedPNG {
  var message = [CChar](repeating: 0, count: Int(OFFPRINT_PNG_ERROR_SIZE))
  var (width, height): (UInt32, UInt32) = (0, 0)
  guard let pixels = offprint_png_decode(bytes, bytes.count, &width, &height, &message) else {
    throw PNGError(description: text(of: message))
  }
  defer { free(pixels) }
  let rgba = Array(UnsafeBufferPointer(start: pixels, count: Int(width) * Int(height) * 4))
  return DecodedPNG(width: Int(width), height: Int(height), rgba: rgba)
}

private func text(of message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The rows of a picture as indices into a palette, in order of first appearance; `nil` when it has more than 256
/// colours.
private func paletteIndices(of picture: Picture) -> (rows: [UInt8], palette: [UInt8])? {
  // An open hash table of 1024 places is never more than a quarter full.
  var keys = [UInt32](repeating: .max, count: 1024)
  var numbers = [UInt8](repeating: 0, count: 1024)
  var palette: [UInt8] = []
  var (last, lastIndex): (UInt32, UInt8) = (.max, 0)
  /// The index of a colour; `nil` when there is no room for it.
  func index(of color: UInt32) -> UInt8? {
    if color == last { return lastIndex }
    var place = Int((color &* 2_654_435_761) >> 22)
    while keys[place] != color, keys[place] != .max { place = (place + 1) & 1023 }
    if keys[place] == .max {
      guard palette.count < 768 else { return nil }
      keys[place] = color
      numbers[place] = UInt8(palette.count / 3)
      palette += [16, 8, 0].map { UInt8(truncatingIfNeeded: color >> $0) }
    }
    (last, lastIndex) = (color, numbers[place])
    return lastIndex
  }
  var rows: [UInt8] = []
  let fits = picture.rows.withUnsafeBufferPointer { rgb -> Bool in
    for row in 0..<picture.height {
      rows.append(0)
      var place = row * (3 * picture.width + 1) + 1
      for _ in 0..<picture.width {
        let color = UInt32(rgb[place]) << 16 | UInt32(rgb[place + 1]) << 8 | UInt32(rgb[place + 2])
        guard let index = index(of: color) else { return false }
        rows.append(index)
        place += 3
      }
    }
    return true
  }
  return fits ? (rows, palette) : nil
}
