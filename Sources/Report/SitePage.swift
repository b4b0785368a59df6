// Serves write: the page that lists a site's papers.
import Manuscript

/// A paper as the list of papers shows it.
public struct PaperSummary: Sendable {
  /// The path of its report, relative to the list.
  public var path: String
  /// The resolved paper.
  public var paper: ResolvedPaper

  /// Creates a summary.
  public init(path: String, paper: ResolvedPaper) {
    self.path = path
    self.paper = paper
  }
}

/// The list of papers as one HTML file.
///
/// `others` are further pages of the site, by path relative to the list. `sha256` is asked for the digest of the style
/// sheet, as for ``reportPage(_:sha256:)``.
public func sitePage(
  title: String, papers: [PaperSummary], others: [(path: String, name: String)] = [],
  sha256: (String) -> String
) -> String {
  let items = papers.map { summary in line("li", [:], .raw("\n") + entry(summary)) }
  let body =
    link("#main", class: "skip", "Skip to the papers") + .raw("\n")
    + line("header", ["class": "title"], line("h1", [:], HTML(title)))
    + line("main", ["id": "main"], line("ul", ["class": "papers"], .raw("\n") + items.joined()))
    + footer(others)
  return page(
    title: title, language: "en", description: "Research articles, regenerated with fresh numbers.",
    authors: [],
    body: body, style: articleStyle + siteStyle, sha256: sha256)
}

private func footer(_ others: [(path: String, name: String)]) -> HTML {
  guard !others.isEmpty else { return HTML("") }
  let links = others.map { link(relativeURL($0.path), HTML($0.name)) }
  return line("footer", [:], line("p", [:], links.joined(" · ")))
}

private func entry(_ summary: PaperSummary) -> HTML {
  let renderer = PageRenderer(summary.paper)
  let configuration = summary.paper.manuscript.configuration
  var content = line("h2", [:], link(relativeURL(summary.path), HTML(configuration.title)))
  if let subtitle = configuration.subtitle { content += line("p", ["class": "subtitle"], HTML(subtitle)) }
  var facts = configuration.authors.map { HTML($0.name) }
  if let date = configuration.date { facts.append(tag("time", ["datetime": date], HTML(readableDate(date)))) }
  if summary.paper.profile.isDraft {
    facts.append(
      tag("span", ["class": "profile draft"], HTML("draft, profile \(summary.paper.profile.name)")))
  }
  if !facts.isEmpty { content += line("p", ["class": "facts"], facts.joined(" · ")) }
  if !renderer.summary.isEmpty { content += line("p", [:], HTML(renderer.summary)) }
  let claims = summary.paper.manuscript.blocks(.claim)
  let tally = ReportVerdict.allCases.compactMap { verdict -> HTML? in
    let count = claims.count { renderer.verdict($0.id) == verdict }
    return count == 0
      ? nil : line("li", ["class": verdict.style], tag("b", [:], HTML("\(count)")) + " " + badge(verdict))
  }
  if !tally.isEmpty { content += line("ul", ["class": "tally"], .raw("\n") + tally.joined()) }
  return content
}
