// Serves execute: every kernel in single precision in one source, built once for each instruction-set level.
//
// One file, because only within a file do debug builds inline across functions. Vectors span rows and columns, never
// a sum; nothing outside the matrix products fuses a multiplication with an addition.
import CProcessor
import KernelTable

// MARK: - The vector

/// Sixteen elements; how many registers that takes is the level's affair and never changes a bit.
typealias Vector = SIMD16<Float>
typealias Bits = SIMD16<Int32>
typealias Half = SIMD8<Float>

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
  @inline(__always) func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
    let product = Double(a) * Double(b)
    let addend = Double(c)
    let sum = product + addend
    let part = sum - product
    let error = (product - (sum - part)) + (addend - part)
    var pattern = sum.bitPattern
    // `error - error` is zero only for a finite error: infinities and NaN keep the plain sum.
    if error != 0, error - error == 0, pattern & 1 == 0 {
      pattern = (error > 0) == (sum > 0) ? pattern &+ 1 : pattern &- 1
    }
    return Float(Double(bitPattern: pattern))
  }

  /// The same, lane by lane.
  @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    var result = Vector()
    for lane in 0..<width { result[lane] = multiplyAdd(a[lane], b[lane], c[lane]) }
    return result
  }

  /// The same, lane by lane.
  @inline(__always) func multiplyAdd(_ a: Half, _ b: Half, _ c: Half) -> Half {
    var result = Half()
    for lane in 0..<8 { result[lane] = multiplyAdd(a[lane], b[lane], c[lane]) }
    return result
  }
#else
  /// a·b + c with one rounding.
  @inline(__always) func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

  /// a·b + c with one rounding.
  @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    c.addingProduct(a, b)
  }

  /// a·b + c with one rounding.
  @inline(__always) func multiplyAdd(_ a: Half, _ b: Half, _ c: Half) -> Half {
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
  // Up to 24 accumulators of 32 registers.
  private let tallest = [14, 8, 8, 6]
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
/// Elements of the result that stay in the second cache while it is added to.
private let nearSize = 1 << 16
/// Columns that are copied at a time.
private let packedWidth = 256
/// Elements of b that are copied at a time at most.
private let packedSize = 320 * 256
/// Elements of a that are copied at a time at most, behind those of b.
private let packedRowsSize = 320 * 204

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
  let product = Product(
    m: m, a: a, b: b, bStride: bStride, start: start, finish: finish, result: result,
    resultStride: resultStride, tile: scratch + (packedSize &+ packedRowsSize))
  let k = a.segments &* a.depth
  if k <= deepestBlock { return multiplyBlock(product, n, scratch) }
  // A chain that becomes something else at its end cannot be laid down in the result half-way.
  guard case .store = finish else { return multiplyBlock(product, n, scratch) }
  // The result is read and written once a block: so many columns at a time that it stays in the second cache.
  let columns = max(packedWidth, nearSize / max(m, 1) / packedWidth &* packedWidth)
  var column = 0
  while column < n {
    multiplyBlocks(product.columns(from: column), min(columns, n &- column), scratch)
    column &+= columns
  }
}

/// A product block by block of k, each of which goes on from the result of those before.
private func multiplyBlocks(_ whole: Product, _ n: Int, _ scratch: MutableFloats) {
  var product = whole
  let a = whole.a
  // Even blocks, of whole segments if possible: a short last block would cost a pass over the result for little work.
  let blocks = (a.segments &* a.depth &+ deepestBlock &- 1) / deepestBlock
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
      product.b = whole.b + (segment &* a.depth &+ first) &* whole.bStride
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
  /// Room for a tile that does not go to the result.
  var tile: MutableFloats
  /// Whether a is a copy in which each band of rows is together, column by column.
  var hasPackedRows = false

  /// The same product for the columns from `column` on.
  @inline(__always) func columns(from column: Int) -> Product {
    var part = self
    part.b += column
    part.move(by: column)
    if case .row(let bias) = start { part.start = .row(bias + column) }
    return part
  }

  /// Goes on to another place of the result.
  @inline(__always) mutating func move(by elements: Int) {
    result += elements
    if case .update(var update) = finish {
      update.first += elements
      update.second += elements
      finish = .update(update)
    }
  }
}

