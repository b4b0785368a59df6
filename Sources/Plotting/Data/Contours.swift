// Serves draw: lines of equal value over a grid, and the regions between them, by marching squares.

/// The values at which contour lines run over a scale, ascending.
func contourLevels(_ levels: Figure.Levels, _ scale: Scale) -> [Double] {
  switch levels {
  case .at(let values): return values
  case .about(let count):
    // The ends of the scale bound the picture already.
    return scale.ticks(count: count, .number).filter { !$0.label.isEmpty }.map(\.value).filter {
      let place = scale.position($0)
      return place > 1e-9 && place < 1 - 1e-9
    }.sorted()
  }
}

/// Values over a rectangular grid of places; NaN where there is none.
///
/// Values between the places of an edge are interpolated linearly; an ambiguous square is decided by the mean of its
/// corners (Lorensen and Cline, "Marching cubes", 1987, in two dimensions).
struct ValueGrid: Sendable {
  /// Places along x and y on the page, in the order of the grid.
  let xs: [Double]
  let ys: [Double]
  /// Row by row.
  let values: [Double]

  private func value(_ column: Int, _ row: Int) -> Double { values[row * xs.count + column] }

  /// The corners of a square in turn, with their values; `nil` when one has none.
  private func square(_ column: Int, _ row: Int) -> [(point: Point, value: Double)]? {
    let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map { dx, dy in
      (point: Point(xs[column + dx], ys[row + dy]), value: value(column + dx, row + dy))
    }
    return corners.allSatisfy { $0.value.isFinite } ? corners : nil
  }

  private static func crossing(
    _ a: (point: Point, value: Double), _ b: (point: Point, value: Double), _ level: Double
  ) -> Point {
    // Always from the smaller value, so that neighbours compute the same point.
    let (low, high) = a.value <= b.value ? (a, b) : (b, a)
    let fraction = (level - low.value) / (high.value - low.value)
    return low.point + (high.point - low.point) * fraction
  }

  /// The parts of the grid where values are at least `level`, as polygons that share their edges. All turn the same
  /// way, so that filling them together leaves no seams.
  func region(from level: Double) -> [[Point]] {
    guard xs.count > 1, ys.count > 1 else { return [] }
    var polygons: [[Point]] = []
    for row in 0..<(ys.count - 1) {
      // Neighbouring squares that lie inside wholly are one rectangle.
      var start: Int?
      func close(_ end: Int) {
        guard let first = start else { return }
        polygons.append([
          Point(xs[first], ys[row]), Point(xs[end], ys[row]), Point(xs[end], ys[row + 1]),
          Point(xs[first], ys[row + 1]),
        ])
        start = nil
      }
      for column in 0..<(xs.count - 1) {
        guard let corners = square(column, row) else {
          close(column)
          continue
        }
        let inside = corners.map { $0.value >= level }
        if inside.allSatisfy(\.self) {
          if start == nil { start = column }
          continue
        }
        close(column)
        if inside.contains(true) { polygons += parts(of: corners, inside, level) }
      }
      close(xs.count - 1)
    }
    return polygons
  }

  /// The polygons of one square that a line crosses.
  private func parts(of corners: [(point: Point, value: Double)], _ inside: [Bool], _ level: Double)
    -> [[Point]]
  {
    func edge(_ index: Int) -> Point { Self.crossing(corners[index], corners[(index + 1) % 4], level) }
    let isAmbiguous = inside[0] == inside[2] && inside[1] == inside[3] && inside[0] != inside[1]
    let middle = corners.reduce(0) { $0 + $1.value / 4 }
    if isAmbiguous, middle < level {
      // Two corners cut off.
      return (0..<4).filter { inside[$0] }.map { [edge(($0 + 3) % 4), corners[$0].point, edge($0)] }
    }
    var polygon: [Point] = []
    for index in 0..<4 {
      if inside[index] { polygon.append(corners[index].point) }
      if inside[index] != inside[(index + 1) % 4] { polygon.append(edge(index)) }
    }
    return [polygon]
  }

  /// The lines along which the value is `level`; a closed line ends where it begins.
  func lines(at level: Double) -> [[Point]] {
    guard xs.count > 1, ys.count > 1 else { return [] }
    // Each crossing lies on an edge of the grid; edges are numbered so that neighbouring squares agree.
    var neighbours: [Int: [Int]] = [:]
    var places: [Int: Point] = [:]
    var order: [Int] = []
    for row in 0..<(ys.count - 1) {
      for column in 0..<(xs.count - 1) {
        guard let corners = square(column, row) else { continue }
        let inside = corners.map { $0.value >= level }
        let base = row * xs.count + column
        let numbers = [2 * base, 2 * (base + 1) + 1, 2 * (base + xs.count), 2 * base + 1]
        let crossed = (0..<4).filter { inside[$0] != inside[($0 + 1) % 4] }
        guard !crossed.isEmpty else { continue }
        for index in crossed where places[numbers[index]] == nil {
          places[numbers[index]] = Self.crossing(corners[index], corners[(index + 1) % 4], level)
          order.append(numbers[index])
        }
        func join(_ a: Int, _ b: Int) {
          neighbours[numbers[a], default: []].append(numbers[b])
          neighbours[numbers[b], default: []].append(numbers[a])
        }
        if crossed.count == 2 {
          join(crossed[0], crossed[1])
        } else {
          let middle = corners.reduce(0) { $0 + $1.value / 4 }
          // Around each corner that the middle does not belong to.
          for corner in 0..<4 where inside[corner] != (middle >= level) { join((corner + 3) % 4, corner) }
        }
      }
    }
    return chained(order, neighbours).map { $0.compactMap { places[$0] } }
  }

  /// Edges that follow each other, open chains first.
  private func chained(_ order: [Int], _ neighbours: [Int: [Int]]) -> [[Int]] {
    var used: Set<Int> = []
    var chains: [[Int]] = []
    func follow(_ start: Int) {
      var chain = [start]
      used.insert(start)
      while let last = chain.last, let next = neighbours[last]?.first(where: { !used.contains($0) }) {
        chain.append(next)
        used.insert(next)
      }
      if chain.count > 2, let last = chain.last, neighbours[last]?.contains(start) == true {
        chain.append(start)
      }
      if chain.count > 1 { chains.append(chain) }
    }
    for edge in order where neighbours[edge]?.count == 1 && !used.contains(edge) { follow(edge) }
    for edge in order where !used.contains(edge) { follow(edge) }
    return chains
  }
}
