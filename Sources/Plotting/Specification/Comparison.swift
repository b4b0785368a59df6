// Serves plan: the rows that a figure keeps.
import Diagnostics
import Tables

/// `column op value`, one condition on a row.
struct Comparison: Hashable, Sendable {
  enum Operation: String, CaseIterable, Sendable {
    // Longer spellings first, so that `<=` is not read as `<`.
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case equal = "="
    case below = "<"
    case above = ">"
  }

  var column: Figure.Reference
  var operation: Operation
  var value: Cell

  /// Reads comparisons separated by commas.
  static func parse(_ text: String, at position: SourcePosition, _ diagnostics: inout Diagnostics)
    -> [Comparison]
  {
    var result: [Comparison] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: true) {
      guard let comparison = parse(part, at: position) else {
        diagnostics.add(
          Diagnostic(
            rule: "filter-syntax", "'\(trim(part))' is not a comparison", at: position,
            length: text.utf8.count,
            expected: "column=value, column!=value, column<value, column>=value, …"))
        continue
      }
      result.append(comparison)
    }
    return result
  }

  private static func parse(_ part: Substring, at position: SourcePosition) -> Comparison? {
    for index in part.indices {
      for operation in Operation.allCases where part[index...].hasPrefix(operation.rawValue) {
        let column = trim(part[..<index])
        let rest = part[index...].dropFirst(operation.rawValue.count)
        let value = trim(rest.drop { $0 == "=" })
        guard !column.isEmpty, !value.isEmpty else { return nil }
        let cell = Double(value).map(Cell.number) ?? .text(value.split(separator: "\"").joined())
        return Comparison(
          column: Figure.Reference(name: column, position: position), operation: operation, value: cell)
      }
    }
    return nil
  }

  private static func trim(_ text: Substring) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// Whether a cell satisfies the comparison. Order is that of numbers; names are only equal or not.
  func holds(for cell: Cell) -> Bool {
    switch operation {
    case .equal: return isEqual(cell)
    case .notEqual: return !isEqual(cell)
    case .below, .above, .atMost, .atLeast:
      guard let a = cell.number, let b = value.number else { return false }
      switch operation {
      case .below: return a < b
      case .above: return a > b
      case .atMost: return a <= b
      default: return a >= b
      }
    }
  }

  private func isEqual(_ cell: Cell) -> Bool {
    if let a = cell.number, let b = value.number { return a == b }
    return cell.label == value.label
  }
}
