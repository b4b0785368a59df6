// The loss along its gradient, covariate shift and gradient growth against direct computation.
import BitExact
import KernelTable
import Measurements
import Testing
import Training

@Suite struct GradientMeasureTests {
  /// Of L = ½‖w·x − t‖² averaged, the gradient changes by a·H·g, so everything along the gradient is known.
  @Test func walkOnAQuadraticLoss() throws {
    var stream = RandomStream(seed: 1, purpose: "data")
    let inputs = (0..<40).map { _ in Float(stream.normal()) }
    let data = ExampleMatrix(inputs: inputs, labels: (0..<10).map { Int32($0 % 2) }, features: 4)
    let network = try Network(
      ModelOptions(hidden: [], bias: false), input: .vector(4), classes: 2, capacity: 10,
      loss: .meanSquaredError)
    network.initialize(seed: 1)
    let rows = Array(0..<10)
    network.computeGradient(data, rows)
    let gradient = network.gradient.duplicate()
    let product = Buffer(network.layout.size)
    SymmetricOperator.hessian(network, data, rows, mode: .batchStatistics).multiply(gradient, product)
    let walk = GradientWalk(network, data, rows, lengths: [0.1, 0.5], seed: 1, step: 0)
    for (a, change) in zip(walk.lengths, walk.gradientChanges) {
      #expect(abs(change - a * length(product)) < 1e-5)
    }
    #expect(abs(try #require(walk.smoothness) - length(product) / length(gradient)) < 1e-4)
    let square = length(gradient) * length(gradient)
    let curve = dot(gradient, product)
    for (a, loss) in zip(walk.lengths, walk.losses) {
      #expect(abs(loss - (walk.loss - a * square + a * a / 2 * curve)) < 1e-5)
    }
    #expect(walk.lossRange > 0)
  }

  @Test func walkPutsTheParametersBack() {
    let (network, data) = smallNetwork(ModelOptions(hidden: [6], batchNorm: true), rows: 12)
    let before = network.layout.digest(network.parameters)
    _ = GradientWalk(network, data, Array(0..<12), lengths: [1], seed: 1, step: 3)
    #expect(network.layout.digest(network.parameters) == before)
  }

  /// A deep linear network of one number a layer, y = w₃w₂w₁x: the gradients are products of the other weights.
  @Test func shiftOfAProductOfNumbers() throws {
    let network = try Network(
      ModelOptions(hidden: [1, 1], activation: .identity, bias: false), input: .vector(1), classes: 1,
      capacity: 1, loss: .meanSquaredError)
    let data = ExampleMatrix(inputs: [2], labels: [0], features: 1)
    func weights(_ values: [Float]) -> Buffer {
      let buffer = Buffer(network.layout.size)
      for (parameter, value) in zip(network.layout.parameters, values) {
        buffer.start[parameter.offset] = value
      }
      return buffer
    }
    let (old, new) = (weights([0.5, 2, 3]), weights([0.4, 1, 5]))
    let shifts = covariateShift(network, from: old, to: new, data, [0], layers: [1, 2, 3], seed: 1, step: 0)
    // ½(w₃w₂w₁x − 1)², the target being the one-hot label 0 of one class.
    func gradient(_ w: [Double], _ layer: Int) -> Double {
      let others = (0..<3).reduce(2.0) { $1 == layer ? $0 : $0 * w[$1] }
      return (w[0] * w[1] * w[2] * 2 - 1) * others
    }
    let mixed: [[Double]] = [[0.5, 2, 3], [0.4, 2, 3], [0.4, 1, 3]]
    for (layer, shift) in shifts.enumerated() {
      let (g, moved) = (gradient([0.5, 2, 3], layer), gradient(mixed[layer], layer))
      #expect(abs(shift.gradientNorm - abs(g)) < 1e-4)
      #expect(abs(shift.shift - abs(g - moved)) < 1e-4)
      #expect(shift.cosine.map { abs($0 - (g * moved > 0 ? 1 : -1)) < 1e-6 } ?? false)
    }
    #expect(shifts[0].shift == 0)
  }

  /// Yang et al. 2019: in a batch-normalised ReLU network at initialisation the squared gradient grows by π/(π − 1) a layer.
  @Test func gradientGrowthOfBatchNormReLUNetworks() throws {
    func growth(_ options: ModelOptions, seeds: ClosedRange<UInt64>) throws -> Double {
      let rows = 256
      let network = Network(options, features: 64, classes: 10, capacity: rows)
      let values = try seeds.map { seed in
        var stream = RandomStream(seed: seed, purpose: "data")
        let inputs = (0..<rows * 64).map { _ in Float(stream.normal()) }
        let labels = (0..<rows).map { _ in Int32(stream.below(10)) }
        network.initialize(seed: seed)
        network.computeGradient(
          ExampleMatrix(inputs: inputs, labels: labels, features: 64), Array(0..<rows))
        let layers = layerGradients(network.layout, network.parameters, network.gradient)
        return try #require(median(gradientGrowth(layers).dropFirst().dropLast(2).compactMap { $0 }))
      }
      return values.reduce(0, +) / Double(values.count)
    }
    let hidden = Array(repeating: 256, count: 20)
    let exact = Double.pi / (Double.pi - 1)
    #expect(abs(exact - 1.46694) < 1e-5)
    let normed = try growth(ModelOptions(hidden: hidden, batchNorm: true, bias: false), seeds: 1...4)
    #expect(abs(normed - exact) < 0.05, "\(normed)")
    let linear = try growth(
      ModelOptions(hidden: hidden, activation: .identity, batchNorm: true, bias: false), seeds: 1...2)
    #expect(abs(linear - 1) < 0.1, "\(linear)")
    let plain = try growth(ModelOptions(hidden: hidden, bias: false), seeds: 1...2)
    #expect(abs(plain - 1) < 0.15, "\(plain)")
  }

  @Test func medians() {
    #expect(median([]) == nil)
    #expect(median([3, 1, 2]) == 2)
    #expect(median([4, 1, 2, 3]) == 2.5)
  }

  @Test func unitSummaries() {
    let summary = UnitSummary([4, 1, 3, 2, 5])
    #expect(summary.p50 == 3 && summary.mean == 3 && summary.variance == 2)
    #expect(abs(summary.p15 - 1.6) < 1e-12 && abs(summary.p85 - 4.4) < 1e-12)
    #expect(UnitSummary([7]).p15 == 7)
  }

  @Test func unitValuesAreWhatTheUnitsReceive() {
    let (network, data) = smallNetwork(ModelOptions(hidden: [5, 3], batchNorm: true), rows: 8)
    let seen = network.unitValues(data, 0..<8, mode: .batchStatistics)
    #expect(seen.map(\.layer) == [1, 1, 2, 2, 3])
    #expect(seen.map(\.place) == [.weights, .normalisation, .weights, .normalisation, .weights])
    #expect(seen.map(\.units.count) == [5, 5, 3, 3, 3])
    let weight = network.layout.parameters[0]
    for unit in 0..<5 {
      for row in 0..<8 {
        let expected = (0..<4).reduce(Float(0)) {
          $0 + data.inputs.start[row * data.stride + $1] * network.parameters.start[weight.index($1, unit)]
        }
        #expect(abs(seen[0].units[unit][row] - expected) < 1e-5)
      }
      let summary = UnitSummary(seen[1].units[unit])
      #expect(abs(summary.mean) < 1e-5 && abs(summary.variance - 1) < 1e-2)
    }
  }
}
