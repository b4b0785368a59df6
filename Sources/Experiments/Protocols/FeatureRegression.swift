// Serves execute: least squares on more and more features: the classical U-curve and double descent (Belkin et al. 2019).
import BitExact
import Datasets
import KernelTable
import Specification
import Tables
import Training

struct FeatureRegression: RunProtocol {
  static let record = Record(
    "feature-regression",
    doc: """
      Least squares on a growing number of features, closed form in double precision. Random Fourier features \
      cos(⟨v, x⟩ + b), v normal with deviation 1/(median distance of training points), b uniform (Rahimi & Recht 2008), \
      fit one-hot classes; Legendre polynomials fit the targets of `sines`. Beyond as many features as examples the \
      solution of minimum norm is taken.
      """,
    fields: [
      Field(
        "features", .list(.integer(1...100_000), count: 1...200), default: .required, unit: "features",
        doc: "Numbers of features N; for polynomials the degree plus one.", example: "[10, 100, 500, 2000]"),
      Field(
        "kind",
        .choice([
          Choice("fourier", "Random Fourier features."),
          Choice("polynomial", "Legendre polynomials of one input in −1…1."),
        ]), default: .value("fourier"), doc: "What the features are.", example: "polynomial"),
      Field(
        "solvers",
        .list(
          .choice([
            Choice("min-norm", "No penalty."),
            Choice("ridge-cv", "Ridge, the penalty chosen by leave-one-out cross-validation."),
          ]), count: 1...2), default: .value(["min-norm"]), doc: "How the weights are found.",
        example: "[min-norm, ridge-cv]"),
      Field(
        "bandwidth", .number(.positive), default: .value(1),
        doc: "Factor on the median distance that sets the width of the features.", example: "1"),
    ])
  static let trainsModel = false
  static let datasets: [DatasetName] = [
    .fashionMNIST, .mnist, .digits, .mnist1d, .cifar10, .linearTeacher, .sines,
  ]

  static func check(_ value: Value, _ complaints: inout Complaints) {
    let isPolynomial = value["protocol"]?["kind"]?.string == "polynomial"
    let data = value["data"]?["name"]?.string
    if isPolynomial != (data == DatasetName.sines.rawValue) {
      complaints.add(
        "model-data",
        isPolynomial
          ? "polynomials have one input, which '\(data ?? "")' has not"
          : "Fourier features are fitted to classes, which '\(data ?? "")' has not",
        in: "data", expected: isPolynomial ? "data: {name: sines}" : "a dataset with classes")
    }
    if let train = value["data"]?["train"]?.integer, train > 5000 {
      complaints.add(
        "model-size", "\(train) training examples make the closed form too slow", in: "data",
        expected: "train: at most 5000")
    } else if value["data"]?["train"] == nil {
      complaints.add(
        "missing-key", "feature-regression needs the number of training examples", in: "data",
        expected: "train: at most 5000")
    }
  }

  private let counts: [Int]
  private let isPolynomial: Bool
  private let solvers: [String]
  private let bandwidth: Double

  init(_ value: Value) throws {
    guard let counts = value["features"]?.array?.compactMap(\.integer), !counts.isEmpty else {
      throw ConfigurationError(description: "feature-regression without its options")
    }
    self.counts = counts
    isPolynomial = value["kind"]?.string == "polynomial"
    solvers = value["solvers"]?.array?.compactMap(\.string) ?? ["min-norm"]
    bandwidth = value["bandwidth"]?.number ?? 1
  }

  private static let metrics: [Column] = [
    Column("train_mse", .metric, doc: "Squared error, mean over training examples and targets."),
    Column("test_mse", .metric, doc: "Squared error, mean over test examples and targets."),
    Column(
      "train_error", .metric, doc: "Fraction of the training data classified wrongly; none for `sines`."),
    Column("test_error", .metric, doc: "Fraction of the test data classified wrongly; none for `sines`."),
    Column("norm", .metric, doc: "Frobenius norm of the weights."),
    Column("lambda", .metric, doc: "The penalty that was used; 0 without one."),
    Column("load", .metric, doc: "N/n, features an example: 1 at the interpolation threshold."),
  ]

