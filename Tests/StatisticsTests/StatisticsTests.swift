// What has no reference elsewhere: edge cases, corrections, verdicts.
import Testing

@testable import Statistics

@Suite struct DescriptiveTests {
  @Test func meanOfEqualValuesIsExact() {
    #expect(mean([0.1, 0.1, 0.1]) == 0.1)
    #expect(standardDeviation([0.1, 0.1, 0.1]) == 0)
    #expect(mean([]).isNaN && standardDeviation([1]).isNaN)
    #expect(mean([.infinity, 1]) == .infinity)
  }

  @Test func ranksShareTies() {
    #expect(ranks([3, 1, 3, 2, 3]) == [4, 1, 4, 2, 4])
    #expect(ranks([]) == [])
  }

  @Test func constantListsHaveNoCorrelation() {
    #expect(spearman([1, 2, 3], [5, 5, 5]).isNaN)
    #expect(kendall([1, 1], [1, 2]).isNaN)
    #expect(leastSquaresSlope(x: [2, 2], y: [1, 3]).isNaN)
    #expect(spearman([1, 2, .nan], [1, 2, 3]).isNaN)
  }

  @Test func quantilesRefuseNonsense() {
    #expect(quantile(0.5, of: []).isNaN)
    #expect(quantile(1.5, of: [1]).isNaN)
    #expect(quantile(0.5, of: [1, .nan]).isNaN)
    #expect(median([4, 1, 3, 2]) == 2.5)
  }
}

@Suite struct InferenceTests {
  @Test func oneValueHasNoInterval() {
    #expect(tInterval([0.5]) == nil)
    #expect(tInterval([]) == nil)
    #expect(tTest([0.5]).isNaN)
  }

  @Test func withoutSpreadTestsAreCertain() {
    #expect(tTest([2, 2, 2]) == 0)
    #expect(tTest([2, 2], hypothesis: 2) == 1)
    #expect(tTest([2, 2], alternative: .less) == 1)
  }

  @Test func holmMatchesR() throws {
    // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    let adjusted = holm([0.01, nil, 0.04, 0.03, 0.005, .nan])
    let expected: [Double?] = [0.03, nil, 0.06, 0.06, 0.02, nil]
    #expect(adjusted.map { $0 == nil } == expected.map { $0 == nil })
    for case (let found?, let wanted?) in zip(adjusted, expected) { #expect(abs(found - wanted) < 1e-15) }
    #expect(holm([0.6, 0.7]) == [1, 1])
  }

  @Test func holmWithinFamiliesCountsOnlyTheFamily() {
    let adjusted = holm([0.01, 0.03, 0.02, nil, 0.04], within: ["a", "b", "a", "a", "b"])
    #expect(adjusted == [0.02, 0.06, 0.02, nil, 0.06])
  }

  @Test func bootstrapDependsOnlyOnItsKey() throws {
    let values = [1.0, 4, 2, 8, 5, 7]
    let first = try #require(bootstrapInterval(values, resamples: 500, seed: 3))
    #expect(first == bootstrapInterval(values, resamples: 500, seed: 3))
    #expect(first != bootstrapInterval(values, resamples: 500, seed: 4))
    #expect(first.lower < first.estimate && first.estimate < first.upper)
    #expect(first.lower > 1 && first.upper < 8)
    #expect(bootstrapInterval([1], seed: 1) == nil)
    #expect(bootstrapInterval([1, 2], seed: 1) { _ in .nan } == nil)
    let constant = try #require(bootstrapInterval([3, 3, 3], resamples: 50, seed: 1))
    #expect(constant.lower == 3 && constant.upper == 3)
  }
}

@Suite struct VerdictTests {
  @Test func comparisonsAreDecidedByTheirInterval() {
    #expect(judge(.positive, [0.1, 0.2, 0.15]).verdict == .supported)
    #expect(judge(.positive, [-0.1, -0.2, -0.15]).verdict == .contradicted)
    #expect(judge(.greater(than: 0.14, orEqual: false), [0.1, 0.2, 0.15]).verdict == .inconclusive)
    let undecided = judge(.positive, [0.1, -0.1, 0.05])
    #expect(undecided.verdict == .inconclusive && undecided.reason == "the seeds spread too widely")
    #expect((undecided.seedsToDecide ?? 0) > 3)
  }

  @Test func correctionMayUndoADecision() throws {
    let strong = [0.1, 0.2, 0.15]
    let strongP = try #require(pValue(of: .positive, strong))
    #expect(judge(.positive, strong).verdict == .supported)
    let corrected = judge(.positive, strong, adjustedP: strongP * 5)
    #expect(corrected.verdict == .inconclusive)
    #expect(corrected.reason == "decided by itself, but not after the correction for several claims")
    #expect(corrected.p == strongP && corrected.adjustedP == strongP * 5)
  }

