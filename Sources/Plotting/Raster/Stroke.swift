// Serves draw: the outlines of strokes, in device pixels.

/// How a line is drawn.
struct StrokeStyle: Hashable, Sendable {
  enum Join: Sendable { case round, miter }

  /// In CSS pixels.
  var width: Double
  /// Lengths of ink and gap in turn, in CSS pixels; empty for a solid line.
  var dash: [Double] = []
  var join: Join = .round
  var roundCaps = false
}

/// Adds a straight segment as a polygon, with half discs at its round ends, to an empty outline.
func addSegmentOutline(
  _ a: Point, _ b: Point, radius: Double, roundStart: Bool, roundEnd: Bool, to outline: inout [Point]
) {
  let along = b - a
  let length = along.length
  guard length > 0 else {
    outline += circlePolygon(center: a, radius: radius)
    return
  }
  let unit = along * (1 / length)
  let normal = Point(-unit.y, unit.x)
  // The polygon stays within 0.05 px of the circle.
  let arc = radius < 2.5 ? halfCircle8 : radius < 10 ? halfCircle16 : halfCircle32
  /// Half a turn about `center`, from one side of the line to the other.
  func addEnd(_ center: Point, _ side: Point, _ outward: Point, round: Bool) {
    if round {
      for step in arc { outline.append(center + side * (step.x * radius) + outward * (step.y * radius)) }
    } else {
      outline.append(center + side * radius)
      outline.append(center - side * radius)
    }
  }
  addEnd(b, normal, unit, round: roundEnd)
  addEnd(a, normal * -1, unit * -1, round: roundStart)
}

private let halfCircle8 = Array(unitCircle(16).prefix(9))
private let halfCircle16 = Array(unitCircle(32).prefix(17))
private let halfCircle32 = Array(unitCircle(64).prefix(33))

/// A line with sharp corners as polygons of one orientation, which may be painted in one go.
///
/// A corner sharper than about 29° (mitre limit 4, as in SVG) is bevelled.
func miteredOutline(of points: [Point], closed: Bool, radius: Double) -> [[Point]] {
  var line: [Point] = []
  for point in points where line.last != point { line.append(point) }
  if closed, line.count > 1, line.first == line.last { line.removeLast() }
  guard line.count > 1 else { return [] }
  let count = closed ? line.count : line.count - 1
  let normals = (0..<count).map { index -> Point in
    let along = line[(index + 1) % line.count] - line[index]
    return Point(-along.y, along.x) * (1 / along.length)
  }
  var polygons: [[Point]] = []
  for index in 0..<count {
    let (a, b, side) = (line[index], line[(index + 1) % line.count], normals[index] * radius)
    polygons.append([a + side, b + side, b - side, a - side])
  }
  for index in (closed ? 0 : 1)..<count {
    let corner = line[index]
    let (before, after) = (normals[(index + count - 1) % count], normals[index])
    let turn = before.x * after.y - before.y * after.x
    guard turn != 0 else { continue }
    // The outer side of the corner is away from the turn.
    let outer: Double = turn > 0 ? -1 : 1
    let (first, second) = (before * (outer * radius), after * (outer * radius))
    let sum = first + second
    let scale = 2 * radius * radius / (sum.x * sum.x + sum.y * sum.y)
    var wedge = [corner, corner + first, corner + second]
    if scale.isFinite, scale * sum.length <= 4 * radius { wedge.insert(corner + sum * scale, at: 2) }
    polygons.append(wedge)
  }
  return polygons.map { signedArea($0) < 0 ? $0.reversed() : $0 }
}

/// Twice the area of a polygon is the sum of its cross products; positive when it turns from x to y.
func signedArea(_ polygon: [Point]) -> Double {
  guard var previous = polygon.last else { return 0 }
  var sum = 0.0
  for point in polygon {
    sum += previous.x * point.y - previous.y * point.x
    previous = point
  }
  return sum / 2
}

/// A line without the points that lie on the way between others, to within `tolerance`.
///
/// Long pieces are drawn faster and with cleaner edges than many short ones.
func simplified(_ line: [Point], tolerance: Double) -> [Point] {
  guard line.count > 2 else { return line }
  var result = [line[0]]
  var start = 0
  for end in 2..<line.count {
    // A run is cut after 24 points, so that the time stays linear.
    let isStraight =
      end - start <= 24
      && ((start + 1)..<end).allSatisfy { liesBetween(line[$0], line[start], line[end], tolerance) }
    if !isStraight {
      start = end - 1
      result.append(line[start])
    }
  }
  result.append(line[line.count - 1])
  return result
}

/// Whether `point` is within `tolerance` of the segment from `a` to `b`, and not beyond its ends.
private func liesBetween(_ point: Point, _ a: Point, _ b: Point, _ tolerance: Double) -> Bool {
  let (along, offset) = (b - a, point - a)
  let square = along.x * along.x + along.y * along.y
  let dot = along.x * offset.x + along.y * offset.y
  let cross = along.x * offset.y - along.y * offset.x
  return dot >= 0 && dot <= square && cross * cross <= tolerance * tolerance * square
}

/// The inked pieces of a line under a dash pattern.
func dashed(_ line: [Point], _ pattern: [Double]) -> [[Point]] {
  let period = pattern.reduce(0, +)
  guard period > 0.5, pattern.allSatisfy({ $0 >= 0 }), var position = line.first else {
    return line.isEmpty ? [] : [line]
  }
  var pieces: [[Point]] = []
  var piece: [Point] = [position]
  var (index, left) = (0, pattern[0])
  // A line of a hundred thousand dashes is a mistake in the data; it is drawn solid.
  let total = zip(line, line.dropFirst()).reduce(0.0) { $0 + ($1.1 - $1.0).length }
  guard total / period < 100_000 else { return [line] }
  for target in line.dropFirst() {
    var remaining = (target - position).length
    while remaining > left {
      position = position + (target - position) * (left / remaining)
      remaining -= left
      if index % 2 == 0 {
        piece.append(position)
        pieces.append(piece)
      }
      index = (index + 1) % pattern.count
      left = pattern[index]
      piece = [position]
    }
    left -= remaining
    position = target
    if index % 2 == 0 { piece.append(target) }
  }
  if index % 2 == 0, piece.count > 1 { pieces.append(piece) }
  return pieces
}

/// The part of a segment inside a rectangle (Liang and Barsky 1984).
func clipped(_ a: Point, _ b: Point, to rect: Rect) -> (Point, Point)? {
  if rect.contains(a), rect.contains(b) { return (a, b) }
  let along = b - a
  var (enter, leave) = (0.0, 1.0)
  func cut(_ direction: Double, _ distance: Double) {
    if direction < 0 {
      enter = max(enter, distance / direction)
    } else if direction > 0 {
      leave = min(leave, distance / direction)
    } else if distance < 0 {
      leave = -1
    }
  }
  cut(-along.x, a.x - rect.left)
  cut(along.x, rect.right - a.x)
  cut(-along.y, a.y - rect.top)
  cut(along.y, rect.bottom - a.y)
  guard enter <= leave else { return nil }
  return (enter == 0 ? a : a + along * enter, leave == 1 ? b : a + along * leave)
}
