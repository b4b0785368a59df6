// Serves plan and execute: the layers of an architecture, the shapes between them, and what they cost.
public import KernelTable

/// One layer before its parameters exist.
public indirect enum LayerOptions: Sendable, Hashable {
  /// y = x·W + b; a spatial input is flattened first. `isZero` layers start with zero weights.
  case dense(units: Int, bias: Bool, isZero: Bool)
  /// A convolution with square kernels, over one dimension where the input has height 1.
  case convolution(channels: Int, kernel: Int, stride: Int, padding: Int, bias: Bool, isZero: Bool)
  /// The largest of each window of side `size`; what does not fill a window is left out.
  case maxPool(size: Int)
  /// The mean over all positions.
  case averagePool
  /// The model's normalisation, with its noise.
  case norm
  /// A nonlinearity.
  case activation(Activation)
  /// The model's dropout.
  case dropout
  /// s(x) + f(x); where f changes the shape, s is `shortcut`, or takes every `stride`-th position and fills new channels
  /// with zeros if that is empty.
  case residual([LayerOptions], shortcut: [LayerOptions], stride: Int)
  /// A bidirectional gated recurrent unit over the positions, which stay.
  case gru(units: Int)
}

/// The shape of one example between two layers: positions in rows and columns, each with channels.
public struct FeatureShape: Sendable, Hashable {
  /// Rows of positions; 1 for signals and vectors.
  public var height: Int
  /// Columns of positions; 1 for vectors.
  public var width: Int
  /// Features at each position.
  public var channels: Int
  /// Distance between positions in memory.
  public var channelStride: Int
  /// Whether there is one direction only, in which case the height is 1.
  public var isSignal: Bool

  /// Positions of an example.
  public var positions: Int { height * width }
  /// Features of an example.
  public var count: Int { positions * channels }
  /// Distance between examples in memory.
  public var rowStride: Int { paddedWidth(positions * channelStride) }
  /// Whether an example is one vector.
  public var isVector: Bool { positions == 1 }

  /// A vector.
  public static func vector(_ count: Int) -> FeatureShape {
    FeatureShape(height: 1, width: 1, channels: count, channelStride: paddedWidth(count), isSignal: true)
  }

  /// Positions of padded channels, as every layer makes them.
  static func map(height: Int, width: Int, channels: Int, isSignal: Bool) -> FeatureShape {
    FeatureShape(
      height: height, width: width, channels: channels, channelStride: paddedWidth(channels),
      isSignal: isSignal)
  }

  /// Inputs as data hold them, positions with channels beside one another: [length] or [channels, height, width].
  public static func input(_ shape: [Int]) -> FeatureShape {
    let (channels, height, width) =
      shape.count == 3 ? (shape[0], shape[1], shape[2]) : (1, 1, shape.reduce(1, *))
    return FeatureShape(
      height: height, width: width, channels: channels, channelStride: channels, isSignal: shape.count != 3)
  }
}

/// A model that does not fit its data.
public struct ModelError: Error, Hashable, CustomStringConvertible {
  /// What does not fit.
  public var description: String
}

extension LayerOptions {
  /// The shape that leaves the layer.
  func output(_ input: FeatureShape) throws(ModelError) -> FeatureShape {
    switch self {
    case .dense(let units, _, _): return .vector(units)
    case .convolution(let channels, let kernel, let stride, let padding, _, _):
      let height = input.isSignal ? 1 : (input.height + 2 * padding - kernel) / stride + 1
      let width = (input.width + 2 * padding - kernel) / stride + 1
      guard input.width + 2 * padding >= kernel, input.isSignal || input.height + 2 * padding >= kernel else {
        throw ModelError(
          description: "a kernel of \(kernel) does not fit into an input of \(input.height) × \(input.width)")
      }
      return .map(height: height, width: width, channels: channels, isSignal: input.isSignal)
    case .maxPool(let size):
      let height = input.isSignal ? 1 : input.height / size
      guard height > 0, input.width / size > 0 else {
        throw ModelError(
          description: "pooling by \(size) does not fit into an input of \(input.height) × \(input.width)")
      }
      return .map(
        height: height, width: input.width / size, channels: input.channels, isSignal: input.isSignal)
    case .averagePool: return .vector(input.channels)
    case .norm, .activation, .dropout: return input
    case .residual(let layers, _, _):
      var shape = input
      for layer in layers { shape = try layer.output(shape) }
      return shape
    case .gru(let units):
      guard !input.isVector else {
        throw ModelError(description: "a recurrent network needs inputs with positions")
      }
      return .map(height: 1, width: input.positions, channels: 2 * units, isSignal: true)
    }
  }

