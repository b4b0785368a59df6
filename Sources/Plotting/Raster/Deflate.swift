// Serves write: the compressed rows of a picture, the same bytes on every machine whatever compressor is installed.

/// A zlib stream (RFC 1950) with one block of its own Huffman codes (RFC 1951).
///
/// Made for drawings: most of a row is as the row above or as the pixel before, so these two places are tried first and
/// long repetitions are taken whole; only what is left is looked for among earlier bytes.
///
/// - Parameters:
///   - bytes: The rows, each with its filter byte.
///   - stride: Bytes a row, the filter byte included.
///   - samples: Bytes a pixel.
func zlibStream(of bytes: [UInt8], stride: Int, samples: Int) -> [UInt8] {
  let tokens = bytes.withUnsafeBytes { bytes in
    RepetitionFinder(bytes: bytes, stride: stride, samples: samples).tokens()
  }
  // Deflate with a window of 32 kB, no dictionary; the two bytes are a multiple of 31.
  let check = adler32(of: bytes)
  return [0x78, 0x9C] + HuffmanBlock(tokens).bytes()
    + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: check >> $0) }
}

/// A byte as it is, or so many bytes as they stood so far back.
private struct Token {
  /// The byte, or the length 3…258.
  var value: UInt16
  /// 0 for a byte, else 1…32768.
  var distance: UInt16
}

/// Finds what stood earlier.
private final class RepetitionFinder {
  private let bytes: UnsafeRawBufferPointer
  private let near: [Int]
  /// By a hash of four bytes: where they last began; −1 for nowhere.
  private let latest = UnsafeMutablePointer<Int32>.allocate(capacity: window)
  /// By a place: where the same hash stood before it.
  private let earlier = UnsafeMutablePointer<Int32>.allocate(capacity: window)

  private static let window = 1 << 15
  /// How many earlier places with the same hash are compared.
  private static let depth = 2
  /// A repetition this long is taken without looking for a longer one.
  private static let enough = 32

  init(bytes: UnsafeRawBufferPointer, stride: Int, samples: Int) {
    self.bytes = bytes
    near = [stride, samples].filter { $0 < RepetitionFinder.window }
    latest.initialize(repeating: -1, count: RepetitionFinder.window)
    earlier.initialize(repeating: -1, count: RepetitionFinder.window)
  }

  deinit {
    latest.deallocate()
    earlier.deallocate()
  }

  func tokens() -> [Token] {
    var tokens: [Token] = []
    tokens.reserveCapacity(bytes.count / 16)
    var place = 0
    while place < bytes.count {
      var found = repetition(at: place)
      remember(place)
      // A byte may be worth more than a short repetition when a longer one begins right after it.
      while found.length >= 3, found.length < 16, place + 1 < bytes.count {
        let next = repetition(at: place + 1)
        guard next.length > found.length else { break }
        tokens.append(Token(value: UInt16(bytes[place]), distance: 0))
        place += 1
        remember(place)
        found = next
      }
      guard found.length >= 3 else {
        tokens.append(Token(value: UInt16(bytes[place]), distance: 0))
        place += 1
        continue
      }
      if found.length < RepetitionFinder.enough {
        for inside in (place + 1)..<(place + found.length) { remember(inside) }
      }
      append(found, to: &tokens)
      place += found.length
    }
    return tokens
  }

  /// A repetition in pieces that a token can hold.
  private func append(_ found: (length: Int, distance: Int), to tokens: inout [Token]) {
    var left = found.length
    while left > 0 {
      // The last piece must have three bytes too.
      let piece = left <= 258 ? left : left - 258 < 3 ? 255 : 258
      tokens.append(Token(value: UInt16(piece), distance: UInt16(found.distance)))
      left -= piece
    }
  }

  /// The longest repetition that begins at a place; of length 0 when there is none worth a token.
  private func repetition(at place: Int) -> (length: Int, distance: Int) {
    var best = (length: 0, distance: 0)
    for distance in near where distance <= place {
      let length = self.length(place, place - distance)
      if length > best.length { best = (length, distance) }
      if length >= RepetitionFinder.enough { return best }
    }
    guard place + 4 <= bytes.count else {
      return best.length >= 3 ? best : (0, 0)
    }
    var candidate = Int(latest[hash(at: place)])
    for _ in 0..<RepetitionFinder.depth {
      let distance = place - candidate
      guard candidate >= 0, distance > 0, distance <= RepetitionFinder.window - 1 else { break }
      if candidate + best.length < bytes.count, place + best.length < bytes.count,
        bytes[candidate + best.length] == bytes[place + best.length]
      {
        let length = self.length(place, candidate)
        if length > best.length { best = (length, distance) }
        if length >= RepetitionFinder.enough { break }
      }
      candidate = Int(earlier[candidate & (RepetitionFinder.window - 1)])
    }
    // Three bytes from far away cost more than they save.
    return best.length > 3 || (best.length == 3 && best.distance < 4096) ? best : (0, 0)
  }

