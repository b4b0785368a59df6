// Serves write: the report of one paper from top to bottom, a function from a resolved paper to HTML.
import Manuscript

/// A page of a report.
public struct ReportPage: Sendable, Hashable {
  /// Its path, relative to the report.
  public var path: String
  /// The whole document.
  public var html: String
}

/// The pages of a paper's report: the article, then the provenance of each experiment; equal input gives equal bytes.
///
/// `sha256` is asked for the hexadecimal digest of the style sheet, by which a page's policy admits it and nothing
/// else.
public func reportPages(_ paper: ResolvedPaper, sha256: @escaping (String) -> String) -> [ReportPage] {
  let pages = ReportPages(paper, sha256: sha256)
  return pages.article
    + pages.experiments.map { ReportPage(path: provenancePath($0.id), html: pages.provenance(of: $0)) }
}

/// The pages of a report, those of provenance only when they are asked for.
public struct ReportPages {
  /// The pages of the article: the whole, or its head and its sections.
  public let article: [ReportPage]
  /// Everything in the text that the pages of provenance depend on besides the findings.
  public let outline: String
  private let renderer: PageRenderer
  private let sha256: (String) -> String

  /// Renders the article. `sha256` is asked for the hexadecimal digest of the style sheet, by which a page's policy admits it
  /// and nothing else.
  public init(_ paper: ResolvedPaper, sha256: @escaping (String) -> String) {
    var renderer = PageRenderer(paper)
    // The sections come first: what stands around them depends on what they cite.
    let sections =
      paper.manuscript.configuration.layout == .sections ? renderer.sectionPages(sha256: sha256) : []
    article = [ReportPage(path: "index.html", html: renderer.article(sha256: sha256))] + sections
    renderer.kind = .provenance
    outline = renderer.outline
    self.renderer = renderer
    self.sha256 = sha256
  }

  /// The experiments that have a page of provenance.
  public var experiments: [PaperBlock] { renderer.manuscript.experimentsInOrder }

  /// The page that says where the numbers of an experiment come from.
  public func provenance(of block: PaperBlock) -> String {
    renderer.provenancePage(block, sha256: sha256)
  }
}

extension PageRenderer {
  /// What pages of provenance say of the text: where its blocks stand, what they are called, and which numbers it shows.
  fileprivate var outline: String {
    let blocks = manuscript.blocks.map {
      "\($0.id) \($0.number) \($0.label) \(address($0.id)) \(plainText($0.caption))"
    }
    return (blocks + valueOrder.map { "\($0.expression) \($0.value.text)" }).joined(separator: "\n")
  }
}

/// The article alone, with links to the pages of its provenance.
public func reportPage(_ paper: ResolvedPaper, sha256: (String) -> String) -> String {
  var renderer = PageRenderer(paper)
  return renderer.article(sha256: sha256)
}

extension PageRenderer {
  mutating func article(sha256: (String) -> String) -> String {
    // The text comes first: what stands around it depends on what the text cites.
    let sections = kind == .standalone || configuration.layout == .one ? sections() : .empty
    let statement = blocks(manuscript.statement)
    let header = titleBlock()
    let main = line(
      "main", ["id": "main"],
      .raw("\n") + scorecard() + sections + statementSection(statement) + provenanceList()
        + embeddedProvenance() + referenceList())
    let body =
      link("#main", class: "skip", "Skip to the article") + .raw("\n") + header + contents() + main + footer()
    return page(
      title: (paper.profile.isDraft ? "Draft: " : "") + configuration.title, language: configuration.language,
      description: summary, authors: configuration.authors.map(\.name), body: body,
      style: kind == .standalone ? articleStyle + provenanceStyle : articleStyle,
      pictures: kind == .standalone ? "data:" : "'self'", card: socialCard(), sha256: sha256)
  }

  /// What a site that links to the article shows of it; a picture needs an address of its own.
  private func socialCard() -> HTML {
    guard kind == .article, let url = configuration.url else { return .empty }
    let facts = [
      ("og:type", "article"), ("og:title", configuration.title), ("og:description", summary), ("og:url", url),
      ("og:image", url + "card.png"), ("og:image:width", "1200"), ("og:image:height", "630"),
      ("og:image:alt", "The title and the verdicts of the article"),
    ]
    return line("link", ["rel": "canonical", "href": url])
      + facts.map { line("meta", ["property": $0.0, "content": $0.1]) }.joined()
      + line("meta", ["name": "twitter:card", "content": "summary_large_image"])
  }

  fileprivate func provenancePage(_ block: PaperBlock, sha256: (String) -> String) -> String {
    let title = "Experiment \(block.number)" + (block.caption.isEmpty ? "" : ": \(plainText(block.caption))")
    let back = link(address(block.id), HTML("← \(configuration.title)"))
    let header = line(
      "header", ["class": "title"], line("p", ["class": "site"], back) + line("h1", [:], HTML(title)))
    let content = line("section", [:], .raw("\n") + provenance(of: block))
    let body =
      link("#main", class: "skip", "Skip to the experiment") + .raw("\n") + header
      + line("main", ["id": "main", "class": "provenance"], .raw("\n") + content)
    return page(
      title: "\(title) – \(configuration.title)", language: "en",
      description: "Where the numbers of \(block.id) come from.", authors: [], body: body,
      style: articleStyle + provenanceStyle, sha256: sha256)
  }
}

