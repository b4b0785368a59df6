// Which claims Holm's correction takes together, on made-up results.
import Datasets
import Diagnostics
import Experiments
import Manuscript
import Report
import Tables
import Testing

@testable import Offprint

@Suite struct CorrectionTests {
  /// Two experiments with the same accuracies (0.5, 0.6, 0.7) and a claim each, of p = 0.035.
  private func claims(_ configuration: String) throws -> [String: ResolvedClaim] {
    var diagnostics = Diagnostics()
    let files = PaperFiles(
      configuration: SourceText(path: "paper.yml", "title: T\nsections: [a.md]\n\(configuration)")
    ) { SourceText(path: $0, ["a", "b"].map(section).joined()) }
    let parsed = parsePaper(files, &diagnostics).flatMap {
      planPaper(
        $0, folder: "p", profile: "default", library: DatasetLibrary(searchPath: []), &diagnostics)
    }
    #expect(diagnostics.sorted.filter { $0.severity == .error }.isEmpty)
    let plan = try #require(parsed)
    var results = Results(plan, [:], failures: [])
    for id in ["exp-a", "exp-b"] {
      var runs = try #require(results.tables[id])
      runs.rows = (1...3).map { number in
        runs.columns.map {
          switch $0.name {
          case "seed": .number(Double(number))
          case "test_accuracy": .number(0.4 + 0.1 * Double(number))
          default: .missing
          }
        }
      }
      results.tables[id] = runs
    }
    return Resolver(plan: plan, results: results).claims()
  }

  private func section(_ name: String) -> String {
    """
    ```{experiment #exp-\(name)}
    data: {name: digits, train: 100}
    model: {mlp: [5]}
    train: {optimizer: sgd, lr: 0.1, batch: 50, steps: 2}
    seeds: 3
    ```

    ```{claim #clm-\(name)}
    says: It learns.
    assert: exp-\(name).test_accuracy > 0.3
    ```

    """
  }

  @Test func correctionRunsOverThePaperUnlessItSaysOtherwise() throws {
    let claims = try claims("")
    #expect(claims["clm-a"]?.verdict == .inconclusive)
    #expect(claims["clm-a"]?.overPaper == nil)
  }

  @Test func correctionWithinExperimentsKeepsTheStricterVerdictBeside() throws {
    let claims = try claims("correction: experiment\n")
    #expect(claims["clm-a"]?.verdict == .supported)
    #expect(claims["clm-a"]?.overPaper == .inconclusive)
  }
}
