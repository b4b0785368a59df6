// Serves plan: a figure as the author described it, checked against its declaration.
import Diagnostics
import Specification
import Tables

/// A figure block, ready to be checked against tables and drawn.
public struct Figure: Sendable {
  /// Every option with its value; its canonical JSON is what a figure's digest is taken of.
  public var specification: Value
  /// The caption as written.
  public var caption: String
  /// The author's text for readers who do not see the picture.
  public var alternativeText: String?
  /// Names of the tables that the figure reads, in order of first use.
  public var tableNames: [String] {
    var names: [String] = []
    for layer in panels.flatMap(\.layers) {
      if let name = layer.data?.name, !names.contains(name) { names.append(name) }
    }
    return names
  }

  var title: String?
  var isFullWidth: Bool
  var panelHeight: Double?
  var facetColumns: Int?
  /// Height over width of one unit of x and y, for pictures that must not be stretched.
  var hasEqualUnits: Bool
  var sharesX: Bool
  var sharesY: Bool
  var panels: [Panel]
  var isStacked: Bool

  /// One plot: marks over common axes.
  struct Panel: Sendable {
    var title: String?
    var layers: [Layer]
  }

  /// A name in the block, with its place.
  struct Reference: Hashable, Sendable {
    var name: String
    var position: SourcePosition
  }

  /// One mark with its data.
  struct Layer: Sendable {
    var data: Reference?
    /// Columns computed from others, before rows are kept.
    var derived: [DerivedColumn]
    var filter: [Comparison]
    var mark: Mark
    var encoding: Encoding
    var seeds: Seeds?
    var label: String?

    /// Whether colour stands for a number on a continuous scale.
    var hasContinuousColor: Bool {
      guard let color = encoding.color, color.field != nil || color.aggregate == .count else { return false }
      if mark.kind == .contour { return true }
      return mark.kind == .rect ? color.isCategorical != true : color.isContinuous
    }
  }

  enum Seeds: String, Sendable { case none, dots, lines, automatic }

  enum MarkKind: String, Sendable, CaseIterable {
    case line, point, bar, area, band, errorbar, rule, tick, text, rect, boxplot, contour

    /// Whether the mark fills the plane with the values of `color`.
    var isField: Bool { self == .rect || self == .contour }
  }

  struct Mark: Sendable {
    var kind: MarkKind
    var point = false
    var isStep = false
    var dashes: Bool?
    var filled = true
    /// Area of a marker.
    var size = 40.0
    /// The share of light that the mark keeps from what is behind it; `nil` leaves it to the mark.
    var opacity: Double?
    /// Whether numbers stand in cells or on contour lines; `nil` leaves it to the room there is.
    var labels: Bool?
    var levels = Levels.about(10)
    /// How steep a guide is, where the axes measure.
    var slope: Double?
    /// How far whiskers reach, in lengths of the box; `nil` lets them reach to the extremes.
    var whiskers: Double? = 1.5
    var position: SourcePosition

    /// Whether the mark covers its plot with colour.
    var coversPlot: Bool { kind == .rect || (kind == .contour && filled) }
  }

  /// Where contour lines run.
  enum Levels: Sendable {
    /// About so many, at round values.
    case about(Int)
    /// At these values, ascending.
    case at([Double])
  }

  enum Aggregate: Hashable, Sendable {
    case mean, median, min, max, count, none
    /// The value below which a fraction of the values lie.
    case quantile(Double)

    init?(_ name: String) {
      switch name {
      case "mean": self = .mean
      case "median": self = .median
      case "min": self = .min
      case "max": self = .max
      case "count": self = .count
      case "none": self = .none
      default: return nil
      }
    }

    /// The name in remarks and alternative text.
    var name: String {
      switch self {
      case .mean: "mean"
      case .median: "median"
      case .min: "smallest value"
      case .max: "largest value"
      case .count: "count"
      case .none: "value"
      case .quantile(let fraction): "\(formatSignificant(fraction * 100)) % quantile"
      }
    }
  }

  enum Band: Hashable, Sendable {
    case ci95, sd, range, iqr, none
    /// From one quantile to another.
    case quantiles(Double, Double)

    init?(_ name: String) {
      switch name {
      case "ci95": self = .ci95
      case "sd": self = .sd
      case "range": self = .range
      case "iqr": self = .iqr
      case "none": self = .none
      default: return nil
      }
    }
  }

