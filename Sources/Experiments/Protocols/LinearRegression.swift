// Serves execute: linear least squares with its exact risk: sample-wise double descent, ridge, gradient descent's limit.
import BitExact
import Datasets
import Specification
import Tables
import Training

struct LinearRegression: RunProtocol {
  static let record = Record(
    "linear-regression",
    doc: """
      Fits y = ⟨β, x⟩ to the first target of `linear-map` in double precision and compares the risk ‖β̂ − β‖² with its \
      exact expectation for normal inputs (Hastie et al. 2022). β itself is known from noise-free test points, of which \
      there must be at least as many as features.
      """,
    fields: [
      Field(
        "solver",
        .choice([
          Choice("min-norm", "Least squares; the shortest of the solutions when there are several."),
          Choice("ridge", "Ridge regression with penalty `lambda`·‖β‖²."),
          Choice("ridge-cv", "Ridge, the penalty chosen by leave-one-out cross-validation."),
          Choice("gd", "Gradient descent from `init_norm` times a random unit vector."),
        ]), default: .value("min-norm"), doc: "How β̂ is found.", example: "gd"),
      Field(
        "lambda", .number(.nonNegative), default: .value(1), doc: "Penalty of `ridge`.", example: "0.1"),
      Field(
        "steps", .integer(1...100_000_000), default: .value(10_000), unit: "steps", doc: "Steps of `gd`.",
        example: "10000"),
      Field(
        "lr", .number(NumberRange(0, 2, excludesLower: true)), default: .value(1), unit: "1/σ²max",
        doc: "Step size of `gd` in units of 1/σ²max of the inputs; below 2 it converges.", example: "1"),
      Field(
        "init_norm", .number(.nonNegative), default: .value(0),
        doc: "‖β₀‖ of `gd`; its component outside the span of the inputs never changes.", example: "1"),
    ])
  static let trainsModel = false
  static let datasets: [DatasetName] = [.linearMap]

  static func check(_ value: Value, _ complaints: inout Complaints) {
    if let tests = value["data"]?["test"]?.integer, let features = value["data"]?["features"]?.integer,
      tests < features
    {
      complaints.add(
        "wrong-value", "\(tests) test points do not determine \(features) coefficients", in: "data",
        expected: "test: at least \(features)")
    }
  }

  private let solver: String
  private let lambda: Double
  private let steps: Int
  private let rate: Double
  private let initNorm: Double

  init(_ value: Value) {
    solver = value["solver"]?.string ?? "min-norm"
    lambda = value["lambda"]?.number ?? 1
    steps = value["steps"]?.integer ?? 10_000
    rate = value["lr"]?.number ?? 1
    initNorm = value["init_norm"]?.number ?? 0
  }

