// Serves plan: the rows that a figure keeps.
import Diagnostics
import Tables

/// One condition on a row: `column op value`, or a comparison of two expressions.
struct Comparison: Sendable {
  enum Operation: String, CaseIterable, Sendable {
    // Longer spellings first, so that `<=` is not read as `<`.
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case equal = "="
    case below = "<"
    case above = ">"

    func holds(_ a: Double, _ b: Double) -> Bool {
      switch self {
      case .equal: a == b
      case .notEqual: a != b
      case .below: a < b
      case .above: a > b
      case .atMost: a <= b
      case .atLeast: a >= b
      }
    }
  }

  enum Sides: Sendable {
    case value(Figure.Reference, Cell)
    case expressions(RowExpression, RowExpression)
  }

  var sides: Sides
  var operation: Operation

  /// The columns that it reads.
  var references: [Figure.Reference] {
    switch sides {
    case .value(let column, _): [column]
    case .expressions(let left, let right): left.references + right.references
    }
  }

  /// Reads comparisons separated by commas.
  static func parse(_ text: String, at position: SourcePosition, _ diagnostics: inout Diagnostics)
    -> [Comparison]
  {
    var result: [Comparison] = []
    for part in parts(of: text) {
      let offset = text.utf8.distance(from: text.startIndex, to: part.startIndex)
      do {
        result.append(try parse(part, at: position, offset: offset, whole: text))
      } catch let error as DiagnosticError {
        diagnostics.add(contentsOf: error.diagnostics)
      } catch {
        diagnostics.add(Diagnostic(rule: "filter-syntax", "\(error)", at: position))
      }
    }
    return result
  }

  /// The text between commas that are not inside parentheses.
  private static func parts(of text: String) -> [Substring] {
    var parts: [Substring] = []
    var (start, depth) = (text.startIndex, 0)
    for index in text.indices {
      switch text[index] {
      case "(": depth += 1
      case ")": depth -= 1
      case "," where depth <= 0:
        parts.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
    }
    return (parts + [text[start...]]).filter { !$0.isEmpty }
  }

  private static func parse(_ part: Substring, at position: SourcePosition, offset: Int, whole: String) throws
    -> Comparison
  {
    for index in part.indices {
      for operation in Operation.allCases where part[index...].hasPrefix(operation.rawValue) {
        let left = trim(part[..<index])
        let rest = part[index...].dropFirst(operation.rawValue.count)
        let right = trim(rest.drop { $0 == "=" })
        guard !left.isEmpty, !right.isEmpty else { break }
        if !isExpression(left) {
          let cell = Double(right).map(Cell.number) ?? .text(right.split(separator: "\"").joined())
          return Comparison(
            sides: .value(Figure.Reference(name: left, position: position), cell), operation: operation)
        }
        let start = position.advanced(lines: 0, column: position.column + offset)
        return Comparison(
          sides: .expressions(
            try RowExpression.parse(left, at: start), try RowExpression.parse(right, at: start)),
          operation: operation)
      }
    }
    throw DiagnosticError(
      rule: "filter-syntax", "'\(trim(part))' is not a comparison", at: position, length: whole.utf8.count,
      expected: "column=value, column!=value, column<value, a - b>=value, …")
  }

  /// Whether a left side is more than a name: it has parentheses or an operator with spaces round it.
  private static func isExpression(_ text: String) -> Bool {
    text.contains { "()*/^+".contains($0) } || text.contains(" - ") || text.contains(" \u{2212} ")
  }

  private static func trim(_ text: Substring) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// Whether a row satisfies the comparison. Order is that of numbers; names are only equal or not.
  func holds(_ cell: (String) -> Cell) -> Bool {
    switch sides {
    case .value(let column, let value): return holds(cell(column.name), value)
    case .expressions(let left, let right):
      guard let a = left.value({ cell($0).number }), let b = right.value({ cell($0).number }) else {
        return false
      }
      return operation.holds(a, b)
    }
  }

  private func holds(_ cell: Cell, _ value: Cell) -> Bool {
    if let a = cell.number, let b = value.number { return operation.holds(a, b) }
    switch operation {
    case .equal: return cell.label == value.label
    case .notEqual: return cell.label != value.label
    case .below, .above, .atMost, .atLeast: return false
    }
  }
}
