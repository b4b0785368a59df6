// Serves execute: how curved the loss is where a training ended.
import Datasets
import Measurements
import Specification
import Tables
import Training

struct Curvature: RunMeasurement {
  static let record = Record(
    "curvature",
    doc: """
      Largest and smallest eigenvalue of the Hessian of the training loss by the method of Lanczos with exact Hessian-vector \
      products, and its trace, on the first training examples.
      """, fields: curvatureFields)

  static func check(_ value: Value, _ complaints: inout Complaints) {
    checkCurvature(value, record.name, in: "measure", &complaints)
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run.", axes: [], metrics: curvatureMetrics)

  private let settings: CurvatureSettings

  init(_ value: Value) { settings = CurvatureSettings(value) }

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let twin = try network.twin(capacity: min(settings.examples, data.train.count))
    var table = RunTable(Curvature.table)
    table.addRow(settings.measure(twin, data.train, seed: seed))
    return table
  }

  func examples(_ data: DatasetDescription) -> Int {
    Int(settings.passes(Double(min(settings.examples, data.train))))
  }
}
