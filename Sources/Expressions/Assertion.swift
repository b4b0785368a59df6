// Serves check and judge: what a claim says about samples.

import Diagnostics
import Statistics
import Tables

/// A claim's assertion: expressions and how they are said to compare.
///
/// - `a > b`, `a >= b`, `a < b`, `a <= b`: the mean of the paired differences has this sign.
/// - `a ≈ b ± margin`: it lies within the margin.
/// - `a in [low, high]`: the mean of `a` lies between two numbers.
/// - `increasing(x, over: axis)`, `decreasing(…)`: every step from one value of the axis to the next has this sign.
public struct Assertion: Sendable {
  /// The text as written.
  public var text: String { source.text }
  /// The expression on the left of the comparison, or the one that is said to rise or fall.
  public let left: SampleExpression
  /// With which sign the left side enters the difference: 1 for `>`, −1 for `<`, 0 where there is no such side.
  public let publishedSide: Int
  private let source: Source
  /// A sample whose mean is to lie on one side of zero, or within a margin of it; of a trend, a stand-in for checks.
  private let difference: SampleExpression
  private let kind: ClaimKind
  private let trend: (call: Call, rises: Bool)?

  /// Parses an assertion; throws a `DiagnosticError` that points into it.
  ///
  /// - Parameters:
  ///   - text: the assertion.
  ///   - position: where its first byte stands in the paper.
  public init(parsing text: String, at position: SourcePosition) throws {
    let source = Source(text: text, position: position)
    self.source = source
    func expression(_ node: Node) -> SampleExpression { SampleExpression(source: source, root: node) }
    var parser = try Parser(source)
    let evaluator = Evaluator(source: source, tables: { _ in nil })
    var trend: (Call, Bool)?
    switch try parser.assertionToEnd() {
    case .order(let comparison, let a, let b, let span):
      left = expression(a)
      let isLess = comparison == .less || comparison == .lessOrEqual
      difference = expression(isLess ? .binary(.subtract, b, a, span) : .binary(.subtract, a, b, span))
      publishedSide = isLess ? -1 : 1
      let orEqual = comparison == .greaterOrEqual || comparison == .lessOrEqual
      kind = .greater(than: 0, orEqual: orEqual)
    case .equivalence(let a, let b, let margin, let span):
      left = expression(a)
      publishedSide = 1
      difference = expression(.binary(.subtract, a, b, span))
      kind = .equivalent(within: try evaluator.margin(margin))
    case .interval(let a, let low, let high, let span):
      left = expression(a)
      publishedSide = 1
      let (low, high) = try evaluator.ends(low, high)
      difference = expression(.binary(.subtract, a, .number(low + (high - low) / 2, span), span))
      kind = .equivalent(within: (high - low) / 2)
    case .trend(let call, let rises):
      left = expression(.call(call))
      publishedSide = 0
      difference = left
      kind = .positive
      trend = (call, rises)
    }
    self.trend = trend
  }

  /// The tables that the assertion reads, each once.
  public var tableNames: [String] { difference.tableNames }
  /// The experiments that the assertion reads, each once.
  public var experiments: [String] { difference.experiments }

  /// What is wrong, found without any result; see `SampleExpression.check`.
  public func check(tables: (String) -> Table?, names: [String] = []) -> [Diagnostic] {
    difference.check(tables: tables, names: names)
  }

  /// Samples whose means must all be as the claim says.
  public struct Measured: Sendable {
    /// What is said about the mean of each.
    public var kind: ClaimKind
    /// One sample, or of a trend one for each step along the axis, with what it is.
    public var parts: [(label: String, sample: Sample)]
  }

  /// The paired differences, with what the claim says about their means.
  ///
  /// For `a < b` the difference is b − a, so that every comparison by size says that the mean is above zero; the same
  /// holds of `decreasing`.
  public func measure(tables: (String) -> Table?) throws -> Measured {
    guard let trend else {
      return Measured(kind: kind, parts: [("", try difference.evaluate(tables: tables))])
    }
    return try withoutActuallyEscaping(tables) { tables in
      let steps = try Evaluator(source: source, tables: tables).steps(of: trend.call)
      return Measured(
        kind: kind,
        parts: steps.map { step in
          var sample = step.sample
          if !trend.rises { sample.values = sample.values.map { ($0.seed, -$0.value) } }
          return ("\(trend.call.axis?.value ?? "") \(step.from.label) → \(step.to.label)", sample)
        })
    }
  }
}

extension Evaluator {
  /// The margin of an equivalence: a positive constant.
  fileprivate func margin(_ node: Node) throws -> Double {
    let margin = try declared(node, "the margin")
    if margin <= 0 { throw source.error("margin", node.span, "the margin must be above zero") }
    return margin
  }

  /// The ends of an interval: two constants in order.
  fileprivate func ends(_ low: Node, _ high: Node) throws -> (low: Double, high: Double) {
    let (a, b) = (try declared(low, "an end of the interval"), try declared(high, "an end of the interval"))
    if a >= b {
      throw source.error(
        "margin", low.span.lowerBound..<high.span.upperBound,
        "the first end of the interval must be below the second")
    }
    return (a, b)
  }

  private func declared(_ node: Node, _ what: String) throws -> Double {
    if !node.references.isEmpty {
      throw source.error("margin", node.span, "\(what) must be a number, declared before the runs")
    }
    guard let number = try frame(node).constant, number.isFinite else {
      throw source.error("margin", node.span, "\(what) must be a number")
    }
    return number
  }

  /// The steps of a trend along its axis, as samples.
  fileprivate func steps(of call: Call) throws -> [(from: Cell, to: Cell, sample: Sample)] {
    guard let argument = call.arguments.first, let axis = call.axis else { return [] }
    let whole = try frame(argument)
    let increments: [(from: Cell, to: Cell, difference: Frame)]
    do { increments = try whole.increments(over: axis.value) } catch let problem {
      throw source.error(problem.rule, axis.span, problem.message, hint: problem.hint)
    }
    if increments.isEmpty {
      throw source.error("no-trend", axis.span, "the axis '\(axis.value)' has only one value here")
    }
    return try increments.map { ($0.from, $0.to, try sample(of: $0.difference, argument)) }
  }
}
