// Text to syntax tree: what is understood, and the place and words of each mistake.
import Diagnostics
import Testing

@testable import Expressions

private let start = SourcePosition(file: "paper.md", line: 10, column: 5)

/// The tree as an S-expression.
func dump(_ node: Node) -> String {
  switch node {
  case .number(let value, _): return "\(value)"
  case .negation(let operand, _): return "(neg \(dump(operand)))"
  case .binary(let operation, let a, let b, _): return "(\(operation.rawValue) \(dump(a)) \(dump(b)))"
  case .comparison(let comparison, let a, let b, _): return "(\(comparison.rawValue) \(dump(a)) \(dump(b)))"
  case .name(let name): return name.value
  case .reference(let reference):
    let filters = reference.filters.map {
      "\($0.axis.value)\($0.comparison.rawValue)\($0.number.map { "#\($0)" } ?? $0.value.value)"
    }
    return "\(reference.tableName){\(filters.joined(separator: ";"))}\(reference.column.value)"
  case .call(let call):
    var parts = [call.function.rawValue] + call.arguments.map(dump)
    if let axis = call.axis { parts.append("@\(call.axisScale?.rawValue ?? "")\(axis.value)") }
    if let place = call.place { parts.append("\(place.value)") }
    return "(" + parts.joined(separator: " ") + ")"
  }
}

/// The one diagnostic of a text: place, length, rule, message, what was expected, hint.
func complaint(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing"
  } catch let error as DiagnosticError {
    return error.diagnostics.map(complaint).joined(separator: "\n")
  } catch {
    return "\(error)"
  }
}

func complaint(_ diagnostic: Diagnostic) -> String {
  let place = diagnostic.position.map { "\($0.line):\($0.column)+\(diagnostic.length)" } ?? "-"
  return "\(place) \(diagnostic.rule): \(diagnostic.message)"
    + (diagnostic.expected.map { " [\($0)]" } ?? "") + (diagnostic.hint.map { " {\($0)}" } ?? "")
}

@Suite struct ParserTests {
  @Test(arguments: [
    ("1 + 2 * 3", "(+ 1.0 (* 2.0 3.0))"),
    ("1 - 2 - 3", "(- (- 1.0 2.0) 3.0)"),
    ("(1 - 2) / -3e-2", "(/ (- 1.0 2.0) (neg 0.03))"),
    ("−−1 × 2 · .5", "(* (* 1.0 2.0) 0.5)"),
    ("5%", "0.05"),
    ("exp-bn-rate.test_accuracy", "exp-bn-rate{}test_accuracy"),
    ("exp-bn.history.loss", "exp-bn.history{}loss"),
    ("exp-a[norm=batch, lr=1.0].acc", "exp-a{norm=batch;lr=#1.0}acc"),
    ("exp-a.rounds[control=one-shot,round>=3].acc", "exp-a.rounds{control=one-shot;round>=#3.0}acc"),
    ("exp-a[mlp=[64, 64], name=\"a, b]\"].acc", "exp-a{mlp=[64, 64];name=a, b]}acc"),
    ("exp-a[x != 'no'].acc", "exp-a{x!=no}acc"),
    ("exp-a.inference-modes[lr=1].acc-2", "(- exp-a.inference-modes{lr=#1.0}acc 2.0)"),
    ("exp-a[].acc", "exp-a{}acc"),
    ("exp(exp-a.x) - exp-b.y", "(- (exp exp-a{}x) exp-b{}y)"),
    ("slope(log(exp-a.x), over: log(width))", "(slope (log exp-a{}x) @logwidth)"),
    ("mean(exp-a.x,over:train.lr)", "(mean exp-a{}x @train.lr)"),
    ("largest(exp-a.x >= 2/3, over: lr)", "(largest (>= exp-a{}x (/ 2.0 3.0)) @lr)"),
    ("at(exp-a.history.x, step: 500)", "(at exp-a.history{}x @step 500.0)"),
    ("at(exp-a.x, lr: -1)", "(at exp-a{}x @lr -1.0)"),
    ("max(exp-a.x, exp-a.y, 0)", "(max exp-a{}x exp-a{}y 0.0)"),
    ("max(exp-a.x, over: lr)", "(max exp-a{}x @lr)"),
    ("max(exp-a.x, over: (lr, train.batch))", "(max exp-a{}x @lr, train.batch)"),
    ("if(exp-a.x > 1, 2, 3)", "(if (> exp-a{}x 1.0) 2.0 3.0)"),
    ("slope(exp-a.x, exp-a.y, over: lr)", "(slope exp-a{}x exp-a{}y @lr)"),
  ])
  func understands(text: String, tree: String) throws {
    #expect(dump(try SampleExpression(parsing: text, at: start).root) == tree)
  }

