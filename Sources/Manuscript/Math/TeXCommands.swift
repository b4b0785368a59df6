// Serves parse: the TeX commands of a formula that take arguments, and its environments.
import Diagnostics
import Specification

extension TeXParser {
  mutating func command(_ name: String, _ token: TeXToken) throws(MathFault) -> MathNode {
    if let symbol = MathSymbols.commands[name] { return node(for: symbol) }
    if let accent = MathSymbols.accents[name], !name.hasSuffix("line"), name != "widebar" {
      return try accented(name, accent)
    }
    if let alphabet = MathAlphabet.commands[name] { return try styled(alphabet, name) }
    switch name {
    case "frac", "dfrac", "tfrac", "cfrac": return try fraction(name)
    case "binom": return try binomial(name)
    case "sqrt": return try root()
    case "text", "textrm", "textnormal", "mbox", "textit":
      return .leaf("mtext", try rawArgument(of: name).spacesKept)
    case "textbf", "texttt", "textsf":
      let alphabet: MathAlphabet = name == "textbf" ? .bold : name == "texttt" ? .monospace : .sansSerif
      return .leaf("mtext", String(try rawArgument(of: name).spacesKept.map { alphabet.letter($0) }))
    case "overline", "underline", "widebar":
      let attributes = [("class", name == "underline" ? "underline" : "overline")]
      return .element("mrow", attributes: attributes, [try argument(of: name)])
    case "operatorname", "operatorname*":
      let text = try rawArgument(of: name).replacingThinSpaces
      return self.node(for: .function(text, limits: name.hasSuffix("*")))
    case "left": return try stretched()
    case "middle":
      return .leaf("mo", attributes: [("lspace", "0.2em"), ("rspace", "0.2em")], try delimiter())
    case "begin": return try environment()
    default: return try rareCommand(name, token)
    }
  }

  private mutating func rareCommand(_ name: String, _ token: TeXToken) throws(MathFault) -> MathNode {
    switch name {
    case "overset", "stackrel":
      let over = try argument(of: name)
      return .element("mover", [try argument(of: name), over])
    case "underset":
      let under = try argument(of: name)
      return .element("munder", [try argument(of: name), under])
    case "substack": return try substack()
    case "not": return try negated()
    case "phantom", "hphantom", "vphantom", "smash": return try phantom(name)
    case "mathop", "mathbin", "mathrel", "mathord", "mathopen", "mathclose", "mathpunct", "mathinner",
      "ensuremath":
      return try argument(of: name)
    case "mathstrut":
      return .element("mphantom", [.element("mpadded", attributes: [("width", "0")], [plain("(")])])
    case "xrightarrow", "xleftarrow", "xRightarrow", "xmapsto": return try labelledArrow(name)
    case "dbinom", "tbinom": return try binomial(name)
    case "underbracket", "overbracket":
      return try accented(name, (name == "overbracket" ? "⎴" : "⎵", true, name == "overbracket"))
    case "boxed", "fbox":
      return .element("mrow", attributes: [("class", "boxed")], [try argument(of: name)])
    case "sideset":
      let (left, right) = (try argument(of: name), try argument(of: name))
      return .element("mrow", [left, try argument(of: name), right])
    case "tag", "label", "nonumber", "notag", "hspace", "vspace", "kern", "mspace", "hskip", "color",
      "textcolor":
      return try layoutCommand(name, token)
    case "bmod", "mod": return .leaf("mo", attributes: [("lspace", "0.22em"), ("rspace", "0.22em")], "mod")
    case "pmod":
      let inner = try argument(of: name)
      return .element(
        "mrow", [.space("0.44em"), plain("("), .leaf("mi", "mod"), .space("0.33em"), inner, plain(")")])
    default:
      if let size = TeXParser.sizes[name] {
        let text = try delimiter()
        return .leaf(
          "mo",
          attributes: [
            ("stretchy", "true"), ("minsize", size), ("maxsize", size), ("lspace", "0"), ("rspace", "0"),
          ],
          text)
      }
      throw unknown(name, token)
    }
  }

  private static let sizes: [String: String] = {
    var all: [String: String] = [:]
    for (name, size) in [("big", "1.2em"), ("Big", "1.8em"), ("bigg", "2.4em"), ("Bigg", "3em")] {
      for suffix in ["", "l", "r", "m"] { all[name + suffix] = size }
    }
    return all
  }()

