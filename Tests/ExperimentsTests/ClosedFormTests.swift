// Protocols with exact solutions against their formulas.
import BitExact
import Diagnostics
import Experiments
import Tables
import Testing
import Training

@Suite struct ClosedFormTests {
  /// Half of the labellings of 2d points are separable; all of d, none of many.
  @Test func coversCounts() {
    #expect(abs(LinearSeparability.expectedFraction(points: 40, dimension: 20) - 0.5) < 1e-12)
    #expect(LinearSeparability.expectedFraction(points: 20, dimension: 20) == 1)
    #expect(LinearSeparability.expectedFraction(points: 60, dimension: 20) < 0.01)
    // n = 3, d = 2: six of the eight labellings.
    #expect(abs(LinearSeparability.expectedFraction(points: 3, dimension: 2) - 0.75) < 1e-12)
  }

  /// All labellings of a few points in the plane, decided by the program and by looking at every half-plane.
  @Test func separabilityAgreesWithEnumeration() {
    var stream = RandomStream(seed: 2, purpose: "plane")
    let points = (0..<7).map { _ in (stream.normal(), stream.normal()) }
    let coordinates = points.flatMap { [$0.0, $0.1] }
    var separable = 0
    for pattern in 0..<128 {
      let labels = (0..<7).map { pattern >> $0 & 1 == 1 ? 1.0 : -1 }
      let signed = SignedPoints(points: coordinates, labels: labels, dimension: 2)
      let found = LinearSeparability(signed).separator
      let byLooking = (0..<3600).contains { k in
        let angle = Double(k) / 3600 * 2 * Double.pi
        let (x, y) = (Elementary.cos(angle), Elementary.sin(angle))
        return zip(points, labels).allSatisfy { $1 * ($0.0 * x + $0.1 * y) > 0 }
      }
      #expect((found != nil) == byLooking)
      if found != nil { separable += 1 }
    }
    // Cover: 2·(1 + 6) labellings of seven points in the plane.
    #expect(separable == 14)
  }

  @Test(arguments: [(10, 20), (20, 10)])
  func separabilityOfDrawnLabels(points: Int, dimension: Int) throws {
    let made = try tables(
      """
      data: {name: random-points, features: \(dimension), train: \(points)}
      protocol: {name: separability, labelings: 200}
      """)
    let main = try #require(made[""])
    let (deviation, error) = (
      try #require(main.number("deviation")), try #require(main.number("standard_error"))
    )
    #expect(abs(deviation) <= 4 * error + 1e-9)
  }

