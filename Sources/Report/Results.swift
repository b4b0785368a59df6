// Serves write: numbers in the text, figures and tables of results.
import Manuscript

extension PageRenderer {
  // MARK: Numbers in the text

  /// A number with a link to its row in the provenance.
  mutating func value(_ reference: ValueReference) -> HTML {
    guard let value = paper.values[reference.index] else {
      return tag("span", ["class": "missing", "title": reference.expression], "not computed")
    }
    let row = self.row(reference.expression, value)
    return tag("a", ["class": "val", "href": "#v\(row)", "title": value.title], HTML(value.text))
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
    let label = captionLabel("Figure", block)
    guard let figure = paper.figures[block.id] else {
      let text = line("p", ["class": "missing"], "This figure could not be drawn.")
      return line("figure", ["id": block.id], text + line("figcaption", [:], label + inlines(block.caption)))
    }
    var caption = label + inlines(block.caption)
    caption += tag("span", ["class": "links"], sources(csv: figure.csvPath, experiments: figure.experiments))
    if let data = figure.data {
      caption += dataDetails(data, of: "Figure \(block.number)", csv: figure.csvPath)
    }
    return line(
      "figure", ["id": block.id, "class": figure.isFullWidth ? "full" : nil],
      .raw("\n") + picture(figure) + .raw("\n") + line("figcaption", [:], caption))
  }

  /// The picture, which leads to itself so that a phone can show it larger.
  private func picture(_ figure: ResolvedFigure) -> HTML {
    let dark = "screen and (prefers-color-scheme: dark)"
    var sources = HTML.empty
    if let narrow = figure.narrowPicture {
      sources += source(narrow.darkPath, "\(dark) and (max-width: 40rem)", narrow)
      sources += source(narrow.path, "screen and (max-width: 40rem)", narrow)
    }
    sources += source(figure.picture.darkPath, dark, figure.picture)
    let image = tag(
      "img",
      [
        "src": relativeURL(figure.picture.path), "alt": figure.altText, "width": "\(figure.picture.width)",
        "height": "\(figure.picture.height)", "loading": "lazy", "decoding": "async",
      ])
    return link(relativeURL(figure.picture.path), class: "zoom", tag("picture", [:], sources + image))
  }

  private func source(_ path: String, _ media: String, _ picture: ResolvedPicture) -> HTML {
    tag(
      "source",
      [
        "srcset": relativeURL(path), "media": media, "width": "\(picture.width)",
        "height": "\(picture.height)",
      ])
  }

  private func captionLabel(_ word: String, _ block: PaperBlock) -> HTML {
    link("#" + block.id, class: "label", HTML("\(word) \(block.number).")) + " "
  }

  /// ` Data (CSV) · experiment 2`.
  func sources(csv: String?, experiments: [String]) -> HTML {
    var links: [HTML] = []
    if let csv { links.append(link(relativeURL(csv), "data (CSV)")) }
    for id in experiments {
      guard let target = manuscript.targets[id] else { continue }
      links.append(link("#prov-\(id)", HTML("experiment\u{A0}\(target.number)")))
    }
    return links.isEmpty ? .empty : " " + links.joined(" · ")
  }

  private func dataDetails(_ data: DataTable, of name: String, csv: String?) -> HTML {
    let shown = data.rows.prefix(PageRenderer.shownRows)
    var table = dataTable(DataTable(header: data.header, rows: Array(shown)))
    if shown.count < data.rows.count {
      let rest = "The first \(shown.count) of \(grouped(data.rows.count)) rows; "
      table += line(
        "p", [:],
        HTML(rest) + (csv.map { link(relativeURL($0), "all of them as CSV") } ?? "the rest is left out"))
    }
    return tag(
      "details", [:], tag("summary", [:], HTML("\(name) as a table")) + scrolling("Data of \(name)", table))
  }

  /// More rows are of no use on a page; they are in the CSV file.
  static let shownRows = 16

  private func dataTable(_ data: DataTable) -> HTML {
    compactTable(header: data.header, rows: data.rows.map { $0.map { HTML($0) } }, class: "data")
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
      head += tag("th", ["scope": "col", "class": style(sample)], content(cell, block.id))
    }
    var body = HTML.empty
    for row in resolved.rows {
      var cells = HTML.empty
      for (column, cell) in row.enumerated() { cells += bodyCell(cell, column: column, block.id) }
      body += line("tr", [:], cells)
    }
    let caption =
      captionLabel("Table", block) + inlines(block.caption)
      + tag("span", ["class": "links"], sources(csv: resolved.csvPath, experiments: resolved.experiments))
    let table = htmlTable(head: head.isEmpty ? head : tag("tr", [:], head), body: body)
    return line(
      "figure", ["id": block.id, "class": "table"],
      .raw("\n") + line("figcaption", [:], caption) + scrolling("Table \(block.number)", table))
  }

  private mutating func bodyCell(_ cell: ResolvedTable.Cell, column: Int, _ id: String) -> HTML {
    if case .heading(let text) = cell { return tag("th", ["scope": "row"], HTML(text)) }
    return tag("td", ["class": style(cell)], content(cell, id))
  }

  private func style(_ cell: ResolvedTable.Cell) -> String? {
    switch cell {
    case .value: "right"
    case .inlines(let inlines):
      if inlines.count == 1, case .value = inlines[0] { "right" } else { nil }
    default: nil
    }
  }

  private mutating func content(_ cell: ResolvedTable.Cell, _ id: String) -> HTML {
    switch cell {
    case .inlines(let content): return inlines(content)
    case .heading(let text), .text(let text): return HTML(text)
    case .value(let value): return tableValue(value, id)
    }
  }

  /// A computed cell; its row in the list of numbers would only repeat the table.
  private func tableValue(_ value: ResolvedValue, _ id: String) -> HTML {
    guard let experiment = value.experiments.first, manuscript.targets[experiment] != nil else {
      return tag("span", ["title": value.title], HTML(value.text))
    }
    return tag("a", ["class": "val", "href": "#prov-\(experiment)", "title": value.title], HTML(value.text))
  }
}