/// All columns, panel by panel; a panel of b stays in the first cache while the rows of a pass.
private func multiplyBlock(_ product: Product, _ n: Int, _ scratch: MutableFloats) {
  let k = product.a.segments &* product.a.depth
  // As many columns as scratch memory holds, in whole panels.
  let packed = min(packedWidth, packedSize / max(k, 1) / (widest &* width) &* (widest &* width))
  let packs = packed > 0 && product.m >= fewestRowsToPack && competes(k, product.bStride)
  var column = 0
  while column < n {
    let columns = packs ? min(packed, n &- column) : n
    var chunk = product.columns(from: column)
    if packs {
      pack(k, columns, chunk.b, chunk.bStride, scratch)
      chunk.b = Floats(scratch)
    }
    let rows = packsRows(product.a, columns, k) ? max(1, packedRowsSize / k) : product.m
    var row = 0
    while row < product.m {
      chunk.m = min(rows, product.m &- row)
      if rows < product.m || packsRows(product.a, columns, k) {
        packRows(product.a, row, chunk.m, k, scratch + packedSize)
        chunk.a.start = Floats(scratch) + packedSize
        chunk.hasPackedRows = true
      }
      multiplyPanels(chunk, columns, k, packs: packs)
      chunk.move(by: chunk.m &* product.resultStride)
      row &+= chunk.m
    }
    column &+= columns
  }
}

/// The columns of one chunk.
private func multiplyPanels(_ chunk: Product, _ columns: Int, _ k: Int, packs: Bool) {
  var column = 0
  while column < columns {
    let vectors = min(widest, (columns &- column) / width)
    var panel = chunk.columns(from: column)
    if packs {
      panel.b = chunk.b + column &* k
      panel.bStride = vectors &* width
    }
    multiplyPanel(panel, vectors)
    column &+= vectors &* width
  }
}

/// Whether the columns of a transposed a would push each other out of the first cache, and enough panels share a copy of it.
private func packsRows(_ a: SegmentedMatrix, _ columns: Int, _ k: Int) -> Bool {
  #if AVX512
    return false
  #else
    // Columns 1 kB apart share four sets of eight lines, and a tile reads one line of each.
    return a.rowStride == 1 && a.columnStride > 0 && a.columnStride & 255 == 0 && columns >= 128
      && a.segments == 1 && a.rowsPerGroup == .max && k >= 32 && k <= deepestBlock
  #endif
}

/// Copies rows of a, band by band as `multiplyPanel` takes them, each band column by column.
private func packRows(_ a: SegmentedMatrix, _ first: Int, _ m: Int, _ k: Int, _ target: MutableFloats) {
  let height = bandHeight(m, tallest[widest &- 1])
  var row = 0
  while row < m {
    let rows = min(height, m &- row)
    let source = a.start + (first &+ row) &* a.rowStride
    let band = target + row &* k
    for column in 0..<k {
      for i in 0..<rows { band[column &* rows &+ i] = source[i &+ column &* a.columnStride] }
    }
    row &+= rows
  }
}

/// Rows of each band but the last, as even as they can be.
@inline(__always) private func bandHeight(_ rows: Int, _ limit: Int) -> Int {
  let bands = (rows &+ limit &- 1) / limit
  return (rows &+ bands &- 1) / max(1, bands)
}

/// Whether the rows of a panel of b would push each other out of the first cache (64 sets of eight lines of 16 elements).
private func competes(_ k: Int, _ stride: Int) -> Bool {
  #if AVX512
    // Four lines a row use neighbouring sets: only very wide matrices lose, to the translation of addresses.
    return stride > 1024
  #else
    let lines = stride / width
    let sets = 64 / max(1, min(64, lines & (0 &- lines)))
    return stride > 1024 || k > 8 &* sets
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
    let height = bandHeight(group, limit)
    let groupStart = tile.a.start
    var row = 0
    while row < group {
      let rows = min(height, group &- row)
      if product.hasPackedRows { (tile.a.rowStride, tile.a.columnStride) = (1, rows) }
      if case .update(let update) = tile.finish {
        multiplyAndUpdate(rows, vectors, tile, update)
      } else {
        multiplyTile(rows, vectors, tile)
      }
      tile.a.start += rows &* (product.hasPackedRows ? product.a.depth : product.a.rowStride)
      tile.move(by: rows &* product.resultStride)
      row &+= rows
    }
    tile.a.start = groupStart + product.a.groupStride
    left &-= group
  }
}

