// Serves write: footnotes, which stand in the margin of a wide page and below their paragraph on a narrow one.
import Manuscript

extension PageRenderer {
  /// The mark in the text.
  mutating func noteMark(_ number: Int) -> HTML {
    let isFirst = !pendingNotes.contains(number)
    if isFirst { pendingNotes.append(number) }
    return tag(
      "sup", ["class": "mark", "id": isFirst ? "fnref-\(number)" : nil],
      link("#fn-\(number)", HTML("\(number)")))
  }

  /// A block with the notes that it points at.
  mutating func withNotes(_ content: HTML, of block: Block, followedBy next: ArraySlice<Block>) -> HTML {
    // An aside stands beside what follows it; it needs a row of its own only where that is shorter.
    if case .callout(let callout) = block, callout.kind == .margin {
      return besideText(content, callout, next)
    }
    let numbers = pendingNotes.filter {
      $0 <= manuscript.footnotes.count && $0 > 0 && rendered.insert($0).inserted
    }
    guard !numbers.isEmpty else { return content }
    var notes = HTML.empty
    for number in numbers {
      let note = manuscript.footnotes[number - 1]
      let mark = tag("b", [:], HTML("\(number)")) + " "
      let back =
        " "
        + tag(
          "a", ["href": "#fnref-\(number)", "class": "back", "aria-label": "Back"], HTML("↩"))
      notes += line(
        "div", ["class": "sidenote", "role": "note", "id": "fn-\(number)"],
        mark + noteContent(note.blocks) + back)
    }
    let isTall = noteHeight(numbers) > blockHeight(content) + room(beside: next)
    return line(
      "div", ["class": isTall ? "noted tall" : "noted"],
      .raw("\n") + tag("div", [:], content) + tag("div", ["class": "notes"], notes))
  }

  private func besideText(_ content: HTML, _ callout: Callout, _ next: ArraySlice<Block>) -> HTML {
    let height = callout.blocks.reduce(1) { $0 + textLength($1) / 55 }
    let isTall = height > room(beside: next)
    return line(
      "div", ["class": isTall ? "noted tall" : "noted"],
      .raw("\n<div></div>") + tag("div", ["class": "notes"], content))
  }

  /// A note of one paragraph needs no paragraph of its own.
  private mutating func noteContent(_ blocks: [Block]) -> HTML {
    if blocks.count == 1, case .paragraph(let content) = blocks[0] { return inlines(content) }
    return plainBlocks(blocks)
  }

  /// About how high the notes are in the margin, in lines of the text.
  private func noteHeight(_ numbers: [Int]) -> Int {
    numbers.reduce(0) { total, number in
      total + manuscript.footnotes[number - 1].blocks.reduce(1) { $0 + textLength($1) / 55 }
    }
  }

  /// About how many lines of the following text leave the margin free: up to the next note, or to something wide.
  private func room(beside blocks: ArraySlice<Block>) -> Int {
    var lines = 0
    for block in blocks {
      if isWide(block) || block.hasNote { return lines }
      lines += block.lines
      // No note is taller than this.
      if lines > 60 { return lines }
    }
    return lines
  }

  private func isWide(_ block: Block) -> Bool {
    guard case .paper(let block) = block else { return false }
    return block.kind == .claim || block.kind == .figures || paper.figures[block.id]?.isFullWidth ?? false
      || paper.tables[block.id]?.style == .ledger
  }

  private func blockHeight(_ content: HTML) -> Int {
    var isTag = false
    var count = 0
    for byte in content.markup.utf8 {
      if byte == UInt8(ascii: "<") { isTag = true }
      if !isTag { count += 1 }
      if byte == UInt8(ascii: ">") { isTag = false }
    }
    return 1 + count / 72
  }

  private func textLength(_ block: Block) -> Int {
    if case .paragraph(let content) = block { content.plainText.count + 20 } else { 200 }
  }
}

extension Block {
  /// About how many lines of text the block is high.
  fileprivate var lines: Int {
    switch self {
    case .heading: 3
    case .paragraph(let content): 1 + content.plainText.count / 72
    case .list(let list): list.items.reduce(0) { $0 + $1.blocks.reduce(0) { $0 + $1.lines } }
    case .table(let table): 2 + table.rows.count
    case .definitions(let definitions): definitions.reduce(0) { $0 + 1 + $1.meanings.count * 2 }
    case .quote(let blocks): 1 + blocks.reduce(0) { $0 + $1.lines }
    case .callout(let callout): 3 + callout.blocks.reduce(0) { $0 + $1.lines }
    case .code(_, let text): 2 + text.count { $0.isNewline } * 3 / 4
    case .equation: 3
    case .thematicBreak: 2
    case .html(let text): 1 + text.count / 72
    case .paper(let block): block.kind == .figure ? 15 : 4
    }
  }

  /// Whether a note stands beside the block.
  fileprivate var hasNote: Bool {
    switch self {
    case .heading(let heading): heading.content.hasNote
    case .paragraph(let content): content.hasNote
    case .list(let list): list.items.contains { $0.blocks.contains(where: \.hasNote) }
    case .table(let table): (table.rows + [table.header]).contains { $0.contains(where: \.hasNote) }
    case .definitions(let definitions):
      definitions.contains { ([$0.term] + $0.meanings).contains(where: \.hasNote) }
    case .quote(let blocks): blocks.contains(where: \.hasNote)
    // An aside takes the margin itself.
    case .callout(let callout):
      callout.kind == .margin || callout.title.hasNote || callout.blocks.contains(where: \.hasNote)
    case .paper(let block): block.caption.hasNote
    case .code, .equation, .thematicBreak, .html: false
    }
  }
}

extension [Inline] {
  fileprivate var hasNote: Bool {
    contains { inline in
      switch inline {
      case .footnote: true
      case .emphasis(let content), .strong(let content), .strikethrough(let content),
        .link(_, _, let content), .element(_, let content):
        content.hasNote
      default: false
      }
    }
  }
}
