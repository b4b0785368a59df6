// Serves parse and every stage after it: each option of the language is declared once, as data.

/// The numbers that an option takes.
public struct NumberRange: Sendable, Hashable, CustomStringConvertible {
  /// Smallest number.
  public var lower: Double
  /// Largest number.
  public var upper: Double
  /// Whether `lower` itself is outside.
  public var excludesLower: Bool

  /// Creates a range; `excludesLower` leaves out the lower bound itself.
  public init(_ lower: Double, _ upper: Double, excludesLower: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.excludesLower = excludesLower
  }

  /// Every finite number.
  public static let any = NumberRange(-.infinity, .infinity)
  /// Zero and above.
  public static let nonNegative = NumberRange(0, .infinity)
  /// Above zero.
  public static let positive = NumberRange(0, .infinity, excludesLower: true)
  /// Zero to one, both included.
  public static let fraction = NumberRange(0, 1)

  /// Whether `value` is inside.
  public func contains(_ value: Double) -> Bool {
    value.isFinite && value <= upper && (excludesLower ? value > lower : value >= lower)
  }

  /// The range in words, for messages and the reference.
  public var description: String {
    let low = ecmaScriptNumber(lower.isFinite ? lower : 0)
    let high = ecmaScriptNumber(upper.isFinite ? upper : 0)
    switch (lower.isFinite, upper.isFinite) {
    case (false, false): return "a number"
    case (true, false): return excludesLower ? "a number above \(low)" : "a number of at least \(low)"
    case (false, true): return "a number of at most \(high)"
    case (true, true):
      return excludesLower ? "a number above \(low), at most \(high)" : "a number in \(low)…\(high)"
    }
  }
}

/// One of the names that an option takes.
public struct Choice: Sendable, Hashable {
  /// The name as written in a paper.
  public var name: String
  /// One sentence for the reference.
  public var doc: String

  /// Creates a choice.
  public init(_ name: String, _ doc: String) {
    self.name = name
    self.doc = doc
  }
}

/// What an option's value may be.
public indirect enum FieldType: Sendable {
  /// `true` or `false`.
  case boolean
  /// A whole number in a range.
  case integer(ClosedRange<Int>)
  /// A number in a range.
  case number(NumberRange)
  /// Any text.
  case string
  /// One of several names.
  case choice([Choice])
  /// A list of one kind; a single value stands for a list of one.
  case list(FieldType, count: ClosedRange<Int>)
  /// A mapping with names of the author's.
  case map(FieldType)
  /// A mapping with declared options.
  case record(Record)
  /// One of several records, told apart by the member named `tag`; its bare name is short for `{tag: name}`.
  case variant(tag: String, [Record])
  /// The first of several types that the value fits.
  case either([FieldType])

  /// The type in words, for messages and the reference.
  public var summary: String {
    switch self {
    case .boolean: "true or false"
    case .integer(let range):
      range.upperBound == .max
        ? "a whole number of at least \(range.lowerBound)"
        : range.lowerBound == .min
          ? "a whole number"
          : "a whole number in \(range.lowerBound)…\(range.upperBound)"
    case .number(let range): range.description
    case .string: "text"
    case .choice(let choices): "one of " + choices.map(\.name).joined(separator: ", ")
    case .list(let element, _): "a list, each element \(element.summary)"
    case .map(let element): "a mapping from names to \(element.summary)"
    case .record(let record): "a mapping with " + record.fields.map(\.name).joined(separator: ", ")
    case .variant(let tag, let cases): "a \(tag): " + cases.map(\.name).joined(separator: ", ")
    case .either(let types): types.map(\.summary).joined(separator: "; or ")
    }
  }
}

/// One option of the language.
public struct Field: Sendable {
  /// What holds when the author does not give the option.
  public enum Default: Sendable {
    /// The author must give it.
    case required
    /// It is absent.
    case none
    /// It has this value.
    case value(Value)
  }

  /// The name as written in a paper.
  public var name: String
  /// What its value may be.
  public var type: FieldType
  /// What holds without it.
  public var `default`: Default
  /// Its unit, empty when it has none.
  public var unit: String
  /// One or two sentences for the reference, with the source of a formula.
  public var doc: String
  /// A value as an author would write it.
  public var example: String

  /// Declares an option.
  public init(
    _ name: String, _ type: FieldType, default: Default = .none, unit: String = "", doc: String,
    example: String = ""
  ) {
    self.name = name
    self.type = type
    self.default = `default`
    self.unit = unit
    self.doc = doc
    self.example = example
  }
}

/// A mapping with declared options: a block, a dataset, a layer, a protocol …
public struct Record: Sendable {
  /// Its name: in a variant, the tag's value.
  public var name: String
  /// One or two sentences for the reference.
  public var doc: String
  /// The options, in the order of the reference.
  public var fields: [Field]

  /// Declares a record.
  public init(_ name: String, doc: String, fields: [Field]) {
    self.name = name
    self.doc = doc
    self.fields = fields
  }

  /// The option called `name`.
  public subscript(name: String) -> Field? { fields.first { $0.name == name } }
}
