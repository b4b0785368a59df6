// Serves plan: a manuscript whose blocks, claims, values, figures and tables are all checked against each other.
import Diagnostics
import Expressions
import Datasets
import Experiments
import Manuscript
import Plotting
import Specification
import Statistics
import Tables

/// A claim ready to be judged.
struct PlannedClaim: Sendable {
  var block: PaperBlock
  var assertion: Assertion
  var published: PublishedValue?
}

/// A value from the literature that a claim is compared with.
struct PublishedValue: Sendable {
  var value: Double
  var source: String
  var note: String
  /// How far a fresh mean may be off to count as the same.
  var margin: Double?
}

/// An experiment that is checked but not run: other profiles have it, or its data are not here.
struct ElsewhereExperiment: Sendable {
  var experiment: Experiment
  /// Why it is not run: `runs only in the profile “full”`.
  var reason: String
}

/// A paper that can be executed.
public struct PaperPlan: Sendable {
  /// The folder of the paper.
  public let folder: String
  /// The parsed text.
  public let manuscript: Manuscript
  /// The experiments in the order of the text.
  public let experiments: [Experiment]
  /// Experiments that are not run here.
  let elsewhere: [ElsewhereExperiment]
  /// The profile that it was planned for.
  public let profile: String
  let values: [FormattedExpression?]
  let claims: [PlannedClaim]
  let figures: [(block: PaperBlock, figure: Figure)]
  let tables: [(block: PaperBlock, body: TableBody)]

  /// All runs, each key once, in the order of the text.
  public var runs: [Run] { distinctRuns(experiments) }
}

/// The runs of experiments, each key once, in order.
func distinctRuns(_ experiments: [Experiment]) -> [Run] {
  var seen: Set<String> = []
  return experiments.flatMap(\.runs).filter { seen.insert($0.key).inserted }
}

/// Checks a manuscript and expands its experiments for a profile.
///
/// Every mistake is recorded in `diagnostics`; the result is `nil` when any of them is an error.
///
/// - Parameter decidedSeeds: see `ExperimentPlanner`.
public func planPaper(
  _ manuscript: Manuscript, folder: String, profile: String, library: DatasetLibrary,
  decidedSeeds: @escaping (String, StagedSeeds) -> Int = { $1.first }, caps: Caps = Caps(),
  _ diagnostics: inout Diagnostics
) -> PaperPlan? {
  let profiles = manuscript.configuration.profiles
  guard profiles.contains(profile) else {
    diagnostics.add(
      Diagnostic(
        rule: "unknown-profile", "the paper has no profile '\(profile)'",
        at: manuscript.configuration.node.position,
        expected: "one of " + profiles.joined(separator: ", "), hint: nameHint(for: profile, in: profiles)))
    return nil
  }
  func planner(_ profile: String, _ library: DatasetLibrary) -> ExperimentPlanner {
    ExperimentPlanner(profile: profile, profiles: profiles, library: library, decidedSeeds: decidedSeeds)
  }
  let blocks = manuscript.blocks(.experiment).map { ExperimentBlock(id: $0.id, body: $0.body) }
  let own = planner(profile, library)
  let libraryElsewhere = library.withPublishedSizes
  var experiments: [Experiment] = []
  var elsewhere: [ElsewhereExperiment] = []
  for block in blocks {
    let home = own.profile(of: block)
    // An experiment that only some profiles have does not keep the others from being run where its data are missing.
    if home == profile, let missing = missingData(block, planner(profile, libraryElsewhere)) {
      diagnostics.add(missing.warning)
      elsewhere.append(missing.experiment)
    } else if home == profile {
      if let experiment = own.plan(block, &diagnostics) { experiments.append(experiment) }
    } else if let experiment = planner(home, libraryElsewhere).plan(block, &diagnostics) {
      elsewhere.append(
        ElsewhereExperiment(experiment: experiment, reason: "runs only in the profile “\(home)”"))
    }
  }
  // Complaints about unknown columns of an experiment that could not be planned would only repeat its own.
  guard experiments.count + elsewhere.count == blocks.count else { return nil }
  // Prose speaks of the published profile: what it names must exist there, or in the profile at hand.
  var known = experiments + elsewhere.map(\.experiment)
  if profile != "default", profiles.contains("default") {
    var ignored = Diagnostics()
    let published = planner("default", libraryElsewhere)
    known += blocks.filter { published.profile(of: $0) == "default" }.compactMap {
      published.plan($0, &ignored)
    }
  }
  let checker = BlockChecker(known)
  for experiment in experiments { checker.stagedSeeds(experiment, &diagnostics) }
  let values = manuscript.values.map { checker.value($0, &diagnostics) }
  let claims = manuscript.blocks(.claim).compactMap { checker.claim($0, &diagnostics) }
  let figures = manuscript.blocks(.figure).compactMap { block in
    checker.figure(block, &diagnostics).map { (block, $0) }
  }
  for block in manuscript.blocks(.figures) { _ = figureGroupRecord.resolve(block.body, &diagnostics) }
  let tables = manuscript.blocks(.table).compactMap { block in
    checker.table(block, &diagnostics).map { (block, $0) }
  }
  if diagnostics.hasErrors { return nil }
  let plan = PaperPlan(
    folder: folder, manuscript: manuscript, experiments: experiments, elsewhere: elsewhere,
    profile: profile, values: values, claims: claims, figures: figures, tables: tables)
  checkLimits(plan, caps, &diagnostics)
  return diagnostics.hasErrors ? nil : plan

  /// The experiment and a warning, when it is one of some profiles only and its data are not on this machine.
  func missingData(_ block: ExperimentBlock, _ ahead: ExperimentPlanner) -> (
    experiment: ElsewhereExperiment, warning: Diagnostic
  )? {
    guard !library.assumesPublishedSizes, block.body["profiles"] != nil else { return nil }
    var ignored = Diagnostics()
    guard let experiment = ahead.plan(block, &ignored),
      let error = experiment.runs.lazy.compactMap({ library.missing($0.configuration.data) }).first
    else { return nil }
    let place = block.body["data"] ?? block.body
    return (
      ElsewhereExperiment(experiment: experiment, reason: "needs data that are not on this machine"),
      Diagnostic(
        .warning, rule: "data", "\(error)", at: place.position, hint: "\(block.id) is left out until then")
    )
  }
}

