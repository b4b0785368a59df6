// Serves execute: one training with its records, early stop, digests and final metrics.
import Datasets
import Tables
import Training

/// Runs a training and keeps what the tables need.
final class ObservedTraining {
  let network: Network
  private let options: TrainOptions
  private let data: TrainingData
  private let context: RunContext
  private let record: RecordOptions
  private let initial: Buffer
  var best: (step: Int, loss: Double, state: NetworkState)?
  var stepsToFit: Int?
  var bestTest: (step: Int, accuracy: Double)?
  var reached: [String: Double] = [:]
  /// Rows of the table `exp-x.history`.
  var history: RunTable
  /// Digests of the weights.
  var trail = DigestTrail()
  /// Metrics after the last step.
  var final: [String: Double] = [:]
  /// 1 where a weight lives, as `Trainer.mask`.
  var mask: Buffer?
  /// What the order of batches is keyed by, when it is not the usual one.
  var orderPurpose: String?
  /// Steps at which the weights are kept, and the weights kept.
  var captureSteps: [Int] = []
  var captured: [Int: NetworkState] = [:]
  /// Called after every step, for what holds some weights in place.
  var afterStep: (() -> Void)?
  /// Called at every record, after the record is made.
  var atRecord: ((_ step: Int) -> Void)?
  /// What is measured during the training.
  var probes: ProbeSeries?
  /// Where the training saves its state.
  var checkpoints: RunCheckpoints?
  /// Steps done before this training and steps in all, for progress.
  var progressOffset = (done: 0, total: 0)

  init(
    _ network: Network, _ options: TrainOptions, _ data: TrainingData, _ context: RunContext,
    mask: Buffer? = nil
  ) {
    self.network = network
    self.options = options
    self.data = data
    self.context = context
    self.mask = mask
    record = context.configuration.record
    history = RunTable(trainingTables(record)[1].recording(record.metrics))
    initial = network.parameters.duplicate()
    progressOffset.total = options.steps
  }

  /// Trains and measures.
  func run() throws -> ObservedTraining {
    let every = record.every ?? options.steps
    let beat = max(1, min(every, options.steps / 20))
    var trainer = Trainer(network, options, mask: mask)
    trainer.updates = probes?.observer
    if let orderPurpose { trainer.orderPurpose = orderPurpose }
    trainer.checkpoints = checkpoints.map(trainingCheckpoints)
    let steps = try trainer.run(
      data.train, seed: context.streamSeed,
      watches: {
        $0 % every == 0 || $0 % beat == 0 || DigestTrail.marks($0) || afterStep != nil
          || captureSteps.contains($0)
      }
    ) { step in
      afterStep?()
      if captureSteps.contains(step) { captured[step] = NetworkState(network) }
      if DigestTrail.marks(step) || step == options.steps { trail.add(step: step, network) }
      if step % beat == 0 { try context.progress(progressOffset.done + step, progressOffset.total) }
      let isRecord = record.every == nil ? step == options.steps : step % every == 0 || step == options.steps
      guard isRecord else { return true }
      let goesOn = observe(step)
      atRecord?(step)
      return goesOn
    }
    trail.add(step: steps, network)
    measureFinal(steps)
    probes?.finish(steps)
    return self
  }

  /// Makes a record; returns whether training goes on.
  private func observe(_ step: Int) -> Bool {
    let needsTrain =
      record.metrics.contains { $0.hasPrefix("train_") } || options.stopLoss != nil
      || options.stopAccuracy != nil
    let needsTest = record.metrics.contains { $0.hasPrefix("test_") }
    let train = needsTrain ? network.evaluate(data.train) : nil
    let validation = data.validation.count > 0 ? network.evaluate(data.validation) : nil
    let test = needsTest ? network.evaluate(data.test) : nil
    var values = metrics(train: train, validation: validation, test: test)
    addFurther(&values, step: step)
    history.rows.append(
      history.columns.map { $0 == "step" ? .number(Double(step)) : values[$0].map(Cell.number) ?? .missing })
    if let validation, validation.loss < best?.loss ?? .infinity {
      best = (step, validation.loss, NetworkState(network))
    }
    guard let train else { return true }
    let tracksFit = record.metrics.contains("train_accuracy")
    if tracksFit, stepsToFit == nil, train.accuracy >= record.fitAccuracy { stepsToFit = step }
    if let limit = options.stopLoss, train.loss <= limit { return false }
    if let limit = options.stopAccuracy, train.accuracy >= limit { return false }
    return true
  }

