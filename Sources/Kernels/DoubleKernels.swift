// Serves execute: scalar products and combinations of rows in double precision, in the order of the contract.
//
// Multiplications and additions stay apart. A scalar product is summed in eight lanes, joined by halves.
import CProcessor
import KernelTable

private typealias Lanes = SIMD8<Double>
private let lanes = 8

@inline(__always) private func load(_ address: Doubles) -> Lanes {
  UnsafeRawPointer(address).loadUnaligned(as: Lanes.self)
}

@inline(__always) private func store(_ value: Lanes, _ address: MutableDoubles) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: Lanes.self)
}

/// The last elements of a row, zeros behind them; a lane, which is never −0, keeps its value when +0 is added.
@inline(__always) private func loadLast(_ address: Doubles, _ count: Int) -> Lanes {
  var value = Lanes()
  for lane in 0..<lanes where lane < count { value[lane] = address[lane] }
  return value
}

@inline(__always) private func joined(_ sums: Lanes) -> Double {
  let four = sums.lowHalf + sums.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

// MARK: - Scalar products

#if AVX512
  private typealias Block = ProductBlock<4, 4>
  private typealias TallBlock = ProductBlock<4, 1>
  private typealias WideBlock = ProductBlock<1, 4>
  private let (blockRows, blockColumns) = (4, 4)
#elseif AVX2 || arch(arm64)
  private typealias Block = ProductBlock<2, 2>
  private typealias TallBlock = ProductBlock<2, 1>
  private typealias WideBlock = ProductBlock<1, 2>
  private let (blockRows, blockColumns) = (2, 2)
#else
  private typealias Block = ProductBlock<2, 1>
  private typealias TallBlock = ProductBlock<2, 1>
  private typealias WideBlock = ProductBlock<1, 1>
  private let (blockRows, blockColumns) = (2, 1)
#endif

/// Rows of b that are small enough together for the cache next to a core.
private let rowsAtATime = 16

@Sendable func rowProducts(
  _ a: DoubleRows, _ b: DoubleRows, _ length: Int, _ result: MutableDoubles, _ resultStride: Int
) {
  var first = 0
  while first < b.count {
    let end = min(b.count, first &+ rowsAtATime)
    var i = 0
    while i < a.count {
      let rows = i &+ blockRows <= a.count ? blockRows : 1
      var j = first
      while j < end {
        let place = Products(
          a: a.start + i &* a.stride, aStride: a.stride, b: b.start + j &* b.stride, bStride: b.stride,
          length: length, result: result + (i &* resultStride &+ j), resultStride: resultStride)
        let columns = j &+ blockColumns <= end ? blockColumns : 1
        multiply(rows, columns, place)
        j &+= columns
      }
      i &+= rows
    }
    first = end
  }
}

@inline(__always) private func multiply(_ rows: Int, _ columns: Int, _ place: Products) {
  switch (rows == blockRows, columns == blockColumns) {
  case (true, true): Block.multiply(place)
  case (true, false): TallBlock.multiply(place)
  case (false, true): WideBlock.multiply(place)
  case (false, false): ProductBlock<1, 1>.multiply(place)
  }
}

/// Where the scalar products of a few rows of a with a few rows of b are taken from and left.
private struct Products {
  var a: Doubles
  var aStride: Int
  var b: Doubles
  var bStride: Int
  var length: Int
  var result: MutableDoubles
  var resultStride: Int
}

/// Scalar products whose sums are held in registers.
private enum ProductBlock<let rows: Int, let columns: Int> {
  typealias Sums = InlineArray<rows, InlineArray<columns, Lanes>>

  @inline(__always) static func multiply(_ place: Products) {
    var sums = Sums(repeating: .init(repeating: Lanes()))
    var k = 0
    while k &+ lanes <= place.length {
      add(&sums, place) { load($0 + k) }
      k &+= lanes
    }
    let rest = place.length &- k
    if rest > 0 { add(&sums, place) { loadLast($0 + k, rest) } }
    for i in 0..<rows {
      for j in 0..<columns { place.result[i &* place.resultStride &+ j] = joined(sums[i][j]) }
    }
  }

  @inline(__always) private static func add(
    _ sums: inout Sums, _ place: Products, _ load: (Doubles) -> Lanes
  ) {
    var right = InlineArray<columns, Lanes>(repeating: Lanes())
    for j in 0..<columns { right[j] = load(place.b + j &* place.bStride) }
    for i in 0..<rows {
      let left = load(place.a + i &* place.aStride)
      for j in 0..<columns { sums[i][j] += left * right[j] }
    }
  }
}

// MARK: - Combinations of rows

@Sendable func addRow(
  _ factors: Doubles, _ source: Doubles, _ target: MutableDoubleRows, _ length: Int
) {
  for row in 0..<target.count {
    let (factor, row) = (factors[row], target.start + row &* target.stride)
    var k = 0
    while k &+ lanes <= length {
      store(load(row + k) + factor * load(source + k), row + k)
      k &+= lanes
    }
    while k < length {
      row[k] += factor * source[k]
      k &+= 1
    }
  }
}

@Sendable func rotateRows(
  _ x: MutableDoubles, _ y: MutableDoubles, _ length: Int, _ cosine: Double, _ sine: Double
) {
  var k = 0
  while k &+ lanes <= length {
    let (a, b) = (load(x + k), load(y + k))
    store(cosine * a - sine * b, x + k)
    store(sine * a + cosine * b, y + k)
    k &+= lanes
  }
  while k < length {
    let (a, b) = (x[k], y[k])
    x[k] = cosine * a - sine * b
    y[k] = sine * a + cosine * b
    k &+= 1
  }
}

@Sendable func cosines(_ values: MutableDoubles, _ count: Int) {
  var k = 0
  while k &+ 16 <= count {
    offprint_cosines(values + k)
    k &+= 16
  }
  guard k < count else { return }
  withUnsafeTemporaryAllocation(of: Double.self, capacity: 16) { buffer in
    guard let last = buffer.baseAddress else { return }
    for i in 0..<16 { last[i] = k &+ i < count ? values[k &+ i] : 0 }
    offprint_cosines(last)
    for i in 0..<(count &- k) { values[k &+ i] = last[i] }
  }
}
