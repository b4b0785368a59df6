// Whole trainings, schedules, pruning and the separable problem.
import BitExact
import KernelTable
import Testing
import Training

/// Three Gaussian clusters in eight dimensions.
private func clusters(_ count: Int, seed: UInt64 = 11) -> ExampleMatrix {
  var stream = RandomStream(seed: seed, purpose: "clusters")
  var (inputs, labels): ([Float], [Int32]) = ([], [])
  for i in 0..<count {
    let label = i % 3
    labels.append(Int32(label))
    for d in 0..<8 { inputs.append(Float(stream.normal()) + (d % 3 == label ? 1.5 : 0)) }
  }
  return ExampleMatrix(inputs: inputs, labels: labels, features: 8)
}

@Suite struct TrainingTests {
  private static func train(_ model: ModelOptions, _ options: TrainOptions, _ kernels: KernelTable) -> (
    String, Evaluation
  ) {
    let data = clusters(300)
    let network = Network(model, features: 8, classes: 3, capacity: 64, kernels: kernels)
    network.initialize(seed: 2)
    Trainer(network, options).run(data, seed: 2, watches: { _ in false }, watch: { _ in true })
    return (network.layout.digest(network.parameters), network.evaluate(data))
  }

  /// Changing one of these digests on purpose means raising `numericVersion`.
  @Test(arguments: Kernels.available.map(\.name))
  func goldenDigests(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    let plain = TrainingTests.train(
      ModelOptions(hidden: [33, 20]),
      TrainOptions(rate: 0.1, momentum: 0.9, batch: 32, steps: 200, schedule: .cosine),
      kernels)
    #expect(plain.0 == "e02be940c9c81debf09870607c58d893ef23cb258d7473bc854bfce80bcf0024")
    #expect(plain.1.accuracy > 0.9)
    let normed = TrainingTests.train(
      ModelOptions(hidden: [40], activation: .tanh, batchNorm: true, initializer: .glorotNormal),
      TrainOptions(optimizer: .adam, rate: 0.01, weightDecay: 1e-4, batch: 50, steps: 150), kernels)
    #expect(normed.0 == "49394da75ced8077856147fb04b871fcd03b1995e9e89f256c287633e30829fc")
    #expect(normed.1.accuracy > 0.9)
    let sigmoid = TrainingTests.train(
      ModelOptions(hidden: [12, 12], activation: .sigmoid, initializer: .pytorch),
      TrainOptions(
        rate: 0.5, momentum: 0.5, nesterov: true, batch: 7, steps: 300, schedule: .exponential(factor: 0.9)),
      kernels)
    #expect(sigmoid.0 == "86c8e5c645dde07f50857a987111e951716ed68d0944689154987ec34dcff78b")
  }

  /// Large weights move while their gradient is computed; nothing else shows it.
  @Test(arguments: [OptimizerKind.sgd, .adam, .adamw, .normalized])
  func oneStepIsAGradientAndAnUpdate(kind: OptimizerKind) {
    let data = clusters(64)
    var options = TrainOptions(
      optimizer: kind, rate: 0.01, momentum: 0.9, weightDecay: kind == .sgd ? 0 : 0.01, batch: 16, steps: 4)
    options.groups = [ParameterGroup(.all, rateFactor: 0.5, weightDecay: kind == .adamw ? 0 : nil)]
    let networks = (0..<2).map { _ in
      Network(ModelOptions(hidden: [256, 300], batchNorm: true), features: 8, classes: 3, capacity: 16)
    }
    let optimizers = networks.map { Optimizer(options, layout: $0.layout) }
    #expect(networks[0].layout.parameters.contains { $0.kind == .weight && $0.size >= 1 << 16 })
    for network in networks { network.initialize(seed: 4) }
    for step in 0..<4 {
      let rows = Array(16 * step..<16 * step + 16)
      optimizers[0].step(networks[0], data, rows, rate: 0.02)
      networks[1].computeGradient(data, rows)
      optimizers[1].step(networks[1], rate: 0.02)
      let digests = networks.map { $0.layout.digest($0.parameters) }
      #expect(digests[0] == digests[1])
    }
  }

