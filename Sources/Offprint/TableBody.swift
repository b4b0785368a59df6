// Serves plan and resolve: the two forms of a table block.
import Diagnostics
import Expressions
import Manuscript
import Report
import Specification
import Tables

/// What a table block shows.
enum TableBody: Sendable {
  /// Rows and columns as the author wrote them.
  case written
  /// A cell for each value of one or two axes of an experiment's table.
  case computed(
    rowAxis: String, rows: [String], columnAxis: String?, columns: [String], cells: [[FormattedExpression]])
  /// Statements with their verdicts.
  case ledger
  /// Published numbers beside fresh ones.
  case comparison

  init?(
    _ value: Value, _ block: PaperBlock, tables: [String: Table], names: [String],
    _ diagnostics: inout Diagnostics
  ) {
    if let collected = ["ledger", "compare"].first(where: { value[$0] != nil }) {
      let others = ["ledger", "compare", "header", "rows", "data", "columns", "value", "filter"]
      if let unused = others.first(where: { $0 != collected && value[$0] != nil }) {
        diagnostics.add(
          Diagnostic(
            rule: "unused-key", "a table with '\(collected)' does not use '\(unused)'",
            at: block.body[unused]?.position ?? block.position))
        return nil
      }
      self = collected == "ledger" ? .ledger : .comparison
      return
    }
    if value["rows"]?.array != nil {
      if let unused = ["data", "columns", "value", "filter"].first(where: { value[$0] != nil }) {
        diagnostics.add(
          Diagnostic(
            rule: "unused-key", "a table with written rows does not use '\(unused)'",
            at: block.body[unused]?.position ?? block.position))
        return nil
      }
      self = .written
      return
    }
    guard let data = value["data"]?.string, let rowAxis = value["rows"]?.string,
      let metric = value["value"]?.string
    else {
      diagnostics.add(
        Diagnostic(
          rule: "missing-key", "a table of an experiment needs 'data', 'rows' and 'value'",
          at: block.position,
          hint: "or give 'rows' as a list, 'ledger' or 'compare'"))
      return nil
    }
    guard let table = tables[data] else {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-experiment", "there is no table '\(data)'",
          at: block.body["data"]?.position ?? block.position,
          hint: nameHint(for: data, in: names)))
      return nil
    }
    let columnAxis = value["columns"]?.string
    let filter = value["filter"]?.string.map { "\($0), " } ?? ""
    let rows = TableBody.values(of: rowAxis, in: table, block.body["rows"], block, &diagnostics)
    let columns =
      columnAxis.map { TableBody.values(of: $0, in: table, block.body["columns"], block, &diagnostics) } ?? [
        ""
      ]
    let suffix = value["format"]?.string == "%" ? " | %" : ""
    let position = block.body["value"]?.position ?? block.position
    let cells = diagnostics.collect { _ in
      try rows.map { row in
        try columns.map { column in
          let second = columnAxis.map { ", \($0)=\"\(column)\"" } ?? ""
          let text = "\(data)[\(filter)\(rowAxis)=\"\(row)\"\(second)].\(metric)\(suffix)"
          let expression = try FormattedExpression(parsing: text.unquotingNumbers, at: position)
          let mistakes = expression.expression.check(tables: { tables[$0] }, names: names)
          if !mistakes.isEmpty { throw DiagnosticError(mistakes) }
          return expression
        }
      }
    }
    guard let cells, !rows.isEmpty else { return nil }
    self = .computed(
      rowAxis: rowAxis, rows: rows, columnAxis: columnAxis, columns: columnAxis == nil ? [] : columns,
      cells: cells)
  }

  private static func values(
    of axis: String, in table: Table, _ node: Node?, _ block: PaperBlock, _ diagnostics: inout Diagnostics
  ) -> [String] {
    guard let index = table.index(of: axis), table.columns[index].role == .axis else {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-axis", "\(table.name) has no axis '\(axis)'", at: node?.position ?? block.position,
          hint: nameHint(for: axis, in: table.columns.filter { $0.role == .axis }.map(\.name))))
      return []
    }
    var labels: [String] = []
    for row in table.rows where !labels.contains(row[index].label) { labels.append(row[index].label) }
    return labels
  }
}

extension String {
  /// `a="1"` as `a=1`: quoted values compare as text, and a table's labels may be numbers.
  fileprivate var unquotingNumbers: String {
    var result = ""
    var rest = self[...]
    while let open = rest.firstIndex(of: "\"") {
      result += rest[..<open]
      let after = rest.index(after: open)
      guard let close = rest[after...].firstIndex(of: "\"") else { break }
      let inside = String(rest[after..<close])
      result += yamlNumber(inside) == nil ? "\"\(inside)\"" : inside
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }
}
