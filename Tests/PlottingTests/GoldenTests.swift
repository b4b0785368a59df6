// Whole figures: their pixels never change without notice.
import Tables
import Testing

@testable import Plotting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct GoldenTests {
  /// Digests of the decoded pixels in the light and the dark theme. When a change is meant, look at the pictures
  /// (`OFFPRINT_GALLERY=folder` writes them) before recording new ones: a failure prints them.
  static let digests: [String: [String]] = [
    "area": ["da9bd5188c26c7dd", "6808e5ea33c26cfa"],
    "bars": ["e51aa34054e4040a", "5ab1a89c8fe7975b"],
    "classes": ["2ecd68b198c8d646", "912fe0d8c0cba4ca"],
    "facets": ["c79f5b71f6d20ac3", "aa0aec8f6a466fa6"],
    "gap-log-t": ["c5a89e64810d64a7", "6fe31ecee334d200"],
    "grid-of-facets": ["54fdf47943b49a15", "a96978e26f402b4a"],
    "heat-map": ["7c80d57f6d295988", "989602d8b331700b"],
    "horizontal-bars": ["cfdf7f3c056bbb4e", "aacb9fa931c1f514"],
    "intervals": ["e44797790601d0b4", "e665290ffa5f350f"],
    "learning-rate": ["d3b1e9268e40d828", "e1198e8b547bd790"],
    "lottery": ["2b0fa09018ed13f6", "b9124a65b87bb821"],
    "mixed-panels": ["67e7f17739f1cc00", "46692fef018f6756"],
    "panels": ["f626c36bf7396b41", "e2e9981d5b268dd9"],
    "patterns": ["7d6a21938a8f589a", "3709486533e32f77"],
    "training-curves": ["c2d6f8abcf30ef08", "2f5333a0b686000d"],
    "width": ["e2e402c9613d52dc", "19967b70e6f84bd3"],
  ]

  @Test(arguments: Gallery.all) func pixels(_ example: Example) throws {
    var found: [String] = []
    for theme in Theme.allCases {
      let figure = try example.draw(theme)
      try Gallery.keep(figure.png, "\(example.name)-\(theme.rawValue).png")
      found.append(digest(try decodePNG(figure.png)))
    }
    let known = Self.digests[example.name] ?? []
    #expect(found == known, "\"\(example.name)\": \(found),")
  }

  @Test func drawingTwiceGivesTheSameBytes() throws {
    #expect(try Gallery.bars.draw().png == Gallery.bars.draw().png)
  }

  @Test func aDifferentValueIsADifferentPicture() throws {
    var changed = Gallery.area
    changed.tables[0].rows[30][1] = .number(0)
    #expect(try changed.draw().png != Gallery.area.draw().png)
  }

  /// FNV-1a, 64 bits, of size and pixels.
  private func digest(_ picture: DecodedPNG) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for size in [picture.width, picture.height] {
      add(UInt8(truncatingIfNeeded: size))
      add(UInt8(truncatingIfNeeded: size >> 8))
    }
    for byte in picture.rgba { add(byte) }
    return String(hash, radix: 16)
  }
}

extension Gallery {
  /// Writes a picture to the folder named by `OFFPRINT_GALLERY`, when there is one.
  static func keep(_ bytes: [UInt8], _ name: String) throws {
    guard let folder = getenv("OFFPRINT_GALLERY") else { return }
    let path = String(cString: folder) + "/" + name
    let file = try #require(fopen(path, "wb"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
