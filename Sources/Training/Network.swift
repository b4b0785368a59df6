// Serves execute: a network with its parameters, passes and evaluation.
public import BitExact
public import KernelTable

/// Mean loss and accuracy over a set of examples.
public struct Evaluation: Sendable, Hashable {
  /// Mean loss: softmax cross-entropy in nats, or half the squared distance.
  public var loss: Double
  /// Fraction of examples whose largest output is their label's.
  public var accuracy: Double
}

/// A feed-forward network in single precision.
public final class Network {
  /// Where the parameters lie.
  public let layout: ParameterLayout
  /// The model it was built from.
  public let options: ModelOptions
  /// Number of classes, or of outputs of a regression.
  public let classes: Int
  /// Largest number of rows in one pass.
  public let capacity: Int
  /// Shape of one example.
  public let input: FeatureShape
  let stack: LayerStack
  /// Shape of what leaves each layer of `stack`.
  let outputShapes: [FeatureShape]
  let workspace: Workspace
  let lossLayer: LossLayer
  let batch: Buffer
  private let batchTargets: Buffer
  private let outputStride: Int
  private(set) var labels: [Int32]
  private var hasTargets = false
  private(set) var lastRows = 0
  /// The parameters whose gradient does not leave out pruned weights by itself.
  private var densePieces: [Parameter] = []
  /// Whether gradients of pruned weights may lie in `gradient`.
  private var hasPrunedGradients = true

  /// Changes the rows of a training batch before they are used.
  public var augmentation: Augmentation?

  /// The parameters, padded as `layout` says.
  public var parameters: Buffer { workspace.parameters }
  /// The gradient of the last `computeGradient`.
  public var gradient: Buffer { workspace.gradient }
  /// The kernels in use.
  public var kernels: KernelTable { workspace.kernels }
  /// What is minimised.
  public var loss: Loss { lossLayer.loss }
  /// The running statistics of the layers that normalise over batches, from input to output.
  public var runningStatistics: [Buffer] {
    flatLayers(stack.layers).compactMap {
      ($0 as? BatchNormLayer)?.running ?? ($0 as? GroupNormLayer)?.running
    }
  }

  /// Builds a network with zero parameters for passes of at most `capacity` rows.
  ///
  /// - Parameter wantsInputGradient: whether `inputGradient` will be asked for.
  public init(
    _ options: ModelOptions, input: FeatureShape, classes: Int, capacity: Int, loss: Loss = .crossEntropy,
    wantsInputGradient: Bool = false, kernels: KernelTable = Kernels.current
  ) throws(ModelError) {
    var builder = NetworkBuilder(options)
    let planned = try builder.plan(input, classes: classes, wantsInputGradient: wantsInputGradient)
    layout = builder.layout
    stack = LayerStack(planned, capacity: capacity)
    outputShapes = planned.map(\.output)
    self.options = options
    self.classes = classes
    self.capacity = capacity
    self.input = input
    workspace = Workspace(kernels: kernels, layout: layout)
    lossLayer = LossLayer(loss, outputs: classes, capacity: capacity)
    outputStride = paddedWidth(classes)
    batch = Buffer(capacity * input.rowStride)
    batchTargets = Buffer(loss == .meanSquaredError ? capacity * outputStride : 0)
    labels = [Int32](repeating: 0, count: capacity)
  }

  /// A multilayer perceptron over vectors, which fits any data.
  public convenience init(
    _ options: ModelOptions, features: Int, classes: Int, capacity: Int,
    kernels: KernelTable = Kernels.current
  ) {
    do {
      try self.init(options, input: .vector(features), classes: classes, capacity: capacity, kernels: kernels)
    } catch { preconditionFailure("\(error)") }
  }

  /// Sets the parameters to their initial values and the running statistics to 0 and 1.
  public func initialize(seed: UInt64, purpose: String = "init") {
    layout.initialize(parameters, options: options, seed: seed, purpose: purpose)
    for layer in flatLayers(stack.layers) {
      (layer as? BatchNormLayer)?.reset()
      (layer as? GroupNormLayer)?.reset()
    }
  }

  private func flatLayers(_ layers: [any Layer]) -> [any Layer] {
    layers.flatMap { layer in (layer as? ResidualLayer).map { flatLayers($0.layers) } ?? [layer] }
  }

