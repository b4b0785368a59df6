// Serves check, tabulate and render: which rows of a table are meant. Figures use the same filters.

import Diagnostics
import Tables

/// One condition on the rows of a table: `norm=batch`, `lr>=0.1`.
public struct RowFilter: Sendable {
  /// The axis.
  var axis: Located<String>
  var comparison: ComparisonOperator
  /// The value as written, without quotes.
  var value: Located<String>
  /// The value as a number, when it is one and was not quoted.
  var number: Double?

  /// Whether a cell satisfies the condition.
  ///
  /// Numbers compare as numbers (1.0 equals 1). Text compares as text, lists without regard to spaces. A missing cell
  /// satisfies nothing.
  func matches(_ cell: Cell) -> Bool {
    switch cell {
    case .missing: return false
    case .number(let cellNumber):
      return number.map { comparison.holds(cellNumber, $0) } ?? (comparison == .notEqual)
    case .text(let text):
      let equal = RowFilter.comparable(text) == RowFilter.comparable(value.value)
      return comparison == .equal ? equal : comparison == .notEqual && !equal
    }
  }

  private static func comparable(_ text: String) -> String {
    text.hasPrefix("[") ? String(text.filter { $0 != " " }) : text
  }
}

/// Several conditions that rows must all satisfy, as written in the `filter` of a figure.
public struct RowFilters: Sendable {
  private var filters: [RowFilter]
  private let source: Source

  /// Parses `norm=batch, lr>=0.1`; throws a `DiagnosticError` that points into the text.
  ///
  /// - Parameters:
  ///   - text: the conditions, separated by commas.
  ///   - position: where the text begins.
  public init(parsing text: String, at position: SourcePosition) throws {
    source = Source(text: text, position: position)
    var parser = try Parser(source)
    filters = try parser.filtersToEnd()
  }

  /// What is wrong with the conditions for a table.
  public func check(_ table: Table) -> [Diagnostic] {
    filters.flatMap { filterMistakes($0, in: table, source) }
  }

  /// The rows that satisfy all conditions; a condition on a column that the table lacks is satisfied by none.
  public func apply(to table: Table) -> Table {
    var result = table
    for filter in filters {
      let column = table.index(of: filter.axis.value)
      result.rows = result.rows.filter { row in column.map { filter.matches(row[$0]) } ?? false }
    }
    return result
  }
}

/// What is wrong with one condition for a table.
func filterMistakes(_ filter: RowFilter, in table: Table, _ source: Source) -> [Diagnostic] {
  let axes = table.columns.filter { $0.role != .metric }.map(\.name)
  guard let index = table.index(of: filter.axis.value), table.columns[index].role != .metric else {
    let isMetric = table.index(of: filter.axis.value) != nil
    return [
      source.mistake(
        "unknown-axis", filter.axis.span,
        isMetric
          ? "'\(filter.axis.value)' is measured; only axes can select rows"
          : "\(table.name) has no axis '\(filter.axis.value)'",
        hint: nameHint(for: filter.axis.value, in: axes))
    ]
  }
  let values = distinctCells(table.rows.map { $0[index] })
  let isOrder = filter.comparison != .equal && filter.comparison != .notEqual
  if isOrder, filter.number == nil || values.contains(where: { $0.number == nil }) {
    return [
      source.mistake(
        "filter-type", filter.value.span, "'\(filter.axis.value)' can be compared by size only with numbers",
        hint: "valid: \(listed(values))")
    ]
  }
  if filter.comparison == .equal, !values.isEmpty, !values.contains(where: filter.matches) {
    let labels = values.map(\.label)
    let nearest = filter.number == nil ? nearestName(to: filter.value.value, in: labels) : nil
    return [
      source.mistake(
        "unknown-value", filter.value.span,
        "the axis '\(filter.axis.value)' of \(table.name) has no value '\(filter.value.value)'",
        hint: nearest.map { "did you mean '\($0)'?" } ?? "valid: \(listed(values))")
    ]
  }
  return []
}

/// The different cells that are not missing: numbers in increasing order, then text in the order of the table.
func distinctCells(_ cells: [Cell]) -> [Cell] {
  var seen: Set<Cell> = [.missing]
  let distinct = cells.filter { seen.insert($0).inserted }
  let numbers = distinct.compactMap(\.number).sorted().map { Cell.number($0) }
  return numbers + distinct.filter { $0.number == nil }
}

/// The labels of some cells for a message, shortened when there are many.
func listed(_ cells: [Cell]) -> String {
  let labels = cells.prefix(10).map { $0 == .missing ? "(none)" : $0.label }
  return labels.joined(separator: ", ") + (cells.count > 10 ? ", … (\(cells.count) values)" : "")
}
