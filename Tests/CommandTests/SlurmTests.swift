// Runs through Slurm: the same results, and one clear line when Slurm is not there, refuses, loses a task or is cancelled.
import Foundation
import Testing

/// Stands in for Slurm's commands: tasks are processes of this machine, one after the other.
///
/// `sbatch` notes its arguments in `sbatch.log`, and takes the number of tasks and the places of their files from them.
private let commands = [
  "sbatch": """
  #!/bin/sh
  here=$(dirname "$0")
  echo "$@" >> "$here/sbatch.log"
  for word; do
    case "$word" in
      --partition=none) echo "sbatch: error: invalid partition specified: none" >&2; exit 1 ;;
      --array=*) last=${word#--array=0-}; last=${last%%\\%*} ;;
      --output=*) output=${word#--output=} ;;
      --error=*) error=${word#--error=} ;;
      *) script=$word ;;
    esac
  done
  (
    trap '' HUP
    task=0
    while [ "$task" -le "$last" ]; do
      export SLURM_ARRAY_TASK_ID=$task
      setsid sh "$script" >> "${output%\\%a*}$task.reports" 2>> "${error%\\%a*}$task.errors" < /dev/null &
      echo $! > "$here/task"
      wait $!
      echo "$task $?" >> "$here/over"
      task=$((task + 1))
    done
  ) > /dev/null 2>&1 &
  echo "17"
  """,
  "squeue": """
  #!/bin/sh
  here=$(dirname "$0")
  [ -f "$here/over" ] || { echo "0 RUNNING None"; exit 0; }
  sed 's/ 0$/ COMPLETED None/; s/ [1-9][0-9]*$/ FAILED NonZeroExitCode/' "$here/over"
  """,
  "scancel": """
  #!/bin/sh
  here=$(dirname "$0")
  echo "$@" >> "$here/scancel.log"
  kill -s TERM -- "-$(cat "$here/task")"
  """,
]

@Suite(.serialized) struct SlurmTests {
  /// A project, and an environment in which Slurm's commands are those above.
  private func project(_ changed: [String: String] = [:]) throws -> (Project, [String: String]) {
    let project = try Project()
    try FileManager.default.createDirectory(
      atPath: "\(project.folder)/bin", withIntermediateDirectories: true)
    for (name, text) in commands.merging(changed, uniquingKeysWith: { $1 }) {
      try project.write("bin/\(name)", text + "\n")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: "\(project.folder)/bin/\(name)")
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return (project, ["PATH": "\(project.folder)/bin:\(path)"])
  }

  @Test func resultsAreThoseOfThisMachine() throws {
    let (through, environment) = try project()
    let outcome = try through.run(
      "build", "--executor", "slurm", "--jobs", "2", "--sbatch-option=--partition=main",
      environment: environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("training 6 runs through Slurm\nSlurm job 17: 2 tasks\n"))
    #expect(outcome.errors.contains("exp-width: 6 runs done"), "\(outcome.errors)")
    let here = try Project()
    #expect(try here.run("build").status == 0)
    #expect(try through.read("papers/small/offprint.lock") == here.read("papers/small/offprint.lock"))
    #expect(try through.report() == here.report())
    let arguments = try through.read("bin/sbatch.log")
    #expect(arguments.contains("--array=0-1%2") && arguments.contains(" --partition=main "))
    #expect(!arguments.contains("--time") && !arguments.contains("--mem"))
    // Nothing is left behind, and verify goes the same way.
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(through.folder)/.offprint/slurm").isEmpty)
    try FileManager.default.removeItem(atPath: "\(through.folder)/bin/over")
    let verified = try through.run("verify", "--executor", "slurm", environment: environment)
    #expect(verified.status == 0 && verified.output.contains("6 of 6 runs agree"), "\(verified.errors)")
  }

