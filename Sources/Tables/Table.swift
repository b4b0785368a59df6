// Serves tabulate and everything after it: the only form in which results reach figures, tables and prose.

/// One cell of a table.
public enum Cell: Hashable, Sendable {
  /// A number; NaN and infinities are allowed (a run may diverge).
  case number(Double)
  /// A name, for example the value of a categorical axis.
  case text(String)
  /// Nothing was measured here.
  case missing

  /// The number, or `nil` for text and missing cells.
  public var number: Double? { if case .number(let value) = self { value } else { nil } }

  /// What a reader sees for a categorical value: the text itself or the shortest decimal.
  public var label: String {
    switch self {
    case .number(let value): Cell.format(value)
    case .text(let text): text
    case .missing: ""
    }
  }

  /// The shortest decimal that reads back as `value`; integers have no fraction.
  public static func format(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return "\(value)"
  }
}

/// One column of a table.
public struct Column: Hashable, Sendable {
  /// What the column is for.
  public enum Role: String, Sendable {
    /// A swept parameter or another coordinate of the row.
    case axis
    /// The number of the seed, from 1.
    case seed
    /// Something measured.
    case metric
  }

  /// The name used in expressions and figures.
  public var name: String
  /// What the column is for.
  public var role: Role
  /// Unit as text (`steps`, `%`), empty when the column has none.
  public var unit: String
  /// One sentence for readers.
  public var doc: String

  /// Creates a column.
  public init(_ name: String, _ role: Role, unit: String = "", doc: String = "") {
    self.name = name
    self.role = role
    self.unit = unit
    self.doc = doc
  }
}

/// A tidy table: one observation a row.
public struct Table: Sendable {
  /// `exp-x`, or `exp-x.history` and the like.
  public var name: String
  /// Columns in order.
  public var columns: [Column]
  /// Rows in plan order, each as long as `columns`.
  public var rows: [[Cell]]
  /// Seeds whose spread decided how many seeds there are; `nil` when their number was fixed beforehand.
  public var firstStage: Int?

  /// Creates a table.
  public init(name: String, columns: [Column], rows: [[Cell]] = []) {
    self.name = name
    self.columns = columns
    self.rows = rows
  }

  /// The index of the column called `name`.
  public func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

  /// Comma-separated values with a header line (RFC 4180, newline-terminated rows); missing cells are empty.
  public var csv: String {
    var bytes: [UInt8] = []
    func append(_ fields: some Sequence<String>) {
      for (index, field) in fields.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += Table.quoted(field).utf8
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    append(columns.lazy.map(\.name))
    for row in rows { append(row.lazy.map(\.label)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func quoted(_ text: String) -> String {
    // Numbers and most names need no look at their characters.
    if text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x2C }) { return text }
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
