// Serves write: the compressed rows of a picture, the same bytes on every machine whatever compressor is installed.

/// Compresses rows as they come to a zlib stream (RFC 1950) with one block of its own Huffman codes (RFC 1951).
///
/// Made for drawings: most of a row is as the row above or as the pixel before, so these two places are tried first and
/// long repetitions are taken whole; only what is left is looked for among earlier pixels. Only the window that
/// repetitions can reach back to is kept, so that the rows are compressed while the processor's cache still holds them.
final class RowCompressor {
  private let stride: Int
  private let samples: Int
  private let buffer: UnsafeMutableRawPointer
  private let capacity: Int
  /// Which of all bytes is the first in the buffer, the first that is not compressed yet, and the end of all.
  private var (origin, place, end) = (0, 0, 0)
  private var tokens: [UInt32] = []
  private var check = Adler32()
  /// By a hash of three bytes: where they last began; far before the beginning for nowhere.
  private let latest = UnsafeMutablePointer<Int32>.allocate(capacity: window)
  /// By a place: where the same hash stood before it.
  private let earlier = UnsafeMutablePointer<Int32>.allocate(capacity: window)

  private static let window = 1 << 15
  /// How many earlier places with the same hash are compared.
  private static let depth = 3
  /// A repetition this long is taken without looking for a longer one.
  private static let enough = 32
  /// What writes a row may write so many bytes beyond it.
  static let overhang = 16

  /// - Parameters:
  ///   - stride: Bytes a row, the filter byte included.
  ///   - samples: Bytes a pixel.
  init(stride: Int, samples: Int) {
    (self.stride, self.samples) = (stride, samples)
    capacity = RowCompressor.window + max(1 << 17, 2 * stride)
    buffer = .allocate(byteCount: capacity + RowCompressor.overhang, alignment: 16)
    latest.initialize(repeating: -1 << 30, count: RowCompressor.window)
    earlier.initialize(repeating: -1 << 30, count: RowCompressor.window)
  }

  deinit {
    buffer.deallocate()
    latest.deallocate()
    earlier.deallocate()
  }

  /// Adds a row: `write` puts its pixels at the place it is given.
  func append(_ write: (UnsafeMutableRawPointer) -> Void) {
    if end - origin + stride > capacity {
      compress()
      // What is left reaches back as far as a repetition can.
      let kept = min(RowCompressor.window, end - origin)
      buffer.copyMemory(from: buffer + (end - origin - kept), byteCount: kept)
      origin = end - kept
    }
    let row = buffer + (end - origin)
    // No filter: flat areas and thin marks compress best when equal rows stay equal.
    row.storeBytes(of: 0, as: UInt8.self)
    write(row + 1)
    end += stride
  }

  /// The whole stream, when all rows are there.
  func finished() -> [UInt8] {
    compress()
    let block = HuffmanBlock(tokens)
    return [UInt8](unsafeUninitializedCapacity: block.capacity + 6) { bytes, count in
      guard let start = bytes.baseAddress else { return }
      // Deflate with a window of 32 kB, no dictionary; the two bytes are a multiple of 31.
      (bytes[0], bytes[1]) = (0x78, 0x9C)
      count = 2 + block.write(to: start + 2)
      for shift: UInt32 in [24, 16, 8, 0] {
        bytes[count] = UInt8(truncatingIfNeeded: check.value >> shift)
        count += 1
      }
    }
  }

  /// Turns what is in the buffer into tokens.
  private func compress() {
    check.add(UnsafeRawBufferPointer(start: byte(place), count: end - place))
    // A local array can be appended to without checks of exclusive access.
    var tokens = self.tokens
    self.tokens = []
    defer { self.tokens = tokens }
    var rowEnd = place + stride
    while place < end {
      while rowEnd <= place { rowEnd += stride }
      var found = repetition(at: place, rowEnd)
      remember(place)
      // A pixel may be worth more than a short repetition when a longer one begins right after it.
      while found.length >= 3, found.length < 7, place + samples < rowEnd {
        let next = repetition(at: place + samples, rowEnd)
        guard next.length > found.length else { break }
        appendBytes(samples, to: &tokens)
        remember(place)
        found = next
      }
      if found.length == 0 {
        // The first byte of a row, its filter, belongs to no pixel.
        appendBytes(place == rowEnd - stride ? 1 : samples, to: &tokens)
      } else {
        append(found, to: &tokens)
        let next = place + found.length
        if found.length < RowCompressor.enough, next <= rowEnd {
          for inside in Swift.stride(from: place + samples, to: next, by: samples) { remember(inside) }
        }
        place = next
      }
    }
  }

  /// Adds bytes as they are.
  @inline(__always)
  private func appendBytes(_ count: Int, to tokens: inout [UInt32]) {
    for _ in 0..<count {
      tokens.append(UInt32(byte(place).load(as: UInt8.self)))
      place += 1
    }
  }

