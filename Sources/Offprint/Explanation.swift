// Serves explain: what every name of the language means, from the declarations themselves.
import Diagnostics
import Experiments
import Expressions
import Manuscript
import Plotting
import Specification
import Tables

/// The text for a name of the language; without a name, all names.
///
/// - Throws: `DiagnosticError` with the nearest name when there is no such name.
public func explanation(of name: String?) throws -> String {
  let entries = languageEntries()
  guard let name else {
    var sections: [(title: String, names: [String])] = []
    for entry in entries {
      if let index = sections.firstIndex(where: { $0.title == entry.section }) {
        if !sections[index].names.contains(entry.name) { sections[index].names.append(entry.name) }
      } else {
        sections.append((entry.section, [entry.name]))
      }
    }
    return sections.map { "\($0.title):\n  " + $0.names.joined(separator: " ") }.joined(separator: "\n\n")
      + "\n\noffprint explain NAME tells more about each."
  }
  let found = entries.filter { $0.name == name }
  if found.isEmpty {
    throw DiagnosticError(
      rule: "unknown-name", "the language has no name '\(name)'",
      hint: nameHint(for: name, in: entries.map(\.name)))
  }
  var texts: [String] = []
  for entry in found where !texts.contains(entry.text) { texts.append(entry.text) }
  return texts.joined(separator: "\n\n")
}

private struct LanguageEntry {
  var section: String
  var name: String
  var text: String
}

/// Every name of the language with its text.
private func languageEntries() -> [LanguageEntry] {
  var entries: [LanguageEntry] = []
  for record in [
    PaperConfiguration.record, experimentRecord, figureRecord, figureGroupRecord, claimRecord, tableRecord,
  ] {
    add(record, path: record.name, section: "Blocks", to: &entries)
  }
  for column in metricColumns {
    let unit = column.unit.isEmpty ? "" : " (\(column.unit))"
    entries.append(
      LanguageEntry(
        section: "Metrics and columns", name: column.name, text: "\(column.name)\(unit)\n  \(column.doc)"))
  }
  for function in Function.allCases {
    entries.append(
      LanguageEntry(
        section: "Functions", name: function.rawValue, text: "\(function.usage)\n  \(function.doc)"))
  }
  return entries
}

private func add(_ record: Record, path: String, section: String, to entries: inout [LanguageEntry]) {
  let options = record.fields.map { "  \($0.name): \($0.type.summary)" }.joined(separator: "\n")
  let text = "\(path)\n  \(record.doc)" + (options.isEmpty ? "" : "\n\n\(options)")
  entries.append(LanguageEntry(section: section, name: record.name, text: text))
  for field in record.fields {
    entries.append(
      LanguageEntry(section: "Options of \(record.name)", name: field.name, text: entryText(field, path)))
    add(field.type, path: "\(path).\(field.name)", name: field.name, to: &entries)
  }
}

private func add(_ type: FieldType, path: String, name: String, to entries: inout [LanguageEntry]) {
  switch type {
  case .record(let record): add(record, path: path, section: "Options with options", to: &entries)
  case .variant(_, let records):
    for record in records {
      add(record, path: "\(path).\(record.name)", section: "Values of \(name)", to: &entries)
    }
  case .list(let element, _), .map(let element): add(element, path: path, name: name, to: &entries)
  case .either(let types): for type in types { add(type, path: path, name: name, to: &entries) }
  case .choice(let choices):
    for choice in choices where !["true", "none", "number", "%"].contains(choice.name) {
      entries.append(
        LanguageEntry(
          section: "Values of \(name)", name: choice.name, text: "\(path): \(choice.name)\n  \(choice.doc)"))
    }
  default: break
  }
}

private func entryText(_ field: Field, _ path: String) -> String {
  var text =
    "\(path).\(field.name)\(field.unit.isEmpty ? "" : " (\(field.unit))")\n  \(field.doc)\n  takes: \(field.type.summary)"
  switch field.default {
  case .required: text += "\n  must be given"
  case .none: break
  case .value(let value):
    text += "\n  default: \(value["name"]?.string ?? value.string ?? value.canonicalJSON)"
  }
  if case .choice(let choices) = field.type {
    text += choices.map { "\n    \($0.name): \($0.doc)" }.joined()
  }
  if !field.example.isEmpty { text += "\n  example: \(field.name): \(field.example)" }
  return text
}
