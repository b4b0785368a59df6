// Serves draw: logarithms and quantiles from plain IEEE arithmetic, so that every machine draws the same pixels.

/// Exact or correctly rounded powers of ten.
let powersOfTen: [Double] = (-308...308).map { Double("1e\($0)") ?? 0 }

/// 10 to a whole power; 0 or infinity beyond the range of a double.
func powerOfTen(_ exponent: Int) -> Double {
  exponent < -308 ? 0 : exponent > 308 ? .infinity : powersOfTen[exponent + 308]
}

/// The decimal logarithm, within 2 ulp; negative infinity for 0, NaN below.
///
/// x = m · 2ᵉ with m near 1; ln m = 2 artanh((m − 1) / (m + 1)) by its Taylor series.
func decimalLogarithm(_ x: Double) -> Double {
  guard x > 0 else { return x == 0 ? -.infinity : .nan }
  guard x.isFinite else { return x }
  var mantissa = x.significand
  var exponent = Double(x.exponent)
  if mantissa > 1.4142135623730951 {
    mantissa /= 2
    exponent += 1
  }
  let z = (mantissa - 1) / (mantissa + 1)
  let square = z * z
  var series = 0.0
  // |z| ≤ 0.1716, so the 13th term is below 1e-19 of the first.
  for odd in stride(from: 25, through: 1, by: -2) { series = series * square + 1 / Double(odd) }
  let log10 = exponent * 0.30102999566398120 + 2 * z * series * 0.43429448190325182
  // A power of ten must come out whole: ticks are chosen by it.
  let whole = log10.rounded()
  return abs(log10 - whole) < 1e-9 && powerOfTen(Int(whole)) == x ? whole : log10
}

/// The power of ten at or below the size of a number; 0 for zero and what is not finite.
func decimalExponent(_ x: Double) -> Int {
  let logarithm = decimalLogarithm(abs(x))
  return logarithm.isFinite ? Int(logarithm.rounded(.down)) : 0
}

/// The 97.5 % quantile of Student's t distribution, to 1e-5.
///
/// Up to 30 degrees of freedom from a table (NIST/SEMATECH e-Handbook, 1.3.6.7.2); above by the expansion of Cornish and
/// Fisher (Abramowitz and Stegun 1964, 26.7.5).
func tQuantile975(degreesOfFreedom: Int) -> Double {
  let table = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
    2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963,
    2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272,
  ]
  guard degreesOfFreedom > 0 else { return .infinity }
  if degreesOfFreedom <= table.count { return table[degreesOfFreedom - 1] }
  let z = 1.959963984540054
  let n = Double(degreesOfFreedom)
  let z3 = z * z * z
  let z5 = z3 * z * z
  let z7 = z5 * z * z
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n)
    + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n)
}
