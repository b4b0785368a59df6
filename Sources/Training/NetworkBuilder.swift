// Serves plan and execute: from layer options to parameters and layers.
import KernelTable

/// Lays out the parameters of a model and remembers how to make its layers.
struct NetworkBuilder {
  private(set) var layout = ParameterLayout()
  private let options: ModelOptions
  private var weightLayers = 0
  private var counters: [String: Int] = [:]

  /// A layer to be made for passes of at most `capacity` rows.
  struct PlannedLayer {
    var make: (_ capacity: Int) -> any Layer
    /// Shape of its output.
    var output: FeatureShape
  }

  init(_ options: ModelOptions) { self.options = options }

  /// Plans the whole network.
  mutating func plan(_ input: FeatureShape, classes: Int, wantsInputGradient: Bool) throws(ModelError)
    -> [PlannedLayer]
  {
    let layers = options.layers(classes: classes)
    return try plan(
      layers, input, wantsInputGradient: wantsInputGradient, keepsInput: false, outermost: layers.count - 1)
  }

  private mutating func plan(
    _ layers: [LayerOptions], _ input: FeatureShape, wantsInputGradient: Bool, keepsInput: Bool,
    outermost: Int? = nil
  ) throws(ModelError) -> [PlannedLayer] {
    var (shape, planned) = (input, [PlannedLayer]())
    for (index, layer) in layers.enumerated() {
      var role = ParameterRole()
      role.feedsNorm = index + 1 < layers.count && layers[index + 1] == .norm
      role.isOutput = index == outermost
      let wants = wantsInputGradient || layout.size > 0
      if case .dense = layer, let flat = flattening(shape) {
        planned.append(flat)
        shape = flat.output
      }
      let output = try layer.output(shape)
      planned += try plan(
        layer, shape, output, role, wantsInputGradient: wants, keepsInput: keepsInput && index == 0)
      shape = output
    }
    return planned
  }

  /// A map as one vector; `nil` where it is one already.
  private func flattening(_ input: FeatureShape) -> PlannedLayer? {
    let output = FeatureShape.vector(input.count)
    guard !input.isVector, input.channels != input.channelStride else { return nil }
    return PlannedLayer(
      make: { FlattenLayer(input: input, output: output, capacity: $0) }, output: output)
  }

  private mutating func name(_ kind: String) -> String {
    counters[kind, default: 0] += 1
    return "\(kind)\(counters[kind] ?? 0)"
  }

  private mutating func plan(
    _ layer: LayerOptions, _ input: FeatureShape, _ output: FeatureShape, _ role: ParameterRole,
    wantsInputGradient: Bool, keepsInput: Bool
  ) throws(ModelError) -> [PlannedLayer] {
    func one(_ make: @escaping (Int) -> any Layer) -> [PlannedLayer] {
      [PlannedLayer(make: make, output: output)]
    }
    switch layer {
    case .dense(let units, let hasBias, let isZero):
      let (weight, bias) = weights(input.count, units, taps: 1, hasBias, isZero, role)
      return one {
        DenseLayer(weight: weight, bias: bias, wantsInputGradient: wantsInputGradient, capacity: $0)
      }
    case .convolution(let channels, let kernel, let stride, let padding, let hasBias, let isZero):
      let geometry = ConvolutionGeometry(
        input: input, output: output, kernel: kernel, stride: stride, padding: padding)
      var role = role
      role.isConvolution = true
      let (weight, bias) = weights(
        geometry.taps * input.channels, channels, taps: geometry.taps, hasBias, isZero, role)
      return one {
        ConvolutionLayer(
          geometry, weight: weight, bias: bias, wantsInputGradient: wantsInputGradient, capacity: $0)
      }
    case .maxPool(let size):
      return one { MaxPoolLayer(size: size, input: input, output: output, capacity: $0) }
    case .averagePool: return one { AveragePoolLayer(input: input, output: output, capacity: $0) }
    case .activation(let activation):
      return one { ActivationLayer(activation, shape: input, keepsInput: keepsInput, capacity: $0) }
    case .dropout:
      let (name, rate) = (name("dropout"), options.dropout)
      return one { DropoutLayer(name: name, rate: rate, shape: input, capacity: $0) }
    case .norm: return norm(input)
    case .residual(let layers, let shortcut, let stride):
      let branch = try plan(layers, input, wantsInputGradient: wantsInputGradient, keepsInput: true)
      let projection = try plan(shortcut, input, wantsInputGradient: wantsInputGradient, keepsInput: true)
      return one { capacity in
        ResidualLayer(
          LayerStack(branch, capacity: capacity),
          shortcut: projection.isEmpty ? nil : LayerStack(projection, capacity: capacity), stride: stride,
          input: input, output: output, capacity: capacity)
      }
    case .gru(let units):
      let parameters = recurrentWeights(input.channels, units)
      return one {
        RecurrentLayer(
          parameters, units: units, input: input, output: output, wantsInputGradient: wantsInputGradient,
          capacity: $0)
      }
    }
  }

