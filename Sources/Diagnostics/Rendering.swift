// Serves the command: turns diagnostics into the text an author reads.

/// Writes diagnostics the way a compiler does: position, rule, message, source line, caret, hint.
public struct DiagnosticRenderer: Sendable {
  /// Returns line `line` (from 1) of `file`, when it can be had.
  public var sourceLine: @Sendable (_ file: String, _ line: Int) -> String?
  /// Whether to use ANSI colours.
  public var color: Bool

  /// Creates a renderer over a way to read source lines.
  public init(color: Bool = false, sourceLine: @escaping @Sendable (String, Int) -> String?) {
    self.color = color
    self.sourceLine = sourceLine
  }

  /// The text of one diagnostic, with a final newline.
  public func render(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.position.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
    let label = "\(diagnostic.severity.rawValue)[\(diagnostic.rule)]"
    var text = paint(place, "1") + paint(label, diagnostic.severity == .error ? "1;31" : "1;33")
    text += ": \(diagnostic.message)\n"
    if let position = diagnostic.position, let line = sourceLine(position.file, position.line) {
      text += excerpt(of: line, at: position.column, length: diagnostic.length)
    }
    if let expected = diagnostic.expected { text += "  expected: \(expected)\n" }
    if let hint = diagnostic.hint { text += "  hint: \(hint)\n" }
    return text
  }

  /// The source line with a caret under the mistake; a long line is cut to the part around it.
  private func excerpt(of line: String, at column: Int, length: Int) -> String {
    let bytes = Array(line.utf8)
    let start = min(max(0, column - 1), bytes.count)
    let end = min(bytes.count, start + max(1, length))
    let before = String(decoding: bytes[..<start], as: UTF8.self).replacingTabs
    let marked = String(decoding: bytes[start..<end], as: UTF8.self).replacingTabs
    let after = String(decoding: bytes[end...], as: UTF8.self).replacingTabs
    let cutBefore = before.count > 80 ? "…" + before.suffix(79) : before
    let room = max(0, 110 - cutBefore.count - marked.count)
    let cutAfter = after.count > room ? after.prefix(room) + "…" : after
    let cutMarked = marked.count > 100 ? marked.prefix(100) + "…" : marked
    let caret = "^" + String(repeating: "~", count: max(0, min(marked.count, 100) - 1))
    return "  \(cutBefore)\(cutMarked)\(cutAfter)\n"
      + "  \(String(repeating: " ", count: cutBefore.count))\(paint(caret, "1;32"))\n"
  }

  private func paint(_ text: String, _ code: String) -> String {
    color && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

extension String {
  fileprivate var replacingTabs: String { String(map { $0 == "\t" ? " " : $0 }) }
}