  /// The mean risk over seeds follows the formula below and above the interpolation threshold.
  @Test(arguments: [10, 80])
  func riskFollowsTheFormula(examples: Int) throws {
    let made = try tables(
      """
      data: {name: linear-map, features: 30, outputs: 1, train: \(examples), test: 60, target_noise: 0.5}
      protocol: linear-regression
      seeds: 60
      """)
    let main = try #require(made[""])
    let risks = main.numbers("risk")
    let expected = main.numbers("expected_risk")
    let differences = zip(risks, expected).map { $0 - $1 }
    let mean = differences.reduce(0, +) / 60
    let spread = (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 59).squareRoot()
    #expect(abs(mean) < 4 * spread / 60.0.squareRoot())
    if examples < 30 { #expect(main.numbers("train_mse").allSatisfy { $0 < 1e-20 }) }
  }

  @Test func gradientDescentEndsAtTheNearestSolution() throws {
    let text = """
      data: {name: linear-map, features: 40, outputs: 1, train: 15, test: 60, target_noise: 0.1}
      protocol: {name: linear-regression, solver: gd, steps: 3000, init_norm: 0}
      vary: {init_norm: [0, 2]}
      """
    let main = try #require(try tables(text)[""])
    #expect(main.numbers("limit_distance").allSatisfy { $0 < 1e-6 })
    #expect(main.numbers("min_norm_distance")[0] < 1e-6)
    #expect(main.numbers("min_norm_distance")[1] > 0.5)
  }

  /// Ridge by leave-one-out is never much worse than no penalty, and much better at the threshold.
  @Test func ridgeRemovesThePeak() throws {
    func risk(_ solver: String) throws -> Double {
      let made = try tables(
        """
        data: {name: linear-map, features: 30, outputs: 1, train: 30, test: 60, target_noise: 0.5}
        protocol: {name: linear-regression, solver: \(solver)}
        seeds: 5
        """)
      return try #require(made[""]).numbers("risk").reduce(0, +)
    }
    #expect(try risk("ridge-cv") < 0.5 * risk("min-norm"))
  }

  @Test func doubleDescentPeaksAtTheThreshold() throws {
    let made = try tables(
      """
      data: {name: digits, train: 60, test: 200}
      protocol: {name: feature-regression, features: [10, 30, 60, 120, 600], solvers: [min-norm, ridge-cv]}
      """)
    let main = try #require(made[""])
    #expect(main.number("peak_features") == 60)
    #expect(try #require(main.number("last")) < #require(main.number("peak")))
    let capacity = try #require(made[".capacity"])
    #expect(capacity.rows.count == 10)
    let beyond = try #require(capacity.number("train_mse", where: ["features": "600", "solver": "min-norm"]))
    #expect(beyond < 1e-18)
    let (plain, ridge) = (
      try #require(capacity.number("test_mse", where: ["features": "60", "solver": "min-norm"])),
      try #require(capacity.number("test_mse", where: ["features": "60", "solver": "ridge-cv"]))
    )
    #expect(ridge < plain / 3)
  }

  /// A polynomial of degree five has the values of one on noise-free data of a slow sine: nearly no error.
  @Test func polynomialsFitASine() throws {
    let made = try tables(
      """
      data: {name: sines, frequencies: [0.5], train: 30, test: 100, target_noise: 0.2}
      protocol: {name: feature-regression, kind: polynomial, features: [1, 6, 28]}
      seeds: 3
      """)
    let mse = try #require(made[".capacity"]).numbers("test_mse")
    for seed in 0..<3 {
      let curve = mse[3 * seed..<3 * seed + 3].map { $0 }
      #expect(curve[1] < curve[0] && curve[1] < curve[2])
      #expect(curve[1] < 0.03)
    }
  }

  @Test func capacityIsFoundByBisection() throws {
    let made = try tables(
      """
      data: {name: random-points, features: 10, train: 400, test: 10}
      model: {mlp: [6]}
      train: {optimizer: adam, lr: 0.02, batch: full, steps: 1500}
      protocol: {name: memorization-capacity, start: 10, tolerance: 0.2}
      record: {every: 100, metrics: [train_accuracy]}
      """)
    let main = try #require(made[""])
    let fitted = try #require(main.number("capacity"))
    let failed = try #require(main.number("upper_bound"))
    #expect(fitted > 10 && fitted < failed && failed <= 400)
    #expect(main.number("parameters") == 80)
    let trials = try #require(made[".trials"])
    let worked = zip(trials.numbers("examples"), trials.numbers("train_accuracy")).filter { $0.1 >= 0.999 }
    #expect(worked.map(\.0).max() == fitted)
  }

  @Test(arguments: [
    (
      "data: {name: digits, train: 9}\nprotocol: {name: feature-regression, kind: polynomial, features: [2]}",
      "model-data"
    ),
    ("data: {name: digits}\nprotocol: {name: feature-regression, features: [2]}", "missing-key"),
    ("data: {name: linear-map, features: 50, test: 20}\nprotocol: linear-regression", "wrong-value"),
    ("data: {name: digits}\nprotocol: separability", "model-data"),
    (
      "data: {name: random-points}\nmodel: {mlp: [3]}\ntrain: {lr: 1, steps: 5}\nprotocol: memorization-capacity",
      "missing-key"
    ),
  ])
  func mistakesAreNamed(text: String, rule: String) throws {
    let (experiment, diagnostics) = try planned(text)
    #expect(experiment == nil)
    #expect(diagnostics.contains { $0.rule == rule }, "\(diagnostics)")
  }
}
