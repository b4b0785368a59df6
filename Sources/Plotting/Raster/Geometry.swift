// Serves draw: points, rectangles and polygons in CSS pixels, x to the right and y down.

/// A point, or a vector.
struct Point: Hashable, Sendable {
  var x: Double
  var y: Double

  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
  static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
  static func * (a: Point, scale: Double) -> Point { Point(a.x * scale, a.y * scale) }

  var length: Double { (x * x + y * y).squareRoot() }
  var isFinite: Bool { x.isFinite && y.isFinite }
}

/// A rectangle with its sides along the axes.
struct Rect: Hashable, Sendable {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  var width: Double { right - left }
  var height: Double { bottom - top }
  var center: Point { Point((left + right) / 2, (top + bottom) / 2) }

  var corners: [Point] {
    [Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)]
  }

  func insetBy(_ amount: Double) -> Rect {
    Rect(left: left + amount, top: top + amount, right: right - amount, bottom: bottom - amount)
  }

  func contains(_ point: Point) -> Bool {
    point.x >= left && point.x <= right && point.y >= top && point.y <= bottom
  }

  func overlaps(_ other: Rect) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }
}

/// `count` points on the unit circle (a power of two, at least 4), found by halving angles: no sine needed.
func unitCircle(_ count: Int) -> [Point] {
  var quadrant = [Point(1, 0), Point(0, 1)]
  while quadrant.count - 1 < count / 4 {
    var finer: [Point] = []
    for (a, b) in zip(quadrant, quadrant.dropFirst()) {
      let middle = a + b
      finer.append(a)
      finer.append(middle * (1 / middle.length))
    }
    finer.append(Point(0, 1))
    quadrant = finer
  }
  quadrant.removeLast()
  var circle = quadrant
  for _ in 1..<4 { circle += circle.suffix(quadrant.count).map { Point(-$0.y, $0.x) } }
  return circle
}

private let circle64 = unitCircle(64)

/// A circle as a polygon that stays within 0.03 px of it up to a radius of 25 px.
func circlePolygon(center: Point, radius: Double) -> [Point] {
  circle64.map { center + $0 * radius }
}
