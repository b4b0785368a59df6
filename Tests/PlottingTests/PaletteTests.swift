// Colours that readers with deuteranopia or protanopia can tell apart.
import Testing

@testable import Plotting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct PaletteTests {
  @Test(arguments: Theme.allCases) func seriesDiffer(theme: Theme) {
    let colors = theme.categorical
    for vision in Vision.allCases {
      let seen = colors.map { vision.lab($0) }
      for first in seen.indices {
        for second in seen.indices where first < second {
          let difference = ciede2000(seen[first], seen[second])
          #expect(difference >= 11, "\(theme) \(vision): \(first) and \(second)")
        }
      }
    }
  }

  @Test(arguments: Theme.allCases, 3...7) func orderedColorsDiffer(theme: Theme, count: Int) {
    for vision in Vision.allCases {
      let seen = theme.ordered(count).map { vision.lab($0) }
      for (a, b) in zip(seen, seen.dropFirst()) {
        #expect(ciede2000(a, b) >= (count <= 4 ? 7 : count == 5 ? 5 : 1.5))
      }
    }
  }

  @Test(arguments: Theme.allCases) func everythingStandsOutFromThePage(theme: Theme) {
    let page = theme.background
    for color in theme.categorical + theme.ordered(5) { #expect(color.contrast(with: page) >= 3) }
    for ink in [theme.ink, theme.mutedInk, theme.rule] { #expect(ink.contrast(with: page) >= 4.5) }
    #expect(theme.axis.contrast(with: page) >= 3)
    #expect(theme.grid.contrast(with: page) < 1.6, "the grid stays behind the data")
  }

  /// Pairs 1, 7 and 25 of Sharma, Wu and Dalal (2005), table 1.
  @Test func differenceFormula() {
    #expect(abs(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485]) - 2.0425) < 1e-4)
    #expect(abs(ciede2000([50, 0, 0], [50, -1, 2]) - 2.3669) < 1e-4)
    #expect(abs(ciede2000([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387]) - 1.2644) < 1e-4)
  }
}

/// How a reader sees light: the matrices of Machado, Oliveira and Fernandes (2009), severity 1, on linear sRGB.
enum Vision: CaseIterable {
  case normal, protanopia, deuteranopia

  private var matrix: [[Double]] {
    switch self {
    case .normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    case .protanopia:
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    case .deuteranopia:
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    }
  }

  /// CIELAB (D65) of what is seen.
  func lab(_ color: Color) -> [Double] {
    let light = [color.light.x, color.light.y, color.light.z].map { Double($0) / 65535 }
    func apply(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
      matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let seen = apply(matrix, light).map { min(max($0, 0), 1) }
    let toXYZ = [
      [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
      [0.0193339, 0.1191920, 0.9503041],
    ]
    let f = zip(apply(toXYZ, seen), [0.95047, 1, 1.08883]).map { value, white -> Double in
      let t = value / white
      return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116
    }
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
  }
}

/// The colour difference CIEDE2000, as in Sharma, Wu and Dalal (2005).
func ciede2000(_ first: [Double], _ second: [Double]) -> Double {
  let degrees = Double.pi / 180
  let meanChroma = (hypot(first[1], first[2]) + hypot(second[1], second[2])) / 2
  let g = 0.5 * (1 - sqrt(pow(meanChroma, 7) / (pow(meanChroma, 7) + pow(25, 7))))
  func polar(_ lab: [Double]) -> (chroma: Double, hue: Double) {
    let a = lab[1] * (1 + g)
    let hue = a == 0 && lab[2] == 0 ? 0 : atan2(lab[2], a) / degrees
    return (hypot(a, lab[2]), hue < 0 ? hue + 360 : hue)
  }
  let (c1, h1) = polar(first)
  let (c2, h2) = polar(second)
  var turn = c1 * c2 == 0 ? 0 : h2 - h1
  if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
  let (dl, dc) = (second[0] - first[0], c2 - c1)
  let dh = 2 * sqrt(c1 * c2) * sin(turn / 2 * degrees)
  let (l, c) = ((first[0] + second[0]) / 2, (c1 + c2) / 2)
  var h = (h1 + h2) / 2
  if c1 * c2 == 0 { h = h1 + h2 } else if abs(h1 - h2) > 180 { h += h1 + h2 < 360 ? 180 : -180 }
  let first = 1 - 0.17 * cos((h - 30) * degrees) + 0.24 * cos(2 * h * degrees)
  let t = first + 0.32 * cos((3 * h + 6) * degrees) - 0.2 * cos((4 * h - 63) * degrees)
  let sl = 1 + 0.015 * (l - 50) * (l - 50) / sqrt(20 + (l - 50) * (l - 50))
  let (sc, sh) = (1 + 0.045 * c, 1 + 0.015 * c * t)
  let rotation =
    -sin(60 * exp(-pow((h - 275) / 25, 2)) * degrees) * 2 * sqrt(pow(c, 7) / (pow(c, 7) + pow(25, 7)))
  let (x, y, z) = (dl / sl, dc / sc, dh / sh)
  return sqrt(x * x + y * y + z * z + rotation * y * z)
}
