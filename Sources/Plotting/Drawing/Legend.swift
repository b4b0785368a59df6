// Serves draw: the names of series, at the ends of lines or above the plot.

/// One name of a legend with what it stands for.
struct LegendEntry: Sendable {
  enum Swatch: Sendable {
    case line(dash: [Double], marker: Marker?)
    case marker(Marker, filled: Bool)
    case box(shade: Double)
  }

  var name: TextLine
  var color: Color
  var swatch: Swatch
}

/// A legend broken into rows.
struct Legend: Sendable {
  enum Item: Sendable {
    case heading(TextLine)
    case entry(LegendEntry)

    var width: Double {
      switch self {
      case .heading(let line): line.width + 12
      case .entry(let entry): Legend.swatchWidth + 6 + entry.name.width + 18
      }
    }
  }

  static let swatchWidth = 24.0
  static let rowHeight = 20.0

  var rows: [[Item]] = []

  var height: Double { rows.isEmpty ? 0 : Double(rows.count) * Legend.rowHeight + 6 }

  /// Adds names under a heading, breaking rows at `width`; `limit` rows at most, then a count of what is left out.
  mutating func add(heading: TextLine?, _ entries: [LegendEntry], width: Double, limit: Int, note: TextStyle)
  {
    guard !entries.isEmpty else { return }
    var items: [Item] = (heading.map { [.heading($0)] } ?? []) + entries.map(Item.entry)
    var row: [Item] = []
    var used = 0.0
    var shown = 0
    let firstRow = rows.count
    while !items.isEmpty {
      let item = items.removeFirst()
      let isLastRow = rows.count - firstRow == limit - 1
      let room = isLastRow && !items.isEmpty ? width - 70 : width
      if used + item.width - 18 > room, !row.isEmpty {
        if isLastRow {
          row.append(.heading(TextLine("and \(entries.count - shown) more", note)))
          break
        }
        rows.append(row)
        (row, used) = ([], 0)
      }
      row.append(item)
      used += item.width
      if case .entry = item { shown += 1 }
    }
    if !row.isEmpty { rows.append(row) }
  }

  /// Draws the legend with its top left corner at `origin`.
  func draw(at origin: Point, into scene: inout Scene) {
    for (index, row) in rows.enumerated() {
      var x = origin.x
      let middle = origin.y + (Double(index) + 0.5) * Legend.rowHeight
      for item in row {
        switch item {
        case .heading(let line): scene.text(line, at: Point(x, middle + line.halfCapital))
        case .entry(let entry):
          Legend.drawSwatch(entry, x: x, middle: middle, into: &scene)
          scene.text(entry.name, at: Point(x + Legend.swatchWidth + 6, middle + entry.name.halfCapital))
        }
        x += item.width
      }
    }
  }

  private static func drawSwatch(_ entry: LegendEntry, x: Double, middle: Double, into scene: inout Scene) {
    let center = Point(x + swatchWidth / 2, middle)
    switch entry.swatch {
    case .line(let dash, let marker):
      let style = StrokeStyle(width: Metrics.lineWidth, dash: dash)
      scene.stroke([Point(x, middle), Point(x + swatchWidth, middle)], style, entry.color)
      if let marker {
        drawMarker(marker, at: center, radius: Metrics.markerRadius, entry.color, filled: true, into: &scene)
      }
    case .marker(let marker, let filled):
      drawMarker(
        marker, at: center, radius: Metrics.markerRadius + 0.4, entry.color, filled: filled, into: &scene)
    case .box(let shade):
      let box = Rect(left: center.x - 7, top: middle - 5.5, right: center.x + 7, bottom: middle + 5.5)
      scene.fill(box, entry.color.mixed(with: scene.background, shade))
      // A colour as light as the page would vanish in it.
      if shade == 0, entry.color.contrast(with: scene.background) < 1.4 {
        scene.stroke(
          box.corners, StrokeStyle(width: 1, join: .miter), entry.name.style.color.withOpacity(0.5),
          closed: true)
      }
    }
  }
}

/// A marker with a thin edge of the page's colour, so that markers that overlap stay apart.
func drawMarker(
  _ marker: Marker, at center: Point, radius: Double, _ color: Color, filled: Bool, into scene: inout Scene
) {
  if filled {
    scene.fill(marker.outline(center: center, radius: radius + 1), scene.background.withOpacity(0.9))
    scene.fill(marker.outline(center: center, radius: radius), color)
  } else {
    let outline = marker.outline(center: center, radius: radius - 0.4)
    scene.fill(outline, scene.background)
    scene.stroke(outline, StrokeStyle(width: 1.5, join: .miter), color, closed: true)
  }
}

/// Names at the right ends of lines.
struct DirectLabels: Sendable {
  var header: TextLine?
  /// A name, and the middle of its line as a distance from the top of the plot.
  var labels: [(line: TextLine, y: Double)]
  var width: Double

  /// Places names near the wished heights without overlap; `nil` when one would be too far from its line.
  init?(_ wished: [(line: TextLine, y: Double)], header: TextLine?, height: Double) {
    let spacing = 16.0
    var labels = wished.sorted { $0.y < $1.y }
    // Push apart downwards, then back up from the bottom: the usual two passes.
    for index in labels.indices.dropFirst() {
      labels[index].y = max(labels[index].y, labels[index - 1].y + spacing)
    }
    let overshoot = (labels.last?.y ?? 0) - (height + 4)
    if overshoot > 0 { labels[labels.count - 1].y -= overshoot }
    for index in labels.indices.dropLast().reversed() {
      labels[index].y = min(labels[index].y, labels[index + 1].y - spacing)
    }
    // Clusters drift downwards in the first pass; half the drift back centres them on their lines.
    let original = wished.sorted { $0.y < $1.y }
    let drift = zip(labels, original).map { $0.y - $1.y }
    guard drift.allSatisfy({ abs($0) <= 22 }), (labels.first?.y ?? 0) > -4 else { return nil }
    self.labels = labels
    self.header = header
    width = max(labels.map(\.line.width).max() ?? 0, header?.width ?? 0)
  }
}
