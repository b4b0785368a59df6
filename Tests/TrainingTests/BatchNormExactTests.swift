// What batch normalisation computes, by exact statements (Ioffe & Szegedy 2015; van Laarhoven 2017).
import BitExact
import Testing
import Training

private func examples(_ count: Int, _ features: Int, scale: Float = 1) -> ExampleMatrix {
  var stream = RandomStream(seed: 5, purpose: "examples")
  let inputs = (0..<count * features).map { _ in scale * Float(stream.normal()) + 0.5 }
  return ExampleMatrix(
    inputs: inputs, labels: (0..<count).map { _ in Int32(stream.below(3)) }, features: features)
}

private func network(epsilon: Double, capacity: Int = 64, momentum: Double = 0.1) throws -> Network {
  var norm = NormOptions(.batch)
  norm.epsilon = epsilon
  norm.momentum = momentum
  let made = try Network(
    ModelOptions(.mlp([9, 7], residual: false), norm: norm), input: .vector(6), classes: 3, capacity: capacity
  )
  made.initialize(seed: 3)
  return made
}

/// Weights that feed a normalisation.
private func normed(_ network: Network) -> [Parameter] {
  network.layout.parameters.filter { $0.kind == .weight && $0.role.feedsNorm }
}

private func mean(_ values: [Float]) -> Double {
  values.reduce(0) { $0 + Double($1) } / Double(values.count)
}

private func variance(_ values: [Float]) -> Double {
  let center = mean(values)
  return values.reduce(0) { $0 + (Double($1) - center) * (Double($1) - center) } / Double(values.count)
}

@Suite struct BatchNormExactTests {
  /// Before scale and shift, features have mean 0 and variance σ²/(σ² + ε).
  @Test func outputsHaveTheStatedMoments() throws {
    let network = try network(epsilon: 0.1)
    let seen = network.unitValues(examples(64, 6), 0..<64, mode: .training)
    for (input, output) in zip(seen[0].units, seen[1].units) {
      let spread = variance(input)
      #expect(abs(mean(output)) < 1e-4)
      #expect(abs(variance(output) - spread / (spread + 0.1)) < 1e-4)
    }
  }

