// Serves write: citations in the text and the list of references.
import Manuscript

extension PageRenderer {
  mutating func citation(_ citation: Citation) -> HTML {
    guard citation.isTextual, let item = citation.items.first else { return bracketed(citation.items) }
    let (open, close) = style.brackets
    let names = manuscript.bibliography.entries[item.key]?.citedNames ?? item.key
    let locator = item.locator.isEmpty ? HTML.empty : HTML(", " + item.locator)
    if style.isNumeric { return HTML(names + "\u{A0}" + open) + number(item) + locator + HTML(close) }
    return HTML(names + "\u{A0}" + open) + work(item, yearLabels[item.key] ?? "n.d.") + locator + HTML(close)
  }

  /// `[1, p. 3; 2]` or `(Ioffe and Szegedy, 2015, p. 3; …)`.
  mutating func bracketed(_ cited: [Citation.Item]) -> HTML {
    var items: [HTML] = []
    for item in cited {
      let prefix = item.prefix.isEmpty ? "" : item.prefix + "\u{A0}"
      let locator = item.locator.isEmpty ? "" : ", " + item.locator
      items.append(HTML(prefix) + number(item) + HTML(locator))
    }
    let (open, close) = style.brackets
    return HTML(open) + items.joined("; ") + HTML(close)
  }

  private var style: CitationStyle { configuration.citationStyle }

  /// What a cited work is called inside brackets, which leads to its entry.
  mutating func number(_ item: Citation.Item) -> HTML {
    guard let entry = manuscript.bibliography.entries[item.key], let number = numbers[item.key] else {
      return HTML(item.key)
    }
    if style.isNumeric { return work(item, "\(number)") }
    let year = yearLabels[item.key] ?? "n.d."
    return work(item, item.omitsAuthor ? year : "\(entry.citedNames), \(year)")
  }

  private mutating func work(_ item: Citation.Item, _ label: String) -> HTML {
    guard let number = numbers[item.key] else { return HTML(label) }
    citedHere.insert(number)
    if let section = headings.last, citingSections[item.key]?.last?.id != section.id {
      citingSections[item.key, default: []].append(section)
    }
    return link("#ref-\(number)", HTML(label))
  }

  /// The works that the page cites; numbers are those of the whole article.
  func referenceList() -> HTML {
    let cited = citedHere.sorted()
    guard !cited.isEmpty else { return .empty }
    let items = cited.enumerated().map { index, number in
      let key = manuscript.citedKeys[number - 1]
      let content = manuscript.bibliography.entries[key].map(entry) ?? HTML(key)
      let leap = number == index + 1 || !style.isNumeric ? nil : "\(number)"
      return line("li", ["id": "ref-\(number)", "value": leap], content + backLinks(key))
    }
    return line(
      "section", ["class": "appendix references", "aria-labelledby": "references"],
      .raw("\n") + line("h2", ["id": "references"], "References")
        + line(
          style.isNumeric ? "ol" : "ul", ["class": style.isNumeric ? nil : "plain"],
          .raw("\n") + items.joined()))
  }

  /// The sections that cite a work.
  private func backLinks(_ key: String) -> HTML {
    let links = (citingSections[key] ?? []).map { section in
      link(address(section.id), HTML(section.number.isEmpty ? plainText(section.content) : section.number))
    }
    return links.isEmpty ? .empty : " " + tag("small", [:], "↩\u{A0}" + links.joined(" "))
  }

  /// Authors. Title. *Container*, volume(number), pages. Publisher, year. Links.
  private func entry(_ entry: BibliographyEntry) -> HTML {
    var sentences: [HTML] = []
    let authors = authorList(entry)
    let year = style.isNumeric ? "" : " (\(yearLabels[entry.key] ?? "n.d."))"
    if !authors.isEmpty { sentences.append(HTML(authors + year)) }
    if let title = entry["title"] {
      let isBook = ["book", "phdthesis", "mastersthesis", "proceedings"].contains(entry.type)
      let text = authors.isEmpty ? title + year : title
      sentences.append(isBook ? tag("cite", [:], HTML(text)) : HTML(text))
    }
    let venue = self.venue(entry)
    if !venue.isEmpty { sentences.append(venue) }
    let text = sentences.map { $0 + (endsWithStop($0) ? " " : ". ") }.joined()
    return text + links(entry).joined(" ")
  }

