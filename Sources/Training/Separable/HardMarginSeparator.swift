// Serves execute: the reference that gradient descent on separable data is compared with.
import BitExact

/// Points with labels folded in: row n is yₙ·xₙ, so that a separator is a w with all products positive.
public struct SignedPoints: Sendable {
  /// Row-major, `count` rows of `stride` values of which the first `dimension` are used.
  public let values: [Double]
  /// Number of points.
  public let count: Int
  /// Coordinates of a point.
  public let dimension: Int
  /// `dimension` rounded up to whole vectors of 8.
  public let stride: Int
  /// The same values, one row a coordinate, rows `columnStride` apart.
  let columns: [Double]
  /// `count` rounded up to whole vectors of 8.
  let columnStride: Int

  /// Folds the labels (+1 or −1) into the points, `dimension` coordinates each.
  public init(points: [Double], labels: [Double], dimension: Int) {
    count = labels.count
    self.dimension = dimension
    stride = (dimension + 7) / 8 * 8
    var values = [Double](repeating: 0, count: count * stride)
    for n in 0..<count {
      for d in 0..<dimension { values[n * stride + d] = labels[n] * points[n * dimension + d] }
    }
    self.values = values
    columnStride = (count + 7) / 8 * 8
    var columns = [Double](repeating: 0, count: dimension * columnStride)
    for n in 0..<count { for d in 0..<dimension { columns[d * columnStride + n] = values[n * stride + d] } }
    self.columns = columns
  }

  /// zₙ · w in eight lanes, added by a fixed tree.
  @inline(__always) func product(_ n: Int, _ w: UnsafePointer<Double>, _ z: UnsafePointer<Double>) -> Double {
    var sums = SIMD8<Double>()
    let row = z + n * stride
    for d in Swift.stride(from: 0, to: stride, by: 8) {
      sums +=
        UnsafeRawPointer(row + d).loadUnaligned(as: SIMD8<Double>.self)
        * UnsafeRawPointer(w + d).loadUnaligned(as: SIMD8<Double>.self)
    }
    let four = sums.lowHalf + sums.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }

  /// All products zₙ · w.
  public func margins(_ w: [Double]) -> [Double] {
    values.withUnsafeBufferPointer { z in
      w.withUnsafeBufferPointer { w in
        guard let z0 = z.baseAddress, let w0 = w.baseAddress else { return [] }
        return (0..<count).map { product($0, w0, z0) }
      }
    }
  }
}

/// The homogeneous hard-margin separator: the shortest w with zₙ·w ≥ 1 for every point.
public struct HardMarginSeparator: Sendable {
  /// The separator ŵ, padded as the points are.
  public let weights: [Double]
  /// Dual weights αₙ ≥ 0 with ŵ = Σ αₙ zₙ.
  public let dual: [Double]
  /// γ = 1/‖ŵ‖, the distance of the closest points from the separating plane.
  public let margin: Double

  /// Solves by dual coordinate ascent (Hsieh et al. 2008), finished by an exact solve on the support vectors.
  ///
  /// - Returns: `nil` when the points are not separable, or not within `sweeps` passes.
  public init?(_ points: SignedPoints, sweeps: Int = 200_000) {
    let (count, stride) = (points.count, points.stride)
    let norms = (0..<count).map { n in
      (0..<points.dimension).reduce(0.0) {
        $0 + points.values[n * stride + $1] * points.values[n * stride + $1]
      }
    }
    guard count > 0, norms.allSatisfy({ $0 > 0 }) else { return nil }
    var alpha = [Double](repeating: 0, count: count)
    var w = [Double](repeating: 0, count: stride)
    var order = Array(0..<count)
    var stream = RandomStream(seed: 0, purpose: "coordinate-ascent")
    var converged = false
    for _ in 0..<sweeps where !converged {
      stream.shuffle(&order)
      var largest = 0.0
      for n in order {
        let product = (0..<points.dimension).reduce(0.0) { $0 + w[$1] * points.values[n * stride + $1] }
        let updated = max(0, alpha[n] + (1 - product) / norms[n])
        let change = updated - alpha[n]
        if change == 0 { continue }
        alpha[n] = updated
        for d in 0..<points.dimension { w[d] += change * points.values[n * stride + d] }
        largest = max(largest, abs(change))
      }
      // Dual weights of data that cannot be separated grow without bound.
      if !(largest < 1e12) { return nil }
      converged = largest < 1e-10
    }
    guard converged else { return nil }
    (alpha, w) = HardMarginSeparator.polish(points, alpha, w)
    guard points.margins(w).allSatisfy({ $0 >= 1 - 1e-8 }) else { return nil }
    weights = w
    dual = alpha
    margin = 1 / w.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// Solves the equations of the support vectors exactly: K α = 1. Keeps the given solution when they are not
  /// independent or the exact one is not feasible.
  private static func polish(
    _ points: SignedPoints, _ alpha: [Double], _ w: [Double]
  ) -> ([Double], [Double]) {
    let support = alpha.indices.filter { alpha[$0] > 1e-9 }
    func row(_ n: Int) -> ArraySlice<Double> { points.values[n * points.stride..<(n + 1) * points.stride] }
    let gram = support.map { a in support.map { b in zip(row(a), row(b)).reduce(0) { $0 + $1.0 * $1.1 } } }
    guard let solution = solvePositiveDefinite(gram, [Double](repeating: 1, count: support.count)),
      solution.allSatisfy({ $0 > 0 })
    else { return (alpha, w) }
    var exact = [Double](repeating: 0, count: alpha.count)
    var weights = [Double](repeating: 0, count: w.count)
    for (n, value) in zip(support, solution) {
      exact[n] = value
      for (d, z) in row(n).enumerated() { weights[d] += value * z }
    }
    return points.margins(weights).allSatisfy { $0 >= 1 - 1e-10 } ? (exact, weights) : (alpha, w)
  }
}

/// Solves a·x = b by Cholesky's factorisation; `nil` when `a` is not (numerically) positive definite.
public func solvePositiveDefinite(_ a: [[Double]], _ b: [Double]) -> [Double]? {
  let n = b.count
  var l = a
  for j in 0..<n {
    var diagonal = a[j][j]
    for k in 0..<j { diagonal -= l[j][k] * l[j][k] }
    guard diagonal > 1e-12 * a[j][j] else { return nil }
    l[j][j] = diagonal.squareRoot()
    for i in (j + 1)..<max(n, j + 1) {
      var value = a[i][j]
      for k in 0..<j { value -= l[i][k] * l[j][k] }
      l[i][j] = value / l[j][j]
    }
  }
  var x = b
  for i in 0..<n {
    for k in 0..<i { x[i] -= l[i][k] * x[k] }
    x[i] /= l[i][i]
  }
  for i in stride(from: n - 1, through: 0, by: -1) {
    for k in (i + 1)..<max(n, i + 1) { x[i] -= l[k][i] * x[k] }
    x[i] /= l[i][i]
  }
  return x
}
