// Serves tabulate and judge: intervals and tests about the mean of a sample.

import BitExact

/// An interval about an estimate.
public struct Interval: Hashable, Sendable {
  /// The estimate itself.
  public var estimate: Double
  /// The lower end.
  public var lower: Double
  /// The upper end.
  public var upper: Double
  /// The probability with which such intervals cover the truth.
  public var level: Double
  /// The number of values behind it.
  public var count: Int

  /// Creates an interval.
  public init(estimate: Double, lower: Double, upper: Double, level: Double, count: Int) {
    self.estimate = estimate
    self.lower = lower
    self.upper = upper
    self.level = level
    self.count = count
  }

  /// Half of the width.
  public var halfWidth: Double { (upper - lower) / 2 }
}

/// Student's interval of the mean: mean ± t₍₁₊level₎⁄₂,ₙ₋₁ · SD / √n. `nil` for fewer than two values.
///
/// - Parameters:
///   - level: the probability with which it covers the true mean.
///   - firstStage: when the spread of the first so many values decided how many there are in all (see
///     `secondStageCount`), only they give the SD and the degrees of freedom, so that the level still holds.
///
/// Source: Student, Biometrika 6 (1908); for two stages Stein, Ann. Math. Statist. 16 (1945).
public func tInterval(_ values: [Double], level: Double = 0.95, firstStage: Int? = nil) -> Interval? {
  let spread = spreadValues(values, firstStage)
  guard spread.count > 1 else { return nil }
  let center = mean(values)
  let quantile = StudentT(degreesOfFreedom: Double(spread.count - 1)).quantile((1 + level) / 2)
  let halfWidth = quantile * standardError(spread, of: values.count)
  return Interval(
    estimate: center, lower: center - halfWidth, upper: center + halfWidth, level: level, count: values.count)
}

/// Student's interval of the mean of `a − b`, paired by position.
public func pairedTInterval(_ a: [Double], _ b: [Double], level: Double = 0.95) -> Interval? {
  tInterval(differences(a, b), level: level)
}

/// `a − b` element by element; both lists must be of the same length.
public func differences(_ a: [Double], _ b: [Double]) -> [Double] {
  precondition(a.count == b.count, "paired lists have the same length")
  return zip(a, b).map { $0 - $1 }
}

private func standardError(_ spread: [Double], of count: Int) -> Double {
  standardDeviation(spread) / Double(count).squareRoot()
}

/// The values whose spread may be used: all, or those of the first stage.
func spreadValues(_ values: [Double], _ firstStage: Int?) -> [Double] {
  guard let firstStage, firstStage < values.count else { return values }
  return Array(values.prefix(max(0, firstStage)))
}

/// How many values in all give the mean an interval of at most ±`halfWidth`, from the spread of a first stage.
///
/// Stein's two-stage procedure: N = max(n₀, ⌈(t₍₁₊level₎⁄₂,ₙ₀₋₁ · s₀ / d)²⌉). With the SD s₀ and the n₀ − 1 degrees of
/// freedom of the first stage, (x̄_N − μ)√N / s₀ follows Student's distribution exactly for normal values, as N depends
/// on the values through s₀ only. The same holds of every linear contrast of jointly normal values, because their first
/// means are independent of their first covariances; so other claims over the same seeds keep their level, too.
/// Source: Stein, Ann. Math. Statist. 16 (1945).
///
/// - Returns: the count; `nil` when the first stage has fewer than two values or one that is not finite.
public func secondStageCount(_ firstStage: [Double], halfWidth: Double, level: Double = 0.95) -> Int? {
  guard firstStage.count > 1, firstStage.allSatisfy(\.isFinite), halfWidth > 0 else { return nil }
  let quantile = StudentT(degreesOfFreedom: Double(firstStage.count - 1)).quantile((1 + level) / 2)
  let root = quantile * standardDeviation(firstStage) / halfWidth
  let needed = (root * root).rounded(.up)
  return needed < 1e9 ? max(firstStage.count, Int(needed)) : 1_000_000_000
}

/// Which differences a test looks for.
public enum Alternative: Sendable {
  /// Either direction.
  case twoSided
  /// A mean above the hypothetical one.
  case greater
  /// A mean below the hypothetical one.
  case less
}

/// The p-value of Student's test that the mean of `values` is `hypothesis`. NaN for fewer than two values.
///
/// Without any spread the outcome is certain: 0 when the mean differs in the direction looked for, else 1.
///
/// `firstStage` is as in `tInterval`.
public func tTest(
  _ values: [Double], hypothesis: Double = 0, alternative: Alternative = .twoSided, firstStage: Int? = nil
) -> Double {
  let spread = spreadValues(values, firstStage)
  guard spread.count > 1, values.allSatisfy(\.isFinite) else { return .nan }
  let difference = mean(values) - hypothesis
  let error = standardError(spread, of: values.count)
  if error == 0 {
    switch alternative {
    case .twoSided: return difference != 0 ? 0 : 1
    case .greater: return difference > 0 ? 0 : 1
    case .less: return difference < 0 ? 0 : 1
    }
  }
  let distribution = StudentT(degreesOfFreedom: Double(spread.count - 1))
  let t = difference / error
  switch alternative {
  case .twoSided: return min(1, 2 * distribution.upperTail(abs(t)))
  case .greater: return distribution.upperTail(t)
  case .less: return distribution.upperTail(-t)
  }
}

