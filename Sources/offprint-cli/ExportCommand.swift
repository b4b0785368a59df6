// offprint export: the report in another form.
import ArgumentParser
import Execution
import Offprint
import Report
import RunStore

extension ExportFormat: ExpressibleByArgument {}

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the report in another form: one file, Markdown, a notebook, a PDF …",
    discussion: "What is missing is run first. Files go beside the report, or into the folder of --to.")

  @OptionGroup var options: CommonOptions

  @Option(help: ArgumentHelp("Form of the export.", valueName: "format"))
  var format: ExportFormat?

  @Option(
    help: ArgumentHelp("Folder of the exported files; beside the report when absent.", valueName: "folder"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "Address under which the reports are published: writes feed.xml and sitemap.xml.", valueName: "url"))
  var baseURL: String?

  func validate() throws {
    if format == nil, baseURL == nil { throw ValidationError("say what to export: --format or --base-url") }
    if let baseURL, !baseURL.hasPrefix("https://"), !baseURL.hasPrefix("http://") {
      throw ValidationError("--base-url must start with https:// or http://")
    }
  }

  func run() throws {
    var papers: [PaperSummary] = []
    for folder in try options.folders() {
      var progress = options.progress
      let workspace = options.workspace
      try reportingErrors {
        if let format {
          let paths = try export(
            options.request(folder), as: format, in: workspace, to: to, progress: &progress)
          if format == .pdf { try printReport(folder, to: paths) }
          for path in paths { print(path) }
        }
        if baseURL != nil,
          let paper = try regenerate(
            options.request(folder), in: workspace, progress: &progress
          ).paper
        {
          papers.append(paper)
        }
      }
    }
    if let baseURL {
      try reportingErrors { try publishFeeds(papers, base: baseURL, in: options.workspace) }
      print("\(options.output)/feed.xml\n\(options.output)/sitemap.xml")
    }
  }

  private func printReport(_ folder: String, to paths: [String]) throws {
    guard let path = paths.first else { return }
    try printPDF("\(options.output)/\(paperName(folder))/index.html", to: path, with: environment("CHROMIUM"))
  }
}
