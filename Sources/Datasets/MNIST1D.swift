// Serves run: makes MNIST-1D from its recipe, without any download.

import BitExact

/// Makes MNIST-1D: ten one-dimensional digit shapes, padded, scaled, shifted, sheared and made noisy.
///
/// With 4,000 training and 1,000 test examples the data agree with the published file
/// to the last digits of a double. Recipe: Greydanus and Kobak, Scaling Down Deep Learning
/// with MNIST-1D, ICML 2024 (arXiv:2011.14439).
enum MNIST1D {
  /// Raised whenever the recipe gives other numbers, so that digests kept from before are not used.
  static let version = 1
  static let inputCount = 40
  static let classes = 10
  static let publishedTrain = 4000
  static let publishedTest = 1000

  private static let seed: UInt32 = 42
  private static let padding = 36...60
  private static let paddedLength = 72
  private static let largestShift = 48
  private static let scaleSpread = 0.4
  private static let shearSpread = 0.75
  private static let correlatedNoise = 0.25
  private static let whiteNoise = 0.02

  /// Signals and labels in their final order: training examples first.
  struct Signals: Sendable {
    /// Row-major, `count` × 40.
    var values: [Double]
    var labels: [UInt8]
  }

  /// Makes `count` examples; their number per class is equal, so `count` must be a multiple of ten.
  static func make(count: Int) -> Signals {
    precondition(count % classes == 0, "the same number of every class")
    var random = MersenneTwister(seed: seed)
    let filter = gaussianWeights(sigma: 2, truncate: 4)
    var values: [Double] = []
    values.reserveCapacity(count * inputCount)
    for template in templates() {
      for _ in 0..<count / classes {
        values += example(of: template, filter: filter, random: &random)
      }
    }
    let order = random.permutation(count)
    let (mean, deviation) = meanAndDeviation(
      order.lazy.flatMap { values[$0 * inputCount..<($0 + 1) * inputCount] })
    var signals = Signals(values: [], labels: [])
    signals.values.reserveCapacity(values.count)
    for row in order {
      for column in 0..<inputCount {
        signals.values.append((values[row * inputCount + column] - mean) / deviation)
      }
      signals.labels.append(UInt8(row / (count / classes)))
    }
    return signals
  }

  /// One example; the order of the draws is part of the recipe.
  private static func example(
    of template: [Double], filter: [Double], random: inout MersenneTwister
  ) -> [Double] {
    let zeros = padding.lowerBound + Int(random.uniform() * Double(padding.count))
    // Points of the template are told apart from padding by being lifted off zero.
    let padded = template.map { $0 + 1e-8 } + [Double](repeating: 0, count: zeros)
    var signal = interpolated(padded, count: paddedLength)
    let scale = 1 + scaleSpread * (random.uniform() - 0.5)
    for index in signal.indices { signal[index] *= scale }
    let shift = random.upTo(UInt32(largestShift - 1))
    signal = Array(signal.suffix(shift) + signal.dropLast(shift))

    let background = filtered(
      signal.map { _ in correlatedNoise * random.gaussian() }, weights: filter)
    for index in signal.indices where signal[index] == 0 { signal[index] = background[index] }
    for index in signal.indices { signal[index] += whiteNoise * random.gaussian() }

    let shear = shearSpread * (random.uniform() - 0.5)
    for index in signal.indices {
      signal[index] -= shear * (Double(index) / Double(paddedLength - 1) - 0.5)
    }
    return interpolated(signal, count: inputCount)
  }

  /// Linear interpolation of equispaced points onto `count` equispaced points over the same range.
  private static func interpolated(_ points: [Double], count: Int) -> [Double] {
    let step = 1 / Double(points.count - 1)
    let newStep = 1 / Double(count - 1)
    var result: [Double] = []
    result.reserveCapacity(count)
    var low = 0
    for index in 0..<count - 1 {
      let place = Double(index) * newStep
      while Double(low + 1) * step <= place { low += 1 }
      let left = Double(low) * step
      let right = low + 1 == points.count - 1 ? 1 : Double(low + 1) * step
      let slope = (points[low + 1] - points[low]) / (right - left)
      result.append(slope * (place - left) + points[low])
    }
    result.append(points[points.count - 1])
    return result
  }

  /// Weights of a Gaussian filter, from the centre outwards: w(d) ∝ exp(−d² / 2σ²), truncated at `truncate` σ.
  private static func gaussianWeights(sigma: Double, truncate: Double) -> [Double] {
    let radius = Int(truncate * sigma + 0.5)
    let weights = (0...radius).map { Elementary.exp(-0.5 / (sigma * sigma) * Double($0 * $0)) }
    let total = weights[0] + 2 * weights.dropFirst().reduce(0, +)
    return weights.map { $0 / total }
  }

  /// A symmetric filter over a signal continued by reflection about its ends (d c b a | a b c d | d c b a).
  private static func filtered(_ signal: [Double], weights: [Double]) -> [Double] {
    func reflected(_ index: Int) -> Double {
      let length = signal.count
      return signal[index < 0 ? -index - 1 : index >= length ? 2 * length - index - 1 : index]
    }
    return signal.indices.map { index in
      var sum = signal[index] * weights[0]
      for distance in stride(from: weights.count - 1, to: 0, by: -1) {
        sum += (reflected(index - distance) + reflected(index + distance)) * weights[distance]
      }
      return sum
    }
  }

  /// The ten shapes: each standardised, moved to start at zero, and divided by six.
  private static func templates() -> [[Double]] {
    shapes.map { shape in
      let (mean, deviation) = meanAndDeviation(shape)
      let standard = shape.map { ($0 - mean) / deviation }
      return standard.map { ($0 - standard[0]) / 6 }
    }
  }

  private static func meanAndDeviation(_ values: some Sequence<Double>) -> (mean: Double, deviation: Double) {
    var count = 0.0
    var sum = 0.0
    for value in values {
      sum += value
      count += 1
    }
    let mean = sum / count
    var squares = 0.0
    for value in values { squares += (value - mean) * (value - mean) }
    return (mean, (squares / count).squareRoot())
  }

  private static let shapes: [[Double]] = [
    [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
    [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
    [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
    [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
    [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
    [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
    [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
    [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
  ]
}
