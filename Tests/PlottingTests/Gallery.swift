// Figures that the tests draw: the kinds that a paper needs, on made-up data without a mathematical library.
import Diagnostics
import Specification
import Tables
import Testing

@testable import Plotting

/// A figure block with its tables.
struct Example: Sendable, CustomTestStringConvertible {
  var name: String
  var yaml: String
  var tables: [Table]

  var testDescription: String { name }

  /// The figure, or the diagnostics as an error.
  func figure() throws -> Figure {
    var diagnostics = Diagnostics()
    let node = try Node(yaml: yaml, origin: SourcePosition(file: "\(name).md", line: 1, column: 1))
    guard let figure = Figure(resolving: node, &diagnostics) else {
      throw DiagnosticError(diagnostics.sorted)
    }
    return figure
  }

  func table(_ name: String) -> Table? { tables.first { $0.name == name } }

  func draw(_ theme: Theme = .light) throws -> RenderedFigure {
    try Plotting.draw(figure(), tables: table, theme: theme)
  }
}

/// A linear congruential generator (Knuth's MMIX constants).
struct TestRandom {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

  /// Uniform in 0..<1.
  mutating func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 9_007_199_254_740_992
  }

  /// Nearly normal: the sum of twelve uniforms.
  mutating func normal() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
  }
}

/// The examples of the golden tests.
enum Gallery {
  static let all: [Example] = [
    learningRate, width, trainingCurves, bars, facets, gap, classes, lottery, heatMap, panels, horizontalBars,
    intervals, gridOfFacets, area, patterns, mixedPanels,
  ]

  private static func table(_ name: String, _ columns: [Column], _ rows: [[Cell]]) -> Table {
    Table(name: name, columns: columns, rows: rows)
  }

  static let learningRate: Example = {
    var random = TestRandom(1)
    var rows: [[Cell]] = []
    let none = [0.72, 0.79, 0.825, 0.835, 0.62, 0.1]
    let batch = [0.74, 0.81, 0.842, 0.853, 0.848, 0.81]
    let spread = [0.006, 0.005, 0.004, 0.006, 0.11, 0.004]
    for (norm, means) in [("none", none), ("batch", batch)] {
      for (index, rate) in [0.003, 0.01, 0.03, 0.1, 0.3, 1.0].enumerated() {
        for seed in 1...5 {
          let width = norm == "none" ? spread[index] : 0.005
          rows.append([
            .text(norm), .number(rate), .number(Double(seed)),
            .number(means[index] + width * random.normal()),
          ])
        }
      }
    }
    return Example(
      name: "learning-rate",
      yaml: """
        data: exp-bn-rate
        mark: {type: line, point: true}
        encoding:
          x: {field: lr, scale: {type: log}, title: learning rate}
          y: {field: test_accuracy, aggregate: mean, band: ci95, title: test accuracy, format: "%"}
          color: {field: norm, title: normalisation}
        layer: [{mark: rule, encoding: {y: {datum: 0.1}}, label: chance}]
        fig-cap: Test accuracy after 600 steps.
        """,
      tables: [
        table(
          "exp-bn-rate",
          [
            Column("norm", .axis), Column("lr", .axis), Column("seed", .seed),
            Column("test_accuracy", .metric),
          ], rows)
      ])
  }()

  static let width: Example = {
    var random = TestRandom(2)
    var rows: [[Cell]] = []
    for noise in [0.0, 0.1, 0.2] {
      for (index, width) in [4.0, 8, 16, 32, 64, 128, 256, 512].enumerated() {
        for seed in 1...4 {
          let base = 0.16 + noise * 0.55 + 0.5 / width
          let peak = noise * 0.7 / (1 + (Double(index) - 3) * (Double(index) - 3))
          rows.append([
            .number(noise), .number(width), .number(Double(seed)),
            .number(base + peak + 0.008 * random.normal()),
          ])
        }
      }
    }
    return Example(
      name: "width",
      yaml: """
        data: exp-width
        mark: {type: line, point: true}
        encoding:
          x: {field: width, scale: {type: log}, title: hidden width}
          y: {field: test_error, aggregate: mean, band: ci95, title: test error, scale: {zero: true}, format: "%"}
          color: {field: label_noise, title: label noise, format: "%"}
        """,
      tables: [
        table(
          "exp-width",
          [
            Column("label_noise", .axis), Column("width", .axis), Column("seed", .seed),
            Column("test_error", .metric),
          ], rows)
      ])
  }()