  private static let metrics: [Column] = [
    Column("risk", .metric, doc: "‖β̂ − β‖², the expected squared error at a new point without noise."),
    Column("train_mse", .metric, doc: "Mean squared error on the training targets."),
    Column("test_mse", .metric, doc: "Mean squared error on the (noise-free) test targets."),
    Column("norm", .metric, doc: "‖β̂‖₂."),
    Column(
      "limit_distance", .metric,
      doc: "‖β̂ − β∞‖/‖X⁺y‖ with β∞ = X⁺y + (1 − X⁺X)β₀, where gradient descent from β₀ ends."),
    Column("min_norm_distance", .metric, doc: "‖β̂ − X⁺y‖/‖X⁺y‖."),
  ]

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run.", axes: [],
      metrics: metrics + [
        Column(
          "expected_risk", .metric,
          doc: """
            Expected risk of the minimum-norm solution over normal inputs, n examples, d features, noise σ: \
            (1 − n/d)‖β‖² + σ²n/(d − n − 1) for n < d − 1, σ²d/(n − d − 1) for n > d + 1; infinite or undefined between.
            """),
        Column("signal", .metric, doc: "‖β‖²."),
        Column("lambda", .metric, doc: "The penalty that was used; 0 without one."),
        Column("load", .metric, doc: "n/d, examples a feature."),
      ]),
    TableDeclaration(
      suffix: "history", doc: "Of gradient descent: one row a run and recorded step, ten steps a decade.",
      axes: [Column("step", .axis, unit: "steps", doc: "Steps taken so far.")], metrics: metrics),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let split = try context.library.load(context.configuration.data, seed: context.streamSeed)
    let problem = try RegressionProblem(split)
    let sigma = context.configuration.data.targetNoise
    let (n, d) = (Double(problem.x.rows), Double(problem.x.columns))
    var (main, history) = (RunTable(LinearRegression.tables[0]), RunTable(LinearRegression.tables[1]))
    var penalty = 0.0
    var limit = problem.minimumNorm
    var digests: [(step: Int, digest: String)] = []
    let solution: [Double]
    switch solver {
    case "ridge", "ridge-cv":
      let ridge = RidgePath(problem.x, [problem.y])
      penalty = solver == "ridge" ? lambda : ridge.leaveOneOutPenalty()
      solution = ridge.weights(penalty, problem.x)[0]
    case "gd":
      let start = startingPoint(problem.x.columns, context.streamSeed)
      limit = problem.limit(from: start)
      solution = try descend(problem, start, context) { step, weights in
        history.addRow(
          problem.metrics(weights, limit: limit).merging(["step": Double(step)]) { $1 })
        digests.append((step, digest(weights)))
      }
    default: solution = problem.minimumNorm
    }
    var values = problem.metrics(solution, limit: limit)
    values["signal"] = dot(problem.truth, problem.truth)
    values["expected_risk"] = expectedRisk(n, d, values["signal"] ?? 0, sigma)
    values["lambda"] = penalty
    values["load"] = n / d
    main.addRow(values)
    return RunResult(tables: ["": main, "history": history], digests: digests)
  }

  private func expectedRisk(_ n: Double, _ d: Double, _ signal: Double, _ sigma: Double) -> Double? {
    if n < d - 1 { return (1 - n / d) * signal + sigma * sigma * n / (d - n - 1) }
    if n > d + 1 { return sigma * sigma * d / (n - d - 1) }
    return nil
  }

  private func startingPoint(_ width: Int, _ seed: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: "init/linear")
    let direction = (0..<width).map { _ in stream.normal() }
    let length = norm(direction)
    return direction.map { length > 0 ? initNorm * $0 / length : 0 }
  }

  private func descend(
    _ problem: RegressionProblem, _ start: [Double], _ context: RunContext,
    record: (Int, [Double]) -> Void
  ) throws -> [Double] {
    var weights = start
    let transposed = problem.x.transposed
    let sigma = spectralNorm(problem.x)
    let step = sigma > 0 ? rate / (sigma * sigma) : 0
    let marks = Set(decadeMarks(upTo: steps))
    let beat = max(1, steps / 50)
    for done in 1...steps {
      let residual = zip(problem.x.times(weights), problem.y).map { $0 - $1 }
      let gradient = transposed.times(residual)
      for j in weights.indices { weights[j] -= step * gradient[j] }
      if done % beat == 0 { try context.progress(done, steps) }
      if marks.contains(done) { record(done, weights) }
    }
    return weights
  }

  private func digest(_ w: [Double]) -> String {
    var hash = SHA256()
    hash.update(w.map { ($0.isNaN ? Double.nan.bitPattern : $0.bitPattern).littleEndian })
    return hash.hexDigest()
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let (n, d) = (Double(data.train), Double(data.inputCount))
    let factorization = 8 * (n + Double(data.test)) * d * min(max(n, d), d) * 8
    return RunCost(
      steps: solver == "gd" ? Double(steps) : 1,
      operations: factorization + (solver == "gd" ? 4 * n * d * Double(steps) * 8 : 0))
  }
}

/// Whole numbers nearest to powers of 10^(1/10), and the last step.
func decadeMarks(upTo steps: Int) -> [Int] {
  var marks: [Int] = []
  for k in 0... {
    let step = Elementary.exp(Double(k) * Elementary.log(10) / 10).rounded()
    if step >= Double(steps) { break }
    if Int(step) != marks.last { marks.append(Int(step)) }
  }
  return marks + [steps]
}

/// Inputs, targets and truth of a linear regression.
private struct RegressionProblem {
  let x: DoubleMatrix
  let y: [Double]
  let truth: [Double]
  let minimumNorm: [Double]
  private let testX: DoubleMatrix
  private let testY: [Double]

