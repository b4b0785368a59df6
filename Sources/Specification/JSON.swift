// Serves plan, execute and write: canonical JSON (RFC 8785) and a reader that never traps.

extension Value {
  /// Canonical JSON: members sorted by UTF-16 code units, no white space, ECMAScript numbers (RFC 8785).
  public var canonicalJSON: String { String(decoding: canonicalBytes, as: UTF8.self) }

  /// The UTF-8 of `canonicalJSON`.
  public var canonicalBytes: [UInt8] {
    var writer = JSONWriter(indents: false)
    writer.write(self, level: 0)
    return writer.bytes
  }

  /// JSON for people: members sorted, two spaces of indentation, a final newline.
  public var prettyJSON: String { String(decoding: prettyBytes, as: UTF8.self) }

  /// The UTF-8 of `prettyJSON`.
  public var prettyBytes: [UInt8] {
    var writer = JSONWriter(indents: true)
    writer.write(self, level: 0)
    writer.bytes.append(UInt8(ascii: "\n"))
    return writer.bytes
  }
}

/// Writes bytes, not text: a paper's results are megabytes of JSON.
private struct JSONWriter {
  let indents: Bool
  var bytes: [UInt8] = []

  init(indents: Bool) { self.indents = indents }

  mutating func write(_ value: Value, level: Int) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .number(let value):
      if value.isFinite { writeNumber(value) } else { bytes += "null".utf8 }
    case .string(let value): writeString(value)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        startElement(index, level)
        write(value, level: level + 1)
      }
      endList(values.isEmpty, level)
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in inOrder(members).enumerated() {
        startElement(index, level)
        writeString(member.key)
        bytes.append(UInt8(ascii: ":"))
        if indents { bytes.append(UInt8(ascii: " ")) }
        write(member.value, level: level + 1)
      }
      endList(members.isEmpty, level)
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private func inOrder(_ members: [String: Value]) -> [(key: String, value: Value)] {
    // Text in ASCII has one order, which the standard library compares fastest.
    let isASCII = members.keys.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
    return isASCII
      ? members.sorted { $0.key < $1.key } : members.sorted { precedesInUTF16($0.key, $1.key) }
  }

  private mutating func startElement(_ index: Int, _ level: Int) {
    if index > 0 { bytes.append(UInt8(ascii: ",")) }
    if indents { startLine(level + 1) }
  }

  private mutating func endList(_ isEmpty: Bool, _ level: Int) {
    if indents, !isEmpty { startLine(level) }
  }

  private mutating func startLine(_ level: Int) {
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
  }

  private mutating func writeNumber(_ value: Double) {
    // Most numbers are small whole ones.
    if value == value.rounded(), abs(value) < 1e15 {
      bytes += String(Int64(value)).utf8
    } else {
      bytes += ecmaScriptNumber(value).utf8
    }
  }

  private mutating func writeString(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    defer { bytes.append(UInt8(ascii: "\"")) }
    let isPlain = value.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    if isPlain {
      bytes += value.utf8
      return
    }
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
      case UInt8(ascii: "\r"): bytes += #"\r"#.utf8
      case UInt8(ascii: "\t"): bytes += #"\t"#.utf8
      case 8: bytes += #"\b"#.utf8
      case 12: bytes += #"\f"#.utf8
      case 0..<0x20: bytes += (#"\u00"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
      default: bytes.append(byte)
      }
    }
  }
}

/// Whether `a` comes before `b` in the order of UTF-16 code units. Below U+E000 that of UTF-8 is the same, and quicker.
private func precedesInUTF16(_ a: String, _ b: String) -> Bool {
  let hasLateScalars = a.utf8.contains { $0 >= 0xEE } || b.utf8.contains { $0 >= 0xEE }
  return hasLateScalars
    ? a.utf16.lexicographicallyPrecedes(b.utf16) : a.utf8.lexicographicallyPrecedes(b.utf8)
}

/// The shortest decimal that reads back as `value`, laid out as ECMAScript's `Number::toString`.
///
/// - Precondition: `value` is finite.
public func ecmaScriptNumber(_ value: Double) -> String {
  if value == 0 { return "0" }
  if value < 0 { return "-" + ecmaScriptNumber(-value) }
  // `description` gives the shortest digits; only their layout differs between Swift and ECMAScript.
  let text = Array(value.description.utf8)
  let mark = text.firstIndex(of: UInt8(ascii: "e")) ?? text.count
  let mantissa = text[..<mark]
  let dot = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mark
  var point = dot + (mark < text.count ? Int(String(decoding: text[(mark + 1)...], as: UTF8.self)) ?? 0 : 0)
  let all = mantissa.filter { $0 != UInt8(ascii: ".") }
  let leading = all.prefix { $0 == UInt8(ascii: "0") }.count
  point -= leading
  let trailing = all.reversed().prefix { $0 == UInt8(ascii: "0") }.count
  let digits = all[leading..<(all.count - trailing)]
  func string(_ part: some Sequence<UInt8>) -> String { String(decoding: Array(part), as: UTF8.self) }
  let n = digits.count
  if n <= point, point <= 21 { return string(digits) + String(repeating: "0", count: point - n) }
  if 0 < point, point <= 21 { return string(digits.prefix(point)) + "." + string(digits.dropFirst(point)) }
  if -6 < point, point <= 0 { return "0." + String(repeating: "0", count: -point) + string(digits) }
  let exponent = (point > 0 ? "+" : "-") + String(abs(point - 1))
  let head = string(digits.prefix(1))
  return n == 1 ? head + "e" + exponent : head + "." + string(digits.dropFirst()) + "e" + exponent
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
