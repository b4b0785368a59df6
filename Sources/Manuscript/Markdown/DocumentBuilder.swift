// Serves parse: turns Markdown trees into blocks of the document model, numbering as it goes.
import Diagnostics
import Specification

/// Builds the sections of one paper, in order.
struct DocumentBuilder {
  /// The author's own commands in formulas.
  let macros: MathMacros
  var diagnostics = Diagnostics()
  var registry = Registry()
  var footnotes: [Footnote] = []
  var blocks: [PaperBlock] = []
  var values: [ValueReference] = []
  var images: [ImageFile] = []
  /// Every citation of a key, in order of the text.
  var citations: [Citation.Item] = []
  /// Every cross reference and verdict, in order of the text.
  var references: [CrossReference] = []
  /// The figures that groups have announced, by id.
  var panels: [String: (group: String, label: String)] = [:]
  /// The labels of the errata, each with the place of its note.
  var errata: [String: SourcePosition] = [:]
  /// Every erratum that a block names.
  var namedErrata: [(label: String, position: SourcePosition)] = []

  /// The section being read.
  var lines = SourceLines(file: "", text: "")
  var formulas: [DisplayMath] = []
  var footnoteOffset = 0
  /// The first line of the block being read, from which a piece of its text is looked up.
  var blockLine = 1

  /// Where the Markdown being read begins when it stands inside YAML, whose lines are not the Markdown's.
  private var yamlLine: Int?

  /// Whether the paper allows a few HTML elements.
  let allowsElements: Bool
  /// Reads a file that a section includes.
  let files: PaperFiles?
  /// The files being read, the innermost last.
  var including: [String] = []

  init(macros: MathMacros = MathMacros(), allowsElements: Bool = false, files: PaperFiles? = nil) {
    self.macros = macros
    self.allowsElements = allowsElements
    self.files = files
  }

  /// Reads one Markdown file.
  mutating func section(_ path: String, file: String, text: String) -> Section {
    including = [path]
    return Section(file: file, path: path, blocks: blocks(text, lines: SourceLines(file: file, text: text)))
  }

  /// Reads Markdown that stands inside paper.yml, in a scalar that starts in line `line`.
  mutating func blocks(inYAML text: String, lines: SourceLines, at line: Int) -> [Block] {
    yamlLine = line
    defer { yamlLine = nil }
    return blocks(text, lines: lines)
  }

  mutating func blocks(_ text: String, lines: SourceLines) -> [Block] {
    self.lines = lines
    blockLine = yamlLine ?? 1
    let prepared = PreparedMarkdown(text)
    formulas = prepared.formulas
    footnoteOffset = footnotes.count
    do throws(MarkdownFailure) {
      let parsed = try parseMarkdown(prepared.text)
      let tree = yamlLine == nil ? parsed : parsed.withoutPlace
      let notes = tree.children.filter { $0.kind == .footnoteDefinition }
      // Numbers are given out first: a note may refer to a later one.
      footnotes += notes.indices.map { Footnote(number: footnoteOffset + $0 + 1, blocks: []) }
      let content = blocks(tree.children.filter { $0.kind != .footnoteDefinition })
      for (index, note) in notes.enumerated() {
        footnotes[footnoteOffset + index].blocks = blocks(note.children)
      }
      return content
    } catch {
      let line =
        switch error {
        case .tooDeep(let line): line
        }
      diagnostics.add(
        Diagnostic(
          rule: "nested-too-deeply", "this is nested more than 100 levels deep",
          at: lines.position(line: line, column: 1)))
      return []
    }
  }

  mutating func blocks(_ nodes: [SyntaxNode]) -> [Block] {
    var result: [Block] = []
    for node in nodes {
      if node.line > 0, yamlLine == nil { blockLine = node.line }
      if let path = includedPath(node) {
        result += include(path, node)
        continue
      }
      guard let block = block(node) else { continue }
      if case .definitions(let next) = block, case .definitions(let last) = result.last {
        result[result.count - 1] = .definitions(last + next)
      } else {
        result.append(block)
      }
    }
    return result
  }

