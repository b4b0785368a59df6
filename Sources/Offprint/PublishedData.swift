// Serves verify: where a result differs from the published tables, for readers who have no store of the old results.
import Experiments
import RunStore
import Tables

/// The first cell in which a fresh result differs from the CSV files of the published report.
///
/// Rows are in the order of the file, so in a history the first difference is at the first recorded step that differs.
///
/// - Returns: a clause such as `test_accuracy at step=150 was 0.81 and is 0.82 (exp-x.history)`; `nil` when no published
///   table differs, or there is none.
func publishedDifference(_ run: Run, _ result: RunResult, _ experiment: Experiment, reports folder: String)
  -> String?
{
  let tables = experiment.tables { $0.key == run.key ? result : nil }
  // Histories first: they name the step.
  for table in tables.sorted(by: { $0.name.utf8.count > $1.name.utf8.count }) {
    guard let bytes = try? Files.read("\(folder)/data/\(table.name).csv") else { continue }
    if let place = firstDifference(table, publishedRows(String(decoding: bytes, as: UTF8.self))) {
      return place
    }
  }
  return nil
}

private func firstDifference(_ table: Table, _ published: (header: [String], rows: [[String]])) -> String? {
  let keys = table.columns.filter { $0.role != .metric }.map(\.name)
  let keyPlaces = keys.compactMap { published.header.firstIndex(of: $0) }
  guard keyPlaces.count == keys.count else { return nil }
  // Looked up only, never walked through.
  let byKey = Dictionary(published.rows.map { row in (keyPlaces.map { row[$0] }, row) }) { first, _ in first }
  for row in table.rows {
    let key = keys.map { name in table.index(of: name).map { row[$0].label } ?? "" }
    guard let old = byKey[key] else { continue }
    for (index, column) in table.columns.enumerated() where column.role == .metric {
      guard let place = published.header.firstIndex(of: column.name), old[place] != row[index].label else {
        continue
      }
      let axes = table.columns.indices.filter {
        table.columns[$0].role == .axis && !table.columns[$0].name.isEmpty
      }
      let step = axes.first { table.columns[$0].name == "step" }.map { " at step \(row[$0].label)" } ?? ""
      return "\(column.name)\(step) was \(old[place]) and is \(row[index].label) (\(table.name))"
    }
  }
  return nil
}

/// Header and rows of a CSV text (RFC 4180); rows of another length than the header are left out.
func publishedRows(_ text: String) -> (header: [String], rows: [[String]]) {
  var rows: [[String]] = []
  var row: [String] = []
  var field: [UInt8] = []
  var quoted = false
  let bytes = Array(text.utf8)
  var index = 0
  func take() {
    row.append(String(decoding: field, as: UTF8.self))
    field = []
  }
  while index < bytes.count {
    let byte = bytes[index]
    if quoted {
      if byte == UInt8(ascii: "\"") {
        if index + 1 < bytes.count, bytes[index + 1] == byte {
          field.append(byte)
          index += 1
        } else {
          quoted = false
        }
      } else {
        field.append(byte)
      }
    } else if byte == UInt8(ascii: "\""), field.isEmpty {
      quoted = true
    } else if byte == UInt8(ascii: ",") {
      take()
    } else if byte == 10 {
      take()
      rows.append(row)
      row = []
    } else {
      field.append(byte)
    }
    index += 1
  }
  if !field.isEmpty || !row.isEmpty {
    take()
    rows.append(row)
  }
  guard let header = rows.first else { return ([], []) }
  return (header, rows.dropFirst().filter { $0.count == header.count })
}
