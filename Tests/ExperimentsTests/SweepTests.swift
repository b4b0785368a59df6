// Sweeps: nested overrides, values with names, exclusions, derived values, seeds of an arm.
import Datasets
import Diagnostics
import Experiments
import Specification
import Tables
import Testing
import Training

private func plan(_ yaml: String, profile: String = "default") throws -> (Experiment?, [Diagnostic]) {
  let body = try Node(yaml: yaml, origin: SourcePosition(file: "paper.md", line: 10, column: 1))
  var diagnostics = Diagnostics()
  let planner = ExperimentPlanner(
    profile: profile, profiles: ["smoke", "default", "full"], library: DatasetLibrary(searchPath: []))
  let experiment = planner.plan(ExperimentBlock(id: "exp-x", body: body), &diagnostics)
  return (experiment, diagnostics.sorted)
}

private func experiment(_ yaml: String, profile: String = "default") throws -> Experiment {
  let (experiment, diagnostics) = try plan(yaml, profile: profile)
  return try #require(experiment, "\(diagnostics.map(\.message))")
}

private let small = """
  data: {name: digits, train: 300, test: 100}
  model: {mlp: [8]}
  train: {lr: 0.1, batch: 50, steps: 20}
  """

private func points(_ experiment: Experiment) -> [String] {
  experiment.runs.filter { $0.seed == 1 }.map { $0.axes.map(\.label).joined(separator: " ") }
}

