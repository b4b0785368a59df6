// Serves execute: every kernel of the engine in one source, built once for each instruction-set level.
//
// One file, because only within a file do debug builds inline across functions. Vectors span rows and columns, never
// a sum; nothing outside the matrix products fuses a multiplication with an addition.
import CProcessor
import KernelTable

// MARK: - The vector

/// Sixteen elements; how many registers that takes is the level's affair and never changes a bit.
typealias Vector = SIMD16<Float>
typealias Bits = SIMD16<Int32>

let width = 16

@inline(__always) func load(_ address: Floats) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ value: Vector, _ address: MutableFloats) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: Vector.self)
}

@inline(__always) func bits(_ value: Vector) -> Bits { unsafeBitCast(value, to: Bits.self) }
@inline(__always) func vector(_ bits: Bits) -> Vector { unsafeBitCast(bits, to: Vector.self) }

/// The larger of each pair; `b` where either is not a number.
@inline(__always) func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

/// Each root, correctly rounded (IEEE 754).
@inline(__always) func squareRoot(_ value: Vector) -> Vector { offprint_sqrt(value) }

#if EMULATED_FMA
  /// a·b + c with one rounding, where the processor has no such instruction.
  ///
  /// The product of two floats is exact in double precision. The sum is rounded to odd, so that the second rounding,
  /// to single precision, acts as the only one (Boldo & Melquiond 2008).
  @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    var result = Vector()
    for lane in 0..<width {
      let product = Double(a[lane]) * Double(b[lane])
      let addend = Double(c[lane])
      let sum = product + addend
      let part = sum - product
      let error = (product - (sum - part)) + (addend - part)
      var pattern = sum.bitPattern
      // `error - error` is zero only for a finite error: infinities and NaN keep the plain sum.
      if error != 0, error - error == 0, pattern & 1 == 0 {
        pattern = (error > 0) == (sum > 0) ? pattern &+ 1 : pattern &- 1
      }
      result[lane] = Float(Double(bitPattern: pattern))
    }
    return result
  }
#else
  /// a·b + c with one rounding.
  @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    c.addingProduct(a, b)
  }
#endif

/// The sum of the sixteen lanes by a fixed tree: halves, quarters, eighths, pairs.
@inline(__always) func laneSum(_ value: Vector) -> Float {
  let eight = value.lowHalf + value.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

/// The largest lane by the same tree; any lane when some are not numbers.
@inline(__always) func laneMaximum(_ value: Vector) -> Float {
  let eight = value.lowHalf.replacing(with: value.highHalf, where: value.highHalf .> value.lowHalf)
  let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.highHalf .> eight.lowHalf)
  let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
  return two.y > two.x ? two.y : two.x
}

// MARK: - Matrix products

#if AVX512
  // 24 accumulators of 32 registers, whatever the tile's width.
  private let tallest = [14, 12, 8, 6]
  private let widest = 4
  private let fewestRowsToPack = 2
#elseif AVX2
  private let tallest = [6]
  private let widest = 1
  private let fewestRowsToPack = 13
#elseif arch(arm64)
  // A vector is four registers: 24 accumulators of 32 registers, and one row of b.
  private let tallest = [6]
  private let widest = 1
  private let fewestRowsToPack = 13
#else
  private let tallest = [4]
  private let widest = 1
  private let fewestRowsToPack = 13
#endif

/// The most of k that is accumulated before a tile is written back, which keeps the panel of b in cache.
private let deepestBlock = 320
/// Columns that are copied at a time.
private let packedWidth = 256

@Sendable func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ a: StridedMatrix, _ b: Floats, _ bStride: Int, _ start: Start,
  _ result: MutableFloats, _ resultStride: Int, _ scratch: MutableFloats
) {
  multiplySegments(
    m, n, SegmentedMatrix(a.start, rowStride: a.rowStride, columnStride: a.columnStride, depth: k), b,
    bStride,
    start, .store, result, resultStride, scratch)
}

