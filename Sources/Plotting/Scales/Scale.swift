// Serves draw: from data to a place along an axis.

/// How numbers are laid along an axis.
enum ScaleKind: Hashable, Sendable {
  case linear
  case log
  /// Linear up to about the constant on both sides of zero, logarithmic beyond.
  case symlog(constant: Double)
  case sqrt
  /// One place for each category.
  case ordinal

  /// Equal distances on the axis are equal differences of this; NaN where the scale has no place.
  func transform(_ value: Double) -> Double {
    switch self {
    case .linear, .ordinal: return value
    case .log: return value > 0 ? decimalLogarithm(value) : .nan
    case .symlog(let constant):
      let size = decimalLogarithm(1 + abs(value) / constant)
      return value < 0 ? -size : size
    case .sqrt: return value < 0 ? -(-value).squareRoot() : value.squareRoot()
    }
  }

  /// The value at a place of the axis, to about 1e-12.
  func inverse(_ place: Double) -> Double {
    switch self {
    case .linear, .ordinal: return place
    case .log: return tenToThe(place)
    case .symlog(let constant):
      let size = constant * (tenToThe(abs(place)) - 1)
      return place < 0 ? -size : size
    case .sqrt: return place < 0 ? -place * place : place * place
    }
  }
}

/// An axis: categories, or an interval of numbers.
struct Scale: Hashable, Sendable {
  var kind: ScaleKind
  /// The ends of the interval after `transform`.
  var low: Double
  var high: Double
  var reversed: Bool
  /// Whether the axis shows whole numbers, which a tick between two of them would belie.
  var isWhole = false
  /// In order along the axis, for an ordinal scale.
  var categories: [String]
  private var places: [String: Int]

  /// An axis for numbers; `low` and `high` are already transformed.
  init(_ kind: ScaleKind, low: Double, high: Double, reversed: Bool) {
    self.kind = kind
    self.low = low
    self.high = high
    self.reversed = reversed
    categories = []
    places = [:]
  }

