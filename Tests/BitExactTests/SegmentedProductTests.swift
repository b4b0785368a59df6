// Segmented matrix products, which serve every pass of a convolution, against their definition, bit for bit.
import BitExact
import KernelTable
import Testing

/// A random segmented product: `a` overlaps itself as the windows of a convolution do.
private struct SegmentedCase {
  let m: Int
  let n: Int
  let segments: Int
  let depth: Int
  let rowStride: Int
  let columnStride: Int
  let segmentStride: Int
  let rowsPerGroup: Int
  let groupStride: Int
  let startsFrom: Int
  let adds: Bool
  let bStride: Int
  let resultStride: Int

  init(_ stream: inout RandomStream, trial: Int) {
    m = [0, 1, 5, 7, 25, 60][stream.below(6)]
    n = 16 * (1 + stream.below(trial % 25 == 0 ? 70 : 9))
    segments = stream.below(5)
    depth = [0, 1, 3, 5, 40, 160, 400][stream.below(7)]
    rowStride = 1 + stream.below(2) * stream.below(20)
    columnStride = 1 + stream.below(2) * stream.below(20)
    segmentStride = stream.below(500)
    rowsPerGroup = stream.below(2) == 0 ? .max : 1 + stream.below(9)
    groupStride = stream.below(300)
    startsFrom = stream.below(3)
    adds = stream.below(2) == 1
    bStride = n + 16 * stream.below(3)
    resultStride = n + 16 * stream.below(3)
  }

  private func offset(_ row: Int, _ segment: Int, _ column: Int) -> Int {
    let (group, inside) = row.quotientAndRemainder(dividingBy: rowsPerGroup)
    return group * groupStride + inside * rowStride + segment * segmentStride + column * columnStride
  }

  var sizeOfA: Int { (0..<max(m, 1)).map { offset($0, segments, depth) }.max() ?? 1 }

  func expected(_ a: [Float], _ b: [Float], _ bias: [Float], _ before: [Float]) -> [Float] {
    var result = before
    for i in 0..<m {
      for j in 0..<n {
        let place = i * resultStride + j
        var chain: Float = startsFrom == 0 ? 0 : startsFrom == 1 ? before[place] : bias[j]
        for s in 0..<segments {
          for d in 0..<depth {
            chain = chain.addingProduct(a[offset(i, s, d)], b[(s * depth + d) * bStride + j])
          }
        }
        result[place] = adds ? before[place] + chain : chain
      }
    }
    return result
  }

  /// With `a` one element beyond an aligned address: nothing may need alignment.
  func result(_ kernels: KernelTable, _ a: [Float], _ b: [Float], _ bias: [Float], _ before: [Float])
    -> [Float]
  {
    var result = before
    var scratch = [Float](repeating: 0, count: scratchSize)
    ([0] + a).withUnsafeBufferPointer { a in
      bias.withUnsafeBufferPointer { bias in
        guard let a = a.baseAddress, let bias = bias.baseAddress else { return }
        let start: Start = startsFrom == 0 ? .zero : startsFrom == 1 ? .result : .row(bias)
        kernels.multiplySegments(
          m, n,
          SegmentedMatrix(
            a + 1, rowStride: rowStride, columnStride: columnStride, segments: segments, depth: depth,
            segmentStride: segmentStride, rowsPerGroup: rowsPerGroup, groupStride: groupStride),
          b, bStride, start, adds ? .add : .store, &result, resultStride, &scratch)
      }
    }
    return result
  }
}

@Suite struct SegmentedProductTests {
  @Test(arguments: Kernels.available.map(\.name))
  func productsEqualTheirDefinition(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    var stream = RandomStream(seed: 17, purpose: "segments")
    for trial in 0..<100 {
      let one = SegmentedCase(&stream, trial: trial)
      let wild = trial % 4 == 3
      let a = randomFloats(one.sizeOfA, &stream, wild: wild)
      let b = randomFloats(max(1, one.segments * one.depth) * one.bStride, &stream, wild: wild)
      let bias = randomFloats(one.n, &stream)
      let before = randomFloats(max(1, one.m) * one.resultStride, &stream, wild: wild)
      let expected = one.expected(a, b, bias, before)
      let result = one.result(kernels, a, b, bias, before)
      #expect(result.map(canonical) == expected.map(canonical), "\(one)")
    }
  }
}
