// Serves judge: claims that say something of several samples at once, such as every step of a trend.

/// A sample with the size of its first stage, when it had one.
public struct StagedSample: Hashable, Sendable {
  /// One number per seed.
  public var values: [Double]
  /// How many of the first values decided by their spread how many there are; `nil` when the number was fixed before.
  public var firstStage: Int?

  /// Creates a sample.
  public init(_ values: [Double], firstStage: Int? = nil) {
    self.values = values
    self.firstStage = firstStage
  }
}

/// The p-value that *all* samples are as claimed, to be corrected by `holm(_:)`; `nil` when nothing is tested.
///
/// Where every mean is as claimed, the largest of the p-values: an intersection-union test, which needs no correction for
/// the number of samples. Where some mean is not, k times the smallest p-value of those, by Bonferroni: a single
/// sample that is surely otherwise contradicts the claim. A sample without spread is exact and counts 0 where it is as
/// claimed.
/// Source: Berger, Technometrics 24 (1982).
public func pValue(of kind: ClaimKind, all samples: [StagedSample]) -> Double? {
  if samples.count == 1 { return pValue(of: kind, samples[0].values, firstStage: samples[0].firstStage) }
  let tested = samples.map { pValue(of: kind, $0.values, firstStage: $0.firstStage) }
  guard samples.allSatisfy({ $0.values.count > 1 && $0.values.allSatisfy(\.isFinite) }) else { return nil }
  let opposed = samples.indices.filter { !kind.holds(for: mean(samples[$0].values)) }
  if opposed.isEmpty { return tested.compactMap(\.self).max() }
  // A sample without spread that is not as claimed decides exactly, and `judge` says so.
  guard let smallest = opposed.compactMap({ tested[$0] }).min() else { return nil }
  return min(1, Double(samples.count) * smallest)
}

/// Judges a claim about all of several samples; of one sample, the same as `judge(_:_:)`.
///
/// - Returns: the verdict with the interval of the sample that is least as claimed, and that sample's index.
public func judge(
  _ kind: ClaimKind, all samples: [StagedSample], adjustedP: Double? = nil
) -> (judgement: Judgement, weakest: Int) {
  func alone(_ index: Int, _ adjustedP: Double?) -> Judgement {
    judge(kind, samples[index].values, adjustedP: adjustedP, firstStage: samples[index].firstStage)
  }
  guard samples.count > 1 else {
    return samples.isEmpty ? (judge(kind, []), 0) : (alone(0, adjustedP), 0)
  }
  let judgements = samples.indices.map { alone($0, nil) }
  if let undecidable = judgements.firstIndex(where: { $0.interval == nil || $0.verdict == .notJudged }) {
    return (judgements[undecidable], undecidable)
  }
  let weakest = samples.indices.min { mean(samples[$0].values) < mean(samples[$1].values) } ?? 0
  let exact = samples.indices.first { judgements[$0].p == nil && judgements[$0].verdict == .contradicted }
  if let exact { return (judgements[exact], exact) }
  guard let p = pValue(of: kind, all: samples) else { return (judgements[weakest], weakest) }
  var judgement = alone(weakest, max(adjustedP ?? p, p))
  judgement.p = p
  return (judgement, weakest)
}