  /// An axis for categories.
  init(categories: [String], reversed: Bool) {
    kind = .ordinal
    low = 0
    high = 1
    self.reversed = reversed
    self.categories = categories
    places = Dictionary(categories.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  var isOrdinal: Bool { kind == .ordinal }

  /// The width of a category's band as a fraction of the axis.
  var step: Double { 1 / Double(max(1, categories.count)) }

  /// Where a number lies, 0…1 inside the axis; NaN where the scale has no place for it.
  func position(_ value: Double) -> Double {
    let place = (kind.transform(value) - low) / (high - low)
    return reversed ? 1 - place : place
  }

  /// Where the middle of a category lies.
  func position(_ category: String) -> Double {
    guard let index = places[category] else { return .nan }
    let place = (Double(index) + 0.5) * step
    return reversed ? 1 - place : place
  }

  /// Where a number or a category lies.
  func position(_ coordinate: Coordinate) -> Double {
    switch coordinate {
    case .number(let value): position(value)
    case .category(let name): position(name)
    }
  }

  /// The ticks of the axis when there is room for `count` labels.
  func ticks(count: Int, _ style: NumberStyle) -> [Tick] {
    switch kind {
    case .ordinal: return []
    case .linear: return labelled(tickValues(low, high, count: count), style)
    case .log: return logTicks(low, high, count: count, style)
    case .sqrt:
      return squareTickValues(count: count).map { value in
        Tick(value: value, label: style == .percent ? formatValue(value, style) : formatSignificant(value))
      }
    case .symlog(let constant):
      let first = decimalExponent(constant) + (powerOfTen(decimalExponent(constant)) < constant ? 1 : 0)
      // Below the constant the axis is nearly linear: a power there would crowd the zero.
      let room = 0.45 * (high - low) / Double(count)
      let powers = (first...(first + 40)).map(powerOfTen).filter {
        (isInside($0) || isInside(-$0)) && kind.transform($0) >= room
      }
      let step = max(1, (powers.count * (low < 0 ? 2 : 1) + count - 1) / max(1, count))
      let kept = powers.enumerated().filter { (powers.count - 1 - $0.offset) % step == 0 }.map(\.element)
      let values = (kept.map { -$0 }.reversed() + [0] + kept).filter(isInside)
      let labels = values.map { value in
        Tick(
          value: value,
          label: style == .percent ? formatValue(value, style) : formatSignificant(value, digits: 2))
      }
      let minor = (powers.map { -$0 } + powers).filter { isInside($0) && !values.contains($0) }
      return labels + minor.map { Tick(value: $0, label: "") }
    }
  }

  private func tickValues(_ low: Double, _ high: Double, count: Int) -> [Double] {
    linearTickValues(low, high, count: Double(max(2, count)), inside: true, whole: isWhole)
  }

  /// Round values for an axis of square roots: equally spaced ones would crowd at its end, so there are half as many,
  /// and quarters of the first, each halfway to zero, fill the beginning.
  private func squareTickValues(count: Int) -> [Double] {
    let ends = [low, high].map { kind.inverse($0) }
    var values = tickValues(ends[0], ends[1], count: (count + 1) / 2 + 1)
    let gap = (high - low) / Double(count)
    while let first = values.first(where: { $0 > 0 }), values.count < count, isInside(first / 4),
      kind.transform(first / 4) > gap, !isWhole || (first / 4) == (first / 4).rounded()
    {
      values.append(first / 4)
      values.sort()
    }
    return values
  }

  /// The values at the ends, to about 1e-12: for choosing colours and for text.
  var valueAtLow: Double { kind.inverse(low) }
  var valueAtHigh: Double { kind.inverse(high) }

  private func isInside(_ value: Double) -> Bool {
    let place = kind.transform(value)
    let slack = (high - low) * 1e-9
    return place >= low - slack && place <= high + slack
  }
}

/// What is asked of a scale by the author.
struct ScaleRequest: Hashable, Sendable {
  var kind: ScaleKind?
  /// The interval, for numbers.
  var domain: [Double]?
  /// The categories in order.
  var categories: [String]?
  /// Whether zero must be on the axis; nil leaves it to the mark.
  var zero: Bool?
  var reversed = false
  /// The colours of a continuous colour scale.
  var scheme: ColorScheme?
  /// The value in the middle of a diverging scale.
  var middle: Double?
}

extension Scale {
  /// The axis for `values`, with a little air and ends on ticks where these are near.
  ///
  /// A `tight` axis ends where the values end: cells fill their plot.
  static func fitted(
    to values: some Sequence<Double>, kind: ScaleKind, request: ScaleRequest, zero: Bool, tight: Bool = false
  ) -> Scale {
    var (low, high) = (Double.infinity, -Double.infinity)
    var (smallest, largest) = (Double.infinity, -Double.infinity)
    var areWhole = true
    for value in values {
      let place = kind.transform(value)
      guard place.isFinite else { continue }
      low = min(low, place)
      high = max(high, place)
      smallest = min(smallest, value)
      largest = max(largest, value)
      areWhole = areWhole && value == value.rounded()
    }
    // One or two whole numbers may be the ends of a quantity that has values between them, as a share has.
    areWhole = areWhole && largest - smallest >= 2
    if let domain = request.domain, domain.count == 2 {
      let ends = domain.map(kind.transform)
      if ends.allSatisfy(\.isFinite), ends[0] != ends[1] {
        return Scale(
          kind, low: min(ends[0], ends[1]), high: max(ends[0], ends[1]),
          reversed: request.reversed != (ends[0] > ends[1]))
      }
    }
    guard low <= high else {
      return Scale(kind, low: 0, high: 1, reversed: request.reversed)
    }
    if request.zero ?? zero, kind != .log {
      low = min(low, 0)
      high = max(high, 0)
    }
    if high - low <= abs(high) * 1e-12 {
      // All values are equal: show them in the middle of a plausible range.
      let room = kind == .log ? 0.5 : high == 0 ? 1 : abs(high) * 0.5
      return Scale(kind, low: low - room, high: high + room, reversed: request.reversed)
    }
    func scale(_ low: Double, _ high: Double) -> Scale {
      var scale = Scale(kind, low: low, high: high, reversed: request.reversed)
      scale.isWhole = areWhole
      return scale
    }
    if tight { return scale(low, high) }
    let air = (high - low) * 0.035
    let touchesZero = (request.zero ?? zero) && kind != .log
    var (start, end) = (low - air, high + air)
    if kind != .log {
      // Quantities that are never negative keep an axis that is never negative; the same for fractions up to 1.
      if smallest >= 0, start < 0 || (touchesZero && low == 0) { start = 0 }
      if largest <= 0, end > 0 || (touchesZero && high == 0) { end = 0 }
    }
    if kind == .linear {
      let ticks = linearTickValues(low, high, count: 5)
      if let first = ticks.first, first < start, start - first < (high - low) * 0.12 { start = first }
      if let last = ticks.last, last > end, last - end < (high - low) * 0.12 { end = last }
      if largest <= 1, smallest >= 0, high > 0.9, end > 1 { end = min(end, 1 + air) }
    }
    return scale(start, end)
  }
}
