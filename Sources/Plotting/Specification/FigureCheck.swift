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
      let references = layer.encoding.all.compactMap(\.field) + layer.filter.map(\.column)
      for reference in references where !known.contains(where: { $0.name == reference.name }) {
        diagnostics.add(
          Diagnostic(
            rule: "unknown-column", "the table '\(data.name)' has no column '\(reference.name)'",
            at: reference.position, length: reference.name.utf8.count,
            hint: nameHint(for: reference.name, in: known.map(\.name))))
      }
    }
    return diagnostics.all
  }
}
