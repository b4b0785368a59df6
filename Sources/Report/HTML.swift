// Serves write: HTML as values, so that text is escaped unless markup is asked for.

/// A piece of HTML.
struct HTML: Equatable, Sendable {
  /// The markup.
  private(set) var markup: String

  /// Text, escaped.
  init(_ text: String) { markup = HTML.escape(text) }

  private init(markup: String) { self.markup = markup }

  /// Markup that is known to be safe.
  static func raw(_ markup: String) -> HTML { HTML(markup: markup) }

  /// Nothing.
  static let empty = HTML(markup: "")

  var isEmpty: Bool { markup.isEmpty }

  static func + (a: HTML, b: HTML) -> HTML { HTML(markup: a.markup + b.markup) }
  static func += (a: inout HTML, b: HTML) { a.markup += b.markup }

  static func escape(_ text: String) -> String {
    guard text.utf8.contains(where: { [38, 60, 62, 34].contains($0) || $0 < 32 }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      // Control characters are not allowed in HTML, not even as references.
      case _ where scalar.value < 32: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension HTML: ExpressibleByStringLiteral {
  init(stringLiteral value: String) { self.init(value) }
}

extension Sequence<HTML> {
  func joined(_ separator: HTML = .empty) -> HTML {
    .raw(map(\.markup).joined(separator: separator.markup))
  }
}

private let voidElements: Set<String> = ["br", "hr", "img", "input", "link", "meta", "source", "wbr"]

/// Elements whose end tag HTML lets one leave out, because what follows them here always ends them.
private let endlessElements: Set<String> = [
  "p", "li", "dt", "dd", "thead", "tbody", "tr", "th", "td", "html", "body",
]

/// An element; an attribute whose value is `nil` is left out, one whose value is empty has a name only.
///
/// Quotes and end tags that HTML can do without are left out: they would be a tenth of a page.
func tag(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ content: HTML = .empty) -> HTML
{
  var markup = "<" + name
  for (key, value) in attributes {
    guard let value else { continue }
    markup += " " + key + (value.isEmpty && key != "alt" ? "" : "=" + attributeValue(value))
  }
  markup += ">"
  if voidElements.contains(name) { return .raw(markup) }
  return .raw(markup + content.markup + (endlessElements.contains(name) ? "" : "</\(name)>"))
}

/// The value of an attribute, in quotes where it needs them.
private func attributeValue(_ value: String) -> String {
  let isPlain = value.utf8.allSatisfy { byte in
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte >= 128
      || "#-._:/%".utf8.contains(byte)
  }
  let isSafe = isPlain && !value.isEmpty && !value.hasSuffix("/")
  return isSafe && !value.unicodeScalars.contains(where: \.properties.isWhitespace)
    ? value : "\"\(HTML.escape(value))\""
}

/// An element that stands on lines of its own.
func line(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ content: HTML = .empty)
  -> HTML
{
  tag(name, attributes, content) + .raw("\n")
}

/// A link.
func link(_ url: String, class style: String? = nil, title: String? = nil, _ content: HTML) -> HTML {
  tag("a", ["class": style, "href": url, "title": title], content)
}

/// A path as a relative URL: what a path may contain and a URL may not is percent-encoded.
func relativeURL(_ path: String) -> String {
  func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "-._~/".utf8.contains(byte)
    }
  }
  if path.utf8.allSatisfy(isAllowed) { return path }
  let hexadecimal = Array("0123456789ABCDEF".utf8)
  var bytes: [UInt8] = []
  for byte in path.utf8 {
    if isAllowed(byte) {
      bytes.append(byte)
    } else {
      bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