  /// A positive factor on the weights changes no output; ε = 0.
  @Test(arguments: [0.01, 0.5, 30]) func outputsIgnoreTheScaleOfTheWeights(factor: Float) throws {
    let network = try network(epsilon: 0)
    let data = examples(64, 6)
    let before = network.logits(data, 0..<64, mode: .batchStatistics)
    for weight in normed(network) { weight.forEachIndex { network.parameters.start[$0] *= factor } }
    let after = network.logits(data, 0..<64, mode: .batchStatistics)
    for (a, b) in zip(before.joined(), after.joined()) { #expect(abs(a - b) < 1e-4) }
  }

  /// ⟨wⱼ, ∂L/∂wⱼ⟩ = 0 for every unit, and the gradient at c·w is 1/c of that at w.
  @Test func gradientsAreOrthogonalAndInverse() throws {
    let network = try network(epsilon: 0)
    let (data, rows) = (examples(64, 6), Array(0..<64))
    network.computeGradient(data, rows)
    let gradient = network.gradient.duplicate()
    for weight in normed(network) {
      for unit in 0..<weight.columns {
        var (inner, w, g) = (0.0, 0.0, 0.0)
        for row in 0..<weight.rows {
          let (x, y) = (
            Double(network.parameters.start[weight.index(row, unit)]),
            Double(gradient.start[weight.index(row, unit)])
          )
          (inner, w, g) = (inner + x * y, w + x * x, g + y * y)
        }
        #expect(abs(inner) < 1e-4 * (w * g).squareRoot() + 1e-9)
      }
    }
    let weight = normed(network)[0]
    weight.forEachIndex { network.parameters.start[$0] *= 5 }
    network.computeGradient(data, rows)
    weight.forEachIndex { #expect(abs(5 * network.gradient.start[$0] - gradient.start[$0]) < 1e-4) }
  }

  /// After t passes over the same batch the running averages are 1 − (1 − m)ᵗ of the way to its statistics.
  @Test func runningAveragesConvergeGeometrically() throws {
    let network = try network(epsilon: 1e-5, momentum: 0.2)
    let data = examples(64, 6)
    let values = network.unitValues(data, 0..<64, mode: .batchStatistics)[0].units
    let running = network.runningStatistics[0]
    for t in 1...12 {
      _ = network.unitValues(data, 0..<64, mode: .training)
      let share = 1 - Elementary.pow(0.8, Double(t))
      for (unit, list) in values.enumerated() {
        let unbiased = variance(list) * 64 / 63
        #expect(abs(Double(running.start[unit]) - share * mean(list)) < 1e-4)
        let spread = Double(running.start[running.count / 2 + unit])
        #expect(abs(spread - (1 + share * (unbiased - 1))) < 1e-4 * max(1, unbiased))
      }
    }
  }

  /// In evaluation mode a normalisation is an affine map: folded into weights and a bias it gives the same outputs.
  @Test func evaluationModeFoldsIntoWeights() throws {
    let network = try network(epsilon: 1e-3)
    let data = examples(64, 6)
    for _ in 0..<5 { _ = network.unitValues(data, 0..<64, mode: .training) }
    let folded = Network(ModelOptions(hidden: [9, 7]), features: 6, classes: 3, capacity: 64)
    func parameter(_ layout: ParameterLayout, _ name: String) throws -> Parameter {
      try #require(layout.parameters.first { $0.name == name })
    }
    for layer in 1...3 {
      let weight = try parameter(network.layout, "layer\(layer).weight")
      let target = try parameter(folded.layout, "layer\(layer).weight")
      let bias = try parameter(folded.layout, "layer\(layer).bias")
      let source = network.layout.parameters.first { $0.name == "layer\(layer).bias" }
      for unit in 0..<weight.columns {
        var (factor, shift) = (Float(1), source.map { network.parameters.start[$0.index(0, unit)] } ?? 0)
        if layer < 3 {
          let running = network.runningStatistics[layer - 1]
          let (center, spread) = (running.start[unit], running.start[running.count / 2 + unit])
          let scale = try parameter(network.layout, "norm\(layer).weight")
          let offset = try parameter(network.layout, "norm\(layer).bias")
          factor = network.parameters.start[scale.index(0, unit)] / (spread + 1e-3).squareRoot()
          shift = network.parameters.start[offset.index(0, unit)] - factor * center
        }
        for row in 0..<weight.rows {
          folded.parameters.start[target.index(row, unit)] =
            factor * network.parameters.start[weight.index(row, unit)]
        }
        folded.parameters.start[bias.index(0, unit)] = shift
      }
    }
    let (a, b) = (network.logits(data, 0..<64), folded.logits(data, 0..<64))
    for (x, y) in zip(a.joined(), b.joined()) { #expect(abs(x - y) < 1e-4) }
  }

  /// Rate η, decay λ and weights w₀ give the same function at every step as c²η, λ/c² and c·w₀ (van Laarhoven 2017).
  @Test func rateAndDecayAreOneNumber() throws {
    let data = examples(128, 6)
    // A power of two scales without rounding, so that the agreement is to rounding of the rates alone.
    for factor in [Float(7), 8] {
      func losses(_ c: Float) throws -> [Double] {
        let network = try network(epsilon: 0)
        for weight in normed(network) { weight.forEachIndex { network.parameters.start[$0] *= c } }
        let square = Double(c) * Double(c)
        var options = TrainOptions(rate: 0.1, batch: 64, steps: 200)
        options.groups = [
          ParameterGroup(.normedWeights, rateFactor: square, weightDecay: 5e-3 / square)
        ]
        var losses: [Double] = []
        Trainer(network, options).run(data, seed: 1, watches: { _ in true }) { _ in
          losses.append(network.evaluate(data, mode: .batchStatistics).loss)
          return true
        }
        return losses
      }
      let (plain, scaled) = try (losses(1), losses(factor))
      #expect(plain.count == 201 && plain[200] < 0.8 * plain[0])
      let difference = zip(plain, scaled).map { abs($0 - $1) }.max() ?? 1
      #expect(difference < 1e-4, "c = \(factor): \(difference)")
    }
  }
}
