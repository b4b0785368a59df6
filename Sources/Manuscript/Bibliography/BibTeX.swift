// Serves parse: a reader of BibTeX files that never gives up at the first mistake.
import Diagnostics

extension Bibliography {
  /// Reads BibTeX; mistakes go into `diagnostics`.
  init(bibTeX text: String, file: String, _ diagnostics: inout Diagnostics) {
    var reader = BibTeXReader(text: text, file: file)
    reader.readAll()
    reader.inherit()
    diagnostics.add(contentsOf: reader.diagnostics.all)
    entries = reader.entries.mapValues { $0.finished() }
  }
}

/// An entry as it stands in the file, its fields still TeX.
private struct RawEntry {
  var key: String
  var type: String
  var fields: [String: String]
  var position: SourcePosition

  func finished() -> BibliographyEntry {
    let names = PersonName.list(fields["author"] ?? "")
    let editors = names.isEmpty ? PersonName.list(fields["editor"] ?? "") : []
    var texts: [String: String] = [:]
    for (name, value) in fields where name != "author" && name != "editor" {
      texts[name] = ["url", "doi", "eprint"].contains(name) ? address(value) : plainText(tex: value)
    }
    return BibliographyEntry(
      key: key, type: type, authors: names + editors, areEditors: names.isEmpty && !editors.isEmpty,
      fields: texts,
      position: position)
  }

  /// An address keeps its characters but for the backslashes and braces that TeX needs.
  private func address(_ value: String) -> String {
    let bare =
      value.hasPrefix("\\url{") && value.hasSuffix("}") ? String(value.dropFirst(5).dropLast()) : value
    return bare.filter { $0 != "\\" && $0 != "{" && $0 != "}" }.trimmed
  }
}

/// Reads entry after entry.
///
///     file    = { any text | entry }
///     entry   = "@" type ("{" | "(") key { "," name "=" value } [","] ("}" | ")")
///     value   = piece { "#" piece }
///     piece   = "{" text "}" | '"' text '"' | number | name of a string
private struct BibTeXReader {
  let file: String
  let bytes: [UInt8]
  var offset = 0
  var entries: [String: RawEntry] = [:]
  var strings: [String: String]
  var diagnostics = Diagnostics()
  private var line = 1
  private var lineStart = 0
  private var counted = 0

