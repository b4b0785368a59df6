// Every instruction-set level against the plain reference, bit for bit.
import BitExact
import KernelTable
import Testing

/// a·b + c rounded once, by way of exact integer-free double arithmetic; the reference of the numeric contract.
private func reference(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

func canonical(_ value: Float) -> UInt32 { value.isNaN ? 0x7FC0_0000 : value.bitPattern }

/// Padded random data, some of it subnormal, huge, infinite or not a number when `wild`.
func randomFloats(_ count: Int, _ stream: inout RandomStream, wild: Bool = false) -> [Float] {
  (0..<count).map { _ in
    if wild {
      switch stream.below(60) {
      case 0: return .infinity
      case 1: return .nan
      case 2: return -0.0
      case 3...9: return Float(stream.normal()) * 1e-38
      case 10...16: return Float(stream.normal()) * 1e30
      default: break
      }
    }
    return Float(stream.normal())
  }
}

@Suite struct KernelTests {
  @Test(arguments: Kernels.available.map(\.name))
  func productsEqualTheReference(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    var stream = RandomStream(seed: 7, purpose: "products")
    for trial in 0..<122 {
      let wild = trial % 4 == 3
      var m = [0, 1, 2, 5, 7, 13, 60][stream.below(7)]
      var n = 16 * (1 + stream.below(trial % 30 == 0 ? 40 : 8))
      var k = [0, 1, 3, 17, 100, 300][stream.below(6)]
      var transposed = stream.below(2) == 1
      // Columns so far apart that a level may copy them.
      if trial >= 120 { (m, n, k, transposed) = (trial == 120 ? (256, 144, 33, true) : (512, 128, 70, true)) }
      let a = randomFloats(max(1, m * k), &stream, wild: wild)
      let b = randomFloats(max(1, k * n), &stream, wild: wild)
      let bias = randomFloats(n, &stream)
      let before = randomFloats(max(1, m * n), &stream)
      let mode = stream.below(3)
      var expected = before
      for i in 0..<m {
        for j in 0..<n {
          var sum: Float = mode == 0 ? 0 : mode == 1 ? before[i * n + j] : bias[j]
          for q in 0..<k { sum = reference(a[transposed ? q * m + i : i * k + q], b[q * n + j], sum) }
          expected[i * n + j] = sum
        }
      }
      var result = before
      var scratch = [Float](repeating: 0, count: scratchSize)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          bias.withUnsafeBufferPointer { bias in
            result.withUnsafeMutableBufferPointer { result in
              scratch.withUnsafeMutableBufferPointer { scratch in
                guard let a0 = a.baseAddress, let b0 = b.baseAddress, let bias0 = bias.baseAddress,
                  let r0 = result.baseAddress, let s0 = scratch.baseAddress
                else { return }
                let matrix = StridedMatrix(
                  a0, rowStride: transposed ? 1 : k, columnStride: transposed ? m : 1)
                let start: Start = mode == 0 ? .zero : mode == 1 ? .result : .row(bias0)
                kernels.multiply(m, n, k, matrix, b0, n, start, r0, n, s0)
              }
            }
          }
        }
      }
      #expect(
        result.map(canonical) == expected.map(canonical),
        "m \(m) n \(n) k \(k) transposed \(transposed) start \(mode)")
    }
  }

  /// Parameters that follow a product's chains at once are where they would be after two passes.
  @Test(arguments: Kernels.available.map(\.name))
  func parametersFollowAProduct(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    var stream = RandomStream(seed: 13, purpose: "updates")
    for trial in 0..<40 {
      let (m, n) = (1 + stream.below(40), 16 * (1 + stream.below(20)))
      // More than a block of k, and columns so far apart that a level may copy them.
      let k = trial == 0 ? 700 : 1 + stream.below(60)
      let columnStride = trial % 4 == 1 ? 256 : m
      let (a, b) = (randomFloats(k * columnStride, &stream), randomFloats(k * n, &stream))
      let state = (0..<3).map { _ in randomFloats(m * n, &stream).map(abs) }
      let rule: UpdateRule =
        trial % 2 == 0
        ? .sgd(SGDStep(rate: 0.1, momentum: trial % 4 == 0 ? 0.9 : 0, nesterov: trial % 8 == 0, decay: 0.01))
        : .adam(
          AdamStep(
            rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, firstCorrection: 1.5, secondCorrection: 30,
            decay: 0.1))
      var results: [[[UInt32]]] = []
      for isOnePass in [true, false] {
        let memory = state.map { values -> MutableFloats in
          let start = MutableFloats.allocate(capacity: m * n)
          for i in 0..<m * n { start[i] = values[i] }
          return start
        }
        defer { memory.forEach { $0.deallocate() } }
        let update = ParameterUpdate(rule, first: memory[1], second: memory[2])
        var (gradient, scratch) = (
          [Float](repeating: 0, count: m * n), [Float](repeating: 0, count: scratchSize)
        )
        a.withUnsafeBufferPointer { a in
          guard let start = a.baseAddress else { return }
          let left = SegmentedMatrix(start, rowStride: 1, columnStride: columnStride, depth: k)
          if isOnePass {
            kernels.multiplySegments(m, n, left, b, n, .zero, .update(update), memory[0], n, &scratch)
          } else {
            kernels.multiplySegments(m, n, left, b, n, .zero, .store, &gradient, n, &scratch)
            kernels.update(m * n, memory[0], gradient, update)
          }
        }
        results.append(memory.map { start in (0..<m * n).map { canonical(start[$0]) } })
      }
      #expect(results[0] == results[1], "m \(m) n \(n) k \(k)")
    }
  }

  @Test func elementwiseFunctionsAgreeBetweenLevels() {
    var stream = RandomStream(seed: 8, purpose: "elementwise")
    for trial in 0..<40 {
      let count = 16 * (1 + stream.below(20))
      let input = randomFloats(count, &stream, wild: trial % 2 == 1).map { $0 * 20 }
      let gradient = randomFloats(count, &stream)
      for activation in Activation.allCases {
        let outputs = Kernels.available.map { kernels -> [UInt32] in
          var values = input
          kernels.activate(activation, &values, count)
          var g = gradient
          kernels.activationGradient(activation, values, &g, count)
          return (values + g).map(canonical)
        }
        #expect(outputs.allSatisfy { $0 == outputs[0] }, "\(activation)")
      }
    }
  }

  @Test func activationsAreAccurate() {
    let kernels = Kernels.current
    var values = (0..<4096).map { Float($0 - 2048) / 64 }
    let input = values
    kernels.activate(.tanh, &values, values.count)
    for (x, y) in zip(input, values) {
      let exact = Elementary.tanh(Double(x))
      #expect(abs(Double(y) - exact) <= 5 * Double(Float(exact).ulp), "tanh \(x)")
    }
    values = input
    kernels.activate(.sigmoid, &values, values.count)
    for (x, y) in zip(input, values) {
      let exact = 1 / (1 + Elementary.exp(-Double(x)))
      #expect(abs(Double(y) - exact) <= 5 * Double(Float(exact).ulp), "sigmoid \(x)")
    }
  }

  @Test func softmaxAgreesBetweenLevelsAndWithItsDefinition() {
    var stream = RandomStream(seed: 9, purpose: "softmax")
    for trial in 0..<30 {
      let (rows, classes) = (1 + stream.below(9), 2 + stream.below(30))
      let width = (classes + 15) / 16 * 16
      let logits = randomFloats(rows * width, &stream, wild: trial % 5 == 4)
      let labels = (0..<rows).map { _ in Int32(stream.below(classes)) }
      let outputs = Kernels.available.map { kernels -> ([Float], [Double]) in
        var gradient = [Float](repeating: 9, count: rows * width)
        var loss = [Double](repeating: 9, count: rows)
        kernels.softmaxCrossEntropy(rows, classes, logits, width, labels, 0.5, &gradient, &loss)
        return (gradient, loss)
      }
      for output in outputs {
        #expect(output.0.map(canonical) == outputs[0].0.map(canonical))
        #expect(output.1.map(\.description) == outputs[0].1.map(\.description))
      }
      guard trial % 5 != 4 else { continue }
      for row in 0..<rows {
        let z = logits[row * width..<row * width + classes].map(Double.init)
        let total = z.reduce(0) { $0 + Elementary.exp($1) }
        let label = Int(labels[row])
        #expect(abs(outputs[0].1[row] - (z[label] - Elementary.log(total))) < 1e-5)
        for j in 0..<classes {
          let exact = 0.5 * (Elementary.exp(z[j]) / total - (j == label ? 1 : 0))
          #expect(abs(Double(outputs[0].0[row * width + j]) - exact) < 1e-6)
        }
        #expect(outputs[0].0[row * width + classes..<(row + 1) * width].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test func normalisationAndUpdatesAgreeBetweenLevels() {
    var stream = RandomStream(seed: 10, purpose: "normalisation")
    for trial in 0..<30 {
      let (rows, columns) = (1 + stream.below(20), 16 * (1 + stream.below(5)))
      let x = randomFloats(rows * columns, &stream, wild: trial % 5 == 4)
      let g = randomFloats(rows * columns, &stream)
      let gamma = randomFloats(columns, &stream)
      let outputs = Kernels.available.map { kernels -> [UInt32] in
        var (mean, variance) = ([Float](repeating: 0, count: columns), [Float](repeating: 0, count: columns))
        kernels.columnMoments(rows, columns, x, columns, &mean, &variance)
        let inverse = variance.map { 1 / ($0 + 1e-5).squareRoot() }
        var (unit, y, dx) = (x, x, g)
        kernels.normalize(rows, columns, x, columns, mean, inverse, gamma, gamma, &unit, &y)
        var (dGamma, dBeta) = (mean, mean)
        kernels.normalizeGradient(rows, columns, unit, columns, inverse, gamma, &dx, &dGamma, &dBeta, true)
        var (p, v, m) = (x, g, g.map { $0 * $0 })
        let descent = SGDStep(rate: 0.1, momentum: 0.9, nesterov: trial % 2 == 0, decay: 0.01)
        let step = AdamStep(
          rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, firstCorrection: 2, secondCorrection: 3,
          decay: 0.1)
        v.withUnsafeMutableBufferPointer { v in
          m.withUnsafeMutableBufferPointer { m in
            guard let first = v.baseAddress, let second = m.baseAddress else { return }
            for rule in [UpdateRule.sgd(descent), .adam(step)] {
              kernels.update(x.count, &p, dx, ParameterUpdate(rule, first: first, second: second))
            }
          }
        }
        return [mean, variance, unit, y, dx, dGamma, dBeta, p, v, m].flatMap { $0.map(canonical) }
      }
      #expect(outputs.allSatisfy { $0 == outputs[0] })
    }
  }

  @Test func logisticGradientAgreesBetweenLevelsAndWithItsDefinition() {
    var stream = RandomStream(seed: 12, purpose: "logistic")
    for trial in 0..<60 {
      let (count, dimension) = (1 + stream.below(trial % 3 == 0 ? 120 : 40), 1 + stream.below(9))
      let stride = (count + 7) / 8 * 8
      let size = [0.1, 3, 200, 2000][trial % 4]
      var points = [Double](repeating: 0, count: dimension * stride)
      for d in 0..<dimension { for n in 0..<count { points[d * stride + n] = stream.normal() } }
      let weights = (0..<dimension).map { _ in stream.normal() * size }
      for scaled in [false, true] {
        let outputs = Kernels.available.map { kernels -> ([Double], Double) in
          var (sums, gradient) = (
            [Double](repeating: 7, count: 8 * dimension), [Double](repeating: 7, count: dimension)
          )
          let loss = kernels.logisticGradient(
            count, dimension, points, stride, weights, &sums, &gradient, scaled)
          return (gradient, loss)
        }
        for output in outputs {
          #expect(output.0.map(\.bitPattern) == outputs[0].0.map(\.bitPattern))
          #expect(output.1.bitPattern == outputs[0].1.bitPattern)
        }
        let margins = (0..<count).map { n in
          (0..<dimension).reduce(0) { $0 + weights[$1] * points[$1 * stride + n] }
        }
        let shift = scaled ? max(0, margins.min() ?? 0) : 0
        func factor(_ m: Double) -> Double {
          m > 0 ? Elementary.exp(shift - m) / (1 + Elementary.exp(-m)) : 1 / (1 + Elementary.exp(m))
        }
        for d in 0..<dimension {
          let exact = -(0..<count).reduce(0) { $0 + factor(margins[$1]) * points[d * stride + $1] }
          let scale = (0..<count).reduce(0) { $0 + abs(factor(margins[$1]) * points[d * stride + $1]) }
          // The margins' own rounding is multiplied by their size in the exponential.
          #expect(abs(outputs[0].0[d] - exact) <= 1e-13 * (scale + 1e-300) * (1 + 10 * size))
        }
        if scaled {
          let exact = margins.reduce(0) { sum, m in
            let small = Elementary.exp(-abs(m))
            let quotient = small == 0 ? 1 : Elementary.log1p(small) / small
            return sum + (m > 0 ? Elementary.exp(shift - m) * quotient : -m + small * quotient)
          }
          #expect(abs(outputs[0].1 - exact) <= 1e-13 * exact * (1 + 10 * size))
        }
      }
    }
  }
}
