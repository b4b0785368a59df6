// Serves resolve: values, claims, tables and experiments as readers will see them, from the tables of results.
import BitExact
import Diagnostics
import Experiments
import Expressions
import Manuscript
import Plotting
import Report
import Specification
import Statistics
import Tables

/// Turns a plan and its results into what the report shows.
struct Resolver {
  let plan: PaperPlan
  let results: Results

  private var tables: [String: Table] { results.tables }

  // MARK: - Values

  func values() -> [Int: ResolvedValue] {
    var resolved: [Int: ResolvedValue] = [:]
    for (reference, value) in zip(plan.manuscript.values, plan.values) {
      guard let value else { continue }
      resolved[reference.index] = self.value(value)
    }
    return resolved
  }

  func value(_ value: FormattedExpression) -> ResolvedValue {
    let expression = value.expression
    let sample: Sample
    do {
      sample = try expression.evaluate(tables: { tables[$0] })
    } catch {
      return ResolvedValue(
        text: "–", title: reason(error, expression.experiments), experiments: expression.experiments,
        expression: expression.text)
    }
    let numbers = sample.numbers
    let seeds = "n = \(numbers.count) \(numbers.count == 1 ? "seed" : "seeds")" + sample.missingNote
    let kind: String
    if numbers.contains(where: { !$0.isFinite }) {
      kind = "\(numbers.count { !$0.isFinite }) of \(seeds) diverged or gave no number"
    } else if numbers.count < 2 {
      kind = "\(seeds), no interval"
    } else if value.showsDeviation {
      kind = "sample standard deviation over \(seeds)"
    } else if value.usesBootstrap {
      kind = "mean with its 95 % bootstrap interval (BCa, 9999 resamples) over \(seeds)"
    } else if value.style.plain {
      kind = "mean over \(seeds)"
    } else {
      kind = seeds
    }
    return ResolvedValue(
      text: value.text(of: sample), title: kind, experiments: sample.experiments,
      samples: sample.values.map { Cell.format($0.value) }, expression: expression.text)
  }

  /// Why an expression has no value, in one line for readers.
  private func reason(_ error: any Error, _ experiments: [String]) -> String {
    if let other = plan.elsewhere.first(where: { experiments.contains($0.experiment.id) }) {
      return other.reason
    }
    if reportProfile(plan.profile).isDraft { return "not part of the profile '\(plan.profile)'" }
    if !results.failures.isEmpty { return "some of its runs have no result" }
    return (error as? DiagnosticError)?.diagnostics.first?.message ?? "\(error)"
  }

  // MARK: - Claims

  /// The claims of the paper, judged together: Holm's correction runs within each family of them.
  func claims() -> [String: ResolvedClaim] {
    let measured = plan.claims.map { claim in
      Result { try claim.assertion.measure(tables: { tables[$0] }) }
    }
    let isDraft = reportProfile(plan.profile).isDraft
    let pValues = measured.map { item in
      (try? item.get()).flatMap { pValue(of: $0.kind, all: $0.parts.map(\.sample.staged)) }
    }
    let overPaper = holm(pValues)
    let isByExperiment = plan.manuscript.configuration.correction == .experiment
    let adjusted =
      isByExperiment ? holm(pValues, within: plan.claims.map(\.assertion.experiments.first)) : overPaper
    var resolved: [String: ResolvedClaim] = [:]
    for (index, claim) in plan.claims.enumerated() {
      let (result, judgement) = self.claim(
        claim, measured[index], adjustedP: adjusted[index], isDraft: isDraft)
      resolved[claim.block.id] = result
      if isByExperiment {
        let isJudged = result.verdict != .notJudged
        resolved[claim.block.id]?.overPaper =
          isJudged ? judgement.map { ReportVerdict($0.verdict(adjustedP: overPaper[index])) } : .notJudged
      }
    }
    return resolved
  }

