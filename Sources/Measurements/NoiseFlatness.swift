// Serves PAC-Bayes measures: how much noise on the weights a network bears.
public import BitExact
public import Training

/// How the standard deviation of a weight's noise depends on the weight.
public enum NoiseScale: Sendable {
  /// The same σ for all: N(0, σ²).
  case uniform
  /// Larger for larger weights: N(0, σ²w² + 10⁻⁶) (Jiang et al. 2020).
  case magnitude
}

/// The largest σ, up to `most`, at which noise lowers the accuracy by at most `drop` in the mean over `draws` draws, by `bisections`
/// bisections of [0, `most`]; all draws use the same random numbers at every σ, so that the accuracy depends on σ alone.
///
/// `accuracy` measures at the network's present parameters, which are put back.
public func toleratedNoise(
  _ network: Network, _ scale: NoiseScale, drop: Double = 0.1, draws: Int = 10, bisections: Int = 15,
  most: Double = 2, stream: RandomStream, accuracy: () -> Double
) -> Double {
  let origin = network.parameters.duplicate()
  defer { network.parameters.copy(from: origin) }
  let start = accuracy()
  var stream = stream
  let noises = (0..<draws).map { _ in network.layout.normalVector(&stream) }
  func meanDrop(_ sigma: Double) -> Double {
    let accuracies = noises.map { noise in
      for i in 0..<origin.count {
        let w = origin.start[i]
        let deviation =
          switch scale {
          case .uniform: Float(sigma)
          case .magnitude: (Float(sigma * sigma) * w * w + 1e-6).squareRoot()
          }
        network.parameters.start[i] = w + deviation * noise.start[i]
      }
      return accuracy()
    }
    return start - accuracies.reduce(0, +) / Double(max(1, draws))
  }
  var (low, high) = (0.0, most)
  for _ in 0..<bisections {
    let middle = (low + high) / 2
    if meanDrop(middle) <= drop { low = middle } else { high = middle }
  }
  return low
}

/// ‖w − w₀‖²/(4σ²) + log(m/σ) + 10, the flatness term of Neyshabur et al. (2017) in the form of Jiang et al. (2020);
/// for m examples and a squared distance, or with ‖w‖² in its place.
public func pacBayesBound(squaredNorm: Double, sigma: Double, examples: Int) -> Double {
  squaredNorm / (4 * sigma * sigma) + Elementary.log(Double(examples) / sigma) + 10
}

/// ¼ Σᵢ log((ε² + (σ² + 1)·‖w − w₀‖²/ω) / (ε² + σ²(w − w₀)ᵢ²)) + log(m/σ) + 10 with ε = 10⁻³ and ω parameters: the
/// magnitude-aware form (Jiang et al. 2020).
public func magnitudeAwareBound(
  _ layout: ParameterLayout, _ parameters: Buffer, _ initial: Buffer, sigma: Double, examples: Int
) -> Double {
  let square = { (x: Double) in x * x }
  let distance = square(layout.distance(parameters, initial))
  let top = 1e-6 + (square(sigma) + 1) * distance / Double(max(1, layout.count))
  var sum = 0.0
  for parameter in layout.parameters {
    parameter.forEachIndex { i in
      let change = Double(parameters.start[i]) - Double(initial.start[i])
      sum += Elementary.log(top / (1e-6 + square(sigma * change)))
    }
  }
  return sum / 4 + Elementary.log(Double(examples) / sigma) + 10
}
