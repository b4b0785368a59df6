// Serves execute: the gated recurrent unit.
import BitExact
import KernelTable

/// A bidirectional gated recurrent unit (Cho et al. 2014) in PyTorch's form, both directions from a zero state:
/// r = σ(xWᵣ + hUᵣ), z = σ(xW_z + hU_z), n = tanh(xWₙ + r·(hUₙ)), h′ = (1 − z)·n + z·h, with a bias in each product.
///
/// Output: at each position the states of both directions. Columns of the weights are the gates r, z, n in turn.
final class RecurrentLayer: Layer {
  /// The parameters of one direction.
  struct Weights {
    var input: Parameter
    var inputBias: Parameter
    var state: Parameter
    var stateBias: Parameter
  }

  private let directions: [Direction]
  private let input: FeatureShape
  private let output: FeatureShape
  private let units: Int
  private let wantsInputGradient: Bool
  private let values: Buffer
  private let inputGradient: Buffer
  private var source: MutableFloats?

  init(
    _ weights: [Weights], units: Int, input: FeatureShape, output: FeatureShape, wantsInputGradient: Bool,
    capacity: Int
  ) {
    self.units = units
    self.input = input
    self.output = output
    self.wantsInputGradient = wantsInputGradient
    directions = weights.map {
      Direction($0, units: units, input: input, capacity: capacity)
    }
    values = Buffer(capacity * output.rowStride)
    inputGradient = Buffer(wantsInputGradient ? capacity * input.rowStride : 0)
  }

  func forward(_ source: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    self.source = source
    for (index, direction) in directions.enumerated() {
      var previous: MutableFloats?
      for step in 0..<input.positions {
        let position = index == 0 ? step : input.positions - 1 - step
        let state = direction.advance(source, position, step, previous, rows, workspace)
        copyState(state, to: position, channel: index * units, rows)
        previous = state
      }
    }
    return values.start
  }

  private func copyState(_ state: Floats, to position: Int, channel: Int, _ rows: Int) {
    for row in 0..<rows {
      let target = values.start + row * output.rowStride + position * output.channelStride + channel
      target.update(from: state + row * paddedWidth(units), count: units)
    }
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    guard let source else { return nil }
    if wantsInputGradient { inputGradient.start.update(repeating: 0, count: rows * input.rowStride) }
    for (index, direction) in directions.enumerated() {
      direction.beginBackward(rows, workspace)
      for step in (0..<input.positions).reversed() {
        let position = index == 0 ? step : input.positions - 1 - step
        direction.addOutputGradient(
          gradient + position * output.channelStride + index * units, output.rowStride, rows)
        direction.retreat(
          source, position, step, rows, workspace, into: wantsInputGradient ? inputGradient.start : nil)
      }
    }
    return wantsInputGradient ? inputGradient.start : nil
  }

  /// Models with this layer have no Hessian-vector products; `ModelOptions.hasCurvature` says so beforehand.
  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    preconditionFailure("no curvature for recurrent layers")
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    preconditionFailure("no curvature for recurrent layers")
  }
}

/// One direction of a recurrent layer with what its steps leave behind.
private final class Direction {
  private let weights: RecurrentLayer.Weights
  private let units: Int
  private let input: FeatureShape
  private let stateStride: Int
  private let gateStride: Int
  private let stepSize: Int
  private let gateSize: Int
  /// Of every step: the state after it, the gates r and z, the candidate n, and hUₙ + b.
  private let states: Buffer
  private let gates: Buffer
  private let candidates: Buffer
  private let stateGates: Buffer
  private let zero: Buffer
  private let stateGradient: Buffer
  private let nextGradient: Buffer
  private let inputGateGradient: Buffer
  private let stateGateGradient: Buffer

  init(_ weights: RecurrentLayer.Weights, units: Int, input: FeatureShape, capacity: Int) {
    self.weights = weights
    self.units = units
    self.input = input
    stateStride = paddedWidth(units)
    gateStride = weights.state.stride
    stepSize = capacity * stateStride
    gateSize = capacity * gateStride
    states = Buffer(input.positions * stepSize)
    candidates = Buffer(input.positions * stepSize)
    gates = Buffer(input.positions * gateSize)
    stateGates = Buffer(input.positions * gateSize)
    zero = Buffer(stepSize)
    stateGradient = Buffer(stepSize)
    nextGradient = Buffer(stepSize)
    inputGateGradient = Buffer(gateSize)
    stateGateGradient = Buffer(gateSize)
  }

