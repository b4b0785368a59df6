// Serves the tests of write: the examples of the CommonMark specification, and the extensions of GitHub's.
import Diagnostics
import Foundation
import Manuscript
import Specification
import Testing

@testable import Report

@Suite struct SpecificationTests {
  struct Example: Decodable, CustomStringConvertible {
    var example: Int
    var section: String
    var markdown: String
    var html: String
    var description: String { "\(example), \(section)" }
  }

  /// Why an example is shown in another way than the specification's HTML.
  enum Deviation: String {
    /// HTML of the author's is text: a paper is safe to open.
    case rawHTML
    /// A comment of the author's is no part of the page.
    case comment
    /// The title of the paper is the heading of the first level, so that a sixth level is shown as a fifth.
    case headingLevels
    /// The parser follows version 0.29, as GitHub does.
    case olderRules
    /// Links to schemes other than http, https and mailto are not made.
    case unsafeLink
    /// `{…}`, `$…$`, `@key` and `[!NOTE]` are Offprint's own.
    case ownSyntax
    /// A bare address becomes a link, as on GitHub.
    case autolink
  }

  @Test func everyExampleOfCommonMarkIsRenderedAsSpecified() throws {
    let examples = try examples("commonmark-0.31.2.json")
    #expect(examples.count == 652)
    var deviating: [Int] = []
    for example in examples {
      let ours = HTMLTokens.canonical(render(example.markdown))
      let theirs = HTMLTokens.canonical(example.html)
      if ours == theirs { continue }
      deviating.append(example.example)
      #expect(
        SpecificationTests.deviations[example.example] != nil,
        "example \(example): \(example.markdown.debugDescription)\n  ours   \(ours)\n  theirs \(theirs)")
    }
    #expect(deviating == SpecificationTests.deviations.keys.sorted(), "a listed deviation is none any more")
  }

  @Test func everyExampleOfGitHubIsRenderedAsSpecified() throws {
    for example in try examples("gfm.json") {
      #expect(
        HTMLTokens.canonical(render(example.markdown)) == HTMLTokens.canonical(example.html),
        "example \(example): \(example.markdown.debugDescription)")
    }
  }

  /// No example, whatever it holds, brings an element or an attribute onto the page that the renderer does not write.
  @Test func rawHTMLNeverBecomesMarkup() throws {
    for example in try examples("commonmark-0.31.2.json") {
      for token in HTMLTokens(render(example.markdown)).tokens {
        guard case .start(let name, let attributes) = token else { continue }
        #expect(SpecificationTests.elements.contains(name), "<\(name)> in \(example)")
        #expect(!attributes.contains { $0.key.hasPrefix("on") || $0.key == "style" }, "\(example)")
      }
    }
  }

  private static let elements: Set<String> = [
    "p", "h2", "h3", "h4", "h5", "h6", "a", "i", "em", "strong", "code", "pre", "ul", "ol", "li",
    "blockquote", "hr",
    "br", "img", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "div", "span", "del",
    "b",
  ]

  private func examples(_ name: String) throws -> [Example] {
    try JSONDecoder().decode([Example].self, from: Data(contentsOf: fixtures.appending(path: name)))
  }

  /// The section of a paper with this text; the mistakes in it are not what is tested here.
  private func render(_ markdown: String) -> String {
    var diagnostics = Diagnostics()
    let files = PaperFiles(["paper.yml": "title: T\nsections: [a.md]\n", "a.md": markdown])
    guard let manuscript = parsePaper(files, &diagnostics), let section = manuscript.sections.first else {
      return ""
    }
    var renderer = PageRenderer(
      ResolvedPaper(
        manuscript: manuscript, profile: ReportProfile(name: "default", isDraft: false),
        engine: EngineInfo(name: "Offprint", numericVersion: "1")))
    return renderer.blocks(section.blocks).markup
  }

  static let deviations: [Int: Deviation] = {
    let numbers: [Deviation: [Int]] = [
      .rawHTML: [21, 31, 344, 475, 476, 477, 491, 524, 536, 614, 615, 616, 617, 627, 628, 630, 631, 642, 643]
        + Array(148...167) + Array(169...176) + [178, 180, 181, 182] + Array(184...191),
      .comment: [177, 179, 183, 308, 309, 625],
      .olderRules: [28, 354],
      .headingLevels: [62],
      .unsafeLink: [500, 596, 598, 599, 601],
      .autolink: [602, 608, 611, 612],
      .ownSyntax: [606],
    ]
    var reasons: [Int: Deviation] = [:]
    for (reason, examples) in numbers { for example in examples { reasons[example] = reason } }
    return reasons
  }()
}

/// HTML as tokens, so that two ways of writing the same document compare equal.
struct HTMLTokens {
  enum Token: Equatable {
    case start(String, [String: String])
    case end(String)
    case text(String)
  }

  var tokens: [Token] = []

  /// Elements whose end tags are not compared, because HTML lets one leave them out.
  private static let endless: Set<String> = ["p", "li", "tr", "td", "th", "thead", "tbody", "html", "body"]

  init(_ html: String) {
    var rest = html[...]
    while let open = rest.firstIndex(of: "<") {
      addText(rest[..<open])
      guard let close = HTMLTokens.endOfTag(rest[open...]) else {
        addText(rest[open...])
        return
      }
      addTag(rest[rest.index(after: open)..<close])
      rest = rest[rest.index(after: close)...]
    }
    addText(rest)
  }

