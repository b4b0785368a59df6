// Measurements of trained networks, and protocols that compare trainings.
import BitExact
import Diagnostics
import Tables
import Testing

@testable import Experiments

private let small = """
  data: {name: digits, train: 300, test: 200}
  model: {mlp: [24, 16]}
  train: {optimizer: adam, lr: 0.01, batch: 50, steps: 150}
  """

@Suite struct MeasurementTests {
  // MARK: - Calibration and spread

  /// Ten outcomes of confidence 0.8, seven of them right; ten of 0.4, five of them right.
  @Test func calibrationErrorByHand() {
    let outcomes =
      (0..<10).map { (confidence: 0.8, isCorrect: $0 < 7) }
      + (0..<10).map { (confidence: 0.4, isCorrect: $0 < 5) }
    let calibration = Calibration(outcomes, bins: 10)
    #expect(abs(calibration.expectedError - 0.1) < 1e-12)
    #expect(abs(calibration.confidence - 0.6) < 1e-12)
    #expect(Calibration([], bins: 15).expectedError == 0)
  }

  @Test func giniByHand() {
    #expect(giniCoefficient([1, 1, 1, 1]) == 0)
    #expect(abs(giniCoefficient([0, 0, 0, 4]) - 0.75) < 1e-12)
    #expect(abs(giniCoefficient([3, 1]) - 0.25) < 1e-12)
    #expect(giniCoefficient([0, 0]) == 0)
  }

  // MARK: - Similarity

  private func random(_ rows: Int, _ columns: Int, _ purpose: String) -> DoubleMatrix {
    var stream = RandomStream(seed: 3, purpose: purpose)
    return DoubleMatrix(
      rows: rows, columns: columns, values: (0..<rows * columns).map { _ in stream.normal() })
  }

  /// CKA ignores rotations, scales and shifts; of independent features its unbiased form is near zero.
  @Test func alignmentHasItsInvariances() {
    let x = random(40, 6, "x")
    let rotation = SymmetricEigen(random(6, 6, "r").columnGram).vectors
    var y = x.times(rotation)
    for i in y.values.indices { y.values[i] = 3 * y.values[i] + 2 }
    let other = random(40, 60, "other")
    let (one, turned, unlike) = (
      Representation(x, neighbours: 5), Representation(y, neighbours: 5), Representation(other, neighbours: 5)
    )
    #expect(abs(one.linearCKA(turned) - 1) < 1e-12)
    #expect(abs(one.debiasedCKA(turned) - 1) < 1e-12)
    #expect(one.mutualNearestNeighbours(turned) == 1)
    #expect(one.linearCKA(unlike) > 0.2)
    #expect(abs(one.debiasedCKA(unlike)) < 0.15)
    #expect(one.mutualNearestNeighbours(unlike) < 0.4)
    // The definition with features: ‖YᵀX‖²_F/(‖XᵀX‖_F‖YᵀY‖_F).
    let (a, b) = (x.centered, other.centered)
    let cross = b.transposed.times(a).frobeniusNorm
    let definition = cross * cross / (a.columnGram.frobeniusNorm * b.columnGram.frobeniusNorm)
    #expect(abs(one.linearCKA(unlike) - definition) < 1e-12)
  }