  /// One step; returns the new state.
  func advance(
    _ source: Floats, _ position: Int, _ step: Int, _ previous: MutableFloats?, _ rows: Int,
    _ workspace: Workspace
  ) -> MutableFloats {
    let kernels = workspace.kernels
    let (gate, fromState) = (gates.start + step * gateSize, stateGates.start + step * gateSize)
    let (candidate, state) = (candidates.start + step * stepSize, states.start + step * stepSize)
    let before = previous ?? zero.start
    kernels.multiply(
      rows, gateStride, input.channels,
      StridedMatrix(source + position * input.channelStride, rowStride: input.rowStride),
      workspace.values(weights.input), gateStride, .row(workspace.values(weights.inputBias)), gate,
      gateStride,
      workspace.scratch.start)
    kernels.multiply(
      rows, gateStride, units, StridedMatrix(before, rowStride: stateStride), workspace.values(weights.state),
      gateStride, .row(workspace.values(weights.stateBias)), fromState, gateStride, workspace.scratch.start)
    for row in 0..<rows {
      let (g, s) = (gate + row * gateStride, fromState + row * gateStride)
      // The candidate's input part waits in its place until r is known.
      for j in 0..<units { candidate[row * stateStride + j] = g[2 * units + j] }
      for j in 0..<2 * units { g[j] += s[j] }
    }
    kernels.activate(.sigmoid, gate, rows * gateStride)
    for row in 0..<rows {
      let (g, s) = (gate + row * gateStride, fromState + row * gateStride)
      for j in 0..<units { candidate[row * stateStride + j] += g[j] * s[2 * units + j] }
    }
    kernels.activate(.tanh, candidate, rows * stateStride)
    for row in 0..<rows {
      for j in 0..<units {
        let (z, at) = (gate[row * gateStride + units + j], row * stateStride + j)
        state[at] = (1 - z) * candidate[at] + z * before[at]
      }
    }
    return state
  }

  func beginBackward(_ rows: Int, _ workspace: Workspace) {
    for parameter in [weights.input, weights.inputBias, weights.state, weights.stateBias] {
      workspace.gradient(parameter).update(repeating: 0, count: parameter.size)
    }
    stateGradient.clear()
  }

  func addOutputGradient(_ gradient: Floats, _ rowStride: Int, _ rows: Int) {
    for row in 0..<rows {
      for j in 0..<units { stateGradient.start[row * stateStride + j] += gradient[row * rowStride + j] }
    }
  }

  /// The backward pass of one step: from the gradient of the state after it to that of the state before it.
  func retreat(
    _ source: Floats, _ position: Int, _ step: Int, _ rows: Int, _ workspace: Workspace,
    into inputGradient: MutableFloats?
  ) {
    let before = step > 0 ? states.start + (step - 1) * stepSize : zero.start
    for row in 0..<rows { retreatRow(row, step, before) }
    let kernels = workspace.kernels
    let (forInput, forState) = (inputGateGradient.start, stateGateGradient.start)
    let from = source + position * input.channelStride
    kernels.multiply(
      input.channels, gateStride, rows, StridedMatrix(from, rowStride: 1, columnStride: input.rowStride),
      forInput, gateStride, .result, workspace.gradient(weights.input), gateStride, workspace.scratch.start)
    kernels.multiply(
      units, gateStride, rows, StridedMatrix(before, rowStride: 1, columnStride: stateStride), forState,
      gateStride, .result, workspace.gradient(weights.state), gateStride, workspace.scratch.start)
    addColumns(forInput, rows, workspace.gradient(weights.inputBias))
    addColumns(forState, rows, workspace.gradient(weights.stateBias))
    kernels.transpose(
      units, 3 * units, workspace.values(weights.state), gateStride, workspace.transposed, stateStride)
    kernels.multiply(
      rows, stateStride, 3 * units, StridedMatrix(forState, rowStride: gateStride), workspace.transposed,
      stateStride, .result, nextGradient.start, stateStride, workspace.scratch.start)
    stateGradient.start.update(from: nextGradient.start, count: rows * stateStride)
    if let inputGradient { addInputGradient(forInput, position, rows, workspace, inputGradient) }
  }

  private func retreatRow(_ row: Int, _ step: Int, _ before: Floats) {
    let gate = gates.start + step * gateSize + row * gateStride
    let fromState = stateGates.start + step * gateSize + row * gateStride
    let (forInput, forState) = (
      inputGateGradient.start + row * gateStride, stateGateGradient.start + row * gateStride
    )
    for j in 0..<units {
      let at = row * stateStride + j
      let (r, z, n) = (gate[j], gate[units + j], candidates.start[step * stepSize + at])
      let g = stateGradient.start[at]
      let forCandidate = g * (1 - z) * (1 - n * n)
      let forReset = forCandidate * fromState[2 * units + j] * (r * (1 - r))
      let forUpdate = g * (before[at] - n) * (z * (1 - z))
      (forInput[j], forInput[units + j], forInput[2 * units + j]) = (forReset, forUpdate, forCandidate)
      (forState[j], forState[units + j], forState[2 * units + j]) = (forReset, forUpdate, forCandidate * r)
      nextGradient.start[at] = g * z
    }
  }

  private func addColumns(_ values: Floats, _ rows: Int, _ sums: MutableFloats) {
    for row in 0..<rows { for j in 0..<3 * units { sums[j] += values[row * gateStride + j] } }
  }

  private func addInputGradient(
    _ gates: Floats, _ position: Int, _ rows: Int, _ workspace: Workspace, _ result: MutableFloats
  ) {
    let weight = workspace.values(weights.input)
    for row in 0..<rows {
      let target = result + row * input.rowStride + position * input.channelStride
      for channel in 0..<input.channels {
        var sum: Float = 0
        for j in 0..<3 * units { sum += gates[row * gateStride + j] * weight[channel * gateStride + j] }
        target[channel] += sum
      }
    }
  }
}
