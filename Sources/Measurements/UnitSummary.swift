// Serves probes: the distribution of one unit's values.
import Training

/// The value below which a fraction `share` of `values` lies, linear between the two nearest; 0 for no values.
public func quantile(_ share: Double, of values: [Float]) -> Double {
  quantile(share, ofSorted: values.sorted())
}

private func quantile(_ share: Double, ofSorted sorted: [Float]) -> Double {
  if sorted.isEmpty { return 0 }
  let place = share * Double(sorted.count - 1)
  let low = Int(place)
  let part = place - Double(low)
  let high = min(low + 1, sorted.count - 1)
  return Double(sorted[low]) * (1 - part) + Double(sorted[high]) * part
}

/// Percentiles and moments of some values.
public struct UnitSummary: Sendable {
  /// The 15th percentile, linear between the two nearest values.
  public let p15: Double
  /// The median.
  public let p50: Double
  /// The 85th percentile.
  public let p85: Double
  /// The mean.
  public let mean: Double
  /// The mean squared distance from the mean.
  public let variance: Double

  /// A summary made before.
  public init(p15: Double, p50: Double, p85: Double, mean: Double, variance: Double) {
    (self.p15, self.p50, self.p85, self.mean, self.variance) = (p15, p50, p85, mean, variance)
  }

  /// Summarises values; no values count as a zero.
  public init(_ values: [Float]) {
    let sorted = values.sorted()
    (p15, p50, p85) = (
      quantile(0.15, ofSorted: sorted), quantile(0.5, ofSorted: sorted), quantile(0.85, ofSorted: sorted)
    )
    let mean = UnitSummary.mean(values)
    self.mean = mean
    variance =
      values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(max(1, values.count))
  }

  /// The mean, summed in order.
  public static func mean(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) } / Double(max(1, values.count))
  }
}
