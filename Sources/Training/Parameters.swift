// Serves execute: all parameters of a network in one piece of memory.
import BitExact
import KernelTable

/// What a parameter is for; pruning, decay and initialisation depend on it.
public enum ParameterKind: String, Sendable {
  /// Weights of a dense layer, stored [in][out].
  case weight
  /// Biases of a dense layer.
  case bias
  /// Scale γ of a normalisation layer.
  case normWeight
  /// Shift β of a normalisation layer.
  case normBias
}

/// Where a parameter stands; pruning, groups and initialisation depend on it.
public struct ParameterRole: Sendable, Hashable {
  /// Kernel positions of a convolution's weights; 1 for others. Fan-out is columns times this.
  public var taps = 1
  /// Whether the weights are those of a convolution.
  public var isConvolution = false
  /// Whether a normalisation follows the layer directly, so that the scale of its weights does not matter.
  public var feedsNorm = false
  /// Whether it belongs to the output layer.
  public var isOutput = false
  /// Whether it starts at zero.
  public var startsAtZero = false
  /// Fan-in to initialise by, where it is not the number of rows.
  public var fanIn: Int?

  /// An inner weight or bias of a layer that feeds no normalisation.
  public init() {}
}

/// One named parameter: a matrix of `rows` × `columns` with rows `stride` apart.
public struct Parameter: Sendable {
  /// For example `layer1.weight`.
  public var name: String
  /// What it is for.
  public var kind: ParameterKind
  /// Inputs of a weight; 1 for vectors.
  public var rows: Int
  /// Outputs.
  public var columns: Int
  /// Place of element (0, 0) in the network's parameters.
  public var offset: Int
  /// Where the parameter stands in the network.
  public var role: ParameterRole

  /// Distance between rows.
  public var stride: Int { paddedWidth(columns) }
  /// Floats in memory, with padding.
  public var size: Int { rows * stride }
  /// Elements without padding.
  public var count: Int { rows * columns }

  /// The place of element (row, column).
  public func index(_ row: Int, _ column: Int) -> Int { offset + row * stride + column }

  /// Calls `body` with the place of every element, row by row.
  @inlinable public func forEachIndex(_ body: (Int) -> Void) {
    for row in 0..<rows { for column in 0..<columns { body(index(row, column)) } }
  }
}

/// Where every parameter of a network lies.
public struct ParameterLayout: Sendable {
  /// The parameters from input to output.
  public private(set) var parameters: [Parameter] = []
  /// Floats needed, with padding.
  public private(set) var size = 0

  /// Appends a parameter and returns it.
  mutating func add(
    _ name: String, _ kind: ParameterKind, rows: Int, columns: Int, role: ParameterRole = ParameterRole()
  ) -> Parameter {
    let parameter = Parameter(
      name: name, kind: kind, rows: rows, columns: columns, offset: size, role: role)
    parameters.append(parameter)
    size += parameter.size
    return parameter
  }

  /// Number of parameters, without padding.
  public var count: Int { parameters.reduce(0) { $0 + $1.count } }

  /// √Σ(a − b)² over all parameters, in order; `b` absent is zero.
  public func distance(_ a: Buffer, _ b: Buffer? = nil) -> Double {
    var sum = 0.0
    for parameter in parameters {
      parameter.forEachIndex { i in
        let difference = Double(a.start[i]) - (b.map { Double($0.start[i]) } ?? 0)
        sum += difference * difference
      }
    }
    return sum.squareRoot()
  }

  /// SHA-256 over the values without padding; every NaN counts as the same.
  public func digest(_ values: Buffer) -> String {
    var hash = SHA256()
    var row: [UInt32] = []
    for parameter in parameters {
      for i in 0..<parameter.rows {
        row.removeAll(keepingCapacity: true)
        for j in 0..<parameter.columns {
          let value = values.start[parameter.index(i, j)]
          row.append((value.isNaN ? 0x7FC0_0000 : value.bitPattern).littleEndian)
        }
        hash.update(row)
      }
    }
    return hash.hexDigest()
  }

