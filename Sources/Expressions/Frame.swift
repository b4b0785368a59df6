// Serves tabulate: numbers by seed and axis values, on which expressions are computed.

import Diagnostics
import Tables

/// An axis that is not fixed, with its values.
struct FrameAxis: Sendable {
  var name: String
  /// Numbers in increasing order, then text in the order of the table.
  var values: [Cell]
  /// Whether the values are known only after the runs; two of them then stand for all.
  var isUnknown = false

  static let unknownValues: [Cell] = [.number(1), .number(2)]
}

/// Numbers by the values of zero or more axes and by seed; or one constant for all of them.
struct Frame: Sendable {
  struct Entry: Sendable {
    /// For each axis, the index of its value.
    var coordinates: [Int]
    var seed: Int
    var value: Double
  }

  /// A constant has no seeds and no axes.
  var constant: Double?
  /// The axes that no filter fixed, including those with a single value.
  var axes: [FrameAxis] = []
  /// In the order of the table.
  var entries: [Entry] = []
  /// For each seed, how many of its rows have no number in the column: nothing was measured, or a threshold not reached.
  var gaps: [Int: Int] = [:]
  var unit = ""

  /// The axis along which runs may end at different places, so that not every seed has every value.
  static let timeAxis = "step"

  /// Applies a function to every number.
  func mapped(unit: String, _ transform: (Double) -> Double) -> Frame {
    var result = self
    result.unit = unit
    result.constant = constant.map(transform)
    for index in result.entries.indices { result.entries[index].value = transform(entries[index].value) }
    return result
  }

  /// Axes with several values, without those that follow from an earlier one.
  var openAxes: [FrameAxis] {
    var result: [FrameAxis] = []
    for (index, axis) in axes.enumerated() where axis.values.count > 1 {
      let follows = axes[..<index].enumerated().contains { earlier, other in
        other.values.count > 1 && isDetermined(index, by: earlier)
      }
      if !follows { result.append(axis) }
    }
    return result
  }

  /// Whether each value of one axis goes with a single value of another.
  func isDetermined(_ axis: Int, by other: Int) -> Bool {
    var partner = [Int?](repeating: nil, count: axes[other].values.count)
    for entry in entries {
      let value = entry.coordinates[axis]
      let known = partner[entry.coordinates[other]]
      if let known, known != value { return false }
      partner[entry.coordinates[other]] = value
    }
    return true
  }
}

/// Why two frames cannot be combined, or an axis not be gone over.
struct FrameProblem: Error {
  var rule: String
  var message: String
  var hint: String?
}

extension Frame {
  /// Combines two frames seed by seed and axis value by axis value.
  ///
  /// Only seeds that both have remain. A frame that lacks an axis of the other is used at each of its values.
  static func combine(
    _ a: Frame, _ b: Frame, unit: String, _ operation: (Double, Double) -> Double
  ) throws(FrameProblem) -> Frame {
    if let x = a.constant, let y = b.constant { return Frame(constant: operation(x, y), unit: unit) }
    if let y = b.constant { return a.mapped(unit: unit) { operation($0, y) } }
    if let x = a.constant { return b.mapped(unit: unit) { operation(x, $0) } }
    let (openA, openB) = (a.wideAxisNames, b.wideAxisNames)
    if openB.allSatisfy(openA.contains) { return try joined(a, b, unit: unit, operation) }
    if openA.allSatisfy(openB.contains) { return try joined(b, a, unit: unit) { operation($1, $0) } }
    throw FrameProblem(
      rule: "axis-not-fixed",
      message: "one side goes over \(quoted(openA)), the other over \(quoted(openB))",
      hint: "fix the axes that the two sides do not share")
  }

  private var wideAxisNames: [String] { axes.filter { $0.values.count > 1 }.map(\.name) }

