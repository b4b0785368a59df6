// The typeface is read and measured as it is.
import CFonts
import Testing

@testable import Plotting

@Suite struct TypeTests {
  private let style = TextStyle(size: 16, color: Color(0))

  private func width(_ text: String) -> Double { TextLine(text, style).width }

  @Test func metricsOfOpenSans() {
    let font = Cut.regular.font
    #expect(font.unitsPerEm == 2048)
    #expect(font.ascent == 2189 && font.descent == 600)
    #expect(font.advance(of: font.glyph(for: "A")) == 1296)
    #expect(font.advance(of: font.glyph(for: "0")) == 1171)
    #expect(font.glyph(for: "\u{2212}") != 0 && font.glyph(for: "×") != 0 && font.glyph(for: "γ") != 0)
    #expect(font.glyph(for: "\u{4E2D}") == 0, "Open Sans has no Chinese")
  }

  @Test func outlinesHaveTheirBounds() {
    let font = Cut.regular.font
    // The letter I is one rectangle, from the baseline to the height of capitals.
    let contours = font.outline(of: font.glyph(for: "l"))
    #expect(contours.count == 1 && contours[0].nodes.count == 4)
    let eight = font.outline(of: font.glyph(for: "8"))
    #expect(eight.count == 3)
    // A composite glyph: the letter and its accent.
    let accented = font.outline(of: font.glyph(for: "é"))
    #expect(accented.count == font.outline(of: font.glyph(for: "e")).count + 1)
  }

  @Test func pairsAreKerned() {
    #expect(width("AV") < width("A") + width("V") - 0.3)
    #expect(width("HH") == 2 * width("H"))
    #expect(Set("0123456789".map { width(String($0)) }).count == 1, "digits have one width")
  }

  @Test func superscriptsAreSmallAndHigh() throws {
    let line = TextLine("10$^{-3}$", style)
    let last = try #require(line.glyphs.last)
    #expect(line.glyphs.count == 4 && last.rise > 4 && last.size < 12)
    #expect(MathText.plain("10$^{-3}$") == "10^\u{2212}3")
    #expect(MathText.runs(of: "5 $ and no more").count == 1, "a lone dollar is a dollar")
    #expect(MathText.plain("$\\gamma \\cdot \\log t$").contains("γ·log"))
  }

  @Test func aMissingGlyphIsABox() {
    let line = TextLine("\u{4E2D}", style)
    var cache = GlyphCache()
    #expect(line.width > 8)
    #expect(line.outlines(at: Point(0, 0), .rightwards, scale: 1, cache: &cache).count == 2)
    #expect(TextLine("\u{200F}\u{200D}", style).glyphs.isEmpty, "marks without a shape take no room")
  }

  /// A bare superscript minus is a raised minus, and every sign that is made has a shape of its own.
  @Test func signsThatTheTypefaceLacksAreMade() throws {
    let minus = try #require(TextLine("\u{207B}", style).glyphs.first)
    let plain = try #require(TextLine("\u{2212}", style).glyphs.first)
    #expect(minus.index == plain.index && minus.rise > 4 && minus.size < 12)
    var cache = GlyphCache()
    let box = cache.outline(of: TextLine("\u{4E2D}", style).glyphs[0])
    for scalar in DrawnSign.characters {
      let line = TextLine(String(Character(scalar)), style)
      #expect(line.width > 2 && !line.glyphs.isEmpty, "\(scalar)")
      for glyph in line.glyphs {
        let outline = cache.outline(of: glyph)
        #expect(!outline.isEmpty && outline != box, "\(scalar)")
      }
    }
    #expect(TextLine.missingCharacters(in: ["10⁻ → ‖w‖₂ ∇L ∈ ℓ₁ ⟨x⟩"]).isEmpty)
    #expect(TextLine.missingCharacters(in: MathText.commandCharacters).isEmpty)
  }

  @Test func mathematicsInPlainCharacters() {
    #expect(MathText.unicode("10$^{-3}$ of $w_1$") == "10⁻³ of w₁")
    #expect(MathText.unicode("$x^{ab}$ and $\\|w\\|_2^2$") == "x^(ab) and ‖w‖₂²")
  }

  @Test func linesAreBrokenAndCut() {
    let text = "the quick brown fox jumps over the lazy dog again and again"
    let lines = TextLine.wrapped(text, style, width: 120, limit: 3)
    #expect(lines.count == 3 && lines.allSatisfy { $0.width <= 120 })
    let word = TextLine.wrapped(String(repeating: "m", count: 300), style, width: 120, limit: 3)
    #expect(word.count == 1 && word[0].width <= 120)
    let room = TextLine("batch-norm-", style).width
    let parts = TextLine.wrapped("batch-norm-no-skip", style, width: room, limit: 3)
    #expect(parts.map(\.text) == ["batch-norm-", "no-skip"], "a word that is too wide breaks after a hyphen")
    #expect(TextLine.shortened("short", style, width: 400).glyphs.count == 5)
  }

  /// Words of a script that runs to the left are set from right to left, and the words round them stay.
  @Test func wordsThatRunLeftwards() {
    let style = TextStyle(size: 12, color: Color(0))
    func glyphs(_ text: String) -> [Int] { TextLine(text, style).glyphs.map(\.index) }
    #expect(
      glyphs("a \u{5D0}\u{5D1} \u{5D2} b") == glyphs("a ") + glyphs("\u{5D2}") + glyphs(" ")
        + glyphs("\u{5D1}") + glyphs("\u{5D0}") + glyphs(" b"))
  }

  @Test func missingCharactersAreNamedOnce() {
    #expect(TextLine.missingCharacters(in: ["漢字 a", "字 b\u{200F}", "±×−"]) == ["漢", "字"])
  }

  @Test func damagedFontsDoNotTrap() {
    let file = offprint_font_regular()
    let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
    var random = TestRandom(11)
    for length in [0, 1, 11, 12, 100, 4000, 60_000] {
      exercise(TrueTypeFont(Array(bytes.prefix(length))))
    }
    for _ in 0..<60 {
      var damaged = bytes
      for _ in 0..<200 {
        // Mostly in the directory and the small tables, where damage hurts.
        let reach = random.uniform() < 0.5 ? 400 : bytes.count
        damaged[Int(random.uniform() * Double(reach))] = UInt8(random.uniform() * 256)
      }
      exercise(TrueTypeFont(damaged))
    }
  }

  private func exercise(_ font: TrueTypeFont) {
    for scalar in "AVé8\u{2212}".unicodeScalars {
      let glyph = font.glyph(for: scalar)
      _ = font.advance(of: glyph)
      _ = font.kerning(glyph, glyph)
      for contour in font.outline(of: glyph) { _ = contour.flattened(steps: 3) }
    }
  }
}