  struct Channel: Sendable {
    var field: Reference?
    var datum: Cell?
    var isCategorical: Bool?
    var aggregate: Aggregate?
    var band: Band?
    var scale = ScaleRequest()
    var title: String?
    var format: NumberStyle = .number
    var sort: Sort?
    var bin: BinRequest?
    var stack: Stack?
    /// Whether the axis has ticks, numbers and a title.
    var showsAxis = true
    var position: SourcePosition

    /// Whether the author asked for a continuous scale: of colours, as the channel is used for.
    var isContinuous: Bool {
      if isCategorical == true { return false }
      return isCategorical == false || scale.scheme != nil || scale.kind != nil
    }
  }

  /// How the bars or areas of several series stand on each other.
  enum Stack: String, Sendable { case zero, normalize }

  enum Sort: Sendable {
    case ascending
    case descending
    /// By the values along the other axis.
    case byValue(isDescending: Bool)
    case explicit([String])
  }

  struct Encoding: Sendable {
    var x: Channel?
    var y: Channel?
    var x2: Channel?
    var y2: Channel?
    var color: Channel?
    /// Dashes and shapes.
    var pattern: Channel?
    var detail: Channel?
    var text: Channel?
    var row: Channel?
    var column: Channel?

    var all: [Channel] {
      [x, y, x2, y2, color, pattern, detail, text, row, column].compactMap(\.self)
    }
  }
}

extension Figure {
  /// Reads a figure block; `nil` when it has mistakes, which are in `diagnostics`.
  public init?(resolving node: Node, _ diagnostics: inout Diagnostics) {
    guard let value = figureRecord.resolve(node, &diagnostics) else { return nil }
    let errorsBefore = diagnostics.all.count { $0.severity == .error }
    let block = Located(value, node)
    let outer = FigureReader.Scope(
      data: block["data"]?.reference, derived: FigureReader.derived(block["calculate"], &diagnostics),
      filter: FigureReader.comparisons(block["filter"], &diagnostics),
      encoding: FigureReader.encoding(block["encoding"], &diagnostics).first ?? Encoding())

    let side = block["hconcat"] ?? block["vconcat"]
    var panels: [Panel] = []
    if let side {
      for panel in side.elements { panels += FigureReader.panels(panel, outer, isPart: true, &diagnostics) }
    } else {
      panels = FigureReader.panels(block, outer, isPart: false, &diagnostics)
    }
    specification = value
    caption = block["fig-cap"]?.string ?? ""
    alternativeText = block["fig-alt"]?.string
    title = block["title"]?.string
    isFullWidth = block["width"]?.string == "full"
    panelHeight = block["height"]?.number
    facetColumns = block["columns"]?.number.map { Int($0) }
    hasEqualUnits = block["aspect"]?.string == "equal"
    sharesX = block["resolve"]?["scale"]?["x"]?.string != "independent"
    sharesY = block["resolve"]?["scale"]?["y"]?.string != "independent"
    let severalFields = side == nil && panels.count > 1
    isStacked =
      block["vconcat"] != nil || (severalFields && panels[0].layers.contains { $0.encoding.column != nil })
    self.panels = panels
    guard diagnostics.all.count(where: { $0.severity == .error }) == errorsBefore else { return nil }
  }
}

/// A resolved value together with the text it came from.
struct Located {
  let value: Value
  let node: Node

  init(_ value: Value, _ node: Node) {
    self.value = value
    self.node = node
  }

  subscript(key: String) -> Located? {
    guard let member = value[key] else { return nil }
    return Located(member, node[key] ?? node)
  }

  /// The elements of a list; a value that stands for a list of one is one.
  var elements: [Located] {
    guard let values = value.array else { return [self] }
    guard let nodes = node.elements, nodes.count == values.count else {
      return values.map { Located($0, node) }
    }
    return zip(values, nodes).map { Located($0, $1) }
  }

  var string: String? { value.string }
  var number: Double? { value.number }
  var bool: Bool? { value.bool }
  var position: SourcePosition { node.position }
  var reference: Figure.Reference? { string.map { Figure.Reference(name: $0, position: position) } }

  var cell: Cell? {
    switch value {
    case .number(let number): .number(number)
    case .string(let text): .text(text)
    case .bool(let truth): .text(truth ? "true" : "false")
    default: nil
    }
  }
}

/// Turns a resolved figure block into panels and layers.
enum FigureReader {
  /// What a layer inherits.
  struct Scope {
    var data: Figure.Reference?
    var derived: [DerivedColumn]
    var filter: [Comparison]
    var encoding: Figure.Encoding
  }

