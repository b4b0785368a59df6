// Serves write: where links lead, which depends on the page that they stand on.

/// The page that is being written, as far as links care.
enum PageKind {
  /// The article, with a page for the provenance of each experiment.
  case article
  /// The provenance of an experiment, one folder below the article.
  case provenance
  /// A page that holds article and provenance.
  case standalone
}

extension PageKind {
  private var root: String { self == .provenance ? "../" : "" }

  /// A link to something in the article.
  func article(_ id: String) -> String { self == .provenance ? "../index.html#\(id)" : "#\(id)" }

  /// A link to a file of the report.
  func file(_ path: String) -> String { root + relativeURL(path) }

  /// A link to the provenance of an experiment, or to a place in it.
  func provenance(_ experiment: String, _ anchor: String? = nil) -> String {
    if self == .standalone { return "#" + (anchor ?? "prov-\(experiment)") }
    return file(provenancePath(experiment)) + (anchor.map { "#\($0)" } ?? "")
  }
}

/// The path of the page that says where the numbers of an experiment come from.
func provenancePath(_ experiment: String) -> String { "provenance/\(experiment).html" }

extension PageKind {
  /// The place of a claim’s test or a figure’s numbers, which has the block’s id where that is not taken.
  func anchor(_ block: String) -> String { self == .standalone ? "of-\(block)" : block }
}
