// Serves write: the card of an experiment in the text, and where every number comes from in the appendix.
import Manuscript

extension PageRenderer {
  mutating func experimentCard(_ block: PaperBlock) -> HTML {
    let experiment = paper.experiments[block.id]
    var facts = [link("#" + block.id, class: "label", HTML("Experiment \(block.number)"))]
    if let experiment {
      facts.append(HTML("\(grouped(experiment.runs.count)) \(experiment.runs.count == 1 ? "run" : "runs")"))
      facts.append(HTML("\(experiment.seeds) \(experiment.seeds == 1 ? "seed" : "seeds")"))
      facts.append(HTML(experiment.dataName))
    }
    var content = line("p", ["class": "experiment-head"], facts.joined(" · "))
    if !block.caption.isEmpty { content += line("p", ["class": "experiment-title"], inlines(block.caption)) }
    if let experiment { content += varied(experiment) + failures(experiment) }
    content += specification(block, experiment)
    return line(
      "div",
      ["class": "experiment", "id": block.id, "role": "group", "aria-label": "Experiment \(block.number)"],
      .raw("\n") + content)
  }

  private func varied(_ experiment: ResolvedExperiment) -> HTML {
    guard !experiment.axes.isEmpty else { return .empty }
    let axes = experiment.axes.map { axis in
      let values =
        axis.values.count > 8 ? axis.values.prefix(3) + ["…"] + axis.values.suffix(1) : axis.values[...]
      return tag("b", [:], HTML(axis.name)) + HTML(" " + values.joined(separator: ", "))
    }
    return line("p", ["class": "varied"], "Varied: " + axes.joined("; "))
  }

  private func failures(_ experiment: ResolvedExperiment) -> HTML {
    let failed = experiment.runs.filter { $0.result == nil }
    guard !failed.isEmpty else { return .empty }
    let shown = failed.prefix(5).map { run in run.failure.map { "\(run.label) (\($0))" } ?? run.label }
    let more = failed.count > shown.count ? ", and \(failed.count - shown.count) more" : ""
    let text = " of \(grouped(experiment.runs.count)) runs failed: \(shown.joined(separator: "; "))\(more)."
    return line("p", ["class": "failed"], tag("b", [:], HTML("\(failed.count)")) + HTML(text))
  }

  private func specification(_ block: PaperBlock, _ experiment: ResolvedExperiment?) -> HTML {
    var links = [link("#prov-\(block.id)", "provenance")]
    for file in experiment?.files ?? [] {
      links.append(link(relativeURL(file.path), HTML("\(file.name).csv")))
    }
    let source = block.source.hasSuffix("\n") ? String(block.source.dropLast()) : block.source
    return line(
      "details", [:],
      tag("summary", [:], "Specification")
        + tag("pre", ["class": "yaml", "tabindex": "0"], tag("code", [:], highlightedYAML(source)))
        + tag("p", ["class": "links"], links.joined(" · ")))
  }

  // MARK: Provenance

  func provenance() -> HTML {
    let blocks = manuscript.experimentsInOrder
    guard !blocks.isEmpty else { return .empty }
    let lead =
      "A run’s key is the digest of its resolved specification, its data and the engine’s numeric version; "
      + "equal keys give equal results, to the last bit, on every machine. Keys and digests are shortened to twelve "
      + "hexadecimal digits."
    return line(
      "section", ["class": "appendix provenance", "aria-labelledby": "provenance"],
      .raw("\n") + line("h2", ["id": "provenance"], "Provenance") + line("p", [:], HTML(lead))
        + blocks.map(provenance).joined() + otherValues())
  }

  private func provenance(of block: PaperBlock) -> HTML {
    let title =
      link("#" + block.id, HTML("Experiment \(block.number)"))
      + (block.caption.isEmpty ? .empty : HTML(": " + plainText(block.caption)))
    var content = line("h3", ["id": "prov-\(block.id)"], title)
    guard let experiment = paper.experiments[block.id] else {
      return content + line("p", ["class": "missing"], "This experiment has no results yet.")
    }
    content += definitions(facts(experiment), class: "facts-list")
    content += parameters(experiment)
    content += runs(experiment)
    content += values(
      valueOrder.filter { $0.value.experiments.first == block.id },
      label: "Numbers from experiment \(block.number)")
    return content
  }

  private func facts(_ experiment: ResolvedExperiment) -> [(String, HTML)] {
    let digest =
      experiment.dataDigest.isEmpty ? HTML.empty : " " + tag("code", [:], HTML(short(experiment.dataDigest)))
    var rows = [
      ("Data", HTML(experiment.dataName) + digest),
      ("Seeds", HTML(experiment.seeds == 1 ? "1" : "1 to \(experiment.seeds)")),
      ("Engine", HTML("\(paper.engine.name), numeric version \(paper.engine.numericVersion)")),
      ("Compute again", tag("code", [:], HTML(experiment.command))),
    ]
    let files = experiment.files.map { link(relativeURL($0.path), HTML("\($0.name).csv")) }
    if !files.isEmpty { rows.append(("Numbers", files.joined(" · "))) }
    return rows
  }

  private func parameters(_ experiment: ResolvedExperiment) -> HTML {
    guard !experiment.parameters.isEmpty else { return .empty }
    let text = experiment.parameters.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    return line(
      "details", [:],
      tag("summary", [:], "Resolved parameters")
        + tag("pre", ["class": "yaml", "tabindex": "0"], tag("code", [:], highlightedYAML(text))))
  }

  private func runs(_ experiment: ResolvedExperiment) -> HTML {
    guard !experiment.runs.isEmpty else { return .empty }
    let shown = experiment.runs.prefix(PageRenderer.shownRuns)
    let lines = shown.map { run in
      "\(short(run.key)) → \(run.result.map(short) ?? "failed")  \(run.label)"
    }
    var text = lines.joined(separator: "\n")
    if shown.count < experiment.runs.count {
      text += "\n… and \(grouped(experiment.runs.count - shown.count)) more"
    }
    return line(
      "details", [:],
      tag("summary", [:], HTML("\(grouped(experiment.runs.count)) runs: key → digest of the result"))
        + tag("pre", ["class": "runs", "tabindex": "0"], HTML(text)) + allRuns())
  }

  private func allRuns() -> HTML {
    guard let path = paper.resultsPath else { return .empty }
    return tag(
      "p", ["class": "links"], link(relativeURL(path), "every run, with whole keys and digests (JSON)"))
  }

  /// The page stays light; results.json has every run.
  static let shownRuns = 8

  private func values(_ rows: [ValueRow], label: String) -> HTML {
    guard !rows.isEmpty else { return .empty }
    let cells = rows.map { row in
      let samples = row.value.samples.joined(separator: ", ")
      return [
        HTML(row.value.text), tag("code", [:], HTML(row.expression)), HTML(samples.isEmpty ? "–" : samples),
      ]
    }
    let ids = rows.map { "v\(valueRows[$0] ?? 0)" }
    let header = ["Number", "Expression", "Samples, by seed"]
    return scrolling(label, compactTable(header: header, rows: cells, ids: ids, class: "values"))
  }

  /// Numbers that no experiment of the paper claims as its own.
  private func otherValues() -> HTML {
    let known = Set(manuscript.experimentsInOrder.map(\.id))
    let rows = valueOrder.filter { !($0.value.experiments.first.map(known.contains) ?? false) }
    guard !rows.isEmpty else { return .empty }
    return line("h3", [:], "Other numbers") + values(rows, label: "Other numbers")
  }

  private func short(_ digest: String) -> String { String(digest.prefix(12)) }
}
