// Serves export: the list of papers for feed readers (Atom, RFC 4287) and for search engines (sitemaps.org).
import Manuscript

/// The papers as an Atom feed under `base`, the address of the folder with the reports.
///
/// Dates are those of the papers: equal papers give equal bytes.
public func atomFeed(title: String, papers: [PaperSummary], base: String) -> String {
  let dates = papers.map(date).sorted()
  let entries = papers.map { entry($0, base) }.joined()
  return """
    <?xml version="1.0" encoding="utf-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom">
    <title>\(HTML.escape(title))</title>
    <id>\(HTML.escape(base))</id>
    <link href="\(HTML.escape(base))index.html"/>
    <link rel="self" href="\(HTML.escape(base))feed.xml"/>
    <updated>\(dates.last ?? noDate)</updated>
    \(entries)</feed>

    """
}

private func entry(_ summary: PaperSummary, _ base: String) -> String {
  let configuration = summary.paper.manuscript.configuration
  let url = HTML.escape(base + relativeURL(summary.path))
  let authors = configuration.authors.map(\.name)
  let names = (authors.isEmpty ? ["Unknown"] : authors).map {
    "<author><name>\(HTML.escape($0))</name></author>\n"
  }.joined()
  return """
    <entry>
    <title>\(HTML.escape(configuration.title))</title>
    <id>\(url)</id>
    <link href="\(url)"/>
    <updated>\(date(summary))</updated>
    \(names)<summary>\(HTML.escape(PageRenderer(summary.paper).summary))</summary>
    </entry>

    """
}

private let noDate = "1970-01-01T00:00:00Z"

private func date(_ summary: PaperSummary) -> String {
  summary.paper.manuscript.configuration.date.map { "\($0)T00:00:00Z" } ?? noDate
}

/// The pages of the papers as a sitemap under `base`.
public func sitemap(papers: [PaperSummary], base: String) -> String {
  let pages =
    ["index.html"]
    + papers.flatMap { summary -> [String] in
      let folder = summary.path.split(separator: "/").dropLast().joined(separator: "/")
      let sections = sectionPaths(summary.paper.manuscript).filter { $0 != "index.html" }.map {
        "\(folder)/\($0)"
      }
      let experiments = summary.paper.manuscript.experimentsInOrder.map {
        "\(folder)/\(provenancePath($0.id))"
      }
      return [summary.path] + sections + experiments
    }
  let lines = pages.map { "<url><loc>\(HTML.escape(base + relativeURL($0)))</loc></url>\n" }
  return """
    <?xml version="1.0" encoding="utf-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    \(lines.joined())</urlset>

    """
}
