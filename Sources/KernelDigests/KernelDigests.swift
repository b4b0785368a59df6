// Serves the numeric contract: one digest a kernel, over fixed inputs, that every instruction-set level must reproduce.
//
// It needs no memory but what it allocates here and nothing from Foundation or BitExact, so that it can also be compiled for a
// processor for which there is no Swift standard library (see `.ci/test-neon`).
public import KernelTable

/// Runs every kernel of a level over fixed inputs (ordinary, subnormal, huge, infinite and not a number; sizes from none to
/// several blocks) and reports the digest of all that it wrote.
public func reportKernelDigests(_ kernels: KernelTable, _ report: (StaticString, UInt64) -> Void) {
  report("multiply", products(kernels))
  report("multiplySegments", segmentedProducts(kernels))
  report("multiplySparse", sparse(kernels, gradient: false))
  report("sparseGradient", sparse(kernels, gradient: true))
  report("maxPool", pooling(kernels))
  report("transpose", transposition(kernels))
  for activation in Activation.allCases { report(activation.digestName, activations(kernels, activation)) }
  report("softmaxCrossEntropy", crossEntropy(kernels))
  report("columnSums", columnStatistics(kernels, moments: false))
  report("columnMoments", columnStatistics(kernels, moments: true))
  report("normalize", normalization(kernels, backward: false))
  report("normalizeGradient", normalization(kernels, backward: true))
  report("sgd", sgd(kernels))
  report("adam", adam(kernels))
  report("scale", scaling(kernels))
  report("mask", masking(kernels))
  report("gatherRows", gathering(kernels))
  report("allFinite", finiteness(kernels))
  report("logisticGradient", logistic(kernels))
  report("rowProducts", rowProducts(kernels))
  report("addRow", rowSums(kernels))
  report("rotateRows", rotations(kernels))
  report("cosines", cosines(kernels))
  report("randomBlocks", randomBlocks(kernels))
}

// MARK: - Inputs and digests

/// 64-bit FNV-1a over bit patterns, with every NaN as one: its payload is the processor's affair.
private struct Digest {
  var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ pattern: UInt64) {
    for shift in 0..<8 { value = (value ^ (pattern >> UInt64(8 * shift) & 0xFF)) &* 0x100_0000_01B3 }
  }

  mutating func add(_ values: Floats, _ count: Int) {
    for i in 0..<count { add(UInt64(values[i] == values[i] ? values[i].bitPattern : 0x7FC0_0000)) }
  }

  mutating func add(_ values: UnsafePointer<Double>, _ count: Int) {
    for i in 0..<count { add(values[i] == values[i] ? values[i].bitPattern : 0x7FF8_0000_0000_0000) }
  }
}

/// SplitMix64 (Steele, Lea & Flood 2014), so that inputs need no other module.
private struct Source {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % bound }

  /// A number in [−1, 1) with 24 random bits.
  mutating func unit() -> Float { Float(Int(truncatingIfNeeded: next() >> 40) - 0x80_0000) / 0x80_0000 }

  /// An ordinary number, or with `wild` one in six of another kind.
  mutating func number(wild: Bool) -> Float {
    let value = unit()
    guard wild else { return value }
    switch below(60) {
    case 0: return .infinity
    case 1: return .nan
    case 2: return -0.0
    case 3...5: return value * 1e-38
    case 6...8: return value * 1e30
    default: return value
    }
  }
}

/// Memory for one call, with every element set; it begins at any address that is a multiple of 4.
private final class Memory {
  let start: MutableFloats

  init(_ count: Int, _ source: inout Source, wild: Bool = false) {
    start = .allocate(capacity: count + 1)
    for i in 0..<count { start[i] = source.number(wild: wild) }
  }

  deinit { start.deallocate() }
}

// MARK: - Matrix products

/// What is in it does not matter.
private func scratchMemory() -> Memory {
  var source = Source(state: 0)
  return Memory(scratchSize, &source)
}

