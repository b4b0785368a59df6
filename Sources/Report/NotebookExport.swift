// Serves export: a resolved paper as a Jupyter notebook (nbformat 4.5).
import Manuscript
import Specification

/// The paper as a notebook: a cell of Markdown for each section, and a cell of code that reads the numbers.
public func notebookExport(_ paper: ResolvedPaper) -> Value {
  let writer = MarkdownWriter(paper)
  let configuration = paper.manuscript.configuration
  var cells = [markdownCell("title", "# \(writer.escape(configuration.title))\n\n\(writer.front())")]
  for (index, section) in writer.sections().enumerated() {
    cells.append(markdownCell("section-\(index + 1)", section))
  }
  cells.append(codeCell("numbers", readingNumbers))
  for (id, text) in [("references", writer.references()), ("notes", writer.footnotes())] where !text.isEmpty {
    cells.append(markdownCell(id, text))
  }
  let metadata: Value = [
    "kernelspec": ["display_name": "Python 3", "language": "python", "name": "python3"],
    "language_info": ["name": "python"], "title": .string(configuration.title),
  ]
  return ["cells": .array(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5]
}

/// Shows a reader how to go on with the published numbers.
private let readingNumbers = """
  import json

  with open("results.json") as file:
      results = json.load(file)
  for value in results["values"][:10]:
      print(value["text"], "=", value["expression"])
  """

private func markdownCell(_ id: String, _ text: String) -> Value {
  ["cell_type": "markdown", "id": .string(id), "metadata": [:], "source": lines(text)]
}

private func codeCell(_ id: String, _ text: String) -> Value {
  [
    "cell_type": "code", "execution_count": .null, "id": .string(id), "metadata": [:], "outputs": [],
    "source": lines(text),
  ]
}

/// The lines of a text, each but the last with its end, as notebooks keep them.
private func lines(_ text: String) -> Value {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  return .array(lines.enumerated().map { .string(String($1) + ($0 < lines.count - 1 ? "\n" : "")) })
}
