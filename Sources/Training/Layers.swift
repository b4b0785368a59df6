// Serves execute: the layers of a network, each with its forward and backward pass.
import BitExact
import KernelTable

/// Whether a pass trains, evaluates, or evaluates with the batch's own statistics.
public enum Mode: Sendable {
  /// Batch statistics; running averages are updated.
  case training
  /// Running statistics.
  case evaluation
  /// Batch statistics; running averages stay.
  case batchStatistics
}

/// What every layer needs: the parameters, their gradient, and room for the kernels.
final class Workspace {
  let kernels: KernelTable
  let parameters: Buffer
  let gradient: Buffer
  let scratch: Buffer

  init(kernels: KernelTable, layout: ParameterLayout, transposeRoom: Int) {
    self.kernels = kernels
    parameters = Buffer(layout.size)
    gradient = Buffer(layout.size)
    scratch = Buffer(scratchSize + transposeRoom)
  }

  func values(_ parameter: Parameter) -> MutableFloats { parameters.start + parameter.offset }
  func gradient(_ parameter: Parameter) -> MutableFloats { gradient.start + parameter.offset }
}

/// One layer. Rows are examples; rows are padded to whole vectors with zeros.
protocol Layer: AnyObject {
  /// Output (rows × out) of `input` (rows × in); stays valid until the next call.
  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats
  /// Gradient of the input from that of the output, after `forward` with the same rows; fills in the parameters'
  /// gradients. Returns `nil` from the first layer, whose input is data.
  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats?
}

/// y = x·W + b; W is stored [in][out].
final class DenseLayer: Layer {
  private let weight: Parameter
  private let bias: Parameter?
  private let isFirst: Bool
  private let output: Buffer
  private let inputGradient: Buffer
  private let inputStride: Int
  private var input: MutableFloats?

  init(weight: Parameter, bias: Parameter?, isFirst: Bool, capacity: Int) {
    self.weight = weight
    self.bias = bias
    self.isFirst = isFirst
    inputStride = paddedWidth(weight.rows)
    output = Buffer(capacity * weight.stride)
    inputGradient = Buffer(isFirst ? 0 : capacity * inputStride)
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    self.input = input
    let start: Start = bias.map { .row(Floats(workspace.values($0))) } ?? .zero
    workspace.kernels.multiply(
      rows, weight.stride, weight.rows, StridedMatrix(input, rowStride: inputStride),
      workspace.values(weight),
      weight.stride, start, output.start, weight.stride, workspace.scratch.start)
    return output.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    guard let input else { return nil }
    let kernels = workspace.kernels
    let stride = weight.stride
    kernels.multiply(
      weight.rows, stride, rows, StridedMatrix(input, rowStride: 1, columnStride: inputStride), gradient,
      stride,
      .zero, workspace.gradient(weight), stride, workspace.scratch.start)
    if let bias { kernels.columnSums(rows, stride, gradient, stride, workspace.gradient(bias)) }
    if isFirst { return nil }
    let transposed = workspace.scratch.start + scratchSize
    kernels.transpose(weight.rows, weight.columns, workspace.values(weight), stride, transposed, inputStride)
    kernels.multiply(
      rows, inputStride, weight.columns, StridedMatrix(gradient, rowStride: stride), transposed, inputStride,
      .zero,
      inputGradient.start, inputStride, workspace.scratch.start)
    return inputGradient.start
  }
}

/// Batch normalisation (Ioffe & Szegedy 2015, algorithms 1 and 2) with ε = 10⁻⁵.
final class BatchNormLayer: Layer {
  private let scale: Parameter
  private let shift: Parameter
  private let momentum: Float
  private let statistics: NormStatistics
  private let stride: Int
  private let normalized: Buffer
  private let output: Buffer
  /// Four rows: batch mean, batch variance, inverse deviation in use, and room.
  private let moments: Buffer
  /// Two rows: running mean and running (unbiased) variance.
  let running: Buffer
  private var usedBatchStatistics = true

  init(scale: Parameter, shift: Parameter, options: ModelOptions, capacity: Int) {
    self.scale = scale
    self.shift = shift
    momentum = Float(options.normMomentum)
    statistics = options.normStatistics
    stride = scale.stride
    normalized = Buffer(capacity * stride)
    output = Buffer(capacity * stride)
    moments = Buffer(4 * stride)
    running = Buffer(2 * stride)
    reset()
  }

  /// Running mean 0 and variance 1.
  func reset() {
    running.clear()
    for j in 0..<scale.columns { running.start[stride + j] = 1 }
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    usedBatchStatistics = mode == .batchStatistics || (mode == .training && statistics == .batch)
    let (mean, variance, inverse) = (moments.start, moments.start + stride, moments.start + 2 * stride)
    if usedBatchStatistics {
      workspace.kernels.columnMoments(rows, stride, input, stride, mean, variance)
      if mode == .training { updateRunning(rows) }
    } else {
      mean.update(from: running.start, count: 2 * stride)
    }
    for j in 0..<stride { inverse[j] = 1 / (variance[j] + 1e-5).squareRoot() }
    workspace.kernels.normalize(
      rows, stride, input, stride, mean, inverse, workspace.values(scale), workspace.values(shift),
      normalized.start, output.start)
    return output.start
  }

  private func updateRunning(_ rows: Int) {
    let unbiased = rows > 1 ? Float(rows) / Float(rows - 1) : 1
    for j in 0..<scale.columns {
      running.start[j] += momentum * (moments.start[j] - running.start[j])
      let variance = moments.start[stride + j] * unbiased
      running.start[stride + j] += momentum * (variance - running.start[stride + j])
    }
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    workspace.kernels.normalizeGradient(
      rows, stride, normalized.start, stride, moments.start + 2 * stride, workspace.values(scale), gradient,
      workspace.gradient(scale), workspace.gradient(shift), usedBatchStatistics)
    return gradient
  }
}

/// An element-wise nonlinearity, applied in place.
final class ActivationLayer: Layer {
  private let activation: Activation
  private let width: Int
  private let columns: Int
  private var output: MutableFloats?

  init(_ activation: Activation, columns: Int) {
    self.activation = activation
    self.columns = columns
    width = paddedWidth(columns)
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    workspace.kernels.activate(activation, input, rows * width)
    output = input
    if activation == .sigmoid { clearPadding(input, rows) }
    return input
  }

  /// sigmoid(0) = ½ would leak into the next layer's padding.
  private func clearPadding(_ values: MutableFloats, _ rows: Int) {
    for row in 0..<rows { for j in columns..<width { values[row * width + j] = 0 } }
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    guard let output else { return nil }
    workspace.kernels.activationGradient(activation, output, gradient, rows * width)
    return gradient
  }
}