  /// Joins frames where `wide` has every axis of several values that `narrow` has.
  private static func joined(
    _ wide: Frame, _ narrow: Frame, unit: String, _ operation: (Double, Double) -> Double
  ) throws(FrameProblem) -> Frame {
    // For each shared axis: its index in `narrow`, in `wide`, and the values of `wide` as indices in `narrow`.
    var shared: [(narrow: Int, wide: Int, translation: [Int?])] = []
    for (index, axis) in narrow.axes.enumerated() where axis.values.count > 1 {
      guard let position = wide.axes.firstIndex(where: { $0.name == axis.name }) else { continue }
      let translation = wide.axes[position].values.map { axis.values.firstIndex(of: $0) }
      let foreign =
        wide.axes[position].values.filter { !axis.values.contains($0) }
        + axis.values.filter { !wide.axes[position].values.contains($0) }
      let isUnknown = axis.isUnknown || wide.axes[position].isUnknown
      if let value = foreign.first, axis.name != timeAxis, !isUnknown {
        throw FrameProblem(
          rule: "axis-values-differ",
          message: "the two sides do not have the same values of '\(axis.name)': only one has \(value.label)",
          hint: "restrict both with the same filter")
      }
      shared.append((index, position, translation))
    }
    struct Key: Hashable {
      var coordinates: [Int]
      var seed: Int
    }
    var lookup: [Key: Double] = [:]
    for entry in narrow.entries {
      lookup[Key(coordinates: shared.map { entry.coordinates[$0.narrow] }, seed: entry.seed)] = entry.value
    }
    let gaps = wide.gaps.merging(narrow.gaps, uniquingKeysWith: +)
    var result = Frame(axes: wide.axes, gaps: gaps, unit: unit)
    for entry in wide.entries {
      var coordinates: [Int] = []
      for axis in shared {
        if let index = axis.translation[entry.coordinates[axis.wide]] { coordinates.append(index) }
      }
      guard coordinates.count == shared.count,
        let other = lookup[Key(coordinates: coordinates, seed: entry.seed)]
      else { continue }
      result.entries.append(
        Entry(coordinates: entry.coordinates, seed: entry.seed, value: operation(entry.value, other)))
    }
    // An axis of one value may be gone over although only one side has it.
    for axis in narrow.axes
    where axis.values.count == 1 && !wide.axes.contains(where: { $0.name == axis.name }) {
      result.axes.append(axis)
      for index in result.entries.indices { result.entries[index].coordinates.append(0) }
    }
    return result
  }

  /// The frame with several axes as one, whose values are the combinations that occur, in the order of the axes.
  func joining(_ names: [String], as joint: String) throws(FrameProblem) -> Frame {
    var indices: [Int] = []
    for name in names {
      guard let index = axes.firstIndex(where: { $0.name == name }), !indices.contains(index) else {
        throw FrameProblem(
          rule: "unknown-axis", message: "there is no open axis '\(name)' to go over",
          hint: axes.isEmpty ? "every axis is fixed by a filter" : nameHint(for: name, in: axes.map(\.name)))
      }
      indices.append(index)
    }
    let combinations = Set(entries.map { entry in indices.map { entry.coordinates[$0] } })
      .sorted { $0.lexicographicallyPrecedes($1) }
    // Looked up only, never walked through.
    let places = Dictionary(uniqueKeysWithValues: combinations.enumerated().map { ($1, $0) })
    let kept = axes.indices.filter { !indices.contains($0) }
    var joined = FrameAxis(
      name: joint,
      values: combinations.map { combination in
        .text(zip(indices, combination).map { axes[$0].values[$1].label }.joined(separator: ", "))
      })
    joined.isUnknown = indices.contains { axes[$0].isUnknown }
    var result = self
    result.axes = kept.map { axes[$0] } + [joined]
    result.entries = entries.map { entry in
      let place = places[indices.map { entry.coordinates[$0] }] ?? 0
      return Entry(
        coordinates: kept.map { entry.coordinates[$0] } + [place], seed: entry.seed, value: entry.value)
    }
    return result
  }