  init(text: String, file: String) {
    self.file = file
    bytes = Array(text.utf8)
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November",
      "December",
    ]
    strings = Dictionary(months.map { ($0.prefix(3).lowercased(), $0) }) { $1 }
  }

  /// An error inside one entry; the reader goes on with the next.
  private struct Fault: Error { var diagnostic: Diagnostic }

  mutating func readAll() {
    while let at = bytes[offset...].firstIndex(of: UInt8(ascii: "@")) {
      offset = at + 1
      do {
        try readEntry(at: at)
      } catch {
        diagnostics.add(error.diagnostic)
        skipToNextEntry()
      }
    }
  }

  /// Fields that an entry does not have come from the entry that its `crossref` names.
  mutating func inherit() {
    for key in entries.keys.sorted() {
      guard var entry = entries[key], let parentKey = entry.fields["crossref"] else { continue }
      guard let parent = entries[parentKey] else {
        diagnostics.add(
          Diagnostic(
            rule: "unknown-crossref", "'\(key)' refers to '\(parentKey)', which is not in the bibliography",
            at: entry.position, hint: nameHint(for: parentKey, in: entries.keys.sorted())))
        continue
      }
      for (name, value) in parent.fields where name != "crossref" {
        let inherited = name == "title" && entry.type.hasPrefix("in") ? "booktitle" : name
        if entry.fields[inherited] == nil { entry.fields[inherited] = value }
      }
      entries[key] = entry
    }
  }

  private mutating func readEntry(at start: Int) throws(Fault) {
    let type = word().lowercased()
    skipSpace()
    // A comment ends at its line or at its brace; an @ in running text is not an entry.
    if type == "comment" || type.isEmpty { return skipComment() }
    guard let open = current, open == UInt8(ascii: "{") || open == UInt8(ascii: "(") else { return }
    let close = open == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: ")")
    offset += 1
    skipSpace()
    switch type {
    case "preamble": _ = try value()
    case "string":
      let name = word().lowercased()
      try expect("=", "after the name of a string")
      strings[name] = try value()
    default: return try readFields(type: type, start: start, close: close)
    }
    skipSpace()
    if current == close { offset += 1 }
  }

  private mutating func readFields(type: String, start: Int, close: UInt8) throws(Fault) {
    let keyOffset = offset
    let key = readKey()
    guard !key.isEmpty else {
      throw fault("this entry has no key", at: keyOffset, expected: "@\(type){key, …}")
    }
    var entry = RawEntry(key: key, type: type, fields: [:], position: position(keyOffset))
    while true {
      skipSpace()
      if current == close { break }
      guard current == UInt8(ascii: ",") else {
        throw fault(
          current == nil ? "the entry '\(key)' is not closed" : "this is not part of the entry '\(key)'",
          at: current == nil ? keyOffset : offset, expected: "',' or '\(Character(UnicodeScalar(close)))'")
      }
      offset += 1
      skipSpace()
      if current == close { break }
      let name = word().lowercased()
      try expect("=", "after the name of a field")
      let text = try value()
      if entry.fields[name] == nil { entry.fields[name] = text }
    }
    offset += 1
    add(entry)
  }

  private mutating func add(_ entry: RawEntry) {
    if let first = entries[entry.key] {
      diagnostics.add(
        Diagnostic(
          rule: "duplicate-key", "the entry '\(entry.key)' stands twice", at: entry.position,
          length: entry.key.utf8.count,
          hint: "it is first defined at \(first.position.file):\(first.position.line)"))
    } else {
      entries[entry.key] = entry
    }
  }

  // MARK: Values

  private mutating func value() throws(Fault) -> String {
    var text = try piece()
    skipSpace()
    while current == UInt8(ascii: "#") {
      offset += 1
      text += try piece()
      skipSpace()
    }
    return text
  }

  private mutating func piece() throws(Fault) -> String {
    skipSpace()
    let start = offset
    switch current {
    case UInt8(ascii: "{"): return try delimited(by: UInt8(ascii: "}"))
    case UInt8(ascii: "\""): return try delimited(by: UInt8(ascii: "\""))
    default:
      let name = word()
      if !name.isEmpty, name.allSatisfy(\.isNumber) { return name }
      if let text = strings[name.lowercased()] { return text }
      throw fault(
        name.isEmpty ? "a value is missing here" : "there is no string '\(name)'", at: start,
        expected: "{text}, \"text\", a number or the name of an @string",
        hint: nearestName(to: name, in: strings.keys.sorted()).map { "did you mean '\($0)'?" })
    }
  }

  /// The text up to `close` outside inner braces, without its delimiters.
  private mutating func delimited(by close: UInt8) throws(Fault) -> String {
    let start = offset
    var depth = 0
    offset += 1
    while let byte = current {
      if byte == UInt8(ascii: "\\"), offset + 1 < bytes.count {
        offset += 2
        continue
      }
      if depth == 0, byte == close {
        offset += 1
        return String(decoding: bytes[(start + 1)..<(offset - 1)], as: UTF8.self)
      }
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}") { depth -= 1 }
      offset += 1
    }
    offset = start + 1
    throw fault(
      "this text is not closed", at: start, expected: "a closing '\(Character(UnicodeScalar(close)))'")
  }

  // MARK: Characters

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 32 || (9...13).contains(byte) || byte == UInt8(ascii: "%") {
      if byte == UInt8(ascii: "%") { skipLine() } else { offset += 1 }
    }
  }

  private mutating func skipLine() { offset = bytes[offset...].firstIndex(of: 10) ?? bytes.count }

  /// `@comment{…}` may hold whole entries; `@comment …` ends with its line.
  private mutating func skipComment() {
    guard current == UInt8(ascii: "{") else { return }
    let start = offset
    if (try? delimited(by: UInt8(ascii: "}"))) == nil {
      offset = start
      skipLine()
    }
  }

  private mutating func skipToNextEntry() {
    while let lineEnd = bytes[offset...].firstIndex(of: 10) {
      offset = lineEnd + 1
      if current == UInt8(ascii: "@") { return }
    }
    offset = bytes.count
  }

  private mutating func word() -> String {
    let start = offset
    while let byte = current, byte > 32, !"{}()\"#%,='@~\\".utf8.contains(byte) { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func readKey() -> String {
    let start = offset
    while let byte = current, byte > 32, !"{}(),=\"#%~\\".utf8.contains(byte) { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func expect(_ character: Character, _ place: String) throws(Fault) {
    skipSpace()
    guard let byte = current, byte == character.asciiValue else {
      throw fault("'\(character)' is missing \(place)", at: offset, expected: "name = {value}")
    }
    offset += 1
  }

  private mutating func fault(
    _ message: String, at offset: Int, expected: String? = nil, hint: String? = nil
  ) -> Fault {
    Fault(
      diagnostic: Diagnostic(
        rule: "bibtex-syntax", message, at: position(min(offset, max(0, bytes.count - 1))),
        expected: expected,
        hint: hint))
  }

  /// The place of a byte; counting goes on from the last place asked for.
  private mutating func position(_ offset: Int) -> SourcePosition {
    if offset < counted { (line, lineStart, counted) = (1, 0, 0) }
    while counted < offset {
      if bytes[counted] == 10 { (line, lineStart) = (line + 1, counted + 1) }
      counted += 1
    }
    return SourcePosition(file: file, line: line, column: offset - lineStart + 1)
  }
}