@inline(__always) private func multiplyTile(_ rows: Int, _ vectors: Int, _ tile: Product) {
  switch vectors {
  #if AVX512
    case 4: wide4(rows, tile)
    case 3: wide3(rows, tile)
    case 2: wide2(rows, tile)
  #endif
  default: wide1(rows, tile)
  }
}

/// A tile that the parameters in its place follow while it is in the first cache.
private func multiplyAndUpdate(_ rows: Int, _ vectors: Int, _ tile: Product, _ update: ParameterUpdate) {
  // Parameters lie far apart from row to row, where the processor does not look ahead by itself.
  for i in 0..<rows {
    for j in 0..<vectors {
      let at = i &* tile.resultStride &+ j &* width
      offprint_prefetch(tile.result + at)
      offprint_prefetch(update.first + at)
      if case .adam = update.rule { offprint_prefetch(update.second + at) }
    }
  }
  var gradient = tile
  (gradient.finish, gradient.result, gradient.resultStride) = (.store, tile.tile, vectors &* width)
  multiplyTile(rows, vectors, gradient)
  for i in 0..<rows {
    let at = i &* tile.resultStride
    follow(
      vectors &* width, tile.result + at, tile.tile + i &* vectors &* width, update.rule, update.first + at,
      update.second + at)
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

  /// Loops without choices, which the compiler unrolls: an index that it does not know would keep the sums in memory.
  @inline(__always) private static func finish(_ sums: Sums, _ product: Product) {
    var sums = sums
    if case .add = product.finish {
      for i in 0..<rows {
        for j in 0..<vectors {
          sums[i][j] += load(product.result + (i &* product.resultStride &+ j &* width))
        }
      }
    }
    for i in 0..<rows {
      for j in 0..<vectors { store(sums[i][j], product.result + (i &* product.resultStride &+ j &* width)) }
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

// MARK: - Sparse products

@Sendable func multiplySparse(
  _ a: SparseMatrix, _ n: Int, _ b: Floats, _ bStride: Int, _ starts: Floats?, _ result: MutableFloats,
  _ resultStride: Int
) -> Bool {
  var negativeZeros = Bits()
  var column = 0
  while column < n {
    let vectors = min(widestSparse, (n &- column) / width)
    let (panel, target) = (b + column, result + column)
    switch vectors {
    #if AVX512
      case 8: SparseTile<8>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
      case 7: SparseTile<7>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
      case 6: SparseTile<6>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
      case 5: SparseTile<5>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
    #endif
    case 4: SparseTile<4>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
    case 3: SparseTile<3>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
    case 2: SparseTile<2>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
    default: SparseTile<1>.multiply(a, panel, bStride, starts, target, resultStride, &negativeZeros)
    }
    column &+= vectors &* width
  }
  return anyLane(negativeZeros)
}

#if AVX512
  private let widestSparse = 8
#else
  private let widestSparse = 4
#endif

/// Whole rows of the result, `vectors`·16 columns at a time.
private enum SparseTile<let vectors: Int> {
  @inline(__always) static func multiply(
    _ a: SparseMatrix, _ b: Floats, _ bStride: Int, _ starts: Floats?, _ result: MutableFloats,
    _ resultStride: Int, _ negativeZeros: inout Bits
  ) {
    var p = Int(a.starts[0])
    for i in 0..<a.rows {
      var sums = InlineArray<vectors, Vector>(repeating: Vector(repeating: starts?[i] ?? 0))
      let end = Int(a.starts[i &+ 1])
      while p < end {
        let factor = Vector(repeating: a.values[Int(a.places[p])])
        let row = b + Int(a.columns[p]) &* bStride
        for j in 0..<vectors { sums[j] = multiplyAdd(factor, load(row + j &* width), sums[j]) }
        p &+= 1
      }
      for j in 0..<vectors {
        negativeZeros.replace(with: -1, where: bits(sums[j]) .== Bits(repeating: Int32.min))
        store(sums[j], result + (i &* resultStride &+ j &* width))
      }
    }
  }
}

@inline(__always) private func anyLane(_ value: Bits) -> Bool {
  let eight = value.lowHalf | value.highHalf
  let four = eight.lowHalf | eight.highHalf
  let two = four.lowHalf | four.highHalf
  return two.x | two.y != 0
}

@Sendable func sparseGradient(
  _ pattern: SparseMatrix, _ depth: Int, _ left: Floats, _ leftStride: Int, _ right: Floats,
  _ rightStride: Int, _ gradient: MutableFloats
) {
  withUnsafeTemporaryAllocation(of: SurvivorGroup.self, capacity: 4) { buffer in
    guard let groups = buffer.baseAddress else { return }
    // Four groups of survivors at a time hide the latency of a chain, whatever rows they belong to.
    var waiting = 0
    for i in 0..<pattern.rows {
      let end = Int(pattern.starts[i &+ 1])
      var p = Int(pattern.starts[i])
      while p < end {
        let (columns, last) = (pattern.columns + p, min(8, end &- p) &- 1)
        func row(_ lane: Int) -> Floats { left + Int(columns[min(lane, last)]) &* leftStride }
        (groups + waiting).initialize(
          to: SurvivorGroup(
            first: p, count: last &+ 1, right: right + i &* rightStride, r0: row(0), r1: row(1), r2: row(2),
            r3: row(3), r4: row(4), r5: row(5), r6: row(6), r7: row(7)))
        waiting &+= 1
        if waiting == 4 {
          sparseDots(groups, depth, pattern.places, gradient)
          waiting = 0
        }
        p &+= 8
      }
    }
    if waiting == 0 { return }
    for unused in waiting..<4 { (groups + unused).initialize(to: groups[0]) }
    sparseDots(groups, depth, pattern.places, gradient)
  }
}

/// Up to eight survivors of one row of the pattern, a lane each.
private struct SurvivorGroup {
  var first: Int
  var count: Int
  /// The row that all of them are multiplied with.
  var right: Floats
  /// The row that each of them is multiplied with.
  var r0, r1, r2, r3, r4, r5, r6, r7: Floats
}

/// The chains of four groups of survivors.
private func sparseDots(
  _ groups: UnsafePointer<SurvivorGroup>, _ depth: Int, _ places: UnsafePointer<Int32>,
  _ gradient: MutableFloats
) {
  var (s0, s1, s2, s3) = (Half(), Half(), Half(), Half())
  var i = 0
  while i < depth {
    let links = depth &- i
    extend(&s0, groups, i, links)
    extend(&s1, groups + 1, i, links)
    extend(&s2, groups + 2, i, links)
    extend(&s3, groups + 3, i, links)
    i &+= 8
  }
  scatter(s0, groups, places, gradient)
  scatter(s1, groups + 1, places, gradient)
  scatter(s2, groups + 2, places, gradient)
  scatter(s3, groups + 3, places, gradient)
}

/// Up to eight links of eight chains. Rows are turned into columns in registers, because a chain runs along them.
@inline(__always) private func extend(
  _ sum: inout Half, _ group: UnsafePointer<SurvivorGroup>, _ i: Int, _ links: Int
) {
  let columns = columnsOfBlock(
    group.pointee.r0 + i, group.pointee.r1 + i, group.pointee.r2 + i, group.pointee.r3 + i,
    group.pointee.r4 + i, group.pointee.r5 + i, group.pointee.r6 + i, group.pointee.r7 + i)
  let factors = group.pointee.right + i
  if links >= 8 {
    for j in 0..<8 { sum = multiplyAdd(columns[j], Half(repeating: factors[j]), sum) }
  } else {
    // Not `0..<links`: a column whose number the compiler does not know would keep all of them in memory.
    for j in 0..<8 where j < links { sum = multiplyAdd(columns[j], Half(repeating: factors[j]), sum) }
  }
}

@inline(__always) private func scatter(
  _ sum: Half, _ group: UnsafePointer<SurvivorGroup>, _ places: UnsafePointer<Int32>,
  _ gradient: MutableFloats
) {
  for lane in 0..<group.pointee.count { gradient[Int(places[group.pointee.first &+ lane])] = sum[lane] }
}

/// The columns of an 8×8 block whose rows lie anywhere; every shuffle but the first stays within halves of a register.
@inline(__always) private func columnsOfBlock(
  _ r0: Floats, _ r1: Floats, _ r2: Floats, _ r3: Floats, _ r4: Floats, _ r5: Floats, _ r6: Floats,
  _ r7: Floats
) -> InlineArray<8, Half> {
  var result = InlineArray<8, Half>(repeating: Half())
  for half in 0..<2 {
    let at = 4 &* half
    let (a, b) = (offprint_pair(r0 + at, r4 + at), offprint_pair(r1 + at, r5 + at))
    let (c, d) = (offprint_pair(r2 + at, r6 + at), offprint_pair(r3 + at, r7 + at))
    let (p, q) = (offprint_low(a, b), offprint_low(c, d))
    let (r, s) = (offprint_high(a, b), offprint_high(c, d))
    result[at] = offprint_first(p, q)
    result[at &+ 1] = offprint_second(p, q)
    result[at &+ 2] = offprint_first(r, s)
    result[at &+ 3] = offprint_second(r, s)
  }
  return result
}

@Sendable func allFinite(_ count: Int, _ values: Floats) -> Bool {
  let exponent = Bits(repeating: 0x7F80_0000)
  var found = Bits()
  var i = 0
  while i < count {
    found.replace(with: -1, where: bits(load(values + i)) & exponent .== exponent)
    i &+= width
  }
  return !anyLane(found)
}

@Sendable func maskElements(_ count: Int, _ values: MutableFloats, _ mask: Floats) {
  var i = 0
  while i < count {
    store(load(values + i).replacing(with: 0, where: load(mask + i) .== 0), values + i)
    i &+= width
  }
}

// MARK: - Pooling

@Sendable func maxPool(
  _ line: PoolingLine, _ source: Floats, _ result: MutableFloats, _ places: UnsafeMutablePointer<Int32>
) {
  let lanes = Bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  for window in 0..<line.count {
    var channel = 0
    while channel < line.channels {
      let corner = window &* line.step &+ channel
      var (best, offset) = (load(source + corner), Bits(repeating: Int32(truncatingIfNeeded: corner)))
      for y in 0..<line.height {
        for x in 0..<line.width {
          let place = corner &+ y &* line.lineStride &+ x &* line.channels
          let values = load(source + place)
          let isLarger = values .> best
          best.replace(with: values, where: isLarger)
          offset.replace(with: Int32(truncatingIfNeeded: place), where: isLarger)
        }
      }
      let out = window &* line.channels &+ channel
      store(best, result + out)
      UnsafeMutableRawPointer(places + out).storeBytes(of: offset &+ lanes, as: Bits.self)
      channel &+= width
    }
  }
}

// MARK: - Transposition

/// Eight by eight elements at a time, in registers.
@Sendable func transpose(
  _ rows: Int, _ columns: Int, _ source: Floats, _ sourceStride: Int, _ result: MutableFloats,
  _ resultStride: Int
) {
  let lanes = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7)
  let padded = (rows &+ width &- 1) / width &* width
  var row = 0
  while row < padded {
    // Rows that are not there are read as the last one and written as zeros.
    let missing = lanes .>= SIMD8(repeating: Int32(truncatingIfNeeded: rows &- row))
    let isWhole = row &+ 8 <= rows
    func place(_ i: Int) -> Floats { source + min(row &+ i, rows &- 1) &* sourceStride }
    let (r0, r1, r2, r3) = (place(0), place(1), place(2), place(3))
    let (r4, r5, r6, r7) = (place(4), place(5), place(6), place(7))
    var column = 0
    while column < columns {
      let block = columnsOfBlock(
        r0 + column, r1 + column, r2 + column, r3 + column, r4 + column, r5 + column, r6 + column,
        r7 + column)
      let target = UnsafeMutableRawPointer(result + (column &* resultStride &+ row))
      if isWhole, column &+ 8 <= columns {
        for j in 0..<8 {
          target.storeBytes(of: block[j], toByteOffset: j &* resultStride &* 4, as: Half.self)
        }
      } else {
        for j in 0..<min(8, columns &- column) {
          target.storeBytes(
            of: block[j].replacing(with: 0, where: missing), toByteOffset: j &* resultStride &* 4,
            as: Half.self)
        }
      }
      column &+= 8
    }
    row &+= 8
  }
}

// MARK: - Element-wise functions, statistics, updates

@Sendable func activate(_ activation: Activation, _ values: MutableFloats, _ count: Int) {
  switch activation {
  case .identity: return
  case .relu: each(values, count) { $0.replacing(with: 0, where: $0 .< 0) }
  case .leakyRelu: each(values, count) { $0.replacing(with: $0 * 0.01, where: $0 .< 0) }
  case .tanh: eachBlock(values, count) { offprint_hyperbolic_tangents($0) }
  case .sigmoid: eachBlock(values, count) { offprint_sigmoids($0) }
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

/// Blocks of 64 elements, the last one in a copy where it is shorter.
@inline(__always) private func eachBlock(
  _ values: MutableFloats, _ count: Int, _ body: (MutableFloats) -> Void
) {
  var i = 0
  while i &+ 64 <= count {
    body(values + i)
    i &+= 64
  }
  if i == count { return }
  withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { buffer in
    guard let block = buffer.baseAddress else { return }
    for j in 0..<64 { block[j] = j < count &- i ? values[i &+ j] : 0 }
    body(block)
    for j in 0..<count &- i { values[i &+ j] = block[j] }
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
    let (z, g) = (logits + row &* stride, gradient + row &* stride)
    var largest = Vector(repeating: -.infinity)
    for j in 0..<vectors { largest = maximum(masked(z, j, classes, -.infinity), largest) }
    let peak = laneMaximum(largest)
    for j in 0..<vectors { store(masked(z, j, classes, -.infinity) - peak, g + j &* width) }
    logProbability[row] = Double(z[Int(labels[row])] - peak)
  }
  eachBlock(gradient, rows &* stride) { offprint_exponentials($0) }
  for row in 0..<rows {
    let g = gradient + row &* stride
    var sums = Vector()
    for j in 0..<vectors { sums += load(g + j &* width) }
    let total = laneSum(sums)
    let inverse = 1 / total
    for j in 0..<vectors { store(load(g + j &* width) * inverse * scale, g + j &* width) }
    logProbability[row] -= logarithm(Double(total))
    g[Int(labels[row])] -= scale
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

@Sendable func updateParameters(
  _ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ update: ParameterUpdate
) {
  follow(count, parameters, gradient, update.rule, update.first, update.second)
}

@inline(__always) private func follow(
  _ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ rule: UpdateRule, _ first: MutableFloats,
  _ second: MutableFloats
) {
  switch rule {
  case .sgd(let step): descend(count, parameters, gradient, first, step)
  case .adam(let step): descend(count, parameters, gradient, first, second, step)
  }
}

@inline(__always) private func descend(
  _ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ velocity: MutableFloats, _ step: SGDStep
) {
  var i = 0
  while i < count {
    let p = load(parameters + i)
    var g = load(gradient + i)
    if step.decay != 0 { g += p * step.decay }
    if step.momentum != 0 {
      let v = load(velocity + i) * step.momentum + g
      store(v, velocity + i)
      g = step.nesterov ? g + v * step.momentum : v
    }
    store(p - g * step.rate, parameters + i)
    i &+= width
  }
}

@inline(__always) private func descend(
  _ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ first: MutableFloats,
  _ second: MutableFloats, _ step: AdamStep
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

@Sendable func gatherRows(
  _ count: Int, _ length: Int, _ source: Floats, _ indices: UnsafePointer<Int>, _ target: MutableFloats
) {
  for row in 0..<count {
    let from = source + indices[row] &* length
    // The rows lie anywhere: the processor begins to look ahead in each of them too late.
    let ahead = source + indices[min(row &+ 2, count &- 1)] &* length
    let to = target + row &* length
    var i = 0
    while i < length {
      offprint_prefetch_read(ahead + i)
      store(load(from + i), to + i)
      i &+= width
    }
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

@inline(__always) private func loadWide(_ address: UnsafePointer<Double>) -> Wide {
  UnsafeRawPointer(address).loadUnaligned(as: Wide.self)
}

@inline(__always) private func storeWide(_ value: Wide, _ address: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: Wide.self)
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
  _ weights: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>,
  _ gradient: UnsafeMutablePointer<Double>, _ scalesBySmallestMargin: Bool
) -> Double {
  let points = PointBlocks(count: count, dimension: dimension, start: points, stride: stride)
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: 48) { buffer in
    guard let margins = buffer.baseAddress else { return 0 }
    let (factors, losses) = (margins + 16, margins + 32)
    let shift = scalesBySmallestMargin ? max(0, points.smallestMargin(weights, margins)) : 0
    var loss = Wide()
    for i in 0..<8 &* dimension { sums[i] = 0 }
    var n = 0
    while n < stride {
      points.fillMargins(from: n, weights, margins)
      offprint_logistic(margins, shift, factors, scalesBySmallestMargin ? losses : nil)
      points.addGradient(from: n, factors, sums)
      if scalesBySmallestMargin {
        for i in min(16, count &- n)..<16 { losses[i] = 0 }
        for block in 0..<points.blocks(from: n) { loss += loadWide(losses + 8 &* block) }
      }
      n &+= 16
    }
    for d in 0..<dimension { gradient[d] = -laneSum(loadWide(sums + 8 &* d)) }
    return laneSum(loss)
  }
}

/// Points in two blocks of eight at a time; at the end the last block stands in for one that is not there.
private struct PointBlocks {
  var count: Int
  var dimension: Int
  var start: UnsafePointer<Double>
  var stride: Int

  @inline(__always) func blocks(from n: Int) -> Int { min(2, (stride &- n) / 8) }

  /// zₙ·w, in order of coordinates.
  @inline(__always) func fillMargins(
    from n: Int, _ weights: UnsafePointer<Double>, _ margins: UnsafeMutablePointer<Double>
  ) {
    let last = stride &- 8
    let places = (n, min(n &+ 8, last))
    var (a, b) = (Wide(), Wide())
    var row = start
    for coordinate in 0..<dimension {
      let weight = weights[coordinate]
      a += loadWide(row + places.0) * weight
      b += loadWide(row + places.1) * weight
      row += stride
    }
    storeWide(a, margins)
    storeWide(b, margins + 8)
  }

  /// sums += factor · zₙ for every coordinate, in order of blocks.
  @inline(__always) func addGradient(
    from n: Int, _ factors: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>
  ) {
    let blocks = blocks(from: n)
    for d in 0..<dimension {
      var sum = loadWide(sums + 8 &* d)
      for block in 0..<blocks {
        sum += loadWide(factors + 8 &* block) * loadWide(start + (d &* stride &+ n &+ 8 &* block))
      }
      storeWide(sum, sums + 8 &* d)
    }
  }

  /// The smallest of zₙ·w; infinity without examples.
  @inline(__always) func smallestMargin(
    _ weights: UnsafePointer<Double>, _ margins: UnsafeMutablePointer<Double>
  ) -> Double {
    var smallest = Wide(repeating: .infinity)
    var n = 0
    while n < stride {
      fillMargins(from: n, weights, margins)
      for i in min(16, count &- n)..<16 { margins[i] = .infinity }
      for block in 0..<blocks(from: n) {
        let margin = loadWide(margins + 8 &* block)
        smallest = smallest.replacing(with: margin, where: margin .< smallest)
      }
      n &+= 16
    }
    return laneMinimum(smallest)
  }
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
    name: level, multiply: multiply, multiplySegments: multiplySegments, multiplySparse: multiplySparse,
    sparseGradient: sparseGradient, gatherRows: gatherRows, allFinite: allFinite, mask: maskElements,
    maxPool: maxPool,
    transpose: transpose,
    activate: activate,
    activationGradient: activationGradient, softmaxCrossEntropy: softmaxCrossEntropy, columnSums: columnSums,
    columnMoments: columnMoments, normalize: normalize, normalizeGradient: normalizeGradient,
    update: updateParameters,
    scale: scaleElements, logisticGradient: logisticGradient, rowProducts: rowProducts, addRow: addRow,
    rotateRows: rotateRows, cosines: cosines, randomBlocks: randomBlocks)
}