@Sendable func multiplySegments(
  _ m: Int, _ n: Int, _ a: SegmentedMatrix, _ b: Floats, _ bStride: Int, _ start: Start, _ finish: Finish,
  _ result: MutableFloats, _ resultStride: Int, _ scratch: MutableFloats
) {
  var product = Product(
    m: m, a: a, b: b, bStride: bStride, start: start, finish: finish, result: result,
    resultStride: resultStride)
  let k = a.segments &* a.depth
  // A chain that is added at its end cannot be laid down in the result half-way.
  if k <= deepestBlock || finish == .add { return multiplyBlock(product, n, scratch) }
  // Even blocks, of whole segments if possible: a short last block would cost a pass over the result for little work.
  let blocks = (k &+ deepestBlock &- 1) / deepestBlock
  let segments = max(1, (a.segments &+ blocks &- 1) / blocks)
  let pieces = segments > 1 ? 1 : (a.depth &+ deepestBlock &- 1) / deepestBlock
  let depth = (a.depth &+ pieces &- 1) / pieces
  var segment = 0
  while segment < a.segments {
    product.a.segments = min(segments, a.segments &- segment)
    var first = 0
    while first < a.depth {
      product.a.depth = min(depth, a.depth &- first)
      product.a.start = a.start + (segment &* a.segmentStride &+ first &* a.columnStride)
      product.b = b + (segment &* a.depth &+ first) &* bStride
      multiplyBlock(product, n, scratch)
      product.start = .result
      first &+= depth
    }
    segment &+= segments
  }
}

/// A product of which every chain is accumulated without a break: what the tiles work on.
private struct Product {
  var m: Int
  var a: SegmentedMatrix
  var b: Floats
  var bStride: Int
  var start: Start
  var finish: Finish
  var result: MutableFloats
  var resultStride: Int

  /// The same product for the columns from `column` on.
  @inline(__always) func columns(from column: Int) -> Product {
    var part = self
    part.b += column
    part.result += column
    if case .row(let bias) = start { part.start = .row(bias + column) }
    return part
  }
}

/// All columns, panel by panel; a panel of b stays in the first cache while the rows of a pass.
private func multiplyBlock(_ product: Product, _ n: Int, _ scratch: MutableFloats) {
  let k = product.a.segments &* product.a.depth
  // As many columns as scratch memory holds, in whole panels.
  let packed = min(packedWidth, scratchSize / max(k, 1) / (widest &* width) &* (widest &* width))
  let packs = packed > 0 && product.m >= fewestRowsToPack && competes(n, k, product.bStride)
  var column = 0
  while column < n {
    let columns = packs ? min(packed, n &- column) : n
    if packs { pack(k, columns, product.b + column, product.bStride, scratch) }
    var inside = 0
    while inside < columns {
      let vectors = min(widest, (columns &- inside) / width)
      var panel = product.columns(from: column &+ inside)
      if packs {
        panel.b = Floats(scratch) + inside &* k
        panel.bStride = vectors &* width
      }
      multiplyPanel(panel, vectors)
      inside &+= vectors &* width
    }
    column &+= columns
  }
}

/// Whether the rows of a panel of b would push each other out of the first cache (64 sets of eight lines of 16 elements).
private func competes(_ n: Int, _ k: Int, _ stride: Int) -> Bool {
  #if AVX512
    // Four lines a row use neighbouring sets: only very wide matrices lose, to the translation of addresses.
    return n > 1024
  #else
    let lines = stride / width
    let sets = 64 / max(1, min(64, lines & (0 &- lines)))
    return n > 1024 || k > 8 &* sets
  #endif
}

/// Copies columns of b (k × columns) into contiguous memory, one panel after another.
private func pack(_ k: Int, _ columns: Int, _ source: Floats, _ stride: Int, _ scratch: MutableFloats) {
  for row in 0..<k {
    var column = 0
    while column < columns {
      let panel = min(widest &* width, columns &- column)
      let target = scratch + (column &* k &+ row &* panel)
      var j = 0
      while j < panel {
        store(load(source + (row &* stride &+ column &+ j)), target + j)
        j &+= width
      }
      column &+= panel
    }
  }
}

