// Serves draw: series that stand on each other.

/// Series of which each begins where the one before it ends: positive values upwards, negative ones downwards.
///
/// Every series gets a value at every place of any of them, 0 where it has none, so that areas have no gaps. The
/// intervals and seeds of single values say nothing about their stack and are left out.
func stacked(_ series: [Series], _ stack: Figure.Stack, isHorizontal: Bool) -> [Series] {
  func place(_ point: DataPoint) -> Coordinate { isHorizontal ? point.y : point.x }
  func value(_ point: DataPoint) -> Double { (isHorizontal ? point.x : point.y).number ?? 0 }

  var places: [Coordinate] = []
  var templates: [Coordinate: DataPoint] = [:]
  var sums: [Coordinate: Double] = [:]
  for point in series.flatMap(\.points) {
    if templates[place(point)] == nil {
      places.append(place(point))
      templates[place(point)] = point
    }
    sums[place(point), default: 0] += abs(value(point))
  }
  if places.allSatisfy({ $0.number != nil }) { places.sort { ($0.number ?? 0) < ($1.number ?? 0) } }

  var (tops, bottoms): ([Coordinate: Double], [Coordinate: Double]) = ([:], [:])
  return series.map { series in
    let own = Dictionary(series.points.map { (place($0), $0) }) { first, _ in first }
    var result = series
    result.seeds = []
    result.points = places.compactMap { place in
      guard var point = own[place] ?? templates[place] else { return nil }
      if own[place] == nil { point.count = 0 }
      let size = own[place].map(value) ?? 0
      let sum = sums[place] ?? 0
      let share = stack == .zero ? size : sum > 0 ? size / sum : 0
      if isHorizontal { point.x = .number(share) } else { point.y = .number(share) }
      (point.low, point.high) = (nil, nil)
      if share < 0 {
        point.base = bottoms[place] ?? 0
        bottoms[place, default: 0] += share
      } else {
        point.base = tops[place] ?? 0
        tops[place, default: 0] += share
      }
      return point
    }
    return result
  }
}
