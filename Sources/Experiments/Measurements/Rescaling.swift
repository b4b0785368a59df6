// Serves execute: the same function at another sharpness (Dinh et al. 2017).
import BitExact
import Datasets
import Specification
import Tables
import Training

struct Rescaling: RunMeasurement {
  static let record = Record(
    "rescaling",
    doc: """
      Multiplies the weights and bias of one ReLU layer by a factor and divides the next layer's weights by it: the function \
      stays, the sharpness does not (Dinh et al. 2017). λ_max is that of the training loss on the first examples, by power \
      iteration with exact Hessian-vector products.
      """,
    fields: [
      Field(
        "factors", .list(.number(.positive), count: 1...20), default: .value([1, 10]), doc: "The factors α.",
        example: "[1, 3, 10]"),
      Field(
        "layer", .integer(1...1000), default: .value(1), doc: "The layer that is multiplied.", example: "1"),
      Field(
        "examples", .integer(1...100_000), default: .value(256), unit: "examples",
        doc: "Training examples of the loss; at most 256 or the batch size.", example: "256"),
    ])

  static func check(_ value: Value, _ complaints: inout Complaints) {
    requireChain(value, record.name, &complaints)
    if let activation = value["model"]?["activation"]?.string, !["relu", "identity"].contains(activation) {
      complaints.add(
        "model-measurement", "'rescaling' needs an activation with f(αx) = αf(x)", in: "measure",
        expected: "activation: relu or identity")
    }
    if let hidden = value["model"]?["mlp"]?.array?.count ?? value["model"]?["depth"]?.integer
      ?? (value["model"]?["width"] == nil ? nil : 1),
      let layer = value["measure"]?.array?.first(where: { $0["name"]?.string == record.name })?["layer"]?
        .integer, layer > hidden
    {
      complaints.add(
        "wrong-value", "there is no hidden layer \(layer)", in: "measure", expected: "at most \(hidden)")
    }
  }

  private let factors: [Double]
  private let layer: Int
  private let rows: Int

  init(_ value: Value) {
    factors = value["factors"]?.array?.compactMap(\.number) ?? []
    layer = value["layer"]?.integer ?? 1
    rows = value["examples"]?.integer ?? 256
  }

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run and factor.",
    axes: [Column("factor", .axis, doc: "α.")],
    metrics: [
      Column(
        "output_difference", .metric,
        doc: "Largest change of a logit on the test data, relative to the largest logit."),
      Column("lambda_max", .metric, doc: "Largest eigenvalue of the Hessian of the training loss."),
      Column("lambda_ratio", .metric, doc: "lambda_max over that of the network as trained."),
      Column("path_norm_ratio", .metric, doc: "Path norm over that of the network as trained: 1."),
      Column("norm_ratio", .metric, doc: "‖w‖₂ over that of the network as trained."),
    ])

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let trained = NetworkState(network)
    defer { trained.restore(network) }
    let count = min(rows, network.capacity, data.train.count)
    let before = logits(network, data.test)
    let (lambda, length) = (
      sharpness(network, data.train, count, seed), network.layout.distance(network.parameters)
    )
    let path = network.denseChain.map { pathNorm($0, squared: true) }
    let scale = before.map { abs($0) }.max() ?? 0
    var table = RunTable(Rescaling.table)
    for factor in factors {
      trained.restore(network)
      try rescale(network, by: factor)
      let after = logits(network, data.test)
      let change = zip(before, after).map { abs($0 - $1) }.max() ?? 0
      let changed = sharpness(network, data.train, count, seed)
      var values = [
        "factor": factor, "output_difference": scale > 0 ? change / scale : 0, "lambda_max": changed,
        "lambda_ratio": changed / lambda,
        "norm_ratio": network.layout.distance(network.parameters) / length,
      ]
      if let path, let chain = network.denseChain {
        values["path_norm_ratio"] = pathNorm(chain, squared: true) / path
      }
      table.addRow(values)
    }
    return table
  }

  private func rescale(_ network: Network, by factor: Double) throws {
    let parameters = network.layout.parameters
    let weights = parameters.indices.filter { parameters[$0].kind == .weight }
    guard layer < weights.count else { throw RunFailure(description: "there is no hidden layer \(layer)") }
    // The layer's weight and what follows it up to the next weight, which is its bias.
    for index in weights[layer - 1]..<weights[layer] {
      parameters[index].forEachIndex { network.parameters.start[$0] *= Float(factor) }
    }
    parameters[weights[layer]].forEachIndex { network.parameters.start[$0] /= Float(factor) }
  }

  private func logits(_ network: Network, _ data: ExampleMatrix) -> [Double] {
    var values: [Double] = []
    network.forEachLogits(data) { _, logits in values += logits.map(Double.init) }
    return values
  }

  /// Power iteration to a relative change of 10⁻⁴, at most 200 steps.
  private func sharpness(_ network: Network, _ data: ExampleMatrix, _ count: Int, _ seed: UInt64) -> Double {
    network.prepareCurvature(data, Array(0..<count), mode: .evaluation)
    let (direction, product) = (Buffer(network.layout.size), Buffer(network.layout.size))
    var stream = RandomStream(seed: seed, purpose: "power-iteration")
    for parameter in network.layout.parameters {
      parameter.forEachIndex { direction.start[$0] = Float(stream.normal()) }
    }
    var value = 0.0
    for _ in 0..<200 {
      let length = network.layout.distance(direction)
      guard length > 0 else { return 0 }
      for i in 0..<direction.count { direction.start[i] /= Float(length) }
      network.hessianVectorProduct(direction, into: product)
      var updated = 0.0
      for parameter in network.layout.parameters {
        parameter.forEachIndex { updated += Double(direction.start[$0]) * Double(product.start[$0]) }
      }
      direction.copy(from: product)
      if abs(updated - value) <= 1e-4 * abs(updated) { return updated }
      value = updated
    }
    return value
  }

  func examples(_ data: DatasetDescription) -> Int {
    (factors.count + 1) * (data.test + 200 * 6 * min(rows, data.train))
  }
}