  static let trainingCurves: Example = {
    var random = TestRandom(3)
    var rows: [[Cell]] = []
    for (index, rate) in ["sgd", "momentum", "adam", "batch norm"].enumerated() {
      for seed in 1...5 {
        var drift = 0.0
        for step in stride(from: 10, through: 2000, by: 10) {
          drift = 0.95 * drift + 0.03 * random.normal()
          let speed = [0.004, 0.012, 0.03, 0.07][index]
          let value = (2.3 / (1 + Double(step) * speed) + 0.0004) * (1 + drift)
          rows.append([.text(rate), .number(Double(seed)), .number(Double(step)), .number(value)])
        }
      }
    }
    return Example(
      name: "training-curves",
      yaml: """
        data: exp-speed.history
        mark: line
        encoding:
          x: {field: step}
          y: {field: train_loss, aggregate: mean, band: range, scale: {type: log}}
          color: {field: optimizer}
        """,
      tables: [
        table(
          "exp-speed.history",
          [
            Column("optimizer", .axis), Column("seed", .seed), Column("step", .axis, unit: "steps"),
            Column("train_loss", .metric),
          ], rows)
      ])
  }()

  static let bars: Example = {
    var random = TestRandom(4)
    var rows: [[Cell]] = []
    let names = ["true labels", "random labels", "shuffled pixels", "random pixels", "Gaussian"]
    for (index, name) in names.enumerated() {
      for (offset, regularised) in ["no weight decay", "weight decay"].enumerated() {
        for seed in 1...5 {
          let mean = [0.86, 0.1, 0.62, 0.31, 0.22][index] + (offset == 1 ? 0.018 : 0)
          rows.append([
            .text(name), .text(regularised), .number(Double(seed)), .number(mean + 0.012 * random.normal()),
          ])
        }
      }
    }
    return Example(
      name: "bars",
      yaml: """
        data: exp-fit
        mark: bar
        encoding:
          x: {field: condition, title: training set}
          y: {field: test_accuracy, aggregate: mean, band: ci95, format: "%"}
          color: {field: decay, title: ""}
        """,
      tables: [
        table(
          "exp-fit",
          [
            Column("condition", .axis), Column("decay", .axis), Column("seed", .seed),
            Column("test_accuracy", .metric),
          ], rows)
      ])
  }()

  static let facets: Example = {
    var random = TestRandom(5)
    var rows: [[Cell]] = []
    for (f, data) in ["Fashion-MNIST", "digits", "MNIST-1D", "separable"].enumerated() {
      for (c, depth) in ["shallow", "deep"].enumerated() {
        for (index, size) in ["tiny", "small", "medium", "large"].enumerated() {
          for seed in 1...5 {
            let mean = 0.6 + 0.07 * Double(index) - 0.05 * Double(f) + 0.03 * Double(c * index)
            rows.append([
              .text(data), .text(depth), .text(size), .number(Double(seed)),
              .number(mean + 0.015 * random.normal()),
            ])
          }
        }
      }
    }
    return Example(
      name: "facets",
      yaml: """
        data: exp-size
        mark: {type: line, point: true}
        encoding:
          x: {field: size, title: model size}
          y: {field: test_accuracy, title: test accuracy}
          color: {field: depth}
          column: {field: data}
        """,
      tables: [
        table(
          "exp-size",
          [
            Column("data", .axis), Column("depth", .axis), Column("size", .axis), Column("seed", .seed),
            Column("test_accuracy", .metric),
          ], rows)
      ])
  }()

