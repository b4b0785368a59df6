// Known answers for the random streams, the elementary functions and SHA-256.
import BitExact
import KernelTable
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct StreamTests {
  /// The vectors that the authors of Random123 publish.
  @Test func philoxKnownAnswers() {
    #expect(
      philox(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      philox(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      philox(
        counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
        key: SIMD2(0xA409_3822, 0x299F_31D0))
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func streamsAreIndependentOfEachOther() {
    var a = RandomStream(seed: 1, purpose: "order")
    var b = RandomStream(seed: 1, purpose: "labels")
    var c = RandomStream(seed: 1, purpose: "order", index: 1)
    var d = RandomStream(seed: 2, purpose: "order")
    let draws = [a.next(), b.next(), c.next(), d.next()]
    #expect(Set(draws).count == 4)
    var again = RandomStream(seed: 1, purpose: "order")
    #expect(again.next() == draws[0])
  }

  /// Words by the block, at every level, are those that single calls give, wherever the stream stands.
  @Test func manyWordsAreThoseOfSingleCalls() {
    for used in [0, 1, 4, 7] {
      for count in [0, 1, 3, 4, 5, 63, 64, 65, 300] {
        var (one, many) = (RandomStream(seed: 9, purpose: "fill"), RandomStream(seed: 9, purpose: "fill"))
        for _ in 0..<used { #expect(one.next() == many.next()) }
        var words = [UInt32](repeating: 0, count: count + 1)
        many.fill(&words, count: count)
        #expect(words.prefix(count).allSatisfy { $0 == one.next() } && words[count] == 0)
        #expect(one.next() == many.next())
      }
    }
    for kernels in Kernels.available {
      var words = [UInt32](repeating: 0, count: 80)
      let key = SIMD2<UInt32>(5, 6)
      kernels.randomBlocks(key, SIMD4(.max - 7, 1, 2, 3), 20, &words)
      for block in 0..<20 {
        let expected = philox(counter: SIMD4((.max - 7) &+ UInt32(block), 1, 2, 3), key: key)
        #expect(
          (0..<4).allSatisfy { words[4 * block + $0] == expected[$0] }, "\(kernels.name), block \(block)")
      }
    }
  }

  @Test func momentsOfTheDistributions() {
    var stream = RandomStream(seed: 3, purpose: "moments")
    let n = 100_000
    let normals = (0..<n).map { _ in stream.normal() }
    let uniforms = (0..<n).map { _ in stream.uniform() }
    let mean = normals.reduce(0, +) / Double(n)
    let variance = normals.reduce(0) { $0 + $1 * $1 } / Double(n)
    let fourth = normals.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(n)
    #expect(abs(mean) < 0.015)
    #expect(abs(variance - 1) < 0.02)
    #expect(abs(fourth - 3) < 0.15)
    #expect(abs(uniforms.reduce(0, +) / Double(n) - 0.5) < 0.005)
    #expect(uniforms.allSatisfy { $0 >= 0 && $0 < 1 })
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[stream.below(7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 400 })
    #expect(stream.permutation(1000).sorted() == Array(0..<1000))
  }

  @Test func sha256KnownAnswers() {
    #expect(SHA256.hexDigest(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(SHA256.hexDigest(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}

@Suite struct ElementaryTests {
  private func check(
    _ name: String, _ range: ClosedRange<Double>, ulp: Double, _ ours: (Double) -> Double,
    _ theirs: (Double) -> Double
  ) {
    var stream = RandomStream(seed: 4, purpose: name)
    var worst = (error: 0.0, at: 0.0)
    for _ in 0..<20_000 {
      let x = range.lowerBound + stream.uniform() * (range.upperBound - range.lowerBound)
      let exact = theirs(x)
      let error = abs(ours(x) - exact) / max(exact.ulp, .leastNonzeroMagnitude)
      if error > worst.error { worst = (error, x) }
    }
    // The reference itself is off by up to half a unit.
    #expect(worst.error <= ulp + 0.5, "\(name)(\(worst.at)) is off by \(worst.error) ulp")
  }

  @Test func errorsAreAsStated() {
    check("exp", -700...700, ulp: 1, Elementary.exp, exp)
    check("exp near 0", -1...1, ulp: 1, Elementary.exp, exp)
    check("expm1", -1...1, ulp: 3, Elementary.expm1, expm1)
    check("log", 1e-8...3, ulp: 1, Elementary.log, log)
    check("log wide", 1e-300...1e300, ulp: 1, Elementary.log, log)
    check("log1p", -0.5...1, ulp: 3, Elementary.log1p, log1p)
    check("log10", 1e-8...1e8, ulp: 3, Elementary.log10, log10)
    check("tanh", -5...5, ulp: 4, Elementary.tanh, tanh)
    check("sin", 0.1...3, ulp: 2, Elementary.sin, sin)
    check("cos", 1.7...4.5, ulp: 2, Elementary.cos, cos)
    check("sin far", 1000.1...1002, ulp: 2, Elementary.sin, sin)
  }

  @Test func edges() {
    #expect(Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(-.infinity) == 0)
    #expect(Elementary.exp(.nan).isNaN)
    #expect(Elementary.exp(-744) > 0)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(-1).isNaN)
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.log(.leastNonzeroMagnitude) < -744)
    #expect(Elementary.tanh(0) == 0)
    #expect(Elementary.tanh(100) == 1)
    #expect(Elementary.log2(1024) == 10)
    #expect(Elementary.pow(2, 10) == 1024)
    #expect(Elementary.sin(1e9).isNaN)
  }
}