  /// Adds a repetition in pieces that a token can hold: the length in the upper half, the distance less one in the lower.
  @inline(__always)
  private func append(_ found: Repetition, to tokens: inout [UInt32]) {
    var left = found.length
    while left > 0 {
      // The last piece must have three bytes too.
      let piece = left <= 258 ? left : left - 258 < 3 ? 255 : 258
      tokens.append(UInt32(truncatingIfNeeded: piece << 16 | (found.distance - 1)))
      left -= piece
    }
  }

  /// What stood earlier: how many bytes, and how far back.
  private struct Repetition {
    var length = 0
    var distance = 0
  }

  /// The longest repetition that begins at a place and ends with a pixel; none when there is none worth a token.
  private func repetition(at place: Int, _ rowEnd: Int) -> Repetition {
    guard place + 3 <= end else { return Repetition() }
    var best = Repetition()
    let start = three(place)
    func tryDistance(_ distance: Int) {
      guard distance <= place, distance < RowCompressor.window,
        start == three(place - distance)
      else { return }
      let length = length(place, place - distance)
      if length >= best.length { best = Repetition(length: length, distance: distance) }
    }
    tryDistance(stride)
    // The pixel before costs fewer bits, which counts where a repetition would go on beyond what is there.
    if best.length < RowCompressor.enough || place + best.length == end { tryDistance(samples) }
    if best.length < RowCompressor.enough {
      var candidate = Int(latest[hash(start)])
      for _ in 0..<RowCompressor.depth {
        let distance = place - candidate
        guard distance < RowCompressor.window else { break }
        // What differs right after the best so far cannot be better.
        let isPromising =
          best.length < 4 || word(candidate + best.length - 3) == word(place + best.length - 3)
        if isPromising, start == three(candidate) {
          let length = length(place, candidate)
          if length > best.length { best = Repetition(length: length, distance: distance) }
          if length >= RowCompressor.enough { break }
        }
        candidate = Int(earlier[candidate & (RowCompressor.window - 1)])
      }
    }
    best.length = wholePixels(best.length, at: place, rowEnd)
    // Three bytes from far away cost more than they save.
    return best.length > 3 || (best.length == 3 && best.distance < 1 << 14) ? best : Repetition()
  }

  /// A length without the part of a pixel at its end, so that the search goes on where a pixel begins.
  @inline(__always)
  private func wholePixels(_ length: Int, at place: Int, _ rowEnd: Int) -> Int {
    guard samples == 3 else { return length }
    var inRow = place + length - rowEnd
    if inRow < 0 { inRow += stride } else { inRow %= stride }
    return inRow == 0 ? length : length - (inRow - 1) % 3
  }

  @inline(__always)
  private func remember(_ place: Int) {
    guard place + 3 <= end else { return }
    let hash = hash(three(place))
    earlier[place & (RowCompressor.window - 1)] = latest[hash]
    latest[hash] = Int32(truncatingIfNeeded: place)
  }

  @inline(__always)
  private func hash(_ bytes: UInt32) -> Int { Int((bytes &* 2_654_435_761) >> 17) }

  /// Where a byte is in the buffer.
  @inline(__always)
  private func byte(_ place: Int) -> UnsafeRawPointer { UnsafeRawPointer(buffer) + (place - origin) }

  /// The three bytes from a place on: the shortest repetition, and a pixel of three samples.
  @inline(__always)
  private func three(_ place: Int) -> UInt32 { word(place) & 0xFF_FFFF }

  /// The four bytes from a place on.
  @inline(__always)
  private func word(_ place: Int) -> UInt32 { byte(place).loadUnaligned(as: UInt32.self).littleEndian }

  /// How many bytes from `a` on equal those from `b` on, which is earlier.
  @inline(__always)
  private func length(_ a: Int, _ b: Int) -> Int {
    let (first, second, limit) = (byte(a), byte(b), end - a)
    func difference(_ offset: Int) -> UInt64 {
      first.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
        ^ second.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
    }
    var length = 0
    while length + 32 <= limit,
      difference(length) | difference(length + 8) | difference(length + 16) | difference(length + 24) == 0
    {
      length += 32
    }
    while length + 8 <= limit {
      let difference = difference(length)
      if difference != 0 { return length + difference.trailingZeroBitCount / 8 }
      length += 8
    }
    while length < limit,
      first.load(fromByteOffset: length, as: UInt8.self)
        == second.load(fromByteOffset: length, as: UInt8.self)
    {
      length += 1
    }
    return length
  }
}

/// One block: what its codes are, then its tokens in them.
private struct HuffmanBlock {
  private let tokens: [UInt32]
  /// Bytes 0…255, the end of the block 256, lengths 257….
  private let symbols: HuffmanCode
  private let distances: HuffmanCode

