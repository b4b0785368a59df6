// Expressions on tables: pairing by seed, axes, missing results, checks before anything has run.
import Diagnostics
import Statistics
import Tables
import Testing

@testable import Expressions

private let start = SourcePosition(file: "paper.md", line: 1, column: 1)

/// exp-a: norm × lr × three seeds, acc = 0.1·seed + lr (+ 1 for batch), loss = 2·acc.
private func sweep(_ change: (inout [Cell]) -> Bool = { _ in true }) -> Table {
  var table = Table(
    name: "exp-a",
    columns: [
      Column("norm", .axis), Column("lr", .axis), Column("seed", .seed), Column("acc", .metric),
      Column("loss", .metric, unit: "nats"), Column("steps", .metric, unit: "steps"),
    ])
  for norm in ["none", "batch"] {
    for lr in [1, 0.1, 10] {
      for seed in 1...3 {
        let acc = 0.1 * Double(seed) + lr + (norm == "batch" ? 1 : 0)
        var row: [Cell] = [
          .text(norm), .number(lr), .number(Double(seed)), .number(acc), .number(2 * acc), .number(100),
        ]
        if change(&row) { table.rows.append(row) }
      }
    }
  }
  return table
}

private let history: Table = {
  var table = Table(
    name: "exp-a.history",
    columns: [
      Column("norm", .axis), Column("seed", .seed), Column("step", .axis, unit: "steps"),
      Column("loss", .metric),
    ])
  // Seed 2 stopped early.
  for (seed, losses) in [(1, [5.0, 3, 4, 1]), (2, [6.0, 2, 5])] {
    for (index, loss) in losses.enumerated() {
      table.rows.append([.text("none"), .number(Double(seed)), .number(Double(50 * index)), .number(loss)])
    }
  }
  return table
}()

private let rounds: Table = {
  var table = Table(
    name: "exp-b.rounds",
    columns: [
      Column("control", .axis), Column("round", .axis), Column("remaining", .axis), Column("seed", .seed),
      Column("acc", .metric), Column("shape", .axis),
    ])
  for control in ["ticket", "one-shot"] {
    for (round, remaining) in [(0, 1.0), (1, 0.8), (2, 0.64)] {
      for seed in [2, 3, 4] {
        let acc = remaining + (control == "ticket" ? 0.5 : 0) + 0.01 * Double(seed)
        table.rows.append([
          .text(control), .number(Double(round)), .number(remaining), .number(Double(seed)), .number(acc),
          .text("[64, 64]"),
        ])
      }
    }
  }
  return table
}()

private func tables(_ name: String) -> Table? {
  ["exp-a": sweep(), "exp-a.history": history, "exp-b.rounds": rounds][name]
}

private func values(_ text: String, _ source: (String) -> Table? = tables) throws -> [Double] {
  try SampleExpression(parsing: text, at: start).evaluate(tables: source).numbers
}

private func near(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 || ($0.isNaN && $1.isNaN) }
}

@Suite struct EvaluationTests {
  /// The standard deviation of 0.1 + x and 1 + x.
  static let halfSpread = 0.9 * 0.5.squareRoot()

