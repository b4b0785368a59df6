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

  /// The experiments that are asked for.
  func selected(_ experiments: [Experiment]) -> [Experiment] {
    experiments.filter { only?.contains($0.id) ?? true }
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
  var report = ReportFolder("\(workspace.output)/\(paperName(request.folder))", memory: workspace.memory)

  // Parse. When only prose has changed since the last build, what that found in the results still holds.
  let parsed = ParsedPaper(request)
  if let found = recall(parsed, request, workspace, &report) {
    summary.diagnostics = parsed.diagnostics.sorted
    try write(found, of: parsed, request, &report, &summary)
    return summary
  }

  // Plan: every mistake is reported before anything is run.
  var plan = try loadPlan(parsed, request, workspace, &summary)
  try Files.requireWritable(report.path)

  // Execute: what the store lacks; where the first seeds have then decided for more, those.
  var results = try execute(plan, request, workspace, &summary, &progress)
  if results != nil, plan.hasUndecidedSeeds(workspace.store) {
    plan = try loadPlan(parsed, request, workspace, &summary)
    results = try execute(plan, request.withoutFreshness, workspace, &summary, &progress)
  }
  guard let results else { return summary }

  // Resolve: values, verdicts, figures, tables.
  let pictures = try draw(plan, results, workspace)
  let findings = Findings(Resolver(plan: plan, results: results), pictures.mapValues(\.resolved))

  // Write: the numbers, then the text that shows them, each only where it has changed.
  for file in resultFiles(plan, results, pictures, workspace) { try report.put(file) }
  if request.writesLock, request.only == nil, summary.failures.isEmpty {
    try writeLock(results, plan, &summary)
  }
  let seal = keep(findings, parsed, plan, request, workspace, report, summary)
  try write(Found(findings: findings, seal: seal), of: parsed, request, &report, &summary)
  return summary
}

/// A paper's text with the mistakes that were found in it.
struct ParsedPaper {
  /// The text; `nil` when paper.yml cannot be used.
  let manuscript: Manuscript?
  /// Its mistakes.
  let diagnostics: Diagnostics

  /// Reads the paper of a request.
  init(_ request: BuildRequest) {
    var diagnostics = Diagnostics()
    manuscript = parsePaper(folder: request.folder, &diagnostics)
    self.diagnostics = diagnostics
  }
}

/// Writes the report of a text and of what was found.
private func write(
  _ found: Found, of parsed: ParsedPaper, _ request: BuildRequest, _ report: inout ReportFolder,
  _ summary: inout BuildSummary
) throws {
  guard let manuscript = parsed.manuscript else { return }
  let paper = ResolvedPaper(manuscript, found.findings)
  summary.runs = found.findings.runs
  summary.diagnostics += unboundNumbers(manuscript, paper.values)
  summary.verdicts = manuscript.blocks(.claim).map { ($0.id, paper.claims[$0.id]?.verdict ?? .notJudged) }
  summary.page = try publish(paper, found.seal, from: request.folder, to: &report)
  summary.paper = PaperSummary(path: "\(paperName(request.folder))/index.html", paper: paper)
}

/// Plans a paper; all its mistakes are thrown together.
func loadPlan(
  _ parsed: ParsedPaper, _ request: BuildRequest, _ workspace: Workspace, _ summary: inout BuildSummary
) throws -> PaperPlan {
  var diagnostics = parsed.diagnostics
  let plan = parsed.manuscript.flatMap { planPaper($0, request, workspace, &diagnostics) }
  guard let plan, !diagnostics.hasErrors else { throw DiagnosticError(diagnostics.sorted) }
  let ids = Set(plan.experiments.map(\.id) + plan.elsewhere.map(\.experiment.id))
  for id in (request.only ?? []).subtracting(ids).sorted() {
    throw DiagnosticError(
      rule: "unknown-experiment", "the paper has no experiment '\(id)'",
      hint: nameHint(for: id, in: ids.sorted()))
  }
  summary.diagnostics = diagnostics.sorted
  summary.runs = plan.runs.count
  return plan
}
