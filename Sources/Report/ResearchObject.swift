// Serves write: the report as a research object (RO-Crate 1.2 with Process Run Crate 0.5) and as a citable work.
import Manuscript
import Specification

/// A published file, as a crate lists it.
public struct PublishedFile: Sendable, Hashable {
  /// Its path, relative to the report.
  public var path: String
  /// How many bytes it has.
  public var size: Int
  /// The digest of its bytes, in hexadecimal.
  public var sha256: String

  /// Describes a file.
  public init(path: String, size: Int, sha256: String) {
    self.path = path
    self.size = size
    self.sha256 = sha256
  }
}

/// The content of ro-crate-metadata.json: the report’s files and an action for each run.
///
/// It has no time stamps: equal results give equal bytes.
public func researchObject(_ paper: ResolvedPaper, files: [PublishedFile]) -> Value {
  let crate = Crate(paper: paper, files: files.sorted { $0.path < $1.path })
  return crate.value(crate.entities + crate.actions)
}

/// `researchObject(_:files:)` as JSON, its end as `crateActions(_:)` made it.
public func researchObject(_ paper: ResolvedPaper, files: [PublishedFile], actions: [UInt8]) -> [UInt8] {
  let crate = Crate(paper: paper, files: files.sorted { $0.path < $1.path })
  let text = crate.value(crate.entities).prettyBytes
  return actions.isEmpty ? text : text.dropLast(graphEnd.utf8.count) + Array(",\n".utf8) + actions
}

/// The end of a crate as JSON, from its first action on: most of it, and a matter of results alone. Empty without runs.
public func crateActions(_ paper: ResolvedPaper) -> [UInt8] {
  let actions = Crate(paper: paper, files: []).actions
  let start = "{\n  \"@graph\": [\n"
  return actions.isEmpty
    ? [] : Array((["@graph": .array(actions)] as Value).prettyBytes.dropFirst(start.utf8.count))
}

/// What follows the last entity of a crate.
private let graphEnd = "\n  ]\n}\n"

private let processProfile = "https://w3id.org/ro/wfrun/process/0.5"
private let engineID = "#offprint"

private struct Crate {
  let paper: ResolvedPaper
  let files: [PublishedFile]

  private var configuration: PaperConfiguration { paper.manuscript.configuration }
  private var experiments: [(id: String, experiment: ResolvedExperiment)] {
    paper.manuscript.experimentsInOrder.compactMap { block in
      paper.experiments[block.id].map { (block.id, $0) }
    }
  }

  var descriptor: Value {
    [
      "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": reference("./"),
      "conformsTo": reference("https://w3id.org/ro/crate/1.2"),
    ]
  }

  func value(_ graph: [Value]) -> Value {
    ["@context": "https://w3id.org/ro/crate/1.2/context", "@graph": .array(graph)]
  }

  /// Everything but the actions.
  var entities: [Value] {
    [descriptor, root] + profiles + [engine] + authors + license + fileEntities + data
  }

  private var root: Value {
    var members: [String: Value] = [
      "@id": "./", "@type": "Dataset", "name": .string(configuration.title),
      "description": .string(PageRenderer(paper).summary), "conformsTo": reference(processProfile),
      "hasPart": .array(files.map { reference(relativeURL($0.path)) }),
      "mentions": .array(distinctRuns.map { reference("#run-\($0)") }),
      "author": .array(authors.compactMap { $0["@id"]?.string }.map(reference)),
      "datePublished": .string(configuration.date ?? "1970-01-01"),
    ]
    if let license = license.first?["@id"]?.string { members["license"] = reference(license) }
    if !configuration.keywords.isEmpty {
      members["keywords"] = .string(configuration.keywords.joined(separator: ", "))
    }
    if let doi = configuration.doi { members["identifier"] = .string("https://doi.org/\(doi)") }
    return .object(members)
  }

  var profiles: [Value] {
    [
      [
        "@id": .string(processProfile), "@type": "CreativeWork", "name": "Process Run Crate",
        "version": "0.5",
      ]
    ]
  }

  var engine: Value {
    [
      "@id": .string(engineID), "@type": "SoftwareApplication", "name": .string(paper.engine.name),
      "softwareVersion": .string("numeric version \(paper.engine.numericVersion)"),
    ]
  }

  var authors: [Value] {
    configuration.authors.enumerated().map { index, author in
      var members: [String: Value] = [
        "@id": .string(author.orcid.map { "https://orcid.org/\($0)" } ?? "#author-\(index + 1)"),
        "@type": "Person", "name": .string(author.name),
      ]
      if let place = author.affiliation { members["affiliation"] = .string(place) }
      return .object(members)
    }
  }

