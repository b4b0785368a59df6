// Serves parse: how works are cited, declared in one table.

/// A way to cite works in the text and to list them.
public struct CitationStyle: Hashable, Sendable {
  /// Its name in paper.yml.
  public var name: String
  /// What it looks like, for the reference.
  public var doc: String
  /// What stands before and after a citation.
  public var brackets: (open: String, close: String) { isRound ? ("(", ")") : ("[", "]") }
  /// Whether a work is named by its number, and not by its authors and year.
  public var isNumeric: Bool
  /// Whether the brackets are round.
  public var isRound: Bool
  /// Whether the list of references is in the order of names, and not of first citation.
  public var isAlphabetical: Bool

  /// Every style; the first is the default.
  public static let all = [
    CitationStyle(
      name: "numeric", doc: "[1, p. 3; 2], listed in order of citation.", isNumeric: true, isRound: false,
      isAlphabetical: false),
    CitationStyle(
      name: "author-year", doc: "(Ioffe and Szegedy, 2015, p. 3), listed by name.", isNumeric: false,
      isRound: true,
      isAlphabetical: true),
    CitationStyle(
      name: "author-year-square", doc: "[Ioffe and Szegedy, 2015, p. 3], listed by name.", isNumeric: false,
      isRound: false, isAlphabetical: true),
    CitationStyle(
      name: "numeric-alphabetical", doc: "[1, p. 3; 2], numbered and listed by name.", isNumeric: true,
      isRound: false, isAlphabetical: true),
  ]
}

extension Bibliography {
  /// The keys in the order of names, years and titles, as a list of references has them.
  public func sortedByName(_ keys: [String]) -> [String] {
    keys.map { key in (key, sortWords(key)) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
  }

  private func sortWords(_ key: String) -> String {
    guard let entry = entries[key] else { return key }
    let names = entry.authors.map { "\($0.family) \($0.given)" }.joined(separator: " ")
    let words = [names.isEmpty ? entry["title"] ?? key : names, entry.year ?? "", entry["title"] ?? ""]
      .joined(separator: "\u{1}").lowercased()
    // Most names have no letters with accents.
    if words.utf8.allSatisfy({ $0 < 0x80 }) { return words }
    return words.map { TeXText.bases[$0] ?? $0 }.map(String.init).joined()
  }

  /// The years as a style with names shows them: works of the same names and year are told apart by letters.
  public func yearLabels(_ keys: [String]) -> [String: String] {
    var groups: [String: [String]] = [:]
    for key in sortedByName(keys) {
      groups["\(entries[key]?.citedNames ?? key) \(entries[key]?.year ?? "")", default: []].append(key)
    }
    var labels: [String: String] = [:]
    for keys in groups.values {
      for (index, key) in keys.enumerated() {
        let year = entries[key]?.year ?? "n.d."
        labels[key] = keys.count == 1 ? year : year + CitationStyle.letters(index)
      }
    }
    return labels
  }
}

extension CitationStyle {
  /// a, b, … z, aa, ab, …
  static func letters(_ index: Int) -> String {
    let letter = String(UnicodeScalar(UInt8(97 + index % 26)))
    return index < 26 ? letter : letters(index / 26 - 1) + letter
  }
}
