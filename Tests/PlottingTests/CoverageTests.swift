// The rasteriser covers what a shape covers, and no more.
import Testing

@testable import Plotting

@Suite struct CoverageTests {
  /// A white shape on black; each pixel's light is its coverage.
  private func coverage(_ width: Int, _ height: Int, _ paint: (inout Scene) -> Void) -> [Double] {
    light(width, height, Color(0x000000), paint).map { Double($0.x) / 65535 }
  }

  /// The light of each pixel, painted in one strip or in several.
  private func light(
    _ width: Int, _ height: Int, _ background: Color, strip: Int = .max, _ paint: (inout Scene) -> Void
  ) -> [SIMD4<UInt16>] {
    var scene = Scene(width: Double(width), height: Double(height), background: background)
    paint(&scene)
    return stride(from: 0, to: height, by: min(strip, height)).flatMap { top in
      let canvas = Canvas(
        width: width, rows: top..<min(top + min(strip, height), height), background: background)
      for shape in scene.deviceShapes(width: width, height: height, scale: 1) { canvas.paint(shape) }
      return canvas.pixels
    }
  }

  /// Where strips of rows meet, nothing shows.
  @Test(arguments: [1, 3, 7, 40]) func stripsMakeOnePicture(strip: Int) {
    func paint(_ scene: inout Scene) {
      var random = TestRandom(5)
      let line = (0..<60).map { Point(Double($0), 20 + 18 * random.normal() / 3) }
      scene.fill(line + [Point(60, 40), Point(0, 40)], Color(0x0F62BF, opacity: 0.4))
      scene.stroke(line, StrokeStyle(width: 2.5, dash: [7, 3]), Color(0xB84A08))
      scene.items.append(.clip(Rect(left: 5, top: 6, right: 50, bottom: 33)))
      scene.items.append(.stamps(Marker.diamond.outline(center: Point(0, 0), radius: 3), at: line, Color(0)))
      scene.text(TextLine("strip", TextStyle(size: 13, color: Color(0))), at: Point(10, 20))
    }
    let whole = light(60, 40, Color(0xFFFFFF), paint)
    let parts = light(60, 40, Color(0xFFFFFF), strip: strip, paint)
    #expect(
      zip(whole, parts).allSatisfy { abs(Int($0.x) - Int($1.x)) <= 8 && abs(Int($0.z) - Int($1.z)) <= 8 })
  }

  @Test(arguments: 1...40) func polygonsCoverTheirArea(seed: UInt64) {
    var random = TestRandom(seed)
    // A star-shaped polygon cannot cross itself.
    let directions = unitCircle(32)
    let polygon = directions.filter { _ in random.uniform() < 0.6 }.map { direction in
      Point(40, 30) + direction * (3 + 24 * random.uniform())
    }
    guard polygon.count > 2 else { return }
    let covered = coverage(80, 60) { $0.fill(polygon, Color(0xFFFFFF)) }.reduce(0, +)
    #expect(abs(covered - abs(signedArea(polygon))) < 0.02)
  }

  @Test func partOutsideOfTheClipCountsNothing() {
    let polygon = [Point(-1e7, -30), Point(1e7, -30), Point(1e7, 12.5), Point(-1e7, 12.5)]
    let whole = coverage(20, 20) { $0.fill(polygon, Color(0xFFFFFF)) }
    #expect(abs(whole.reduce(0, +) - 250) < 0.02)
    let clipped = coverage(20, 20) { canvas in
      canvas.items.append(.clip(Rect(left: 5, top: 0, right: 10, bottom: 20)))
      canvas.fill(polygon, Color(0xFFFFFF))
    }
    #expect(abs(clipped.reduce(0, +) - 62.5) < 0.02)
    #expect(clipped[4] == 0 && clipped[5] == 1 && clipped[9] == 1 && clipped[10] == 0)
  }

  @Test func slantedEdgesCutAtTheClipKeepTheirArea() {
    let triangle = [Point(-10, 0), Point(30, 10), Point(-10, 20)]
    let covered = coverage(20, 20) { $0.fill(triangle, Color(0xFFFFFF)) }.reduce(0, +)
    // The triangle narrows from 15 at x = 0 to 5 at x = 20.
    #expect(abs(covered - 200) < 0.02)
  }

  @Test func overlappingLinesAreNotDarker() {
    let zigzag = (0..<200).map { Point(10 + Double($0) * 0.2, 20 + Double($0 % 2) * 3) }
    let light = coverage(60, 40) { canvas in
      canvas.stroke(zigzag, StrokeStyle(width: 4), Color(0xFFFFFF, opacity: 0.5))
    }
    #expect((light.max() ?? 0) <= 0.5001)
    #expect((light.max() ?? 0) > 0.49)
  }

  @Test func smoothCurvesHaveOneWidth() {
    // A circle of 720 short pieces: its stroke covers the ring.
    let circle = unitCircle(512).map { Point(50, 50) + $0 * 30 }
    let covered = coverage(100, 100) {
      $0.stroke(circle, StrokeStyle(width: 3), Color(0xFFFFFF), closed: true)
    }.reduce(0, +)
    let ring = 2 * Double.pi * 30 * 3
    #expect(abs(covered - ring) < 6)
  }

  @Test func miteredCornersAreFull() {
    let square = Rect(left: 10, top: 10, right: 30, bottom: 30).corners
    let light = coverage(40, 40) {
      $0.stroke(square, StrokeStyle(width: 4, join: .miter), Color(0xFFFFFF), closed: true)
    }
    #expect(light[8 * 40 + 8] > 0.999, "the corner belongs to the stroke")
    #expect(light[20 * 40 + 20] == 0, "the inside does not")
    let covered = light.reduce(0, +)
    #expect(abs(covered - 320) < 0.05, "24² less 16²")
  }

  @Test func adjoiningShapesLeaveNoGap() {
    let middle = 10.37
    let light = coverage(20, 20) { canvas in
      let sides = [
        Rect(left: 2, top: 2, right: middle, bottom: 18).corners,
        Rect(left: middle, top: 2, right: 18, bottom: 18).corners,
      ]
      canvas.items.append(.fill(sides, Color(0xFFFFFF)))
    }
    #expect((3..<17).allSatisfy { light[8 * 20 + $0] > 0.9999 })
  }

  @Test func dashesKeepTheirShareOfTheLine() {
    let covered = coverage(220, 10) {
      $0.stroke(
        [Point(10, 5), Point(210, 5)], StrokeStyle(width: 2, dash: [6, 4]), Color(0xFFFFFF))
    }.reduce(0, +)
    #expect(abs(covered - 2 * 120) < 0.1)
  }

  @Test(arguments: [
    [Point(.nan, 1), Point(3, .infinity), Point(5, 5)], [], [Point(3, 3)], [Point(3, 3), Point(3, 3)],
    [Point(-1e300, 5), Point(1e300, 5)], [Point(0, -1e18), Point(5, 1e18), Point(9, -1e18)],
  ]) func strangeLinesDoNoHarm(line: [Point]) {
    let light = coverage(10, 10) { canvas in
      canvas.stroke(line, StrokeStyle(width: 2, dash: [3, 2]), Color(0xFFFFFF))
      canvas.stroke(line, StrokeStyle(width: 2, join: .miter), Color(0xFFFFFF), closed: true)
      canvas.stroke(line, StrokeStyle(width: 2, roundCaps: true), Color(0xFFFFFF))
      canvas.fill(line, Color(0xFFFFFF))
    }
    #expect(light.allSatisfy { (0...1).contains($0) })
  }

  @Test func lightIsThatOfTheStandardCurve() {
    #expect(lightOfByte[0] == 0 && lightOfByte[255] == 65535)
    // IEC 61966-2-1: half the byte range is 0.2140 of the light.
    #expect(abs(Double(lightOfByte[127]) / 65535 - 0.21223) < 2e-5)
    #expect((0...255).allSatisfy { byteOfLight[Int(lightOfByte[$0])] == UInt8($0) })
  }

  /// A stamp is the polygon itself, at the nearest eighth of a pixel, also where the clip cuts it.
  @Test(arguments: [(10.0, 10.0), (10.125, 9.5), (3.0, 3.25), (0.5, 15.875)])
  func stampsAreThePolygon(x: Double, y: Double) {
    let shape = Marker.triangle.outline(center: Point(0, 0), radius: 3)
    let clip = Rect(left: 1, top: 1, right: 15, bottom: 15)
    let color = Color(0x0F62BF, opacity: 0.6)
    let stamped = light(16, 16, Color(0xFFFFFF)) { scene in
      scene.items += [
        .clip(clip), .stamps(shape, at: [Point(x, y), Point(.nan, 1), Point(1e300, 0)], color),
      ]
    }
    let filled = light(16, 16, Color(0xFFFFFF)) { scene in
      scene.items += [.clip(clip), .fill([shape.map { $0 + Point(x, y) }], color)]
    }
    let differences = zip(stamped, filled).map { a, b in
      max(abs(Int(a.x) - Int(b.x)), abs(Int(a.y) - Int(b.y)), abs(Int(a.z) - Int(b.z)))
    }
    #expect((differences.max() ?? 0) < 40, "of 65535")
  }
}
