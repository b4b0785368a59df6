// Serves execute: results as JSON values, the form in which they are stored and digested.
import BitExact
import Specification
import Tables

extension RunResult {
  /// The result as a value; equal results give the same canonical JSON.
  public var value: Value {
    .object([
      "digests": .array(digests.map { [.number(Double($0.step)), .string($0.digest)] }),
      "tables": .object(tables.mapValues(\.value)),
    ])
  }

  /// SHA-256 of the canonical JSON: what the lock file holds.
  public var digest: String { SHA256.hexDigest(of: value.canonicalJSON) }

  /// Reads a result back; `nil` when the value has another form.
  public init?(_ value: Value) {
    guard let tables = value["tables"]?.object, let digests = value["digests"]?.array else { return nil }
    for (suffix, content) in tables {
      guard let table = RunTable(content) else { return nil }
      self.tables[suffix] = table
    }
    for entry in digests {
      guard let pair = entry.array, pair.count == 2, let step = pair[0].integer, let digest = pair[1].string
      else { return nil }
      self.digests.append((step, digest))
    }
  }
}

extension RunTable {
  fileprivate var value: Value {
    .object([
      "columns": .array(columns.map { .string($0) }),
      "rows": .array(rows.map { .array($0.map(\.value)) }),
    ])
  }

  fileprivate init?(_ value: Value) {
    guard let columns = value["columns"]?.array, let rows = value["rows"]?.array else { return nil }
    self.columns = columns.compactMap(\.string)
    self.rows = []
    for row in rows {
      guard let cells = row.array, cells.count == columns.count else { return nil }
      self.rows.append(cells.map(Cell.init(value:)))
    }
  }
}

extension Cell {
  fileprivate var value: Value {
    switch self {
    case .number(let number): .finite(number)
    case .text(let text): .string(text)
    case .missing: .null
    }
  }

  fileprivate init(value: Value) {
    if let number = value.number {
      self = .number(number)
    } else {
      self = value.string.map(Cell.text) ?? .missing
    }
  }
}
