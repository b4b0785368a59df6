// Serves draw: the rows that a layer shows, read, grouped and summarised.
import Tables

extension Double {
  /// Whether an axis can show the number: finite, and small enough that squares and differences stay so.
  fileprivate var isDrawable: Bool { isFinite && abs(self) < 1e100 }
}

/// The rows of a layer that its filter keeps.
struct LayerRows {
  let layer: Figure.Layer
  let table: Table?
  let rows: [Int]
  /// The intervals that numbers along an axis are gathered into.
  private let binX: Binning?
  private let binY: Binning?

  init(_ layer: Figure.Layer, _ source: Table?) {
    self.layer = layer
    guard let source else {
      (table, rows, binX, binY) = (nil, [0], nil, nil)
      return
    }
    let table = layer.derived.isEmpty ? source : DerivedColumn.add(layer.derived, to: source)
    self.table = table
    let names = Dictionary(table.columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
    let kept =
      layer.filter.isEmpty
      ? Array(table.rows.indices)
      : table.rows.indices.filter { row in
        layer.filter.allSatisfy { condition in
          condition.holds { name in names[name].map { table.rows[row][$0] } ?? .missing }
        }
      }
    rows = kept
    func bins(_ channel: Figure.Channel?) -> Binning? {
      guard let channel, let request = channel.bin, let index = channel.field.flatMap({ names[$0.name] })
      else {
        return nil
      }
      let values = kept.compactMap { table.rows[$0][index].number }.filter(\.isDrawable)
      return Binning(
        values, request, kind: channel.scale.kind == .ordinal ? .linear : channel.scale.kind ?? .linear)
    }
    (binX, binY) = (bins(layer.encoding.x), bins(layer.encoding.y))
  }

  private func cell(_ channel: Figure.Channel?, _ index: Int?, _ row: Int) -> Cell {
    if let index, let table { return table.rows[row][index] }
    return channel?.datum ?? .missing
  }

  private func index(_ channel: Figure.Channel?) -> Int? {
    channel?.field.flatMap { table?.index(of: $0.name) }
  }

  /// Whether an axis has categories: by its declaration, or because it shows names.
  func isCategorical(_ path: KeyPath<Figure.Encoding, Figure.Channel?>) -> Bool {
    guard let channel = layer.encoding[keyPath: path] else { return false }
    if let declared = channel.isCategorical { return declared }
    if channel.aggregate != nil || channel.scale.kind != nil || channel.bin != nil { return false }
    guard let index = index(channel), let table else {
      if case .text = channel.datum { return true }
      return false
    }
    if rows.contains(where: { if case .text = table.rows[$0][index] { true } else { false } }) { return true }
    return layer.mark.kind == .rect && endIsAbsent(path) && hasFewShortValues(index)
  }

  /// Whether a mark has one place along an axis, not two ends.
  private func endIsAbsent(_ path: KeyPath<Figure.Encoding, Figure.Channel?>) -> Bool {
    path == \.x ? layer.encoding.x2 == nil : layer.encoding.y2 == nil
  }

  /// Whether a column has at most twenty different values, so that a heat map may have a category for each, and none
  /// too long to stand under a cell.
  private func hasFewShortValues(_ column: Int) -> Bool {
    guard let table else { return true }
    var seen: Set<Cell> = []
    for row in rows where seen.insert(table.rows[row][column]).inserted && seen.count > 20 { return false }
    return seen.allSatisfy { formatCategory($0.label).count <= 6 }
  }

  /// Whether colour stands for a number on a continuous scale: as declared, and for cells also when the column has
  /// no names.
  var hasContinuousColor: Bool {
    guard layer.hasContinuousColor else { return false }
    guard layer.mark.kind == .rect, let index = index(layer.encoding.color), let table else { return true }
    let names = rows.contains { if case .text = table.rows[$0][index] { true } else { false } }
    return !names || layer.encoding.color?.isCategorical == false
  }

  /// The column whose names colours tell apart.
  var colorColumn: String? { hasContinuousColor ? nil : layer.encoding.color?.field?.name }

  /// Whether its colour stands for a name: of a column, or its own.
  var hasColorName: Bool {
    colorColumn != nil
      || (layer.mark.kind != .rule && (layer.encoding.color?.datum ?? layer.label.map(Cell.text)) != nil)
  }

  /// The different values of a channel over some layers, in order of appearance.
  static func labels(_ layers: [LayerRows], _ path: KeyPath<Figure.Encoding, Figure.Channel?>) -> [String] {
    var labels: [String] = []
    var seen: Set<String> = []
    for layer in layers {
      let channel = layer.layer.encoding[keyPath: path]
      let index = layer.index(channel)
      var cells = DistinctCells()
      for row in layer.rows {
        let cell = layer.cell(channel, index, row)
        if cells.insert(cell), seen.insert(cell.label).inserted { labels.append(cell.label) }
      }
    }
    return labels
  }

  /// Bars stand on categories even when these are numbers.
  var isCategoricalByMark: Bool {
    layer.mark.kind == .boxplot
      || (layer.mark.kind == .bar && layer.encoding.x?.bin == nil && layer.encoding.y?.bin == nil
        && layer.encoding.x2 == nil && layer.encoding.y2 == nil
        && layer.encoding.x?.isCategorical != false)
  }

  /// The title of a channel: the author's, or the column's name with its unit.
  func title(_ path: KeyPath<Figure.Encoding, Figure.Channel?>) -> String? {
    guard let channel = layer.encoding[keyPath: path] else { return nil }
    if let title = channel.title { return title }
    if channel.aggregate == .count { return "count" }
    guard let index = index(channel), let column = table?.columns[index] else { return nil }
    let words = column.name.split(separator: "_").joined(separator: " ")
    let isNamedByUnit = column.unit.isEmpty || words.hasPrefix(column.unit) || column.unit.hasPrefix(words)
    return isNamedByUnit ? words : "\(words) (\(column.unit))"
  }

  private var seedIndex: Int? { table?.columns.firstIndex { $0.role == .seed } }

  var seedCount: Int {
    guard let table, let index = seedIndex else { return 0 }
    return Set(rows.map { table.rows[$0][index] }).count
  }

  /// A sentence when a mean also runs over an axis that the figure does not show.
  var unusedAxisRemark: String? {
    guard let table, aggregate != .none, aggregate != .count, layer.mark.kind != .rule,
      layer.mark.kind != .boxplot
    else {
      return nil
    }
    let shown = Set(layer.encoding.all.compactMap { $0.field?.name })
    let unused = table.columns.enumerated().filter { index, column in
      column.role == .axis && !shown.contains(column.name)
        && rows.contains { table.rows[$0][index] != table.rows[rows[0]][index] }
    }
    guard !unused.isEmpty else { return nil }
    let names = unused.map(\.element.name).joined(separator: ", ")
    return "the \(aggregate.name) also runs over \(names), which the figure does not show"
  }

  private var valueChannel: Figure.Channel? {
    layer.encoding.x?.aggregate != nil ? layer.encoding.x : layer.encoding.y
  }

  /// What is shown of rows that share a place.
  var aggregate: Figure.Aggregate {
    if let chosen = valueChannel?.aggregate { return chosen }
    switch layer.mark.kind {
    case .rule where layer.encoding.x2 != nil || layer.encoding.y2 != nil: return .none
    case .line, .bar, .area, .band, .errorbar, .rule: return .mean
    case .rect, .contour: return layer.encoding.color?.aggregate ?? .mean
    case .boxplot: return .median
    case .point: return valueChannel?.band == nil || valueChannel?.band == Figure.Band.none ? .none : .mean
    case .tick, .text: return .none
    }
  }

  private var band: Figure.Band {
    if let chosen = layer.encoding.y?.band ?? layer.encoding.x?.band { return chosen }
    switch layer.mark.kind {
    case .band, .errorbar: return .ci95
    case .line, .bar, .point: return aggregate == .mean && seedIndex != nil ? .ci95 : .none
    default: return .none
    }
  }

  /// The rows of each combination of facets; `nil` stands for every value.
  func partitioned() -> [(row: String?, column: String?, rows: [Int])] {
    let (row, column) = (index(layer.encoding.row), index(layer.encoding.column))
    guard let table, row != nil || column != nil else { return [(nil, nil, rows)] }
    var places: [[String?]: Int] = [:]
    var parts: [(row: String?, column: String?, rows: [Int])] = []
    for index in rows {
      let key = [row.map { table.rows[index][$0].label }, column.map { table.rows[index][$0].label }]
      if let place = places[key] {
        parts[place].rows.append(index)
      } else {
        places[key] = parts.count
        parts.append((key[0], key[1], [index]))
      }
    }
    return parts
  }

  /// One row, read.
  private struct Reading {
    var place: Coordinate
    var value: Coordinate
    /// The other end along the axis of values.
    var end: Double?
    /// What is covered along the axes of places and of values.
    var placeSpan: Span?
    var valueSpan: Span?
    var seed: Cell
    var text: Cell
    var shade: Double?
  }

  /// The series of some rows, and how many values have no place on their axis.
  func series(
    _ rows: [Int], ordinal: (x: Bool, y: Bool), isHorizontal: Bool, colors: NameCodes, patterns: NameCodes
  ) -> (series: [Series], notFinite: Int, notPositive: Int) {
    let encoding = layer.encoding
    let (placeChannel, valueChannel) = isHorizontal ? (encoding.y, encoding.x) : (encoding.x, encoding.y)
    let endChannel = isHorizontal ? encoding.x2 : encoding.y2
    let placeEndChannel = isHorizontal ? encoding.y2 : encoding.x2
    let placeIsOrdinal = isHorizontal ? ordinal.y : ordinal.x
    let valueIsOrdinal = ordinal.x && ordinal.y
    let (placeIndex, valueIndex, endIndex) = (index(placeChannel), index(valueChannel), index(endChannel))
    let placeEndIndex = index(placeEndChannel)
    let (colorIndex, patternIndex, detailIndex) =
      (index(encoding.color), index(encoding.pattern), index(encoding.detail))
    let (placeBins, valueBins) = isHorizontal ? (binY, binX) : (binX, binY)
    let textIndex = index(encoding.text)
    let isShaded = hasContinuousColor
    // Lines have one colour each, other marks one at each place.
    let splitsByShade = isShaded && [.line, .area, .band].contains(layer.mark.kind)
    // A field counts rows at two places; other marks count them at one.
    let isCount = aggregate == .count && !layer.mark.kind.isField
    let isRule = layer.mark.kind == .rule
    var (notFinite, notPositive) = (0, 0)

    let tableRows = table?.rows ?? []
    var cells: [Cell] = []
    func cell(_ channel: Figure.Channel?, _ index: Int?) -> Cell {
      index.map { cells[$0] } ?? channel?.datum ?? .missing
    }

    /// Reads a coordinate; `nil` when it has no place.
    func coordinate(_ channel: Figure.Channel?, _ index: Int?, ordinal: Bool) -> Coordinate? {
      let cell = cell(channel, index)
      if ordinal { return cell == .missing ? nil : .category(cell.label) }
      guard let number = cell.number else {
        if cell != .missing { notFinite += 1 }
        return nil
      }
      guard number.isDrawable else {
        notFinite += 1
        return nil
      }
      // What no axis can tell from zero is zero.
      let value = abs(number) < 1e-100 ? 0 : number
      if channel?.scale.kind == .log, value <= 0 {
        notPositive += 1
        return nil
      }
      return .number(value)
    }

    var groups: [SeriesKey: Int] = [:]
    var keys: [SeriesKey] = []
    var readings: [[Reading]] = []
    // Rows that are drawn as they are need no reading: a scatter plot may have millions.
    let isDirect =
      aggregate == .none && layer.mark.kind == .point && endChannel == nil && placeEndChannel == nil
      && placeBins == nil && valueBins == nil
    var direct: [[DataPoint]] = []
    var details: [String: Int] = [:]
    var shades: [Double?] = []
    let labelIndex = (encoding.color?.datum?.label ?? layer.label).flatMap { colors[$0] }
    var (colorCodes, patternCodes) = (colors, patterns)
    var (lastKey, lastGroup): (SeriesKey?, Int) = (nil, -1)
    for row in rows {
      if !tableRows.isEmpty { cells = tableRows[row] }
      let missing = Coordinate.number(0)
      let isFree = isRule && placeChannel == nil
      guard let place = isFree ? missing : coordinate(placeChannel, placeIndex, ordinal: placeIsOrdinal)
      else { continue }
      let isPlaceOnly = isCount || (isRule && valueChannel == nil)
      guard let value = isPlaceOnly ? missing : coordinate(valueChannel, valueIndex, ordinal: valueIsOrdinal)
      else { continue }
      let color = isShaded ? nil : colorIndex.flatMap { colorCodes[cells[$0]] } ?? labelIndex
      let pattern = patternIndex.flatMap { patternCodes[cells[$0]] }
      var detail = -1
      let shade =
        isShaded ? cell(encoding.color, colorIndex).number.flatMap { $0.isDrawable ? $0 : nil } : nil
      var detailName = detailIndex.map { cells[$0].label }
      if splitsByShade { detailName = (detailName ?? "") + " " + (shade.map(Cell.format) ?? "") }
      if let detailName {
        detail = details[detailName] ?? details.count
        details[detailName] = detail
      }
      let key = SeriesKey(color: color ?? -1, pattern: pattern ?? -1, detail: detail)
      if key != lastKey {
        lastKey = key
        if let group = groups[key] {
          lastGroup = group
        } else {
          lastGroup = readings.count
          groups[key] = lastGroup
          keys.append(key)
          readings.append([])
          direct.append([])
          shades.append(splitsByShade ? shade : nil)
        }
      }
      if isDirect {
        var point = point(place, value, isHorizontal)
        point.shade = shade
        direct[lastGroup].append(point)
        continue
      }
      let end = cell(endChannel, endIndex).number.flatMap { $0.isDrawable ? $0 : nil }
      let placeEnd = cell(placeEndChannel, placeEndIndex).number.flatMap { $0.isDrawable ? $0 : nil }
      let (binnedPlace, placeSpan) = binned(place, placeBins, placeEnd)
      let (binnedValue, valueSpan) = binned(value, valueBins, end)
      readings[lastGroup].append(
        Reading(
          place: binnedPlace, value: binnedValue, end: end, placeSpan: placeSpan, valueSpan: valueSpan,
          seed: seedIndex.map { cells[$0] } ?? .missing, text: cell(encoding.text, textIndex), shade: shade))
    }
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    let series = order.map { group -> Series in
      let key = keys[group]
      var series = Series(
        color: key.color < 0 ? nil : key.color, pattern: key.pattern < 0 ? nil : key.pattern,
        points: isDirect ? direct[group] : points(readings[group], isHorizontal: isHorizontal),
        shade: shades[group])
      if showsSeeds { series.seeds = seedLines(readings[group], isHorizontal: isHorizontal) }
      return series
    }
    return (series, notFinite, notPositive)
  }

  private var showsSeeds: Bool {
    guard layer.seeds != Figure.Seeds.none, aggregate != .none, aggregate != .count, seedIndex != nil else {
      return false
    }
    return [.line, .point, .bar, .errorbar].contains(layer.mark.kind)
  }

  private func point(_ place: Coordinate, _ value: Coordinate, _ isHorizontal: Bool) -> DataPoint {
    isHorizontal ? DataPoint(x: value, y: place) : DataPoint(x: place, y: value)
  }

  /// The places of a series: every row, or one per place with its aggregate.
  private func points(_ readings: [Reading], isHorizontal: Bool) -> [DataPoint] {
    if layer.mark.kind.isField {
      return hasEnds
        ? readings.map { rectangle($0, isHorizontal) } : cells(readings, isHorizontal: isHorizontal)
    }
    if layer.mark.kind == .boxplot { return boxes(readings, isHorizontal: isHorizontal) }
    if aggregate == .none {
      return readings.map { reading in
        var point = point(reading.place, reading.value, isHorizontal)
        if let end = reading.end, let value = reading.value.number {
          (point.low, point.high) = (min(end, value), max(end, value))
        }
        point.set(text: reading.text)
        point.shade = reading.shade
        set(reading, isHorizontal, &point)
        return point
      }
    }
    return grouped(readings).compactMap { group in
      guard let first = group.first, let summary = summary(group) else { return nil }
      var point = point(first.place, .number(summary.value), isHorizontal)
      point.count = summary.count
      (point.low, point.high) = (summary.low, summary.high)
      if let end = mean(group, \.end) {
        (point.low, point.high) = (min(end, summary.value), max(end, summary.value))
      }
      point.set(text: first.text)
      point.shade = mean(group, \.shade)
      set(first, isHorizontal, &point)
      return point
    }
  }

  /// The aggregate of readings at one place; most places of long curves have a single one.
  private func summary(_ group: ArraySlice<Reading>) -> Summary? {
    if group.count == 1, let value = group.first?.value.number {
      return Summary(value: aggregate == .count ? 1 : value, count: 1)
    }
    return Summary.of(group.compactMap(\.value.number), aggregate, band)
  }

  /// The mean of what some readings have; `nil` when none has it.
  private func mean(_ group: ArraySlice<Reading>, _ number: (Reading) -> Double?) -> Double? {
    var (sum, count) = (0.0, 0)
    for value in group.lazy.compactMap(number) {
      sum += value
      count += 1
    }
    return count == 0 ? nil : sum / Double(count)
  }

  /// A coordinate moved to the middle of its bin, and what it covers: the bin, or up to the other end of the mark.
  private func binned(_ coordinate: Coordinate, _ bins: Binning?, _ end: Double?) -> (Coordinate, Span?) {
    guard let number = coordinate.number else { return (coordinate, nil) }
    if let span = bins?.span(of: number) { return (.number((span.start + span.end) / 2), span) }
    return (coordinate, end.map { Span(start: number, end: $0) })
  }

  private var hasEnds: Bool { layer.encoding.x2 != nil || layer.encoding.y2 != nil }

  /// What a reading covers, as what its point covers.
  private func set(_ reading: Reading, _ isHorizontal: Bool, _ point: inout DataPoint) {
    let spans = [reading.placeSpan, reading.valueSpan]
    point.set(spanX: isHorizontal ? spans[1] : spans[0], spanY: isHorizontal ? spans[0] : spans[1])
  }

  /// A row as a rectangle between two places.
  private func rectangle(_ reading: Reading, _ isHorizontal: Bool) -> DataPoint {
    var point = point(reading.place, reading.value, isHorizontal)
    point.shade = reading.shade
    set(reading, isHorizontal, &point)
    return point
  }

  private func boxes(_ readings: [Reading], isHorizontal: Bool) -> [DataPoint] {
    grouped(readings).compactMap { group in
      guard let box = BoxSummary(group.compactMap(\.value.number), reach: layer.mark.whiskers) else {
        return nil
      }
      guard let first = group.first else { return nil }
      var point = point(first.place, .number(box.median), isHorizontal)
      (point.low, point.high, point.count) = (box.whiskerLow, box.whiskerHigh, box.count)
      point.set(box: box)
      return point
    }
  }

  /// The cells of a heat map: one for each pair of places, with the aggregate of its rows.
  private func cells(_ readings: [Reading], isHorizontal: Bool) -> [DataPoint] {
    var places: [[Coordinate]: Int] = [:]
    var groups: [[Reading]] = []
    for reading in readings {
      let key = [reading.place, reading.value]
      if let place = places[key] {
        groups[place].append(reading)
      } else {
        places[key] = groups.count
        groups.append([reading])
      }
    }
    let xs = CellEdges(readings.compactMap { (isHorizontal ? $0.value : $0.place).number }, layer.encoding.x)
    let ys = CellEdges(readings.compactMap { (isHorizontal ? $0.place : $0.value).number }, layer.encoding.y)
    return groups.map { group in
      var point = point(group[0].place, group[0].value, isHorizontal)
      point.shade =
        aggregate == .count
        ? Double(group.count)
        : Summary.of(group.compactMap(\.shade), aggregate == .none ? .mean : aggregate, .none)?.value
      point.count = group.count
      if layer.mark.kind == .rect {
        set(group[0], isHorizontal, &point)
        point.set(
          spanX: point.spanX ?? point.x.number.flatMap { xs.span(around: $0) },
          spanY: point.spanY ?? point.y.number.flatMap { ys.span(around: $0) })
      }
      return point
    }
  }

  /// Readings that share a place: numbers in ascending order, names in order of appearance.
  private func grouped(_ readings: [Reading]) -> [ArraySlice<Reading>] {
    guard readings.contains(where: { $0.place.number != nil }) else {
      var places: [Coordinate: Int] = [:]
      var groups: [[Reading]] = []
      for reading in readings {
        if let place = places[reading.place] {
          groups[place].append(reading)
        } else {
          places[reading.place] = groups.count
          groups.append([reading])
        }
      }
      return groups.map { $0[...] }
    }
    let ordered = inOrder(readings)
    var groups: [ArraySlice<Reading>] = []
    var start = 0
    for end in ordered.indices.dropFirst() where ordered[end].place != ordered[start].place {
      groups.append(ordered[start..<end])
      start = end
    }
    return groups + [ordered[start...]]
  }

  /// Readings by ascending place; those of one place stay in the order of the table.
  private func inOrder(_ readings: [Reading]) -> [Reading] {
    let keys = readings.map { $0.place.number ?? .nan }
    // Most tables are in order already.
    if zip(keys, keys.dropFirst()).allSatisfy(<=) { return readings }
    let order = readings.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }
    return order.map { readings[$0] }
  }

