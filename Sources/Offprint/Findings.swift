// Serves resolve: everything that a report takes from results, without a word of its text.
import BitExact
import Manuscript
import Report
import Tables

/// What the results come to, wherever a paper asks for them. With the text it makes the whole report.
struct Findings: Hashable {
  /// The profile that was run.
  var profile: String
  /// Runs of the plan.
  var runs: Int
  /// The numbers in the text, by index.
  var values: [Int: ResolvedValue]
  /// The claims, by id.
  var claims: [String: ResolvedClaim]
  /// The figures, by id.
  var figures: [String: ResolvedFigure]
  /// What the tables show, by id.
  var tables: [String: TableNumbers]
  /// The experiments, by id.
  var experiments: [String: ResolvedExperiment]
  /// What is not run here, and why.
  var elsewhere: [String: String]
}

extension Findings {
  /// Asks the results everything that the plan wants to know.
  init(_ resolver: Resolver, _ figures: [String: ResolvedFigure]) {
    self.init(
      profile: resolver.plan.profile, runs: resolver.plan.runs.count, values: resolver.values(),
      claims: resolver.claims(), figures: figures, tables: resolver.tableNumbers(),
      experiments: resolver.experiments(), elsewhere: resolver.elsewhere())
  }
}

extension ResolvedPaper {
  /// The text with what was found in its places.
  init(_ manuscript: Manuscript, _ findings: Findings) {
    self.init(
      manuscript: manuscript, profile: reportProfile(findings.profile),
      engine: EngineInfo(name: "Offprint", numericVersion: String(numericVersion)), values: findings.values,
      claims: findings.claims, figures: findings.figures,
      tables: TableAssembly(manuscript, findings.claims).tables(findings.tables),
      experiments: findings.experiments)
    elsewhere = findings.elsewhere
  }
}

/// A profile as the report shows it.
func reportProfile(_ name: String) -> ReportProfile { ReportProfile(name: name, isDraft: name == "smoke") }

// MARK: - As bytes

extension Findings: Storable {
  init?(_ reader: inout RowReader) {
    guard let profile = String(&reader), let runs = Int(&reader), let values = [Int: ResolvedValue](&reader),
      let claims = [String: ResolvedClaim](&reader), let figures = [String: ResolvedFigure](&reader),
      let tables = [String: TableNumbers](&reader),
      let experiments = [String: ResolvedExperiment](&reader), let elsewhere = [String: String](&reader)
    else { return nil }
    self.init(
      profile: profile, runs: runs, values: values, claims: claims, figures: figures, tables: tables,
      experiments: experiments, elsewhere: elsewhere)
  }

  func store(_ writer: inout RowWriter) {
    profile.store(&writer)
    runs.store(&writer)
    values.store(&writer)
    claims.store(&writer)
    figures.store(&writer)
    tables.store(&writer)
    experiments.store(&writer)
    elsewhere.store(&writer)
  }
}

extension TableNumbers: Storable {
  init?(_ reader: inout RowReader) {
    switch Int(&reader) {
    case 0: self = .written
    case 1: self = .ledger
    case 2:
      guard let numbers = [ComparedNumber](&reader) else { return nil }
      self = .comparison(numbers)
    case 3:
      guard let cells = ComputedCells(&reader) else { return nil }
      self = .computed(cells)
    default: return nil
    }
  }

  func store(_ writer: inout RowWriter) {
    switch self {
    case .written: writer.append(0)
    case .ledger: writer.append(1)
    case .comparison(let numbers):
      writer.append(2)
      numbers.store(&writer)
    case .computed(let cells):
      writer.append(3)
      cells.store(&writer)
    }
  }
}

extension ComparedNumber: Storable {
  init?(_ reader: inout RowReader) {
    guard let claim = String?(&reader), let entry = Int(&reader), let published = String(&reader),
      let fresh = ResolvedValue?(&reader), let place = String(&reader)
    else { return nil }
    self.init(claim: claim, entry: entry, published: published, fresh: fresh, place: place)
  }

  func store(_ writer: inout RowWriter) {
    claim.store(&writer)
    entry.store(&writer)
    published.store(&writer)
    fresh.store(&writer)
    place.store(&writer)
  }
}

extension ComputedCells: Storable {
  init?(_ reader: inout RowReader) {
    guard let rowAxis = String(&reader), let rows = [String](&reader), let columns = [String](&reader),
      let cells = [[ResolvedValue]](&reader), let experiments = [String](&reader)
    else { return nil }
    self.init(rowAxis: rowAxis, rows: rows, columns: columns, cells: cells, experiments: experiments)
  }

  func store(_ writer: inout RowWriter) {
    rowAxis.store(&writer)
    rows.store(&writer)
    columns.store(&writer)
    cells.store(&writer)
    experiments.store(&writer)
  }
}
