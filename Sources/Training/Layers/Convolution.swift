// Serves execute: convolution over one or two dimensions.
import BitExact
import KernelTable

/// A convolution (cross-correlation, as everywhere in deep learning) with square kernels and the same stride and padding
/// in both directions; signals have height 1. Weights are stored [kernel row][kernel column][in][out].
///
/// Every output element is one chain of fused multiply-adds in order of kernel row, kernel column and input channel.
/// The gradient of the weights is one chain for each example, in order of positions; the chains are added in order of
/// examples. All three passes are products of matrices whose columns lie in segments of the padded input.
final class ConvolutionLayer: Layer {
  private let geometry: ConvolutionGeometry
  private let weight: Parameter
  private let bias: Parameter?
  private let wantsInputGradient: Bool
  private let padded: Buffer?
  private let output: Buffer
  private let paddedGradient: Buffer
  private let inputGradient: Buffer
  private let turned: Buffer
  private var input: MutableFloats?
  private var inputTangent: MutableFloats?
  private var paddedTangent: LazyBuffer
  private var outputTangent: LazyBuffer
  private var gradientTangent: LazyBuffer

  init(
    _ geometry: ConvolutionGeometry, weight: Parameter, bias: Parameter?, wantsInputGradient: Bool,
    capacity: Int
  ) {
    self.geometry = geometry
    self.weight = weight
    self.bias = bias
    self.wantsInputGradient = wantsInputGradient
    let paddedSize = capacity * geometry.paddedInputSize
    padded = geometry.padding > 0 ? Buffer(paddedSize) : nil
    output = Buffer(capacity * geometry.output.rowStride)
    paddedGradient = Buffer(wantsInputGradient ? geometry.paddedGradientSize : 0)
    inputGradient = Buffer(wantsInputGradient ? capacity * geometry.input.rowStride : 0)
    turned = Buffer(
      wantsInputGradient ? geometry.taps * geometry.output.channels * geometry.input.channelStride : 0)
    paddedTangent = LazyBuffer(geometry.padding > 0 ? paddedSize : 0)
    outputTangent = LazyBuffer(output.count)
    gradientTangent = LazyBuffer(inputGradient.count)
  }

  func forward(_ source: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    input = geometry.pad(source, into: padded?.start, rows)
    let start: Start = bias.map { .row(Floats(workspace.values($0))) } ?? .zero
    if let input { product(input, workspace.values(weight), start, output.start, rows, workspace) }
    return output.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    guard let input else { return nil }
    let target = workspace.gradient(weight)
    target.update(repeating: 0, count: weight.size)
    addWeightGradient(input, gradient, target, rows, workspace)
    if let bias { sumOfPositions(gradient, workspace.gradient(bias), rows, workspace) }
    if !wantsInputGradient { return nil }
    addInputGradient(gradient, workspace.values(weight), .zero, inputGradient.start, rows, workspace)
    return inputGradient.start
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let result = outputTangent.start()
    let workspace = curvature.workspace
    inputTangent = tangent.map {
      geometry.pad($0, into: geometry.padding > 0 ? paddedTangent.start() : nil, rows)
    }
    guard let input else { return result }
    let start: Start = bias.map { .row(Floats(curvature.direction($0))) } ?? .zero
    product(input, curvature.direction(weight), start, result, rows, workspace)
    if let inputTangent { product(inputTangent, curvature.values(weight), .result, result, rows, workspace) }
    return result
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    guard let input else { return nil }
    let workspace = curvature.workspace
    let target = curvature.product(weight)
    target.update(repeating: 0, count: weight.size)
    addWeightGradient(input, tangent, target, rows, workspace)
    if let inputTangent { addWeightGradient(inputTangent, gradient, target, rows, workspace) }
    if let bias { sumOfPositions(tangent, curvature.product(bias), rows, workspace) }
    if !wantsInputGradient { return nil }
    let result = gradientTangent.start()
    addInputGradient(tangent, curvature.values(weight), .zero, result, rows, workspace)
    addInputGradient(gradient, curvature.direction(weight), .result, result, rows, workspace)
    return result
  }

  private func sumOfPositions(
    _ gradient: Floats, _ result: MutableFloats, _ rows: Int, _ workspace: Workspace
  ) {
    let stride = geometry.output.channelStride
    workspace.kernels.columnSums(rows * geometry.output.positions, stride, gradient, stride, result)
  }

  /// result = start + the convolution of the padded input with `weights`.
  private func product(
    _ input: Floats, _ weights: Floats, _ start: Start, _ result: MutableFloats, _ rows: Int,
    _ workspace: Workspace
  ) {
    let g = geometry
    let window = Window(
      height: g.kernelHeight, width: g.kernel, channels: g.input.channels, stride: g.input.channelStride,
      lineStride: g.paddedWidth * g.input.channelStride)
    // A signal's positions follow one another through the whole batch, an image's through the image.
    let (calls, lines) = g.output.height == 1 ? (1, rows) : (rows, g.output.height)
    let groupStride = g.output.height == 1 ? g.paddedInputSize : g.verticalStride * window.lineStride
    for call in 0..<calls {
      multiply(
        lines * g.output.width, window,
        Rows(step: g.stride * window.stride, perGroup: g.output.width, groupStride),
        input + call * g.paddedInputSize, weights, g.output.channelStride, start,
        result + call * g.output.rowStride, g.output.channelStride, workspace)
    }
  }

