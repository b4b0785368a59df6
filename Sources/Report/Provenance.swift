// Serves write: the page of an experiment, which says where each of its numbers comes from.
import Manuscript

extension PageRenderer {
  /// Everything about an experiment: what was asked, what was run, and every number made from it.
  func provenance(of block: PaperBlock) -> HTML {
    var content = HTML.empty
    let experiment = paper.experiments[block.id]
    if let experiment { content += definitions(facts(experiment), class: "facts-list") }
    content += part("Specification", block, yaml(block.source))
    guard let experiment else {
      let note =
        paper.elsewhere[block.id].map { line("p", [:], HTML($0 + ".")) }
        ?? line("p", ["class": "missing"], "This experiment has no results yet.")
      // What the text says of it leads here all the same.
      return content + note + values(of: block) + tests(of: block)
    }
    return content + parameters(experiment, block) + values(of: block) + tests(of: block)
      + numbers(of: block) + runs(experiment, block)
  }

  /// A heading and what stands under it; ids stay unique where several experiments share a page.
  private func part(_ title: String, _ block: PaperBlock, _ content: HTML) -> HTML {
    content.isEmpty ? .empty : line("h\(partLevel)", [:], HTML(title)) + content
  }

  private var partLevel: Int { kind == .standalone ? 4 : 2 }

  private func yaml(_ source: String) -> HTML {
    let text = source.hasSuffix("\n") ? String(source.dropLast()) : source
    return line("pre", ["tabindex": "0"], tag("code", [:], highlightedYAML(text)))
  }

  private func facts(_ experiment: ResolvedExperiment) -> [(String, HTML)] {
    let digest =
      experiment.dataDigest.isEmpty ? HTML.empty : " " + tag("code", [:], HTML(experiment.dataDigest))
    var rows = [
      ("Data", HTML(experiment.dataName) + digest),
      ("Seeds", HTML(experiment.seeds == 1 ? "1" : "1 to \(experiment.seeds)")),
      ("Profile", HTML(paper.profile.name)),
      ("Engine", HTML("\(paper.engine.name), numeric version \(paper.engine.numericVersion)")),
      ("Compute again", tag("code", [:], HTML(experiment.command))),
    ]
    let files = experiment.files.map { link(kind.file($0.path), HTML("\($0.name).csv")) }
    if !files.isEmpty, kind != .standalone { rows.append(("Tables", files.joined(" · "))) }
    return rows
  }

  private func parameters(_ experiment: ResolvedExperiment, _ block: PaperBlock) -> HTML {
    guard !experiment.parameters.isEmpty else { return .empty }
    let lines = experiment.parameters.map { "\($0.name): \($0.value)" }
    let varied = experiment.axes.map { "# varied: \($0.name): \($0.values.joined(separator: ", "))" }
    return part("Every option, resolved", block, yaml((lines + varied).joined(separator: "\n")))
  }

  // MARK: Numbers of the text and of tables

  private func values(of block: PaperBlock) -> HTML {
    let rows = valueOrder.filter { home(of: $0.value.experiments) == block.id }
    guard !rows.isEmpty else { return .empty }
    let cells = rows.map { row in
      [
        HTML(row.value.text), tag("code", [:], HTML(row.expression)) + HTML(" \(row.value.title)"),
        HTML(row.value.samples.isEmpty ? "–" : row.value.samples.joined(separator: ", ")),
      ]
    }
    let ids = rows.map { "v\(valueRows[$0] ?? 0)" }
    let table = compactTable(
      header: ["Number", "What it is", "Samples, by seed"], rows: cells, ids: ids, class: "values")
    return part("Numbers in the article", block, scrolling("Numbers of \(block.id)", table))
  }

  // MARK: Claims

  private func tests(of block: PaperBlock) -> HTML {
    let claims = manuscript.blocks(.claim).filter {
      home(of: paper.claims[$0.id]?.experiments ?? []) == block.id
    }
    return part("Claims that it decides", block, claims.map(test).joined())
  }

