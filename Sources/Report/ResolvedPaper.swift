// Serves write: what the report needs to know, filled in by the stages before it.
import Manuscript

/// A manuscript with everything that its values, claims, figures and tables stand for.
public struct ResolvedPaper: Sendable {
  /// The text.
  public var manuscript: Manuscript
  /// The profile that the numbers were computed with.
  public var profile: ReportProfile
  /// The program that computed them.
  public var engine: EngineInfo
  /// The numbers in the text, by ``ValueReference/index``.
  public var values: [Int: ResolvedValue]
  /// The claims, by id.
  public var claims: [String: ResolvedClaim]
  /// The figures, by id.
  public var figures: [String: ResolvedFigure]
  /// The tables, by id; one that is missing is shown as its block spells it out.
  public var tables: [String: ResolvedTable]
  /// The experiments, by id.
  public var experiments: [String: ResolvedExperiment]
  /// What the experiments would take that are not run here, and why their figures are missing; by id.
  public var elsewhere: [String: String] = [:]
  /// The path from the report back to the list of papers; `nil` leaves out the link.
  public var sitePath: String?
  /// The path of results.json, relative to the report; `nil` leaves out the link.
  public var resultsPath: String?

  /// Creates a paper without results; each of them can be set afterwards.
  public init(
    manuscript: Manuscript, profile: ReportProfile, engine: EngineInfo, values: [Int: ResolvedValue] = [:],
    claims: [String: ResolvedClaim] = [:], figures: [String: ResolvedFigure] = [:],
    tables: [String: ResolvedTable] = [:], experiments: [String: ResolvedExperiment] = [:],
    sitePath: String? = "../index.html", resultsPath: String? = "results.json"
  ) {
    self.manuscript = manuscript
    self.profile = profile
    self.engine = engine
    self.values = values
    self.claims = claims
    self.figures = figures
    self.tables = tables
    self.experiments = experiments
    self.sitePath = sitePath
    self.resultsPath = resultsPath
  }
}

/// A profile as readers see it.
public struct ReportProfile: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Whether its numbers are only good for a look, as those of `smoke`.
  public var isDraft: Bool

  /// Creates a profile.
  public init(name: String, isDraft: Bool) {
    self.name = name
    self.isDraft = isDraft
  }
}

/// The program that computed the numbers.
public struct EngineInfo: Sendable, Hashable {
  /// Its name and version.
  public var name: String
  /// The version of its arithmetic; equal versions give equal bits.
  public var numericVersion: String

  /// Creates engine information.
  public init(name: String, numericVersion: String) {
    self.name = name
    self.numericVersion = numericVersion
  }
}

/// A number in the text.
public struct ResolvedValue: Sendable, Hashable {
  /// What is printed: `0.823 ± 0.004`.
  public var text: String
  /// What it is, in words: `mean ± half-width of the 95 % t-interval over n = 5 seeds`.
  public var title: String
  /// The experiments that it comes from, by id.
  public var experiments: [String]
  /// The raw samples, one a seed, as text; empty when there are none to show.
  public var samples: [String]
  /// The expression that gives it.
  public var expression: String

  /// Creates a value.
  public init(
    text: String, title: String, experiments: [String], samples: [String] = [], expression: String = ""
  ) {
    self.expression = expression
    self.text = text
    self.title = title
    self.experiments = experiments
    self.samples = samples
  }
}

/// What the results say about a claim.
public enum ReportVerdict: String, Sendable, Hashable, CaseIterable {
  /// The interval lies wholly on the claimed side.
  case supported
  /// The interval lies wholly on the other side.
  case contradicted
  /// The interval lies on both sides.
  case inconclusive
  /// Not asked, as in a profile with one seed.
  case notJudged = "not judged"
}

