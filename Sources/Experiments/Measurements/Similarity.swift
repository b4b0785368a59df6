// Serves execute: how alike two representations of the same examples are.
import BitExact

/// Linear centred kernel alignment ‖YᵀX‖²_F/(‖XᵀX‖_F·‖YᵀY‖_F) of centred representations (Kornblith et al. 2019).
func linearCKA(_ x: DoubleMatrix, _ y: DoubleMatrix) -> Double {
  let (a, b) = (x.centered.rowGram, y.centered.rowGram)
  let product = dot(a.values, b.values)
  let size = a.frobeniusNorm * b.frobeniusNorm
  return size > 0 ? product / size : 0
}

/// The same from the unbiased estimate of HSIC, which does not grow with the number of features (Song et al. 2012).
func debiasedCKA(_ x: DoubleMatrix, _ y: DoubleMatrix) -> Double {
  let (a, b) = (hollowGram(x), hollowGram(y))
  let size = unbiasedHSIC(a, a) * unbiasedHSIC(b, b)
  return size > 0 ? unbiasedHSIC(a, b) / size.squareRoot() : 0
}

/// X·Xᵀ with a diagonal of zeros.
private func hollowGram(_ x: DoubleMatrix) -> DoubleMatrix {
  var gram = x.centered.rowGram
  for i in 0..<gram.rows { gram[i, i] = 0 }
  return gram
}

/// tr(KL) + 1ᵀK1·1ᵀL1/((n − 1)(n − 2)) − 2·1ᵀKL1/(n − 2), over n(n − 3), of hollow matrices.
private func unbiasedHSIC(_ k: DoubleMatrix, _ l: DoubleMatrix) -> Double {
  let n = Double(k.rows)
  guard k.rows > 3 else { return 0 }
  let ones = [Double](repeating: 1, count: k.rows)
  let (kSums, lSums) = (k.times(ones), l.times(ones))
  let (kTotal, lTotal) = (dot(kSums, ones), dot(lSums, ones))
  let trace = dot(k.values, l.values)
  return (trace + kTotal * lTotal / ((n - 1) * (n - 2)) - 2 * dot(kSums, lSums) / (n - 2)) / (n * (n - 3))
}

/// Mean share of the `k` nearest neighbours of an example that both representations agree on (Huh et al. 2024).
func mutualNearestNeighbours(_ x: DoubleMatrix, _ y: DoubleMatrix, k: Int) -> Double {
  guard x.rows > 1 else { return 0 }
  let count = min(k, x.rows - 1)
  let (a, b) = (neighbours(x, count), neighbours(y, count))
  var shared = 0
  for i in 0..<x.rows { shared += a[i].count { b[i].contains($0) } }
  return Double(shared) / Double(x.rows * count)
}

/// The nearest other examples by Euclidean distance; of equal distances the first.
private func neighbours(_ x: DoubleMatrix, _ count: Int) -> [[Int]] {
  let gram = x.rowGram
  return (0..<x.rows).map { i in
    let distances = (0..<x.rows).map { gram[i, i] + gram[$0, $0] - 2 * gram[i, $0] }
    let order = (0..<x.rows).filter { $0 != i }.sorted {
      distances[$0] == distances[$1] ? $0 < $1 : distances[$0] < distances[$1]
    }
    return Array(order.prefix(count))
  }
}