/// One panel of columns, group by group, in bands of rows that are as even as they can be.
private func multiplyPanel(_ product: Product, _ vectors: Int) {
  let limit = tallest[vectors &- 1]
  var tile = product
  var left = product.m
  while left > 0 {
    let group = min(product.a.rowsPerGroup, left)
    let bands = (group &+ limit &- 1) / limit
    let height = (group &+ bands &- 1) / bands
    let groupStart = tile.a.start
    var row = 0
    while row < group {
      let rows = min(height, group &- row)
      switch vectors {
      #if AVX512
        case 4: wide4(rows, tile)
        case 3: wide3(rows, tile)
        case 2: wide2(rows, tile)
      #endif
      default: wide1(rows, tile)
      }
      tile.a.start += rows &* product.a.rowStride
      tile.result += rows &* product.resultStride
      row &+= rows
    }
    tile.a.start = groupStart + product.a.groupStride
    left &-= group
  }
}

/// A tile of the result held in registers: `rows` × `vectors`·16 elements.
private enum Tile<let rows: Int, let vectors: Int> {
  typealias Sums = InlineArray<rows, InlineArray<vectors, Vector>>

  @inline(__always) static func multiply(_ product: Product) {
    var sums = first(product)
    let (rowStride, columnStride, bStride) = (product.a.rowStride, product.a.columnStride, product.bStride)
    var (segment, right, segments) = (product.a.start, product.b, product.a.segments)
    while segments > 0 {
      var (left, remaining) = (segment, product.a.depth)
      while remaining > 0 {
        var row = InlineArray<vectors, Vector>(repeating: Vector())
        for j in 0..<vectors { row[j] = load(right + j &* width) }
        for i in 0..<rows {
          let factor = Vector(repeating: left[i &* rowStride])
          for j in 0..<vectors { sums[i][j] = multiplyAdd(factor, row[j], sums[i][j]) }
        }
        left += columnStride
        right += bStride
        remaining &-= 1
      }
      segment += product.a.segmentStride
      segments &-= 1
    }
    finish(sums, product)
  }

  /// What the chains start from.
  @inline(__always) private static func first(_ product: Product) -> Sums {
    var sums = Sums(repeating: .init(repeating: Vector()))
    switch product.start {
    case .zero: break
    case .result:
      for i in 0..<rows {
        for j in 0..<vectors { sums[i][j] = load(product.result + (i &* product.resultStride &+ j &* width)) }
      }
    case .row(let bias):
      for i in 0..<rows { for j in 0..<vectors { sums[i][j] = load(bias + j &* width) } }
    }
    return sums
  }

  @inline(__always) private static func finish(_ sums: Sums, _ product: Product) {
    for i in 0..<rows {
      for j in 0..<vectors {
        let place = product.result + (i &* product.resultStride &+ j &* width)
        switch product.finish {
        case .store: store(sums[i][j], place)
        case .add: store(load(place) + sums[i][j], place)
        }
      }
    }
  }
}

@inline(never) private func wide1(_ rows: Int, _ tile: Product) {
  switch rows {
  case 1: Tile<1, 1>.multiply(tile)
  case 2: Tile<2, 1>.multiply(tile)
  case 3: Tile<3, 1>.multiply(tile)
  case 4: Tile<4, 1>.multiply(tile)
  #if AVX2 || AVX512 || arch(arm64)
    case 5: Tile<5, 1>.multiply(tile)
    case 6: Tile<6, 1>.multiply(tile)
  #endif
  #if AVX512
    case 7: Tile<7, 1>.multiply(tile)
    case 8: Tile<8, 1>.multiply(tile)
    case 9: Tile<9, 1>.multiply(tile)
    case 10: Tile<10, 1>.multiply(tile)
    case 11: Tile<11, 1>.multiply(tile)
    case 12: Tile<12, 1>.multiply(tile)
    case 13: Tile<13, 1>.multiply(tile)
    case 14: Tile<14, 1>.multiply(tile)
  #endif
  default: break
  }
}

