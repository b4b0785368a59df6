// Serves execute: everything that the rest of a training depends on, as bytes, so that it can go on elsewhere.
//
// The random streams are keyed by step and epoch and need no state of their own.

/// Writes numbers and texts one after the other, little-endian.
public struct StateWriter {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []

  /// Starts empty.
  public init() {}

  /// Appends a whole number.
  public mutating func add(_ value: Int) { add(bits: UInt64(bitPattern: Int64(value)), 8) }
  /// Appends a number, bit by bit.
  public mutating func add(_ value: Double) { add(bits: value.bitPattern, 8) }
  /// Appends a text with its length.
  public mutating func add(_ text: String) {
    add(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }
  /// Appends bytes with their count.
  public mutating func add(_ bytes: [UInt8]) {
    add(bytes.count)
    self.bytes.append(contentsOf: bytes)
  }
  /// Appends a buffer with its length.
  public mutating func add(_ buffer: Buffer) {
    add(buffer.count)
    for index in 0..<buffer.count { add(bits: UInt64(buffer.start[index].bitPattern), 4) }
  }

  private mutating func add(bits: UInt64, _ count: Int) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(index)))) }
  }
}

/// Reads what a `StateWriter` wrote; `nil` where something else stands.
public struct StateReader {
  private let bytes: [UInt8]
  private var offset = 0

  /// Starts at the first byte.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether every byte has been read.
  public var isAtEnd: Bool { offset == bytes.count }

  /// The next whole number.
  public mutating func integer() -> Int? { bits(8).map { Int(Int64(bitPattern: $0)) } }
  /// The next number.
  public mutating func number() -> Double? { bits(8).map(Double.init(bitPattern:)) }
  /// The next text.
  public mutating func text() -> String? {
    guard let count = integer(), count >= 0, count <= bytes.count - offset else { return nil }
    defer { offset += count }
    return String(validating: bytes[offset..<offset + count], as: UTF8.self)
  }
  /// The next bytes.
  public mutating func byteString() -> [UInt8]? {
    guard let count = integer(), count >= 0, count <= bytes.count - offset else { return nil }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }
  /// The next buffer.
  public mutating func buffer() -> Buffer? {
    guard let count = integer(), count >= 0, count <= (bytes.count - offset) / 4 else { return nil }
    let buffer = Buffer(count)
    for index in 0..<count {
      guard let bits = bits(4) else { return nil }
      buffer.start[index] = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    }
    return buffer
  }
  /// The next list, read element by element.
  public mutating func list<Element>(_ element: (inout StateReader) -> Element?) -> [Element]? {
    guard let count = integer(), count >= 0, count <= bytes.count - offset else { return nil }
    var elements: [Element] = []
    for _ in 0..<count {
      guard let next = element(&self) else { return nil }
      elements.append(next)
    }
    return elements
  }

  private mutating func bits(_ count: Int) -> UInt64? {
    guard count <= bytes.count - offset else { return nil }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
    offset += count
    return value
  }
}

/// Where a training takes a saved state from, and leaves new ones.
public struct TrainingCheckpoints {
  /// A state saved before; one that does not fit the training is not used.
  public var saved: [UInt8]?
  /// Whether a state should be saved after this step.
  public var isDue: (_ step: Int) -> Bool
  /// Keeps a state; that it could not be kept is no reason to end the training.
  public var save: ([UInt8]) -> Void
  /// The state of whoever watches the training.
  public var watcherState: () -> [UInt8]
  /// Puts the watcher back into a state; false when it cannot be read.
  public var restoreWatcher: ([UInt8]) -> Bool

  /// Collects the hooks.
  public init(
    saved: [UInt8]?, isDue: @escaping (_ step: Int) -> Bool, save: @escaping ([UInt8]) -> Void,
    watcherState: @escaping () -> [UInt8], restoreWatcher: @escaping ([UInt8]) -> Bool
  ) {
    (self.saved, self.isDue, self.save) = (saved, isDue, save)
    (self.watcherState, self.restoreWatcher) = (watcherState, restoreWatcher)
  }

  /// Saves the state after `step`; `memory` and `powers` are what the update rule remembers.
  func save(_ network: Network, _ memory: [Buffer], _ powers: (Double, Double), step: Int) {
    var writer = StateWriter()
    writer.add(step)
    writer.add(network.parameters)
    writer.add(network.runningStatistics.count)
    for statistics in network.runningStatistics { writer.add(statistics) }
    for buffer in memory { writer.add(buffer) }
    writer.add(powers.0)
    writer.add(powers.1)
    save(writer.bytes + watcherState())
  }

  /// Puts network, memory and watcher into the saved state; the step after which it was saved and the powers then, or
  /// `nil`, and nothing changed, when there is none that fits.
  func restore(_ network: Network, _ memory: [Buffer]) -> (step: Int, powers: (Double, Double))? {
    guard let saved else { return nil }
    var reader = StateReader(saved)
    guard let step = reader.integer(), step >= 0, let parameters = reader.buffer(),
      let statistics = reader.list({ $0.buffer() })
    else { return nil }
    let kept = memory.compactMap { _ in reader.buffer() }
    guard let power1 = reader.number(), let power2 = reader.number(),
      parameters.count == network.parameters.count,
      statistics.map(\.count) == network.runningStatistics.map(\.count),
      kept.map(\.count) == memory.map(\.count), restoreWatcher(reader.rest)
    else { return nil }
    network.parameters.copy(from: parameters)
    for (buffer, saved) in zip(network.runningStatistics + memory, statistics + kept) {
      buffer.copy(from: saved)
    }
    return (step, (power1, power2))
  }
}

extension StateReader {
  /// The bytes that have not been read.
  public var rest: [UInt8] { Array(bytes[offset...]) }
}

extension DigestTrail {
  /// Appends the entries to a state.
  public func write(to writer: inout StateWriter) {
    writer.add(entries.count)
    for entry in entries {
      writer.add(entry.step)
      writer.add(entry.digest)
    }
  }

  /// Reads entries from a state.
  public init?(_ reader: inout StateReader) {
    let entries = reader.list { reader -> (step: Int, digest: String)? in
      guard let step = reader.integer(), let digest = reader.text() else { return nil }
      return (step, digest)
    }
    guard let entries else { return nil }
    self.init(entries: entries)
  }
}
