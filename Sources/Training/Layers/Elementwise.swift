// Serves execute: layers that treat every feature by itself: nonlinearity, dropout, noise.
import BitExact
import KernelTable

/// An element-wise nonlinearity, applied in place unless the input is still needed.
final class ActivationLayer: Layer {
  private let activation: Activation
  private let shape: FeatureShape
  private let copy: Buffer?
  private var output: MutableFloats?
  private var outputTangent: MutableFloats?
  private var tangent: LazyBuffer

  init(_ activation: Activation, shape: FeatureShape, keepsInput: Bool, capacity: Int) {
    self.activation = activation
    self.shape = shape
    copy = keepsInput ? Buffer(capacity * shape.rowStride) : nil
    tangent = LazyBuffer(capacity * shape.rowStride)
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    let count = rows * shape.rowStride
    copy?.start.update(from: input, count: count)
    let values = copy?.start ?? input
    workspace.kernels.activate(activation, values, count)
    // sigmoid(0) = ½ would leak into the next layer's padding.
    if activation == .sigmoid { shape.clearPadding(values, rows: rows) }
    output = values
    return values
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    guard let output else { return nil }
    workspace.kernels.activationGradient(activation, output, gradient, rows * shape.rowStride)
    return gradient
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let count = rows * shape.rowStride
    // In place where the values are.
    let result = (copy == nil ? tangent : nil) ?? self.tangent.start()
    outputTangent = result
    guard let tangent, let output else {
      result.update(repeating: 0, count: count)
      return result
    }
    if result != tangent { result.update(from: tangent, count: count) }
    curvature.kernels.activationGradient(activation, output, result, count)
    return result
  }

  /// d(g·f′(x)) = ġ·f′(x) + g·f″(x)·ẋ; the output's tangent is f′(x)·ẋ, so f″ẋ is a multiple of it.
  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    guard let output, let moved = outputTangent else { return nil }
    let count = rows * shape.rowStride
    curvature.kernels.activationGradient(activation, output, tangent, count)
    switch activation {
    case .relu, .leakyRelu, .identity: break
    case .tanh:
      for i in 0..<count { tangent[i] -= gradient[i] * (2 * output[i] * moved[i]) }
    case .sigmoid:
      for i in 0..<count { tangent[i] += gradient[i] * ((1 - 2 * output[i]) * moved[i]) }
    }
    return tangent
  }
}

extension FeatureShape {
  /// Zeroes what lies between the channels in use and the next position.
  func clearPadding(_ values: MutableFloats, rows: Int) {
    guard channels < channelStride else { return }
    for row in 0..<rows {
      for position in 0..<positions {
        let start = values + row * rowStride + position * channelStride
        for j in channels..<channelStride { start[j] = 0 }
      }
    }
  }

  /// Calls `body` with the offset of every feature of `rows` examples, in order.
  @inline(__always) func forEachFeature(rows: Int, _ body: (Int) -> Void) {
    for row in 0..<rows {
      for position in 0..<positions {
        let start = row * rowStride + position * channelStride
        for channel in 0..<channels { body(start + channel) }
      }
    }
  }
}

/// Inverted dropout (Srivastava et al. 2014): in training, a unit is 0 with probability p and divided by 1 − p otherwise.
final class DropoutLayer: Layer {
  private let name: String
  private let rate: Double
  private let shape: FeatureShape
  private let factors: Buffer
  private let output: Buffer
  private var words: [UInt32]
  private var drops = false
  private var tangent: LazyBuffer

  init(name: String, rate: Double, shape: FeatureShape, capacity: Int) {
    self.name = name
    self.rate = rate
    self.shape = shape
    factors = Buffer(capacity * shape.rowStride)
    output = Buffer(capacity * shape.rowStride)
    words = [UInt32](repeating: 0, count: capacity * shape.count)
    tangent = LazyBuffer(capacity * shape.rowStride)
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    drops = mode == .training
    guard drops else { return input }
    var stream = workspace.draw.stream("dropout/\(name)")
    let threshold = UInt32(min(rate * 0x1p32, 0xFFFF_FFFF))
    let factor = Float(1 / (1 - rate))
    words.withUnsafeMutableBufferPointer { words in
      guard let words = words.baseAddress else { return }
      stream.fill(words, count: rows * shape.count)
      var next = 0
      shape.forEachFeature(rows: rows) {
        factors.start[$0] = words[next] < threshold ? 0 : factor
        next += 1
      }
    }
    let count = rows * shape.rowStride
    output.start.update(from: input, count: count)
    workspace.kernels.scale(count, output.start, factors.start)
    return output.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    if drops { workspace.kernels.scale(rows * shape.rowStride, gradient, factors.start) }
    return gradient
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let result = self.tangent.start()
    let count = rows * shape.rowStride
    guard let tangent else {
      result.update(repeating: 0, count: count)
      return result
    }
    result.update(from: tangent, count: count)
    if drops { curvature.kernels.scale(count, result, factors.start) }
    return result
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    if drops { curvature.kernels.scale(rows * shape.rowStride, tangent, factors.start) }
    return tangent
  }
}

/// Noise whose mean and deviation are themselves redrawn for every step and unit (Santurkar et al. 2018, section 2.1):
/// δ ~ N(μ, σ²) for each example, μ ~ U(−½, ½) and σ ~ U(1, 1.25), all times a strength; in training only.
final class NoiseLayer: Layer {
  private let name: String
  private let strength: Double
  private let shape: FeatureShape
  private let output: Buffer
  private var zero: LazyBuffer

  init(name: String, strength: Double, shape: FeatureShape, capacity: Int) {
    self.name = name
    self.strength = strength
    self.shape = shape
    output = Buffer(capacity * shape.rowStride)
    zero = LazyBuffer(output.count)
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    guard mode == .training else { return input }
    output.start.update(from: input, count: rows * shape.rowStride)
    var units = workspace.draw.stream("noise-distribution/\(name)")
    var examples = workspace.draw.stream("noise/\(name)")
    let moments = (0..<shape.channels).map { _ in
      (mean: strength * (units.uniform() - 0.5), deviation: strength * (1 + 0.25 * units.uniform()))
    }
    for row in 0..<rows * shape.positions {
      let start = output.start + row * shape.channelStride
      for (channel, moment) in moments.enumerated() {
        start[channel] += Float(moment.mean + moment.deviation * examples.normal())
      }
    }
    return output.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? { gradient }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    tangent ?? zero.start()
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? { tangent }
}
