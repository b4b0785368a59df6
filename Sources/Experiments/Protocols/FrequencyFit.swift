// Serves execute: in which order a network learns the frequencies of a function (Rahaman et al. 2019).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct FrequencyFit: RunProtocol {
  static let record = Record(
    "frequency-fit",
    doc: """
      Trains on a sum of sines and follows each frequency: the share of its amplitude that the network has, |f̂(k)|/|ŷ(k)| \
      over the training grid. Needs `loss: mse` and `record.every`. Frequencies should be whole numbers, which are \
      orthogonal on the grid.
      """,
    fields: [
      Field(
        "fitted", .number(NumberRange(0, 1, excludesLower: true)), default: .value(0.9),
        doc: "Share from which on a frequency counts as fitted.", example: "0.8")
    ])
  static let trainsModel = true
  static let datasets: [DatasetName] = [.sines]

  static func check(_ value: Value, _ complaints: inout Complaints) {
    Train.check(value, &complaints)
    if value["record"]?["every"] == nil {
      complaints.add(
        "missing-key", "frequency-fit needs 'record.every', the steps at which it looks", in: "record",
        expected: "every: a number of steps")
    }
  }

  private let fitted: Double

  init(_ value: Value) { fitted = value["fitted"]?.number ?? 0.9 }

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run.", axes: [],
      metrics: finalMetrics + [
        Column(
          "slowdown", .metric,
          doc: "fit_step of the largest frequency over that of the smallest; missing when one was not fitted."
        )
      ]),
    TableDeclaration(
      suffix: "frequencies", doc: "One row a run and frequency.",
      axes: [Column("frequency", .axis, unit: "1/interval", doc: "The frequency k.")],
      metrics: [
        Column(
          "fit_step", .metric, unit: "steps",
          doc: "First recorded step with a share of at least `fitted`; missing when there is none."),
        Column("share", .metric, doc: "Share of its amplitude after the last step."),
      ]),
    TableDeclaration(
      suffix: "spectrum", doc: "One row a run, recorded step and frequency.",
      axes: [
        Column("step", .axis, unit: "steps", doc: "Steps taken so far."),
        Column("frequency", .axis, unit: "1/interval", doc: "The frequency k."),
      ], metrics: [Column("share", .metric, doc: "|f̂(k)|/|ŷ(k)|.")]),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    var series = try TrainingSeries(context, trainings: 1)
    let frequencies = context.configuration.data.frequencies
    let targets = Spectrum(frequencies) { row, _ in
      series.data.train.targets.map { Double($0.start[row * paddedWidth(series.data.train.targetCount)]) }
        ?? 0
    }
    let network = series.network
    let train = series.data.train
    let wanted = targets.amplitudes(train.count)
    var (frequencyTable, spectrum) = (RunTable(FrequencyFit.tables[1]), RunTable(FrequencyFit.tables[2]))
    var fitSteps = [Int?](repeating: nil, count: frequencies.count)
    var last = [Double](repeating: 0, count: frequencies.count)
    let training = try series.train { training in
      training.atRecord = { step in
        var outputs: [Double] = []
        network.forEachLogits(train) { _, logits in outputs.append(Double(logits[0])) }
        let found = Spectrum(frequencies) { row, _ in outputs[row] }.amplitudes(train.count)
        for (k, frequency) in frequencies.enumerated() {
          last[k] = wanted[k] > 0 ? found[k] / wanted[k] : 0
          if last[k] >= fitted, fitSteps[k] == nil { fitSteps[k] = step }
          spectrum.addRow(["step": Double(step), "frequency": frequency, "share": last[k]])
        }
      }
    }
    for (k, frequency) in frequencies.enumerated() {
      var values = ["frequency": frequency, "share": last[k]]
      values["fit_step"] = fitSteps[k].map(Double.init)
      frequencyTable.addRow(values)
    }
    var values = training.final
    let order = frequencies.indices.sorted { frequencies[$0] < frequencies[$1] }
    if let low = order.first.flatMap({ fitSteps[$0] }), let high = order.last.flatMap({ fitSteps[$0] }) {
      values["slowdown"] = Double(high) / Double(max(1, low))
    }
    var main = RunTable(FrequencyFit.tables[0])
    main.addRow(values)
    return RunResult(
      tables: ["": main, "frequencies": frequencyTable, "spectrum": spectrum], digests: series.digests)
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let records = (configuration.train?.steps ?? 0) / max(1, configuration.record.every ?? 1)
    return configuration.seriesCost(trainings: 1, examples: records * data.train, data)
  }
}

/// Amplitudes of a function on an equispaced grid of the unit interval.
private struct Spectrum {
  private let frequencies: [Double]
  private let value: (Int, Double) -> Double

  init(_ frequencies: [Double], _ value: @escaping (Int, Double) -> Double) {
    self.frequencies = frequencies
    self.value = value
  }

  func amplitudes(_ count: Int) -> [Double] {
    frequencies.map { k in
      var (real, imaginary) = (0.0, 0.0)
      for row in 0..<count {
        let x = Double(row) / Double(count)
        let angle = 2 * Double.pi * k * x
        let y = value(row, x)
        real += y * Elementary.cos(angle)
        imaginary += y * Elementary.sin(angle)
      }
      return (real * real + imaginary * imaginary).squareRoot() / Double(max(1, count))
    }
  }
}
