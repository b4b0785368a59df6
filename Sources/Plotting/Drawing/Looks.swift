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
  /// Whether dashes let a line be seen through another that lies on it.
  var dashesSeparateLines = false
  /// Which dash and marker each colour name has.
  private let shapes: [Int]

  init(_ data: FigureData, _ theme: Theme) {
    self.theme = theme
    var (colors, shapes): ([Color], [Int]) = ([], [])
    for names in data.colors.groups {
      let looks = Looks.looks(of: names, theme)
      colors += looks.map(\.color)
      shapes += looks.map(\.shape)
    }
    (self.colors, self.shapes) = (colors, shapes)
    hasPatterns = !data.patterns.names.isEmpty
    single = theme.categorical[0]
    // A ramp differs in lightness already.
    dashesFollowColor = !data.colors.groups.contains(where: Looks.isRamp)
  }

  /// The colour and the shape of each of the names that belong together.
  private static func looks(of names: Names, _ theme: Theme) -> [(color: Color, shape: Int)] {
    let count = names.names.count - names.labels.count
    let palette =
      names.scheme.map { scheme in
        let ramp = ColorRamp.of(scheme, theme, field: false)
        return (0..<count).map { ramp.color(at: count == 1 ? 0.5 : Double($0) / Double(count - 1)) }
      }
      ?? (isRamp(names)
        ? theme.ordered(count) : (0..<max(1, count)).map { theme.categorical[$0 % theme.categorical.count] })
    var index = -1
    return names.names.map { name in
      if let place = names.labels.firstIndex(of: name) { return (theme.rule, place) }
      index += 1
      return (palette[index], index)
    }
  }

  /// Whether colours run from little to much.
  private static func isRamp(_ names: Names) -> Bool {
    (names.isOrdered && names.names.count - names.labels.count >= 3) || names.scheme != nil
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
    let wanted = mark.dashes ?? (hasPatterns || dashesSeparateLines || (dashesFollowColor && !mark.point))
    return wanted ? dashPatterns[(index + index / 8) % dashPatterns.count] : []
  }
}
