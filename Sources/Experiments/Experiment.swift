// Serves plan: an experiment block becomes a list of runs.
import Datasets
import Diagnostics
import Specification
import Tables

/// An experiment block as the manuscript hands it over.
public struct ExperimentBlock: Sendable {
  /// Its id, `exp-…`.
  public var id: String
  /// The YAML body.
  public var body: Node

  /// Creates a block.
  public init(id: String, body: Node) {
    self.id = id
    self.body = body
  }
}

/// One run: a point of the sweep and a seed.
public struct Run: Sendable {
  /// Id of the experiment.
  public var experiment: String
  /// The specification.
  public var configuration: Configuration
  /// The seed, from 1.
  public var seed: Int
  /// Values of the experiment's axes.
  public var axes: [Cell]
  /// What the run will cost.
  public var cost: RunCost
  /// Name of the run in the store: SHA-256 over specification, seed, data and numeric version.
  public var key: String

  /// Collects the parts of a run.
  public init(
    experiment: String, configuration: Configuration, seed: Int, axes: [Cell], cost: RunCost, key: String
  ) {
    self.experiment = experiment
    self.configuration = configuration
    self.seed = seed
    self.axes = axes
    self.cost = cost
    self.key = key
  }
}

/// An experiment, checked and expanded.
public struct Experiment: Sendable {
  /// Its id, `exp-…`.
  public let id: String
  /// Its title; the id when it has none.
  public let title: String
  /// The swept axes, in order.
  public let axes: [Column]
  /// The runs: points of the sweep in order, each with all seeds.
  public let runs: [Run]
  /// Seeds of each point.
  public let seeds: Int
  /// The rule by which the first seeds decide how many there are; `nil` when their number is fixed.
  public let stagedSeeds: StagedSeeds?
  /// The tables that its runs fill.
  public let declarations: [TableDeclaration]
  /// Digest of the data that the runs draw from, by dataset.
  public let dataDigests: [String: String]

  /// Name of the table with a suffix.
  public func tableName(_ declaration: TableDeclaration) -> String {
    declaration.suffix.isEmpty ? id : "\(id).\(declaration.suffix)"
  }

  /// Columns of a table: the experiment's axes, the seed, the table's axes, the metrics.
  public func columns(_ declaration: TableDeclaration) -> [Column] {
    axes + [Column("seed", .seed, doc: "Number of the seed.")] + declaration.axes + declaration.metrics
  }

  /// The experiment's tables filled from the results of its runs; runs without a result leave no rows.
  public func tables(_ result: (Run) -> RunResult?) -> [Table] {
    var tables = declarations.map { Table(name: tableName($0), columns: columns($0)) }
    for index in tables.indices { tables[index].firstStage = stagedSeeds?.first }
    for run in runs {
      guard let result = result(run) else { continue }
      for (index, declaration) in declarations.enumerated() {
        guard let part = result.tables[declaration.suffix] else { continue }
        let places = (declaration.axes + declaration.metrics).map { part.columns.firstIndex(of: $0.name) }
        for row in part.rows {
          let cells = places.map { $0.map { row[$0] } ?? .missing }
          tables[index].rows.append(run.axes + [.number(Double(run.seed))] + cells)
        }
      }
    }
    return tables
  }
}
