// Masks without training, and masks that are learned.
import BitExact
import Experiments
import Tables
import Testing
import Training

private let small = """
  data: {name: digits, train: 500, test: 200}
  model: {mlp: [60]}
  train: {optimizer: adam, lr: 0.01, batch: 50, steps: 200}
  record: {every: 50}
  """

@Suite struct SupermaskTests {
  @Test func everyCriterionAndActionIsMeasured() throws {
    let made = try tables(
      small
        + "\nprotocol: {name: untrained-masks, keep: [1, 0.5], criteria: [large-final, small-final, large-init, small-init, "
        + "large-init-large-final, small-init-small-final, magnitude-increase, movement, large-final-same-sign, "
        + "large-final-diff-sign, random], actions: [rewind, sign-constant, random-sign, reinit, reinit-signed]}"
    )
    let masks = try #require(made[".masks"])
    #expect(masks.rows.count == 11 * 2 * 5)
    func accuracy(_ criterion: String, _ keep: String, _ action: String) throws -> Double {
      try #require(
        masks.number("masked_accuracy", where: ["criterion": criterion, "keep": keep, "action": action]))
    }
    // A mask that keeps everything is the initial network, whatever its criterion.
    #expect(try accuracy("large-final", "1", "rewind") == accuracy("random", "1", "rewind"))
    // The signs that training agrees with know much of the task.
    #expect(try accuracy("large-final-same-sign", "0.5", "sign-constant") > 0.5)
    #expect(
      try accuracy("large-final-same-sign", "0.5", "sign-constant")
        > accuracy("random", "0.5", "sign-constant"))
    #expect(made[""]?.number("best_masked_accuracy") == masks.numbers("masked_accuracy").max())
    // 64·60 weights at one half, 600 at three quarters.
    #expect(abs(masks.numbers("remaining")[5] - 100 * (1920 + 450) / 4440) < 1e-9)
  }

  @Test(arguments: ["bernoulli", "edge-popup, keep: 0.5", "bernoulli, weights: sign-constant"])
  func masksAreLearned(method: String) throws {
    let text = small.replacing("lr: 0.01", with: "lr: 0.1").replacing("train: 500, ", with: "train: 500, ")
    let made = try tables(text + "\nprotocol: {name: learn-mask, method: \(method)}")
    let main = try #require(made[""])
    #expect(try #require(main.number("test_accuracy")) > 0.7)
    #expect(try #require(main.number("unmasked_accuracy")) < 0.4)
    #expect(made[".history"]?.numbers("step") == [0, 50, 100, 150, 200])
    let remaining = try #require(main.number("remaining"))
    #expect(method.hasPrefix("edge") ? abs(remaining - 50) < 0.1 : remaining > 20 && remaining < 80)
  }

  /// The weights stay as they were drawn: every living one is the initial value times the layer's factor.
  @Test func weightsNeverChange() {
    var stream = RandomStream(seed: 1, purpose: "points")
    let data = ExampleMatrix(
      inputs: (0..<400).map { _ in Float(stream.normal()) }, labels: (0..<100).map { Int32($0 % 2) },
      features: 4)
    let network = Network(ModelOptions(hidden: [8]), features: 4, classes: 2, capacity: 100)
    network.initialize(seed: 3)
    let initial = network.parameters.duplicate()
    let trainer = SupermaskTrainer(
      network, kind: .bernoulli, rescales: false, options: TrainOptions(rate: 5, batch: 20, steps: 40),
      seed: 3)
    trainer.run(data, watches: { _ in false }, watch: { _ in true })
    let alive = trainer.applyMask()
    var (kept, all) = (0, 0)
    for parameter in network.layout.parameters where parameter.kind == .weight {
      parameter.forEachIndex { place in
        all += 1
        let value = network.parameters.start[place]
        #expect(value == 0 || value == initial.start[place])
        if value != 0 { kept += 1 }
      }
    }
    #expect(Double(kept) / Double(all) == alive)
  }
}
