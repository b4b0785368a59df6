// Serves execute: normalisation over the mini-batch.
import BitExact
import KernelTable

/// Batch normalisation (Ioffe & Szegedy 2015, algorithms 1 and 2); positions of a map count as examples.
///
/// With a ghost batch (Hoffer et al. 2017) every so many examples have statistics of their own in training.
final class BatchNormLayer: Layer {
  private let scale: Parameter
  private let shift: Parameter
  private let options: NormOptions
  private let shape: FeatureShape
  private let stride: Int
  private let normalized: Buffer
  private let output: Buffer
  /// For each ghost batch: mean, variance, inverse deviation.
  private let moments: Buffer
  private let partial: Buffer
  /// Two rows: running mean and running (unbiased) variance.
  let running: Buffer
  private var usedBatchStatistics = true
  private var normalizedTangent: LazyBuffer
  private var outputTangent: LazyBuffer
  private var inverseTangent: LazyBuffer

  init(scale: Parameter, shift: Parameter, options: NormOptions, shape: FeatureShape, capacity: Int) {
    self.scale = scale
    self.shift = shift
    self.options = options
    self.shape = shape
    stride = scale.stride
    normalized = Buffer(capacity * shape.rowStride)
    output = Buffer(capacity * shape.rowStride)
    let ghosts = options.ghostBatch.map { (capacity + $0 - 1) / $0 } ?? 1
    moments = Buffer(3 * stride * ghosts)
    partial = Buffer(2 * stride)
    running = Buffer(2 * stride)
    normalizedTangent = LazyBuffer(normalized.count)
    outputTangent = LazyBuffer(output.count)
    inverseTangent = LazyBuffer(stride * ghosts)
    reset()
  }

  /// Running mean 0 and variance 1.
  func reset() {
    running.clear()
    for j in 0..<scale.columns { running.start[stride + j] = 1 }
  }

  /// Examples that share statistics, by ghost batch.
  private func ghosts(_ rows: Int) -> [Range<Int>] {
    guard let size = options.ghostBatch, usedBatchStatistics, size < rows else { return [0..<rows] }
    return Swift.stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
  }

  private func start(_ buffer: MutableFloats, _ example: Int) -> MutableFloats {
    buffer + example * shape.rowStride
  }

  func forward(_ input: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    usedBatchStatistics = mode == .batchStatistics || (mode == .training && options.statistics == .batch)
    let kernels = workspace.kernels
    for (ghost, range) in ghosts(rows).enumerated() {
      let (mean, variance, inverse) = momentRows(ghost)
      let places = range.count * shape.positions
      let values = start(input, range.lowerBound)
      if usedBatchStatistics {
        kernels.columnMoments(places, stride, values, stride, mean, variance)
        if mode == .training { updateRunning(places, mean, variance) }
      } else {
        mean.update(from: running.start, count: 2 * stride)
      }
      let epsilon = Float(options.epsilon)
      for j in 0..<scale.columns { inverse[j] = 1 / (variance[j] + epsilon).squareRoot() }
      // Padding has no variance, and without an epsilon would become 0 · ∞.
      for j in scale.columns..<stride { inverse[j] = 0 }
      kernels.normalize(
        places, stride, values, stride, mean, inverse, workspace.values(scale), workspace.values(shift),
        start(normalized.start, range.lowerBound), start(output.start, range.lowerBound))
    }
    return output.start
  }

  private func momentRows(_ ghost: Int) -> (MutableFloats, MutableFloats, MutableFloats) {
    let first = moments.start + 3 * stride * ghost
    return (first, first + stride, first + 2 * stride)
  }