  private static let endOfBlock = 256

  /// A token is a byte, or a length 3…258 in the upper half and a distance 1…32768, less one, in the lower.
  init(_ tokens: [UInt32]) {
    self.tokens = tokens
    var (bytes, lengths) = ([Int](repeating: 0, count: 256), [Int](repeating: 0, count: 259))
    var distanceCounts = [Int](repeating: 0, count: 30)
    for token in tokens {
      if token < 256 {
        bytes[Int(token)] += 1
      } else {
        lengths[Int(token >> 16)] += 1
        distanceCounts[DistanceCode(Int(token & 0xFFFF) + 1).symbol] += 1
      }
    }
    var symbolCounts = bytes + [1] + [Int](repeating: 0, count: 29)
    for length in 3...258 { symbolCounts[LengthCode.symbols[length]] += lengths[length] }
    symbols = HuffmanCode(symbolCounts, longest: 15)
    distances = HuffmanCode(distanceCounts, longest: 15)
  }

  /// How many bytes `write` may touch: a token has at most 48 bits, and the codes before them fit in 2 kB.
  var capacity: Int { 6 * tokens.count + 2048 }

  /// Writes the block; returns how many bytes it has.
  func write(to start: UnsafeMutablePointer<UInt8>) -> Int {
    var bits = BitWriter(to: start)
    bits.append(0b101, 3)  // the last block, with its own codes
    writeCodes(to: &bits)
    let bytes = (0..<256).map { symbols[$0] }
    let lengths = (0...258).map { length in
      length < 3 ? Bits() : symbols[LengthCode.symbols[length]].followed(by: LengthCode.rest(of: length))
    }
    let distances = (0..<30).map { self.distances[$0] }
    for token in tokens {
      if token < 256 {
        bits.append(bytes[Int(token)])
        continue
      }
      bits.append(lengths[Int(token >> 16)])
      let distance = DistanceCode(Int(token & 0xFFFF) + 1)
      bits.append(distances[distance.symbol].followed(by: distance.rest))
    }
    bits.append(symbols[HuffmanBlock.endOfBlock])
    return bits.finish()
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
    for length in lengths { bits.append(code[length]) }
  }
}

/// Some bits, the first lowest.
private struct Bits {
  var value: UInt32 = 0
  var count = 0

  @inline(__always)
  func followed(by other: Bits) -> Bits {
    Bits(value: value | other.value << UInt32(count), count: count + other.count)
  }
}

/// Lengths as symbols with further bits (RFC 1951, section 3.2.5).
private enum LengthCode {
  /// The symbol of each length up to 258; below 3 there is none.
  static let symbols = (0...258).map { length in length < 3 ? 0 : 257 + code(of: length).code }

  static func rest(of length: Int) -> Bits { code(of: length).rest }

  private static func code(of length: Int) -> (code: Int, rest: Bits) {
    if length == 258 { return (28, Bits()) }
    let value = UInt32(length - 3)
    if value < 8 { return (Int(value), Bits()) }
    let count = 29 - value.leadingZeroBitCount
    return (4 * count + Int(value >> count), Bits(value: value & (1 << count - 1), count: count))
  }
}

/// A distance as a symbol with further bits.
private struct DistanceCode {
  let symbol: Int
  let rest: Bits

  @inline(__always)
  init(_ distance: Int) {
    let value = UInt32(distance - 1)
    let count = max(0, 30 - value.leadingZeroBitCount)
    (symbol, rest) = (2 * count + Int(value >> count), Bits(value: value & (1 << count - 1), count: count))
  }
}

/// Canonical codes of limited length.
private struct HuffmanCode {
  private(set) var lengths: [Int]
  /// With the first bit lowest.
  private var codes: [UInt32]

  subscript(symbol: Int) -> Bits { Bits(value: codes[symbol], count: lengths[symbol]) }

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

  @inline(__always)
  mutating func append(_ bits: Bits) { append(bits.value, bits.count) }

  /// Fills the last byte up with zeros; returns how many bytes there are.
  mutating func finish() -> Int {
    start.storeBytes(of: open.littleEndian, toByteOffset: place, as: UInt64.self)
    return place + (count + 7) / 8
  }
}

/// The check sum of RFC 1950: the sum of the bytes, and the sum of its values after each byte.
private struct Adler32 {
  private var (sum, sumOfSums): (UInt32, UInt32) = (1, 0)

  var value: UInt32 { sumOfSums << 16 | sum }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let weights = SIMD32<UInt16>((0..<32).map { UInt16(32 - $0) })
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

  private func total(_ lanes: SIMD32<UInt16>) -> UInt32 {
    SIMD32<UInt32>(truncatingIfNeeded: lanes).wrappedSum()
  }
}