  /// The further metrics that are recorded, and the thresholds that are reached.
  private func addFurther(_ values: inout [String: Double], step: Int) {
    let wanted = Set(requestedMetrics(record).map(\.name))
    if wanted.contains("clean_accuracy") {
      values["clean_accuracy"] = accuracy(data.cleanRows)
    }
    if wanted.contains("noisy_accuracy") { values["noisy_accuracy"] = accuracy(data.noisyRows) }
    if wanted.contains("noisy_true_accuracy"), !data.noisyRows.isEmpty {
      values["noisy_true_accuracy"] = network.evaluate(data.noisyTrue).accuracy
    }
    if wanted.contains("calibration_error") || wanted.contains("confidence") {
      let calibration = Calibration(network, data.test)
      values["calibration_error"] = calibration.expectedError
      values["confidence"] = calibration.confidence
    }
    if let accuracy = values["test_accuracy"], accuracy > bestTest?.accuracy ?? -1 {
      bestTest = (step, accuracy)
    }
    values["best_test_accuracy"] = bestTest?.accuracy
    values["best_test_step"] = bestTest.map { Double($0.step) }
    for threshold in record.thresholds where reached[threshold.name] == nil {
      if let value = values[threshold.metric], threshold.isReached(by: value) {
        reached[threshold.name] = Double(step)
      }
    }
  }

  private func accuracy(_ rows: [Int]) -> Double? {
    rows.isEmpty ? nil : network.evaluate(data.train, indices: rows).accuracy
  }

  private func metrics(train: Evaluation?, validation: Evaluation?, test: Evaluation?) -> [String: Double] {
    var values: [String: Double] = [:]
    for (name, evaluation) in [("train", train), ("validation", validation), ("test", test)] {
      guard let evaluation else { continue }
      values["\(name)_loss"] = evaluation.loss
      values["\(name)_accuracy"] = evaluation.accuracy
      values["\(name)_error"] = 1 - evaluation.accuracy
    }
    return values
  }

  private func measureFinal(_ steps: Int) {
    let train = network.evaluate(data.train)
    let validation = data.validation.count > 0 ? network.evaluate(data.validation) : nil
    let test = data.test.count > 0 ? network.evaluate(data.test) : nil
    final = metrics(train: train, validation: validation, test: test)
    addFurther(&final, step: steps)
    final.merge(reached) { _, reached in reached }
    if let test { final["gap"] = abs((1 - test.accuracy) - (1 - train.accuracy)) }
    final["steps"] = Double(steps)
    final["steps_to_fit"] = stepsToFit.map(Double.init)
    final["distance"] = network.layout.distance(network.parameters, initial)
    final["weight_norm"] = network.layout.distance(network.parameters)
    final["parameters"] = Double(network.layout.count)
    measureUnits()
    measureEarlyStop()
  }

  /// Unit capacity and unit impact of a network with one hidden layer.
  private func measureUnits() {
    let weights = network.layout.parameters.filter { $0.kind == .weight }
    guard weights.count == 2 else { return }
    let (incoming, outgoing) = (weights[0], weights[1])
    var (capacity, impact) = (0.0, 0.0)
    for unit in 0..<incoming.columns {
      var (moved, length) = (0.0, 0.0)
      for input in 0..<incoming.rows {
        let place = incoming.index(input, unit)
        let change = Double(network.parameters.start[place]) - Double(initial.start[place])
        moved += change * change
      }
      for output in 0..<outgoing.columns {
        let weight = Double(network.parameters.start[outgoing.index(unit, output)])
        length += weight * weight
      }
      capacity += moved.squareRoot()
      impact += length.squareRoot()
    }
    final["unit_capacity"] = capacity / Double(incoming.columns)
    final["unit_impact"] = impact / Double(incoming.columns)
  }

  /// Test accuracy of the weights with the smallest validation loss; leaves the network as it is.
  private func measureEarlyStop() {
    guard let best else { return }
    let last = NetworkState(network)
    best.state.restore(network)
    final["early_stop_step"] = Double(best.step)
    final["early_stop_accuracy"] = network.evaluate(data.test).accuracy
    last.restore(network)
  }
}

/// The weights and running statistics of a network at one time.
struct NetworkState {
  let parameters: Buffer
  let statistics: [Buffer]

  /// Collects buffers that were kept elsewhere.
  init(parameters: Buffer, statistics: [Buffer]) {
    self.parameters = parameters
    self.statistics = statistics
  }

  /// Keeps a copy.
  init(_ network: Network) {
    parameters = network.parameters.duplicate()
    statistics = network.runningStatistics.map { $0.duplicate() }
  }

  /// Whether it is of a network of this architecture.
  func fits(_ network: Network) -> Bool {
    parameters.count == network.parameters.count
      && statistics.map(\.count) == network.runningStatistics.map(\.count)
  }

  /// Puts the copy back.
  func restore(_ network: Network) {
    network.parameters.copy(from: parameters)
    for (running, saved) in zip(network.runningStatistics, statistics) { running.copy(from: saved) }
  }
}
