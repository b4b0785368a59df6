// Serves parse: the works that a paper cites, as values.
import Diagnostics

/// The entries of a bibliography.
public struct Bibliography: Sendable {
  /// The entries by key.
  public var entries: [String: BibliographyEntry]

  /// Wraps entries.
  public init(entries: [String: BibliographyEntry]) { self.entries = entries }
}

/// One work.
public struct BibliographyEntry: Hashable, Sendable {
  /// The key that citations use.
  public var key: String
  /// `article`, `inproceedings`, `book` … in lower case.
  public var type: String
  /// The authors, or the editors when there are none.
  public var authors: [PersonName]
  /// Whether `authors` are editors.
  public var areEditors: Bool
  /// The fields in lower case, as plain text without TeX; `author` and `editor` are in `authors`.
  public var fields: [String: String]
  /// Where its key stands.
  public var position: SourcePosition

  /// The field called `name`, when it is not empty.
  public subscript(name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// The year, from `year` or `date`.
  public var year: String? { self["year"] ?? self["date"].map { String($0.prefix(4)) } }

  /// How a sentence names the authors: `Ioffe and Szegedy`, `Frankle et al.`
  public var citedNames: String {
    let names = authors.map(\.cited)
    switch names.count {
    case 0: return self["title"] ?? key
    case 1: return names[0]
    case 2: return "\(names[0]) and \(names[1])"
    default: return "\(names[0]) et al."
    }
  }
}

/// A person's name, or an organisation's as `family` alone.
public struct PersonName: Hashable, Sendable {
  /// Given names.
  public var given = ""
  /// `van der`.
  public var particle = ""
  /// The family name.
  public var family = ""
  /// `Jr.`
  public var suffix = ""

  /// Creates a name.
  public init(given: String = "", particle: String = "", family: String, suffix: String = "") {
    self.given = given
    self.particle = particle
    self.family = family
    self.suffix = suffix
  }

  /// The name inside a sentence: `van der Maaten`.
  public var cited: String { particle.isEmpty ? family : "\(particle) \(family)" }

  /// The name in a list of references: `L. J. P. van der Maaten`.
  public var listed: String {
    let initials = given.split { $0.isWhitespace || $0 == "\u{A0}" }.map { word in
      word.split(separator: "-").compactMap { $0.first.map { "\($0)." } }.joined(separator: "-")
    }
    return (initials + [cited] + (suffix.isEmpty ? [] : [suffix])).joined(separator: "\u{A0}")
  }
}

extension PersonName {
  /// Reads the names of a BibTeX field, separated by `and` outside braces.
  static func list(_ field: String) -> [PersonName] {
    splitOutsideBraces(field, at: { $0.lowercased() == "and" }).map { words in
      words.map(plainText(tex:)) == ["others"] ? PersonName(family: "et al.") : PersonName(words)
    }
  }

  /// Reads one name in any of BibTeX's three forms: `First von Last`, `von Last, First`, `von Last, Jr, First`.
  private init(_ words: [String]) {
    var parts: [[String]] = [[]]
    for word in words {
      let endsPart = word.hasSuffix(",")
      let bare = endsPart ? String(word.dropLast()) : word
      if !bare.isEmpty { parts[parts.count - 1].append(bare) }
      if endsPart { parts.append([]) }
    }
    if parts.count == 1 {
      self.init(first: parts[0])
    } else {
      self.init(family: "")
      let particleCount = parts[0].dropLast().prefix { PersonName.isParticle($0) }.count
      particle = PersonName.text(parts[0].prefix(particleCount))
      family = PersonName.text(parts[0].dropFirst(particleCount))
      suffix = parts.count > 2 ? PersonName.text(parts[1][...]) : ""
      given = PersonName.text((parts.last ?? [])[...])
    }
  }

  private init(first words: [String]) {
    self.init(family: "")
    let body = words.dropLast()
    let start = body.firstIndex { PersonName.isParticle($0) } ?? body.endIndex
    let end = body.lastIndex { PersonName.isParticle($0) }.map { $0 + 1 } ?? start
    given = PersonName.text(body[..<start])
    particle = PersonName.text(body[start..<end])
    family = PersonName.text(words[end...])
  }

  private static func text(_ words: ArraySlice<String>) -> String {
    words.map(plainText(tex:)).joined(separator: " ")
  }

  /// A word that starts with a lower-case letter outside braces.
  private static func isParticle(_ word: String) -> Bool { word.first?.isLowercase ?? false }
}

/// The words of a field, split at white space outside braces, grouped at the words for which `separates` holds.
private func splitOutsideBraces(_ text: String, at separates: (String) -> Bool) -> [[String]] {
  var groups: [[String]] = [[]]
  var word = ""
  var depth = 0
  func close(_ word: String, _ groups: inout [[String]]) {
    if word.isEmpty { return }
    if separates(word) { groups.append([]) } else { groups[groups.count - 1].append(word) }
  }
  for character in text {
    if character == "{" { depth += 1 }
    if character == "}" { depth -= 1 }
    if depth <= 0, character.isWhitespace {
      close(word, &groups)
      word = ""
    } else {
      word.append(character)
      if depth <= 0, character == "," {
        close(word, &groups)
        word = ""
      }
    }
  }
  close(word, &groups)
  return groups.filter { !$0.isEmpty }
}
