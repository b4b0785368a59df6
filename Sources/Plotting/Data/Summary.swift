// Serves draw: what is shown of several values at one place.

/// An aggregate with its interval.
struct Summary: Hashable, Sendable {
  var value: Double
  var low: Double?
  var high: Double?
  var count: Int
}

extension Summary {
  /// Summarises finite values, in their order; `nil` when there are none.
  ///
  /// An interval needs two values. The interval `ci95` is Student's t interval of the mean.
  static func of(_ values: [Double], _ aggregate: Figure.Aggregate, _ band: Figure.Band) -> Summary? {
    if aggregate == .count { return Summary(value: Double(values.count), count: values.count) }
    guard let first = values.first else { return nil }
    guard values.count > 1 else { return Summary(value: first, count: 1) }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let sorted = aggregate.needsOrder || band.needsOrder ? values.sorted() : []
    let value =
      switch aggregate {
      case .median: quantile(sorted, 0.5)
      case .quantile(let fraction): quantile(sorted, fraction)
      case .min: values.min() ?? first
      case .max: values.max() ?? first
      case .mean, .count, .none: mean
      }
    var (low, high): (Double?, Double?)
    switch band {
    case .none: break
    case .range: (low, high) = (values.min(), values.max())
    case .iqr: (low, high) = (quantile(sorted, 0.25), quantile(sorted, 0.75))
    case .quantiles(let from, let to): (low, high) = (quantile(sorted, from), quantile(sorted, to))
    case .sd, .ci95:
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / (count - 1)).squareRoot()
      let half =
        band == .sd
        ? deviation : tQuantile975(degreesOfFreedom: values.count - 1) * deviation / count.squareRoot()
      (low, high) = (mean - half, mean + half)
    }
    return Summary(value: value, low: low, high: high, count: values.count)
  }

  /// The quantile of sorted values with linear interpolation (type 7 of Hyndman and Fan 1996).
  static func quantile(_ sorted: [Double], _ fraction: Double) -> Double {
    let place = fraction * Double(sorted.count - 1)
    let index = min(Int(place), max(0, sorted.count - 2))
    let next = sorted[min(index + 1, sorted.count - 1)]
    return sorted[index] + (next - sorted[index]) * (place - Double(index))
  }
}

extension Figure.Aggregate {
  fileprivate var needsOrder: Bool {
    switch self {
    case .median, .quantile: true
    default: false
    }
  }
}

extension Figure.Band {
  fileprivate var needsOrder: Bool {
    switch self {
    case .iqr, .quantiles: true
    default: false
    }
  }
}

/// What a boxplot shows of the values at a place (J. W. Tukey, "Exploratory Data Analysis", 1977).
struct BoxSummary: Hashable, Sendable {
  var lowerQuartile: Double
  var median: Double
  var upperQuartile: Double
  /// The outermost values that are not outliers.
  var whiskerLow: Double
  var whiskerHigh: Double
  var outliers: [Double]
  var count: Int

  /// Summarises finite values; `reach` is how many lengths of the box a whisker may have, `nil` for any.
  init?(_ values: [Double], reach: Double?) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    let quartiles = [0.25, 0.5, 0.75].map { Summary.quantile(sorted, $0) }
    (lowerQuartile, median, upperQuartile) = (quartiles[0], quartiles[1], quartiles[2])
    let room = reach.map { $0 * (quartiles[2] - quartiles[0]) } ?? .infinity
    let (low, high) = (quartiles[0] - room, quartiles[2] + room)
    whiskerLow = sorted.first { $0 >= low } ?? first
    whiskerHigh = sorted.last { $0 <= high } ?? last
    outliers = sorted.filter { $0 < low || $0 > high }
    count = sorted.count
  }
}
