// Serves parse: the plain text of a TeX fragment in a bibliography.

/// What TeX would print, as plain text: accents composed, braces and font commands gone.
func plainText(tex source: String) -> String {
  var reader = TeXTextReader(Array(source))
  var text = reader.group(depth: 50)
  while !reader.isAtEnd { text += reader.group(depth: 50) }
  return text.split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r\n" }.joined(separator: " ")
}

private struct TeXTextReader {
  private let characters: [Character]
  private var index = 0

  init(_ characters: [Character]) { self.characters = characters }

  var isAtEnd: Bool { index >= characters.count }

  /// The text up to the closing brace or the end.
  mutating func group(depth: Int) -> String {
    var text = ""
    while index < characters.count {
      let character = characters[index]
      index += 1
      switch character {
      case "}": return text
      case "{": text += depth > 0 ? group(depth: depth - 1) : ""
      case "$": break
      case "~": text += "\u{A0}"
      case "\\": text += command(depth: depth)
      case "-" where take("--"): text += "—"
      case "-" where take("-"): text += "–"
      case "`" where take("`"): text += "“"
      case "'" where take("'"): text += "”"
      case "'": text += "’"
      default: text.append(character)
      }
    }
    return text
  }

  private mutating func take(_ pattern: String) -> Bool {
    guard characters[index...].starts(with: pattern) else { return false }
    index += pattern.count
    return true
  }

  private mutating func command(depth: Int) -> String {
    guard index < characters.count else { return "" }
    let first = characters[index]
    index += 1
    guard first.isLetter, first.isASCII else {
      if let letters = TeXText.accents[String(first)] { return accented(letters, depth: depth) }
      return TeXText.symbols[String(first)] ?? String(first)
    }
    var name = String(first)
    while index < characters.count, characters[index].isLetter, characters[index].isASCII {
      name.append(characters[index])
      index += 1
    }
    if let letters = TeXText.accents[name] {
      skipSpaces()
      return accented(letters, depth: depth)
    }
    skipSpaces()
    return TeXText.symbols[name] ?? ""
  }

  private mutating func skipSpaces() {
    while index < characters.count, characters[index].isWhitespace { index += 1 }
  }

  /// The next letter or group with an accent, as one character where there is one.
  private mutating func accented(_ accent: TeXText.Accent, depth: Int) -> String {
    guard index < characters.count else { return "" }
    let next = characters[index]
    index += 1
    var base = String(next)
    if next == "{" { base = depth > 0 ? group(depth: depth - 1) : "" }
    if next == "\\" { base = command(depth: max(0, depth - 1)) }
    if base == "ı" { base = "i" }
    guard let letter = base.first else { return "" }
    let composed = accent.composed[letter].map(String.init) ?? "\(letter)\(accent.combining)"
    return composed + base.dropFirst()
  }
}

/// The accents and symbols of TeX's text mode.
enum TeXText {
  struct Accent {
    var combining: Character
    /// The letters with the accent as one character (Unicode's canonical composites).
    var composed: [Character: Character]

    init(_ combining: Character, _ pairs: String) {
      self.combining = combining
      let all = Array(pairs)
      composed = Dictionary(stride(from: 0, to: all.count - 1, by: 2).map { (all[$0], all[$0 + 1]) }) { $1 }
    }
  }

  static let accents: [String: Accent] = [
    "`": Accent("\u{300}", "AÀEÈIÌOÒUÙaàeèiìoòuùNǸnǹ"),
    "'": Accent("\u{301}", "AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźGǴgǵ"),
    "^": Accent("\u{302}", "AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷ"),
    "~": Accent("\u{303}", "AÃNÑOÕaãnñoõIĨiĩUŨuũEẼeẽ"),
    "\"": Accent("\u{308}", "AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸ"),
    "=": Accent("\u{304}", "AĀaāEĒeēIĪiīOŌoōUŪuū"),
    ".": Accent("\u{307}", "CĊcċEĖeėGĠgġIİZŻzż"),
    "u": Accent("\u{306}", "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭ"),
    "v": Accent("\u{30C}", "CČcčDĎdďEĚeěNŇnňRŘrřSŠsšTŤtťZŽzžGǦgǧ"),
    "H": Accent("\u{30B}", "OŐoőUŰuű"),
    "c": Accent("\u{327}", "CÇcçGĢKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţ"),
    "k": Accent("\u{328}", "AĄaąEĘeęIĮiįUŲuų"),
    "r": Accent("\u{30A}", "AÅaåUŮuů"),
    "d": Accent("\u{323}", "AẠaạEẸeẹIỊiịOỌoọUỤuụSṢsṣTṬtṭ"),
    "b": Accent("\u{331}", ""),
  ]

  /// The letter below each accent, for sorting.
  static let bases: [Character: Character] = {
    var bases: [Character: Character] = [
      "ł": "l", "ø": "o", "æ": "a", "ß": "s", "đ": "d", "ð": "d", "þ": "t",
    ]
    for accent in accents.values { for (base, letter) in accent.composed { bases[letter] = base } }
    return bases
  }()

  static let symbols: [String: String] = [
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "ss": "ß", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "S": "§",
    "P": "¶", "dag": "†", "copyright": "©", "ldots": "…", "dots": "…", "textendash": "–", "textemdash": "—",
    "textquoteright": "’", "textquoteleft": "‘", "textasciitilde": "~", "textbackslash": "\\",
    "LaTeX": "LaTeX",
    "TeX": "TeX", "BibTeX": "BibTeX", "alpha": "α", "beta": "β", "gamma": "γ", "epsilon": "ε", "ell": "ℓ",
    "infty": "∞", "times": "×", "pm": "±", "to": "→", "rightarrow": "→", " ": " ", ",": "\u{2009}", "\\": " ",
    "/": "", "-": "\u{AD}",
  ]
}
