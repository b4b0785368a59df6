// Serves execute: many words of a random stream at a time.
import KernelTable

private typealias Words = SIMD16<UInt32>
private typealias Pairs = SIMD8<UInt64>

/// The low and the high words of `words` · `factor`; even and odd words are multiplied apart, as processors do.
@inline(__always) private func multiply(_ words: Words, _ factor: UInt64) -> (low: Words, high: Words) {
  let low = Pairs(repeating: 0xFFFF_FFFF)
  let pairs = unsafeBitCast(words, to: Pairs.self)
  let (even, odd) = ((pairs & low) &* factor, (pairs &>> 32) &* factor)
  return (
    unsafeBitCast((even & low) | (odd &<< 32), to: Words.self),
    unsafeBitCast((even &>> 32) | (odd & ~low), to: Words.self)
  )
}

/// Philox 4×32-10 of sixteen blocks side by side (see `philox` in BitExact).
@Sendable func randomBlocks(
  _ key: SIMD2<UInt32>, _ counter: SIMD4<UInt32>, _ count: Int, _ target: UnsafeMutablePointer<UInt32>
) {
  var first = 0
  while first < count {
    let lanes = Words(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    var c0 = Words(repeating: counter[0] &+ UInt32(truncatingIfNeeded: first)) &+ lanes
    var (c1, c2, c3) = (
      Words(repeating: counter[1]), Words(repeating: counter[2]), Words(repeating: counter[3])
    )
    var (k0, k1) = (key[0], key[1])
    for _ in 0..<10 {
      let (a, b) = (multiply(c0, 0xD251_1F53), multiply(c2, 0xCD9E_8D57))
      (c0, c1, c2, c3) = (
        b.high ^ c1 ^ Words(repeating: k0), b.low, a.high ^ c3 ^ Words(repeating: k1), a.low
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    for lane in 0..<min(16, count &- first) {
      let place = target + 4 &* (first &+ lane)
      (place[0], place[1], place[2], place[3]) = (c0[lane], c1[lane], c2[lane], c3[lane])
    }
    first &+= 16
  }
}
