// Serves execute: what pruning at initialisation ranks weights by.
import BitExact

extension Network {
  /// Mean gradient over the rows `indices`, in passes of at most `capacity` rows; left in a new buffer.
  public func meanGradient(_ data: ExampleMatrix, _ indices: [Int]) -> Buffer {
    let saved = runningStatistics.map { $0.duplicate() }
    var sums = [Double](repeating: 0, count: gradient.count)
    for first in stride(from: 0, to: indices.count, by: capacity) {
      let part = Array(indices[first..<min(first + capacity, indices.count)])
      computeGradient(data, part)
      for i in sums.indices { sums[i] += Double(gradient.start[i]) * Double(part.count) }
    }
    for (running, copy) in zip(runningStatistics, saved) { running.copy(from: copy) }
    let result = Buffer(gradient.count)
    for i in sums.indices { result.start[i] = Float(sums[i] / Double(max(1, indices.count))) }
    return result
  }

  /// |θ·∂L/∂θ|, by how much the loss changes when a weight goes (SNIP: Lee, Ajanthan & Torr 2019).
  public func snipScores(_ data: ExampleMatrix, _ indices: [Int]) -> Buffer {
    let scores = meanGradient(data, indices)
    for i in 0..<scores.count { scores.start[i] = abs(scores.start[i] * parameters.start[i]) }
    return scores
  }

  /// θ·(H·g): weights whose removal would weaken the gradient most come first (GraSP: Wang, Zhang & Grosse 2020).
  ///
  /// The Hessian is exact, of the mean loss over the rows. The published score −θ·(H·g) prunes the largest; ours has the
  /// other sign, so that here as elsewhere the largest scores stay. The model must have no `curvatureObstacle`.
  public func graspScores(_ data: ExampleMatrix, _ indices: [Int]) -> Buffer {
    let direction = meanGradient(data, indices)
    let product = Buffer(direction.count)
    var sums = [Double](repeating: 0, count: direction.count)
    for first in stride(from: 0, to: indices.count, by: capacity) {
      let part = Array(indices[first..<min(first + capacity, indices.count)])
      prepareCurvature(data, part)
      hessianVectorProduct(direction, into: product)
      for i in sums.indices { sums[i] += Double(product.start[i]) * Double(part.count) }
    }
    for i in sums.indices {
      product.start[i] = Float(sums[i] / Double(max(1, indices.count)) * Double(parameters.start[i]))
    }
    return product
  }
}

/// |θ|·∂R/∂|θ| with R = 1ᵀ·|W_L|…|W₁|·1, the flow of synapses through every weight that a mask keeps (SynFlow: Tanaka,
/// Kunin, Yamins & Ganguli 2020).
///
/// - Returns: `nil` when the weights are not a chain of dense layers.
public func synapticFlow(_ parameters: Buffer, _ mask: PruningMask) -> [Int: Double]? {
  let weights = mask.weights
  for (a, b) in zip(weights, weights.dropFirst()) where a.columns != b.rows { return nil }
  guard let first = weights.first, let last = weights.last else { return nil }
  func magnitude(_ place: Int) -> Double {
    Double(abs(parameters.start[place])) * Double(mask.values.start[place])
  }
  // Flow into each layer from the inputs, and out of each layer to the outputs.
  var incoming = [[Double](repeating: 1, count: first.rows)]
  for weight in weights {
    var next = [Double](repeating: 0, count: weight.columns)
    let flow = incoming[incoming.count - 1]
    for i in 0..<weight.rows {
      for j in 0..<weight.columns { next[j] += flow[i] * magnitude(weight.index(i, j)) }
    }
    incoming.append(next)
  }
  var outgoing = [Double](repeating: 1, count: last.columns)
  var scores: [Int: Double] = [:]
  for (layer, weight) in weights.enumerated().reversed() {
    var previous = [Double](repeating: 0, count: weight.rows)
    for i in 0..<weight.rows {
      for j in 0..<weight.columns {
        let place = weight.index(i, j)
        let flow = magnitude(place) * outgoing[j]
        previous[i] += flow
        scores[place] = flow * incoming[layer][i]
      }
    }
    outgoing = previous
  }
  return scores
}

/// The mask that SynFlow reaches in `rounds` rounds, each keeping `fraction^(round/rounds)` of all weights.
///
/// - Returns: `nil` when the weights are not a chain of dense layers.
public func synapticFlowMask(
  _ parameters: Buffer, layout: ParameterLayout, fraction: Double, rounds: Int
) -> PruningMask? {
  var mask = PruningMask(layout: layout)
  for round in 1...rounds {
    guard let scores = synapticFlow(parameters, mask) else { return nil }
    let kept = Elementary.exp(Elementary.log(fraction) * Double(round) / Double(rounds))
    // Scores span many powers of ten: their logarithms keep the order in single precision.
    mask = mask.keeping(kept, within: .global) { Float(Elementary.log(scores[$0] ?? 0)) }
  }
  return mask
}
