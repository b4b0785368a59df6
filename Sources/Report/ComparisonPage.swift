// Serves diff: two reports side by side as one HTML file.

/// The page of what changed between two reports.
///
/// - Parameters:
///   - verdicts: claim, statement, verdict before, verdict after.
///   - numbers: expression, text before, text after, distance.
///   - runs: sentences about runs.
///   - figures: PNG files of both sides, where they have them.
///   - sha256: asked for the digest of the style sheet, as for ``reportPage(_:sha256:)``.
public func comparisonPage(
  title: String, verdicts: [[String]], numbers: [[String]], runs: [String],
  figures: [(name: String, before: [UInt8]?, after: [UInt8]?)], sha256: (String) -> String
) -> String {
  var content = HTML.empty
  if !runs.isEmpty {
    content += line("h2", [:], "Runs") + line("ul", [:], runs.map { line("li", [:], HTML($0)) }.joined())
  }
  if !verdicts.isEmpty {
    content += line("h2", [:], "Verdicts") + grid(["claim", "says", "before", "after"], verdicts)
  }
  if !numbers.isEmpty {
    content += line("h2", [:], "Numbers") + grid(["expression", "before", "after", "moved by"], numbers)
  }
  if !figures.isEmpty {
    content += line("h2", [:], "Figures")
    content += figures.map { figure in
      line("h3", [:], HTML(figure.name))
        + line("div", ["class": "pair"], picture(figure.before, "before") + picture(figure.after, "after"))
    }.joined()
  }
  if content.isEmpty { content = line("p", [:], "Nothing differs.") }
  let body =
    line("header", ["class": "title"], line("h1", [:], HTML(title))) + line("main", ["id": "main"], content)
  return page(
    title: title, language: "en", description: "What changed between two reports.", authors: [], body: body,
    style: articleStyle + comparisonStyle, pictures: "data:", sha256: sha256)
}

private func grid(_ header: [String], _ rows: [[String]]) -> HTML {
  let head = line("tr", [:], header.map { tag("th", ["scope": "col"], HTML($0)) }.joined())
  let body = rows.map { row in line("tr", [:], row.map { tag("td", [:], HTML($0)) }.joined()) }.joined()
  return line("table", [:], tag("thead", [:], head) + tag("tbody", [:], body))
}

private func picture(_ bytes: [UInt8]?, _ name: String) -> HTML {
  guard let bytes else { return line("p", ["class": "missing"], HTML("There is no picture \(name).")) }
  return line(
    "figure", [:],
    tag("img", ["src": "data:image/png;base64,\(base64(bytes))", "alt": "The figure \(name)"])
      + tag("figcaption", [:], HTML(name)))
}

private let comparisonStyle = """
  main{max-width:80rem;margin:auto;padding:1rem}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}\
  .pair img{max-width:100%;height:auto;background:#fff}.pair figure{margin:0}td{vertical-align:top}\
  @media(max-width:50rem){.pair{grid-template-columns:1fr}}
  """
