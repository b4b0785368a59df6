// Serves execute: gradient descent on the logistic loss of separable data (Soudry et al. 2018), in double precision.
public import BitExact
public import KernelTable

/// How the weights follow the gradient.
public enum DescentMethod: String, Sendable, CaseIterable {
  /// w ← w − η∇L.
  case gd
  /// Heavy ball with momentum 0.9 and η·(1 − 0.9), so that the long-run step is gradient descent's.
  case momentum
  /// w ← w − η∇L/L: the step grows as the loss falls (Nacson et al. 2019).
  case normalized
  /// One example a step in random order.
  case sgd
  /// Adam with β = (0.9, 0.999).
  case adam
}

/// Descent on L(w) = Σₙ log(1 + exp(−zₙ·w)) from w = 0.
public struct SeparableDescent {
  /// The weights, padded as the points are.
  public private(set) var weights: [Double]
  private let points: SignedPoints
  private let method: DescentMethod
  private let rate: Double
  private let kernels: KernelTable
  private var sums: [Double]
  private var gradient: [Double]
  private var velocity: [Double]
  private var second: [Double]
  private var order: BatchOrder
  private var example = [0]
  private var beta1Power = 1.0
  private var beta2Power = 1.0

  /// Starts at zero; `rate` is the step size η.
  public init(
    _ points: SignedPoints, method: DescentMethod, rate: Double, seed: UInt64,
    kernels: KernelTable = Kernels.current
  ) {
    self.kernels = kernels
    sums = [Double](repeating: 0, count: 8 * points.dimension)
    self.points = points
    self.method = method
    self.rate = rate
    let zeros = [Double](repeating: 0, count: points.stride)
    (weights, gradient, velocity, second) = (zeros, zeros, zeros, zeros)
    order = BatchOrder(count: points.count, seed: seed)
  }

  /// One step.
  public mutating func step() {
    switch method {
    case .gd:
      fillGradient()
      for d in weights.indices { weights[d] -= rate * gradient[d] }
    case .momentum:
      fillGradient()
      for d in weights.indices {
        velocity[d] = 0.9 * velocity[d] + gradient[d]
        weights[d] -= 0.1 * rate * velocity[d]
      }
    case .normalized:
      let loss = fillGradient()
      let step = rate / loss
      for d in weights.indices { weights[d] -= step * gradient[d] }
    case .sgd:
      order.fill(&example)
      let n = example[0]
      let product = points.margins(weights, of: n)
      let factor = rate / (1 + Elementary.exp(product))
      for d in weights.indices { weights[d] += factor * points.values[n * points.stride + d] }
    case .adam: adamStep()
    }
  }

  private mutating func adamStep() {
    fillGradient()
    beta1Power *= 0.9
    beta2Power *= 0.999
    let (first, power2) = (1 - beta1Power, 1 - beta2Power)
    for d in weights.indices {
      velocity[d] = 0.9 * velocity[d] + (1 - 0.9) * gradient[d]
      second[d] = 0.999 * second[d] + (1 - 0.999) * gradient[d] * gradient[d]
      weights[d] -= rate * (velocity[d] / first) / ((second[d] / power2).squareRoot() + 1e-8)
    }
  }

  /// Fills in ∇L = −Σₙ zₙ/(1 + exp(zₙ·w)); for the normalized method also returns L, both scaled by the same factor.
  @discardableResult
  private mutating func fillGradient() -> Double {
    kernels.logisticGradient(
      points.count, points.dimension, points.columns, points.columnStride, weights, &sums, &gradient,
      method == .normalized)
  }
}

/// log(1 + exp(−m)) without overflow, exact for large margins m.
public func logisticLoss(_ margin: Double) -> Double {
  margin > 0 ? Elementary.log1p(Elementary.exp(-margin)) : -margin + Elementary.log1p(Elementary.exp(margin))
}

extension SignedPoints {
  fileprivate func margins(_ w: [Double], of n: Int) -> Double {
    values.withUnsafeBufferPointer { z in
      w.withUnsafeBufferPointer { w in
        guard let z0 = z.baseAddress, let w0 = w.baseAddress else { return 0 }
        return product(n, w0, z0)
      }
    }
  }

  /// The largest singular value of the matrix of points, by power iteration on ZᵀZ.
  public var largestSingularValue: Double {
    var v = [Double](repeating: 0, count: stride)
    for d in 0..<dimension { v[d] = 1 + Double(d) / Double(dimension) }
    var value = 0.0
    for _ in 0..<2000 {
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm == 0 { return 0 }
      for d in v.indices { v[d] /= norm }
      let products = margins(v)
      let updated = products.reduce(0) { $0 + $1 * $1 }.squareRoot()
      var next = [Double](repeating: 0, count: stride)
      for n in 0..<count { for d in 0..<dimension { next[d] += products[n] * values[n * stride + d] } }
      v = next
      if abs(updated - value) <= 1e-14 * updated { return updated }
      value = updated
    }
    return value
  }
}