  private func updateRunning(_ count: Int, _ mean: Floats, _ variance: Floats) {
    let unbiased = count > 1 ? Float(count) / Float(count - 1) : 1
    let momentum = Float(options.momentum)
    for j in 0..<scale.columns {
      running.start[j] += momentum * (mean[j] - running.start[j])
      running.start[stride + j] += momentum * (variance[j] * unbiased - running.start[stride + j])
    }
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    let (scaleGradient, shiftGradient) = (workspace.gradient(scale), workspace.gradient(shift))
    for (ghost, range) in ghosts(rows).enumerated() {
      // The first ghost batch writes the parameters' gradients, the others add to them.
      let (forScale, forShift) =
        ghost == 0 ? (scaleGradient, shiftGradient) : (partial.start, partial.start + stride)
      workspace.kernels.normalizeGradient(
        range.count * shape.positions, stride, start(normalized.start, range.lowerBound), stride,
        momentRows(ghost).2, workspace.values(scale), start(gradient, range.lowerBound), forScale, forShift,
        usedBatchStatistics)
      if ghost > 0 {
        for j in 0..<stride {
          scaleGradient[j] += forScale[j]
          shiftGradient[j] += forShift[j]
        }
      }
    }
    return gradient
  }

  /// With u the normalised input and s the inverse deviation: u̇ = s·(ẋ − mean ẋ) − u·mean(u·s·ẋ), ṡ = −s²·mean(u·ẋ).
  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let (result, moved, movedInverse) = (
      outputTangent.start(), normalizedTangent.start(), inverseTangent.start()
    )
    let (gamma, gammaTangent, betaTangent) = (
      curvature.values(scale), curvature.direction(scale), curvature.direction(shift)
    )
    for (ghost, range) in ghosts(rows).enumerated() {
      let inverse = momentRows(ghost).2
      let places = range.count * shape.positions
      let first = range.lowerBound * shape.rowStride
      for j in 0..<scale.columns {
        var (mean, weighted) = (Float(0), Float(0))
        if usedBatchStatistics, let tangent {
          for i in 0..<places {
            let at = first + i * stride + j
            mean += tangent[at]
            weighted += tangent[at] * normalized.start[at]
          }
          mean /= Float(places)
          weighted /= Float(places)
        }
        movedInverse[ghost * stride + j] = -inverse[j] * inverse[j] * weighted
        for i in 0..<places {
          let at = first + i * stride + j
          let unit = normalized.start[at]
          moved[at] = tangent.map { inverse[j] * ($0[at] - mean - unit * weighted) } ?? 0
          result[at] = gamma[j] * moved[at] + gammaTangent[j] * unit + betaTangent[j]
        }
      }
    }
    return result
  }

  /// The derivative of γs·(g − mean g − u·mean(g·u)) by the product rule.
  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    let (moved, movedInverse) = (normalizedTangent.start(), inverseTangent.start())
    let (gamma, gammaTangent) = (curvature.values(scale), curvature.direction(scale))
    let (scaleProduct, shiftProduct) = (curvature.product(scale), curvature.product(shift))
    for j in 0..<scale.columns { (scaleProduct[j], shiftProduct[j]) = (0, 0) }
    for (ghost, range) in ghosts(rows).enumerated() {
      let inverse = momentRows(ghost).2
      let places = range.count * shape.positions
      let first = range.lowerBound * shape.rowStride
      for j in 0..<scale.columns {
        var (sum, weighted, sumTangent, weightedTangent) = (Float(0), Float(0), Float(0), Float(0))
        for i in 0..<places {
          let at = first + i * stride + j
          sum += gradient[at]
          weighted += gradient[at] * normalized.start[at]
          sumTangent += tangent[at]
          weightedTangent += tangent[at] * normalized.start[at] + gradient[at] * moved[at]
        }
        scaleProduct[j] += weightedTangent
        shiftProduct[j] += sumTangent
        let count = usedBatchStatistics ? Float(places) : .infinity
        let factor = gamma[j] * inverse[j]
        let factorTangent = gammaTangent[j] * inverse[j] + gamma[j] * movedInverse[ghost * stride + j]
        for i in 0..<places {
          let at = first + i * stride + j
          let unit = normalized.start[at]
          let plain = gradient[at] - sum / count - unit * (weighted / count)
          let change =
            tangent[at] - sumTangent / count - moved[at] * (weighted / count) - unit
            * (weightedTangent / count)
          tangent[at] = factorTangent * plain + factor * change
        }
      }
    }
    return tangent
  }
}
