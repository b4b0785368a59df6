// A run that goes on from a saved state gives the same bits as one that did not stop.
import Datasets
import Diagnostics
import Experiments
import Specification
import Testing

private func run(_ yaml: String) throws -> Run {
  let body = try Node(yaml: yaml, origin: SourcePosition(file: "paper.md", line: 1, column: 1))
  var diagnostics = Diagnostics()
  let planner = ExperimentPlanner(
    profile: "default", profiles: ["default"], library: DatasetLibrary(searchPath: []))
  let experiment = planner.plan(ExperimentBlock(id: "exp-x", body: body), &diagnostics)
  return try #require(experiment?.runs.first, "\(diagnostics.all.map(\.message))")
}

private func digest(
  _ run: Run, saved: [UInt8]? = nil, save: @escaping (Int, [UInt8]) -> Void = { _, _ in }
) throws -> (digest: String, steps: Int) {
  var step = 0
  let checkpoints = RunCheckpoints(
    saved: saved,
    isDue: { done in
      step = done
      return true
    }, save: { save(step, $0) })
  var trained = 0
  let context = RunContext(
    configuration: run.configuration, seed: 1, library: DatasetLibrary(searchPath: []),
    checkpoints: RunCheckpoints(
      saved: saved,
      isDue: { done in
        trained += 1
        return checkpoints.isDue(done)
      }, save: checkpoints.save))
  return (try run.configuration.run(context).digest, trained)
}

@Suite struct CheckpointTests {
  @Test(arguments: [
    "model: {mlp: [8, 6], norm: batch}\ntrain: {optimizer: adam, lr: 0.01, batch: 30, steps: 40, schedule: cosine}",
    "model: {mlp: [8]}\ntrain: {optimizer: sgd, momentum: 0.9, nesterov: true, lr: 0.1, batch: full, steps: 40, weight_decay: 1e-3}",
    "model: {mlp: [8]}\ntrain: {lr: 0.2, batch: 25, steps: 40, stop: {train_accuracy: 0.6}}",
  ])
  func goingOnGivesTheSameBits(parts: String) throws {
    let run = try run(
      """
      data: {name: digits, train: 200, validation: 50, test: 60}
      \(parts)
      record: {every: 5, metrics: [train_loss, train_accuracy, validation_loss, test_accuracy], fit_accuracy: 0.5}
      """)
    var states: [Int: [UInt8]] = [:]
    let whole = try digest(run) { states[$0] = $1 }
    #expect(states.count >= 5)
    let last = try #require(states.keys.max())
    for step in [1, 4, 5, 17, last] {
      guard let state = states[step] else { continue }
      let resumed = try digest(run, saved: state)
      #expect(resumed.digest == whole.digest, "from step \(step)")
      #expect(resumed.steps == whole.steps - step, "it did not go on from step \(step)")
    }
  }

  /// Runs of several trainings, and trainings with probes, go on too; whatever was trained before is not trained again.
  @Test(arguments: [
    """
    train: {lr: 0.2, momentum: 0.9, batch: full, steps: 24}
    probe: [{name: curvature, every: 5, examples: 60}, {name: unit_inputs, every: 7, examples: 40}, \
    {name: weight_growth, every: 6, on: weights}]
    """,
    """
    train: {lr: 0.1, batch: 25, steps: 12}
    protocol: {name: iterative-pruning, rounds: 3, rate: 0.3, retrain: rewind, rewind_step: 4, \
    controls: [reinit, one-shot, rewind], control_rounds: [2], costs: true}
    """,
    "train: {optimizer: adam, lr: 0.01, batch: 25, steps: 15}\nprotocol: {name: transfer, pretrain_steps: 10}",
    "train: {lr: 0.1, batch: 25, steps: 12}\nprotocol: {name: interpolation, fork_step: 4, points: 3}",
    "train: {lr: 0.1, batch: 25, steps: 8}\nprotocol: {name: ticket-movement, rounds: 2}",
    "train: {optimizer: adam, lr: 0.01, batch: 25, steps: 14}\nprotocol: {name: learn-mask}",
    """
    train: {lr: 0.1, momentum: 0.9, batch: 25, steps: 14}
    protocol: {name: learn-mask, method: edge-popup, keep: 0.4}
    """,
  ])
  func runsOfEveryKindGoOn(parts: String) throws {
    let run = try run(
      """
      data: {name: digits, train: 200, validation: 50, test: 60}
      model: {mlp: [8, 6], norm: batch}
      \(parts)
      record: {every: 4, metrics: [train_loss, train_accuracy, validation_loss, test_accuracy]}
      """)
    var states: [[UInt8]] = []
    let whole = try digest(run) { states.append($1) }
    #expect(states.count > 10)
    for place in [0, 1, states.count / 3, states.count / 2, states.count - 2, states.count - 1] {
      let resumed = try digest(run, saved: states[place])
      #expect(resumed.digest == whole.digest, "from state \(place)")
      #expect(resumed.steps < whole.steps, "it started again from state \(place)")
    }
    // A damaged state is not used.
    let broken = try digest(run, saved: Array(states[states.count / 2].dropLast(3)))
    #expect(broken.digest == whole.digest && broken.steps == whole.steps)
  }

  @Test func whatIsNoStateIsNotUsed() throws {
    let run = try run(
      "data: {name: digits, train: 100, test: 50}\nmodel: {mlp: [4]}\ntrain: {lr: 0.1, batch: 20, steps: 12}")
    var state: [UInt8] = []
    let whole = try digest(run) { if $0 == 6 { state = $1 } }
    var longer = state
    longer.append(0)
    var hostile = state
    for index in 8..<16 { hostile[index] = 0xFF }
    for bytes in [[], Array(state.dropLast()), Array(state.prefix(20)), longer, hostile] {
      let other = try digest(run, saved: bytes)
      #expect(other.digest == whole.digest && other.steps == whole.steps)
    }
  }
}