  static let tables = [
    TableDeclaration(
      suffix: "", doc: "One row a run: where the test error of the first solver is largest and smallest.",
      axes: [],
      metrics: [
        Column("peak_features", .metric, unit: "features", doc: "N with the largest test squared error."),
        Column(
          "best_below", .metric,
          doc:
            "Smallest test error (squared error for `sines`) with fewer features than 0.9 times the examples."
        ),
        Column("last", .metric, doc: "Test error (squared error for `sines`) with the most features."),
        Column("peak", .metric, doc: "Largest test error (squared error for `sines`)."),
      ]),
    TableDeclaration(
      suffix: "capacity", doc: "One row a run, number of features and solver.",
      axes: [
        Column("features", .axis, unit: "features", doc: "Number of features N."),
        Column("solver", .axis, doc: "`min-norm` or `ridge-cv`."),
      ], metrics: metrics),
  ]

  func run(_ context: RunContext) throws -> RunResult {
    let split = try context.library.load(context.configuration.data, seed: context.streamSeed)
    let most = counts.max() ?? 1
    let features = RandomFeatures(split.train, isPolynomial, bandwidth, most, context.streamSeed)
    let (trainFeatures, testFeatures) = (features.of(split.train), features.of(split.test))
    let targets = targetColumns(split.train)
    var capacity = RunTable(FeatureRegression.tables[1])
    var curve: [(features: Int, error: Double, mse: Double)] = []
    for (index, count) in counts.enumerated() {
      try context.progress(index, counts.count)
      let (train, test) = (trainFeatures.first(count), testFeatures.first(count))
      for solver in solvers {
        var penalty = 0.0
        let weights: [[Double]]
        if solver == "ridge-cv" {
          let ridge = RidgePath(train, targets)
          penalty = ridge.leaveOneOutPenalty()
          weights = ridge.weights(penalty, train)
        } else {
          weights = minimumNorm(train, targets)
        }
        var values = evaluate(weights, train, split.train, "train")
        values.merge(evaluate(weights, test, split.test, "test")) { $1 }
        values["norm"] = weights.reduce(0) { $0 + dot($1, $1) }.squareRoot()
        values["lambda"] = penalty
        values["features"] = Double(count)
        values["load"] = Double(count) / Double(split.train.count)
        capacity.addRow(values, labels: ["solver": solver])
        if solver == solvers[0], let mse = values["test_mse"] {
          curve.append((count, values["test_error"] ?? mse, mse))
        }
      }
    }
    var main = RunTable(FeatureRegression.tables[0])
    main.addRow(summary(curve, examples: split.train.count))
    return RunResult(tables: ["": main, "capacity": capacity])
  }

  private func summary(
    _ curve: [(features: Int, error: Double, mse: Double)], examples: Int
  ) -> [String: Double] {
    var values: [String: Double] = [:]
    var peak = curve.first
    for point in curve where point.mse > peak?.mse ?? 0 { peak = point }
    values["peak_features"] = peak.map { Double($0.features) }
    values["peak"] = curve.map(\.error).max()
    values["best_below"] =
      curve.filter { Double($0.features) <= 0.9 * Double(examples) }.map(\.error).min()
    values["last"] = curve.max { $0.features < $1.features }?.error
    return values
  }

  /// One-hot classes or the real-valued targets, one column each.
  private func targetColumns(_ data: LabelledData) -> [[Double]] {
    (0..<data.classes).map { k in
      (0..<data.count).map { row in
        data.targets.map { Double($0[row * data.classes + k]) } ?? (Int(data.labels[row]) == k ? 1 : 0)
      }
    }
  }

  /// The minimum-norm least-squares weights of several targets, from one factorisation.
  private func minimumNorm(_ x: DoubleMatrix, _ targets: [[Double]]) -> [[Double]] {
    if x.rows >= x.columns {
      let qr = HouseholderQR(x)
      if qr.diagonalRatio > 1e-9 { return targets.map { qr.solveTriangle(qr.transposedTimes($0)) } }
    } else {
      let qr = HouseholderQR(columns: x)
      if qr.diagonalRatio > 1e-9 { return targets.map { qr.times(qr.solveTransposedTriangle($0)) } }
    }
    let inverse = pseudoInverse(x)
    return targets.map { inverse.times($0) }
  }

  private func evaluate(
    _ weights: [[Double]], _ x: DoubleMatrix, _ data: LabelledData, _ part: String
  ) -> [String: Double] {
    let outputs = weights.map { x.times($0) }
    var (squares, wrong) = (0.0, 0)
    let targets = targetColumns(data)
    for row in 0..<data.count {
      var best = 0
      for k in outputs.indices {
        let error = outputs[k][row] - targets[k][row]
        squares += error * error
        if outputs[k][row] > outputs[best][row] { best = k }
      }
      if best != Int(data.labels[row]) { wrong += 1 }
    }
    let count = Double(max(1, data.count))
    var values = ["\(part)_mse": squares / (count * Double(outputs.count))]
    if data.targets == nil { values["\(part)_error"] = Double(wrong) / count }
    return values
  }

