// Serves draw: the embedded typeface, and lines of text measured and set in it.
import CFonts

/// The three cuts of Open Sans that figures use.
enum Cut: Int, Hashable, Sendable, CaseIterable {
  case regular
  case semibold
  case italic

  var font: TrueTypeFont { Cut.fonts[rawValue] }

  private static let fonts: [TrueTypeFont] = allCases.map { cut in
    let file =
      switch cut {
      case .regular: offprint_font_regular()
      case .semibold: offprint_font_semibold()
      case .italic: offprint_font_italic()
      }
    return TrueTypeFont(Array(UnsafeBufferPointer(start: file.bytes, count: file.count)))
  }
}

/// Size, cut and colour of text.
struct TextStyle: Hashable, Sendable {
  /// In CSS pixels per em.
  var size: Double
  var cut: Cut = .regular
  var color: Color
}

/// Which way a line of text runs.
enum TextDirection: Sendable {
  case rightwards
  /// Turned an eighth to the left.
  case slanted
  /// Turned a quarter to the left.
  case upwards

  /// The sine and cosine of an eighth of a turn.
  static let diagonal = 0.7071067811865476

  /// One unit along the line; y points down.
  var unit: Point {
    switch self {
    case .rightwards: Point(1, 0)
    case .slanted: Point(TextDirection.diagonal, -TextDirection.diagonal)
    case .upwards: Point(0, -1)
    }
  }
}

/// One line of text, measured: glyphs with their places from the start of the baseline, in CSS pixels.
struct TextLine: Sendable {
  struct Glyph: Sendable {
    var cut: Cut
    /// 0 for a character that the font lacks.
    var index: Int
    /// The character that is made of something else; without one, a character that the font lacks is a box.
    var sign: Unicode.Scalar?
    var x: Double
    /// Upwards from the baseline.
    var rise: Double
    var size: Double
    var width: Double
  }

  /// As written, with the markup of `MathText`.
  var text: String
  var glyphs: [Glyph] = []
  var width: Double = 0
  var style: TextStyle

  /// From the baseline to the top of tall letters.
  var ascent: Double { style.size * 0.76 }
  /// From the baseline to the bottom of letters like g.
  var descent: Double { style.size * 0.24 }
  var height: Double { ascent + descent }
  /// Half the height of a capital or a digit: text centred on a tick has its baseline this far below.
  var halfCapital: Double { style.size * 0.357 }
}

/// A line of text with its place.
struct PlacedText: Sendable {
  var line: TextLine
  /// Where its baseline begins.
  var origin: Point

  init(_ line: TextLine, at origin: Point) {
    self.line = line
    self.origin = origin
  }

  /// A line whose middle is at `center`.
  init(_ line: TextLine, center: Point) {
    self.init(line, at: Point(center.x - line.width / 2, center.y + line.halfCapital))
  }

  var center: Point { Point(origin.x + line.width / 2, origin.y - line.halfCapital) }
}

extension TextLine {
  /// Sets a line of text; `$…$` inside it is a little mathematics (see `MathText`).
  init(_ text: String, _ style: TextStyle) {
    self.text = text
    self.style = style
    for run in MathText.runs(of: text) { append(run) }
  }

  /// The characters of some texts that the typeface has no sign for, each once.
  static func missingCharacters(in texts: [String]) -> [Character] {
    var missing: [Character] = []
    for character in texts.joined() where !missing.contains(character) {
      let isMissing = character.unicodeScalars.contains { scalar in
        !scalar.isInvisible && !scalar.isSpace && Cut.regular.font.glyph(for: scalar) == 0
          && DrawnSign[scalar] == nil
      }
      if isMissing { missing.append(character) }
    }
    return missing
  }

