// Serves judge: whether the runs bear out what the text says.

/// What the runs say about a claim.
public enum Verdict: String, CaseIterable, Hashable, Sendable {
  /// The runs bear the claim out.
  case supported
  /// The runs speak against it.
  case contradicted
  /// The runs decide neither way.
  case inconclusive
  /// There are too few seeds to say anything.
  case notJudged = "not judged"
}

/// What a claim says about the mean of a sample, usually of paired differences.
public enum ClaimKind: Hashable, Sendable {
  /// The mean is above `offset`; with `orEqual`, or exactly there (which only a deterministic sample can show).
  case greater(than: Double, orEqual: Bool)
  /// The mean lies within ±`margin` of zero.
  case equivalent(within: Double)

  /// The mean is above zero.
  public static let positive = ClaimKind.greater(than: 0, orEqual: false)

  /// Whether a mean of exactly this value would be as claimed.
  public func holds(for mean: Double) -> Bool {
    switch self {
    case .greater(let offset, let orEqual): mean > offset || (orEqual && mean == offset)
    case .equivalent(let margin): abs(mean) <= margin
    }
  }
}

/// A verdict with what it rests on.
public struct Judgement: Hashable, Sendable {
  /// The verdict.
  public var verdict: Verdict
  /// Why there is no decision, as a clause; empty when there is one.
  public var reason: String
  /// The mean with its 95 % interval; `nil` when it cannot be formed.
  public var interval: Interval?
  /// The number of seeds.
  public var count: Int
  /// The p-value of this claim by itself; `nil` when nothing was tested.
  public var p: Double?
  /// The p-value corrected for all claims judged together.
  public var adjustedP: Double?
  /// When inconclusive: the total number of seeds that would probably decide.
  public var seedsToDecide: Int?
  /// Whether the mean is as claimed, however uncertain.
  public var isAsClaimed = false

  /// The verdict that another corrected p-value would give; what was decided without a test stays.
  public func verdict(adjustedP: Double?) -> Verdict {
    guard let p, let adjustedP else { return verdict }
    if max(p, adjustedP) >= significanceLevel { return .inconclusive }
    return isAsClaimed ? .supported : .contradicted
  }
}

/// The level at which claims are judged.
public let significanceLevel = 0.05

/// The p-value of a claim, to be corrected by `holm(_:)` together with those of the other claims.
///
/// - For `greater`: Student's two-sided test of the mean against the offset.
/// - For `equivalent`: the smaller of two. The equivalence test, which is small when the mean is surely inside the
///   margin; and twice the one-sided test beyond the nearer end, which is small when it is surely outside.
/// - `nil` when nothing is tested: fewer than two values, a value that is not finite, or no spread at all. A sample
///   without spread is decided exactly (see `judge`) and needs no correction.
///
/// `firstStage` is as in `tInterval`.
public func pValue(of kind: ClaimKind, _ values: [Double], firstStage: Int? = nil) -> Double? {
  let spread = spreadValues(values, firstStage)
  guard spread.count > 1, values.allSatisfy(\.isFinite), !isConstant(values) else { return nil }
  switch kind {
  case .greater(let offset, _):
    return tTest(values, hypothesis: offset, firstStage: firstStage)
  case .equivalent(let margin):
    return min(
      equivalenceTest(values, margin: margin, firstStage: firstStage),
      min(1, 2 * outsideTest(values, margin: margin, firstStage: firstStage)))
  }
}

/// The one-sided p-value that the mean lies beyond the end of ±`margin` that is nearer to it.
private func outsideTest(_ values: [Double], margin: Double, firstStage: Int?) -> Double {
  mean(values) >= 0
    ? tTest(values, hypothesis: margin, alternative: .greater, firstStage: firstStage)
    : tTest(values, hypothesis: -margin, alternative: .less, firstStage: firstStage)
}

