// Serves every measurement: parameters as vectors, with sums in double precision in one fixed order.
public import BitExact
public import Training

/// Σ aᵢ·bᵢ, in eight lanes that are then added pairwise; both buffers hold whole vectors of 16, padding zero.
public func dot(_ a: Buffer, _ b: Buffer) -> Double {
  precondition(a.count == b.count)
  var lanes = SIMD8<Double>()
  var i = 0
  while i < a.count {
    lanes += SIMD8<Double>(eight(a, i)) * SIMD8<Double>(eight(b, i))
    i += 8
  }
  let four = lanes.lowHalf + lanes.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

@inline(__always) private func eight(_ buffer: Buffer, _ index: Int) -> SIMD8<Float> {
  UnsafeRawPointer(buffer.start + index).loadUnaligned(as: SIMD8<Float>.self)
}

/// √Σ aᵢ².
public func length(_ a: Buffer) -> Double { dot(a, a).squareRoot() }

extension Buffer {
  /// self ← self + factor · other.
  public func add(_ other: Buffer, times factor: Float) {
    precondition(other.count == count)
    for i in 0..<count { start[i] += factor * other.start[i] }
  }

  /// self ← factor · self.
  public func multiply(by factor: Float) { for i in 0..<count { start[i] *= factor } }

  /// self ← a + factor · b.
  public func set(_ a: Buffer, plus b: Buffer, times factor: Float) {
    precondition(a.count == count && b.count == count)
    for i in 0..<count { start[i] = a.start[i] + factor * b.start[i] }
  }
}

extension ParameterLayout {
  /// A vector of standard normal numbers, padding zero.
  public func normalVector(_ stream: inout RandomStream) -> Buffer {
    vector(&stream) { Float($0.normal()) }
  }

  /// A vector of fair ±1, padding zero (Rademacher).
  public func signVector(_ stream: inout RandomStream) -> Buffer {
    vector(&stream) { $0.below(2) == 0 ? -1 : 1 }
  }

  private func vector(_ stream: inout RandomStream, _ draw: (inout RandomStream) -> Float) -> Buffer {
    let result = Buffer(size)
    for parameter in parameters { parameter.forEachIndex { result.start[$0] = draw(&stream) } }
    return result
  }

  /// The weights, without biases and without what normalisations learn.
  public var weights: [Parameter] { parameters.filter { $0.kind == .weight } }
}

extension Parameter {
  /// Σ aᵢ·bᵢ over this parameter alone, in order of memory.
  public func dot(_ a: Buffer, _ b: Buffer) -> Double {
    var sum = 0.0
    for i in offset..<offset + size { sum += Double(a.start[i]) * Double(b.start[i]) }
    return sum
  }

  /// √Σ aᵢ² over this parameter alone.
  public func length(_ a: Buffer) -> Double { dot(a, a).squareRoot() }
}
