// Serves resolve: published numbers beside fresh ones, first as found, then in a table with the author's words.
import Diagnostics
import Expressions
import Manuscript
import Report
import Specification
import Statistics
import Tables

/// A published number with the fresh one, as a row of a comparison shows them.
struct ComparedNumber: Hashable {
  /// The claim that names it; `nil` for a row that the table spells out.
  var claim: String?
  /// The index of the table's own row.
  var entry: Int
  /// The published number as text.
  var published: String
  /// The fresh number; `nil` when none was asked for.
  var fresh: ResolvedValue?
  /// Where the published number lies, seen from the interval of the fresh one.
  var place: String
}

extension Resolver {
  /// The rows of a comparison; claims without a published number have none.
  func comparedNumbers(_ block: PaperBlock) -> [ComparedNumber] {
    if block.entries.isEmpty { return plan.claims.compactMap { compared($0, entry: 0) } }
    return block.entries.enumerated().compactMap { index, entry in
      if let reference = entry.claims.first {
        return plan.claims.first { $0.block.id == reference.id }.flatMap { compared($0, entry: index) }
      }
      guard let published = entry.published else { return nil }
      let fresh = entry.here.flatMap { here in
        zip(plan.manuscript.values, plan.values).first { $0.0.index == here.index }?.1
      }
      return compared(published, fresh, claim: nil, entry: index)
    }
  }

  /// The left side of a claim beside the number that the claim names.
  private func compared(_ claim: PlannedClaim, entry: Int) -> ComparedNumber? {
    guard let published = claim.published else { return nil }
    let fresh = try? FormattedExpression(
      parsing: leftSide(of: claim.assertion.text), at: claim.block.position)
    return compared(published.value, fresh, claim: claim.block.id, entry: entry)
  }

  private func compared(
    _ published: Double, _ fresh: FormattedExpression?, claim: String?, entry: Int
  ) -> ComparedNumber {
    ComparedNumber(
      claim: claim, entry: entry,
      published: UncertainNumber(published).text(fresh?.style ?? UncertainNumber.Style()),
      fresh: fresh.map(value), place: fresh.map { place(of: published, $0) } ?? "–")
  }

  /// Where a published number lies, seen from the interval of the fresh one.
  private func place(of published: Double, _ fresh: FormattedExpression) -> String {
    guard let sample = try? fresh.expression.evaluate(tables: { results.tables[$0] }),
      sample.values.count > 1, let interval = tInterval(sample.numbers)
    else { return "no interval here" }
    if published > max(interval.lower, interval.upper) { return "above the interval" }
    return published < min(interval.lower, interval.upper) ? "below the interval" : "inside the interval"
  }
}

/// What stands before the comparison of an assertion; comparisons inside brackets choose rows.
private func leftSide(of assertion: String) -> String {
  var depth = 0
  for index in assertion.indices {
    switch assertion[index] {
    case "[", "(": depth += 1
    case "]", ")": depth -= 1
    case ">", "<", "≈": if depth == 0 { return String(assertion[..<index]) }
    default: break
    }
  }
  return assertion
}

extension TableAssembly {
  func comparison(_ block: PaperBlock, _ numbers: [ComparedNumber]) -> ResolvedTable {
    var table = ResolvedTable(
      header: ["Quantity", "Published", "Here", "The published number lies"].map { .text($0) },
      rows: numbers.compactMap { row($0, of: block) })
    table.style = .comparison
    return table
  }

  private func row(_ number: ComparedNumber, of block: PaperBlock) -> [ResolvedTable.Cell]? {
    if let id = number.claim {
      return claimBlocks.first { $0.id == id }.map { row(number, $0) }
    }
    guard block.entries.indices.contains(number.entry) else { return nil }
    let entry = block.entries[number.entry]
    let note = entry.note.isEmpty ? [] : [.text(" (")] + entry.note + [.text(")")]
    return cells(number, quantity: entry.text, note: note, sources: entry.sources)
  }

  private func row(_ number: ComparedNumber, _ claim: PaperBlock) -> [ResolvedTable.Cell] {
    let published = claim.body["published"]
    let quantity = published?["quantity"]?.text.map { [Inline.text($0)] } ?? claim.caption
    let note = published?["note"]?.text ?? ""
    let source = published?["source"]?.text ?? ""
    return cells(
      number,
      quantity: quantity + [
        .text(" ("), .reference(CrossReference(claim.id, at: claim.position)), .text(")"),
      ],
      note: note.isEmpty ? [] : [.text(" (\(note))")],
      sources: claim.sources.filter { $0.key == source }.suffix(1))
  }

  private func cells(
    _ number: ComparedNumber, quantity: [Inline], note: [Inline], sources: [Citation.Item]
  ) -> [ResolvedTable.Cell] {
    let citation: [Inline] = sources.isEmpty ? [] : [.text(" "), .cited(sources)]
    return [
      .inlines(quantity), .inlines([.text(number.published)] + note + citation),
      number.fresh.map { .value($0) } ?? .text("not measured"), .text(number.place),
    ]
  }
}
