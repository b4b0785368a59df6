// Serves plan: the axes, arms, exclusions and derived values of an experiment block, expanded into points.
import Diagnostics
import Specification
import Tables

/// An option with the value that a point gives it.
struct SweepSetting: Sendable {
  var path: [String]
  var position: SourcePosition
  var value: Node
}

/// One value of an axis: how it is called, what it sets, and how many seeds it has when that differs.
struct SweepValue: Sendable {
  var cell: Cell
  var settings: [SweepSetting]
  var seeds: Int?
}

/// A swept axis.
struct SweepAxis: Sendable {
  var column: Column
  var values: [SweepValue]
}

/// One point of a sweep.
struct SweepPoint: Sendable {
  var cells: [Cell] = []
  var settings: [SweepSetting] = []
  /// The arm's own number of seeds.
  var seeds: Int?

  /// The block's configuration at this point.
  func apply(to base: Node) -> Node {
    settings.reduce(base) { $0.overriding($1.path[...], at: $1.position, with: $1.value) }
  }
}

/// The sweep of an experiment block.
struct Sweep {
  /// The axes in order: `arm`, those of `vary`, those of `derive`.
  let columns: [Column]
  /// The points in the order of a cross product whose last axis changes fastest.
  let points: [SweepPoint]

  /// Reads `arms`, `vary`, `exclude` and `derive`; `nil` with diagnostics when something in them is wrong.
  ///
  /// - Parameters:
  ///   - body: the block, for one profile.
  ///   - base: its configuration without the sweep.
  ///   - seeds: seeds of a point, for the limit on runs.
  init?(_ body: Node, base: Node, seeds: Int, _ diagnostics: inout Diagnostics) {
    let before = diagnostics.all.count { $0.severity == .error }
    let reader = SweepReader(body: body, options: OptionPaths(body))
    let axes = reader.axes(&diagnostics)
    let failed = { (found: Diagnostics) in found.all.count { $0.severity == .error } > before }
    guard !failed(diagnostics), Sweep.fits(axes, seeds: seeds, body, &diagnostics) else { return nil }
    var points = Sweep.crossProduct(axes)
    if let node = body["exclude"], !node.isNull {
      points = Exclusions(node, axes, &diagnostics).apply(to: points, &diagnostics)
    }
    var columns = axes.map(\.column)
    if let node = body["derive"], !node.isNull {
      let derived = DerivedAxes(node, axes: columns, options: reader.options, &diagnostics)
      guard !failed(diagnostics) else { return nil }
      points = points.map { derived.extend($0, base: base, &diagnostics) }
      columns += derived.columns
    }
    if failed(diagnostics) { return nil }
    self.columns = columns
    self.points = points
  }

  private static func crossProduct(_ axes: [SweepAxis]) -> [SweepPoint] {
    axes.reduce([SweepPoint()]) { points, axis in
      points.flatMap { point in
        axis.values.map { value in
          SweepPoint(
            cells: point.cells + [value.cell], settings: point.settings + value.settings,
            seeds: value.seeds ?? point.seeds)
        }
      }
    }
  }

  /// Refuses a cross product that is too large to be meant, before it is formed.
  private static func fits(
    _ axes: [SweepAxis], seeds: Int, _ body: Node, _ diagnostics: inout Diagnostics
  ) -> Bool {
    let total = axes.reduce(Double(seeds)) { $0 * Double(max(1, $1.values.count)) }
    if total <= Double(ExperimentPlanner.mostRuns) { return true }
    let sizes = axes.map { "\($0.values.count) × " }.joined()
    diagnostics.add(
      Diagnostic(
        rule: "too-many-runs", "this sweep has \(sizes)\(seeds) = \(Cell.format(total)) runs",
        at: (body["vary"] ?? body).position, expected: "at most \(ExperimentPlanner.mostRuns) runs"))
    return false
  }
}

/// Reads the axes of a block.
private struct SweepReader {
  let body: Node
  let options: OptionPaths

