// Serves parse: the rows of a ledger and of a comparison with published numbers, as the author declares them.
import Diagnostics
import Specification

/// A row of a ledger or of a comparison, before there are results.
public struct TableEntry: Hashable, Sendable {
  /// The statement of a ledger, or the quantity of a comparison; empty for a claim that speaks for itself.
  public var text: [Inline] = []
  /// What the author's plan calls it, for example `BN-06`.
  public var label = ""
  /// The claims that bear on it.
  public var claims: [CrossReference] = []
  /// The experiments that bear on it, when they are not those of the claims.
  public var experiments: [CrossReference] = []
  /// The works that it rests on.
  public var sources: [Citation.Item] = []
  /// What came of it where no claim says so, for example that it is a definition.
  public var outcome: [Inline] = []
  /// The errata that correct it, for example `E3`.
  public var errata: [String] = []
  /// The published number.
  public var published: Double?
  /// The setting of the published number.
  public var note: [Inline] = []
  /// The fresh number.
  public var here: ValueReference?

  /// Creates a row from what it is about and the claims that decide it.
  public init(_ text: [Inline] = [], claims: [CrossReference] = []) {
    self.text = text
    self.claims = claims
  }
}

extension DocumentBuilder {
  /// The rows that a ledger or a comparison spells out; none when it collects the paper's claims.
  mutating func tableEntries(_ body: Node) -> [TableEntry] {
    let rows = body["ledger"] ?? body["compare"]
    guard let rows, rows.text == nil else { return [] }
    return (rows.elements ?? [rows]).map { tableEntry($0) }
  }

  private mutating func tableEntry(_ node: Node) -> TableEntry {
    var entry = TableEntry()
    if node.text != nil {
      entry.claims = [claimReference(node)].compactMap(\.self)
      return entry
    }
    entry.text = (node["statement"] ?? node["quantity"]).map { inlineMarkdown($0) } ?? []
    entry.label = node["label"]?.text ?? ""
    for claim in elements(node["claims"]) {
      if let reference = claimReference(claim) { entry.claims.append(reference) }
    }
    for experiment in elements(node["experiments"]) {
      if let reference = entryReference(experiment, to: .experiment) { entry.experiments.append(reference) }
    }
    entry.sources = sourceItems(elements(node["source"]))
    entry.outcome = node["outcome"].map { inlineMarkdown($0) } ?? []
    entry.note = node["note"].map { inlineMarkdown($0) } ?? []
    entry.published = node["published"]?.text.flatMap(yamlNumber)
    if let here = node["here"], let text = here.text { entry.here = freshNumber(text, at: here) }
    for erratum in elements(node["erratum"]) {
      guard let label = erratum.text else { continue }
      entry.errata.append(label)
      namedErrata.append((label, erratum.position))
    }
    return entry
  }

  func elements(_ node: Node?) -> [Node] { node.map { $0.elements ?? [$0] } ?? [] }

  /// A number in a cell of its own; it may be written with or without `{val}`.
  private mutating func freshNumber(_ text: String, at node: Node) -> ValueReference? {
    let head = text.hasPrefix("{val}") ? 5 : 0
    let space = text.dropFirst(head).prefix { $0 == " " }.count
    var place = lines.locate(
      text, line: node.position.line, column: node.position.column, from: node.position.line)
    place.column += head + space
    guard case .value(let reference) = value(String(text.dropFirst(head)).trimmed, at: place) else {
      return nil
    }
    return reference
  }

  private mutating func claimReference(_ node: Node) -> CrossReference? { entryReference(node, to: .claim) }

  /// A reference that must lead to something of one kind.
  private mutating func entryReference(_ node: Node, to kind: Target.Kind) -> CrossReference? {
    guard let text = node.text else { return nil }
    let id = text.hasPrefix("@") ? String(text.dropFirst()) : text
    guard Target.kind(of: id) == kind else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-reference",
          "'\(text)' is not the id of \(kind == .claim ? "a claim" : "an experiment")",
          at: node.position, length: node.length, expected: "\(kind.rawValue)-name"))
      return nil
    }
    let reference = CrossReference(
      id: id, isCapitalised: false, isNumberOnly: false, position: node.position)
    references.append(reference)
    return reference
  }

  /// Every erratum that a table or a claim names must have its note in the text.
  mutating func checkErrata() {
    for (label, position) in namedErrata where errata[label] == nil {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-erratum", "no note of the paper is the erratum '\(label)'", at: position,
          length: label.utf8.count, expected: "a callout that starts with > [!ERRATUM] \(label)",
          hint: nearestName(to: label, in: errata.keys.sorted()).map { "did you mean '\($0)'?" }))
    }
  }
}
