// Measurements of trained networks by curvature and slices.
import Diagnostics
import Experiments
import Tables
import Testing

private let trained = """
  data: {name: digits, train: 200, test: 100}
  model: {mlp: [16, 16], norm: batch}
  train: {lr: 0.1, batch: 50, steps: 120}
  """

@Suite struct HessianMeasurementTests {
  @Test func allMeasurementsOfATrainedNetwork() throws {
    let made = try tables(
      trained + """

        measure:
          - {name: curvature, examples: 100, products: 20, trace_draws: 5}
          - {name: keskar_sharpness, examples: 100, iterations: 4, subspace: [0, 5]}
          - {name: landscape, points: 5, pairs: 2, examples: 100}
          - norm_scales
          - norm_units
        """)
    let curvature = try #require(made[".curvature"])
    let top = try #require(curvature.number("lambda_max"))
    #expect(top > 0 && top > (curvature.number("lambda_min") ?? 0))
    #expect(try #require(curvature.number("lambda_error")) < 0.1 * top)
    let sharpness = try #require(made[".keskar_sharpness"])
    #expect(sharpness.rows.count == 4 && sharpness.numbers("sharpness").allSatisfy { $0 > 0 })
    // A larger box has a larger maximum.
    let boxes = ["0.0005", "0.001"].compactMap {
      sharpness.number("sharpness", where: ["epsilon": $0, "subspace": "0"])
    }
    #expect(boxes.count == 2 && boxes[0] < boxes[1])
    let landscape = try #require(made[".landscape"])
    #expect(landscape.rows.count == 2 * 25 && landscape.numbers("ruggedness").count == 2)
    let center = landscape.number("loss", where: ["alpha": "0", "beta": "0"])
    #expect(center.map { abs($0 - (curvature.number("loss") ?? 0)) < 1e-6 } ?? false)
    let scales = try #require(made[".norm_scales"])
    #expect(scales.numbers("layer") == [0, 1, 2] && scales.numbers("scales") == [32, 16, 16])
    let units = try #require(made[".norm_units"])
    #expect(units.rows.count == 32)
    let mean = units.numbers("scale").reduce(0, +) / 32
    #expect(abs(mean - (scales.number("scale_mean") ?? 0)) < 1e-6)
  }

  /// Li et al. 2019: dropout shifts the variance of what stands behind it by a factor that the unit's mean gives.
  @Test func varianceShiftFollowsTheFormula() throws {
    let made = try tables(
      """
      data: {name: digits, train: 400, test: 100}
      model: {mlp: [32, 32], norm: batch, dropout: 0.3}
      train: {lr: 0.05, batch: 50, steps: 300}
      measure: [{name: variance_shift, examples: 400, draws: 40}]
      """)
    let shift = try #require(made[".variance_shift"])
    #expect(shift.labels("place") == ["norm_input", "dropout", "norm_input", "dropout"])
    // Before the first dropout nothing shifts.
    #expect(try abs(#require(shift.number("expected_ratio")) - 1) < 1e-9)
    for row in ["dropout", "norm_input"] {
      let layer = row == "dropout" ? "1" : "2"
      let measured = try #require(shift.number("training_ratio", where: ["layer": layer, "place": row]))
      let expected = try #require(shift.number("expected_ratio", where: ["layer": layer, "place": row]))
      #expect(expected > 1.1)
      #expect(abs(measured / expected - 1) < 0.05, "\(row): \(measured), \(expected)")
    }
    let running = try #require(shift.number("running_ratio", where: ["layer": "2", "place": "norm_input"]))
    let expected = try #require(shift.number("expected_ratio", where: ["layer": "2", "place": "norm_input"]))
    #expect(abs(running / expected - 1) < 0.15, "\(running), \(expected)")
  }

  @Test(arguments: [
    ("norm: batch", "norm: none", "norm_scales"), ("norm: batch", "norm: none", "norm_units"),
    ("norm: batch", "norm: batch", "variance_shift"), ("norm: batch", "norm: batch-linf", "curvature"),
  ])
  func measurementsThatDoNotFit(from: String, to: String, name: String) throws {
    let (experiment, diagnostics) = try planned(
      trained.replacing(from, with: to) + "\nmeasure: [\(name)]")
    #expect(experiment == nil)
    #expect(diagnostics.map(\.rule) == ["model-measurement"], "\(diagnostics)")
  }

  @Test func measurementsOfOneNameCollide() throws {
    let (_, diagnostics) = try planned(trained + "\nmeasure: [landscape, {name: landscape, points: 5}]")
    #expect(diagnostics.map(\.rule) == ["duplicate-name"])
  }
}
