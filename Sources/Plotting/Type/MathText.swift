// Serves draw: the small subset of TeX mathematics that titles and labels may contain.

/// Reads `$…$` in a text: letters become italic, `^` and `_` raise and lower, and common commands become characters.
enum MathText {
  enum Level: Sendable { case base, superscript, `subscript` }

  /// Characters of one shape at one level.
  struct Run: Equatable, Sendable {
    var text: String
    var level: Level
    var italic: Bool
  }

  /// The runs of a text. An unpaired `$` stands for itself.
  static func runs(of text: String) -> [Run] {
    guard text.contains("$") else {
      return text.isEmpty ? [] : [Run(text: text, level: .base, italic: false)]
    }
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    if parts.count % 2 == 0 { return [Run(text: text, level: .base, italic: false)] }
    var runs: [Run] = []
    for (index, part) in parts.enumerated() where !part.isEmpty {
      if index % 2 == 0 {
        append(String(part), .base, italic: false, to: &runs)
      } else {
        var parser = Parser(rest: part)
        parser.parse(level: .base, into: &runs)
      }
    }
    return runs
  }

  /// The text without markup, for alternative text.
  static func plain(_ text: String) -> String {
    runs(of: text).map { run in
      switch run.level {
      case .base: run.text
      case .superscript: "^" + run.text
      case .subscript: "_" + run.text
      }
    }.joined()
  }

  /// The text in plain characters, for programs that set no mathematics: raised and lowered characters have their own
  /// where Unicode has them.
  static func unicode(_ text: String) -> String {
    runs(of: text).map { run in
      switch run.level {
      case .base: run.text
      case .superscript: exchanged(run.text, superscripts) ?? "^" + grouped(run.text)
      case .subscript: exchanged(run.text, subscripts) ?? "_" + grouped(run.text)
      }
    }.joined()
  }

  private static func exchanged(_ text: String, _ signs: [Character: Character]) -> String? {
    let found = text.compactMap { signs[$0] }
    return found.count == text.count ? String(found) : nil
  }

  private static func grouped(_ text: String) -> String { text.count > 1 ? "(\(text))" : text }

  /// Characters with a raised form of their own.
  static let superscripts = pairs("0123456789+\u{2212}=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
  /// Characters with a lowered form of their own.
  static let subscripts = pairs("0123456789+\u{2212}=()aeoxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜ")

  private static func pairs(_ plain: String, _ moved: String) -> [Character: Character] {
    Dictionary(uniqueKeysWithValues: zip(plain, moved))
  }

  fileprivate static func append(_ text: String, _ level: Level, italic: Bool, to runs: inout [Run]) {
    if let last = runs.last, last.level == level, last.italic == italic {
      runs[runs.count - 1].text += text
    } else {
      runs.append(Run(text: text, level: level, italic: italic))
    }
  }

  fileprivate static let commands: [String: String] = [
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ",
    "Gamma": "Γ", "Lambda": "Λ", "Omega": "Ω", "Phi": "Φ", "Psi": "Ψ", "Sigma": "Σ", "Theta": "Θ",
    "pm": "±", "times": "×", "cdot": "·", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "neq": "≠", "approx": "≈", "infty": "∞", "sqrt": "√", "sum": "∑", "prod": "∏", "partial": "∂",
    "log": "log", "exp": "exp", "max": "max", "min": "min", "sin": "sin", "cos": "cos", "ldots": "…",
    "lVert": "‖", "rVert": "‖", "|": "‖", ",": "\u{2009}", " ": " ", "%": "%", "quad": " ",
  ]

  /// What the commands stand for.
  static var commandCharacters: [String] { commands.values.sorted() }

  private struct Parser {
    var rest: Substring

    mutating func parse(level: Level, into runs: inout [Run]) {
      while let character = rest.popFirst() {
        switch character {
        case "^": parseGroup(.superscript, into: &runs)
        case "_": parseGroup(.subscript, into: &runs)
        case "}": return
        case "{": parse(level: level, into: &runs)
        case "\\": appendCommand(level, to: &runs)
        case "-": MathText.append("\u{2212}", level, italic: false, to: &runs)
        case " ": continue
        case "+", "=", "<", ">":
          let spaced = level == .base ? "\u{2009}\(character)\u{2009}" : String(character)
          MathText.append(spaced, level, italic: false, to: &runs)
        default:
          MathText.append(String(character), level, italic: character.isLetter, to: &runs)
        }
      }
    }

    private mutating func parseGroup(_ level: Level, into runs: inout [Run]) {
      guard let first = rest.popFirst() else { return }
      switch first {
      case "{": parse(level: level, into: &runs)
      case "\\": appendCommand(level, to: &runs)
      default: MathText.append(String(first), level, italic: first.isLetter, to: &runs)
      }
    }

    private mutating func appendCommand(_ level: Level, to runs: inout [Run]) {
      var name = String(rest.prefix { $0.isLetter && $0.isASCII })
      if name.isEmpty { name = String(rest.prefix(1)) }
      rest = rest.dropFirst(name.count)
      guard let text = MathText.commands[name] else {
        MathText.append(name, level, italic: false, to: &runs)
        return
      }
      let isGreek = text.unicodeScalars.allSatisfy { (0x3B1...0x3C9).contains($0.value) }
      MathText.append(text, level, italic: isGreek, to: &runs)
      let isWord = text.count > 1 && text.allSatisfy(\.isLetter)
      if isWord { MathText.append("\u{2009}", level, italic: false, to: &runs) }
    }
  }
}
