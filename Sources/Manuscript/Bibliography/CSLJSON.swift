// Serves parse: bibliographies in CSL-JSON, as reference managers export them.
import Diagnostics
import Specification

extension Bibliography {
  /// Reads CSL-JSON: a list of items, or an object with `items`; mistakes go into `diagnostics`.
  init(cslJSON text: String, file: String, _ diagnostics: inout Diagnostics) {
    entries = [:]
    let lines = SourceLines(file: file, text: text)
    let start = SourcePosition(file: file, line: 1, column: 1)
    let root: Value
    do {
      root = try Value(json: Array(text.utf8))
    } catch {
      diagnostics.add(Diagnostic(rule: "csl-json", "this is not JSON: \(error)", at: start))
      return
    }
    guard let items = root.array ?? root["items"]?.array else {
      diagnostics.add(
        Diagnostic(
          rule: "csl-json", "this is not a bibliography in CSL-JSON", at: start,
          expected: "a list of items, each with 'id', 'type' and 'title'"))
      return
    }
    for (index, item) in items.enumerated() {
      guard let key = item["id"]?.string ?? item["id"]?.integer.map(String.init) else {
        diagnostics.add(
          Diagnostic(
            rule: "csl-json", "item \(index + 1) has no 'id'", at: start, expected: "\"id\": \"key\""))
        continue
      }
      let place = lines.locate("\"\(key)\"", line: 0, column: 0, from: 1)
      if entries[key] != nil {
        diagnostics.add(
          Diagnostic(
            rule: "duplicate-key", "the entry '\(key)' stands twice", at: place, length: key.utf8.count + 2))
        continue
      }
      entries[key] = BibliographyEntry(csl: item, key: key, position: place)
    }
  }
}

extension BibliographyEntry {
  /// CSL's types by the names that BibTeX has for them.
  private static let types = [
    "article-journal": "article", "article-magazine": "article", "article-newspaper": "article",
    "paper-conference": "inproceedings", "book": "book", "chapter": "incollection", "report": "techreport",
    "thesis": "phdthesis", "manuscript": "unpublished",
  ]

  /// CSL's variables by the names that BibTeX has for them.
  private static let names = [
    ("title", "title"), ("volume", "volume"), ("issue", "number"), ("page", "pages"),
    ("publisher", "publisher"),
    ("DOI", "doi"), ("URL", "url"), ("note", "note"), ("edition", "edition"), ("genre", "howpublished"),
  ]

  fileprivate init(csl item: Value, key: String, position: SourcePosition) {
    let type = BibliographyEntry.types[item["type"]?.string ?? ""] ?? "misc"
    var fields: [String: String] = [:]
    func text(_ name: String) -> String? { item[name].flatMap { $0.string ?? $0.integer.map(String.init) } }
    for (variable, name) in BibliographyEntry.names { fields[name] = text(variable).map(\.withoutTags) }
    if let container = text("container-title") {
      fields[["article", "misc"].contains(type) ? "journal" : "booktitle"] = container.withoutTags
    }
    if let date = item["issued"] {
      let part = date["date-parts"]?.array?.first?.array?.first
      fields["year"] =
        part.flatMap { $0.integer.map(String.init) ?? $0.string } ?? date["raw"]?.string.map {
          String($0.prefix(4))
        }
        ?? date["literal"]?.string
    }
    let authors = (item["author"]?.array ?? []).map(PersonName.init(csl:))
    let editors = (item["editor"]?.array ?? []).map(PersonName.init(csl:))
    self.init(
      key: key, type: type, authors: authors.isEmpty ? editors : authors,
      areEditors: authors.isEmpty && !editors.isEmpty, fields: fields, position: position)
  }
}

extension PersonName {
  fileprivate init(csl name: Value) {
    func text(_ key: String) -> String { name[key]?.string ?? "" }
    let particle = [text("dropping-particle"), text("non-dropping-particle")].filter { !$0.isEmpty }
    self.init(
      given: text("given"), particle: particle.joined(separator: " "),
      family: text("family").isEmpty ? text("literal") : text("family"), suffix: text("suffix"))
  }
}

extension String {
  /// The text without the few HTML tags that CSL-JSON allows in titles.
  fileprivate var withoutTags: String {
    var text = self
    for tag in ["i", "b", "sup", "sub", "sc", "span class=\"nocase\"", "span"] {
      text = text.replacing("<\(tag)>", with: "").replacing("</\(tag)>", with: "")
    }
    return text
  }
}