  @Test(arguments: [
    ("", "10:5+1 expression-syntax: the expression is empty [a number, a sample or a function]"),
    ("1 +", "10:7+1 expression-syntax: the expression ends too early [a number, a sample or a function]"),
    ("1 ? 2", "10:7+1 expression-syntax: unexpected '?' [an operator or the end of the expression]"),
    ("1 ✓", "10:7+3 expression-syntax: unexpected '✓' [an operator or the end of the expression]"),
    ("(1", "10:6+1 expression-syntax: the expression ends too early [')']"),
    ("2x", "10:5+2 expression-syntax: a number is followed by a letter [an operator]"),
    ("1e999", "10:5+5 number: '1e999' is not a number that can be represented"),
    (
      "exp-a.x > 1",
      "10:13+1 unexpected-comparison: a comparison ('>') has no number as its value "
        + "[an expression that yields a number]"
    ),
    (
      "meen(exp-a.x, over: lr)", "10:5+4 unknown-function: there is no function 'meen' {did you mean 'mean'?}"
    ),
    (
      "accuracy + 1",
      "10:5+8 expression-syntax: 'accuracy' is neither a sample nor a function "
        + "{a sample is written exp-name.column}"
    ),
    (
      "exp-a",
      "10:5+5 missing-column: 'exp-a' is a whole experiment; a sample needs a column "
        + "{for example exp-a.test_accuracy; write spaces around a minus sign}"
    ),
    (
      "exp-a[lr=1]",
      "10:5+11 missing-column: the sample names no column {for example exp-a[lr=1].test_accuracy}"
    ),
    (
      "exp-a.x[lr=1]",
      "10:12+6 expression-syntax: filters come before the column {write exp-a[lr=1].x}"
    ),
    ("exp-a.b.c.d", "10:15+1 expression-syntax: a sample is written exp-name.table.column"),
    (
      "exp-a[lr 1].x",
      "10:14+1 expression-syntax: unexpected '1' ['=', '!=', '<', '<=', '>' or '>=' after 'lr']"
    ),
    ("exp-a[lr=].x", "10:14+1 expression-syntax: unexpected ']' [a value for 'lr']"),
    ("exp-a[lr='x].y", "10:14+5 expression-syntax: a quotation mark is not closed"),
    ("exp-a[lr=1", "10:14+1 expression-syntax: the expression ends too early [']']"),
    (
      "mean(exp-a.x)",
      "10:5+13 function-arguments: 'mean' needs 'over: axis' {write mean(x, over: axis)}"
    ),
    (
      "log(exp-a.x, over: lr)",
      "10:24+2 function-arguments: 'log' does not go over an axis here {write log(x)}"
    ),
    (
      "spearman(exp-a.x, over: log(lr))",
      "10:33+2 function-arguments: 'spearman' takes the axis itself, not its logarithm "
        + "{write spearman(y, over: axis) or spearman(y, x, over: axis)}"
    ),
    (
      "largest(exp-a.x, over: lr)",
      "10:13+7 function-arguments: 'largest' needs a comparison {write largest(x >= c, over: axis)}"
    ),
    (
      "mean(exp-a.x > 1, over: lr)",
      "10:10+11 function-arguments: 'mean' takes numbers, not a comparison {write mean(x, over: axis)}"
    ),
    (
      "at(exp-a.x)",
      "10:5+11 function-arguments: 'at' needs a place on an axis, for example 'step: 500' {write at(x, step: n)}"
    ),
    (
      "sqrt(1, 2)",
      "10:5+10 function-arguments: 'sqrt' takes one sample, not 2 {write sqrt(x)}"
    ),
    (
      "slope(exp-a.x, exp-a.y, over: log(lr))",
      "10:39+2 function-arguments: 'slope' takes the axis itself, not its logarithm "
        + "{write slope(y, over: axis), slope(y, over: log(axis)) or slope(y, x, over: axis)}"
    ),
    (
      "pow(exp-a.x)",
      "10:5+12 function-arguments: 'pow' takes two samples, not 1 {write pow(x, y)}"
    ),
    (
      "if(exp-a.x, 1, 0)",
      "10:8+7 function-arguments: 'if' needs a comparison {write if(x >= c, a, b)}"
    ),
    ("max(exp-a.x, over: (lr, 3))", "10:29+1 expression-syntax: unexpected '3' [the name of an axis]"),
    ("1 +\n  ?", "11:3+1 expression-syntax: unexpected '?' [a number, a sample or a function]"),
  ])
  func complains(text: String, message: String) {
    #expect(complaint { _ = try SampleExpression(parsing: text, at: start) } == message)
  }

