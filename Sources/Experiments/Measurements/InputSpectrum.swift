// Serves execute: how well conditioned the inputs are, which bounds the speed of gradient descent (LeCun et al. 1998).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct InputSpectrum: RunMeasurement {
  static let record = Record(
    "input_spectrum",
    doc: """
      Eigenvalues of the second moment E[xxᵀ] of the training inputs. Softmax regression at its uniform start has a Hessian \
      of at most λ_max/2.
      """, fields: [])

  init(_ value: Value) {}

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run.", axes: [],
    metrics: [
      Column("lambda_max", .metric, doc: "Largest eigenvalue of E[xxᵀ]."),
      Column("lambda_median", .metric, doc: "Median of the eigenvalues that are not zero."),
      Column("condition", .metric, doc: "lambda_max/lambda_median."),
      Column(
        "log10_condition", .metric, doc: "Its logarithm to base 10."),
      Column("rank", .metric, doc: "Eigenvalues above 10⁻¹⁰ of the largest."),
    ])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let train = data.train
    var inputs = DoubleMatrix(rows: train.count, columns: train.features)
    for row in 0..<train.count {
      for column in 0..<train.features {
        inputs[row, column] = Double(train.inputs.start[row * train.stride + column])
      }
    }
    let values = SymmetricEigen(inputs.columnGram).values.map { $0 / Double(max(1, train.count)) }
    let largest = values.first ?? 0
    let kept = values.filter { $0 > 1e-10 * largest }
    var table = RunTable(InputSpectrum.table)
    var row = ["lambda_max": largest, "rank": Double(kept.count)]
    if let median = kept[safe: kept.count / 2], median > 0 {
      row["lambda_median"] = median
      row["condition"] = largest / median
      row["log10_condition"] = Elementary.log10(largest / median)
    }
    table.addRow(row)
    return table
  }

  func examples(_ data: DatasetDescription) -> Int { data.train }
}
