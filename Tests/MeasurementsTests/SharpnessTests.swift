// Sharpness and slices against losses that are known.
import BitExact
import Measurements
import Testing
import Training

/// A network whose parameters stand for themselves: 12 weights, no biases.
private func points(_ value: Float = 1) -> Network {
  let network = Network(ModelOptions(hidden: [], bias: false), features: 4, classes: 3, capacity: 1)
  for parameter in network.layout.parameters {
    parameter.forEachIndex { network.parameters.start[$0] = value }
  }
  return network
}

/// f(w) = ½ Σ wᵢ² with its gradient.
private func halfSquare(_ network: Network) -> Double {
  network.gradient.copy(from: network.parameters)
  return dot(network.parameters, network.parameters) / 2
}

@Suite struct SharpnessTests {
  /// In the box |yᵢ| ≤ ε(|xᵢ| + 1) around xᵢ = 1 the largest ½Σw² is at 1 + 2ε everywhere.
  @Test func boxAroundAQuadratic() {
    let network = points()
    let found = BoxSharpness(network, epsilon: 0.1, iterations: 10) { halfSquare(network) }
    let (low, high) = (6.0, 6 * 1.2 * 1.2)
    #expect(abs(found.loss - low) < 1e-6 && abs(found.largestLoss - high) < 1e-5)
    #expect(abs(found.value - 100 * (high - low) / 7) < 1e-3)
    #expect(network.parameters.start[0] == 1)
  }

  /// Ascent leaves a corner that the first gradient points to when the loss falls there: f = −½Σw² rises towards 0.
  @Test func ascentFindsAnInnerMaximum() {
    let network = points(0.05)
    let found = BoxSharpness(network, epsilon: 0.1, iterations: 50) {
      let value = -halfSquare(network)
      network.gradient.multiply(by: -1)
      return value
    }
    #expect(found.largestLoss > -12 * 0.01 * 0.01 && found.largestLoss <= 0)
  }

  /// With one column a the box is |y| ≤ ε(|a·x/a·a| + 1) and ½‖x + ya‖² is largest at the end on the side of x.
  @Test func subspaceOfOneColumn() {
    let network = points()
    let stream = RandomStream(seed: 4, purpose: "columns")
    var copy = stream
    let column = network.layout.normalVector(&copy)
    let (inner, square) = (dot(column, network.parameters), dot(column, column))
    let bound = 0.1 * (abs(inner / square) + 1)
    let found = BoxSharpness(network, epsilon: 0.1, dimension: 1, iterations: 10, stream: stream) {
      halfSquare(network)
    }
    #expect(abs(found.largestLoss - (6 + bound * abs(inner) + bound * bound * square / 2)) < 1e-5)
  }

  @Test func filtersOfADirectionAreAsLongAsTheWeights() {
    let network = Network(ModelOptions(hidden: [6], batchNorm: true), features: 4, classes: 3, capacity: 1)
    network.initialize(seed: 1)
    var stream = RandomStream(seed: 1, purpose: "direction")
    let direction = network.layout.filterNormalizedDirection(network.parameters, &stream)
    for parameter in network.layout.parameters {
      for column in 0..<parameter.columns {
        func norm(_ buffer: Buffer) -> Double {
          (0..<parameter.rows).reduce(0) {
            let value = Double(buffer.start[parameter.index($1, column)])
            return $0 + value * value
          }.squareRoot()
        }
        let expected = parameter.kind == .weight ? norm(network.parameters) : 0
        #expect(abs(norm(direction) - expected) < 1e-5, "\(parameter.name)")
      }
    }
  }

  @Test func gridsOfKnownSurfaces() throws {
    let axis = LossGrid.coordinates(4, radius: 2)
    #expect(axis == [-2, -1, 0, 1, 2])
    func grid(_ f: (Double, Double) -> Double) -> LossGrid {
      LossGrid(coordinates: axis, losses: axis.map { beta in axis.map { f($0, beta) } })
    }
    let bowl = grid { $0 * $0 + 3 * $1 * $1 + 1 }
    #expect(bowl.center == 1 && bowl.nonconvexFraction() == 0)
    // Second differences are 2 along α and 6 along β.
    #expect(try abs(#require(bowl.ruggedness) - 4) < 1e-12)
    #expect(try abs(#require(bowl.distance(to: 3)) - (1 + 1.0 / 3)) < 1e-12)
    #expect(bowl.distance(to: 6) == nil)
    #expect(grid { $0 * $1 }.nonconvexFraction() == 1)
    #expect(grid { a, b in a + b }.ruggedness == 0)
    let line = LossGrid(coordinates: axis, losses: [[0, 1, 0, 1, 0]])
    #expect(line.nonconvexFraction() == 2.0 / 3 && line.center == 0)
    #expect(line.distance(to: 0.5) == 0.5)
    #expect(LossGrid(coordinates: [0], losses: [[1]]).ruggedness == nil)
  }

  @Test func slicesOfAQuadratic() {
    let network = points(0)
    let (first, second) = (Buffer(network.layout.size), Buffer(network.layout.size))
    (first.start[0], second.start[1]) = (1, 2)
    let grid = LossGrid(network, along: first, and: second, coordinates: [-1, 0, 1]) { halfSquare(network) }
    #expect(grid.losses == [[2.5, 2, 2.5], [0.5, 0, 0.5], [2.5, 2, 2.5]])
    #expect(network.parameters.start[0] == 0)
  }

  /// Dinh et al. 2017: a ReLU layer times α and the next over α is the same function, yet sharper by up to α²; slices along
  /// filter-normalised directions do not notice (Li et al. 2018).
  @Test func rescalingChangesSharpnessAndNotTheFunction() {
    let (network, data) = smallNetwork(ModelOptions(hidden: [12]), rows: 40)
    let rows = Array(0..<40)
    Trainer(network, TrainOptions(rate: 0.2, batch: 40, steps: 200)).run(
      data, seed: 1, watches: { _ in false }, watch: { _ in true })
    func state() -> (outputs: [Float], lambda: Double, sharpness: Double, slice: [Double]) {
      let outputs = Array(network.logits(data, 0..<40).joined())
      var stream = RandomStream(seed: 1, purpose: "direction")
      let direction = network.layout.filterNormalizedDirection(network.parameters, &stream)
      let grid = LossGrid(network, along: direction, and: nil, coordinates: [-0.5, 0, 0.5]) {
        network.evaluate(data).loss
      }
      let box = BoxSharpness(network, epsilon: 1e-3, iterations: 10) { network.computeGradient(data, rows) }
      let hessian = SymmetricOperator.hessian(network, data, rows, mode: .evaluation)
      let spectrum = extremeEigenvalues(
        of: hessian, products: 30, stream: RandomStream(seed: 1, purpose: "start"))
      return (outputs, spectrum.largest, box.value, grid.losses[0])
    }
    let before = state()
    for parameter in network.layout.parameters {
      let factor: Float = parameter.name.hasPrefix("layer1") ? 10 : parameter.kind == .weight ? 0.1 : 1
      parameter.forEachIndex { network.parameters.start[$0] *= factor }
    }
    let after = state()
    for (a, b) in zip(before.outputs, after.outputs) { #expect(abs(a - b) < 1e-4) }
    #expect(after.lambda > 10 * before.lambda, "\(before.lambda), \(after.lambda)")
    #expect(after.sharpness > 2 * before.sharpness, "\(before.sharpness), \(after.sharpness)")
    for (a, b) in zip(before.slice, after.slice) { #expect(abs(a - b) < 1e-4) }
  }
}