  private func seedLines(_ readings: [Reading], isHorizontal: Bool) -> [[DataPoint]] {
    var places: [Cell: Int] = [:]
    var lines: [[Reading]] = []
    for reading in readings {
      if let place = places[reading.seed] {
        lines[place].append(reading)
      } else {
        places[reading.seed] = lines.count
        lines.append([reading])
      }
    }
    guard lines.count > 1 else { return [] }
    return lines.map { line in
      grouped(line).flatMap { group in group.map { point($0.place, $0.value, isHorizontal) } }
    }
  }
}

/// What tells the series of a layer apart; −1 where a channel is not used.
private struct SeriesKey: Hashable, Comparable {
  var color: Int
  var pattern: Int
  var detail: Int

  static func < (a: SeriesKey, b: SeriesKey) -> Bool {
    (a.color, a.pattern, a.detail) < (b.color, b.pattern, b.detail)
  }
}

/// The different cells of a column, met row by row.
struct DistinctCells {
  private var seen: Set<Cell> = [.missing]
  private var last = Cell.missing

  /// Whether a cell is not missing and was not met before.
  mutating func insert(_ cell: Cell) -> Bool {
    // Neighbouring rows mostly have the same name.
    if cell == last { return false }
    last = cell
    return seen.insert(cell).inserted
  }
}
