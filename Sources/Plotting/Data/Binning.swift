// Serves draw: numbers gathered into intervals of equal width.

/// Intervals of equal width along an axis, as the axis measures width.
struct Binning: Hashable, Sendable {
  private var kind: ScaleKind
  /// Where bin 0 begins, and how wide a bin is, after the axis's transformation.
  private var start: Double
  private var step: Double

  /// Bins with ends at round numbers; at most `request.most`, or of the width asked for.
  init?(_ values: [Double], _ request: BinRequest, kind: ScaleKind) {
    let places = values.map(kind.transform).filter(\.isFinite)
    guard let low = places.min(), let high = places.max() else { return nil }
    self.kind = kind
    if let step = request.step {
      self.step = step
    } else {
      let span = high - low
      var unit = span > 0 ? span / Double(request.most) : 1
      let power = powerOfTen(decimalExponent(unit))
      // The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that needs no more bins than allowed.
      unit =
        [1.0, 2, 2.5, 5, 10, 20].map { $0 * power }.first { step in
          let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.down))
          return last - first + 1 <= Double(request.most)
        } ?? unit
      step = unit
    }
    start = (low / step).rounded(.down) * step
    guard step > 0, step.isFinite, start.isFinite, (high - start) / step < 1e6 else { return nil }
  }

  /// The bin of a value; the upper end belongs to the next bin.
  func span(of value: Double) -> Span? {
    let place = kind.transform(value)
    guard place.isFinite else { return nil }
    // A value that lies on an end but for rounding belongs to the bin that begins there.
    let index = ((place - start) / step + 1e-9).rounded(.down)
    return Span(start: kind.inverse(start + index * step), end: kind.inverse(start + (index + 1) * step))
  }
}

/// What is asked of bins.
struct BinRequest: Hashable, Sendable {
  var most = 20
  var step: Double?
}
