// Serves export: prints a report to PDF with an installed Chromium.
import Diagnostics
import RunStore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The names under which Chromium is installed.
private let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]

/// Prints the page at `path` into the file `target`.
///
/// - Parameter browser: the browser to use; `nil` for the first that is installed.
/// - Throws: `DiagnosticError` when there is no browser or it fails.
public func printPDF(_ path: String, to target: String, with browser: String?) throws {
  guard let program = browser ?? browsers.lazy.compactMap(installed).first else {
    throw DiagnosticError(
      rule: "no-browser", "a PDF needs Chromium, and none is installed",
      hint: "install it (Debian: apt install chromium), or name it in the environment variable CHROMIUM")
  }
  Files.remove(target)
  let profile = "\(target).profile"
  defer { emptyFolder(profile) }
  let arguments = [
    program, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
    "--user-data-dir=\(profile)",
    "--virtual-time-budget=10000", "--print-to-pdf=\(absolute(target))", "file://" + absolute(path),
  ]
  guard run(arguments), Files.exists(target) else {
    throw DiagnosticError(rule: "no-pdf", "\(program) could not print \(path)")
  }
}

/// A program of the search path.
private func installed(_ name: String) -> String? {
  let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin"
  return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}

private func absolute(_ path: String) -> String {
  if path.hasPrefix("/") { return path }
  guard let folder = unsafe getcwd(nil, 0) else { return path }
  defer { unsafe free(folder) }
  return unsafe String(cString: folder) + "/" + path
}

/// Runs a program quietly; whether it ended well.
private func run(_ arguments: [String]) -> Bool {
  var actions = posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
    unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
  }
  var words = arguments.map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var child: pid_t = 0
  guard unsafe posix_spawn(&child, arguments[0], &actions, nil, &words, environ) == 0 else { return false }
  var status: Int32 = 0
  while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
  return status == 0
}
