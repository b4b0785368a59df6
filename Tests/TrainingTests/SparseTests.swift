// Trainings over surviving weights against the dense computation with the same mask, bit for bit.
import BitExact
import KernelTable
import Testing
import Training

private func canonical(_ buffer: Buffer) -> [UInt32] {
  (0..<buffer.count).map { buffer.start[$0].isNaN ? 0x7FC0_0000 : buffer.start[$0].bitPattern }
}

private func examples(_ count: Int, scale: Float = 1) -> ExampleMatrix {
  var stream = RandomStream(seed: 21, purpose: "sparse")
  let inputs = (0..<count * 40).map { _ in Float(stream.normal()) * scale }
  return ExampleMatrix(
    inputs: inputs, labels: (0..<count).map { _ in Int32(stream.below(5)) }, features: 40)
}

/// A mask that keeps about `share` of the weights of each layer, and all other parameters.
private func mask(_ network: Network, share: Double) -> Buffer {
  var stream = RandomStream(seed: 22, purpose: "mask")
  let mask = Buffer(network.layout.size)
  for parameter in network.layout.parameters {
    parameter.forEachIndex {
      mask.start[$0] = parameter.kind != .weight || stream.uniform() < share ? 1 : 0
    }
  }
  return mask
}

@Suite struct SparseTests {
  private struct Case {
    var model: ModelOptions
    var train: TrainOptions
  }

  private static let cases: [Case] = [
    Case(
      model: ModelOptions(hidden: [100, 33]),
      train: TrainOptions(rate: 0.1, momentum: 0.9, batch: 60, steps: 12)),
    Case(
      model: ModelOptions(hidden: [50, 50], activation: .tanh, batchNorm: true),
      train: TrainOptions(optimizer: .adam, rate: 0.01, weightDecay: 1e-3, batch: 33, steps: 10)),
    Case(
      model: ModelOptions(hidden: [17], activation: .sigmoid, bias: false),
      train: TrainOptions(rate: 0.5, momentum: 0.5, nesterov: true, weightDecay: 0.01, batch: 1, steps: 20)),
    Case(model: ModelOptions(hidden: []), train: TrainOptions(rate: 0.1, batch: 8, steps: 10)),
  ]

  /// The training of `Trainer` with nothing but public dense passes.
  private func trainDensely(
    _ network: Network, _ options: TrainOptions, _ data: ExampleMatrix, _ mask: Buffer
  ) {
    let kernels = network.kernels
    let optimizer = Optimizer(options, layout: network.layout)
    var order = BatchOrder(count: data.count, seed: 1)
    var batch = Array(0..<min(options.batch ?? data.count, data.count))
    kernels.mask(mask.count, network.parameters.start, mask.start)
    for _ in 0..<options.steps {
      order.fill(&batch)
      network.computeGradient(data, batch)
      kernels.mask(mask.count, network.gradient.start, mask.start)
      optimizer.step(network, rate: options.rate)
    }
  }

  private func expectSameBits(_ one: Case, _ data: ExampleMatrix, share: Double, _ kernels: KernelTable) {
    let networks = (0..<2).map { _ in
      let network = Network(one.model, features: 40, classes: 5, capacity: 64, kernels: kernels)
      network.initialize(seed: 3)
      return network
    }
    let mask = mask(networks[0], share: share)
    trainDensely(networks[0], one.train, data, mask)
    // Gradients that an earlier pass left for weights that are pruned by now must not move them.
    networks[1].computeGradient(data, Array(0..<60))
    Trainer(networks[1], one.train, mask: mask).run(
      data, seed: 1, watches: { _ in false }, watch: { _ in true })
    #expect(
      canonical(networks[0].parameters) == canonical(networks[1].parameters),
      "\(kernels.name), share \(share), \(one)")
  }

  @Test(arguments: Kernels.available.map(\.name), [0, 0.02, 0.1, 0.2, 0.25, 1])
  func trainingsHaveTheBitsOfMaskedDenseOnes(level: String, share: Double) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    let data = examples(120)
    for one in SparseTests.cases { expectSameBits(one, data, share: share, kernels) }
  }

  /// Rates and inputs so large that weights become infinite and then not a number, and so small that sums underflow.
  @Test(arguments: [1e30, 1e-30, 1e-42])
  func extremeNumbersHaveThemToo(scale: Double) {
    var one = SparseTests.cases[0]
    for rate in [0.1, 1e20] {
      one.train.rate = rate
      expectSameBits(one, examples(120, scale: Float(scale)), share: 0.1, Kernels.current)
    }
  }

  @Test func prunedWeightsStayPositiveZero() {
    let network = Network(ModelOptions(hidden: [30]), features: 40, classes: 5, capacity: 64)
    network.initialize(seed: 4)
    let mask = mask(network, share: 0.5)
    Trainer(network, TrainOptions(rate: 0.1, batch: 20, steps: 5), mask: mask).run(
      examples(60), seed: 1, watches: { _ in false }, watch: { _ in true })
    for parameter in network.layout.parameters where parameter.kind == .weight {
      parameter.forEachIndex {
        if mask.start[$0] == 0 { #expect(network.parameters.start[$0].bitPattern == 0) }
      }
    }
  }
}
