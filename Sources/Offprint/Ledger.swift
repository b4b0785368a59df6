// Serves resolve: the ledger of statements with their verdicts, put together from the text and what was found.
import Diagnostics
import Manuscript
import Report
import Specification

extension TableAssembly {

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
    for claim in claimBlocks where !claim.statement.isEmpty {
      let reference = CrossReference(claim.id, at: claim.position)
      if let index = entries.firstIndex(where: { $0.text == claim.statement }) {
        entries[index].claims.append(reference)
      } else {
        entries.append(TableEntry(claim.statement, claims: [reference]))
      }
      let last = entries.firstIndex { $0.text == claim.statement } ?? entries.count - 1
      for erratum in claim.errata where !entries[last].errata.contains(erratum) {
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
    for claim in claimBlocks where entry.claims.contains(where: { $0.id == claim.id }) {
      for id in claims[claim.id]?.experiments ?? [] where !found.contains(id) { found.append(id) }
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
    return Array(parts.joined(separator: [.text(verdicts.isEmpty ? "; " : " ")]))
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
}

extension Inline {
  static func cited(_ items: [Citation.Item]) -> Inline {
    .citation(Citation(isTextual: false, items: items))
  }
}

extension CrossReference {
  init(_ id: String, at position: SourcePosition) {
    self.init(id: id, position: position)
  }
}
