// Serves parse: splits the TeX of a formula into tokens with their places.

/// A token of TeX.
struct TeXToken: Equatable {
  enum Kind: Equatable {
    case command(String)
    case character(Character)
    case open, close, superscript, subscripted, align, newRow, end
  }

  var kind: Kind
  /// The first byte, counted from the formula's start.
  var offset: Int
  var length: Int
  /// The token as written.
  var text = ""

  /// The tokens of `tex`; comments and white space are left out, except in the arguments of `\text`.
  static func tokens(of tex: String) -> [TeXToken] {
    var result: [TeXToken] = []
    let characters = Array(tex)
    var index = 0
    var offset = 0
    func length(_ range: Range<Int>) -> Int { characters[range].reduce(0) { $0 + $1.utf8.count } }
    while index < characters.count {
      let end = tokenEnd(characters, index)
      let size = length(index..<end)
      if let kind = kind(characters, index..<end) {
        result.append(
          TeXToken(kind: kind, offset: offset, length: size, text: String(characters[index..<end])))
      }
      index = end
      offset += size
    }
    return result
  }

  private static func tokenEnd(_ characters: [Character], _ start: Int) -> Int {
    if characters[start] == "%" {
      return characters[start...].firstIndex { $0.isNewline } ?? characters.count
    }
    guard characters[start] == "\\", start + 1 < characters.count else { return start + 1 }
    var end = start + 1
    while end < characters.count, characters[end].isLetter, characters[end].isASCII { end += 1 }
    if end == start + 1 { return start + 2 }
    // `\operatorname*` is one name.
    if end < characters.count, characters[end] == "*" { end += 1 }
    return end
  }

  private static func kind(_ characters: [Character], _ range: Range<Int>) -> Kind? {
    let first = characters[range.lowerBound]
    switch first {
    case "\\":
      let name = String(characters[range.dropFirst()])
      return name == "\\" ? .newRow : .command(name.first?.isWhitespace == true ? " " : name)
    case "%": return nil
    case "{": return .open
    case "}": return .close
    case "^": return .superscript
    case "_": return .subscripted
    case "&": return .align
    default: return .character(first.isWhitespace ? " " : first)
    }
  }
}