/// A claim with its verdict.
public struct ResolvedClaim: Sendable, Hashable {
  /// The verdict.
  public var verdict: ReportVerdict
  /// The assertion as written.
  public var assertion: String
  /// The mean of the paired difference; positive speaks for the claim.
  public var difference: Double?
  /// The bounds of its interval.
  public var interval: ClosedRange<Double>?
  /// Difference and interval as printed: `+0.31 (95 % interval 0.28 to 0.34)`.
  public var differenceText: String
  /// The number of seeds.
  public var seeds: Int?
  /// The p-value after Holm's correction.
  public var adjustedP: Double?
  /// The verdict if Holm's correction ran over all claims of the paper, where it runs over those of one experiment.
  public var overPaper: ReportVerdict?
  /// The p-value as printed: `0.003` or `< 0.001`.
  public var pText: String?
  /// What else there is to say: `about 17 more seeds would probably decide it`.
  public var note: String
  /// How the number compares with the published one.
  public var published: PublishedComparison?
  /// Labels of the errata that it illustrates, when the claim examines mistakes of the article's.
  public var errata: [String]
  /// The experiments that it comes from, by id.
  public var experiments: [String]
  /// The difference for each seed, as text.
  public var samples: [String] = []

  /// Creates a claim.
  public init(
    verdict: ReportVerdict, assertion: String, difference: Double? = nil,
    interval: ClosedRange<Double>? = nil,
    differenceText: String = "", seeds: Int? = nil, adjustedP: Double? = nil, pText: String? = nil,
    note: String = "",
    published: PublishedComparison? = nil, errata: [String] = [], experiments: [String] = []
  ) {
    self.verdict = verdict
    self.assertion = assertion
    self.difference = difference
    self.interval = interval
    self.differenceText = differenceText
    self.seeds = seeds
    self.adjustedP = adjustedP
    self.pText = pText
    self.note = note
    self.published = published
    self.errata = errata
    self.experiments = experiments
  }
}

/// A published number beside the fresh one.
public struct PublishedComparison: Sendable, Hashable {
  /// The published number as text.
  public var published: String
  /// The fresh number as text.
  public var here: String
  /// The bibliography key of its source.
  public var source: String?
  /// How they compare, as a clause: `the published number lies inside the interval`.
  public var comparison: String

  /// Creates a comparison.
  public init(published: String, here: String, source: String? = nil, comparison: String = "") {
    self.published = published
    self.here = here
    self.source = source
    self.comparison = comparison
  }
}

/// A picture on disk with its size.
public struct ResolvedPicture: Sendable, Hashable {
  /// The path for light pages, relative to the report.
  public var path: String
  /// The path for dark pages, relative to the report.
  public var darkPath: String
  /// The width, in CSS pixels.
  public var width: Int
  /// The height, in CSS pixels.
  public var height: Int

  /// Creates a picture.
  public init(path: String, darkPath: String, width: Int, height: Int) {
    self.path = path
    self.darkPath = darkPath
    self.width = width
    self.height = height
  }
}

/// A figure, drawn.
public struct ResolvedFigure: Sendable, Hashable {
  /// The picture.
  public var picture: ResolvedPicture
  /// The same figure drawn for a phone.
  public var narrowPicture: ResolvedPicture?
  /// Whether it also takes the margin's width.
  public var isFullWidth: Bool
  /// What it shows, for those who do not see it.
  public var altText: String
  /// The path of its numbers, relative to the report.
  public var csvPath: String?
  /// Its numbers.
  public var data: DataTable?
  /// The experiments that it comes from, by id.
  public var experiments: [String]

  /// Creates a figure.
  public init(
    picture: ResolvedPicture, narrowPicture: ResolvedPicture? = nil, isFullWidth: Bool = false,
    altText: String,
    csvPath: String? = nil, data: DataTable? = nil, experiments: [String] = []
  ) {
    self.picture = picture
    self.narrowPicture = narrowPicture
    self.isFullWidth = isFullWidth
    self.altText = altText
    self.csvPath = csvPath
    self.data = data
    self.experiments = experiments
  }
}

/// Numbers in rows and columns, as text.
public struct DataTable: Sendable, Hashable {
  /// The names of the columns.
  public var header: [String]
  /// The rows.
  public var rows: [[String]]

