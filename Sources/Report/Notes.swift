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
  mutating func withNotes(_ content: HTML, of block: Block) -> HTML {
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
    let isTall = noteHeight(numbers) > blockHeight(content)
    return line(
      "div", ["class": isTall ? "noted tall" : "noted"],
      .raw("\n") + tag("div", [:], content) + tag("div", ["class": "notes"], notes))
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