  /// Multiplications of one forward pass of one example.
  func multiplications(_ input: FeatureShape) throws(ModelError) -> Double {
    switch self {
    case .dense(let units, _, _): return Double(input.count) * Double(units)
    case .convolution(let channels, let kernel, _, _, _, _):
      let taps = input.isSignal ? kernel : kernel * kernel
      return Double(try output(input).positions) * Double(taps * input.channels) * Double(channels)
    case .residual(let layers, let shortcut, _):
      var sum = 0.0
      for path in [layers, shortcut] {
        var shape = input
        for layer in path {
          sum += try layer.multiplications(shape)
          shape = try layer.output(shape)
        }
      }
      return sum
    case .gru(let units):
      return Double(2 * input.positions) * Double(3 * units * (input.channels + units))
    case .maxPool, .averagePool, .norm, .activation, .dropout: return 0
    }
  }

  /// Floats of an example's outputs, gradients and copies that the layer holds; the input's gradient counts also where the
  /// network's batch takes its place.
  func activations(_ input: FeatureShape) throws(ModelError) -> Double {
    let output = try output(input)
    let passed = Double(input.rowStride + output.rowStride)
    switch self {
    case .dense:
      // A map with padded channels is made a vector first.
      let vector = paddedWidth(input.count)
      let isFlat = input.isVector || input.channels == input.channelStride
      return Double(output.rowStride + vector) + (isFlat ? 0 : Double(input.rowStride + vector))
    case .convolution(_, let kernel, let stride, let padding, _, _):
      let geometry = ConvolutionGeometry(
        input: input, output: output, kernel: kernel, stride: stride, padding: padding)
      return passed + (padding > 0 ? Double(geometry.paddedInputSize) : 0)
    case .maxPool: return passed + Double(output.rowStride)
    case .averagePool: return passed
    case .activation: return 0
    case .norm, .dropout: return 2 * Double(input.rowStride)
    case .residual(let layers, let shortcut, _):
      var sum = passed + Double(output.rowStride)
      for path in [layers, shortcut] {
        var shape = input
        for (index, layer) in path.enumerated() {
          // What stands first must leave its input to the other path.
          if index == 0, case .activation = layer { sum += Double(shape.rowStride) }
          sum += try layer.activations(shape)
          shape = try layer.output(shape)
        }
      }
      return sum
    case .gru(let units):
      let (state, gates) = (Double(paddedWidth(units)), Double(paddedWidth(3 * units)))
      return passed + 2 * (Double(2 * input.positions + 3) * state + Double(2 * input.positions + 2) * gates)
    }
  }
}

extension ModelOptions {
  /// The layers from input to output.
  public func layers(classes: Int) -> [LayerOptions] {
    switch architecture {
    case .mlp(let hidden, let residual):
      return mlp(hidden, residual: residual) + [output(classes)]
    case .blocks(let count, let width, let skip):
      return finished(.dense(units: width, bias: biasBeforeNorm, isZero: false), isLast: false)
        + (0..<count).flatMap { block(width, skip: skip, isLast: $0 == count - 1) } + [output(classes)]
    case .cnn(let stack): return cnn(stack) + [output(classes)]
    case .resnet(let depth, let width, let projects):
      return resnet(depth, width, projects) + [output(classes)]
    case .gru(let units): return [.gru(units: units), output(classes)]
    }
  }

  private var biasBeforeNorm: Bool { bias && (norm.kind == .none || norm.position == .post) }

  private func output(_ classes: Int) -> LayerOptions { .dense(units: classes, bias: bias, isZero: false) }

  /// Weights with the normalisation, nonlinearity and dropout that follow them.
  private func finished(_ weights: LayerOptions, isLast: Bool) -> [LayerOptions] {
    [weights] + normed + drops(isLast: isLast)
  }

  private var normed: [LayerOptions] {
    switch (norm.kind, norm.position) {
    case (.none, _): [.activation(activation)]
    case (_, .pre): [.norm, .activation(activation)]
    case (_, .post): [.activation(activation), .norm]
    }
  }

  private func drops(isLast: Bool) -> [LayerOptions] {
    dropout > 0 && (dropoutPlace == .hidden || isLast) ? [.dropout] : []
  }

