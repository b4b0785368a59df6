// Serves every stage that needs a spectrum: symmetric eigenvalues, singular values, least squares and pseudo-inverses.
import KernelTable

/// A = V·diag(λ)·Vᵀ of a symmetric matrix, eigenvalues in decreasing order.
public struct SymmetricEigen: Sendable {
  /// The eigenvalues, largest first.
  public private(set) var values: [Double]
  /// Row i is the eigenvector of eigenvalue i; its element of largest magnitude is positive.
  public private(set) var vectors: DoubleMatrix

  /// Reduces to a tridiagonal matrix by reflections, then takes implicit QL steps with Wilkinson's shift
  /// (Parlett 1980, chapters 7 and 8).
  public init(_ matrix: DoubleMatrix) {
    precondition(matrix.rows == matrix.columns, "a square matrix")
    var tridiagonal = Tridiagonal(matrix)
    tridiagonal.diagonalize()
    (values, vectors) = tridiagonal.sortedSpectrum
  }
}

/// A symmetric matrix on its way to diagonal form.
private struct Tridiagonal {
  private let size: Int
  private var diagonal: [Double]
  /// Element k joins k and k + 1; the last is room.
  private var beside: [Double]
  /// Row k is reflection k, zero up to its element k.
  private var reflections: DoubleMatrix
  private var scales: [Double]
  /// Rows become eigenvectors.
  private var vectors: DoubleMatrix

  init(_ matrix: DoubleMatrix) {
    size = matrix.rows
    let n = size
    diagonal = [Double](repeating: 0, count: n)
    beside = [Double](repeating: 0, count: n)
    reflections = DoubleMatrix(rows: max(0, n - 2), columns: n)
    scales = [Double](repeating: 0, count: max(0, n - 2))
    vectors = .identity(n)
    var a = matrix
    for k in 0..<max(0, n - 2) { reduce(&a, k) }
    for k in 0..<n { diagonal[k] = a[k, k] }
    if n > 1 { beside[n - 2] = a[n - 1, n - 2] }
  }

  /// Clears column k below the first element beside the diagonal.
  private mutating func reduce(_ a: inout DoubleMatrix, _ k: Int) {
    let (n, first, count) = (size, k + 1, size - k - 1)
    var v = DoubleMatrix(rows: 1, columns: n)
    for i in first..<n { v[0, i] = a[k, i] }
    let length = v.frobeniusNorm
    let alpha = v[0, first] > 0 ? -length : length
    beside[k] = alpha
    guard length > 0 else { return }
    let scale = 1 / (length * (length + abs(v[0, first])))
    v[0, first] -= alpha
    scales[k] = scale
    for i in first..<n { reflections[k, i] = v[0, i] }
    // A ← A − v·wᵀ − w·vᵀ with p = βAv and w = p − (β/2)(p·v)v.
    var w = DoubleMatrix(rows: 1, columns: n)
    a.withElements { a in
      v.withElements { v in
        w.withMutableElements {
          Kernels.current.rowProducts(
            DoubleRows(a + (first * n + first), stride: n, count: count),
            DoubleRows(v + first, stride: n, count: 1), count, $0 + first, 1)
        }
      }
    }
    for i in first..<n { w[0, i] *= scale }
    let half = scale / 2 * dot(w.values, v.values)
    for i in first..<n { w[0, i] -= half * v[0, i] }
    subtract(v, w, from: &a, first)
  }

  /// a ← a − v·wᵀ − w·vᵀ from row and column `first` on.
  private func subtract(_ v: DoubleMatrix, _ w: DoubleMatrix, from a: inout DoubleMatrix, _ first: Int) {
    let (n, count) = (size, size - first)
    let (minusV, minusW) = (v.values.map { -$0 }, w.values.map { -$0 })
    v.withElements { v in
      w.withElements { w in
        a.withMutableElements { a in
          // A few rows at a time stay in the cache for the second term.
          for row in stride(from: first, to: n, by: 8) {
            let rows = MutableDoubleRows(a + (row * n + first), stride: n, count: min(8, n - row))
            add(minusV, from: row, times: w + first, to: rows, count)
            add(minusW, from: row, times: v + first, to: rows, count)
          }
        }
      }
    }
  }

  /// Each row becomes row + factor · source.
  private func add(
    _ factors: Doubles, from first: Int, times source: Doubles, to rows: MutableDoubleRows, _ count: Int
  ) {
    Kernels.current.addRow(factors + first, source, rows, count)
  }

