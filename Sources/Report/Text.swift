// Serves write: the blocks and the running text of Markdown as HTML.
import Manuscript

extension PageRenderer {
  /// Blocks, each with the margin notes that it points at.
  mutating func blocks(_ blocks: [Block]) -> HTML {
    var result = HTML.empty
    for (index, block) in blocks.enumerated() {
      let outer = pendingNotes
      pendingNotes = []
      let content = self.block(block)
      result += withNotes(content, of: block, followedBy: blocks[(index + 1)...])
      pendingNotes = outer
    }
    return result
  }

  private mutating func block(_ block: Block) -> HTML {
    switch block {
    case .heading(let heading): return self.heading(heading)
    case .paragraph(let content): return paragraph(content)
    case .list(let list): return self.list(list)
    case .table(let table): return markdownTable(table)
    case .definitions(let definitions): return self.definitions(definitions)
    case .quote(let content): return line("blockquote", [:], .raw("\n") + plainBlocks(content))
    case .callout(let callout): return self.callout(callout)
    case .code(let language, let text): return code(text, language: language)
    case .equation(let equation): return self.equation(equation)
    case .thematicBreak: return line("hr")
    case .html(let text): return line("pre", ["class": "raw"], HTML(text))
    case .paper(let block): return paperBlock(block)
    }
  }

  /// Blocks inside another block, whose notes go beside the outermost.
  mutating func plainBlocks(_ blocks: [Block]) -> HTML {
    var result = HTML.empty
    for block in blocks { result += self.block(block) }
    return result
  }

  private mutating func paperBlock(_ block: PaperBlock) -> HTML {
    switch block.kind {
    case .experiment: return experimentCard(block)
    // A figure of a group stands where its group does.
    case .figure: return block.group == nil ? figure(block) : .empty
    case .figures: return figureGroup(block)
    case .claim: return claim(block)
    case .table: return resultTable(block)
    }
  }

  private mutating func heading(_ heading: Heading) -> HTML {
    headings.append(heading)
    let number =
      heading.number.isEmpty ? HTML.empty : tag("i", [:], HTML(heading.number)) + " "
    let anchor = link("#\(heading.id)", number + inlines(heading.content))
    return line("h\(min(6, heading.level + (kind == .section ? 0 : 1)))", ["id": heading.id], anchor)
  }

  private mutating func paragraph(_ content: [Inline]) -> HTML {
    if content.count == 1, case .image(let url, let title, let alt) = content[0] {
      let caption = title.isEmpty ? HTML.empty : line("figcaption", [:], HTML(title))
      return line("figure", ["class": "picture"], picture(url, title: "", alt) + caption)
    }
    return line("p", [:], inlines(content))
  }

  private mutating func list(_ list: ListBlock) -> HTML {
    var items = HTML.empty
    for item in list.items {
      var content = HTML.empty
      if let isDone = item.isDone {
        content += tag("span", ["class": "task"], HTML(isDone ? "☑" : "☐"))
        content += tag("span", ["class": "hidden"], HTML(isDone ? "done: " : "to do: "))
      }
      items += line(
        "li", ["class": item.isDone == nil ? nil : "task-item"],
        content + self.item(item, isTight: list.isTight))
    }
    let start = list.start.flatMap { $0 == 1 ? nil : "\($0)" }
    return line(list.start == nil ? "ul" : "ol", ["start": start], .raw("\n") + items)
  }

  private mutating func item(_ item: ListBlock.Item, isTight: Bool) -> HTML {
    var result = HTML.empty
    for block in item.blocks {
      if isTight, case .paragraph(let content) = block {
        result += inlines(content)
      } else {
        result += .raw("\n") + self.block(block)
      }
    }
    return result
  }

  private mutating func markdownTable(_ table: MarkdownTable) -> HTML {
    func style(_ column: Int) -> String? {
      let alignment = column < table.alignments.count ? table.alignments[column] : .none
      return alignment == .none || alignment == .left ? nil : alignment.rawValue
    }
    var head = HTML.empty
    for (column, cell) in table.header.enumerated() {
      head += tag("th", ["scope": "col", "class": style(column)], inlines(cell))
    }
    var body = HTML.empty
    for row in table.rows {
      var cells = HTML.empty
      for (column, cell) in row.enumerated() { cells += tag("td", ["class": style(column)], inlines(cell)) }
      body += line("tr", [:], cells)
    }
    markdownTables += 1
    return scrolling("Unnumbered table \(markdownTables)", htmlTable(head: tag("tr", [:], head), body: body))
  }

