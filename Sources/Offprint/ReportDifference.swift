// Serves diff: what changed between two reports, with the noise of the seeds in mind.
import BitExact
import Diagnostics
import Report
import RunStore
import Specification
import Statistics

/// What differs between two reports.
public struct ReportDifference: Sendable {
  /// A number of the text that changed.
  public struct Number: Sendable {
    /// The expression behind it.
    public var expression: String
    /// As printed before; `nil` when it is new.
    public var before: String?
    /// As printed after; `nil` when it is gone.
    public var after: String?
    /// By how many standard errors of the difference the mean moved; `nil` when that cannot be said.
    public var standardErrors: Double?
  }

  /// A claim whose verdict changed.
  public struct Flip: Sendable {
    /// The claim's id.
    public var claim: String
    /// What it says.
    public var says: String
    /// Its verdict before; `nil` when it is new.
    public var before: String?
    /// Its verdict after; `nil` when it is gone.
    public var after: String?
  }

  /// What the two sides were called.
  public var names: (before: String, after: String)
  /// Numbers of the text that both have.
  public var commonNumbers = 0
  /// Numbers that changed, in the order of the text.
  public var numbers: [Number] = []
  /// Verdicts that changed, in the order of the text.
  public var flips: [Flip] = []
  /// Runs with the same key and another result, which the numeric contract forbids.
  public var brokenRuns: [String] = []
  /// Runs that only the second side has, and that only the first has.
  public var newRuns = 0, goneRuns = 0
  /// Figures that changed, by file name, with their pictures.
  public var figures: [(name: String, before: [UInt8]?, after: [UInt8]?)] = []

  /// Whether nothing differs.
  public var isEmpty: Bool {
    numbers.isEmpty && flips.isEmpty && brokenRuns.isEmpty && newRuns == 0 && goneRuns == 0 && figures.isEmpty
  }
}

/// Compares two reports of a paper.
///
/// - Parameters:
///   - before: a report's folder, a lock file, or a git revision.
///   - after: the same; `nil` for the report in the workspace.
///   - paper: the paper's folder, for revisions.
/// - Throws: `DiagnosticError` when one of them cannot be found.
public func compareReports(
  _ before: String, _ after: String?, paper: String, in workspace: Workspace
) throws -> ReportDifference {
  func snapshot(_ name: String) throws -> ReportSnapshot {
    do { return try ReportSnapshot(name, paper: paper, output: workspace.output) } catch let error
      as SnapshotError
    {
      throw DiagnosticError(rule: "no-report", error.message, hint: error.hint)
    }
  }
  let (a, b) = (try snapshot(before), try snapshot(after ?? "\(workspace.output)/\(paperName(paper))"))
  var difference = ReportDifference(names: (a.name, b.name))
  // A lock file has no numbers and figures, which is not the same as having lost them.
  if a.isReport, b.isReport {
    compareNumbers(a, b, &difference)
    compareClaims(a, b, &difference)
    compareFigures(a, b, &difference)
  }
  for key in b.digests.keys.sorted() where a.digests[key] != nil && a.digests[key] != b.digests[key] {
    difference.brokenRuns.append(b.labels[key] ?? a.labels[key] ?? key)
  }
  difference.newRuns = b.digests.keys.count { a.digests[$0] == nil }
  difference.goneRuns = a.digests.keys.count { b.digests[$0] == nil }
  return difference
}

private func compareFigures(_ a: ReportSnapshot, _ b: ReportSnapshot, _ difference: inout ReportDifference) {
  for name in Set(a.figures.keys).union(b.figures.keys).sorted() where a.figures[name] != b.figures[name] {
    difference.figures.append((name, a.figures[name], b.figures[name]))
  }
}

private func compareNumbers(_ a: ReportSnapshot, _ b: ReportSnapshot, _ difference: inout ReportDifference) {
  for expression in b.expressions + a.expressions.filter({ b.values[$0] == nil }) {
    let (old, new) = (a.values[expression], b.values[expression])
    if let old, let new {
      difference.commonNumbers += 1
      if old.samples == new.samples, old.text == new.text { continue }
    }
    difference.numbers.append(
      ReportDifference.Number(
        expression: expression, before: old?.text, after: new?.text,
        standardErrors: old.flatMap { old in new.flatMap { standardErrors(old.samples, $0.samples) } }))
  }
}

