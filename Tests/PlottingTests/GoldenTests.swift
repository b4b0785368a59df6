// Whole figures: their pixels never change without notice.
import Testing

@testable import Plotting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct GoldenTests {
  @Test(arguments: Gallery.all) func pixels(_ example: Example) throws {
    for theme in Theme.allCases {
      let figure = try example.draw(theme)
      try keep(figure.png, "\(example.name)-\(theme.rawValue).png")
    }
  }

  private func keep(_ bytes: [UInt8], _ name: String) throws {
    guard let folder = getenv("OFFPRINT_GALLERY") else { return }
    let path = String(cString: folder) + "/" + name
    let file = try #require(fopen(path, "wb"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
