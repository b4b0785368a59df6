// Distributions, tests and descriptive numbers against SciPy (Fixtures/make-reference.py).
import Foundation
import Testing

@testable import Statistics

private struct Reference: Decodable {
  struct Point: Decodable {
    var df: Double
    var at: Double
    var value: Double
  }
  struct Sample: Decodable {
    var values: [Double]
    var mean, sd, lower, upper, twoSided, greater, less, equivalence: Double
    var quantiles: [Double]
  }
  struct Pair: Decodable {
    var x, y: [Double]
    var spearman, kendall, pearson, slope, paired: Double
  }
  struct Bootstrap: Decodable {
    var estimate: Double
    var replicates, jackknife: [Double]
    var lower, upper: Double
  }
  struct RankInterval: Decodable {
    var kind: String
    var r: Double
    var n: Int
    var lower, upper: Double
  }
  struct Power: Decodable {
    var effect: Double
    var seeds: Int
  }
  var tQuantiles, tTails, normalQuantiles, normalTails: [Point]
  var samples: [Sample]
  var pairs: [Pair]
  var bootstraps: [Bootstrap]
  var powers: [Power]
  var rankIntervals: [RankInterval]

  static func load() throws -> Reference {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/reference.json")
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }
}

/// Equal to a relative error, or an absolute one near zero.
private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
  abs(a - b) <= tolerance * max(abs(b), 1e-300) || abs(a - b) <= tolerance * 1e-3
}

@Suite struct ReferenceTests {
  private let reference: Reference

  init() throws { reference = try Reference.load() }

  @Test func tQuantilesAgree() {
    for point in reference.tQuantiles {
      let found = StudentT(degreesOfFreedom: point.df).quantile(point.at)
      #expect(close(found, point.value), "ν = \(point.df), p = \(point.at): \(found), not \(point.value)")
    }
    #expect(reference.tQuantiles.count == 88)
  }

  @Test func tTailsAgreeRelatively() {
    for point in reference.tTails {
      let found = StudentT(degreesOfFreedom: point.df).upperTail(point.at)
      #expect(
        abs(found / point.value - 1) < 1e-9, "ν = \(point.df), t = \(point.at): \(found), not \(point.value)")
    }
  }

  @Test func normalDistributionAgrees() {
    for point in reference.normalQuantiles {
      #expect(close(StandardNormal.quantile(point.at), point.value, 1e-13))
    }
    for point in reference.normalTails {
      let found = StandardNormal.upperTail(point.at)
      #expect(abs(found / point.value - 1) < 1e-11, "z = \(point.at): \(found), not \(point.value)")
    }
  }

  @Test func intervalsAndTestsAgree() throws {
    for sample in reference.samples {
      let values = sample.values
      #expect(close(mean(values), sample.mean, 1e-14))
      #expect(close(standardDeviation(values), sample.sd))
      let interval = try #require(tInterval(values))
      #expect(close(interval.lower, sample.lower) && close(interval.upper, sample.upper))
      #expect(interval.count == values.count)
      #expect(close(tTest(values, hypothesis: 0.1), sample.twoSided))
      #expect(close(tTest(values, hypothesis: 0.1, alternative: .greater), sample.greater))
      #expect(close(tTest(values, hypothesis: 0.1, alternative: .less), sample.less))
      #expect(close(equivalenceTest(values, margin: 0.05), sample.equivalence))
      for (p, expected) in zip([0, 0.1, 0.25, 0.5, 0.9, 1], sample.quantiles) {
        #expect(close(quantile(p, of: values), expected, 1e-14))
      }
    }
  }

  @Test func relationsBetweenTwoListsAgree() {
    for pair in reference.pairs {
      #expect(close(spearman(pair.x, pair.y), pair.spearman, 1e-12))
      #expect(close(kendall(pair.x, pair.y), pair.kendall, 1e-12))
      #expect(close(pearson(pair.x, pair.y), pair.pearson, 1e-12))
      #expect(close(leastSquaresSlope(x: pair.x, y: pair.y), pair.slope, 1e-12))
      #expect(close(pairedTTest(pair.x, pair.y), pair.paired))
    }
  }

  @Test func intervalsOfRankCorrelationsAgree() throws {
    #expect(reference.rankIntervals.count == 36)
    for point in reference.rankIntervals {
      let kind = point.kind == "spearman" ? RankCorrelation.spearman : .kendall
      let found = try #require(correlationInterval(kind, point.r, count: point.n))
      #expect(close(found.lower, point.lower, 1e-12) && close(found.upper, point.upper, 1e-12))
    }
    #expect(correlationInterval(.spearman, 0.5, count: 3) == nil)
    #expect(correlationInterval(.kendall, 0.5, count: 4) == nil)
    #expect(correlationInterval(.kendall, .nan, count: 10) == nil)
    #expect(correlationInterval(.spearman, -1, count: 10)?.lower == -1)
  }

  @Test func acceleratedIntervalsAgree() throws {
    for bootstrap in reference.bootstraps {
      let found = try #require(
        acceleratedInterval(
          estimate: bootstrap.estimate, replicates: bootstrap.replicates, jackknife: bootstrap.jackknife,
          level: 0.95))
      #expect(close(found.lower, bootstrap.lower), "\(found.lower), not \(bootstrap.lower)")
      #expect(close(found.upper, bootstrap.upper), "\(found.upper), not \(bootstrap.upper)")
    }
  }

  @Test func seedsToDecideIsNearTheExactPower() throws {
    for power in reference.powers {
      // Two values at distance √2 have a standard deviation of 1.
      let half = 0.5.squareRoot()
      let found = try #require(seedsToDecide(differences: [power.effect - half, power.effect + half]))
      #expect(abs(found - power.seeds) <= 1, "effect \(power.effect): \(found), exactly \(power.seeds)")
    }
  }
}
