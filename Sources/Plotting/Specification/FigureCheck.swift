// Serves plan: whether the tables that a figure names have the columns that it shows.
import Diagnostics
import Tables

extension Figure {
  /// The mistakes that show without drawing: tables and columns that do not exist.
  ///
  /// - Parameters:
  ///   - columns: The columns of a table, or `nil` when there is no such table.
  ///   - tableNames: All tables there are, for hints.
  public func check(columns: (String) -> [Column]?, tableNames: [String] = []) -> [Diagnostic] {
    var diagnostics = Diagnostics()
    for layer in panels.flatMap(\.layers) {
      guard let data = layer.data else { continue }
      guard let known = columns(data.name) else {
        diagnostics.add(
          Diagnostic(
            rule: "unknown-table", "there is no table '\(data.name)'", at: data.position,
            length: data.name.utf8.count, hint: nameHint(for: data.name, in: tableNames)))
        continue
      }
      var names = known.map(\.name)
      func check(_ references: [Reference], _ diagnostics: inout Diagnostics) {
        for reference in references where !names.contains(reference.name) {
          diagnostics.add(
            Diagnostic(
              rule: "unknown-column", "the table '\(data.name)' has no column '\(reference.name)'",
              at: reference.position, length: reference.name.utf8.count,
              hint: nameHint(for: reference.name, in: names)))
        }
      }
      for derived in layer.derived {
        check(derived.expression.references, &diagnostics)
        names.append(derived.name)
      }
      check(
        layer.encoding.all.compactMap(\.field) + layer.filter.flatMap(\.references), &diagnostics)
    }
    return diagnostics.all
  }
}