  /// The panels of a unit: one for each field of y.
  static func panels(
    _ block: Located, _ outer: Scope, isPart: Bool, _ diagnostics: inout Diagnostics
  ) -> [Figure.Panel] {
    let encodings = encoding(block["encoding"], &diagnostics)
    var base = outer
    if isPart {
      base.data = block["data"]?.reference ?? outer.data
      base.derived += derived(block["calculate"], &diagnostics)
      base.filter += comparisons(block["filter"], &diagnostics)
    }
    return (encodings.isEmpty ? [Figure.Encoding()] : encodings).map { own in
      var scope = base
      scope.encoding = merged(own, over: outer.encoding)
      var layers: [Figure.Layer] = []
      if block["mark"] != nil { layers.append(layer(block, scope, ownEncoding: own, &diagnostics)) }
      for part in block["layer"]?.elements ?? [] {
        var inner = scope
        inner.data = part["data"]?.reference ?? scope.data
        inner.derived += derived(part["calculate"], &diagnostics)
        inner.filter += comparisons(part["filter"], &diagnostics)
        let own = encoding(part["encoding"], &diagnostics).first ?? Figure.Encoding()
        inner.encoding = merged(own, over: scope.encoding)
        layers.append(layer(part, inner, ownEncoding: own, &diagnostics))
      }
      if layers.isEmpty {
        diagnostics.add(
          Diagnostic(
            rule: "missing-key", "nothing is drawn here", at: block.position,
            expected: "mark: line, point, bar, …; or layer: [{mark: …}, …]"))
      }
      checkColors(layers, &diagnostics)
      let title = isPart || encodings.count > 1 ? block["title"]?.string : nil
      return Figure.Panel(title: isPart ? title : nil, layers: layers)
    }
  }

  private static func layer(
    _ block: Located, _ scope: Scope, ownEncoding: Figure.Encoding, _ diagnostics: inout Diagnostics
  ) -> Figure.Layer {
    let mark = mark(block["mark"])
    var layer = Figure.Layer(
      data: scope.data, derived: scope.derived, filter: scope.filter, mark: mark, encoding: scope.encoding,
      seeds: nil,
      label: block["label"]?.string)
    if mark.kind == .rule {
      // A rule crosses the whole plot: it has only the places that it is given itself.
      layer.encoding.x = ownEncoding.x
      layer.encoding.y = ownEncoding.y
      layer.encoding.x2 = ownEncoding.x2
      layer.encoding.y2 = ownEncoding.y2
      layer.encoding.color = ownEncoding.color
      layer.encoding.pattern = ownEncoding.pattern
    }
    switch block["seeds"]?.value {
    case .bool(let shown): layer.seeds = shown ? .automatic : Figure.Seeds.none
    case .string(let kind): layer.seeds = Figure.Seeds(rawValue: kind)
    default: layer.seeds = nil
    }
    check(layer, &diagnostics)
    return layer
  }

  private static func mark(_ block: Located?) -> Figure.Mark {
    let name = block?["type"]?.string ?? "line"
    var mark = Figure.Mark(
      kind: name == "errorband" ? .band : Figure.MarkKind(rawValue: name) ?? .line,
      position: block?.position ?? SourcePosition(file: "", line: 1, column: 1))
    mark.point = block?["point"]?.bool ?? false
    mark.isStep = block?["interpolate"]?.string == "step-after"
    mark.dashes = block?["strokeDash"]?.bool
    mark.filled = block?["filled"]?.bool ?? true
    mark.size = block?["size"]?.number ?? 40
    mark.opacity = block?["opacity"]?.number
    mark.labels = block?["labels"]?.bool
    mark.slope = block?["slope"]?.number
    switch block?["levels"]?.value {
    case .number(let count): mark.levels = .about(Int(count))
    case .array(let values): mark.levels = .at(values.compactMap(\.number).sorted())
    default: break
    }
    switch block?["extent"]?.value {
    case .number(let reach): mark.whiskers = reach
    case .string: mark.whiskers = nil
    default: break
    }
    return mark
  }

  /// One encoding for each field of y.
  static func encoding(_ block: Located?, _ diagnostics: inout Diagnostics) -> [Figure.Encoding] {
    guard let block else { return [] }
    var encoding = Figure.Encoding()
    encoding.x = channel(block["x"], &diagnostics)
    encoding.x2 = channel(block["x2"], &diagnostics)
    encoding.y2 = channel(block["y2"], &diagnostics)
    encoding.color = channel(block["color"], &diagnostics)
    encoding.pattern = channel(block["strokeDash"] ?? block["shape"], &diagnostics)
    encoding.detail = channel(block["detail"], &diagnostics)
    encoding.text = channel(block["text"], &diagnostics)
    encoding.row = channel(block["row"], &diagnostics)
    encoding.column = channel(block["column"], &diagnostics)
    guard let y = block["y"] else { return [encoding] }
    let fields = y["field"]?.elements ?? []
    return (0..<max(1, fields.count)).map { index in
      var copy = encoding
      copy.y = channel(y, &diagnostics)
      if fields.count > 1 {
        copy.y?.field = fields[index].reference
        copy.y?.title = nil
      }
      return copy
    }
  }