  mutating func diagonalize() {
    let scale = zip(diagonal, beside).reduce(0) { max($0, abs($1.0) + abs($1.1)) }
    for first in 0..<size {
      // Each eigenvalue takes two or three steps; the bound only guards against numbers that are not numbers.
      for _ in 0..<80 {
        let last = endOfBlock(first, scale)
        if last == first { break }
        step(first, last)
      }
    }
  }

  /// The last row that is still joined to row `first`.
  private func endOfBlock(_ first: Int, _ scale: Double) -> Int {
    var m = first
    while m < size - 1 {
      let near = max(abs(diagonal[m]) + abs(diagonal[m + 1]), scale * Double.ulpOfOne)
      if !(abs(beside[m]) > Double.ulpOfOne / 2 * near) { break }
      m += 1
    }
    return m
  }

  private mutating func step(_ first: Int, _ last: Int) {
    let n = size
    let halfGap = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first])
    let root = length(halfGap, 1)
    var g =
      diagonal[last] - diagonal[first] + beside[first] / (halfGap + (halfGap < 0 ? -root : root))
    var (sine, cosine, shift) = (1.0, 1.0, 0.0)
    for i in stride(from: last - 1, through: first, by: -1) {
      let f = sine * beside[i]
      let b = cosine * beside[i]
      let r = length(f, g)
      beside[i + 1] = r
      if r == 0 {
        diagonal[i + 1] -= shift
        beside[last] = 0
        return
      }
      (sine, cosine) = (f / r, g / r)
      g = diagonal[i + 1] - shift
      let t = (diagonal[i] - g) * sine + 2 * cosine * b
      shift = sine * t
      diagonal[i + 1] = g + shift
      g = cosine * t - b
      vectors.withMutableElements {
        Kernels.current.rotateRows($0 + i * n, $0 + (i + 1) * n, n, cosine, sine)
      }
    }
    diagonal[first] -= shift
    beside[first] = g
    beside[last] = 0
  }

  private func length(_ a: Double, _ b: Double) -> Double {
    let (large, small) = (max(abs(a), abs(b)), min(abs(a), abs(b)))
    if large == 0 { return 0 }
    let ratio = small / large
    return large * (1 + ratio * ratio).squareRoot()
  }

  /// Eigenvalues and eigenvectors in the original basis, sorted.
  var sortedSpectrum: ([Double], DoubleMatrix) {
    let n = size
    let order = (0..<n).sorted { a, b in
      diagonal[a] == diagonal[b] ? a < b : diagonal[a] > diagonal[b]
    }
    var result = DoubleMatrix(rows: n, columns: n, values: order.flatMap { vectors.row($0) })
    // A few vectors at a time stay in the cache while the reflections stream by.
    for first in stride(from: 0, to: n, by: 8) { takeBack(&result, first..<min(n, first + 8)) }
    for i in 0..<n where signOfLargest(result.row(i)) < 0 {
      for j in 0..<n { result[i, j] = -result[i, j] }
    }
    return (order.map { diagonal[$0] }, result)
  }

  /// Takes rows back through all reflections, the last one first.
  private func takeBack(_ matrix: inout DoubleMatrix, _ rows: Range<Int>) {
    let n = size
    reflections.withElements { reflections in
      matrix.withMutableElements { matrix in
        for k in stride(from: n - 3, through: 0, by: -1) where scales[k] != 0 {
          // Reflection k is zero up to its element k; whole lanes of eight are left out.
          let start = (k + 1) & ~7
          reflect(
            MutableDoubleRows(matrix + (rows.lowerBound * n + start), stride: n, count: rows.count),
            along: reflections + (k * n + start), scales[k], n - start)
        }
      }
    }
  }
}

/// +1 or −1: the sign of the first element of largest magnitude.
private func signOfLargest(_ vector: [Double]) -> Double {
  var best = 0.0
  for value in vector where abs(value) > abs(best) { best = value }
  return best < 0 ? -1 : 1
}

/// A = U·diag(σ)·Vᵀ with as many singular values as the shorter side, largest first.
public struct ThinSVD: Sendable {
  /// The singular values, largest first.
  public private(set) var values: [Double]
  /// Row i is the left singular vector i; zero where σ is zero.
  public private(set) var left: DoubleMatrix
  /// Row i is the right singular vector i.
  public private(set) var right: DoubleMatrix

