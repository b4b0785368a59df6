// Serves resolve: what was found by an earlier build, as long as nothing that it depends on has changed.
import BitExact
import Datasets
import Diagnostics
import Experiments
import Manuscript
import Report
import RunStore
import Specification
import Tables

/// What was found, and the digest of everything that it depends on.
struct Found {
  var findings: Findings
  /// `nil` when it could be mistaken for that of others.
  var seal: String?
}

/// What an earlier build found for the same paper; `nil` when anything in it, but for prose, or any result has changed since.
///
/// The files of results in `report` must be those that were written then.
func recall(
  _ parsed: ParsedPaper, _ request: BuildRequest, _ workspace: Workspace, _ report: inout ReportFolder
) -> Found? {
  guard let manuscript = parsed.manuscript, !parsed.diagnostics.hasErrors, request.isWhole,
    let earlier = KeptFindings(request, manuscript, workspace).recall(), report.holds(earlier.files)
  else { return nil }
  return Found(findings: earlier.findings, seal: earlier.seal)
}

/// Keeps what a build found for the next one; returns the digest of what it depends on.
///
/// A build that left something out or had something to say is not kept, as the next one has to say it again.
func keep(
  _ findings: Findings, _ parsed: ParsedPaper, _ plan: PaperPlan, _ request: BuildRequest,
  _ workspace: Workspace, _ report: ReportFolder, _ summary: BuildSummary
) -> String? {
  guard request.only == nil, summary.failures.isEmpty, summary.differences.isEmpty,
    summary.diagnostics.count == parsed.diagnostics.all.count
  else { return nil }
  return KeptFindings(request, plan.manuscript, workspace).keep(findings, report.made, plan)
}

extension BuildRequest {
  /// Whether stored results of the whole paper will do.
  fileprivate var isWhole: Bool { only == nil && !isFresh }
}

/// The findings of an earlier build of the same paper.
///
/// They depend on what the paper asks, which is all of it but its prose, and on the results: those in the store, and the data
/// that the runs would draw from. Both are looked at before anything kept is used: the first by its digest, the second by the
/// stamps of its files. Only findings of whole builds that had nothing to report are kept, so that warnings come again.
struct KeptFindings {
  private let memory: BuildMemory
  private let name: String
  private let question: String
  private let workspace: Workspace
  private let lock: String

  init(_ request: BuildRequest, _ manuscript: Manuscript, _ workspace: Workspace) {
    memory = workspace.memory
    name = "findings/\(SHA256.hexDigest(of: "\(request.folder)\n\(request.profile)"))"
    question = SHA256.hexDigest(of: manuscript.questions(request, workspace))
    lock = LockFile.path(request.folder)
    self.workspace = workspace
  }

  /// What the earlier build found, and the seal of everything that it depends on.
  func recall() -> (findings: Findings, files: [ReportFolder.Made], seal: String)? {
    guard let bytes = memory.recall(name, madeOf: question) else { return nil }
    var reader = RowReader(bytes)
    guard let seal = String(&reader), let data = [String](&reader),
      let files = [ReportFolder.Made](&reader), let findings = Findings(&reader), reader.isAtEnd,
      seal == self.seal(findings, data)
    else { return nil }
    return (findings, files, seal)
  }

  /// Keeps the findings of a whole build, with the files of results that it made; returns their seal.
  ///
  /// `nil` when they cannot be told from others, because a run has no record.
  func keep(_ findings: Findings, _ files: [ReportFolder.Made], _ plan: PaperPlan) -> String? {
    let data = plan.dataNames
    guard let seal = seal(findings, data) else { return nil }
    var writer = RowWriter()
    seal.store(&writer)
    data.store(&writer)
    files.store(&writer)
    findings.store(&writer)
    memory.keep(writer.bytes, as: name, madeOf: question)
    return seal
  }

  /// The digest of the question and of the stamps of everything that answers it.
  private func seal(_ findings: Findings, _ data: [String]) -> String? {
    var text = question
    for experiment in findings.experiments.sorted(by: { $0.key < $1.key }) {
      for run in experiment.value.runs {
        guard let stamp = workspace.store.stamp(run.key) else { return nil }
        text += "\n\(stamp)"
      }
    }
    for name in data { text += "\n\(name) \(workspace.library.stamps(of: name))" }
    return SHA256.hexDigest(of: text + "\n\(FileStamp(lock)?.description ?? "")")
  }
}

extension PaperPlan {
  /// The datasets of all experiments, also of those that are not run here.
  fileprivate var dataNames: [String] {
    Set((experiments + elsewhere.map(\.experiment)).flatMap(\.dataDigests.keys)).sorted()
  }
}

extension Manuscript {
  /// Everything that a paper asks of its results, as text: its configuration, blocks and values, and what the command says.
  fileprivate func questions(_ request: BuildRequest, _ workspace: Workspace) -> String {
    var text = "\(request.folder)\n\(request.profile)\n\(request.writesLock)\n\(workspace.caps)\n"
    text += workspace.library.searchPath.joined(separator: "\n")
    for member in configuration.node.members ?? [] where !["abstract", "statement"].contains(member.key) {
      text += "\n\(member.key): \(member.value.plain)"
    }
    for block in blocks {
      text += "\n\(block.kind.rawValue) \(block.id) \(block.source.utf8.count)\n\(block.source)"
    }
    for value in values { text += "\n\(value.index) \(value.expression) | \(value.options)" }
    return text
  }
}

extension Node {
  /// Everything but places, unambiguously.
  fileprivate var plain: String {
    switch content {
    case .scalar(let text, let quoted): "\(quoted ? "quoted" : "plain") \(text.utf8.count) \(text)"
    case .sequence(let nodes): "[\(nodes.map(\.plain).joined(separator: ","))]"
    case .mapping(let members):
      "{\(members.map { "\($0.key.utf8.count) \($0.key):\($0.value.plain)" }.joined(separator: ","))}"
    }
  }
}
