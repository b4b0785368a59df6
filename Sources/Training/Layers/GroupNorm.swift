// Serves execute: normalisation of each group of values by its own location and scale, in plain loops.
import BitExact
import KernelTable

/// Layer normalisation (Ba, Kiros & Hinton 2016), group normalisation (Wu & He 2018), and batch normalisation by the
/// mean or largest absolute deviation (Santurkar et al. 2018).
///
/// All are u = (x − mean x)/d over a group of values, then γ·u + β for each channel. For layer and group normalisation
/// d = √(variance + ε); for the other two d is the mean or largest |x − mean x| + ε. Sums are in double precision, in
/// order of memory.
final class GroupNormLayer: Layer {
  private let scale: Parameter
  private let shift: Parameter
  private let options: NormOptions
  private let shape: FeatureShape
  /// Groups of an example.
  private let parts: Int
  private let normalized: Buffer
  private let output: Buffer
  /// For each group, 1/d and the place of its largest |x − mean x|.
  private let inverses: Buffer
  private var peaks: [Int]
  /// Running mean and deviation of the forms over a batch.
  let running: Buffer
  private var usedOwnStatistics = true
  private var normalizedTangent: LazyBuffer
  private var outputTangent: LazyBuffer
  private var inverseTangents: LazyBuffer

  init(scale: Parameter, shift: Parameter, options: NormOptions, shape: FeatureShape, capacity: Int) {
    self.scale = scale
    self.shift = shift
    self.options = options
    self.shape = shape
    normalized = Buffer(capacity * shape.rowStride)
    output = Buffer(capacity * shape.rowStride)
    running = Buffer(2 * scale.stride)
    normalizedTangent = LazyBuffer(normalized.count)
    outputTangent = LazyBuffer(output.count)
    parts = options.kind == .layer ? 1 : min(options.groups, shape.channels)
    inverses = Buffer(options.kind.isOverBatch ? shape.channels : capacity * parts)
    peaks = Array(repeating: 0, count: inverses.count)
    inverseTangents = LazyBuffer(inverses.count)
    reset()
  }

  func reset() {
    running.clear()
    for j in 0..<scale.columns { running.start[scale.stride + j] = 1 }
  }

  /// Values that are normalised together: `count` runs of `length` neighbours, `step` apart.
  private struct Group {
    var start: Int
    var length: Int
    var count: Int
    var step: Int
    /// The channel of the first value of a run.
    var channel: Int

    var size: Int { length * count }

    @inline(__always) func forEach(_ body: (_ at: Int, _ channel: Int) -> Void) {
      for run in 0..<count {
        let first = start + run * step
        for i in 0..<length { body(first + i, channel + i) }
      }
    }
  }

  private func groupCount(_ rows: Int) -> Int {
    options.kind.isOverBatch ? shape.channels : rows * parts
  }

  private func group(_ index: Int, _ rows: Int) -> Group {
    if options.kind.isOverBatch {
      return Group(
        start: index, length: 1, count: rows * shape.positions, step: shape.channelStride, channel: index)
    }
    let (row, part) = (index / parts, index % parts)
    let first = part * shape.channels / parts
    return Group(
      start: row * shape.rowStride + first, length: (part + 1) * shape.channels / parts - first,
      count: shape.positions, step: shape.channelStride, channel: first)
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    usedOwnStatistics =
      !options.kind.isOverBatch || mode == .batchStatistics
      || (mode == .training && options.statistics == .batch)
    let (gamma, beta) = (workspace.values(scale), workspace.values(shift))
    for index in 0..<groupCount(rows) {
      let group = group(index, rows)
      let (mean, deviation) = moments(group, index, input, updates: mode == .training)
      let inverse = 1 / deviation
      inverses.start[index] = inverse
      group.forEach { at, channel in
        let unit = (input[at] - mean) * inverse
        normalized.start[at] = unit
        output.start[at] = unit * gamma[channel] + beta[channel]
      }
    }
    return output.start
  }

  private func moments(_ group: Group, _ index: Int, _ input: Floats, updates: Bool) -> (Float, Float) {
    let (runningMean, runningDeviation) = (
      running.start + group.channel, running.start + scale.stride + group.channel
    )
    guard usedOwnStatistics else { return (runningMean.pointee, runningDeviation.pointee) }
    let count = Double(group.size)
    var sum = 0.0
    group.forEach { at, _ in sum += Double(input[at]) }
    let mean = sum / count
    var (squares, absolutes, largest) = (0.0, 0.0, -1.0)
    peaks[index] = 0
    group.forEach { at, _ in
      let distance = Double(input[at]) - mean
      squares += distance * distance
      absolutes += abs(distance)
      if abs(distance) > largest {
        largest = abs(distance)
        peaks[index] = at
      }
    }
    let deviation =
      switch options.kind {
      case .batchL1: absolutes / count + options.epsilon
      case .batchMax: max(largest, 0) + options.epsilon
      default: (squares / count + options.epsilon).squareRoot()
      }
    if options.kind.isOverBatch, updates {
      let momentum = Float(options.momentum)
      runningMean.pointee += momentum * (Float(mean) - runningMean.pointee)
      runningDeviation.pointee += momentum * (Float(deviation) - runningDeviation.pointee)
    }
    return (Float(mean), Float(deviation))
  }

