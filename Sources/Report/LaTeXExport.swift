// Serves export: a resolved paper as LaTeX source that pdfLaTeX compiles, with the report's pictures beside it.
import Manuscript

/// The paper as one LaTeX file, its numbers filled in; pictures are named by their paths in the report.
public func latexExport(_ paper: ResolvedPaper) -> String {
  let writer = LaTeXWriter(paper)
  let parts =
    [writer.preamble(), "\\begin{document}", writer.front()]
    + paper.manuscript.sections.map { writer.blocks($0.blocks) }
    + [writer.statement(), writer.references(), "\\end{document}"]
  return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
}

/// Writes the parts of a paper as LaTeX.
private struct LaTeXWriter {
  let paper: ResolvedPaper
  private let renderer: PageRenderer

  init(_ paper: ResolvedPaper) {
    self.paper = paper
    renderer = PageRenderer(paper)
  }

  private var manuscript: Manuscript { paper.manuscript }
  private var configuration: PaperConfiguration { manuscript.configuration }

  // MARK: Front and back

  /// Numbers of headings, figures and references are the report's: both forms of a paper say the same.
  func preamble() -> String {
    let macros = configuration.math.definitions.joined(separator: "\n")
    return """
      % Written by \(paper.engine.name), profile \(paper.profile.name). Compile with pdflatex, twice.
      \\documentclass[11pt,a4paper]{article}
      \\usepackage[T1]{fontenc}
      \\usepackage[utf8]{inputenc}
      \\usepackage{lmodern,textcomp,microtype,amsmath,amssymb,mathtools,graphicx,longtable,array,booktabs,xcolor}
      \\usepackage[margin=25mm]{geometry}
      \\usepackage[colorlinks,allcolors=blue]{hyperref}
      \\setcounter{secnumdepth}{0}
      \\setlength{\\emergencystretch}{3em}
      \\newcolumntype{L}[1]{>{\\raggedright\\arraybackslash}p{#1}}
      \\DeclareMathOperator*{\\argmax}{arg\\,max}
      \\DeclareMathOperator*{\\argmin}{arg\\,min}
      \\DeclareMathOperator*{\\esssup}{ess\\,sup}
      \\DeclareMathOperator{\\sgn}{sgn}
      \\DeclareMathOperator{\\tr}{tr}
      \\DeclareMathOperator{\\diag}{diag}
      \\DeclareMathOperator{\\rank}{rank}
      \\DeclareMathOperator{\\Var}{Var}
      \\DeclareMathOperator{\\Cov}{Cov}
      \\providecommand{\\omicron}{o}
      \\providecommand{\\iddots}{\\reflectbox{$\\ddots$}}
      \\providecommand{\\llbracket}{[\\![}
      \\providecommand{\\rrbracket}{]\\!]}
      \\providecommand{\\degree}{{}^{\\circ}}
      \\providecommand{\\bm}[1]{\\boldsymbol{#1}}
      \\providecommand{\\mathbbm}[1]{\\mathbb{#1}}
      \\providecommand{\\mathds}[1]{\\mathbb{#1}}
      \\providecommand{\\mathscr}[1]{\\mathcal{#1}}
      \(macros)
      """
  }

  func front() -> String {
    let subtitle = configuration.subtitle.map { "\\\\[.5ex] \\large \(escape($0))" } ?? ""
    let authors = configuration.authors.map { author in
      escape(author.name) + (author.affiliation.map { "\\\\ \\small \(escape($0))" } ?? "")
    }
    var parts = [
      "\\title{\(escape(configuration.title))\(subtitle)}",
      "\\author{\(authors.joined(separator: " \\and "))}",
      "\\date{\(escape(configuration.date.map(readableDate) ?? ""))}", "\\maketitle",
    ]
    if paper.profile.isDraft {
      parts.append(
        "\\begin{center}\\textbf{Draft}: profile \(escape(paper.profile.name)), no results.\\end{center}")
    }
    if !manuscript.abstract.isEmpty {
      parts.append("\\begin{abstract}\n\(blocks(manuscript.abstract))\n\\end{abstract}")
    }
    if !configuration.keywords.isEmpty {
      parts.append("\\noindent\\textbf{Keywords} \(escape(configuration.keywords.joined(separator: ", ")))")
    }
    return parts.joined(separator: "\n")
  }