  // MARK: - Gradients

  /// Names the random numbers of dropout, noise and augmentation of the passes that follow.
  public func setDraw(seed: UInt64, step: Int) { workspace.draw = DrawPlace(seed: seed, step: step) }

  /// Gradient of the mean loss over the rows `indices` of `data`, in `mode`; returns the mean loss.
  @discardableResult
  public func computeGradient(_ data: ExampleMatrix, _ indices: [Int], mode: Mode = .training) -> Double {
    hasPrunedGradients = true
    let rows = gather(data, indices[...], augments: mode == .training)
    let sum = passAndLoss(rows, mode, scale: 1 / Float(rows))
    _ = stack.backward(lossLayer.gradient, rows: rows, workspace)
    return sum / Double(rows)
  }

  /// `computeGradient` that lets an optimiser move weights as soon as their gradient is known.
  func computeGradient(_ data: ExampleMatrix, _ indices: [Int], updating optimizer: Optimizer) {
    workspace.optimizer = optimizer
    computeGradient(data, indices)
    workspace.optimizer = nil
  }

  /// Gradient of each example's own loss with respect to its inputs, `input.count` numbers a row, in evaluation mode;
  /// the network must have been made with `wantsInputGradient`.
  public func inputGradient(_ data: ExampleMatrix, _ indices: Range<Int>) -> [[Float]] {
    hasPrunedGradients = true
    let rows = copy(data, indices)
    _ = passAndLoss(rows, .evaluation, scale: 1)
    guard let gradient = stack.backward(lossLayer.gradient, rows: rows, workspace) else { return [] }
    return (0..<rows).map { row in
      (0..<input.count).map { gradient[row * input.rowStride + $0] }
    }
  }

  /// Prepares for training the weights that a mask keeps, or all with `nil`.
  public func keepOnly(_ mask: Buffer?) {
    hasPrunedGradients = true
    let sparse = flatLayers(stack.layers).compactMap { ($0 as? DenseLayer)?.keepOnly(mask)?.offset }
    densePieces = mask == nil ? [] : layout.parameters.filter { !sparse.contains($0.offset) }
  }

  /// `computeGradient` after `keepOnly`, where the pruned weights are +0, with a gradient of +0 for them.
  public func computeGradient(_ data: ExampleMatrix, _ indices: [Int], keepingOnly mask: Buffer) {
    // Sparse passes write the gradients of survivors alone: what a dense pass left for the others must not move them.
    if hasPrunedGradients { kernels.mask(mask.count, gradient.start, mask.start) }
    workspace.prunedWeightsAreZero = true
    computeGradient(data, indices)
    workspace.prunedWeightsAreZero = false
    hasPrunedGradients = false
    for piece in densePieces {
      kernels.mask(piece.size, gradient.start + piece.offset, mask.start + piece.offset)
    }
  }

  private func passAndLoss(_ rows: Int, _ mode: Mode, scale: Float) -> Double {
    let outputs = pass(rows: rows, mode: mode)
    return lossLayer.evaluate(
      outputs, rows: rows, labels: labels, targets: hasTargets ? Floats(batchTargets.start) : nil,
      scale: scale, workspace.kernels)
  }

  // MARK: - Curvature

  /// Prepares Hessian-vector products of the mean loss over the rows `indices` of `data` at the present parameters.
  ///
  /// - Returns: the mean loss; the gradient is left in `gradient`.
  @discardableResult
  public func prepareCurvature(_ data: ExampleMatrix, _ indices: [Int], mode: Mode = .batchStatistics)
    -> Double
  {
    hasPrunedGradients = true
    let rows = gather(data, indices[...], augments: false)
    let sum = passAndLoss(rows, mode, scale: 1 / Float(rows))
    _ = stack.backwardSaving(lossLayer.gradient, rows: rows, workspace)
    lastRows = rows
    return sum / Double(rows)
  }

