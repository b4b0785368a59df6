// Serves export: a resolved paper as GitHub-flavoured Markdown.
import Manuscript

/// The paper as one Markdown file, its numbers filled in; pictures are named by their paths in the report.
public func markdownExport(_ paper: ResolvedPaper) -> String {
  let writer = MarkdownWriter(paper)
  return
    (["# " + writer.escape(paper.manuscript.configuration.title), writer.front()] + writer.sections()
    + [writer.references(), writer.footnotes()])
    .filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
}

/// Writes the parts of a paper as Markdown.
struct MarkdownWriter {
  let paper: ResolvedPaper
  private let renderer: PageRenderer

  init(_ paper: ResolvedPaper) {
    self.paper = paper
    renderer = PageRenderer(paper)
  }

  private var manuscript: Manuscript { paper.manuscript }

  /// Subtitle, authors and abstract.
  func front() -> String {
    let configuration = manuscript.configuration
    var parts = [configuration.subtitle.map { "*\(escape($0))*" } ?? ""]
    parts.append(escape(configuration.authors.map(\.name).joined(separator: ", ")))
    parts.append(blocks(manuscript.abstract))
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  /// Each section as a text of its own.
  func sections() -> [String] { manuscript.sections.map { blocks($0.blocks) } }

  func references() -> String {
    guard !manuscript.citedKeys.isEmpty else { return "" }
    let entries = manuscript.citedKeys.enumerated().map { index, key in
      let entry = manuscript.bibliography.entries[key]
      let words = [entry?.authors.map(\.listed).joined(separator: ", "), entry?["title"], entry?.year]
      let address = entry?["doi"].map { " <https://doi.org/\($0)>" } ?? entry?["url"].map { " <\($0)>" } ?? ""
      let text = words.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ". ")
      return "<a id=\"ref-\(index + 1)\"></a>[\(index + 1)] \(escape(text)).\(address)"
    }
    return "## References\n\n" + entries.joined(separator: "\n\n")
  }

  func footnotes() -> String {
    manuscript.footnotes.map { note in
      "[^\(note.number)]: " + indented(blocks(note.blocks), by: "    ")
    }.joined(separator: "\n\n")
  }

  // MARK: Blocks

