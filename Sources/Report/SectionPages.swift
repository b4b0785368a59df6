// Serves write: the sections of an article as pages of their own, for an article that is too long for one.
import Manuscript

extension PageRenderer {
  /// A page for each section, with links to the next and the one before.
  mutating func sectionPages(sha256: (String) -> String) -> [ReportPage] {
    kind = .section
    defer { (kind, path) = (.article, "index.html") }
    var pages: [ReportPage] = []
    for index in manuscript.sections.indices {
      path = sectionPages[index]
      citedHere = []
      pages.append(ReportPage(path: path, html: sectionPage(index, sha256: sha256)))
    }
    citedHere = []
    return pages
  }

  private mutating func sectionPage(_ index: Int, sha256: (String) -> String) -> String {
    let content = blocks(manuscript.sections[index].blocks)
    var head = line("p", ["class": "site"], link("index.html", HTML("← \(configuration.title)")))
    if paper.profile.isDraft { head += draftBanner() }
    let main = line(
      "main", ["id": "main"],
      .raw("\n") + line("section", [:], .raw("\n") + content) + referenceList() + pager(index))
    let body =
      link("#main", class: "skip", "Skip to the section") + .raw("\n")
      + line("header", ["class": "title"], .raw("\n") + head) + contents() + main + footer()
    return page(
      title: "\(sectionTitle(index)) – \(configuration.title)", language: configuration.language,
      description: "",
      authors: configuration.authors.map(\.name), body: body, sha256: sha256)
  }

  private func pager(_ index: Int) -> HTML {
    var links: [HTML] = []
    if index > 0 {
      links.append(
        tag("a", ["href": sectionPages[index - 1], "rel": "prev"], HTML("← \(sectionTitle(index - 1))")))
    }
    if index + 1 < sectionPages.count {
      links.append(
        tag("a", ["href": sectionPages[index + 1], "rel": "next"], HTML("\(sectionTitle(index + 1)) →")))
    }
    return links.isEmpty
      ? .empty : line("nav", ["class": "pager", "aria-label": "Neighbouring sections"], links.joined(" "))
  }

  /// The first heading of a section with its number, or the section's file where it has none.
  func sectionTitle(_ index: Int) -> String {
    let section = manuscript.sections[index]
    guard let heading = section.blocks.flatMap(\.allHeadings).first else { return section.path }
    let title = plainText(heading.content)
    return heading.number.isEmpty ? title : "\(heading.number) \(title)"
  }
}
