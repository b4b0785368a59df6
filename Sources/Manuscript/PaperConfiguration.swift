// Serves parse: paper.yml, with the field names of Quarto and MyST.
import Diagnostics
import Specification

/// What paper.yml says.
public struct PaperConfiguration: Sendable {
  /// An author of the paper.
  public struct Author: Hashable, Sendable {
    /// The name as it is printed.
    public var name: String
    /// The ORCID without its address, for example `0000-0002-1825-0097`.
    public var orcid: String?
    /// Where the author works.
    public var affiliation: String?
    /// Whether to write to this author.
    public var isCorresponding: Bool
    /// An address for the corresponding author.
    public var email: String?
  }

  /// How an article is divided into pages.
  public enum Layout: String, Hashable, Sendable {
    /// The whole article is one page.
    case one
    /// Each section has its page; the first holds the abstract, the contents and the verdicts.
    case sections
  }

  /// Which claims Holm's correction takes together.
  public enum Correction: String, Hashable, Sendable {
    /// All claims of the paper.
    case paper
    /// The claims of one experiment: those whose assertion names it first.
    case experiment
  }

  /// A file that the configuration names, with its place there.
  public struct FileName: Hashable, Sendable {
    /// The path inside the paper's folder.
    public var path: String
    /// Where it is named.
    public var position: SourcePosition
  }

  /// The title.
  public var title: String
  /// The subtitle.
  public var subtitle: String?
  /// The authors, in order.
  public var authors: [Author]
  /// The keywords.
  public var keywords: [String]
  /// The date, `YYYY-MM-DD`.
  public var date: String?
  /// The licence, as an SPDX identifier.
  public var license: String?
  /// The digital object identifier.
  public var doi: String?
  /// Where the paper's source can be had.
  public var repository: String?
  /// Where the report is published, ending in `/`.
  public var url: String?
  /// The language of the text, as a BCP 47 tag.
  public var language: String
  /// The bibliography.
  public var bibliography: FileName?
  /// The sections, in order.
  public var sections: [FileName]
  /// Whether the paper allows a few HTML elements in its text.
  public var allowsElements = false
  /// How works are cited.
  public var citationStyle = CitationStyle.all[0]
  /// The pages that the article has.
  public var layout = Layout.one
  /// Which claims Holm's correction takes together.
  public var correction = Correction.paper
  /// The author's own commands in formulas.
  public var math = MathMacros()
  /// The profiles that the paper offers.
  public var profiles: [String]
  /// The limits that the paper sets for its runs, as resolved by their declaration.
  public var limits: Value
  /// The file itself as a tree, for fields that other stages read.
  public var node: Node
}

extension PaperConfiguration {
  /// The fields of an author.
  public static let authorRecord = Record(
    "author", doc: "One author of the paper.",
    fields: [
      Field("name", .string, default: .required, doc: "The name as it is printed.", example: "Ada Lovelace"),
      Field("orcid", .string, doc: "The ORCID, with or without its address.", example: "0000-0002-1825-0097"),
      Field(
        "affiliation", .string, doc: "Where the author works.",
        example: "University of Elsewhere"),
      Field(
        "corresponding", .boolean, default: .value(false), doc: "Whether to write to this author.",
        example: "true"),
      Field(
        "email", .string, doc: "An address for the corresponding author.",
        example: "ada@example.org"),
    ])

