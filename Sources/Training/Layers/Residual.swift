// Serves execute: the residual connection.
import BitExact
import KernelTable

/// y = s(x) + f(x) (He et al. 2016). Where f changes the shape, s is a projection with parameters ("option B"), or takes
/// every `stride`-th position and fills new channels with zeros on both sides ("option A").
final class ResidualLayer: Layer {
  private let branch: LayerStack
  private let shortcut: LayerStack?
  private let input: FeatureShape
  private let output: FeatureShape
  private let stride: Int
  private let values: Buffer
  private let branchGradient: Buffer
  private let inputGradient: Buffer
  private var tangent: LazyBuffer
  private var branchTangent: LazyBuffer
  private var gradientTangent: LazyBuffer
  private var zero: LazyBuffer

  init(
    _ branch: LayerStack, shortcut: LayerStack?, stride: Int, input: FeatureShape, output: FeatureShape,
    capacity: Int
  ) {
    self.branch = branch
    self.shortcut = shortcut
    self.stride = stride
    self.input = input
    self.output = output
    values = Buffer(capacity * output.rowStride)
    branchGradient = Buffer(capacity * output.rowStride)
    inputGradient = Buffer(capacity * input.rowStride)
    tangent = LazyBuffer(values.count)
    branchTangent = LazyBuffer(values.count)
    gradientTangent = LazyBuffer(inputGradient.count)
    zero = LazyBuffer(max(inputGradient.count, values.count))
  }

  var layers: [any Layer] { branch.layers + (shortcut?.layers ?? []) }

  func forward(_ source: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    let result = branch.forward(source, rows: rows, mode: mode, workspace)
    if let shortcut {
      sum(shortcut.forward(source, rows: rows, mode: mode, workspace), result, values.start, output, rows)
    } else {
      add(source, to: result, into: values.start, rows)
    }
    return values.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    backward(gradient, rows) { stack, gradient in stack.backward(gradient, rows: rows, workspace) }
  }

  func backwardSaving(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    backward(gradient, rows) { stack, gradient in stack.backwardSaving(gradient, rows: rows, workspace) }
  }

  private func backward(
    _ gradient: MutableFloats, _ rows: Int, _ pass: (LayerStack, MutableFloats) -> MutableFloats?
  ) -> MutableFloats? {
    branchGradient.start.update(from: gradient, count: rows * output.rowStride)
    guard let inner = pass(branch, branchGradient.start) else { return nil }
    if let shortcut {
      guard let other = pass(shortcut, gradient) else { return nil }
      sum(other, inner, inputGradient.start, input, rows)
    } else {
      addBack(gradient, to: inner, into: inputGradient.start, rows)
    }
    return inputGradient.start
  }

  func forwardTangent(_ source: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let result = tangent.start()
    let inner = branch.forwardTangent(source, rows: rows, curvature) ?? zero.start()
    if let shortcut {
      let other = shortcut.forwardTangent(source, rows: rows, curvature) ?? zero.start()
      sum(other, inner, result, output, rows)
    } else {
      add(source ?? zero.start(), to: inner, into: result, rows)
    }
    return result
  }

  func backwardTangent(
    _ source: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    let copy = branchTangent.start()
    copy.update(from: source, count: rows * output.rowStride)
    guard let inner = branch.backwardTangent(copy, rows: rows, curvature) else { return nil }
    let result = gradientTangent.start()
    if let shortcut {
      guard let other = shortcut.backwardTangent(source, rows: rows, curvature) else { return nil }
      sum(other, inner, result, input, rows)
    } else {
      addBack(source, to: inner, into: result, rows)
    }
    return result
  }

  private func sum(
    _ a: Floats, _ b: Floats, _ result: MutableFloats, _ shape: FeatureShape, _ rows: Int
  ) {
    for i in 0..<rows * shape.rowStride { result[i] = a[i] + b[i] }
  }

  private var isIdentity: Bool { input == output && stride == 1 }

  /// result = branch + shortcut(source).
  private func add(_ source: Floats, to branch: Floats, into result: MutableFloats, _ rows: Int) {
    let count = rows * output.rowStride
    if isIdentity {
      for i in 0..<count { result[i] = branch[i] + source[i] }
      return
    }
    if result != branch { result.update(from: branch, count: count) }
    forEachShortcut(rows) { from, to in result[to] += source[from] }
  }

  /// result = branch + shortcutᵀ(gradient).
  private func addBack(_ gradient: Floats, to branch: Floats, into result: MutableFloats, _ rows: Int) {
    let count = rows * input.rowStride
    if isIdentity {
      for i in 0..<count { result[i] = branch[i] + gradient[i] }
      return
    }
    result.update(from: branch, count: count)
    forEachShortcut(rows) { from, to in result[from] += gradient[to] }
  }

  private func forEachShortcut(_ rows: Int, _ body: (_ from: Int, _ to: Int) -> Void) {
    let shift = (output.channels - input.channels) / 2
    let tall = input.height == 1 ? 1 : stride
    for row in 0..<rows {
      for y in 0..<output.height {
        for x in 0..<output.width {
          let from = row * input.rowStride + (y * tall * input.width + x * stride) * input.channelStride
          let to = row * output.rowStride + (y * output.width + x) * output.channelStride + shift
          for channel in 0..<input.channels { body(from + channel, to + channel) }
        }
      }
    }
  }
}
