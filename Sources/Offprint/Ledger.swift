// Serves resolve: the ledger of statements with their verdicts, and published numbers beside fresh ones.
import Diagnostics
import Expressions
import Manuscript
import Report
import Specification
import Statistics
import Tables

extension Resolver {
  // MARK: - Statements with verdicts

  func ledger(_ block: PaperBlock) -> ResolvedTable {
    let entries = block.entries.isEmpty ? claimStatements() : block.entries
    var table = ResolvedTable(
      header: ["The article states", "Experiment", "Verdict"].map { .text($0) }, rows: entries.map(row))
    table.style = .ledger
    table.summary = summary(entries)
    return table
  }

  /// The statements of the paper's claims, each once, in order.
  private func claimStatements() -> [TableEntry] {
    var entries: [TableEntry] = []
    for claim in plan.claims where !claim.block.statement.isEmpty {
      let reference = CrossReference(claim.block.id, at: claim.block.position)
      if let index = entries.firstIndex(where: { $0.text == claim.block.statement }) {
        entries[index].claims.append(reference)
      } else {
        entries.append(TableEntry(claim.block.statement, claims: [reference]))
      }
      let last = entries.firstIndex { $0.text == claim.block.statement } ?? entries.count - 1
      if let erratum = claim.block.body["erratum"]?.text, !entries[last].errata.contains(erratum) {
        entries[last].errata.append(erratum)
      }
    }
    return entries
  }

  private func row(_ entry: TableEntry) -> [ResolvedTable.Cell] {
    var statement = entry.text
    if !entry.sources.isEmpty { statement += [.text(" "), .cited(entry.sources)] }
    var experiment: [Inline] = entry.label.isEmpty ? [] : [.text(entry.label)]
    for (index, reference) in experiments(of: entry).enumerated() {
      experiment.append(.text(index > 0 ? ", " : experiment.isEmpty ? "" : ": "))
      experiment.append(.reference(reference))
    }
    return [
      .inlines(statement), .inlines(experiment.isEmpty ? [.text("–")] : experiment),
      .inlines(outcome(entry)),
    ]
  }

  private func experiments(of entry: TableEntry) -> [CrossReference] {
    if !entry.experiments.isEmpty { return entry.experiments }
    var found: [String] = []
    for claim in plan.claims where entry.claims.contains(where: { $0.id == claim.block.id }) {
      for id in claim.assertion.experiments where !found.contains(id) { found.append(id) }
    }
    return found.map { CrossReference($0, at: entry.claims[0].position) }
  }

  /// Verdicts first, then what the author adds, then the errata.
  private func outcome(_ entry: TableEntry) -> [Inline] {
    var parts: [[Inline]] = []
    let verdicts = entry.claims.map { Inline.verdict(claim: $0.id, $0.position) }
    if !verdicts.isEmpty { parts.append(Array(verdicts.map { [$0] }.joined(separator: [.text(" ")]))) }
    if !entry.outcome.isEmpty { parts.append(entry.outcome) }
    if parts.isEmpty { parts = [[.text("not tested here")]] }
    if !entry.errata.isEmpty {
      let links = entry.errata.map { Inline.link(url: "#" + erratumAnchor($0), title: "", [.text($0)]) }
      parts.append(
        [.text("corrected (")] + Array(links.map { [$0] }.joined(separator: [.text(", ")])) + [.text(")")])
    }
    return Array(parts.joined(separator: [.text("; ")]))
  }

  /// `Of 19 statements, 6 are tested, by 9 claims.`
  private func summary(_ entries: [TableEntry]) -> String {
    let tested = entries.filter { !$0.claims.isEmpty }
    let claims = Set(tested.flatMap { $0.claims.map(\.id) }).count
    if tested.isEmpty { return "None of these \(entries.count) statements is tested here." }
    if entries.count == 1 {
      return "The statement is tested, by \(claims) \(claims == 1 ? "claim" : "claims")."
    }
    let start =
      tested.count == entries.count
      ? "All \(entries.count) statements are tested"
      : "Of \(entries.count) statements, \(tested.count) "
        + (tested.count == 1 ? "is tested" : "are tested")
    return start + ", by \(claims) \(claims == 1 ? "claim" : "claims")."
  }

  // MARK: - Published numbers

  func comparison(_ block: PaperBlock) -> ResolvedTable {
    let collected = plan.claims.filter { $0.published != nil }.map {
      TableEntry([], claims: [CrossReference($0.block.id, at: $0.block.position)])
    }
    let entries = block.entries.isEmpty ? collected : block.entries
    var table = ResolvedTable(
      header: ["Quantity", "Published", "Here", "The published number lies"].map { .text($0) },
      rows: entries.compactMap(comparison))
    table.style = .comparison
    return table
  }

  private func comparison(_ entry: TableEntry) -> [ResolvedTable.Cell]? {
    if let reference = entry.claims.first {
      return plan.claims.first { $0.block.id == reference.id }.flatMap { comparison($0, reference) }
    }
    guard let published = entry.published else { return nil }
    let fresh = entry.here.flatMap { zip(plan.manuscript.values, plan.values).first(at: $0.index) }
    let note = entry.note.isEmpty ? [] : [.text(" (")] + entry.note + [.text(")")]
    return cells(
      quantity: entry.text, published, note: note, sources: entry.sources, fresh: fresh)
  }

  /// The left side of a claim beside the number that the claim names.
  private func comparison(_ claim: PlannedClaim, _ reference: CrossReference) -> [ResolvedTable.Cell]? {
    guard let published = claim.published else { return nil }
    let fresh = try? FormattedExpression(
      parsing: leftSide(of: claim.assertion.text), at: claim.block.position)
    let quantity = claim.block.body["published"]?["quantity"]?.text.map { [Inline.text($0)] }
    return cells(
      quantity: (quantity ?? claim.block.caption) + [.text(" ("), .reference(reference), .text(")")],
      published.value, note: published.note.isEmpty ? [] : [.text(" (\(published.note))")],
      sources: claim.block.sources.filter { $0.key == published.source }.suffix(1), fresh: fresh)
  }

  private func cells(
    quantity: [Inline], _ published: Double, note: [Inline], sources: [Citation.Item],
    fresh: FormattedExpression?
  ) -> [ResolvedTable.Cell] {
    let number = UncertainNumber(published).text(fresh?.style ?? UncertainNumber.Style())
    let citation: [Inline] = sources.isEmpty ? [] : [.text(" "), .cited(sources)]
    return [
      .inlines(quantity), .inlines([.text(number)] + note + citation),
      fresh.map { .value(value($0)) } ?? .text("not measured"),
      .text(fresh.map { place(of: published, $0) } ?? "–"),
    ]
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

extension Inline {
  fileprivate static func cited(_ items: [Citation.Item]) -> Inline {
    .citation(Citation(isTextual: false, items: items))
  }
}

extension CrossReference {
  fileprivate init(_ id: String, at position: SourcePosition) {
    self.init(id: id, position: position)
  }
}

extension Sequence<(ValueReference, FormattedExpression?)> {
  fileprivate func first(at index: Int) -> FormattedExpression? { first { $0.0.index == index }?.1 }
}