  @Test func representationsAreCompared() throws {
    let made = try tables(small + "\nprotocol: {name: representation-similarity, examples: 100}")
    let layers = try #require(made[".layers"])
    #expect(layers.rows.count == 3 * 9)
    #expect(layers.numbers("cka").allSatisfy { $0 > 0 && $0 <= 1 })
    let main = try #require(made[""])
    #expect(
      main.number("cka_trained")
        == layers.number("cka", where: ["pair": "trained", "layer": "2", "other_layer": "2"]))
    // The trained logits agree far more than the untrained ones.
    let trained = try #require(
      layers.number("cka", where: ["pair": "trained", "layer": "3", "other_layer": "3"]))
    let untrained = try #require(
      layers.number("cka", where: ["pair": "untrained", "layer": "3", "other_layer": "3"]))
    #expect(trained > untrained)
  }

  // MARK: - Collapse

  /// Features on the corners of a simplex have collapsed: all four measures vanish.
  @Test func aSimplexHasCollapsed() {
    let classes = 4
    var features = DoubleMatrix(rows: 20, columns: 4)
    let labels = (0..<20).map { $0 % classes }
    for row in 0..<20 { features[row, labels[row]] = 2 }
    var classifier = DoubleMatrix.identity(4)
    for i in 0..<4 { for j in 0..<4 { classifier[i, j] -= 0.25 } }
    let values = CollapseMeasures(
      features, labels: labels, classes: classes, predictions: labels, classifier: classifier
    ).values
    for name in ["nc1", "nc1_ratio", "nc2_norm", "nc2_angle", "nc3", "nc4"] {
      #expect(abs(values[name] ?? 1) < 1e-12, "\(name)")
    }
  }

  /// NC1 against the pseudo-inverse of Σ_B itself.
  @Test func variationAgreesWithThePseudoInverse() throws {
    let features = random(30, 5, "features")
    let labels = (0..<30).map { $0 % 3 }
    let values = CollapseMeasures(
      features, labels: labels, classes: 3, predictions: labels, classifier: nil
    ).values
    var means = DoubleMatrix(rows: 3, columns: 5)
    for row in 0..<30 { for j in 0..<5 { means[labels[row], j] += features[row, j] / 10 } }
    var residuals = features
    for row in 0..<30 { for j in 0..<5 { residuals[row, j] -= means[labels[row], j] } }
    var within = residuals.columnGram
    for i in within.values.indices { within.values[i] /= 30 }
    var between = means.centered.columnGram
    for i in between.values.indices { between.values[i] /= 3 }
    let product = within.times(pseudoInverse(between, tolerance: 1e-9))
    let trace = (0..<5).reduce(0) { $0 + product[$1, $1] }
    #expect(abs(try #require(values["nc1"]) - trace / 3) < 1e-9)
  }

  // MARK: - Norms

  /// The path norm of a small network by listing its paths.
  @Test func pathNormsByEnumeration() {
    let (u, v) = (random(3, 2, "u"), random(2, 3, "v"))
    var (squares, sizes) = (0.0, 0.0)
    for i in 0..<2 {
      for h in 0..<3 {
        for o in 0..<2 {
          squares += u[h, i] * u[h, i] * v[o, h] * v[o, h]
          sizes += abs(u[h, i] * v[o, h])
        }
      }
    }
    #expect(abs(pathNorm([u, v], squared: true) - squares.squareRoot()) < 1e-12)
    #expect(abs(pathNorm([u, v], squared: false) - sizes) < 1e-12)
  }

  @Test func complexityOfATrainedNetwork() throws {
    let text = small.replacing("mlp: [24, 16]", with: "mlp: [32], bias: false").replacing(
      "steps: 150", with: "steps: 600")
    let made = try tables(text + "\nmeasure: [complexity]")
    let (main, measured) = (try #require(made[""]), try #require(made[".complexity"]))
    func value(_ name: String) throws -> Double { try #require(measured.number(name)) }
    #expect(try value("weights") == 64 * 32 + 320)
    // Without biases the norms over weights are those over parameters.
    #expect(try abs(value("l2_norm") - #require(main.number("weight_norm"))) < 1e-9)
    #expect(try abs(value("distance_from_init") - #require(main.number("distance"))) < 1e-9)
    #expect(try value("spectral_product") <= value("frobenius_product"))
    #expect(try value("path_norm") <= value("path_norm_l1"))
    #expect(try value("margin") > 0)
    #expect(try abs(value("path_norm_margin") * value("margin") - value("path_norm")) < 1e-9)
    #expect(try value("vc_bound") > 1)
    let (none, diagnostics) = try planned(
      small.replacing("mlp: [24, 16]", with: "mlp: [24], norm: batch") + "\nmeasure: [complexity]")
    #expect(none == nil && diagnostics.contains { $0.rule == "model-measurement" })
  }

  /// σ is the largest noise that costs a tenth, so a larger allowance gives a larger σ.
  @Test func flatnessFollowsTheAllowance() throws {
    let made = try tables(
      small + "\nmeasure: [{name: pac_bayes, drop: 0.05, draws: 2, examples: 100}]")
    let more = try tables(
      small + "\nmeasure: [{name: pac_bayes, drop: 0.5, draws: 2, examples: 100}]")
    let (a, b) = (try #require(made[".pac_bayes"]), try #require(more[".pac_bayes"]))
    let (near, far) = (try #require(a.number("sigma")), try #require(b.number("sigma")))
    #expect(0 < near && near < far && far < 2)
    #expect(abs(try #require(a.number("flatness")) - 1 / (near * near)) < 1e-9)
    // ‖w − w₀‖²/(4σ²) + log(m/σ) + 10 with the run's own distance.
    let distance = try #require(made[""]?.number("distance"))
    let bound = distance * distance / (4 * near * near) + Elementary.log(300 / near) + 10
    #expect(abs(try #require(a.number("pac_bayes_init")) - bound) < 1e-9 * bound)
    #expect(try #require(a.number("magnitude_sigma")) > 0)
  }

  // MARK: - Noise, scales, gradients

  @Test func noiseCostsAccuracy() throws {
    let made = try tables(small + "\nmeasure: [{name: noise_robustness, input: [0, 5], weight: [0, 3]}]")
    let (main, noise) = (try #require(made[""]), try #require(made[".noise_robustness"]))
    let accuracy = main.number("test_accuracy")
    #expect(
      noise.number("accuracy", where: ["place": "input", "sigma": "0"]).map {
        abs($0 - (accuracy ?? 0)) < 1e-12
      } == true)
    #expect(
      noise.number("accuracy", where: ["place": "weight", "sigma": "0"]).map {
        abs($0 - (accuracy ?? 0)) < 1e-12
      } == true)
    #expect(try #require(noise.number("accuracy", where: ["place": "input", "sigma": "5"])) < 0.6)
    #expect(try #require(noise.number("accuracy", where: ["place": "weight", "sigma": "3"])) < 0.7)
  }

  /// Dinh et al. 2017: the same function, another sharpness.
  @Test func rescalingKeepsTheFunctionOnly() throws {
    let made = try tables(small + "\nmeasure: [{name: rescaling, factors: [1, 10], examples: 50}]")
    let table = try #require(made[".rescaling"])
    #expect(table.numbers("output_difference")[0] == 0)
    #expect(table.numbers("output_difference")[1] < 1e-4)
    #expect(abs(table.numbers("lambda_ratio")[0] - 1) < 1e-3)
    #expect(table.numbers("lambda_ratio")[1] > 10)
    #expect(table.numbers("path_norm_ratio").allSatisfy { abs($0 - 1) < 1e-5 })
    let (none, diagnostics) = try planned(small + "\nmeasure: [{name: rescaling, layer: 3}]")
    #expect(none == nil && diagnostics.contains { $0.message.contains("no hidden layer 3") })
  }

  @Test func sensitivityAndCriticalSamples() throws {
    func ratio(_ radius: Double) throws -> Double {
      let made = try tables(small + "\nmeasure: [{name: input_sensitivity, examples: 60, radius: \(radius)}]")
      let table = try #require(made[".input_sensitivity"])
      #expect(try #require(table.number("gini")) > 0.2)
      #expect(try #require(table.number("sensitivity")) > 0)
      return try #require(table.number("critical_test"))
    }
    let (near, far) = (try ratio(0.05), try ratio(2))
    #expect(near < far && far > 0.9)
  }

  @Test func whiteInputsAreWellConditioned() throws {
    func condition(_ way: String) throws -> Double {
      let made = try tables(
        small.replacing("test: 200", with: "test: 200, standardize: \(way)") + "\nmeasure: [input_spectrum]")
      return try #require(made[".input_spectrum"]?.number("condition"))
    }
    #expect(try abs(condition("whiten") - 1) < 1e-3)
    #expect(try condition("raw") > condition("pixel"))
  }

  @Test func collapseIsMeasured() throws {
    let made = try tables(small + "\nmeasure: [neural_collapse]")
    let table = try #require(made[".neural_collapse"])
    for name in ["nc1", "nc1_ratio", "nc2_norm", "nc2_angle", "nc3", "nc4"] {
      #expect(table.numbers(name).first.map { $0 >= 0 } == true, "\(name)")
    }
  }

  // MARK: - Comparing trainings

  @Test func randomLabelsAreABadStart() throws {
    let text = small.replacing("optimizer: adam, lr: 0.01", with: "lr: 0.1")
    let made = try tables(
      text
        + "\nprotocol: {name: transfer, pretrain_steps: 1500}\nvary: {pretrain: [none, random-labels, true-labels]}"
    )
    let main = try #require(made[""])
    let accuracies = main.numbers("test_accuracy")
    #expect(accuracies[0] > accuracies[1] + 0.02)
    #expect(main.numbers("pretrain_accuracy").count == 2)
    #expect(main.numbers("pretrain_accuracy")[0] > 0.3)
  }

  @Test func theLineBetweenTwoTrainings() throws {
    let made = try tables(
      small + "\nprotocol: {name: interpolation, points: 5, from: -1, to: 2}\nvary: {pair: [order, init]}")
    let (main, segment) = (try #require(made[""]), try #require(made[".segment"]))
    #expect(segment.numbers("alpha").prefix(5) == [-1, -0.25, 0.5, 1.25, 2])
    // Different starting points lie behind a barrier, different orders of batches much less so.
    let barriers = main.numbers("train_barrier")
    #expect(barriers[1] > barriers[0] && barriers[1] > 0.05)
    let ends = try tables(small + "\nprotocol: {name: interpolation, points: 3}")
    let first = try #require(ends[".segment"]?.number("test_accuracy", where: ["alpha": "0"]))
    #expect(first == ends[""]?.number("test_accuracy"))
    #expect(
      ends[".segment"]?.number("test_accuracy", where: ["alpha": "1"])
        == ends[""]?.number("second_test_accuracy"))
    let forked = try tables(small + "\nprotocol: {name: interpolation, points: 3, fork_step: 100}")
    #expect(try #require(forked[""]?.number("between")) < #require(ends[""]?.number("between")))
    let batches = try tables(
      small + "\nprotocol: {name: interpolation, points: 3, pair: batch, second_batch: full}")
    #expect(batches[".segment"]?.rows.count == 3)
  }

  @Test(arguments: [
    ("{name: interpolation, fork_step: 150}", "wrong-value fork_step 150 leaves nothing"),
    ("{name: interpolation, fork_step: 10, pair: init}", "wrong-value only the pair 'order'"),
    ("{name: interpolation, pair: batch}", "missing-key the pair 'batch'"),
  ])
  func mistakesAreNamed(text: String, expected: String) throws {
    let (none, diagnostics) = try planned(small + "\nprotocol: \(text)")
    #expect(none == nil)
    #expect(diagnostics.contains { "\($0.rule) \($0.message)".hasPrefix(expected) }, "\(diagnostics)")
  }

  @Test func lowFrequenciesComeFirst() throws {
    let made = try tables(
      """
      data: {name: sines, frequencies: [1, 3], train: 64, test: 64}
      model: {mlp: [64, 64], init: pytorch}
      train: {loss: mse, optimizer: adam, lr: 0.005, batch: full, steps: 2000}
      protocol: frequency-fit
      record: {every: 10}
      """)
    let frequencies = try #require(made[".frequencies"])
    let steps = frequencies.numbers("fit_step")
    #expect(steps.count == 2 && steps[0] < steps[1])
    #expect(made[""]?.number("slowdown") == steps[1] / steps[0])
    let (none, diagnostics) = try planned("data: {name: sines}\nmodel: {mlp: [4]}\ntrain: {lr: 1, steps: 2}")
    #expect(none == nil && diagnostics.contains { $0.message.contains("cross-entropy cannot fit") })
  }
}
