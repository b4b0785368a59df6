// Experiment blocks: what they expand to, and what an author is told about mistakes.
import Datasets
import Diagnostics
import Experiments
import Specification
import Tables
import Testing
import Training

private let library = DatasetLibrary(searchPath: [])

private func plan(_ yaml: String, profile: String = "default") throws -> (Experiment?, [Diagnostic]) {
  let body = try Node(yaml: yaml, origin: SourcePosition(file: "paper.md", line: 10, column: 1))
  var diagnostics = Diagnostics()
  let planner = ExperimentPlanner(profile: profile, profiles: ["smoke", "default", "full"], library: library)
  let experiment = planner.plan(ExperimentBlock(id: "exp-x", body: body), &diagnostics)
  return (experiment, diagnostics.sorted)
}

private let small = """
  data: {name: digits, train: 300, test: 100}
  model: {mlp: [8]}
  train: {lr: 0.1, batch: 50, steps: 20}
  """

@Suite struct PlannerTests {
  @Test func sweepsAreCrossProductsWithSeedsInside() throws {
    let (planned, diagnostics) = try plan(
      small + "\nvary: {norm: [none, batch], lr: [0.1, 0.3, 1]}\nseeds: {smoke: 1, default: 2}")
    let experiment = try #require(planned)
    #expect(diagnostics.isEmpty)
    #expect(experiment.runs.count == 12)
    #expect(experiment.axes.map(\.name) == ["norm", "lr"])
    #expect(
      experiment.runs.prefix(3).map { $0.axes.map(\.label) + ["\($0.seed)"] } == [
        ["none", "0.1", "1"], ["none", "0.1", "2"], ["none", "0.3", "1"],
      ])
    #expect(Set(experiment.runs.map(\.key)).count == 12)
  }

  @Test func armsSetSeveralOptions() throws {
    let (planned, _) = try plan(
      small
        + "\narms: [{name: plain, norm: none}, {name: normed, norm: batch, lr: 0.5}]\nvary: {init_scale: [1, 2]}"
    )
    let experiment = try #require(planned)
    #expect(experiment.axes.map(\.name) == ["arm", "init_scale"])
    #expect(experiment.runs.map { $0.configuration.train?.rate } == [0.1, 0.1, 0.5, 0.5])
    #expect(experiment.runs.map { $0.configuration.model?.batchNorm } == [false, false, true, true])
  }

  @Test func profilesChooseValuesAndFallBack() throws {
    let yaml = small.replacing("steps: 20", with: "steps: {smoke: 3, default: 7}")
    #expect(try plan(yaml, profile: "smoke").0?.runs.first?.configuration.train?.steps == 3)
    #expect(try plan(yaml, profile: "full").0?.runs.first?.configuration.train?.steps == 7)
  }

  @Test func keysDependOnWhatChangesANumberAndOnNothingElse() throws {
    let base = try #require(try plan(small).0?.runs.first?.key)
    #expect(try plan("title: Another title\n" + small).0?.runs.first?.key == base)
    #expect(
      try plan(
        small.replacing("mlp: [8]", with: "{mlp: [ 8 ]}").replacing("{{", with: "{").replacing(
          "}}", with: "}")
      ).0?.runs.first?.key == base)
    #expect(try plan(small.replacing("lr: 0.1", with: "lr: 1.0e-1")).0?.runs.first?.key == base)
    #expect(try plan(small.replacing("lr: 0.1", with: "lr: 0.2")).0?.runs.first?.key != base)
    #expect(try plan(small.replacing("train: 300", with: "train: 299")).0?.runs.first?.key != base)
    #expect(try plan(small + "\nseeds: 3").0?.runs.map(\.key).first == base)
  }

  @Test func runsAreThoseOfTheirSpecificationAlone() throws {
    let (planned, _) = try plan(
      small + "\nrecord: {every: 10, metrics: [train_loss, test_accuracy]}\nvary: {norm: [none, batch]}")
    let experiment = try #require(planned)
    var results: [String: RunResult] = [:]
    for run in experiment.runs {
      let context = RunContext(configuration: run.configuration, seed: run.seed, library: library)
      let result = try run.configuration.run(context)
      let again = try Configuration(try Value(json: run.configuration.value.canonicalJSON.utf8)).run(context)
      #expect(result.digest == again.digest)
      #expect(RunResult(result.value)?.digest == result.digest)
      results[run.key] = result
    }
    let tables = experiment.tables { results[$0.key] }
    #expect(tables.map(\.name) == ["exp-x", "exp-x.history"])
    #expect(tables[0].rows.count == 2)
    #expect(tables[1].rows.count == 6)
    let accuracy = try #require(tables[0].index(of: "test_accuracy"))
    #expect(tables[0].rows.allSatisfy { ($0[accuracy].number ?? -1) > 0.05 })
  }

  @Test func pruningKeepsTheScheduleAndTheControls() throws {
    let (planned, diagnostics) = try plan(
      """
      data: {name: digits, train: 300, validation: 100, test: 100}
      model: {mlp: [20, 10]}
      train: {optimizer: adam, lr: 0.01, batch: 50, steps: 40}
      protocol: {name: iterative-pruning, rounds: 3, controls: [reinit, shuffled, one-shot], control_rounds: [2]}
      record: {every: 10, metrics: [validation_loss]}
      """)
    #expect(diagnostics.isEmpty)
    let run = try #require(planned?.runs.first)
    let result = try run.configuration.run(
      RunContext(configuration: run.configuration, seed: 1, library: library))
    let rounds = try #require(result.tables["rounds"])
    #expect(
      rounds.rows.map { "\($0[0].label) \($0[1].label)" } == [
        "0 ticket", "1 ticket", "2 reinit", "2 shuffled", "2 one-shot", "2 ticket", "3 ticket",
      ])
    let remaining = try #require(rounds.columns.firstIndex(of: "remaining"))
    let shares = rounds.rows.compactMap { $0[remaining].number }
    #expect(shares[0] == 100)
    #expect(Set(shares[2...5]).count == 1)
    #expect(abs(shares[1] - 80.6) < 0.3)
  }

  /// The message of each mistake, as an author sees it.
  @Test(arguments: [
    (small + "\nmodle: {}", "12:1? unknown-key experiment has no option 'modle' | did you mean 'model'?"),
    (
      small.replacing("mlp: [8]", with: "width: 8, depht: 2"),
      "unknown-key model has no option 'depht' | did you mean 'depth'?"
    ),
    (
      small.replacing("lr: 0.1", with: "lr: fast"),
      "wrong-value 'lr' cannot be 'fast' | expected a number above 0"
    ),
    (
      small.replacing("lr: 0.1", with: "lr: -1"),
      "wrong-value 'lr' cannot be '-1' | expected a number above 0"
    ),
    (small.replacing("name: digits", with: "name: digist"), "unknown-name 'data' cannot be 'digist'"),
    (
      small.replacing("batch: 50", with: "batch: 500"),
      "batch-size a batch of 500 is more than the 300 training examples"
    ),
    (small.replacing("train: 300", with: "train: 3000"), "data digits: "),
    (
      small.replacing("mlp: [8]", with: "activation: relu"),
      "model-layers the model's architecture must be given in one way"
    ),
    (small.replacing("lr: 0.1, ", with: ""), "missing-key train needs 'lr'"),
    (small + "\nvary: {lrr: [1]}", "unknown-option there is no option 'lrr' to set | did you mean 'lr'?"),
    (small + "\nvary: {lr: [0.1, 0.10]}", "duplicate-value 'lr' has the value '0.10' twice"),
    (small + "\nseeds: 0", "wrong-value 'seeds' cannot be '0'"),
    (
      small + "\nmeasure: [inference_modes]",
      "model-measurement 'inference_modes' needs a batch-normalised model"
    ),
    (
      small + "\nprotocol: {name: iterative-pruning, rounds: 2}",
      "missing-key iterative-pruning needs validation data"
    ),
    (
      small.replacing("mlp: [8]", with: "mlp: [8], norm: batch").replacing("batch: 50", with: "batch: 1"),
      "batch-size batch normalisation cannot be trained on batches of 1"
    ),
    (
      "data: {name: separable}\nprotocol: {name: separable-descent, steps: 5}\ntrain: {lr: 1, steps: 2}",
      "unused-key the protocol 'separable-descent' does not use 'train'"
    ),
    (
      small.replacing("{name: digits, train: 300, test: 100}", with: "{name: mnist}"),
      "data the dataset 'mnist' is not on this machine"
    ),
  ])
  func mistakesAreNamed(yaml: String, expected: String) throws {
    let (experiment, diagnostics) = try plan(yaml)
    #expect(experiment == nil)
    let parts = expected.split(separator: " | ").map(String.init)
    let wanted = parts[0].hasPrefix("12:1?") ? String(parts[0].dropFirst(6)) : parts[0]
    let messages = diagnostics.map { "\($0.rule) \($0.message)" }
    #expect(messages.contains { $0.hasPrefix(wanted) }, "\(messages)")
    if parts.count > 1 {
      let detail = diagnostics.compactMap {
        [$0.hint, $0.expected.map { "expected \($0)" }].compactMap { $0 }
      }.joined()
      #expect(detail.contains { $0.contains(parts[1].replacing("expected ", with: "")) }, "\(Array(detail))")
    }
    #expect(diagnostics.allSatisfy { ($0.position?.line ?? 0) >= 10 })
  }

  @Test func aSweepTooLargeIsRefusedAtOnce() throws {
    let values = (1...1000).map { "0.\($0 + 1000)" }.joined(separator: ", ")
    let axes = ["lr", "momentum", "weight_decay", "init_scale"].map { "  \($0): [\(values)]" }.joined(
      separator: "\n")
    let (experiment, diagnostics) = try plan(small + "\nvary:\n\(axes)\nseeds: 10")
    #expect(experiment == nil)
    #expect(diagnostics.contains { $0.rule == "too-many-runs" && $0.message.contains("10000000000000") })
  }

  @Test func allMistakesAreReportedTogether() throws {
    let (_, diagnostics) = try plan(
      """
      data: {name: digits, trian: 300}
      model: {mlp: [8], norm: bacth}
      train: {lr: x, steps: 0}
      """)
    #expect(diagnostics.map(\.rule) == ["unknown-key", "wrong-value", "wrong-value", "wrong-value"])
    #expect(diagnostics.map { $0.position?.line } == [10, 11, 12, 12])
  }
}
