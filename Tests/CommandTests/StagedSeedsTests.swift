// Numbers of seeds that the first seeds decide, from the command's side.
import Foundation
import Testing

@Suite(.serialized) struct StagedSeedsTests {
  private let rule =
    "seeds: {smoke: 1, default: {first: 3, until: {ci95: 0.03, of: \"exp-width[width=16].test_accuracy\"}, at_most: 9}}"

  private func project(_ rule: String) throws -> Project {
    let project = try Project()
    try project.edit("seeds: {smoke: 1, default: 3}", rule)
    return project
  }

  private func locked(_ project: Project) throws -> Int {
    try project.read("papers/small/offprint.lock").split(separator: "\n").count
  }

  @Test func theFirstSeedsDecideHowManyThereAre() throws {
    let project = try project(rule)
    let first = try project.run("build")
    #expect(first.status == 0, "\(first.errors)")
    let runs = try locked(project)
    #expect(runs > 6 && runs <= 18 && runs % 2 == 0)
    #expect(first.output.contains("\(runs) runs (\(runs) new)"), "\(first.output)")
    #expect(try project.run("build").output.contains("\(runs) runs (none new)"))
    let page = try project.read("output/small/index.html")
    #expect(page.contains("n = \(runs / 2) seeds"))
    // Without the store, the lock says how many there were; verifying proves all of them.
    try FileManager.default.removeItem(atPath: project.folder + "/.offprint")
    #expect(try project.run("plan").output.contains(" \(runs) "))
    let verified = try project.run("verify")
    #expect(
      verified.status == 0 && verified.output.contains("\(runs) of \(runs) runs agree"), "\(verified.output)")
    // Every run up to at_most is kept: a later decision may need it.
    _ = try project.run("build")
    #expect(try project.run("clean").output.contains("removed 0 records"))
  }

  @Test func aShortIntervalNeedsNoMoreSeedsAndATooShortOneIsSaidToBe() throws {
    let wide = try project(rule.replacingOccurrences(of: "0.03", with: "10"))
    #expect(try wide.run("build").output.contains("6 runs (6 new)"))
    let narrow = try project(
      rule.replacingOccurrences(of: "0.03", with: "1e-6").replacingOccurrences(
        of: "at_most: 9", with: "at_most: 4"))
    let built = try narrow.run("build")
    #expect(built.output.contains("8 runs (8 new)"), "\(built.output)")
    #expect(built.errors.contains("warning[seeds]: exp-width would need"), "\(built.errors)")
  }

  @Test func mistakesInTheRuleAreNamed() throws {
    for (old, new, message) in [
      ("exp-width[width=16].test_accuracy\"", "exp-width[width=17].test_accuracy\"", "error[unknown-value]"),
      ("exp-width[width=16].test_accuracy\"", "exp-width.test_accuracy\"", "error[axis-not-fixed]"),
      ("of: ", "off: ", "did you mean 'of'?"),
      ("at_most: 9", "at_most: 2", "expected"),
      ("first: 3", "first: 2", "a whole number in 3…1000"),
      ("at_most: 9", "at most: 9", "did you mean 'at_most'?"),
    ] {
      let project = try project(rule.replacingOccurrences(of: old, with: new))
      let checked = try project.run("check")
      #expect(checked.status == 1 && checked.errors.contains(message), "\(checked.errors)")
    }
  }
}
