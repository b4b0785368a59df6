// Serves execute: how alike two representations of the same examples are.
import BitExact

/// A representation of some examples, ready to be compared with others: what depends on it alone is computed once.
struct Representation {
  private let gram: DoubleMatrix
  private let gramNorm: Double
  /// The Gram matrix with a diagonal of zeros, its row sums and its unbiased HSIC with itself.
  private let hollow: DoubleMatrix
  private let hollowSums: [Double]
  private let selfHSIC: Double
  private let neighbours: [[Int]]
  private let neighbourCount: Int

  /// Prepares a representation, one row an example; `neighbours` is the k of `mutualNearestNeighbours`.
  init(_ values: DoubleMatrix, neighbours k: Int) {
    gram = values.centered.rowGram
    gramNorm = gram.frobeniusNorm
    var hollow = gram
    for i in 0..<hollow.rows { hollow[i, i] = 0 }
    self.hollow = hollow
    hollowSums = hollow.times([Double](repeating: 1, count: hollow.rows))
    selfHSIC = Representation.unbiasedHSIC((hollow, hollowSums), (hollow, hollowSums))
    neighbourCount = max(0, min(k, values.rows - 1))
    neighbours = Representation.neighbours(values, neighbourCount)
  }

  /// Linear centred kernel alignment ‖YᵀX‖²_F/(‖XᵀX‖_F·‖YᵀY‖_F) of centred representations (Kornblith et al. 2019).
  func linearCKA(_ other: Representation) -> Double {
    let product = dot(gram.values, other.gram.values)
    let size = gramNorm * other.gramNorm
    return size > 0 ? product / size : 0
  }

  /// The same from the unbiased estimate of HSIC, which does not grow with the number of features (Song et al. 2012).
  func debiasedCKA(_ other: Representation) -> Double {
    let size = selfHSIC * other.selfHSIC
    let shared = Representation.unbiasedHSIC((hollow, hollowSums), (other.hollow, other.hollowSums))
    return size > 0 ? shared / size.squareRoot() : 0
  }

  /// Mean share of the `k` nearest neighbours of an example that both representations agree on (Huh et al. 2024).
  func mutualNearestNeighbours(_ other: Representation) -> Double {
    guard neighbourCount > 0 else { return 0 }
    var shared = 0
    for (a, b) in zip(neighbours, other.neighbours) { shared += a.count { b.contains($0) } }
    return Double(shared) / Double(neighbours.count * neighbourCount)
  }

  /// tr(KL) + 1ᵀK1·1ᵀL1/((n − 1)(n − 2)) − 2·1ᵀKL1/(n − 2), over n(n − 3), of hollow matrices with their row sums.
  private static func unbiasedHSIC(
    _ k: (matrix: DoubleMatrix, sums: [Double]), _ l: (matrix: DoubleMatrix, sums: [Double])
  ) -> Double {
    let n = Double(k.matrix.rows)
    guard k.matrix.rows > 3 else { return 0 }
    let ones = [Double](repeating: 1, count: k.matrix.rows)
    let (kTotal, lTotal) = (dot(k.sums, ones), dot(l.sums, ones))
    let trace = dot(k.matrix.values, l.matrix.values)
    return (trace + kTotal * lTotal / ((n - 1) * (n - 2)) - 2 * dot(k.sums, l.sums) / (n - 2)) / (n * (n - 3))
  }

  /// The nearest other examples by Euclidean distance; of equal distances the first.
  private static func neighbours(_ x: DoubleMatrix, _ count: Int) -> [[Int]] {
    let gram = x.rowGram
    return (0..<x.rows).map { i in
      // The nearest so far, in order; an example that comes later goes behind those as near.
      var nearest: [(distance: Double, example: Int)] = []
      for j in 0..<x.rows where j != i {
        let distance = gram[i, i] + gram[j, j] - 2 * gram[i, j]
        if nearest.count == count, let last = nearest.last, distance >= last.distance { continue }
        let place = nearest.firstIndex { distance < $0.distance } ?? nearest.count
        nearest.insert((distance, j), at: place)
        if nearest.count > count { nearest.removeLast() }
      }
      return nearest.map(\.example)
    }
  }
}
