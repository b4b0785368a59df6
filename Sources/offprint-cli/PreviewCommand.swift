// offprint preview: the reports in a browser, built again whenever a file of a paper changes.
import ArgumentParser
import Execution
import Offprint

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct Preview: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Build, serve on this machine, rebuild and reload on save.",
    discussion: "Ends with Ctrl-C. Only browsers on this machine are answered.")

  @OptionGroup var options: CommonOptions

  @Option(help: ArgumentHelp("Port to listen on; 0 takes any that is free.", valueName: "n"))
  var port = 8377

  func validate() throws {
    if !(0...65_535).contains(port) { throw ValidationError("--port must be a number from 0 to 65535") }
  }

  func run() throws {
    let folders = try options.folders()
    // A build of named papers leaves the list of papers alone, which may not be there.
    let start = options.papers.isEmpty ? "index.html" : "\(paperName(folders[0]))/index.html"
    guard var server = PreviewServer(root: options.output, start: start, port: port) else {
      writeError("error[port]: port \(port) is taken\n  hint: --port 0 takes any that is free\n")
      throw Exit.error
    }
    print("http://127.0.0.1:\(server.port)/")
    fflush(nil)
    var seen: WatchedFiles?
    var build: pid_t?
    while true {
      server.serve(milliseconds: 150)
      if let running = build {
        var status: Int32 = 0
        guard unsafe waitpid(running, &status, WNOHANG) == running else { continue }
        build = nil
        server.announce(status == 0 ? "reload" : "failed")
      }
      let files = WatchedFiles(in: folders)
      if files != seen {
        seen = files
        build = startBuild()
      }
    }
  }

  /// A build as a child process: it says on the terminal what is wrong, and may take as long as it needs.
  private func startBuild() -> pid_t? {
    var words = [executablePath(), "build"] + options.papers
    words += ["--profile", options.profile, "--output", options.output, "--cache", options.cache]
    words +=
      ["--executor", options.executor.rawValue] + options.sbatchOptions.map { "--sbatch-option=\($0)" }
    if let jobs = options.jobs { words += ["--jobs", "\(jobs)"] }
    if let only = options.only { words += ["--only", only] }
    if let section = options.section { words += ["--section", section] }
    var pointers = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for pointer in unsafe pointers { unsafe free(pointer) } }
    var child: pid_t = 0
    guard unsafe posix_spawn(&child, words[0], nil, nil, &pointers, environ) == 0 else {
      writeError("error[build]: a build could not be started\n")
      return nil
    }
    return child
  }
}
