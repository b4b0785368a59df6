// Serves execute: the largest eigenvalue of the Hessian during training (Cohen et al. 2021).
import Measurements
import Specification
import Tables
import Training

struct CurvatureProbe: TrainingProbe {
  static let record = Record(
    "curvature",
    doc: """
      Largest and smallest eigenvalue of the Hessian of the training loss during training, by the method of Lanczos with exact \
      Hessian-vector products on the first training examples. Full-batch gradient descent takes λ_max to its edge of stability \
      2/η and holds it there (Cohen et al. 2021); with momentum μ the edge is (2 + 2μ)/η, with Nesterov's \
      (2 + 2μ)/((1 + 2μ)η).
      """, fields: [everyField] + curvatureFields)

  static func check(_ value: Value, _ complaints: inout Complaints) {
    checkCurvature(value, record.name, in: "probe", &complaints)
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run and observed step, the last step included.", axes: [stepColumn],
    metrics: curvatureMetrics + [
      Column("lambda_eta", .metric, doc: "λ_max·η/2: 1 at the edge of stability of plain gradient descent."),
      Column(
        "stability", .metric,
        doc: "λ_max over the edge of stability of (heavy-ball or Nesterov) SGD; missing for other optimisers."
      ),
    ])

  private let settings: CurvatureSettings

  init(_ value: Value) { settings = CurvatureSettings(value) }

  func rows(_ bench: ProbeBench) -> Int { min(settings.examples, bench.data.train.count) }

  func measure(_ bench: ProbeBench, before update: TrainingUpdate) -> [ProbeRow] {
    observe(bench, rate: update.rate, momentum: update.momentum)
  }

  func measureAtEnd(_ bench: ProbeBench, step: Int) -> [ProbeRow] {
    let size = batchSize(bench)
    let stepsPerEpoch = (bench.data.train.count + size - 1) / size
    // The rate that a further step would have had.
    return observe(
      bench, rate: bench.options.rate(step: step, stepsPerEpoch: stepsPerEpoch),
      momentum: bench.options.momentum(epoch: step / stepsPerEpoch))
  }

  private func observe(_ bench: ProbeBench, rate: Double, momentum: Double) -> [ProbeRow] {
    guard let twin = bench.twin() else { return [] }
    var values = settings.measure(twin, bench.data.train, seed: bench.seed)
    if let lambda = values["lambda_max"] {
      values["lambda_eta"] = lambda * rate / 2
      if bench.options.optimizer == .sgd, rate > 0 {
        let edge = (2 + 2 * momentum) / ((bench.options.nesterov ? 1 + 2 * momentum : 1) * rate)
        values["stability"] = lambda / edge
      }
    }
    return [values.mapValues(Cell.number)]
  }

  func passes(_ setting: ProbeSetting) -> Double {
    settings.passes(min(Double(settings.examples), setting.train))
  }
}
