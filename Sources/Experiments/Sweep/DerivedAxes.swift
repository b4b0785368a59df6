// Serves plan: values computed from the axes and options of a point, as further axes and as options.
import Diagnostics
import Expressions
import Specification
import Tables

/// The `derive` mapping of a block: names with expressions over axes and options.
struct DerivedAxes {
  private struct Entry {
    var name: String
    var position: SourcePosition
    var expression: NumberExpression
    /// The option that it sets; without one, it is a column only.
    var option: OptionPath?
  }

  private var entries: [Entry] = []
  private let axes: [Column]
  private let options: OptionPaths

  /// The columns that it adds.
  var columns: [Column] {
    entries.map {
      Column(
        $0.option?.name ?? $0.name, .axis, unit: $0.option?.field.unit ?? "",
        doc: "\($0.option.map { "\($0.field.doc) " } ?? "")Derived: \($0.expression.text).")
    }
  }

  /// Reads the mapping; mistakes go into `diagnostics`.
  init(_ node: Node, axes: [Column], options: OptionPaths, _ diagnostics: inout Diagnostics) {
    self.axes = axes
    self.options = options
    guard let members = node.members else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "'derive' cannot be \(node.summary)", at: node.position,
          expected: "a mapping from names to expressions: {steps: 60000 / batch}"))
      return
    }
    for member in members { add(member, &diagnostics) }
  }

  private mutating func add(_ member: Node.Member, _ diagnostics: inout Diagnostics) {
    let name = member.key
    guard let text = member.value.text, !member.value.isNull else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "'\(name)' cannot be derived from \(member.value.summary)",
          at: member.value.position,
          expected: "an expression over axes and options: 60000 / batch"))
      return
    }
    let option = options[name]
    if option == nil,
      !name.utf8.allSatisfy({ $0 == 95 || (48...57).contains($0) || (97...122).contains($0 | 32) })
    {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-option", "there is no option '\(name)' to set", at: member.position,
          length: name.utf8.count, hint: nameHint(for: name, in: options.names)))
      return
    }
    if let nearest = option == nil ? nearestName(to: name, in: options.names) : nil {
      diagnostics.add(
        Diagnostic(
          .warning, rule: "derived-column", "'\(name)' is no option; it becomes a column of its own",
          at: member.position, length: name.utf8.count, hint: "did you mean the option '\(nearest)'?"))
    }
    if (axes + columns).contains(where: { $0.name == option?.name ?? name }) {
      diagnostics.add(
        Diagnostic(
          rule: "duplicate-value", "there is an axis '\(name)' already", at: member.position,
          length: name.utf8.count))
      return
    }
    let expression = diagnostics.collect { _ in try NumberExpression(parsing: text, at: member.value.position)
    }
    if let expression {
      entries.append(
        Entry(name: name, position: member.value.position, expression: expression, option: option))
    }
  }

  /// The point with the derived cells and settings.
  func extend(_ point: SweepPoint, base: Node, _ diagnostics: inout Diagnostics) -> SweepPoint {
    var point = point
    for (index, entry) in entries.enumerated() {
      let known = Array((axes + columns).prefix(axes.count + index))
      let configuration = point.apply(to: base)
      let value = diagnostics.collect { _ in
        try entry.expression.evaluate { name in
          guard let position = known.firstIndex(where: { $0.name == name }) else {
            return option(name, in: configuration)
          }
          return point.cells[position].number
        } names: {
          known.map(\.name) + options.names
        }
      }
      guard let value else { return point }
      point.cells.append(.number(value))
      if let option = entry.option {
        let node = Node(.scalar(ecmaScriptNumber(value), quoted: false), at: entry.position)
        point.settings.append(SweepSetting(path: option.keys, position: entry.position, value: node))
      }
    }
    return point
  }

  /// The number that an option has at a point: as written there, else its default.
  private func option(_ name: String, in configuration: Node) -> Double? {
    guard let path = options[name] else { return nil }
    let node = path.keys.reduce(Optional(configuration)) { $0?[$1] }
    if let node { return node.text.flatMap(yamlNumber) }
    if case .value(let value) = path.field.default { return value.number }
    return nil
  }
}
