// Serves write: where links lead, which depends on the page that they stand on.
import Manuscript

/// The page that is being written, as far as links care.
enum PageKind {
  /// The article, with a page for the provenance of each experiment.
  case article
  /// The provenance of an experiment, one folder below the article.
  case provenance
  /// A section of the article on a page of its own, beside the article's.
  case section
  /// A page that holds article and provenance.
  case standalone
}

extension PageKind {
  private var root: String { self == .provenance ? "../" : "" }

  /// A link to a file of the report.
  func file(_ path: String) -> String { root + relativeURL(path) }

  /// A link to the provenance of an experiment, or to a place in it.
  func provenance(_ experiment: String, _ anchor: String? = nil) -> String {
    if self == .standalone { return "#" + (anchor ?? "prov-\(experiment)") }
    return file(provenancePath(experiment)) + (anchor.map { "#\($0)" } ?? "")
  }
}

/// The path of the page that says where the numbers of an experiment come from.
public func provenancePath(_ experiment: String) -> String { "provenance/\(experiment).html" }

extension PageKind {
  /// The place of a claim’s test or a figure’s numbers, which has the block’s id where that is not taken.
  func anchor(_ block: String) -> String { self == .standalone ? "of-\(block)" : block }
}

extension PageRenderer {
  /// A link to something in the article, which may stand on another page.
  func address(_ id: String) -> String {
    if kind == .standalone { return "#\(id)" }
    let home = places[id] ?? "index.html"
    if kind == .provenance { return "../\(home)#\(id)" }
    return home == path ? "#\(id)" : "\(home)#\(id)"
  }
}

/// The path of the page of each section, in order; the article's own when it is one page.
func sectionPaths(_ manuscript: Manuscript) -> [String] {
  guard manuscript.configuration.layout == .sections else {
    return manuscript.sections.map { _ in "index.html" }
  }
  var paths: [String] = []
  for section in manuscript.sections {
    var stem = section.path.split(separator: "/").joined(separator: "-")
    if let dot = stem.lastIndex(of: ".") { stem = String(stem[..<dot]) }
    if stem.isEmpty || stem.lowercased() == "index" { stem = "section-\(stem)" }
    while paths.contains("\(stem).html") { stem += "-" }
    paths.append("\(stem).html")
  }
  return paths
}

/// The page on which everything that can be linked to stands, by id.
func pagePlaces(_ manuscript: Manuscript, _ paths: [String]) -> [String: String] {
  var places: [String: String] = [:]
  for (section, path) in zip(manuscript.sections, paths) where path != "index.html" {
    for id in section.blocks.flatMap(\.ids) { places[id] = path }
  }
  return places
}

extension Block {
  /// The ids of the block and of what it holds.
  fileprivate var ids: [String] {
    switch self {
    case .heading(let heading): [heading.id]
    case .equation(let equation): [equation.id].compactMap(\.self)
    case .paper(let block): [block.id]
    case .quote(let blocks): blocks.flatMap(\.ids)
    case .callout(let callout): callout.ids + callout.blocks.flatMap(\.ids)
    case .list(let list): list.items.flatMap { $0.blocks.flatMap(\.ids) }
    case .paragraph, .definitions, .table, .code, .thematicBreak, .html: []
    }
  }

  /// The headings of the block and of what it holds.
  var allHeadings: [Heading] {
    switch self {
    case .heading(let heading): [heading]
    case .quote(let blocks): blocks.flatMap(\.allHeadings)
    case .callout(let callout): callout.blocks.flatMap(\.allHeadings)
    case .list(let list): list.items.flatMap { $0.blocks.flatMap(\.allHeadings) }
    default: []
    }
  }
}
