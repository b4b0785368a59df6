// Serves execute: what every layer of a network provides.
import BitExact
import KernelTable

/// Whether a pass trains, evaluates, or evaluates with the batch's own statistics.
public enum Mode: Sendable {
  /// Batch statistics; running averages are updated; units are dropped and noise is added.
  case training
  /// Running statistics.
  case evaluation
  /// Batch statistics; running averages stay.
  case batchStatistics
}

/// What every layer needs: the parameters, their gradient, room for the kernels, and the step's random numbers.
final class Workspace {
  let kernels: KernelTable
  let parameters: Buffer
  let gradient: Buffer
  let scratch: Buffer
  /// Room for a transposed parameter.
  let transposed: MutableFloats
  /// Whether dense layers may compute with their surviving weights only: the pruned ones are known to be zero.
  var prunedWeightsAreZero = false
  /// Moves weights as soon as their gradient is known.
  var optimizer: Optimizer?
  /// Where dropout and noise of the next training pass come from.
  var draw = DrawPlace(seed: 0, step: 0)

  init(kernels: KernelTable, layout: ParameterLayout) {
    self.kernels = kernels
    parameters = Buffer(layout.size)
    gradient = Buffer(layout.size)
    let room = layout.parameters.map { paddedWidth($0.rows) * paddedWidth($0.columns) }.max() ?? 0
    scratch = Buffer(scratchSize + room)
    transposed = scratch.start + scratchSize
  }

  func values(_ parameter: Parameter) -> MutableFloats { parameters.start + parameter.offset }
  func gradient(_ parameter: Parameter) -> MutableFloats { gradient.start + parameter.offset }
}

/// Names the random numbers of one training pass.
struct DrawPlace {
  var seed: UInt64
  var step: Int

  func stream(_ purpose: String) -> RandomStream {
    RandomStream(seed: seed, purpose: purpose, index: UInt32(truncatingIfNeeded: step))
  }
}

/// One layer. Rows are examples; rows are padded to whole vectors with zeros, and so are the channels of each position.
///
/// The last two functions are the R-operator of Pearlmutter (1994), "Fast exact multiplication by the Hessian": the
/// derivatives of both passes along a direction in the space of parameters.
protocol Layer: AnyObject {
  /// Output (rows × out) of `input` (rows × in); stays valid until the next call.
  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats
  /// Gradient of the input from that of the output, after `forward` with the same rows; fills in the parameters'
  /// gradients and may overwrite `gradient`. Returns `nil` when nobody wants the input's.
  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats?
  /// Derivative of the output along the direction, from that of the input (`nil` for zero), after `forward`.
  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats
  /// Derivative of the input's gradient along the direction, from that of the output's; `gradient` is the output's
  /// gradient itself. Fills in the parameters' part of the product and may overwrite `tangent`, not `gradient`.
  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats?
}

/// The direction of a Hessian-vector product and its result, laid out as the parameters.
struct CurvatureSpace {
  let workspace: Workspace
  let direction: Buffer
  let product: Buffer

  var kernels: KernelTable { workspace.kernels }
  func values(_ parameter: Parameter) -> MutableFloats { workspace.values(parameter) }
  func direction(_ parameter: Parameter) -> MutableFloats { direction.start + parameter.offset }
  func product(_ parameter: Parameter) -> MutableFloats { product.start + parameter.offset }
}

/// A buffer that is made when it is first needed, so that plain training does not pay for curvature.
struct LazyBuffer {
  let count: Int
  private var buffer: Buffer?

  init(_ count: Int) { self.count = count }

  mutating func start() -> MutableFloats {
    if let buffer { return buffer.start }
    let made = Buffer(count)
    buffer = made
    return made.start
  }
}

/// Layers one after the other.
final class LayerStack {
  let layers: [any Layer]
  let outputSizes: [Int]
  private var savedGradients: [Buffer] = []

  /// `outputSizes` are floats of each layer's output for a full batch.
  init(_ layers: [any Layer], outputSizes: [Int]) {
    self.layers = layers
    self.outputSizes = outputSizes
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    var values = input
    for layer in layers { values = layer.forward(values, rows: rows, mode: mode, workspace) }
    return values
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    var current: MutableFloats? = gradient
    for layer in layers.reversed() {
      guard let gradient = current else { return nil }
      current = layer.backward(gradient, rows: rows, workspace)
    }
    return current
  }

  /// `backward` that keeps the gradient of every layer's output for `backwardTangent`.
  func backwardSaving(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    if savedGradients.isEmpty { savedGradients = outputSizes.map { Buffer($0) } }
    var current: MutableFloats? = gradient
    for (index, layer) in layers.enumerated().reversed() {
      guard let gradient = current else { return nil }
      savedGradients[index].start.update(from: gradient, count: outputSizes[index])
      if let residual = layer as? ResidualLayer {
        current = residual.backwardSaving(gradient, rows: rows, workspace)
      } else {
        current = layer.backward(gradient, rows: rows, workspace)
      }
    }
    return current
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats? {
    var current = tangent
    for layer in layers { current = layer.forwardTangent(current, rows: rows, curvature) }
    return current
  }

  func backwardTangent(_ tangent: MutableFloats, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats? {
    var current: MutableFloats? = tangent
    for (index, layer) in layers.enumerated().reversed() {
      guard let tangent = current else { return nil }
      current = layer.backwardTangent(
        tangent, gradient: Floats(savedGradients[index].start), rows: rows, curvature)
    }
    return current
  }
}
