// Serves write: the card of an experiment in the text, and the list of all of them at its end.
import Manuscript

extension PageRenderer {
  mutating func experimentCard(_ block: PaperBlock) -> HTML {
    let experiment = paper.experiments[block.id]
    var facts = [tag("b", [:], link(kind.provenance(block.id), HTML("Experiment \(block.number)")))]
    if let experiment { facts += extent(experiment) }
    var content = line("p", [:], facts.joined(" · "))
    if !block.caption.isEmpty { content += line("p", [:], tag("b", [:], inlines(block.caption))) }
    if let experiment { content += varied(experiment) + failures(experiment) }
    if let note = paper.elsewhere[block.id] { content += line("p", [:], HTML(note + ".")) }
    return line("div", ["class": "experiment", "id": block.id], .raw("\n") + content)
  }

  /// How much was run, on which data.
  private func extent(_ experiment: ResolvedExperiment) -> [HTML] {
    [
      HTML("\(grouped(experiment.runs.count)) \(experiment.runs.count == 1 ? "run" : "runs")"),
      HTML("\(experiment.seeds) \(experiment.seeds == 1 ? "seed" : "seeds")"), HTML(experiment.dataName),
    ]
  }

  private func varied(_ experiment: ResolvedExperiment) -> HTML {
    guard !experiment.axes.isEmpty else { return .empty }
    let axes = experiment.axes.map { axis in
      let values =
        axis.values.count > 8 ? axis.values.prefix(3) + ["…"] + axis.values.suffix(1) : axis.values[...]
      return tag("b", [:], HTML(axis.name))
        + HTML(" " + values.map(groupingThousands).joined(separator: ", "))
    }
    return line("p", [:], "Varied: " + axes.joined("; "))
  }

  private func failures(_ experiment: ResolvedExperiment) -> HTML {
    let failed = experiment.runs.filter { $0.result == nil }
    guard !failed.isEmpty else { return .empty }
    let shown = failed.prefix(5).map { run in run.failure.map { "\(run.label) (\($0))" } ?? run.label }
    let more = failed.count > shown.count ? ", and \(failed.count - shown.count) more" : ""
    let text = " of \(grouped(experiment.runs.count)) runs failed: \(shown.joined(separator: "; "))\(more)."
    return line("p", ["class": "failed"], tag("b", [:], HTML("\(failed.count)")) + HTML(text))
  }

  /// The list of experiments at the end of the article, each with its page.
  func provenanceList() -> HTML {
    let blocks = manuscript.experimentsInOrder
    guard !blocks.isEmpty else { return .empty }
    var lead = HTML(
      "Every number above leads to the experiment that it comes from: its specification, every option, the seeds, the "
        + "samples, the digests of data and runs, and the command that computes it again.")
    if let path = paper.resultsPath {
      lead += " " + link(relativeURL(path), "All of it for programs (JSON)") + "."
    }
    let items = blocks.map { block -> HTML in
      let name = "Experiment \(block.number)" + (block.caption.isEmpty ? "" : ": \(plainText(block.caption))")
      return line("li", [:], link(kind.provenance(block.id), HTML(name)))
    }
    return line(
      "section", ["class": "appendix", "aria-labelledby": "provenance"],
      .raw("\n") + line("h2", ["id": "provenance"], "Where the numbers come from") + line("p", [:], lead)
        + line("ul", ["class": "plain"], .raw("\n") + items.joined()))
  }
}