  /// The Hessian of the loss of `prepareCurvature` times `direction`, exactly, by the R-operator (Pearlmutter 1994).
  ///
  /// Both buffers are laid out as the parameters, with zeros between rows, and differ.
  public func hessianVectorProduct(_ direction: Buffer, into result: Buffer) {
    precondition(direction !== result && direction.count == layout.size && result.count == layout.size)
    let space = CurvatureSpace(workspace: workspace, direction: direction, product: result)
    if let tangent = stack.forwardTangent(nil, rows: lastRows, space) {
      let change = lossLayer.gradientTangent(
        tangent, rows: lastRows, labels: labels, scale: 1 / Float(lastRows))
      _ = stack.backwardTangent(change, rows: lastRows, space)
    }
  }

  // MARK: - Evaluation

  /// Loss and accuracy over all rows of `data`, or over `indices`, in chunks of `chunk` rows.
  public func evaluate(
    _ data: ExampleMatrix, mode: Mode = .evaluation, indices: [Int]? = nil, chunk: Int? = nil
  ) -> Evaluation {
    let total = indices?.count ?? data.count
    let size = min(chunk ?? capacity, capacity)
    var (sum, correct, first) = (0.0, 0, 0)
    while first < total {
      let range = first..<min(first + size, total)
      let rows = indices.map { gather(data, $0[range], augments: false) } ?? copy(data, range)
      let outputs = pass(rows: rows, mode: mode)
      sum += lossLayer.evaluate(
        outputs, rows: rows, labels: labels, targets: hasTargets ? Floats(batchTargets.start) : nil, scale: 1,
        workspace.kernels)
      for row in 0..<rows where predictedClass(outputs + row * outputStride) == Int(labels[row]) {
        correct += 1
      }
      first = range.upperBound
    }
    let count = Double(max(total, 1))
    return Evaluation(loss: sum / count, accuracy: Double(correct) / count)
  }

  /// Outputs of the rows `indices`, one array a row.
  public func logits(_ data: ExampleMatrix, _ indices: Range<Int>, mode: Mode = .evaluation) -> [[Float]] {
    let rows = copy(data, indices)
    let outputs = pass(rows: rows, mode: mode)
    return (0..<rows).map { row in (0..<classes).map { outputs[row * outputStride + $0] } }
  }

  /// The first of the largest outputs; class 0 when they are not numbers.
  private func predictedClass(_ outputs: MutableFloats) -> Int {
    var best = 0
    for j in 1..<max(classes, 1) where outputs[j] > outputs[best] { best = j }
    return best
  }

  func pass(rows: Int, mode: Mode) -> MutableFloats {
    stack.forward(batch.start, rows: rows, mode: mode, workspace)
  }

  /// Brings the rows `indices` into the batch; returns how many there are.
  private func gather(_ data: ExampleMatrix, _ indices: ArraySlice<Int>, augments: Bool) -> Int {
    precondition(data.features == input.count && indices.count <= capacity)
    indices.withUnsafeBufferPointer { places in
      guard let places = places.baseAddress else { return }
      kernels.gatherRows(indices.count, data.stride, Floats(data.inputs.start), places, batch.start)
    }
    let rows = indices.count
    for (row, index) in indices.enumerated() {
      labels[row] = data.labels[index]
      copyTarget(data, index, row)
    }
    if augments, let augmentation { augmentation.apply(batch.start, rows: rows, input, workspace.draw) }
    return rows
  }

  /// Brings rows that lie together into the batch; returns how many there are.
  func copy(_ data: ExampleMatrix, _ rows: Range<Int>) -> Int {
    precondition(data.features == input.count && rows.count <= capacity)
    batch.start.update(
      from: data.inputs.start + rows.lowerBound * data.stride, count: rows.count * data.stride)
    for (row, index) in rows.enumerated() {
      labels[row] = data.labels[index]
      copyTarget(data, index, row)
    }
    return rows.count
  }

  private func copyTarget(_ data: ExampleMatrix, _ index: Int, _ row: Int) {
    hasTargets = data.targets != nil && lossLayer.loss == .meanSquaredError
    guard hasTargets, let targets = data.targets else { return }
    (batchTargets.start + row * outputStride).update(
      from: targets.start + index * outputStride, count: outputStride)
  }
}

extension ModelOptions {
  /// Why there are no Hessian-vector products for the model; `nil` where there are.
  public var curvatureObstacle: String? {
    if case .gru = architecture { return "a recurrent network" }
    if [.batchL1, .batchMax].contains(norm.kind) { return "normalisation by '\(norm.kind.rawValue)'" }
    return nil
  }
}