  private mutating func callout(_ callout: Callout) -> HTML {
    let name =
      switch callout.kind {
      case .note: "Note"
      case .tip: "Tip"
      case .important: "Important"
      case .warning: "Warning"
      case .caution: "Caution"
      case .erratum: "Erratum"
      case .margin: "Margin"
      }
    if callout.kind == .margin { return aside(callout) }
    // A place has one id; further labels have empty places of their own.
    var title = callout.ids.dropFirst().map { tag("span", ["id": $0]) }.joined() + tag("b", [:], HTML(name))
    if !callout.title.isEmpty { title += " " + inlines(callout.title) }
    return line(
      "div", ["class": "callout \(name.lowercased())", "id": callout.ids.first],
      .raw("\n") + line("p", [:], title) + plainBlocks(callout.blocks))
  }

  /// An aside, which stands in the margin of a wide page.
  private mutating func aside(_ callout: Callout) -> HTML {
    let title = callout.title.isEmpty ? HTML.empty : line("p", [:], tag("b", [:], inlines(callout.title)))
    return line("aside", ["class": "sidenote"], .raw("\n") + title + plainBlocks(callout.blocks))
  }

  private mutating func definitions(_ definitions: [Definition]) -> HTML {
    var content = HTML.empty
    for definition in definitions {
      content += line("dt", [:], tag("dfn", [:], inlines(definition.term)))
      for meaning in definition.meanings { content += line("dd", [:], inlines(meaning)) }
    }
    return line("dl", ["class": "terms"], .raw("\n") + content)
  }

  private func code(_ text: String, language: String) -> HTML {
    let content =
      ["yaml", "yml"].contains(language.lowercased()) ? highlightedYAML(text) : highlighted(text, language)
    return line("pre", ["tabindex": "0"], tag("code", [:], content))
  }

  private func equation(_ equation: Equation) -> HTML {
    var content = HTML.raw(equation.formula.mathML)
    if let number = equation.number { content += tag("span", ["class": "eqno"], HTML("(\(number))")) }
    return line(
      "div",
      [
        "class": "equation", "id": equation.id, "tabindex": "0", "role": "group",
        "aria-label": equation.number.map { "Equation \($0)" } ?? "Equation",
      ], content)
  }

  // MARK: Running text

  mutating func inlines(_ inlines: [Inline]) -> HTML {
    var result = HTML.empty
    for (index, inline) in inlines.enumerated() {
      result += isNumberEnd(inlines, index) ? HTML("\u{A0}") : self.inline(inline)
    }
    return result
  }

  /// Whether a line of the source ends inside `82 %`.
  private func isNumberEnd(_ inlines: [Inline], _ index: Int) -> Bool {
    guard case .softBreak = inlines[index], index + 1 < inlines.count,
      case .text(let text) = inlines[index + 1]
    else { return false }
    return text.hasPrefix("%")
  }

  private mutating func inline(_ inline: Inline) -> HTML {
    switch inline {
    case .text(let text): return HTML(keepingNumbersTogether(text))
    case .emphasis(let content): return tag("em", [:], inlines(content))
    case .strong(let content): return tag("strong", [:], inlines(content))
    case .strikethrough(let content): return tag("del", [:], inlines(content))
    case .code(let text): return tag("code", [:], HTML(text))
    case .link(let url, let title, let content):
      return link(destination(of: url), title: title.isEmpty ? nil : title, inlines(content))
    case .image(let url, let title, let alt): return picture(url, title: title, alt)
    case .html(let text): return HTML(text)
    case .element(let name, let content): return tag(name, [:], inlines(content))
    case .softBreak: return .raw("\n")
    case .lineBreak: return .raw("<br>\n")
    case .math(let formula): return .raw(formula.mathML)
    case .value(let reference): return value(reference)
    case .verdict(let claim, _): return verdictLink(claim)
    case .reference(let reference): return crossReference(reference)
    case .citation(let citation): return self.citation(citation)
    case .footnote(let number): return noteMark(number)
    }
  }