  func statement() -> String {
    manuscript.statement.isEmpty
      ? "" : "\\section{Data, code and interests}\n\n" + blocks(manuscript.statement)
  }

  func references() -> String {
    guard !manuscript.citedKeys.isEmpty else { return "" }
    let items = manuscript.citedKeys.enumerated().map { index, key in
      let label = configuration.citationStyle.isNumeric ? "[\(index + 1)]" : ""
      return "\\item[\(label.isEmpty ? "" : "{\(label)}")]\\hypertarget{ref-\(index + 1)}{}" + reference(key)
    }
    return "\\section{References}\n\n\\begin{list}{}{\\leftmargin=2.2em\\labelwidth=1.8em}\n"
      + items.joined(separator: "\n") + "\n\\end{list}"
  }

  private func reference(_ key: String) -> String {
    guard let entry = manuscript.bibliography.entries[key] else { return escape(key) }
    let year = configuration.citationStyle.isNumeric ? entry.year : renderer.yearLabels[key]
    let venue = [
      entry["journal"] ?? entry["booktitle"].map { "In \($0)" }, entry["volume"], entry["pages"],
      entry["publisher"],
    ]
    .compactMap(\.self).joined(separator: ", ")
    let words = [
      entry.authors.map(\.listed).joined(separator: ", "), entry["title"] ?? "", venue, year ?? "",
    ]
    let text = words.filter { !$0.isEmpty }.map(escape).joined(separator: ". ") + "."
    if let doi = entry["doi"] {
      return text + " " + link("https://doi.org/" + relativeURL(doi), escape("doi:" + doi))
    }
    if let url = entry["url"], isSafeLink(url) { return text + " " + link(url, escape(url)) }
    return text
  }

  // MARK: Blocks

  func blocks(_ blocks: [Block]) -> String {
    blocks.map { block in
      let notes = block.noteNumbers.map { number in
        let content =
          number <= manuscript.footnotes.count ? self.blocks(manuscript.footnotes[number - 1].blocks) : ""
        return "\\footnotetext[\(number)]{\(content)}"
      }
      return ([self.block(block)] + notes).joined(separator: "\n")
    }.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private func block(_ block: Block) -> String {
    switch block {
    case .heading(let heading): return self.heading(heading)
    case .paragraph(let content): return paragraph(content)
    case .list(let list): return self.list(list)
    case .table(let table): return self.table(table.header.map(inlines), table.rows.map { $0.map(inlines) })
    case .definitions(let definitions):
      let items = definitions.map {
        "\\item[\(inlines($0.term))] " + $0.meanings.map(inlines).joined(separator: "\n\n")
      }
      return environment("description", items.joined(separator: "\n"))
    case .quote(let content): return environment("quote", blocks(content))
    case .callout(let callout):
      let kind = callout.kind.rawValue.prefix(1) + callout.kind.rawValue.dropFirst().lowercased()
      return environment(
        "quote",
        "\(callout.ids.map { "\\phantomsection\\label{\($0)}" }.joined())\\textbf{\(kind).} \\textit{\(inlines(callout.title))}\n\n"
          + blocks(callout.blocks))
    case .code(_, let text): return code(text)
    case .equation(let equation): return self.equation(equation)
    case .thematicBreak: return "\\begin{center}* * *\\end{center}"
    case .html(let text): return code(text)
    case .paper(let block): return paperBlock(block)
    }
  }

  private func environment(_ name: String, _ content: String) -> String {
    "\\begin{\(name)}\n\(content)\n\\end{\(name)}"
  }

  private func heading(_ heading: Heading) -> String {
    let commands = ["section", "subsection", "subsubsection", "paragraph", "subparagraph"]
    let command = commands[max(0, min(heading.level, commands.count) - 1)]
    let number = heading.number.isEmpty ? "" : heading.number + "\\quad "
    // Marks of notes would also go into the contents.
    let plain = escape(renderer.plainText(heading.content))
    return "\\\(command)[\(plain)]{\(number)\(inlines(heading.content))}\\label{\(heading.id)}"
  }

  private func paragraph(_ content: [Inline]) -> String {
    if content.count == 1, case .image(let url, let title, _) = content[0] {
      return environment("center", graphic(url) + (title.isEmpty ? "" : "\\\\ {\\small \(escape(title))}"))
    }
    return inlines(content)
  }

  private func graphic(_ path: String) -> String {
    let isKnown = ["png", "jpg", "jpeg"].contains(path.split(separator: ".").last?.lowercased() ?? "")
    return isKnown
      ? "\\includegraphics[width=\\linewidth]{\\detokenize{\(path)}}" : "\\fbox{\(escape(path))}"
  }

  private func list(_ list: ListBlock) -> String {
    let items = list.items.map { item in
      let mark = item.isDone.map { $0 ? "[$\\boxtimes$]" : "[$\\square$]" } ?? ""
      // A bracket at the start of an item would be its label.
      return "\\item\(mark){} " + blocks(item.blocks)
    }
    let start = list.start.map { $0 == 1 ? "" : "\\setcounter{enumi}{\($0 - 1)}\n" } ?? ""
    return environment(list.start == nil ? "itemize" : "enumerate", start + items.joined(separator: "\n"))
  }

  private func code(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      // Indentation is kept; elsewhere a long line may break.
      let indent = line.prefix { $0 == " " }.count
      let rest = escape(String(line.dropFirst(indent))).replacing("  ", with: "~ ").replacing(
        "-", with: "{-}")
      return String(repeating: "~", count: indent) + rest
    }
    let shown = lines.last == "" ? Array(lines.dropLast()) : lines
    return "{\\small\\ttfamily\\raggedright\\noindent\n"
      + shown.map { $0.isEmpty ? "\\mbox{}" : "\\mbox{}\($0)" }.joined(separator: "\\\\\n") + "\\par}"
  }

