// The kernels in double precision, at every level, against the operations that their contracts spell out.
import BitExact
import KernelTable
import Testing

/// Σ aᵢ·bᵢ in eight lanes, joined by halves.
private func product(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
  var lanes = [Double](repeating: 0, count: 8)
  for (place, pair) in zip(a, b).enumerated() { lanes[place % 8] += pair.0 * pair.1 }
  while lanes.count > 1 {
    let half = lanes.count / 2
    lanes = (0..<half).map { lanes[$0] + lanes[half + $0] }
  }
  return lanes[0]
}

private func numbers(_ count: Int, _ stream: inout RandomStream) -> [Double] {
  (0..<count + 1).map { _ in stream.normal() * [1, 1e-160, 1e160, 0][max(0, stream.below(12) - 8)] }
}

@Suite struct DoubleKernelTests {
  @Test(arguments: Kernels.available.map(\.name))
  func scalarProductsAreSummedInLanes(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    var stream = RandomStream(seed: 31, purpose: "row-products")
    for _ in 0..<120 {
      let (m, n, length) = (stream.below(12), stream.below(38), stream.below(60))
      let (stride, resultStride) = (length + stream.below(3), n + stream.below(3))
      let (a, b) = (numbers(m * stride, &stream), numbers(n * stride, &stream))
      var result = [Double](repeating: 7, count: m * resultStride + 1)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress else { return }
          kernels.rowProducts(
            DoubleRows(a, stride: stride, count: m), DoubleRows(b, stride: stride, count: n), length, &result,
            resultStride)
        }
      }
      for i in 0..<m {
        for j in 0..<resultStride {
          let expected =
            j < n ? product(a[i * stride..<i * stride + length], b[j * stride..<j * stride + length]) : 7
          #expect(result[i * resultStride + j].bitPattern == expected.bitPattern)
        }
      }
    }
  }

  @Test(arguments: Kernels.available.map(\.name))
  func rowsAreAddedAndTurned(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    var stream = RandomStream(seed: 32, purpose: "row-sums")
    for _ in 0..<80 {
      let (rows, length) = (stream.below(5), stream.below(40))
      let (factors, source) = (numbers(rows, &stream), numbers(length, &stream))
      let before = numbers(rows * length, &stream)
      var target = before
      target.withUnsafeMutableBufferPointer { target in
        guard let target = target.baseAddress else { return }
        kernels.addRow(factors, source, MutableDoubleRows(target, stride: length, count: rows), length)
      }
      for i in 0..<rows * length {
        #expect(target[i].bitPattern == (before[i] + factors[i / length] * source[i % length]).bitPattern)
      }
      let (c, s) = (Elementary.cos(0.3), Elementary.sin(0.3))
      var (x, y) = (source, numbers(length, &stream))
      let other = y
      kernels.rotateRows(&x, &y, length, c, s)
      for k in 0..<length {
        #expect(x[k].bitPattern == (c * source[k] - s * other[k]).bitPattern)
        #expect(y[k].bitPattern == (s * source[k] + c * other[k]).bitPattern)
      }
    }
  }

  /// The kernel takes the nearest multiple of π/2 by other operations than `Elementary`; halves between two are the hard case.
  @Test(arguments: Kernels.available.map(\.name))
  func cosinesHaveTheBitsOfElementary(level: String) throws {
    let kernels = try #require(Kernels.available.first { $0.name == level })
    var stream = RandomStream(seed: 33, purpose: "cosines")
    var values: [Double] = [
      0, -0.0, 1e6, -1e6, 1.0000001e6, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
      .leastNormalMagnitude / 64,
    ]
    for k in -200...200 {
      let between = (Double(k) + 0.5) / 0.6366197723675814
      values += [between, between.nextUp, between.nextDown]
    }
    for _ in 0..<3000 { values.append(stream.normal() * [1e-8, 0.5, 3, 1e4, 3e5][stream.below(5)]) }
    for count in [0, 1, 15, 16, 17, values.count] {
      var results = values
      kernels.cosines(&results, count)
      for (k, x) in values.enumerated() {
        let expected = k < count ? Elementary.cos(x) : x
        #expect(
          results[k].bitPattern == expected.bitPattern || results[k].isNaN && expected.isNaN, "cos(\(x))")
      }
    }
  }
}
