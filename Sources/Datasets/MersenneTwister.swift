// Serves run: the generator with which MNIST-1D was made, so that it can be made again to the bit.

import BitExact

/// NumPy's legacy generator, `numpy.random.RandomState`: MT19937 with its derived distributions.
///
/// Only MNIST-1D uses it; everything else draws from `RandomStream`.
/// Source: Matsumoto and Nishimura, Mersenne Twister, ACM TOMACS 8 (1998); NumPy, legacy distributions.
struct MersenneTwister {
  private static let length = 624
  private static let offset = 397

  private var state: [UInt32]
  private var position = MersenneTwister.length
  private var cachedGaussian: Double?

  /// Seeds as `RandomState(seed)` does: Knuth's linear recurrence (`init_genrand`).
  init(seed: UInt32) {
    state = [seed]
    state.reserveCapacity(Self.length)
    for index in 1..<Self.length {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
    }
  }

  /// The next 32 bits.
  mutating func next() -> UInt32 {
    if position == Self.length { refill() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  private mutating func refill() {
    for index in 0..<Self.length {
      let joined =
        (state[index] & 0x8000_0000) | (state[(index + 1) % Self.length] & 0x7FFF_FFFF)
      let mixed = state[(index + Self.offset) % Self.length] ^ (joined >> 1)
      state[index] = joined & 1 == 0 ? mixed : mixed ^ 0x9908_B0DF
    }
    position = 0
  }

  /// Uniform in [0, 1) with 53 bits (`random_sample`).
  mutating func uniform() -> Double {
    let high = next() >> 5
    let low = next() >> 6
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// Standard normal by the polar method, two values at a time (`legacy_gauss`).
  ///
  /// Source: Marsaglia and Bray, SIAM Review 6 (1964).
  mutating func gaussian() -> Double {
    if let value = cachedGaussian {
      cachedGaussian = nil
      return value
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square < 1, square != 0 {
        let factor = (-2 * Elementary.log(square) / square).squareRoot()
        cachedGaussian = factor * x
        return factor * y
      }
    }
  }

  /// Uniform in `0...limit` by masked rejection (`random_interval`, `randint`).
  mutating func upTo(_ limit: UInt32) -> Int {
    if limit == 0 { return 0 }
    let mask = UInt32.max >> UInt32(limit.leadingZeroBitCount)
    while true {
      let value = next() & mask
      if value <= limit { return Int(value) }
    }
  }

  /// A random order of `0..<count`, shuffled from the end (`permutation`).
  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(index, upTo(UInt32(index)))
    }
    return order
  }
}
