// An author's mistakes are found, all of them, with their places.
import Diagnostics
import Specification
import Tables
import Testing

@testable import Plotting

@Suite struct SpecificationTests {
  private func messages(_ yaml: String) throws -> [String] {
    var diagnostics = Diagnostics()
    let node = try Node(yaml: yaml, origin: SourcePosition(file: "f.md", line: 1, column: 1))
    _ = Figure(resolving: node, &diagnostics)
    return diagnostics.sorted.map(line)
  }

  private func line(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.position.map { "\($0.line):\($0.column) " } ?? ""
    return "\(place)\(diagnostic.rule): \(diagnostic.message)\(diagnostic.hint.map { " (\($0))" } ?? "")"
  }

  @Test func unknownOptionsHaveANearName() throws {
    let found = try messages(
      """
      data: exp-a
      mark: lien
      encodng: {}
      """)
    #expect(found.count == 2)
    #expect(found[0].hasPrefix("2:7 unknown-name: 'mark' cannot be 'lien'") && found[0].contains("'line'"))
    #expect(found[1].hasPrefix("3:1 unknown-key") && found[1].contains("'encoding'"))
  }

  @Test(arguments: [
    ("mark: line\nencoding: {x: {field: a}, y: {field: b}}", "1:7 figure-encoding: this mark has no data"),
    ("data: t\nmark: line\nencoding: {x: {field: a}}", "2:7 figure-encoding: line needs 'y'"),
    ("data: t\nmark: rule", "2:7 figure-encoding: a rule needs its place"),
    (
      "data: t\nmark: line\nencoding: {x: {field: a, scale: {type: log, domain: [0, 1]}}, y: {field: b}}",
      "3:53 log-domain: a logarithmic axis has no place for 0 (use {type: symlog} to include zero)"
    ),
    (
      "data: t\nfilter: a is 3\nmark: line\nencoding: {x: {field: a}, y: {field: b}}",
      "2:9 filter-syntax: 'a is 3' is not a comparison"
    ),
    (
      "data: t\nmark: rect\nencoding: {x: {field: a}, y: {field: b}}",
      "2:7 figure-encoding: rect needs 'color'"
    ),
    ("data: t", "1:1 missing-key: nothing is drawn here"),
    (
      "data: t\nmark: line\nencoding: {x: {field: a}, y: {field: b, scale: {domain: [2, 2]}}}",
      "3:57 empty-domain: the domain begins and ends at 2"
    ),
  ]) func mistakesHavePlaces(yaml: String, message: String) throws {
    #expect(try messages(yaml) == [message])
  }

  @Test func columnsAreChecked() throws {
    let example = Example(
      name: "check",
      yaml: """
        data: exp-a
        filter: nrom=batch
        mark: line
        encoding:
          x: {field: lr}
          y: {field: test_acuracy}
        layer: [{data: exp-b.histroy, mark: line}]
        """, tables: [])
    let columns = [Column("norm", .axis), Column("lr", .axis), Column("test_accuracy", .metric)]
    let found = try example.figure().check(
      columns: { $0 == "exp-a" ? columns : nil }, tableNames: ["exp-a", "exp-b", "exp-b.history"])
    #expect(
      found.map(line) == [
        "6:14 unknown-column: the table 'exp-a' has no column 'test_acuracy' (did you mean 'test_accuracy'?)",
        "2:9 unknown-column: the table 'exp-a' has no column 'nrom' (did you mean 'norm'?)",
        "7:16 unknown-table: there is no table 'exp-b.histroy' (did you mean 'exp-b.history'?)",
      ])
  }

  @Test func drawingWithoutItsTableSaysSo() throws {
    let example = Example(
      name: "no-table", yaml: "data: exp-a\nmark: line\nencoding: {x: {field: a}, y: {field: b}}", tables: [])
    do {
      _ = try example.draw()
      Issue.record("a picture without data")
    } catch let error as DiagnosticError {
      #expect(error.diagnostics.map(\.rule) == ["unknown-table"])
    }
  }

  @Test(arguments: [
    ("norm=batch", 2), ("norm!=batch", 1), ("lr>=0.1", 2), ("lr<0.1", 1), ("norm=batch, lr>0.1", 1),
    ("norm == \"batch\"", 2),
  ]) func filtersKeepRows(filter: String, count: Int) throws {
    let rows: [[Cell]] = [
      [.text("batch"), .number(0.1), .number(1)], [.text("batch"), .number(1), .number(2)],
      [.text("none"), .number(0.01), .number(3)],
    ]
    let table = Table(
      name: "t", columns: [Column("norm", .axis), Column("lr", .axis), Column("y", .metric)], rows: rows)
    let example = Example(
      name: "filter",
      yaml: "data: t\nfilter: '\(filter)'\nmark: point\nencoding: {x: {field: lr}, y: {field: y}}",
      tables: [table])
    #expect(try example.draw().table.rows.count == count)
  }

  @Test func everyOptionIsDocumented() {
    func visit(_ record: Record) {
      for field in record.fields {
        #expect(!field.doc.isEmpty, "\(record.name).\(field.name)")
        if case .record(let inner) = field.type { visit(inner) }
        if case .list(.record(let inner), _) = field.type { visit(inner) }
      }
    }
    visit(figureRecord)
    #expect(figureRecord["mark"] != nil && figureRecord["fig-cap"] != nil)
  }

  @Test func tablesAndWordsSayWhatIsDrawn() throws {
    let figure = try Gallery.learningRate.draw()
    #expect(figure.table.columns.map(\.name) == ["layer", "norm", "lr", "test_accuracy", "low", "high", "n"])
    #expect(figure.table.rows.count == 13)
    #expect(
      figure.alternativeText.hasPrefix(
        "Line plot of test accuracy against learning rate, for normalisation none, batch; 5 seeds."))
    #expect(figure.alternativeText.contains("A line marks chance at 10%."))
    #expect(figure.alternativeText.contains("none falls from"))
  }

  @Test func aMeanOverAHiddenAxisIsRemarked() throws {
    var example = Gallery.learningRate
    example.yaml = "data: exp-bn-rate\nmark: line\nencoding: {x: {field: lr}, y: {field: test_accuracy}}"
    #expect(try example.draw().remarks == ["the mean also runs over norm, which the figure does not show"])
  }
}
