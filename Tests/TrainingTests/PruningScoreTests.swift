// Masks and scores of pruning against their definitions.
import BitExact
import Testing
import Training

private func points(_ count: Int, seed: UInt64 = 5) -> ExampleMatrix {
  var stream = RandomStream(seed: seed, purpose: "points")
  let inputs = (0..<count * 6).map { _ in Float(stream.normal()) }
  return ExampleMatrix(inputs: inputs, labels: (0..<count).map { Int32($0 % 3) }, features: 6)
}

private func network(_ hidden: [Int], activation: String = "relu") -> Network {
  let network = Network(ModelOptions(hidden: hidden), features: 6, classes: 3, capacity: 32)
  network.initialize(seed: 4)
  return network
}

@Suite struct PruningScoreTests {
  @Test func scopesKeepTheirShare() {
    let network = network([20, 10])
    let full = PruningMask(layout: network.layout)
    let score = { (place: Int) in abs(network.parameters.start[place]) }
    let byLayer = full.keeping(0.3, within: .layer, by: score)
    #expect(byLayer.survivors == [36, 60, 9])
    let global = full.keeping(0.3, within: .global, by: score)
    #expect(global.survivors.reduce(0, +) == 105)
    // Every kept weight is at least as large as every pruned one.
    var (smallestKept, largestPruned) = (Float.infinity, Float(0))
    for parameter in full.weights {
      parameter.forEachIndex { place in
        if global.values.start[place] != 0 {
          smallestKept = min(smallestKept, score(place))
        } else {
          largestPruned = max(largestPruned, score(place))
        }
      }
    }
    #expect(smallestKept >= largestPruned)
  }

  @Test func theComplementIsTheRest() {
    let network = network([8])
    let mask = PruningMask(layout: network.layout).keeping(0.25, within: .layer) { Float($0) }
    #expect(zip(mask.survivors, mask.complement.survivors).map(+) == mask.sizes)
    let bias = network.layout.parameters.first { $0.kind == .bias }
    #expect(bias.map { mask.complement.values.start[$0.index(0, 0)] } == 1)
  }

  @Test func scoresThatAreNotNumbersGoFirst() {
    let network = network([4])
    let mask = PruningMask(layout: network.layout).keeping(0.5, within: .layer) { $0 % 2 == 0 ? .nan : 1 }
    for parameter in mask.weights {
      parameter.forEachIndex {
        if $0 % 2 == 0, parameter.columns % 2 == 0 { #expect(mask.values.start[$0] == 0) }
      }
    }
  }

  /// SNIP is the loss's derivative along removing a weight: compare with a finite difference.
  @Test func snipIsTheSlopeOfTheLoss() {
    let network = network([5])
    let data = points(40)
    let scores = network.snipScores(data, Array(0..<40))
    let weight = network.layout.parameters[0]
    for place in [weight.index(0, 0), weight.index(3, 2)] {
      let value = network.parameters.start[place]
      network.parameters.start[place] = value * 1.02
      let ahead = network.evaluate(data).loss
      network.parameters.start[place] = value * 0.98
      let behind = network.evaluate(data).loss
      network.parameters.start[place] = value
      #expect(abs(abs(ahead - behind) / 0.04 - Double(scores.start[place])) < 2e-3)
    }
  }

  /// GraSP against H·g from finite differences of a different step, for softmax regression in double precision.
  @Test func graspIsAWeightTimesTheHessianTimesTheGradient() {
    let network = network([])
    let data = points(30)
    let rows = Array(0..<30)
    let scores = network.graspScores(data, rows)
    let g = network.meanGradient(data, rows)
    // Exact for softmax regression: (H·g) = mean over examples of (diag(p) − p·pᵀ)(gᵀx) ⊗ x.
    let (weight, bias) = (network.layout.parameters[0], network.layout.parameters[1])
    var product = [[Double]](repeating: [0, 0, 0], count: 6)
    for row in rows {
      let logits = network.logits(data, row..<row + 1)[0].map(Double.init)
      let top = logits.max() ?? 0
      let powers = logits.map { Elementary.exp($0 - top) }
      let sum = powers.reduce(0, +)
      let p = powers.map { $0 / sum }
      let x = (0..<6).map { Double(data.inputs.start[row * data.stride + $0]) }
      let change = (0..<3).map { j in
        (0..<6).reduce(Double(g.start[bias.index(0, j)])) {
          $0 + x[$1] * Double(g.start[weight.index($1, j)])
        }
      }
      let mean = zip(p, change).reduce(0) { $0 + $1.0 * $1.1 }
      for i in 0..<6 { for j in 0..<3 { product[i][j] += x[i] * p[j] * (change[j] - mean) / 30 } }
    }
    for i in 0..<6 {
      for j in 0..<3 {
        let place = weight.index(i, j)
        let exact = product[i][j] * Double(network.parameters.start[place])
        #expect(abs(exact - Double(scores.start[place])) < 1e-3)
      }
    }
  }

  /// The flow through each layer is the same: SynFlow's scores sum to R in every layer (Tanaka et al. 2020, theorem 1).
  @Test func synapticFlowIsConserved() throws {
    let network = network([7, 5])
    let mask = PruningMask(layout: network.layout)
    let scores = try #require(synapticFlow(network.parameters, mask))
    let sums = mask.weights.map { parameter in
      var sum = 0.0
      parameter.forEachIndex { sum += scores[$0] ?? 0 }
      return sum
    }
    #expect(sums.allSatisfy { abs($0 - sums[0]) < 1e-9 * sums[0] })
    let pruned = try #require(
      synapticFlowMask(network.parameters, layout: network.layout, fraction: 0.1, rounds: 50))
    #expect(pruned.survivors.reduce(0, +) == 9)
    #expect(pruned.survivors.allSatisfy { $0 > 0 })
  }

  /// LeNet-300-100's published sequence of weights remaining: 51.3, 21.1, 13.5, 3.6, 2.9 % (Frankle & Carbin 2019).
  @Test func thePublishedSequence() {
    let sizes = [784 * 300, 300 * 100, 100 * 10]
    var survivors = sizes
    var remaining = [100.0]
    for _ in 1...16 {
      survivors = PruningMask.survivorsAfterRound(survivors, rates: [0.2, 0.2, 0.1])
      remaining.append(100 * Double(survivors.reduce(0, +)) / Double(sizes.reduce(0, +)))
    }
    for (round, percent) in [(3, 51.3), (7, 21.1), (9, 13.5), (15, 3.6), (16, 2.9)] {
      #expect((remaining[round] * 10).rounded() / 10 == percent)
    }
    // With free sparsity the first fifteen rounds cost about 4.9 dense trainings.
    #expect(abs(remaining.prefix(16).reduce(0, +) / 100 - 4.86) < 0.02)
  }
}
