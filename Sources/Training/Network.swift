// Serves execute: a network with its parameters, passes and evaluation.
public import BitExact
public import KernelTable

/// Mean loss and accuracy over a set of examples.
public struct Evaluation: Sendable, Hashable {
  /// Mean softmax cross-entropy, in nats.
  public var loss: Double
  /// Fraction of examples whose largest logit is their label's.
  public var accuracy: Double
}

/// A feed-forward network over single-precision vectors.
public final class Network {
  /// Where the parameters lie.
  public let layout: ParameterLayout
  /// The model it was built from.
  public let options: ModelOptions
  /// Number of classes.
  public let classes: Int
  /// Largest number of rows in one pass.
  public let capacity: Int
  private let features: Int
  private let layers: [any Layer]
  private let workspace: Workspace
  private let batch: Buffer
  private let logitGradient: Buffer
  private let logitStride: Int
  private var labels: [Int32]
  private var logProbabilities: [Double]

  /// The parameters, padded as `layout` says.
  public var parameters: Buffer { workspace.parameters }
  /// The gradient of the last `backward`.
  public var gradient: Buffer { workspace.gradient }
  /// The kernels in use.
  public var kernels: KernelTable { workspace.kernels }
  /// The running statistics of the BatchNorm layers, from input to output.
  public var runningStatistics: [Buffer] { layers.compactMap { ($0 as? BatchNormLayer)?.running } }

  /// Builds a network with zero parameters for passes of at most `capacity` rows.
  public init(
    _ options: ModelOptions, features: Int, classes: Int, capacity: Int,
    kernels: KernelTable = Kernels.current
  ) {
    var layout = ParameterLayout()
    var layers: [any Layer] = []
    var inputs = features
    for (index, outputs) in (options.hidden + [classes]).enumerated() {
      let name = "layer\(index + 1)"
      let isHidden = index < options.hidden.count
      let normed = options.batchNorm && isHidden
      let weight = layout.add("\(name).weight", .weight, rows: inputs, columns: outputs)
      let bias =
        options.bias && !normed ? layout.add("\(name).bias", .bias, rows: 1, columns: outputs) : nil
      layers.append(DenseLayer(weight: weight, bias: bias, isFirst: index == 0, capacity: capacity))
      if normed {
        let scale = layout.add("norm\(index + 1).weight", .normWeight, rows: 1, columns: outputs)
        let shift = layout.add("norm\(index + 1).bias", .normBias, rows: 1, columns: outputs)
        layers.append(BatchNormLayer(scale: scale, shift: shift, options: options, capacity: capacity))
      }
      if isHidden { layers.append(ActivationLayer(options.activation, columns: outputs)) }
      inputs = outputs
    }
    self.layout = layout
    self.layers = layers
    self.options = options
    self.classes = classes
    self.capacity = capacity
    self.features = features
    logitStride = paddedWidth(classes)
    let room = layout.parameters.map { paddedWidth($0.rows) * paddedWidth($0.columns) }.max() ?? 0
    workspace = Workspace(kernels: kernels, layout: layout, transposeRoom: room)
    batch = Buffer(capacity * paddedWidth(features))
    logitGradient = Buffer(capacity * logitStride)
    labels = [Int32](repeating: 0, count: capacity)
    logProbabilities = [Double](repeating: 0, count: capacity)
  }

  /// Sets the parameters to their initial values and the running statistics to 0 and 1.
  public func initialize(seed: UInt64, purpose: String = "init") {
    layout.initialize(parameters, options: options, seed: seed, purpose: purpose)
    for case let layer as BatchNormLayer in layers { layer.reset() }
  }

  /// Gradient of the mean loss over the rows `indices` of `data`, in training mode; returns the mean loss.
  @discardableResult
  public func computeGradient(_ data: ExampleMatrix, _ indices: [Int]) -> Double {
    let rows = gather(data, indices[...])
    let logits = pass(rows: rows, mode: .training)
    workspace.kernels.softmaxCrossEntropy(
      rows, classes, logits, logitStride, labels, 1 / Float(rows), logitGradient.start, &logProbabilities)
    var gradient: MutableFloats? = logitGradient.start
    for layer in layers.reversed() {
      guard let current = gradient else { break }
      gradient = layer.backward(current, rows: rows, workspace)
    }
    var sum = 0.0
    for row in 0..<rows { sum -= logProbabilities[row] }
    return sum / Double(rows)
  }

  /// Loss and accuracy over all rows of `data`, or over `indices`, in chunks of `chunk` rows.
  public func evaluate(
    _ data: ExampleMatrix, mode: Mode = .evaluation, indices: [Int]? = nil, chunk: Int? = nil
  ) -> Evaluation {
    let total = indices?.count ?? data.count
    let size = min(chunk ?? capacity, capacity)
    var (sum, correct, first) = (0.0, 0, 0)
    while first < total {
      let range = first..<min(first + size, total)
      let rows = indices.map { gather(data, $0[range]) } ?? copy(data, range)
      let logits = pass(rows: rows, mode: mode)
      workspace.kernels.softmaxCrossEntropy(
        rows, classes, logits, logitStride, labels, 1, logitGradient.start, &logProbabilities)
      for row in 0..<rows {
        sum -= logProbabilities[row]
        if predictedClass(logits + row * logitStride) == Int(labels[row]) { correct += 1 }
      }
      first = range.upperBound
    }
    let count = Double(max(total, 1))
    return Evaluation(loss: sum / count, accuracy: Double(correct) / count)
  }

  /// Logits of the rows `indices`, one array a row.
  public func logits(_ data: ExampleMatrix, _ indices: Range<Int>, mode: Mode = .evaluation) -> [[Float]] {
    let rows = copy(data, indices)
    let logits = pass(rows: rows, mode: mode)
    return (0..<rows).map { row in (0..<classes).map { logits[row * logitStride + $0] } }
  }

  /// The first of the largest logits; class 0 when logits are not numbers.
  private func predictedClass(_ logits: MutableFloats) -> Int {
    var best = 0
    for j in 1..<classes where logits[j] > logits[best] { best = j }
    return best
  }

  private func pass(rows: Int, mode: Mode) -> MutableFloats {
    var values = batch.start
    for layer in layers { values = layer.forward(values, rows: rows, mode: mode, workspace) }
    return values
  }

  /// Brings the rows `indices` into the batch; returns how many there are.
  private func gather(_ data: ExampleMatrix, _ indices: ArraySlice<Int>) -> Int {
    precondition(data.features == features && indices.count <= capacity)
    let stride = data.stride
    var row = 0
    for index in indices {
      (batch.start + row * stride).update(from: data.inputs.start + index * stride, count: stride)
      labels[row] = data.labels[index]
      row += 1
    }
    return row
  }

  /// Brings rows that lie together into the batch; returns how many there are.
  private func copy(_ data: ExampleMatrix, _ rows: Range<Int>) -> Int {
    precondition(data.features == features && rows.count <= capacity)
    batch.start.update(
      from: data.inputs.start + rows.lowerBound * data.stride, count: rows.count * data.stride)
    for (row, index) in rows.enumerated() { labels[row] = data.labels[index] }
    return rows.count
  }
}
