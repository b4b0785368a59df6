// Serves parse: reads TeX mathematics and builds MathML Core.
import Diagnostics

/// A mistake in a formula, its place counted in bytes from the formula's start.
struct MathFault: Error, Equatable {
  var message: String
  var offset: Int
  var length: Int
  var hint: String?
}

/// The `math` element for `tex`, and the mistakes in it; a formula with mistakes shows its source.
func renderMath(_ tex: String, isDisplay: Bool, macros: MathMacros = MathMacros()) -> (
  mathML: String, faults: [MathFault]
) {
  var content: [MathNode]
  var faults: [MathFault] = []
  do {
    var parser = try TeXParser(tex, macros)
    content = try parser.formula()
  } catch {
    faults = [error]
    content = [.leaf("mtext", tex)]
  }
  let math = MathNode.element("math", attributes: isDisplay ? [("display", "block")] : [], content)
  return (math.markup, faults)
}

/// A recursive-descent reader.
///
///     row    = { scripted }
///     scripted = atom { "^" argument | "_" argument | "'" }
///     atom   = character | symbol | "{" row "}" | command arguments | "\begin{x}" table "\end{x}" | "\left" … "\right"
struct TeXParser {
  let source: [UInt8]
  let tokens: [TeXToken]
  var index = 0
  private var depth = 0

  init(_ tex: String, _ macros: MathMacros = MathMacros()) throws(MathFault) {
    source = Array(tex.utf8)
    // Longer ones are refused by `formula`, before any work is done for them.
    let all = source.count <= TeXParser.longest ? TeXToken.tokens(of: tex) : []
    tokens = try macros.expand(all)
  }

  /// The most bytes that a formula may have.
  private static let longest = 20_000

  mutating func formula() throws(MathFault) -> [MathNode] {
    guard source.count <= TeXParser.longest else {
      throw MathFault(message: "this formula is too long", offset: 0, length: 1)
    }
    let nodes = try row { $0 == .end }
    if peek.kind != .end { throw fault("this closes nothing") }
    return nodes
  }

  // MARK: Tokens

  var peek: TeXToken {
    index < tokens.count ? tokens[index] : TeXToken(kind: .end, offset: source.count, length: 1)
  }

  mutating func skipSpaces() { while peek.kind == .character(" ") { index += 1 } }

  /// The next token that is not a space.
  mutating func next() -> TeXToken {
    skipSpaces()
    let token = peek
    index += 1
    return token
  }

  func fault(_ message: String, at token: TeXToken? = nil, hint: String? = nil) -> MathFault {
    let token = token ?? peek
    return MathFault(message: message, offset: token.offset, length: token.length, hint: hint)
  }

  // MARK: Rows

  /// Everything up to a token for which `ends` holds; that token is left.
  mutating func row(until ends: (TeXToken.Kind) -> Bool) throws(MathFault) -> [MathNode] {
    depth += 1
    defer { depth -= 1 }
    guard depth < 60 else { throw fault("this formula is nested too deeply") }
    var nodes: [MathNode] = []
    while true {
      skipSpaces()
      if peek.kind == .end || ends(peek.kind) { return nodes }
      switch peek.kind {
      case .close, .align, .newRow: return nodes
      case .command("hline") where nodes.isEmpty:
        index += 1
        nodes.append(.ruleAbove)
      case .command(let name) where TeXParser.restOfRow.contains(name):
        index += 1
        let rest = try row(until: ends)
        nodes.append(rowStyle(name, rest))
        return nodes
      default: nodes += try scripted(after: nodes.last)
      }
    }
  }

  private static let restOfRow: Set<String> = [
    "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "rm", "bf", "it", "cal",
  ]

  private func rowStyle(_ name: String, _ rest: [MathNode]) -> MathNode {
    switch name {
    case "displaystyle": .element("mstyle", attributes: [("displaystyle", "true")], rest)
    case "textstyle": .element("mstyle", attributes: [("displaystyle", "false")], rest)
    case "scriptstyle": .element("mstyle", attributes: [("scriptlevel", "1")], rest)
    case "scriptscriptstyle": .element("mstyle", attributes: [("scriptlevel", "2")], rest)
    case "rm": .row(rest.map { $0.mapped(to: .upright) })
    case "bf": .row(rest.map { $0.mapped(to: .bold) })
    case "cal": .row(rest.map { $0.mapped(to: .script) })
    default: .row(rest)
    }
  }

  /// An atom with its scripts, and the space that a function's name needs.
  private mutating func scripted(after previous: MathNode?) throws(MathFault) -> [MathNode] {
    let first = peek
    let base = [.superscript, .subscripted].contains(first.kind) ? MathNode.element("mrow", []) : try atom()
    let isFunction = functionName(first.kind)
    let node = try scripts(of: base)
    guard isFunction else { return [node] }
    var nodes = [node]
    if needsSpace(after: previous) { nodes.insert(.space("0.1667em"), at: 0) }
    skipSpaces()
    if startsArgument(peek.kind) { nodes.append(.space("0.1667em")) }
    return nodes
  }

  private func functionName(_ kind: TeXToken.Kind) -> Bool {
    guard case .command(let name) = kind else { return false }
    if case .function = MathSymbols.commands[name] { return true }
    return name.hasPrefix("operatorname")
  }

  private func needsSpace(after node: MathNode?) -> Bool {
    switch node {
    case .leaf("mo", let attributes, _): attributes.contains { $0 == ("form", "postfix") }
    case .element("mspace", _, _), nil: false
    default: true
    }
  }

