// Serves plan, execute and write: canonical JSON (RFC 8785) and a reader that never traps.

extension Value {
  /// Canonical JSON: members sorted by UTF-16 code units, no white space, ECMAScript numbers (RFC 8785).
  public var canonicalJSON: String {
    var text = ""
    write(to: &text, indent: nil, level: 0)
    return text
  }

  /// JSON for people: members sorted, two spaces of indentation, a final newline.
  public var prettyJSON: String {
    var text = ""
    write(to: &text, indent: "  ", level: 0)
    return text + "\n"
  }

  private func write(to text: inout String, indent: String?, level: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let value): text += value.isFinite ? ecmaScriptNumber(value) : "null"
    case .string(let value): writeJSONString(value, to: &text)
    case .array(let values):
      writeList(values, brackets: ("[", "]"), to: &text, indent: indent, level: level) { value, text in
        value.write(to: &text, indent: indent, level: level + 1)
      }
    case .object(let members):
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      writeList(sorted, brackets: ("{", "}"), to: &text, indent: indent, level: level) { member, text in
        writeJSONString(member.key, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: indent, level: level + 1)
      }
    }
  }

  private func writeList<Element>(
    _ elements: [Element], brackets: (String, String), to text: inout String, indent: String?, level: Int,
    element: (Element, inout String) -> Void
  ) {
    text += brackets.0
    for (index, value) in elements.enumerated() {
      if index > 0 { text += "," }
      if let indent { text += "\n" + String(repeating: indent, count: level + 1) }
      element(value, &text)
    }
    if let indent, !elements.isEmpty { text += "\n" + String(repeating: indent, count: level) }
    text += brackets.1
  }
}

private func writeJSONString(_ value: String, to text: inout String) {
  text += "\""
  for scalar in value.unicodeScalars {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    case "\u{8}": text += "\\b"
    case "\u{C}": text += "\\f"
    case let c where c.value < 0x20:
      let hex = String(c.value, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    default: text.unicodeScalars.append(scalar)
    }
  }
  text += "\""
}

/// The shortest decimal that reads back as `value`, laid out as ECMAScript's `Number::toString`.
///
/// - Precondition: `value` is finite.
public func ecmaScriptNumber(_ value: Double) -> String {
  if value == 0 { return "0" }
  if value < 0 { return "-" + ecmaScriptNumber(-value) }
  // `description` gives the shortest digits; only their layout differs between Swift and ECMAScript.
  let parts = value.description.split(separator: "e")
  var point = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
  let whole = mantissa[0]
  let fraction = mantissa.count > 1 ? mantissa[1] : ""
  point += whole.count
  var digits = Array(whole + fraction)
  while digits.first == "0" {
    digits.removeFirst()
    point -= 1
  }
  while digits.last == "0" { digits.removeLast() }
  let n = digits.count
  if n <= point, point <= 21 { return String(digits) + String(repeating: "0", count: point - n) }
  if 0 < point, point <= 21 { return String(digits[..<point]) + "." + String(digits[point...]) }
  if -6 < point, point <= 0 { return "0." + String(repeating: "0", count: -point) + String(digits) }
  let exponent = (point > 0 ? "+" : "-") + String(abs(point - 1))
  let head = String(digits[0])
  return n == 1 ? head + "e" + exponent : head + "." + String(digits[1...]) + "e" + exponent
}

/// Why a text is not JSON.
public struct JSONError: Error, Sendable, CustomStringConvertible {
  /// Byte offset of the first wrong byte, from 0.
  public var offset: Int
  /// What is wrong.
  public var message: String
  /// The message with its place.
  public var description: String { "not JSON at byte \(offset): \(message)" }
}

extension Value {
  /// Reads one JSON text (RFC 8259) of at most `depth` levels.
  ///
  /// - Throws: `JSONError` with the offset of the first wrong byte.
  public init(json bytes: some Sequence<UInt8>, depth: Int = 200) throws(JSONError) {
    var reader = JSONReader(bytes: Array(bytes))
    self = try reader.value(depth: depth)
    reader.skipSpace()
    if reader.offset < reader.bytes.count { throw reader.error("text after the value") }
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  func error(_ message: String) -> JSONError { JSONError(offset: offset, message: message) }

  var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipSpace() {
    while let byte = current, byte == 32 || byte == 10 || byte == 13 || byte == 9 { offset += 1 }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    if current == byte {
      offset += 1
      return true
    }
    return false
  }

  mutating func literal(_ text: StaticString, _ value: Value) throws(JSONError) -> Value {
    let count = text.utf8CodeUnitCount
    let expected = unsafe UnsafeBufferPointer(start: text.utf8Start, count: count)
    guard offset + count <= bytes.count, unsafe bytes[offset..<offset + count].elementsEqual(expected) else {
      throw error("unknown word")
    }
    offset += count
    return value
  }

  mutating func value(depth: Int) throws(JSONError) -> Value {
    guard depth > 0 else { throw error("nested too deeply") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case nil: throw error("the text ends where a value should be")
    default: return .number(try number())
    }
  }

  mutating func object(depth: Int) throws(JSONError) -> Value {
    offset += 1
    var members: [String: Value] = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw error("a member's name must be a string") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw error("':' expected") }
      guard members.updateValue(try value(depth: depth - 1), forKey: key) == nil else {
        throw error("the member '\(key)' stands twice")
      }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("',' or '}' expected") }
    return .object(members)
  }

  mutating func array(depth: Int) throws(JSONError) -> Value {
    offset += 1
    var values: [Value] = []
    if take(UInt8(ascii: "]")) { return .array(values) }
    repeat { values.append(try value(depth: depth - 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("',' or ']' expected") }
    return .array(values)
  }

  mutating func number() throws(JSONError) -> Double {
    let start = offset
    while let byte = current, (48...57).contains(byte) || [43, 45, 46, 69, 101].contains(byte) { offset += 1 }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard let number = Double(text), number.isFinite, text.first != "+", text.first != "." else {
      offset = start
      throw error("not a number")
    }
    return number
  }

  mutating func string() throws(JSONError) -> String {
    offset += 1
    var text: [UInt8] = []
    while let byte = current {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let decoded = String(validating: text, as: UTF8.self) else { throw error("invalid UTF-8") }
        return decoded
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw error("control character in a string")
      default: text.append(byte)
      }
    }
    throw error("the string does not end")
  }

  mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = current else { throw error("the string does not end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexQuad())
      if (0xD800..<0xDC00).contains(code) {
        guard current == UInt8(ascii: "\\") else { throw error("half a surrogate pair") }
        offset += 1
        guard current == UInt8(ascii: "u") else { throw error("half a surrogate pair") }
        offset += 1
        let low = UInt32(try hexQuad())
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      text.append(contentsOf: String(scalar).utf8)
    default: throw error("unknown escape")
    }
  }

  mutating func hexQuad() throws(JSONError) -> UInt16 {
    guard offset + 4 <= bytes.count,
      let code = UInt16(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits expected") }
    offset += 4
    return code
  }
}
