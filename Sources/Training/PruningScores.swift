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
  /// H·g is a central difference of gradients along g, with a step of 10⁻³·‖θ‖/‖g‖. The published score −θ·(H·g) prunes
  /// the largest; ours has the other sign, so that here as elsewhere the largest scores stay.
  public func graspScores(_ data: ExampleMatrix, _ indices: [Int]) -> Buffer {
    let start = parameters.duplicate()
    let direction = meanGradient(data, indices)
    let length = layout.distance(direction)
    let step = length > 0 ? 1e-3 * layout.distance(start) / length : 0
    func gradient(at factor: Double) -> Buffer {
      for i in 0..<start.count {
        parameters.start[i] = start.start[i] + Float(factor * step) * direction.start[i]
      }
      return meanGradient(data, indices)
    }
    let (ahead, behind) = (gradient(at: 1), gradient(at: -1))
    parameters.copy(from: start)
    let scores = Buffer(start.count)
    guard step > 0 else { return scores }
    for i in 0..<start.count {
      let curvature = (Double(ahead.start[i]) - Double(behind.start[i])) / (2 * step)
      scores.start[i] = Float(curvature * Double(start.start[i]))
    }
    return scores
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
