// Serves draw: where the cells of a heat map end on a continuous axis.

/// The ends of cells round some places of an axis: halfway to the neighbours, as the axis measures distance.
struct CellEdges: Sendable {
  /// The places in ascending order, each once.
  private let places: [Double]
  private let isLogarithmic: Bool
  private let index: [Double: Int]

  init(_ values: [Double], _ channel: Figure.Channel?) {
    isLogarithmic = channel?.scale.kind == .log
    var places: [Double] = []
    for value in values.sorted() where places.last != value { places.append(value) }
    self.places = places
    index = Dictionary(places.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// The cell round a place; `nil` for a place that is not one of the axis.
  func span(around place: Double) -> Span? {
    guard let index = index[place] else { return nil }
    let before = index > 0 ? middle(places[index - 1], place) : nil
    let after = index + 1 < places.count ? middle(place, places[index + 1]) : nil
    switch (before, after) {
    case (let start?, let end?): return Span(start: start, end: end)
    case (let start?, nil): return Span(start: start, end: mirrored(start, at: place))
    case (nil, let end?): return Span(start: mirrored(end, at: place), end: end)
    case (nil, nil):
      // A single place has no neighbour that could say how wide it is.
      if isLogarithmic { return Span(start: place / 2, end: place * 2) }
      let half = place == 0 ? 0.5 : abs(place) * 0.5
      return Span(start: place - half, end: place + half)
    }
  }

  private func middle(_ a: Double, _ b: Double) -> Double {
    isLogarithmic ? a.squareRoot() * b.squareRoot() : a / 2 + b / 2
  }

  private func mirrored(_ edge: Double, at place: Double) -> Double {
    isLogarithmic ? place / edge * place : 2 * place - edge
  }
}
