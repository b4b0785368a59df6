// Serves plan and execute: resolved specifications as values, with one canonical text for hashing.

/// A JSON value: what a resolved specification and a run record are made of.
public enum Value: Hashable, Sendable {
  /// The absence of a value.
  case null
  /// True or false.
  case bool(Bool)
  /// A number; non-finite numbers are written as the strings `NaN`, `Infinity` and `-Infinity`.
  case number(Double)
  /// Text.
  case string(String)
  /// A list.
  case array([Value])
  /// Named values.
  case object([String: Value])

  /// The member called `key` of an object.
  public subscript(key: String) -> Value? {
    get { if case .object(let members) = self { members[key] } else { nil } }
    set {
      guard case .object(var members) = self else { return }
      members[key] = newValue
      self = .object(members)
    }
  }

  /// The number, also of the strings that stand for non-finite numbers.
  public var number: Double? {
    switch self {
    case .number(let value): value
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: nil
    }
  }

  /// The number when it is a whole one that fits.
  public var integer: Int? { number.flatMap { Int(exactly: $0) } }
  /// The text of a string.
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The truth value.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements of a list.
  public var array: [Value]? { if case .array(let values) = self { values } else { nil } }
  /// The members of an object.
  public var object: [String: Value]? { if case .object(let members) = self { members } else { nil } }

  /// A number, finite or not, as a value that survives JSON.
  public static func finite(_ number: Double) -> Value {
    if number.isNaN { return .string("NaN") }
    if number.isInfinite { return .string(number < 0 ? "-Infinity" : "Infinity") }
    return .number(number)
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string value.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A number value.
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
  /// A number value.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A list value.
  public init(arrayLiteral elements: Value...) { self = .array(elements) }
  /// An object value; a later duplicate key wins.
  public init(dictionaryLiteral elements: (String, Value)...) {
    self = .object(Dictionary(elements) { $1 })
  }
}
