// Serves parse: the stage from top to bottom, the files of a paper in and a manuscript out.
import Diagnostics
import Specification

/// Reads the paper in `folder`; mistakes go into `diagnostics`.
///
/// The result is `nil` when paper.yml cannot be used. When anything else is wrong, the rest of the manuscript is
/// still returned, so that other stages can report their mistakes too; ask `diagnostics.hasErrors`.
public func parsePaper(folder: String, _ diagnostics: inout Diagnostics) -> Manuscript? {
  diagnostics.collect { _ in try PaperFiles(folder: folder) }.flatMap { parsePaper($0, &diagnostics) }
}

/// Reads a paper from its files; mistakes go into `diagnostics`.
public func parsePaper(_ files: PaperFiles, _ diagnostics: inout Diagnostics) -> Manuscript? {
  guard let configuration = PaperConfiguration(files.configuration, &diagnostics) else { return nil }
  var builder = DocumentBuilder(
    macros: configuration.math, allowsElements: configuration.allowsElements, files: files)
  let bibliography = readBibliography(configuration, files, &builder.diagnostics)
  let abstract = readText("abstract", configuration, files, &builder)
  let sections = readSections(configuration, files, &builder)
  let statement = readText("statement", configuration, files, &builder)
  builder.checkReferences()
  builder.checkErrata()
  let cited = builder.checkCitations(bibliography)
  diagnostics.add(contentsOf: builder.diagnostics.all)
  return Manuscript(
    configuration: configuration, abstract: abstract, statement: statement, sections: sections,
    footnotes: builder.footnotes, blocks: builder.blocks, values: builder.values,
    targets: builder.registry.targets, errata: builder.errata, images: builder.images,
    bibliography: bibliography,
    citedKeys: configuration.citationStyle.isAlphabetical ? bibliography.sortedByName(cited) : cited)
}

private func readSections(
  _ configuration: PaperConfiguration, _ files: PaperFiles, _ builder: inout DocumentBuilder
) -> [Section] {
  var sections: [Section] = []
  for name in configuration.sections {
    if let first = configuration.sections.first(where: { $0.path == name.path }),
      first.position != name.position
    {
      builder.diagnostics.add(
        Diagnostic(
          rule: "duplicate-section", "the section '\(name.path)' stands twice", at: name.position,
          length: name.path.utf8.count))
    } else if let source = read(name, files, &builder.diagnostics),
      let text = source.checkedText(&builder.diagnostics)
    {
      sections.append(builder.section(name.path, file: source.path, text: text))
    }
  }
  return sections
}

/// A Markdown text inside paper.yml.
private func readText(
  _ key: String, _ configuration: PaperConfiguration, _ files: PaperFiles, _ builder: inout DocumentBuilder
) -> [Block] {
  guard let node = configuration.node[key], let text = node.text else { return [] }
  let source = files.configuration
  let lines = SourceLines(file: source.path, text: String(decoding: source.bytes, as: UTF8.self))
  return builder.blocks(inYAML: text, lines: lines, at: node.position.line)
}

private func readBibliography(
  _ configuration: PaperConfiguration, _ files: PaperFiles, _ diagnostics: inout Diagnostics
) -> Bibliography {
  guard let name = configuration.bibliography, let source = read(name, files, &diagnostics),
    let text = source.checkedText(&diagnostics)
  else { return Bibliography(entries: [:]) }
  return name.path.lowercased().hasSuffix(".json")
    ? Bibliography(cslJSON: text, file: source.path, &diagnostics)
    : Bibliography(bibTeX: text, file: source.path, &diagnostics)
}

func read(
  _ name: PaperConfiguration.FileName, _ files: PaperFiles, _ diagnostics: inout Diagnostics
) -> SourceText? {
  func refuse(_ reason: String, rule: String) {
    diagnostics.add(
      Diagnostic(
        rule: rule, "cannot read '\(name.path)': \(reason)", at: name.position, length: name.path.utf8.count))
  }
  guard staysInside(name.path) else {
    refuse("the path leaves the paper's folder", rule: "path-outside")
    return nil
  }
  do {
    return try files.read(name.path)
  } catch {
    refuse(error.reason, rule: "unreadable-file")
    return nil
  }
}

extension DocumentBuilder {
  /// Every `@id` must have a target, every `{verdict}` a claim.
  fileprivate mutating func checkReferences() {
    for reference in references where registry.targets[reference.id] == nil {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-reference", "there is no '\(reference.id)'", at: reference.position,
          length: reference.id.utf8.count + 1,
          hint: nameHint(for: reference.id, in: registry.targets.keys.sorted())))
    }
  }

  /// The cited keys in order of first citation; unknown keys are errors, uncited entries warnings.
  fileprivate mutating func checkCitations(_ bibliography: Bibliography) -> [String] {
    var cited: [String] = []
    var seen: Set<String> = []
    for item in citations {
      if bibliography.entries[item.key] == nil {
        let known = bibliography.entries.keys.sorted() + registry.targets.keys.sorted()
        diagnostics.add(
          Diagnostic(
            rule: "unknown-citation", "the bibliography has no '\(item.key)'", at: item.position,
            length: item.key.utf8.count + 1,
            hint: nearestName(to: item.key, in: known).map { "did you mean '\($0)'?" }
              ?? "write \\@ for an @ that cites nothing"))
      } else if seen.insert(item.key).inserted {
        cited.append(item.key)
      }
    }
    for entry in bibliography.entries.values where !seen.contains(entry.key) {
      diagnostics.add(
        Diagnostic(
          .warning, rule: "unused-entry", "nothing cites '\(entry.key)'", at: entry.position,
          length: entry.key.utf8.count))
    }
    return cited
  }
}
