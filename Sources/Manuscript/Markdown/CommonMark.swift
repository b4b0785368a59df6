// Serves parse: the only file that calls cmark-gfm; Markdown text in, a tree of Swift values out.
import CCmarkGFM
import Synchronization

/// A node of the Markdown tree, before Offprint's own syntax is read.
struct SyntaxNode: Sendable {
  enum Kind: Sendable, Equatable {
    case document, blockQuote, list, item, codeBlock, htmlBlock, paragraph, heading, thematicBreak
    case table, tableRow, tableCell, footnoteDefinition
    case text, softBreak, lineBreak, code, htmlInline, emphasis, strong, strikethrough, link, image
    case footnoteReference
    /// `$…$` or `$$…$$`; the literal is the TeX.
    case math(display: Bool)
    /// `@key`; the literal is the key.
    case mention
    case unknown
  }

  var kind: Kind
  var literal = ""
  /// From 1; 0 where cmark-gfm does not know.
  var line = 0
  /// In bytes, from 1; 0 where cmark-gfm does not know.
  var column = 0
  var url = ""
  var title = ""
  /// The level of a heading, the first number of an ordered list.
  var number: Int?
  /// Whether a list is tight, or a task is done.
  var flag: Bool?
  /// One letter a column of a table: l, c, r or a zero byte.
  var alignments: [UInt8] = []
  var children: [SyntaxNode] = []
}

/// Why a text could not be read.
enum MarkdownFailure: Error {
  /// Something is nested more deeply than any reader could follow.
  case tooDeep(line: Int)
}

/// Parses GitHub-flavoured Markdown with `$…$` and `@key`.
///
/// cmark-gfm keeps its table of special characters in a process-wide variable that attaching an extension and
/// finishing a document change, so that parsing happens under one lock.
func parseMarkdown(_ text: String) throws(MarkdownFailure) -> SyntaxNode {
  let document = lock.withLock { _ in Document(parsing: text) }
  return try document.tree()
}

private let lock = Mutex(())

/// Owns a document of cmark-gfm's.
private struct Document: ~Copyable {
  private let root: OpaquePointer?

  init(parsing text: String) {
    cmark_gfm_core_extensions_ensure_registered()
    let parser = cmark_parser_new(CMARK_OPT_SOURCEPOS | CMARK_OPT_FOOTNOTES)
    defer { cmark_parser_free(parser) }
    // Ours comes first: an address of the autolink extension must not swallow a citation.
    cmark_parser_attach_syntax_extension(parser, paperExtension)
    for name in ["table", "strikethrough", "autolink", "tasklist"] {
      cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(name))
    }
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) }
    }
    root = cmark_parser_finish(parser)
  }

  deinit { cmark_node_free(root) }

  func tree() throws(MarkdownFailure) -> SyntaxNode {
    guard let root else { return SyntaxNode(kind: .document) }
    return try SyntaxNode(root, depth: 100, line: 1)
  }
}

extension SyntaxNode {
  fileprivate init(_ node: OpaquePointer, depth: Int, line parentLine: Int) throws(MarkdownFailure) {
    self.init(kind: Kind(node))
    line = Int(cmark_node_get_start_line(node))
    column = Int(cmark_node_get_start_column(node))
    let knownLine = line > 0 ? line : parentLine
    guard depth > 0 else { throw .tooDeep(line: knownLine) }
    literal = cmark_node_get_literal(node).map { String(cString: $0) } ?? ""
    readDetails(node)
    if kind == .htmlInline { readPaperInline() }
    var child = cmark_node_first_child(node)
    while let current = child {
      children.append(try SyntaxNode(current, depth: depth - 1, line: knownLine))
      child = cmark_node_next(current)
    }
  }

  private mutating func readDetails(_ node: OpaquePointer) {
    switch kind {
    case .heading: number = Int(cmark_node_get_heading_level(node))
    case .codeBlock: title = cmark_node_get_fence_info(node).map { String(cString: $0) } ?? ""
    case .link, .image:
      url = cmark_node_get_url(node).map { String(cString: $0) } ?? ""
      title = cmark_node_get_title(node).map { String(cString: $0) } ?? ""
    case .list:
      flag = cmark_node_get_list_tight(node) != 0
      if cmark_node_get_list_type(node) == CMARK_ORDERED_LIST {
        number = Int(cmark_node_get_list_start(node))
      }
    case .item where typeName(node) == "tasklist":
      flag = cmark_gfm_extensions_get_tasklist_item_checked(node)
    case .table:
      let count = Int(cmark_gfm_extensions_get_table_columns(node))
      alignments =
        cmark_gfm_extensions_get_table_alignments(node).map { start in
          (0..<count).map { start[$0] }
        } ?? []
    default: break
    }
  }

  /// Takes apart what `paperExtension` left: `U+0001 kind line:column U+0001 payload`.
  private mutating func readPaperInline() {
    guard literal.utf8.first == 1 else { return }
    let parts = literal.dropFirst().split(separator: "\u{1}", maxSplits: 1, omittingEmptySubsequences: false)
    let head = parts[0].split(separator: " ")
    guard parts.count == 2, head.count == 3 else { return }
    line = Int(head[1]) ?? 0
    column = Int(head[2]) ?? 0
    literal = String(parts[1])
    kind = head[0] == "@" ? .mention : .math(display: head[0] == "$$")
  }
}

