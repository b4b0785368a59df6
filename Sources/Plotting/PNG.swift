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

/// The bytes of a PNG file of `pixels` (RGB), with a palette when 256 colours suffice.
///
/// Level 6 is within 6 % of the size of level 9 for a sixth of its time. The bytes depend on the pixels, the texts and the installed libpng and zlib, and on nothing else.
func encodePNG(
  pixels: [UInt8], width: Int, height: Int, scale: Double, texts: [(keyword: String, text: String)],
  level: Int32 = 6
) throws(PNGError) -> [UInt8] {
  let indexed = paletteIndices(of: pixels)
  let samples = indexed?.indices ?? pixels
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
  let bytes: UnsafeMutablePointer<UInt8>? = samples.withUnsafeBufferPointer { samples in
    palette.withUnsafeBufferPointer { palette in
      chunks.withUnsafeBufferPointer { chunks in
        var image = offprint_png_image(
          pixels: samples.baseAddress, width: UInt32(width), height: UInt32(height),
          samples: indexed == nil ? 3 : 1, palette: palette.baseAddress,
          palette_count: Int32(palette.count / 3),
          // A CSS pixel is 1/96 inch.
          pixels_per_metre: UInt32((96 * scale / 0.0254).rounded()),
          texts: chunks.baseAddress, text_count: Int32(chunks.count), level: level)
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

/// The picture as indices into a palette, in order of first appearance; `nil` when it has more than 256 colours.
private func paletteIndices(of rgb: [UInt8]) -> (indices: [UInt8], palette: [UInt8])? {
  // An open hash table of 1024 places is never more than a quarter full.
  var keys = [UInt32](repeating: .max, count: 1024)
  var numbers = [UInt8](repeating: 0, count: 1024)
  var palette: [UInt8] = []
  var fits = true
  let indices = [UInt8](unsafeUninitializedCapacity: rgb.count / 3) { indices, count in
    var (last, lastIndex): (UInt32, UInt8) = (.max, 0)
    for pixel in 0..<(rgb.count / 3) {
      let color = UInt32(rgb[3 * pixel]) << 16 | UInt32(rgb[3 * pixel + 1]) << 8 | UInt32(rgb[3 * pixel + 2])
      if color != last {
        var place = Int((color &* 2_654_435_761) >> 22)
        while keys[place] != color, keys[place] != .max { place = (place + 1) & 1023 }
        if keys[place] == .max {
          guard palette.count < 768 else {
            fits = false
            return
          }
          keys[place] = color
          numbers[place] = UInt8(palette.count / 3)
          palette += [rgb[3 * pixel], rgb[3 * pixel + 1], rgb[3 * pixel + 2]]
        }
        (last, lastIndex) = (color, numbers[place])
      }
      indices[pixel] = lastIndex
      count = pixel + 1
    }
  }
  return fits ? (indices, palette) : nil
}