  /// Sets `text` raised or lowered after what is there.
  private mutating func append(_ run: MathText.Run) {
    let cut = run.italic ? Cut.italic : style.cut
    let font = cut.font
    let size = run.level == .base ? style.size : style.size * 0.72
    let rise = rise(run.level)
    let scale = size / font.unitsPerEm
    var previous: Int?
    for scalar in run.text.unicodeScalars.inReadingOrder {
      guard !scalar.isInvisible else { continue }
      let index = font.glyph(for: scalar.isSpace ? " " : scalar)
      if index == 0, let sign = DrawnSign[scalar] {
        append(sign, scalar, run, cut)
        previous = nil
        continue
      }
      if let previous, index != 0 { width += font.kerning(previous, index) * scale }
      let advance = index == 0 ? size * 0.6 : font.advance(of: index) * scale
      glyphs.append(Glyph(cut: cut, index: index, x: width, rise: rise, size: size, width: advance))
      width += advance
      previous = index == 0 ? nil : index
    }
    if run.level != .base { width += size * 0.04 }
  }

  /// Sets a character that the font lacks.
  private mutating func append(
    _ sign: DrawnSign, _ scalar: Unicode.Scalar, _ run: MathText.Run, _ cut: Cut
  ) {
    let size = run.level == .base ? style.size : style.size * 0.72
    switch sign {
    case .text(let text, let level):
      append(MathText.Run(text: text, level: run.level == .base ? level : run.level, italic: run.italic))
    case .turned(let other):
      let index = cut.font.glyph(for: other)
      let advance = cut.font.advance(of: index) * size / cut.font.unitsPerEm
      glyphs.append(
        Glyph(
          cut: cut, index: index, sign: scalar, x: width, rise: rise(run.level), size: size, width: advance))
      width += advance
    case .outline(_, let advance):
      glyphs.append(
        Glyph(
          cut: cut, index: 0, sign: scalar, x: width, rise: rise(run.level), size: size,
          width: advance * size / 1000))
      width += advance * size / 1000
    }
  }

  /// How far a level lies above the baseline.
  private func rise(_ level: MathText.Level) -> Double {
    switch level {
    case .base: 0
    case .superscript: style.size * 0.36
    case .subscript: style.size * -0.16
    }
  }

  /// The outlines in device pixels, for a baseline that starts at `origin` (CSS pixels).
  func outlines(at origin: Point, _ direction: TextDirection, scale: Double, cache: inout GlyphCache)
    -> [[Point]]
  {
    var polygons: [[Point]] = []
    var start = origin * scale
    // A baseline on a whole device pixel keeps the strokes along it crisp.
    switch direction {
    case .rightwards: start.y.round()
    case .upwards: start.x.round()
    case .slanted: break
    }
    let along = direction.unit
    let upright = Point(along.y, -along.x)
    for glyph in glyphs {
      let factor = glyph.size * scale / glyph.cut.font.unitsPerEm
      let (dx, dy) = (glyph.x * scale, glyph.rise * scale)
      for contour in cache.outline(of: glyph) {
        polygons.append(
          contour.map { point in
            start + along * (dx + point.x * factor) + upright * (dy + point.y * factor)
          })
      }
    }
    return polygons
  }
}

/// Flattened outlines of glyphs, in font units.
struct GlyphCache {
  private var outlines: [Key: [[Point]]] = [:]

  private struct Key: Hashable {
    var cut: Cut
    var index: Int
    var sign: Unicode.Scalar?
  }

  mutating func outline(of glyph: TextLine.Glyph) -> [[Point]] {
    let key = Key(cut: glyph.cut, index: glyph.index, sign: glyph.sign)
    if let known = outlines[key] { return known }
    let polygons = polygons(of: glyph)
    outlines[key] = polygons
    return polygons
  }

