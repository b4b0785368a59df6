// Serves plan: points of a sweep that are not run.
import Diagnostics
import Specification
import Tables

/// The `exclude` list of a block: a point that has every value named by one of its elements is not run.
struct Exclusions {
  /// One comparison of an axis's value.
  private struct Condition {
    var axis: Int
    var holds: [Cell]
  }

  private var rules: [(position: SourcePosition, conditions: [Condition])] = []

  /// Reads the list; mistakes go into `diagnostics`.
  init(_ node: Node, _ axes: [SweepAxis], _ diagnostics: inout Diagnostics) {
    for rule in node.elements ?? [node] {
      guard let members = rule.members, !members.isEmpty else {
        diagnostics.add(
          Diagnostic(
            rule: "wrong-type", "'exclude' cannot hold \(rule.summary)", at: rule.position,
            length: rule.length,
            expected: "a list of mappings from axes to values: [{norm: none, lr: [1, 3]}]"))
        continue
      }
      var conditions: [Condition] = []
      for member in members {
        guard let index = axes.firstIndex(where: { $0.column.name == member.key }) else {
          diagnostics.add(
            Diagnostic(
              rule: "unknown-axis", "the sweep has no axis '\(member.key)'", at: member.position,
              length: member.key.utf8.count, hint: nameHint(for: member.key, in: axes.map(\.column.name))))
          continue
        }
        let cells = axes[index].values.map(\.cell)
        let chosen = (member.value.elements ?? [member.value]).flatMap {
          Exclusions.chosen($0, of: cells, axis: member.key, &diagnostics)
        }
        conditions.append(Condition(axis: index, holds: chosen))
      }
      rules.append((rule.position, conditions))
    }
  }

  /// The values that `node` names: one of them, or those that a comparison such as `">= 1"` selects.
  private static func chosen(
    _ node: Node, of cells: [Cell], axis: String, _ diagnostics: inout Diagnostics
  ) -> [Cell] {
    let text = node.text ?? ""
    if let (operation, number) = comparison(text) {
      let selected = cells.filter { $0.number.map { operation($0, number) } ?? false }
      if selected.isEmpty { refuse(node, cells, axis, &diagnostics) }
      return selected
    }
    let wanted = yamlNumber(text).map(Cell.number) ?? .text(text)
    let selected = cells.filter { $0 == wanted || ($0.number == nil && $0.label == text) }
    if selected.isEmpty { refuse(node, cells, axis, &diagnostics) }
    return selected
  }

  private static func comparison(_ text: String) -> ((Double, Double) -> Bool, Double)? {
    let operations: [(String, (Double, Double) -> Bool)] = [
      (">=", { $0 >= $1 }), ("<=", { $0 <= $1 }), ("!=", { $0 != $1 }), (">", { $0 > $1 }),
      ("<", { $0 < $1 }),
    ]
    for (sign, operation) in operations where text.hasPrefix(sign) {
      let rest = text.dropFirst(sign.count).drop { $0 == " " }
      return yamlNumber(String(rest)).map { (operation, $0) }
    }
    return nil
  }

  private static func refuse(
    _ node: Node, _ cells: [Cell], _ axis: String, _ diagnostics: inout Diagnostics
  ) {
    let labels = cells.map(\.label)
    diagnostics.add(
      Diagnostic(
        rule: "unknown-value", "the axis '\(axis)' has no value \(node.summary)", at: node.position,
        length: node.length,
        expected: "one of " + labels.prefix(20).joined(separator: ", ") + ", or a comparison as in \">= 1\"",
        hint: nearestName(to: node.text ?? "", in: labels).map { "did you mean '\($0)'?" }))
  }

  /// The points that remain; a rule that takes away nothing, and rules that leave nothing, are mistakes.
  func apply(to points: [SweepPoint], _ diagnostics: inout Diagnostics) -> [SweepPoint] {
    var remaining = points
    for rule in rules where !rule.conditions.isEmpty {
      let kept = remaining.filter { point in
        !rule.conditions.allSatisfy { $0.holds.contains(point.cells[$0.axis]) }
      }
      if kept.count == remaining.count, !rule.conditions.contains(where: \.holds.isEmpty) {
        diagnostics.add(
          Diagnostic(
            .warning, rule: "exclude-nothing", "this excludes no point that an earlier element has not",
            at: rule.position))
      }
      remaining = kept
      if remaining.isEmpty {
        diagnostics.add(
          Diagnostic(rule: "exclude-all", "after this exclusion no point is left", at: rule.position))
        break
      }
    }
    return remaining
  }
}
