// Serves resolve: tables put together from the author's words and the numbers that were found.
import Manuscript
import Report
import Specification

/// What a table takes from the results.
enum TableNumbers: Hashable {
  /// Nothing: its rows are the author's, and its numbers stand among those of the text.
  case written
  /// Nothing but verdicts.
  case ledger
  /// Published numbers beside fresh ones.
  case comparison([ComparedNumber])
  /// Every cell.
  case computed(ComputedCells)
}

/// The cells of a table that an experiment fills.
struct ComputedCells: Hashable {
  var rowAxis: String
  var rows: [String]
  var columns: [String]
  var cells: [[ResolvedValue]]
  var experiments: [String]
}

/// Puts the tables of a paper together.
struct TableAssembly {
  let manuscript: Manuscript
  let claims: [String: ResolvedClaim]
  let claimBlocks: [PaperBlock]

  init(_ manuscript: Manuscript, _ claims: [String: ResolvedClaim]) {
    self.manuscript = manuscript
    self.claims = claims
    claimBlocks = manuscript.blocks(.claim)
  }

  /// The tables by id; one whose rows the author spells out is shown as its block says.
  func tables(_ numbers: [String: TableNumbers]) -> [String: ResolvedTable] {
    var tables: [String: ResolvedTable] = [:]
    for block in manuscript.blocks(.table) {
      switch numbers[block.id] {
      case .ledger: tables[block.id] = ledger(block)
      case .comparison(let numbers): tables[block.id] = comparison(block, numbers)
      case .computed(let cells): tables[block.id] = computed(block, cells)
      case .written, nil: break
      }
    }
    return tables
  }

  private func computed(_ block: PaperBlock, _ found: ComputedCells) -> ResolvedTable {
    let columns = found.columns.isEmpty ? [block.body["value"]?.text ?? ""] : found.columns
    return ResolvedTable(
      header: block.header.isEmpty
        ? ([found.rowAxis] + columns).map { .heading($0) } : block.header.map { .inlines($0) },
      rows: zip(found.rows, found.cells).map { name, cells in [.heading(name)] + cells.map { .value($0) } },
      experiments: found.experiments)
  }
}
