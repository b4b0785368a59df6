// Serves diff: a published report as it was, from a folder or from a git revision.
import Execution
import RunStore
import Specification

/// The numbers, verdicts, results and figures of one report.
struct ReportSnapshot {
  /// How the author called it.
  var name: String
  /// Numbers in the text by expression, each with its samples.
  var values: [String: (text: String, samples: [Double])] = [:]
  /// Expressions in the order of the text.
  var expressions: [String] = []
  /// Claims by id: verdict and what is said.
  var claims: [String: (verdict: String, says: String)] = [:]
  /// Claims in the order of the text.
  var claimOrder: [String] = []
  /// Result digests by run key.
  var digests: [String: String] = [:]
  /// Names of runs by key.
  var labels: [String: String] = [:]
  /// Whether it has numbers and figures; a lock file has not.
  var isReport = false
  /// Pictures of the page in the light theme, by file name.
  var figures: [String: [UInt8]] = [:]
}

/// Why there is nothing to compare.
struct SnapshotError: Error {
  var message: String
  var hint: String?
}

extension ReportSnapshot {
  /// Reads a snapshot: a report's folder, a lock file, or the report of `paper` at a git revision.
  ///
  /// - Parameter output: the folder of the reports, for revisions.
  init(_ name: String, paper: String, output: String) throws {
    if Files.isFolder(name) {
      self.init(name: name)
      try readReport { try Files.read("\(name)/\($0)") }
      figuresFrom(Files.list("\(name)/figures")) { try? Files.read("\(name)/figures/\($0)") }
    } else if Files.exists(name) {
      self.init(name: name)
      digests = try LockFile(reading: name).digests
    } else {
      try self.init(revision: name, folder: "\(output)/\(paperName(paper))")
    }
  }

  private init(revision: String, folder: String) throws {
    // A revision never begins with a hyphen, which git would take for an option.
    guard !revision.hasPrefix("-"),
      runProgram(["git", "rev-parse", "--verify", "--quiet", "\(revision)^{commit}"]) != nil
    else {
      throw SnapshotError(
        message:
          "'\(revision)' is neither a report's folder, nor a lock file, nor a revision of this repository",
        hint: "name a folder such as \(folder), a lock file, or a revision such as HEAD~1")
    }
    self.init(name: revision)
    try readReport { runProgram(["git", "show", "\(revision):./\(folder)/\($0)"]) }
    let listing = runProgram(["git", "ls-tree", "--name-only", revision, "./\(folder)/figures/"]) ?? []
    let names = String(decoding: listing, as: UTF8.self).split(separator: "\n").map {
      String($0.split(separator: "/").last ?? "")
    }
    figuresFrom(names) { runProgram(["git", "show", "\(revision):./\(folder)/figures/\($0)"]) }
  }

  private mutating func figuresFrom(_ names: [String], _ read: (String) -> [UInt8]?) {
    for name in names where name.hasSuffix(".png") && !name.contains("-dark") && !name.contains("-phone") {
      figures[name] = read(name)
    }
  }

  private mutating func readReport(_ read: (String) throws -> [UInt8]?) throws {
    guard let bytes = try read("results.json"), let results = try? Value(json: bytes) else {
      throw SnapshotError(
        message: "there is no results.json in '\(name)'", hint: "'offprint build' writes it")
    }
    isReport = true
    for entry in results["values"]?.array ?? [] {
      guard let expression = entry["expression"]?.string, let text = entry["text"]?.string else { continue }
      if values[expression] == nil { expressions.append(expression) }
      let samples = entry["samples"]?.array?.compactMap { $0.string.flatMap(Double.init) } ?? []
      values[expression] = (text, samples)
    }
    for (id, experiment) in results["experiments"]?.object ?? [:] {
      for run in experiment["runs"]?.array ?? [] {
        guard let key = run["key"]?.string else { continue }
        labels[key] = "\(id) [\(run["label"]?.string ?? "")]"
        digests[key] = run["result"]?.string
      }
    }
    let claims = try read("claims.json").flatMap { try? Value(json: $0) }
    for claim in claims?["claims"]?.array ?? [] {
      guard let id = claim["id"]?.string, let verdict = claim["verdict"]?.string else { continue }
      claimOrder.append(id)
      self.claims[id] = (verdict, claim["says"]?.string ?? "")
    }
  }
}