  static let computed: [(text: String, expected: [Double])] = [
    ("exp-a[norm=batch, lr=1.0].acc", [2.1, 2.2, 2.3]),
    ("exp-a[norm=batch, lr=1].acc - exp-a[norm=none, lr=1e0].acc", [1, 1, 1]),
    ("2 * exp-a[norm=none, lr=0.1].acc + 1 / 4", [0.65, 0.85, 1.05]),
    ("-exp-a[norm=none, lr=1].acc", [-1.1, -1.2, -1.3]),
    ("mean(exp-a[norm=none].acc, over: lr)", [3.8, 3.9, 4.0]),
    ("median(exp-a[norm=none].acc, over: lr)", [1.1, 1.2, 1.3]),
    ("max(exp-a[norm=none].acc, over: lr) - min(exp-a[norm=none].acc, over: lr)", [9.9, 9.9, 9.9]),
    ("max(exp-a[norm=none,lr=1].acc, 1.15, 0)", [1.15, 1.2, 1.3]),
    ("sd(exp-a[norm=none, lr<=1].acc, over: lr)", [halfSpread, halfSpread, halfSpread]),
    ("slope(exp-a[norm=batch].acc, over: lr)", [1, 1, 1]),
    ("slope(log10(exp-a[norm=none, seed=1].acc - 0.1), over: log10(lr))", [1]),
    ("spearman(exp-a[norm=none].acc, over: lr)", [1, 1, 1]),
    ("kendall(-exp-a[norm=none].acc, over: lr)", [-1, -1, -1]),
    ("largest(exp-a[norm=none].acc <= 1.2, over: lr)", [1, 1, 0.1]),
    ("smallest(exp-a[norm=none].acc > 1.2, over: lr)", [10, 10, 1]),
    ("largest(exp-a[norm=none].acc > 10.15, over: lr)", [.nan, 10, 10]),
    ("mean(exp-a[norm=batch].acc - exp-a[norm=none].acc, over: lr)", [1, 1, 1]),
    ("largest(exp-a[norm=batch].acc >= exp-a[norm=none, lr=10].acc, over: lr)", [10, 10, 10]),
    ("mean(mean(exp-a.acc, over: lr), over: norm)", [4.3, 4.4, 4.5]),
    ("first(exp-a[norm=none].acc, over: lr)", [0.2, 0.3, 0.4]),
    ("at(exp-a[norm=none].acc, lr: 10)", [10.1, 10.2, 10.3]),
    ("at(exp-a.history.loss, step: 50)", [3, 2]),
    ("at(exp-a.history.loss, step: 150)", [1]),
    ("last(exp-a.history.loss, over: step)", [1, 5]),
    ("rise(exp-a.history.loss, over: step)", [1, 3]),
    ("mean(exp-a.history[step>0].loss, over: step)", [8.0 / 3, 3.5]),
    ("exp-a[norm=none, lr=1].acc - at(exp-a.history.loss, step: 0)", [-3.9, -4.8]),
    (
      "mean(exp-b.rounds[control=one-shot].acc, over: round)",
      [2.44 / 3 + 0.02, 2.44 / 3 + 0.03, 2.44 / 3 + 0.04]
    ),
    ("slope(exp-b.rounds[control=ticket].acc, over: remaining)", [1, 1, 1]),
    ("exp-b.rounds[control=ticket, round=2, shape=[64,64]].acc", [1.16, 1.17, 1.18]),
    ("exp-b.rounds[control=\"ticket\", remaining<0.7].acc", [1.16, 1.17, 1.18]),
    ("sqrt(exp(log(exp-a[norm=none,lr=1].acc))) * abs(-1)", [1.1, 1.2, 1.3].map { $0.squareRoot() }),
    ("log2(exp-a[norm=none, lr=1].steps / 25)", [2, 2, 2]),
    // Only the seeds that both experiments have.
    ("exp-a[norm=none, lr=1].acc - exp-b.rounds[control=ticket, round=0].acc", [-0.32, -0.23]),
  ]

  @Test(arguments: computed)
  func computes(text: String, expected: [Double]) throws {
    let found = try values(text)
    #expect(near(found, expected), "\(text) = \(found)")
  }

  @Test func samplesKnowTheirSeedsAndExperiments() throws {
    let text = "exp-b.rounds[control=ticket, round=0].acc - exp-a[norm=none, lr=1].acc"
    let sample = try SampleExpression(parsing: text, at: start).evaluate(tables: tables)
    #expect(sample.values.map(\.seed) == [2, 3] && sample.experiments == ["exp-b", "exp-a"])
    let steps = try SampleExpression(parsing: "exp-a[norm=none, lr=1].steps", at: start).evaluate(
      tables: tables)
    #expect(steps.unit == "steps")
    let place = try SampleExpression(parsing: "largest(exp-a.history.loss > 2, over: step)", at: start)
    #expect(try place.evaluate(tables: tables).unit == "steps")
  }

