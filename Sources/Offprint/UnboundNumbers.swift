// Serves resolve: literal numbers in prose that repeat a computed one, and would go stale when it changes.
import Diagnostics
import Manuscript
import Report

/// A warning for each literal number that stands in one paragraph with a computed value and equals it as printed.
///
/// Whole numbers below 100 are left alone: they are more often counts than results.
func unboundNumbers(_ manuscript: Manuscript, _ values: [Int: ResolvedValue]) -> [Diagnostic] {
  manuscript.sections.flatMap { $0.blocks.flatMap(\.paragraphs) }.flatMap { paragraph -> [Diagnostic] in
    let asked = paragraph.flatMap(\.values)
    if asked.isEmpty { return [] }
    let literals = Set(paragraph.flatMap(\.literalNumbers))
    return asked.compactMap { reference -> Diagnostic? in
      guard let value = values[reference.index], let printed = value.text.numbers.first,
        literals.contains(printed), printed.contains(".") || printed.count > 2
      else { return nil }
      return Diagnostic(
        .warning, rule: "unbound-number",
        "the text has the number \(printed) beside this value, which is \(printed) too",
        at: reference.position, length: reference.expression.utf8.count,
        hint: "write the literal as `{val} …`, so that it changes with the results")
    }
  }
}

extension Block {
  /// The running texts of the block, each a list of inlines.
  fileprivate var paragraphs: [[Inline]] {
    switch self {
    case .paragraph(let inlines): [inlines]
    case .heading(let heading): [heading.content]
    case .list(let list): list.items.flatMap { $0.blocks.flatMap(\.paragraphs) }
    case .quote(let blocks): blocks.flatMap(\.paragraphs)
    case .definitions(let definitions): definitions.flatMap { [$0.term] + $0.meanings }
    case .callout(let callout): callout.blocks.flatMap(\.paragraphs)
    case .table(let table): table.rows.map { $0.flatMap { $0 } }
    case .paper(let block): [block.caption] + block.rows.map { $0.flatMap { $0 } }
    default: []
    }
  }
}

extension Inline {
  private var children: [Inline] {
    switch self {
    case .emphasis(let inlines), .strong(let inlines), .strikethrough(let inlines), .link(_, _, let inlines),
      .element(_, let inlines):
      inlines
    default: []
    }
  }

  fileprivate var values: [ValueReference] {
    if case .value(let reference) = self { [reference] } else { children.flatMap(\.values) }
  }

  fileprivate var literalNumbers: [String] {
    if case .text(let text) = self { text.numbers } else { children.flatMap(\.literalNumbers) }
  }
}

extension String {
  /// The decimal numbers in a text, without signs and thousands separators.
  fileprivate var numbers: [String] {
    let point = UInt8(ascii: ".")
    let words = utf8.lazy.filter { $0 != UInt8(ascii: ",") }.split { !(48...57).contains($0) && $0 != point }
    return words.compactMap { word in
      let end = word.lastIndex { $0 != point }
      return end.map { String(decoding: word[...$0], as: UTF8.self) }
    }
  }
}
