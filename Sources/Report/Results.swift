// Serves write: numbers in the text, figures and tables of results.
import Manuscript

extension PageRenderer {
  // MARK: Numbers in the text

  /// A number with a link to its row in the provenance.
  mutating func value(_ reference: ValueReference) -> HTML {
    guard let value = paper.values[reference.index] else {
      return tag("span", ["class": "missing", "title": reference.expression], "not computed")
    }
    return number(value, reference.expression)
  }

  private mutating func number(_ value: ResolvedValue, _ expression: String) -> HTML {
    guard let experiment = home(of: value.experiments) else {
      return tag("span", ["class": "val", "title": value.title], kept(value.text))
    }
    let anchor = "v\(row(expression, value))"
    return tag(
      "a", ["href": kind.provenance(experiment, anchor), "title": value.title], kept(value.text))
  }

  /// The row of a value in the list of numbers; equal values share one.
  private mutating func row(_ expression: String, _ value: ResolvedValue) -> Int {
    let row = ValueRow(expression: expression, value: value)
    if let known = valueRows[row] { return known }
    valueOrder.append(row)
    valueRows[row] = valueOrder.count
    return valueOrder.count
  }

  // MARK: Figures

  mutating func figure(_ block: PaperBlock) -> HTML {
    let label = captionLabel("Figure", block, paper.figures[block.id]?.experiments ?? [])
    guard let figure = paper.figures[block.id] else {
      return line(
        "figure", ["id": block.id],
        missingPicture(block) + line("figcaption", [:], label + inlines(block.caption)))
    }
    let caption = label + inlines(block.caption)
    return line(
      "figure", ["id": block.id, "class": figure.isFullWidth ? "full" : nil],
      .raw("\n") + picture(figure) + .raw("\n") + line("figcaption", [:], caption))
  }

  /// Figures side by side, each with a caption of its own, under one caption.
  mutating func figureGroup(_ block: PaperBlock) -> HTML {
    var panels = HTML.empty
    for id in block.panels {
      guard let panel = manuscript.blocks.first(where: { $0.id == id }) else { continue }
      var content = missingPicture(panel)
      if var figure = paper.figures[id] {
        // Half as wide as a page, a panel is read best as it is drawn for a phone.
        if let narrow = figure.narrowPicture { (figure.picture, figure.narrowPicture) = (narrow, nil) }
        content = picture(figure) + .raw("\n")
      }
      let label = captionLabel(
        "(\(panel.label.drop { $0.isNumber }))", panel, paper.figures[id]?.experiments ?? [])
      panels += line(
        "figure", ["id": id], .raw("\n") + content + line("figcaption", [:], label + inlines(panel.caption)))
    }
    let caption = tag("b", [:], HTML("Figure \(block.label).")) + " " + inlines(block.caption)
    return line(
      "figure", ["id": block.id, "class": "full"],
      .raw("\n") + line("div", ["class": "panels"], .raw("\n") + panels) + line("figcaption", [:], caption))
  }

  /// What stands for a figure without data.
  private func missingPicture(_ block: PaperBlock) -> HTML {
    line("p", ["class": "missing"], HTML(paper.elsewhere[block.id] ?? "This figure could not be drawn."))
  }

  /// The picture, for light and dark pages.
  private func picture(_ figure: ResolvedFigure) -> HTML {
    let dark = "(prefers-color-scheme:dark)"
    var sources = HTML.empty
    if let narrow = figure.narrowPicture {
      // The text of an A4 page is narrower than 40rem, and has room for the wide picture all the same.
      sources += source(narrow.darkPath, "screen and (max-width:40rem) and \(dark)", narrow)
      sources += source(narrow.path, "screen and (max-width:40rem)", narrow)
    }
    // A size that is the image's own need not be said twice.
    sources += tag("source", ["srcset": pictureURL(figure.picture.darkPath), "media": dark])
    let image = tag(
      "img",
      [
        "src": pictureURL(figure.picture.path), "alt": shortened(figure.altText),
        "width": "\(figure.picture.width)",
        "height": "\(figure.picture.height)", "loading": "lazy",
      ])
    return tag("picture", [:], sources + image)
  }

  /// The first sentences of a description that a reader has to hear in one go; the rest is with the figure’s numbers.
  private func shortened(_ text: String) -> String {
    guard text.count > PageRenderer.longestAltText else { return text }
    let start = text.prefix(PageRenderer.longestAltText)
    let end = start.ranges(of: ". ").last?.lowerBound ?? start.lastIndex(of: " ") ?? start.endIndex
    return start[..<end] + "."
  }

  static let longestAltText = 140

  private func source(_ path: String, _ media: String, _ picture: ResolvedPicture) -> HTML {
    tag(
      "source",
      [
        "srcset": pictureURL(path), "media": media, "width": "\(picture.width)",
        "height": "\(picture.height)",
      ])
  }

  /// `Figure 2.`, which leads to where its numbers come from.
  private func captionLabel(_ word: String, _ block: PaperBlock, _ experiments: [String]) -> HTML {
    // A panel is called by its letter alone.
    let label = HTML(block.group == nil || block.kind != .figure ? "\(word) \(block.label)." : word)
    guard let home = home(of: experiments) else { return tag("b", [:], label) + " " }
    let anchor = block.kind == .figure ? kind.anchor(block.id) : nil
    return tag("b", [:], link(kind.provenance(home, anchor), label)) + " "
  }

  // MARK: Tables

  mutating func resultTable(_ block: PaperBlock) -> HTML {
    let resolved =
      paper.tables[block.id]
      ?? ResolvedTable(
        header: block.header.map { .inlines($0) }, rows: block.rows.map { row in row.map { .inlines($0) } })
    var head = HTML.empty
    for (column, cell) in resolved.header.enumerated() {
      // A header stands over its numbers.
      let sample = resolved.rows.first.flatMap { column < $0.count ? $0[column] : nil } ?? cell
      head += tag("th", ["scope": "col", "class": style(sample)], content(cell))
    }
    var body = HTML.empty
    for row in resolved.rows {
      var cells = HTML.empty
      for cell in row { cells += bodyCell(cell) }
      body += line("tr", [:], cells)
    }
    var caption = captionLabel("Table", block, resolved.experiments) + inlines(block.caption)
    if !resolved.summary.isEmpty { caption += HTML(" " + resolved.summary) }
    let table = htmlTable(head: head.isEmpty ? head : tag("tr", [:], head), body: body)
    return line(
      "figure",
      ["id": block.id, "class": resolved.style == .results ? "table" : "table \(resolved.style.rawValue)"],
      .raw("\n") + line("figcaption", [:], caption) + scrolling("Table \(block.number)", table))
  }

  private mutating func bodyCell(_ cell: ResolvedTable.Cell) -> HTML {
    if case .heading(let text) = cell { return tag("th", ["scope": "row"], HTML(groupingThousands(text))) }
    return tag("td", ["class": style(cell)], content(cell))
  }

  private func style(_ cell: ResolvedTable.Cell) -> String? {
    switch cell {
    case .value: "right"
    case .inlines(let inlines):
      if inlines.count == 1, case .value = inlines[0] { "right" } else { nil }
    default: nil
    }
  }

  private mutating func content(_ cell: ResolvedTable.Cell) -> HTML {
    switch cell {
    case .inlines(let content): return inlines(content)
    case .heading(let text), .text(let text): return HTML(groupingThousands(text))
    case .value(let value): return number(value, value.expression)
    }
  }
}