  /// The inputs of one output element: `height` lines of `width` positions with `channels` each.
  private struct Window {
    var height: Int
    var width: Int
    var channels: Int
    /// Distance between positions.
    var stride: Int
    /// Distance between lines.
    var lineStride: Int
  }

  /// Where the windows of neighbouring output positions start: `step` apart, `perGroup` of them in a line.
  private struct Rows {
    var step: Int
    var perGroup: Int
    var groupStride: Int

    init(step: Int, perGroup: Int, _ groupStride: Int) {
      self.step = step
      self.perGroup = perGroup
      self.groupStride = groupStride
    }
  }

  /// `m` output positions: windows times `weights` [line][position][channel][out].
  private func multiply(
    _ m: Int, _ window: Window, _ places: Rows, _ input: Floats, _ weights: Floats, _ columns: Int,
    _ start: Start, _ result: MutableFloats, _ resultStride: Int, _ workspace: Workspace
  ) {
    // Channels without gaps make a whole line one segment; otherwise every position is one.
    if window.channels == window.stride {
      let matrix = SegmentedMatrix(
        input, rowStride: places.step, segments: window.height, depth: window.width * window.channels,
        segmentStride: window.lineStride, rowsPerGroup: places.perGroup, groupStride: places.groupStride)
      workspace.kernels.multiplySegments(
        m, columns, matrix, weights, columns, start, .store, result, resultStride, workspace.scratch.start)
      return
    }
    for line in 0..<window.height {
      let matrix = SegmentedMatrix(
        input + line * window.lineStride, rowStride: places.step, segments: window.width,
        depth: window.channels, segmentStride: window.stride, rowsPerGroup: places.perGroup,
        groupStride: places.groupStride)
      workspace.kernels.multiplySegments(
        m, columns, matrix, weights + line * window.width * window.channels * columns, columns,
        line == 0 ? start : .result, .store, result, resultStride, workspace.scratch.start)
    }
  }

  /// result += the gradient of the weights, example by example.
  private func addWeightGradient(
    _ input: Floats, _ gradient: Floats, _ result: MutableFloats, _ rows: Int, _ workspace: Workspace
  ) {
    let g = geometry
    let (stride, columns) = (g.input.channelStride, g.output.channelStride)
    let isDense = g.input.channels == stride
    // Channels without gaps: the rows of a whole kernel line at once.
    let (height, steps) = isDense ? (g.kernel * stride, 1) : (g.input.channels, g.kernel)
    for row in 0..<rows {
      for line in 0..<g.kernelHeight {
        for step in 0..<steps {
          let first = input + (row * g.paddedInputSize + (line * g.paddedWidth + step) * stride)
          let matrix = SegmentedMatrix(
            first, rowStride: 1, columnStride: g.stride * stride, segments: g.output.height,
            depth: g.output.width, segmentStride: g.verticalStride * g.paddedWidth * stride)
          workspace.kernels.multiplySegments(
            height, columns, matrix, gradient + row * g.output.rowStride, columns, .zero, .add,
            result + (line * steps + step) * height * columns, columns, workspace.scratch.start)
        }
      }
    }
  }

  /// result = start + the gradient of the (unpadded) input. Positions that the same kernel elements reach, one phase of
  /// the stride, are themselves a convolution of the output's gradient, with turned kernels.
  private func addInputGradient(
    _ gradient: Floats, _ weights: Floats, _ start: Start, _ result: MutableFloats, _ rows: Int,
    _ workspace: Workspace
  ) {
    let g = geometry
    let columns = g.input.channelStride
    turn(weights, workspace)
    for row in 0..<rows {
      g.padGradient(gradient + row * g.output.rowStride, into: paddedGradient.start)
      var kernel = Floats(turned.start)
      for line in g.lines {
        for phase in g.phases {
          let window = Window(
            height: line.taps, width: phase.taps, channels: g.output.channels, stride: g.output.channelStride,
            lineStride: g.gradientWidth * g.output.channelStride)
          // Without a stride the positions of the whole image follow one another.
          let (calls, lines) = g.stride == 1 ? (1, line.count) : (line.count, 1)
          for index in 0..<calls {
            let y = line.first + index * g.verticalStride
            let from =
              (line.start + index + g.gradientTop) * window.lineStride
              + (phase.start + g.gradientLeft) * window.stride
            multiply(
              lines * phase.count, window,
              Rows(step: window.stride, perGroup: phase.count, window.lineStride),
              paddedGradient.start + from, kernel, columns, start,
              result + row * g.input.rowStride + (y * g.input.width + phase.first) * columns,
              g.stride * columns, workspace)
          }
          kernel += line.taps * phase.taps * g.output.channels * columns
        }
      }
    }
  }

