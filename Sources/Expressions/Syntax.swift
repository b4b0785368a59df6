// Serves check and tabulate: the parts of an expression, each with its place in the text.

import Tables

/// A range of UTF-8 bytes of an expression's text.
typealias Span = Range<Int>

/// A name or another piece of text with its place.
struct Located<Value: Sendable>: Sendable {
  var value: Value
  var span: Span
}

/// The sample of one column of one table.
struct Reference: Sendable {
  /// The experiment's name, `exp-x`.
  var experiment: Located<String>
  /// The table of the experiment; `nil` for its table of runs.
  var table: Located<String>?
  var filters: [RowFilter]
  var column: Located<String>
  var span: Span

  /// The full name of the table: `exp-x` or `exp-x.history`.
  var tableName: String { table.map { "\(experiment.value).\($0.value)" } ?? experiment.value }
}

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
}

/// A comparison of two numbers.
enum ComparisonOperator: String, Sendable {
  case greater = ">"
  case greaterOrEqual = ">="
  case less = "<"
  case lessOrEqual = "<="
  case equal = "="
  case notEqual = "!="

  func holds(_ a: Double, _ b: Double) -> Bool {
    switch self {
    case .greater: a > b
    case .greaterOrEqual: a >= b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .equal: a == b
    case .notEqual: a != b
    }
  }
}

/// A function call.
struct Call: Sendable {
  var function: Function
  var name: Located<String>
  var arguments: [Node]
  /// `over: axis`; of several axes, their names joined by commas.
  var axis: Located<String>?
  /// The axes of `over: (axis, axis)`; empty for one.
  var joinedAxes: [String] = []
  /// `over: log(axis)`.
  var axisScale: AxisScale?
  /// `axis: value` of `at`.
  var place: Located<Double>?
  var span: Span
}

/// How the values of an axis enter a slope.
enum AxisScale: String, CaseIterable, Sendable {
  case log
  case log2
  case log10
}

indirect enum Node: Sendable {
  case number(Double, Span)
  /// An axis or option of the design; only in derived values.
  case name(Located<String>)
  case reference(Reference)
  case negation(Node, Span)
  case binary(BinaryOperator, Node, Node, Span)
  case comparison(ComparisonOperator, Node, Node, Span)
  case call(Call)

  var span: Span {
    switch self {
    case .number(_, let span), .negation(_, let span), .binary(_, _, _, let span),
      .comparison(_, _, _, let span):
      span
    case .name(let name): name.span
    case .reference(let reference): reference.span
    case .call(let call): call.span
    }
  }

  /// The references in the order of the text.
  var references: [Reference] {
    switch self {
    case .number, .name: []
    case .reference(let reference): [reference]
    case .negation(let operand, _): operand.references
    case .binary(_, let a, let b, _), .comparison(_, let a, let b, _): a.references + b.references
    case .call(let call): call.arguments.flatMap(\.references)
    }
  }
}
