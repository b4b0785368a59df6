// Serves tabulate: how certain a rank correlation over a number of points is.

import BitExact

/// A rank correlation.
public enum RankCorrelation: Sendable, CaseIterable {
  /// Spearman's ρ.
  case spearman
  /// Kendall's τ.
  case kendall

  /// The standard error of Fisher's z = artanh(r) for `count` independent points; `nil` for too few of them.
  ///
  /// Spearman: √((1 + r²/2) / (n − 3)). Kendall: √(0.437 / (n − 4)).
  /// Sources: Bonett & Wright, Psychometrika 65 (2000); Fieller, Hartley & Pearson, Biometrika 44 (1957).
  func standardError(_ r: Double, _ count: Int) -> Double? {
    switch self {
    case .spearman: count > 3 ? ((1 + r * r / 2) / Double(count - 3)).squareRoot() : nil
    case .kendall: count > 4 ? (0.437 / Double(count - 4)).squareRoot() : nil
    }
  }
}

/// The interval of a rank correlation `r` of `count` independent pairs, tanh(artanh(r) ± z·SE).
///
/// `nil` for fewer than four pairs (five for Kendall's τ) and for a correlation that is not a number. A perfect correlation
/// has an interval without width, as the transformation has no end there.
public func correlationInterval(
  _ kind: RankCorrelation, _ r: Double, count: Int, level: Double = 0.95
) -> Interval? {
  guard r >= -1, r <= 1, let error = kind.standardError(r, count) else { return nil }
  if abs(r) == 1 { return Interval(estimate: r, lower: r, upper: r, level: level, count: count) }
  let center = (Elementary.log1p(r) - Elementary.log1p(-r)) / 2
  let half = StandardNormal.quantile((1 + level) / 2) * error
  return Interval(
    estimate: r, lower: Elementary.tanh(center - half), upper: Elementary.tanh(center + half), level: level,
    count: count)
}