  private static func merged(_ own: Figure.Encoding, over outer: Figure.Encoding) -> Figure.Encoding {
    var result = outer
    result.x = own.x ?? outer.x
    result.y = own.y ?? outer.y
    result.x2 = own.x2 ?? outer.x2
    result.y2 = own.y2 ?? outer.y2
    result.color = own.color ?? outer.color
    result.pattern = own.pattern ?? outer.pattern
    result.detail = own.detail ?? outer.detail
    result.text = own.text ?? outer.text
    result.row = own.row ?? outer.row
    result.column = own.column ?? outer.column
    return result
  }

  private static func channel(_ block: Located?, _ diagnostics: inout Diagnostics) -> Figure.Channel? {
    guard let block else { return nil }
    var channel = Figure.Channel(position: block.position)
    channel.field = block["field"]?.elements.first?.reference
    channel.datum = block["datum"]?.cell
    channel.isCategorical = block["type"]?.string.map { $0 != "quantitative" }
    channel.aggregate = aggregate(block["aggregate"])
    channel.band = band(block["band"], &diagnostics)
    channel.stack = block["stack"]?.string.flatMap { Figure.Stack(rawValue: $0) }
    channel.showsAxis = block["axis"]?.bool ?? true
    channel.title = block["title"]?.string
    channel.format = block["format"]?.string.flatMap(NumberStyle.init) ?? .number
    switch block["sort"]?.value {
    case .string("ascending"): channel.sort = .ascending
    case .string("descending"): channel.sort = .descending
    case .string(let axis): channel.sort = .byValue(isDescending: axis.hasPrefix("-"))
    case .array: channel.sort = .explicit(block["sort"]?.elements.compactMap { $0.cell?.label } ?? [])
    default: break
    }
    switch block["bin"]?.value {
    case .bool(true): channel.bin = BinRequest()
    case .object(let members):
      channel.bin = BinRequest(most: members["maxbins"]?.integer ?? 20, step: members["step"]?.number)
    default: break
    }
    if let scale = block["scale"] { channel.scale = request(scale, &diagnostics) }
    if channel.scale.kind == .ordinal { channel.isCategorical = true }
    return channel
  }

  private static func aggregate(_ block: Located?) -> Figure.Aggregate? {
    if let fraction = block?.number { return .quantile(fraction) }
    return block?.string.flatMap { Figure.Aggregate($0) }
  }