  /// Reduces an axis: `body` gets, for each seed and each value of the other axes, the numbers in the order of the axis.
  ///
  /// A seed that lacks a number at some value of the axis is left out, except over steps, which runs need not share.
  /// Axes whose values follow from those of the reduced one go with it.
  func reduced(
    over name: String, unit: String,
    _ body: ([(axisValue: Cell, value: Double)]) throws(FrameProblem) -> Double
  ) throws(FrameProblem) -> Frame {
    guard let axis = axes.firstIndex(where: { $0.name == name }) else {
      throw FrameProblem(
        rule: "unknown-axis", message: "there is no open axis '\(name)' to go over",
        hint: axes.isEmpty ? "every axis is fixed by a filter" : nameHint(for: name, in: axes.map(\.name)))
    }
    let kept = axes.indices.filter {
      $0 != axis && !(axes[$0].values.count > 1 && isDetermined($0, by: axis))
    }
    struct Group: Hashable {
      var coordinates: [Int]
      var seed: Int
    }
    var order: [Group] = []
    var members: [Group: [(index: Int, value: Double)]] = [:]
    for entry in entries {
      let group = Group(coordinates: kept.map { entry.coordinates[$0] }, seed: entry.seed)
      if members[group] == nil { order.append(group) }
      members[group, default: []].append((entry.coordinates[axis], entry.value))
    }
    // The values that any seed has at these coordinates: an exclusion in the design is not a gap.
    var expected: [[Int]: Set<Int>] = [:]
    for group in order {
      expected[group.coordinates, default: []].formUnion((members[group] ?? []).map(\.index))
    }
    var result = Frame(axes: kept.map { axes[$0] }, gaps: gaps, unit: unit)
    for group in order {
      let list = (members[group] ?? []).sorted { $0.index < $1.index }
      if name != Frame.timeAxis, list.count < expected[group.coordinates]?.count ?? 0 { continue }
      if zip(list, list.dropFirst()).contains(where: { $0.index == $1.index }) {
        throw FrameProblem(
          rule: "rows-not-unique", message: "several rows share one value of '\(name)' and one seed",
          hint: nil)
      }
      let value = try body(list.map { (axes[axis].values[$0.index], $0.value) })
      result.entries.append(Entry(coordinates: group.coordinates, seed: group.seed, value: value))
    }
    return result
  }

  /// The entries at one value of an axis, which is then fixed.
  func fixed(_ name: String, at value: Double) throws(FrameProblem) -> Frame {
    guard let axis = axes.firstIndex(where: { $0.name == name }) else {
      throw FrameProblem(
        rule: "unknown-axis", message: "there is no open axis '\(name)'",
        hint: axes.isEmpty ? "every axis is fixed by a filter" : nameHint(for: name, in: axes.map(\.name)))
    }
    let place = axes[axis].isUnknown ? 0 : axes[axis].values.firstIndex(of: .number(value))
    guard let index = place else {
      throw FrameProblem(
        rule: "unknown-value", message: "the axis '\(name)' has no value \(Cell.format(value))",
        hint: "valid: \(listed(axes[axis].values))")
    }
    return fixed(axis, index)
  }

  private func fixed(_ axis: Int, _ index: Int) -> Frame {
    let kept = axes.indices.filter { $0 != axis && !isDetermined($0, by: axis) }
    var result = Frame(axes: kept.map { axes[$0] }, unit: unit)
    for entry in entries where entry.coordinates[axis] == index {
      result.entries.append(
        Entry(coordinates: kept.map { entry.coordinates[$0] }, seed: entry.seed, value: entry.value))
    }
    // Gaps elsewhere do not matter here.
    let seeds = Set(result.entries.map(\.seed))
    result.gaps = gaps.filter { !seeds.contains($0.key) }
    return result
  }

  /// For each value of an axis but the first: how much the numbers there exceed those at the value before.
  func increments(over name: String) throws(FrameProblem) -> [(from: Cell, to: Cell, difference: Frame)] {
    guard let axis = axes.firstIndex(where: { $0.name == name }) else {
      throw FrameProblem(
        rule: "unknown-axis", message: "there is no open axis '\(name)' to go over",
        hint: axes.isEmpty ? "every axis is fixed by a filter" : nameHint(for: name, in: axes.map(\.name)))
    }
    let values = axes[axis].values
    var result: [(Cell, Cell, Frame)] = []
    for index in values.indices.dropFirst() {
      let difference = try Frame.combine(fixed(axis, index), fixed(axis, index - 1), unit: unit, -)
      result.append((values[index - 1], values[index], difference))
    }
    return result
  }
}

func quoted(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
