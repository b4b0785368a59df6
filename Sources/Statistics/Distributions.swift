// Serves tabulate and judge: the two distributions that intervals and tests need.

import BitExact

/// The standard normal distribution.
public enum StandardNormal {
  /// The probability of a value above `z`: ½ erfc(z / √2), accurate far into the tail.
  public static func upperTail(_ z: Double) -> Double {
    let outer = upperRegularizedIncompleteGamma(0.5, z * z / 2) / 2
    return z >= 0 ? outer : 1 - outer
  }

  /// The probability of a value of at most `z`.
  public static func cdf(_ z: Double) -> Double { upperTail(-z) }

  /// The value below which a fraction `p` lies; −∞ at 0, +∞ at 1, NaN outside.
  ///
  /// Relative error about 1e-16. Source: Wichura, Algorithm AS 241, Applied Statistics 37 (1988).
  public static func quantile(_ p: Double) -> Double {
    guard (0...1).contains(p) else { return .nan }
    if p == 0 { return -.infinity }
    if p == 1 { return .infinity }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * ratio(r, central)
    }
    let r = (-Elementary.log(q < 0 ? p : 1 - p)).squareRoot()
    let size = r <= 5 ? ratio(r - 1.6, middle) : ratio(r - 5, far)
    return q < 0 ? -size : size
  }

  private struct Ratio {
    var numerator: [Double]
    var denominator: [Double]
  }

  private static func ratio(_ x: Double, _ coefficients: Ratio) -> Double {
    func polynomial(_ terms: [Double]) -> Double { terms.reversed().reduce(0) { $0 * x + $1 } }
    return polynomial(coefficients.numerator) / polynomial(coefficients.denominator)
  }

  private static let central = Ratio(
    numerator: [
      3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
      4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
    ],
    denominator: [
      1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
      2.1213794301586595867e+4,
      3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
    ])
  private static let middle = Ratio(
    numerator: [
      1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
      1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
      7.74545014278341407640e-4,
    ],
    denominator: [
      1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
      1.48103976427480074590e-1,
      1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ])
  private static let far = Ratio(
    numerator: [
      6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
      2.01033439929228813265e-7,
    ],
    denominator: [
      1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
      7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
      2.04426310338993978564e-15,
    ])
}

/// Student's t distribution.
public struct StudentT: Hashable, Sendable {
  /// The degrees of freedom, above zero.
  public var degreesOfFreedom: Double

  /// Creates the distribution.
  public init(degreesOfFreedom: Double) {
    precondition(degreesOfFreedom > 0, "degrees of freedom are positive")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The probability of a value above `t`: ½ I_x(ν/2, ½) with x = ν / (ν + t²) for t ≥ 0.
  ///
  /// Source: DLMF 8.17; Abramowitz and Stegun 26.7.1.
  public func upperTail(_ t: Double) -> Double {
    if t.isNaN { return .nan }
    if t.isInfinite { return t > 0 ? 0 : 1 }
    let nu = degreesOfFreedom
    let square = t * t
    let x = square.isInfinite ? 0 : nu / (nu + square)
    let complement = square.isInfinite ? 1 : square / (nu + square)
    let outer = regularizedIncompleteBeta(x, complement: complement, nu / 2, 0.5) / 2
    return t >= 0 ? outer : 1 - outer
  }

  /// The probability of a value of at most `t`.
  public func cdf(_ t: Double) -> Double { upperTail(-t) }

  /// The density at `t`: Γ((ν+1)/2) / (√(νπ) Γ(ν/2)) · (1 + t²/ν)^(−(ν+1)/2).
  public func density(_ t: Double) -> Double {
    let nu = degreesOfFreedom
    let logarithm =
      logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Elementary.log(nu * .pi)
      - (nu + 1) / 2 * Elementary.log1p(t * t / nu)
    return Elementary.exp(logarithm)
  }

  /// The value below which a fraction `p` lies; −∞ at 0, +∞ at 1, NaN outside.
  ///
  /// Newton's method on the tail probability, kept between bounds that bisection would have.
  public func quantile(_ p: Double) -> Double {
    guard (0...1).contains(p) else { return .nan }
    if p == 0.5 { return 0 }
    if p == 0 || p == 1 { return p == 0 ? -.infinity : .infinity }
    let tail = p < 0.5 ? p : 1 - p
    var low = 0.0
    var high = max(1, -StandardNormal.quantile(tail))
    while upperTail(high) > tail, high < 1e150 {
      low = high
      high *= 2
    }
    var t = high
    for _ in 0..<200 {
      let error = upperTail(t) - tail
      if error > 0 { low = t } else { high = t }
      var next = t + error / density(t)
      if !(next > low && next < high) { next = (low + high) / 2 }
      let step = abs(next - t)
      t = next
      if step <= 1e-15 * t { break }
    }
    return p < 0.5 ? -t : t
  }
}
