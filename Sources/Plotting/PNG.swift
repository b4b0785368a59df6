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

/// The bytes of a PNG file of a picture.
///
/// The bytes depend on the pixels and the texts, and on nothing else: rows come compressed, not by the installed zlib.
func encodePNG(
  _ picture: Picture, scale: Double, texts: [(keyword: String, text: String)]
) throws(PNGError) -> [UInt8] {
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
  let bytes: UnsafeMutablePointer<UInt8>? = picture.stream.withUnsafeBufferPointer { stream in
    picture.palette.withUnsafeBufferPointer { palette in
      chunks.withUnsafeBufferPointer { chunks in
        var image = offprint_png_image(
          stream: stream.baseAddress, stream_count: stream.count, width: UInt32(picture.width),
          height: UInt32(picture.height), samples: Int32(picture.samples), palette: palette.baseAddress,
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
