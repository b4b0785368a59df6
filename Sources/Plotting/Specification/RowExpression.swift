// Serves plan and draw: arithmetic on the columns of one row, for derived columns and filters.
import Diagnostics
import Tables

/// A number computed from the columns of a row. Its operators and functions are those of the expression language; where
/// that names samples, this names columns.
indirect enum RowExpression: Hashable, Sendable {
  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case power = "^"
  }

  enum Function: String, CaseIterable, Sendable {
    case log, log2, log10, exp, sqrt, abs, min, max, floor, round
  }

  case number(Double)
  case column(Figure.Reference)
  case negation(RowExpression)
  case binary(Operator, RowExpression, RowExpression)
  case call(Function, [RowExpression])

  /// The columns, in the order of the text.
  var references: [Figure.Reference] {
    switch self {
    case .number: []
    case .column(let reference): [reference]
    case .negation(let operand): operand.references
    case .binary(_, let a, let b): a.references + b.references
    case .call(_, let arguments): arguments.flatMap(\.references)
    }
  }

  /// The number for a row; `nil` when a column has none there. NaN where arithmetic has no answer.
  func value(_ column: (String) -> Double?) -> Double? {
    switch self {
    case .number(let number): return number
    case .column(let reference): return column(reference.name)
    case .negation(let operand): return operand.value(column).map { -$0 }
    case .binary(let operation, let left, let right):
      guard let a = left.value(column), let b = right.value(column) else { return nil }
      switch operation {
      case .add: return a + b
      case .subtract: return a - b
      case .multiply: return a * b
      case .divide: return a / b
      case .power: return Self.power(a, b)
      }
    case .call(let function, let arguments):
      let values = arguments.compactMap { $0.value(column) }
      guard values.count == arguments.count, let first = values.first else { return nil }
      return Self.apply(function, first, values)
    }
  }

  private static func apply(_ function: Function, _ first: Double, _ values: [Double]) -> Double {
    switch function {
    case .log: decimalLogarithm(first) * 2.302585092994046
    case .log2: decimalLogarithm(first) * 3.321928094887362
    case .log10: decimalLogarithm(first)
    case .exp: tenToThe(first * 0.4342944819032518)
    case .sqrt: first.squareRoot()
    case .abs: Swift.abs(first)
    case .min: values.contains(where: \.isNaN) ? .nan : values.min() ?? first
    case .max: values.contains(where: \.isNaN) ? .nan : values.max() ?? first
    case .floor: first.rounded(.down)
    case .round: first.rounded()
    }
  }

  /// A power: exact multiplications for small whole exponents, else by logarithms to about 1e-12.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    if exponent == exponent.rounded(), Swift.abs(exponent) <= 16 {
      let size = (0..<Int(Swift.abs(exponent))).reduce(1.0) { product, _ in product * base }
      return exponent < 0 ? 1 / size : size
    }
    if exponent == 0.5 { return base.squareRoot() }
    return base == 0 ? (exponent > 0 ? 0 : .infinity) : tenToThe(exponent * decimalLogarithm(base))
  }
}

extension RowExpression {
  /// Reads an expression; a mistake is thrown with its place.
  ///
  ///     sum     = product { ("+" | "-") product }
  ///     product = power { ("*" | "/") power }
  ///     power   = ["-"] primary ["^" power]
  ///     primary = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
  ///     name    = letter or "_", then letters, digits, "_", and "-" or "." before a letter or digit
  ///
  /// As in the expression language a hyphen between letters belongs to the name, so that a difference needs spaces.
  static func parse(_ text: String, at position: SourcePosition) throws -> RowExpression {
    var parser = Parser(text: text, position: position)
    let expression = try parser.sum(depth: 0)
    parser.skipSpaces()
    guard parser.rest.isEmpty else { throw parser.mistake("an operator or the end of the expression") }
    return expression
  }

  private struct Parser {
    let text: String
    let position: SourcePosition
    var rest: Substring

    init(text: String, position: SourcePosition) {
      self.text = text
      self.position = position
      rest = text[...]
    }

    private var offset: Int { text.utf8.distance(from: text.startIndex, to: rest.startIndex) }

    func mistake(_ expected: String) -> DiagnosticError {
      let found = rest.first.map { "'\($0)'" } ?? "the end"
      return DiagnosticError(
        rule: "expression-syntax", "\(found) cannot stand here in '\(text)'",
        at: position.advanced(lines: 0, column: position.column + offset), length: 1, expected: expected)
    }