  /// Room for something that is not shown: all of it, its width or its height; `\smash` is the reverse of the last.
  private mutating func phantom(_ name: String) throws(MathFault) -> MathNode {
    let content = try argument(of: name)
    switch name {
    case "hphantom":
      return .element(
        "mphantom", [.element("mpadded", attributes: [("height", "0"), ("depth", "0")], [content])])
    case "vphantom":
      return .element("mphantom", [.element("mpadded", attributes: [("width", "0")], [content])])
    case "smash": return .element("mpadded", attributes: [("height", "0"), ("depth", "0")], [content])
    default: return .element("mphantom", [content])
    }
  }

  /// An arrow as wide as what stands above it and, in brackets, below.
  private mutating func labelledArrow(_ name: String) throws(MathFault) -> MathNode {
    let marks = ["xrightarrow": "→", "xleftarrow": "←", "xRightarrow": "⇒", "xmapsto": "↦"]
    let arrow = MathNode.leaf("mo", attributes: [("stretchy", "true")], marks[name] ?? "→")
    skipSpaces()
    var below: MathNode?
    if peek.kind == .character("[") {
      let open = next()
      let nodes = try row { $0 == .character("]") }
      guard peek.kind == .character("]") else { throw fault("this bracket is not closed", at: open) }
      index += 1
      below = .row(nodes)
    }
    let above = MathNode.element(
      "mpadded", attributes: [("lspace", "0.3em"), ("width", "+0.6em")], [try argument(of: name)])
    return below.map { .element("munderover", [arrow, $0, above]) } ?? .element("mover", [arrow, above])
  }

  private mutating func binomial(_ name: String) throws(MathFault) -> MathNode {
    let parts = [try argument(of: name), try argument(of: name)]
    let stack = MathNode.element("mfrac", attributes: [("linethickness", "0")], parts)
    let node = MathNode.element("mrow", [fence("(", "prefix"), stack, fence(")", "postfix")])
    switch name {
    case "dbinom": return .element("mstyle", attributes: [("displaystyle", "true")], [node])
    case "tbinom": return .element("mstyle", attributes: [("displaystyle", "false")], [node])
    default: return node
    }
  }

  /// What TeX says about layout: space is kept, numbering belongs to the paper, colour to the reader.
  private mutating func layoutCommand(_ name: String, _ token: TeXToken) throws(MathFault) -> MathNode {
    switch name {
    case "nonumber", "notag": return .element("mrow", [])
    case "hspace", "mspace", "hskip", "kern":
      let width = try rawArgument(of: name).trimmed
      guard TeXParser.isLength(width) else {
        throw fault("'\(width)' is not a width in em or ex", at: token, hint: "\\hspace{1em}")
      }
      return .space(width)
    case "tag", "label":
      throw fault(
        "a formula is numbered by the paper", at: token, hint: "write {#eq-name} after the closing $$")
    default: throw fault("a formula takes the colour of its page", at: token)
    }
  }

  private static func isLength(_ text: String) -> Bool {
    let number = text.dropLast(2)
    return ["em", "ex"].contains(text.suffix(2)) && yamlNumber(String(number)) != nil
  }

  private static let argumentCommands = [
    "frac", "dfrac", "tfrac", "binom", "sqrt", "text", "operatorname", "left", "right", "begin", "end",
    "overset",
    "underset", "stackrel", "substack", "not", "phantom", "bmod", "pmod", "displaystyle", "limits", "big",
    "Big",
  ]

  private func unknown(_ name: String, _ token: TeXToken) -> MathFault {
    if name == "right" { return fault("\\right without \\left", at: token) }
    if name == "end" { return fault("\\end without \\begin", at: token) }
    let known =
      TeXParser.argumentCommands + MathSymbols.commands.keys.sorted() + MathSymbols.accents.keys.sorted()
      + MathAlphabet.commands.keys.sorted()
    let hint = nearestName(to: name, in: known).map { "did you mean '\\\($0)'?" }
    return fault("there is no command '\\\(name)'", at: token, hint: hint)
  }