  @Test func missingResultsLeaveTheirSeedOut() throws {
    let holes = sweep { row in
      if row[1] == .number(10), row[2] == .number(2) { row[3] = .missing }
      return true
    }
    let source: (String) -> Table? = { $0 == "exp-a" ? holes : nil }
    #expect(near(try values("exp-a[norm=none, lr=10].acc", source), [10.1, 10.3]))
    #expect(
      near(try values("mean(exp-a[norm=none].acc, over: lr)", source), [3.8, 4.0]), "no mean of two of three")
    let gaps = sweep { $0[1] != .number(10) || $0[2] != .number(2) }
    #expect(near(try values("mean(exp-a[norm=none].acc, over: lr)", { _ in gaps }), [3.8, 4.0]))
  }

  /// Steps to a threshold that some runs never reach: the sample says which seeds it does not speak of.
  @Test func missingNumbersAreCounted() throws {
    let holes = sweep { row in
      if row[1] == .number(10), row[2] == .number(2) { row[3] = .missing }
      // At a rate of 0.1 no seed gets there.
      if row[1] == .number(0.1) { row[3] = .missing }
      return true
    }
    func sample(_ text: String, _ table: Table) throws -> Sample {
      try SampleExpression(parsing: text, at: start).evaluate { _ in table }
    }
    let least = try sample("min(exp-a[norm=none].acc, over: lr)", holes)
    #expect(least.values.map(\.seed) == [1, 3] && least.leftOut == 1 && least.gaps == 2)
    let one = try sample("exp-a[norm=none, lr=10].acc - exp-a[norm=none, lr=1].acc", holes)
    #expect(one.values.count == 2 && one.leftOut == 1 && one.gaps == 0)
    let whole = try sample("min(exp-a[norm=none].loss, over: lr)", holes)
    #expect(whole.values.count == 3 && whole.leftOut == 0 && whole.gaps == 0)
    let never = #expect(throws: DiagnosticError.self) {
      _ = try sample("exp-a[norm=none, lr=0.1].acc", holes)
    }
    #expect(never?.diagnostics.first?.message.contains("a threshold was not reached") == true)
  }

  @Test func rankCorrelationsHaveIntervals() throws {
    // Ranks of seed 1 over lr: the measure falls, rises, falls; with three points there is no interval.
    let few = try values("spearman_low(exp-a[norm=none].acc, over: lr)")
    #expect(few.count == 3 && few.filter(\.isNaN).count == 3)
    let low = try values("spearman_low(exp-a.acc, exp-a.loss, over: (norm, lr))")
    #expect(low == [1, 1, 1], "a perfect correlation has an interval without width")
    let both = [
      try values(
        "kendall_low(exp-a.acc, exp-a.steps * 0 - exp-a.acc * exp-a.acc + 2 * exp-a.acc, over: (norm, lr))"),
      try values(
        "kendall_high(exp-a.acc, exp-a.steps * 0 - exp-a.acc * exp-a.acc + 2 * exp-a.acc, over: (norm, lr))"),
    ]
    for (low, high) in zip(both[0], both[1]) { #expect(low < high && low >= -1 && high <= 1) }
  }

  @Test func granulatedCorrelationGoesAlongOneAxisAtATime() throws {
    // Along lr the loss follows acc (τ = 1), along norm too; against −acc it is −1.
    #expect(try values("granulated(exp-a.loss, exp-a.acc, over: (norm, lr))") == [1, 1, 1])
    #expect(try values("granulated(exp-a.loss, -exp-a.acc, over: (norm, lr))") == [-1, -1, -1])
    // (lr − 2)²: 3.61, 1, 64 at 0.1, 1, 10, so τ = 1/3 along lr; along norm it does not change, τ = 0.
    let table = sweep { row in
      let lr = row[1].number ?? 0
      row[4] = .number((lr - 2) * (lr - 2))
      return true
    }
    #expect(
      near(
        try values("granulated(exp-a.loss, exp-a.acc, over: (norm, lr))", { _ in table }),
        [1.0 / 6, 1.0 / 6, 1.0 / 6]))
    #expect(
      near(
        try values("granulated(exp-a[norm=none].loss, exp-a[norm=none].acc, over: lr)", { _ in table }),
        [1.0 / 3, 1.0 / 3, 1.0 / 3]))
  }

  @Test func divergedResultsAreKept() throws {
    let diverged = sweep { row in
      if row[1] == .number(10), row[2] == .number(2) { row[3] = .number(.nan) }
      return true
    }
    #expect(near(try values("mean(exp-a[norm=none].acc, over: lr)", { _ in diverged }), [3.8, .nan, 4.0]))
    #expect(near(try values("max(exp-a[norm=none].acc, over: lr)", { _ in diverged }), [10.1, .nan, 10.3]))
    #expect(near(try values("rise(exp-a[norm=none].acc, over: lr)", { _ in diverged }), [9.9, .nan, 9.9]))
    #expect(near(try values("max(exp-a[norm=none, lr=10].acc, 0)", { _ in diverged }), [10.1, .nan, 10.3]))
  }

  @Test func anAxisOfOneValueMayBeGoneOver() throws {
    let single = sweep { $0[1] == .number(1) }
    #expect(near(try values("mean(exp-a[norm=none].acc, over: lr)", { _ in single }), [1.1, 1.2, 1.3]))
    #expect(near(try values("exp-a[norm=none].acc", { _ in single }), [1.1, 1.2, 1.3]))
    #expect(near(try values("slope(exp-a[norm=none].acc, over: lr)", { _ in single }), [.nan, .nan, .nan]))
  }

  @Test func anOptionThatOnlySomeArmsHaveFollowsFromTheArm() throws {
    var arms = Table(
      name: "exp-a",
      columns: [
        Column("arm", .axis), Column("momentum", .axis), Column("seed", .seed), Column("acc", .metric),
      ])
    for seed in 1...2 {
      arms.rows.append([.text("plain"), .missing, .number(Double(seed)), .number(0.5)])
      arms.rows.append([.text("heavy"), .number(0.9), .number(Double(seed)), .number(0.7)])
    }
    let source: (String) -> Table? = { _ in arms }
    #expect(near(try values("exp-a[arm=heavy].acc - exp-a[arm=plain].acc", source), [0.2, 0.2]))
    #expect(near(try values("max(exp-a.acc, over: arm)", source), [0.7, 0.7]))
    #expect(
      complaint { _ = try values("exp-a.acc", source) }
        == "1:1+9 axis-not-fixed: the axis 'arm' is not fixed; its values are plain, heavy "
        + "{fix it, as in [arm=plain], or go over it, as in mean(…, over: arm)}")
  }

  @Test func claimsYieldPairedDifferences() throws {
    let more = try Assertion(
      parsing: "exp-a[norm=batch, lr=1].acc > exp-a[norm=none, lr=1].acc + 0.2", at: start)
    func measured(_ text: String) throws -> (kind: ClaimKind, parts: [[Double]]) {
      let measured = try Assertion(parsing: text, at: start).measure(tables: tables)
      return (measured.kind, measured.parts.map(\.sample.numbers))
    }
    let first = try more.measure(tables: tables)
    #expect(first.kind == .greater(than: 0, orEqual: false))
    #expect(near(first.parts[0].sample.numbers, [0.8, 0.8, 0.8]))
    let less = try measured("exp-a[norm=batch, lr=1].acc <= 5")
    #expect(less.kind == .greater(than: 0, orEqual: true) && near(less.parts[0], [2.9, 2.8, 2.7]))
    let same = try measured("exp-a[norm=none, lr=1].acc ~= 1.2 +- 5%")
    #expect(same.kind == .equivalent(within: 0.05) && near(same.parts[0], [-0.1, 0, 0.1]))
    let inside = try measured("exp-a[norm=none, lr=1].acc in [1, 1.5]")
    #expect(inside.kind == .equivalent(within: 0.25) && near(inside.parts[0], [-0.15, -0.05, 0.05]))
  }

  @Test func trendsAreStepsAlongAnAxis() throws {
    let rising = try Assertion(parsing: "increasing(exp-a[norm=none].acc, over: lr)", at: start)
    #expect(rising.check(tables: tables).isEmpty)
    let steps = try rising.measure(tables: tables).parts
    #expect(steps.map(\.label) == ["lr 0.1 → 1", "lr 1 → 10"])
    #expect(near(steps[0].sample.numbers, [0.9, 0.9, 0.9]) && near(steps[1].sample.numbers, [9, 9, 9]))
    let falling = try Assertion(parsing: "decreasing(exp-a[norm=none].acc, over: lr)", at: start)
    #expect(near(try falling.measure(tables: tables).parts[0].sample.numbers, [-0.9, -0.9, -0.9]))
    let open = try Assertion(parsing: "increasing(exp-a.acc, over: lr)", at: start)
    #expect(open.check(tables: tables).map(\.rule) == ["axis-not-fixed"])
    let none = try Assertion(parsing: "increasing(exp-a[norm=none].acc, over: width)", at: start)
    #expect(none.check(tables: tables).map(\.rule) == ["unknown-axis"])
  }

  private static let functions: [(String, [Double])] = [
    ("round(exp-a[norm=none, lr=1].acc)", [1.0, 1.0, 1.0]),
    ("pow(exp-a[norm=none, lr=1].acc, 2)", [1.21, 1.44, 1.69]),
    ("clamp(exp-a[norm=none, lr=1].acc, 1.15, 1.25)", [1.15, 1.2, 1.25]),
    ("if(exp-a[norm=none, lr=1].acc > 1.15, exp-a[norm=batch, lr=1].acc, 0)", [0.0, 2.2, 2.3]),
    ("sum(exp-a[norm=none].acc, over: lr)", [11.4, 11.7, 12.0]),
    ("range(exp-a[norm=none].acc, over: lr)", [9.9, 9.9, 9.9]),
    ("quantile(exp-a[norm=none].acc, 0.5, over: lr)", [1.1, 1.2, 1.3]),
    ("argmax(exp-a[norm=none].acc, over: lr)", [10.0, 10.0, 10.0]),
    ("argmin(abs(exp-a[norm=none].acc - 1), over: lr)", [1.0, 1.0, 1.0]),
    ("count(exp-a[norm=none].acc > 1, over: lr)", [2.0, 2.0, 2.0]),
    (
      "share(exp-a[norm=none].acc > 1, over: lr)",
      [0.6666666666666666, 0.6666666666666666, 0.6666666666666666]
    ),
    ("area(exp-a[norm=none].acc, over: lr)", [50.985, 51.974999999999994, 52.965]),
    ("crossing(exp-a[norm=none].acc, 5.5, over: lr)", [5.4, 5.3, 5.2]),
    (
      "crossing(exp-a[norm=none].acc, 0.65, over: log10(lr))",
      [0.31622776602, 0.24484367468, 0.18957356524]
    ),
    ("spearman(exp-a.acc, exp-a.loss, over: (norm, lr))", [1.0, 1.0, 1.0]),
    ("slope(exp-a.loss, exp-a.acc, over: (norm, lr))", [2.0, 2.0, 2.0]),
    ("max(exp-a.acc, over: (norm, lr))", [11.1, 11.2, 11.3]),
    ("mean(kendall(exp-a.acc, exp-a.loss, over: lr), over: norm)", [1.0, 1.0, 1.0]),
    ("max(0, exp-a[norm=none, lr=1].acc - 1.2)", [0.0, 0.0, 0.1]),
  ]

  @Test(arguments: functions)
  func functionsCompute(text: String, expected: [Double]) throws {
    let expression = try SampleExpression(parsing: text, at: start)
    #expect(expression.check(tables: tables).isEmpty)
    let numbers = try expression.evaluate(tables: tables).numbers
    #expect(zip(numbers, expected).allSatisfy { abs($0 - $1) < 1e-9 } && numbers.count == 3, "\(numbers)")
  }

  @Test(arguments: [
    (
      "quantile(exp-a[norm=none].acc, 2, over: lr)",
      "the second argument of 'quantile' must be a number in 0…1"
    ),
    (
      "clamp(exp-a[norm=none, lr=1].loss, 0, exp-a[norm=none, lr=1].steps)",
      "'nats' and 'steps' cannot be added or compared"
    ),
    ("argmax(exp-a[lr=1].acc, over: norm)", "the axis 'norm' has values that are not numbers"),
    ("max(exp-a.acc, over: (norm, width))", "there is no open axis 'width' to go over"),
    ("max(exp-a.acc, over: (norm, norm))", "there is no open axis 'norm' to go over"),
  ])
  func functionsAreCheckedBeforeAnythingHasRun(text: String, message: String) throws {
    #expect(try SampleExpression(parsing: text, at: start).check(tables: tables).map(\.message) == [message])
  }

  @Test func unitsFollowTheFunctions() throws {
    func unit(_ text: String) throws -> String {
      try SampleExpression(parsing: text, at: start).evaluate(tables: tables).unit
    }
    #expect(
      try unit("slope(exp-a[norm=none].loss, exp-a[norm=none].steps + exp-a[norm=none].steps, over: lr)")
        == "nats/steps")
    #expect(try unit("max(exp-a[norm=none].loss, over: lr)") == "nats")
    #expect(try unit("pow(exp-a[norm=none, lr=1].loss, 2)") == "")
  }

  @Test func aDivergedRunMakesNoSilentNumber() throws {
    let table = sweep { row in
      if row[1] == .number(10), row[2] == .number(2) { row[3] = .number(.nan) }
      return true
    }
    for text in [
      "count(exp-a[norm=none].acc > 1, over: lr)", "if(exp-a[norm=none, lr=10].acc > 1, 1, 0)",
      "argmax(exp-a[norm=none].acc, over: lr)",
    ] {
      let sample = try SampleExpression(parsing: text, at: start).evaluate { _ in table }
      #expect(sample.numbers[1].isNaN && sample.numbers[0].isFinite, "\(text)")
    }
  }

  @Test func theFirstStageGoesWithTheSample() throws {
    var table = sweep()
    table.firstStage = 2
    let sample = try SampleExpression(parsing: "exp-a[norm=none, lr=1].acc", at: start).evaluate { _ in table
    }
    #expect(sample.firstStage == 2 && sample.values.count == 3)
  }

  @Test(arguments: [
    (
      "exp-a[lr=1].acc",
      "1:1+15 axis-not-fixed: the axis 'norm' is not fixed; its values are none, batch "
        + "{fix it, as in [norm=none], or go over it, as in mean(…, over: norm)}"
    ),
    (
      "exp-a.acc",
      "1:1+9 axis-not-fixed: the axis 'norm' is not fixed; its values are none, batch "
        + "{fix it, as in [norm=none], or go over it, as in mean(…, over: norm)}\n"
        + "1:1+9 axis-not-fixed: the axis 'lr' is not fixed; its values are 0.1, 1, 10 "
        + "{fix it, as in [lr=0.1], or go over it, as in mean(…, over: lr)}"
    ),
    // 'remaining' follows from 'round' and is not named.
    (
      "exp-b.rounds[control=ticket].acc",
      "1:1+32 axis-not-fixed: the axis 'round' is not fixed; its values are 0, 1, 2 "
        + "{fix it, as in [round=0], or go over it, as in mean(…, over: round)}"
    ),
    ("exp-c.acc", "1:1+5 unknown-experiment: there is no experiment 'exp-c' {did you mean 'exp-a'?}"),
    ("exp-a.histry.loss", "1:7+6 unknown-table: exp-a has no table 'histry' {did you mean 'history'?}"),
    ("exp-a[norm=none, lr=1].ac", "1:24+2 unknown-column: exp-a has no column 'ac' {did you mean 'acc'?}"),
    ("exp-a[norm=none, lr=1].seed", "1:24+4 unknown-column: the number of the seed is not a result"),
    ("exp-a[nrm=none].acc", "1:7+3 unknown-axis: exp-a has no axis 'nrm' {did you mean 'norm'?}"),
    (
      "exp-a[loss=1].acc",
      "1:7+4 unknown-axis: 'loss' is measured; only axes can select rows {valid: norm, lr, seed}"
    ),
    (
      "exp-a[norm=btach, lr=2].acc",
      "1:12+5 unknown-value: the axis 'norm' of exp-a has no value 'btach' {did you mean 'batch'?}\n"
        + "1:22+1 unknown-value: the axis 'lr' of exp-a has no value '2' {valid: 0.1, 1, 10}"
    ),
    (
      "exp-a[norm>none, lr=1].acc",
      "1:12+4 filter-type: 'norm' can be compared by size only with numbers {valid: none, batch}"
    ),
    (
      "exp-a[norm=none, lr>1, lr<5].acc",
      "1:1+32 no-rows: no row of exp-a satisfies all of these filters together"
    ),
    (
      "exp-a[norm=none, lr=1].loss + exp-a[norm=none, lr=1].steps",
      "1:1+58 unit-mismatch: 'nats' and 'steps' cannot be added or compared"
    ),
    (
      "mean(exp-a[norm=none].acc, over: lrate)",
      "1:34+5 unknown-axis: there is no open axis 'lrate' to go over {valid: lr}"
    ),
    (
      "mean(exp-a[norm=none, lr=1].acc, over: lr)",
      "1:40+2 unknown-axis: there is no open axis 'lr' to go over {every axis is fixed by a filter}"
    ),
    (
      "slope(exp-a[lr=1].acc, over: norm)",
      "1:30+4 axis-not-numeric: the axis 'norm' has values that are not numbers {leave 'none' out with a filter}"
    ),
    (
      "slope(exp-a.history.loss, over: log(step))",
      "1:37+4 axis-not-positive: the axis 'step' has no logarithm at 0 {leave it out, as in [step>0]}"
    ),
    (
      "at(exp-a.history.loss, step: 55)",
      "1:30+2 unknown-value: the axis 'step' has no value 55 {valid: 0, 50, 100, 150}"
    ),
    (
      "mean(exp-a[norm=none].acc - exp-a[norm=batch, lr<5].acc, over: lr)",
      "1:6+50 axis-values-differ: the two sides do not have the same values of 'lr': only one has 10 "
        + "{restrict both with the same filter}"
    ),
    (
      "exp-a[norm=none].acc - exp-a[lr=1].acc",
      "1:1+38 axis-not-fixed: one side goes over 'lr', the other over 'norm' "
        + "{fix the axes that the two sides do not share}"
    ),
    ("1 + 2", "1:1+5 no-sample: the expression names no experiment {a sample is written exp-name.column}"),
  ])
  func checkFindsMistakesBeforeTheRuns(text: String, expected: String) throws {
    // Planned rows: axis values and seeds are known, results are not.
    let planned: (String) -> Table? = { name in
      guard var table = tables(name) ?? (name == "exp-b" ? Table(name: name, columns: []) : nil) else {
        return nil
      }
      for (column, declaration) in table.columns.enumerated() where declaration.role == .metric {
        for row in table.rows.indices { table.rows[row][column] = .missing }
      }
      return table
    }
    let expression = try SampleExpression(parsing: text, at: start)
    let found = expression.check(tables: planned, names: ["exp-a", "exp-a.history", "exp-b", "exp-b.rounds"])
    #expect(found.map(complaint).joined(separator: "\n") == expected)
    // Evaluation refuses the same expressions.
    #expect(throws: DiagnosticError.self) { try expression.evaluate(tables: tables) }
  }

  @Test func checkAcceptsWhatCanBeComputed() throws {
    let planned: (String) -> Table? = { name in
      guard var table = tables(name) else { return nil }
      for (column, declaration) in table.columns.enumerated() where declaration.role == .metric {
        for row in table.rows.indices { table.rows[row][column] = .missing }
      }
      return table
    }
    for text in [
      "exp-a[norm=none, lr=1].acc", "largest(exp-a[norm=none].acc >= 0.5, over: lr)",
      "rise(exp-a.history.loss, over: step)", "slope(exp-b.rounds[control=ticket].acc, over: remaining)",
    ] {
      #expect(try SampleExpression(parsing: text, at: start).check(tables: planned) == [])
    }
    // Without rows, values are unknown and not checked; columns are.
    let empty: (String) -> Table? = { name in
      var table = tables(name)
      table?.rows = []
      return table
    }
    #expect(
      try SampleExpression(parsing: "at(exp-a.history.loss, step: 7)", at: start).check(tables: empty) == [])
    let wrong = try SampleExpression(parsing: "exp-a.history.los", at: start).check(tables: empty)
    #expect(wrong.map(\.rule) == ["unknown-column"])
  }

  @Test func tablesWithoutRowsAreCheckedByThoseOfTheRuns() throws {
    let planned: (String) -> Table? = { name in
      guard var table = tables(name) else { return nil }
      if name != "exp-a" { table.rows = [] }
      return table
    }
    func mistakes(_ text: String) throws -> String {
      let expression = try SampleExpression(parsing: text, at: start)
      return expression.check(tables: planned, names: ["exp-a"]).map(complaint).joined(separator: "\n")
    }
    let history = "exp-a.history[norm=none, step>=100].loss"
    #expect(try mistakes("last(\(history), over: step)") == "")
    #expect(try mistakes("at(\(history), step: 7000) - exp-a[norm=none, lr=1].acc") == "")
    #expect(try mistakes("exp-a.history[norm=none, step=7].loss") == "")
    #expect(
      try mistakes(history)
        == "1:1+40 axis-not-fixed: the axis 'step' is not fixed "
        + "{fix it, as in [step=…], or go over it, as in mean(…, over: step)}")
    #expect(
      try mistakes("last(exp-a.history.loss, over: step)")
        == "1:1+36 axis-not-fixed: the axis 'norm' is not fixed; its values are none, batch "
        + "{fix it, as in [norm=none], or go over it, as in mean(…, over: norm)}")
    #expect(
      try mistakes("last(exp-a.history[norm=nope].loss, over: step)")
        == "1:25+4 unknown-value: the axis 'norm' of exp-a.history has no value 'nope' {did you mean 'none'?}"
    )
    #expect(
      try mistakes("exp-a.loss-exp-a.acc")
        == "1:7+10 unknown-table: exp-a has no table 'loss-exp-a' {write spaces around a minus sign}")
  }

  @Test func seedsThatDoNotMeetAreAnError() throws {
    let text = "at(exp-a.history.loss, step: 150) - exp-b.rounds[control=ticket, round=0].acc"
    #expect(
      complaint { _ = try values(text) }
        == "1:1+77 no-common-seeds: no seed has a result for every part of the expression")
  }

  @Test func doubledRowsAreAnError() throws {
    var doubled = sweep { $0[1] == .number(1) }
    doubled.rows += doubled.rows.prefix(1)
    let message = complaint { _ = try values("exp-a[norm=none].acc", { _ in doubled }) }
    #expect(message == "1:1+20 rows-not-unique: several rows remain for seed 1 {add a filter}")
  }
}

