// Serves plan and execute: one run's specification as typed values.
import Datasets
import Specification
import Training

/// A resolved specification that could not be read back; a mistake of the program or an altered file.
public struct ConfigurationError: Error, CustomStringConvertible {
  /// What could not be read.
  public var description: String
}

/// Everything that determines a run but its seed.
public struct Configuration: Sendable {
  /// The resolved specification, which the run's key is made from.
  public let value: Value
  /// The data.
  public let data: DatasetRequest
  /// The model, for protocols that train one.
  public let model: ModelOptions?
  /// Its training.
  public let train: TrainOptions?
  /// What is recorded.
  public let record: RecordOptions
  let runProtocol: any RunProtocol
  let measurements: [any RunMeasurement]

  /// Reads a resolved specification.
  public init(_ value: Value) throws {
    self.value = value
    guard let data = value["data"].flatMap(DatasetRequest.init) else {
      throw ConfigurationError(description: "no data")
    }
    self.data = data
    model = value["model"].flatMap(ModelOptions.init)
    train = value["train"].flatMap(TrainOptions.init)
    record = RecordOptions(value["record"] ?? [:])
    guard let name = value["protocol"]?["name"]?.string,
      let kind = runProtocols.first(where: { $0.record.name == name })
    else { throw ConfigurationError(description: "no protocol") }
    runProtocol = try kind.init(value["protocol"] ?? [:])
    measurements = try (value["measure"]?.array ?? []).map { value in
      guard let name = value["name"]?.string,
        let kind = runMeasurements.first(where: { $0.record.name == name })
      else {
        throw ConfigurationError(description: "unknown measurement")
      }
      return try kind.init(value)
    }
  }
}

/// What is recorded during training.
public struct RecordOptions: Sendable {
  /// Steps between records; `nil` for the last step only.
  public var every: Int?
  /// Names of the recorded metrics.
  public var metrics: [String]
  /// Training accuracy that counts as fitted.
  public var fitAccuracy: Double
  /// Thresholds whose first recorded step is a final metric.
  var thresholds: [StepThreshold]

  init(_ value: Value) {
    every = value["every"]?.integer
    metrics = value["metrics"]?.array?.compactMap(\.string) ?? []
    fitAccuracy = value["fit_accuracy"]?.number ?? 0.9995
    thresholds = (value["steps_to"]?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { metric, values in
      (values.array ?? []).compactMap(\.number).map { StepThreshold(metric: metric, value: $0) }
    }
  }
}

extension Configuration {
  /// Runs once with the protocol of the specification.
  public func run(_ context: RunContext) throws -> RunResult { try runProtocol.run(context) }
}
