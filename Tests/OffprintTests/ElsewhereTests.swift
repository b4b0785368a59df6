// Experiments of other profiles, whose data need not be on this machine.
import Datasets
import Diagnostics
import Experiments
import Manuscript
import Report
import Testing

@testable import Offprint

@Suite struct ElsewhereTests {
  private func plan(
    _ profile: String, profiles: String = "[full]", library: DatasetLibrary = DatasetLibrary(searchPath: [])
  ) -> (plan: PaperPlan?, rules: [String]) {
    let text = """
      ```{experiment #exp-a}
      data: {name: mnist, train: 1000}
      model: {mlp: [5]}
      train: {optimizer: sgd, lr: 0.1, batch: 50, steps: 200}
      seeds: 3
      profiles: \(profiles)
      ```

      ```{claim #clm-a}
      says: It learns.
      assert: exp-a.test_accuracy > 0.3
      ```

      It reaches `{val} exp-a.test_accuracy`.
      """
    var diagnostics = Diagnostics()
    let files = PaperFiles(
      configuration: SourceText(path: "paper.yml", "title: T\nsections: [a.md]\n")
    ) { SourceText(path: $0, text) }
    let plan = parsePaper(files, &diagnostics).flatMap {
      planPaper($0, folder: "p", profile: profile, library: library, &diagnostics)
    }
    return (plan, diagnostics.sorted.map { "\($0.position?.line ?? 0) \($0.rule)" })
  }

  @Test func anotherProfilesExperimentIsCheckedButNotRun() throws {
    let (found, rules) = plan("default")
    #expect(rules == [])
    let plan = try #require(found)
    #expect(plan.runs.isEmpty)
    let resolver = Resolver(plan: plan, results: Results(plan, [:], failures: []))
    let claim = try #require(resolver.claims()["clm-a"])
    #expect(claim.verdict == .notJudged)
    #expect(claim.note == "runs only in the profile “full”")
    #expect(resolver.values().values.map(\.text) == ["–"])
    #expect(
      resolver.elsewhere()["exp-a"]
        == "Runs only in the profile “full”: 3 runs on mnist, about 1 min of one core at 20 GFLOP/s")
  }

  @Test func missingDataLeaveItOutOfItsOwnProfileToo() throws {
    let (found, rules) = plan("full")
    #expect(rules == ["2 data"])
    let left = try #require(found)
    #expect(left.runs.isEmpty)
    #expect(left.elsewhere.map(\.reason) == ["needs data that are not on this machine"])
    let ahead = DatasetLibrary(searchPath: []).withPublishedSizes
    let planned = try #require(plan("full", library: ahead).plan)
    #expect(planned.runs.count == 3)
    #expect(ahead.missing(planned.runs[0].configuration.data) != nil)
  }

  @Test func profilesThatThePaperLacksAreNamed() {
    #expect(plan("default", profiles: "[ful]").rules.contains("6 unknown-profile"))
  }
}
