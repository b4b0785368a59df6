// Serves parse: citations and cross references in running text, `[@a; @b, p. 3]`, `@a [p. 3]`, `[-@a]`, `@fig-x`.
import Diagnostics

extension DocumentBuilder {
  /// `@key` as it stands alone; brackets around it are read by `groupCitations`.
  mutating func mention(_ node: SyntaxNode) -> Inline {
    let key = node.literal
    let position = lines.locate("@" + key, line: node.line, column: node.column, from: blockLine)
    if let kind = Target.kind(of: key) {
      let dash = key.firstIndex(of: "-") ?? key.startIndex
      return .reference(
        CrossReference(
          id: kind.rawValue + key[dash...], isCapitalised: key.first?.isUppercase ?? false,
          isNumberOnly: false,
          position: position))
    }
    return .citation(
      Citation(
        isTextual: true,
        items: [.init(key: key, prefix: "", locator: "", omitsAuthor: false, position: position)]))
  }

  /// Joins what stands between brackets into one citation, or with the work before it, and records every citation and reference.
  mutating func groupCitations(_ inlines: [Inline]) -> [Inline] {
    var result: [Inline] = []
    var index = 0
    while index < inlines.count {
      if inlines[index].isMention, let group = MentionGroup(opening: result.last, inlines[index...]) {
        result[result.count - 1] = .text(group.before)
        result += group.inlines
        if !group.after.isEmpty { result.append(.text(group.after)) }
        index = group.end
      } else if let located = LocatedCitation(inlines[index...]) {
        result += [.citation(located.citation), .text(located.after)]
        index = located.end
      } else if case .text(let next) = inlines[index], case .text(let last) = result.last {
        result[result.count - 1] = .text(last + next)
        index += 1
      } else {
        result.append(inlines[index])
        index += 1
      }
    }
    for inline in result { record(inline) }
    return result.filter { $0 != .text("") }
  }

  private mutating func record(_ inline: Inline) {
    switch inline {
    case .citation(let citation): citations += citation.items
    case .reference(let reference): references.append(reference)
    default: break
    }
  }
}

extension Inline {
  fileprivate var isMention: Bool {
    switch self {
    case .citation(let citation): citation.isTextual
    case .reference: true
    default: false
    }
  }
}

/// A work named in the sentence with a place in it, `@a [p. 3]`.
private struct LocatedCitation {
  var citation: Citation
  /// The text after the bracket.
  var after: String
  /// The index of the first element after the bracket.
  var end: Int

  init?(_ inlines: ArraySlice<Inline>) {
    guard case .citation(let citation) = inlines.first, citation.isTextual else { return nil }
    var rest = inlines.dropFirst()
    if rest.first == .softBreak { rest.removeFirst() }
    guard case .text(let text) = rest.first, let close = text.firstIndex(of: "]") else { return nil }
    let inside = text[..<close].drop(while: \.isWhitespace)
    guard inside.hasPrefix("["), !inside.dropFirst().contains("[") else { return nil }
    let locator = String(inside.dropFirst()).trimmed
    guard !locator.isEmpty else { return nil }
    self.citation = citation
    self.citation.items[0].locator = locator.withRanges
    after = String(text[text.index(after: close)...])
    end = rest.startIndex + 1
  }
}

extension String {
  /// A locator with the dash that stands between numbers: `pp. 3–5`.
  fileprivate var withRanges: String {
    let characters = Array(self)
    return String(
      characters.indices.map { index in
        let isBetween =
          index > 0 && index + 1 < characters.count && characters[index - 1].isNumber
          && characters[index + 1].isNumber
        return characters[index] == "-" && isBetween ? "–" : characters[index]
      })
  }
}

/// The content of `[see @a, p. 3; -@b]`.
///
///     group   = "[" [prefix] ["-"] "@" key [locator] { ";" [prefix] ["-"] "@" key [locator] } "]"
private struct MentionGroup {
  /// The text before the bracket.
  var before: String
  /// The text after the bracket.
  var after = ""
  /// The index of the first element after the group.
  var end = 0
  /// What the group stands for.
  var inlines: [Inline] = []

  private var mentions: [(prefix: String, omits: Bool, mention: Inline, locator: String)] = []

  init?(opening: Inline?, _ rest: ArraySlice<Inline>) {
    guard case .text(let text) = opening, let bracket = text.lastIndex(of: "["),
      !text[bracket...].contains("]")
    else { return nil }
    before = String(text[..<bracket])
    var pending = String(text[text.index(after: bracket)...])
    guard !pending.contains(";") else { return nil }
    for index in rest.indices {
      switch rest[index] {
      case let mention where mention.isMention:
        guard startMention(mention, prefix: pending) else { return nil }
        pending = ""
      case .softBreak: pending += " "
      case .text(let text):
        guard let close = text.firstIndex(of: "]") else {
          // A group holds no other; going on would read a row of opened brackets once for each of them.
          if text.contains("[") { return nil }
          guard let semicolon = text.lastIndex(of: ";") else { return nil }
          finishMention(pending + text[..<semicolon])
          pending = String(text[text.index(after: semicolon)...])
          continue
        }
        finishMention(pending + text[..<close])
        after = String(text[text.index(after: close)...])
        end = index + 1
        inlines = makeInlines()
        return
      default: return nil
      }
    }
    return nil
  }

  private mutating func startMention(_ mention: Inline, prefix: String) -> Bool {
    var prefix = prefix.trimmed
    let omits = prefix.hasSuffix("-")
    if omits { prefix = prefix.dropLast().trimmed }
    if let last = mentions.last, last.locator == "\u{1}" { return false }
    mentions.append((prefix, omits, mention, "\u{1}"))
    return true
  }

  private mutating func finishMention(_ text: String) {
    guard !mentions.isEmpty else { return }
    let locator = text.trimmed
    let text = locator.hasPrefix(",") ? locator.dropFirst().trimmed : locator
    mentions[mentions.count - 1].locator = text.withRanges
  }

  private func makeInlines() -> [Inline] {
    var items: [Citation.Item] = []
    var references: [Inline] = []
    for (prefix, omits, mention, locator) in mentions {
      switch mention {
      case .citation(let citation):
        items += citation.items.map { item in
          var item = item
          (item.prefix, item.omitsAuthor, item.locator) = (prefix, omits, locator)
          return item
        }
      case .reference(var reference):
        reference.isNumberOnly = omits
        let lead = (references.isEmpty ? "" : ", ") + (prefix.isEmpty ? "" : prefix + " ")
        if !lead.isEmpty { references.append(.text(lead)) }
        references.append(.reference(reference))
        if !locator.isEmpty { references.append(.text(", " + locator)) }
      default: break
      }
    }
    return references + (items.isEmpty ? [] : [.citation(Citation(isTextual: false, items: items))])
  }
}
