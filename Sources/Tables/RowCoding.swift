// Serves tabulate: rows as bytes, for tables that are kept from one build to the next.

/// Writes rows of cells; `RowReader` reads them back.
public struct RowWriter {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// Starts with nothing.
  public init() {}

  /// Appends a text, with its length before it.
  public mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    bytes += text.utf8
  }

  /// Appends a whole number.
  public mutating func append(_ number: Int) { append(UInt64(bitPattern: Int64(number))) }

  /// Appends a number, bit by bit.
  public mutating func append(_ number: Double) { append(number.bitPattern) }

  /// Appends rows, with their number before them and the number of its cells before each.
  public mutating func append(_ rows: [[Cell]]) {
    append(UInt64(rows.count))
    for row in rows {
      append(UInt64(row.count))
      for cell in row { append(cell) }
    }
  }

  private mutating func append(_ cell: Cell) {
    switch cell {
    case .missing: bytes.append(0)
    case .number(let number):
      bytes.append(1)
      append(number.bitPattern)
    case .text(let text):
      bytes.append(2)
      append(text)
    }
  }

  private mutating func append(_ word: UInt64) {
    withUnsafeBytes(of: word.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }
}

/// Reads what `RowWriter` wrote. Bytes that nobody wrote so end in `nil`, never in a trap.
public struct RowReader {
  private let bytes: [UInt8]
  private var offset = 0

  /// Reads from the start of `bytes`.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether everything was read.
  public var isAtEnd: Bool { offset == bytes.count }

  /// The next text.
  public mutating func text() -> String? {
    guard let count = count() else { return nil }
    defer { offset += count }
    return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
  }

  /// The next whole number.
  public mutating func integer() -> Int? { word().map { Int(truncatingIfNeeded: $0) } }

  /// The next number.
  public mutating func number() -> Double? { word().map { Double(bitPattern: $0) } }

  /// The next rows.
  public mutating func rows() -> [[Cell]]? {
    guard let count = count() else { return nil }
    var rows: [[Cell]] = []
    rows.reserveCapacity(count)
    for _ in 0..<count {
      guard let row = row() else { return nil }
      rows.append(row)
    }
    return rows
  }

  private mutating func row() -> [Cell]? {
    guard let count = count() else { return nil }
    var row: [Cell] = []
    row.reserveCapacity(count)
    for _ in 0..<count {
      guard let cell = cell() else { return nil }
      row.append(cell)
    }
    return row
  }

  private mutating func cell() -> Cell? {
    guard offset < bytes.count else { return nil }
    offset += 1
    switch bytes[offset - 1] {
    case 0: return .missing
    case 1: return word().map { .number(Double(bitPattern: $0)) }
    case 2: return text().map(Cell.text)
    default: return nil
    }
  }

  /// A number of things that take at least a byte each.
  public mutating func count() -> Int? {
    word().flatMap { Int(exactly: $0) }.flatMap { $0 <= bytes.count - offset ? $0 : nil }
  }

  private mutating func word() -> UInt64? {
    guard bytes.count - offset >= 8 else { return nil }
    defer { offset += 8 }
    return unsafe bytes.withUnsafeBytes {
      unsafe UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }
}