/// Operations a second that a core is taken to sustain where nothing has been measured.
let assumedPace = 20e9

/// Refuses a plan that exceeds what `limits` in paper.yml, or the command line, allows.
private func checkLimits(_ plan: PaperPlan, _ caps: Caps, _ diagnostics: inout Diagnostics) {
  let configuration = plan.manuscript.configuration
  let limits = caps.combined(configuration.limits)
  let runs = plan.runs
  func refuse(_ message: String, _ key: String, _ limit: Double, _ unit: String) {
    let isPapers = configuration.limits[key]?.number == limit
    diagnostics.add(
      Diagnostic(
        rule: "limit", message, at: (configuration.node["limits"] ?? configuration.node).position,
        expected: "at most \(Cell.format(limit)) \(unit), as "
          + (isPapers ? "the paper's limits say" : "the command line says")))
  }
  if let limit = limits.runs, Double(runs.count) > limit {
    refuse("the profile '\(plan.profile)' has \(runs.count) runs", "runs", limit, "runs")
  }
  let hours = runs.reduce(0) { $0 + $1.cost.operations } / assumedPace / 3600
  if let limit = limits.coreHours, hours > limit {
    let text = Cell.format((hours * 100).rounded() / 100)
    refuse(
      "the profile '\(plan.profile)' takes about \(text) hours of one core", "core_hours", limit, "hours")
  }
}

/// Checks what refers to the tables of experiments, before there are any results.
struct BlockChecker {
  private let tables: [String: Table]
  private let names: [String]

  init(_ experiments: [Experiment]) {
    var tables: [String: Table] = [:]
    var names: [String] = []
    for experiment in experiments {
      for (index, declaration) in experiment.declarations.enumerated() {
        let name = experiment.tableName(declaration)
        if tables[name] == nil { names.append(name) }
        var table = tables[name] ?? Table(name: name, columns: experiment.columns(declaration))
        // Only the main table's rows are known before the runs.
        if index == 0 {
          let missing = Array(
            repeating: Cell.missing, count: declaration.axes.count + declaration.metrics.count)
          let known = Set(table.rows)
          table.rows += experiment.runs.map { $0.axes + [.number(Double($0.seed))] + missing }.filter {
            !known.contains($0)
          }
        }
        tables[name] = table
      }
    }
    self.tables = tables
    self.names = names
  }

  /// The expression whose interval decides the number of seeds.
  func stagedSeeds(_ experiment: Experiment, _ diagnostics: inout Diagnostics) {
    guard let rule = experiment.stagedSeeds else { return }
    _ = diagnostics.collect { diagnostics in
      let expression = try SampleExpression(parsing: rule.expression, at: rule.position)
      diagnostics.add(contentsOf: expression.check(tables: { tables[$0] }, names: names))
      if expression.experiments != [experiment.id] {
        diagnostics.add(
          Diagnostic(
            rule: "wrong-value",
            "the number of seeds of \(experiment.id) cannot depend on another experiment",
            at: rule.position, expected: "an expression over \(experiment.id)"))
      }
    }
  }

  func value(_ reference: ValueReference, _ diagnostics: inout Diagnostics) -> FormattedExpression? {
    diagnostics.collect { diagnostics in
      let text =
        reference.options.isEmpty ? reference.expression : "\(reference.expression) | \(reference.options)"
      let value = try FormattedExpression(parsing: text, at: reference.position)
      diagnostics.add(contentsOf: value.expression.check(tables: { tables[$0] }, names: names))
      return value
    }
  }

  func claim(_ block: PaperBlock, _ diagnostics: inout Diagnostics) -> PlannedClaim? {
    guard let value = claimRecord.resolve(block.body, &diagnostics), let node = block.body["assert"],
      let text = node.text
    else { return nil }
    return diagnostics.collect { diagnostics in
      let assertion = try Assertion(parsing: text, at: node.position)
      diagnostics.add(contentsOf: assertion.check(tables: { tables[$0] }, names: names))
      return PlannedClaim(
        block: block, assertion: assertion, published: value["published"].flatMap(PublishedValue.init))
    }
  }

  func figure(_ block: PaperBlock, _ diagnostics: inout Diagnostics) -> Figure? {
    guard let figure = Figure(resolving: block.body, &diagnostics) else { return nil }
    if let node = block.body["fig-alt"], let text = node.text {
      _ = diagnostics.collect { diagnostics in
        for value in try TextValues(text, at: node.position).values {
          diagnostics.add(contentsOf: value.expression.check(tables: { tables[$0] }, names: names))
        }
      }
    }
    diagnostics.add(contentsOf: figure.check { tables[$0]?.columns })
    return figure
  }

  func table(_ block: PaperBlock, _ diagnostics: inout Diagnostics) -> TableBody? {
    guard let value = tableRecord.resolve(block.body, &diagnostics) else { return nil }
    return TableBody(value, block, tables: tables, names: names, &diagnostics)
  }
}

extension PublishedValue {
  init?(_ value: Value) {
    guard let number = value["value"]?.number else { return nil }
    self.init(
      value: number, source: value["source"]?.string ?? "", note: value["note"]?.string ?? "",
      margin: value["margin"]?.number)
  }
}
