// Serves tabulate: numbers that describe a sample. All sums run from first to last.

/// The arithmetic mean, Σx / n; NaN for no values.
///
/// Summed as deviations from the first value, so the mean of equal values is exactly that value.
public func mean(_ values: [Double]) -> Double {
  guard let first = values.first else { return .nan }
  let result = first + values.reduce(0) { $0 + ($1 - first) } / Double(values.count)
  // An infinite first value has no deviations.
  return result.isNaN ? values.reduce(0, +) / Double(values.count) : result
}

/// The sample standard deviation, √(Σ(x − mean)² / (n − 1)); NaN for fewer than two values.
public func standardDeviation(_ values: [Double]) -> Double {
  guard values.count > 1 else { return .nan }
  let center = mean(values)
  let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
  return (squares / Double(values.count - 1)).squareRoot()
}

/// The quantile `p` by linear interpolation between order statistics; NaN for no values or a NaN among them.
///
/// Type 7 of Hyndman and Fan, The American Statistician 50 (1996): position p·(n − 1) counted from 0.
public func quantile(_ p: Double, of values: [Double]) -> Double {
  guard !values.isEmpty, (0...1).contains(p), !values.contains(where: \.isNaN) else { return .nan }
  return quantile(p, ofSorted: values.sorted())
}

func quantile(_ p: Double, ofSorted values: [Double]) -> Double {
  let position = p * Double(values.count - 1)
  let low = min(Int(position), values.count - 1)
  let high = min(low + 1, values.count - 1)
  if values[low] == values[high] { return values[low] }
  return values[low] + (position - Double(low)) * (values[high] - values[low])
}

/// The median: the quantile ½.
public func median(_ values: [Double]) -> Double { quantile(0.5, of: values) }

/// The slope of the least-squares line of `y` on `x`, Σ(x − x̄)(y − ȳ) / Σ(x − x̄)².
///
/// NaN for fewer than two points and for points above one another. Both lists must be of the same length.
public func leastSquaresSlope(x: [Double], y: [Double]) -> Double {
  let (products, squaresOfX, _) = centralSums(x, y)
  return x.count > 1 && squaresOfX > 0 ? products / squaresOfX : .nan
}

/// Pearson's correlation; NaN where one of the lists is constant. Both must be of the same length.
public func pearson(_ x: [Double], _ y: [Double]) -> Double {
  let (products, squaresOfX, squaresOfY) = centralSums(x, y)
  guard squaresOfX > 0, squaresOfY > 0 else { return .nan }
  return min(1, max(-1, products / (squaresOfX.squareRoot() * squaresOfY.squareRoot())))
}

private func centralSums(_ x: [Double], _ y: [Double]) -> (xy: Double, xx: Double, yy: Double) {
  precondition(x.count == y.count, "paired lists have the same length")
  let (meanX, meanY) = (mean(x), mean(y))
  var sums = (xy: 0.0, xx: 0.0, yy: 0.0)
  for (a, b) in zip(x, y) {
    sums.xy += (a - meanX) * (b - meanY)
    sums.xx += (a - meanX) * (a - meanX)
    sums.yy += (b - meanY) * (b - meanY)
  }
  return sums
}

/// Ranks from 1; equal values share the mean of their ranks.
public func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
  var result = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    for position in start..<end { result[order[position]] = Double(start + end + 1) / 2 }
    start = end
  }
  return result
}

/// Spearman's ρ: Pearson's correlation of the ranks, ties sharing ranks; NaN for a constant list or a NaN.
public func spearman(_ x: [Double], _ y: [Double]) -> Double {
  if x.contains(where: \.isNaN) || y.contains(where: \.isNaN) { return .nan }
  return pearson(ranks(x), ranks(y))
}

/// Kendall's τ-b: (C − D) / √((n₀ − n₁)(n₀ − n₂)), where n₁ and n₂ count the pairs tied in x and in y.
///
/// NaN for a constant list or a NaN. Source: Kendall, Biometrika 33 (1945). O(n²).
public func kendall(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count, "paired lists have the same length")
  if x.contains(where: \.isNaN) || y.contains(where: \.isNaN) { return .nan }
  var balance = 0.0
  var (distinctX, distinctY) = (0.0, 0.0)
  for i in x.indices {
    for j in 0..<i {
      let (signX, signY) = (sign(x[i], x[j]), sign(y[i], y[j]))
      balance += signX * signY
      distinctX += abs(signX)
      distinctY += abs(signY)
    }
  }
  guard distinctX > 0, distinctY > 0 else { return .nan }
  return balance / (distinctX.squareRoot() * distinctY.squareRoot())
}

private func sign(_ a: Double, _ b: Double) -> Double { a > b ? 1 : a < b ? -1 : 0 }
