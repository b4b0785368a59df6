// Serves check, tabulate and judge: the expression language as other stages use it.

import Diagnostics
import Statistics
import Tables

/// One number per seed.
public struct Sample: Sendable {
  /// The seeds in increasing order, each with its number. NaN and infinities are kept: a run may diverge.
  public var values: [(seed: Int, value: Double)]
  /// The experiments behind it, in the order in which the expression names them.
  public var experiments: [String]
  /// The unit, empty when there is none or it is not known.
  public var unit: String
  /// When the spread over the first seeds decided how many seeds there are: how many of the values are of those.
  public var firstStage: Int?
  /// Seeds with results that are not in the sample, because a number that it needs is missing in them.
  public var leftOut: Int
  /// Numbers that are missing in the seeds of the sample, at places of an axis that it goes over.
  public var gaps: Int

  /// Creates a sample.
  public init(
    values: [(seed: Int, value: Double)], experiments: [String], unit: String = "", leftOut: Int = 0,
    gaps: Int = 0, firstStage: Int? = nil
  ) {
    self.leftOut = leftOut
    self.gaps = gaps
    self.values = values
    self.experiments = experiments
    self.unit = unit
    self.firstStage = firstStage
  }

  /// The numbers, for tests and intervals.
  public var staged: StagedSample { StagedSample(numbers, firstStage: firstStage) }

  /// The numbers alone, in the order of the seeds.
  public var numbers: [Double] { values.map(\.value) }
}

/// An expression over the tables of experiments; its value is a sample.
///
/// The grammar stands above `Parser`, the functions are the cases of `Function`. Samples are paired by seed: an operation
/// on two samples keeps the seeds that both have.
///
/// A *missing* cell means that nothing was measured, or that a threshold was not reached. Its seed is left out of the
/// sample and of every reduction over an axis, and the sample says how many are; a value of the axis at which no seed has a
/// number is passed over, and so is a missing step, as runs may end at different ones. *NaN* is a result like any other (the
/// run diverged): it is kept, and every computation with it yields NaN. `largest` and `smallest` yield NaN for a seed
/// at which the condition holds nowhere. A table without a seed column counts as seed 1.
public struct SampleExpression: Sendable {
  /// The text as written.
  public var text: String { source.text }
  let source: Source
  let root: Node

  /// Parses `text`; throws a `DiagnosticError` that points into it.
  ///
  /// - Parameters:
  ///   - text: the expression.
  ///   - position: where its first byte stands in the paper.
  public init(parsing text: String, at position: SourcePosition) throws {
    source = Source(text: text, position: position)
    var parser = try Parser(source)
    root = try parser.expressionToEnd()
  }

  init(source: Source, root: Node) {
    self.source = source
    self.root = root
  }

  /// The tables that the expression reads, each once, in the order of the text.
  public var tableNames: [String] { distinct(root.references.map(\.tableName)) }

  /// The experiments that the expression reads, each once, in the order of the text.
  public var experiments: [String] { distinct(root.references.map(\.experiment.value)) }

  /// What is wrong, found without any result.
  ///
  /// Experiments, tables, columns, axes and their values must exist, units must agree, and every axis must be fixed or gone
  /// over. Tables need their columns; where `exp-x` also has the rows of the planned runs (their results missing), axis
  /// values are checked too. A further table of the experiment may then still be without rows: the values of its own
  /// axes are not checked, but those that it shares with `exp-x` are.
  ///
  /// - Parameters:
  ///   - tables: the table of a name, `exp-x` or `exp-x.history`.
  ///   - names: the names of all tables, for hints.
  public func check(tables: (String) -> Table?, names: [String] = []) -> [Diagnostic] {
    withoutActuallyEscaping(tables) { tables in
      var mistakes: [Diagnostic] = []
      var complete = true
      let planned = PlannedTables(tables: tables)
      for reference in root.references {
        guard let table = planned.table(reference.tableName) else {
          mistakes.append(unknownTable(reference, tables, names))
          continue
        }
        mistakes += referenceMistakes(reference, in: table, source)
        complete = complete && !table.rows.isEmpty
      }
      if root.references.isEmpty || (mistakes.isEmpty && complete) {
        let evaluator = Evaluator(
          source: source, tables: planned.table, structureOnly: true, unknownAxes: planned.unknownAxes)
        do { _ = try evaluator.sample(root) } catch let error as DiagnosticError {
          mistakes += error.diagnostics
        } catch {
          mistakes.append(source.mistake("expression", root.span, "\(error)"))
        }
      }
      return mistakes
    }
  }

  /// Computes the sample; throws a `DiagnosticError` that points into the text.
  public func evaluate(tables: (String) -> Table?) throws -> Sample {
    try withoutActuallyEscaping(tables) { tables in
      try Evaluator(source: source, tables: tables).sample(root)
    }
  }

  private func unknownTable(
    _ reference: Reference, _ tables: (String) -> Table?, _ names: [String]
  ) -> Diagnostic {
    let experiment = reference.experiment.value
    if let table = reference.table, tables(experiment) != nil {
      let prefix = experiment + "."
      let others = names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
      let hasMinus = table.value.contains("-exp-")
      return source.mistake(
        "unknown-table", table.span, "\(experiment) has no table '\(table.value)'",
        hint: hasMinus ? "write spaces around a minus sign" : nameHint(for: table.value, in: others))
    }
    if experiment.dropFirst().contains("-exp-") {
      return source.mistake(
        "unknown-experiment", reference.experiment.span, "there is no experiment '\(experiment)'",
        hint: "write spaces around a minus sign")
    }
    return source.mistake(
      "unknown-experiment", reference.experiment.span, "there is no experiment '\(experiment)'",
      hint: nameHint(for: experiment, in: names.filter { !$0.contains(".") }))
  }
}

/// The tables of planned runs, where only those of the runs themselves have rows.
private struct PlannedTables {
  var tables: (String) -> Table?

  /// A table; without rows of its own, with the rows of its experiment, where that has any.
  func table(_ name: String) -> Table? {
    guard var table = tables(name), table.rows.isEmpty, let runs = runs(of: name) else { return tables(name) }
    let shared = table.columns.map { column in column.role == .metric ? nil : runs.index(of: column.name) }
    var seen: Set<[Cell]> = []
    table.rows = runs.rows.map { row in shared.map { index in index.map { row[$0] } ?? .missing } }
      .filter { seen.insert($0).inserted }
    return table
  }

  /// The axes of a table without rows that its experiment's runs do not have.
  func unknownAxes(_ name: String) -> [String] {
    guard let table = tables(name), table.rows.isEmpty, let runs = runs(of: name) else { return [] }
    return table.columns.filter { $0.role == .axis && runs.index(of: $0.name) == nil }.map(\.name)
  }

  private func runs(of name: String) -> Table? {
    guard let dot = name.firstIndex(of: "."), let runs = tables(String(name[..<dot])), !runs.rows.isEmpty
    else { return nil }
    return runs
  }
}

private func distinct(_ names: [String]) -> [String] {
  var result: [String] = []
  for name in names where !result.contains(name) { result.append(name) }
  return result
}
