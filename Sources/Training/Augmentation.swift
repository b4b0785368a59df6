// Serves execute: random changes of the training inputs.
import BitExact
import KernelTable

/// What is done to each input every time it is trained on.
public struct Augmentation: Sendable, Hashable {
  /// Largest shift, in positions: images move in both directions and zeros come in, signals rotate.
  public var shift: Int
  /// Whether images are mirrored left to right with probability ½.
  public var flip: Bool

  /// Describes an augmentation.
  public init(shift: Int, flip: Bool) {
    self.shift = shift
    self.flip = flip
  }

  /// Changes the rows of a batch in place.
  func apply(_ batch: MutableFloats, rows: Int, _ shape: FeatureShape, _ draw: DrawPlace) {
    var stream = draw.stream("augmentation")
    var copy = [Float](repeating: 0, count: shape.rowStride)
    for row in 0..<rows {
      let example = batch + row * shape.rowStride
      for i in 0..<shape.rowStride { copy[i] = example[i] }
      let across = stream.below(2 * shift + 1) - shift
      let down = shape.height == 1 ? 0 : stream.below(2 * shift + 1) - shift
      let mirrors = flip && stream.below(2) == 1
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          let source = place(x - across, y - down, shape, mirrors: mirrors)
          for channel in 0..<shape.channels {
            example[(y * shape.width + x) * shape.channelStride + channel] =
              source.map { copy[$0 * shape.channelStride + channel] } ?? 0
          }
        }
      }
    }
  }

  /// The position that comes to lie at (x, y), before the shift; `nil` outside an image.
  private func place(_ x: Int, _ y: Int, _ shape: FeatureShape, mirrors: Bool) -> Int? {
    if shape.height == 1 { return ((x % shape.width) + shape.width) % shape.width }
    guard x >= 0, x < shape.width, y >= 0, y < shape.height else { return nil }
    return y * shape.width + (mirrors ? shape.width - 1 - x : x)
  }
}
