// Serves render: `{val} expression | options` in prose, captions and tables.

import Diagnostics
import Statistics
import Tables

/// An expression with the way in which its value is written.
///
///     value   = expression { "|" options }
///     options = option { [","] option }
///     option  = "%" | "sd" | "plain" | "bca" | "digits=" number
public struct FormattedExpression: Sendable {
  /// The expression.
  public let expression: SampleExpression
  /// Whether the sample's standard deviation is written instead of its mean.
  public private(set) var showsDeviation = false
  /// Whether the interval is the bootstrap's, written with both its ends.
  public private(set) var usesBootstrap = false
  /// How numbers are written.
  public private(set) var style = UncertainNumber.Style()

  /// Parses an expression with options; throws a `DiagnosticError` that points into the text.
  ///
  /// - Parameters:
  ///   - text: the expression, and options after `|`.
  ///   - position: where its first byte stands in the paper.
  public init(parsing text: String, at position: SourcePosition) throws {
    let bytes = Array(text.utf8)
    let end = FormattedExpression.optionsStart(bytes)
    let source = Source(text: text, position: position)
    expression = try SampleExpression(parsing: String(decoding: bytes[..<end], as: UTF8.self), at: position)
    var start = end
    while start < bytes.count {
      if [0x20, 0x09, 0x0A, UInt8(ascii: "|"), UInt8(ascii: ",")].contains(bytes[start]) {
        start += 1
        continue
      }
      var stop = start
      while stop < bytes.count,
        ![0x20, 0x09, 0x0A, UInt8(ascii: "|"), UInt8(ascii: ",")].contains(bytes[stop])
      {
        stop += 1
      }
      try apply(String(decoding: bytes[start..<stop], as: UTF8.self), start..<stop, source)
      start = stop
    }
  }

  /// The first `|` outside quotation marks, or the end.
  private static func optionsStart(_ bytes: [UInt8]) -> Int {
    var quote: UInt8?
    for (index, byte) in bytes.enumerated() {
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: "|") {
        return index
      }
    }
    return bytes.count
  }

  private mutating func apply(_ option: String, _ span: Span, _ source: Source) throws {
    switch option {
    case "%": style.percent = true
    case "sd": showsDeviation = true
    case "plain": style.plain = true
    case "bca": usesBootstrap = true
    case _ where option.hasPrefix("digits="):
      guard let digits = Int(option.dropFirst("digits=".count)), (1...15).contains(digits) else {
        throw source.error("value-option", span, "'digits' is a whole number in 1…15")
      }
      style.digits = digits
    default:
      throw source.error(
        "unknown-option", span, "there is no option '\(option)'", hint: "valid: %, sd, plain, bca, digits=n")
    }
  }

  /// The sample as text: its mean ± the half-width of its 95 % t-interval, rounded by it; or its standard deviation; or
  /// its mean with the ends of its bias-corrected and accelerated bootstrap interval.
  public func text(of sample: Sample) -> String {
    let numbers = sample.numbers
    if usesBootstrap, let interval = bootstrapInterval(numbers, seed: 1, purpose: expression.text) {
      var plain = style
      plain.plain = true
      let texts = [interval.estimate, interval.lower, interval.upper].map {
        UncertainNumber($0, halfWidth: max(interval.halfWidth, 0)).text(plain)
      }
      return "\(texts[0]) [\(texts[1]), \(texts[2])]"
    }
    if showsDeviation { return UncertainNumber(standardDeviation(numbers)).text(style) }
    let halfWidth = tInterval(numbers, firstStage: sample.firstStage)?.halfWidth
    return UncertainNumber(mean(numbers), halfWidth: halfWidth).text(style)
  }
}
