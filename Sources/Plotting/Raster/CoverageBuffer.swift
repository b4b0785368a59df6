// Serves draw: how much of each pixel a polygon or a stroke covers, exactly.

/// Whole pixels: `left` and `top` inside, `right` and `bottom` outside.
struct PixelBounds: Hashable, Sendable {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int
}

/// One number per pixel of some rows (and two spare columns) with the part of each row that is in use.
///
/// Each edge of a polygon adds, to the pixels it crosses, the area to its right, and a running sum along the row gives the
/// covered fraction of each pixel, so that a polygon's coverage adds up to its area. (The method of R. Levien's font-rs,
/// 2016.)
final class CoverageBuffer {
  private let stride: Int
  private let capacity: Int
  private var rows: Range<Int>
  private let values: UnsafeMutablePointer<Float>
  /// For each row, which columns are in use.
  private let first: UnsafeMutablePointer<Int32>
  private let last: UnsafeMutablePointer<Int32>
  /// Counted from the first.
  private var usedRows: Range<Int> = 0..<0

  init(width: Int, rows: Range<Int>) {
    stride = width + 2
    capacity = rows.count
    self.rows = rows
    values = .allocate(capacity: stride * capacity)
    values.initialize(repeating: 0, count: stride * capacity)
    first = .allocate(capacity: capacity)
    first.initialize(repeating: .max, count: capacity)
    last = .allocate(capacity: capacity)
    last.initialize(repeating: -1, count: capacity)
  }

  deinit {
    values.deallocate()
    first.deallocate()
    last.deallocate()
  }

  /// Stands for other rows from now on, at most as many as at first; nothing may be in use.
  func move(to rows: Range<Int>) {
    precondition(rows.count <= capacity && usedRows.isEmpty)
    self.rows = rows
  }

  /// Adds a polygon's area inside `clip`, which lies in the buffer.
  func add(_ polygon: [Point], _ clip: PixelBounds) {
    guard var previous = polygon.last, polygon.count > 2, clip.left < clip.right, clip.top < clip.bottom
    else { return }
    let inside = Rect(
      left: Double(clip.left), top: Double(clip.top), right: Double(clip.right), bottom: Double(clip.bottom))
    for point in polygon {
      addEdge(previous, point, inside)
      previous = point
    }
  }

  /// Adds the signed area to the right of an edge (device pixels) to the pixels inside `clip`.
  @inline(__always)
  private func addEdge(_ a: Point, _ b: Point, _ clip: Rect) {
    guard a.y != b.y, a.isFinite, b.isFinite else { return }
    let sign: Double = a.y < b.y ? 1 : -1
    var (upper, lower) = a.y < b.y ? (a, b) : (b, a)
    guard lower.y > clip.top, upper.y < clip.bottom else { return }
    let slope = (lower.x - upper.x) / (lower.y - upper.y)
    if upper.y < clip.top { upper = Point(upper.x + (clip.top - upper.y) * slope, clip.top) }
    if lower.y > clip.bottom { lower = Point(lower.x - (lower.y - clip.bottom) * slope, clip.bottom) }
    if upper.x >= clip.left, upper.x <= clip.right, lower.x >= clip.left, lower.x <= clip.right {
      addInside(upper, lower, slope, sign)
    } else {
      splitAtSides(upper, lower, slope, sign, clip)
    }
  }

  /// Cuts an edge at the left and right side of the clip: what is beyond a side counts as running down it.
  private func splitAtSides(
    _ upper: Point, _ lower: Point, _ slope: Double, _ sign: Double, _ clip: Rect
  ) {
    func crossing(_ x: Double) -> Double {
      slope == 0 ? upper.y : min(max(upper.y + (x - upper.x) / slope, upper.y), lower.y)
    }
    let (left, right) = (clip.left, clip.right)
    let (atLeft, atRight) = (crossing(left), crossing(right))
    let cuts = [upper.y, min(atLeft, atRight), max(atLeft, atRight), lower.y]
    for (top, bottom) in zip(cuts, cuts.dropFirst()) where bottom > top {
      let (a, b) = (upper.x + (top - upper.y) * slope, upper.x + (bottom - upper.y) * slope)
      let middle = (a + b) / 2
      if middle <= left {
        addInside(Point(left, top), Point(left, bottom), 0, sign)
      } else if middle < right {
        let (a, b) = (min(max(a, left), right), min(max(b, left), right))
        addInside(Point(a, top), Point(b, bottom), (b - a) / (bottom - top), sign)
      } else {
        // Nothing lies to the right, but the row is in use up to here.
        addInside(Point(right, top), Point(right, bottom), 0, sign)
      }
    }
  }