  private func node(for symbol: MathSymbol) -> MathNode {
    switch symbol {
    case .identifier(let text, let upright):
      .leaf("mi", attributes: upright ? [("mathvariant", "normal")] : [], text)
    case .operation(let text): .leaf("mo", text)
    case .large(let text, let limits):
      .leaf("mo", attributes: limits ? [("movablelimits", "true")] : [], text)
    case .function(let name, true):
      .leaf(
        "mo", attributes: [("form", "prefix"), ("movablelimits", "true"), ("lspace", "0"), ("rspace", "0")],
        name)
    case .function(let name, false):
      .leaf("mi", attributes: name.count == 1 ? [("mathvariant", "normal")] : [], name)
    case .delimiter(let text):
      .leaf("mo", attributes: [("stretchy", "false"), ("lspace", "0"), ("rspace", "0")], text)
    case .space(let width): .space(width)
    }
  }

  // MARK: Arguments

  private mutating func fraction(_ name: String) throws(MathFault) -> MathNode {
    let node = MathNode.element("mfrac", [try argument(of: name), try argument(of: name)])
    switch name {
    case "dfrac", "cfrac": return .element("mstyle", attributes: [("displaystyle", "true")], [node])
    case "tfrac": return .element("mstyle", attributes: [("displaystyle", "false")], [node])
    default: return node
    }
  }

  private mutating func root() throws(MathFault) -> MathNode {
    skipSpaces()
    guard peek.kind == .character("[") else { return .element("msqrt", [try argument(of: "sqrt")]) }
    let open = next()
    let degree = try row { $0 == .character("]") }
    guard peek.kind == .character("]") else { throw fault("this bracket is not closed", at: open) }
    index += 1
    return .element("mroot", [try argument(of: "sqrt"), .row(degree)])
  }

  private mutating func accented(
    _ name: String, _ accent: (mark: String, stretches: Bool, isAbove: Bool)
  ) throws(MathFault) -> MathNode {
    let base = try argument(of: name)
    let mark = MathNode.leaf(
      "mo", attributes: [("stretchy", accent.stretches ? "true" : "false")], accent.mark)
    let attributes = [(accent.isAbove ? "accent" : "accentunder", "true")]
    return .element(
      accent.isAbove ? "mover" : "munder",
      attributes: attributes + (name.hasSuffix("brace") ? [("class", "brace")] : []),
      [base, mark])
  }

  private mutating func styled(_ alphabet: MathAlphabet, _ name: String) throws(MathFault) -> MathNode {
    skipSpaces()
    if alphabet == .upright, peek.kind == .open {
      // Letters of `\mathrm` are one word; what is not a word keeps its structure.
      let start = index
      let text = try rawArgument(of: name)
      if !text.isEmpty, text.allSatisfy({ $0.isLetter || $0.isNumber || "- ".contains($0) }) {
        return text.count == 1
          ? .leaf("mi", attributes: [("mathvariant", "normal")], text) : .leaf("mi", text.spacesKept)
      }
      index = start
    }
    return try argument(of: name).mapped(to: alphabet)
  }

  /// The source of a braced argument, for text.
  private mutating func rawArgument(of name: String) throws(MathFault) -> String {
    let open = next()
    guard open.kind == .open else { throw fault("\\\(name) needs an argument in braces", at: open) }
    var depth = 1
    var text = ""
    while index < tokens.count {
      let token = tokens[index]
      index += 1
      if token.kind == .open { depth += 1 }
      if token.kind == .close { depth -= 1 }
      if depth == 0 { return text.withoutTeXEscapes }
      text += token.text
      if token.kind == .character("$") { throw fault("a formula cannot stand inside \\\(name)", at: token) }
    }
    throw fault("this brace is not closed", at: open)
  }

  private mutating func negated() throws(MathFault) -> MathNode {
    let node = try argument(of: "not")
    guard case .leaf(let name, let attributes, let text) = node else { return node }
    return .leaf(name, attributes: attributes, MathSymbols.negated[text] ?? text + "\u{338}")
  }

  // MARK: Delimiters

  /// A delimiter after `\left`, `\right` or `\big`; `.` is none.
  private mutating func delimiter() throws(MathFault) -> String {
    let token = next()
    switch token.kind {
    case .character("."): return ""
    case .character("<"): return "⟨"
    case .character(">"): return "⟩"
    case .character(let character) where "()[]|/".contains(character): return String(character)
    case .command(let name):
      if case .delimiter(let text) = MathSymbols.commands[name] { return text }
      if case .operation(let text) = MathSymbols.commands[name] { return text }
      fallthrough
    default:
      throw fault(
        "this is not a delimiter", at: token, hint: "one of ( ) [ ] \\{ \\} | \\| . \\langle \\rangle")
    }
  }

