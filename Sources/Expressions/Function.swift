// Serves parse, check, tabulate and the reference page: each function of the language is declared once.

/// A function of the expression language.
public enum Function: String, CaseIterable, Sendable {
  // Of single numbers.
  case log, log2, log10, exp, sqrt, abs, round, floor, ceil, pow, clamp
  case `if`
  // Of several samples, or over an axis.
  case min, max
  // Over an axis.
  case mean, median, sd, sum, quantile, range, rise, first, last, area
  case argmin, argmax
  case slope, pearson, spearman, kendall
  case spearmanLow = "spearman_low"
  case spearmanHigh = "spearman_high"
  case kendallLow = "kendall_low"
  case kendallHigh = "kendall_high"
  case granulated
  case largest, smallest, count, share, crossing
  // At a place of an axis.
  case at

  /// How a function is called.
  enum Form {
    /// So many samples, computed number by number.
    case plain(Int)
    /// Two or more samples, or one over an axis.
    case severalOrOver
    /// So many samples over an axis; `scaled` when the axis may also enter by its logarithm.
    case over(ClosedRange<Int>, scaled: Bool)
    /// A comparison over an axis.
    case condition
    /// A comparison and two samples.
    case choice
    /// One sample and `axis: value`.
    case place
  }

  var form: Form {
    switch self {
    case .log, .log2, .log10, .exp, .sqrt, .abs, .round, .floor, .ceil: .plain(1)
    case .pow: .plain(2)
    case .clamp: .plain(3)
    case .if: .choice
    case .min, .max: .severalOrOver
    case .mean, .median, .sd, .sum, .range, .rise, .first, .last, .argmin, .argmax:
      .over(1...1, scaled: false)
    case .quantile: .over(2...2, scaled: false)
    case .area: .over(1...1, scaled: true)
    case .slope, .pearson: .over(1...2, scaled: true)
    case .spearman, .kendall, .spearmanLow, .spearmanHigh, .kendallLow, .kendallHigh:
      .over(1...2, scaled: false)
    case .granulated: .over(2...2, scaled: false)
    case .crossing: .over(2...2, scaled: true)
    case .largest, .smallest, .count, .share: .condition
    case .at: .place
    }
  }

  /// Whether samples go over an axis in it.
  var takesAxis: Bool {
    switch form {
    case .plain, .choice: false
    default: true
    }
  }

  /// Whether the argument at a position is a comparison.
  func takesComparison(_ position: Int) -> Bool {
    switch form {
    case .condition, .choice: position == 0
    default: false
    }
  }

  /// Whether it takes `axis: value`.
  var takesPlace: Bool { if case .place = form { true } else { false } }

  /// Whether an axis may enter by its logarithm, given so many samples.
  func scalesAxis(_ samples: Int) -> Bool {
    guard case .over(_, scaled: true) = form else { return false }
    return self == .crossing || samples == 1
  }

  /// How many samples it takes.
  var argumentCount: ClosedRange<Int> {
    switch form {
    case .plain(let count): count...count
    case .severalOrOver: 1...100
    case .over(let count, _): count
    case .condition, .place: 1...1
    case .choice: 3...3
    }
  }

  /// How it is written.
  public var usage: String {
    switch self {
    case .pow: "pow(x, y)"
    case .clamp: "clamp(x, low, high)"
    case .if: "if(x >= c, a, b)"
    case .min, .max: "\(rawValue)(x, y, …) or \(rawValue)(x, over: axis)"
    case .quantile: "quantile(x, p, over: axis)"
    case .area: "area(x, over: axis) or area(x, over: log(axis))"
    case .slope: "slope(y, over: axis), slope(y, over: log(axis)) or slope(y, x, over: axis)"
    case .pearson: "pearson(y, over: axis), pearson(y, over: log(axis)) or pearson(y, x, over: axis)"
    case .spearman, .kendall, .spearmanLow, .spearmanHigh, .kendallLow, .kendallHigh:
      "\(rawValue)(y, over: axis) or \(rawValue)(y, x, over: axis)"
    case .granulated: "granulated(y, x, over: (axis, axis))"
    case .largest, .smallest, .count, .share: "\(rawValue)(x >= c, over: axis)"
    case .crossing: "crossing(x, y, over: axis) or crossing(x, y, over: log(axis))"
    case .at: "at(x, step: n)"
    case .mean, .median, .sd, .sum, .range, .rise, .first, .last, .argmin, .argmax:
      "\(rawValue)(x, over: axis)"
    default: "\(rawValue)(x)"
    }
  }

  /// Which end of an interval it yields.
  private var end: String { self == .spearmanLow || self == .kendallLow ? "lower" : "upper" }