  /// Creates a table.
  public init(header: [String], rows: [[String]]) {
    self.header = header
    self.rows = rows
  }
}

/// A table of results.
public struct ResolvedTable: Sendable, Hashable {
  /// One cell.
  public enum Cell: Sendable, Hashable {
    /// Running text of the author's.
    case inlines([Inline])
    /// A name of a row or a column.
    case heading(String)
    /// A number.
    case value(ResolvedValue)
    /// Plain text.
    case text(String)
  }

  /// The header's cells.
  public var header: [Cell]
  /// The body's cells.
  public var rows: [[Cell]]
  /// The path of its numbers, relative to the report.
  public var csvPath: String?
  /// The experiments that it comes from, by id.
  public var experiments: [String]
  /// What its rows come to, in a sentence after the caption.
  public var summary = ""
  /// What kind of rows it has.
  public var style = Style.results

  /// What a table is made of, as far as its layout depends on it.
  public enum Style: String, Sendable, Hashable {
    /// Numbers or text.
    case results
    /// Statements with verdicts.
    case ledger
    /// Published numbers beside fresh ones.
    case comparison
  }

  /// Creates a table.
  public init(header: [Cell], rows: [[Cell]], csvPath: String? = nil, experiments: [String] = []) {
    self.header = header
    self.rows = rows
    self.csvPath = csvPath
    self.experiments = experiments
  }
}

/// An experiment with its runs.
public struct ResolvedExperiment: Sendable, Hashable {
  /// What was varied.
  public struct Axis: Sendable, Hashable {
    /// The name of the axis.
    public var name: String
    /// Its values as text.
    public var values: [String]

    /// Creates an axis.
    public init(name: String, values: [String]) {
      self.name = name
      self.values = values
    }
  }

  /// One run.
  public struct Run: Sendable, Hashable {
    /// Its key, in hexadecimal.
    public var key: String
    /// The digest of its result, in hexadecimal; `nil` for a run that failed.
    public var result: String?
    /// Its axis values and seed as text: `norm=batch, lr=0.1, seed 3`.
    public var label: String
    /// Why it failed.
    public var failure: String?

    /// Creates a run.
    public init(key: String, result: String?, label: String, failure: String? = nil) {
      self.key = key
      self.result = result
      self.label = label
      self.failure = failure
    }
  }

  /// A published file of numbers.
  public struct File: Sendable, Hashable {
    /// What readers see: `exp-x.history`.
    public var name: String
    /// The path, relative to the report.
    public var path: String

    /// Creates a file.
    public init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// What was varied, in order.
  public var axes: [Axis]
  /// The number of seeds.
  public var seeds: Int
  /// Every run, in order.
  public var runs: [Run]
  /// Every option with its value, in order.
  public var parameters: [(name: String, value: String)]
  /// The data set.
  public var dataName: String
  /// The digest of the data's bytes, in hexadecimal.
  public var dataDigest: String
  /// The published numbers.
  public var files: [File]
  /// The command that computes just this again.
  public var command: String

  /// Creates an experiment.
  public init(
    axes: [Axis], seeds: Int, runs: [Run], parameters: [(name: String, value: String)], dataName: String,
    dataDigest: String, files: [File], command: String
  ) {
    self.axes = axes
    self.seeds = seeds
    self.runs = runs
    self.parameters = parameters
    self.dataName = dataName
    self.dataDigest = dataDigest
    self.files = files
    self.command = command
  }

  /// Whether two experiments are the same in everything that readers see.
  public static func == (a: ResolvedExperiment, b: ResolvedExperiment) -> Bool {
    a.axes == b.axes && a.seeds == b.seeds && a.runs == b.runs && a.dataName == b.dataName
      && a.dataDigest == b.dataDigest && a.files == b.files && a.command == b.command
      && a.parameters.map(\.name) == b.parameters.map(\.name)
      && a.parameters.map(\.value) == b.parameters.map(\.value)
  }

  /// Feeds what identifies the experiment into `hasher`.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(runs)
    hasher.combine(dataDigest)
  }
}
