// Serves curvature: extreme eigenvalues and the trace of a symmetric matrix that is known by its products.
public import BitExact
public import Training

/// A symmetric matrix over the parameters, known by its products.
public struct SymmetricOperator {
  /// Where the elements of its vectors lie.
  public let layout: ParameterLayout
  /// Writes the product of the matrix with the first vector into the second.
  public let multiply: (_ vector: Buffer, _ result: Buffer) -> Void

  /// Describes a matrix.
  public init(_ layout: ParameterLayout, multiply: @escaping (Buffer, Buffer) -> Void) {
    self.layout = layout
    self.multiply = multiply
  }

  /// The Hessian of the mean loss of `network` over the rows `rows` of `data`, exact (Pearlmutter 1994), in one pass;
  /// the network must not move nor make other passes while the operator is in use.
  public static func hessian(_ network: Network, _ data: ExampleMatrix, _ rows: [Int], mode: Mode)
    -> SymmetricOperator
  {
    network.prepareCurvature(data, rows, mode: mode)
    return SymmetricOperator(network.layout) { network.hessianVectorProduct($0, into: $1) }
  }
}

/// Estimates of eigenvalues from a Krylov space.
public struct ExtremeEigenvalues: Sendable {
  /// All estimates, largest first. The first and the last are good before the others are.
  public var values: [Double]
  /// For each estimate, a bound on its distance from some eigenvalue: ‖A·x − θ·x‖.
  public var residuals: [Double]
  /// Products that were made.
  public var products: Int

  /// The largest eigenvalue.
  public var largest: Double { values.first ?? 0 }
  /// The smallest eigenvalue.
  public var smallest: Double { values.last ?? 0 }
}

/// The method of Lanczos with full reorthogonalisation (Golub & Van Loan 2013, section 10.3): eigenvalues of the matrix
/// within the space of v, Av, A²v, … for a random v.
///
/// It ends after `products` products, or when the residuals of the largest and the smallest estimate fall to `tolerance`
/// times the larger of their magnitudes; an estimate's error is then about the square of that.
public func extremeEigenvalues(
  of matrix: SymmetricOperator, products: Int, tolerance: Double = 1e-3, stream: RandomStream
) -> ExtremeEigenvalues {
  var krylov = KrylovSpace(matrix, stream)
  for step in 1...max(1, products) {
    let goesOn = krylov.extend()
    guard goesOn, step < products else { break }
    if step % 5 == 0, krylov.isConverged(tolerance) { break }
  }
  return krylov.estimates
}

/// An orthonormal basis of v, Av, A²v, … in which the matrix is tridiagonal.
private struct KrylovSpace {
  private let matrix: SymmetricOperator
  private var basis: [Buffer]
  private var diagonal: [Double] = []
  /// Element k joins vectors k and k + 1.
  private var beside: [Double] = []
  private let dimension: Int

  init(_ matrix: SymmetricOperator, _ stream: RandomStream) {
    self.matrix = matrix
    var stream = stream
    let first = matrix.layout.normalVector(&stream)
    first.multiply(by: Float(1 / length(first)))
    basis = [first]
    dimension = matrix.layout.count
  }

  /// Makes one product; returns false when the space is invariant, so that its eigenvalues are exact.
  mutating func extend() -> Bool {
    let current = basis[basis.count - 1]
    let next = Buffer(current.count)
    matrix.multiply(current, next)
    diagonal.append(dot(current, next))
    // Twice is enough (Parlett 1980, section 6.9).
    for _ in 0..<2 { for vector in basis { next.add(vector, times: Float(-dot(vector, next))) } }
    let norm = length(next)
    beside.append(norm)
    let scale = diagonal.reduce(0) { max($0, abs($1)) }
    guard norm.isFinite, norm > 1e-6 * scale, basis.count < dimension else {
      beside[beside.count - 1] = norm.isFinite ? 0 : norm
      return false
    }
    next.multiply(by: Float(1 / norm))
    basis.append(next)
    return true
  }

  var estimates: ExtremeEigenvalues {
    let n = diagonal.count
    guard diagonal.allSatisfy(\.isFinite), beside.allSatisfy(\.isFinite) else {
      return ExtremeEigenvalues(values: [.nan], residuals: [.nan], products: n)
    }
    var tridiagonal = DoubleMatrix(rows: n, columns: n)
    for i in 0..<n {
      tridiagonal[i, i] = diagonal[i]
      if i + 1 < n { (tridiagonal[i, i + 1], tridiagonal[i + 1, i]) = (beside[i], beside[i]) }
    }
    let eigen = SymmetricEigen(tridiagonal)
    let residuals = (0..<n).map { abs(beside[n - 1] * eigen.vectors[$0, n - 1]) }
    return ExtremeEigenvalues(values: eigen.values, residuals: residuals, products: n)
  }

  func isConverged(_ tolerance: Double) -> Bool {
    let found = estimates
    guard let first = found.residuals.first, let last = found.residuals.last else { return false }
    return max(first, last) <= tolerance * max(abs(found.largest), abs(found.smallest))
  }
}

/// The eigenvalue of largest magnitude by power iteration, v ← Av/‖Av‖, λ = vᵀAv: the simpler way, to compare with.
///
/// It ends after `products` products or when λ changes by at most `tolerance` of itself.
public func powerIteration(
  _ matrix: SymmetricOperator, products: Int, tolerance: Double = 1e-5, stream: RandomStream
) -> Double {
  var stream = stream
  let vector = matrix.layout.normalVector(&stream)
  let product = Buffer(vector.count)
  var value = 0.0
  for _ in 0..<products {
    let norm = length(vector)
    guard norm > 0 else { return 0 }
    vector.multiply(by: Float(1 / norm))
    matrix.multiply(vector, product)
    let next = dot(vector, product)
    vector.copy(from: product)
    if abs(next - value) <= tolerance * abs(next) { return next }
    value = next
  }
  return value
}

/// A mean of random draws with its standard error.
public struct RandomEstimate: Sendable {
  /// The mean.
  public var mean: Double
  /// Standard deviation over √draws; 0 for one draw.
  public var standardError: Double

  /// The mean of `values` with its error.
  public init(_ values: [Double]) {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardError = values.count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
  }
}

/// The trace by Hutchinson's estimator (1989): the mean of zᵀAz over vectors z of fair ±1.
public func hutchinsonTrace(of matrix: SymmetricOperator, draws: Int, stream: RandomStream) -> RandomEstimate
{
  var stream = stream
  let product = Buffer(matrix.layout.size)
  return RandomEstimate(
    (0..<draws).map { _ in
      let signs = matrix.layout.signVector(&stream)
      matrix.multiply(signs, product)
      return dot(signs, product)
    })
}
