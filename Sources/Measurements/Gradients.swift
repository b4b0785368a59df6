// Serves probes: gradients of layers, the loss along a gradient, and how updates of some layers move the gradients of others.
public import Training

/// The weights of one layer and the gradient of the loss with respect to them.
public struct LayerGradient: Sendable {
  /// Number of the layer among those with weights, from 1 at the input.
  public var layer: Int
  /// ‖W‖.
  public var weightNorm: Double
  /// ‖∇_W L‖.
  public var gradientNorm: Double

  /// ‖W‖²·‖∇_W L‖²: does not change when W is multiplied by a factor that the network ignores (Yang et al. 2019).
  public var scaleFree: Double { weightNorm * weightNorm * gradientNorm * gradientNorm }
}

/// Norms of the weights of every layer and of `gradient`.
public func layerGradients(_ layout: ParameterLayout, _ parameters: Buffer, _ gradient: Buffer)
  -> [LayerGradient]
{
  layout.weights.enumerated().map { index, weight in
    LayerGradient(
      layer: index + 1, weightNorm: weight.length(parameters), gradientNorm: weight.length(gradient))
  }
}

/// By what factor the scale-free squared gradient grows from each layer to the one before it; `nil` for the last layer
/// and where it vanishes. In a BN-ReLU network of infinite width and batch it is π/(π − 1) (Yang et al. 2019).
public func gradientGrowth(_ layers: [LayerGradient]) -> [Double?] {
  layers.indices.map { index in
    guard index + 1 < layers.count, layers[index + 1].scaleFree > 0 else { return nil }
    return layers[index].scaleFree / layers[index + 1].scaleFree
  }
}

/// The middle of some numbers, the mean of the two middle ones for an even count; `nil` for none.
public func median(_ values: [Double]) -> Double? {
  let sorted = values.filter { !$0.isNaN }.sorted()
  guard !sorted.isEmpty else { return nil }
  let half = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/// The loss and its gradient on the way of one step, w − a·∇L(w) for several a (Santurkar et al. 2018, section 3.1).
public struct GradientWalk: Sendable {
  /// L(w).
  public var loss: Double
  /// ‖∇L(w)‖.
  public var gradientNorm: Double
  /// Norm of all weights.
  public var weightNorm: Double
  /// For each step length a: L(w − a·∇L(w)).
  public var losses: [Double]
  /// For each step length a: ‖∇L(w) − ∇L(w − a·∇L(w))‖, the gradient predictiveness.
  public var gradientChanges: [Double]
  /// The step lengths a.
  public var lengths: [Double]

  /// Largest minus smallest of `losses`.
  public var lossRange: Double { (losses.max() ?? loss) - (losses.min() ?? loss) }

  /// max over a of ‖∇L(w) − ∇L(w − a∇L(w))‖ / (a‖∇L(w)‖), the effective β-smoothness; `nil` at a critical point.
  public var smoothness: Double? {
    guard gradientNorm > 0 else { return nil }
    return zip(gradientChanges, lengths).map { $0 / ($1 * gradientNorm) }.max()
  }

  /// Walks along the gradient of the mean loss over `rows`, in training mode with the random numbers of `step`.
  /// The parameters of `network` are put back.
  public init(
    _ network: Network, _ data: ExampleMatrix, _ rows: [Int], lengths: [Double], seed: UInt64, step: Int
  ) {
    func evaluate() -> Double {
      network.setDraw(seed: seed, step: step)
      return network.computeGradient(data, rows)
    }
    self.lengths = lengths
    loss = evaluate()
    let (origin, gradient) = (network.parameters.duplicate(), network.gradient.duplicate())
    gradientNorm = length(gradient)
    weightNorm = network.layout.weights.reduce(0) { $0 + $1.dot(origin, origin) }.squareRoot()
    (losses, gradientChanges) = ([], [])
    for a in lengths {
      network.parameters.set(origin, plus: gradient, times: Float(-a))
      losses.append(evaluate())
      network.gradient.add(gradient, times: -1)
      gradientChanges.append(length(network.gradient))
    }
    network.parameters.copy(from: origin)
  }
}

/// How far updates of the layers before a layer move its gradient (Santurkar et al. 2018, definition 2.1).
public struct GradientShift: Sendable {
  /// Number of the layer among those with weights, from 1 at the input.
  public var layer: Int
  /// ‖G‖, G the layer's gradient at the old parameters.
  public var gradientNorm: Double
  /// ‖G − G′‖, G′ its gradient on the same batch after the layers before it were updated.
  public var shift: Double
  /// ⟨G, G′⟩/(‖G‖·‖G′‖); `nil` when one of them is zero.
  public var cosine: Double?
}

/// The internal covariate shift of the layers `layers` by an update from `old` to `new`, on the rows `rows` in training mode
/// with the random numbers of `step`. What stands before a layer's weights counts as earlier, its own normalisation as later.
public func covariateShift(
  _ network: Network, from old: Buffer, to new: Buffer, _ data: ExampleMatrix, _ rows: [Int], layers: [Int],
  seed: UInt64, step: Int
) -> [GradientShift] {
  func gradient() {
    network.setDraw(seed: seed, step: step)
    network.computeGradient(data, rows)
  }
  network.parameters.copy(from: old)
  gradient()
  let before = network.gradient.duplicate()
  let weights = network.layout.weights
  return layers.filter { (1...weights.count).contains($0) }.map { layer in
    let weight = weights[layer - 1]
    network.parameters.copy(from: old)
    for i in 0..<weight.offset { network.parameters.start[i] = new.start[i] }
    gradient()
    let (norm, moved) = (weight.length(before), weight.length(network.gradient))
    let product = weight.dot(before, network.gradient)
    var square = 0.0
    for i in weight.offset..<weight.offset + weight.size {
      let difference = Double(before.start[i]) - Double(network.gradient.start[i])
      square += difference * difference
    }
    return GradientShift(
      layer: layer, gradientNorm: norm, shift: square.squareRoot(),
      cosine: norm > 0 && moved > 0 ? product / (norm * moved) : nil)
  }
}