  init(_ split: DataSplit) throws {
    func part(_ data: LabelledData) throws -> (DoubleMatrix, [Double]) {
      guard let targets = data.targets else { throw RunFailure(description: "the data have no targets") }
      return (
        DoubleMatrix(rows: data.count, columns: data.inputCount, values: data.inputs.map(Double.init)),
        (0..<data.count).map { Double(targets[$0 * data.classes]) }
      )
    }
    (x, y) = try part(split.train)
    (testX, testY) = try part(split.test)
    truth = leastSquares(testX, testY)
    minimumNorm = leastSquares(x, y)
  }

  /// X⁺y + (1 − X⁺X)β₀: the projection of β₀ on the solutions.
  func limit(from start: [Double]) -> [Double] {
    let correction = leastSquares(x, zip(y, x.times(start)).map { $0 - $1 })
    return zip(start, correction).map { $0 + $1 }
  }

  func metrics(_ weights: [Double], limit: [Double]) -> [String: Double] {
    func distance(_ a: [Double], _ b: [Double]) -> Double { norm(zip(a, b).map { $0 - $1 }) }
    func meanSquare(_ matrix: DoubleMatrix, _ targets: [Double]) -> Double {
      let error = distance(matrix.times(weights), targets)
      return error * error / Double(max(1, targets.count))
    }
    let risk = distance(weights, truth)
    let unit = norm(minimumNorm)
    return [
      "risk": risk * risk, "train_mse": meanSquare(x, y), "test_mse": meanSquare(testX, testY),
      "norm": norm(weights), "limit_distance": distance(weights, limit) / unit,
      "min_norm_distance": distance(weights, minimumNorm) / unit,
    ]
  }
}

/// Ridge regression for all penalties at once, from the spectrum of the Gram matrix of the examples.
struct RidgePath {
  private let eigen: SymmetricEigen
  /// Row k holds target k in the basis of eigenvectors.
  private let projected: [[Double]]

  /// Prepares for inputs (a row an example) and several targets.
  init(_ x: DoubleMatrix, _ targets: [[Double]]) {
    let spectrum = SymmetricEigen(x.rowGram)
    eigen = spectrum
    projected = targets.map { spectrum.vectors.times($0) }
  }

  /// (K + λ)⁻¹·y for each target.
  private func dual(_ lambda: Double) -> [[Double]] {
    let basis = eigen.vectors.transposed
    return projected.map { target in
      basis.times(target.enumerated().map { $1 / (max(0, eigen.values[$0]) + lambda) })
    }
  }

  /// The weights Xᵀ(K + λ)⁻¹y of each target.
  func weights(_ lambda: Double, _ x: DoubleMatrix) -> [[Double]] {
    let transposed = x.transposed
    return dual(lambda).map { transposed.times($0) }
  }

  /// Mean squared leave-one-out error, from rᵢ = αᵢ/((K + λ)⁻¹)ᵢᵢ.
  func leaveOneOutError(_ lambda: Double) -> Double {
    let n = eigen.values.count
    var diagonal = [Double](repeating: 0, count: n)
    for k in 0..<n {
      let weight = 1 / (max(0, eigen.values[k]) + lambda)
      for i in 0..<n { diagonal[i] += weight * eigen.vectors[k, i] * eigen.vectors[k, i] }
    }
    var sum = 0.0
    for alpha in dual(lambda) {
      for i in 0..<n { sum += alpha[i] / diagonal[i] * (alpha[i] / diagonal[i]) }
    }
    return sum / Double(max(1, n * projected.count))
  }

  /// The penalty with the smallest leave-one-out error: λ₁·10^(−10), λ₁·10^(−9.75), …, 10²·λ₁, λ₁ the largest eigenvalue.
  func leaveOneOutPenalty() -> Double {
    let top = max(eigen.values.first ?? 1, 1e-300)
    var best = (penalty: top, error: Double.infinity)
    for k in -40...8 {
      let penalty = top * Elementary.exp(Double(k) / 4 * Elementary.log(10))
      let error = leaveOneOutError(penalty)
      if error < best.error { best = (penalty, error) }
    }
    return best.penalty
  }
}