  func cost(_ configuration: Configuration, _ data: DatasetDescription) -> RunCost {
    let n = Double(data.train)
    // Eight times the operations of a kernel in single precision: scalar products in double precision are slower.
    let operations = counts.reduce(0.0) { sum, count in
      let width = Double(count)
      let features = (n + Double(data.test)) * width * (2 * Double(data.inputCount) + 60)
      let solve = 4 * max(n, width) * min(n, width) * min(n, width)
      let ridge = solvers.contains("ridge-cv") ? 2 * n * n * width + 60 * n * n * n : 0
      return sum + 8 * (features + solve + ridge)
    }
    return RunCost(steps: Double(counts.count), operations: operations)
  }
}

/// Features of inputs; the first N of them are the same for every N.
private struct RandomFeatures {
  private let isPolynomial: Bool
  private let count: Int
  private let directions: DoubleMatrix
  private let phases: [Double]

  init(_ data: LabelledData, _ isPolynomial: Bool, _ bandwidth: Double, _ count: Int, _ seed: UInt64) {
    self.isPolynomial = isPolynomial
    self.count = count
    guard !isPolynomial else {
      (directions, phases) = (DoubleMatrix(rows: 0, columns: 1), [])
      return
    }
    let width = data.inputCount
    let scale = 1 / (bandwidth * RandomFeatures.medianDistance(data))
    var directions = DoubleMatrix(rows: count, columns: width)
    var phases: [Double] = []
    for k in 0..<count {
      var stream = RandomStream(seed: seed, purpose: "random-features", index: UInt32(k))
      for j in 0..<width { directions[k, j] = scale * stream.normal() }
      phases.append(2 * Double.pi * stream.uniform())
    }
    (self.directions, self.phases) = (directions, phases)
  }

  /// The median distance between the first 200 training points; 1 when they coincide.
  private static func medianDistance(_ data: LabelledData) -> Double {
    let rows = (0..<min(200, data.count)).map { data.input($0).map(Double.init) }
    var distances: [Double] = []
    for i in rows.indices {
      for j in 0..<i { distances.append(norm(zip(rows[i], rows[j]).map { $0 - $1 })) }
    }
    let median = distances.sorted()[safe: distances.count / 2] ?? 1
    return median > 0 ? median : 1
  }

  /// All features of the examples.
  func of(_ data: LabelledData) -> FeatureMatrix {
    isPolynomial
      ? FeatureMatrix(values: polynomials(data), isScaled: false)
      : FeatureMatrix(values: waves(data), isScaled: true)
  }

  private func waves(_ data: LabelledData) -> DoubleMatrix {
    let x = DoubleMatrix(
      rows: data.count, columns: data.inputCount, values: data.inputs.map(Double.init))
    var result = x.timesTransposed(directions)
    let count = phases.count
    for row in 0..<data.count { for k in 0..<count { result.values[row * count + k] += phases[k] } }
    Kernels.current.cosines(&result.values, result.values.count)
    return result
  }

  /// P₀ … P_{count−1}, scaled to mean square 1 over −1…1.
  private func polynomials(_ data: LabelledData) -> DoubleMatrix {
    var result = DoubleMatrix(rows: data.count, columns: count)
    for row in 0..<data.count {
      let x = Double(data.inputs[row])
      var (previous, current) = (0.0, 1.0)
      for k in 0..<count {
        result[row, k] = (2 * Double(k) + 1).squareRoot() * current
        let next = ((2 * Double(k) + 1) * x * current - Double(k) * previous) / (Double(k) + 1)
        (previous, current) = (current, next)
      }
    }
    return result
  }
}

/// Features of examples, of which models of different sizes take the first ones.
private struct FeatureMatrix {
  /// One row an example, one column a feature.
  let values: DoubleMatrix
  /// Whether N features are scaled by √(2/N).
  let isScaled: Bool

  /// One row an example, `count` features.
  func first(_ count: Int) -> DoubleMatrix {
    let scale = isScaled ? (2 / Double(count)).squareRoot() : 1
    var result = DoubleMatrix(rows: values.rows, columns: count)
    for row in 0..<values.rows {
      for k in 0..<count { result.values[row * count + k] = scale * values.values[row * values.columns + k] }
    }
    return result
  }
}

extension Array {
  /// The element, or `nil` outside.
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
