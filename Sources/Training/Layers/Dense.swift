// Serves execute: the dense layer.
import BitExact
import KernelTable

/// y = x·W + b; W is stored [in][out].
final class DenseLayer: Layer {
  private let weight: Parameter
  private let bias: Parameter?
  private let wantsInputGradient: Bool
  private let capacity: Int
  private var survivors: SparseWeights?
  private let output: Buffer
  private let inputGradient: Buffer
  private let inputStride: Int
  private var input: MutableFloats?
  private var outputTangent: LazyBuffer
  private var inputTangent: MutableFloats?
  private var inputGradientTangent: LazyBuffer

  init(weight: Parameter, bias: Parameter?, wantsInputGradient: Bool, capacity: Int) {
    self.weight = weight
    self.bias = bias
    self.wantsInputGradient = wantsInputGradient
    self.capacity = capacity
    inputStride = paddedWidth(weight.rows)
    output = Buffer(capacity * weight.stride)
    inputGradient = Buffer(wantsInputGradient ? capacity * inputStride : 0)
    outputTangent = LazyBuffer(output.count)
    inputGradientTangent = LazyBuffer(inputGradient.count)
  }

  /// Computes with the weights that a mask keeps, where that is faster and `Workspace.prunedWeightsAreZero`.
  ///
  /// - Returns: the parameter whose gradient is then zero for pruned weights.
  func keepOnly(_ mask: Buffer?) -> Parameter? {
    survivors = mask.flatMap { SparseWeights(weight, mask: $0, capacity: capacity) }
    return survivors == nil ? nil : weight
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    self.input = input
    if workspace.prunedWeightsAreZero, let survivors,
      survivors.forward(
        input, inputStride, workspace.values(weight), bias.map { Floats(workspace.values($0)) }, output.start,
        rows: rows, workspace.kernels)
    {
      return output.start
    }
    let start: Start = bias.map { .row(Floats(workspace.values($0))) } ?? .zero
    product(input, workspace.values(weight), start, output.start, rows, workspace)
    return output.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    guard let input else { return nil }
    let survivors = workspace.prunedWeightsAreZero ? survivors : nil
    let update = workspace.optimizer?.update(weight)
    if update == nil { weightGradient(input, gradient, survivors, rows, workspace) }
    if let bias {
      workspace.kernels.columnSums(rows, weight.stride, gradient, weight.stride, workspace.gradient(bias))
    }
    if wantsInputGradient {
      let isSparse = survivors?.inputGradient(
        gradient, workspace.values(weight), inputGradient.start, inputStride, rows: rows, workspace.kernels)
      if isSparse != true {
        inputGradient(gradient, workspace.values(weight), .zero, inputGradient.start, rows, workspace)
      }
    }
    // Last, because the weights move with it.
    if let update {
      weightGradient(input, gradient, .zero, .update(update), workspace.values(weight), rows, workspace)
    }
    return wantsInputGradient ? inputGradient.start : nil
  }

  private func weightGradient(
    _ input: Floats, _ gradient: Floats, _ survivors: SparseWeights?, _ rows: Int, _ workspace: Workspace
  ) {
    let target = workspace.gradient(weight)
    if survivors?.weightGradient(gradient, target, rows: rows, workspace.kernels) == true { return }
    weightGradient(input, gradient, .zero, .store, target, rows, workspace)
    survivors?.clearPruned(target, workspace.kernels)
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let result = outputTangent.start()
    inputTangent = tangent
    guard let input else { return result }
    let start: Start = bias.map { .row(Floats(curvature.direction($0))) } ?? .zero
    product(input, curvature.direction(weight), start, result, rows, curvature.workspace)
    if let tangent { product(tangent, curvature.values(weight), .result, result, rows, curvature.workspace) }
    return result
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    guard let input else { return nil }
    let workspace = curvature.workspace
    weightGradient(input, tangent, .zero, .store, curvature.product(weight), rows, workspace)
    if let inputTangent {
      weightGradient(inputTangent, gradient, .result, .store, curvature.product(weight), rows, workspace)
    }
    if let bias {
      workspace.kernels.columnSums(rows, weight.stride, tangent, weight.stride, curvature.product(bias))
    }
    if !wantsInputGradient { return nil }
    let result = inputGradientTangent.start()
    inputGradient(tangent, curvature.values(weight), .zero, result, rows, workspace)
    inputGradient(gradient, curvature.direction(weight), .result, result, rows, workspace)
    return result
  }

  /// result (rows × out) = start + input · weights.
  private func product(
    _ input: Floats, _ weights: Floats, _ start: Start, _ result: MutableFloats, _ rows: Int,
    _ workspace: Workspace
  ) {
    workspace.kernels.multiply(
      rows, weight.stride, weight.rows, StridedMatrix(input, rowStride: inputStride), weights, weight.stride,
      start, result, weight.stride, workspace.scratch.start)
  }

  /// start + inputᵀ · gradient (in × out), which becomes the result as `finish` says.
  private func weightGradient(
    _ input: Floats, _ gradient: Floats, _ start: Start, _ finish: Finish, _ result: MutableFloats,
    _ rows: Int,
    _ workspace: Workspace
  ) {
    workspace.kernels.multiplySegments(
      weight.rows, weight.stride,
      SegmentedMatrix(input, rowStride: 1, columnStride: inputStride, depth: rows),
      gradient, weight.stride, start, finish, result, weight.stride, workspace.scratch.start)
  }

  /// result (rows × in) = start + gradient · weightsᵀ.
  private func inputGradient(
    _ gradient: Floats, _ weights: Floats, _ start: Start, _ result: MutableFloats, _ rows: Int,
    _ workspace: Workspace
  ) {
    workspace.kernels.transpose(
      weight.rows, weight.columns, weights, weight.stride, workspace.transposed, inputStride)
    workspace.kernels.multiply(
      rows, inputStride, weight.columns, StridedMatrix(gradient, rowStride: weight.stride),
      workspace.transposed, inputStride, start, result, inputStride, workspace.scratch.start)
  }
}
