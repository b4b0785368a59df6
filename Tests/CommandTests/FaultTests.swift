// What happens when something goes wrong while runs are made: one clear line, and nothing lost or silently reused.
import Foundation
import Testing

@Suite(.serialized) struct FaultTests {
  /// A project whose runs take some seconds.
  private func longProject() throws -> Project {
    let project = try Project()
    try project.edit("batch: 20, steps: 60", "batch: 20, steps: 30000")
    try project.edit("vary: {width: [2, 16]}\nseeds: {smoke: 1, default: 3}", "vary: {width: [2, 16]}")
    return project
  }

  private func children(of process: Process) throws -> [Int32] {
    let pgrep = Process()
    pgrep.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    pgrep.arguments = ["pgrep", "-P", "\(process.processIdentifier)"]
    let output = Pipe()
    pgrep.standardOutput = output
    try pgrep.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.split(separator: "\n").compactMap { Int32($0) }
  }

  private func wait(for condition: () -> Bool) -> Bool {
    for _ in 0..<600 {
      if condition() { return true }
      usleep(50_000)
    }
    return false
  }

  private func files(_ project: Project, _ folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(project.folder)/.offprint/store/\(folder)"))
      ?? []
  }

  @Test func aKilledBuildGoesOnFromItsSavedStateWithTheSameBits() throws {
    let environment = ["OFFPRINT_CHECKPOINT_SECONDS": "0.05"]
    let project = try longProject()
    let (process, _, _) = try project.start(["build", "--jobs", "1"], environment: environment)
    #expect(wait { !files(project, "checkpoints").isEmpty })
    // Power failure: build and worker end in the same instant.
    for child in try children(of: process) + [process.processIdentifier] { kill(child, SIGKILL) }
    process.waitUntilExit()
    #expect(!files(project, "checkpoints").isEmpty)
    #expect(try project.run("status").output.contains("1 interrupted run to go on with"))
    let second = try project.run("build", environment: environment)
    #expect(second.status == 0, "\(second.errors)")
    #expect(files(project, "checkpoints").isEmpty && files(project, "locks").isEmpty)
    let other = try longProject()
    #expect(try other.run("build").status == 0)
    let (resumed, whole) = (
      try project.read("papers/small/offprint.lock"), try other.read("papers/small/offprint.lock")
    )
    #expect(resumed == whole)
  }

  @Test func aFullDiskIsOneLineAndKeepsWhatWasMade() throws {
    let project = try Project()
    #expect(try project.run("build", "--only", "exp-width", "--profile", "smoke").status == 0)
    let before = files(project, "..")
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.currentDirectoryURL = URL(fileURLWithPath: project.folder)
    // A limit on the size of files is refused in the same call as a full disk, and needs no privileges.
    shell.arguments = ["-c", "ulimit -f 0; exec \(Project.binary) build"]
    let errors = Pipe()
    shell.standardError = errors
    shell.standardOutput = Pipe()
    try shell.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1)
    #expect(text.components(separatedBy: "error[").count == 2, "\(text)")
    #expect(text.contains("error[store]: the run store takes no more records: cannot write"), "\(text)")
    #expect(text.contains("left for the next build"), "\(text)")
    #expect(files(project, "..") == before)
    let again = try project.run("build")
    #expect(again.status == 0 && again.output.contains("6 runs"), "\(again.errors)")
  }

  @Test func aStoreThatCannotBeMadeIsAnErrorBeforeAnyRun() throws {
    let project = try Project()
    let outcome = try project.run("build", "--cache", "/dev/null/cache")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains("error[file]: cannot make the folder /dev/null/cache"), "\(outcome.errors)")
    #expect(!outcome.errors.contains("training"))
  }

  @Test func aStoreThatIsCompleteNeedNotBeWritable() throws {
    let project = try Project()
    #expect(try project.run("build").status == 0)
    let store = "\(project.folder)/.offprint/store"
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: store)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: store) }
    let outcome = try project.run("build", "--output", "elsewhere")
    #expect(outcome.status == 0 && outcome.output.contains("6 runs (none new)"), "\(outcome.errors)")
  }

  @Test func aRecordOfAnotherSpecificationIsNotUsed() throws {
    let project = try Project()
    #expect(try project.run("build").status == 0)
    let store = "\(project.folder)/.offprint/store"
    let records = try FileManager.default.subpathsOfDirectory(atPath: store).filter { $0.hasSuffix(".json") }
    let path = "\(store)/\(records[0])"
    // Somebody edits a record and makes its checksum fit: the specification still says what it was made from.
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let body = text.drop { $0 != "\n" }.dropFirst().replacingOccurrences(of: "\"lr\":0.2", with: "\"lr\":0.3")
    let file = "\(project.folder)/body"
    try body.write(toFile: file, atomically: true, encoding: .utf8)
    let sum = Process()
    sum.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    sum.arguments = ["sha256sum", file]
    let output = Pipe()
    sum.standardOutput = output
    try sum.run()
    let digest = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).prefix(64)
    try (digest + "\n" + body).write(toFile: path, atomically: true, encoding: .utf8)
    let outcome = try project.run("build")
    #expect(outcome.status == 0 && outcome.output.contains("6 runs (1 new)"))
    #expect(outcome.errors.contains("warning[store]: made again: exp-width"), "\(outcome.errors)")
    #expect(outcome.errors.contains("its record is of another specification"), "\(outcome.errors)")
  }

  @Test func twoBuildsOnOneStoreBothEndWithTheSameReport() throws {
    let project = try longProject()
    try project.edit("steps: 30000", "steps: 4000")
    let (first, _, _) = try project.start(["build", "--output", "one", "--jobs", "2"])
    let (second, _, _) = try project.start(["build", "--output", "two", "--jobs", "2"])
    first.waitUntilExit()
    second.waitUntilExit()
    #expect(first.terminationStatus == 0 && second.terminationStatus == 0)
    let (one, two) = (try project.read("one/small/results.json"), try project.read("two/small/results.json"))
    #expect(one == two)
    #expect(files(project, "locks").isEmpty)
  }

  @Test func limitsOfARunEndItAndNameIt() throws {
    let project = try longProject()
    try project.edit("steps: 30000", "steps: 3000000")
    let slow = try project.run("build", "--max-run-minutes", "0.02", "--jobs", "2")
    #expect(slow.status == 1)
    #expect(
      slow.errors.contains("error[run]: exp-width [16] seed 1: it took more than the 0:01"), "\(slow.errors)")
    let large = try project.run("build", "--max-run-megabytes", "1", "--jobs", "2")
    #expect(large.status == 1 && large.errors.contains("more than the 1 MB of memory"), "\(large.errors)")
    let many = try project.run("build", "--max-runs", "1")
    #expect(
      many.status == 1 && many.errors.contains("at most 1 runs, as the command line says"), "\(many.errors)")
    #expect(try project.run("build", "--max-run-minutes", "-1").status == 64)
  }

  @Test func clocksAndLocalesChangeNothing() throws {
    let (plain, other) = (try Project(), try Project())
    #expect(try plain.run("build").status == 0)
    let environment = [
      "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati", "OFFPRINT_ISA": "scalar",
    ]
    #expect(try other.run("build", "--jobs", "1", environment: environment).status == 0)
    #expect(try plain.report() == other.report())
    let (a, b) = (try plain.read("papers/small/offprint.lock"), try other.read("papers/small/offprint.lock"))
    #expect(a == b)
  }
}