@Suite struct SweepTests {
  @Test func armsOverrideNestedOptionsByNameAndPath() throws {
    let planned = try experiment(
      small + """

        arms:
          - {name: plain}
          - {name: cosine, train: {schedule: cosine, lr: 0.2}, model: {mlp: [4, 4]}}
          - {name: stepped, train.schedule: {name: step, every: 5}}
          - {name: generated, data: {name: mnist1d, train: 200}}
          - {name: stopped, train_loss: 0.5}
        """)
    let train = planned.runs.map(\.configuration.train)
    #expect(train.map { $0?.rate } == [0.1, 0.2, 0.1, 0.1, 0.1])
    #expect(
      train.map { $0?.schedule } == [.constant, .cosine, .step(every: 5, factor: 0.1), .constant, .constant])
    #expect(train.map { $0?.stopLoss } == [nil, nil, nil, nil, 0.5])
    #expect(planned.runs.map { $0.configuration.model?.hidden } == [[8], [4, 4], [8], [8], [8]])
    #expect(planned.runs.map(\.configuration.data.name) == [.digits, .digits, .digits, .mnist1d, .digits])
    // Another dataset's options mean nothing to this one.
    #expect(planned.runs[3].configuration.value["data"]?["test"] == nil)
  }

  @Test func nothingTakesAnOptionAway() throws {
    let planned = try experiment(
      small + "\narms: [{name: deep}, {name: wide, mlp: null, width: 9}, {name: fast, lr: 1, batch: ~}]")
    #expect(planned.runs.map { $0.configuration.model?.hidden } == [[8], [9], [8]])
    #expect(planned.runs.map { $0.configuration.train?.batch } == [50, 50, 100])
  }

  @Test func axesOverRecordsAndListsHaveNamedValues() throws {
    let planned = try experiment(
      small + """

        vary:
          schedule: {flat: constant, stepped: {name: step, every: 5}, 3: {name: step, every: 3}}
          model: {small: {mlp: [4]}, normed: {norm: batch}}
        """)
    #expect(
      points(planned) == [
        "flat small", "flat normed", "stepped small", "stepped normed", "3 small", "3 normed",
      ])
    #expect(planned.axes.map(\.name) == ["schedule", "model"])
    #expect(planned.runs.map { $0.configuration.model?.hidden ?? [] } == [[4], [8], [4], [8], [4], [8]])
    #expect(
      planned.runs.map { $0.configuration.model?.batchNorm } == [false, true, false, true, false, true])
    let lists = try experiment(
      small + "\nvary: {mlp: [[4], [4, 4]], schedule: [cosine, {name: step, every: 7}]}")
    #expect(points(lists) == ["[4] cosine", "[4] step every=7", "[4, 4] cosine", "[4, 4] step every=7"])
  }

  @Test func nestedOptionsAreSweptByPath() throws {
    let planned = try experiment(
      small.replacing("steps: 20", with: "steps: 20, schedule: {name: step, every: 9}")
        + "\nvary: {train.schedule.every: [3, 6], gamma: [0.5]}")
    #expect(planned.axes.map(\.name) == ["every", "gamma"])
    #expect(
      planned.runs.map { $0.configuration.train?.schedule } == [
        .step(every: 3, factor: 0.5), .step(every: 6, factor: 0.5),
      ])
  }

  @Test func sameLastNamesAreToldApart() throws {
    let planned = try experiment(
      small
        + "\nrecord: {every: 5}\ntrain: {lr: 0.1, batch: 50, steps: 20, schedule: {name: step, every: 9}}\n"
        .replacing("train: {lr: 0.1, batch: 50, steps: 20, schedule: {name: step, every: 9}}\n", with: "")
        + "vary: {record.every: [5, 10], train.schedule: [{name: step, every: 3}]}")
    #expect(planned.axes.map(\.name) == ["every", "schedule"])
    let clash = try experiment(
      small.replacing("steps: 20", with: "steps: 20, schedule: {name: step, every: 9}")
        + "\nrecord: {every: 5}\nvary: {record.every: [5, 10], train.schedule.every: [3]}")
    #expect(clash.axes.map(\.name) == ["record_every", "train_schedule_every"])
  }

  @Test func exclusionsByValueListAndComparison() throws {
    let planned = try experiment(
      small + """

        vary: {norm: [none, batch], lr: [0.1, 0.3, 1]}
        exclude:
          - {norm: none, lr: ">= 0.3"}
          - {norm: batch, lr: [0.1, 1]}
        """)
    #expect(points(planned) == ["none 0.1", "batch 0.3"])
  }

  @Test func derivedValuesSetOptionsAndAddAxes() throws {
    let planned = try experiment(
      small + """

        vary: {batch: [10, 20, 50], lr: [0.1, 0.2]}
        derive:
          steps: 1000 / batch
          noise_scale: lr * steps
          momentum: 1 - train.batch / data.train
        """)
    #expect(planned.axes.map(\.name) == ["batch", "lr", "steps", "noise_scale", "momentum"])
    #expect(planned.runs.map { $0.configuration.train?.steps } == [100, 100, 50, 50, 20, 20])
    #expect(planned.runs[1].axes[3].number == 0.2 * 100)
    #expect(planned.runs[0].configuration.train?.momentum == 1 - 10.0 / 300)
  }

  @Test func anArmMayHaveItsOwnSeeds() throws {
    let planned = try experiment(
      small + "\narms: [{name: a}, {name: b, seeds: {default: 4, smoke: 1}}]\nseeds: 2")
    #expect(planned.runs.map { "\($0.axes[0].label)\($0.seed)" } == ["a1", "a2", "b1", "b2", "b3", "b4"])
    #expect(planned.seeds == 4)
  }

  @Test func profilesReachEveryPart() throws {
    let yaml =
      small + """

        arms: [{name: a, lr: {smoke: 0.5, default: 0.25}}, {name: b, train: {schedule: {smoke: constant, default: cosine}}}]
        vary: {init_scale: {smoke: [1], default: [1, 2]}}
        exclude: {smoke: [], default: [{arm: a, init_scale: 2}]}
        """
    #expect(try experiment(yaml).runs.map { $0.configuration.train?.rate } == [0.25, 0.1, 0.1])
    #expect(
      try experiment(yaml, profile: "smoke").runs.map { $0.configuration.train?.schedule } == [
        .constant, .constant,
      ])
  }

  /// What an author is told: rule, message, and what the hint or expectation contains.
  @Test(arguments: [
    ("arms: [{name: a, trian: {lr: 1}}]", "unknown-option there is no option 'trian' to set", "'train'"),
    ("arms: [{name: a, train: {lrr: 1}}]", "unknown-key train has no option 'lrr'", "'lr'"),
    ("arms: [{lr: 1}]", "missing-key an arm needs a name", "{name: …"),
    ("arms: [{name: a, seeds: 0}]", "wrong-value 'seeds' cannot be '0'", "1…10000"),
    (
      "vary: {train.schedule.evry: [1]}", "unknown-option there is no option 'train.schedule.evry' to set",
      "every"
    ),
    (
      "vary: {schedule: [{name: step, every: 3}, {name: step, every: 3}]}",
      "duplicate-value 'schedule' has the value 'step every=3' twice", "name the values"
    ),
    ("vary: {lr: [1, 2]}\nexclude: [{lrr: 1}]", "unknown-axis the sweep has no axis 'lrr'", "'lr'"),
    ("vary: {lr: [1, 2]}\nexclude: [{lr: 3}]", "unknown-value the axis 'lr' has no value '3'", "one of 1, 2"),
    (
      "vary: {lr: [1, 2]}\nexclude: [{lr: '> 2'}]", "unknown-value the axis 'lr' has no value '> 2'",
      "comparison"
    ),
    ("vary: {lr: [1, 2]}\nexclude: [{lr: '> 0'}]", "exclude-all after this exclusion no point is left", ""),
    ("vary: {lr: [1, 2]}\nexclude: [1]", "wrong-type 'exclude' cannot hold '1'", "mappings"),
    (
      "vary: {lr: [1, 2]}\nderive: {steps: 10 / lrr}",
      "unknown-name 'lrr' is no axis or option with a number here", "'lr'"
    ),
    ("vary: {lr: [1, 2]}\nderive: {steps: lr / 4}", "wrong-value 'steps' cannot be '0.25'", "whole number"),
    (
      "vary: {lr: [1, 2]}\nderive: {scale: 1 / (lr - 1)}",
      "derived-value the value here is not a finite number", ""
    ),
    (
      "vary: {lr: [1, 2]}\nderive: {scale: exp-y.test_loss}",
      "derived-value a derived value cannot depend on results", "axes, options"
    ),
    ("vary: {lr: [1, 2]}\nderive: {lr: 3}", "duplicate-value there is an axis 'lr' already", ""),
    (
      "vary: {lr: [1, 2]}\nderive: {scale: [1]}", "wrong-type 'scale' cannot be derived from a list",
      "expression"
    ),
  ])
  func mistakesAreNamed(yaml: String, message: String, detail: String) throws {
    let (planned, diagnostics) = try plan(small + "\n" + yaml)
    #expect(planned == nil)
    let found = diagnostics.first { "\($0.rule) \($0.message)" == message }
    #expect(found != nil, "\(diagnostics.map { "\($0.rule) \($0.message)" })")
    let texts = [found?.hint, found?.expected].compactMap(\.self).joined(separator: " ")
    #expect(texts.contains(detail), "\(texts)")
    #expect((found?.position?.line ?? 0) >= 13)
  }

  @Test func aNameCloseToAnOptionIsQuestioned() throws {
    let (planned, diagnostics) = try plan(small + "\nvary: {lr: [1, 2]}\nderive: {stesp: 20 * lr}")
    #expect(planned?.axes.map(\.name) == ["lr", "stesp"])
    #expect(diagnostics.map(\.rule) == ["derived-column"])
  }
}