/// Judges a claim.
///
/// - A single seed is not judged, unless the experiment is `deterministic`.
/// - A value that is not finite makes the claim inconclusive: a diverged run has no difference to average.
/// - A sample without any spread is decided exactly, by comparing its value: `greater` is contradicted when the
///   value is the offset itself, unless `orEqual`.
/// - Otherwise the claim is decided when the corrected p-value is below 0.05, in the direction of the mean. Without
///   correction this means: the 95 % interval excludes the offset; or lies outside the margin (contradicted), or the
///   90 % interval lies inside it (supported).
///
/// - Parameters:
///   - kind: what is claimed.
///   - values: one number per seed.
///   - adjustedP: the p-value of `pValue(of:_:)` after `holm(_:)`; without it, the claim is judged by itself.
///   - deterministic: whether the seed has no influence, so that one value is enough.
///   - firstStage: as in `tInterval`.
public func judge(
  _ kind: ClaimKind, _ values: [Double], adjustedP: Double? = nil, deterministic: Bool = false,
  firstStage: Int? = nil
) -> Judgement {
  var judgement = Judgement(
    verdict: .notJudged, reason: "", interval: tInterval(values, firstStage: firstStage),
    count: values.count, p: nil, adjustedP: nil, seedsToDecide: nil)
  let diverged = values.count { !$0.isFinite }
  if values.isEmpty || (values.count == 1 && !deterministic) {
    judgement.reason = values.isEmpty ? "there are no seeds" : "one seed cannot show its spread"
    return judgement
  }
  if diverged > 0 {
    judgement.verdict = .inconclusive
    judgement.interval = nil
    judgement.reason = "\(diverged) of \(values.count) seeds gave no finite number"
    return judgement
  }
  if isConstant(values) {
    judgement.reason = values.count > 1 ? "all seeds give the same number" : ""
    judgement.verdict = kind.holds(for: values[0]) ? .supported : .contradicted
    return judgement
  }
  guard let p = pValue(of: kind, values, firstStage: firstStage) else { return judgement }
  let corrected = adjustedP ?? p
  judgement.p = p
  judgement.adjustedP = corrected
  judgement.isAsClaimed = kind.holds(for: mean(values))
  judgement.verdict = judgement.verdict(adjustedP: corrected)
  if judgement.verdict == .inconclusive {
    judgement.reason =
      p < significanceLevel
      ? "decided by itself, but not after the correction for several claims" : "the seeds spread too widely"
    // Holm multiplies the claim's p-value by how many claims are at least as undecided: the level shrinks as much.
    let share = p > 0 && corrected < 1 ? p / corrected : 1
    judgement.seedsToDecide = seedsToDecide(kind, differences: values, level: significanceLevel * share)
  }
  return judgement
}

private func isConstant(_ values: [Double]) -> Bool { values.allSatisfy { $0 == values.first } }

/// How many seeds in all would probably (80 %) decide a claim, if mean and spread stayed as they are.
///
/// The smallest n with √n · |distance| / SD ≥ t₁₋α,ₙ₋₁ + t₀.₈,ₙ₋₁, where the distance is that of the mean from the
/// offset or from the nearer end of the margin, and α is 0.025, or 0.05 for a mean inside the margin. This is the usual
/// approximation of the noncentral t distribution. `level` is the level after correction for several claims.
/// `nil` when the sample has no spread or no distance, or when more than 100,000 would be needed.
///
/// Source: Julious, Sample sizes for clinical trials with normal data, Statist. Med. 23 (2004).
public func seedsToDecide(
  _ kind: ClaimKind = .positive, differences: [Double], level: Double = significanceLevel
) -> Int? {
  let deviation = standardDeviation(differences)
  let center = mean(differences)
  guard deviation.isFinite, deviation > 0 else { return nil }
  let distance: Double
  var tail = level / 2
  switch kind {
  case .greater(let offset, _): distance = abs(center - offset)
  case .equivalent(let margin):
    distance = abs(margin - abs(center))
    if abs(center) < margin { tail = level }
  }
  let effect = distance / deviation
  let normal = (StandardNormal.quantile(1 - tail) + StandardNormal.quantile(0.8)) / effect
  guard normal.isFinite, normal * normal < 100_000 else { return nil }
  // The t quantiles exceed the normal ones, so the search starts at or below the answer.
  var count = max(2, Int(normal * normal))
  while count < 100_000 {
    let distribution = StudentT(degreesOfFreedom: Double(count - 1))
    let needed = distribution.quantile(1 - tail) + distribution.quantile(0.8)
    if Double(count).squareRoot() * effect >= needed { return count }
    count += 1
  }
  return nil
}
