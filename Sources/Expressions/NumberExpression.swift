// Serves plan: an expression over the numbers of a design, before there are any results.

import Diagnostics

/// An expression over named numbers, as in `60000 / batch`; its value is one number.
///
/// The grammar is that of `Parser` with names of axes and options (`lr`, `train.batch`) in the place of samples, and
/// without functions that go over an axis.
public struct NumberExpression: Sendable {
  /// The text as written.
  public var text: String { source.text }
  private let source: Source
  private let root: Node

  /// Parses `text`; throws a `DiagnosticError` that points into it.
  ///
  /// - Parameters:
  ///   - text: the expression.
  ///   - position: where its first byte stands in the paper.
  public init(parsing text: String, at position: SourcePosition) throws {
    source = Source(text: text, position: position)
    var parser = try Parser(source, readsNames: true)
    root = try parser.expressionToEnd()
  }

  /// Computes the number; throws a `DiagnosticError` for a name that has none, and for a value that is not finite.
  ///
  /// - Parameters:
  ///   - value: the number of a name; `nil` when there is none.
  ///   - names: the names that have numbers, for hints.
  public func evaluate(_ value: (String) -> Double?, names: () -> [String] = { [] }) throws -> Double {
    try withoutActuallyEscaping(value) { value in
      try withoutActuallyEscaping(names) { names in
        var evaluator = Evaluator(source: source, tables: { _ in nil })
        evaluator.variables = { name in
          if let number = value(name.value) { return number }
          throw source.error(
            "unknown-name", name.span, "'\(name.value)' is no axis or option with a number here",
            hint: nameHint(for: name.value, in: names()))
        }
        guard let number = try evaluator.frame(root).constant, number.isFinite else {
          throw source.error("derived-value", root.span, "the value here is not a finite number")
        }
        return number
      }
    }
  }
}
