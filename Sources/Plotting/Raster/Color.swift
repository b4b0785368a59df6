// Serves draw: colours in sRGB and their light.

/// A colour as in CSS: 8-bit sRGB and an opacity.
struct Color: Hashable, Sendable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8
  var opacity: Double

  /// `0xRRGGBB`.
  init(_ hex: UInt32, opacity: Double = 1) {
    red = UInt8(truncatingIfNeeded: hex >> 16)
    green = UInt8(truncatingIfNeeded: hex >> 8)
    blue = UInt8(truncatingIfNeeded: hex)
    self.opacity = opacity
  }

  func withOpacity(_ opacity: Double) -> Color {
    var color = self
    color.opacity = opacity
    return color
  }

  /// The light of the three channels, 0…65535.
  var light: SIMD3<UInt16> {
    SIMD3(lightOfByte[Int(red)], lightOfByte[Int(green)], lightOfByte[Int(blue)])
  }

  /// Relative luminance as WCAG 2.2 defines it, 0…1.
  var luminance: Double {
    let light = self.light
    return (0.2126 * Double(light.x) + 0.7152 * Double(light.y) + 0.0722 * Double(light.z)) / 65535
  }

  /// Contrast ratio of WCAG 2.2, 1…21.
  func contrast(with other: Color) -> Double {
    let (a, b) = (luminance, other.luminance)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  /// Dark or light ink, whichever is read more easily on this colour.
  var readableInk: Color {
    let (dark, light) = (Color(0x14161A), Color(0xFFFFFF))
    return contrast(with: dark) > contrast(with: light) ? dark : light
  }

  /// The colour a fraction of the way to another, in light.
  func mixed(with other: Color, _ fraction: Double) -> Color {
    func mix(_ a: UInt16, _ b: UInt16) -> UInt32 {
      let light = Double(a) + (Double(b) - Double(a)) * min(max(fraction, 0), 1)
      return UInt32(byteOfLight[Int(light + 0.5)])
    }
    let (a, b) = (light, other.light)
    return Color(mix(a.x, b.x) << 16 | mix(a.y, b.y) << 8 | mix(a.z, b.z))
  }
}

/// The light of each byte by the curve of IEC 61966-2-1; the power 2.4 is x² times the fifth root of x².
let lightOfByte: [UInt16] = (0...255).map { byte in
  let encoded = Double(byte) / 255
  if encoded <= 0.04045 { return UInt16(encoded / 12.92 * 65535 + 0.5) }
  let base = (encoded + 0.055) / 1.055
  let square = base * base
  // Newton's method for the fifth root; from 1 downwards it converges from above for bases below 1.
  var root = 1.0
  for _ in 0..<40 {
    let fourth = root * root * root * root
    root -= (fourth * root - square) / (5 * fourth)
  }
  return UInt16(square * root * 65535 + 0.5)
}

/// The nearest byte for each amount of light.
let byteOfLight: [UInt8] = {
  var table = [UInt8](repeating: 255, count: 65536)
  var byte = 0
  for light in 0...65535 {
    while byte < 255, Int(lightOfByte[byte + 1]) - light <= light - Int(lightOfByte[byte]) { byte += 1 }
    table[light] = UInt8(byte)
  }
  return table
}()