#if AVX512
  @inline(never) private func wide2(_ rows: Int, _ tile: Product) {
    switch rows {
    case 1: Tile<1, 2>.multiply(tile)
    case 2: Tile<2, 2>.multiply(tile)
    case 3: Tile<3, 2>.multiply(tile)
    case 4: Tile<4, 2>.multiply(tile)
    case 5: Tile<5, 2>.multiply(tile)
    case 6: Tile<6, 2>.multiply(tile)
    case 7: Tile<7, 2>.multiply(tile)
    case 8: Tile<8, 2>.multiply(tile)
    case 9: Tile<9, 2>.multiply(tile)
    case 10: Tile<10, 2>.multiply(tile)
    case 11: Tile<11, 2>.multiply(tile)
    case 12: Tile<12, 2>.multiply(tile)
    default: break
    }
  }

  @inline(never) private func wide3(_ rows: Int, _ tile: Product) {
    switch rows {
    case 1: Tile<1, 3>.multiply(tile)
    case 2: Tile<2, 3>.multiply(tile)
    case 3: Tile<3, 3>.multiply(tile)
    case 4: Tile<4, 3>.multiply(tile)
    case 5: Tile<5, 3>.multiply(tile)
    case 6: Tile<6, 3>.multiply(tile)
    case 7: Tile<7, 3>.multiply(tile)
    case 8: Tile<8, 3>.multiply(tile)
    default: break
    }
  }

  @inline(never) private func wide4(_ rows: Int, _ tile: Product) {
    switch rows {
    case 1: Tile<1, 4>.multiply(tile)
    case 2: Tile<2, 4>.multiply(tile)
    case 3: Tile<3, 4>.multiply(tile)
    case 4: Tile<4, 4>.multiply(tile)
    case 5: Tile<5, 4>.multiply(tile)
    case 6: Tile<6, 4>.multiply(tile)
    default: break
    }
  }
#endif

/// Sixteen by sixteen elements at a time, in registers.
@Sendable func transpose(
  _ rows: Int, _ columns: Int, _ source: Floats, _ sourceStride: Int, _ result: MutableFloats,
  _ resultStride: Int
) {
  var row = 0
  while row < rows {
    let height = min(width, rows &- row)
    var column = 0
    while column < columns {
      var block = InlineArray<16, Vector>(repeating: Vector())
      for i in 0..<height { block[i] = load(source + ((row &+ i) &* sourceStride &+ column)) }
      block = shuffled(shuffled(shuffled(shuffled(block))))
      for j in 0..<min(width, columns &- column) {
        store(block[j], result + ((column &+ j) &* resultStride &+ row))
      }
      column &+= width
    }
    row &+= width
  }
}

/// A perfect shuffle of sixteen rows: rows i and i + 8 become rows 2i and 2i + 1, element by element. Four of them are a
/// transposition.
@inline(__always) private func shuffled(_ block: InlineArray<16, Vector>) -> InlineArray<16, Vector> {
  var result = InlineArray<16, Vector>(repeating: Vector())
  for i in 0..<8 {
    let (a, b) = (block[i], block[i &+ 8])
    result[2 &* i].evenHalf = a.lowHalf
    result[2 &* i].oddHalf = b.lowHalf
    result[2 &* i &+ 1].evenHalf = a.highHalf
    result[2 &* i &+ 1].oddHalf = b.highHalf
  }
  return result
}

// MARK: - Element-wise functions, statistics, updates

