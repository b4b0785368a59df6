// The built command as a process: what a user does, sees and gets.
import Foundation
import Testing

@Suite(.serialized) struct CommandTests {
  @Test func aPaperIsBuiltOnceAndThenOnlyWhatChanged() throws {
    let project = try Project()
    let first = try project.run("build")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("6 runs (6 new); claims: 1 supported"))
    let page = try project.read("output/small/index.html")
    #expect(page.contains("A small paper"))
    #expect(!page.contains("<script"))
    let lock = try project.read("papers/small/offprint.lock")
    #expect(lock.split(separator: "\n").count == 6)
    let report = try project.report()
    #expect(report.keys.contains("small/figures/fig-width-dark.png"))

    let second = try project.run("build")
    #expect(second.output.contains("6 runs (none new)"))
    #expect(try project.report() == report)

    try project.edit("With 16 units", "With sixteen units")
    #expect(try project.run("build").output.contains("(none new)"))
    #expect(try project.read("output/small/index.html").contains("With sixteen units"))

    try project.edit("default: 3", "default: 4")
    #expect(try project.run("build").output.contains("8 runs (2 new)"))
    try project.edit("lr: 0.2", "lr: 0.3")
    #expect(try project.run("build").output.contains("8 runs (8 new)"))
  }

  /// The report is the same bytes in another folder, with other workers, locale, time zone and instruction set.
  @Test func theReportDependsOnThePaperAlone() throws {
    let (a, b) = (try Project(), try Project())
    #expect(
      try a.run("build", "-j", "1", environment: ["OFFPRINT_ISA": "scalar", "TZ": "Asia/Kathmandu"]).status
        == 0)
    #expect(
      try b.run("build", "-j", "3", environment: ["LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"]).status == 0
    )
    #expect(try a.report() == b.report())
    #expect(try a.read("papers/small/offprint.lock") == b.read("papers/small/offprint.lock"))
  }

  @Test func verifyProvesTheLockAndNamesTheStep() throws {
    let project = try Project()
    try project.run("build")
    let proven = try project.run("verify")
    #expect(proven.status == 0, "\(proven.output)\(proven.errors)")
    #expect(proven.output.contains("6 of 6 runs agree"))
    let sample = try project.run("verify", "--sample", "2")
    #expect(
      sample.output.contains("2 of 2 runs agree with the lock (of 6); with 95 % confidence at least 22.3 %"))
    let lock = try project.read("papers/small/offprint.lock")
    let line = try #require(lock.split(separator: "\n").first)
    let forged = line.prefix(65) + String(repeating: "0", count: 64)
    try project.write("papers/small/offprint.lock", lock.replacingOccurrences(of: line, with: forged))
    let rebuilt = try project.run("build")
    #expect(rebuilt.status == 3)
    #expect(rebuilt.errors.contains("error[lock]: exp-width ["))
    #expect(try project.read("papers/small/offprint.lock").contains(forged))
    let refuted = try project.run("verify")
    #expect(refuted.status == 3)
    #expect(refuted.output.contains("differs: exp-width"))
    try project.write("papers/small/offprint.lock", "rubbish\n")
    let broken = try project.run("verify")
    #expect(broken.status == 1)
    #expect(broken.errors.contains("papers/small/offprint.lock:1:1: error[lock]"))
  }

  @Test func aDamagedRecordIsReportedAndMadeAgain() throws {
    let project = try Project()
    try project.run("build")
    let store = "\(project.folder)/.offprint/store"
    let record = try #require(
      try FileManager.default.subpathsOfDirectory(atPath: store).first { $0.hasSuffix(".json") })
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(store)/\(record)"))
    let again = try project.run("build")
    #expect(again.status == 0)
    #expect(again.errors.contains("warning[store]: made again: exp-width"))
    #expect(again.output.contains("(1 new)"))
  }

  @Test func anInterruptedBuildGoesOnWhereItWas() throws {
    let project = try Project()
    try project.edit("steps: 60", "steps: 100000")
    try project.edit("default: 3", "default: 6")
    let (process, _, errors) = try project.start(["build", "-j", "1"])
    let store = "\(project.folder)/.offprint/store"
    func stored() -> Int {
      ((try? FileManager.default.subpathsOfDirectory(atPath: store)) ?? []).count { $0.hasSuffix(".json") }
    }
    for _ in 0..<1200 where stored() < 2 { Thread.sleep(forTimeInterval: 0.05) }
    process.interrupt()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(said.contains("interrupted: finished runs are in the store"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/output/small/index.html"))
    let before = stored()
    #expect(before >= 2 && before < 12)
    let rest = try project.run("build")
    #expect(rest.output.contains("12 runs (\(12 - before) new)"))
  }

  @Test func aKilledWorkerEndsOneRunAndTheOthersGoOn() throws {
    let project = try Project()
    try project.edit("steps: 60", "steps: 100000")
    try project.edit("default: 3", "default: 2")
    let (process, output, errors) = try project.start(["build", "-j", "1"])
    let children = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
    var worker: Int32?
    for _ in 0..<1200 where worker == nil {
      Thread.sleep(forTimeInterval: 0.02)
      worker = (try? String(contentsOfFile: children, encoding: .utf8))?.split(separator: " ").first.flatMap {
        Int32($0)
      }
    }
    kill(try #require(worker), SIGKILL)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(said.contains("the worker ended with signal 9"))
    #expect(said.contains("error[run]: exp-width ["))
    #expect(printed.contains("4 runs (3 new)"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/papers/small/offprint.lock"))
    let page = try project.read("output/small/index.html")
    #expect(page.contains("the worker ended with signal 9"))
    #expect(printed.contains("1 not judged"))
    #expect(page.contains("a claim is judged on all of them or not at all"))
    let rest = try project.run("build")
    #expect(rest.output.contains("4 runs (1 new)"))
    #expect(rest.status == 0)
  }

  @Test func mistakesStopEverythingBeforeAnyRun() throws {
    let project = try Project()
    try project.edit("width=16].test_accuracy | %", "width=17].test_acuracy | %")
    try project.edit("data: exp-width\nmark", "data: exp-with\nmark")
    try project.edit("@fig-width and", "@fig-wdith [@nobody] and")
    let outcome = try project.run("build")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("papers/small/text.md:3:"))
    #expect(outcome.errors.contains("'test_acuracy'"))
    #expect(outcome.errors.contains("did you mean 'test_accuracy'?"))
    #expect(outcome.errors.contains("fig-wdith"))
    #expect(outcome.errors.contains("nobody"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/.offprint"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/output"))
    #expect(try project.run("check").status == 1)
  }

  @Test func aReadOnlyOutputFolderIsAnErrorBeforeAnyRun() throws {
    let project = try Project()
    let outcome = try project.run("build", "--output", "/proc/output")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("error[file]: cannot make the folder /proc/output"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/.offprint/store"))
  }

  @Test func planStatusAndExplainRunNothing() throws {
    let project = try Project()
    let plan = try project.run("plan")
    #expect(plan.output.contains("exp-width"))
    #expect(plan.output.contains("6"))
    #expect(try project.run("status").output.contains("lock: none"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/.offprint"))
    let explained = try project.run("explain", "label_noise")
    #expect(explained.output.contains("Fraction of the training examples"))
    let unknown = try project.run("explain", "label_nose")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("did you mean 'label_noise'?"))
    #expect(try project.run("explain").output.contains("iterative-pruning"))
    #expect(try project.run("check").output.contains("no mistakes"))
  }

  @Test func aSelectionHoldsForEveryCommand() throws {
    let project = try Project()
    try project.write(
      "papers/small/more.md",
      "# More {#sec-more}\n\n```{experiment #exp-more}\ndata: {name: digits, train: 100, test: 50}\n"
        + "model: {mlp: [4]}\ntrain: {lr: 0.2, batch: 20, steps: 20}\nseeds: 2\n```\n")
    let configuration = try project.read("papers/small/paper.yml")
    try project.write(
      "papers/small/paper.yml",
      configuration.replacingOccurrences(of: "[text.md]", with: "[text.md, more.md]"))
    for selection in [["--only", "exp-more"], ["--section", "more"], ["--section", "sec-more"]] {
      let plan = try project.run("plan", selection[0], selection[1])
      #expect(plan.output.contains("exp-more") && !plan.output.contains("exp-width"), "\(plan.output)")
      let status = try project.run("status", selection[0], selection[1])
      #expect(status.output.contains("exp-more") && !status.output.contains("exp-width"))
    }
    let built = try project.run("build", "--section", "more.md")
    #expect(built.output.contains("(2 new)"), "\(built.output)\(built.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/papers/small/offprint.lock"))
    #expect(try project.run("plan", "--only", "exp-moar").errors.contains("did you mean 'exp-more'?"))
    #expect(try project.run("plan", "--section", "moar").errors.contains("has no section 'moar'"))
    // Both: what the section has of the named ones.
    let both = try project.run("plan", "--only", "exp-more,exp-width", "--section", "text")
    #expect(both.output.contains("exp-width") && !both.output.contains("exp-more"))
  }

  @Test func wrongUsage() throws {
    let project = try Project()
    #expect(try project.run("bild").status == 64)
    #expect(try project.run("build", "-j", "0").status == 64)
    #expect(try project.run("build", "nowhere").status == 1)
    #expect(try project.run("build", "--profile", "huge").errors.contains("the paper has no profile 'huge'"))
    #expect(try project.run("build", "--only", "exp-wdth").errors.contains("did you mean 'exp-width'?"))
    #expect(
      try project.run("build", environment: ["OFFPRINT_ISA": "mmx"]).errors.contains("OFFPRINT_ISA is 'mmx'"))
  }

  @Test func strictClaimsEndWithStatusTwo() throws {
    let project = try Project()
    try project.edit("> exp-width[width=2]", "< exp-width[width=2]")
    let outcome = try project.run("build", "--strict-claims")
    #expect(outcome.output.contains("1 contradicted"))
    #expect(outcome.status == 2)
  }

  @Test func smokeJudgesNothingAndLeavesTheLockAlone() throws {
    let project = try Project()
    let outcome = try project.run("build", "-p", "smoke")
    #expect(outcome.output.contains("2 runs (2 new); claims: 1 not judged"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/papers/small/offprint.lock"))
    #expect(try project.read("output/small/index.html").contains("draft"))
  }

  @Test func aNewPaperBuildsAndCleanRemovesOnlyWhatIsNotNeeded() throws {
    let project = try Project()
    try project.run("build")
    #expect(try project.run("new", "papers/fresh").status == 0)
    #expect(try project.run("new", "papers/fresh").errors.contains("is a paper already"))
    let built = try project.run("build", "papers/fresh", "-p", "smoke")
    #expect(built.status == 0, "\(built.errors)")
    #expect(try project.run("clean", "--dry-run").output.contains("would remove 0 records"))
    try project.edit("lr: 0.2", "lr: 0.25")
    #expect(try project.run("clean", "--dry-run").output.contains("would remove 6 records"))
    #expect(try project.run("clean").output.contains("removed 6 records"))
    #expect(try project.run("build", "papers/fresh", "-p", "smoke").output.contains("(none new)"))
  }

  @Test func schemaAndDataArePrinted() throws {
    let project = try Project()
    #expect(try project.run("schema").output.contains("\"label_noise\""))
    let data = try project.run("data").output
    #expect(data.contains("digits: 1347 training") || data.contains("digits: "))
    #expect(data.contains("mnist1d: 4000 training and 1000 test examples of 40"))
  }

  @Test func aLiteralThatRepeatsAValueIsFlagged() throws {
    let project = try Project()
    try project.edit(
      "see @fig-width", "(`{val} exp-width[width=16].steps`, that is, 60.5 or 4,000) see @fig-width")
    #expect(!(try project.run("build").errors.contains("unbound-number")))
    try project.edit("steps: 60", "steps: 160")
    try project.edit("60.5 or 4,000", "160 steps")
    let outcome = try project.run("build")
    #expect(outcome.errors.contains("warning[unbound-number]: the text has the number 160 beside this value"))
    #expect(outcome.errors.contains("papers/small/text.md:3:"))
    #expect(try project.run("build", "--strict").status == 1)
  }

  @Test func aTableOfAnExperimentHasACellForEachValue() throws {
    let project = try Project()
    try project.edit(
      "```{claim #clm-width}",
      "```{table #tbl-width}\ndata: exp-width\nrows: width\nvalue: test_accuracy\nformat: \"%\"\ntbl-cap: By width.\n```\n\n```{claim #clm-width}"
    )
    let outcome = try project.run("build")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let page = try project.read("output/small/index.html")
    #expect(page.contains("By width."))
    try project.edit("rows: width", "rows: widht")
    #expect(try project.run("build").errors.contains("exp-width has no axis 'widht'"))
  }

  @Test func limitsOfAPaperAreKept() throws {
    let project = try Project()
    let configuration = try project.read("papers/small/paper.yml")
    try project.write("papers/small/paper.yml", configuration + "limits: {runs: 5}\n")
    let outcome = try project.run("build")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains("papers/small/paper.yml:5:9: error[limit]: the profile 'default' has 6 runs"))
    try project.write("papers/small/paper.yml", configuration + "limits: {core_hours: 1.0e-9}\n")
    #expect(try project.run("check").errors.contains("error[limit]"))
    #expect(!FileManager.default.fileExists(atPath: "\(project.folder)/.offprint"))
  }
}