  static let gap: Example = {
    var rows: [[Cell]] = []
    for (index, method) in ["gd", "momentum", "normalized", "adam"].enumerated() {
      var step = 1.0
      while step < 1.2e6 {
        let settle = 1 / (1 + step * 0.02)
        let limit = [0.62, 0.55, 0.2, 0.85][index]
        rows.append([.text(method), .number(step.rounded()), .number(limit + (1.3 - limit) * settle)])
        step *= 1.3
      }
    }
    return Example(
      name: "gap-log-t",
      yaml: """
        data: exp-bias.history
        mark: line
        encoding:
          x: {field: step, scale: {type: log}, title: "step $t$"}
          y: {field: gap_log_t, title: "margin gap $\\\\cdot$ $\\\\log t$", aggregate: none}
          color: {field: method}
        layer:
          - {mark: rule, encoding: {y: {datum: 0.7}}, label: predicted limit}
        """,
      tables: [
        table(
          "exp-bias.history", [Column("method", .axis), Column("step", .axis), Column("gap_log_t", .metric)],
          rows)
      ])
  }()

  static let classes: Example = {
    var random = TestRandom(6)
    var rows: [[Cell]] = []
    for (index, name) in ["class −1", "class +1"].enumerated() {
      let sign = index == 0 ? -1.0 : 1
      for _ in 0..<40 {
        rows.append([
          .text(name), .number(sign * 1.6 + 0.8 * random.normal()),
          .number(sign * 1.1 + 0.8 * random.normal()),
        ])
      }
    }
    let line: [[Cell]] = [[.number(-2.6), .number(3.4)], [.number(2.6), .number(-3.4)]]
    return Example(
      name: "classes",
      yaml: """
        encoding:
          x: {field: x1, title: "$x_1$"}
          y: {field: x2, title: "$x_2$"}
        height: 380
        layer:
          - {data: exp-sep.points, mark: point, encoding: {x: {field: x1, title: "$x_1$"}, y: {field: x2, title: "$x_2$"}, color: {field: class, title: ""}}}
          - {data: exp-sep.line, mark: line, label: separator}
        """,
      tables: [
        table(
          "exp-sep.points", [Column("class", .axis), Column("x1", .metric), Column("x2", .metric)], rows),
        table("exp-sep.line", [Column("x1", .metric), Column("x2", .metric)], line),
      ])
  }()

  static let lottery: Example = {
    var random = TestRandom(7)
    var rows: [[Cell]] = []
    var remaining = 1.0
    for _ in 0..<20 {
      for (index, control) in ["ticket", "reinit", "one-shot"].enumerated() {
        for seed in 1...5 {
          let loss = [0.006, 0.02, 0.012][index] / (remaining + 0.02) * 0.2
          let bonus = index == 0 ? 0.05 * (1 - remaining) * remaining : 0
          rows.append([
            .text(control), .number(remaining * 100), .number(Double(seed)),
            .number(0.855 + bonus - loss + 0.004 * random.normal()),
          ])
        }
      }
      remaining *= 0.8
    }
    return Example(
      name: "lottery",
      yaml: """
        data: exp-ticket.rounds
        mark: {type: line, point: true}
        encoding:
          x: {field: remaining, scale: {type: log, reverse: true}, title: weights remaining (%)}
          y: {field: early_stop_accuracy, title: accuracy at early stop, format: "%", band: sd}
          color: {field: control}
        seeds: false
        """,
      tables: [
        table(
          "exp-ticket.rounds",
          [
            Column("control", .axis), Column("remaining", .axis, unit: "%"), Column("seed", .seed),
            Column("early_stop_accuracy", .metric),
          ], rows)
      ])
  }()

