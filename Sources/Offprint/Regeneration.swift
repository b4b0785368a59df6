// The pipeline, top-down: Markdown → manuscript → plan → runs → tables → resolved paper → report.
//
// Each stage is a function from values to values; only *execute* and *write* touch the disk.
import Diagnostics
import Execution
import Experiments
import Manuscript
import Report
import RunStore

/// What a build is asked to do.
public struct BuildRequest: Sendable {
  /// Folder of the paper.
  public var folder: String
  /// Profile whose numbers are wanted.
  public var profile: String
  /// Experiments to compute, by id; `nil` for all. Others are left as holes.
  public var only: Set<String>?
  /// Whether stored results are computed again.
  public var isFresh: Bool
  /// Whether the lock file is written.
  public var writesLock: Bool

  /// Asks for a paper in a profile.
  public init(
    folder: String, profile: String, only: Set<String>? = nil, isFresh: Bool = false, writesLock: Bool = true
  ) {
    self.folder = folder
    self.profile = profile
    self.only = only
    self.isFresh = isFresh
    self.writesLock = writesLock
  }
}

/// What a build came to.
public struct BuildSummary: Sendable {
  /// Warnings, and nothing else, when the build went through.
  public var diagnostics: [Diagnostic] = []
  /// Runs of the paper.
  public var runs = 0
  /// Runs that were made, not found.
  public var executed = 0
  /// Runs without a result, as `name: reason`.
  public var failures: [String] = []
  /// Records that were damaged and made again.
  public var damaged: [String] = []
  /// Runs whose result differs from the lock's; the lock is left as it was when there are any.
  public var differences: [String] = []
  /// Verdicts by claim.
  public var verdicts: [(claim: String, verdict: ReportVerdict)] = []
  /// The report's page.
  public var page = ""
  /// Whether the user interrupted the build; nothing was written then.
  public var interrupted = false
  /// The paper for the list of papers.
  public var paper: PaperSummary?
}

/// Regenerates one paper.
///
/// - Throws: `DiagnosticError` with every mistake of the paper, before any run; `FileError` when output or store
///   cannot be written.
public func regenerate(
  _ request: BuildRequest, in workspace: Workspace, progress: inout some ExecutionProgress
) throws -> BuildSummary {
  var summary = BuildSummary()

  // Parse and plan: every mistake is reported before anything is run.
  var plan = try loadPlan(request, workspace, &summary)
  try Files.requireWritable("\(workspace.output)/\(paperName(request.folder))")

  // Execute: what the store lacks; where the first seeds have then decided for more, those.
  var results = try execute(plan, request, workspace, &summary, &progress)
  if results != nil, plan.hasUndecidedSeeds(workspace.store) {
    plan = try loadPlan(request, workspace, &summary)
    results = try execute(plan, request.withoutFreshness, workspace, &summary, &progress)
  }
  guard let results else { return summary }

  // Resolve: values, verdicts, figures, tables.
  let resolver = Resolver(plan: plan, results: results)
  let pictures = try draw(plan, results, cache: workspace.figureCache)
  let paper = resolvedPaper(resolver, pictures)
  summary.diagnostics += unboundNumbers(plan.manuscript, paper.values)
  summary.verdicts = plan.claims.map { ($0.block.id, paper.claims[$0.block.id]?.verdict ?? .notJudged) }

  // Write: beside the old files, then in their place.
  summary.page = try publish(paper, results, pictures, from: request.folder, to: workspace.output)
  if request.writesLock, request.only == nil, summary.failures.isEmpty {
    try writeLock(results, plan, &summary)
  }
  summary.paper = PaperSummary(path: "\(paperName(request.folder))/index.html", paper: paper)
  return summary
}

/// Parses and plans; all mistakes are thrown together.
func loadPlan(_ request: BuildRequest, _ workspace: Workspace, _ summary: inout BuildSummary) throws
  -> PaperPlan
{
  var diagnostics = Diagnostics()
  let plan = parsePaper(folder: request.folder, &diagnostics).flatMap {
    planPaper($0, request, workspace, &diagnostics)
  }
  guard let plan, !diagnostics.hasErrors else { throw DiagnosticError(diagnostics.sorted) }
  let ids = Set(plan.experiments.map(\.id))
  for id in (request.only ?? []).subtracting(ids).sorted() {
    throw DiagnosticError(
      rule: "unknown-experiment", "the paper has no experiment '\(id)'",
      hint: nameHint(for: id, in: ids.sorted()))
  }
  summary.diagnostics = diagnostics.sorted
  summary.runs = plan.runs.count
  return plan
}
