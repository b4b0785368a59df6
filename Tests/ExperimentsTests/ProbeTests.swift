// Probes of a running training: their tables, what they leave alone, and exact statements about them.
import Diagnostics
import Experiments
import Tables
import Testing

private let base = """
  data: {name: digits, train: 200, test: 100}
  model: {mlp: [20, 20], norm: batch}
  train: {lr: 0.1, batch: 50, steps: 40}
  """

@Suite struct ProbeTests {
  @Test func probesLeaveTheTrainingAlone() throws {
    let probes = """

      probe: [gradient_norms, landscape_along_gradient, covariate_shift, unit_inputs, weight_growth,
        {name: curvature, examples: 100, products: 10, trace_draws: 2}]
      """
    let dropped = base.replacing("norm: batch", with: "norm: batch, dropout: 0.2")
    let plain = try tables(dropped)
    let probed = try tables(dropped + probes)
    #expect(plain[""]?.rows == probed[""]?.rows)
    #expect(
      Set(probed.keys)
        == [
          "", ".history", ".gradient_norms", ".landscape_along_gradient", ".covariate_shift", ".unit_inputs",
          ".weight_growth", ".curvature",
        ])
    let steps = Set(try #require(probed[".curvature"]).numbers("step"))
    #expect(steps == [0, 20, 40])
    #expect(try #require(probed[".gradient_norms"]).rows.count == 2 * 3)
    #expect(try #require(probed[".covariate_shift"]).numbers("layer") == [2, 3, 2, 3])
    #expect(try #require(probed[".unit_inputs"]).rows.count == 3 * 2 * 2)
    for table in probed.values {
      for row in table.rows { #expect(row.allSatisfy { $0.number.map { !$0.isNaN } ?? true }) }
    }
  }

  /// The first step along the gradient is the step that the training makes.
  @Test func theWalkMeetsTheTraining() throws {
    let made = try tables(
      """
      data: {name: digits, train: 200, test: 100}
      model: {mlp: [20], norm: none}
      train: {lr: 0.1, batch: full, steps: 3}
      record: {every: 1, metrics: [train_loss]}
      probe: [{name: landscape_along_gradient, every: 1, multiples: [1]}]
      """)
    let walk = try #require(made[".landscape_along_gradient"])
    let losses = try #require(made[".history"]).numbers("train_loss")
    #expect(walk.rows.count == 3)
    for (before, after) in zip(walk.numbers("loss"), losses) { #expect(abs(before - after) < 1e-5) }
    for (next, after) in zip(walk.numbers("loss_max"), losses.dropFirst()) {
      #expect(abs(next - after) < 1e-5)
    }
  }

  /// ‖w‖² grows by exactly η²‖∇L‖² (less what decay takes) where the scale of w does not matter.
  @Test(arguments: [(0, 1e-5), (0.01, 1e-5), (0.01, 0)])
  func weightsThatFeedANormalisationGrowAsPredicted(decay: Double, epsilon: Double) throws {
    let made = try tables(
      base.replacing("lr: 0.1", with: "lr: 0.1, weight_decay: \(decay)")
        .replacing("norm: batch", with: "norm: batch, norm_eps: \(epsilon)")
        + "\nprobe: [{name: weight_growth, every: 1}]")
    let growth = try #require(made[".weight_growth"])
    #expect(growth.rows.count == 40 * 2)
    #expect(growth.numbers("growth_error").allSatisfy { $0 < 1e-5 })
    #expect(growth.numbers("radial_gradient").allSatisfy { abs($0) < 1e-3 })
    #expect(growth.numbers("angle").allSatisfy { $0 > 0 })
    #expect(growth.numbers("equilibrium_angle").count == (decay > 0 ? 80 : 0))
  }

  /// In equilibrium weights turn by √(2ηλ) a step (van Laarhoven 2017; Li, Lyu & Arora 2020).
  @Test func rotationSettles() throws {
    let made = try tables(
      """
      data: {name: digits, train: 400, test: 100, label_noise: 0.5}
      model: {mlp: [16], norm: batch, bias: false}
      train: {lr: 0.2, batch: 20, steps: 3000, groups: [{on: normed-weights, weight_decay: 0.02}]}
      probe: [{name: weight_growth, every: 10}]
      """)
    let growth = try #require(made[".weight_growth"])
    let late = growth.numbers("angle").suffix(150)
    let mean = late.reduce(0, +) / Double(late.count)
    let expected = try #require(growth.numbers("equilibrium_angle").first)
    #expect(abs(mean / expected - 1) < 0.15, "\(mean), \(expected)")
  }

  /// Full-batch gradient descent rises to the edge of stability and stays there (Cohen et al. 2021).
  @Test func edgeOfStability() throws {
    let made = try tables(
      """
      data: {name: digits, train: 150, test: 100}
      model: {mlp: [20, 20], activation: tanh, init: pytorch}
      train: {lr: 0.2, batch: full, steps: 600, loss: mse}
      probe: [{name: curvature, every: 40, examples: 150, products: 30}]
      """)
    let curvature = try #require(made[".curvature"])
    let values = curvature.numbers("lambda_eta")
    let late = values.suffix(8).sorted()
    let middle = (late[3] + late[4]) / 2
    #expect(middle > 0.95 && middle < 1.1, "\(values)")
    // Without momentum the threshold is 2: the two columns divide in another order.
    for (stability, value) in zip(curvature.numbers("stability"), values) {
      #expect(abs(stability - value) < 1e-12 * value)
    }
    // Progressive sharpening comes first.
    #expect(values[0] < 0.9 * middle && values.first != values.max(), "\(values)")
  }

  @Test(arguments: [
    ("probe: [curvatur]", "unknown-name"), ("probe: [{name: gradient_norms, every: 0}]", "wrong-value"),
    ("probe: [gradient_norms, gradient_norms]", "duplicate-name"),
    ("measure: [curvature]\nprobe: [curvature]", "duplicate-name"),
    ("protocol: {name: iterative-pruning, rounds: 1}\nprobe: [curvature]", "unused-key"),
    ("protocol: {name: iterative-pruning, rounds: 1}\nmeasure: [inference_modes]", "unused-key"),
  ])
  func mistakesAreNamed(text: String, rule: String) throws {
    let (experiment, diagnostics) = try planned(base + "\n" + text)
    #expect(experiment == nil)
    #expect(diagnostics.contains { $0.rule == rule }, "\(diagnostics)")
  }

  @Test func probesThatDoNotFitTheModel() throws {
    let plain = base.replacing("norm: batch", with: "norm: none")
    #expect(try planned(plain + "\nprobe: [weight_growth]").1.map(\.rule) == ["model-probe"])
    #expect(try planned(plain + "\nprobe: [{name: weight_growth, on: weights}]").1.isEmpty)
    let residual = base.replacing("norm: batch", with: "residual: true")
    #expect(try planned(residual + "\nprobe: [unit_inputs]").1.map(\.rule) == ["model-probe"])
    let absolute = base.replacing("norm: batch", with: "norm: batch-l1")
    #expect(try planned(absolute + "\nprobe: [curvature]").1.map(\.rule) == ["model-probe"])
    #expect(try planned(absolute + "\nmeasure: [curvature]").1.map(\.rule) == ["model-measurement"])
  }

  @Test func probesCost() throws {
    let plain = try #require(try planned(base).0?.runs.first?.cost)
    let probed = try #require(try planned(base + "\nprobe: [landscape_along_gradient]").0?.runs.first?.cost)
    // Two observations of nine gradients on 50 examples, 6 operations a multiplication.
    let multiplications = 64.0 * 20 + 20 * 20 + 20 * 10
    #expect(probed.operations - plain.operations == 6 * multiplications * 2 * 9 * 50)
    #expect(probed.steps == plain.steps)
  }
}