  /// The claim as readers see it, with the judgement behind it when its experiments have results.
  private func claim(
    _ claim: PlannedClaim, _ outcome: Result<Assertion.Measured, any Error>, adjustedP: Double?, isDraft: Bool
  ) -> (ResolvedClaim, Judgement?) {
    var result = ResolvedClaim(
      verdict: .notJudged, assertion: claim.assertion.text, experiments: claim.assertion.experiments)
    result.errata = claim.block.errata
    let measured: Assertion.Measured
    do {
      measured = try outcome.get()
    } catch {
      result.note = reason(error, claim.assertion.experiments)
      return (result, nil)
    }
    let (judgement, weakest) = judge(
      measured.kind, all: measured.parts.map(\.sample.staged), adjustedP: adjustedP)
    let part = measured.parts[weakest]
    let numbers = part.sample.numbers
    result.seeds = numbers.count
    result.samples = numbers.map(Cell.format)
    result.difference = mean(numbers)
    if let interval = judgement.interval, interval.lower <= interval.upper {
      result.interval = interval.lower...interval.upper
    }
    result.differenceText =
      (measured.parts.count > 1 ? "least of \(measured.parts.count) steps, \(part.label): " : "")
      + differenceText(judgement, measured.kind, numbers)
    result.published = claim.published.map { published($0, claim) }
    if isDraft {
      result.note = "claims are not judged in the profile '\(plan.profile)'"
      return (result, judgement)
    }
    let holes = failedRuns(of: claim.assertion.experiments)
    if holes > 0 {
      result.note = "\(holes) of its experiments' runs failed; a claim is judged on all of them or not at all"
      return (result, judgement)
    }
    result.verdict = ReportVerdict(judgement.verdict)
    result.adjustedP = judgement.adjustedP
    result.pText = judgement.adjustedP.map(pText)
    result.note = judgement.reason
    let leftOut = measured.parts.map(\.sample.leftOut).max() ?? 0
    if leftOut > 0 {
      result.note += result.note.isEmpty ? "" : "; "
      result.note += "\(leftOut) of \(leftOut + numbers.count) seeds left out: \(Sample.missingReason)"
    }
    if let seeds = judgement.seedsToDecide, judgement.verdict == .inconclusive {
      let more = max(1, seeds - numbers.count)
      result.note += result.note.isEmpty ? "" : "; "
      result.note += "about \(more) more \(more == 1 ? "seed" : "seeds") would probably decide it"
    }
    return (result, judgement)
  }

  private func failedRuns(of experiments: [String]) -> Int {
    plan.experiments.filter { experiments.contains($0.id) }.flatMap(\.runs)
      .count { results.failures[$0.key] != nil }
  }

  private func differenceText(_ judgement: Judgement, _ kind: ClaimKind, _ numbers: [Double]) -> String {
    let center = mean(numbers)
    guard center.isFinite else { return "not a finite number" }
    let sign = center > 0 ? "+" : ""
    guard let interval = judgement.interval, numbers.count > 1 else {
      return sign + UncertainNumber(center).text()
    }
    let half = interval.halfWidth
    func bound(_ value: Double) -> String {
      (value > 0 ? "+" : "")
        + UncertainNumber(value, halfWidth: half).text(UncertainNumber.Style(plain: true))
    }
    var text = "\(bound(center)) (95 % interval \(bound(interval.lower)) to \(bound(interval.upper)))"
    if case .equivalent(let margin) = kind { text += ", margin ±\(UncertainNumber(margin).text())" }
    return text
  }

  private func pText(_ p: Double) -> String {
    p < 0.001 ? "< 0.001" : UncertainNumber(p).text(UncertainNumber.Style(digits: p < 0.1 ? 3 : 2))
  }

  /// How the left side of the claim compares with the published number.
  private func published(_ value: PublishedValue, _ claim: PlannedClaim) -> PublishedComparison {
    let text = UncertainNumber(value.value).text() + (value.note.isEmpty ? "" : " (\(value.note))")
    guard let sample = try? claim.assertion.left.evaluate(tables: { tables[$0] }), !sample.values.isEmpty
    else {
      return PublishedComparison(published: text, here: "missing", source: value.source)
    }
    let interval = tInterval(sample.numbers, firstStage: sample.firstStage)
    let here = UncertainNumber(
      mean(sample.numbers), halfWidth: sample.values.count > 1 ? interval?.halfWidth : nil
    ).text()
    let comparison = publishedRung(value, sample, claim.assertion, tables)?.text ?? ""
    return PublishedComparison(published: text, here: here, source: value.source, comparison: comparison)
  }

  // MARK: - Tables

  /// What the tables take from the results, by id.
  func tableNumbers() -> [String: TableNumbers] {
    Dictionary(uniqueKeysWithValues: plan.tables.map { ($0.block.id, numbers($0.block, $0.body)) })
  }

