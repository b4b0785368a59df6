// Serves verify and build: the experiments of one section of a paper.
import Diagnostics
import Manuscript

/// The experiments of a section, named by its file (`01-batch-normalisation.md`, with or without `.md`) or by the id of a
/// heading in it (`sec-bn`).
///
/// - Throws: `DiagnosticError` when the paper cannot be read or has no such section.
public func experiments(ofSection name: String, paper folder: String) throws -> Set<String> {
  var diagnostics = Diagnostics()
  guard let manuscript = parsePaper(folder: folder, &diagnostics) else {
    throw DiagnosticError(diagnostics.sorted)
  }
  func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
  var names: [String] = []
  for section in manuscript.sections {
    let file = fileName(section.file)
    let stem = file.hasSuffix(".md") ? String(file.dropLast(3)) : file
    let ids = section.blocks.compactMap { block in
      if case .heading(let heading) = block { heading.id } else { nil }
    }
    if [file, stem].contains(name) || ids.contains(name) {
      return Set(manuscript.blocks(.experiment).filter { $0.position.file == section.file }.map(\.id))
    }
    names += [stem] + ids
  }
  throw DiagnosticError(
    rule: "unknown-section", "\(folder) has no section '\(name)'", hint: nameHint(for: name, in: names))
}
