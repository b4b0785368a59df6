// Serves draw: numbers as readers expect them, with a true minus, grouped thousands and powers of ten.

/// How an axis writes its numbers.
enum NumberStyle: String, Hashable, Sendable {
  /// As they are.
  case number
  /// A fraction as a percentage.
  case percent = "%"
}

/// A number with a fixed count of decimals; `1,234.50` with a true minus sign.
func formatFixed(_ value: Double, decimals: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "\u{2212}∞" : "∞" }
  let decimals = min(max(decimals, 0), 15)
  let scaled = (abs(value) * powerOfTen(decimals)).rounded()
  guard scaled < 1e18 else { return formatScientific(value, digits: 3) }
  let units = UInt64(scaled)
  let divisor = UInt64(powerOfTen(decimals))
  let whole = String(units / divisor)
  var text = ""
  for (index, digit) in whole.enumerated() {
    if index > 0, (whole.count - index) % 3 == 0 { text += "," }
    text.append(digit)
  }
  if decimals > 0 {
    let fraction = String(units % divisor)
    text += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
  return value < 0 && units > 0 ? "\u{2212}" + text : text
}

/// A number as m × 10ⁿ in the notation of `MathText`.
func formatScientific(_ value: Double, digits: Int) -> String {
  guard value.isFinite, value != 0 else { return formatFixed(value, decimals: 0) }
  var exponent = decimalExponent(value)
  var mantissa = abs(value) / powerOfTen(exponent)
  if exponent < -300 { mantissa = abs(value) * 1e300 / powerOfTen(exponent + 300) }
  let unit = powerOfTen(digits - 1)
  mantissa = (mantissa * unit).rounded() / unit
  if mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  let sign = value < 0 ? "\u{2212}" : ""
  let power = "10$^{\(exponent)}$"
  return mantissa == 1
    ? sign + power : sign + trimmed(formatFixed(mantissa, decimals: digits - 1)) + "×" + power
}

/// A number with `digits` significant digits, without trailing zeros; very large and small ones as powers of ten.
func formatSignificant(_ value: Double, digits: Int = 3) -> String {
  guard value.isFinite, value != 0 else { return formatFixed(value, decimals: 0) }
  let exponent = decimalExponent(value)
  if exponent < -4 || exponent > 6 { return formatScientific(value, digits: digits) }
  return trimmed(formatFixed(value, decimals: max(0, digits - 1 - exponent)))
}

/// A value in the style of its axis, for text and tables of a figure.
func formatValue(_ value: Double, _ style: NumberStyle) -> String {
  switch style {
  case .number: formatSignificant(value)
  case .percent: trimmed(formatFixed(value * 100, decimals: 1)) + "%"
  }
}

/// A categorical value as readers see it.
func formatCategory(_ label: String) -> String {
  guard let number = Double(label), number.isFinite, label.first?.isLetter == false else { return label }
  return formatSignificant(number, digits: 6)
}

private func trimmed(_ text: String) -> String {
  guard text.contains(".") else { return text }
  var text = text
  while text.last == "0" { text.removeLast() }
  if text.last == "." { text.removeLast() }
  return text
}