/// exp(x) with an error below 2 ulp; 0 below −87.3, infinity above 88.7, NaN for NaN.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2, and the Taylor polynomial of exp(r) to r⁷.
@inline(__always) func exponential(_ x: Vector) -> Vector {
  // Adding 1.5·2²³ leaves the nearest whole number in the low bits of the sum.
  let shift: Float = 12_582_912
  let low: Float = -87.3
  let high: Float = 88.7
  let inside = maximum(Vector(repeating: low), x.replacing(with: high, where: x .> high))
  let shifted = inside * 1.442_695_04 + shift
  let n = shifted - shift
  var r = inside - n * 0.693_145_75
  r = r - n * 1.428_606_8e-6
  var p = r * 1.984_127e-4 + 1.388_888_9e-3
  p = p * r + 8.333_333_3e-3
  p = p * r + 4.166_666_6e-2
  p = p * r + 1.666_666_7e-1
  p = p * r + 0.5
  p = p * (r * r) + r + 1
  let exponent =
    (bits(shifted) &- bits(Vector(repeating: shift)) &+ Bits(repeating: 127)) &<< Bits(repeating: 23)
  var result = p * vector(exponent)
  result.replace(with: 0, where: x .< low)
  result.replace(with: .infinity, where: x .> high)
  return result.replacing(with: x, where: x .!= x)
}

/// tanh(x) with an error below 5 ulp: an odd polynomial near zero, (1 − e)/(1 + e) with e = exp(−2|x|) elsewhere.
@inline(__always) func hyperbolicTangent(_ x: Vector) -> Vector {
  let magnitude = vector(bits(x) & Bits(repeating: 0x7FFF_FFFF))
  let e = exponential(magnitude * -2)
  let far = (1 - e) / (1 + e)
  let signed = vector(bits(far) | (bits(x) & Bits(repeating: Int32.min)))
  let square = x * x
  var p = square * 2.186_948_9e-2 - 5.396_825_4e-2
  p = p * square + 1.333_333_3e-1
  p = p * square - 3.333_333_3e-1
  let near = x + x * square * p
  return signed.replacing(with: near, where: magnitude .< 0.125).replacing(with: x, where: x .!= x)
}

@Sendable func activate(_ activation: Activation, _ values: MutableFloats, _ count: Int) {
  switch activation {
  case .identity: return
  case .relu: each(values, count) { $0.replacing(with: 0, where: $0 .< 0) }
  case .leakyRelu: each(values, count) { $0.replacing(with: $0 * 0.01, where: $0 .< 0) }
  case .tanh: each(values, count, hyperbolicTangent)
  case .sigmoid: each(values, count) { 1 / (1 + exponential(-$0)) }
  }
}

@Sendable func activationGradient(
  _ activation: Activation, _ output: Floats, _ gradient: MutableFloats, _ count: Int
) {
  switch activation {
  case .identity: return
  case .relu: both(output, gradient, count) { $1.replacing(with: 0, where: $0 .<= 0) }
  case .leakyRelu: both(output, gradient, count) { $1.replacing(with: $1 * 0.01, where: $0 .<= 0) }
  case .tanh: both(output, gradient, count) { $1 * (1 - $0 * $0) }
  case .sigmoid: both(output, gradient, count) { $1 * ($0 * (1 - $0)) }
  }
}

@inline(__always) private func each(_ values: MutableFloats, _ count: Int, _ body: (Vector) -> Vector) {
  var i = 0
  while i < count {
    store(body(load(values + i)), values + i)
    i &+= width
  }
}

@inline(__always) private func both(
  _ output: Floats, _ gradient: MutableFloats, _ count: Int, _ body: (Vector, Vector) -> Vector
) {
  var i = 0
  while i < count {
    store(body(load(output + i), load(gradient + i)), gradient + i)
    i &+= width
  }
}

@Sendable func softmaxCrossEntropy(
  _ rows: Int, _ classes: Int, _ logits: Floats, _ stride: Int, _ labels: UnsafePointer<Int32>,
  _ scale: Float,
  _ gradient: MutableFloats, _ logProbability: UnsafeMutablePointer<Double>
) {
  let vectors = (classes &+ width &- 1) / width
  for row in 0..<rows {
    let z = logits + row &* stride
    let g = gradient + row &* stride
    var largest = Vector(repeating: -.infinity)
    for j in 0..<vectors { largest = maximum(masked(z, j, classes, -.infinity), largest) }
    let peak = laneMaximum(largest)
    var sums = Vector()
    for j in 0..<vectors {
      let e = exponential(masked(z, j, classes, -.infinity) - peak)
      store(e, g + j &* width)
      sums += e
    }
    let total = laneSum(sums)
    let inverse = 1 / total
    for j in 0..<vectors { store(load(g + j &* width) * inverse * scale, g + j &* width) }
    let label = Int(labels[row])
    logProbability[row] = Double(z[label] - peak) - logarithm(Double(total))
    g[label] -= scale
  }
}

