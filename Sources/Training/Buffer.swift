// Serves execute: memory that is allocated once per run.
public import KernelTable

/// Zeroed, 64-byte aligned floats that live as long as their owner.
public final class Buffer {
  /// The first element.
  public let start: MutableFloats
  /// Number of elements.
  public let count: Int

  /// Allocates `count` zeros.
  public init(_ count: Int) {
    self.count = count
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * 4), alignment: 64)
    start = memory.bindMemory(to: Float.self, capacity: max(16, count))
    start.initialize(repeating: 0, count: max(16, count))
  }

  deinit { start.deallocate() }

  /// Copies the elements of another buffer of the same size.
  public func copy(from other: Buffer) {
    precondition(other.count == count)
    start.update(from: other.start, count: count)
  }

  /// A new buffer with the same elements.
  public func duplicate() -> Buffer {
    let copy = Buffer(count)
    copy.copy(from: self)
    return copy
  }

  /// Sets every element to zero.
  public func clear() { start.update(repeating: 0, count: count) }
}

/// `columns` rounded up to whole vectors of 16, the distance between rows of every matrix.
public func paddedWidth(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }

/// Examples with rows padded to whole vectors, ready for the kernels.
public final class ExampleMatrix {
  /// Inputs, `count` rows of `stride` elements of which the first `features` are used.
  public let inputs: Buffer
  /// The class of each row.
  public let labels: [Int32]
  /// Number of rows.
  public let count: Int
  /// Inputs per row.
  public let features: Int
  /// Distance between rows.
  public let stride: Int
  /// What a regression should give, rows padded to whole vectors; `nil` for classification.
  public let targets: Buffer?
  /// Numbers in a target; 0 for classification.
  public let targetCount: Int

  /// Lays out `inputs` (row-major, `features` a row) with the class of each row, and `targets` (row-major,
  /// `targetCount` a row) for a regression.
  public init(inputs: [Float], labels: [Int32], features: Int, targets: [Float] = [], targetCount: Int = 0) {
    count = labels.count
    self.targetCount = targetCount
    self.targets = targetCount == 0 ? nil : Buffer(count * paddedWidth(targetCount))
    if let padded = self.targets {
      for i in targets.indices {
        padded.start[i / targetCount * paddedWidth(targetCount) + i % targetCount] = targets[i]
      }
    }
    self.features = features
    stride = paddedWidth(features)
    self.labels = labels
    self.inputs = Buffer(count * stride)
    for row in 0..<count {
      for column in 0..<features {
        self.inputs.start[row * stride + column] = inputs[row * features + column]
      }
    }
  }
}