  func blocks(_ blocks: [Block]) -> String {
    blocks.map(block).filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private func block(_ block: Block) -> String {
    switch block {
    case .heading(let heading):
      let number = heading.number.isEmpty ? "" : heading.number + " "
      let mark = String(repeating: "#", count: min(6, heading.level + 1))
      return "<a id=\"\(heading.id)\"></a>\n\n\(mark) \(number)\(oneLine(heading.content))"
    case .paragraph(let content): return inlines(content)
    case .list(let list): return self.list(list)
    case .table(let table): return self.table(table.header.map(oneLine), table.rows.map { $0.map(oneLine) })
    case .definitions(let definitions):
      return definitions.map { definition in
        ([oneLine(definition.term)] + definition.meanings.map { ": " + oneLine($0) }).joined(separator: "\n")
      }.joined(separator: "\n\n")
    case .quote(let content): return quoted(blocks(content))
    case .callout(let callout): return self.callout(callout)
    case .code(let language, let text): return fenced(text, language)
    case .equation(let equation):
      let tag = equation.number.map { " \\tag{\($0)}" } ?? ""
      return anchor(equation.id) + "$$\n\(equation.formula.tex)\(tag)\n$$"
    case .thematicBreak: return "---"
    case .html(let text): return fenced(text, "html")
    case .paper(let block): return paperBlock(block)
    }
  }

  private func list(_ list: ListBlock) -> String {
    list.items.enumerated().map { index, item in
      let mark = list.start.map { "\($0 + index). " } ?? "- "
      let task = item.isDone.map { $0 ? "[x] " : "[ ] " } ?? ""
      return mark + task
        + indented(blocks(item.blocks), by: String(repeating: " ", count: mark.count))
    }.joined(separator: list.isTight ? "\n" : "\n\n")
  }

  /// GitHub knows five kinds of callouts; an erratum becomes a quotation with a title.
  private func callout(_ callout: Callout) -> String {
    let title = oneLine(callout.title)
    let head =
      callout.kind == .margin
      ? title.isEmpty ? "" : "**\(title)**\n"
      : callout.kind == .erratum
        ? "**Erratum** \(title)\n" : "[!\(callout.kind.rawValue)]" + (title.isEmpty ? "" : "\n**\(title)**\n")
    return quoted(head + "\n" + blocks(callout.blocks))
  }

  private func paperBlock(_ block: PaperBlock) -> String {
    switch block.kind {
    case .experiment:
      let title = "**Experiment \(block.number).** \(oneLine(block.caption))"
      return anchor(block.id) + title + "\n\n" + fenced(block.source, "yaml")
    case .figure: return figure(block)
    case .figures: return anchor(block.id) + "**Figure \(block.label).** \(oneLine(block.caption))"
    case .claim: return claim(block)
    case .table: return resultTable(block)
    }
  }

  private func figure(_ block: PaperBlock) -> String {
    let caption = "**Figure \(block.label).** \(oneLine(block.caption))"
    guard let figure = paper.figures[block.id] else { return anchor(block.id) + caption }
    return anchor(block.id) + "![\(escape(figure.altText))](\(relativeURL(figure.picture.path)))\n\n"
      + caption
  }

  private func claim(_ block: PaperBlock) -> String {
    let claim = paper.claims[block.id]
    let verdict = (claim?.verdict ?? .notJudged).rawValue
    var lines = ["**Claim \(block.number): \(verdict).** \(oneLine(block.caption))"]
    if let text = claim?.differenceText, !text.isEmpty { lines.append("Difference \(escape(text)).") }
    return anchor(block.id) + quoted(lines.joined(separator: "\n\n"))
  }

  private func resultTable(_ block: PaperBlock) -> String {
    let summary = paper.tables[block.id]?.summary ?? ""
    let caption =
      "**Table \(block.number).** \(oneLine(block.caption))" + (summary.isEmpty ? "" : " " + escape(summary))
    let header = paper.tables[block.id]?.header.map(cell) ?? block.header.map(oneLine)
    let rows = paper.tables[block.id]?.rows.map { $0.map(cell) } ?? block.rows.map { $0.map(oneLine) }
    return anchor(block.id) + caption + "\n\n" + table(header, rows)
  }

  private func cell(_ cell: ResolvedTable.Cell) -> String {
    switch cell {
    case .inlines(let content): oneLine(content)
    case .heading(let text), .text(let text): escape(text)
    case .value(let value): escape(value.text)
    }
  }

  private func table(_ header: [String], _ rows: [[String]]) -> String {
    let columns = max(header.count, rows.first?.count ?? 0)
    let head = header.isEmpty ? Array(repeating: "", count: columns) : header
    let lines = [head, Array(repeating: "---", count: columns)] + rows
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  // MARK: Running text

  private func oneLine(_ content: [Inline]) -> String {
    String(inlines(content).map { $0.isNewline ? " " : $0 })
  }

  func inlines(_ inlines: [Inline]) -> String { inlines.map(inline).joined() }

  private func inline(_ inline: Inline) -> String {
    switch inline {
    case .text(let text): return escape(text)
    case .emphasis(let content): return "*\(inlines(content))*"
    case .strong(let content): return "**\(inlines(content))**"
    case .strikethrough(let content): return "~~\(inlines(content))~~"
    case .code(let text): return code(text)
    case .link(let url, _, let content): return "[\(inlines(content))](<\(isSafeLink(url) ? url : "#")>)"
    case .image(let url, _, let alt): return "![\(inlines(alt))](<\(url)>)"
    case .html(let text): return escape(text)
    case .element(let name, let content): return "<\(name)>\(inlines(content))</\(name)>"
    case .softBreak: return "\n"
    case .lineBreak: return "\\\n"
    case .math(let formula): return "$\(formula.tex)$"
    case .value(let reference): return escape(paper.values[reference.index]?.text ?? "–")
    case .verdict(let claim, _): return "[**\(renderer.verdict(claim).rawValue)**](#\(claim))"
    case .reference(let reference):
      let label = manuscript.targets[reference.id]?.label(reference) ?? reference.id
      return "[\(escape(label))](#\(reference.id.lowercased()))"
    case .citation(let citation): return self.citation(citation)
    case .footnote(let number): return "[^\(number)]"
    }
  }

  private func citation(_ citation: Citation) -> String {
    let style = manuscript.configuration.citationStyle
    let years = renderer.yearLabels
    let items = citation.items.map { item -> String in
      let names = manuscript.bibliography.entries[item.key]?.citedNames ?? item.key
      let year = years[item.key] ?? "n.d."
      let isYear = item.omitsAuthor || citation.isTextual
      let number =
        manuscript.citationNumber(item.key).map { number in
          "[\(style.isNumeric ? "\(number)" : escape(isYear ? year : "\(names), \(year)"))](#ref-\(number))"
        } ?? item.key
      let prefix = item.prefix.isEmpty ? "" : escape(item.prefix) + " "
      return prefix + number + (item.locator.isEmpty ? "" : ", " + escape(item.locator))
    }
    let list =
      style.isRound
      ? "(" + items.joined(separator: "; ") + ")" : "\\[" + items.joined(separator: "; ") + "\\]"
    guard citation.isTextual, let item = citation.items.first else { return list }
    return escape(manuscript.bibliography.entries[item.key]?.citedNames ?? item.key) + " " + list
  }

  // MARK: Syntax

  /// Text with everything escaped that Markdown would take for markup.
  func escape(_ text: String) -> String {
    String(text.flatMap { "\\`*_[]<>#|$~".contains($0) ? ["\\", $0] : [$0] })
  }

  /// Code between more backticks than it has in a row.
  private func code(_ text: String) -> String {
    let fence = String(repeating: "`", count: longestRun(of: "`", in: text) + 1)
    let space = text.hasPrefix("`") || text.hasSuffix("`") ? " " : ""
    return fence + space + text + space + fence
  }

  private func fenced(_ text: String, _ language: String) -> String {
    let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
    return "\(fence)\(language)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)"
  }

  private func longestRun(of character: Character, in text: String) -> Int {
    var longest = 0
    var current = 0
    for each in text {
      current = each == character ? current + 1 : 0
      longest = max(longest, current)
    }
    return longest
  }

  private func anchor(_ id: String?) -> String { id.map { "<a id=\"\($0)\"></a>\n\n" } ?? "" }

  private func quoted(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? ">" : "> \($0)" }
      .joined(separator: "\n")
  }

  private func indented(_ text: String, by indent: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      index == 0 || line.isEmpty ? String(line) : indent + line
    }.joined(separator: "\n")
  }
}