private func typeName(_ node: OpaquePointer) -> String { String(cString: cmark_node_get_type_string(node)) }

extension SyntaxNode.Kind {
  fileprivate init(_ node: OpaquePointer) {
    switch cmark_node_get_type(node) {
    case CMARK_NODE_FOOTNOTE_DEFINITION: self = .footnoteDefinition
    case CMARK_NODE_FOOTNOTE_REFERENCE: self = .footnoteReference
    default: self = SyntaxNode.Kind.byName[typeName(node)] ?? .unknown
    }
  }

  private static let byName: [String: SyntaxNode.Kind] = [
    "document": .document, "block_quote": .blockQuote, "list": .list, "item": .item, "tasklist": .item,
    "code_block": .codeBlock, "html_block": .htmlBlock, "paragraph": .paragraph, "heading": .heading,
    "thematic_break": .thematicBreak, "table": .table, "table_header": .tableRow, "table_row": .tableRow,
    "table_cell": .tableCell, "text": .text, "softbreak": .softBreak, "linebreak": .lineBreak, "code": .code,
    "html_inline": .htmlInline, "emph": .emphasis, "strong": .strong, "strikethrough": .strikethrough,
    "link": .link, "image": .image,
  ]
}

/// The extension that reads `$…$` and `@key`; made once and never freed.
nonisolated(unsafe) private let paperExtension: OpaquePointer? = {
  guard let made = cmark_syntax_extension_new("paper") else { return nil }
  let memory = cmark_get_default_mem_allocator()
  var characters: UnsafeMutablePointer<cmark_llist>?
  for character in [UInt8(ascii: "$"), UInt8(ascii: "@")] {
    characters = cmark_llist_append(memory, characters, UnsafeMutableRawPointer(bitPattern: UInt(character)))
  }
  cmark_syntax_extension_set_special_inline_chars(made, characters)
  cmark_syntax_extension_set_match_inline_func(made) { _, _, _, character, inlines in
    guard let inlines else { return nil }
    switch character {
    case UInt8(ascii: "$"): return matchMath(inlines)
    case UInt8(ascii: "@"): return matchMention(inlines)
    default: return nil
    }
  }
  return made
}()

/// A node that carries its place: cmark-gfm gives nodes of extensions none.
///
/// It poses as raw HTML because a table cell silently drops kinds of nodes that it does not know.
private func makeNode(
  _ kind: String, _ bytes: [UInt8], consuming length: Int32, _ inlines: OpaquePointer
) -> OpaquePointer? {
  let place = "\(cmark_inline_parser_get_line(inlines)) \(cmark_inline_parser_get_column(inlines))"
  cmark_inline_parser_set_offset(inlines, cmark_inline_parser_get_offset(inlines) + length)
  let node = cmark_node_new(CMARK_NODE_HTML_INLINE)
  cmark_node_set_literal(node, "\u{1}\(kind) \(place)\u{1}" + String(decoding: bytes, as: UTF8.self))
  return node
}

/// Reads `$…$` by Pandoc's rule (no space inside the dollars, no digit after them), and `$$…$$`.
private func matchMath(_ inlines: OpaquePointer) -> OpaquePointer? {
  let start = cmark_inline_parser_get_offset(inlines)
  let isDisplay = cmark_inline_parser_peek_at(inlines, start + 1) == UInt8(ascii: "$")
  var content: [UInt8] = []
  var offset = start + (isDisplay ? 2 : 1)
  while true {
    let byte = cmark_inline_parser_peek_at(inlines, offset)
    if byte == 0 || byte == UInt8(ascii: "`") { return nil }
    if byte == UInt8(ascii: "$") { break }
    content.append(byte)
    offset += 1
    if byte == UInt8(ascii: "\\") {
      let next = cmark_inline_parser_peek_at(inlines, offset)
      if next == 0 { return nil }
      content.append(next)
      offset += 1
    }
  }
  let after = cmark_inline_parser_peek_at(inlines, offset + 1)
  if isDisplay {
    guard after == UInt8(ascii: "$"), !content.isEmpty else { return nil }
    return makeNode("$$", content, consuming: offset + 2 - start, inlines)
  }
  guard let first = content.first, let last = content.last, !isSpace(first), !isSpace(last), !isDigit(after)
  else {
    return nil
  }
  return makeNode("$", content, consuming: offset + 1 - start, inlines)
}

/// Reads `@key`; an address (`a@b`) has a letter before it and is left alone.
private func matchMention(_ inlines: OpaquePointer) -> OpaquePointer? {
  let start = cmark_inline_parser_get_offset(inlines)
  if start > 0, isWord(cmark_inline_parser_peek_at(inlines, start - 1)) { return nil }
  var key: [UInt8] = []
  while true {
    let byte = cmark_inline_parser_peek_at(inlines, start + 1 + Int32(key.count))
    guard isWord(byte) || (!key.isEmpty && "-:./+".utf8.contains(byte)) else { break }
    key.append(byte)
  }
  while let last = key.last, "-:./+".utf8.contains(last) { key.removeLast() }
  return key.isEmpty ? nil : makeNode("@", key, consuming: Int32(key.count) + 1, inlines)
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
private func isWord(_ byte: UInt8) -> Bool {
  isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
}
