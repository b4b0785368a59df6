// Serves parse: terms with their meanings (Pandoc's definition lists), and the few HTML elements that a paper may allow.

extension DocumentBuilder {
  /// A paragraph whose lines after the first start with `: `, as terms with their meanings.
  ///
  ///     Term
  ///     : What it means.
  mutating func definitions(_ node: SyntaxNode) -> Block? {
    var lines: [[SyntaxNode]] = [[]]
    for child in node.children {
      if child.kind == .softBreak { lines.append([]) } else { lines[lines.count - 1].append(child) }
    }
    guard lines.count > 1, !lines[0].isEmpty, lines[1].startsMeaning else { return nil }
    var meanings: [[SyntaxNode]] = []
    for line in lines.dropFirst() {
      if line.startsMeaning {
        var line = line
        line[0].literal = String(line[0].literal.dropFirst(2))
        meanings.append(line)
      } else {
        // A meaning may go on over several lines.
        meanings[meanings.count - 1] += [SyntaxNode(kind: .softBreak)] + line
      }
    }
    return .definitions([Definition(term: inlines(lines[0]), meanings: meanings.map { inlines($0) })])
  }

  /// The elements that a paper may allow: they mark text, and have no attributes.
  static let elements: Set<String> = [
    "sub", "sup", "kbd", "mark", "small", "abbr", "dfn", "ins", "u", "var", "samp",
  ]

  /// Text between `<sub>` and `</sub>` as one element; a tag without its partner stays text.
  func pairingElements(_ inlines: [Inline]) -> [Inline] {
    var stack: [(name: String, content: [Inline])] = [("", [])]
    for inline in inlines {
      if case .html(let tag) = inline {
        if ["<br>", "<br/>", "<br />"].contains(tag) {
          stack[stack.count - 1].content.append(.lineBreak)
          continue
        }
        let name = tag.filter { $0.isLetter }
        if DocumentBuilder.elements.contains(name), tag == "<\(name)>" {
          stack.append((name, []))
          continue
        }
        if stack.count > 1, tag == "</\(stack[stack.count - 1].name)>", let (name, content) = stack.popLast()
        {
          stack[stack.count - 1].content.append(.element(name, content))
          continue
        }
      }
      stack[stack.count - 1].content.append(inline)
    }
    while stack.count > 1, let (name, content) = stack.popLast() {
      stack[stack.count - 1].content += [.html("<\(name)>")] + content
    }
    return stack[0].content
  }
}

extension [SyntaxNode] {
  fileprivate var startsMeaning: Bool { first?.kind == .text && first?.literal.hasPrefix(": ") ?? false }
}