  @Test func stepsAreWatchedAndStopped() {
    let data = clusters(60)
    let network = Network(ModelOptions(hidden: [4]), features: 8, classes: 3, capacity: 16)
    network.initialize(seed: 1)
    var seen: [Int] = []
    let steps = Trainer(network, TrainOptions(rate: 0.1, batch: 16, steps: 50)).run(
      data, seed: 1, watches: { $0 % 10 == 0 }
    ) { step in
      seen.append(step)
      return step < 30
    }
    #expect(seen == [0, 10, 20, 30])
    #expect(steps == 30)
  }

  @Test func everyExampleIsSeenOnceAnEpoch() {
    var order = BatchOrder(count: 10, seed: 4)
    var batch = [Int](repeating: 0, count: 5)
    for _ in 0..<3 {
      var epoch: [Int] = []
      for _ in 0..<2 {
        order.fill(&batch)
        epoch += batch
      }
      #expect(epoch.sorted() == Array(0..<10))
    }
  }

  @Test func schedules() {
    func rate(_ schedule: Schedule, _ step: Int) -> Double {
      schedule.rate(0.4, step: step, steps: 100, stepsPerEpoch: 10)
    }
    #expect(rate(.constant, 99) == 0.4)
    #expect(rate(.cosine, 0) == 0.4)
    #expect(abs(rate(.cosine, 50) - 0.2) < 1e-12)
    #expect(rate(.cosine, 99) < 0.001)
    let steps = Schedule.multistep(milestones: [30, 60], areEpochs: false, factor: 0.5)
    #expect([29, 30, 59, 60].map { rate(steps, $0) } == [0.4, 0.2, 0.2, 0.1])
    // Ten steps an epoch.
    let epochs = Schedule.multistep(milestones: [6, 3], areEpochs: true, factor: 0.5)
    #expect([29, 30, 59, 60].map { rate(epochs, $0) } == [0.4, 0.2, 0.2, 0.1])
    // Milestones are steps of the training, whatever part of it is a warm-up.
    var options = TrainOptions(rate: 0.4, steps: 100, schedule: steps)
    options.warmup = 20
    #expect(options.rate(step: 9, stepsPerEpoch: 10) == 0.2)
    #expect([20, 29, 30].map { options.rate(step: $0, stepsPerEpoch: 10) } == [0.4, 0.4, 0.2])
    #expect(rate(.step(every: 40, factor: 0.5), 39) == 0.4)
    #expect(rate(.step(every: 40, factor: 0.5), 80) == 0.1)
    #expect(abs(rate(.exponential(factor: 0.9), 25) - 0.4 * 0.81) < 1e-12)
  }

  /// SGD with momentum and Adam against their published formulas in double precision.
  @Test(arguments: [OptimizerKind.sgd, .adam])
  func updatesFollowTheirFormulas(kind: OptimizerKind) {
    let data = clusters(32)
    let options = TrainOptions(
      optimizer: kind, rate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01, batch: nil, steps: 5)
    let network = Network(ModelOptions(hidden: []), features: 8, classes: 3, capacity: 32)
    network.initialize(seed: 6)
    let optimizer = Optimizer(options, layout: network.layout)
    let places = network.layout.parameters.flatMap { p -> [Int] in
      var indices: [Int] = []
      p.forEachIndex { indices.append($0) }
      return indices
    }
    var (w, v, s) = (
      places.map { Double(network.parameters.start[$0]) }, places.map { _ in 0.0 }, places.map { _ in 0.0 }
    )
    for t in 1...5 {
      network.computeGradient(data, Array(0..<32))
      for (i, place) in places.enumerated() {
        let g = Double(network.gradient.start[place]) + 0.01 * w[i]
        if kind == .sgd {
          v[i] = 0.9 * v[i] + g
          w[i] -= 0.05 * (g + 0.9 * v[i])
        } else {
          v[i] = 0.9 * v[i] + 0.1 * g
          s[i] = 0.999 * s[i] + 0.001 * g * g
          let m = v[i] / (1 - Elementary.pow(0.9, Double(t)))
          w[i] -= 0.05 * m / ((s[i] / (1 - Elementary.pow(0.999, Double(t)))).squareRoot() + 1e-8)
        }
      }
      optimizer.step(network, rate: 0.05)
      for (i, place) in places.enumerated() {
        #expect(abs(w[i] - Double(network.parameters.start[place])) < 1e-4)
      }
    }
  }

