// Linear algebra against its defining equations and against matrices with known spectra.
import BitExact
import Testing

private func random(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> DoubleMatrix {
  var stream = RandomStream(seed: seed, purpose: "matrix", index: UInt32(rows * 1000 + columns))
  return DoubleMatrix(
    rows: rows, columns: columns, values: (0..<rows * columns).map { _ in stream.normal() })
}

private func largest(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
  zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
}

@Suite struct LinearAlgebraTests {
  @Test(arguments: [(1, 1), (3, 3), (9, 4), (17, 16), (40, 23)])
  func qrGivesBackTheMatrix(rows: Int, columns: Int) {
    let a = random(rows, columns)
    let qr = HouseholderQR(a)
    for j in 0..<columns {
      let column = qr.times(qr.triangle.column(j))
      #expect(zip(column, a.column(j)).allSatisfy { abs($0 - $1) < 1e-12 })
    }
    let b = random(rows, 1).values
    let back = qr.times(qr.transposedTimes(b))
    #expect(zip(back, b).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  /// The second-difference matrix has eigenvalues 2 − 2cos(kπ/(n+1)).
  @Test(arguments: [1, 2, 3, 10, 37])
  func eigenvaluesOfTheSecondDifference(size: Int) {
    var a = DoubleMatrix(rows: size, columns: size)
    for i in 0..<size {
      a[i, i] = 2
      if i > 0 { (a[i, i - 1], a[i - 1, i]) = (-1, -1) }
    }
    let eigen = SymmetricEigen(a)
    for k in 1...size {
      let exact = 2 - 2 * Elementary.cos(Double(k) * .pi / Double(size + 1))
      #expect(abs(eigen.values[size - k] - exact) < 1e-13)
    }
  }

  @Test(arguments: [2, 5, 24, 61])
  func eigenvectorsAreOrthonormalAndDiagonalize(size: Int) {
    let a = random(size, size).columnGram
    let eigen = SymmetricEigen(a)
    #expect(largest(eigen.vectors.rowGram, .identity(size)) < 1e-12)
    for i in 0..<size {
      let image = a.times(eigen.vectors.row(i))
      let expected = eigen.vectors.row(i).map { $0 * eigen.values[i] }
      #expect(zip(image, expected).allSatisfy { abs($0 - $1) < 1e-10 })
    }
    #expect(eigen.values == eigen.values.sorted(by: >))
  }

  @Test func repeatedAndZeroEigenvalues() {
    #expect(SymmetricEigen(.identity(6)).values == [1, 1, 1, 1, 1, 1])
    #expect(SymmetricEigen(DoubleMatrix(rows: 4, columns: 4)).values == [0, 0, 0, 0])
    let ones = DoubleMatrix(rows: 5, columns: 5, values: [Double](repeating: 1, count: 25))
    let values = SymmetricEigen(ones).values
    #expect(abs(values[0] - 5) < 1e-13 && values.dropFirst().allSatisfy { abs($0) < 1e-13 })
  }

  @Test(arguments: [(1, 1), (6, 6), (30, 11), (11, 30), (50, 49)])
  func singularValuesAndVectors(rows: Int, columns: Int) {
    let a = random(rows, columns)
    let svd = ThinSVD(a)
    let rank = min(rows, columns)
    var back = DoubleMatrix(rows: rows, columns: columns)
    for k in 0..<rank {
      for i in 0..<rows {
        for j in 0..<columns { back[i, j] += svd.left[k, i] * svd.values[k] * svd.right[k, j] }
      }
    }
    #expect(largest(a, back) < 1e-12)
    #expect(largest(svd.left.rowGram, .identity(rank)) < 1e-12)
    #expect(largest(svd.right.rowGram, .identity(rank)) < 1e-12)
    #expect(abs(spectralNorm(a) - svd.values[0]) < 1e-12)
  }

  /// Small singular values keep their digits: the Hilbert matrix of size 5, values from high-precision arithmetic.
  @Test func smallSingularValuesAreAccurate() {
    var hilbert = DoubleMatrix(rows: 5, columns: 5)
    for i in 0..<5 { for j in 0..<5 { hilbert[i, j] = 1 / Double(i + j + 1) } }
    let values = ThinSVD(hilbert).values
    #expect(abs(values[0] - 1.567050691098231) < 1e-14)
    #expect(abs(values[4] - 3.287928772171863e-06) < 1e-15)
  }

  /// The minimum-norm solution lies in the row space; the pseudo-inverse satisfies Penrose's equations.
  @Test func minimumNormAndPseudoInverse() {
    let a = random(7, 15)
    let b = random(7, 1, seed: 3).values
    let x = leastSquares(a, b)
    #expect(zip(a.times(x), b).allSatisfy { abs($0 - $1) < 1e-11 })
    let inverse = pseudoInverse(a)
    #expect(zip(inverse.times(b), x).allSatisfy { abs($0 - $1) < 1e-11 })
    // A matrix without full rank.
    let low = random(12, 3, seed: 5).times(random(3, 8, seed: 6))
    let plus = pseudoInverse(low)
    #expect(largest(low.times(plus).times(low), low) < 1e-11)
    #expect(largest(plus.times(low).times(plus), plus) < 1e-11)
    let c = random(12, 1, seed: 9).values
    #expect(zip(leastSquares(low, c), plus.times(c)).allSatisfy { abs($0 - $1) < 1e-10 })
  }

  @Test func choleskySolvesAndRefuses() throws {
    let a = random(20, 12).columnGram
    let b = random(12, 1).values
    let x = try #require(Cholesky(a)).solve(b)
    #expect(zip(a.times(x), b).allSatisfy { abs($0 - $1) < 1e-10 })
    #expect(Cholesky(DoubleMatrix(rows: 2, columns: 2, values: [1, 2, 2, 1])) == nil)
  }

  /// The order of sums is part of the contract: these bits hold on every machine.
  @Test func bitsArePinned() {
    let eigen = SymmetricEigen(random(19, 19).columnGram)
    let svd = ThinSVD(random(21, 13))
    let words = (eigen.values + eigen.vectors.values + svd.values + svd.left.values).map(
      \.bitPattern.littleEndian)
    #expect(
      SHA256.hexDigest(
        of: words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
        == "70ec6fdce5abd024cd31cddcf9630033623f03ab20f28399a16b946d0290cda7")
  }
}
