// Eigenvalues and traces of matrices that are known, and of networks against whole Hessians.
import BitExact
import KernelTable
import Measurements
import Testing
import Training

/// A layout with room for vectors of 20 numbers, from a network of one linear unit.
private let layout = Network(
  ModelOptions(hidden: [], bias: false), features: 10, classes: 2, capacity: 1
).layout

/// diag(values) over the places in use.
private func diagonal(_ values: [Double]) -> SymmetricOperator {
  var places: [Int] = []
  for parameter in layout.parameters { parameter.forEachIndex { places.append($0) } }
  return SymmetricOperator(layout) { vector, result in
    result.clear()
    for (place, value) in zip(places, values) { result.start[place] = Float(value) * vector.start[place] }
  }
}

private let start = RandomStream(seed: 1, purpose: "test")

func smallNetwork(_ options: ModelOptions, rows: Int) -> (Network, ExampleMatrix) {
  var stream = RandomStream(seed: 5, purpose: "examples")
  let inputs = (0..<rows * 4).map { _ in Float(stream.normal()) }
  let data = ExampleMatrix(
    inputs: inputs, labels: (0..<rows).map { _ in Int32(stream.below(3)) }, features: 4)
  let network = Network(options, features: 4, classes: 3, capacity: rows)
  network.initialize(seed: 2)
  return (network, data)
}

/// Every element of the Hessian, by products with unit vectors.
func wholeHessian(_ network: Network, _ data: ExampleMatrix) -> DoubleMatrix {
  let hessian = SymmetricOperator.hessian(network, data, Array(0..<data.count), mode: .batchStatistics)
  var places: [Int] = []
  for parameter in network.layout.parameters { parameter.forEachIndex { places.append($0) } }
  var matrix = DoubleMatrix(rows: places.count, columns: places.count)
  let (unit, product) = (Buffer(network.layout.size), Buffer(network.layout.size))
  for (i, place) in places.enumerated() {
    unit.clear()
    unit.start[place] = 1
    hessian.multiply(unit, product)
    for (j, other) in places.enumerated() { matrix[i, j] = Double(product.start[other]) }
  }
  // Rounding leaves a trace of asymmetry.
  for i in 0..<places.count {
    for j in 0..<i {
      let mean = (matrix[i, j] + matrix[j, i]) / 2
      (matrix[i, j], matrix[j, i]) = (mean, mean)
    }
  }
  return matrix
}

@Suite struct CurvatureTests {
  @Test func dotsIgnorePaddingAndEqualPlainSums() {
    var stream = RandomStream(seed: 3, purpose: "vectors")
    let (a, b) = (layout.normalVector(&stream), layout.normalVector(&stream))
    var sum = 0.0
    for i in 0..<a.count { sum += Double(a.start[i]) * Double(b.start[i]) }
    #expect(abs(dot(a, b) - sum) < 1e-12)
    #expect(abs(length(a) - layout.distance(a)) < 1e-12)
  }

  @Test func extremesOfADiagonalMatrix() {
    let values = [9.0, 4, 3, 1, 0.5, 0.1, 0, 0, 0, -0.2, -0.3, -2] + Array(repeating: 0.01, count: 8)
    let found = extremeEigenvalues(of: diagonal(values), products: 20, stream: start)
    #expect(abs(found.largest - 9) < 1e-5 && abs(found.smallest + 2) < 1e-5)
    #expect(abs(found.values[1] - 4) < 1e-2)
    let power = powerIteration(diagonal(values), products: 200, stream: start)
    #expect(abs(power - 9) < 1e-3)
  }

  /// Every estimate lies within its residual of an eigenvalue, also long before convergence.
  @Test func residualsAreBounds() {
    let values = (0..<20).map { Double($0 * $0) / 10 - 7 }
    for products in 1...8 {
      let found = extremeEigenvalues(of: diagonal(values), products: products, tolerance: 0, stream: start)
      #expect(found.values.count == products)
      for (value, residual) in zip(found.values, found.residuals) {
        let distance = values.map { abs($0 - value) }.min() ?? .infinity
        #expect(distance <= residual + 1e-5)
      }
    }
  }

  @Test func degenerateMatrices() {
    let zero = extremeEigenvalues(of: diagonal(Array(repeating: 0, count: 20)), products: 5, stream: start)
    #expect(zero.values == [0] && zero.products == 1)
    let same = extremeEigenvalues(of: diagonal(Array(repeating: 3, count: 20)), products: 5, stream: start)
    #expect(same.products == 1 && abs(same.largest - 3) < 1e-6)
    let broken = extremeEigenvalues(
      of: diagonal(Array(repeating: .nan, count: 20)), products: 5, stream: start)
    #expect(broken.largest.isNaN)
  }

  /// zᵀDz = tr D for every z of ±1: Hutchinson's estimate of a diagonal matrix has no error.
  @Test func traceOfADiagonalMatrixIsExact() {
    let values = (0..<20).map { Double($0) / 4 }
    let trace = hutchinsonTrace(of: diagonal(values), draws: 3, stream: start)
    #expect(abs(trace.mean - values.reduce(0, +)) < 1e-5 && trace.standardError < 1e-6)
  }

  @Test(arguments: [
    ModelOptions(hidden: [5], activation: .tanh),
    ModelOptions(hidden: [4, 4], activation: .relu, batchNorm: true),
  ])
  func networksAgainstTheirWholeHessian(_ options: ModelOptions) {
    let (network, data) = smallNetwork(options, rows: 24)
    let matrix = wholeHessian(network, data)
    let expected = SymmetricEigen(matrix).values
    let hessian = SymmetricOperator.hessian(network, data, Array(0..<24), mode: .batchStatistics)
    let found = extremeEigenvalues(of: hessian, products: 40, stream: start)
    let scale = expected[0]
    #expect(abs(found.largest - scale) < 1e-4 * scale)
    #expect(abs(found.smallest - (expected.last ?? 0)) < 1e-3 * scale)
    let trace = hutchinsonTrace(of: hessian, draws: 400, stream: start)
    let exact = (0..<matrix.rows).reduce(0) { $0 + matrix[$1, $1] }
    #expect(abs(trace.mean - exact) < 4 * trace.standardError)
  }

  /// Softmax regression with zero weights: H = (XᵀX/n) ⊗ (I/C − 11ᵀ/C²), so λ_max = λ_max(XᵀX/n)/C.
  @Test func softmaxRegressionAtZero() {
    let (network, data) = smallNetwork(ModelOptions(hidden: [], bias: false), rows: 30)
    network.parameters.clear()
    var inputs = DoubleMatrix(rows: 30, columns: 4)
    for i in 0..<30 {
      for j in 0..<4 { inputs[i, j] = Double(data.inputs.start[i * data.stride + j]) }
    }
    let moment = SymmetricEigen(inputs.columnGram).values[0] / 30
    let hessian = SymmetricOperator.hessian(network, data, Array(0..<30), mode: .evaluation)
    let found = extremeEigenvalues(of: hessian, products: 12, stream: start)
    #expect(abs(found.largest - moment / 3) < 1e-5 * moment)
    #expect(abs(found.smallest) < 1e-5)
  }
}
