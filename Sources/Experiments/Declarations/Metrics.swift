// Serves plan and tabulate: the metrics of a trained network, declared once.
import Specification
import Tables

/// The metrics that every history table has.
let usualMetrics: [Column] = [
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

/// Further metrics, which tables have only when `record.metrics` names them.
let furtherMetrics: [Column] = [
  Column(
    "clean_accuracy", .metric,
    doc: "Training accuracy on the examples that label noise left alone (Arpit et al. 2017)."),
  Column(
    "noisy_accuracy", .metric,
    doc: "Training accuracy on the examples with a randomly drawn label, against that label."),
  Column(
    "noisy_true_accuracy", .metric,
    doc: "Accuracy on the training examples with a randomly drawn label, against their true label."),
  Column("best_test_accuracy", .metric, doc: "Largest test accuracy of any record so far."),
  Column("best_test_step", .metric, unit: "steps", doc: "Recorded step of best_test_accuracy."),
  Column(
    "calibration_error", .metric,
    doc:
      "Expected calibration error on the test data: Σ |accuracy − confidence| over 15 equal bins of the largest probability, weighted by their examples (Guo et al. 2017)."
  ),
  Column(
    "confidence", .metric, doc: "Mean over the test data of the largest probability that the network gives."),
]

/// The metrics that can be recorded during training.
let historyMetrics: [Column] = usualMetrics + furtherMetrics

/// Which of the further metrics a specification asks for, and the steps to its thresholds.
func requestedMetrics(_ record: RecordOptions) -> [Column] {
  furtherMetrics.filter { record.metrics.contains($0.name) }
}

/// One threshold of `record.steps_to`.
struct StepThreshold: Sendable, Hashable {
  /// The metric that is watched.
  var metric: String
  /// The value to reach.
  var value: Double

  /// `steps_to_test_accuracy_0_75` and the like.
  var name: String {
    "steps_to_\(metric)_" + Cell.format(value).replacing(".", with: "_").replacing("-", with: "minus_")
  }

  /// Whether smaller is better: losses and errors count as reached from above.
  private var isFalling: Bool { metric.hasSuffix("_loss") || metric.hasSuffix("_error") }

  func isReached(by number: Double) -> Bool { isFalling ? number <= value : number >= value }

  var column: Column {
    Column(
      name, .metric, unit: "steps",
      doc: "First recorded step with \(metric) \(isFalling ? "at most" : "at least") \(Cell.format(value)).")
  }
}

/// The option `record.steps_to`.
let stepsToField = Field(
  "steps_to", .map(.list(.number(.nonNegative), count: 1...20)),
  doc:
    "Thresholds of recorded metrics. Each adds a final metric, the first recorded step that reaches it: `steps_to_test_accuracy_0_75`.",
  example: "{test_accuracy: [0.7, 0.75]}")

/// The metrics at the end of a training.
let finalMetrics: [Column] =
  usualMetrics + [
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
  for column in finalMetrics + furtherMetrics + declarations.flatMap({ $0.axes + $0.metrics })
  where !columns.contains(where: { $0.name == column.name }) {
    columns.append(column)
  }
  return columns
}
