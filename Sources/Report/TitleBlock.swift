// Serves write: the head of a report, its contents and its foot.
import Manuscript

extension PageRenderer {
  mutating func titleBlock() -> HTML {
    var content = HTML.empty
    if let site = paper.sitePath {
      content += line("p", ["class": "site"], link(site, "← All papers"))
    }
    content += line("h1", [:], HTML(configuration.title))
    if let subtitle = configuration.subtitle { content += line("p", ["class": "subtitle"], HTML(subtitle)) }
    content += authors() + facts()
    if paper.profile.isDraft { content += draftBanner() }
    let abstract = blocks(manuscript.abstract)
    if !abstract.isEmpty {
      content += line(
        "section", ["class": "abstract", "aria-labelledby": "abstract"],
        .raw("\n") + line("h2", ["id": "abstract"], "Abstract") + abstract)
    }
    if !configuration.keywords.isEmpty {
      content += line(
        "p", ["class": "keywords"],
        tag("b", [:], "Keywords") + HTML(" " + configuration.keywords.joined(separator: " · ")))
    }
    return line("header", ["class": "title"], .raw("\n") + content)
  }

  private func authors() -> HTML {
    let items = configuration.authors.map { author in
      var item = tag("span", ["class": "name"], HTML(author.name))
      if let orcid = author.orcid {
        item +=
          " "
          + link(
            "https://orcid.org/\(orcid)", class: "orcid", title: "ORCID of \(author.name)", HTML("ORCID"))
      }
      if let affiliation = author.affiliation { item += tag("span", ["class": "place"], HTML(affiliation)) }
      if author.isCorresponding {
        let note = HTML("corresponding author")
        item += tag("span", ["class": "place"], author.email.map { link("mailto:\($0)", note) } ?? note)
      }
      return line("li", [:], item)
    }
    return items.isEmpty ? .empty : line("ul", ["class": "authors"], .raw("\n") + items.joined())
  }

  private func facts() -> HTML {
    var facts: [HTML] = []
    if let date = configuration.date {
      facts.append(tag("time", ["datetime": date], HTML(readableDate(date))))
    }
    if let doi = configuration.doi { facts.append(link("https://doi.org/\(doi)", HTML("doi:\(doi)"))) }
    if let license = configuration.license { facts.append(licenseLink(license)) }
    if let repository = configuration.repository, isSafeLink(repository) {
      facts.append(link(repository, "Source of this paper"))
    }
    let profile = paper.profile
    if !manuscript.experimentsInOrder.isEmpty {
      facts.append(
        tag(
          "span", ["class": profile.isDraft ? "profile draft" : "profile"], HTML("profile: \(profile.name)")))
    }
    if facts.isEmpty { return .empty }
    return line("p", ["class": "facts"], facts.joined(" · "))
  }

  private func licenseLink(_ license: String) -> HTML {
    let parts = license.lowercased().split(separator: "-")
    guard parts.first == "cc", parts.count >= 3, let version = parts.last else { return HTML(license) }
    let kind = parts.dropFirst().dropLast().joined(separator: "-")
    let url = parts[1] == "0" || parts[1] == "cc0" ? "zero/1.0" : "\(kind)/\(version)"
    return link("https://creativecommons.org/licenses/\(url)/", HTML(license))
  }

  func draftBanner() -> HTML {
    line(
      "p", ["class": "banner", "role": "note"],
      tag("b", [:], "Draft.")
        + HTML(
          " Computed with the profile “\(paper.profile.name)”, which is for a first look: its numbers are not results."
        ))
  }

  // MARK: Contents

  func contents() -> HTML {
    var items: [HTML] = []
    if manuscript.blocks.contains(where: { $0.kind == .claim }) {
      items.append(tocEntry("scorecard", number: "", "Claims and verdicts"))
    }
    for (section, page) in zip(manuscript.sections, sectionPages) {
      for heading in section.blocks.flatMap(\.allHeadings) where heading.level <= (page == path ? 2 : 1) {
        items.append(
          tocEntry(heading.id, number: heading.number, HTML(plainText(heading.content)), level: heading.level)
        )
      }
    }
    if !manuscript.experimentsInOrder.isEmpty {
      items.append(tocEntry("provenance", number: "", "Where the numbers come from"))
    }
    if !citedHere.isEmpty { items.append(tocEntry("references", number: "", "References", isHere: true)) }
    return line(
      "nav", ["class": "toc", "aria-labelledby": "contents"],
      .raw("\n")
        + tag(
          "details", [:],
          tag("summary", [:], tag("h2", ["id": "contents"], "Contents")) + .raw("\n")
            + line("ul", [:], .raw("\n") + items.joined())) + .raw("\n"))
  }

  private func tocEntry(
    _ id: String, number: String, _ text: HTML, level: Int = 1, isHere: Bool = false
  ) -> HTML {
    let label = number.isEmpty ? text : tag("i", [:], HTML(number)) + " " + text
    return line("li", ["class": level > 1 ? "sub" : nil], link(isHere ? "#\(id)" : address(id), label))
  }

  // MARK: Foot

  func footer() -> HTML {
    let runs = manuscript.experimentsInOrder.reduce(0) { $0 + (paper.experiments[$1.id]?.runs.count ?? 0) }
    let engine = "\(paper.engine.name) (numeric version \(paper.engine.numericVersion))"
    var text = "This page was made by \(engine)."
    if !manuscript.experimentsInOrder.isEmpty {
      text = "Every number, figure and verdict on this page was computed by \(engine) "
      text += "with the profile “\(paper.profile.name)”"
      text += runs > 0 ? ", from \(grouped(runs)) \(runs == 1 ? "run" : "runs")." : "."
    }
    return line(
      "footer", [:],
      line("p", [:], HTML(text))
        + line("p", [:], "The page holds no scripts and loads nothing from other places."))
  }
}

extension Manuscript {
  var experimentsInOrder: [PaperBlock] { blocks(.experiment) }
}

/// `23 November 2026` for `2026-11-23`.
func readableDate(_ date: String) -> String {
  let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
  ]
  let parts = date.split(separator: "-").compactMap { Int($0) }
  guard parts.count == 3, (1...12).contains(parts[1]) else { return date }
  return "\(parts[2]) \(months[parts[1] - 1]) \(parts[0])"
}

/// A whole number with thin spaces between groups of three digits from five digits on.
func grouped(_ number: Int) -> String {
  let digits = Array("\(number)")
  guard digits.count > 4 else { return "\(number)" }
  return digits.enumerated().map { index, digit in
    (index > 0 && (digits.count - index) % 3 == 0 ? "\u{202F}" : "") + String(digit)
  }.joined()
}
