// offprint diff, plan and verify: what changed, how long it takes, where a result differs.
import Foundation
import Testing

@Suite(.serialized) struct DiffTests {
  private func git(_ project: Project, _ arguments: String...) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: project.folder)
    process.standardOutput = Pipe()
    process.standardError = Pipe()
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test func numbersVerdictsAndFiguresOfTwoReports() throws {
    let project = try Project()
    #expect(try project.run("build").status == 0)
    let same = try project.run("diff", "output/small")
    #expect(same.status == 0 && same.output.contains("nothing differs"), "\(same.errors)")
    #expect(try git(project, "init", "-q") && git(project, "add", "papers", "output"))
    #expect(try git(project, "commit", "-qm", "first"))
    try project.edit("steps: 60", "steps: 90")
    try project.edit(
      "width=16].test_accuracy > exp-width[width=2]", "width=2].test_accuracy > exp-width[width=16]")
    #expect(try project.run("build").status == 0)
    let changed = try project.run("diff", "HEAD", "--page", "diff.html")
    #expect(changed.status == 0, "\(changed.errors)")
    #expect(changed.output.contains("HEAD → output/small"))
    #expect(changed.output.contains("runs: 6 new, 6 gone"))
    #expect(changed.output.contains("verdict: clm-width: supported → contradicted"))
    #expect(changed.output.contains("number: exp-width[width=16].test_accuracy: "))
    #expect(changed.output.contains("standard errors"))
    #expect(changed.output.contains("1 of 1 numbers that both have differ"))
    #expect(changed.output.contains("figure: fig-width.png differs"))
    let page = try project.read("diff.html")
    #expect(
      page.components(separatedBy: "src=data:image/png;base64,").count
        + page.components(separatedBy: "src=\"data:image/png;base64,").count == 4)
    #expect(!page.contains("<script"))
    let json = try project.run("diff", "HEAD", "--json")
    let value = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(value["new_runs"] as? Int == 6)
    #expect(try project.run("diff", "papers/small/offprint.lock").output.contains("nothing differs"))
    let unknown = try project.run("diff", "HEAD~7")
    #expect(unknown.status == 1 && unknown.errors.contains("neither a report's folder"), "\(unknown.errors)")
    #expect(try project.run("diff", "--", "--upload-pack=x").status == 1)
  }

  @Test func anotherResultUnderTheSameKeyBreaksTheContract() throws {
    let project = try Project()
    #expect(try project.run("build").status == 0)
    let lock = try project.read("papers/small/offprint.lock")
    let line = try #require(lock.split(separator: "\n").first)
    let other = line.dropLast(64) + String(repeating: "0", count: 64)
    try project.write("other.lock", lock.replacingOccurrences(of: line, with: other))
    let outcome = try project.run("diff", "other.lock")
    #expect(
      outcome.status == 3 && outcome.output.contains("has another result under the same key"),
      "\(outcome.output)")
  }

  @Test func thePlanMeasuresThisMachine() throws {
    let project = try Project()
    let plan = try project.run("plan", "--jobs", "2")
    #expect(plan.status == 0 && plan.output.contains("profile default, 2 workers"), "\(plan.errors)")
    #expect(plan.output.contains("memory"))
    let json = try project.run("plan", "--json")
    let value = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect((value["seconds"] as? Double ?? 0) > 0)
    #expect((value["disk_bytes"] as? Double ?? 0) > 0)
  }

  @Test func withoutAStoreThePublishedTablesSayWhereAResultDiffers() throws {
    let project = try Project()
    try project.edit("seeds: {smoke", "record: {every: 20, metrics: [test_accuracy]}\nseeds: {smoke")
    #expect(try project.run("build").status == 0)
    try FileManager.default.removeItem(atPath: project.folder + "/.offprint")
    // As if the published numbers had come from a machine that computed otherwise from step 40 on.
    let history = "output/small/data/exp-width.history.csv"
    let rows = try project.read(history).split(separator: "\n").map { row -> String in
      row.hasPrefix("2,1,40,")
        ? row.split(separator: ",", omittingEmptySubsequences: false).map {
          $0.hasPrefix("0.") ? "0.125" : String($0)
        }.joined(separator: ",") : String(row)
    }
    try project.write(history, rows.joined(separator: "\n") + "\n")
    let lock = try project.read("papers/small/offprint.lock").split(separator: "\n").map {
      $0.dropLast(64) + String(repeating: "0", count: 64)
    }
    try project.write("papers/small/offprint.lock", lock.joined(separator: "\n") + "\n")
    let outcome = try project.run("verify", "--section", "text")
    #expect(outcome.status == 3)
    #expect(
      outcome.output.contains("differs: exp-width [2] seed 1: test_accuracy at step 40 was 0.125 and is 0."),
      "\(outcome.output)")
    #expect(outcome.output.contains("neither the store nor the published tables say where"))
    let unknown = try project.run("verify", "--section", "sec-width")
    #expect(unknown.status == 1 && unknown.errors.contains("did you mean 'sec-widths'?"), "\(unknown.errors)")
  }
}
