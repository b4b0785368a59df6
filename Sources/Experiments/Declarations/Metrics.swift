// Serves plan and tabulate: the metrics of a trained network, declared once.
import Tables

/// The metrics that can be recorded during training.
let historyMetrics: [Column] = [
  Column(
    "train_loss", .metric, unit: "nats", doc: "Mean cross-entropy on the training data, in evaluation mode."),
  Column(
    "train_accuracy", .metric,
    doc: "Fraction of the training data (with the labels trained on) classified correctly."),
  Column("train_error", .metric, doc: "1 − train_accuracy."),
  Column("validation_loss", .metric, unit: "nats", doc: "Mean cross-entropy on the validation data."),
  Column("validation_accuracy", .metric, doc: "Fraction of the validation data classified correctly."),
  Column("test_loss", .metric, unit: "nats", doc: "Mean cross-entropy on the test data."),
  Column("test_accuracy", .metric, doc: "Fraction of the test data classified correctly."),
  Column("test_error", .metric, doc: "1 − test_accuracy."),
]

/// The metrics at the end of a training.
let finalMetrics: [Column] =
  historyMetrics + [
    Column("validation_error", .metric, doc: "1 − validation_accuracy."),
    Column("gap", .metric, doc: "|test_error − train_error|."),
    Column("steps", .metric, unit: "steps", doc: "Steps taken."),
    Column(
      "steps_to_fit", .metric, unit: "steps",
      doc:
        "First recorded step with a training accuracy of at least `record.fit_accuracy`; needs train_accuracy in `record.metrics`."
    ),
    Column(
      "early_stop_step", .metric, unit: "steps", doc: "Recorded step with the smallest validation loss."),
    Column("early_stop_accuracy", .metric, doc: "Test accuracy of the weights at early_stop_step."),
    Column("distance", .metric, doc: "‖w − w₀‖₂ over all parameters."),
    Column("weight_norm", .metric, doc: "‖w‖₂ over all parameters."),
    Column(
      "unit_capacity", .metric,
      doc:
        "Mean over hidden units of ‖uᵢ − uᵢ⁰‖₂, incoming weights; one hidden layer (Neyshabur et al. 2019)."),
    Column(
      "unit_impact", .metric,
      doc: "Mean over hidden units of ‖vᵢ‖₂, outgoing weights; one hidden layer (Neyshabur et al. 2019)."),
    Column("parameters", .metric, doc: "Number of parameters."),
  ]

/// Every column that a protocol or measurement fills, each name once, for `offprint explain` and the reference.
public var metricColumns: [Column] {
  var columns: [Column] = []
  let declarations = runMeasurements.map { $0.table } + runProtocols.flatMap { $0.tables }
  for column in finalMetrics + declarations.flatMap({ $0.axes + $0.metrics })
  where !columns.contains(where: { $0.name == column.name }) {
    columns.append(column)
  }
  return columns
}
