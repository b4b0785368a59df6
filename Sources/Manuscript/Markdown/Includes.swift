// Serves parse: sections that are put together from other files of the paper, `{{< include part.md >}}`.
import Diagnostics

extension DocumentBuilder {
  /// The path in a paragraph that is nothing but `{{< include path >}}`, Quarto's form.
  func includedPath(_ node: SyntaxNode) -> String? {
    guard node.kind == .paragraph, node.children.allSatisfy({ $0.kind == .text }) else { return nil }
    let text = node.children.map(\.literal).joined().trimmed
    guard text.hasPrefix("{{<"), text.hasSuffix(">}}") else { return nil }
    let words = text.dropFirst(3).dropLast(3).split(whereSeparator: \.isWhitespace)
    return words.count == 2 && words[0] == "include" ? String(words[1]) : nil
  }

  /// The blocks of another file of the paper, as if they stood here.
  mutating func include(_ path: String, _ node: SyntaxNode) -> [Block] {
    let place = lines.locate(path, line: 0, column: 0, from: node.line)
    if let reason = refusal(of: path) {
      diagnostics.add(Diagnostic(rule: "include", reason, at: place, length: path.utf8.count))
      return []
    }
    guard let files,
      let source = read(PaperConfiguration.FileName(path: path, position: place), files, &diagnostics),
      let text = source.checkedText(&diagnostics)
    else { return [] }
    let outer = (lines, formulas, footnoteOffset, blockLine)
    including.append(path)
    let content = blocks(text, lines: SourceLines(file: source.path, text: text))
    including.removeLast()
    (lines, formulas, footnoteOffset, blockLine) = outer
    return content
  }

  private func refusal(of path: String) -> String? {
    if including.contains(path) {
      return "the file includes itself: \((including + [path]).joined(separator: " → "))"
    }
    return including.count > 20 ? "files are included more than 20 levels deep" : nil
  }
}
