// Serves every stage that solves for something: dense matrices in double precision, with sums in one fixed order.
//
// Multiplications and additions stay apart, in eight lanes with a fixed tree, so that every processor gives the same bits.

import KernelTable

/// A dense matrix in double precision, row-major.
public struct DoubleMatrix: Sendable, Hashable {
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  /// The elements, row by row.
  public var values: [Double]

  /// A matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    values = [Double](repeating: 0, count: rows * columns)
  }

  /// A matrix of given elements, row by row; their number must be `rows · columns`.
  public init(rows: Int, columns: Int, values: [Double]) {
    precondition(values.count == rows * columns, "as many elements as places")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The identity.
  public static func identity(_ size: Int) -> DoubleMatrix {
    var result = DoubleMatrix(rows: size, columns: size)
    for i in 0..<size { result[i, i] = 1 }
    return result
  }

  /// The element in a row and a column.
  public subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// Calls `body` with the elements in memory.
  func withElements<Result>(_ body: (Doubles) -> Result) -> Result { call(body, values) }

  /// Calls `body` with the elements in memory.
  mutating func withMutableElements(_ body: (MutableDoubles) -> Void) { call(body, &values) }

  /// One row.
  public func row(_ index: Int) -> [Double] { Array(values[index * columns..<(index + 1) * columns]) }

  /// One column.
  public func column(_ index: Int) -> [Double] { (0..<rows).map { self[$0, index] } }

  /// Rows and columns exchanged.
  public var transposed: DoubleMatrix {
    var result = DoubleMatrix(rows: columns, columns: rows)
    for i in 0..<rows { for j in 0..<columns { result.values[j * rows + i] = values[i * columns + j] } }
    return result
  }

  /// The product with a vector, each element one sum of eight lanes.
  public func times(_ vector: [Double]) -> [Double] {
    precondition(vector.count == columns, "one factor a column")
    return timesTransposed(DoubleMatrix(rows: 1, columns: columns, values: vector)).values
  }

  /// The product with another matrix.
  public func times(_ other: DoubleMatrix) -> DoubleMatrix {
    precondition(columns == other.rows, "inner sizes agree")
    return timesTransposed(other.transposed)
  }

  /// The product with the transposed of another matrix.
  public func timesTransposed(_ other: DoubleMatrix) -> DoubleMatrix {
    precondition(columns == other.columns, "inner sizes agree")
    var result = DoubleMatrix(rows: rows, columns: other.rows)
    withElements { a in
      other.withElements { b in
        result.withMutableElements {
          Kernels.current.rowProducts(
            DoubleRows(a, stride: columns, count: rows), DoubleRows(b, stride: columns, count: other.rows),
            columns, $0, other.rows)
        }
      }
    }
    return result
  }

  /// The matrix of scalar products of its rows, A·Aᵀ.
  public var rowGram: DoubleMatrix {
    var result = DoubleMatrix(rows: rows, columns: rows)
    withElements { a in
      result.withMutableElements { result in
        // Some columns at a time from the diagonal down; what lies above it is the same.
        for first in stride(from: 0, to: rows, by: columnsAtATime) {
          let few = first..<min(rows, first + columnsAtATime)
          let corner = a + first * columns
          Kernels.current.rowProducts(
            DoubleRows(corner, stride: columns, count: rows - first),
            DoubleRows(corner, stride: columns, count: few.count), columns, result + (first * rows + first),
            rows)
          for i in few.upperBound..<rows { for j in few { result[j * rows + i] = result[i * rows + j] } }
        }
      }
    }
    return result
  }

  /// The matrix of scalar products of its columns, Aᵀ·A.
  public var columnGram: DoubleMatrix { transposed.rowGram }

  /// √Σ aᵢⱼ².
  public var frobeniusNorm: Double { norm(values) }

  /// The mean of each column, summed from the first row to the last.
  public var columnMeans: [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for i in 0..<rows { for j in 0..<columns { sums[j] += values[i * columns + j] } }
    return sums.map { $0 / Double(max(1, rows)) }
  }

  /// The matrix with the mean of each column taken away.
  public var centered: DoubleMatrix {
    let means = columnMeans
    var result = self
    for i in 0..<rows { for j in 0..<columns { result.values[i * columns + j] -= means[j] } }
    return result
  }
}

// An array passed for a pointer gives an address even where it is empty.
@inline(__always) private func call<Result>(_ body: (Doubles) -> Result, _ values: Doubles) -> Result {
  body(values)
}
@inline(__always) private func call(_ body: (MutableDoubles) -> Void, _ values: MutableDoubles) {
  body(values)
}

/// Columns of a Gram matrix that are written at a time.
private let columnsAtATime = 16

/// Σ aᵢ·bᵢ in eight lanes with a fixed tree.
public func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "vectors of one length")
  return dot(a, b, a.count)
}

/// √Σ aᵢ².
public func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

/// Σ aᵢ·bᵢ over `count` elements in memory.
func dot(_ a: Doubles, _ b: Doubles, _ count: Int) -> Double {
  var result = 0.0
  Kernels.current.rowProducts(
    DoubleRows(a, stride: count, count: 1), DoubleRows(b, stride: count, count: 1), count, &result, 1)
  return result
}