  @Test func claimsCompare() throws {
    for text in [
      "exp-a.x > exp-a.y + 0.2", "exp-a.x >= 1", "exp-a.x < 1", "exp-a.x ≤ 1", "exp-a.x ≈ exp-a.y ± 0.01",
      "exp-a.x ~= exp-a.y +- 1%", "exp-a.x in [0, 1]", "exp-a.x in[-1%,2]", "increasing(exp-a.x, over: lr)",
      "decreasing(exp-a.x - exp-a.y, over: (lr, batch))",
    ] {
      _ = try Assertion(parsing: text, at: start)
    }
    #expect(
      complaint { _ = try Assertion(parsing: "exp-a.x", at: start) }
        == "10:11+1 expression-syntax: the expression ends too early [a comparison: >, <, >=, <=, ≈ or in [low, high]] "
        + "{a claim compares two samples: a > b}")
    #expect(
      complaint { _ = try Assertion(parsing: "exp-a.x ≈ 1", at: start) }
        == "10:17+1 expression-syntax: the expression ends too early ['± margin'] "
        + "{equivalence needs a margin: a ≈ b ± 0.01}")
    #expect(
      complaint { _ = try Assertion(parsing: "exp-a.x ~= 1 +- exp-a.y", at: start) }
        == "10:21+7 margin: the margin must be a number, declared before the runs")
    #expect(
      complaint { _ = try Assertion(parsing: "exp-a.x ~= 1 +- 0", at: start) }
        == "10:21+1 margin: the margin must be above zero")
    #expect(
      complaint { _ = try Assertion(parsing: "exp-a.x in [1, 0]", at: start) }
        == "10:17+4 margin: the first end of the interval must be below the second")
    #expect(
      complaint { _ = try Assertion(parsing: "increasing(exp-a.x)", at: start) }
        == "10:5+19 function-arguments: 'increasing' takes one sample over an axis "
        + "{write increasing(x, over: axis)}")
    #expect(
      complaint { _ = try Assertion(parsing: "exp-a.x > 1 > 2", at: start) }
        == "10:17+1 expression-syntax: unexpected '>' [an operator or the end of the claim]")
  }

  @Test func nestingAndLengthAreLimited() throws {
    let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000 - 1)
    #expect(complaint { _ = try SampleExpression(parsing: deep, at: start) }.contains("expression-too-deep"))
    #expect(
      complaint { _ = try SampleExpression(parsing: String(repeating: " ", count: 20_000), at: start) }
        .contains("expression-too-long"))
    let signs = String(repeating: "-", count: 9001) + "1"
    #expect(dump(try SampleExpression(parsing: signs, at: start).root) == "(neg 1.0)")
    let calls = String(repeating: "abs(", count: 1500) + "1" + String(repeating: ")", count: 1500)
    #expect(complaint { _ = try SampleExpression(parsing: calls, at: start) }.contains("expression-too-deep"))
  }

  @Test func arbitraryBytesNeverTrap() {
    // Mutations of one text by a fixed generator: the parser must answer each with a tree or a diagnostic.
    let seed = Array(
      "max(exp-a.b[x=[1, 2], y>='z'].c - 2.5e-3%, over: log(q)) ≈ -(1) ± at(exp-a.x, step: 5)".utf8)
    let alphabet = Array("()[]:,.=<>!≈±−-+*/%'\" e1x\u{0}\u{FF}exp-".utf8)
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var understood = 0
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0...random(4) {
        let place = random(bytes.count)
        switch random(3) {
        case 0: bytes[place] = alphabet[random(alphabet.count)]
        case 1: bytes.remove(at: place)
        default: bytes.insert(alphabet[random(alphabet.count)], at: place)
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        _ = try Assertion(parsing: text, at: start)
        understood += 1
      } catch let error as DiagnosticError {
        let diagnostic = error.diagnostics[0]
        let column = diagnostic.position?.column ?? 0
        if column < 5 || column > 5 + text.utf8.count { Issue.record("\(diagnostic) is outside of \(text)") }
      } catch {
        Issue.record("\(text): \(error)")
      }
    }
    #expect(understood == 0, "the margin holds a sample, which is never allowed")
  }
}