  private func remember(_ place: Int) {
    guard place + 4 <= bytes.count else { return }
    let hash = hash(at: place)
    earlier[place & (RepetitionFinder.window - 1)] = latest[hash]
    latest[hash] = Int32(place)
  }

  private func hash(at place: Int) -> Int {
    Int((bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian &* 2_654_435_761) >> 17)
  }

  /// How many bytes from `a` on equal those from `b` on, which is earlier.
  private func length(_ a: Int, _ b: Int) -> Int {
    var length = 0
    while a + length + 8 <= bytes.count {
      let difference =
        bytes.loadUnaligned(fromByteOffset: a + length, as: UInt64.self).littleEndian
        ^ bytes.loadUnaligned(fromByteOffset: b + length, as: UInt64.self).littleEndian
      if difference != 0 { return length + difference.trailingZeroBitCount / 8 }
      length += 8
    }
    while a + length < bytes.count, bytes[a + length] == bytes[b + length] { length += 1 }
    return length
  }
}

/// One block: what its codes are, then its tokens in them.
private struct HuffmanBlock {
  private let tokens: [Token]
  /// Bytes 0…255, the end of the block 256, lengths 257….
  private let symbols: HuffmanCode
  private let distances: HuffmanCode

  private static let endOfBlock = 256

  init(_ tokens: [Token]) {
    self.tokens = tokens
    var (symbolCounts, distanceCounts) = ([Int](repeating: 0, count: 286), [Int](repeating: 0, count: 30))
    symbolCounts[HuffmanBlock.endOfBlock] = 1
    for token in tokens {
      if token.distance == 0 {
        symbolCounts[Int(token.value)] += 1
      } else {
        symbolCounts[257 + lengthCode(token.value).code] += 1
        distanceCounts[distanceCode(token.distance).code] += 1
      }
    }
    symbols = HuffmanCode(symbolCounts, longest: 15)
    distances = HuffmanCode(distanceCounts, longest: 15)
  }

  func bytes() -> [UInt8] {
    // A token has at most 48 bits, and the codes before them fit in 2 kB.
    [UInt8](unsafeUninitializedCapacity: 6 * tokens.count + 2048) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      var bits = BitWriter(to: start)
      bits.append(0b101, 3)  // the last block, with its own codes
      writeCodes(to: &bits)
      for token in tokens {
        guard token.distance != 0 else {
          bits.append(symbols.codes[Int(token.value)], symbols.lengths[Int(token.value)])
          continue
        }
        let (length, distance) = (lengthCode(token.value), distanceCode(token.distance))
        bits.append(symbols.codes[257 + length.code], symbols.lengths[257 + length.code])
        bits.append(length.rest, length.bits)
        bits.append(distances.codes[distance.code], distances.lengths[distance.code])
        bits.append(distance.rest, distance.bits)
      }
      bits.append(symbols.codes[HuffmanBlock.endOfBlock], symbols.lengths[HuffmanBlock.endOfBlock])
      count = bits.finish()
    }
  }

  /// The lengths of the codes, one by one; the format's codes for runs of lengths would save some fifty bytes.
  private func writeCodes(to bits: inout BitWriter) {
    let lengths = symbols.lengths + distances.lengths
    var counts = [Int](repeating: 0, count: 19)
    for length in lengths { counts[length] += 1 }
    let code = HuffmanCode(counts, longest: 7)
    bits.append(UInt32(symbols.lengths.count - 257), 5)
    bits.append(UInt32(distances.lengths.count - 1), 5)
    bits.append(UInt32(19 - 4), 4)
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
      bits.append(UInt32(code.lengths[symbol]), 3)
    }
    for length in lengths { bits.append(code.codes[length], code.lengths[length]) }
  }
}

/// The code of a length with its further bits (RFC 1951, section 3.2.5).
private func lengthCode(_ length: UInt16) -> (code: Int, rest: UInt32, bits: Int) {
  if length == 258 { return (28, 0, 0) }
  let value = UInt32(length) - 3
  if value < 8 { return (Int(value), 0, 0) }
  let bits = 29 - value.leadingZeroBitCount
  return (4 * bits + Int(value >> bits), value & (1 << bits - 1), bits)
}

/// The code of a distance with its further bits.
private func distanceCode(_ distance: UInt16) -> (code: Int, rest: UInt32, bits: Int) {
  let value = UInt32(distance) - 1
  if value < 4 { return (Int(value), 0, 0) }
  let bits = 30 - value.leadingZeroBitCount
  return (2 * bits + Int(value >> bits), value & (1 << bits - 1), bits)
}

/// Canonical codes of limited length.
private struct HuffmanCode {
  private(set) var lengths: [Int]
  /// With the first bit lowest.
  private(set) var codes: [UInt32]

