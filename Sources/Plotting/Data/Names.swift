// Serves draw: the names that colours, dashes and shapes tell apart.
import Tables

/// Names told apart by colour, or by dashes and shapes.
struct Names: Sendable {
  var title: String?
  /// The channel that shows them first.
  var channel: Figure.Channel?
  var names: [String] = []
  /// Whether the names are numbers, in order.
  var isOrdered = false
  /// The colours that the author asked for.
  var scheme: ColorScheme?
  /// Those of the names that come from the labels of layers: references, not series of the data.
  var labels: [String] = []
}

extension Names {
  /// The values of a channel over all layers, in order.
  static func gathered(
    _ layers: [LayerRows], _ path: KeyPath<Figure.Encoding, Figure.Channel?>, label: (Figure.Layer) -> String?
  ) -> Names {
    var result = Names()
    var cells: [Cell] = []
    var seen: Set<String> = []
    var titles: [String] = []
    var fixed: [String] = []
    var sort: Figure.Sort?
    for layer in layers where !(path == \.color && layer.hasContinuousColor) {
      let channel = layer.layer.encoding[keyPath: path]
      if let channel, let field = channel.field, let index = layer.table?.index(of: field.name) {
        var distinct = DistinctCells()
        let rows = layer.table?.rows ?? []
        for row in layer.rows where distinct.insert(rows[row][index]) {
          let cell = rows[row][index]
          if seen.insert(cell.label).inserted { cells.append(cell) }
        }
        titles.append(layer.title(path) ?? field.name)
        result.channel = result.channel ?? channel
        sort = sort ?? channel.sort
        result.scheme = result.scheme ?? channel.scale.scheme
        if sort == nil, let categories = channel.scale.categories { sort = .explicit(categories) }
      } else if let name = channel?.datum?.label ?? label(layer.layer), layer.layer.mark.kind != .rule {
        if !fixed.contains(name) { fixed.append(name) }
        if channel?.datum == nil, !result.labels.contains(name) { result.labels.append(name) }
      }
    }
    result.isOrdered = cells.count > 1 && cells.allSatisfy { $0.number != nil }
    let ordered =
      result.isOrdered
      ? cells.sorted { ($0.number ?? 0) < ($1.number ?? 0) } : cells
    let labels = ordered.map(\.label)
    switch sort {
    case nil, .byValue: result.names = labels
    case .ascending: result.names = result.isOrdered ? labels : labels.sorted()
    case .descending: result.names = (result.isOrdered ? labels : labels.sorted()).reversed()
    case .explicit(let order):
      result.names = order.filter(labels.contains) + labels.filter { !order.contains($0) }
    }
    result.names += fixed.filter { !result.names.contains($0) }
    if fixed.count > result.labels.count { result.isOrdered = false }
    if let title = titles.first, titles.allSatisfy({ $0 == title }), !title.isEmpty { result.title = title }
    return result
  }
}

/// The names that colours tell apart: those of one column, or of several, whose colours each begin anew.
struct ColorNames: Sendable {
  /// The names of each column, in order of use.
  private(set) var groups: [Names] = []
  /// All names; series count in this list.
  private(set) var names: [String] = []
  /// The groups that each panel shows.
  private(set) var ofPanel: [[Int]] = []
  /// Where each group begins among all names.
  private var starts: [Int] = []
  /// The columns of each group.
  private var fields: [Set<String>] = []
  /// The group of layers that have a name instead of a column, for each panel.
  private var labelGroups: [Int] = []

  init() {}

  /// The names of the layers of each panel.
  init(_ panels: [[LayerRows]]) {
    gatherFields(panels.flatMap(\.self))
    labelGroups = panels.map { $0.compactMap { $0.colorColumn.flatMap(group) }.first ?? 0 }
    var members = [[LayerRows]](repeating: [], count: max(1, fields.count))
    for (panel, layers) in panels.enumerated() {
      for layer in layers { members[group(of: layer, in: panel)].append(layer) }
      let shown = layers.filter(\.hasColorName).map { group(of: $0, in: panel) }
      ofPanel.append(members.indices.filter(shown.contains))
    }
    groups = members.map { Names.gathered($0, \.color, label: \.label) }
    for group in groups {
      starts.append(names.count)
      names += group.names
    }
  }

  /// Columns of one title are one: the same design in two tables.
  private mutating func gatherFields(_ layers: [LayerRows]) {
    var titles: [String?] = []
    for layer in layers {
      guard let column = layer.colorColumn else { continue }
      let title = layer.title(\.color)
      let sameTitle = title?.isEmpty == false ? titles.firstIndex(of: title) : nil
      if let known = group(column) ?? sameTitle {
        fields[known].insert(column)
      } else {
        fields.append([column])
        titles.append(title)
      }
    }
  }

  private func group(_ column: String) -> Int? { fields.firstIndex { $0.contains(column) } }

  private func group(of layer: LayerRows, in panel: Int) -> Int {
    layer.colorColumn.flatMap(group) ?? labelGroups[panel]
  }

  /// The names of a group, as places in the list of all.
  func range(_ group: Int) -> Range<Int> { starts[group]..<(starts[group] + groups[group].names.count) }

  /// The codes of the names of a layer.
  func codes(of layer: LayerRows, in panel: Int) -> NameCodes {
    let group = group(of: layer, in: panel)
    return NameCodes(groups[group].names, from: starts[group])
  }

  /// Whether all panels show the same names.
  var areShared: Bool { Set(ofPanel).count <= 1 }
}

/// The index of each cell's name, worked out once for each different cell.
struct NameCodes {
  private let codes: [String: Int]
  private var known: [Cell: Int?] = [:]
  /// Neighbouring rows mostly have the same name.
  private var last: (cell: Cell, code: Int?) = (.missing, nil)

  /// Names that count from `first` on.
  init(_ names: [String], from first: Int = 0) {
    codes = Dictionary(names.enumerated().map { ($1, $0 + first) }) { a, _ in a }
  }

  subscript(cell: Cell) -> Int? {
    mutating get {
      if cell == last.cell { return last.code }
      let code = known[cell] ?? codes[cell.label]
      known[cell] = .some(code)
      last = (cell, code)
      return code
    }
  }

  subscript(name: String) -> Int? { codes[name] }
}
