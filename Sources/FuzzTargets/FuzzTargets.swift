// Feeds arbitrary bytes to every reader of the tool. Used by the fuzzer, and by the tests on the inputs it once found.
import Datasets
import Diagnostics
import Experiments
import Expressions
import Manuscript
import Plotting
import RunStore
import Specification
import Tables
import Training

/// A reader of text or bytes that somebody else may have written.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A section of a paper.
  case manuscript
  /// paper.yml.
  case configuration
  /// A bibliography.
  case bibliography
  /// The body of an experiment block, planned for a profile.
  case experiment
  /// The body of a figure block.
  case figure
  /// An expression, checked and computed.
  case expression
  /// A claim's assertion.
  case assertion
  /// A derived value.
  case derived
  /// JSON, read, written and read again.
  case json
  /// A record of the run store, and the result in it.
  case record
  /// The saved state of a run.
  case state

  /// Reads the bytes; whatever they are, this returns.
  public func read(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    switch self {
    case .manuscript: readPaper(["text.md": text])
    case .configuration: readPaper(["paper.yml": text, "text.md": "# A {#a}\n\n@b\n"])
    case .bibliography: readPaper(["references.bib": text])
    case .experiment: readExperiment(text)
    case .figure: readFigure(text)
    case .expression: readExpression(text)
    case .assertion: readAssertion(text)
    case .derived: readDerived(text)
    case .json: readJSON(bytes)
    case .record: readRecord(bytes)
    case .state: readState(bytes)
    }
  }
}

private let start = SourcePosition(file: "text.md", line: 1, column: 1)

private func readPaper(_ files: [String: String]) {
  var all = [
    "paper.yml": "title: T\nsections: [text.md]\nbibliography: references.bib\n",
    "text.md": "# A {#a}\n\n[@b]\n",
    "references.bib": "@article{b, title={T}, author={A, B}, year={2020}}\n",
  ]
  all.merge(files) { $1 }
  var diagnostics = Diagnostics()
  _ = parsePaper(PaperFiles(all), &diagnostics)
  _ = diagnostics.sorted
}

private func readExperiment(_ text: String) {
  guard let body = try? Node(yaml: text, origin: start) else { return }
  var diagnostics = Diagnostics()
  let planner = ExperimentPlanner(
    profile: "default", profiles: ["smoke", "default"], library: DatasetLibrary(searchPath: []))
  _ = planner.plan(ExperimentBlock(id: "exp-a", body: body), &diagnostics)
}

private func readFigure(_ text: String) {
  guard let body = try? Node(yaml: text, origin: start) else { return }
  var diagnostics = Diagnostics()
  guard let figure = Figure(resolving: body, &diagnostics) else { return }
  _ = figure.check(columns: { $0 == "exp-a" ? table.columns : nil })
}

/// norm × lr × two seeds.
private let table: Table = {
  var table = Table(
    name: "exp-a",
    columns: [
      Column("norm", .axis), Column("lr", .axis), Column("seed", .seed), Column("x", .metric, unit: "nats"),
      Column("y", .metric),
    ])
  for norm in ["none", "batch"] {
    for lr in [0.1, 1, 10] {
      for seed in [1.0, 2] {
        table.rows.append([.text(norm), .number(lr), .number(seed), .number(lr + seed), .number(seed)])
      }
    }
  }
  return table
}()

private func lookUp(_ name: String) -> Table? { name == "exp-a" ? table : nil }

private func readExpression(_ text: String) {
  guard let value = try? FormattedExpression(parsing: text, at: start) else { return }
  _ = value.expression.check(tables: lookUp, names: ["exp-a"])
  if let sample = try? value.expression.evaluate(tables: lookUp) { _ = value.text(of: sample) }
}

private func readAssertion(_ text: String) {
  guard let assertion = try? Assertion(parsing: text, at: start) else { return }
  _ = assertion.check(tables: lookUp, names: ["exp-a"])
  _ = try? assertion.measure(tables: lookUp)
}

private func readDerived(_ text: String) {
  let expression = try? NumberExpression(parsing: text, at: start)
  _ = try? expression?.evaluate({ ["lr": 0.1, "train.batch": 20][$0] }, names: { ["lr", "train.batch"] })
}

private func readJSON(_ bytes: [UInt8]) {
  guard let value = try? Value(json: bytes) else { return }
  let text = value.canonicalJSON
  guard let again = try? Value(json: text.utf8), again == value, again.canonicalJSON == text else {
    preconditionFailure("canonical JSON does not read back: \(text)")
  }
}

private func readRecord(_ bytes: [UInt8]) {
  guard case .found(let record) = RunStore.read(bytes, key: String(repeating: "a", count: 64)) else { return }
  guard let result = RunResult(record.result) else { return }
  guard RunResult(result.value)?.digest == result.digest else {
    preconditionFailure("a result does not read back")
  }
}

private func readState(_ bytes: [UInt8]) {
  var reader = StateReader(bytes)
  while !reader.isAtEnd {
    guard reader.integer() != nil, reader.text() != nil, reader.buffer() != nil,
      reader.list({ $0.buffer() }) != nil, reader.number() != nil, DigestTrail(&reader) != nil
    else { return }
  }
}
