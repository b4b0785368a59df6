// Serves parse: the ids of a paper, each with its number and its place.
import Diagnostics

/// Gives out numbers and remembers where each id is defined.
struct Registry: Sendable {
  private(set) var targets: [String: Target] = [:]
  private var counts: [Target.Kind: Int] = [:]
  private var headings = [Int](repeating: 0, count: 7)

  /// Defines the next thing of `kind`, or part of one with a label of its own, and returns its number, or `nil` with a diagnostic.
  mutating func define(
    _ id: String, as kind: Target.Kind, label: String? = nil, at position: SourcePosition,
    _ diagnostics: inout Diagnostics
  ) -> String? {
    guard isWellFormed(id, as: kind, at: position, &diagnostics), isNew(id, at: position, &diagnostics) else {
      return nil
    }
    if let label {
      targets[id] = Target(kind: kind, id: id, number: label, position: position)
      return label
    }
    let number = (counts[kind] ?? 0) + 1
    counts[kind] = number
    targets[id] = Target(kind: kind, id: id, number: "\(number)", position: position)
    return "\(number)"
  }

  /// Defines a heading.
  mutating func defineSection(
    _ id: String, number: String, at position: SourcePosition, _ diagnostics: inout Diagnostics
  ) {
    guard isWellFormed(id, as: .section, at: position, &diagnostics), isNew(id, at: position, &diagnostics)
    else {
      return
    }
    targets[id] = Target(kind: .section, id: id, number: number, position: position)
  }

  /// The number of the next heading of `level`.
  mutating func number(level: Int, isCounted: Bool) -> String {
    guard isCounted else { return "" }
    headings[level] += 1
    for deeper in (level + 1)..<max(level + 1, headings.count) { headings[deeper] = 0 }
    return headings[1...level].map(String.init).joined(separator: ".")
  }

  /// An id for a heading without one: its words, made unique.
  func slug(for text: String) -> String {
    let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let base = "sec-" + (words.isEmpty ? "heading" : words.prefix(8).joined(separator: "-"))
    if targets[base] == nil { return base }
    var count = 2
    while targets["\(base)-\(count)"] != nil { count += 1 }
    return "\(base)-\(count)"
  }

  private func isWellFormed(
    _ id: String, as kind: Target.Kind, at position: SourcePosition, _ diagnostics: inout Diagnostics
  ) -> Bool {
    let prefix = kind.rawValue + "-"
    let isPlain = id.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
    }
    if id.hasPrefix(prefix), id.count > prefix.count, isPlain { return true }
    diagnostics.add(
      Diagnostic(
        rule: "id-prefix",
        "'\(id)' cannot be the id of \(kind.noun == "equation" || kind.noun == "experiment" ? "an" : "a") \(kind.noun)",
        at: position, length: id.utf8.count + 1,
        expected: "\(prefix) followed by letters, digits, - or _"))
    return false
  }

  private func isNew(_ id: String, at position: SourcePosition, _ diagnostics: inout Diagnostics) -> Bool {
    guard let first = targets[id] else { return true }
    let place = first.position
    diagnostics.add(
      Diagnostic(
        rule: "duplicate-id", "the id '\(id)' stands twice", at: position, length: id.utf8.count + 1,
        hint: "it is first defined at \(place.file):\(place.line):\(place.column)"))
    return false
  }
}
