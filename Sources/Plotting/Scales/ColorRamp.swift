// Serves draw: colours of continuous scales, even to the eye.

/// A family of colours for a continuous scale.
enum ColorScheme: String, Hashable, Sendable, CaseIterable {
  /// From little to much.
  case sequential
  /// Two hues away from a neutral middle.
  case diverging
  /// From the page to ink, so that nothing is the colour of the page.
  case greys
  /// From black to white in both themes, as a photograph.
  case intensity
}

/// 256 colours from the low to the high end of a scheme, at even steps in OKLab between its anchors.
struct ColorRamp: Hashable, Sendable {
  private let colors: [Color]

  /// The colour at a fraction of the scale; fractions outside 0…1 have the colours of the ends.
  func color(at fraction: Double) -> Color {
    guard fraction.isFinite else { return colors[0] }
    return colors[Int((min(max(fraction, 0), 1) * 255).rounded())]
  }

  private init(_ anchors: [UInt32]) {
    let places = anchors.map { OKLab(Color($0)) }
    colors = (0..<256).map { step in
      let place = Double(step) / 255 * Double(places.count - 1)
      let index = min(Int(place), places.count - 2)
      return places[index].mixed(with: places[index + 1], place - Double(index)).color
    }
  }

  /// The ramp of a scheme on a page. Marks that stand alone on it need more contrast with the page than the cells of a
  /// `field`.
  static func of(_ scheme: ColorScheme, _ theme: Theme, field: Bool) -> ColorRamp {
    switch (scheme, theme) {
    case (.sequential, .light): field ? sequentialLight : markLight
    case (.sequential, .dark): field ? sequentialDark : markDark
    case (.diverging, .light): divergingLight
    case (.diverging, .dark): divergingDark
    case (.greys, .light): greysLight
    case (.greys, .dark): greysDark
    case (.intensity, _): intensity
    }
  }

  private static let sequentialLight = ColorRamp([0xFDF1D0, 0xF8BE6A, 0xE87850, 0xC03F6A, 0x7A2F82, 0x2A1F5C])
  private static let sequentialDark = ColorRamp([0x1F2038, 0x4A347F, 0x98428F, 0xDB5A7C, 0xF59A56, 0xFBE59A])
  private static let markLight = ColorRamp([0xE8A33C, 0xE07048, 0xBE3C62, 0x7A2A80, 0x2E2466])
  private static let markDark = ColorRamp([0x6A5DC8, 0xA24CB3, 0xE0607F, 0xF59A56, 0xF8DC8A])
  // The middles are near the page but not the page, so that a value of zero differs from no value.
  private static let divergingLight = ColorRamp([
    0x0B3F86, 0x3C7FCB, 0xA3C4E8, 0xF3F1EE, 0xF0B98C, 0xD06A24, 0x7E3005,
  ])
  private static let divergingDark = ColorRamp([
    0x9CCBFF, 0x4A90E0, 0x264F82, 0x26282D, 0x7F451E, 0xDB7A33, 0xFFC48F,
  ])
  private static let greysLight = ColorRamp([0xF7F7F8, 0xB9BDC4, 0x70767F, 0x1D2127])
  private static let greysDark = ColorRamp([0x1C1F24, 0x4A5059, 0x979DA7, 0xF1F3F5])
  private static let intensity = ColorRamp([0x000000, 0xFFFFFF])
}

/// A colour in OKLab, where equal distances look about equal (B. Ottosson, "A perceptual color space for image
/// processing", 2020).
private struct OKLab {
  var lightness: Double
  var a: Double
  var b: Double

  init(lightness: Double, a: Double, b: Double) {
    self.lightness = lightness
    self.a = a
    self.b = b
  }

  init(_ color: Color) {
    let light = color.light
    let (r, g, b) = (Double(light.x) / 65535, Double(light.y) / 65535, Double(light.z) / 65535)
    let l = cubeRoot(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    let m = cubeRoot(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    let s = cubeRoot(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    lightness = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s
    a = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s
    self.b = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
  }

  func mixed(with other: OKLab, _ fraction: Double) -> OKLab {
    OKLab(
      lightness: lightness + (other.lightness - lightness) * fraction, a: a + (other.a - a) * fraction,
      b: b + (other.b - b) * fraction)
  }

  var color: Color {
    let l = lightness + 0.3963377774 * a + 0.2158037573 * b
    let m = lightness - 0.1055613458 * a - 0.0638541728 * b
    let s = lightness - 0.0894841775 * a - 1.2914855480 * b
    let (l3, m3, s3) = (l * l * l, m * m * m, s * s * s)
    func byte(_ light: Double) -> UInt32 {
      UInt32(byteOfLight[Int((min(max(light, 0), 1) * 65535).rounded())])
    }
    let red = byte(4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3)
    let green = byte(-1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3)
    let blue = byte(-0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3)
    return Color(red << 16 | green << 8 | blue)
  }
}

/// The cube root of a number of 0…1 by Newton's method, from plain arithmetic.
private func cubeRoot(_ x: Double) -> Double {
  guard x > 0 else { return 0 }
  var root = 1.0
  for _ in 0..<60 { root -= (root - x / (root * root)) / 3 }
  return root
}