  /// The fields of paper.yml.
  public static let record = Record(
    "paper", doc: "The paper as a whole: the file paper.yml.",
    fields: [
      Field(
        "title", .string, default: .required, doc: "The title.",
        example: "Four open questions, re-run"),
      Field(
        "subtitle", .string, doc: "The subtitle.",
        example: "With fresh numbers"),
      Field(
        "authors", .list(.either([.record(authorRecord), .string]), count: 1...1000),
        doc: "The authors, in order."),
      Field(
        "abstract", .string, doc: "The abstract, as Markdown.",
        example: "We train small networks again."),
      Field(
        "statement", .string, doc: "What holds for data, code and conflicts of interest, as Markdown.",
        example: "The data are public."),
      Field(
        "keywords", .list(.string, count: 0...50), default: .value([]), doc: "The keywords.",
        example: "[batch normalisation, replication]"),
      Field("date", .string, doc: "The date of the text.", example: "2026-11-23"),
      Field("license", .string, doc: "The licence, as an SPDX identifier.", example: "CC-BY-4.0"),
      Field("doi", .string, doc: "The digital object identifier.", example: "10.23915/distill.00015"),
      Field(
        "repository", .string, doc: "Where the paper's source can be had.",
        example: "https://example.org/paper"),
      Field(
        "url", .string, doc: "Where the report is published; links to it then show its card.",
        example: "https://example.org/papers/rate/"),
      Field(
        "lang", .string, default: .value("en"), doc: "The language of the text, as a BCP 47 tag.",
        example: "en-GB"),
      Field(
        "bibliography", .string, doc: "The bibliography: a BibTeX file, or CSL-JSON when it ends in .json.",
        example: "references.bib"),
      Field(
        "citations", .choice(CitationStyle.all.map { Choice($0.name, $0.doc) }),
        default: .value(.string(CitationStyle.all[0].name)), doc: "How works are cited.",
        example: "author-year"),
      Field(
        "sections", .list(.string, count: 1...1000), default: .required, doc: "The sections, in order.",
        example: "[00-introduction.md, 01-methods.md]"),
      Field(
        "html",
        .choice([
          Choice("text", "HTML in the text is shown as it is written."),
          Choice(
            "basic",
            "`sub`, `sup`, `kbd`, `mark`, `small`, `abbr`, `dfn`, `ins`, `u`, `var`, `samp` and `br` are HTML."
          ),
        ]), default: .value("text"), doc: "What becomes of HTML in the text.", example: "basic"),
      Field(
        "pages",
        .choice([
          Choice("one", "The whole article is one page."),
          Choice("sections", "Each section has its page; the first holds abstract, contents and verdicts."),
        ]), default: .value("one"), doc: "How the article is divided into pages.", example: "sections"),
      Field(
        "correction",
        .choice([
          Choice("paper", "Holm's correction runs over all claims of the paper."),
          Choice(
            "experiment",
            "Holm's correction runs over the claims of one experiment: those whose assertion names it first."),
        ]), default: .value("paper"), doc: "Which claims Holm's correction takes together.",
        example: "experiment"),
      Field(
        "math", .map(.string),
        doc: "Commands of the author's for formulas, by name; `#1` to `#9` stand for their arguments.",
        example: "{\\norm: '\\left\\lVert #1 \\right\\rVert'}"),
      Field(
        "profiles", .list(.string, count: 1...20), default: .value(["smoke", "default", "full"]),
        doc: "The profiles that the paper offers, smallest first.",
        example: "[smoke, default]"),
      Field(
        "limits",
        .record(
          Record(
            "limits", doc: "What a profile and its runs may take; the command line can only lower it.",
            fields: [
              Field("runs", .integer(0...1_000_000), unit: "runs", doc: "Runs at most.", example: "1000"),
              Field(
                "core_hours", .number(.positive), unit: "h",
                doc: "Hours of one core at most, at 20 billion operations a second.", example: "2"),
              Field(
                "run_minutes", .number(.positive), unit: "min",
                doc: "Minutes that one run may take; a run that takes longer is given up.", example: "30"),
              Field(
                "run_megabytes", .number(.positive), unit: "MB",
                doc:
                  "Megabytes (10⁶ bytes) of memory that one run may take; a run that takes more is given up.",
                example: "2000"),
            ])), doc: "What a profile may take; more is refused, or given up.",
        example: "{core_hours: 2}"),
    ])