  private func startsArgument(_ kind: TeXToken.Kind) -> Bool {
    switch kind {
    case .character(let character): character.isLetter || character.isNumber
    case .command(let name):
      switch MathSymbols.commands[name] {
      case .identifier, .function, .large: true
      case nil: !["left", "big", "Big", "bigl", "Bigl", "right", "bigr", "Bigr"].contains(name)
      default: false
      }
    case .open: true
    default: false
    }
  }

  // MARK: Scripts

  private mutating func scripts(of base: MathNode) throws(MathFault) -> MathNode {
    var lower: MathNode?
    var upper: MathNode?
    var takesLimits = base.takesLimits || base.isBraced
    while true {
      skipSpaces()
      let token = peek
      switch token.kind {
      case .superscript:
        guard upper == nil else { throw fault("a second superscript", hint: "put braces round the first") }
        index += 1
        upper = try argument(of: "^")
      case .subscripted:
        guard lower == nil else { throw fault("a second subscript", hint: "put braces round the first") }
        index += 1
        lower = try argument(of: "_")
      case .character("'"): upper = try primes(upper)
      case .command("limits"):
        index += 1
        takesLimits = true
      case .command("nolimits"):
        index += 1
        takesLimits = false
      default: return attach(lower, upper, to: base, asLimits: takesLimits)
      }
    }
  }

  private mutating func primes(_ upper: MathNode?) throws(MathFault) -> MathNode {
    if upper != nil { throw fault("a prime after a superscript") }
    var text = ""
    while peek.kind == .character("'") {
      index += 1
      text += "′"
    }
    let mark = MathNode.leaf("mo", attributes: [("lspace", "0"), ("rspace", "0")], text)
    guard peek.kind == .superscript else { return mark }
    index += 1
    return .element("mrow", [mark, try argument(of: "^")])
  }

  private func attach(_ lower: MathNode?, _ upper: MathNode?, to base: MathNode, asLimits: Bool) -> MathNode {
    switch (lower, upper) {
    case (nil, nil): base
    case (let lower?, nil): .element(asLimits ? "munder" : "msub", [base, lower])
    // A font's prime is raised already.
    case (nil, let upper?) where upper.isPrime && !asLimits: .element("mrow", [base, upper])
    case (nil, let upper?): .element(asLimits ? "mover" : "msup", [base, upper])
    case (let lower?, let upper?): .element(asLimits ? "munderover" : "msubsup", [base, lower, upper])
    }
  }

  /// One argument of a command: a group, or the next atom.
  mutating func argument(of command: String) throws(MathFault) -> MathNode {
    skipSpaces()
    switch peek.kind {
    case .end, .close, .align, .newRow, .superscript, .subscripted:
      throw fault(
        "\(command.hasPrefix("^") || command.hasPrefix("_") ? "'\(command)'" : "\\\(command)") needs an argument"
      )
    // TeX takes one digit: `\frac12` is a half.
    case .character(let digit) where digit.isASCII && digit.isNumber:
      index += 1
      return .leaf("mn", String(digit))
    default: return try atom()
    }
  }

  // MARK: Atoms

  mutating func atom() throws(MathFault) -> MathNode {
    depth += 1
    defer { depth -= 1 }
    guard depth < 60 else { throw fault("this formula is nested too deeply") }
    let token = next()
    switch token.kind {
    case .open: return try group(opened: token)
    case .character(let character): return self.character(character, token)
    case .command(let name): return try command(name, token)
    default: throw fault("this closes nothing", at: token)
    }
  }

  private mutating func group(opened token: TeXToken) throws(MathFault) -> MathNode {
    let nodes = try row { $0 == .close }
    guard peek.kind == .close else {
      throw peek.kind == .end
        ? fault("this brace is not closed", at: token) : fault("this cannot stand inside braces")
    }
    index += 1
    return .row(nodes)
  }

  private mutating func character(_ character: Character, _ token: TeXToken) -> MathNode {
    if character.isASCII, character.isNumber { return number(starting: character) }
    switch character {
    case "(", "[": return .leaf("mo", attributes: [("stretchy", "false")], String(character))
    case ")", "]":
      return .leaf("mo", attributes: [("stretchy", "false"), ("form", "postfix")], String(character))
    case "|", "/":
      return .leaf(
        "mo", attributes: [("stretchy", "false"), ("lspace", "0"), ("rspace", "0")], String(character))
    case "-": return .leaf("mo", "−")
    case "*": return .leaf("mo", "∗")
    case "~": return .space("0.25em")
    case ":" where peek.kind == .character("="):
      index += 1
      return .leaf("mo", ":=")
    case ":": return .leaf("mo", attributes: [("lspace", "0.2778em"), ("rspace", "0.2778em")], ":")
    case "+", "=", "<", ">", ",", ";", "!", "?", ".": return .leaf("mo", String(character))
    default:
      return .leaf(MathSymbols.operators.contains(character) ? "mo" : "mi", String(character))
    }
  }

  private mutating func number(starting first: Character) -> MathNode {
    var text = String(first)
    while case .character(let character) = peek.kind {
      let isDigit = character.isASCII && character.isNumber
      let isPoint = character == "." && followingIsDigit
      guard isDigit || isPoint else { break }
      text.append(character)
      index += 1
    }
    return .leaf("mn", text)
  }

  private var followingIsDigit: Bool {
    guard index + 1 < tokens.count, case .character(let character) = tokens[index + 1].kind else {
      return false
    }
    return character.isASCII && character.isNumber
  }
}
