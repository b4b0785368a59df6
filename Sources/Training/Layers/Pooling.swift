// Serves execute: layers that change the positions or their layout: pooling, flattening.
import BitExact
import KernelTable

/// The largest of each window of `size` × `size` positions (`size` of a signal), channel by channel; of equals the
/// first in memory passes the gradient.
final class MaxPoolLayer: Layer {
  private let input: FeatureShape
  private let output: FeatureShape
  private let size: Int
  private let values: Buffer
  private let gradient: Buffer
  /// The place of each output's maximum within its example.
  private var places: [Int32]
  private var tangent: LazyBuffer
  private var gradientTangent: LazyBuffer

  init(size: Int, input: FeatureShape, output: FeatureShape, capacity: Int) {
    self.size = size
    self.input = input
    self.output = output
    values = Buffer(capacity * output.rowStride)
    gradient = Buffer(capacity * input.rowStride)
    places = Array(repeating: 0, count: capacity * output.rowStride)
    tangent = LazyBuffer(values.count)
    gradientTangent = LazyBuffer(gradient.count)
  }

  func forward(_ source: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats {
    let stride = input.channelStride
    let tall = input.height == 1 ? 1 : size
    places.withUnsafeMutableBufferPointer { places in
      for row in 0..<rows {
        let example = source + row * input.rowStride
        var out = row * output.rowStride
        for y in 0..<output.height {
          for x in 0..<output.width {
            let corner = (y * tall * input.width + x * size) * stride
            for channel in 0..<stride {
              var best = corner + channel
              for dy in 0..<tall {
                for dx in 0..<size {
                  let place = corner + (dy * input.width + dx) * stride + channel
                  if example[place] > example[best] { best = place }
                }
              }
              values.start[out] = example[best]
              places[out] = Int32(truncatingIfNeeded: best)
              out += 1
            }
          }
        }
      }
    }
    return values.start
  }

  func backward(_ gradient: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    scatter(gradient, self.gradient.start, rows)
  }

  private func scatter(_ source: Floats, _ result: MutableFloats, _ rows: Int) -> MutableFloats {
    result.update(repeating: 0, count: rows * input.rowStride)
    for row in 0..<rows {
      let example = result + row * input.rowStride
      for i in row * output.rowStride..<(row + 1) * output.rowStride { example[Int(places[i])] += source[i] }
    }
    return result
  }

  func forwardTangent(_ tangent: MutableFloats?, rows: Int, _ curvature: CurvatureSpace) -> MutableFloats {
    let result = self.tangent.start()
    guard let tangent else {
      result.update(repeating: 0, count: rows * output.rowStride)
      return result
    }
    for row in 0..<rows {
      let example = tangent + row * input.rowStride
      for i in row * output.rowStride..<(row + 1) * output.rowStride { result[i] = example[Int(places[i])] }
    }
    return result
  }

  func backwardTangent(
    _ tangent: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    scatter(tangent, gradientTangent.start(), rows)
  }
}

/// A layer that maps every example by one fixed matrix without parameters.
///
/// Its derivative is itself, so one function in each direction does everything.
class LinearLayer: Layer {
  let input: FeatureShape
  let output: FeatureShape
  private let values: Buffer
  private let gradient: Buffer
  private var tangent: LazyBuffer
  private var gradientTangent: LazyBuffer

  init(input: FeatureShape, output: FeatureShape, capacity: Int) {
    self.input = input
    self.output = output
    values = Buffer(capacity * output.rowStride)
    gradient = Buffer(capacity * input.rowStride)
    tangent = LazyBuffer(values.count)
    gradientTangent = LazyBuffer(gradient.count)
  }

  /// Writes the image of one example.
  func map(_ example: Floats, _ result: MutableFloats) {}
  /// Writes the image under the transposed matrix.
  func mapBack(_ gradient: Floats, _ result: MutableFloats) {}

  final func forward(_ source: MutableFloats, rows: Int, mode: Mode, _ workspace: Workspace) -> MutableFloats
  {
    for row in 0..<rows { map(source + row * input.rowStride, values.start + row * output.rowStride) }
    return values.start
  }

  final func backward(_ source: MutableFloats, rows: Int, _ workspace: Workspace) -> MutableFloats? {
    for row in 0..<rows { mapBack(source + row * output.rowStride, gradient.start + row * input.rowStride) }
    return gradient.start
  }

  final func forwardTangent(_ source: MutableFloats?, rows: Int, _ curvature: CurvatureSpace)
    -> MutableFloats
  {
    let result = tangent.start()
    guard let source else {
      result.update(repeating: 0, count: rows * output.rowStride)
      return result
    }
    for row in 0..<rows { map(source + row * input.rowStride, result + row * output.rowStride) }
    return result
  }

  final func backwardTangent(
    _ source: MutableFloats, gradient: Floats, rows: Int, _ curvature: CurvatureSpace
  ) -> MutableFloats? {
    let result = gradientTangent.start()
    for row in 0..<rows { mapBack(source + row * output.rowStride, result + row * input.rowStride) }
    return result
  }
}

/// The mean over all positions, in order of positions.
final class AveragePoolLayer: LinearLayer {
  override func map(_ example: Floats, _ result: MutableFloats) {
    for channel in 0..<input.channels {
      var sum: Float = 0
      for position in 0..<input.positions { sum += example[position * input.channelStride + channel] }
      result[channel] = sum / Float(input.positions)
    }
  }

  override func mapBack(_ gradient: Floats, _ result: MutableFloats) {
    let share = 1 / Float(input.positions)
    for position in 0..<input.positions {
      for channel in 0..<input.channels {
        result[position * input.channelStride + channel] = gradient[channel] * share
      }
    }
  }
}

/// Positions with padded channels as one vector without gaps.
final class FlattenLayer: LinearLayer {
  override func map(_ example: Floats, _ result: MutableFloats) {
    for position in 0..<input.positions {
      (result + position * input.channels).update(
        from: example + position * input.channelStride, count: input.channels)
    }
  }

  override func mapBack(_ gradient: Floats, _ result: MutableFloats) {
    for position in 0..<input.positions {
      (result + position * input.channelStride).update(
        from: gradient + position * input.channels, count: input.channels)
    }
  }
}