  @Test func initialWeightsHaveTheirVariance() {
    let expected: [(Initializer, Double)] = [
      (.heNormal, 2 / 200), (.heUniform, 2 / 200), (.glorotNormal, 2 / 500), (.glorotUniform, 2 / 500),
      (.lecunNormal, 1 / 200), (.pytorch, 1 / 600), (.normal, 1),
    ]
    for (initializer, variance) in expected {
      let network = Network(
        ModelOptions(hidden: [300], initializer: initializer), features: 200, classes: 2, capacity: 1)
      network.initialize(seed: 1)
      var sum = 0.0
      network.layout.parameters[0].forEachIndex {
        sum += Double(network.parameters.start[$0] * network.parameters.start[$0])
      }
      #expect(abs(sum / 60_000 / variance - 1) < 0.05, "\(initializer)")
    }
  }
}

@Suite struct PruningTests {
  /// LeNet-300-100: the points that Frankle & Carbin (2019) quote, in percent of weights remaining.
  @Test func leNetSequence() {
    var survivors = [784 * 300, 300 * 100, 100 * 10]
    let all = Double(survivors.reduce(0, +))
    #expect(all == 266_200)
    var sequence: [Double] = []
    for _ in 1...16 {
      survivors = PruningMask.survivorsAfterRound(survivors, rates: [0.2, 0.2, 0.1])
      sequence.append((Double(survivors.reduce(0, +)) / all * 1000).rounded() / 10)
    }
    #expect(
      [sequence[2], sequence[6], sequence[8], sequence[14], sequence[15]] == [51.3, 21.1, 13.5, 3.6, 2.9])
  }

  @Test func theLargestWeightsSurviveAndMasksHold() {
    let data = clusters(90)
    let network = Network(ModelOptions(hidden: [20]), features: 8, classes: 3, capacity: 30)
    network.initialize(seed: 1)
    let keeping = [40, 30]
    let mask = PruningMask(layout: network.layout).pruned(by: network.parameters, keeping: keeping)
    #expect(mask.survivors == keeping)
    let weight = network.layout.parameters[0]
    var (kept, removed): ([Float], [Float]) = ([], [])
    weight.forEachIndex { i in
      let size = abs(network.parameters.start[i])
      if mask.values.start[i] == 1 { kept.append(size) } else { removed.append(size) }
    }
    #expect((kept.min() ?? 0) >= (removed.max() ?? 1))
    Trainer(network, TrainOptions(optimizer: .adam, rate: 0.01, batch: 30, steps: 30), mask: mask.values)
      .run(data, seed: 1, watches: { _ in false }, watch: { _ in true })
    var alive = 0
    weight.forEachIndex { i in
      if network.parameters.start[i] != 0 { alive += 1 }
      if mask.values.start[i] == 0 { #expect(network.parameters.start[i] == 0) }
    }
    #expect(alive == 40)
    let shuffled = mask.shuffled(seed: 1, purpose: "test")
    #expect(shuffled.survivors == keeping)
    #expect((0..<mask.values.count).contains { shuffled.values.start[$0] != mask.values.start[$0] })
  }
}