  private func mlp(_ widths: [Int], residual: Bool) -> [LayerOptions] {
    widths.indices.flatMap { index -> [LayerOptions] in
      let layers = finished(
        .dense(units: widths[index], bias: biasBeforeNorm, isZero: false), isLast: index == widths.count - 1)
      let keepsWidth = index > 0 && widths[index - 1] == widths[index]
      return residual && keepsWidth ? [.residual(layers, shortcut: [], stride: 1)] : layers
    }
  }

  private func block(_ width: Int, skip: Bool, isLast: Bool) -> [LayerOptions] {
    let norms: [LayerOptions] = norm.kind == .none ? [] : [.norm]
    let branch: [LayerOptions] =
      [.dense(units: width, bias: biasBeforeNorm, isZero: false)] + norms + [.activation(activation)]
      + [.dense(units: width, bias: biasBeforeNorm, isZero: zeroInitResidual)] + norms
    return (skip ? [.residual(branch, shortcut: [], stride: 1)] : branch) + [.activation(activation)]
      + drops(isLast: isLast)
  }

  private func cnn(_ stack: ConvolutionStack) -> [LayerOptions] {
    let convolutions = stack.channels.indices.flatMap { index -> [LayerOptions] in
      let weights = LayerOptions.convolution(
        channels: stack.channels[index], kernel: stack.kernel(index), stride: stack.stride,
        padding: stack.padding, bias: biasBeforeNorm, isZero: false)
      let pools = stack.pool > 1 && (index + 1) % stack.poolEvery == 0
      let isLast = stack.dense.isEmpty && index == stack.channels.count - 1
      return finished(weights, isLast: isLast) + (pools ? [.maxPool(size: stack.pool)] : [])
    }
    return convolutions + mlp(stack.dense, residual: false)
  }

  private func resnet(_ depth: Int, _ width: Int, _ projects: Bool) -> [LayerOptions] {
    func convolution(_ channels: Int, stride: Int, kernel: Int = 3, isZero: Bool = false) -> LayerOptions {
      .convolution(
        channels: channels, kernel: kernel, stride: stride, padding: kernel / 2, bias: biasBeforeNorm,
        isZero: isZero)
    }
    let norms: [LayerOptions] = norm.kind == .none ? [] : [.norm]
    var layers = [convolution(width, stride: 1)] + norms + [.activation(activation)]
    for stage in 0..<3 {
      for index in 0..<(depth - 2) / 6 {
        let stride = stage > 0 && index == 0 ? 2 : 1
        let channels = width << stage
        let branch =
          [convolution(channels, stride: stride)] + norms + [.activation(activation)]
          + [convolution(channels, stride: 1, isZero: zeroInitResidual)] + norms
        let shortcut =
          projects && stride > 1 ? [convolution(channels, stride: stride, kernel: 1)] + norms : []
        layers += [.residual(branch, shortcut: shortcut, stride: stride), .activation(activation)]
      }
    }
    return layers + [.averagePool]
  }
}

/// What a model amounts to, counted before it exists.
public struct ModelSize: Sendable, Hashable {
  /// Parameters, without padding.
  public var parameters: Int
  /// Weights, which pruning may remove.
  public var weights: Int
  /// Floats of all parameters, with padding.
  public var paddedParameters: Int
  /// Multiplications of one forward pass of one example.
  public var multiplications: Double
  /// Floats of an example's outputs, gradients and copies in all layers, with padding.
  public var activations: Double
}

extension ModelOptions {
  /// Multiplications of one forward pass of one example through a layer.
  public static func multiplications(_ layer: LayerOptions, _ input: FeatureShape) throws(ModelError)
    -> Double
  {
    try layer.multiplications(input)
  }

  /// Counts the model for inputs of a shape.
  public func size(_ input: FeatureShape, classes: Int) throws(ModelError) -> ModelSize {
    let layout = try ParameterLayout(self, input: input, classes: classes)
    // The loss has a gradient of its own.
    var (shape, multiplications, activations) = (input, 0.0, Double(paddedWidth(classes)))
    for layer in layers(classes: classes) {
      multiplications += try layer.multiplications(shape)
      activations += try layer.activations(shape)
      shape = try layer.output(shape)
    }
    let weights = layout.parameters.filter { $0.kind == .weight }.reduce(0) { $0 + $1.count }
    return ModelSize(
      parameters: layout.count, weights: weights, paddedParameters: layout.size,
      multiplications: multiplications, activations: activations)
  }
}
