// Serves run: datasets as they are distributed, before any option is applied.

import BitExact

/// One part of a dataset as distributed.
struct SourcePart: Sendable {
  /// The inputs, row-major.
  enum Inputs: Sendable {
    /// Pixels that stand for `value / divisor`.
    case bytes([UInt8], divisor: Int)
    /// Signals.
    case numbers([Float])
  }

  var inputs: Inputs
  var shape: [Int]
  var labels: [UInt8]

  var count: Int { labels.count }

  /// The inputs of one row, or the means of its image over areas.
  func row(_ index: Int, over areas: ImageAreas? = nil) -> [Float] {
    let length = shape.reduce(1, *)
    let range = index * length..<(index + 1) * length
    switch inputs {
    case .numbers(let numbers):
      return Array(numbers[range])
    case .bytes(let bytes, let divisor):
      if let areas { return areas.means(bytes[range], divisor: divisor) }
      return bytes[range].map { Float($0) / Float(divisor) }
    }
  }

  /// The areas that make its images `size` × `size`; `nil` where they are not larger.
  func areas(_ size: Int?) -> ImageAreas? {
    guard case .bytes = inputs, let size, let side = shape.last, size < side else { return nil }
    return ImageAreas(side: side, to: size)
  }
}

/// The `size` × `size` equal cells of a square image.
///
/// A pixel that lies in several cells counts in each by its share. All sums are in whole numbers, so a mean is exact
/// and rounded once.
struct ImageAreas {
  private let side: Int
  /// The pixels of each cell along one side, with their shares in units of 1/size of a pixel.
  private let shares: [[(pixel: Int, weight: Int)]]

  init(side: Int, to size: Int) {
    self.side = side
    // In those units, pixel i spans [i·size, (i+1)·size) and cell j spans [j·side, (j+1)·side).
    shares = (0..<size).map { cell in
      (cell * side / size..<((cell + 1) * side + size - 1) / size).map { pixel in
        (pixel, min((pixel + 1) * size, (cell + 1) * side) - max(pixel * size, cell * side))
      }
    }
  }

  /// The mean of each cell, row by row, of pixels that stand for `value / divisor`.
  func means(_ pixels: ArraySlice<UInt8>, divisor: Int) -> [Float] {
    let whole = Float(side * side * divisor)
    return pixels.withUnsafeBufferPointer { pixels in
      var result: [Float] = []
      result.reserveCapacity(shares.count * shares.count)
      // Down the columns first, where neighbours are neighbours in memory.
      var sums = [Int](repeating: 0, count: side)
      for rows in shares {
        for column in 0..<side { sums[column] = 0 }
        for row in rows {
          for column in 0..<side { sums[column] += row.weight * Int(pixels[row.pixel * side + column]) }
        }
        for columns in shares {
          var sum = 0
          for column in columns { sum += column.weight * sums[column.pixel] }
          result.append(Float(sum) / whole)
        }
      }
      return result
    }
  }
}

/// A dataset as distributed: a training part and a test part.
struct Source: Sendable {
  var train: SourcePart
  var test: SourcePart
  var classes: Int
  /// SHA-256 over the content.
  var digest: String
}

/// The optical digits, split once and for all into 1,347 for training and 450 for testing.
enum Digits {
  static let count = 1797
  static let testCount = 450
  static let side = 8
  static let pixels = side * side

  /// All images in the order of the source.
  static let all: SourcePart = {
    guard let bytes = inflated(decodedBase64(packed), count: count * (pixels + 1)) else {
      preconditionFailure("the packed digits are damaged")
    }
    return SourcePart(
      inputs: .bytes(Array(bytes[..<(count * pixels)]), divisor: 16), shape: [1, side, side],
      labels: Array(bytes[(count * pixels)...]))
  }()

  /// Both parts. The source is ordered by writer, so the split is drawn, but it is the same for every seed.
  static let source: Source = {
    var order = Array(0..<count)
    var stream = RandomStream(seed: 0, purpose: "digits-split")
    stream.shuffle(&order)
    return Source(
      train: rows(order.dropLast(testCount).sorted()), test: rows(order.suffix(testCount).sorted()),
      classes: 10, digest: digest)
  }()

  static let digest: String = {
    guard case .bytes(let pixels, _) = all.inputs else { return "" }
    return SHA256.hexDigest(of: pixels + all.labels)
  }()

  private static func rows(_ rows: [Int]) -> SourcePart {
    guard case .bytes(let bytes, let divisor) = all.inputs else { return all }
    return SourcePart(
      inputs: .bytes(rows.flatMap { bytes[$0 * pixels..<($0 + 1) * pixels] }, divisor: divisor),
      shape: all.shape, labels: rows.map { all.labels[$0] })
  }
}

/// The bytes of a base64 text; characters outside the alphabet are passed over.
func decodedBase64(_ text: StaticString) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.utf8CodeUnitCount * 3 / 4)
  text.withUTF8Buffer { characters in
    var bits: UInt32 = 0
    var count = 0
    for character in characters {
      let value: UInt8
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      default: continue
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
  }
  return bytes
}

extension MNIST1D {
  /// The dataset with room for `train` + `test` examples, or the published 4,000 + 1,000 when that is enough.
  static func sizes(train: Int, test: Int) -> (train: Int, test: Int) {
    let testCount = max(test, publishedTest)
    let total = max(train, publishedTrain) + testCount
    // Every class is made equally often.
    return ((total + classes - 1) / classes * classes - testCount, testCount)
  }

  /// Makes both parts; `train + test` must be a multiple of ten.
  static func source(train: Int, test: Int) -> Source {
    let signals = make(count: train + test)
    let numbers = signals.values.map { Float($0) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * numbers.count + signals.labels.count)
    for number in numbers {
      let pattern = number.bitPattern
      for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: pattern >> shift)) }
    }
    bytes += signals.labels
    let boundary = train * inputCount
    return Source(
      train: SourcePart(
        inputs: .numbers(Array(numbers[..<boundary])), shape: [inputCount],
        labels: Array(signals.labels[..<train])),
      test: SourcePart(
        inputs: .numbers(Array(numbers[boundary...])), shape: [inputCount],
        labels: Array(signals.labels[train...])),
      classes: classes, digest: SHA256.hexDigest(of: bytes))
  }
}
