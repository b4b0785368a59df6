// Serves parse, check, tabulate and the reference page: each function of the language is declared once.

/// A function of the expression language.
public enum Function: String, CaseIterable, Sendable {
  /// Natural logarithm.
  case log
  /// Logarithm to base 2.
  case log2
  /// Logarithm to base 10.
  case log10
  /// e to a power.
  case exp
  /// Square root.
  case sqrt
  /// Absolute value.
  case abs
  /// Smallest of several samples, or over an axis.
  case min
  /// Largest of several samples, or over an axis.
  case max
  /// Mean over an axis.
  case mean
  /// Median over an axis.
  case median
  /// Sample standard deviation over an axis.
  case sd
  /// Least-squares slope over an axis.
  case slope
  /// Spearman's rank correlation with an axis.
  case spearman
  /// Kendall's rank correlation with an axis.
  case kendall
  /// Largest axis value at which a condition holds.
  case largest
  /// Smallest axis value at which a condition holds.
  case smallest
  /// Largest excess over the smallest value so far.
  case rise
  /// Value at the first axis value.
  case first
  /// Value at the last axis value.
  case last
  /// Value at a given axis value.
  case at

  /// How a function is called.
  enum Form {
    /// One sample.
    case unary
    /// Two or more samples, or one over an axis.
    case severalOrOver
    /// One sample over an axis.
    case over
    /// One sample over an axis, or over its logarithm.
    case overScaled
    /// A comparison over an axis.
    case condition
    /// One sample and `axis: value`.
    case place
  }

  var form: Form {
    switch self {
    case .log, .log2, .log10, .exp, .sqrt, .abs: .unary
    case .min, .max: .severalOrOver
    case .mean, .median, .sd, .rise, .first, .last, .spearman, .kendall: .over
    case .slope: .overScaled
    case .largest, .smallest: .condition
    case .at: .place
    }
  }

  /// How it is written.
  public var usage: String {
    switch form {
    case .unary: "\(rawValue)(x)"
    case .severalOrOver: "\(rawValue)(x, y, …) or \(rawValue)(x, over: axis)"
    case .over: "\(rawValue)(x, over: axis)"
    case .overScaled: "\(rawValue)(x, over: axis) or \(rawValue)(x, over: log(axis))"
    case .condition: "\(rawValue)(x >= c, over: axis)"
    case .place: "\(rawValue)(x, step: n)"
    }
  }

  /// What it yields, in one sentence.
  public var doc: String {
    switch self {
    case .log: "The natural logarithm; undefined below zero."
    case .log2: "The logarithm to base 2; undefined below zero."
    case .log10: "The logarithm to base 10; undefined below zero."
    case .exp: "e to the power x."
    case .sqrt: "The square root; undefined below zero."
    case .abs: "The absolute value."
    case .min: "The smallest of the values, seed by seed."
    case .max: "The largest of the values, seed by seed."
    case .mean: "The mean over the values of an axis, seed by seed."
    case .median: "The median over the values of an axis, seed by seed."
    case .sd: "The sample standard deviation over the values of an axis, seed by seed."
    case .slope: "The slope of the least-squares line over an axis or its logarithm, seed by seed."
    case .spearman: "Spearman's rank correlation with the values of an axis, seed by seed."
    case .kendall: "Kendall's rank correlation (τ-b) with the values of an axis, seed by seed."
    case .largest:
      "The largest value of the axis at which the comparison holds; undefined where there is none."
    case .smallest:
      "The smallest value of the axis at which the comparison holds; undefined where there is none."
    case .rise:
      "The largest excess of a value over the smallest value before it, in the order of the axis; "
        + "0 when the values only fall."
    case .first: "The value at the first value of the axis."
    case .last: "The value at the last value of the axis; for a history, the last recorded step."
    case .at:
      "The value where an axis has the given value, for example at(exp-x.history.test_loss, step: 500)."
    }
  }
}
