// Serves check and tabulate: computes an expression on tables, or only on their shape before anything has run.

import BitExact
import Diagnostics
import Statistics
import Tables

/// Computes a syntax tree.
struct Evaluator {
  var source: Source
  var tables: (String) -> Table?
  /// Before a run there are rows without results: places are then checked, values are not.
  var structureOnly = false
  /// Before a run: for a table whose rows are not known yet, the axes whose values are not known.
  var unknownAxes: (String) -> [String] = { _ in [] }
  /// The number behind a name, in expressions that may use names.
  var variables: (Located<String>) throws -> Double = { _ in .nan }

  func frame(_ node: Node) throws -> Frame {
    switch node {
    case .number(let value, _):
      return Frame(constant: value)
    case .name(let name):
      return Frame(constant: try variables(name))
    case .reference(let reference):
      return try frame(reference)
    case .negation(let operand, _):
      let frame = try frame(operand)
      return frame.mapped(unit: frame.unit) { -$0 }
    case .binary(let operation, let left, let right, let span):
      return try combined(operation, frame(left), frame(right), span)
    case .comparison(let comparison, let left, let right, let span):
      let (a, b) = (try frame(left), try frame(right))
      _ = try commonUnit(a.unit, b.unit, span)
      return try located(span) { () throws(FrameProblem) in
        try Frame.combine(a, b, unit: "") { x, y in
          x.isNaN || y.isNaN ? .nan : comparison.holds(x, y) ? 1 : 0
        }
      }
    case .call(let call):
      return try frame(call)
    }
  }

  /// The final sample: no axis may be open.
  func sample(_ node: Node) throws -> Sample {
    try sample(of: frame(node), node)
  }

  /// The sample of a frame without open axes.
  func sample(of result: Frame, _ node: Node) throws -> Sample {
    if result.constant != nil {
      throw source.error(
        "no-sample", node.span, "the expression names no experiment",
        hint: "a sample is written exp-name.column")
    }
    let open = result.openAxes
    if !open.isEmpty { throw DiagnosticError(open.map { notFixed($0, node.span) }) }
    var seen: Set<Int> = []
    for entry in result.entries where !seen.insert(entry.seed).inserted {
      throw source.error(
        "rows-not-unique", node.span, "several rows remain for seed \(entry.seed)", hint: "add a filter")
    }
    if result.entries.isEmpty, !structureOnly {
      throw source.error(
        "no-common-seeds", node.span,
        result.gaps.isEmpty
          ? "no seed has a result for every part of the expression"
          : "no seed has a number for every part of the expression: a threshold was not reached, or nothing measured"
      )
    }
    var experiments: [String] = []
    for reference in node.references where !experiments.contains(reference.experiment.value) {
      experiments.append(reference.experiment.value)
    }
    let firstSeeds = node.references.compactMap { tables($0.tableName)?.firstStage }.min()
    return Sample(
      values: result.entries.map { (seed: $0.seed, value: $0.value) }.sorted { $0.seed < $1.seed },
      experiments: experiments, unit: result.unit,
      leftOut: result.gaps.keys.count { !seen.contains($0) },
      gaps: result.gaps.reduce(0) { seen.contains($1.key) ? $0 + $1.value : $0 },
      firstStage: firstSeeds.map { first in result.entries.count { $0.seed <= first } })
  }

  private func notFixed(_ axis: FrameAxis, _ span: Span) -> Diagnostic {
    let example = axis.isUnknown ? "…" : axis.values[0].label
    return source.mistake(
      "axis-not-fixed", span,
      "the axis '\(axis.name)' is not fixed"
        + (axis.isUnknown ? "" : "; its values are \(listed(axis.values))"),
      hint: "fix it, as in [\(axis.name)=\(example)], or go over it, as in mean(…, over: \(axis.name))")
  }

  private func located<T>(_ span: Span, _ body: () throws(FrameProblem) -> T) throws -> T {
    do { return try body() } catch {
      throw source.error(error.rule, span, error.message, hint: error.hint)
    }
  }

  // MARK: - References