  @Test func equivalenceNeedsTwoOneSidedTests() {
    let kind = ClaimKind.equivalent(within: 0.01)
    #expect(judge(kind, [0.001, -0.002, 0.0005, 0.001]).verdict == .supported)
    #expect(judge(kind, [0.03, 0.04, 0.035]).verdict == .contradicted)
    #expect(judge(kind, [-0.03, -0.04, -0.035]).verdict == .contradicted)
    #expect(judge(kind, [0.02, -0.02, 0.01]).verdict == .inconclusive)
  }

  @Test func samplesWithoutSpreadAreDecidedExactly() {
    #expect(judge(.positive, [0.5, 0.5]).verdict == .supported)
    #expect(judge(.positive, [0, 0]).verdict == .contradicted)
    #expect(judge(.greater(than: 0, orEqual: true), [0, 0]).verdict == .supported)
    #expect(judge(.equivalent(within: 0.1), [0.1, 0.1]).verdict == .supported)
    #expect(judge(.equivalent(within: 0.1), [0.2, 0.2]).verdict == .contradicted)
    #expect(pValue(of: .positive, [0.5, 0.5]) == nil)
  }

  @Test func oneSeedIsNotJudgedUnlessDeterministic() {
    #expect(judge(.positive, [0.5]).verdict == .notJudged)
    #expect(judge(.positive, []).verdict == .notJudged)
    #expect(judge(.positive, [0.5], deterministic: true).verdict == .supported)
  }

  @Test func divergedSeedsDecideNothing() {
    let judgement = judge(.positive, [0.5, .nan, 0.4, .infinity])
    #expect(judgement.verdict == .inconclusive && judgement.interval == nil)
    #expect(judgement.reason == "2 of 4 seeds gave no finite number")
    #expect(pValue(of: .positive, [0.5, .nan]) == nil)
  }

  @Test func hopelessSamplesHaveNoSeedCount() {
    #expect(seedsToDecide(differences: [1, -1]) == nil)
    #expect(seedsToDecide(differences: [1, 1]) == nil)
    #expect(seedsToDecide(differences: [1]) == nil)
  }
}

@Suite struct UncertainNumberTests {
  @Test(arguments: [
    (0.8234, 0.0042, "0.823 ± 0.004"), (12345, 432, "12,300 ± 400"), (0.8234, 0.0142, "0.823 ± 0.014"),
    (-0.05123, 0.0071, "−0.051 ± 0.007"), (3.14159, 0.096, "3.14 ± 0.10"), (0.0001, 2, "0 ± 2"),
    (1234.5, 0.25, "1,234.5 ± 0.3"), (99.96, 0.3, "100.0 ± 0.3"), (-0.001, 0.4, "0.0 ± 0.4"),
    (1.234e-7, 4.2e-9, "(1.23 ± 0.04) × 10⁻⁷"), (6.02e23, 1.3e22, "(6.02 ± 0.13) × 10²³"),
    (1.0000000003, 6.1e-10, "1.0000000003 ± 0.0000000006"),
    (1_234_567, 100_000, "1,230,000 ± 100,000"), (0.125, 0.05, "0.13 ± 0.05"),
  ])
  func roundsByTheUncertainty(value: Double, halfWidth: Double, expected: String) {
    #expect(UncertainNumber(value, halfWidth: halfWidth).text() == expected)
  }

  @Test(arguments: [
    (0.5, "0.5"), (5000, "5,000"), (123456, "123,456"), (0.123456, "0.1235"), (1234.567, "1,235"), (0, "0"),
    (-2.5, "−2.5"), (1.5e-9, "1.5 × 10⁻⁹"), (.nan, "undefined"), (-.infinity, "−∞"), (1e22, "1 × 10²²"),
  ])
  func withoutUncertaintyFourDigitsRemain(value: Double, expected: String) {
    #expect(UncertainNumber(value).text() == expected)
    #expect(UncertainNumber(value, halfWidth: 0).text() == expected)
  }

  @Test func stylesApply() {
    let number = UncertainNumber(0.8234, halfWidth: 0.0042)
    #expect(number.text(.init(percent: true)) == "82.3 ± 0.4%")
    #expect(
      number.text(.init(percent: true, percentUnit: " percentage points")) == "82.3 ± 0.4 percentage points")
    #expect(number.text(.init(percent: true, plain: true)) == "82.3%")
    #expect(number.text(.init(digits: 4)) == "0.8234 ± 0.0042")
    #expect(number.text(.init(digits: 1, plain: true)) == "0.8")
    #expect(UncertainNumber(0.0712).text(.init(percent: true, digits: 2)) == "7.1%")
    #expect(UncertainNumber(412.4, halfWidth: 51.2).text(.init(digits: 3)) == "412 ± 51")
    #expect(UncertainNumber(12345.6).text(.init(digits: 2)) == "12,000")
    #expect(UncertainNumber(0.0012, halfWidth: 0.05).text(.init(digits: 3)) == "0.0012 ± 0.0500")
  }
}