    mutating func skipSpaces() { rest = rest.drop(while: \.isWhitespace) }

    private mutating func accept(_ characters: String) -> Character? {
      skipSpaces()
      guard let first = rest.first, characters.contains(first) else { return nil }
      rest.removeFirst()
      return first
    }

    mutating func sum(depth: Int) throws -> RowExpression {
      guard depth < 60 else { throw mistake("fewer parentheses") }
      var left = try product(depth)
      while let sign = accept("+-\u{2212}") {
        left = .binary(sign == "+" ? .add : .subtract, left, try product(depth))
      }
      return left
    }

    private mutating func product(_ depth: Int) throws -> RowExpression {
      var left = try power(depth)
      while let sign = accept("*×/") {
        left = .binary(sign == "/" ? .divide : .multiply, left, try power(depth))
      }
      return left
    }

    private mutating func power(_ depth: Int) throws -> RowExpression {
      guard depth < 60 else { throw mistake("fewer signs and powers") }
      if accept("-\u{2212}") != nil { return .negation(try power(depth + 1)) }
      let base = try primary(depth)
      return accept("^") == nil ? base : .binary(.power, base, try power(depth + 1))
    }

    private mutating func primary(_ depth: Int) throws -> RowExpression {
      if accept("(") != nil {
        let inner = try sum(depth: depth + 1)
        guard accept(")") != nil else { throw mistake("')'") }
        return inner
      }
      skipSpaces()
      guard let first = rest.first else { throw mistake("a number or a column") }
      if first.isASCII, first.isNumber || first == "." { return try number() }
      guard first.isLetter || first == "_" else { throw mistake("a number or a column") }
      let start = offset
      let name = self.name()
      skipSpaces()
      guard rest.first == "(" else {
        return .column(
          Figure.Reference(
            name: name, position: position.advanced(lines: 0, column: position.column + start)))
      }
      return try call(name, at: start, depth)
    }

    private mutating func call(_ name: String, at start: Int, _ depth: Int) throws -> RowExpression {
      let names = Function.allCases.map(\.rawValue)
      guard let function = Function(rawValue: name) else {
        throw DiagnosticError(
          rule: "unknown-function", "there is no function '\(name)'",
          at: position.advanced(lines: 0, column: position.column + start), length: name.utf8.count,
          expected: "one of " + names.joined(separator: ", "), hint: nameHint(for: name, in: names))
      }
      rest.removeFirst()
      var arguments = [try sum(depth: depth + 1)]
      while accept(",") != nil { arguments.append(try sum(depth: depth + 1)) }
      guard accept(")") != nil else { throw mistake("')'") }
      guard arguments.count == 1 || function == .min || function == .max else {
        throw DiagnosticError(
          rule: "function-arguments", "'\(name)' takes one number",
          at: position.advanced(lines: 0, column: position.column + start), length: name.utf8.count)
      }
      return .call(function, arguments)
    }

    private mutating func name() -> String {
      var name = ""
      while let next = rest.first {
        let following = rest.dropFirst().first
        let joins =
          (next == "-" || next == ".") && (following.map { $0.isLetter || $0.isNumber } ?? false)
        guard next.isLetter || next.isNumber || next == "_" || joins else { break }
        name.append(next)
        rest.removeFirst()
      }
      return name
    }

    private mutating func number() throws -> RowExpression {
      var digits = ""
      while let next = rest.first {
        let isSign = (next == "+" || next == "-") && (digits.last == "e" || digits.last == "E")
        guard (next.isASCII && next.isNumber) || ".eE".contains(next) || isSign else { break }
        digits.append(next)
        rest.removeFirst()
      }
      guard let value = Double(digits), value.isFinite else { throw mistake("a number; '\(digits)' is none") }
      return .number(value)
    }
  }
}

/// A column that a figure computes from others.
struct DerivedColumn: Sendable {
  var name: String
  var expression: RowExpression

  /// A table with the columns added in order; each may use those before it.
  static func add(_ derived: [DerivedColumn], to table: Table) -> Table {
    var table = table
    for column in derived {
      let names = Dictionary(table.columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
      table.columns.append(Column(column.name, .metric))
      for index in table.rows.indices {
        let row = table.rows[index]
        let value = column.expression.value { name in names[name].flatMap { row[$0].number } }
        table.rows[index].append(value.map(Cell.number) ?? .missing)
      }
    }
    return table
  }
}