  private mutating func block(_ node: SyntaxNode) -> Block? {
    switch node.kind {
    case .paragraph: return paragraph(node)
    case .heading: return heading(node)
    case .thematicBreak: return .thematicBreak
    case .blockQuote: return quote(node)
    case .list: return list(node)
    case .table: return table(node)
    case .codeBlock: return code(node)
    case .htmlBlock: return node.literal.isComment ? nil : .html(node.literal)
    default: return node.children.isEmpty ? nil : .quote(blocks(node.children))
    }
  }

  private mutating func list(_ node: SyntaxNode) -> Block {
    let items = node.children.map { ListBlock.Item(isDone: $0.flag, blocks: blocks($0.children)) }
    return .list(ListBlock(start: node.number, isTight: node.flag ?? true, items: items))
  }

  private mutating func table(_ node: SyntaxNode) -> Block {
    var rows: [[[Inline]]] = []
    for row in node.children {
      if row.line > 0, yamlLine == nil { blockLine = row.line }
      rows.append(row.children.map { inlines($0.children) })
    }
    let alignments: [MarkdownTable.Alignment] = node.alignments.map {
      switch $0 {
      case UInt8(ascii: "l"): .left
      case UInt8(ascii: "c"): .center
      case UInt8(ascii: "r"): .right
      default: .none
      }
    }
    return .table(
      MarkdownTable(alignments: alignments, header: rows.first ?? [], rows: Array(rows.dropFirst())))
  }

  /// A paragraph; one that is nothing but `$$…$$` and attributes is a displayed formula.
  private mutating func paragraph(_ node: SyntaxNode) -> Block {
    if let first = node.children.first, first.kind == .math(display: true),
      node.children.dropFirst().allSatisfy({ $0.kind == .text })
    {
      let rest = node.children.dropFirst().map(\.literal).joined().trimmed
      if rest.isEmpty || Attributes(rest) != nil {
        return equation(
          tex: first.literal, attributes: rest, at: lines.position(line: first.line, column: first.column + 2)
        )
      }
    }
    return definitions(node) ?? .paragraph(inlines(node.children))
  }

  mutating func equation(tex: String, attributes: String, at position: SourcePosition) -> Block {
    var equation = Equation(formula: formula(tex, isDisplay: true, at: position))
    if !attributes.trimmed.isEmpty {
      equation.id = Attributes(attributes)?.id
      if let id = equation.id {
        let place = lines.locate("#" + id, line: 0, column: 0, from: position.line)
        equation.number = registry.define(id, as: .equation, at: place, &diagnostics).flatMap { Int($0) }
      } else {
        diagnostics.add(
          Diagnostic(
            rule: "equation-attributes", "'\(attributes.trimmed)' is not the id of an equation", at: position,
            expected: "{#eq-name} after the closing $$"))
      }
    }
    return .equation(equation)
  }

  mutating func formula(_ tex: String, isDisplay: Bool, at position: SourcePosition) -> Formula {
    let (mathML, faults) = renderMath(tex, isDisplay: isDisplay, macros: macros)
    for fault in faults {
      let before = Array(tex.utf8.prefix(fault.offset))
      let lineBreaks = before.count { $0 == 10 }
      let column =
        lineBreaks == 0 ? position.column + fault.offset : before.count - (before.lastIndex(of: 10) ?? 0)
      diagnostics.add(
        Diagnostic(
          rule: "math", fault.message, at: position.advanced(lines: lineBreaks, column: column),
          length: fault.length, hint: fault.hint))
    }
    return Formula(tex: tex.trimmed, mathML: mathML)
  }

  private mutating func heading(_ node: SyntaxNode) -> Block {
    let level = node.number ?? 1
    var children = node.children
    var attributes: Attributes?
    if let last = children.indices.last, children[last].kind == .text {
      attributes = Attributes.take(from: &children[last].literal)
    }
    let content = inlines(children)
    let position = lines.position(line: node.line, column: node.column)
    let classes = attributes?.classes ?? []
    let number = registry.number(level: level, isCounted: !classes.contains("unnumbered"))
    let id = attributes?.id ?? registry.slug(for: content.plainText)
    let place = attributes?.id.map { lines.locate("#" + $0, line: 0, column: 0, from: node.line) } ?? position
    registry.defineSection(id, number: number, at: place, &diagnostics)
    return .heading(
      Heading(level: level, number: number, id: id, classes: classes, content: content, position: position))
  }