  private func equation(_ equation: Equation) -> String {
    let tag = equation.number.map { " \\tag{\($0)}" } ?? ""
    let label = equation.id.map { "\\label{\($0)}" } ?? ""
    return "\\begin{equation*}\(label)\n\(nested(equation.formula.tex))\(tag)\n\\end{equation*}"
  }

  /// A formula whose environments can stand inside another; TeX takes empty lines for the end of a formula.
  private func nested(_ tex: String) -> String {
    var text = tex.split(separator: "\n").joined(separator: "\n")
    let inner = [
      ("align", "aligned"), ("gather", "gathered"), ("multline", "gathered"), ("eqnarray", "aligned"),
      ("alignat", "alignedat"), ("split", "aligned"),
    ]
    for (outer, inner) in inner {
      for name in [outer, outer + "*"] { text = text.replacing("{\(name)}", with: "{\(inner)}") }
    }
    for name in ["equation", "equation*"] {
      text = text.replacing("\\begin{\(name)}", with: "").replacing("\\end{\(name)}", with: "")
    }
    for command in ["\\nonumber", "\\notag"] { text = text.replacing(command, with: "") }
    text = text.replacing("\\mspace{", with: "\\hspace{")
    guard text.utf8.contains(where: { $0 >= 128 }) else { return text }
    return text.map { character in texCommand(for: character).map { "{\($0)}" } ?? String(character) }
      .joined()
  }

  private func paperBlock(_ block: PaperBlock) -> String {
    let caption = inlines(block.caption)
    switch block.kind {
    case .experiment:
      return
        "\\medskip\\noindent\\phantomsection\\textbf{Experiment \(block.number).}\\label{\(block.id)} \(caption)\n\n"
        + code(block.source)
    case .figure:
      guard let figure = paper.figures[block.id] else {
        return "\\textbf{Figure \(block.label).} \(caption)"
      }
      return
        "\\begin{figure}[htbp]\n\\centering\\renewcommand{\\thefigure}{\(block.label)}\n\(graphic(figure.picture.path))\n"
        + "\\caption[]{\(caption)}\\label{\(block.id)}\n\\end{figure}"
    case .figures:
      return "\\medskip\\noindent\\textbf{Figure \(block.label).}\\label{\(block.id)} \(caption)"
    case .claim: return claim(block, caption)
    case .table:
      let table = paper.tables[block.id]
      let summary = table.map { $0.summary.isEmpty ? "" : " " + escape($0.summary) } ?? ""
      let header = table?.header.map(cell) ?? block.header.map(inlines)
      let rows = table?.rows.map { $0.map(cell) } ?? block.rows.map { $0.map(inlines) }
      return
        "\\medskip\\noindent\\phantomsection\\textbf{Table \(block.number).}\\label{\(block.id)} \(caption)\(summary)\n\n"
        + self.table(header, rows)
    }
  }