/// (mean of b − mean of a) / √(s²ₐ/nₐ + s²_b/n_b), as Welch's test has it; `nil` without spread.
func standardErrors(_ a: [Double], _ b: [Double]) -> Double? {
  guard a.count > 1, b.count > 1, (a + b).allSatisfy(\.isFinite) else { return nil }
  let (sa, sb) = (standardDeviation(a), standardDeviation(b))
  let error = (sa * sa / Double(a.count) + sb * sb / Double(b.count)).squareRoot()
  return error > 0 ? (mean(b) - mean(a)) / error : nil
}

private func compareClaims(_ a: ReportSnapshot, _ b: ReportSnapshot, _ difference: inout ReportDifference) {
  for id in b.claimOrder + a.claimOrder.filter({ b.claims[$0] == nil }) {
    let (old, new) = (a.claims[id], b.claims[id])
    if old?.verdict == new?.verdict { continue }
    difference.flips.append(
      ReportDifference.Flip(
        claim: id, says: new?.says ?? old?.says ?? "", before: old?.verdict, after: new?.verdict))
  }
}

extension ReportDifference {
  /// For a terminal: one line a change.
  public var text: String {
    var lines = ["\(names.before) → \(names.after)"]
    if isEmpty { return lines[0] + "\nnothing differs" }
    for run in brokenRuns { lines.append("broken: \(run) has another result under the same key") }
    if newRuns + goneRuns > 0 { lines.append("runs: \(newRuns) new, \(goneRuns) gone") }
    for flip in flips {
      lines.append("verdict: \(flip.claim): \(flip.before ?? "none") → \(flip.after ?? "none")")
    }
    for number in numbers {
      lines.append("number: \(number.expression): \(number.change)")
    }
    if commonNumbers > 0 {
      let changed = numbers.count { $0.before != nil && $0.after != nil }
      lines.append("\(changed) of \(commonNumbers) numbers that both have differ")
    }
    for figure in figures {
      let what = figure.before == nil ? "new" : figure.after == nil ? "gone" : "differs"
      lines.append("figure: \(figure.name) \(what)")
    }
    return lines.joined(separator: "\n")
  }

  /// For programs.
  public var json: Value {
    func text(_ text: String?) -> Value { text.map(Value.string) ?? .null }
    return [
      "after": .string(names.after), "before": .string(names.before),
      "broken_runs": .array(brokenRuns.map(Value.string)),
      "figures": .array(figures.map { .string($0.name) }), "gone_runs": .number(Double(goneRuns)),
      "new_runs": .number(Double(newRuns)),
      "numbers": .array(
        numbers.map {
          [
            "after": text($0.after), "before": text($0.before), "expression": .string($0.expression),
            "standard_errors": $0.standardErrors.map(Value.finite) ?? .null,
          ]
        }),
      "verdicts": .array(
        flips.map { ["after": text($0.after), "before": text($0.before), "claim": .string($0.claim)] }),
    ]
  }

  /// The page with numbers, verdicts, and figures side by side.
  public func page() -> String {
    comparisonPage(
      title: "\(names.before) and \(names.after)",
      verdicts: flips.map { ["\($0.claim)", $0.says, $0.before ?? "–", $0.after ?? "–"] },
      numbers: numbers.map { [$0.expression, $0.before ?? "–", $0.after ?? "–", $0.distance] },
      runs: brokenRuns.map { "\($0) has another result under the same key" }
        + (newRuns + goneRuns > 0 ? ["\(newRuns) runs are new, \(goneRuns) are gone"] : []),
      figures: figures, sha256: { SHA256.hexDigest(of: $0) })
  }
}

extension ReportDifference.Number {
  /// `0.85 → 0.86 (+1.2 standard errors)`.
  fileprivate var change: String {
    "\(before ?? "none") → \(after ?? "none")" + (distance.isEmpty ? "" : " (\(distance))")
  }

  fileprivate var distance: String {
    guard let standardErrors else { return before == nil ? "new" : after == nil ? "gone" : "" }
    let rounded = (standardErrors * 10).rounded() / 10
    return "\(rounded > 0 ? "+" : "")\(rounded == 0 ? "0.0" : "\(rounded)") standard errors"
      + (abs(standardErrors) < 2 ? ", within the noise" : "")
  }
}
