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
  static let digests: [String: [String]] = [:]

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