  /// Reads paper.yml; mistakes go into `diagnostics`.
  init?(_ source: SourceText, _ diagnostics: inout Diagnostics) {
    guard let text = source.checkedText(&diagnostics) else { return nil }
    let origin = SourcePosition(file: source.path, line: 1, column: 1)
    guard let node = diagnostics.collect({ _ in try Node(yaml: text, origin: origin) }),
      let value = PaperConfiguration.record.resolve(node, &diagnostics)
    else { return nil }
    self.init(value, node: node)
    math = MathMacros(node["math"], &diagnostics)
    checkFormats(&diagnostics)
  }

  private init(_ value: Value, node: Node) {
    func text(_ key: String) -> String? { value[key]?.string }
    func texts(_ key: String) -> [String] { value[key]?.array?.compactMap(\.string) ?? [] }
    title = text("title") ?? ""
    subtitle = text("subtitle")
    authors = (value["authors"]?.array ?? []).map(Author.init)
    keywords = texts("keywords")
    date = text("date")
    license = text("license")
    doi = text("doi")
    repository = text("repository")
    url = text("url").map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    language = text("lang") ?? "en"
    allowsElements = text("html") == "basic"
    citationStyle = CitationStyle.all.first { $0.name == text("citations") } ?? CitationStyle.all[0]
    layout = text("pages").flatMap(Layout.init) ?? .one
    correction = text("correction").flatMap(Correction.init) ?? .paper
    bibliography = node["bibliography"].flatMap(PaperConfiguration.fileName)
    let sectionNodes = node["sections"].map { $0.elements ?? [$0] } ?? []
    sections = sectionNodes.compactMap(PaperConfiguration.fileName)
    profiles = texts("profiles")
    limits = value["limits"] ?? [:]
    self.node = node
  }

  private static func fileName(_ node: Node) -> FileName? {
    node.text.map { FileName(path: $0, position: node.position) }
  }

  private func checkFormats(_ diagnostics: inout Diagnostics) {
    if let date, let place = node["date"], !PaperConfiguration.isDate(date) {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "'date' cannot be '\(date)'", at: place.position, length: place.length,
          expected: "a date as YYYY-MM-DD"))
    }
    if let url, let place = node["url"], !url.hasPrefix("https://") && !url.hasPrefix("http://") {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "'url' cannot be '\(url)'", at: place.position, length: place.length,
          expected: "an address that starts with https://"))
    }
    for (author, place) in zip(authors, node["authors"].map { $0.elements ?? [$0] } ?? []) {
      guard let orcid = author.orcid, !PaperConfiguration.isORCID(orcid) else { continue }
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "'\(orcid)' is not an ORCID", at: place["orcid"]?.position ?? place.position,
          length: place["orcid"]?.length ?? 1, expected: "four groups of four digits with a right check digit"
        ))
    }
  }

  private static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) })
    else {
      return false
    }
    return (1...12).contains(Int(parts[1]) ?? 0) && (1...31).contains(Int(parts[2]) ?? 0)
  }

  /// Whether the last character is the ISO 7064 MOD 11-2 check digit of the others.
  private static func isORCID(_ text: String) -> Bool {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    let digits = Array(groups.joined())
    guard groups.map(\.count) == [4, 4, 4, 4] else { return false }
    var total = 0
    for digit in digits.dropLast() {
      guard digit.isASCII, let number = digit.wholeNumberValue else { return false }
      total = (total + number) * 2
    }
    let check = (12 - total % 11) % 11
    return digits.last == (check == 10 ? "X" : Character("\(check)"))
  }
}

extension PaperConfiguration.Author {
  fileprivate init(_ value: Value) {
    name = value.string ?? value["name"]?.string ?? ""
    orcid = value["orcid"]?.string.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    affiliation = value["affiliation"]?.string
    isCorresponding = value["corresponding"]?.bool ?? false
    email = value["email"]?.string
  }
}