  private func numbers(_ block: PaperBlock, _ body: TableBody) -> TableNumbers {
    switch body {
    case .written: .written
    case .ledger: .ledger
    case .comparison: .comparison(comparedNumbers(block))
    case .computed(let rowAxis, let rows, _, let columns, let cells):
      .computed(
        ComputedCells(
          rowAxis: rowAxis, rows: rows, columns: columns, cells: cells.map { $0.map(value) },
          experiments: cells.first?.first?.expression.experiments ?? []))
    }
  }

  // MARK: - Experiments

  func experiments() -> [String: ResolvedExperiment] {
    Dictionary(uniqueKeysWithValues: plan.experiments.map { ($0.id, experiment($0)) })
  }

  private func experiment(_ experiment: Experiment) -> ResolvedExperiment {
    let runs = experiment.runs.map { run in
      let label = zip(experiment.axes, run.axes).map { "\($0.name)=\($1.label)" } + ["seed \(run.seed)"]
      return ResolvedExperiment.Run(
        key: run.key, result: results.digests[run.key], label: label.joined(separator: ", "),
        failure: results.failures[run.key])
    }
    let digests = experiment.dataDigests.sorted { $0.key < $1.key }
    return ResolvedExperiment(
      axes: experiment.axes.enumerated().map { index, axis in
        var values: [String] = []
        for run in experiment.runs where !values.contains(run.axes[index].label) {
          values.append(run.axes[index].label)
        }
        return ResolvedExperiment.Axis(name: axis.name, values: values)
      },
      seeds: experiment.seeds, runs: runs, parameters: commonParameters(experiment),
      dataName: digests.map(\.key).joined(separator: ", "), dataDigest: digests.first?.value ?? "",
      files: experiment.declarations.map {
        let name = experiment.tableName($0)
        return ResolvedExperiment.File(name: name, path: "data/\(name).csv")
      },
      command: "offprint verify \(plan.folder) --only \(experiment.id)")
  }

  /// What the experiments that are not run here would take, and why their figures are missing.
  func elsewhere() -> [String: String] {
    var notes: [String: String] = [:]
    for other in plan.elsewhere {
      let runs = other.experiment.runs.count
      let hours = other.experiment.runs.reduce(0) { $0 + $1.cost.operations } / assumedPace / 3600
      let data = other.experiment.dataDigests.keys.sorted().joined(separator: ", ")
      let time = hours < 1 ? "\(max(1, Int((hours * 60).rounded()))) min" : "\(Int(hours.rounded())) h"
      notes[other.experiment.id] =
        "\(other.reason.prefix(1).uppercased())\(other.reason.dropFirst()): \(runs) \(runs == 1 ? "run" : "runs") on "
        + "\(data), about \(time) of one core at 20 GFLOP/s"
    }
    for (block, figure) in plan.figures {
      let experiments = Set(figure.tableNames.map { String($0.prefix { $0 != "." }) })
      let other = plan.elsewhere.first { experiments.contains($0.experiment.id) }
      notes[block.id] = other.map { "\($0.experiment.id) \($0.reason)." }
    }
    return notes
  }

  /// The options that all runs share, by path.
  private func commonParameters(_ experiment: Experiment) -> [(name: String, value: String)] {
    guard let first = experiment.runs.first else { return [] }
    var common = leaves(first.configuration.value, "")
    for run in experiment.runs where run.seed == 1 {
      let other = leaves(run.configuration.value, "")
      common = common.filter { other[$0.key] == $0.value }
    }
    return common.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func leaves(_ value: Value, _ path: String) -> [String: String] {
    guard let members = value.object else { return [path: value.string ?? value.canonicalJSON] }
    return members.reduce(into: [:]) { result, member in
      result.merge(leaves(member.value, path.isEmpty ? member.key : "\(path).\(member.key)")) { first, _ in
        first
      }
    }
  }
}

extension ReportVerdict {
  fileprivate init(_ verdict: Verdict) {
    self =
      switch verdict {
      case .supported: .supported
      case .contradicted: .contradicted
      case .inconclusive: .inconclusive
      case .notJudged: .notJudged
      }
  }
}

extension Sample {
  /// Why a seed may have no number.
  fileprivate static let missingReason = "they have no number here, such as steps to a threshold not reached"

  /// What is missing, to stand after the number of seeds; empty when nothing is.
  fileprivate var missingNote: String {
    if leftOut > 0 { return " (\(leftOut) more left out: \(Sample.missingReason))" }
    return gaps > 0 ? " (\(gaps) numbers behind it missing, such as steps to a threshold not reached)" : ""
  }
}