  /// The `>` that ends a tag; those inside quotation marks do not.
  private static func endOfTag(_ text: Substring) -> String.Index? {
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" {
        quote = character
      } else if character == ">" {
        return index
      }
    }
    return nil
  }

  private mutating func addText(_ text: Substring) {
    if text.isEmpty { return }
    var decoded = String(text)
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
      decoded = decoded.replacing(entity, with: character)
    }
    if case .text(let last) = tokens.last {
      tokens[tokens.count - 1] = .text(last + decoded)
    } else {
      tokens.append(.text(decoded))
    }
  }

  private mutating func addTag(_ tag: Substring) {
    if tag.hasPrefix("/") {
      let name = String(tag.dropFirst())
      if !HTMLTokens.endless.contains(name) { tokens.append(.end(name)) }
      return
    }
    let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
    var attributes: [String: String] = [:]
    for match in tag[name.endIndex...].matches(of: /([a-z-]+)(?:=(?:"([^"]*)"|([^\s">]*[^\s">\/])))?/) {
      let value = match.2 ?? match.3 ?? ""
      attributes[String(match.1)] = String(value).replacing("&quot;", with: "\"").replacing("&lt;", with: "<")
        .replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
    tokens.append(.start(String(name), attributes))
  }

  /// One text for all ways of writing a document, without what a report adds to the specification's HTML.
  static func canonical(_ html: String) -> String {
    var result = ""
    var isVerbatim = false
    for token in HTMLTokens(html).simplified {
      switch token {
      case .text(let text):
        if isVerbatim {
          result += text
        } else {
          let words = text.split { " \n\t".contains($0) }.joined(separator: " ")
          result +=
            (text.first.map { " \n\t".contains($0) } ?? false ? " " : "") + words
            + (text.last.map { " \n\t".contains($0) } ?? false ? " " : "")
        }
      case .start(let name, let attributes):
        if name == "pre" { isVerbatim = true }
        let kept = attributes.filter { ["href", "title", "src", "alt", "start", "align"].contains($0.key) }
        result +=
          "<" + name + kept.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined() + ">"
      case .end(let name):
        if name == "pre" { isVerbatim = false }
        result += "</\(name)>"
      }
    }
    return normalizingSpaceRoundBlocks(result)
  }

  /// White space beside the tag of a block says nothing.
  private static func normalizingSpaceRoundBlocks(_ text: String) -> String {
    let block = "p|h[1-6]|ul|ol|li|pre|blockquote|hr|br|table|thead|tbody|tr|th|td|img"
    guard let before = try? Regex("\\s+(<\\/?(?:\(block))[ >])"),
      let after = try? Regex("(<\\/?(?:\(block))(?: [^>]*)?>)\\s+")
    else { return text }
    var result = text.trimmingCharacters(in: .whitespacesAndNewlines)
    result = result.replacing(before) { String($0.output[1].substring ?? "") }
    return result.replacing(after) { String($0.output[1].substring ?? "") }
  }

  /// The tokens without wrappers of scrolling tables and pictures, headings a level higher and without their anchors.
  private var simplified: [Token] {
    var result: [Token] = []
    var index = 0
    while index < tokens.count {
      defer { index += 1 }
      switch tokens[index] {
      case .start(let name, _) where ["div", "figure", "span"].contains(name):
        if name == "figure" { result.append(.start("p", [:])) }
        if name == "span", case .start(_, let attributes) = tokens[index], attributes["class"] == "hidden" {
          index += 2
        }
      case .start("figcaption", _):
        // The title of a picture that stands alone is its caption.
        if case .text(let title) = tokens[index + 1], case .start("img", var attributes) = result.last {
          attributes["title"] = title
          result[result.count - 1] = .start("img", attributes)
        }
        index += 2
      case .end(let name) where ["div", "figure", "span"].contains(name): break
      case .start(let name, var attributes) where name == "th" || name == "td":
        if let style = attributes["class"] { attributes["align"] = style }
        result.append(.start(name, attributes))
      default: result.append(tokens[index])
      }
    }
    return HTMLTokens.withoutAnchors(result)
  }

  private static func withoutAnchors(_ tokens: [Token]) -> [Token] {
    var result: [Token] = []
    var index = 0
    var isHeading = false
    while index < tokens.count {
      defer { index += 1 }
      switch tokens[index] {
      case .start(let name, let attributes)
      where name.wholeMatch(of: /h[2-6]/) != nil && attributes["id"] != nil:
        isHeading = true
        let level = Int(name.dropFirst()) ?? 2
        result.append(.start("h\(level - 1)", [:]))
        // The anchor, then the number.
        index += 1
        if index + 2 < tokens.count, case .start("i", _) = tokens[index + 1] {
          index += 3
          if case .text(let text) = tokens[index + 1] {
            let rest = text.drop { $0 == " " }
            index += 1
            if !rest.isEmpty { result.append(.text(String(rest))) }
          }
        }
      case .end(let name) where isHeading && name.wholeMatch(of: /h[2-6]/) != nil:
        isHeading = false
        if case .end("a") = result.last { result.removeLast() }
        result.append(.end("h\((Int(name.dropFirst()) ?? 2) - 1)"))
      default: result.append(tokens[index])
      }
    }
    return result
  }
}