  @Test func limitsAreHandedOnAndKept() throws {
    let (project, environment) = try project()
    try project.edit("steps: 60", "steps: 3000000")
    let outcome = try project.run(
      "build", "--executor", "slurm", "--max-run-minutes", "0.02", "--max-run-megabytes", "500",
      environment: environment)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("error[run]: exp-width [16] seed 1: it took more than the 0:01"))
    #expect(outcome.errors.components(separatedBy: "error[run]").count == 7, "\(outcome.errors)")
    let arguments = try project.read("bin/sbatch.log")
    #expect(arguments.contains("--time=2 ") && arguments.contains("--mem="), "\(arguments)")
  }

  /// A limit beyond all numbers of minutes is no limit.
  @Test func limitsMayBeOfAnySize() throws {
    let (project, environment) = try project()
    let outcome = try project.run(
      "build", "--executor", "slurm", "--max-run-minutes", "1e300", "--max-run-megabytes", "1e300",
      environment: environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func withoutSlurmOrWhenItRefusesNothingIsRun() throws {
    let (project, environment) = try project()
    let missing = try project.run("build", "--executor", "slurm", environment: ["PATH": "/nowhere"])
    #expect(missing.status == 1)
    #expect(missing.errors.contains("error[slurm]: there is no 'sbatch' here"), "\(missing.errors)")
    #expect(missing.errors.contains("hint: install Slurm's client commands"))
    let refused = try project.run(
      "build", "--executor", "slurm", "--sbatch-option=--partition=none", environment: environment)
    #expect(refused.status == 1)
    #expect(
      refused.errors.contains(
        "error[slurm]: Slurm took no job: sbatch: error: invalid partition specified: none"),
      "\(refused.errors)")
    #expect(try project.run("build", "--sbatch-option=-p main").status == 64)
    #expect(try project.run("build", "--executor", "slrum").status == 64)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(project.folder)/.offprint/slurm").isEmpty)
  }

  @Test func aTaskThatEndsWithoutAWordNamesItsRuns() throws {
    let sbatch = (commands["sbatch"] ?? "").replacingOccurrences(
      of: "setsid sh \"$script\"", with: "sh -c 'echo \"node failure\" >&2; exit 3'")
    let (project, environment) = try project(["sbatch": sbatch])
    let outcome = try project.run("build", "--executor", "slurm", environment: environment)
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains(
        "error[run]: exp-width [2] seed 1: task 0 of Slurm job 17 ended as FAILED: node failure"),
      "\(outcome.errors)")
    #expect(outcome.output.contains("6 runs (none new)"), "\(outcome.output)")
    // What Slurm could not do, this machine can.
    #expect(try project.run("build").output.contains("6 runs (6 new)"))
  }

  @Test func aJobThatSlurmForgetsIsOver() throws {
    let (project, environment) = try project([
      "sbatch": "#!/bin/sh\necho 17",
      "squeue": "#!/bin/sh\necho 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
    ])
    let outcome = try project.run("build", "--executor", "slurm", environment: environment)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("ended as a job that Slurm no longer knows"), "\(outcome.errors)")
  }

  @Test func interruptingCancelsTheJobAndTheNextBuildGoesOn() throws {
    let (project, environment) = try project()
    try project.edit("batch: 20, steps: 60", "batch: 20, steps: 30000")
    try project.edit("vary: {width: [2, 16]}\nseeds: {smoke: 1, default: 3}", "vary: {width: [2, 16]}")
    let checkpoints = "\(project.folder)/.offprint/store/checkpoints"
    let (process, _, errors) = try project.start(
      ["build", "--executor", "slurm"],
      environment: environment.merging(["OFFPRINT_CHECKPOINT_SECONDS": "0.05"]) { $1 })
    for _ in 0..<600 {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
      if files.contains(where: { $0.count == 64 }) { break }
      usleep(50_000)
    }
    process.interrupt()
    process.waitUntilExit()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 130)
    #expect(text.contains("interrupted: finished runs are in the store"), "\(text)")
    #expect(try project.read("bin/scancel.log") == "17\n")
    #expect(try !FileManager.default.contentsOfDirectory(atPath: checkpoints).isEmpty)
    let rest = try project.run("build")
    #expect(rest.status == 0, "\(rest.errors)")
  }

  /// With a real Slurm of one machine, where it is installed.
  @Test(.enabled(if: SlurmTests.isInstalled, "slurm-wlm and munge are not installed"))
  func aRealSlurmGivesTheSameResults() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".ci/slurm").path
    let through = try Project()
    func slurm(_ action: String) throws -> Int32 {
      let process = try Process.run(
        URL(fileURLWithPath: script), arguments: [action, "\(through.folder)/slurm"])
      process.waitUntilExit()
      return process.terminationStatus
    }
    defer { _ = try? slurm("down") }
    try #require(try slurm("up") == 0)
    let environment = ["SLURM_CONF": "\(through.folder)/slurm/slurm.conf"]
    let outcome = try through.run(
      "build", "--executor", "slurm", "--jobs", "2", "--max-run-minutes", "5", environment: environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let here = try Project()
    #expect(try here.run("build").status == 0)
    #expect(try through.read("papers/small/offprint.lock") == here.read("papers/small/offprint.lock"))
    let refused = try through.run(
      "build", "--fresh", "--executor", "slurm", "--sbatch-option=--partition=none", environment: environment)
    #expect(refused.status == 1 && refused.errors.contains("error[slurm]: Slurm took no job"))

    // Interrupted: no task of the job is left.
    try through.edit("steps: 60", "steps: 3000000")
    let (process, _, _) = try through.start(["build", "--executor", "slurm"], environment: environment)
    usleep(3_000_000)
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    var left = ""
    for _ in 0..<100 {
      left = try queue(environment)
      if left.isEmpty { break }
      usleep(100_000)
    }
    #expect(left.isEmpty, "\(left)")
  }

  private func queue(_ environment: [String: String]) throws -> String {
    let squeue = Process()
    squeue.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    squeue.arguments = ["squeue", "--noheader", "--states=running,pending,completing"]
    squeue.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    squeue.standardOutput = output
    try squeue.run()
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  private static var isInstalled: Bool {
    ["slurmctld", "slurmd", "munged"].allSatisfy { name in
      ["/usr/sbin", "/usr/bin", "/usr/local/sbin"].contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
      }
    }
  }
}