  /// With h = γ·g: dx = (h − mean h − (w − mean w)·Σ(h·u))/d, where w = ∂d/∂x before centring: u/n, sign(u)/n, or the
  /// sign at the largest value.
  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    let (gamma, scaleGradient, shiftGradient) = (
      workspace.values(scale), workspace.gradient(scale), workspace.gradient(shift)
    )
    for j in 0..<scale.columns { (scaleGradient[j], shiftGradient[j]) = (0, 0) }
    for index in 0..<groupCount(rows) {
      let group = group(index, rows)
      let count = Double(group.size)
      var (sum, weighted, signs) = (0.0, 0.0, 0.0)
      group.forEach { at, channel in
        let unit = normalized.start[at]
        scaleGradient[channel] += gradient[at] * unit
        shiftGradient[channel] += gradient[at]
        let h = Double(gradient[at] * gamma[channel])
        sum += h
        weighted += h * Double(unit)
        signs += unit > 0 ? 1 : (unit < 0 ? -1 : 0)
      }
      let inverse = inverses.start[index]
      guard usedOwnStatistics else {
        group.forEach { at, channel in gradient[at] *= gamma[channel] * inverse }
        continue
      }
      let mean = Float(sum / count)
      let weight = pull(group, index, weighted: weighted, signs: signs / count)
      group.forEach { at, channel in
        gradient[at] = (gradient[at] * gamma[channel] - mean - weight(at)) * inverse
      }
    }
    return gradient
  }

  /// (w − mean w)·Σ(h·u) at a place.
  private func pull(_ group: Group, _ index: Int, weighted: Double, signs: Double) -> (Int) -> Float {
    let (count, normalized) = (Double(group.size), self.normalized)
    switch options.kind {
    case .batchL1:
      return { at in
        let unit = normalized.start[at]
        let sign = unit > 0 ? 1.0 : (unit < 0 ? -1.0 : 0)
        return Float(weighted * (sign - signs) / count)
      }
    case .batchMax:
      let peak = peaks[index]
      let sign = normalized.start[peak] < 0 ? -1.0 : 1.0
      return { at in Float(weighted * sign * ((at == peak ? 1 : 0) - 1 / count)) }
    default:
      let mean = Float(weighted / count)
      return { at in normalized.start[at] * mean }
    }
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    precondition(options.kind == .layer || options.kind == .group, "no curvature for this normalisation")
    let (result, moved) = (outputTangent.start(), normalizedTangent.start())
    let (gamma, gammaTangent, betaTangent) = (
      curvature.values(scale), curvature.direction(scale), curvature.direction(shift)
    )
    let movedInverses = inverseTangents.start()
    for index in 0..<groupCount(rows) {
      let group = group(index, rows)
      let (inverse, count) = (inverses.start[index], Double(group.size))
      var (sum, product) = (0.0, 0.0)
      if let tangent {
        group.forEach { at, _ in
          sum += Double(tangent[at])
          product += Double(tangent[at]) * Double(normalized.start[at])
        }
      }
      let (mean, weighted) = (Float(sum / count), Float(product / count))
      movedInverses[index] = -inverse * inverse * weighted
      group.forEach { at, channel in
        let unit = normalized.start[at]
        moved[at] = tangent.map { inverse * ($0[at] - mean - unit * weighted) } ?? 0
        result[at] = gamma[channel] * moved[at] + gammaTangent[channel] * unit + betaTangent[channel]
      }
    }
    return result
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    let (moved, movedInverses) = (normalizedTangent.start(), inverseTangents.start())
    let (gamma, gammaTangent) = (curvature.values(scale), curvature.direction(scale))
    let (scaleProduct, shiftProduct) = (curvature.product(scale), curvature.product(shift))
    for j in 0..<scale.columns { (scaleProduct[j], shiftProduct[j]) = (0, 0) }
    for index in 0..<groupCount(rows) {
      let group = group(index, rows)
      let (inverse, count) = (inverses.start[index], Double(group.size))
      var (sum, weighted, sumTangent, weightedTangent) = (0.0, 0.0, 0.0, 0.0)
      group.forEach { at, channel in
        let unit = normalized.start[at]
        scaleProduct[channel] += tangent[at] * unit + gradient[at] * moved[at]
        shiftProduct[channel] += tangent[at]
        let h = Double(gradient[at] * gamma[channel])
        let change = Double(tangent[at] * gamma[channel] + gradient[at] * gammaTangent[channel])
        sum += h
        weighted += h * Double(unit)
        sumTangent += change
        weightedTangent += change * Double(unit) + h * Double(moved[at])
      }
      let (mean, pull) = (Float(sum / count), Float(weighted / count))
      let (meanTangent, pullTangent) = (Float(sumTangent / count), Float(weightedTangent / count))
      group.forEach { at, channel in
        let unit = normalized.start[at]
        let plain = gradient[at] * gamma[channel] - mean - unit * pull
        let change =
          tangent[at] * gamma[channel] + gradient[at] * gammaTangent[channel] - meanTangent
          - moved[at] * pull - unit * pullTangent
        tangent[at] = movedInverses[index] * plain + inverse * change
      }
    }
    return tangent
  }
}