private func products(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 1), Digest())
  let scratch = scratchMemory()
  for trial in 0..<62 {
    let wild = trial % 4 == 3
    var m = [0, 1, 2, 5, 6, 7, 13, 14, 60][source.below(9)]
    var n = 16 * (1 + source.below(trial == 9 ? 70 : 8))
    var k = [0, 1, 3, 17, 100, 321, 700][source.below(trial % 3 == 0 ? 7 : 5)]
    var transposed = source.below(2) == 1
    // Columns so far apart that a level may copy them.
    if trial >= 60 { (m, n, k, transposed) = (trial == 60 ? (256, 144, 33, true) : (512, 128, 320, true)) }
    let a = Memory(m * k, &source, wild: wild)
    let b = Memory(k * n, &source, wild: wild)
    let bias = Memory(n, &source)
    let result = Memory(m * n, &source)
    let start: Start = [.zero, .result, .row(Floats(bias.start))][source.below(3)]
    let left = StridedMatrix(a.start, rowStride: transposed ? 1 : k, columnStride: transposed ? m : 1)
    kernels.multiply(m, n, k, left, b.start, n, start, result.start, n, scratch.start)
    digest.add(result.start, m * n)
  }
  return digest.value
}

private func segmentedProducts(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 2), Digest())
  let scratch = scratchMemory()
  for trial in 0..<60 {
    let wild = trial % 4 == 3
    let (height, width) = (5 + source.below(6), 5 + source.below(9))
    let channels = [1, 3, 16, 32][source.below(4)]
    let (kernel, stride, n) = (1 + source.below(5), 1 + source.below(2), 16 * (1 + source.below(5)))
    let (rows, columns) = ((height - kernel) / stride + 1, (width - kernel) / stride + 1)
    let image = Memory(height * width * channels, &source, wild: wild)
    let weights = Memory(kernel * kernel * channels * n, &source, wild: wild)
    let output = Memory(rows * columns * n, &source)
    kernels.multiplySegments(
      rows * columns, n,
      SegmentedMatrix(
        image.start, rowStride: stride * channels, segments: kernel, depth: kernel * channels,
        segmentStride: width * channels, rowsPerGroup: columns, groupStride: stride * width * channels),
      weights.start, n, .zero, .store, output.start, n, scratch.start)
    digest.add(output.start, rows * columns * n)
    kernels.multiplySegments(
      kernel * kernel * channels, n,
      SegmentedMatrix(
        image.start, rowStride: 1, columnStride: stride * channels, segments: rows, depth: columns,
        segmentStride: stride * width * channels, rowsPerGroup: kernel * channels,
        groupStride: width * channels),
      output.start, n, .zero, .add, weights.start, n, scratch.start)
    digest.add(weights.start, kernel * kernel * channels * n)
  }
  return digest.value
}

/// Products and weight gradients of masks from empty to full.
private func sparse(_ kernels: KernelTable, gradient: Bool) -> UInt64 {
  var (source, digest) = (Source(state: 12), Digest())
  for trial in 0..<40 {
    let (rows, columns, depth) = (source.below(30), 1 + source.below(50), 1 + source.below(150))
    let (n, wild, share) = ((depth + 15) / 16 * 16, trial % 4 == 3, [0, 5, 20, 100][trial % 4])
    var (starts, survivors): ([Int32], [Int32]) = ([0], [])
    for _ in 0..<rows {
      for column in 0..<columns where source.below(100) < share { survivors.append(Int32(column)) }
      starts.append(Int32(survivors.count))
    }
    let places = survivors.indices.map { Int32(survivors.count - 1 - $0) } + [0]
    survivors.append(0)
    let values = Memory(survivors.count, &source, wild: wild)
    let left = Memory(columns * n, &source, wild: wild)
    let right = Memory(max(rows, 1) * n, &source, wild: wild)
    let result = Memory(max(rows * n, survivors.count), &source)
    starts.withUnsafeBufferPointer { starts in
      survivors.withUnsafeBufferPointer { survivors in
        places.withUnsafeBufferPointer { places in
          guard let starts = starts.baseAddress, let columns = survivors.baseAddress,
            let places = places.baseAddress
          else { return }
          let pattern = SparseMatrix(
            rows: rows, starts: starts, columns: columns, places: places, values: values.start)
          if gradient {
            kernels.sparseGradient(pattern, depth, left.start, n, right.start, n, result.start)
            digest.add(result.start, survivors.count)
          } else {
            let biases = trial % 2 == 0 ? nil : Floats(right.start)
            let found = kernels.multiplySparse(pattern, n, left.start, n, biases, result.start, n)
            digest.add(result.start, rows * n)
            digest.add(found ? 1 : 0)
          }
        }
      }
    }
  }
  return digest.value
}

