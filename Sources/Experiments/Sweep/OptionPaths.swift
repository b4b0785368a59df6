// Serves plan: finds the option that a sweep, an arm or a derived value means, by path or by a name that only one has.
import Diagnostics
import Specification

/// One option that a sweep can set.
struct OptionPath: Sendable {
  /// Keys from the experiment down, as in `train`, `schedule`, `every`.
  var keys: [String]
  var field: Field
  /// Whether the block at hand uses the records on the way to it.
  var isUsed: Bool

  var text: String { keys.joined(separator: ".") }
  /// The last key, by which the option is called where no other has it.
  var name: String { keys.last ?? "" }
}

/// The options of the parts of an experiment that change its runs.
struct OptionPaths {
  /// The parts of an experiment block that are part of a run's specification.
  static let parts = ["data", "model", "train", "protocol", "record", "measure", "probe"]

  private let all: [OptionPath]

  /// Collects the options; of a choice between records, those that `body` chooses are the used ones.
  init(_ body: Node) {
    var found: [OptionPath] = []
    for name in OptionPaths.parts {
      guard let field = experimentRecord[name] else { continue }
      let node = body[name] ?? OptionPaths.standard(field, at: body.position)
      found.append(OptionPath(keys: [name], field: field, isUsed: true))
      OptionPaths.collect(field.type, node, [name], isUsed: node != nil, &found)
    }
    all = found
  }

  /// The node that the default of a field stands for, when that chooses a record.
  private static func standard(_ field: Field, at position: SourcePosition) -> Node? {
    guard case .value(let value) = field.default, let name = value["name"]?.string else { return nil }
    return Node(.scalar(name, quoted: true), at: position)
  }

  private static func collect(
    _ type: FieldType, _ node: Node?, _ keys: [String], isUsed: Bool, _ found: inout [OptionPath]
  ) {
    // Records inside lists (layers, measurements) have no path: such a list is set as a whole.
    switch type {
    case .record(let record): collect(record, node, keys, isUsed: isUsed, &found)
    case .variant(let tag, let records):
      let chosen = node?.text ?? node?[tag]?.text
      let choices = records.map { Choice($0.name, $0.doc) }
      add(
        OptionPath(keys: keys + [tag], field: Field(tag, .choice(choices), doc: ""), isUsed: isUsed), &found)
      for record in records {
        collect(record, node, keys, isUsed: isUsed && record.name == chosen, &found)
      }
    case .either(let types):
      for type in types { collect(type, node, keys, isUsed: isUsed, &found) }
    default: break
    }
  }

  private static func collect(
    _ record: Record, _ node: Node?, _ keys: [String], isUsed: Bool, _ found: inout [OptionPath]
  ) {
    for field in record.fields {
      let path = keys + [field.name]
      add(OptionPath(keys: path, field: field, isUsed: isUsed), &found)
      let inner =
        node?[field.name]
        ?? (isUsed ? standard(field, at: SourcePosition(file: "", line: 1, column: 1)) : nil)
      collect(field.type, inner, path, isUsed: isUsed && inner != nil, &found)
    }
  }

  /// Adds a path; of two records with the same option, the used one's declaration is kept.
  private static func add(_ path: OptionPath, _ found: inout [OptionPath]) {
    if let index = found.firstIndex(where: { $0.keys == path.keys }) {
      if path.isUsed, !found[index].isUsed { found[index] = path }
    } else {
      found.append(path)
    }
  }

  /// The options that `name` may mean: by its path, or by its last key; used ones before the others.
  private func matches(_ name: String) -> [OptionPath] {
    if let exact = all.first(where: { $0.text == name }), name.contains(".") { return [exact] }
    let matches = all.filter { $0.name == name }
    let used = matches.filter(\.isUsed)
    return used.isEmpty ? matches : used
  }

  /// The option called `name`, or `nil` when there is none or several.
  subscript(name: String) -> OptionPath? {
    let matches = matches(name)
    return matches.count == 1 ? matches[0] : nil
  }

  /// The option that takes `value` and is called `name`; records a diagnostic when there is none or several.
  ///
  /// `train` means the whole part where it is given a mapping, and `data.train` where it is given a number.
  func find(
    _ name: String, for value: Node, at position: SourcePosition, _ diagnostics: inout Diagnostics
  ) -> OptionPath? {
    var matches = matches(name)
    if matches.count > 1 {
      let fitting = matches.filter { ($0.keys.count == 1) == (value.members != nil) }
      if fitting.count == 1 { matches = fitting }
    }
    if matches.count == 1 { return matches[0] }
    diagnostics.add(
      Diagnostic(
        rule: matches.isEmpty ? "unknown-option" : "ambiguous-option",
        matches.isEmpty ? "there is no option '\(name)' to set" : "several options are called '\(name)'",
        at: position, length: name.utf8.count,
        hint: matches.isEmpty
          ? nameHint(for: name, in: names)
          : "write one of " + matches.map(\.text).joined(separator: ", ")))
    return nil
  }

  /// What an author may write for each option: the last key where it is unique, else the path.
  var names: [String] {
    var used: [String: Int] = [:]
    var others: [String: Int] = [:]
    for path in all {
      if path.isUsed { used[path.name, default: 0] += 1 } else { others[path.name, default: 0] += 1 }
    }
    return all.map { path in
      let isUnique = path.isUsed ? used[path.name] == 1 : used[path.name] == nil && others[path.name] == 1
      return isUnique ? path.name : path.text
    }
  }
}

extension OptionPath {
  /// Whether a list is one value of the option, not several.
  var isListValued: Bool {
    func isList(_ type: FieldType) -> Bool {
      switch type {
      case .list: true
      case .either(let types): types.contains(where: isList)
      default: false
      }
    }
    return isList(field.type)
  }
}
