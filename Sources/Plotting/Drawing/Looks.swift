// Serves draw: which colour, dash and marker each series has.

/// The look of every series of a figure.
struct Looks: Sendable {
  let theme: Theme
  let colors: [Color]
  let hasPatterns: Bool
  /// Colour of series without a name.
  let single: Color
  /// Whether dashes tell series apart beside their colours.
  var dashesFollowColor: Bool

  init(_ data: FigureData, _ theme: Theme) {
    self.theme = theme
    let count = data.colors.names.count
    let isRamp = data.colors.isOrdered && count >= 3
    colors = isRamp ? theme.ordered(count) : (0..<count).map { theme.categorical[$0 % theme.categorical.count] }
    hasPatterns = !data.patterns.names.isEmpty
    single = theme.categorical[0]
    // A ramp differs in lightness already.
    dashesFollowColor = !isRamp
  }

  func color(_ series: Series) -> Color { series.color.map { colors[$0] } ?? single }

  private func shapeIndex(_ series: Series) -> Int { (hasPatterns ? series.pattern : series.color) ?? 0 }

  func marker(_ series: Series) -> Marker { marker(shapeIndex(series)) }

  func marker(_ index: Int) -> Marker {
    // After a whole turn of the palette, shapes go on, so that no two of many series are the same.
    Marker.allCases[(index + index / 8) % Marker.allCases.count]
  }

  func dash(_ series: Series, _ mark: Figure.Mark) -> [Double] { dash(shapeIndex(series), mark) }

  func dash(_ index: Int, _ mark: Figure.Mark) -> [Double] {
    let wanted = mark.dashes ?? (hasPatterns || (dashesFollowColor && !mark.point))
    return wanted ? dashPatterns[(index + index / 8) % dashPatterns.count] : []
  }
}
