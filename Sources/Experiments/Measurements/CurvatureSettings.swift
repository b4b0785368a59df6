// Serves execute: what the probe and the measurement of curvature have in common.
import BitExact
import Datasets
import Measurements
import Specification
import Tables
import Training

/// The options of curvature.
let curvatureFields = [
  Field(
    "examples", .integer(1...100_000), default: .value(500), unit: "examples",
    doc: "Training examples of the loss, the first ones.", example: "500"),
  Field(
    "statistics",
    .choice([
      Choice("batch", "Those of the examples: the loss as it is trained, but for dropout."),
      Choice("running", "The running averages, frozen: the loss of evaluation mode."),
    ]), default: .value("batch"), doc: "Statistics of batch normalisation.", example: "running"),
  Field(
    "products", .integer(2...1000), default: .value(40), unit: "products",
    doc: "Hessian-vector products of the method of Lanczos at most.", example: "60"),
  Field(
    "trace_draws", .integer(0...1000), default: .value(0), unit: "products",
    doc: "Random vectors of Hutchinson's estimate of the trace; none when 0.", example: "20"),
]

/// The columns of curvature.
let curvatureMetrics = [
  Column("loss", .metric, unit: "nats", doc: "Mean loss of the examples."),
  Column("lambda_max", .metric, doc: "Largest eigenvalue of the Hessian of the loss over all parameters."),
  Column("lambda_error", .metric, doc: "Bound on the distance of lambda_max from an eigenvalue: ‖Hv − λv‖."),
  Column("lambda_second", .metric, doc: "Second largest eigenvalue, less accurate."),
  Column("lambda_min", .metric, doc: "Smallest eigenvalue, the most negative."),
  Column("convexity", .metric, doc: "|λ_min/λ_max|, 0 where the loss is convex (Li et al. 2018)."),
  Column("trace", .metric, doc: "Trace of the Hessian (Hutchinson 1989); missing without `trace_draws`."),
  Column("trace_error", .metric, doc: "Standard error of the trace over its draws."),
]

/// Complains about models without Hessian-vector products.
func checkCurvature(_ value: Value, _ name: String, in key: String, _ complaints: inout Complaints) {
  guard let model = value["model"].flatMap(ModelOptions.init), let obstacle = model.curvatureObstacle else {
    return
  }
  complaints.add(
    key == "probe" ? "model-probe" : "model-measurement",
    "'\(name)' needs Hessian-vector products, which \(obstacle) does not have", in: key,
    expected: "another architecture or normalisation")
}

/// The options of curvature as values.
struct CurvatureSettings: Sendable {
  let examples: Int
  let mode: Mode
  private let products: Int
  private let traceDraws: Int

  init(_ value: Value) {
    examples = value["examples"]?.integer ?? 500
    mode = value["statistics"]?.string == "running" ? .evaluation : .batchStatistics
    products = value["products"]?.integer ?? 40
    traceDraws = value["trace_draws"]?.integer ?? 0
  }

  /// Measures on `network`, whose capacity must suffice for `examples`.
  func measure(_ network: Network, _ data: ExampleMatrix, seed: UInt64) -> [String: Double] {
    let rows = firstRows(examples, of: data)
    let loss = network.prepareCurvature(data, rows, mode: mode)
    let hessian = SymmetricOperator(network.layout) { network.hessianVectorProduct($0, into: $1) }
    let spectrum = extremeEigenvalues(
      of: hessian, products: products, stream: RandomStream(seed: seed, purpose: "curvature/start"))
    var values = [
      "loss": loss, "lambda_max": spectrum.largest, "lambda_error": spectrum.residuals.first ?? .nan,
      "lambda_min": spectrum.smallest, "convexity": abs(spectrum.smallest / spectrum.largest),
    ]
    // Of a convex loss the smallest estimate may be a positive eigenvalue that is not yet the smallest.
    if spectrum.smallest >= 0 { values["convexity"] = 0 }
    if spectrum.values.count > 1 { values["lambda_second"] = spectrum.values[1] }
    if traceDraws > 0 {
      let trace = hutchinsonTrace(
        of: hessian, draws: traceDraws, stream: RandomStream(seed: seed, purpose: "curvature/trace"))
      values["trace"] = trace.mean
      values["trace_error"] = trace.standardError
    }
    return values
  }

  /// Work on `count` examples in forward passes of one; a product with the Hessian is six, four of them twice as long.
  func passes(_ count: Double) -> Double { count * (3 + 6 * Double(products + traceDraws)) }
}
