// Metrics that are recorded only when a paper asks for them.
import Diagnostics
import Experiments
import Tables
import Testing

private let noisy = """
  data: {name: digits, train: 200, test: 100, label_noise: 0.4}
  model: {mlp: [64]}
  train: {optimizer: adam, lr: 0.005, batch: 50, steps: 400}
  """

@Suite struct MetricsTests {
  @Test func memorisationComesAfterLearning() throws {
    let made = try tables(
      noisy
        + "\nrecord: {every: 10, metrics: [train_accuracy, test_accuracy, clean_accuracy, noisy_accuracy, "
        + "noisy_true_accuracy, best_test_accuracy, best_test_step, calibration_error, confidence], "
        + "steps_to: {clean_accuracy: [0.9], noisy_accuracy: [0.9], train_accuracy: [0.25]}}")
    let history = try #require(made[".history"])
    let clean = history.numbers("clean_accuracy")
    let given = history.numbers("noisy_accuracy")
    let whole = history.numbers("train_accuracy")
    // 40 % of 200 are noisy: the training accuracy is the weighted mean of the parts.
    for i in whole.indices { #expect(abs(whole[i] - (0.6 * clean[i] + 0.4 * given[i])) < 1e-12) }
    let main = try #require(made[""])
    let (cleanStep, noisyStep) = (
      main.number("steps_to_clean_accuracy_0_9"), main.number("steps_to_noisy_accuracy_0_9")
    )
    #expect(try #require(cleanStep) < #require(noisyStep))
    #expect(try #require(main.number("steps_to_train_accuracy_0_25")) <= #require(cleanStep))
    let tests = history.numbers("test_accuracy")
    #expect(main.number("best_test_accuracy") == tests.max())
    #expect(history.numbers("best_test_accuracy") == tests.indices.map { tests[...$0].max() ?? 0 })
    // A network that has memorised wrong labels is too sure of itself.
    let confidence = try #require(main.number("confidence"))
    let error = try #require(main.number("calibration_error"))
    #expect(error >= abs(confidence - (main.number("test_accuracy") ?? 0)) - 1e-12)
  }

  @Test func tablesHaveFurtherMetricsOnlyWhenAsked() throws {
    let plain = try #require(try planned(noisy).0)
    #expect(!plain.declarations.flatMap(\.metrics).contains { $0.name.hasPrefix("noisy_") })
    let asked = try #require(try planned(noisy + "\nrecord: {metrics: [noisy_accuracy]}").0)
    #expect(asked.declarations.map { $0.metrics.count { $0.name.hasPrefix("noisy_") } } == [1, 1])
  }

  @Test(arguments: [
    (
      "record: {steps_to: {test_accuracy: [0.5]}, metrics: [train_loss]}",
      "missing-key 'steps_to' watches 'test_accuracy'"
    ),
    ("record: {steps_to: {test_acuracy: [0.5]}}", "unknown-metric there is no metric 'test_acuracy'"),
    ("record: {metrics: [best_test_accuracy]}", "missing-key the best test accuracy needs"),
  ])
  func mistakesAreNamed(record: String, expected: String) throws {
    let (experiment, diagnostics) = try planned(noisy + "\n" + record)
    #expect(experiment == nil)
    #expect(diagnostics.contains { "\($0.rule) \($0.message)".hasPrefix(expected) }, "\(diagnostics)")
  }

  @Test func noisyMetricsNeedNoise() throws {
    let (_, diagnostics) = try planned(
      noisy.replacing(", label_noise: 0.4", with: "") + "\nrecord: {metrics: [noisy_accuracy]}")
    #expect(diagnostics.map(\.rule) == ["missing-key"])
  }

  @Test func generatedSetsTrain() throws {
    let made = try tables(
      """
      data: {name: linear-teacher, features: 5, train: 100, test: 100}
      model: {mlp: []}
      train: {lr: 0.5, batch: 20, steps: 200}
      """)
    #expect(try #require(made[""]?.number("test_accuracy")) > 0.9)
    let modular = try tables(
      """
      data: {name: modular-addition, modulus: 5, fraction: 0.8}
      model: {mlp: [32]}
      train: {optimizer: adam, lr: 0.01, batch: full, steps: 300}
      """)
    #expect(modular[""]?.number("train_accuracy") == 1)
  }
}
