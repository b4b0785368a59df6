// Serves parse: turns the leaves of a Markdown tree into running text, with values, citations and references.
import Diagnostics
import Specification

extension DocumentBuilder {
  mutating func inlines(_ nodes: [SyntaxNode]) -> [Inline] {
    var result: [Inline] = []
    for node in nodes {
      guard let inline = inline(node) else { continue }
      if case .text(let next) = inline, case .text(let last) = result.last {
        result[result.count - 1] = .text(last + next)
      } else {
        result.append(inline)
      }
    }
    checkFootnoteMarks(result)
    return groupCitations(result)
  }

  private mutating func inline(_ node: SyntaxNode) -> Inline? {
    switch node.kind {
    case .text: return .text(node.literal)
    case .softBreak: return .softBreak
    case .lineBreak: return .lineBreak
    case .code: return code(node)
    case .htmlInline: return node.literal.isComment ? nil : .html(node.literal)
    case .emphasis: return .emphasis(inlines(node.children))
    case .strong: return .strong(inlines(node.children))
    case .strikethrough: return .strikethrough(inlines(node.children))
    case .link: return link(node)
    case .image: return image(node)
    case .footnoteReference: return Int(node.literal).map { .footnote(footnoteOffset + $0) }
    case .math(let isDisplay): return math(node, isDisplay: isDisplay)
    case .mention: return mention(node)
    default: return node.children.isEmpty ? nil : .emphasis(inlines(node.children))
    }
  }

  private mutating func math(_ node: SyntaxNode, isDisplay: Bool) -> Inline {
    let mark = isDisplay ? "$$" : "$"
    var place = lines.locate(mark + node.literal, line: node.line, column: node.column, from: blockLine)
    place.column += mark.utf8.count
    return .math(formula(node.literal, isDisplay: isDisplay, at: place))
  }

  // MARK: Values

  /// A code span; one that starts with `{val}` or `{verdict}` stands for a result.
  private mutating func code(_ node: SyntaxNode) -> Inline {
    let text = node.literal
    guard text.hasPrefix("{"), let close = text.firstIndex(of: "}") else { return .code(text) }
    let name = String(text[text.index(after: text.startIndex)..<close])
    guard !name.isEmpty, name.allSatisfy(\.isLetter) else { return .code(text) }
    let after = text[text.index(after: close)...]
    guard after.isEmpty || after.first == " " else { return .code(text) }
    return computed(name, text: text, at: locate(code: text, line: node.line, column: node.column))
      ?? .code(text)
  }

  /// `{val} expression` or `{verdict} clm-x`, whose brace stands at `place`.
  mutating func computed(_ name: String, text: String, at place: SourcePosition) -> Inline? {
    let head = text.prefix { $0 != "}" }.count + 1
    let rest = text.dropFirst(head)
    let skipped = text.utf8.count - rest.drop(while: \.isWhitespace).utf8.count
    var start = place
    start.column += skipped
    switch name {
    case "val": return value(rest.trimmed, at: start)
    case "verdict": return verdict(rest.trimmed, at: start)
    default:
      diagnostics.add(
        Diagnostic(
          rule: "unknown-inline", "there is no inline command '{\(name)}'", at: place, length: head,
          hint: nameHint(for: name, in: ["val", "verdict"])))
      return nil
    }
  }

  mutating func value(_ text: String, at position: SourcePosition) -> Inline? {
    let parts = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
    let expression = parts[0].trimmed
    guard !expression.isEmpty else {
      diagnostics.add(
        Diagnostic(
          rule: "empty-value", "{val} needs an expression", at: position,
          expected: "for example {val} exp-x.test_accuracy"))
      return nil
    }
    var optionsPosition = position
    let options = parts.count > 1 ? parts[1].trimmed : ""
    if !options.isEmpty {
      let space = parts[1].utf8.count - parts[1].drop(while: \.isWhitespace).utf8.count
      optionsPosition.column += parts[0].utf8.count + 1 + space
    }
    let value = ValueReference(
      index: values.count, expression: expression, options: options, position: position,
      optionsPosition: optionsPosition)
    values.append(value)
    return .value(value)
  }

  private mutating func verdict(_ id: String, at position: SourcePosition) -> Inline {
    references.append(CrossReference(id: id, isCapitalised: false, isNumberOnly: false, position: position))
    return .verdict(claim: id, position)
  }

