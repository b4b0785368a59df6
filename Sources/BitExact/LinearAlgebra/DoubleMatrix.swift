// Serves every stage that solves for something: dense matrices in double precision, with sums in one fixed order.
//
// Multiplications and additions stay apart, in eight lanes with a fixed tree, so that every processor gives the same bits.

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
    return values.withUnsafeBufferPointer { a in
      vector.withUnsafeBufferPointer { x in
        (0..<rows).map { lanesDot(a, $0 * columns, x, 0, columns) }
      }
    }
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
    let (inner, width) = (columns, other.rows)
    values.withUnsafeBufferPointer { a in
      other.values.withUnsafeBufferPointer { b in
        // Some rows of the other matrix stay in the cache while those of this one pass.
        for first in stride(from: 0, to: width, by: rowsAtATime) {
          for i in 0..<rows {
            for j in first..<min(width, first + rowsAtATime) {
              result.values[i * width + j] = lanesDot(a, i * inner, b, j * inner, inner)
            }
          }
        }
      }
    }
    return result
  }

  /// The matrix of scalar products of its rows, A·Aᵀ.
  public var rowGram: DoubleMatrix {
    var result = DoubleMatrix(rows: rows, columns: rows)
    values.withUnsafeBufferPointer { a in
      for first in stride(from: 0, to: rows, by: rowsAtATime) {
        for i in first..<rows {
          for j in first...min(i, first + rowsAtATime - 1) {
            let value = lanesDot(a, i * columns, a, j * columns, columns)
            result.values[i * rows + j] = value
            result.values[j * rows + i] = value
          }
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

/// Rows that are small enough together for the cache next to a core.
private let rowsAtATime = 16

/// Σ aᵢ·bᵢ in eight lanes with a fixed tree.
public func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "vectors of one length")
  return a.withUnsafeBufferPointer { x in b.withUnsafeBufferPointer { lanesDot(x, 0, $0, 0, x.count) } }
}

/// √Σ aᵢ².
public func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

/// Σ a[i + k]·b[j + k] for k < count: eight lanes, joined by halves.
@inline(__always)
func lanesDot(
  _ a: UnsafeBufferPointer<Double>, _ i: Int, _ b: UnsafeBufferPointer<Double>, _ j: Int, _ count: Int
) -> Double {
  guard count > 0, let aStart = a.baseAddress, let bStart = b.baseAddress else { return 0 }
  let (x, y) = (aStart + i, bStart + j)
  var sums = SIMD8<Double>()
  var k = 0
  while k + 8 <= count {
    sums += loadEight(x + k) * loadEight(y + k)
    k += 8
  }
  for lane in 0..<(count - k) { sums[lane] += x[k + lane] * y[k + lane] }
  let four = sums.lowHalf + sums.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

/// target[i + k] += factor · source[j + k] for k < count.
@inline(__always)
func lanesAdd(
  _ factor: Double, _ source: UnsafeBufferPointer<Double>, _ j: Int,
  to target: UnsafeMutableBufferPointer<Double>, _ i: Int, _ count: Int
) {
  guard count > 0, let from = source.baseAddress, let into = target.baseAddress else { return }
  let (x, y) = (from + j, into + i)
  var k = 0
  while k + 8 <= count {
    let sum = loadEight(UnsafePointer(y + k)) + factor * loadEight(x + k)
    UnsafeMutableRawPointer(y + k).storeBytes(of: sum, as: SIMD8<Double>.self)
    k += 8
  }
  while k < count {
    y[k] += factor * x[k]
    k += 1
  }
}

/// Turns two rows: (a, b) becomes (c·a − s·b, s·a + c·b).
@inline(__always)
func rotateRows(
  _ values: UnsafeMutableBufferPointer<Double>, _ i: Int, _ j: Int, _ count: Int, _ c: Double, _ s: Double
) {
  guard count > 0, let start = values.baseAddress else { return }
  let (x, y) = (start + i, start + j)
  var k = 0
  while k + 8 <= count {
    let (a, b) = (loadEight(UnsafePointer(x + k)), loadEight(UnsafePointer(y + k)))
    UnsafeMutableRawPointer(x + k).storeBytes(of: c * a - s * b, as: SIMD8<Double>.self)
    UnsafeMutableRawPointer(y + k).storeBytes(of: s * a + c * b, as: SIMD8<Double>.self)
    k += 8
  }
  while k < count {
    let (a, b) = (x[k], y[k])
    x[k] = c * a - s * b
    y[k] = s * a + c * b
    k += 1
  }
}

@inline(__always)
private func loadEight(_ place: UnsafePointer<Double>) -> SIMD8<Double> {
  UnsafeRawPointer(place).loadUnaligned(as: SIMD8<Double>.self)
}
