// The pruning protocols at smoke size.
import Diagnostics
import Experiments
import Tables
import Testing

private let small = """
  data: {name: digits, train: 300, validation: 100, test: 100}
  model: {mlp: [20, 10]}
  train: {optimizer: adam, lr: 0.01, batch: 50, steps: 60}
  record: {every: 20, metrics: [validation_loss, test_accuracy]}
  """

@Suite struct PruningProtocolTests {
  @Test func everyControlHasTheTicketsSize() throws {
    let made = try tables(
      small
        + "\nprotocol: {name: iterative-pruning, rounds: 3, controls: [reinit, shuffled, one-shot, sign-constant, "
        + "random-sign, rewind, learning-rate, fine-tune], control_rounds: [2], rewind_step: 20, costs: true}"
    )
    let rounds = try #require(made[".rounds"])
    #expect(rounds.rows.count == 4 + 8)
    let shares = rounds.numbers("remaining")
    #expect(Set(shares[2...10]).count == 1)
    let costs = rounds.numbers("dense_equivalents")
    #expect(rounds.numbers("trainings") == [1, 2, 3, 4])
    #expect(abs((costs.last ?? 0) - (shares[0] + shares[1] + shares[2] + shares[11]) / 100) < 1e-12)
    // Different starting points end at different places.
    #expect(Set(rounds.numbers("train_loss")).count == 12)
  }

  @Test(arguments: [
    "rewind, rewind_step: 20", "learning-rate", "fine-tune", "reset, scope: global",
    "reset, criterion: random",
  ])
  func waysToRetrain(retrain: String) throws {
    let made = try tables(small + "\nprotocol: {name: iterative-pruning, rounds: 2, retrain: \(retrain)}")
    let rounds = try #require(made[".rounds"])
    #expect(rounds.rows.count == 3)
    #expect(rounds.numbers("remaining")[2] < 67)
    #expect(rounds.numbers("test_accuracy")[2] > 0.3)
  }

  /// Convolutions may lose another share than dense layers, as in Conv-2 to Conv-6 of Frankle & Carbin (2019).
  @Test func convolutionsHaveARateOfTheirOwn() throws {
    let convolutional = small.replacing("{mlp: [20, 10]}", with: "{cnn: [4, 4], dense: [20]}")
    func remaining(_ rates: String) throws -> Double? {
      try tables(convolutional + "\nprotocol: {name: iterative-pruning, rounds: 1, \(rates)}")[".rounds"]?
        .numbers("remaining").last
    }
    let (same, fewer) = (
      try remaining("rate: 0.2, output_rate: 0.2"),
      try remaining("rate: 0.2, output_rate: 0.2, convolution_rate: 0")
    )
    #expect(abs((same ?? 0) - 80) < 0.5)
    #expect((fewer ?? 0) > (same ?? 100))
    #expect(try remaining("rate: 0.2, output_rate: 0.2, convolution_rate: 0.2") == same)
  }

  /// Rewinding to step 0 is resetting to the initial weights.
  @Test func rewindingToTheStartIsResetting() throws {
    let reset = try tables(small + "\nprotocol: {name: iterative-pruning, rounds: 2}")
    let rewound = try tables(
      small + "\nprotocol: {name: iterative-pruning, rounds: 2, retrain: rewind, rewind_step: 0}")
    #expect(reset[".rounds"]?.numbers("train_loss") == rewound[".rounds"]?.numbers("train_loss"))
  }

  @Test(arguments: [
    ("rounds: 2, retrain: rewind", "missing-key rewinding needs the step to go back to"),
    (
      "rounds: 2, retrain: rewind, rewind_step: 70",
      "wrong-value rewind_step 70 is after the last step of training, 60"
    ),
    ("rounds: 2, controls: [reinit]", "missing-key controls need the rounds"),
    (
      "rounds: 2, controls: [reinit], control_rounds: [3]",
      "wrong-value control round 3 is after the last round, 2"
    ),
    ("rounds: 2, controls: [reinnit], control_rounds: [1]", "wrong-value"),
  ])
  func mistakesAreNamed(options: String, expected: String) throws {
    let (experiment, diagnostics) = try planned(small + "\nprotocol: {name: iterative-pruning, \(options)}")
    #expect(experiment == nil)
    #expect(diagnostics.contains { "\($0.rule) \($0.message)".hasPrefix(expected) }, "\(diagnostics)")
  }

  @Test func pruningAfterTraining() throws {
    let made = try tables(
      small.replacing("steps: 60", with: "steps: 300")
        + "\nprotocol: {name: prune, sparsity: [0, 0.5, 0.95], fine_tune: 1, fine_tune_steps: 100}")
    let pruned = try #require(made[".pruned"])
    #expect(pruned.rows.count == 12)
    func accuracy(_ method: String, _ sparsity: String) throws -> Double {
      try #require(pruned.number("test_accuracy", where: ["method": method, "sparsity": sparsity]))
    }
    #expect(try accuracy("cut", "0") == made[""]?.number("test_accuracy"))
    #expect(try accuracy("iterative", "0.95") > accuracy("cut", "0.95"))
    let left = try #require(pruned.number("remaining", where: ["method": "random", "sparsity": "0.95"]))
    #expect(abs(left - 5) < 0.1)
    let (none, diagnostics) = try planned(small + "\nprotocol: {name: prune, sparsity: [0.9, 0.5]}")
    #expect(none == nil && diagnostics.contains { $0.message.contains("does not rise") })
  }

  @Test(arguments: ["snip", "grasp", "synflow", "magnitude", "random", "none"])
  func pruningAtInitialization(criterion: String) throws {
    let made = try tables(
      small + "\nprotocol: {name: prune-at-init, criterion: \(criterion), sparsity: 0.8, examples: 100}")
    let main = try #require(made[""])
    let left = try #require(main.number("remaining"))
    #expect(abs(left - (criterion == "none" ? 100 : 20)) < 0.2)
    #expect(made[".layers"]?.rows.count == 3)
    // GraSP as published does little at this size; below log 10 it has learned something all the same.
    #expect(try #require(main.number("train_loss")) < 2.3)
    if criterion != "grasp" { #expect(try #require(main.number("test_accuracy")) > 0.2) }
  }

  @Test func theTicketsShareOfTheMovement() throws {
    let made = try tables(
      small + "\nprotocol: {name: ticket-movement, rounds: 4, rate: 0.4, output_rate: 0.2}")
    let main = try #require(made[""])
    let (left, moved) = (try #require(main.number("remaining")), try #require(main.number("movement_share")))
    #expect(moved > 0 && moved < 100 && left < 20)
    #expect(made[".shares"]?.numbers("step") == [20, 40, 60])
    let arms = try #require(made[".arms"])
    #expect(
      arms.labels("arm") == [
        "dense", "ticket", "others-frozen", "others-only", "others-zeroed-ticket", "dense-others-reset",
        "dense-others-zeroed",
      ])
    #expect(try #require(arms.number("train_loss", where: ["arm": "others-only"])) < 2.3)
  }
}