  func axes(_ diagnostics: inout Diagnostics) -> [SweepAxis] {
    var axes: [SweepAxis] = []
    if let arms = body["arms"], !arms.isNull, let axis = armAxis(arms, &diagnostics) { axes.append(axis) }
    guard let vary = body["vary"], !vary.isNull else { return axes }
    guard let members = vary.members else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "'vary' cannot be \(vary.summary)", at: vary.position,
          expected: "a mapping from options to lists of values"))
      return axes
    }
    for member in members {
      if let axis = axis(member, &diagnostics) { axes.append(axis) }
    }
    return named(axes, members)
  }

  // MARK: - One axis

  private func axis(_ member: Node.Member, _ diagnostics: inout Diagnostics) -> SweepAxis? {
    let values = member.value.elements ?? [member.value]
    let sample = member.value.members == nil ? values.first : member.value.members?.first?.value
    guard
      let option = options.find(
        member.key, for: sample ?? member.value, at: member.position, &diagnostics)
    else { return nil }
    var axis = SweepAxis(
      column: Column(option.name, .axis, unit: option.field.unit, doc: option.field.doc), values: [])
    for (label, node) in labelled(member.value, option) {
      let cell = label.map { yamlNumber($0).map(Cell.number) ?? .text($0) } ?? cell(node)
      if axis.values.contains(where: { $0.cell == cell }) {
        diagnostics.add(
          Diagnostic(
            rule: "duplicate-value",
            "'\(member.key)' has the value \(node.members == nil ? node.summary : "'\(cell.label)'") twice",
            at: node.position, length: node.length,
            hint: node.members == nil ? nil : "name the values: {early: {…}, late: {…}}"))
      }
      axis.values.append(
        SweepValue(
          cell: cell, settings: [SweepSetting(path: option.keys, position: member.position, value: node)]))
    }
    if axis.values.isEmpty {
      diagnostics.add(
        Diagnostic(rule: "empty-axis", "the axis '\(member.key)' has no values", at: member.value.position))
    }
    return axis
  }

  /// The values of an axis, each with the name that the author gave it.
  private func labelled(_ node: Node, _ option: OptionPath) -> [(label: String?, value: Node)] {
    if let members = node.members { return members.map { ($0.key, $0.value) } }
    guard let elements = node.elements else { return [(nil, node)] }
    // `mlp: [100, 100]` is one network, `mlp: [[100], [100, 100]]` are two.
    if option.isListValued, let first = elements.first, first.elements == nil { return [(nil, node)] }
    return elements.map { (nil, $0) }
  }

  private func cell(_ node: Node) -> Cell {
    switch node.content {
    case .scalar(let text, let quoted):
      quoted ? .text(text) : yamlNumber(text).map(Cell.number) ?? .text(node.isNull ? "none" : text)
    case .sequence(let elements):
      .text("[" + elements.map { cell($0).label }.joined(separator: ", ") + "]")
    case .mapping(let members):
      .text(
        members.map { $0.key == "name" ? cell($0.value).label : "\($0.key)=\(cell($0.value).label)" }
          .joined(separator: " "))
    }
  }

  /// Axes that would share a name are called by their path, with `_` between the keys.
  private func named(_ axes: [SweepAxis], _ members: [Node.Member]) -> [SweepAxis] {
    axes.map { axis in
      guard axes.count(where: { $0.column.name == axis.column.name }) > 1,
        let path = axis.values.first?.settings.first?.path
      else { return axis }
      var copy = axis
      copy.column.name = path.joined(separator: "_")
      return copy
    }
  }

  // MARK: - Arms

  private func armAxis(_ node: Node, _ diagnostics: inout Diagnostics) -> SweepAxis? {
    guard let arms = node.elements, !arms.isEmpty else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "'arms' cannot be \(node.summary)", at: node.position,
          expected: "a list of mappings, each with a name"))
      return nil
    }
    var axis = SweepAxis(column: Column("arm", .axis, doc: "Name of the arm."), values: [])
    for arm in arms {
      guard let value = self.arm(arm, &diagnostics) else { continue }
      if axis.values.contains(where: { $0.cell == value.cell }) {
        diagnostics.add(
          Diagnostic(
            rule: "duplicate-value", "there are two arms named '\(value.cell.label)'", at: arm.position))
      }
      axis.values.append(value)
    }
    return axis
  }

  private func arm(_ arm: Node, _ diagnostics: inout Diagnostics) -> SweepValue? {
    guard let members = arm.members, let name = arm["name"]?.text else {
      diagnostics.add(
        Diagnostic(
          rule: "missing-key", "an arm needs a name", at: arm.position,
          expected: "{name: …, option: value, …}"))
      return nil
    }
    var value = SweepValue(cell: .text(name), settings: [])
    for member in members where member.key != "name" {
      if member.key == "seeds" {
        let type = FieldType.integer(1...10_000)
        value.seeds = type.resolve(member.value, label: "seeds", &diagnostics)?.integer
        continue
      }
      guard let option = options.find(member.key, for: member.value, at: member.position, &diagnostics) else {
        continue
      }
      value.settings.append(
        SweepSetting(path: option.keys, position: member.position, value: member.value))
    }
    return value
  }
}
