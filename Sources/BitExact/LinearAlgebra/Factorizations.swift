// Serves every stage that solves linear systems: the factorisations of Cholesky and Householder.
import KernelTable

/// A = L·Lᵀ of a symmetric positive definite matrix.
public struct Cholesky: Sendable {
  private let factor: DoubleMatrix

  /// Factorises; `nil` when the matrix is not (numerically) positive definite: a pivot falls below
  /// `tolerance` times its diagonal element.
  public init?(_ matrix: DoubleMatrix, tolerance: Double = 1e-14) {
    precondition(matrix.rows == matrix.columns, "a square matrix")
    let n = matrix.rows
    var l = DoubleMatrix(rows: n, columns: n)
    for i in 0..<n {
      for j in 0...i {
        let sum = l.withElements { dot($0 + i * n, $0 + j * n, j) }
        let rest = matrix[i, j] - sum
        if i == j {
          guard rest > tolerance * matrix[i, i] else { return nil }
          l[i, i] = rest.squareRoot()
        } else {
          l[i, j] = rest / l[j, j]
        }
      }
    }
    factor = l
  }

  /// The x of A·x = b.
  public func solve(_ b: [Double]) -> [Double] {
    let n = factor.rows
    var x = b
    for i in 0..<n {
      for k in 0..<i { x[i] -= factor[i, k] * x[k] }
      x[i] /= factor[i, i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      x[i] /= factor[i, i]
      for k in 0..<i { x[k] -= factor[i, k] * x[i] }
    }
    return x
  }
}

/// A = Q·R by reflections (Householder 1958), for matrices with at least as many rows as columns.
public struct HouseholderQR: Sendable {
  /// Row k holds reflection k from element k on, and above it column k of R.
  private var columnsOfA: DoubleMatrix
  private var diagonal: [Double]
  private var scales: [Double]
  private let height: Int
  private let width: Int

  /// Factorises.
  public init(_ matrix: DoubleMatrix) {
    precondition(matrix.rows >= matrix.columns, "at least as many rows as columns")
    self.init(columns: matrix.transposed)
  }

  /// Factorises the matrix whose columns are the rows of `columns`.
  public init(columns: DoubleMatrix) {
    let (m, n) = (columns.columns, columns.rows)
    precondition(m >= n, "at least as many rows as columns")
    (height, width) = (m, n)
    columnsOfA = columns
    diagonal = [Double](repeating: 0, count: n)
    scales = [Double](repeating: 0, count: n)
    // A few columns at a time take all reflections so far, so that they stay in the cache while those stream by. Each
    // column meets the reflections in the same order as it would one reflection after the other.
    for first in stride(from: 0, to: n, by: HouseholderQR.columnsAtATime) {
      let end = min(n, first + HouseholderQR.columnsAtATime)
      for k in 0..<first { apply(k, to: first..<end) }
      for k in first..<end {
        makeReflection(k)
        apply(k, to: (k + 1)..<end)
      }
    }
  }

  private static let columnsAtATime = 8

  private mutating func makeReflection(_ k: Int) {
    let m = height
    let start = k * m + k
    let length = columnsOfA.withElements { dot($0 + start, $0 + start, m - k).squareRoot() }
    let first = columnsOfA.values[start]
    diagonal[k] = first > 0 ? -length : length
    guard length > 0 else { return }
    // v = x − αe₁ without cancellation, and 2/(v·v).
    columnsOfA.values[start] = first - diagonal[k]
    scales[k] = 1 / (length * (length + abs(first)))
  }

  private mutating func apply(_ k: Int, to columns: Range<Int>) {
    guard scales[k] != 0, !columns.isEmpty else { return }
    let (m, start) = (height, k * height + k)
    columnsOfA.withMutableElements { values in
      let first = values + (columns.lowerBound * m + k)
      reflect(
        MutableDoubleRows(first, stride: m, count: columns.count), along: Doubles(values) + start, scales[k],
        m - k)
    }
  }

  /// Element (i, j) of R, i ≤ j.
  public func r(_ i: Int, _ j: Int) -> Double { i == j ? diagonal[i] : columnsOfA.values[j * height + i] }

  /// R as a square matrix.
  public var triangle: DoubleMatrix {
    var result = DoubleMatrix(rows: width, columns: width)
    for i in 0..<width { for j in i..<width { result[i, j] = r(i, j) } }
    return result
  }

  /// Smallest over largest |rᵢᵢ|: 0 for a matrix without full rank, and a rough inverse condition number.
  public var diagonalRatio: Double {
    let sizes = diagonal.map(abs)
    guard let largest = sizes.max(), let smallest = sizes.min(), largest > 0 else { return 0 }
    return smallest / largest
  }

  /// Qᵀ·b, all rows of it.
  public func transposedTimes(_ b: [Double]) -> [Double] {
    var result = b
    for k in 0..<width { reflectVector(&result, k) }
    return result
  }

  /// Q·y, y of the width or the height.
  public func times(_ y: [Double]) -> [Double] {
    var result = y + [Double](repeating: 0, count: height - y.count)
    for k in stride(from: width - 1, through: 0, by: -1) { reflectVector(&result, k) }
    return result
  }

  private func reflectVector(_ vector: inout [Double], _ k: Int) {
    guard scales[k] != 0 else { return }
    let count = height - k
    columnsOfA.withElements { values in
      vector.withUnsafeMutableBufferPointer { x in
        guard let x = x.baseAddress else { return }
        reflect(
          MutableDoubleRows(x + k, stride: count, count: 1), along: values + (k * height + k), scales[k],
          count)
      }
    }
  }

  /// The x of R·x = y.
  public func solveTriangle(_ y: [Double]) -> [Double] {
    var x = Array(y.prefix(width))
    for j in stride(from: width - 1, through: 0, by: -1) {
      x[j] /= diagonal[j]
      for i in 0..<j { x[i] -= r(i, j) * x[j] }
    }
    return x
  }

  /// The x of Rᵀ·x = y.
  public func solveTransposedTriangle(_ y: [Double]) -> [Double] {
    var x = Array(y.prefix(width))
    for j in 0..<width {
      let sum = columnsOfA.withElements { dot($0 + j * height, x, j) }
      x[j] = (x[j] - sum) / diagonal[j]
    }
    return x
  }
}

/// Each row x becomes x − scale·(v·x)·v: reflected on the plane that is normal to v, for scale = 2/(v·v).
func reflect(_ rows: MutableDoubleRows, along v: Doubles, _ scale: Double, _ count: Int) {
  withUnsafeTemporaryAllocation(of: Double.self, capacity: rows.count) { factors in
    guard let factors = factors.baseAddress else { return }
    Kernels.current.rowProducts(
      DoubleRows(Doubles(rows.start), stride: rows.stride, count: rows.count),
      DoubleRows(v, stride: count, count: 1), count, factors, 1)
    for row in 0..<rows.count { factors[row] = -scale * factors[row] }
    Kernels.current.addRow(factors, v, rows, count)
  }
}