@Suite struct FilterTests {
  @Test func figuresUseTheSameFilters() throws {
    let filters = try RowFilters(parsing: "norm=batch, lr >= 1", at: start)
    let found = filters.apply(to: sweep())
    #expect(found.rows.count == 6 && found.rows.allSatisfy { $0[0] == .text("batch") })
    #expect(filters.check(sweep()) == [])
    #expect(try RowFilters(parsing: "", at: start).apply(to: sweep()).rows.count == 18)
    let wrong = try RowFilters(parsing: "norm=batch, lrs=1", at: start)
    #expect(
      wrong.check(sweep()).map(complaint) == [
        "1:13+3 unknown-axis: exp-a has no axis 'lrs' {did you mean 'lr'?}"
      ])
    #expect(wrong.apply(to: sweep()).rows.isEmpty)
    #expect(
      complaint { _ = try RowFilters(parsing: "norm=batch]", at: start) }
        == "1:11+1 expression-syntax: unexpected ']' [',' or the end of the filter]")
  }

  @Test func notEqualCoversBothKinds() throws {
    #expect(try RowFilters(parsing: "lr!=1", at: start).apply(to: sweep()).rows.count == 12)
    #expect(try RowFilters(parsing: "norm≠batch", at: start).apply(to: sweep()).rows.count == 9)
    #expect(try RowFilters(parsing: "lr!='x'", at: start).apply(to: sweep()).rows.count == 18)
  }
}