  private func addInside(_ upper: Point, _ lower: Point, _ slope: Double, _ sign: Double) {
    guard lower.y > upper.y else { return }
    let start = Int(upper.y) - rows.lowerBound
    let end = min(ceiling(lower.y), rows.upperBound) - rows.lowerBound
    use(start..<end)
    let limit = Double(stride - 2)
    var (x, top) = (upper.x, upper.y)
    var nextRow = Double(Int(upper.y))
    var values = self.values + start * stride
    for row in start..<end {
      nextRow += 1
      let height = min(nextRow, lower.y) - top
      let next = min(max(x + slope * height, 0), limit)
      let area = height * sign
      let (low, high) = x < next ? (x, next) : (next, x)
      let firstColumn = Int(low)
      let endColumn = ceiling(high)
      if endColumn <= firstColumn + 1 {
        let middle = (x + next) / 2 - Double(firstColumn)
        values[firstColumn] += Float(area - area * middle)
        values[firstColumn + 1] += Float(area * middle)
      } else {
        // The edge crosses several pixels of the row: the area grows as a parabola, then a line, then a parabola.
        let share = 1 / (high - low)
        let rest = 1 - (low - Double(firstColumn))
        let overhang = high - Double(endColumn - 1)
        let head = 0.5 * share * rest * rest
        let tail = 0.5 * share * overhang * overhang
        var previous = head
        values[firstColumn] += Float(area * head)
        if endColumn > firstColumn + 2 {
          let second = share * (rest + 0.5)
          values[firstColumn + 1] += Float(area * (second - head))
          previous = second
          for column in (firstColumn + 2)..<(endColumn - 1) {
            values[column] += Float(area * share)
            previous += share
          }
        }
        values[endColumn - 1] += Float(area * (1 - tail - previous))
        values[endColumn] += Float(area * tail)
      }
      first[row] = min(first[row], Int32(truncatingIfNeeded: firstColumn))
      last[row] = max(last[row], Int32(truncatingIfNeeded: max(endColumn, firstColumn + 1)))
      (x, top) = (next, nextRow)
      values += stride
    }
  }

  private func use(_ rows: Range<Int>) {
    usedRows =
      usedRows.isEmpty
      ? rows : min(usedRows.lowerBound, rows.lowerBound)..<max(usedRows.upperBound, rows.upperBound)
  }

  /// Hands each used row, counted from the first, to `body`, which must leave its values zero, and forgets which parts
  /// were used.
  @inline(__always)
  func drain(_ body: (_ row: Int, _ columns: Range<Int>, _ values: UnsafeMutablePointer<Float>) -> Void) {
    for row in usedRows where last[row] >= 0 {
      body(row, Int(first[row])..<(Int(last[row]) + 1), values + row * stride)
      first[row] = .max
      last[row] = -1
    }
    usedRows = 0..<0
  }

  /// Takes over the covered fractions that `areas` stand for where they are larger, and empties the areas.
  func keepLarger(of areas: CoverageBuffer) {
    guard !areas.usedRows.isEmpty else { return }
    use(areas.usedRows)
    areas.drain { row, columns, areas in
      let values = self.values + row * stride
      var sum: Float = 0
      for column in columns {
        sum += areas[column]
        areas[column] = 0
        values[column] = max(values[column], min(abs(sum), 1))
      }
      first[row] = min(first[row], Int32(columns.lowerBound))
      last[row] = max(last[row], Int32(columns.upperBound - 1))
    }
  }
}

/// The least whole number not below a number ≥ 0; `rounded(.up)` is a call of the C library on older processors.
@inline(__always)
private func ceiling(_ x: Double) -> Int {
  let whole = Int(x)
  return Double(whole) < x ? whole + 1 : whole
}

extension UnsafeMutablePointer<Float> {
  /// The first of some places that is not zero; the end when there is none.
  @inline(__always)
  func endOfZeros(from start: Int, to end: Int) -> Int {
    var place = start
    while place + 8 <= end {
      let eight = UnsafeRawPointer(self + place).loadUnaligned(as: SIMD4<UInt64>.self)
      let two = eight.lowHalf | eight.highHalf
      if two.x | two.y != 0 { break }
      place += 8
    }
    while place < end, self[place] == 0 { place += 1 }
    return place
  }
}
