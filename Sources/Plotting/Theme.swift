// Serves draw: colours, sizes and distances of every figure.

/// The page that a figure is drawn for.
public enum Theme: String, Sendable, CaseIterable {
  /// Dark ink on a white page.
  case light
  /// Light ink on a near-black page.
  case dark
}

extension Theme {
  var background: Color { self == .light ? Color(0xFFFFFF) : Color(0x14161A) }
  /// Titles and labels of series.
  var ink: Color { self == .light ? Color(0x1D2127) : Color(0xE9EBEE) }
  /// Numbers on axes, notes.
  var mutedInk: Color { self == .light ? Color(0x545B66) : Color(0xA9B0BA) }
  /// The line under a plot, ticks.
  var axis: Color { self == .light ? Color(0x8A919C) : Color(0x7A818C) }
  var grid: Color { self == .light ? Color(0xE7E9ED) : Color(0x2A2E35) }
  /// Guides and rules that an author adds.
  var rule: Color { self == .light ? Color(0x3F4651) : Color(0xC2C8D0) }

  /// Colours of unordered series, in order of use. Any two of the same theme differ by at least 11 in CIEDE2000 to a
  /// reader with deuteranopia or protanopia, and each has a contrast of 3 with the page (a test computes both).
  var categorical: [Color] {
    switch self {
    case .light:
      [0x0F62BF, 0xB84A08, 0x22A592, 0x571630, 0xDD7A17, 0x252571, 0xF2357A, 0x6190C8].map { Color($0) }
    case .dark:
      [0x4B96F0, 0xF0762A, 0xA8EBCB, 0xF8EC4F, 0x9495A6, 0xD3E6FF, 0xB4605F, 0x5A7AA0].map { Color($0) }
    }
  }

  /// Colours of ordered series and of heat maps: from little to much.
  var sequential: [Color] {
    switch self {
    case .light: [0xF2B04E, 0xE3703F, 0xBE3C62, 0x7A2A80, 0x2E2466].map { Color($0) }
    case .dark: [0x5B4FB5, 0xA24CB3, 0xE0607F, 0xF59A56, 0xF8DC8A].map { Color($0) }
    }
  }

  /// `count` ordered colours, each readable on the page.
  func ordered(_ count: Int) -> [Color] {
    let start = self == .light ? 0.25 : 0.1
    return (0..<count).map { index in
      sequentialColor(start + (1 - start) * (count == 1 ? 0.5 : Double(index) / Double(count - 1)))
    }
  }

  /// The colour of a fraction of the sequential scale.
  func sequentialColor(_ fraction: Double) -> Color {
    let colors = sequential
    let place = min(max(fraction, 0), 1) * Double(colors.count - 1)
    let index = min(Int(place), colors.count - 2)
    return colors[index].mixed(with: colors[index + 1], place - Double(index))
  }
}

/// Sizes in CSS pixels.
enum Metrics {
  static let columnWidth = 680.0
  static let phoneWidth = 358.0
  /// Figures narrower than this have one plot beside another only where rows and columns of facets demand it.
  static let narrowest = 400.0
  static let fullWidth = 960.0
  /// Device pixels per CSS pixel.
  static let density = 2.0
  static let margin = 6.0
  static let titleSize = 15.0
  static let labelSize = 13.0
  static let tickSize = 12.0
  static let noteSize = 11.5
  static let lineWidth = 2.0
  static let markerRadius = 3.6
  static let tickLength = 4.0
  static let panelGap = 22.0
}

/// The shapes of points, the second channel beside colour.
enum Marker: Int, CaseIterable, Sendable {
  case circle, square, triangle, diamond, triangleDown, pentagon, plus, cross

  /// The outline round `center`; all shapes have nearly the area of a circle of `radius`.
  func outline(center: Point, radius: Double) -> [Point] {
    func shape(_ points: [(Double, Double)], _ scale: Double) -> [Point] {
      points.map { Point(center.x + $0.0 * radius * scale, center.y + $0.1 * radius * scale) }
    }
    switch self {
    case .circle: return circlePolygon(center: center, radius: radius)
    case .square: return shape([(-1, -1), (1, -1), (1, 1), (-1, 1)], 0.89)
    case .diamond: return shape([(0, -1), (1, 0), (0, 1), (-1, 0)], 1.27)
    case .triangle: return shape([(0, -1.1547), (1, 0.57735), (-1, 0.57735)], 1.22)
    case .triangleDown: return shape([(0, 1.1547), (-1, -0.57735), (1, -0.57735)], 1.22)
    case .pentagon:
      return shape([(0, -1), (0.951, -0.309), (0.588, 0.809), (-0.588, 0.809), (-0.951, -0.309)], 1.15)
    case .plus:
      let (a, b) = (0.38, 1.2)
      return shape(
        [
          (-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a),
          (-a, -a),
        ], 1)
    case .cross:
      let plus = Marker.plus.outline(center: Point(0, 0), radius: radius)
      let half = 0.7071067811865476
      return plus.map { center + Point(($0.x - $0.y) * half, ($0.x + $0.y) * half) }
    }
  }
}

/// Dashes of series, the second channel beside colour.
let dashPatterns: [[Double]] = [
  [], [7, 3.5], [2, 2.6], [9, 3, 2, 3], [13, 4], [5, 2, 2, 2, 2, 2], [3, 5], [10, 2],
]