  private mutating func stretched() throws(MathFault) -> MathNode {
    let opener = tokens[index - 1]
    let left = try delimiter()
    let inner = try row { $0 == .command("right") }
    guard peek.kind == .command("right") else {
      throw peek.kind == .end
        ? fault("\\left without \\right", at: opener) : fault("this cannot stand between \\left and \\right")
    }
    index += 1
    let right = try delimiter()
    return .element("mrow", [fence(left, "prefix")] + inner + [fence(right, "postfix")])
  }

  private func plain(_ text: String) -> MathNode {
    .leaf("mo", attributes: [("stretchy", "false"), ("lspace", "0"), ("rspace", "0")], text)
  }

  private func fence(_ text: String, _ form: String) -> MathNode {
    .leaf("mo", attributes: [("form", form), ("fence", "true"), ("stretchy", "true")], text)
  }

  // MARK: Environments

  private static let environments: [String: (open: String, close: String, columns: String)] = [
    "matrix": ("", "", "c"), "pmatrix": ("(", ")", "c"), "bmatrix": ("[", "]", "c"),
    "Bmatrix": ("{", "}", "c"),
    "vmatrix": ("|", "|", "c"), "Vmatrix": ("‖", "‖", "c"), "smallmatrix": ("", "", "c"),
    "cases": ("{", "", "l"), "dcases": ("{", "", "l"), "rcases": ("", "}", "l"), "drcases": ("", "}", "l"),
    "pmatrix*": ("(", ")", "c"), "bmatrix*": ("[", "]", "c"), "multline": ("", "", "c"),
    "multline*": ("", "", "c"),
    "eqnarray": ("", "", "rcl"), "eqnarray*": ("", "", "rcl"), "alignat": ("", "", "rl"),
    "alignat*": ("", "", "rl"),
    "subarray": ("", "", "c"),
    "aligned": ("", "", "rl"), "align": ("", "", "rl"), "align*": ("", "", "rl"), "split": ("", "", "rl"),
    "alignedat": ("", "", "rl"), "gathered": ("", "", "c"), "gather": ("", "", "c"), "gather*": ("", "", "c"),
    "array": ("", "", "c"), "equation": ("", "", "c"), "equation*": ("", "", "c"),
  ]

  private mutating func environment() throws(MathFault) -> MathNode {
    let opener = tokens[index - 1]
    let name = try rawArgument(of: "begin")
    guard let style = TeXParser.environments[name] else {
      let hint = nearestName(to: name, in: TeXParser.environments.keys.sorted()).map {
        "did you mean '\($0)'?"
      }
      throw fault("there is no environment '\(name)'", at: opener, hint: hint)
    }
    var columns = style.columns
    if name == "array" { columns = try rawArgument(of: name).filter { "lcr|".contains($0) } }
    if ["alignedat", "alignat", "alignat*", "subarray"].contains(name) { _ = try rawArgument(of: name) }
    if name.hasSuffix("matrix*") { columns = try bracketed() ?? columns }
    let rows = try tableRows()
    guard peek.kind == .command("end") else {
      throw peek.kind == .end
        ? fault("\\begin{\(name)} is not closed", at: opener) : fault("this closes nothing")
    }
    let ending = next()
    let closed = try rawArgument(of: "end")
    guard closed == name else {
      throw fault("\\end{\(closed)} closes \\begin{\(name)}", at: ending, hint: "\\end{\(name)}")
    }
    var table = self.table(
      rows, columns: columns.isEmpty ? "c" : columns, isAligned: style.columns.hasPrefix("r"),
      hasGaps: ["align", "align*", "aligned"].contains(name))
    if name == "dcases" || name == "drcases" {
      table = .element("mstyle", attributes: [("displaystyle", "true")], [table])
    }
    if name == "smallmatrix" { table = .element("mstyle", attributes: [("scriptlevel", "1")], [table]) }
    if style.open.isEmpty, style.close.isEmpty { return table }
    return .element("mrow", [fence(style.open, "prefix"), table, fence(style.close, "postfix")])
  }

  /// The letters of an argument in brackets, such as the columns of `pmatrix*`.
  private mutating func bracketed() throws(MathFault) -> String? {
    skipSpaces()
    guard peek.kind == .character("[") else { return nil }
    let open = next()
    var text = ""
    while peek.kind != .character("]") {
      guard case .character(let character) = peek.kind else {
        throw fault("this bracket is not closed", at: open)
      }
      text.append(character)
      index += 1
    }
    index += 1
    return text.filter { "lcr".contains($0) }
  }

