// Serves parse: a file of the paper as checked text, and where in it something stands.
import Diagnostics

/// A file of a paper, read.
public struct SourceText: Sendable {
  /// Its path as the author knows it.
  public var path: String
  /// Its bytes.
  public var bytes: [UInt8]

  /// Wraps bytes that were read from `path`.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// Wraps text; for tests and generated papers.
  public init(path: String, _ text: String) { self.init(path: path, bytes: Array(text.utf8)) }

  /// The largest file that is read; a section of a book has some 100 kB.
  static let largestSize = 2_000_000

  /// The text without a byte-order mark, or `nil` with a diagnostic.
  func checkedText(_ diagnostics: inout Diagnostics) -> String? {
    guard bytes.count <= SourceText.largestSize else {
      diagnostics.add(
        Diagnostic(
          rule: "file-too-large", "the file is too large", at: start,
          expected: "at most \(SourceText.largestSize) bytes", hint: "split it into several sections"))
      return nil
    }
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    if let text = String(validating: body, as: UTF8.self) { return text }
    diagnostics.add(
      Diagnostic(
        rule: "not-utf8", "this byte is not part of UTF-8 text", at: position(ofByte: firstInvalidByte(body)),
        hint: "save the file with the encoding UTF-8"))
    return nil
  }

  private var start: SourcePosition { SourcePosition(file: path, line: 1, column: 1) }

  /// The offset of the first byte at which the text stops being UTF-8, found by halving.
  private func firstInvalidByte(_ body: ArraySlice<UInt8>) -> Int {
    var (low, high) = (body.startIndex, body.endIndex)
    while high - low > 1 {
      let middle = (low + high) / 2
      if isValidPrefix(body[body.startIndex..<middle]) { low = middle } else { high = middle }
    }
    // The character that is wrong starts where the valid text ends.
    return (0...3).lazy.map { max(body.startIndex, low - $0) }.first {
      String(validating: body[..<$0], as: UTF8.self) != nil
    } ?? low
  }

  /// Whether `bytes` is valid but for a character that is cut off at its end.
  private func isValidPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
    (0...3).contains { cut in
      let tail = bytes.suffix(cut)
      let isCutOff =
        cut == 0
        || (tail.first.map { $0 >= 0xC2 } ?? false) && tail.dropFirst().allSatisfy { $0 & 0xC0 == 0x80 }
      return isCutOff && String(validating: bytes.dropLast(cut), as: UTF8.self) != nil
    }
  }

  private func position(ofByte offset: Int) -> SourcePosition {
    let before = bytes[..<offset]
    let line = before.count { $0 == 10 } + 1
    let lineStart = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
    return SourcePosition(file: path, line: line, column: offset - lineStart + 1)
  }
}

/// The lines of a section, for finding where a piece of its text stands.
struct SourceLines: Sendable {
  let file: String
  private let bytes: [UInt8]
  private let starts: [Int]

  init(file: String, text: String) {
    self.file = file
    let bytes = Array(text.utf8)
    self.bytes = bytes
    starts = [0] + bytes.indices.filter { bytes[$0] == 10 }.map { $0 + 1 }
  }

  func position(line: Int, column: Int) -> SourcePosition {
    SourcePosition(file: file, line: max(1, line), column: max(1, column))
  }

  /// Where `snippet` stands: at the place that the parser reports, else at its next occurrence after `line`.
  ///
  /// cmark-gfm's columns are off after escapes and on lazy lines; its block lines are right.
  func locate(_ snippet: String, line: Int, column: Int, from firstLine: Int) -> SourcePosition {
    let wanted = Array(snippet.prefix { !$0.isNewline }.utf8)
    let reported = offset(line: line, column: column)
    if matches(wanted, at: reported) { return position(line: line, column: column) }
    let first = offset(line: firstLine, column: 1)
    let end = min(bytes.count, first + 20_000)
    guard !wanted.isEmpty, first < end else { return position(line: line, column: column) }
    for candidate in first..<end where matches(wanted, at: candidate) { return place(candidate) }
    return position(line: line, column: column)
  }

  private func offset(line: Int, column: Int) -> Int {
    guard line >= 1, line <= starts.count else { return bytes.count }
    return starts[line - 1] + max(0, column - 1)
  }

  private func matches(_ wanted: [UInt8], at offset: Int) -> Bool {
    offset + wanted.count <= bytes.count && bytes[offset] == wanted.first
      && bytes[offset..<offset + wanted.count].elementsEqual(wanted)
  }

  private func place(_ offset: Int) -> SourcePosition {
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return position(line: low + 1, column: offset - starts[low] + 1)
  }
}
