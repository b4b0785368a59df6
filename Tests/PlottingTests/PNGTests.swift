// The file that is written is the picture that was drawn.
import Testing

@testable import Plotting

@Suite struct PNGTests {
  /// The chunks of a PNG file: names with their data.
  private func chunks(_ bytes: [UInt8]) -> [(name: String, data: [UInt8])] {
    var result: [(String, [UInt8])] = []
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
      result.append((name, Array(bytes[(place + 8)..<(place + 8 + length)])))
      place += 12 + length
    }
    return result
  }

  private func picture(colors: Int) -> [UInt8] {
    (0..<(40 * 30)).flatMap { pixel -> [UInt8] in
      let color = pixel % colors
      return [UInt8(color % 256), UInt8(color / 256), 7]
    }
  }

  private func encoded(
    _ pixels: [UInt8], _ width: Int, _ height: Int, texts: [(keyword: String, text: String)] = []
  ) throws -> [UInt8] {
    var builder = PictureBuilder(width: width, height: height)
    for row in 0..<height {
      let light = (0..<width).map { column -> SIMD4<UInt16> in
        let place = 3 * (row * width + column)
        let channels = (0..<3).map { lightOfByte[Int(pixels[place + $0])] }
        return SIMD4(channels[0], channels[1], channels[2], 0)
      }
      light.withUnsafeBufferPointer { builder.append($0) }
    }
    let picture = builder.finished()
    return try encodePNG(picture, scale: 2, texts: texts)
  }

  @Test(arguments: [1, 2, 255, 256, 257, 1000]) func picturesComeBack(colors: Int) throws {
    let pixels = picture(colors: colors)
    let bytes = try encoded(pixels, 40, 30)
    let decoded = try decodePNG(bytes)
    #expect(decoded.width == 40 && decoded.height == 30)
    let rgb = (0..<1200).flatMap { decoded.rgba[(4 * $0)..<(4 * $0 + 3)] }
    #expect(rgb == pixels)
    let hasPalette = chunks(bytes).contains { $0.name == "PLTE" }
    #expect(hasPalette == (colors <= 256))
  }

  /// Repetitions of every length and distance, and noise, which has none.
  @Test(arguments: 1...60) func anyRowsComeBack(seed: UInt64) throws {
    var random = TestRandom(seed)
    func below(_ count: Int) -> Int { Int(random.uniform() * Double(count)) }
    let (width, height) = (1 + below(300), 1 + below(90))
    let noise = random.uniform()
    var pixels: [UInt8] = []
    while pixels.count < 3 * width * height {
      if pixels.count > 3, random.uniform() > noise {
        let (start, length) = (below(pixels.count - 2), 1 + below(seed % 2 == 0 ? 2000 : 12))
        for place in start..<(start + length) { pixels.append(pixels[place]) }
      } else {
        pixels.append(UInt8(below(seed % 3 == 0 ? 3 : 256)))
      }
    }
    pixels.removeLast(pixels.count - 3 * width * height)
    let decoded = try decodePNG(encoded(pixels, width, height))
    #expect((0..<(width * height)).flatMap { decoded.rgba[(4 * $0)..<(4 * $0 + 3)] } == pixels)
  }

  /// The 257th colour may come in the last row, when all others are written as indices.
  @Test func colorsMayBecomeTooManyLate() throws {
    let pixels = (0..<272).flatMap { pixel -> [UInt8] in [UInt8(pixel % 256), UInt8(pixel / 256), 9] }
    let bytes = try encoded(pixels, 16, 17)
    #expect(!chunks(bytes).contains { $0.name == "PLTE" })
    let decoded = try decodePNG(bytes)
    let found = (0..<272).flatMap { pixel -> ArraySlice<UInt8> in
      decoded.rgba[(4 * pixel)..<(4 * pixel + 3)]
    }
    #expect(found == pixels)
  }

  @Test func flatPicturesAreSmall() throws {
    let white = [UInt8](repeating: 255, count: 3 * 1360 * 940)
    #expect(try encoded(white, 1360, 940).count < 2500)
    let figure = try Gallery.trainingCurves.draw()
    #expect(figure.png.count * 10 < (3 * figure.pixelWidth * figure.pixelHeight))
  }

  @Test func chunksSayWhatTheyShould() throws {
    let texts = [
      (keyword: "Description", text: "Genauigkeit über η, 10⁻³"), (keyword: "Data digest", text: "ab12"),
    ]
    let bytes = try encoded(picture(colors: 9), 40, 30, texts: texts)
    let all = chunks(bytes)
    let density = try #require(all.first { $0.name == "pHYs" }).data
    // 192 pixels an inch are 7559 a metre.
    #expect(density == [0, 0, 0x1D, 0x87, 0, 0, 0x1D, 0x87, 1])
    let written = all.filter { $0.name == "iTXt" }.map { String(decoding: $0.data, as: UTF8.self) }
    #expect(written == texts.map { "\($0.keyword)\0\0\0\0\0\($0.text)" })
    #expect(!all.contains { $0.name == "tIME" })
    #expect(try encoded(picture(colors: 9), 40, 30, texts: texts) == bytes)
  }

  @Test func errorsAreTexts() {
    #expect(throws: PNGError.self) { try encoded([], 0, 0) }
    do {
      _ = try decodePNG([1, 2, 3])
      Issue.record("three bytes are no picture")
    } catch {
      #expect(!error.description.isEmpty)
    }
  }

  @Test func figuresCarryTheirProvenance() throws {
    let example = Gallery.learningRate
    let provenance = FigureProvenance(caption: "A caption.", specificationDigest: "spec", dataDigest: "data")
    let figure = try draw(example.figure(), tables: example.table, theme: .light, provenance: provenance)
    let texts = chunks(figure.png).filter { $0.name == "iTXt" }.map {
      String(decoding: $0.data, as: UTF8.self)
    }
    #expect(texts.contains("Description\0\0\0\0\0A caption."))
    #expect(texts.contains("Specification digest\0\0\0\0\0spec"))
    #expect(texts.contains("Data digest\0\0\0\0\0data"))
    #expect(figure.pixelWidth == 1360 && figure.cssWidth == 680)
    #expect(figure.pixelHeight == 2 * figure.cssHeight)
  }
}
