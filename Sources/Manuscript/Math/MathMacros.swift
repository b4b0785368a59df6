// Serves parse: the author's own TeX commands, which paper.yml defines under `math`.
import Diagnostics
import Specification

/// The author's own commands.
///
///     math:
///       \R: \mathbb{R}
///       \norm: \left\lVert #1 \right\rVert
public struct MathMacros: Sendable {
  /// What a command stands for.
  struct Macro: Sendable {
    var arguments: Int
    var body: [TeXToken]
    var source: String
  }

  private(set) var macros: [String: Macro] = [:]

  /// More tokens than any formula has: a definition that uses itself would go on for ever.
  private static let mostTokens = 20_000

  init() {}

  /// Reads `math` of paper.yml; mistakes go into `diagnostics`.
  init(_ node: Node?, _ diagnostics: inout Diagnostics) {
    for member in node?.members ?? [] {
      let name = member.key.hasPrefix("\\") ? String(member.key.dropFirst()) : member.key
      guard !name.isEmpty, name.utf8.allSatisfy({ (65...90).contains($0) || (97...122).contains($0) }) else {
        diagnostics.add(
          Diagnostic(
            rule: "math-macro", "'\(member.key)' cannot be the name of a command", at: member.position,
            length: member.key.utf8.count, expected: "letters, for example \\norm"))
        continue
      }
      guard let source = member.value.text else { continue }
      let body = TeXToken.tokens(of: source)
      macros[name] = Macro(arguments: MathMacros.arguments(of: body), body: body, source: source)
    }
    check(node, &diagnostics)
  }

  /// The definitions as TeX, sorted by name.
  public var definitions: [String] {
    macros.sorted { $0.key < $1.key }.map { name, macro in
      let count = macro.arguments > 0 ? "[\(macro.arguments)]" : ""
      return "\\providecommand{\\\(name)}{}\\renewcommand{\\\(name)}\(count){\(macro.source)}"
    }
  }

  /// A definition is tried with arguments of one letter, so that a mistake in it is named where it is.
  private func check(_ node: Node?, _ diagnostics: inout Diagnostics) {
    for member in node?.members ?? [] {
      let name = member.key.hasPrefix("\\") ? String(member.key.dropFirst()) : member.key
      guard let macro = macros[name] else { continue }
      let use = "\\\(name)" + String(repeating: "{x}", count: macro.arguments)
      guard let fault = renderMath(use, isDisplay: false, macros: self).faults.first else { continue }
      diagnostics.add(
        Diagnostic(
          rule: "math-macro", "the command '\\\(name)' is not usable: \(fault.message)",
          at: member.value.position,
          length: member.value.length, hint: fault.hint))
    }
  }

  /// The highest number after `#`.
  private static func arguments(of body: [TeXToken]) -> Int {
    zip(body, body.dropFirst()).compactMap { sign, number in
      guard sign.kind == .character("#"), case .character(let digit) = number.kind else { return nil }
      return digit.isASCII ? digit.wholeNumberValue : nil
    }.max() ?? 0
  }

  /// The tokens with every command of the author's replaced by what it stands for.
  func expand(_ tokens: [TeXToken]) throws(MathFault) -> [TeXToken] {
    guard !macros.isEmpty else { return tokens }
    var result: [TeXToken] = []
    // The rest is kept in reverse: what a command stands for is put back at its end and read next.
    var rest = Array(tokens.reversed())
    var expansions = 0
    while let token = rest.popLast() {
      guard case .command(let name) = token.kind, let macro = macros[name] else {
        result.append(token)
        continue
      }
      expansions += 1
      guard expansions < 2_000, rest.count + result.count < MathMacros.mostTokens else {
        throw MathFault(
          message: "the command '\\\(name)' stands for itself without end", offset: token.offset,
          length: token.length)
      }
      var arguments: [[TeXToken]] = []
      for _ in 0..<macro.arguments { arguments.append(try MathMacros.argument(of: token, &rest)) }
      rest += MathMacros.body(macro, arguments, at: token).reversed()
    }
    return result
  }

  private static func argument(of command: TeXToken, _ rest: inout [TeXToken]) throws(MathFault) -> [TeXToken]
  {
    while rest.last?.kind == .character(" ") { rest.removeLast() }
    guard let first = rest.popLast(), first.kind != .close else {
      throw MathFault(
        message: "\(command.text) needs an argument", offset: command.offset + command.length, length: 1)
    }
    guard first.kind == .open else { return [first] }
    var depth = 1
    var argument: [TeXToken] = []
    while let token = rest.popLast() {
      if token.kind == .open { depth += 1 }
      if token.kind == .close { depth -= 1 }
      if depth == 0 { return argument }
      argument.append(token)
    }
    throw MathFault(message: "this brace is not closed", offset: first.offset, length: first.length)
  }

  /// The body with its arguments; its own tokens stand where the command does.
  private static func body(_ macro: Macro, _ arguments: [[TeXToken]], at command: TeXToken) -> [TeXToken] {
    var result: [TeXToken] = []
    var index = 0
    while index < macro.body.count {
      var token = macro.body[index]
      index += 1
      if token.kind == .character("#"), index < macro.body.count,
        case .character(let digit) = macro.body[index].kind, let number = digit.wholeNumberValue,
        arguments.indices.contains(number - 1)
      {
        index += 1
        result += arguments[number - 1]
        continue
      }
      (token.offset, token.length) = (command.offset, command.length)
      result.append(token)
    }
    return result
  }
}