  private func polygons(of glyph: TextLine.Glyph) -> [[Point]] {
    let font = glyph.cut.font
    let em = font.unitsPerEm
    let plain = font.outline(of: glyph.index).map { $0.flattened(steps: 5) }
    switch glyph.sign.flatMap({ DrawnSign[$0] }) {
    case .outline(let outline, _):
      // Of one orientation, so that parts that overlap do not cancel.
      return outline.map { (signedArea($0) < 0 ? $0.reversed() : $0).map { $0 * (em / 1000) } }
    case .turned:
      // About the middle of its advance and of a capital's height.
      let (width, height) = (font.advance(of: glyph.index), em * 0.714)
      return plain.map { $0.map { Point(width - $0.x, height - $0.y) } }
    case .text, nil: return glyph.index == 0 ? missingGlyph(em: em) : plain
    }
  }

  /// A hollow box of a capital's height.
  private func missingGlyph(em: Double) -> [[Point]] {
    func box(_ inset: Double) -> [Point] {
      Rect(
        left: em * (0.08 + inset), top: em * inset, right: em * (0.52 - inset), bottom: em * (0.72 - inset)
      )
      .corners
    }
    return [box(0), box(0.06).reversed()]
  }
}

extension String.UnicodeScalarView {
  /// The scalars from left to right: words of scripts that run from right to left are turned round, with the spaces
  /// between them. (A short form of the Unicode Bidirectional Algorithm, for lines of one direction and single words.)
  fileprivate var inReadingOrder: [Unicode.Scalar] {
    let scalars = Array(self)
    guard scalars.contains(where: \.runsLeftwards) else { return scalars }
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < scalars.count {
      guard scalars[index].runsLeftwards else {
        result.append(scalars[index])
        index += 1
        continue
      }
      var end = index
      for place in index..<scalars.count {
        if scalars[place].runsLeftwards { end = place } else if !scalars[place].isSpace { break }
      }
      result += scalars[index...end].reversed()
      index = end + 1
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Whether the scalar belongs to a script that is written from right to left.
  fileprivate var runsLeftwards: Bool {
    switch value {
    case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC: true
    default: false
    }
  }

  fileprivate var isSpace: Bool { properties.isWhitespace && value != 0x2009 && value != 0x200A }

  /// Marks that steer layout and have no shape.
  fileprivate var isInvisible: Bool {
    switch value {
    case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFE00...0xFE0F, 0xFEFF, 0x00AD: true
    default: false
    }
  }
}

extension TextLine {
  /// Breaks text into at most `limit` lines no wider than `width`; what does not fit ends in an ellipsis.
  static func wrapped(_ text: String, _ style: TextStyle, width: Double, limit: Int) -> [TextLine] {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    var lines: [String] = []
    for word in words {
      // A word too wide for a line may break after its hyphens.
      let parts = TextLine(word, style).width > width ? partsAtHyphens(word) : [word]
      for (index, part) in parts.enumerated() {
        let space = index == 0 ? " " : ""
        if let last = lines.last, lines.count == limit || TextLine(last + space + part, style).width <= width
        {
          lines[lines.count - 1] = last + space + part
        } else {
          lines.append(part)
        }
      }
    }
    return lines.map { shortened($0, style, width: width) }
  }

  private static func partsAtHyphens(_ word: String) -> [String] {
    word.reduce(into: [""]) { parts, character in
      parts[parts.count - 1].append(character)
      if character == "-" { parts.append("") }
    }.filter { !$0.isEmpty }
  }

  /// The text on one line, cut with an ellipsis when it is wider than `width`.
  static func shortened(_ text: String, _ style: TextStyle, width: Double) -> TextLine {
    let line = TextLine(text, style)
    guard line.width > width else { return line }
    let characters = Array(text)
    var (low, high) = (0, characters.count)
    while low < high {
      let middle = (low + high + 1) / 2
      let candidate = TextLine(String(characters[..<middle]) + "…", style)
      if candidate.width <= width { low = middle } else { high = middle - 1 }
    }
    let kept = String(characters[..<low])
    let trimmed = kept.reversed().drop(while: \.isWhitespace).reversed()
    return TextLine(String(trimmed) + "…", style)
  }
}
