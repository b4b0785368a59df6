// offprint diff: what changed between two reports, with the noise of the seeds in mind.
import ArgumentParser
import Offprint
import RunStore
import Specification

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two reports of a paper: numbers, verdicts, figures.",
    discussion: """
      Each side is the folder of a report, a lock file, or a git revision in which the report is committed. Without a \
      second side, it is the report in the folder of reports. Ends with status 3 when a run has another result \
      under the same key.
      """)

  @Argument(help: ArgumentHelp("The first side.", valueName: "before"))
  var before: String

  @Argument(help: ArgumentHelp("The second side.", valueName: "after"))
  var after: String?

  @Option(help: ArgumentHelp("Folder of the paper, where there are several.", valueName: "folder"))
  var paper: String?

  @Option(help: ArgumentHelp("Write a page with the figures side by side.", valueName: "file"))
  var page: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: ArgumentHelp("Folder of the reports.", valueName: "folder"))
  var output = "output"

  func run() throws {
    let found = Offprint.papers(in: "papers")
    guard let paper = paper ?? found.first else {
      throw ValidationError("there is no paper here; name its folder with --paper")
    }
    if self.paper == nil, found.count > 1 {
      throw ValidationError(
        "there are several papers here; name one with --paper: " + found.joined(separator: ", "))
    }
    let workspace = Workspace(
      output: output, cache: ".offprint", workers: 1, executable: executablePath(), library: datasetLibrary())
    let difference = try reportingErrors { try compareReports(before, after, paper: paper, in: workspace) }
    print(json ? difference.json.prettyJSON : difference.text)
    if let page {
      try reportingErrors { try Files.write(Array(difference.page().utf8), to: page, durable: false) }
    }
    if !difference.brokenRuns.isEmpty { throw Exit.difference }
  }
}