  private static func band(_ block: Located?, _ diagnostics: inout Diagnostics) -> Figure.Band? {
    guard let block else { return nil }
    if let name = block.string { return Figure.Band(name) }
    let fractions = block.elements.compactMap(\.number)
    guard fractions.count == 2, fractions[0] < fractions[1] else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "a band runs from a lower to a higher quantile", at: block.position,
          expected: "two fractions, as in [0.05, 0.95]"))
      return nil
    }
    return .quantiles(fractions[0], fractions[1])
  }

  private static func request(_ block: Located, _ diagnostics: inout Diagnostics) -> ScaleRequest {
    var request = ScaleRequest()
    request.scheme = block["scheme"]?.string.flatMap { ColorScheme(rawValue: $0) }
    request.middle = block["domainMid"]?.number
    switch block["type"]?.string {
    case "linear": request.kind = .linear
    case "log": request.kind = .log
    case "symlog": request.kind = .symlog(constant: block["constant"]?.number ?? 1)
    case "sqrt": request.kind = .sqrt
    case "ordinal": request.kind = .ordinal
    default: break
    }
    request.zero = block["zero"]?.bool
    request.reversed = block["reverse"]?.bool ?? false
    guard let domain = block["domain"] else { return request }
    let cells = domain.elements.compactMap(\.cell)
    let numbers = cells.compactMap(\.number)
    if request.kind != .ordinal, numbers.count == cells.count, numbers.count == 2 {
      request.domain = numbers
      if numbers[0] == numbers[1] {
        diagnostics.add(
          Diagnostic(
            rule: "empty-domain", "the domain begins and ends at \(Cell.format(numbers[0]))",
            at: domain.position,
            expected: "two different numbers"))
      }
      if request.kind == .log, let bad = numbers.first(where: { $0 <= 0 }) {
        diagnostics.add(
          Diagnostic(
            rule: "log-domain", "a logarithmic axis has no place for \(Cell.format(bad))",
            at: domain.position,
            expected: "two numbers above 0", hint: "use {type: symlog} to include zero"))
      }
    } else if request.kind == .log || request.kind == .linear || request.kind == .sqrt {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "the domain of this scale needs two numbers", at: domain.position,
          expected: "[low, high]"))
    }
    request.categories = cells.map(\.label)
    return request
  }

  /// The columns that a unit computes, in the order of the text.
  static func derived(_ block: Located?, _ diagnostics: inout Diagnostics) -> [DerivedColumn] {
    (block?.node.members ?? []).compactMap { member in
      diagnostics.collect { _ in
        DerivedColumn(
          name: member.key,
          expression: try RowExpression.parse(member.value.text ?? "", at: member.value.position))
      }
    }
  }

  static func comparisons(_ block: Located?, _ diagnostics: inout Diagnostics) -> [Comparison] {
    (block?.elements ?? []).flatMap { Comparison.parse($0.string ?? "", at: $0.position, &diagnostics) }
  }

  /// A plot has one scale of colours beside it, so its layers must agree on what that scale shows.
  private static func checkColors(_ layers: [Figure.Layer], _ diagnostics: inout Diagnostics) {
    let channels = layers.filter(\.hasContinuousColor).compactMap(\.encoding.color)
    guard let first = channels.first?.field else { return }
    for other in channels.compactMap(\.field) where other.name != first.name {
      diagnostics.add(
        Diagnostic(
          rule: "figure-encoding",
          "a plot has one continuous scale of colours, here that of '\(first.name)'; '\(other.name)' is a second",
          at: other.position, length: other.name.utf8.count,
          hint: "show it in a panel of its own with hconcat"))
    }
  }

  /// What can be wrong with a layer whatever the data.
  private static func check(_ layer: Figure.Layer, _ diagnostics: inout Diagnostics) {
    func refuse(_ message: String, at position: SourcePosition, expected: String? = nil, hint: String? = nil)
    {
      diagnostics.add(
        Diagnostic(rule: "figure-encoding", message, at: position, expected: expected, hint: hint))
    }
    let (kind, encoding) = (layer.mark.kind, layer.encoding)
    if kind == .rule {
      if layer.mark.slope != nil, encoding.x == nil || encoding.y == nil {
        refuse(
          "a guide runs through one place", at: layer.mark.position,
          expected: "encoding: {x: {datum: …}, y: {datum: …}}")
      } else if encoding.x == nil && encoding.y == nil {
        refuse(
          "a rule needs its place", at: layer.mark.position, expected: "encoding: {y: {datum: 0.1}} or {x: …}"
        )
      }
    } else {
      for (name, channel) in [("x", encoding.x), ("y", encoding.y)] {
        let counts = channel?.aggregate == .count
        if channel?.field == nil && channel?.datum == nil && !counts {
          refuse(
            "\(kind.rawValue) needs '\(name)'", at: channel?.position ?? layer.mark.position,
            expected: "\(name): {field: …}")
        }
      }
    }
    if kind == .contour || (kind == .rect && encoding.x2 == nil && encoding.y2 == nil),
      encoding.color?.field == nil, encoding.color?.aggregate != .count
    {
      refuse("\(kind.rawValue) needs 'color'", at: layer.mark.position, expected: "color: {field: …}")
    }
    if kind == .text, encoding.text == nil {
      refuse("text needs 'text'", at: layer.mark.position, expected: "text: {field: …}")
    }
    let needsTable = encoding.all.contains { $0.field != nil || $0.aggregate == .count }
    if needsTable, layer.data == nil {
      refuse("this mark has no data", at: layer.mark.position, expected: "data: exp-…")
    }
    for channel in [encoding.x, encoding.y].compactMap(\.self) where channel.stack != nil {
      if kind != .bar && kind != .area {
        refuse(
          "only bars and areas are stacked", at: channel.position, expected: "mark: bar or mark: area")
      } else if channel.scale.kind == .log || encoding.x2 != nil || encoding.y2 != nil {
        refuse("a stack begins at zero, on an axis that has one", at: channel.position)
      }
    }
    if kind == .bar {
      for channel in [encoding.x, encoding.y].compactMap(\.self)
      where channel.scale.kind == .log && channel.isCategorical != true {
        diagnostics.add(
          Diagnostic(
            .warning, rule: "log-bars", "bars on a logarithmic axis have no zero to start from",
            at: channel.position, hint: "use mark: point"))
      }
    }
  }
}