/// Vector `j` of a row, with `padding` in the lanes beyond the last class.
@inline(__always) private func masked(_ row: Floats, _ j: Int, _ classes: Int, _ padding: Float) -> Vector {
  let lanes = Bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  return load(row + j &* width).replacing(
    with: padding, where: lanes .>= Bits(repeating: Int32(truncatingIfNeeded: classes &- j &* width)))
}

/// log(x) of a positive finite x, by the series of 2·atanh((m − 1)/(m + 1)); error below 2 ulp.
private func logarithm(_ x: Double) -> Double {
  var exponent = Int(truncatingIfNeeded: x.bitPattern &>> 52) &- 1023
  var m = Double(bitPattern: x.bitPattern & 0xF_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
  if m > 1.414_213_562_373_095_1 {
    m *= 0.5
    exponent &+= 1
  }
  if x != x || x == .infinity { return x }
  let s = (m - 1) / (m + 1)
  let q = s * s
  var p = 1.0 / 21
  p = p * q + 1.0 / 19
  p = p * q + 1.0 / 17
  p = p * q + 1.0 / 15
  p = p * q + 1.0 / 13
  p = p * q + 1.0 / 11
  p = p * q + 1.0 / 9
  p = p * q + 1.0 / 7
  p = p * q + 1.0 / 5
  p = p * q + 1.0 / 3
  return Double(exponent) * 0.693_147_180_559_945_3 + (2 * s + 2 * s * (q * p))
}

@Sendable func columnSums(_ rows: Int, _ columns: Int, _ values: Floats, _ stride: Int, _ sums: MutableFloats)
{
  var j = 0
  while j < columns {
    var sum = Vector()
    for i in 0..<rows { sum += load(values + (i &* stride &+ j)) }
    store(sum, sums + j)
    j &+= width
  }
}

@Sendable func columnMoments(
  _ rows: Int, _ columns: Int, _ values: Floats, _ stride: Int, _ mean: MutableFloats,
  _ variance: MutableFloats
) {
  let count = Float(rows)
  var j = 0
  while j < columns {
    var sum = Vector()
    for i in 0..<rows { sum += load(values + (i &* stride &+ j)) }
    let center = sum / count
    var squares = Vector()
    for i in 0..<rows {
      let distance = load(values + (i &* stride &+ j)) - center
      squares += distance * distance
    }
    store(center, mean + j)
    store(squares / count, variance + j)
    j &+= width
  }
}

@Sendable func normalize(
  _ rows: Int, _ columns: Int, _ values: Floats, _ stride: Int, _ mean: Floats, _ inverseDeviation: Floats,
  _ scale: Floats, _ shift: Floats, _ normalized: MutableFloats, _ output: MutableFloats
) {
  var j = 0
  while j < columns {
    let (center, inverse, gamma, beta) = (
      load(mean + j), load(inverseDeviation + j), load(scale + j), load(shift + j)
    )
    for i in 0..<rows {
      let at = i &* stride &+ j
      let unit = (load(values + at) - center) * inverse
      store(unit, normalized + at)
      store(unit * gamma + beta, output + at)
    }
    j &+= width
  }
}

@Sendable func normalizeGradient(
  _ rows: Int, _ columns: Int, _ normalized: Floats, _ stride: Int, _ inverseDeviation: Floats,
  _ scale: Floats,
  _ gradient: MutableFloats, _ scaleGradient: MutableFloats, _ shiftGradient: MutableFloats,
  _ throughStatistics: Bool
) {
  let count = Float(rows)
  var j = 0
  while j < columns {
    var (sum, weighted) = (Vector(), Vector())
    for i in 0..<rows {
      let g = load(gradient + (i &* stride &+ j))
      sum += g
      weighted += g * load(normalized + (i &* stride &+ j))
    }
    store(weighted, scaleGradient + j)
    store(sum, shiftGradient + j)
    let factor = load(scale + j) * load(inverseDeviation + j)
    let (meanGradient, meanWeighted) =
      throughStatistics ? (sum / count, weighted / count) : (Vector(), Vector())
    for i in 0..<rows {
      let at = i &* stride &+ j
      store(
        factor * (load(gradient + at) - meanGradient - load(normalized + at) * meanWeighted), gradient + at)
    }
    j &+= width
  }
}

@Sendable func sgd(
  _ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ velocity: MutableFloats, _ rate: Float,
  _ momentum: Float, _ nesterov: Bool, _ decay: Float
) {
  var i = 0
  while i < count {
    let p = load(parameters + i)
    var g = load(gradient + i)
    if decay != 0 { g += p * decay }
    if momentum != 0 {
      let v = load(velocity + i) * momentum + g
      store(v, velocity + i)
      g = nesterov ? g + v * momentum : v
    }
    store(p - g * rate, parameters + i)
    i &+= width
  }
}

@Sendable func adam(
  _ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ first: MutableFloats,
  _ second: MutableFloats,
  _ step: AdamStep
) {
  let (keep1, keep2) = (1 - step.beta1, 1 - step.beta2)
  var i = 0
  while i < count {
    let p = load(parameters + i)
    let g = load(gradient + i) + p * step.decay
    let m = load(first + i) * step.beta1 + g * keep1
    let v = load(second + i) * step.beta2 + g * g * keep2
    store(m, first + i)
    store(v, second + i)
    let root = squareRoot(v * step.secondCorrection) + step.epsilon
    store(p - m * step.firstCorrection * step.rate / root, parameters + i)
    i &+= width
  }
}

@Sendable func scaleElements(_ count: Int, _ values: MutableFloats, _ factors: Floats) {
  var i = 0
  while i < count {
    store(load(values + i) * load(factors + i), values + i)
    i &+= width
  }
}

// MARK: - The logistic loss in double precision

private typealias Wide = SIMD8<Double>
private typealias WideBits = SIMD8<Int64>

@inline(__always) private func loadWide(_ address: UnsafePointer<Double>) -> Wide {
  UnsafeRawPointer(address).loadUnaligned(as: Wide.self)
}

/// exp(x) with an error below 2 ulp; 0 below −745, infinity above 709.
@inline(__always) private func exponential(_ x: Wide) -> Wide {
  let shift = 6_755_399_441_055_744.0
  var inside = x.replacing(with: Wide(repeating: -745), where: x .< -745)
  inside.replace(with: 709, where: inside .> 709)
  let shifted = inside * 1.4426950408889634 + shift
  let n = shifted - shift
  let r = (inside - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b39p-40
  var p = Wide(repeating: 1.0 / 6_227_020_800)
  p = p * r + 1.0 / 479_001_600
  p = p * r + 1.0 / 39_916_800
  p = p * r + 1.0 / 3_628_800
  p = p * r + 1.0 / 362_880
  p = p * r + 1.0 / 40_320
  p = p * r + 1.0 / 5_040
  p = p * r + 1.0 / 720
  p = p * r + 1.0 / 120
  p = p * r + 1.0 / 24
  p = p * r + 1.0 / 6
  p = p * r + 0.5
  p = p * (r * r) + r + 1
  let exponent = unsafeBitCast(shifted, to: WideBits.self) &- Int64(bitPattern: shift.bitPattern)
  // Two factors, so that neither leaves the range of normal numbers.
  let half = exponent &>> 1
  let first = unsafeBitCast((half &+ 1023) &<< 52, to: Wide.self)
  let second = unsafeBitCast((exponent &- half &+ 1023) &<< 52, to: Wide.self)
  var result = p * first * second
  result.replace(with: 0, where: x .< -745)
  result.replace(with: .infinity, where: x .> 709)
  return result.replacing(with: x, where: x .!= x)
}

/// log(1 + u)/u for 0 ≤ u ≤ 1, which is 1 at u = 0: 2/(2 + u) times the series of atanh(s)/s at s = u/(2 + u).
@inline(__always) private func logarithmQuotient(_ u: Wide) -> Wide {
  let s = u / (2 + u)
  let q = s * s
  var p = Wide(repeating: 1.0 / 35)
  var n = 33.0
  while n > 0 {
    p = p * q + 1 / n
    n -= 2
  }
  return 2 / (2 + u) * p
}

/// The smallest lane by the same tree. (The library's own `min()` would be one function for all levels.)
@inline(__always) private func laneMinimum(_ value: Wide) -> Double {
  let four = value.lowHalf.replacing(with: value.highHalf, where: value.highHalf .< value.lowHalf)
  let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .< four.lowHalf)
  return two.y < two.x ? two.y : two.x
}

/// The sum of the eight lanes by a fixed tree.
@inline(__always) private func laneSum(_ value: Wide) -> Double {
  let four = value.lowHalf + value.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

@Sendable func logisticGradient(
  _ count: Int, _ dimension: Int, _ points: UnsafePointer<Double>, _ stride: Int,
  _ weights: UnsafePointer<Double>, _ factors: UnsafeMutablePointer<Double>,
  _ gradient: UnsafeMutablePointer<Double>, _ scalesBySmallestMargin: Bool
) -> Double {
  var smallest = Wide(repeating: .infinity)
  for n in Swift.stride(from: 0, to: stride, by: 8) {
    var margin = Wide()
    for d in 0..<dimension { margin += loadWide(points + (d &* stride &+ n)) * weights[d] }
    UnsafeMutableRawPointer(factors + n).storeBytes(of: margin, as: Wide.self)
    if scalesBySmallestMargin {
      for lane in 0..<min(8, count &- n) { smallest[lane] = min(smallest[lane], margin[lane]) }
    }
  }
  let shift = scalesBySmallestMargin ? max(0, laneMinimum(smallest)) : 0
  var losses = Wide()
  for n in Swift.stride(from: 0, to: stride, by: 8) {
    let margin = loadWide(factors + n)
    let positive = margin .> 0
    let magnitude = margin.replacing(with: -margin, where: margin .< 0)
    let small = exponential(-magnitude)
    let scaled = shift > 0 ? exponential(shift - margin) : small
    UnsafeMutableRawPointer(factors + n).storeBytes(
      of: scaled.replacing(with: 1, where: .!positive) / (1 + small), as: Wide.self)
    if scalesBySmallestMargin {
      let quotient = scaled * logarithmQuotient(small)
      var loss = quotient.replacing(with: quotient - margin, where: .!positive)
      if count &- n < 8 { for lane in (count &- n)..<8 { loss[lane] = 0 } }
      losses += loss
    }
  }
  for d in 0..<dimension {
    var sum = Wide()
    for n in Swift.stride(from: 0, to: stride, by: 8) {
      sum += loadWide(factors + n) * loadWide(points + (d &* stride &+ n))
    }
    gradient[d] = -laneSum(sum)
  }
  return laneSum(losses)
}

// MARK: - The level

#if AVX512
  private let level = "avx512"
#elseif AVX2
  private let level = "avx2"
#elseif arch(arm64)
  private let level = "neon"
#else
  private let level = "scalar"
#endif

/// The kernels of this level.
public func makeKernels() -> KernelTable {
  KernelTable(
    name: level, multiply: multiply, multiplySegments: multiplySegments, transpose: transpose,
    activate: activate,
    activationGradient: activationGradient, softmaxCrossEntropy: softmaxCrossEntropy, columnSums: columnSums,
    columnMoments: columnMoments, normalize: normalize, normalizeGradient: normalizeGradient, sgd: sgd,
    adam: adam,
    scale: scaleElements, logisticGradient: logisticGradient)
}