  static let heatMap: Example = {
    var rows: [[Cell]] = []
    for (i, rate) in [0.001, 0.003, 0.01, 0.03, 0.1, 0.3].enumerated() {
      for (j, width) in [16.0, 32, 64, 128, 256].enumerated() {
        let distance = Double((i - 3) * (i - 3)) + 0.4 * Double((j - 3) * (j - 3))
        rows.append([.number(rate), .number(width), .number(0.9 / (1 + 0.08 * distance))])
      }
    }
    return Example(
      name: "heat-map",
      yaml: """
        data: exp-grid
        mark: rect
        encoding:
          x: {field: lr, title: learning rate}
          y: {field: width, sort: descending}
          color: {field: test_accuracy, title: accuracy, format: "%"}
        """,
      tables: [
        table(
          "exp-grid", [Column("lr", .axis), Column("width", .axis), Column("test_accuracy", .metric)], rows)
      ])
  }()

  static let panels: Example = {
    var random = TestRandom(8)
    var rows: [[Cell]] = []
    for (index, norm) in ["none", "batch"].enumerated() {
      for seed in 1...5 {
        for step in stride(from: 20, through: 600, by: 20) {
          let loss = 2.3 / (1 + Double(step) * [0.01, 0.04][index]) * (1 + 0.05 * random.normal())
          rows.append([
            .text(norm), .number(Double(seed)), .number(Double(step)), .number(loss),
            .number(0.88 - 0.3 * loss / 2.3 + 0.006 * random.normal()),
          ])
        }
      }
    }
    return Example(
      name: "panels",
      yaml: """
        data: exp-bn.history
        mark: line
        encoding:
          x: {field: step, title: training step}
          y: {field: [train_loss, test_accuracy]}
          color: {field: norm}
        """,
      tables: [
        table(
          "exp-bn.history",
          [
            Column("norm", .axis), Column("seed", .seed), Column("step", .axis, unit: "steps"),
            Column("train_loss", .metric), Column("test_accuracy", .metric),
          ], rows)
      ])
  }()

  static let horizontalBars = Example(
    name: "horizontal-bars",
    yaml: """
      data: exp-claims
      mark: bar
      encoding:
        y: {field: method, title: ""}
        x: {field: steps_to_fit, aggregate: mean, title: steps to fit}
      """,
    tables: [
      table(
        "exp-claims", [Column("method", .axis), Column("steps_to_fit", .metric)],
        [
          [.text("plain gradient descent"), .number(48_200)],
          [.text("heavy-ball momentum"), .number(12_400)],
          [.text("Adam with default settings"), .number(3_100)],
          [.text("batch normalisation and a tenfold learning rate"), .number(900)],
        ])
    ])

  static let intervals: Example = {
    var random = TestRandom(9)
    var rows: [[Cell]] = []
    for (index, name) in ["He", "Glorot", "LeCun", "PyTorch"].enumerated() {
      for (offset, act) in ["relu", "tanh"].enumerated() {
        for seed in 1...6 {
          rows.append([
            .text(name), .text(act), .number(Double(seed)),
            .number(-0.4 + 0.3 * Double(index) + 0.2 * Double(offset) + 0.12 * random.normal()),
          ])
        }
      }
    }
    return Example(
      name: "intervals",
      yaml: """
        data: exp-init
        title: Change of the margin by initialisation
        mark: errorbar
        encoding:
          x: {field: init, title: initialisation}
          y: {field: change, title: "change of margin $\\\\Delta\\\\gamma$"}
          color: {field: activation}
        """,
      tables: [
        table(
          "exp-init",
          [
            Column("init", .axis), Column("activation", .axis), Column("seed", .seed),
            Column("change", .metric),
          ],
          rows)
      ])
  }()

