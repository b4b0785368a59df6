// Serves every stage: what is wrong with an author's input, and where.

/// A place in a file of the paper.
public struct SourcePosition: Hashable, Sendable, Comparable {
  /// Path as the author knows it, relative to the folder the command was started in.
  public var file: String
  /// Line, from 1.
  public var line: Int
  /// Column in UTF-8 bytes, from 1.
  public var column: Int

  /// Creates a position; `line` and `column` count from 1.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Orders by file, then line, then column.
  public static func < (a: SourcePosition, b: SourcePosition) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }

  /// The same file at another place: `lines` further down, and at column `column`.
  public func advanced(lines: Int, column: Int) -> SourcePosition {
    SourcePosition(file: file, line: line + lines, column: column)
  }
}

/// How serious a diagnostic is.
public enum Severity: String, Sendable {
  /// The paper cannot be built as it stands.
  case error
  /// The paper can be built, but something in it is probably not what the author meant.
  case warning
}

/// One mistake in an author's input.
public struct Diagnostic: Hashable, Sendable {
  /// Error or warning.
  public var severity: Severity
  /// A stable id that names the condition, for example `unknown-key`.
  public var rule: String
  /// What is wrong, as one sentence without a full stop.
  public var message: String
  /// Where it is, when it has a place.
  public var position: SourcePosition?
  /// Bytes to underline from `position`.
  public var length: Int
  /// What would have been right, for example `a number in 0…1`.
  public var expected: String?
  /// How to mend it, for example `did you mean 'train'?`.
  public var hint: String?

  /// Creates a diagnostic.
  public init(
    _ severity: Severity = .error, rule: String, _ message: String, at position: SourcePosition? = nil,
    length: Int = 1, expected: String? = nil, hint: String? = nil
  ) {
    self.severity = severity
    self.rule = rule
    self.message = message
    self.position = position
    self.length = length
    self.expected = expected
    self.hint = hint
  }
}

/// Mistakes thrown together, so that an author sees all of them at once.
public struct DiagnosticError: Error, Sendable {
  /// The mistakes, in the order in which they were found.
  public var diagnostics: [Diagnostic]

  /// Wraps one or more diagnostics.
  public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// Wraps a single mistake.
  public init(
    rule: String, _ message: String, at position: SourcePosition? = nil, length: Int = 1,
    expected: String? = nil, hint: String? = nil
  ) {
    diagnostics = [
      Diagnostic(rule: rule, message, at: position, length: length, expected: expected, hint: hint)
    ]
  }
}

/// Collects the mistakes of a whole paper, each once.
public struct Diagnostics: Sendable {
  /// The mistakes found so far.
  public private(set) var all: [Diagnostic] = []
  private var seen: Set<Diagnostic> = []

  /// Starts with no mistakes.
  public init() {}

  /// Records a mistake; an identical one is recorded once.
  public mutating func add(_ diagnostic: Diagnostic) {
    if seen.insert(diagnostic).inserted { all.append(diagnostic) }
  }

  /// Records several mistakes.
  public mutating func add(contentsOf diagnostics: some Sequence<Diagnostic>) {
    for diagnostic in diagnostics { add(diagnostic) }
  }

  /// Runs `body`; what it throws is recorded and `nil` is returned.
  public mutating func collect<T>(_ body: (inout Diagnostics) throws -> T) -> T? {
    do { return try body(&self) } catch let error as DiagnosticError {
      add(contentsOf: error.diagnostics)
    } catch {
      add(Diagnostic(rule: "internal", "\(error)"))
    }
    return nil
  }

  /// Whether any mistake is an error.
  public var hasErrors: Bool { all.contains { $0.severity == .error } }

  /// Throws the collected mistakes when any of them is an error.
  public func throwIfErrors() throws {
    if hasErrors { throw DiagnosticError(sorted) }
  }

  /// The mistakes in the order of the text; those without a place come first.
  public var sorted: [Diagnostic] {
    all.enumerated().sorted { a, b in
      switch (a.element.position, b.element.position) {
      case (nil, nil): a.offset < b.offset
      case (nil, _): true
      case (_, nil): false
      case (let p?, let q?): p == q ? a.offset < b.offset : p < q
      }
    }.map(\.element)
  }
}
