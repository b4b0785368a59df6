// Serves plan: how fast this machine trains a model, measured on a few steps, and how much memory a run takes.
import Datasets
import Specification
import Training

extension Configuration {
  /// What makes two runs equally fast a step: their model, its update rule, their batch and their data's shape.
  public var paceClass: String {
    let batch = value["train"]?["batch"] ?? .null
    let rule = value["train"]?["optimizer"] ?? .null
    let data: Value = .array([value["data"]?["name"] ?? .null, value["data"]?["size"] ?? .null])
    return Value.array([value["model"] ?? .null, rule, batch, data]).canonicalJSON
  }

  /// Operations a second of training steps of this specification on the present machine; `nil` for runs that train
  /// no model.
  ///
  /// Steps are made on random inputs for about `seconds`, the first of them unmeasured; `clock` gives seconds, best of the
  /// processor, which other programs do not slow down. Nothing of it reaches a result.
  public func measuredPace(_ data: DatasetDescription, seconds: Double, clock: () -> Double) -> Double? {
    guard let model, var options = train, let size = modelSize(data) else { return nil }
    let batch = min(options.batch ?? data.train, data.train)
    options.batch = nil
    let shape = FeatureShape.input(data.shape)
    let network = try? Network(
      model, input: shape, classes: data.classes, capacity: max(batch, 256), loss: options.loss)
    guard let network else { return nil }
    network.initialize(seed: 1)
    let examples = ExampleMatrix(
      inputs: (0..<batch * shape.count).map { Float(($0 * 7919) % 997) / 997 - 0.5 },
      labels: (0..<batch).map { Int32($0 % max(1, data.classes)) }, features: shape.count,
      targets: options.loss == .meanSquaredError ? [Float](repeating: 0.1, count: batch * data.classes) : [],
      targetCount: options.loss == .meanSquaredError ? data.classes : 0)
    options.steps = 1_000_000
    options.augmentation = nil
    var started = clock()
    var steps = 0
    Trainer(network, options).run(examples, seed: 1, watches: { _ in true }) { step in
      // The first steps fill caches and make the processor leave its sleep.
      if step == 2 { started = clock() }
      steps = step
      return step < 4 || clock() - started < seconds
    }
    let elapsed = clock() - started
    guard elapsed > 0, steps > 2 else { return nil }
    return Double(steps - 2) * 6 * size.multiplications * Double(batch) / elapsed
  }

  /// Bytes of memory that a run takes: the program, its data twice (as read and as laid out), the parameters with gradient,
  /// the rule's moments, and three copies (a transposed one, the first and the best), and the activations of a batch.
  public func memory(_ data: DatasetDescription) -> Double {
    let program = 43e6
    let examples = Double(data.train + data.validation + data.test) * Double(data.inputCount)
    guard let size = modelSize(data) else { return program + 8 * examples }
    let rows = Double(max(256, min(train?.batch ?? data.train, data.train)))
    let copies: Double = [.adam, .adamw].contains(train?.optimizer) ? 7 : 6
    return program + 8 * examples + 4 * (copies * Double(size.paddedParameters) + rows * size.activations)
  }
}