  /// The kernels of all phases, each [line][position][out][in] with lines and positions reversed.
  private func turn(_ weights: Floats, _ workspace: Workspace) {
    let g = geometry
    var target = turned.start
    for line in g.lines {
      for phase in g.phases {
        for ky in (0..<line.taps).reversed() {
          for kx in (0..<phase.taps).reversed() {
            let tap =
              (line.offset + ky * g.verticalStride) * g.kernel + phase.offset + kx * g.stride
            workspace.kernels.transpose(
              g.input.channels, g.output.channels, weights + tap * g.input.channels * weight.stride,
              weight.stride, target, g.input.channelStride)
            target += g.output.channels * g.input.channelStride
          }
        }
      }
    }
  }
}

/// Sizes of a convolution and the copies with zeros around them, worked out once.
struct ConvolutionGeometry {
  let input: FeatureShape
  let output: FeatureShape
  let kernel: Int
  let stride: Int
  let padding: Int
  let kernelHeight: Int
  let verticalStride: Int
  let verticalPadding: Int
  let paddedWidth: Int
  /// Floats of an example of the padded input.
  let paddedInputSize: Int
  /// The phases of the stride, across and down.
  let phases: [Phase]
  let lines: [Phase]
  /// Zeros before the output's gradient, across and down.
  let gradientLeft: Int
  let gradientTop: Int
  let gradientWidth: Int
  /// Floats of an example of the padded gradient.
  let paddedGradientSize: Int

  init(input: FeatureShape, output: FeatureShape, kernel: Int, stride: Int, padding: Int) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    let isSignal = input.height == 1
    kernelHeight = isSignal ? 1 : kernel
    verticalStride = isSignal ? 1 : stride
    verticalPadding = isSignal ? 0 : padding
    paddedWidth = input.width + 2 * padding
    paddedInputSize =
      padding == 0
      ? input.rowStride : (input.height + 2 * verticalPadding) * paddedWidth * input.channelStride
    phases = Phase.all(kernel: kernel, stride: stride, padding: padding, length: input.width)
    lines = Phase.all(
      kernel: kernelHeight, stride: verticalStride, padding: verticalPadding, length: input.height)
    let (left, right) = Phase.margins(phases, outputs: output.width)
    let (top, bottom) = Phase.margins(lines, outputs: output.height)
    gradientLeft = left
    gradientTop = top
    gradientWidth = output.width + left + right
    paddedGradientSize = (output.height + top + bottom) * gradientWidth * output.channelStride
  }

  var taps: Int { kernelHeight * kernel }

  /// Input positions `first`, `first + stride`, … (`count` of them), which kernel elements `offset`, `offset + stride`, …
  /// (`taps` of them) reach; output position `start` is the first that reaches the first of them.
  struct Phase {
    var offset: Int
    var taps: Int
    var first: Int
    var count: Int
    var start: Int

    /// The phases of one direction.
    static func all(kernel: Int, stride: Int, padding: Int, length: Int) -> [Phase] {
      (0..<stride).compactMap { offset in
        let taps = offset < kernel ? (kernel - 1 - offset) / stride + 1 : 0
        let first = ((offset - padding) % stride + stride) % stride
        guard first < length else { return nil }
        return Phase(
          offset: offset, taps: taps, first: first, count: (length - 1 - first) / stride + 1,
          start: (first + padding - offset) / stride - (taps - 1))
      }
    }

    /// Zeros before and after the output's gradient that the phases need.
    static func margins(_ phases: [Phase], outputs: Int) -> (Int, Int) {
      let before = phases.map { max(0, -$0.start) }.max() ?? 0
      let after = phases.map { max(0, $0.start + $0.count - 1 + $0.taps - outputs) }.max() ?? 0
      return (before, after)
    }
  }

  /// The examples with zeros around them; the examples themselves when there are none.
  func pad(_ source: MutableFloats, into buffer: MutableFloats?, _ rows: Int) -> MutableFloats {
    guard let buffer else { return source }
    let line = input.width * input.channelStride
    for row in 0..<rows {
      for y in 0..<input.height {
        let target = (y + verticalPadding) * paddedWidth + padding
        (buffer + (row * paddedInputSize + target * input.channelStride)).update(
          from: source + (row * input.rowStride + y * line), count: line)
      }
    }
    return buffer
  }

  /// One example of the output's gradient with zeros around it.
  func padGradient(_ source: Floats, into buffer: MutableFloats) {
    let line = output.width * output.channelStride
    for y in 0..<output.height {
      (buffer + ((y + gradientTop) * gradientWidth + gradientLeft) * output.channelStride).update(
        from: source + y * line, count: line)
    }
  }
}
