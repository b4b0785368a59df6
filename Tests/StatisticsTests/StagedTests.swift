// Numbers of seeds that depend on the first seeds, and claims about several samples at once.
import BitExact
import Statistics
import Testing

/// A standard normal number by Box and Muller.
private func normal(_ stream: inout RandomStream) -> Double {
  let (u, v) = (Double(stream.below(1 << 30)) + 0.5, Double(stream.below(1 << 30)) + 0.5)
  let scale = 1.0 / Double(1 << 30)
  return (-2 * Elementary.log(u * scale)).squareRoot() * Elementary.cos(2 * Double.pi * v * scale)
}

@Suite struct StagedTests {
  @Test func theSecondStageFollowsStein() {
    // t(0.975, 4) = 2.7764451051977987; s = 1.5811388300841898; (t·s/1)² = 19.27.
    #expect(secondStageCount([1, 2, 3, 4, 5], halfWidth: 1) == 20)
    #expect(secondStageCount([1, 2, 3, 4, 5], halfWidth: 100) == 5)
    #expect(secondStageCount([1, 1, 1], halfWidth: 0.1) == 3)
    #expect(secondStageCount([1], halfWidth: 0.1) == nil)
    #expect(secondStageCount([1, .nan], halfWidth: 0.1) == nil)
    #expect(secondStageCount([1, 1e300], halfWidth: 1e-300) == 1_000_000_000)
  }

  @Test func theIntervalUsesTheSpreadOfTheFirstStage() throws {
    let interval = try #require(tInterval([1, 2, 3, 4, 5, 3, 3, 3, 3, 3], firstStage: 5))
    #expect(interval.estimate == 3 && interval.count == 10)
    #expect(abs(interval.halfWidth - 2.7764451051977987 * 1.5811388300841898 / 10.0.squareRoot()) < 1e-9)
    #expect(tInterval([1, 2, 3], firstStage: 3) == tInterval([1, 2, 3]))
  }

  /// 1500 two-stage experiments with the truth at zero: the interval covers it in 95 % of them and is as short as asked.
  @Test func twoStagesKeepTheLevelWhereStoppingAtWidthDoesNot() throws {
    var stream = RandomStream(seed: 7, purpose: "two-stage")
    var (covered, naive) = (0, 0)
    let trials = 1500
    for _ in 0..<trials {
      var values = (0..<5).map { _ in normal(&stream) }
      let count = min(200, try #require(secondStageCount(values, halfWidth: 1)))
      while values.count < count { values.append(normal(&stream)) }
      let interval = try #require(tInterval(values, firstStage: 5))
      if interval.lower <= 0, 0 <= interval.upper { covered += 1 }
      #expect(interval.halfWidth <= 1 + 1e-12 || count == 200)
      // What happens without the correction: stop when the ordinary interval is short enough.
      var greedy = Array(values.prefix(3))
      while greedy.count < 200, let width = tInterval(greedy)?.halfWidth, width > 1 {
        greedy.append(normal(&stream))
      }
      if let ordinary = tInterval(greedy), ordinary.lower <= 0, 0 <= ordinary.upper { naive += 1 }
    }
    let (share, naiveShare) = (Double(covered) / Double(trials), Double(naive) / Double(trials))
    // Three standard errors of a share of 0.95 over 1500 trials.
    #expect(abs(share - 0.95) < 0.0169, "\(share)")
    #expect(naiveShare < 0.95 - 0.0169, "\(naiveShare)")
  }

  @Test func allStepsOfATrendMustRise() {
    let up = StagedSample([1, 1.2, 0.9, 1.1, 1.0])
    let flat = StagedSample([0.1, -0.3, 0.2, 0.05, -0.02])
    let down = StagedSample([-1, -1.2, -0.9, -1.1, -1.0])
    #expect(judge(.positive, all: [up, up]).judgement.verdict == .supported)
    let undecided = judge(.positive, all: [up, flat, up])
    #expect(undecided.judgement.verdict == .inconclusive && undecided.weakest == 1)
    let against = judge(.positive, all: [up, down, flat])
    #expect(against.judgement.verdict == .contradicted && against.weakest == 1)
    #expect(judge(.positive, all: []).judgement.verdict == .notJudged)
    #expect(judge(.positive, all: [StagedSample([1]), up]).judgement.verdict == .notJudged)
    #expect(judge(.positive, all: [StagedSample([0, 0, 0]), up]).judgement.verdict == .contradicted)
    #expect(judge(.positive, all: [StagedSample([1, 1, 1]), up]).judgement.verdict == .supported)
    // Holm's correction reaches trends.
    #expect(judge(.positive, all: [up, up], adjustedP: 0.2).judgement.verdict == .inconclusive)
  }

  @Test func theTrendTestKeepsItsLevel() {
    // Two of three steps rise surely and the third not at all: "supported" is then false, and rarer than one in forty.
    var stream = RandomStream(seed: 8, purpose: "trend")
    var wrong = 0
    for _ in 0..<1000 {
      let steps = [3.0, 0, 3].map { shift in StagedSample((0..<5).map { _ in shift + normal(&stream) }) }
      if judge(.positive, all: steps).judgement.verdict == .supported { wrong += 1 }
    }
    #expect(Double(wrong) / 1000 < 0.0398, "\(wrong)")
  }
}
