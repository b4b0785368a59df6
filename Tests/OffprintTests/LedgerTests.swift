// The ledger of statements and the comparison with published numbers, on made-up results.
import Datasets
import Diagnostics
import Experiments
import Manuscript
import Report
import Tables
import Testing

@testable import Offprint

@Suite struct LedgerTests {
  private let text = """
    # A

    > [!ERRATUM] E3 The date
    > It was 1998.

    ```{experiment #exp-a}
    data: {name: digits, train: 100}
    model: {mlp: [5]}
    train: {optimizer: sgd, lr: 0.1, batch: 50, steps: 2}
    seeds: 3
    ```

    ```{claim #clm-a}
    says: It learns.
    statement: Networks *learn*
    assert: exp-a.test_accuracy > 0.1
    published: {value: 0.55, source: k, note: other data, quantity: Accuracy}
    erratum: E3
    ```

    ```{claim #clm-b}
    says: It learns a lot.
    statement: Networks *learn*
    assert: exp-a.test_accuracy > 0.9
    ```

    """
  private let bibliography = "@misc{k, title = {T}, author = {Ann Bee}, year = 2001}"

  private func plan(_ table: String) -> (plan: PaperPlan?, messages: [String]) {
    var diagnostics = Diagnostics()
    let section = text + "```{table #tbl-x}\n\(table)\n```\n"
    let files = PaperFiles(
      configuration: SourceText(path: "paper.yml", "title: T\nsections: [a.md]\nbibliography: r.bib\n")
    ) { path in SourceText(path: path, path == "a.md" ? section : bibliography) }
    let plan = parsePaper(files, &diagnostics).flatMap {
      planPaper(
        $0, folder: "p", profile: "default", library: DatasetLibrary(searchPath: []), &diagnostics)
    }
    return (
      plan,
      diagnostics.sorted.filter { $0.severity == .error }.map {
        "\($0.position?.line ?? 0) \($0.rule): \($0.message)"
      }
    )
  }

  /// The table with accuracies of 0.5, 0.6, 0.7 for the seeds.
  private func resolved(_ table: String) throws -> ResolvedTable {
    let (plan, messages) = plan(table)
    #expect(messages == [])
    let planned = try #require(plan)
    var results = Results(planned, [:], failures: [])
    var runs = try #require(results.tables["exp-a"])
    let column = try #require(runs.index(of: "test_accuracy"))
    let seed = try #require(runs.index(of: "seed"))
    runs.rows = (1...3).map { number in
      runs.columns.indices.map {
        $0 == seed ? .number(Double(number)) : $0 == column ? .number(0.4 + 0.1 * Double(number)) : .missing
      }
    }
    results.tables["exp-a"] = runs
    let findings = Findings(Resolver(plan: planned, results: results), [:])
    return try #require(ResolvedPaper(planned.manuscript, findings).tables["tbl-x"])
  }

  private func plain(_ cell: ResolvedTable.Cell) -> String {
    switch cell {
    case .heading(let text), .text(let text): return text
    case .value(let value): return value.text
    case .inlines(let inlines):
      return inlines.map { inline in
        switch inline {
        case .verdict(let claim, _): "<\(claim)>"
        case .reference(let reference): "@\(reference.id)"
        case .citation(let citation): "[\(citation.items.map(\.key).joined(separator: ";"))]"
        default: [inline].plainText
        }
      }.joined()
    }
  }

  @Test func ledgerCollectsTheStatementsOfClaims() throws {
    let table = try resolved("ledger: claims")
    #expect(
      table.rows.map { $0.map(plain) } == [
        ["Networks learn", "@exp-a", "<clm-a> <clm-b> corrected (E3)"]
      ])
    #expect(table.summary == "The statement is tested, by 2 claims.")
    #expect(table.style == .ledger)
  }

  @Test func ledgerHasTheRowsThatTheAuthorDeclares() throws {
    let table = try resolved(
      """
      ledger:
        - {statement: Networks learn, label: BN-01, claims: clm-a, source: k}
        - {statement: They see, erratum: [E3]}
        - {statement: A network is a function, outcome: definition}
        - {statement: They see far, experiments: [exp-a], outcome: "see @clm-b"}
      """)
    #expect(
      table.rows.map { $0.map(plain) } == [
        ["Networks learn [k]", "BN-01: @exp-a", "<clm-a>"],
        ["They see", "–", "not tested here; corrected (E3)"],
        ["A network is a function", "–", "definition"],
        ["They see far", "@exp-a", "see @clm-b"],
      ])
    #expect(table.summary == "Of 4 statements, 1 is tested, by 1 claim.")
  }

  @Test func comparisonSaysWhereThePublishedNumberLies() throws {
    let table = try resolved(
      """
      compare:
        - clm-a
        - {quantity: Best, published: 0.99, source: k, note: CIFAR-10, here: "exp-a.test_accuracy | %"}
        - {quantity: Worst, published: 0.1, source: k, here: "{val} exp-a.test_accuracy"}
        - {quantity: Speed, published: 14, source: k}
      """)
    #expect(
      table.rows.map { $0.map(plain) } == [
        ["Accuracy (@clm-a)", "0.55 (other data) [k]", "0.6 ± 0.2", "inside the interval"],
        ["Best", "99% (CIFAR-10) [k]", "60 ± 20%", "above the interval"],
        ["Worst", "0.1 [k]", "0.6 ± 0.2", "below the interval"],
        ["Speed", "14 [k]", "not measured", "–"],
      ])
  }

  @Test func comparisonCollectsClaimsWithPublishedNumbers() throws {
    #expect(try resolved("compare: claims").rows.count == 1)
  }

  @Test(arguments: [
    ("ledger: [{statement: S, claims: fig-a}]", "27 wrong-reference: 'fig-a' is not the id of a claim"),
    ("ledger: [{statement: S, claims: clm-z}]", "27 unknown-reference: there is no 'clm-z'"),
    ("ledger: [{statement: S, erratum: E9}]", "27 unknown-erratum: no note of the paper is the erratum 'E9'"),
    ("ledger: [{statement: S, source: z}]", "27 unknown-citation: the bibliography has no 'z'"),
    ("ledger: claims\nrows: [[a]]", "28 unused-key: a table with 'ledger' does not use 'rows'"),
    ("ledger: [{claim: clm-a, statement: S}]", "27 unknown-key: statement has no option 'claim'"),
    ("compare: [{quantity: Q, published: high, source: k}]", "27 wrong-value: 'published' cannot be 'high'"),
    (
      "compare: [{quantity: Q, published: 1, source: k, here: exp-a.test_acuracy}]",
      "27 unknown-column: exp-a has no column 'test_acuracy'"
    ),
    ("tbl-cap: nothing", "26 missing-key: a table of an experiment needs 'data', 'rows' and 'value'"),
  ])
  func mistakesHaveTheirPlace(table: String, message: String) {
    #expect(plan(table).messages.contains(message), "\(plan(table).messages)")
  }
}