  private func claim(_ block: PaperBlock, _ caption: String) -> String {
    let claim = paper.claims[block.id]
    let verdict = (claim?.verdict ?? .notJudged).rawValue
    var facts: [String] = []
    if let text = claim?.differenceText, !text.isEmpty { facts.append("Difference \(text).") }
    if let p = claim?.pText { facts.append(p.hasPrefix("<") ? "p \(p)." : "p = \(p).") }
    if let note = claim?.note, !note.isEmpty { facts.append(note + ".") }
    return environment(
      "quote",
      "\\phantomsection\\textbf{Claim \(block.number): \(verdict).}\\label{\(block.id)} \(caption)\n\n{\\small \(escape(facts.joined(separator: " ")))}"
    )
  }

  private func cell(_ cell: ResolvedTable.Cell) -> String {
    switch cell {
    case .inlines(let content): inlines(content)
    case .heading(let text), .text(let text): escape(text)
    case .value(let value): escape(value.text)
    }
  }

  /// A table over several pages; columns are as wide as their text asks for.
  private func table(_ header: [String], _ rows: [[String]]) -> String {
    let count = max(header.count, rows.map(\.count).max() ?? 0)
    guard count > 0 else { return "" }
    let weights = (0..<count).map { column in
      let lengths = ([header] + rows).map { column < $0.count ? $0[column].count : 0 }
      return Double(min(60, max(8, lengths.max() ?? 8)))
    }
    let total = weights.reduce(0, +)
    let columns = weights.map { weight in
      // Two digits after the point, without asking a locale.
      let share = Int(weight / total * 96)
      return "L{0.\(share < 10 ? "0" : "")\(share)\\linewidth}"
    }
    func row(_ cells: [String]) -> String {
      (cells + Array(repeating: "", count: count - cells.count)).map { "{\($0)}" }.joined(separator: " & ")
        + " \\\\"
    }
    var lines = ["\\toprule"]
    if !header.isEmpty {
      lines += [row(header.map { $0.isEmpty ? "" : "\\textbf{\($0)}" }), "\\midrule", "\\endhead"]
    }
    lines += rows.map(row) + ["\\bottomrule"]
    return "{\\small\\setlength{\\tabcolsep}{3pt}\n\\begin{longtable}{@{}\(columns.joined())@{}}\n"
      + lines.joined(separator: "\n") + "\n\\end{longtable}}"
  }

  // MARK: Running text

  func inlines(_ inlines: [Inline]) -> String { inlines.map(inline).joined() }

  private func inline(_ inline: Inline) -> String {
    switch inline {
    case .text(let text): return escape(text)
    case .emphasis(let content): return "\\emph{\(inlines(content))}"
    case .strong(let content): return "\\textbf{\(inlines(content))}"
    case .strikethrough(let content): return "{\\color{gray}[\(inlines(content))]}"
    case .code(let text): return "\\texttt{\(escape(text).replacing("-", with: "{-}"))}"
    case .link(let url, _, let content):
      if url.hasPrefix("#") { return "\\hyperref[\(url.dropFirst())]{\(inlines(content))}" }
      return isSafeLink(url) ? link(url, inlines(content)) : inlines(content)
    case .image(let url, _, _): return graphic(url)
    case .html(let text): return escape(text)
    case .element("sup", let content): return "\\textsuperscript{\(inlines(content))}"
    case .element("sub", let content): return "\\textsubscript{\(inlines(content))}"
    case .element("kbd", let content), .element("samp", let content): return "\\texttt{\(inlines(content))}"
    case .element(_, let content): return inlines(content)
    case .softBreak: return "\n"
    case .lineBreak: return "\\\\\n"
    case .math(let formula): return "$\(nested(formula.tex))$"
    case .value(let reference): return escape(paper.values[reference.index]?.text ?? "–")
    case .verdict(let claim, _): return "\\hyperref[\(claim)]{\\textbf{\(renderer.verdict(claim).rawValue)}}"
    case .reference(let reference):
      let label = manuscript.targets[reference.id]?.label(reference) ?? reference.id
      return "\\hyperref[\(reference.id)]{\(escape(label))}"
    case .citation(let citation): return self.citation(citation)
    case .footnote(let number): return "\\footnotemark[\(number)]"
    }
  }

