// Serves parse: reads Offprint's fenced blocks and the texts inside their YAML.
import Diagnostics
import Specification

extension DocumentBuilder {
  /// An experiment, figure, claim or table block, from a fence whose info string has braces.
  mutating func paperBlock(_ node: SyntaxNode, _ attributes: Attributes) -> PaperBlock? {
    let fence = lines.position(line: node.line, column: node.column)
    let info = lines.locate(node.title, line: 0, column: 0, from: node.line)
    guard let kind = PaperBlock.Kind(rawValue: attributes.name) else {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-block", "there is no block '\(attributes.name)'", at: info,
          length: node.title.utf8.count,
          hint: nameHint(for: attributes.name, in: PaperBlock.Kind.allCases.map(\.rawValue))))
      return nil
    }
    for word in attributes.others {
      diagnostics.add(
        Diagnostic(
          rule: "block-attributes", "'\(word)' cannot stand in a block's first line", at: info,
          length: node.title.utf8.count, expected: "{\(kind.rawValue) #\(kind.target.rawValue)-name}"))
    }
    guard let id = attributes.id else {
      diagnostics.add(
        Diagnostic(
          rule: "missing-id", "this \(kind.rawValue) has no id", at: info, length: node.title.utf8.count,
          expected: "{\(kind.rawValue) #\(kind.target.rawValue)-name}"))
      return nil
    }
    let place = lines.locate("#" + id, line: 0, column: 0, from: node.line)
    let panel = kind == .figure ? panels[id] : nil
    let number = registry.define(id, as: kind.target, label: panel?.label, at: place, &diagnostics)
    let origin = lines.position(line: node.line + 1, column: node.column)
    guard let body = diagnostics.collect({ _ in try Node(yaml: node.literal, origin: origin) }) else {
      return nil
    }
    guard body.members != nil else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "the body of a block cannot be \(body.summary)", at: body.position,
          expected: "lines of the form key: value"))
      return nil
    }
    var block = PaperBlock(
      kind: kind, id: id, number: number.flatMap { Int($0) } ?? 0, label: number ?? "",
      group: panel?.group, body: body, source: node.literal,
      position: fence,
      caption: [], header: [], rows: [], sources: [])
    readTexts(of: &block)
    if kind == .figures { readPanels(of: &block) }
    blocks.append(block)
    return block
  }

  private mutating func readTexts(of block: inout PaperBlock) {
    let caption = block.body[block.kind.captionKey]
    if block.kind == .experiment {
      block.caption = caption?.text.map { [.text($0)] } ?? []
    } else {
      block.caption = caption.map { inlineMarkdown($0) } ?? []
    }
    switch block.kind {
    case .table:
      block.header = (block.body["header"]?.elements ?? []).map { inlineMarkdown($0) }
      block.rows = (block.body["rows"]?.elements ?? []).map { row in
        (row.elements ?? []).map { inlineMarkdown($0) }
      }
      block.entries = tableEntries(block.body)
    case .claim:
      block.sources = sourceItems(claimSourceNodes(block.body))
      block.statement = block.body["statement"].map { inlineMarkdown($0) } ?? []
      for erratum in elements(block.body["erratum"]) {
        guard let label = erratum.text else { continue }
        block.errata.append(label)
        namedErrata.append((label, erratum.position))
      }
    case .figure where caption == nil, .figures where caption == nil:
      diagnostics.add(
        Diagnostic(
          .warning, rule: "missing-caption", "the figure '\(block.id)' has no caption", at: block.position,
          expected: "fig-cap: what the figure shows"))
    default: break
    }
  }

  /// The figures of a group, which are numbered 3a, 3b, … and must stand after it.
  private mutating func readPanels(of block: inout PaperBlock) {
    for node in block.body["of"]?.elements ?? [] {
      guard let id = node.text else { continue }
      let index = block.panels.count
      if registry.targets[id] != nil || panels[id] != nil {
        diagnostics.add(
          Diagnostic(
            rule: "figure-group", "'\(id)' stands before its group, or in two groups", at: node.position,
            length: node.length, expected: "the id of a figure that follows"))
        continue
      }
      panels[id] = (block.id, block.label + CitationStyle.letters(index))
      references.append(CrossReference(id: id, position: node.position))
      block.panels.append(id)
    }
  }

  private func claimSourceNodes(_ body: Node) -> [Node] {
    [body["source"], body["published"]?["source"]].compactMap(\.self).flatMap { $0.elements ?? [$0] }
  }

  /// The works that a block names count as cited where the block stands.
  mutating func sourceItems(_ nodes: [Node]) -> [Citation.Item] {
    let items = nodes.compactMap { node in
      node.text.map { text in
        let key = text.hasPrefix("@") ? String(text.dropFirst()) : text
        return Citation.Item(key: key, prefix: "", locator: "", omitsAuthor: false, position: node.position)
      }
    }
    citations += items
    return items
  }

  /// The text of a YAML scalar as inline Markdown; a text that starts with `{val}` is a value without backquotes.
  mutating func inlineMarkdown(_ node: Node) -> [Inline] {
    guard let text = node.text, !node.isNull else { return [] }
    blockLine = node.position.line
    if text.hasPrefix("{val}") || text.hasPrefix("{verdict}") {
      let name = String(text.dropFirst().prefix { $0 != "}" })
      let place = lines.locate(
        text, line: node.position.line, column: node.position.column, from: node.position.line)
      return computed(name, text: text, at: place).map { [$0] } ?? []
    }
    guard let tree = try? parseMarkdown(PreparedMarkdown.cleaned(text)) else {
      diagnostics.add(
        Diagnostic(rule: "nested-too-deeply", "this is nested more than 100 levels deep", at: node.position))
      return []
    }
    let paragraphs = tree.children.filter { $0.kind == .paragraph }
    guard paragraphs.count == tree.children.count else {
      return [.text(text)]
    }
    let nodes = paragraphs.map { $0.children.map(\.withoutPlace) }
    return inlines(Array(nodes.joined(separator: [SyntaxNode(kind: .softBreak)])))
  }
}

extension SyntaxNode {
  /// The node without its place, which holds in a caption's text but not in its file.
  var withoutPlace: SyntaxNode {
    var node = self
    (node.line, node.column) = (0, 0)
    node.children = children.map(\.withoutPlace)
    return node
  }
}