private func pooling(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 15), Digest())
  for _ in 0..<20 {
    let (size, count, channels) = (1 + source.below(3), source.below(6), 16 * (1 + source.below(3)))
    let line = PoolingLine(
      count: count, step: size * channels, height: size, width: size, lineStride: count * size * channels,
      channels: channels)
    let image = Memory(max(1, count) * size * size * channels, &source, wild: true)
    let result = Memory(count * channels, &source)
    var places = [Int32](repeating: 0, count: count * channels + 1)
    kernels.maxPool(line, image.start, result.start, &places)
    digest.add(result.start, count * channels)
    for place in places { digest.add(UInt64(place)) }
  }
  return digest.value
}

private func transposition(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 3), Digest())
  for _ in 0..<20 {
    let (rows, columns) = (source.below(40), 1 + source.below(40))
    let (stride, resultStride) = ((columns + 15) / 16 * 16, (rows + 15) / 16 * 16)
    let matrix = Memory(rows * stride, &source, wild: true)
    let result = Memory(columns * resultStride, &source)
    kernels.transpose(rows, columns, matrix.start, stride, result.start, resultStride)
    digest.add(result.start, columns * resultStride)
  }
  return digest.value
}

// MARK: - Element by element

extension Activation {
  /// Names the digest of its function and gradient.
  fileprivate var digestName: StaticString {
    switch self {
    case .relu: "activate relu"
    case .leakyRelu: "activate leaky-relu"
    case .tanh: "activate tanh"
    case .sigmoid: "activate sigmoid"
    case .identity: "activate identity"
    }
  }
}

private func activations(_ kernels: KernelTable, _ activation: Activation) -> UInt64 {
  var (source, digest) = (Source(state: 4), Digest())
  for trial in 0..<12 {
    let count = 16 * source.below(20)
    let values = Memory(count, &source, wild: trial % 2 == 1)
    let gradient = Memory(count, &source, wild: trial % 3 == 1)
    for i in 0..<count { values.start[i] *= trial < 6 ? 8 : 100 }
    kernels.activate(activation, values.start, count)
    kernels.activationGradient(activation, values.start, gradient.start, count)
    digest.add(values.start, count)
    digest.add(gradient.start, count)
  }
  return digest.value
}

private func scaling(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 5), Digest())
  for trial in 0..<10 {
    let count = 16 * source.below(9)
    let (values, factors) = (Memory(count, &source, wild: trial % 2 == 1), Memory(count, &source, wild: true))
    kernels.scale(count, values.start, factors.start)
    digest.add(values.start, count)
  }
  return digest.value
}

private func masking(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 13), Digest())
  for _ in 0..<10 {
    let count = 16 * source.below(9)
    let (values, mask) = (Memory(count, &source, wild: true), Memory(count, &source))
    for i in 0..<count { mask.start[i] = mask.start[i] > 0 ? 1 : 0 }
    kernels.mask(count, values.start, mask.start)
    digest.add(values.start, count)
  }
  return digest.value
}

private func gathering(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 20), Digest())
  for count in [0, 1, 2, 9] {
    let length = 16 * (1 + source.below(4))
    let (values, target) = (Memory(7 * length, &source, wild: true), Memory(count * length, &source))
    let indices = (0..<count + 1).map { _ in source.below(7) }
    kernels.gatherRows(count, length, values.start, indices, target.start)
    digest.add(target.start, count * length)
  }
  return digest.value
}

