// Serves parse: takes `$$` blocks out of the Markdown before its parser can take them apart.

/// A displayed formula that stood on lines of its own.
struct DisplayMath: Sendable {
  /// The TeX source.
  var tex: String
  /// What stood after the closing `$$`, for example `{#eq-loss}`.
  var attributes: String
  /// The line of the opening `$$`, from 1.
  var line: Int
  /// The column after the opening `$$`, in bytes from 1.
  var column: Int
}

/// A section whose displayed formulas are fences, so that `+`, `-`, `>` or `===` inside cannot break them.
struct PreparedMarkdown: Sendable {
  /// The text; it has as many lines as the source.
  var text: String
  /// The formulas, by the number in their fence's info string.
  var formulas: [DisplayMath]

  /// What a formula's fence says.
  static let fenceInfo = "math\u{1}"

  init(_ source: String) {
    text = PreparedMarkdown.cleaned(source)
    formulas = []
    if !text.hasDisplayMath { return }
    var lines = text.split(separator: "\n" as Character, omittingEmptySubsequences: false).map(String.init)
    var fence: (mark: Character, length: Int)?
    var index = 0
    while index < lines.count {
      let (prefix, body) = PreparedMarkdown.split(lines[index])
      if let run = PreparedMarkdown.fenceRun(body) {
        if let open = fence {
          if run.mark == open.mark, run.length >= open.length, run.isBare { fence = nil }
        } else {
          fence = (run.mark, run.length)
        }
      } else if fence == nil, body.hasPrefix("$$"), let end = PreparedMarkdown.end(of: index, in: lines) {
        take(index...end, prefix: prefix, from: &lines)
        index = end
      }
      index += 1
    }
    text = lines.joined(separator: "\n")
  }

  /// The text without U+0001, which marks our own nodes, NUL, which ends a string for the parser, and the first half of line
  /// ends of two characters.
  static func cleaned(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 2 || $0 == 13 }) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      while byte == 10, bytes.last == 13 { bytes.removeLast() }
      bytes.append(byte < 2 ? UInt8(ascii: "?") : byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Replaces the lines of one formula by a fence of the same height.
  private mutating func take(_ range: ClosedRange<Int>, prefix: String, from lines: inout [String]) {
    let depth = prefix.count { $0 == ">" }
    let bodies = range.map { PreparedMarkdown.withoutQuoteMarks(lines[$0], depth: depth) }
    let inner = bodies.joined(separator: "\n").dropFirst(2)
    guard let close = inner.lastRange(of: "$$") else { return }
    formulas.append(
      DisplayMath(
        tex: String(inner[..<close.lowerBound]), attributes: String(inner[close.upperBound...]),
        line: range.lowerBound + 1, column: prefix.utf8.count + 3))
    for line in range { lines[line] = prefix }
    lines[range.lowerBound] = prefix + "~~~~~~~~~~" + PreparedMarkdown.fenceInfo + "\(formulas.count - 1)"
    lines[range.upperBound] = prefix + "~~~~~~~~~~"
  }

  /// The line that closes the formula opened in line `start`, when it spans several lines.
  private static func end(of start: Int, in lines: [String]) -> Int? {
    if split(lines[start]).body.dropFirst(2).contains("$$") { return nil }
    for index in lines.indices.dropFirst(start + 1).prefix(200) {
      let body = split(lines[index]).body
      if body.allSatisfy(\.isWhitespace) { return nil }
      guard let close = body.lastRange(of: "$$") else { continue }
      let rest = body[close.upperBound...].trimmed
      return rest.isEmpty || (rest.hasPrefix("{") && rest.hasSuffix("}")) ? index : nil
    }
    return nil
  }

  /// A line's indentation and quotation marks, and the rest.
  private static func split(_ line: String) -> (prefix: String, body: String) {
    let prefix = line.prefix { $0 == " " || $0 == "\t" || $0 == ">" }
    return (String(prefix), String(line[prefix.endIndex...]))
  }

  /// A line inside `depth` quotations; what else it starts with belongs to the formula.
  private static func withoutQuoteMarks(_ line: String, depth: Int) -> String {
    var rest = line.drop { $0 == " " || $0 == "\t" }
    for _ in 0..<depth where rest.first == ">" { rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" } }
    return String(rest)
  }

  private static func fenceRun(_ body: String) -> (mark: Character, length: Int, isBare: Bool)? {
    guard let mark = body.first, mark == "`" || mark == "~" else { return nil }
    let length = body.prefix { $0 == mark }.count
    let rest = body.dropFirst(length)
    guard length >= 3, mark == "~" || !rest.contains("`") else { return nil }
    return (mark, length, rest.allSatisfy(\.isWhitespace))
  }
}

extension String {
  /// Whether two dollar signs stand side by side.
  fileprivate var hasDisplayMath: Bool {
    var last: UInt8 = 0
    return utf8.contains { byte in
      defer { last = byte }
      return byte == UInt8(ascii: "$") && last == byte
    }
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  var trimmed: String {
    let tail = drop { $0.isWhitespace }
    guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(tail[...last])
  }

  /// Where `pattern` occurs last.
  func lastRange(of pattern: String) -> Range<Index>? {
    var index = endIndex
    while index > startIndex {
      index = self.index(before: index)
      if self[index...].hasPrefix(pattern),
        let end = self.index(index, offsetBy: pattern.count, limitedBy: endIndex)
      {
        return index..<end
      }
    }
    return nil
  }
}