  /// A quotation, or a callout when it starts with `[!NOTE]`.
  private mutating func quote(_ node: SyntaxNode) -> Block {
    guard var paragraph = node.children.first, paragraph.kind == .paragraph,
      let marker = CalloutMarker(taking: &paragraph.children)
    else { return .quote(blocks(node.children)) }
    let title = inlines(marker.title)
    let rest = (paragraph.children.isEmpty ? [] : [paragraph]) + node.children.dropFirst()
    let content = blocks(Array(rest))
    if let kind = Callout.Kind(rawValue: marker.name.uppercased()) {
      var callout = Callout(kind: kind, title: title, blocks: content)
      if kind == .erratum { callout.ids = erratumIDs(title, at: node) }
      return .callout(callout)
    }
    diagnostics.add(
      Diagnostic(
        rule: "unknown-callout", "there is no callout '\(marker.name)'",
        at: lines.locate("[!" + marker.name, line: 0, column: 0, from: node.line),
        length: marker.name.utf8.count + 3,
        hint: nameHint(for: marker.name, in: Callout.Kind.allCases.map(\.rawValue))))
    return .quote(content)
  }

  /// The ids of an erratum whose title starts with labels of a letter and a number, as in `E3, E4 Dates`.
  private mutating func erratumIDs(_ title: [Inline], at node: SyntaxNode) -> [String] {
    var ids: [String] = []
    for word in title.plainText.split(separator: " ") {
      let goesOn = word.hasSuffix(",")
      let label = String(goesOn ? word.dropLast() : word)
      guard let first = label.first, first.isASCII, first.isUppercase, label.count > 1,
        label.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }), errata[label] == nil
      else { break }
      errata[label] = lines.position(line: node.line, column: node.column)
      ids.append(erratumAnchor(label))
      if !goesOn { break }
    }
    return ids
  }

  private mutating func code(_ node: SyntaxNode) -> Block? {
    let info = node.title
    if info.hasPrefix(PreparedMarkdown.fenceInfo),
      let index = Int(info.dropFirst(PreparedMarkdown.fenceInfo.count))
    {
      let math = formulas[index]
      return equation(
        tex: math.tex, attributes: math.attributes, at: lines.position(line: math.line, column: math.column))
    }
    if let attributes = Attributes(info) { return paperBlock(node, attributes).map(Block.paper) }
    let language = info.split(separator: " ").first.map(String.init) ?? ""
    return .code(language: language, text: node.literal)
  }
}

/// The id of the note of an erratum.
public func erratumAnchor(_ label: String) -> String { "erratum-\(label.lowercased())" }

/// What stands in the first line of a callout.
private struct CalloutMarker {
  var name: String
  var title: [SyntaxNode]

  /// Takes `[!NAME] title` off the start of a paragraph.
  init?(taking nodes: inout [SyntaxNode]) {
    // The parser splits text at brackets, so that the marker is put together first.
    let end = nodes.firstIndex { $0.kind == .softBreak || $0.kind == .lineBreak } ?? nodes.count
    var first = Array(nodes[..<end])
    var text = ""
    while let node = first.first, node.kind == .text {
      text += node.literal
      first.removeFirst()
    }
    guard text.hasPrefix("[!"), let close = text.firstIndex(of: "]") else { return nil }
    name = String(text[text.index(text.startIndex, offsetBy: 2)..<close])
    guard !name.isEmpty, name.allSatisfy(\.isLetter) else { return nil }
    let rest = text[text.index(after: close)...].drop(while: \.isWhitespace)
    title = (rest.isEmpty ? [] : [SyntaxNode(kind: .text, literal: String(rest))]) + first
    nodes = Array(nodes.dropFirst(end + 1))
  }
}

extension String {
  /// Whether raw HTML is nothing but a comment of the author's.
  var isComment: Bool {
    let text = trimmed
    guard text.hasPrefix("<!--"), text.hasSuffix("-->") else { return false }
    return text.dropFirst(4).dropLast(3).lastRange(of: "-->") == nil
  }
}