  /// Initial values: each parameter from a stream of its own, keyed by its name.
  public func initialize(_ values: Buffer, options: ModelOptions, seed: UInt64, purpose: String = "init") {
    var fanIn = 1
    for parameter in parameters {
      if parameter.kind == .weight { fanIn = parameter.role.fanIn ?? parameter.rows }
      var stream = RandomStream(seed: seed, purpose: "\(purpose)/\(parameter.name)")
      switch parameter.kind {
      case .weight: initializeWeight(parameter, values, fanIn, options, &stream)
      case .bias:
        parameter.forEachIndex { i in
          values.start[i] =
            options.initializer == .pytorch ? options.initializer.draw(fanIn, 1, &stream) : 0
        }
      case .normWeight:
        parameter.forEachIndex { values.start[$0] = options.norm.randomScale ? Float(stream.uniform()) : 1 }
      case .normBias: parameter.forEachIndex { values.start[$0] = 0 }
      }
    }
  }

  private func initializeWeight(
    _ parameter: Parameter, _ values: Buffer, _ fanIn: Int, _ options: ModelOptions,
    _ stream: inout RandomStream
  ) {
    if parameter.role.startsAtZero {
      parameter.forEachIndex { values.start[$0] = 0 }
      return
    }
    let scale = Float(options.initScale * (parameter.role.isOutput ? 1 : options.hiddenInitScale))
    if options.initializer == .orthogonal {
      let gain = options.activation == .relu ? Float(2).squareRoot() : 1
      let matrix = orthonormal(parameter.rows, parameter.columns, &stream)
      for (place, value) in matrix.enumerated() {
        let i = parameter.index(place / parameter.columns, place % parameter.columns)
        values.start[i] = Float(value) * gain * scale
      }
      return
    }
    let fanOut = parameter.columns * parameter.role.taps
    parameter.forEachIndex { values.start[$0] = options.initializer.draw(fanIn, fanOut, &stream) * scale }
  }
}

/// A random matrix with orthonormal columns, or rows if these are fewer, row by row: normal numbers made orthogonal by
/// the method of Gram & Schmidt, twice for accuracy.
private func orthonormal(_ rows: Int, _ columns: Int, _ stream: inout RandomStream) -> [Double] {
  let (count, length) = (min(rows, columns), max(rows, columns))
  var vectors: [[Double]] = []
  while vectors.count < count {
    var vector = (0..<length).map { _ in stream.normal() }
    for _ in 0..<2 {
      for other in vectors {
        var dot = 0.0
        for i in 0..<length { dot += vector[i] * other[i] }
        for i in 0..<length { vector[i] -= dot * other[i] }
      }
    }
    var square = 0.0
    for x in vector { square += x * x }
    let norm = square.squareRoot()
    vectors.append(vector.map { $0 / norm })
  }
  return (0..<rows).flatMap { row in
    (0..<columns).map { rows >= columns ? vectors[$0][row] : vectors[row][$0] }
  }
}

extension Initializer {
  fileprivate func draw(_ fanIn: Int, _ fanOut: Int, _ stream: inout RandomStream) -> Float {
    func normal(_ variance: Double) -> Float { Float(stream.normal() * variance.squareRoot()) }
    func uniform(_ bound: Double) -> Float { Float((2 * stream.uniform() - 1) * bound) }
    let (inputs, outputs) = (Double(fanIn), Double(fanOut))
    switch self {
    case .heNormal: return normal(2 / inputs)
    case .heUniform: return uniform((6 / inputs).squareRoot())
    case .glorotNormal: return normal(2 / (inputs + outputs))
    case .glorotUniform: return uniform((6 / (inputs + outputs)).squareRoot())
    case .lecunNormal: return normal(1 / inputs)
    case .pytorch: return uniform(1 / inputs.squareRoot())
    case .normal, .orthogonal: return normal(1)
    }
  }
}