/// The p-value of Student's test that `a − b`, paired by position, has mean zero.
public func pairedTTest(_ a: [Double], _ b: [Double], alternative: Alternative = .twoSided) -> Double {
  tTest(differences(a, b), alternative: alternative)
}

/// The p-value of two one-sided tests that the mean lies within ±`margin` of zero.
///
/// It is the larger of the p-values against "at most −margin" and "at least margin"; below α, the mean is
/// equivalent to zero, and the interval of level 1 − 2α lies within the margin.
/// Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987).
public func equivalenceTest(_ values: [Double], margin: Double, firstStage: Int? = nil) -> Double {
  let above = tTest(values, hypothesis: -margin, alternative: .greater, firstStage: firstStage)
  let below = tTest(values, hypothesis: margin, alternative: .less, firstStage: firstStage)
  return above.isNaN || below.isNaN ? .nan : max(above, below)
}

/// Holm's correction: p-values that may each be compared with α, so that the chance of any false positive is below α.
///
/// The k-th smallest of m is multiplied by m − k + 1, then made monotone and capped at 1. `nil` (nothing tested)
/// stays `nil` and does not count. Source: Holm, Scand. J. Statist. 6 (1979).
public func holm(_ pValues: [Double?]) -> [Double?] {
  let tested = pValues.indices.compactMap { index in pValues[index].map { (index: index, p: $0) } }
    .filter { !$0.p.isNaN }
    .sorted { ($0.p, $0.index) < ($1.p, $1.index) }
  var adjusted = [Double?](repeating: nil, count: pValues.count)
  var largest = 0.0
  for (position, test) in tested.enumerated() {
    largest = max(largest, min(1, Double(tested.count - position) * test.p))
    adjusted[test.index] = largest
  }
  return adjusted
}

/// Holm's correction within each family: `families` names the family of each p-value.
public func holm<Family: Hashable>(_ pValues: [Double?], within families: [Family]) -> [Double?] {
  var adjusted = pValues
  for members in Dictionary(grouping: pValues.indices, by: { families[$0] }).values {
    for (index, p) in zip(members, holm(members.map { pValues[$0] })) { adjusted[index] = p }
  }
  return adjusted
}

/// A bootstrap interval, bias-corrected and accelerated, of any statistic of a sample.
///
/// - Parameters:
///   - values: the sample, at least two values.
///   - resamples: how many samples of the same size are drawn with replacement.
///   - seed: with `purpose`, the key of the random stream; the same key gives the same interval.
///   - purpose: what the interval is for.
///   - statistic: the statistic, given a sample.
/// - Returns: the interval, or `nil` when there are fewer than two values or the statistic is not finite.
///
/// Source: Efron, Better bootstrap confidence intervals, JASA 82 (1987).
public func bootstrapInterval(
  _ values: [Double], level: Double = 0.95, resamples: Int = 9999, seed: UInt64,
  purpose: String = "bootstrap",
  statistic: ([Double]) -> Double = mean
) -> Interval? {
  guard values.count > 1, resamples > 0 else { return nil }
  var stream = RandomStream(seed: seed, purpose: purpose)
  var replicates: [Double] = []
  replicates.reserveCapacity(resamples)
  var resample = values
  for _ in 0..<resamples {
    for index in resample.indices { resample[index] = values[stream.below(values.count)] }
    replicates.append(statistic(resample))
  }
  let jackknife = values.indices.map { left in
    statistic(values.indices.filter { $0 != left }.map { values[$0] })
  }
  return acceleratedInterval(
    estimate: statistic(values), replicates: replicates, jackknife: jackknife, level: level)
}

/// The ends of a bias-corrected and accelerated interval from replicates already made.
///
/// z₀ = Φ⁻¹(share of replicates below the estimate, ties counting half), a = Σd³ / 6(Σd²)^{3/2} with d the
/// jackknife's deviations (mean − value); the ends are the quantiles Φ(z₀ + (z₀ + z) / (1 − a(z₀ + z))).
/// The share is kept half a replicate away from 0 and 1, where z₀ would be infinite.
func acceleratedInterval(
  estimate: Double, replicates: [Double], jackknife: [Double], level: Double
) -> Interval? {
  guard estimate.isFinite, (replicates + jackknife).allSatisfy(\.isFinite) else { return nil }
  let sorted = replicates.sorted()
  let count = Double(sorted.count)
  let below = Double(sorted.count { $0 < estimate }) + Double(sorted.count { $0 == estimate }) / 2
  let bias = StandardNormal.quantile(min(max(below / count, 0.5 / count), 1 - 0.5 / count))
  let center = mean(jackknife)
  let squares = jackknife.reduce(0) { $0 + (center - $1) * (center - $1) }
  let cubes = jackknife.reduce(0) { $0 + (center - $1) * (center - $1) * (center - $1) }
  let acceleration = squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  func end(_ p: Double) -> Double {
    let z = bias + StandardNormal.quantile(p)
    return quantile(StandardNormal.cdf(bias + z / (1 - acceleration * z)), ofSorted: sorted)
  }
  return Interval(
    estimate: estimate, lower: end((1 - level) / 2), upper: end((1 + level) / 2), level: level,
    count: jackknife.count)
}
