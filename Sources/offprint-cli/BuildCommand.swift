// offprint build: what is missing is run, drawn, judged and written.
import ArgumentParser
import Execution
import Offprint
import Report

struct Build: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run what is missing, draw, judge and write the report.",
    discussion: "The lock file is written by complete builds of the profile 'default'.")

  @OptionGroup var options: CommonOptions

  @Flag(help: "Run again what the store has already.")
  var fresh = false

  @Flag(help: "Treat warnings as errors.")
  var strict = false

  @Flag(help: "End with status 2 when a claim is contradicted.")
  var strictClaims = false

  func run() throws {
    var contradicted = false
    var incomplete = false
    var differs = false
    var papers: [PaperSummary] = []
    let workspace = options.workspace
    for folder in try options.folders() {
      var request = try options.request(folder)
      request.isFresh = fresh
      var progress = options.progress
      let summary = try reportingErrors { try regenerate(request, in: workspace, progress: &progress) }
      show(summary.diagnostics)
      if strict, !summary.diagnostics.isEmpty { throw Exit.error }
      if summary.interrupted {
        writeError("interrupted: finished runs are in the store; the same command goes on from there\n")
        throw Exit.interrupted
      }
      report(summary)
      contradicted = contradicted || summary.verdicts.contains { $0.verdict == .contradicted }
      incomplete = incomplete || !summary.failures.isEmpty
      differs = differs || !summary.differences.isEmpty
      if let paper = summary.paper { papers.append(paper) }
    }
    if options.papers.isEmpty {
      try reportingErrors {
        // The list of papers links to the reference, which has to be there.
        try publishReference(in: workspace)
        try publishSite(papers, in: workspace)
      }
    }
    if incomplete { throw Exit.error }
    if differs { throw Exit.difference }
    if strictClaims, contradicted { throw Exit.contradicted }
  }

  private func report(_ summary: BuildSummary) {
    for line in summary.damaged { writeError("warning[store]: made again: \(line)\n") }
    for line in summary.failures { writeError("error[run]: \(line)\n") }
    for run in summary.differences {
      writeError("error[lock]: \(run): the result is not the one in the lock file\n")
    }
    if !summary.differences.isEmpty {
      writeError(
        "  hint: 'offprint verify' runs it again; to accept the new results, remove the lock file and build\n"
      )
    }
    let counts = ReportVerdict.allCases.compactMap { verdict in
      let count = summary.verdicts.count { $0.verdict == verdict }
      return count > 0 ? "\(count) \(verdict.rawValue)" : nil
    }
    let made = summary.executed == 0 ? "none new" : "\(summary.executed) new"
    print(
      "\(summary.page): \(summary.runs) runs (\(made)); claims: \(counts.isEmpty ? "none" : counts.joined(separator: ", "))"
    )
  }
}