  /// Reflections to a triangle, its spectrum for a start, then one-sided rotations (Hestenes 1958) to full accuracy.
  public init(_ matrix: DoubleMatrix) {
    if matrix.rows < matrix.columns {
      let other = ThinSVD(matrix.transposed)
      (values, left, right) = (other.values, other.right, other.left)
      return
    }
    let n = matrix.columns
    let qr = HouseholderQR(matrix)
    let triangle = qr.triangle
    var right = SymmetricEigen(triangle.columnGram).vectors
    var images = right.timesTransposed(triangle)
    ThinSVD.orthogonalize(&images, &right)
    let lengths = (0..<n).map { norm(images.row($0)) }
    let order = (0..<n).sorted { lengths[$0] == lengths[$1] ? $0 < $1 : lengths[$0] > lengths[$1] }
    values = order.map { lengths[$0] }
    self.right = DoubleMatrix(rows: n, columns: n, values: order.flatMap { right.row($0) })
    left = DoubleMatrix(
      rows: n, columns: matrix.rows,
      values: order.flatMap { i -> [Double] in
        let length = lengths[i]
        return qr.times(images.row(i).map { length > 0 ? $0 / length : 0 })
      })
  }

  /// Turns pairs of rows until all are orthogonal, `partner` along with them.
  private static func orthogonalize(_ rows: inout DoubleMatrix, _ partner: inout DoubleMatrix) {
    let (n, width, partnerWidth) = (rows.rows, rows.columns, partner.columns)
    for _ in 0..<40 {
      var turned = false
      rows.withMutableElements { rows in
        partner.withMutableElements { partner in
          for i in 0..<n {
            for j in (i + 1)..<max(n, i + 1) {
              let (a, b) = (rows + i * width, rows + j * width)
              let (product, first, second) = (dot(a, b, width), dot(a, a, width), dot(b, b, width))
              guard abs(product) > 1e-15 * (first * second).squareRoot() else { continue }
              turned = true
              let zeta = (second - first) / (2 * product)
              let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
              let cosine = 1 / (1 + tangent * tangent).squareRoot()
              Kernels.current.rotateRows(a, b, width, cosine, cosine * tangent)
              Kernels.current.rotateRows(
                partner + i * partnerWidth, partner + j * partnerWidth, partnerWidth, cosine, cosine * tangent
              )
            }
          }
        }
      }
      if !turned { return }
    }
  }

  /// How many singular values exceed `tolerance` times the largest.
  public func rank(tolerance: Double = 1e-12) -> Int {
    values.count { $0 > tolerance * (values.first ?? 0) }
  }
}

/// ‖A‖₂, the largest singular value.
public func spectralNorm(_ matrix: DoubleMatrix) -> Double {
  let gram = matrix.rows < matrix.columns ? matrix.rowGram : matrix.columnGram
  // A square root of the largest eigenvalue keeps full relative accuracy; only small singular values would not.
  return max(0, SymmetricEigen(gram).values.first ?? 0).squareRoot()
}

/// The x with the smallest ‖A·x − b‖, and of these the one with the smallest ‖x‖.
///
/// Singular values up to `tolerance` times the largest count as zero.
public func leastSquares(_ matrix: DoubleMatrix, _ b: [Double], tolerance: Double = 1e-12) -> [Double] {
  precondition(b.count == matrix.rows, "one right-hand side a row")
  guard matrix.rows > 0, matrix.columns > 0 else { return [Double](repeating: 0, count: matrix.columns) }
  if matrix.rows >= matrix.columns {
    let qr = HouseholderQR(matrix)
    if qr.diagonalRatio > 1e-9 { return qr.solveTriangle(qr.transposedTimes(b)) }
  } else {
    let qr = HouseholderQR(columns: matrix)
    if qr.diagonalRatio > 1e-9 { return qr.times(qr.solveTransposedTriangle(b)) }
  }
  let svd = ThinSVD(matrix)
  var x = [Double](repeating: 0, count: matrix.columns)
  for i in 0..<svd.rank(tolerance: tolerance) {
    let share = dot(svd.left.row(i), b) / svd.values[i]
    for (j, value) in svd.right.row(i).enumerated() { x[j] += share * value }
  }
  return x
}

/// A⁺, the pseudo-inverse of Moore and Penrose.
public func pseudoInverse(_ matrix: DoubleMatrix, tolerance: Double = 1e-12) -> DoubleMatrix {
  let svd = ThinSVD(matrix)
  let rank = svd.rank(tolerance: tolerance)
  var scaled = DoubleMatrix(rows: matrix.columns, columns: rank)
  var left = DoubleMatrix(rows: matrix.rows, columns: rank)
  for i in 0..<rank {
    for j in 0..<matrix.columns { scaled[j, i] = svd.right[i, j] / svd.values[i] }
    for j in 0..<matrix.rows { left[j, i] = svd.left[i, j] }
  }
  return scaled.timesTransposed(left)
}