private func statementSection(_ content: HTML) -> HTML {
  guard !content.isEmpty else { return .empty }
  return line(
    "section", ["id": "statement", "class": "appendix"],
    .raw("\n") + line("h2", [:], "Data, code and interests") + content)
}

/// A whole HTML document round `body`.
func page(
  title: String, language: String, description: String, authors: [String], body: HTML,
  style: String = articleStyle, pictures: String = "'self'", card: HTML = .empty,
  sha256: (String) -> String
) -> String {
  let style = shortenedStyle(style)
  let digest = base64(bytes(hexadecimal: sha256(style)))
  let policy =
    "default-src 'none'; img-src \(pictures); style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'"
  var head =
    line("meta", ["charset": "utf-8"])
    + line("meta", ["http-equiv": "Content-Security-Policy", "content": policy])
    + line("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
    + line("meta", ["name": "color-scheme", "content": "light dark"])
    + line("meta", ["name": "referrer", "content": "no-referrer"])
    + line("title", [:], HTML(title))
  if !description.isEmpty { head += line("meta", ["name": "description", "content": description]) }
  head += card
  for author in authors { head += line("meta", ["name": "author", "content": author]) }
  head += line("style", [:], .raw(style))
  let document = line(
    "html", ["lang": language],
    .raw("\n") + line("head", [:], .raw("\n") + head) + line("body", [:], .raw("\n") + body))
  return "<!doctype html>\n" + document.markup
}

private func bytes(hexadecimal text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Base64 (RFC 4648) with padding.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var result: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
    for position in 0..<4 {
      let isPadding = position > group.count
      result.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(word >> UInt32(18 - 6 * position)) & 63])
    }
  }
  return String(decoding: result, as: UTF8.self)
}

/// Renders the parts of one report and remembers what later parts need.
struct PageRenderer {
  let paper: ResolvedPaper
  /// The page being written.
  var kind = PageKind.article
  /// The pictures that the page itself carries, as addresses by path.
  var embedded: [String: String] = [:]
  let numbers: [String: Int]
  /// The year of each cited work, with a letter where two would be called the same.
  let yearLabels: [String: String]
  /// The sections that cite each key, for the links back from the list of references.
  var citingSections: [String: [Heading]] = [:]
  /// The footnotes that the block being rendered points at.
  var pendingNotes: [Int] = []
  /// The footnotes that already stand on the page.
  var rendered: Set<Int> = []
  /// The number of tables written in Markdown so far, which tells their labels apart.
  var markdownTables = 0
  /// The headings so far, of which the last is the section being rendered.
  var headings: [Heading] = []
  /// The path of the page being written.
  var path = "index.html"
  /// The paths of the sections' pages, in order.
  let sectionPages: [String]
  /// The page on which something stands, by id, when it is not the article's first.
  let places: [String: String]
  /// The numbers of the works that the page cites.
  var citedHere: Set<Int> = []
  /// The distinct values, each with its row in the list of numbers.
  var valueRows: [ValueRow: Int] = [:]
  var valueOrder: [ValueRow] = []

  /// A value as the list of numbers shows it.
  struct ValueRow: Hashable {
    var expression: String
    var value: ResolvedValue
  }

  init(_ paper: ResolvedPaper) {
    self.paper = paper
    yearLabels = paper.manuscript.bibliography.yearLabels(paper.manuscript.citedKeys)
    sectionPages = sectionPaths(paper.manuscript)
    places = pagePlaces(paper.manuscript, sectionPages)
    numbers = Dictionary(paper.manuscript.citedKeys.enumerated().map { ($1, $0 + 1) }) { first, _ in first }
  }

  var manuscript: Manuscript { paper.manuscript }
  var configuration: PaperConfiguration { manuscript.configuration }

  /// The start of the abstract as plain text, for search engines and the list of papers.
  var summary: String {
    guard case .paragraph(let inlines) = manuscript.abstract.first else {
      return configuration.subtitle ?? ""
    }
    let words = plainText(inlines).split(whereSeparator: \.isWhitespace)
    var text = ""
    for word in words {
      if text.count + word.count > 300 { return text + " …" }
      // What is left of a citation's place is no space.
      text += (text.isEmpty || word.allSatisfy { ".,;:".contains($0) } ? "" : " ") + word
    }
    return text
  }

  mutating func sections() -> HTML {
    var result = HTML.empty
    for section in manuscript.sections {
      result += line("section", [:], .raw("\n") + blocks(section.blocks))
    }
    return result
  }
}
