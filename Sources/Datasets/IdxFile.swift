// Serves run: reads the idx files in which MNIST and its relatives are distributed.

/// An array of unsigned bytes in idx format.
///
/// Layout: two zero bytes, the element type (8 = unsigned byte), the number of dimensions, each dimension as a
/// big-endian 32-bit number, then the elements in row-major order.
/// Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits.
struct IdxFile: Sendable {
  var path: String
  var dimensions: [Int]
  /// The elements in row-major order.
  var elements: [UInt8]

  /// Where the elements begin in the file.
  static func headerLength(rank: Int) -> Int { 4 + 4 * rank }

  /// Reads a whole file that must have `rank` dimensions; returns `nil` when there is no such file.
  static func read(path: String, rank: Int) throws(DatasetError) -> IdxFile? {
    guard let reader = try GzipReader(path: path) else { return nil }
    let (dimensions, size) = try header(from: reader, rank: rank)
    let elements = try reader.read(size)
    let start = headerLength(rank: rank)
    if elements.count < size {
      throw .malformed(
        file: path, byte: start + elements.count,
        problem: "the file ends here, but its header promises \(start + size) bytes")
    }
    if try !reader.read(1).isEmpty {
      throw .malformed(
        file: path, byte: start + size,
        problem: "the file goes on, but its header promises \(start + size) bytes")
    }
    return IdxFile(path: path, dimensions: dimensions, elements: elements)
  }

  /// Reads only the dimensions; returns `nil` when there is no such file.
  static func readDimensions(path: String, rank: Int) throws(DatasetError) -> [Int]? {
    guard let reader = try GzipReader(path: path) else { return nil }
    return try header(from: reader, rank: rank).dimensions
  }

  private static func header(
    from reader: borrowing GzipReader, rank: Int
  ) throws(DatasetError) -> (dimensions: [Int], size: Int) {
    let bytes = try reader.read(headerLength(rank: rank))
    let magic = [0, 0, 8, UInt8(rank)]
    if Array(bytes.prefix(4)) != magic {
      throw .malformed(
        file: reader.path, byte: 0,
        problem: "not an idx file of unsigned bytes with \(rank) dimensions (expected \(hex(magic)), "
          + "found \(bytes.isEmpty ? "nothing" : hex(bytes.prefix(4))))")
    }
    if bytes.count < headerLength(rank: rank) {
      throw .malformed(file: reader.path, byte: bytes.count, problem: "the file ends within its header")
    }
    var dimensions: [Int] = []
    var size = 1
    for index in 0..<rank {
      let offset = 4 + 4 * index
      let dimension = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      if dimension == 0 || overflow || product > 1 << 34 {
        throw .malformed(
          file: reader.path, byte: offset, problem: "dimension \(index + 1) is \(dimension), which cannot be")
      }
      dimensions.append(dimension)
      size = product
    }
    return (dimensions, size)
  }
}

private func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