  private func endsWithStop(_ text: HTML) -> Bool {
    let plain = text.markup.hasSuffix(">") ? text.markup.prefix { _ in true }.dropLast(7) : text.markup[...]
    return plain.last.map { ".?!".contains($0) } ?? false
  }

  private func authorList(_ entry: BibliographyEntry) -> String {
    let names = entry.authors.map(\.listed)
    let shown = names.count > 10 ? Array(names.prefix(8)) + ["et al."] : names
    var text = shown.first ?? ""
    for (index, name) in shown.enumerated().dropFirst() {
      let isLast = index == shown.count - 1
      text += isLast ? (name == "et al." ? " " : shown.count > 2 ? ", and " : " and ") + name : ", " + name
    }
    if entry.areEditors { text += names.count > 1 ? " (eds.)" : " (ed.)" }
    return text
  }

  private func venue(_ entry: BibliographyEntry) -> HTML {
    var parts: [HTML] = []
    if let journal = entry["journal"] ?? entry["journaltitle"] {
      var volume = entry["volume"].map { " \($0)" } ?? ""
      if let number = entry["number"] { volume += "(\(number))" }
      parts.append(tag("cite", [:], HTML(journal)) + HTML(volume))
    } else if let book = entry["booktitle"] {
      parts.append("In " + tag("cite", [:], HTML(book)))
    }
    if let pages = entry["pages"] { parts.append(HTML(pageRange(pages))) }
    for field in ["publisher", "school", "institution", "howpublished"] {
      if let text = entry[field], text != (entry["journal"] ?? "") { parts.append(HTML(text)) }
    }
    if style.isNumeric, let year = entry.year { parts.append(HTML(year)) }
    return parts.joined(", ")
  }

  private func pageRange(_ pages: String) -> String {
    let isRange = pages.contains("–")
    let text = isRange ? pages : String(pages.map { $0 == "-" ? "–" : $0 })
    return (text.contains("–") || text.contains(",") ? "pp.\u{A0}" : "p.\u{A0}") + text
  }

  private func links(_ entry: BibliographyEntry) -> [HTML] {
    var links: [HTML] = []
    if let doi = entry["doi"].map(bareDOI) {
      links.append(link("https://doi.org/\(urlPath(doi))", "DOI"))
    }
    if let eprint = arXivNumber(entry) {
      links.append(link("https://arxiv.org/abs/\(urlPath(eprint))", HTML("arXiv:\(eprint)")))
    }
    if let url = entry["url"], links.isEmpty, isSafeLink(url) {
      let shown = url.split(separator: "/").dropFirst().joined(separator: "/")
      links.append(link(url, HTML(shown.count > 60 ? shown.prefix(57) + "…" : shown)))
    }
    return links
  }

  private func bareDOI(_ doi: String) -> String {
    doi.firstRange(of: "10.").map { String(doi[$0.lowerBound...]) } ?? doi
  }

  private func arXivNumber(_ entry: BibliographyEntry) -> String? {
    if let eprint = entry["eprint"],
      (entry["archiveprefix"] ?? entry["eprinttype"] ?? "arxiv").lowercased() == "arxiv"
    {
      return eprint.split(separator: ":").last.map(String.init)
    }
    guard let journal = entry["journal"], let start = journal.firstRange(of: "arXiv:") else { return nil }
    let number = journal[start.upperBound...].prefix {
      $0.isNumber || $0 == "." || $0 == "/" || $0.isLetter || $0 == "-"
    }
    return number.isEmpty ? nil : String(number)
  }

  private func urlPath(_ text: String) -> String {
    relativeURL(text)
  }
}
