// Serves execute: all parameters of a network in one piece of memory.
import BitExact

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

  /// Distance between rows.
  public var stride: Int { paddedWidth(columns) }
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
  mutating func add(_ name: String, _ kind: ParameterKind, rows: Int, columns: Int) -> Parameter {
    let parameter = Parameter(name: name, kind: kind, rows: rows, columns: columns, offset: size)
    parameters.append(parameter)
    size += rows * parameter.stride
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
      if parameter.kind == .weight { fanIn = parameter.rows }
      var stream = RandomStream(seed: seed, purpose: "\(purpose)/\(parameter.name)")
      let scale = Float(options.initScale)
      parameter.forEachIndex { i in
        switch parameter.kind {
        case .weight: values.start[i] = options.initializer.draw(fanIn, parameter.columns, &stream) * scale
        case .bias:
          values.start[i] = options.initializer == .pytorch ? options.initializer.draw(fanIn, 1, &stream) : 0
        case .normWeight: values.start[i] = 1
        case .normBias: values.start[i] = 0
        }
      }
    }
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
    case .normal: return normal(1)
    }
  }
}