private func finiteness(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 14), Digest())
  for _ in 0..<40 {
    let count = 16 * source.below(3)
    let values = Memory(count, &source, wild: true)
    digest.add(kernels.allFinite(count, values.start) ? 1 : 0)
  }
  return digest.value
}

private func sgd(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 6), Digest())
  for trial in 0..<24 {
    let (count, wild) = (16 * source.below(9), trial % 6 == 5)
    let parameters = Memory(count, &source, wild: wild)
    let gradient = Memory(count, &source, wild: wild)
    let velocity = Memory(count, &source)
    let step = SGDStep(
      rate: 0.1, momentum: trial % 2 == 0 ? 0.9 : 0, nesterov: trial % 4 == 0,
      decay: trial % 3 == 0 ? 0.01 : 0)
    kernels.update(
      count, parameters.start, gradient.start,
      ParameterUpdate(.sgd(step), first: velocity.start, second: velocity.start))
    digest.add(parameters.start, count)
    digest.add(velocity.start, count)
  }
  return digest.value
}

private func adam(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 7), Digest())
  for trial in 0..<24 {
    let (count, wild) = (16 * source.below(9), trial % 6 == 5)
    let parameters = Memory(count, &source, wild: wild)
    let gradient = Memory(count, &source, wild: wild)
    let (first, second) = (Memory(count, &source), Memory(count, &source))
    for i in 0..<count { second.start[i] *= second.start[i] }
    let step = AdamStep(
      rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, firstCorrection: 1.5, secondCorrection: 30,
      decay: trial % 2 == 0 ? 0 : 0.1)
    kernels.update(
      count, parameters.start, gradient.start,
      ParameterUpdate(.adam(step), first: first.start, second: second.start))
    for memory in [parameters, first, second] { digest.add(memory.start, count) }
  }
  return digest.value
}

// MARK: - Row by row and column by column

private func crossEntropy(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 8), Digest())
  for trial in 0..<24 {
    let (rows, classes) = (1 + source.below(9), 2 + source.below(40))
    let stride = (classes + 15) / 16 * 16
    let logits = Memory(rows * stride, &source, wild: trial % 4 == 3)
    for i in 0..<rows * stride { logits.start[i] *= 20 }
    let gradient = Memory(rows * stride, &source)
    let labels = (0..<rows).map { _ in Int32(source.below(classes)) }
    var logProbabilities = [Double](repeating: 0, count: rows)
    kernels.softmaxCrossEntropy(
      rows, classes, logits.start, stride, labels, 0.25, gradient.start, &logProbabilities)
    digest.add(gradient.start, rows * stride)
    digest.add(logProbabilities, rows)
  }
  return digest.value
}

private func columnStatistics(_ kernels: KernelTable, moments: Bool) -> UInt64 {
  var (source, digest) = (Source(state: 9), Digest())
  for trial in 0..<16 {
    let (rows, columns) = ([0, 1, 2, 7, 60, 1000][source.below(6)], 16 * (1 + source.below(6)))
    let values = Memory(rows * columns, &source, wild: trial % 4 == 3)
    let (first, second) = (Memory(columns, &source), Memory(columns, &source))
    if moments {
      kernels.columnMoments(rows, columns, values.start, columns, first.start, second.start)
    } else {
      kernels.columnSums(rows, columns, values.start, columns, first.start)
    }
    digest.add(first.start, columns)
    digest.add(second.start, columns)
  }
  return digest.value
}

private func normalization(_ kernels: KernelTable, backward: Bool) -> UInt64 {
  var (source, digest) = (Source(state: 10), Digest())
  for trial in 0..<16 {
    let (rows, columns) = (1 + source.below(70), 16 * (1 + source.below(6)))
    let values = Memory(rows * columns, &source, wild: trial % 4 == 3)
    let (mean, inverse) = (Memory(columns, &source), Memory(columns, &source))
    let (scale, shift) = (Memory(columns, &source), Memory(columns, &source))
    let (unit, output) = (Memory(rows * columns, &source), Memory(rows * columns, &source))
    kernels.normalize(
      rows, columns, values.start, columns, mean.start, inverse.start, scale.start, shift.start, unit.start,
      output.start)
    if backward {
      kernels.normalizeGradient(
        rows, columns, unit.start, columns, inverse.start, scale.start, output.start, mean.start, shift.start,
        trial % 2 == 0)
    }
    for memory in [mean, shift] { digest.add(memory.start, columns) }
    for memory in [unit, output] { digest.add(memory.start, rows * columns) }
  }
  return digest.value
}