  private func frame(_ reference: Reference) throws -> Frame {
    guard let table = tables(reference.tableName) else {
      throw source.error(
        "unknown-table", reference.table?.span ?? reference.experiment.span,
        "there is no table '\(reference.tableName)'")
    }
    let mistakes = referenceMistakes(reference, in: table, source)
    if !mistakes.isEmpty { throw DiagnosticError(mistakes) }
    guard let column = table.index(of: reference.column.value) else { return Frame() }
    var rows = table.rows[...]
    let unknown = unknownAxes(reference.tableName)
    for filter in reference.filters where !unknown.contains(filter.axis.value) {
      guard let index = table.index(of: filter.axis.value) else { continue }
      rows = rows.filter { filter.matches($0[index]) }[...]
    }
    if rows.isEmpty {
      throw source.error(
        "no-rows", reference.span,
        table.rows.isEmpty
          ? "\(table.name) has no rows" : "no row of \(table.name) satisfies all of these filters together")
    }
    let fixed = reference.filters.filter { $0.comparison == .equal }.map(\.axis.value)
    let axisColumns = table.columns.indices.filter {
      table.columns[$0].role == .axis && !fixed.contains(table.columns[$0].name)
    }
    let cells = rows.map { row in axisColumns.map { row[$0] } }
    let axes = axisColumns.enumerated().map { position, index in
      let name = table.columns[index].name
      if unknown.contains(name) {
        return FrameAxis(name: name, values: FrameAxis.unknownValues, isUnknown: true)
      }
      let here = cells.map { $0[position] }
      let values = distinctCells(here)
      // An option that only some of these rows have: to lack it is a value too.
      let lacking: [Cell] = !values.isEmpty && here.contains(.missing) ? [.missing] : []
      return FrameAxis(name: name, values: values + lacking)
    }
    // Looked up only, never walked through: its order does not matter.
    let places = axes.map { axis in
      Dictionary(axis.values.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let seedColumn = table.columns.firstIndex { $0.role == .seed }
    var frame = Frame(unit: table.columns[column].unit)
    // An axis without any value here (an option that this arm does not have) is no axis.
    let used = axes.indices.filter { !axes[$0].values.isEmpty }
    frame.axes = used.map { axes[$0] }
    // Not every metric is recorded at every step.
    let isHistory = table.index(of: Frame.timeAxis) != nil
    for (row, rowCells) in zip(rows, cells) {
      let seed = seedColumn.flatMap { row[$0].number }.flatMap { Int(exactly: $0) } ?? 1
      let value: Double
      switch row[column] {
      case .number(let number): value = number
      case .missing where structureOnly: value = .nan
      case .missing:
        if !isHistory { frame.gaps[seed, default: 0] += 1 }
        continue
      case .text(let text):
        throw source.error(
          "not-a-number", reference.column.span,
          "'\(reference.column.value)' holds text ('\(text)'), not numbers")
      }
      let coordinates = used.compactMap { axes[$0].isUnknown ? 0 : places[$0][rowCells[$0]] }
      // Only a coordinate that is not a number has no place.
      if coordinates.count < used.count { continue }
      frame.entries.append(Frame.Entry(coordinates: coordinates, seed: seed, value: value))
    }
    // Every combination of the values that stand for the unknown ones.
    for (position, axis) in frame.axes.enumerated() where axis.isUnknown {
      frame.entries += frame.entries.map { entry in
        var other = entry
        other.coordinates[position] = 1
        return other
      }
    }
    return frame
  }

  // MARK: - Arithmetic

  private func combined(
    _ operation: BinaryOperator, _ a: Frame, _ b: Frame, _ span: Span
  ) throws -> Frame {
    let unit: String
    switch operation {
    case .add, .subtract: unit = try commonUnit(a.unit, b.unit, span)
    case .multiply: unit = a.unit.isEmpty ? b.unit : b.unit.isEmpty ? a.unit : "\(a.unit)·\(b.unit)"
    case .divide: unit = b.unit.isEmpty ? a.unit : a.unit == b.unit ? "" : "\(a.unit)/\(b.unit)"
    }
    return try located(span) { () throws(FrameProblem) in
      try Frame.combine(a, b, unit: unit) { x, y in
        switch operation {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        }
      }
    }
  }

  /// Numbers without a unit go with every unit.
  private func commonUnit(_ a: String, _ b: String, _ span: Span) throws -> String {
    if a.isEmpty { return b }
    if b.isEmpty || a == b { return a }
    throw source.error("unit-mismatch", span, "'\(a)' and '\(b)' cannot be added or compared")
  }

  // MARK: - Functions

  private func frame(_ call: Call) throws -> Frame {
    if call.function == .granulated { return try granulated(call) }
    let frames = try call.arguments.map { try joined(frame($0), call) }
    guard let first = frames.first else { return Frame() }
    switch call.function.form {
    case .plain, .choice: return try pointwise(call, frames)
    case .severalOrOver:
      return call.axis == nil
        ? try best(call, frames) : try reduced(first, call, unit: first.unit, call.function.summary)
    case .over, .condition: return try overAxis(call, frames)
    case .place:
      guard let axis = call.axis, let place = call.place else { return first }
      return try located(place.span) { () throws(FrameProblem) in
        try first.fixed(axis.value, at: place.value)
      }
    }
  }

  /// Functions computed number by number.
  private func pointwise(_ call: Call, _ frames: [Frame]) throws -> Frame {
    let unit: String
    switch call.function {
    case .abs, .round, .floor, .ceil: unit = frames[0].unit
    case .clamp:
      unit = try frames.dropFirst().reduce(frames[0].unit) { try commonUnit($0, $1.unit, call.span) }
    case .if: unit = try commonUnit(frames[1].unit, frames[2].unit, call.span)
    default: unit = ""
    }
    let (frame, rows) = try zipped(frames, call.span)
    return frame.mapped(unit: unit) { call.function.value(of: rows[Int($0)]) }
  }

  /// The smallest or largest of several samples.
  private func best(_ call: Call, _ frames: [Frame]) throws -> Frame {
    try frames.dropFirst().reduce(frames[0]) { result, next in
      let unit = try commonUnit(result.unit, next.unit, call.span)
      return try located(call.span) { () throws(FrameProblem) in
        try Frame.combine(result, next, unit: unit) { call.function.summary([$0, $1]) }
      }
    }
  }

  /// Joins samples: each number of the frame is the index of a row with the numbers of all.
  private func zipped(_ frames: [Frame], _ span: Span) throws -> (frame: Frame, rows: [[Double]]) {
    var rows: [[Double]] = []
    func row(_ values: [Double]) -> Double {
      rows.append(values)
      return Double(rows.count - 1)
    }
    var result = frames[0].mapped(unit: "") { row([$0]) }
    for frame in frames.dropFirst() {
      result = try located(span) { () throws(FrameProblem) in
        try Frame.combine(result, frame, unit: "") { row(rows[Int($0)] + [$1]) }
      }
    }
    return (result, rows)
  }

  // MARK: - Over an axis

  private func overAxis(_ call: Call, _ frames: [Frame]) throws -> Frame {
    let first = frames[0]
    switch call.function {
    case .mean, .median, .sd, .sum, .range, .rise, .first, .last:
      return try reduced(first, call, unit: first.unit, call.function.summary)
    case .count, .share: return try reduced(first, call, unit: "", call.function.summary)
    case .quantile:
      guard let p = frames[1].constant, (0...1).contains(p) else {
        throw source.error(
          "function-arguments", call.arguments[1].span,
          "the second argument of 'quantile' must be a number in 0…1")
      }
      return try reduced(first, call, unit: first.unit) { quantile(p, of: $0) }
    case .largest, .smallest, .argmin, .argmax:
      return try onNumericAxis(first, call, unit: axisUnit(call)) { call.function.place(on: $0) }
    case .area:
      return try onNumericAxis(first, call, unit: "") { points in
        trapeziumArea(x: points.map(\.axis), y: points.map(\.value))
      }
    case .crossing:
      let difference = try combined(.subtract, first, frames[1], call.span)
      let isLogarithmic = call.axisScale != nil
      return try onNumericAxis(difference, call, unit: axisUnit(call)) { points in
        let place = firstCrossing(points)
        return isLogarithmic ? call.unscaled(place) : place
      }
    default: return try related(call, frames)
    }
  }

  /// Slopes and correlations, with the axis or with another sample.
  private func related(_ call: Call, _ frames: [Frame]) throws -> Frame {
    if frames.count == 2 {
      let unit = call.function == .slope ? quotient(frames[0].unit, frames[1].unit) : ""
      let (frame, rows) = try zipped(frames, call.span)
      return try reduced(frame, call, unit: unit) { indices in
        let pairs = indices.map { rows[Int($0)] }
        return call.function.relation(x: pairs.map { $0[1] }, y: pairs.map { $0[0] })
      }
    }
    let unit =
      call.function == .slope && call.axisScale == nil ? quotient(frames[0].unit, axisUnit(call)) : ""
    return try onNumericAxis(frames[0], call, unit: unit) { points in
      call.function.relation(x: points.map(\.axis), y: points.map(\.value))
    }
  }

  /// Rank correlation along one axis at a time; what the axes are joined into knows the values of each.
  private func granulated(_ call: Call) throws -> Frame {
    guard let axis = call.axis else { return Frame() }
    let names = call.joinedAxes.isEmpty ? [axis.value] : call.joinedAxes
    let (frame, rows) = try zipped(call.arguments.map { try self.frame($0) }, call.span)
    let places = names.compactMap { name in frame.axes.firstIndex { $0.name == name } }
    var settings = [[String]](repeating: [], count: rows.count)
    for entry in frame.entries {
      settings[Int(entry.value)] = places.map { frame.axes[$0].values[entry.coordinates[$0]].label }
    }
    return try reduced(joined(frame, call), call, unit: "") { indices in
      let points = indices.map { Int($0) }
      let (y, x) = (points.map { rows[$0][0] }, points.map { rows[$0][1] })
      if (x + y).contains(where: \.isNaN) { return .nan }
      return GranulatedKendall(measure: x, outcome: y, settings: points.map { settings[$0] }).mean
    }
  }

  private func quotient(_ a: String, _ b: String) -> String {
    b.isEmpty ? a : a == b ? "" : "\(a.isEmpty ? "1" : a)/\(b)"
  }

  /// The frame with the axes of `over: (a, b)` as one.
  private func joined(_ frame: Frame, _ call: Call) throws -> Frame {
    guard let axis = call.axis, !call.joinedAxes.isEmpty, frame.constant == nil else { return frame }
    return try located(axis.span) { () throws(FrameProblem) in
      try frame.joining(call.joinedAxes, as: axis.value)
    }
  }

  private func reduced(
    _ frame: Frame, _ call: Call, unit: String, _ body: ([Double]) -> Double
  ) throws -> Frame {
    guard let axis = call.axis else { return frame }
    return try located(axis.span) { () throws(FrameProblem) in
      try frame.reduced(over: axis.value, unit: unit) { points throws(FrameProblem) in
        body(points.map(\.value))
      }
    }
  }

  private func onNumericAxis(
    _ frame: Frame, _ call: Call, unit: String, _ body: ([(axis: Double, value: Double)]) -> Double
  ) throws -> Frame {
    guard let axis = call.axis else { return frame }
    return try located(axis.span) { () throws(FrameProblem) in
      try frame.reduced(over: axis.value, unit: unit) { points throws(FrameProblem) in
        var numbers: [(axis: Double, value: Double)] = []
        for point in points {
          guard let number = point.axisValue.number else {
            throw FrameProblem(
              rule: "axis-not-numeric", message: "the axis '\(axis.value)' has values that are not numbers",
              hint: "leave '\(point.axisValue.label)' out with a filter")
          }
          if call.axisScale != nil, number <= 0 {
            throw FrameProblem(
              rule: "axis-not-positive",
              message: "the axis '\(axis.value)' has no logarithm at \(Cell.format(number))",
              hint: "leave it out, as in [\(axis.value)>0]")
          }
          numbers.append((call.scaled(number), point.value))
        }
        return body(numbers)
      }
    }
  }

  private func axisUnit(_ call: Call) -> String {
    for reference in call.arguments.flatMap(\.references) {
      if let table = tables(reference.tableName), let name = call.axis?.value,
        let index = table.index(of: name)
      {
        return table.columns[index].unit
      }
    }
    return ""
  }
}

/// What is wrong with the column and the filters of a reference.
func referenceMistakes(_ reference: Reference, in table: Table, _ source: Source) -> [Diagnostic] {
  var mistakes = reference.filters.flatMap { filterMistakes($0, in: table, source) }
  if let index = table.index(of: reference.column.value) {
    if table.columns[index].role == .seed {
      mistakes.append(
        source.mistake("unknown-column", reference.column.span, "the number of the seed is not a result"))
    }
  } else {
    let columns = table.columns.filter { $0.role != .seed }.map(\.name)
    mistakes.append(
      source.mistake(
        "unknown-column", reference.column.span, "\(table.name) has no column '\(reference.column.value)'",
        hint: nameHint(for: reference.column.value, in: columns)))
  }
  return mistakes
}