  private mutating func weights(
    _ rows: Int, _ columns: Int, taps: Int, _ hasBias: Bool, _ isZero: Bool, _ role: ParameterRole
  ) -> (Parameter, Parameter?) {
    weightLayers += 1
    var role = role
    role.taps = taps
    role.startsAtZero = isZero
    let name = "layer\(weightLayers)"
    let weight = layout.add("\(name).weight", .weight, rows: rows, columns: columns, role: role)
    let bias = hasBias ? layout.add("\(name).bias", .bias, rows: 1, columns: columns, role: role) : nil
    return (weight, bias)
  }

  /// A normalisation, numbered like the weights before it, and its noise.
  private mutating func norm(_ shape: FeatureShape) -> [PlannedLayer] {
    let name = "norm\(weightLayers)"
    let scale = layout.add("\(name).weight", .normWeight, rows: 1, columns: shape.channels)
    let shift = layout.add("\(name).bias", .normBias, rows: 1, columns: shape.channels)
    let norm = options.norm
    let normalisation = PlannedLayer(
      make: { capacity in
        if norm.kind == .batch {
          return BatchNormLayer(scale: scale, shift: shift, options: norm, shape: shape, capacity: capacity)
        }
        return GroupNormLayer(scale: scale, shift: shift, options: norm, shape: shape, capacity: capacity)
      }, output: shape)
    guard norm.noise > 0 else { return [normalisation] }
    let noise = PlannedLayer(
      make: { NoiseLayer(name: name, strength: norm.noise, shape: shape, capacity: $0) }, output: shape)
    return [normalisation, noise]
  }

  /// Both directions of a recurrent layer; initialised by the number of units, as PyTorch does.
  private mutating func recurrentWeights(_ channels: Int, _ units: Int) -> [RecurrentLayer.Weights] {
    weightLayers += 1
    var role = ParameterRole()
    role.fanIn = units
    return ["forward", "backward"].map { direction in
      let name = "layer\(weightLayers).\(direction)"
      return RecurrentLayer.Weights(
        input: layout.add("\(name).input", .weight, rows: channels, columns: 3 * units, role: role),
        inputBias: layout.add("\(name).input_bias", .bias, rows: 1, columns: 3 * units),
        state: layout.add("\(name).state", .weight, rows: units, columns: 3 * units, role: role),
        stateBias: layout.add("\(name).state_bias", .bias, rows: 1, columns: 3 * units))
    }
  }
}

extension ParameterLayout {
  /// The parameters of a model for inputs of a shape.
  public init(_ options: ModelOptions, input: FeatureShape, classes: Int) throws(ModelError) {
    var builder = NetworkBuilder(options)
    _ = try builder.plan(input, classes: classes, wantsInputGradient: false)
    self = builder.layout
  }
}

extension LayerStack {
  convenience init(_ planned: [NetworkBuilder.PlannedLayer], capacity: Int) {
    self.init(planned.map { $0.make(capacity) }, outputSizes: planned.map { capacity * $0.output.rowStride })
  }
}
