// Serves render: numbers as readers see them, rounded by their uncertainty.

/// A mean with the half-width of its interval.
public struct UncertainNumber: Hashable, Sendable {
  /// The mean.
  public var value: Double
  /// Half of the interval's width; `nil` when there is no interval, zero when the number is exact.
  public var halfWidth: Double?

  /// Creates a number.
  public init(_ value: Double, halfWidth: Double? = nil) {
    self.value = value
    self.halfWidth = halfWidth
  }

  /// How a number is written.
  public struct Style: Hashable, Sendable {
    /// Whether it is a fraction to be written in percent.
    public var percent: Bool
    /// What follows a number in percent; ` percentage points` suits differences.
    public var percentUnit: String
    /// Significant digits of the larger of mean and half-width; `nil` follows the uncertainty.
    public var digits: Int?
    /// Whether the half-width is left out (it still decides the rounding).
    public var plain: Bool

    /// Creates a style.
    public init(percent: Bool = false, percentUnit: String = "%", digits: Int? = nil, plain: Bool = false) {
      self.percent = percent
      self.percentUnit = percentUnit
      self.digits = digits
      self.plain = plain
    }
  }

  /// The number as text: `0.823 ± 0.004`, `12,300 ± 400`, `82.3 ± 0.4%`, `(1.23 ± 0.04) × 10⁻⁷`.
  ///
  /// The half-width keeps one significant digit, or two when the first is a 1; the mean is rounded at the same place.
  /// Without uncertainty (none, or zero) four significant digits are kept, and all digits of whole numbers. Ties are
  /// rounded away from zero, judged on the shortest decimal that stands for the number. The minus sign is U+2212.
  public func text(_ style: Style = Style()) -> String {
    let unit = style.percent ? style.percentUnit : ""
    guard value.isFinite else {
      return value.isNaN ? "undefined" : (value < 0 ? "\u{2212}" : "") + "∞"
    }
    let shift = style.percent ? 2 : 0
    let number = Decimal(value, shift: shift)
    guard let halfWidth, halfWidth.isFinite, halfWidth != 0 else {
      let places = style.digits.map { number.placesKeeping($0) } ?? number.placesForSignificant(4)
      return number.written(places: places, maximum: style.digits == nil) + unit
    }
    let uncertainty = Decimal(abs(halfWidth), shift: shift)
    let magnitude = max(number.leadingExponent, uncertainty.leadingExponent)
    let places = style.digits.map { $0 - 1 - magnitude } ?? uncertainty.placesOfUncertainty
    // A number near one keeps its places, however many: a power of ten would make it no shorter.
    if (places > 6 && !(-2...0).contains(magnitude)) || magnitude >= 9 {
      let (a, b) = (number.shifted(-magnitude), uncertainty.shifted(-magnitude))
      let mantissa = a.fixed(places: places + magnitude)
      let power = " × 10\(superscript(magnitude))"
      return
        (style.plain ? mantissa : "(\(mantissa) ± \(b.fixed(places: places + magnitude)))") + power + unit
    }
    let mantissa = number.fixed(places: places)
    return (style.plain ? mantissa : "\(mantissa) ± \(uncertainty.fixed(places: places))") + unit
  }
}

/// The shortest decimal that reads back as a double, to be rounded as readers round.
struct Decimal {
  private var negative: Bool
  /// Significant digits, without leading zeros; empty for zero.
  private var digits: [UInt8]
  /// The number is 0.d₁d₂… × 10^point.
  private var point: Int

  /// Takes a finite number times 10^`shift`.
  init(_ value: Double, shift: Int = 0) {
    negative = value < 0
    digits = []
    point = shift
    var exponentText = ""
    var fraction = false
    var inExponent = false
    // Swift writes the shortest digits that identify the number, in every locale alike.
    for character in "\(abs(value))".utf8 {
      switch character {
      case UInt8(ascii: "."): fraction = true
      case UInt8(ascii: "e"): inExponent = true
      case _ where inExponent: exponentText.unicodeScalars.append(Unicode.Scalar(character))
      default:
        let digit = character - UInt8(ascii: "0")
        if digits.isEmpty && digit == 0 {
          if fraction { point -= 1 }
        } else {
          digits.append(digit)
          if !fraction { point += 1 }
        }
      }
    }
    point += Int(exponentText) ?? 0
    while digits.last == 0 { digits.removeLast() }
    if digits.isEmpty { point = 0 }
  }

  /// The power of ten of the first significant digit; 0 for zero.
  var leadingExponent: Int { digits.isEmpty ? 0 : point - 1 }

  /// The number times 10^`power`.
  func shifted(_ power: Int) -> Decimal {
    var result = self
    if !digits.isEmpty { result.point += power }
    return result
  }

  /// Decimal places (negative: before the point) that keep `count` significant digits.
  func placesKeeping(_ count: Int) -> Int { count - 1 - leadingExponent }

  /// Decimal places that keep `count` significant digits, and those of the whole part; 0 for whole numbers of up to
  /// fifteen digits.
  func placesForSignificant(_ count: Int) -> Int {
    if digits.count <= point, point <= 15 { return 0 }
    return max(0, count - point)
  }

  /// Decimal places that keep one significant digit, or two when the first is a 1 after rounding.
  var placesOfUncertainty: Int {
    // 0.096 becomes 0.10, which has its two digits already.
    (digits.first == 1 ? 2 : 1) - point
  }

  /// Fixed notation, or scientific where fixed would need many zeros; with `maximum`, without trailing zeros.
  func written(places: Int, maximum: Bool) -> String {
    if maximum, !digits.isEmpty, point < -4 || point > 15 {
      let mantissa = shifted(1 - point).fixed(places: 3)
      return "\(trimmed(mantissa)) × 10\(superscript(point - 1))"
    }
    let text = fixed(places: places)
    return maximum ? trimmed(text) : text
  }

  private func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// Rounded to `places` decimal places (negative: before the point), with thousands separated by commas.
  func fixed(places: Int) -> String {
    let rounded = self.rounded(places: places)
    var text = ""
    let whole = max(0, rounded.point)
    for position in 0..<whole {
      if position > 0, (whole - position) % 3 == 0 { text += "," }
      text += String(position < rounded.digits.count ? rounded.digits[position] : 0)
    }
    if whole == 0 { text = "0" }
    if places > 0 {
      text += "."
      for place in 0..<places {
        let position = place + rounded.point
        text += String(position >= 0 && position < rounded.digits.count ? rounded.digits[position] : 0)
      }
    }
    return (negative && !rounded.digits.isEmpty ? "\u{2212}" : "") + text
  }

  private func rounded(places: Int) -> Decimal {
    var result = self
    let kept = point + places
    if kept >= digits.count { return result }
    if kept < 0 || (kept == 0 && digits[0] < 5) {
      result.digits = []
      result.point = 0
      return result
    }
    let up = digits[kept] >= 5
    result.digits = Array(digits[..<kept])
    if up {
      var position = kept - 1
      while position >= 0, result.digits[position] == 9 {
        result.digits[position] = 0
        position -= 1
      }
      if position >= 0 {
        result.digits[position] += 1
      } else {
        result.digits.insert(1, at: 0)
        result.point += 1
      }
    }
    while result.digits.last == 0 { result.digits.removeLast() }
    if result.digits.isEmpty { result.point = 0 }
    return result
  }
}

private func superscript(_ number: Int) -> String {
  let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
  let text = String(abs(number)).utf8.map { String(digits[Int($0 - UInt8(ascii: "0"))]) }.joined()
  return (number < 0 ? "⁻" : "") + text
}