  private func locate(code: String, line: Int, column: Int) -> SourcePosition {
    lines.locate(code, line: line, column: column, from: blockLine)
  }

  // MARK: Links and pictures

  private mutating func link(_ node: SyntaxNode) -> Inline {
    let content = inlines(node.children)
    let url = percentEncoded(node.url)
    guard isSafeLink(url) else {
      diagnostics.add(
        Diagnostic(
          rule: "unsafe-link", "a link cannot lead to '\(node.url.prefix(60))'",
          at: lines.locate(node.url, line: 0, column: 0, from: blockLine),
          expected: "http, https, mailto, or a path relative to the report"))
      return .emphasis(content)
    }
    return .link(url: url, title: node.title, content)
  }

  private mutating func image(_ node: SyntaxNode) -> Inline {
    let content = inlines(node.children)
    let position = lines.locate(node.url, line: 0, column: 0, from: blockLine)
    let suffix = node.url.split(separator: ".").last?.lowercased() ?? ""
    if !staysInside(node.url) {
      diagnostics.add(
        Diagnostic(
          rule: "path-outside", "a picture cannot be '\(node.url.prefix(60))'", at: position,
          expected: "a path inside the paper's folder", hint: "a report loads nothing from the network"))
    } else if !["png", "jpg", "jpeg", "webp", "gif", "avif"].contains(suffix) {
      diagnostics.add(
        Diagnostic(
          rule: "picture-format", "a picture cannot be a .\(suffix) file", at: position,
          expected: "png, jpg, webp, gif or avif"))
    } else if !images.contains(where: { $0.path == node.url }) {
      images.append(ImageFile(path: node.url, position: position))
    }
    if content.plainText.trimmed.isEmpty {
      diagnostics.add(
        Diagnostic(
          .warning, rule: "missing-alt-text", "this picture says nothing to those who cannot see it",
          at: position,
          expected: "![what the picture shows](\(node.url))"))
    }
    return .image(url: node.url, title: node.title, content)
  }

  /// A mark without a note stays text in cmark-gfm; readers would see its brackets.
  private mutating func checkFootnoteMarks(_ inlines: [Inline]) {
    for case .text(let text) in inlines where text.utf8.contains(UInt8(ascii: "^")) {
      guard let start = text.lastRange(of: "[^"), let end = text[start.upperBound...].firstIndex(of: "]")
      else {
        continue
      }
      let name = text[start.upperBound..<end]
      guard !name.isEmpty, !name.contains(where: \.isWhitespace) else { continue }
      diagnostics.add(
        Diagnostic(
          rule: "unknown-footnote", "there is no footnote '\(name)'",
          at: lines.locate("[^\(name)]", line: 0, column: 0, from: blockLine), length: name.utf8.count + 3,
          expected: "a line that starts with [^\(name)]:"))
    }
  }
}

/// An address with what no address may contain written as `%XX`, as CommonMark does.
private func percentEncoded(_ url: String) -> String {
  let hexadecimal = Array("0123456789ABCDEF".utf8)
  var bytes: [UInt8] = []
  for byte in url.utf8 {
    let isWord = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    if isWord || "-_.~!*'(),;:@&=+$/?#%".utf8.contains(byte) {
      bytes.append(byte)
    } else {
      bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Whether a link leads to a page, an address or a place in the report, and nowhere that runs code.
public func isSafeLink(_ url: String) -> Bool {
  if url.unicodeScalars.contains(where: { $0.value < 33 || $0 == "\\" }) { return false }
  guard let colon = url.firstIndex(of: ":") else { return !url.hasPrefix("//") }
  let scheme = url[..<colon]
  if scheme.contains(where: { $0 == "/" || $0 == "#" || $0 == "?" }) { return !url.hasPrefix("//") }
  return ["http", "https", "mailto"].contains(scheme.lowercased())
}

extension [Inline] {
  /// The text that a reader of plain text sees; formulas stand as TeX, computed values as nothing.
  public var plainText: String {
    map { inline in
      switch inline {
      case .text(let text), .code(let text): text
      case .emphasis(let content), .strong(let content), .strikethrough(let content): content.plainText
      case .link(_, _, let content), .image(_, _, let content): content.plainText
      case .softBreak, .lineBreak: " "
      case .math(let formula): formula.tex
      case .html, .value, .verdict, .reference, .citation, .footnote: ""
      }
    }.joined()
  }
}