  static let gridOfFacets: Example = {
    var random = TestRandom(10)
    var rows: [[Cell]] = []
    for optimizer in ["sgd", "adam"] {
      for noise in [0.0, 0.2, 0.4] {
        for width in [8.0, 16, 32, 64, 128] {
          for part in ["train", "test"] {
            for seed in 1...3 {
              let error = (part == "train" ? 0.02 : 0.1 + noise * 0.6) + 1.2 / width + 0.01 * random.normal()
              rows.append([
                .text(optimizer), .number(noise), .number(width), .text(part), .number(Double(seed)),
                .number(error),
              ])
            }
          }
        }
      }
    }
    return Example(
      name: "grid-of-facets",
      yaml: """
        data: exp-wide
        width: full
        mark: {type: line, point: true}
        encoding:
          x: {field: width, scale: {type: log}}
          y: {field: error, scale: {zero: true}}
          color: {field: part, title: ""}
          row: {field: optimizer}
          column: {field: label_noise}
        """,
      tables: [
        table(
          "exp-wide",
          [
            Column("optimizer", .axis), Column("label_noise", .axis), Column("width", .axis),
            Column("part", .axis),
            Column("seed", .seed), Column("error", .metric),
          ], rows)
      ])
  }()

  static let area: Example = {
    var rows: [[Cell]] = []
    for step in 0...60 {
      let x = Double(step) / 10
      rows.append([.number(x), .number((x - 2) * (x - 4) * (x - 5.5) / 12 + 0.4)])
    }
    return Example(
      name: "area",
      yaml: """
        data: exp-curve
        mark: area
        encoding:
          x: {field: distance}
          y: {field: change, title: change of loss}
        """,
      tables: [table("exp-curve", [Column("distance", .axis), Column("change", .metric)], rows)])
  }()

  static let patterns: Example = {
    var random = TestRandom(13)
    var rows: [[Cell]] = []
    for (index, optimizer) in ["sgd", "adam"].enumerated() {
      for part in ["train", "test"] {
        for step in stride(from: 0, through: 1000, by: 25) {
          let fall = 1 / (1 + Double(step) * [0.01, 0.03][index])
          let floor = part == "test" ? 0.12 + Double(step) * 0.00004 : 0.01
          rows.append([
            .text(optimizer), .text(part), .number(Double(step)),
            .number(floor + 0.8 * fall + 0.004 * random.normal()),
          ])
        }
      }
    }
    return Example(
      name: "patterns",
      yaml: """
        data: exp-p.history
        mark: line
        encoding:
          x: {field: step, title: training step}
          y: {field: error, scale: {type: sqrt}, format: "%"}
          color: {field: optimizer}
          strokeDash: {field: part, title: data}
        layer: [{mark: rule, encoding: {x: {datum: 400}}, label: rate is divided by 10}]
        """,
      tables: [
        table(
          "exp-p.history",
          [
            Column("optimizer", .axis), Column("part", .axis), Column("step", .axis),
            Column("error", .metric),
          ], rows)
      ])
  }()

  static let mixedPanels: Example = {
    var random = TestRandom(14)
    var rows: [[Cell]] = []
    for index in 0..<600 {
      let kind = ["shirt", "coat", "bag"][index % 3]
      if index % 3 == 2 && index % 2 == 0 { continue }
      let x = random.normal() + Double(index % 3)
      rows.append([.text(kind), .number(x), .number(0.8 * x + 0.6 * random.normal())])
    }
    return Example(
      name: "mixed-panels",
      yaml: """
        data: exp-d
        width: full
        hconcat:
          - title: How many there are
            mark: bar
            encoding: {x: {field: kind, title: ""}, y: {aggregate: count}}
          - title: Where they lie
            mark: {type: point, filled: false}
            encoding: {x: {field: u}, y: {field: v}, color: {field: kind, title: ""}}
          - title: One by one
            mark: tick
            encoding: {x: {field: u}, y: {field: kind, title: ""}}
        """,
      tables: [
        table("exp-d", [Column("kind", .axis), Column("u", .metric), Column("v", .metric)], rows)
      ])
  }()
}
