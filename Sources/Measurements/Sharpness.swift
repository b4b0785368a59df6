// Serves sharpness: how much the loss can rise in a box around the parameters (Keskar et al. 2017).
public import BitExact
public import Training

/// The largest loss found in a box, against the loss in its middle.
public struct BoxSharpness: Sendable {
  /// f(x).
  public var loss: Double
  /// The largest f(x + Ay) found with y in the box.
  public var largestLoss: Double

  /// φ = 100·(max f(x + Ay) − f(x))/(1 + f(x)) (Keskar et al. 2017, metric 2.1).
  public var value: Double { 100 * (largestLoss - loss) / (1 + loss) }

  /// Searches the box |yᵢ| ≤ ε·(|xᵢ| + 1) around the parameters x of `network`, in the whole space.
  ///
  /// The maximum is looked for by `iterations` steps of projected sign-gradient ascent from x, each 2.5/iterations of the box wide
  /// (Madry et al. 2018), and in the corner that the gradient at x points to. `evaluate` gives the loss at the network's
  /// present parameters and leaves its gradient in `network.gradient`. The parameters are put back.
  public init(_ network: Network, epsilon: Double, iterations: Int, evaluate: () -> Double) {
    let origin = network.parameters.duplicate()
    defer { network.parameters.copy(from: origin) }
    let bounds = Buffer(origin.count)
    for parameter in network.layout.parameters {
      parameter.forEachIndex { bounds.start[$0] = Float(epsilon) * (abs(origin.start[$0]) + 1) }
    }
    func move(_ share: Float) {
      for i in 0..<origin.count {
        let slope = network.gradient.start[i]
        let step = slope > 0 ? bounds.start[i] : slope < 0 ? -bounds.start[i] : 0
        let offset = network.parameters.start[i] - origin.start[i] + share * step
        network.parameters.start[i] =
          origin.start[i] + min(bounds.start[i], max(-bounds.start[i], offset))
      }
    }
    loss = evaluate()
    let gradient = network.gradient.duplicate()
    move(1)
    largestLoss = max(loss, evaluate())
    network.parameters.copy(from: origin)
    network.gradient.copy(from: gradient)
    for _ in 0..<iterations {
      move(2.5 / Float(iterations))
      largestLoss = max(largestLoss, evaluate())
    }
  }

  /// Searches the box |yᵢ| ≤ ε·(|(A⁺x)ᵢ| + 1) of the subspace x + Ay, A with `dimension` columns of standard normal numbers.
  public init(
    _ network: Network, epsilon: Double, dimension: Int, iterations: Int, stream: RandomStream,
    evaluate: () -> Double
  ) {
    let origin = network.parameters.duplicate()
    defer { network.parameters.copy(from: origin) }
    var stream = stream
    let columns = (0..<dimension).map { _ in network.layout.normalVector(&stream) }
    let bounds = coordinates(of: origin, in: columns).map { epsilon * (abs($0) + 1) }
    func place(_ y: [Double]) {
      network.parameters.copy(from: origin)
      for (column, amount) in zip(columns, y) { network.parameters.add(column, times: Float(amount)) }
    }
    func ascend(_ y: [Double], _ share: Double) -> [Double] {
      y.indices.map { i in
        let slope = dot(columns[i], network.gradient)
        let step = slope > 0 ? bounds[i] : slope < 0 ? -bounds[i] : 0
        return min(bounds[i], max(-bounds[i], y[i] + share * step))
      }
    }
    loss = evaluate()
    var y = [Double](repeating: 0, count: dimension)
    let (corner, gradient) = (ascend(y, 1), network.gradient.duplicate())
    place(corner)
    largestLoss = max(loss, evaluate())
    network.gradient.copy(from: gradient)
    for _ in 0..<iterations {
      y = ascend(y, 2.5 / Double(iterations))
      place(y)
      largestLoss = max(largestLoss, evaluate())
    }
  }
}

/// A⁺x: the coordinates of the nearest point to x in the span of `columns`; zeros where these are dependent.
private func coordinates(of x: Buffer, in columns: [Buffer]) -> [Double] {
  var gram = DoubleMatrix(rows: columns.count, columns: columns.count)
  for i in columns.indices {
    for j in 0...i {
      let value = dot(columns[i], columns[j])
      (gram[i, j], gram[j, i]) = (value, value)
    }
  }
  let right = columns.map { dot($0, x) }
  return Cholesky(gram)?.solve(right) ?? right.map { _ in 0 }
}