  private mutating func tableRows() throws(MathFault) -> [[[MathNode]]] {
    var rows: [[[MathNode]]] = [[]]
    while true {
      let cell = try row { $0 == .command("end") }
      rows[rows.count - 1].append(cell)
      switch peek.kind {
      case .align: index += 1
      case .newRow:
        index += 1
        skipRowSpace()
        rows.append([])
      default:
        if let last = rows.last, last.count == 1, last[0].isEmpty, rows.count > 1 { rows.removeLast() }
        return rows
      }
    }
  }

  /// `\\[2pt]` asks for space between rows, which a table has by itself.
  private mutating func skipRowSpace() {
    guard peek.kind == .character("["),
      let close = tokens[index...].firstIndex(where: { $0.kind == .character("]") }), close - index < 10
    else { return }
    index = close + 1
  }

  private func table(_ rows: [[[MathNode]]], columns: String, isAligned: Bool, hasGaps: Bool = false)
    -> MathNode
  {
    let letters = Array(columns.filter { $0 != "|" })
    let ruled = TeXParser.ruledColumns(columns)
    let content = rows.map { row in
      let isRuled = row.first?.first == .ruleAbove
      return MathNode.element(
        "mtr",
        row.enumerated().map { column, cell in
          var cell = cell.filter { $0 != .ruleAbove }
          // An empty start keeps `&= x` spaced as a relation.
          if isAligned, column % 2 == 1 { cell.insert(.element("mrow", []), at: 0) }
          let letter = letters.isEmpty ? "c" : letters[column % letters.count]
          let classes =
            (letter == "c" ? [] : ["m\(letter)"]) + (hasGaps && column > 0 && column % 2 == 0 ? ["mg"] : [])
            + (ruled.contains(column) ? ["mv"] : [])
            + (isRuled ? ["mh"] : [])
          return .element(
            "mtd", attributes: classes.isEmpty ? [] : [("class", classes.joined(separator: " "))], cell)
        })
    }
    let attributes = isAligned ? [("displaystyle", "true"), ("class", "aligned")] : []
    return .element("mtable", attributes: attributes, content)
  }

  /// The columns that a rule stands before, as in `c|c`.
  private static func ruledColumns(_ columns: String) -> Set<Int> {
    var ruled: Set<Int> = []
    var column = 0
    for letter in columns {
      if letter == "|" { ruled.insert(column) } else { column += 1 }
    }
    return ruled
  }

  private mutating func substack() throws(MathFault) -> MathNode {
    let open = next()
    guard open.kind == .open else { throw fault("\\substack needs an argument in braces", at: open) }
    let rows = try tableRows()
    guard peek.kind == .close else { throw fault("this brace is not closed", at: open) }
    index += 1
    return table(rows, columns: "c", isAligned: false)
  }
}

extension MathNode {
  /// The node with its letters in another alphabet.
  func mapped(to alphabet: MathAlphabet) -> MathNode {
    switch self {
    case .leaf(let name, let attributes, let text) where name == "mi" || name == "mn":
      let mapped = String(text.map { alphabet.letter($0) })
      let isUpright = alphabet == .upright && name == "mi" && text.count == 1
      return .leaf(name, attributes: isUpright ? [("mathvariant", "normal")] : attributes, mapped)
    case .leaf: return self
    case .element(let name, let attributes, let children):
      return .element(name, attributes: attributes, children.map { $0.mapped(to: alphabet) })
    }
  }
}

extension String {
  /// White space as no-break spaces, which MathML does not drop.
  fileprivate var spacesKept: String { String(map { $0.isWhitespace ? "\u{A0}" : $0 }) }

  fileprivate var replacingThinSpaces: String {
    split(separator: "\\,").joined(separator: "\u{2009}").trimmed
  }

  /// The text without the backslashes of `\%`, `\&`, `\_`; its braces go.
  fileprivate var withoutTeXEscapes: String {
    var result = ""
    var isEscaped = false
    for character in self {
      if isEscaped {
        result += "%&_#${}".contains(character) ? String(character) : "\\\(character)"
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character != "{", character != "}" {
        result.append(character)
      }
    }
    return result
  }
}
