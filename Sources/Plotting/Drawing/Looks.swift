// Serves draw: which colour, dash and marker each series has.

/// The look of every series of a figure.
struct Looks: Sendable {
  let theme: Theme
  /// By colour name.
  let colors: [Color]
  let hasPatterns: Bool
  /// Colour of series without a name.
  let single: Color
  /// Whether dashes tell series apart beside their colours.
  var dashesFollowColor: Bool
  /// Which dash and marker each colour name has.
  private let shapes: [Int]

  init(_ data: FigureData, _ theme: Theme) {
    self.theme = theme
    let names = data.colors.names
    let labels = data.colors.labels
    let count = names.count - labels.count
    let isRamp = (data.colors.isOrdered && count >= 3) || data.colors.scheme != nil
    let ramp = data.colors.scheme.map { ColorRamp.of($0, theme, field: false) }
    let palette =
      ramp.map { ramp in
        (0..<count).map { ramp.color(at: count == 1 ? 0.5 : Double($0) / Double(count - 1)) }
      }
      ?? (isRamp
        ? theme.ordered(count) : (0..<max(1, count)).map { theme.categorical[$0 % theme.categorical.count] })
    var (colors, shapes): ([Color], [Int]) = ([], [])
    var index = 0
    for name in names {
      if let place = labels.firstIndex(of: name) {
        colors.append(theme.rule)
        shapes.append(place)
      } else {
        colors.append(palette[index])
        shapes.append(index)
        index += 1
      }
    }
    (self.colors, self.shapes) = (colors, shapes)
    hasPatterns = !data.patterns.names.isEmpty
    single = theme.categorical[0]
    // A ramp differs in lightness already.
    dashesFollowColor = !isRamp
  }

  func color(_ series: Series) -> Color { series.color.map { colors[$0] } ?? single }

  /// Which dash and marker a series has: by its pattern when the figure has patterns, else by its colour.
  func shapeIndex(color: Int?, pattern: Int?) -> Int {
    (hasPatterns ? pattern : color.map { shapes[$0] }) ?? 0
  }

  func marker(_ series: Series) -> Marker { marker(shapeIndex(color: series.color, pattern: series.pattern)) }

  func marker(_ index: Int) -> Marker {
    // After a whole turn of the palette the shapes shift, so that no two of many series look the same.
    Marker.allCases[(index + index / 8) % Marker.allCases.count]
  }

  func dash(_ series: Series, _ mark: Figure.Mark) -> [Double] {
    dash(shapeIndex(color: series.color, pattern: series.pattern), mark)
  }

  func dash(_ index: Int, _ mark: Figure.Mark) -> [Double] {
    let wanted = mark.dashes ?? (hasPatterns || (dashesFollowColor && !mark.point))
    return wanted ? dashPatterns[(index + index / 8) % dashPatterns.count] : []
  }
}