  init(_ counts: [Int], longest: Int) {
    lengths = HuffmanCode.lengths(counts)
    // Evener counts make shorter codes.
    var counts = counts
    while lengths.max() ?? 0 > longest {
      counts = counts.map { ($0 + 1) / 2 }
      lengths = HuffmanCode.lengths(counts)
    }
    codes = Array(repeating: 0, count: counts.count)
    var next: UInt32 = 0
    for length in 1...longest {
      next <<= 1
      for symbol in codes.indices where lengths[symbol] == length {
        codes[symbol] = (0..<length).reduce(0) { $0 << 1 | next >> $1 & 1 }
        next += 1
      }
    }
  }

  /// The depth of each symbol in Huffman's tree (D. A. Huffman 1952), built from two ascending queues; 0 for one that
  /// does not occur.
  private static func lengths(_ counts: [Int]) -> [Int] {
    var lengths = [Int](repeating: 0, count: counts.count)
    let leaves = counts.indices.filter { counts[$0] > 0 }.sorted { (counts[$0], $0) < (counts[$1], $1) }
    // A decoder wants a whole tree where there is one at all.
    guard leaves.count > 1 else {
      for leaf in leaves { lengths[leaf] = 1 }
      return lengths
    }
    var weights = leaves.map { counts[$0] }
    var parents = [Int](repeating: 0, count: 2 * leaves.count - 1)
    var (leaf, branch) = (0, leaves.count)
    func lightest() -> Int {
      if leaf < leaves.count, branch >= weights.count || weights[leaf] <= weights[branch] {
        leaf += 1
        return leaf - 1
      }
      branch += 1
      return branch - 1
    }
    while weights.count < parents.count {
      let (a, b) = (lightest(), lightest())
      (parents[a], parents[b]) = (weights.count, weights.count)
      weights.append(weights[a] + weights[b])
    }
    var depths = [Int](repeating: 0, count: parents.count)
    for node in (0..<(parents.count - 1)).reversed() { depths[node] = depths[parents[node]] + 1 }
    for (index, leaf) in leaves.enumerated() { lengths[leaf] = depths[index] }
    return lengths
  }
}

/// Bits from the lowest of each byte on.
private struct BitWriter {
  private let start: UnsafeMutableRawPointer
  private var place = 0
  private var open: UInt64 = 0
  private var count = 0

  /// Writes to memory with room for all bits and eight bytes more.
  init(to start: UnsafeMutableRawPointer) { self.start = start }

  /// Adds the lowest bits of a number, at most 32.
  @inline(__always)
  mutating func append(_ value: UInt32, _ bits: Int) {
    open |= UInt64(value) << UInt64(count)
    count += bits
    if count >= 32 {
      start.storeBytes(
        of: UInt32(truncatingIfNeeded: open).littleEndian, toByteOffset: place, as: UInt32.self)
      place += 4
      open >>= 32
      count -= 32
    }
  }

  /// Fills the last byte up with zeros; returns how many bytes there are.
  mutating func finish() -> Int {
    start.storeBytes(of: open.littleEndian, toByteOffset: place, as: UInt64.self)
    return place + (count + 7) / 8
  }
}

/// The check sum of RFC 1950: the sum of the bytes, and the sum of its values after each byte.
private func adler32(of bytes: [UInt8]) -> UInt32 {
  var (sum, sumOfSums): (UInt32, UInt32) = (1, 0)
  let weights = SIMD32<UInt16>((0..<32).map { UInt16(32 - $0) })
  bytes.withUnsafeBytes { bytes in
    var place = 0
    // Eight times 32 bytes: the largest lane is 8 · 32 · 255 < 2¹⁶.
    while place + 256 <= bytes.count {
      var (plain, earlier, weighted) = (SIMD32<UInt16>.zero, SIMD32<UInt16>.zero, SIMD32<UInt16>.zero)
      for offset in stride(from: 0, to: 256, by: 32) {
        let part = bytes.loadUnaligned(fromByteOffset: place + offset, as: SIMD32<UInt8>.self)
        let wide = SIMD32<UInt16>(truncatingIfNeeded: part)
        earlier &+= plain
        plain &+= wide
        weighted &+= wide &* weights
      }
      sumOfSums = (sumOfSums &+ 256 &* sum &+ 32 &* total(earlier) &+ total(weighted)) % 65521
      sum = (sum &+ total(plain)) % 65521
      place += 256
    }
    for byte in bytes[place...] {
      sum = (sum &+ UInt32(byte)) % 65521
      sumOfSums = (sumOfSums &+ sum) % 65521
    }
  }
  return sumOfSums << 16 | sum
}

private func total(_ lanes: SIMD32<UInt16>) -> UInt32 {
  SIMD32<UInt32>(truncatingIfNeeded: lanes).wrappedSum()
}
