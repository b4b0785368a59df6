// Serves tabulate: what the functions of the language compute, on plain numbers. A NaN in makes a NaN out.

import BitExact
import Statistics

extension Function {
  /// The value of a function of single numbers.
  func value(of row: [Double]) -> Double {
    let x = row[0]
    switch self {
    case .log: return Elementary.log(x)
    case .log2: return Elementary.log2(x)
    case .log10: return Elementary.log10(x)
    case .exp: return Elementary.exp(x)
    case .sqrt: return x.squareRoot()
    case .abs: return Swift.abs(x)
    case .round: return x.rounded()
    case .floor: return x.rounded(.down)
    case .ceil: return x.rounded(.up)
    case .pow: return Elementary.pow(x, row[1])
    case .clamp: return row.contains(where: \.isNaN) ? .nan : Swift.min(Swift.max(x, row[1]), row[2])
    case .if: return x.isNaN ? .nan : x == 1 ? row[1] : row[2]
    default: return .nan
    }
  }

  /// The value of a function of the numbers along an axis, in the order of the axis.
  func summary(_ values: [Double]) -> Double {
    if values.contains(where: \.isNaN) { return .nan }
    switch self {
    case .min: return values.min() ?? .nan
    case .max: return values.max() ?? .nan
    case .mean, .share: return Statistics.mean(values)
    case .median: return Statistics.median(values)
    case .sd: return standardDeviation(values)
    case .sum, .count: return values.reduce(0, +)
    case .range: return (values.max() ?? .nan) - (values.min() ?? .nan)
    case .rise: return largestRise(values)
    case .first: return values.first ?? .nan
    case .last: return values.last ?? .nan
    default: return .nan
    }
  }

  /// The place on an axis that a function looks for.
  func place(on points: [(axis: Double, value: Double)]) -> Double {
    if self == .largest { return points.last { $0.value == 1 }?.axis ?? .nan }
    if self == .smallest { return points.first { $0.value == 1 }?.axis ?? .nan }
    if points.contains(where: \.value.isNaN) { return .nan }
    let best = self == .argmin ? points.map(\.value).min() : points.map(\.value).max()
    return points.first { $0.value == best }?.axis ?? .nan
  }

  /// How two lists are related.
  func relation(x: [Double], y: [Double]) -> Double {
    switch self {
    case .slope: leastSquaresSlope(x: x, y: y)
    case .pearson: Statistics.pearson(x, y)
    case .spearman: Statistics.spearman(x, y)
    case .kendall: Statistics.kendall(x, y)
    case .spearmanLow:
      correlationInterval(.spearman, Statistics.spearman(x, y), count: x.count)?.lower ?? .nan
    case .spearmanHigh:
      correlationInterval(.spearman, Statistics.spearman(x, y), count: x.count)?.upper ?? .nan
    case .kendallLow: correlationInterval(.kendall, Statistics.kendall(x, y), count: x.count)?.lower ?? .nan
    case .kendallHigh: correlationInterval(.kendall, Statistics.kendall(x, y), count: x.count)?.upper ?? .nan
    default: .nan
    }
  }
}

extension Call {
  /// A value of the axis on the scale that the call names.
  func scaled(_ value: Double) -> Double {
    switch axisScale {
    case nil: value
    case .log: Elementary.log(value)
    case .log2: Elementary.log2(value)
    case .log10: Elementary.log10(value)
    }
  }

  /// The value of the axis behind one on its scale.
  func unscaled(_ value: Double) -> Double {
    switch axisScale {
    case nil: value
    case .log: Elementary.exp(value)
    case .log2: Elementary.pow(2, value)
    case .log10: Elementary.pow(10, value)
    }
  }
}

/// max over i of (xᵢ − min over j ≤ i of xⱼ).
private func largestRise(_ values: [Double]) -> Double {
  var lowest = Double.infinity
  var rise = 0.0
  for value in values {
    lowest = min(lowest, value)
    rise = max(rise, value - lowest)
  }
  return rise
}

/// Σ (xᵢ₊₁ − xᵢ)(yᵢ + yᵢ₊₁)/2.
func trapeziumArea(x: [Double], y: [Double]) -> Double {
  if y.contains(where: \.isNaN) { return .nan }
  return zip(zip(x, y), zip(x, y).dropFirst()).reduce(0) { area, pair in
    area + (pair.1.0 - pair.0.0) * (pair.0.1 + pair.1.1) / 2
  }
}

/// The first place at which the values are zero or change their sign, linear between neighbours; NaN for none.
func firstCrossing(_ points: [(axis: Double, value: Double)]) -> Double {
  if points.contains(where: \.value.isNaN) { return .nan }
  if let first = points.first, first.value == 0 { return first.axis }
  for (a, b) in zip(points, points.dropFirst()) {
    if b.value == 0 { return b.axis }
    if (a.value < 0) != (b.value < 0) {
      return a.axis + (b.axis - a.axis) * (a.value / (a.value - b.value))
    }
  }
  return .nan
}
