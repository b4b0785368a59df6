// Serves parse: Pandoc's attributes `{#id .class}` and the info strings of Offprint's blocks.

/// What stands between the braces of `{name #id .class key=value}`.
struct Attributes: Equatable, Sendable {
  /// The bare word at the start, for example `experiment`.
  var name = ""
  /// The id without `#`.
  var id: String?
  /// The classes without their dots.
  var classes: [String] = []
  /// Words that fit none of these.
  var others: [String] = []

  /// Reads `{…}`; `nil` when the text has no braces around it.
  init?(_ text: some StringProtocol) {
    let text = text.trimmed
    guard text.hasPrefix("{"), text.hasSuffix("}"), text.count >= 2 else { return nil }
    for (index, word) in text.dropFirst().dropLast().split(whereSeparator: \.isWhitespace).enumerated() {
      switch word.first {
      case "#" where id == nil && word.count > 1: id = String(word.dropFirst())
      case "." where word.count > 1: classes.append(String(word.dropFirst()))
      default: if index == 0 { name = String(word) } else { others.append(String(word)) }
      }
    }
  }

  /// Takes `{#id .class}` off the end of a heading's text.
  static func take(from text: inout String) -> Attributes? {
    let trimmed = text.trimmed
    guard trimmed.hasSuffix("}"), let open = text.lastRange(of: "{"),
      let found = Attributes(text[open.lowerBound...]),
      found.name.isEmpty, found.id != nil || !found.classes.isEmpty
    else { return nil }
    text = String(text[..<open.lowerBound])
    while text.last?.isWhitespace == true { text.removeLast() }
    return found
  }
}
