// Serves parse: text to syntax tree, every mistake with its place.

import Diagnostics

/// The text of an expression and where it stands in the paper.
struct Source: Sendable {
  var text: String
  var position: SourcePosition

  /// A diagnostic that points at a span of the text.
  func mistake(
    _ rule: String, _ span: Span, _ message: String, expected: String? = nil, hint: String? = nil
  ) -> Diagnostic {
    var line = 0
    var column = position.column
    for byte in text.utf8.prefix(span.lowerBound) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    return Diagnostic(
      rule: rule, message, at: position.advanced(lines: line, column: column), length: max(1, span.count),
      expected: expected, hint: hint)
  }

  /// The same as an error.
  func error(
    _ rule: String, _ span: Span, _ message: String, expected: String? = nil, hint: String? = nil
  ) -> DiagnosticError {
    DiagnosticError([mistake(rule, span, message, expected: expected, hint: hint)])
  }
}

/// The grammar of expressions and assertions, for the reference; `Parser` follows it rule by rule.
public let expressionGrammar = #"""
  assertion   = sum relation
              | sum "in" "[" sum "," sum "]"
              | ("increasing" | "decreasing") "(" sum "," "over" ":" name ")"
  relation    = (">" | "<" | ">=" | "≥" | "<=" | "≤") sum
              | ("≈" | "~=") sum ("±" | "+-") sum
  sum         = product { ("+" | "-" | "−") product }
  product     = factor { ("*" | "×" | "·" | "/") factor }
  factor      = ("-" | "−" | "+") factor | primary
  primary     = number | "(" sum ")" | call | reference
  number      = digits ["." digits] [("e" | "E") ["+" | "-"] digits] ["%"]
  call        = function "(" argument { "," argument } ")"
  argument    = condition | "over" ":" axis | name ":" signed number
  condition   = sum [(">" | ">=" | "<" | "<=" | "≥" | "≤") sum]
  axis        = name | ("log" | "log2" | "log10") "(" name ")" | "(" name "," name { "," name } ")"
  reference   = "exp-" word ["." name] ["[" filters "]"] "." name
  filters     = filter { "," filter }
  filter      = name ("=" | "==" | "!=" | "≠" | ">" | ">=" | "<" | "<=" | "≥" | "≤") value
  value       = quoted text | "[" … "]" | any text without "," and "]"
  name        = letter or "_", then letters, digits, "_", and "-" before a letter (an axis also "." and "-")
  word        = letters, digits, "_" and "-"
  """#

/// A recursive-descent parser over UTF-8 bytes, see `expressionGrammar`.
struct Parser {
  private let source: Source
  private let bytes: [UInt8]
  private var index = 0
  private var depth = 0

  private static let longestText = 10_000
  private static let deepestNesting = 100

  /// Whether names stand for numbers, and samples are not allowed.
  private let readsNames: Bool

  init(_ source: Source, readsNames: Bool = false) throws {
    self.source = source
    self.readsNames = readsNames
    bytes = Array(source.text.utf8)
    if bytes.count > Parser.longestText {
      throw source.error(
        "expression-too-long", 0..<1, "the expression is longer than \(Parser.longestText) bytes")
    }
  }

  // MARK: - Entry points

  /// A whole text that is one expression.
  mutating func expressionToEnd() throws -> Node {
    let node = try sum()
    skipSpaces()
    if index < bytes.count {
      if let (comparison, span) = relation() {
        throw source.error(
          "unexpected-comparison", span, "a comparison ('\(comparison.rawValue)') has no number as its value",
          expected: "an expression that yields a number")
      }
      throw unexpected("an operator or the end of the expression")
    }
    return node
  }

  /// What a claim says.
  enum Relation {
    /// One sample is larger, or at least as large; `span` is that of both.
    case order(ComparisonOperator, Node, Node, Span)
    /// Two samples are equal within a margin.
    case equivalence(Node, Node, margin: Node, Span)
    /// A sample lies between two numbers.
    case interval(Node, low: Node, high: Node, Span)
    /// A sample rises, or falls, from each value of an axis to the next.
    case trend(Call, rises: Bool)
  }

  /// A whole text that is one assertion.
  mutating func assertionToEnd() throws -> Relation {
    let relation = try assertion()
    skipSpaces()
    if index < bytes.count { throw unexpected("an operator or the end of the claim") }
    return relation
  }

  private mutating func assertion() throws -> Relation {
    skipSpaces()
    let start = index
    if let trend = try trend() { return trend }
    let left = try sum()
    skipSpaces()
    if accept("≈") || accept("~=") {
      let right = try sum()
      skipSpaces()
      guard accept("±") || accept("+-") else {
        throw unexpected("'± margin'", hint: "equivalence needs a margin: a ≈ b ± 0.01")
      }
      let margin = try sum()
      return .equivalence(left, right, margin: margin, start..<index)
    }
    if accept("in ") || accept("in[") {
      if bytes[index - 1] == UInt8(ascii: "[") { index -= 1 }
      try expect("[")
      let low = try sum()
      try expect(",")
      let high = try sum()
      try expect("]")
      return .interval(left, low: low, high: high, start..<index)
    }
    if let (comparison, _) = relation() {
      let right = try sum()
      return .order(comparison, left, right, start..<index)
    }
    throw unexpected(
      "a comparison: >, <, >=, <=, ≈ or in [low, high]",
      hint: "a claim compares two samples: a > b")
  }

  /// `increasing(x, over: axis)`, when that is what follows.
  private mutating func trend() throws -> Relation? {
    let start = index
    guard index < bytes.count, isLetter(bytes[index]) else { return nil }
    let word = name()
    guard let rises = ["increasing": true, "decreasing": false][word.value] else {
      index = start
      return nil
    }
    skipSpaces()
    guard accept("(") else { throw unexpected("'(' after '\(word.value)'") }
    var call = Call(function: .range, name: word, arguments: [], span: word.span)
    repeat {
      try argument(of: &call)
      skipSpaces()
    } while accept(",")
    try expect(")")
    call.span = start..<index
    if call.arguments.count != 1 || call.axis == nil || call.place != nil || call.axisScale != nil {
      throw source.error(
        "function-arguments", call.span, "'\(word.value)' takes one sample over an axis",
        hint: "write \(word.value)(x, over: axis)")
    }
    if case .comparison(_, _, _, let span) = call.arguments[0] {
      throw source.error("function-arguments", span, "'\(word.value)' takes numbers, not a comparison")
    }
    return .trend(call, rises: rises)
  }

  /// A whole text that is a list of filters.
  mutating func filtersToEnd() throws -> [RowFilter] {
    skipSpaces()
    if index == bytes.count { return [] }
    let list = try filters(until: nil)
    skipSpaces()
    if index < bytes.count { throw unexpected("',' or the end of the filter") }
    return list
  }

  // MARK: - Arithmetic

  private mutating func sum() throws -> Node {
    depth += 1
    defer { depth -= 1 }
    if depth > Parser.deepestNesting {
      throw source.error(
        "expression-too-deep", index..<index + 1,
        "the expression is nested deeper than \(Parser.deepestNesting)")
    }
    var node = try product()
    while true {
      skipSpaces()
      // `+-` begins the margin of an equivalence.
      let operation: BinaryOperator
      if peek("+-") { return node }
      if accept("+") {
        operation = .add
      } else if accept("-") || accept("−") {
        operation = .subtract
      } else {
        return node
      }
      let right = try product()
      node = .binary(operation, node, right, node.span.lowerBound..<right.span.upperBound)
    }
  }

  private mutating func product() throws -> Node {
    var node = try factor()
    while true {
      skipSpaces()
      let operation: BinaryOperator
      if accept("*") || accept("×") || accept("·") {
        operation = .multiply
      } else if accept("/") {
        operation = .divide
      } else {
        return node
      }
      let right = try factor()
      node = .binary(operation, node, right, node.span.lowerBound..<right.span.upperBound)
    }
  }

  private mutating func factor() throws -> Node {
    skipSpaces()
    let start = index
    var negative = false
    // Signs are counted in a loop, so that a long row of them needs no deep recursion.
    while true {
      if accept("-") || accept("−") { negative.toggle() } else if !accept("+") { break }
      skipSpaces()
    }
    let node = try primary()
    return negative ? .negation(node, start..<node.span.upperBound) : node
  }

  private mutating func primary() throws -> Node {
    skipSpaces()
    guard index < bytes.count else { throw unexpected("a number, a sample or a function") }
    if isDigit(bytes[index])
      || (bytes[index] == UInt8(ascii: ".") && index + 1 < bytes.count && isDigit(bytes[index + 1]))
    {
      let number = try number()
      return .number(number.value, number.span)
    }
    if accept("(") {
      let node = try sum()
      try expect(")")
      return node
    }
    guard isLetter(bytes[index]) else { throw unexpected("a number, a sample or a function") }
    if readsNames { return try nameOrCall() }
    if startsReference { return .reference(try reference()) }
    return .call(try call())
  }

  private mutating func number() throws -> Located<Double> {
    let start = index
    func digits(_ parser: inout Parser) {
      while parser.index < parser.bytes.count, parser.isDigit(parser.bytes[parser.index]) {
        parser.index += 1
      }
    }
    digits(&self)
    if accept(".") { digits(&self) }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      let mark = index
      index += 1
      if !accept("+") { _ = accept("-") }
      let exponent = index
      digits(&self)
      if exponent == index { index = mark }
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw source.error("number", start..<index, "'\(text)' is not a number that can be represented")
    }
    if index < bytes.count, isLetter(bytes[index]) {
      throw source.error(
        "expression-syntax", start..<index + 1, "a number is followed by a letter", expected: "an operator")
    }
    if accept("%") { return Located(value: value / 100, span: start..<index) }
    return Located(value: value, span: start..<index)
  }

  // MARK: - Calls

  private mutating func nameOrCall() throws -> Node {
    if startsReference {
      let sample = try reference()
      throw source.error(
        "derived-value", sample.span, "a derived value cannot depend on results",
        expected: "axes, options and numbers")
    }
    let start = index
    let word = dottedName()
    let end = index
    skipSpaces()
    guard peek("(") else {
      index = end
      return .name(word)
    }
    index = start
    let call = try call()
    if call.axis != nil {
      throw source.error(
        "derived-value", call.span, "a derived value is computed at one point; it cannot go over an axis")
    }
    return .call(call)
  }

  private mutating func call() throws -> Call {
    let name = name()
    guard let function = Function(rawValue: name.value) else {
      skipSpaces()
      let isCall = peek("(")
      let functions = Function.allCases.map(\.rawValue)
      let hint =
        isCall
        ? nearestName(to: name.value, in: functions).map { "did you mean '\($0)'?" }
          ?? "functions: \(functions.joined(separator: ", "))"
        : "a sample is written exp-name.column"
      throw source.error(
        isCall ? "unknown-function" : "expression-syntax", name.span,
        isCall
          ? "there is no function '\(name.value)'" : "'\(name.value)' is neither a sample nor a function",
        hint: hint)
    }
    skipSpaces()
    guard accept("(") else {
      throw unexpected("'(' after the function '\(name.value)'", hint: function.usage)
    }
    var call = Call(function: function, name: name, arguments: [], span: name.span)
    repeat {
      try argument(of: &call)
      skipSpaces()
    } while accept(",")
    try expect(")")
    call.span = name.span.lowerBound..<index
    try checkForm(call)
    return call
  }

  private mutating func argument(of call: inout Call) throws {
    skipSpaces()
    if let label = label() {
      if call.axis != nil {
        throw source.error(
          "function-arguments", label.span, "'\(call.name.value)' takes one axis", hint: call.function.usage)
      }
      skipSpaces()
      if label.value == "over" {
        try axis(of: &call)
      } else {
        let start = index
        let negative = accept("-") || accept("−")
        skipSpaces()
        guard index < bytes.count, isDigit(bytes[index]) else {
          throw unexpected("a number after '\(label.value):'")
        }
        let value = try number()
        call.axis = label
        call.place = Located(value: negative ? -value.value : value.value, span: start..<index)
      }
      return
    }
    let left = try sum()
    skipSpaces()
    guard let (comparison, _) = relation() else {
      call.arguments.append(left)
      return
    }
    let right = try sum()
    call.arguments.append(.comparison(comparison, left, right, left.span.lowerBound..<right.span.upperBound))
  }

  /// `over: axis` or `over: log(axis)`, after the colon.
  private mutating func axis(of call: inout Call) throws {
    if peek("(") { return try axes(of: &call) }
    guard index < bytes.count, isLetter(bytes[index]) else { throw unexpected("the name of an axis") }
    let axis = axisName()
    skipSpaces()
    guard let scale = AxisScale(rawValue: axis.value), accept("(") else {
      call.axis = axis
      return
    }
    skipSpaces()
    guard index < bytes.count, isLetter(bytes[index]) else { throw unexpected("the name of an axis") }
    call.axis = axisName()
    call.axisScale = scale
    try expect(")")
  }

  /// `(axis, axis)`: every combination of the values of several axes.
  private mutating func axes(of call: inout Call) throws {
    let start = index
    try expect("(")
    repeat {
      skipSpaces()
      guard index < bytes.count, isLetter(bytes[index]) else { throw unexpected("the name of an axis") }
      call.joinedAxes.append(axisName().value)
      skipSpaces()
    } while accept(",")
    try expect(")")
    let name = call.joinedAxes.joined(separator: ", ")
    if call.joinedAxes.count == 1 { call.joinedAxes = [] }
    call.axis = Located(value: name, span: start..<index)
  }

  private func checkForm(_ call: Call) throws {
    let function = call.function
    func wrong(_ span: Span, _ message: String) -> DiagnosticError {
      source.error("function-arguments", span, message, hint: "write \(function.usage)")
    }
    for (position, argument) in call.arguments.enumerated() {
      if case .comparison(_, _, _, let span) = argument, !function.takesComparison(position) {
        throw wrong(span, "'\(function.rawValue)' takes numbers, not a comparison")
      }
    }
    if let place = call.place, !function.takesPlace {
      throw wrong(place.span, "'\(function.rawValue)' does not take a value of an axis")
    }
    if call.axisScale != nil, !function.scalesAxis(call.arguments.count) {
      throw wrong(
        call.axis?.span ?? call.span, "'\(function.rawValue)' takes the axis itself, not its logarithm")
    }
    let needsAxis =
      if case .severalOrOver = function.form { call.arguments.count == 1 } else { function.takesAxis }
    if needsAxis, call.axis == nil {
      throw wrong(
        call.span,
        function.takesPlace
          ? "'at' needs a place on an axis, for example 'step: 500'"
          : "'\(function.rawValue)' needs 'over: axis'")
    }
    if !needsAxis, let axis = call.axis {
      throw wrong(axis.span, "'\(function.rawValue)' does not go over an axis here")
    }
    try checkCount(call, wrong)
    if function.takesComparison(0), let condition = call.arguments.first {
      if case .comparison = condition {
      } else {
        throw wrong(condition.span, "'\(function.rawValue)' needs a comparison")
      }
    }
    if function.takesPlace, call.place == nil {
      throw wrong(call.span, "'at' needs a place on an axis, for example 'step: 500'")
    }
  }

  private func checkCount(_ call: Call, _ wrong: (Span, String) -> DiagnosticError) throws {
    let count = call.function.argumentCount
    if count.contains(call.arguments.count) { return }
    let words = ["no sample", "one sample", "two samples", "three samples"]
    let wanted =
      count.lowerBound == count.upperBound
      ? words[min(count.lowerBound, 3)] : "\(words[min(count.lowerBound, 3)]) or two"
    throw wrong(call.span, "'\(call.function.rawValue)' takes \(wanted), not \(call.arguments.count)")
  }

  // MARK: - References

  private var startsReference: Bool {
    peek("exp-") && index + 4 < bytes.count && (isLetter(bytes[index + 4]) || isDigit(bytes[index + 4]))
  }

  private mutating func reference() throws -> Reference {
    let start = index
    while index < bytes.count, isNameByte(bytes[index]) || bytes[index] == UInt8(ascii: "-") { index += 1 }
    let experiment = located(start)
    var names: [Located<String>] = []
    var filters: [RowFilter] = []
    var filtersFollow: Int?
    while true {
      if accept("[") {
        if let filtersFollow {
          throw source.error("expression-syntax", filtersFollow..<index, "a sample has one list of filters")
        }
        filtersFollow = index - 1
        filters = try self.filters(until: "]")
        try expect("]")
        if names.count > 1 { throw misplacedFilters(experiment, names, filtersFollow ?? index) }
      } else if peek("."), index + 1 < bytes.count, isLetter(bytes[index + 1]) {
        index += 1
        names.append(hyphenatedName())
        if filtersFollow != nil { break }
      } else {
        break
      }
    }
    let span = start..<index
    let namesAfterFilters = names.last.map { $0.span.lowerBound > (filtersFollow ?? .max) } ?? false
    if let filtersFollow, !namesAfterFilters {
      if !names.isEmpty { throw misplacedFilters(experiment, names, filtersFollow) }
      throw source.error(
        "missing-column", span, "the sample names no column", hint: "for example \(slice(span)).test_accuracy"
      )
    }
    guard let column = names.last else {
      throw source.error(
        "missing-column", span, "'\(experiment.value)' is a whole experiment; a sample needs a column",
        hint: "for example \(experiment.value).test_accuracy; write spaces around a minus sign")
    }
    if names.count > 2 {
      throw source.error("expression-syntax", names[2].span, "a sample is written exp-name.table.column")
    }
    return Reference(
      experiment: experiment, table: names.count == 2 ? names[0] : nil, filters: filters, column: column,
      span: span)
  }

  private func misplacedFilters(
    _ experiment: Located<String>, _ names: [Located<String>], _ start: Int
  ) -> DiagnosticError {
    let table = names.dropLast().map { ".\($0.value)" }.joined()
    let column = names.last?.value ?? "column"
    return source.error(
      "expression-syntax", start..<index, "filters come before the column",
      hint: "write \(experiment.value)\(table)\(slice(start..<index)).\(column)")
  }

  private mutating func filters(until end: String?) throws -> [RowFilter] {
    var result: [RowFilter] = []
    skipSpaces()
    if let end, peek(end) { return [] }
    repeat { result.append(try filter()) } while accept(",")
    return result
  }

  private mutating func filter() throws -> RowFilter {
    skipSpaces()
    guard index < bytes.count, isLetter(bytes[index]) else { throw unexpected("the name of an axis") }
    let axis = axisName()
    skipSpaces()
    let comparison: ComparisonOperator
    if accept("!=") || accept("≠") {
      comparison = .notEqual
    } else if accept("==") || accept("=") {
      comparison = .equal
    } else if let (found, _) = relation() {
      comparison = found
    } else {
      throw unexpected("'=', '!=', '<', '<=', '>' or '>=' after '\(axis.value)'")
    }
    skipSpaces()
    let start = index
    if index < bytes.count, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'") {
      let quote = bytes[index]
      guard let end = bytes[(index + 1)...].firstIndex(of: quote) else {
        throw source.error("expression-syntax", start..<bytes.count, "a quotation mark is not closed")
      }
      index = end + 1
      skipSpaces()
      let text = String(decoding: bytes[start + 1..<end], as: UTF8.self)
      return RowFilter(
        axis: axis, comparison: comparison, value: Located(value: text, span: start..<end + 1), number: nil)
    }
    let value = bareValue()
    if value.value.isEmpty { throw unexpected("a value for '\(axis.value)'") }
    let number = Double(value.value).flatMap { $0.isFinite ? $0 : nil }
    return RowFilter(axis: axis, comparison: comparison, value: value, number: number)
  }

  /// Text up to a comma or a closing bracket that is not inside brackets of its own.
  private mutating func bareValue() -> Located<String> {
    let start = index
    var nesting = 0
    scan: while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "["): nesting += 1
      case UInt8(ascii: "]"):
        if nesting == 0 { break scan }
        nesting -= 1
      case UInt8(ascii: ",") where nesting == 0: break scan
      default: break
      }
      index += 1
    }
    var end = index
    while end > start, isSpace(bytes[end - 1]) { end -= 1 }
    return Located(value: slice(start..<end), span: start..<end)
  }

  // MARK: - Bytes

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }
  private func isNameByte(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private func slice(_ span: Span) -> String { String(decoding: bytes[span], as: UTF8.self) }
  private func located(_ start: Int) -> Located<String> {
    Located(value: slice(start..<index), span: start..<index)
  }

  private mutating func skipSpaces() {
    while index < bytes.count, isSpace(bytes[index]) { index += 1 }
  }

  private mutating func name() -> Located<String> {
    let start = index
    while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
    return located(start)
  }

  /// A name in which a hyphen may stand before a letter, as in the table `inference-modes`.
  private mutating func hyphenatedName() -> Located<String> {
    let start = index
    while index < bytes.count {
      let joins = bytes[index] == UInt8(ascii: "-") && index + 1 < bytes.count && isLetter(bytes[index + 1])
      if !isNameByte(bytes[index]) && !joins { break }
      index += 1
    }
    return located(start)
  }

  /// A name, or several joined by dots, as in `train.batch`.
  private mutating func dottedName() -> Located<String> {
    let start = index
    while index < bytes.count {
      let joins = bytes[index] == UInt8(ascii: ".") && index + 1 < bytes.count && isLetter(bytes[index + 1])
      if !isNameByte(bytes[index]) && !joins { break }
      index += 1
    }
    return located(start)
  }

  private mutating func axisName() -> Located<String> {
    let start = index
    while index < bytes.count,
      isNameByte(bytes[index]) || bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: "-")
    {
      index += 1
    }
    return located(start)
  }

  /// `name:`, when that is what follows.
  private mutating func label() -> Located<String>? {
    let start = index
    guard index < bytes.count, isLetter(bytes[index]) else { return nil }
    let label = axisName()
    skipSpaces()
    if accept(":") { return label }
    index = start
    return nil
  }

  private mutating func relation() -> (ComparisonOperator, Span)? {
    let start = index
    let operators: [(String, ComparisonOperator)] = [
      (">=", .greaterOrEqual), ("≥", .greaterOrEqual), ("<=", .lessOrEqual), ("≤", .lessOrEqual),
      (">", .greater),
      ("<", .less),
    ]
    for (text, comparison) in operators where accept(text) { return (comparison, start..<index) }
    return nil
  }

  private func peek(_ text: String) -> Bool {
    var position = index
    for byte in text.utf8 {
      if position >= bytes.count || bytes[position] != byte { return false }
      position += 1
    }
    return true
  }

  private mutating func accept(_ text: String) -> Bool {
    if !peek(text) { return false }
    index += text.utf8.count
    return true
  }

  private mutating func expect(_ text: String) throws {
    skipSpaces()
    if !accept(text) { throw unexpected("'\(text)'") }
  }

  /// The error that something else stands here.
  private func unexpected(_ expected: String, hint: String? = nil) -> DiagnosticError {
    guard index < bytes.count else {
      return source.error(
        "expression-syntax", max(0, bytes.count - 1)..<max(1, bytes.count),
        bytes.isEmpty ? "the expression is empty" : "the expression ends too early", expected: expected,
        hint: hint)
    }
    var end = index + 1
    // A whole character, not the first of its bytes.
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    return source.error(
      "expression-syntax", index..<end, "unexpected '\(slice(index..<end))'", expected: expected, hint: hint)
  }
}
