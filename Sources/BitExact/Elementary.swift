// Serves every stage whose numbers are published: elementary functions that give the same bits everywhere.
//
// They use only IEEE 754 additions, multiplications, divisions and roots, in a fixed order and never fused.

/// Elementary functions in double precision without libm; errors are stated in units in the last place (ulp).
public enum Elementary {
  private static let ln2High = 0x1.62e42fefa0000p-1
  private static let ln2Low = 0x1.cf79abc9e3b39p-40
  /// exp(x) − 1 − x for |x| ≤ ½ ln 2, by its Taylor polynomial to x¹⁴.
  @inline(__always) private static func exponentialTail(_ x: Double) -> Double {
    var p = 1.0 / 87178291200
    p = p * x + 1.0 / 6227020800
    p = p * x + 1.0 / 479001600
    p = p * x + 1.0 / 39916800
    p = p * x + 1.0 / 3628800
    p = p * x + 1.0 / 362880
    p = p * x + 1.0 / 40320
    p = p * x + 1.0 / 5040
    p = p * x + 1.0 / 720
    p = p * x + 1.0 / 120
    p = p * x + 1.0 / 24
    p = p * x + 1.0 / 6
    p = p * x + 1.0 / 2
    return p * x * x
  }

  /// The whole number next to x, of two the one farther from zero, for |x| < 2⁶²; without a call of the C library.
  @inline(__always) private static func nearest(_ x: Double) -> Int {
    let whole = Int(x)
    let rest = x - Double(whole)
    return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole
  }

  /// e to the power x; error below 1 ulp. Overflows to infinity above 709.78, underflows to 0 below −745.2.
  public static func exp(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x > 709.782712893384 { return .infinity }
    if x < -745.2 { return 0 }
    let power = nearest(x * 1.4426950408889634)
    let n = Double(power)
    let high = x - n * ln2High
    let low = n * ln2Low
    let r = high - low
    let value = 1 + (r + (exponentialTail(r) + ((high - r) - low)))
    // Two factors, so that neither is outside the range of normal numbers.
    let half = power >> 1
    return value * power2(half) * power2(power - half)
  }

  /// 2 to the power n, −1022 ≤ n ≤ 1023.
  @inline(__always) private static func power2(_ n: Int) -> Double {
    Double(bitPattern: UInt64(truncatingIfNeeded: n + 1023) << 52)
  }

  /// exp(x) − 1; error below 3 ulp, also near zero.
  public static func expm1(_ x: Double) -> Double {
    abs(x) <= 0.34 ? x + exponentialTail(x) : exp(x) - 1
  }

  /// Natural logarithm; error below 1 ulp. −∞ at 0, NaN below.
  public static func log(_ x: Double) -> Double {
    if x.isNaN || x == .infinity { return x }
    if x == 0 { return -.infinity }
    if x < 0 { return .nan }
    var (exponent, m) = split(x)
    if m > 1.4142135623730951 {
      m *= 0.5
      exponent += 1
    }
    // log(1 + f) = f − f²/2 + s·(f²/2 + R), s = f/(2 + f), R = 2s²/3 + 2s⁴/5 + …
    let f = m - 1
    let s = f / (2 + f)
    let q = s * s
    var p = 2.0 / 23
    p = p * q + 2.0 / 21
    p = p * q + 2.0 / 19
    p = p * q + 2.0 / 17
    p = p * q + 2.0 / 15
    p = p * q + 2.0 / 13
    p = p * q + 2.0 / 11
    p = p * q + 2.0 / 9
    p = p * q + 2.0 / 7
    p = p * q + 2.0 / 5
    p = p * q + 2.0 / 3
    let half = 0.5 * f * f
    let tail = s * (half + q * p)
    return exponent * ln2High - ((half - (tail + exponent * ln2Low)) - f)
  }

  /// Exponent and significand in 1..<2 of a positive number.
  @inline(__always) private static func split(_ x: Double) -> (exponent: Double, significand: Double) {
    guard x.isNormal else { return (Double(x.exponent), x.significand) }
    let bits = x.bitPattern
    let significand = bits & 0xF_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000
    return (Double(Int(bits >> 52) - 1023), Double(bitPattern: significand))
  }

