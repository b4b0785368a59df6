// Serves execute: random numbers that depend only on seed, purpose and index.
import KernelTable

/// Philox 4×32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
///
/// - Parameters:
///   - counter: the block's number, four words.
///   - key: two words.
/// - Returns: four random words, a bijection of the counter.
public func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
  var (c, k) = (counter, key)
  for _ in 0..<10 {
    let a = UInt64(c[0]) &* 0xD251_1F53
    let b = UInt64(c[2]) &* 0xCD9E_8D57
    c = SIMD4(
      UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b),
      UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a))
    k = SIMD2(k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85)
  }
  return c
}

/// One of the independent streams of a run.
///
/// The key is the seed; the counter holds the purpose's hash, the index and the block, so streams of different
/// purposes never share a number, and drawing from one leaves the others alone.
public struct RandomStream: Sendable {
  private let key: SIMD2<UInt32>
  private let purpose: UInt64
  private let index: UInt32
  private var block: UInt32 = 0
  private var words = SIMD4<UInt32>()
  private var used = 4
  private var spareNormal: Double?

  /// Opens a stream.
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - purpose: what the numbers are for, for example `order` or `init/layer1.weight`.
  ///   - index: distinguishes streams of one purpose, for example the epoch.
  public init(seed: UInt64, purpose: String, index: UInt32 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    // FNV-1a, 64 bits.
    self.purpose = purpose.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    self.index = index
  }

  /// The next 32 random bits.
  public mutating func next() -> UInt32 {
    if used == 4 {
      words = philox(counter: counter, key: key)
      block &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// The next `count` words, as so many calls of `next` would give them.
  public mutating func fill(_ target: UnsafeMutablePointer<UInt32>, count: Int) {
    var filled = 0
    while filled < count, used < 4 {
      target[filled] = next()
      filled += 1
    }
    let blocks = (count - filled) / 4
    Kernels.current.randomBlocks(key, counter, blocks, target + filled)
    block &+= UInt32(truncatingIfNeeded: blocks)
    for place in (filled + 4 * blocks)..<count { target[place] = next() }
  }

  private var counter: SIMD4<UInt32> {
    SIMD4(block, UInt32(truncatingIfNeeded: purpose), UInt32(truncatingIfNeeded: purpose >> 32), index)
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double {
    let high = UInt64(next() >> 5)
    let low = UInt64(next() >> 6)
    return Double(high << 26 | low) * 0x1p-53
  }

  /// A standard normal number, by the transform of Box & Muller (1958).
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * Elementary.log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * Elementary.sin(angle)
    return radius * Elementary.cos(angle)
  }

  /// A whole number in 0..<bound without bias (Lemire 2019); 0 when `bound` is below 2. `bound` is at most 2³².
  public mutating func below(_ bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    let range = UInt64(bound)
    let threshold = (0x1_0000_0000 - range) % range
    while true {
      let product = UInt64(next()) * range
      if product & 0xFFFF_FFFF >= threshold { return Int(product >> 32) }
    }
  }

  /// Puts `values` in a random order, each equally likely (Fisher & Yates; Durstenfeld 1964).
  @_specialize(where Element == Int)
  public mutating func shuffle<Element>(_ values: inout [Element]) {
    for i in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(i, below(i + 1)) }
  }

  /// A random order of 0..<count.
  public mutating func permutation(_ count: Int) -> [Int] {
    var values = Array(0..<count)
    shuffle(&values)
    return values
  }
}