  private func test(_ block: PaperBlock) -> HTML {
    guard let claim = paper.claims[block.id] else { return .empty }
    var rows = [
      (
        "Claim",
        link(address(block.id), HTML("Claim \(block.number)")) + ": " + HTML(plainText(block.caption))
      ),
      ("Verdict", badge(claim.verdict)),
      ("Asserts", tag("code", [:], HTML(claim.assertion))),
    ]
    if !claim.differenceText.isEmpty { rows.append(("Difference", kept(claim.differenceText))) }
    if !claim.samples.isEmpty { rows.append(("By seed", HTML(claim.samples.joined(separator: ", ")))) }
    if let p = claim.pText {
      rows.append(("p", HTML("\(p) after Holm’s correction over \(correctionFamily)")))
    }
    if let overPaper = claim.overPaper, overPaper != claim.verdict {
      rows.append(("After correction over all claims", badge(overPaper)))
    }
    if !claim.note.isEmpty { rows.append(("Note", HTML(claim.note))) }
    return line(
      "div", ["id": kind.anchor(block.id), "class": "test"], definitions(rows, class: "facts-list"))
  }

  // MARK: Figures

  private func numbers(of block: PaperBlock) -> HTML {
    let figures = manuscript.blocks(.figure).filter {
      paper.figures[$0.id].map { home(of: $0.experiments) == block.id } ?? false
    }
    return part("Figures drawn from it", block, figures.map { figureNumbers($0) }.joined())
  }

  private func figureNumbers(_ block: PaperBlock) -> HTML {
    guard let figure = paper.figures[block.id] else { return .empty }
    var caption =
      link(address(block.id), HTML("Figure \(block.label)")) + HTML(": \(plainText(block.caption))")
    if let csv = figure.csvPath, kind != .standalone {
      caption += " " + link(kind.file(csv), "All its numbers (CSV)")
    }
    caption += line("p", ["class": "lead"], HTML(figure.altText))
    var content = line("p", [:], caption) + disclosed("Specification", yaml(block.source))
    if let data = figure.data { content += dataDetails(data, of: "Figure \(block.label)") }
    return line("div", ["id": kind.anchor(block.id), "class": "test"], content)
  }

  private func disclosed(_ title: String, _ content: HTML) -> HTML {
    line("details", [:], tag("summary", [:], HTML(title)) + content)
  }

  private func dataDetails(_ data: DataTable, of name: String) -> HTML {
    let shown = data.rows.prefix(PageRenderer.shownRows).map { $0.map { HTML($0) } }
    var table = compactTable(header: data.header, rows: shown, class: "data")
    if shown.count < data.rows.count {
      table += line("p", [:], HTML("The first \(shown.count) of \(grouped(data.rows.count)) rows."))
    }
    return disclosed("Numbers", scrolling("Numbers of \(name)", table))
  }

  /// More rows are of no use on a page; they are in the CSV file.
  static let shownRows = 100

  // MARK: Runs

  private func runs(_ experiment: ResolvedExperiment, _ block: PaperBlock) -> HTML {
    guard !experiment.runs.isEmpty else { return .empty }
    let lead =
      "A run’s key is the digest of its resolved specification, its data and the engine’s numeric version; equal keys "
      + "give equal results, to the last bit, on every machine. Key → digest of the result:"
    let lines = experiment.runs.map { run in
      "\(run.key) → \(run.result ?? run.failure.map { "failed: \($0)" } ?? "failed")  \(run.label)"
    }
    let list = line("pre", ["class": "runs", "tabindex": "0"], HTML(lines.joined(separator: "\n")))
    return part("\(grouped(experiment.runs.count)) runs", block, line("p", [:], HTML(lead)) + list)
  }

  /// The experiment on whose page something stands that comes from several.
  func home(of experiments: [String]) -> String? {
    experiments.first { manuscript.targets[$0]?.kind == .experiment }
  }
}
