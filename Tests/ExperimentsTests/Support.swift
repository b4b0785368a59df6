// What the tests of protocols and measurements share.
import Datasets
import Diagnostics
import Experiments
import Specification
import Tables

let testLibrary = DatasetLibrary(searchPath: [])

/// Plans an experiment; every value as in the default profile.
func planned(_ yaml: String) throws -> (Experiment?, [Diagnostic]) {
  let body = try Node(yaml: yaml, origin: SourcePosition(file: "paper.md", line: 10, column: 1))
  var diagnostics = Diagnostics()
  let planner = ExperimentPlanner(
    profile: "default", profiles: ["smoke", "default", "full"], library: testLibrary)
  let experiment = planner.plan(ExperimentBlock(id: "exp-x", body: body), &diagnostics)
  return (experiment, diagnostics.sorted)
}

/// A failure to plan, for tests that expect none.
struct PlanFailure: Error, CustomStringConvertible {
  var description: String
}

/// Plans, runs everything, and gives the tables by suffix.
///
/// Each first run is made twice, and both must agree to the last bit.
func tables(_ yaml: String) throws -> [String: Table] {
  let (experiment, diagnostics) = try planned(yaml)
  guard let experiment, diagnostics.isEmpty else { throw PlanFailure(description: "\(diagnostics)") }
  var results: [String: RunResult] = [:]
  for (index, run) in experiment.runs.enumerated() {
    let context = RunContext(configuration: run.configuration, seed: run.seed, library: testLibrary)
    let result = try run.configuration.run(context)
    if index == 0 {
      let again = try Configuration(try Value(json: run.configuration.value.canonicalJSON.utf8)).run(context)
      guard again.digest == result.digest else { throw PlanFailure(description: "two runs differ") }
      guard run.cost.steps > 0, run.cost.operations >= 0 else { throw PlanFailure(description: "no cost") }
    }
    results[run.key] = result
  }
  let filled = experiment.tables { results[$0.key] }
  return Dictionary(uniqueKeysWithValues: filled.map { (String($0.name.dropFirst("exp-x".count)), $0) })
}

extension Table {
  /// The numbers of a column, rows without a number left out.
  func numbers(_ name: String) -> [Double] {
    guard let place = index(of: name) else { return [] }
    return rows.compactMap { $0[place].number }
  }

  /// The labels of a column.
  func labels(_ name: String) -> [String] {
    guard let place = index(of: name) else { return [] }
    return rows.map { $0[place].label }
  }

  /// The number in the first row whose cells have these labels.
  func number(_ name: String, where cells: [String: String] = [:]) -> Double? {
    guard let place = index(of: name) else { return nil }
    return rows.first { row in
      cells.allSatisfy { column, label in index(of: column).map { row[$0].label == label } ?? false }
    }?[place].number
  }
}