  /// log(1 + x); error below 3 ulp, also near zero.
  public static func log1p(_ x: Double) -> Double {
    let u = 1 + x
    if u == 1 || !u.isFinite { return u == 1 ? x : u }
    return log(u) * (x / (u - 1))
  }

  /// Logarithm to base 10; error below 3 ulp.
  public static func log10(_ x: Double) -> Double { log(x) * 0.4342944819032518 }
  /// Logarithm to base 2; error below 3 ulp, exact for powers of two.
  public static func log2(_ x: Double) -> Double {
    if x > 0, x.isFinite, x.significand == 1 { return Double(x.exponent) }
    return log(x) * 1.4426950408889634
  }

  /// x to the power y by exp(y·log x); the error grows to about |y·log x| ulp. Whole powers multiply instead.
  public static func pow(_ x: Double, _ y: Double) -> Double {
    if let n = Int(exactly: y), abs(n) <= 64 {
      var result = 1.0
      for _ in 0..<abs(n) { result *= x }
      return n < 0 ? 1 / result : result
    }
    return x == 0 ? (y > 0 ? 0 : .infinity) : exp(y * log(x))
  }

  /// Hyperbolic tangent; error below 4 ulp.
  public static func tanh(_ x: Double) -> Double {
    let magnitude = abs(x)
    if magnitude > 22 { return x > 0 ? 1 : -1 }
    if x.isNaN || magnitude < 1e-9 { return x }
    let t = expm1(2 * magnitude)
    let result = t / (t + 2)
    return x < 0 ? -result : result
  }

  /// Sine for |x| ≤ 10⁶; error below 2 ulp outside the neighbourhood of its zeros. NaN beyond the range.
  public static func sin(_ x: Double) -> Double { circular(x, quarter: 0) }
  /// Cosine for |x| ≤ 10⁶; error below 2 ulp outside the neighbourhood of its zeros. NaN beyond the range.
  public static func cos(_ x: Double) -> Double { circular(x, quarter: 1) }

  private static func circular(_ x: Double, quarter: Int) -> Double {
    guard abs(x) <= 1e6 else { return .nan }
    let turns = nearest(x * 0.6366197723675814)
    let n = Double(turns)
    // π/2 in three parts of 33 bits, so that the products with n are exact.
    var r = x - n * 0x1.921fb54400000p+0
    r -= n * 0x1.0b4611a600000p-34
    r -= n * 0x1.3198a2e037073p-69
    let square = r * r
    let turn = (turns + quarter) & 3
    let value = turn & 1 == 0 ? sineSeries(r, square) : cosineSeries(square)
    return turn >= 2 ? -value : value
  }

  /// Taylor's polynomial of the sine to r¹⁷, |r| ≤ π/4.
  @inline(__always) private static func sineSeries(_ r: Double, _ square: Double) -> Double {
    var p = 1.0 / 355687428096000
    p = p * square - 1.0 / 1307674368000
    p = p * square + 1.0 / 6227020800
    p = p * square - 1.0 / 39916800
    p = p * square + 1.0 / 362880
    p = p * square - 1.0 / 5040
    p = p * square + 1.0 / 120
    p = p * square - 1.0 / 6
    return r + r * square * p
  }

  /// Taylor's polynomial of the cosine to r¹⁸, |r| ≤ π/4.
  @inline(__always) private static func cosineSeries(_ square: Double) -> Double {
    var p = -1.0 / 6402373705728000
    p = p * square + 1.0 / 20922789888000
    p = p * square - 1.0 / 87178291200
    p = p * square + 1.0 / 479001600
    p = p * square - 1.0 / 3628800
    p = p * square + 1.0 / 40320
    p = p * square - 1.0 / 720
    p = p * square + 1.0 / 24
    p = p * square - 1.0 / 2
    return 1 + square * p
  }
}

extension Elementary {
  /// Arc sine for |x| ≤ 1, by Newton's method on `sin`; error below 4 ulp away from ±1. NaN outside.
  public static func asin(_ x: Double) -> Double {
    guard abs(x) <= 1 else { return .nan }
    if abs(x) > 0.8 {
      let rest = Double.pi / 2 - 2 * asin(((1 - abs(x)) / 2).squareRoot())
      return x < 0 ? -rest : rest
    }
    var y = x * (1 + x * x / 6)
    for _ in 0..<5 { y -= (sin(y) - x) / cos(y) }
    return y
  }
}
