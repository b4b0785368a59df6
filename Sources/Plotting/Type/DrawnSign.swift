// Serves draw: signs of mathematics that the typeface lacks, made of what it has.

/// A sign made of others, or of straight strokes.
enum DrawnSign: Sendable {
  /// Other characters, at a level of their own.
  case text(String, MathText.Level)
  /// Another character turned by half a turn, as ∇ is Δ.
  case turned(Unicode.Scalar)
  /// Polygons in thousandths of an em, y upwards, and the width.
  case outline([[Point]], width: Double)

  /// How a character is made; `nil` for one that is not.
  static subscript(scalar: Unicode.Scalar) -> DrawnSign? { all[scalar] }

  /// The characters that are made.
  static var characters: [Unicode.Scalar] { all.keys.sorted() }

  private static let all: [Unicode.Scalar: DrawnSign] = {
    var signs: [Unicode.Scalar: DrawnSign] = [
      "∗": .text("*", .base), "⋅": .text("·", .base), "∼": .text("~", .base), "‑": .text("-", .base),
      "ϵ": .text("ε", .base), "ϕ": .text("φ", .base), "∈": .text("є", .base), "∝": .text("α", .base),
      "∧": .text("Λ", .base), "∅": .text("Ø", .base), "∘": .text("°", .base), "≪": .text("<<", .base),
      "≫": .text(">>", .base), "ᵀ": .text("T", .superscript), "⊤": .text("T", .base),
      "∇": .turned("Δ"), "∀": .turned("A"), "∃": .turned("E"), "∨": .turned("Λ"), "⊥": .turned("T"),
      "‖": .outline([bar(left: 110), bar(left: 310)], width: 490),
      "∥": .outline([bar(left: 110), bar(left: 310)], width: 490),
      "≡": .outline([rule(bottom: 180), rule(bottom: 340), rule(bottom: 500)], width: 570),
      "→": .outline([shaft, head], width: 900),
      "←": .outline([shaft, head].map(mirrored), width: 900),
      "↔": .outline([shaft, head, mirrored(head)], width: 900),
      "⇒": .outline([rule(bottom: 250, right: 760), rule(bottom: 410, right: 760), head], width: 900),
      "↑": .outline([shaft, head].map(upright), width: 560),
      "↓": .outline([shaft, head].map { upright(mirrored($0)) }, width: 560),
      "⟨": .outline([chevron], width: 380),
      "⟩": .outline([chevron.map { Point(380 - $0.x, $0.y) }], width: 380),
      "●": .outline([circlePolygon(center: Point(350, 360), radius: 260)], width: 700),
      "■": .outline([square(100, 600)], width: 700),
      "▲": .outline([[Point(350, 650), Point(80, 150), Point(620, 150)]], width: 700),
    ]
    for (plain, raised) in MathText.superscripts where !"0123456789n".contains(plain) {
      signs[raised.unicodeScalars.first ?? " "] = .text(String(plain), .superscript)
    }
    for (plain, lowered) in MathText.subscripts {
      signs[lowered.unicodeScalars.first ?? " "] = .text(String(plain), .subscript)
    }
    return signs
  }()

  private static func rectangle(_ left: Double, _ bottom: Double, _ right: Double, _ top: Double) -> [Point] {
    [Point(left, bottom), Point(right, bottom), Point(right, top), Point(left, top)]
  }

  private static func bar(left: Double) -> [Point] { rectangle(left, -200, left + 70, 780) }

  private static func rule(bottom: Double, right: Double = 520) -> [Point] {
    rectangle(50, bottom, right, bottom + 65)
  }

  private static func square(_ low: Double, _ high: Double) -> [Point] { rectangle(low, low, high, high) }

  /// An arrow to the right, 900 wide: its line and its head.
  private static let shaft = rectangle(60, 330, 800, 395)
  private static let head = [
    Point(600, 560), Point(600, 470), Point(750, 362), Point(600, 255), Point(600, 165), Point(850, 362),
  ]
  private static let chevron = [
    Point(260, 780), Point(90, 290), Point(260, -200), Point(330, -200), Point(165, 290), Point(330, 780),
  ]

  private static func mirrored(_ polygon: [Point]) -> [Point] { polygon.map { Point(900 - $0.x, $0.y) } }

  /// An arrow to the right as one upwards, 560 wide.
  private static func upright(_ polygon: [Point]) -> [Point] {
    polygon.map { Point(280 + (362 - $0.y), $0.x - 80) }
  }
}