  /// What it yields, in one sentence.
  public var doc: String {
    switch self {
    case .log: "The natural logarithm; undefined below zero."
    case .log2: "The logarithm to base 2; undefined below zero."
    case .log10: "The logarithm to base 10; undefined below zero."
    case .exp: "e to the power x."
    case .sqrt: "The square root; undefined below zero."
    case .abs: "The absolute value."
    case .round: "The nearest whole number, halves away from zero."
    case .floor: "The largest whole number that is not above x."
    case .ceil: "The smallest whole number that is not below x."
    case .pow: "x to the power y; undefined for a negative x unless y is a whole number."
    case .clamp: "The number of [low, high] nearest to x."
    case .if: "a where the comparison holds, else b, seed by seed."
    case .min: "The smallest of the values, seed by seed."
    case .max: "The largest of the values, seed by seed."
    case .mean: "The mean over the values of an axis, seed by seed."
    case .median: "The median over the values of an axis, seed by seed."
    case .sd: "The sample standard deviation over the values of an axis, seed by seed."
    case .sum: "The sum over the values of an axis, seed by seed."
    case .quantile:
      "The quantile p, a number in 0…1, over the values of an axis (linear between order statistics)."
    case .range: "The largest less the smallest value over an axis."
    case .rise:
      "The largest excess of a value over the smallest value before it, in the order of the axis; "
        + "0 when the values only fall."
    case .first: "The value at the first value of the axis."
    case .last: "The value at the last value of the axis; for a history, the last recorded step."
    case .area: "The area under the values over an axis or its logarithm, by trapezia."
    case .argmin: "The value of the axis at which x is smallest; the first of several."
    case .argmax: "The value of the axis at which x is largest; the first of several."
    case .slope:
      "The slope of the least-squares line over an axis, over its logarithm, or on another sample, seed by seed."
    case .pearson: "Pearson's correlation with the values of an axis, their logarithms, or another sample."
    case .spearman: "Spearman's rank correlation with the values of an axis, or with another sample."
    case .kendall: "Kendall's rank correlation (τ-b) with the values of an axis, or with another sample."
    case .spearmanLow, .spearmanHigh:
      "The \(end) end of the 95 % interval of Spearman's correlation, seed by seed, by Fisher's z with the error "
        + "√((1 + ρ²/2)/(n − 3)) for n independent points (Bonett & Wright 2000); undefined for fewer than 4."
    case .kendallLow, .kendallHigh:
      "The \(end) end of the 95 % interval of Kendall's correlation, seed by seed, by Fisher's z with the error "
        + "√(0.437/(n − 4)) for n independent points (Fieller, Hartley & Pearson 1957); undefined for fewer than 5."
    case .granulated:
      "The granulated rank correlation Ψ: Kendall's τ-a along one axis at a time, with the others fixed, averaged over "
        + "their values and then over the axes (Jiang et al. 2020)."
    case .largest:
      "The largest value of the axis at which the comparison holds; undefined where there is none."
    case .smallest:
      "The smallest value of the axis at which the comparison holds; undefined where there is none."
    case .count: "At how many values of the axis the comparison holds."
    case .share: "At which share of the values of the axis the comparison holds."
    case .crossing:
      "Where x first crosses y in the order of the axis, linear between its values or their logarithms; "
        + "undefined where it does not."
    case .at:
      "The value where an axis has the given value, for example at(exp-x.history.test_loss, step: 500)."
    }
  }

  /// A line as an author would write it.
  public var example: String {
    switch self {
    case .log, .log2, .log10, .exp, .sqrt, .abs, .round, .floor, .ceil:
      "\(rawValue)(exp-x[lr=0.1].weight_norm)"
    case .pow: "pow(exp-x[lr=0.1].weight_norm, 2)"
    case .clamp: "clamp(exp-x[lr=0.1].test_loss, 0, 3)"
    case .if: "if(exp-x[lr=0.1].train_error > 0.5, 1, 0)"
    case .min, .max, .mean, .median, .sd, .sum, .range, .rise, .first, .last, .argmin, .argmax:
      "\(rawValue)(exp-x.test_accuracy, over: lr)"
    case .quantile: "quantile(exp-x.test_accuracy, 0.9, over: lr)"
    case .area: "area(exp-x.history[lr=0.1].test_accuracy, over: log(step))"
    case .slope: "slope(log(exp-x.test_error), over: log(lr))"
    case .pearson, .spearman, .kendall, .spearmanLow, .spearmanHigh, .kendallLow, .kendallHigh:
      "\(rawValue)(exp-x.distance, exp-x.gap, over: lr)"
    case .granulated: "granulated(exp-x.distance, exp-x.gap, over: (lr, width))"
    case .largest, .smallest, .count, .share: "\(rawValue)(exp-x.test_accuracy >= 80%, over: lr)"
    case .crossing: "crossing(exp-x.test_accuracy, 0.8, over: log(lr))"
    case .at: "at(exp-x.history[lr=0.1].test_loss, step: 500)"
    }
  }
}