@Suite struct FormattedExpressionTests {
  private func text(_ source: String) throws -> String {
    let formatted = try FormattedExpression(parsing: source, at: start)
    return formatted.text(of: try formatted.expression.evaluate(tables: tables))
  }

  @Test func optionsChooseTheForm() throws {
    // Mean 1.2, standard deviation 0.1, half-width 4.303 · 0.1 / √3 = 0.248.
    #expect(try text("exp-a[norm=none, lr=1].acc") == "1.2 ± 0.2")
    #expect(try text("exp-a[norm=none, lr=1].acc | %") == "120 ± 20%")
    #expect(try text("exp-a[norm=none, lr=1].acc | plain") == "1.2")
    #expect(try text("exp-a[norm=none, lr=1].acc | digits=3, plain") == "1.20")
    #expect(try text("exp-a[norm=none, lr=1].acc | sd") == "0.1")
    #expect(try text("exp-a[norm=none, lr=1].acc | sd | %") == "10%")
    #expect(try text("exp-a[norm=none, lr=1].steps") == "100")
  }

  @Test func bootstrapIntervalsAreWrittenWithBothEnds() throws {
    let value = try FormattedExpression(parsing: "exp-a[norm=none, lr=1].acc | bca", at: start)
    let sample = Sample(
      values: [0.1, 0.2, 0.25, 0.4, 0.9].enumerated().map { ($0 + 1, $1) }, experiments: [])
    // The stream is keyed by the expression, so that the text is the same everywhere.
    #expect(value.text(of: sample) == "0.4 [0.2, 0.7]")
    let single = Sample(values: [(1, 0.25)], experiments: [])
    #expect(value.text(of: single) == "0.25")
  }

  @Test func unknownOptionsHaveTheirPlace() {
    #expect(
      complaint { _ = try FormattedExpression(parsing: "exp-a.acc | pct", at: start) }
        == "1:13+3 unknown-option: there is no option 'pct' {valid: %, sd, plain, bca, digits=n}")
    #expect(
      complaint { _ = try FormattedExpression(parsing: "exp-a.acc | digits=x", at: start) }
        == "1:13+8 value-option: 'digits' is a whole number in 1…15")
    #expect(
      complaint { _ = try FormattedExpression(parsing: "exp-a. | sd", at: start) }
        == "1:1+5 missing-column: 'exp-a' is a whole experiment; a sample needs a column "
        + "{for example exp-a.test_accuracy; write spaces around a minus sign}")
  }
}
