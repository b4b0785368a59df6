// Serves the tests of parse: small papers in memory, and trees as text.
import Diagnostics
import Specification

@testable import Manuscript

/// A paper of one section, its files besides that given by name.
func parse(
  _ section: String, bibliography: String? = nil, configuration: String = ""
) -> (manuscript: Manuscript?, messages: [String]) {
  var files = [
    "paper.yml": "title: T\nsections: [a.md]\n" + (bibliography == nil ? "" : "bibliography: r.bib\n")
      + configuration,
    "a.md": section,
  ]
  files["r.bib"] = bibliography
  var diagnostics = Diagnostics()
  let manuscript = parsePaper(PaperFiles(files), &diagnostics)
  return (manuscript, diagnostics.sorted.map(\.line))
}

/// The blocks of a section that has no mistakes, as an indented tree.
func tree(_ section: String, bibliography: String? = nil) -> String {
  let (manuscript, messages) = parse(section, bibliography: bibliography)
  var text = messages.map { $0 + "\n" }.joined()
  for block in manuscript?.sections.first?.blocks ?? [] { text += block.dump(0) }
  for note in manuscript?.footnotes ?? [] {
    text += "footnote \(note.number)\n" + note.blocks.map { $0.dump(1) }.joined()
  }
  return text
}

extension Diagnostic {
  /// The diagnostic on one line, with everything that it says.
  var line: String {
    let place = position.map { "\($0.file):\($0.line):\($0.column)+\(length): " } ?? ""
    let more = [expected.map { " | expected: \($0)" }, hint.map { " | hint: \($0)" }].compactMap(\.self)
      .joined()
    return "\(place)\(severity.rawValue)[\(rule)]: \(message)\(more)"
  }
}

extension Block {
  func dump(_ level: Int) -> String {
    let indent = String(repeating: "  ", count: level)
    func inner(_ blocks: [Block]) -> String { blocks.map { $0.dump(level + 1) }.joined() }
    switch self {
    case .heading(let heading):
      let classes = heading.classes.map { " .\($0)" }.joined()
      return
        "\(indent)heading \(heading.level) [\(heading.number)] #\(heading.id)\(classes) \(heading.content.dump)\n"
    case .paragraph(let content): return "\(indent)paragraph \(content.dump)\n"
    case .list(let list):
      let kind = list.start.map { "ordered from \($0)" } ?? "bullet"
      return "\(indent)list \(kind)\(list.isTight ? " tight" : "")\n"
        + list.items.map { item in
          indent + "  item" + (item.isDone.map { $0 ? " done" : " open" } ?? "") + "\n"
            + item.blocks.map { $0.dump(level + 2) }.joined()
        }.joined()
    case .table(let table):
      let rows = ([table.header] + table.rows).map { row in
        indent + "  | " + row.map(\.dump).joined(separator: " | ") + "\n"
      }
      return "\(indent)table \(table.alignments.map(\.rawValue).joined(separator: " "))\n" + rows.joined()
    case .definitions(let definitions):
      return "\(indent)definitions\n"
        + definitions.map {
          indent + "  \($0.term.dump): \($0.meanings.map(\.dump).joined(separator: " | "))\n"
        }.joined()
    case .quote(let blocks): return "\(indent)quote\n" + inner(blocks)
    case .callout(let callout):
      return "\(indent)callout \(callout.kind.rawValue) \(callout.title.dump)\n" + inner(callout.blocks)
    case .code(let language, let text): return "\(indent)code \(language) \(text.debugDescription)\n"
    case .equation(let equation):
      return
        "\(indent)equation \(equation.formula.tex.debugDescription) #\(equation.id ?? "") \(equation.number ?? 0)\n"
    case .thematicBreak: return "\(indent)break\n"
    case .html(let text): return "\(indent)html \(text.debugDescription)\n"
    case .paper(let block):
      return "\(indent)\(block.kind.rawValue) \(block.number) #\(block.id) \(block.caption.dump)\n"
        + block.rows.map { row in indent + "  | " + row.map(\.dump).joined(separator: " | ") + "\n" }.joined()
    }
  }
}

extension [Inline] {
  var dump: String { map(\.dump).joined() }
}

extension Inline {
  var dump: String {
    switch self {
    case .text(let text): "'\(text)'"
    case .emphasis(let content): "<em \(content.dump)>"
    case .strong(let content): "<strong \(content.dump)>"
    case .strikethrough(let content): "<del \(content.dump)>"
    case .code(let text): "`\(text)`"
    case .link(let url, let title, let content): "<link \(url) '\(title)' \(content.dump)>"
    case .image(let url, let title, let content): "<image \(url) '\(title)' \(content.dump)>"
    case .html(let text): "<html \(text)>"
    case .element(let name, let content): "<\(name) \(content.dump)>"
    case .softBreak: "⏎"
    case .lineBreak: "<br>"
    case .math(let formula): "$\(formula.tex)$"
    case .value(let value):
      "<val \(value.expression)\(value.options.isEmpty ? "" : " | \(value.options)") @\(value.position.line):\(value.position.column)>"
    case .verdict(let claim, let position): "<verdict \(claim) @\(position.line):\(position.column)>"
    case .reference(let reference):
      "<ref \(reference.id)\(reference.isCapitalised ? " capital" : "")\(reference.isNumberOnly ? " number" : "") @\(reference.position.line):\(reference.position.column)>"
    case .citation(let citation):
      (citation.isTextual ? "<cite-text " : "<cite ")
        + citation.items.map {
          "\($0.prefix.isEmpty ? "" : "'\($0.prefix)' ")\($0.omitsAuthor ? "-" : "")\($0.key)\($0.locator.isEmpty ? "" : ", \($0.locator)") @\($0.position.line):\($0.position.column)"
        }
        .joined(separator: "; ") + ">"
    case .footnote(let number): "<note \(number)>"
    }
  }
}