@Suite struct SeparableTests {
  private func points(_ support: [[Double]]) -> SignedPoints {
    let all = support + support.map { $0.map { -$0 } } + [[3, 2], [-2, -4]]
    return SignedPoints(points: all.flatMap { $0 }, labels: [1, 1, -1, -1, 1, -1], dimension: 2)
  }

  @Test func separatorsOfThePublishedSets() throws {
    let symmetric = try #require(HardMarginSeparator(points([[0.5, 1.5], [1.5, 0.5]])))
    let asymmetric = try #require(HardMarginSeparator(points([[0.5, 1.5], [2.5, -0.5]])))
    for separator in [symmetric, asymmetric] {
      #expect(abs(separator.weights[0] - 0.5) < 1e-10)
      #expect(abs(separator.weights[1] - 0.5) < 1e-10)
      #expect(abs(separator.margin - 2.0.squareRoot()) < 1e-10)
    }
    // A point and its opposite are one signed point and share its dual weight, 3/8 or 1/8.
    #expect(abs(asymmetric.dual[0] + asymmetric.dual[2] - 0.375) < 1e-9)
    #expect(abs(asymmetric.dual[1] + asymmetric.dual[3] - 0.125) < 1e-9)
  }

  @Test func pointsThatCannotBeSeparatedHaveNoSeparator() {
    let crossed = SignedPoints(points: [1, 0, -1, 0, 0, 1, 0, -1], labels: [1, 1, 1, 1], dimension: 2)
    #expect(HardMarginSeparator(crossed, sweeps: 500) == nil)
  }

  /// ‖w‖ grows by 1/γ per unit of log t and the loss falls like 1/t (Soudry et al. 2018, theorem 3).
  @Test func theNormGrowsWithTheLogarithm() throws {
    let data = points([[0.5, 1.5], [2.5, -0.5]])
    let separator = try #require(HardMarginSeparator(data))
    let sigma = data.largestSingularValue
    var descent = SeparableDescent(data, method: .gd, rate: 1 / (sigma * sigma), seed: 1)
    func norm() -> Double { descent.weights.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    func loss() -> Double { data.margins(descent.weights).reduce(0) { $0 + logisticLoss($1) } }
    for _ in 0..<10_000 { descent.step() }
    let (firstNorm, firstLoss) = (norm(), loss())
    for _ in 0..<90_000 { descent.step() }
    let decade = Elementary.log(10)
    #expect(abs((norm() - firstNorm) / decade * separator.margin - 1) < 0.05)
    #expect(abs(Elementary.log(loss() / firstLoss) / decade + 1) < 0.02)
  }

  @Test func normalisedDescentSurvivesLossesTooSmallForANumber() {
    let data = points([[0.5, 1.5], [1.5, 0.5]])
    var descent = SeparableDescent(data, method: .normalized, rate: 1, seed: 1)
    for _ in 0..<5_000 { descent.step() }
    #expect(data.margins(descent.weights).min() ?? 0 > 1000)
    #expect(descent.weights.allSatisfy { $0.isFinite })
  }

  @Test(arguments: DescentMethod.allCases)
  func everyMethodSeparates(method: DescentMethod) {
    let data = points([[0.5, 1.5], [1.5, 0.5]])
    var descent = SeparableDescent(data, method: method, rate: 0.05, seed: 3)
    for _ in 0..<2_000 { descent.step() }
    #expect(data.margins(descent.weights).allSatisfy { $0 > 0 })
  }

  @Test func singularValueOfAKnownMatrix() {
    let data = SignedPoints(points: [3, 0, 0, 2], labels: [1, 1], dimension: 2)
    #expect(abs(data.largestSingularValue - 3) < 1e-9)
  }

  @Test func equationsAreSolved() {
    #expect(
      solvePositiveDefinite([[4, 2], [2, 3]], [8, 7]).map { $0.map { ($0 * 1e9).rounded() / 1e9 } } == [
        1.25, 1.5,
      ])
    #expect(solvePositiveDefinite([[1, 1], [1, 1]], [1, 1]) == nil)
  }
}