  private func picture(_ url: String, title: String, _ alt: [Inline]) -> HTML {
    tag("img", ["src": pictureURL(url), "alt": alt.plainText, "title": title.isEmpty ? nil : title])
  }

  /// Where a link of the author's leads, which may be to a place on another page of the article.
  private func destination(of url: String) -> String {
    if url.hasPrefix("#"), url.count > 1 { return address(String(url.dropFirst())) }
    return isSafeLink(url) ? url : "#"
  }

  private func crossReference(_ reference: CrossReference) -> HTML {
    guard let target = manuscript.targets[reference.id] else { return HTML(reference.id) }
    return link(address(target.id), HTML(target.label(reference)))
  }
}

extension Target {
  /// `figure 3`, `Section 2.1`, `equation (4)`, or the number alone.
  func label(_ reference: CrossReference) -> String {
    let shown = kind == .equation ? "(\(number))" : number
    if reference.isNumberOnly { return shown }
    let word = reference.isCapitalised ? noun.prefix(1).uppercased() + noun.dropFirst() : noun
    return number.isEmpty ? word : "\(word)\u{A0}\(shown)"
  }

  private var noun: String { kind.noun }
}

/// The text with no-break spaces inside `10 000` and before `%`.
func keepingNumbersTogether(_ text: String) -> String {
  var bytes = Array(text.utf8)
  func isDigit(_ index: Int) -> Bool { index < bytes.count && (48...57).contains(bytes[index]) }
  for index in bytes.indices.reversed().dropLast() where bytes[index] == 32 && isDigit(index - 1) {
    let isGroup = isDigit(index + 1) && isDigit(index + 2) && isDigit(index + 3) && !isDigit(index + 4)
    let isPercent = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "%")
    if isGroup || isPercent { bytes.replaceSubrange(index...index, with: "\u{A0}".utf8) }
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Text of a machine’s with no-break spaces where a number must not part.
func kept(_ text: String) -> HTML { HTML(keepingNumbersTogether(text)) }

/// A whole number of five or more digits with its thousands apart; any other text as it is.
func groupingThousands(_ text: String) -> String {
  text.utf8.count > 4 && text.utf8.allSatisfy { (48...57).contains($0) }
    ? Int(text).map(grouped) ?? text : text
}

// MARK: - Pieces that several parts share

/// A table with a head and a body.
func htmlTable(head: HTML, body: HTML, class style: String? = nil) -> HTML {
  tag(
    "table", ["class": style],
    (head.isEmpty ? .empty : tag("thead", [:], head) + .raw("\n")) + tag("tbody", [:], .raw("\n") + body))
}

/// A table of data without the end tags that HTML lets one leave out, which are most of such a table's bytes.
func compactTable(header: [String], rows: [[HTML]], ids: [String] = [], class style: String) -> HTML {
  let head = HTML.raw("<thead><tr>") + header.map { .raw("<th scope=\"col\">") + HTML($0) }.joined()
  let body = rows.enumerated().map { index, row in
    let start = index < ids.count ? "\n<tr id=\"\(ids[index])\">" : "\n<tr>"
    return .raw(start) + row.map { .raw("<td>") + $0 }.joined()
  }
  return tag("table", ["class": style], head + .raw("\n<tbody>") + body.joined())
}

/// Content that may be wider than the page and then scrolls, also by keyboard.
func scrolling(_ label: String, _ content: HTML) -> HTML {
  line("div", ["class": "scroll", "role": "region", "aria-label": label, "tabindex": "0"], content)
}

/// YAML with its keys and comments told apart.
func highlightedYAML(_ text: String) -> HTML {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    let indent = line.prefix { $0 == " " || $0 == "-" }
    let rest = line[indent.endIndex...]
    if rest.hasPrefix("#") { return HTML(String(indent)) + tag("i", [:], HTML(String(rest))) }
    let key = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." }
    guard !key.isEmpty, rest[key.endIndex...].hasPrefix(":") else { return HTML(String(line)) }
    return HTML(String(indent)) + tag("b", [:], HTML(String(key))) + HTML(String(rest[key.endIndex...]))
  }.joined("\n")
}