  private func citation(_ citation: Citation) -> String {
    let style = configuration.citationStyle
    let items = citation.items.map { item -> String in
      let names = manuscript.bibliography.entries[item.key]?.citedNames ?? item.key
      let year = renderer.yearLabels[item.key] ?? "n.d."
      let number = manuscript.citationNumber(item.key) ?? 0
      let isYear = item.omitsAuthor || citation.isTextual
      let label = style.isNumeric ? "\(number)" : isYear ? year : "\(names), \(year)"
      let prefix = item.prefix.isEmpty ? "" : escape(item.prefix) + "~"
      return prefix + "\\hyperlink{ref-\(number)}{\(escape(label))}"
        + (item.locator.isEmpty ? "" : ", " + escape(item.locator))
    }
    let list = style.brackets.open + items.joined(separator: "; ") + style.brackets.close
    guard citation.isTextual, let item = citation.items.first else { return "{\(list)}" }
    return escape(manuscript.bibliography.entries[item.key]?.citedNames ?? item.key) + "~{\(list)}"
  }

  /// A link; the characters that TeX reads itself are escaped in its address.
  private func link(_ url: String, _ content: String) -> String {
    let address = url.map { character in
      character == "\\" ? "\\%5C" : "%#&~_^{}$".contains(character) ? "\\\(character)" : String(character)
    }
    return "\\href{\(address.joined())}{\(content)}"
  }

  private func escape(_ text: String) -> String { text.map(latex).joined() }
}

/// A character as LaTeX prints it.
private func latex(_ character: Character) -> String {
  switch character {
  case "\\": return "\\textbackslash{}"
  case "~": return "\\textasciitilde{}"
  case "^": return "\\textasciicircum{}"
  case "{", "}", "%", "#", "&", "_", "$": return "\\\(character)"
  case "<", ">", "|": return "\\ensuremath{\(character == "|" ? "|" : String(character))}"
  case "\u{A0}": return "~"
  case "\u{202F}", "\u{2009}": return "\\,"
  case "−": return "\\ensuremath{-}"
  case "–", "—", "‘", "’", "“", "”", "…", "•", "±", "×", "÷", "°", "·", "§", "¶", "©", "€", "\n", "\r\n",
    "\t":
    return String(character)
  default: break
  }
  if character.isASCII { return String(character) }
  if let command = texCommand(for: character) { return "\\ensuremath{\(command)}" }
  // T1 has every letter of Latin-1 and Latin Extended-A.
  let code = character.unicodeScalars.first?.value ?? 0
  if character.unicodeScalars.count == 1, (0xC0...0x17F).contains(code) { return String(character) }
  return "\\texttt{["
    + character.unicodeScalars.map { "U+" + String($0.value, radix: 16, uppercase: true) }.joined() + "]}"
}

extension Block {
  /// The notes that the block itself points at, in order, each once; those of blocks inside are theirs.
  fileprivate var noteNumbers: [Int] {
    let texts: [[Inline]] =
      switch self {
      case .heading(let heading): [heading.content]
      case .paragraph(let content): [content]
      case .table(let table): table.header + table.rows.flatMap { $0 }
      case .definitions(let definitions): definitions.flatMap { [$0.term] + $0.meanings }
      case .callout(let callout): [callout.title]
      case .paper(let block): [block.caption] + block.header + block.rows.flatMap { $0 }
      default: []
      }
    var numbers: [Int] = []
    for number in texts.flatMap(\.noteNumbers) where !numbers.contains(number) { numbers.append(number) }
    return numbers
  }
}

extension [Inline] {
  fileprivate var noteNumbers: [Int] {
    flatMap { inline -> [Int] in
      switch inline {
      case .footnote(let number): [number]
      case .emphasis(let content), .strong(let content), .strikethrough(let content),
        .link(_, _, let content),
        .element(_, let content):
        content.noteNumbers
      default: []
      }
    }
  }
}