private func logistic(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 11), Digest())
  for trial in 0..<40 {
    let (count, dimension) = (1 + source.below(40), 1 + source.below(9))
    let stride = (count + 7) / 8 * 8
    let size = [0.1, 3, 200, 2000][trial % 4]
    var points = [Double](repeating: 0, count: dimension * stride)
    for d in 0..<dimension { for n in 0..<count { points[d * stride + n] = Double(source.unit()) } }
    let weights = (0..<dimension).map { _ in Double(source.unit()) * size }
    var sums = [Double](repeating: 0, count: 8 * dimension)
    var gradient = [Double](repeating: 0, count: dimension)
    let loss = kernels.logisticGradient(
      count, dimension, points, stride, weights, &sums, &gradient, trial % 2 == 0)
    digest.add(gradient, dimension)
    digest.add([loss], 1)
  }
  return digest.value
}

// MARK: - Rows in double precision

extension Source {
  fileprivate mutating func doubles(_ count: Int, wild: Bool) -> [Double] {
    (0..<count + 1).map { _ in Double(number(wild: wild)) * (1 + Double(unit()) * 0x1p-30) }
  }
}

private func rowProducts(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 16), Digest())
  for trial in 0..<40 {
    let (m, n, length) = (source.below(11), source.below(40), source.below(70))
    let (a, b) = (source.doubles(m * length, wild: trial % 4 == 3), source.doubles(n * length, wild: false))
    var result = [Double](repeating: 0, count: m * n + 1)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return }
        kernels.rowProducts(
          DoubleRows(a, stride: length, count: m), DoubleRows(b, stride: length, count: n), length, &result, n
        )
      }
    }
    digest.add(result, m * n)
  }
  return digest.value
}

private func rowSums(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 17), Digest())
  for trial in 0..<30 {
    let (rows, length) = (source.below(6), source.below(50))
    let (factors, row) = (source.doubles(rows, wild: false), source.doubles(length, wild: trial % 4 == 3))
    var target = source.doubles(rows * length, wild: false)
    target.withUnsafeMutableBufferPointer { target in
      guard let target = target.baseAddress else { return }
      kernels.addRow(factors, row, MutableDoubleRows(target, stride: length, count: rows), length)
    }
    digest.add(target, rows * length)
  }
  return digest.value
}

private func rotations(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 18), Digest())
  for trial in 0..<30 {
    let length = source.below(50)
    var (x, y) = (source.doubles(length, wild: trial % 4 == 3), source.doubles(length, wild: false))
    kernels.rotateRows(&x, &y, length, 0.8, -0.6)
    digest.add(x, length)
    digest.add(y, length)
  }
  return digest.value
}

private func cosines(_ kernels: KernelTable) -> UInt64 {
  var (source, digest) = (Source(state: 19), Digest())
  for trial in 0..<30 {
    let count = source.below(50)
    let size = [1, 1e-3, 100, 9e5, 2e6][trial % 5]
    var values = source.doubles(count, wild: trial % 3 == 2).map { $0 * size }
    kernels.cosines(&values, count)
    digest.add(values, count)
  }
  return digest.value
}

private func randomBlocks(_ kernels: KernelTable) -> UInt64 {
  var digest = Digest()
  for count in [0, 1, 3, 15, 16, 17, 40] {
    var words = [UInt32](repeating: 0, count: 4 * count + 1)
    // The first word of the counter passes its end.
    kernels.randomBlocks(
      SIMD2(0xA409_3822, 0x299F_31D0), SIMD4(0xFFFF_FFF0, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), count,
      &words)
    for word in words { digest.add(UInt64(word)) }
  }
  return digest.value
}