  var license: [Value] {
    guard let name = configuration.license else { return [] }
    return [
      [
        "@id": .string("https://spdx.org/licenses/\(relativeURL(name))"), "@type": "CreativeWork",
        "name": .string(name),
      ]
    ]
  }

  var fileEntities: [Value] {
    files.map { file in
      [
        "@id": .string(relativeURL(file.path)), "@type": "File", "name": .string(file.path),
        "contentSize": .string("\(file.size)"), "sha256": .string(file.sha256),
        "encodingFormat": .string(mediaType(file.path)),
      ]
    }
  }

  /// The datasets, which are read and not published.
  var data: [Value] {
    var seen: Set<String> = []
    return experiments.compactMap { _, experiment in
      guard seen.insert(dataID(experiment)).inserted else { return nil }
      return [
        "@id": .string(dataID(experiment)), "@type": "CreativeWork", "name": .string(experiment.dataName),
        "identifier": .string("sha256:\(experiment.dataDigest)"),
      ]
    }
  }

  private var distinctRuns: [String] {
    var seen: Set<String> = []
    return experiments.flatMap(\.experiment.runs).map(\.key).filter { seen.insert($0).inserted }
  }

  /// One action a run that has a result or failed.
  var actions: [Value] {
    var seen: Set<String> = []
    return experiments.flatMap { id, experiment in
      let data = reference(dataID(experiment))
      let results = experiment.files.map { reference(relativeURL($0.path)) }
      return experiment.runs.compactMap { run in
        seen.insert(run.key).inserted ? action(run, of: id, from: data, to: results) : nil
      }
    }
  }

  private func action(_ run: ResolvedExperiment.Run, of id: String, from data: Value, to results: [Value])
    -> Value
  {
    var members: [String: Value] = [
      "@id": .string("#run-\(run.key)"), "@type": "CreateAction", "name": .string("\(id): \(run.label)"),
      "instrument": reference(engineID), "object": data, "identifier": .string(run.key),
    ]
    if let digest = run.result {
      members["result"] = results.count == 1 ? results[0] : .array(results)
      members["description"] = .string("Digest of the result: \(digest)")
      members["actionStatus"] = reference("http://schema.org/CompletedActionStatus")
    } else {
      members["actionStatus"] = reference("http://schema.org/FailedActionStatus")
      members["error"] = .string(run.failure ?? "no result")
    }
    return .object(members)
  }

  private func dataID(_ experiment: ResolvedExperiment) -> String {
    "#data-\(experiment.dataDigest.prefix(16))"
  }

  private func reference(_ id: String) -> Value { ["@id": .string(id)] }

  private func mediaType(_ path: String) -> String {
    let types = [
      "html": "text/html", "png": "image/png", "csv": "text/csv", "json": "application/json",
      "cff": "text/yaml", "svg": "image/svg+xml", "jpg": "image/jpeg", "jpeg": "image/jpeg",
    ]
    return types[String(path.split(separator: ".").last ?? "").lowercased()] ?? "application/octet-stream"
  }
}

/// The content of CITATION.cff (Citation File Format 1.2.0).
public func citationFile(_ paper: ResolvedPaper) -> String {
  let configuration = paper.manuscript.configuration
  func quoted(_ text: String) -> String { Value.string(text).canonicalJSON }
  var lines = [
    "cff-version: 1.2.0", "message: \"If you use these results, please cite this article.\"", "type: dataset",
    "title: \(quoted(configuration.title))", "authors:",
  ]
  let authors = configuration.authors.isEmpty ? ["anonymous"] : configuration.authors.map(\.name)
  for (index, name) in authors.enumerated() {
    lines.append("  - name: \(quoted(name))")
    guard index < configuration.authors.count else { continue }
    if let orcid = configuration.authors[index].orcid {
      lines.append("    orcid: \"https://orcid.org/\(orcid)\"")
    }
  }
  if let date = configuration.date { lines.append("date-released: \"\(date)\"") }
  if let doi = configuration.doi { lines.append("doi: \(quoted(doi))") }
  if let license = configuration.license { lines.append("license: \(quoted(license))") }
  if let repository = configuration.repository { lines.append("repository-code: \(quoted(repository))") }
  if !configuration.keywords.isEmpty {
    lines.append("keywords:")
    lines += configuration.keywords.map { "  - \(quoted($0))" }
  }
  return lines.joined(separator: "\n") + "\n"
}
