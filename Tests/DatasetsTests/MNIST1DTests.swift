// MNIST-1D against the published data (Fixtures/make-mnist1d.py).
import Foundation
import Testing

@testable import Datasets

private struct Reference: Decodable {
  struct Row: Decodable {
    var row: Int
    var values: [Double]
  }
  var train, test: [Row]
  var trainLabels, testLabels: [UInt8]
  var sum, absoluteSum: Double
  var uniforms, gaussians: [Double]
  var integers, permutation: [Int]

  static func load() throws -> Reference {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/mnist1d.json")
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }
}

@Suite struct MNIST1DTests {
  private static let signals = MNIST1D.make(count: 5000)
  private let reference: Reference

  init() throws { reference = try Reference.load() }

  @Test func generatorDrawsNumPysNumbers() {
    var random = MersenneTwister(seed: 42)
    #expect(reference.uniforms.map { _ in random.uniform() } == reference.uniforms)
    var words = MersenneTwister(seed: 42)
    #expect(
      (0..<5).map { _ in words.next() } == [
        1_608_637_542, 3_421_126_067, 4_083_286_876, 787_846_414, 3_143_890_026,
      ])
    var normal = MersenneTwister(seed: 42)
    for expected in reference.gaussians { #expect(abs(normal.gaussian() - expected) < 1e-14) }
    for (seed, expected) in reference.integers.enumerated() {
      var random = MersenneTwister(seed: UInt32(seed))
      #expect(random.upTo(47) == expected)
    }
    var order = MersenneTwister(seed: 7)
    #expect(order.permutation(12) == reference.permutation)
  }

  @Test func signalsEqualThePublishedOnes() {
    for (rows, offset) in [(reference.train, 0), (reference.test, 4000)] {
      for row in rows {
        let start = (offset + row.row) * 40
        for (column, expected) in row.values.enumerated() {
          let found = Self.signals.values[start + column]
          #expect(abs(found - expected) < 1e-12, "row \(offset + row.row), column \(column)")
        }
      }
    }
  }

  @Test func labelsAndSumsEqualThePublishedOnes() {
    #expect(Array(Self.signals.labels[..<4000]) == reference.trainLabels)
    #expect(Array(Self.signals.labels[4000...]) == reference.testLabels)
    let train = Self.signals.values[..<160_000]
    #expect(abs(train.reduce(0, +) - reference.sum) < 1e-8)
    #expect(abs(train.reduce(0) { $0 + abs($1) } - reference.absoluteSum) < 1e-6)
  }

  @Test func theRecipesTestVectorHolds() throws {
    let split = try DatasetLibrary(searchPath: []).load(DatasetRequest(.mnist1d), seed: 1)
    let expected: [Float] = [-0.33200567, -0.47191037, -0.77869708, -1.00974083, -0.88235257, 0.10393481]
    for (found, wanted) in zip(split.train.input(0), expected) { #expect(abs(found - wanted) < 1e-7) }
    for (found, wanted) in zip(
      split.test.input(0), [-0.07877078, -0.21073171, -0.09175138, 0.28267112] as [Float])
    {
      #expect(abs(found - wanted) < 1e-7)
    }
    #expect(split.train.labels.prefix(12) == [2, 6, 4, 5, 6, 6, 6, 0, 3, 1, 6, 9])
    #expect(split.test.labels.prefix(8) == [2, 6, 3, 9, 4, 3, 1, 9])
    #expect(split.train.labelCounts == [398, 396, 411, 394, 394, 402, 401, 404, 402, 398])
    #expect(split.test.labelCounts == [102, 104, 89, 106, 106, 98, 99, 96, 98, 102])
    #expect(split.train.shape == [40] && split.train.classes == 10)
  }

  @Test func theSameBitsOnEveryMachine() throws {
    let library = DatasetLibrary(searchPath: [])
    let digest = try library.digest(of: DatasetRequest(.mnist1d))
    #expect(digest == "031e3042190ccdb6e80cbbbdab9932a8f4888314d20bbbed536861a09ec9b2a3")
  }

  @Test func moreMayBeMade() throws {
    let library = DatasetLibrary(searchPath: [])
    let request = DatasetRequest(.mnist1d, train: 4003, validation: 10, test: 1200)
    let split = try library.load(request, seed: 1)
    #expect(split.train.count == 4003 && split.validation.count == 10 && split.test.count == 1200)
    let described = try library.description(of: request)
    #expect(described.train == 4003 && described.validation == 10 && described.test == 1200)
    #expect(described.inputCount == 40)
  }
}
