// Serves execute: whether points can be separated, and how many of their labellings can (Cover 1965).
import BitExact

/// Decides whether a w with zₙ·w > 0 for all n exists, where labels are folded into zₙ.
///
/// Phase one of the simplex method on the dual: α ≥ 0 with Σ αₙzₙ = 0 and Σ αₙ = 1 exists exactly when no such w does
/// (Gordan's theorem). When none exists, the multipliers of the last tableau are such a w, and are checked.
public struct LinearSeparability {
  /// A separator, or `nil` when there is none.
  public let separator: [Double]?

  /// Decides for `count` points of `dimension` coordinates.
  public init(_ points: SignedPoints) {
    let (count, dimension) = (points.count, points.dimension)
    // Columns are points scaled to length 1 with a 1 below; the right-hand side is (0, …, 0, 1).
    var tableau = SimplexTableau(rows: dimension + 1, columns: count)
    for n in 0..<count {
      let row = (0..<dimension).map { points.values[n * points.stride + $0] }
      let length = norm(row)
      for d in 0..<dimension { tableau[d, n] = length > 0 ? row[d] / length : 0 }
      tableau[dimension, n] = 1
    }
    tableau[dimension, count] = 1
    let rest = tableau.minimizeArtificials()
    guard rest > 1e-9, count > 0 else {
      separator = count == 0 ? [Double](repeating: 0, count: dimension) : nil
      return
    }
    let w = tableau.multipliers.prefix(dimension).map { -$0 }
    let padded = w + [Double](repeating: 0, count: points.stride - dimension)
    separator = points.margins(padded).allSatisfy { $0 > 0 } ? w : nil
  }

  /// log of the number of homogeneously separable labellings of n points in general position in d dimensions,
  /// C(n, d) = 2·Σ_{k<d} binom(n − 1, k), as a fraction of all 2ⁿ (Cover 1965, theorem 1).
  public static func expectedFraction(points n: Int, dimension d: Int) -> Double {
    guard n > 0 else { return 1 }
    // Terms binom(n − 1, k)/2^(n − 1), by their logarithms, so that no number overflows.
    var term = -Double(n - 1) * Elementary.log(2)
    var sum = 0.0
    for k in 0..<min(d, n) {
      sum += Elementary.exp(term)
      if k + 1 < n { term += Elementary.log(Double(n - 1 - k)) - Elementary.log(Double(k + 1)) }
    }
    return min(1, sum)
  }
}

/// A dense tableau of equalities with one artificial variable a row; right-hand sides are not negative.
private struct SimplexTableau {
  private let rows: Int
  private let columns: Int
  private let width: Int
  /// Structural columns, the right-hand side, then the artificial columns, which keep the inverse of the basis.
  private var values: [Double]
  private var basis: [Int]

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    width = columns + 1 + rows
    values = [Double](repeating: 0, count: (rows + 1) * width)
    basis = (0..<rows).map { columns + 1 + $0 }
    for i in 0..<rows { values[i * width + columns + 1 + i] = 1 }
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * width + column] }
    set { values[row * width + column] = newValue }
  }

  /// The simplex multipliers y of the rows after `minimizeArtificials`: the last row holds y − 1 under the artificials.
  var multipliers: [Double] { (0..<rows).map { self[rows, columns + 1 + $0] + 1 } }

  /// Minimises the sum of the artificial variables; returns the minimum.
  mutating func minimizeArtificials() -> Double {
    for column in 0..<width where column <= columns {
      self[rows, column] = (0..<rows).reduce(0) { $0 + self[$1, column] }
    }
    // Bland's rule after a while, so that degenerate pivots cannot go round for ever.
    for step in 0..<(200 * (rows + columns)) {
      guard let entering = enteringColumn(byIndex: step > 4 * (rows + columns)),
        let leaving = leavingRow(entering)
      else { break }
      pivot(leaving, entering)
    }
    return self[rows, columns]
  }

  private func enteringColumn(byIndex: Bool) -> Int? {
    var (best, value): (Int?, Double) = (nil, 1e-10)
    for column in 0..<columns where self[rows, column] > value {
      best = column
      if byIndex { return best }
      value = self[rows, column]
    }
    return best
  }

  private func leavingRow(_ column: Int) -> Int? {
    var (best, ratio): (Int?, Double) = (nil, .infinity)
    for row in 0..<rows where self[row, column] > 1e-11 {
      let candidate = self[row, columns] / self[row, column]
      if candidate < ratio || (candidate == ratio && best.map { basis[row] < basis[$0] } ?? true) {
        (best, ratio) = (row, candidate)
      }
    }
    return best
  }

  private mutating func pivot(_ row: Int, _ column: Int) {
    let scale = 1 / self[row, column]
    for j in 0..<width { self[row, j] *= scale }
    for i in 0...rows where i != row {
      let factor = self[i, column]
      if factor == 0 { continue }
      for j in 0..<width { self[i, j] -= factor * self[row, j] }
      self[i, column] = 0
    }
    basis[row] = column
  }
}
