// Serves plan: checks an experiment block, expands its sweep and prepares every run.
import BitExact
import Datasets
import Diagnostics
import Specification
import Tables
import Training

/// The experiment block, for the reference and for `offprint explain`.
public let experimentRecord = Record(
  "experiment",
  doc:
    "Runs of one design: data, model, training, protocol, the swept axes and the seeds. Any value may be a mapping from profile to value.",
  fields: [
    Field(
      "title", .string, doc: "A title for the report.",
      example: "Learning rate with and without normalisation"),
    Field(
      "data", dataType, default: .required, doc: "The dataset and its transforms.",
      example: "{name: fashion-mnist, size: 14, train: 10000}"),
    Field("model", .record(modelRecord), doc: "The network.", example: "{mlp: [100, 100], norm: batch}"),
    Field(
      "train", .record(trainRecord), doc: "How it is trained.",
      example: "{optimizer: sgd, lr: 0.1, steps: 600}"),
    Field(
      "protocol", .variant(tag: "name", runProtocols.map { $0.record }), default: .value(["name": "train"]),
      doc: "What a run does.", example: "{name: iterative-pruning, rounds: 12}"),
    Field(
      "record", .record(recordRecord), default: .none, doc: "What goes into the history table.",
      example: "{every: 50}"),
    Field(
      "measure", .list(.variant(tag: "name", runMeasurements.map { $0.record }), count: 0...20),
      doc: "Measurements of the trained network, each with a table of its own.", example: "[inference_modes]"),
    Field(
      "vary", .map(.list(.string, count: 1...1000)),
      doc:
        "Swept options: a cross product. An axis is an option's name when only one option has it, else its path (`train.batch`).",
      example: "{lr: [0.01, 0.1], norm: [none, batch]}"),
    Field(
      "arms", .list(.map(.string), count: 1...100),
      doc: "Named sets of options, each a list element with `name`; adds the axis `arm`.",
      example: "[{name: plain, norm: none}, {name: normed, norm: batch}]"),
    Field(
      "seeds", .integer(1...10_000), default: .value(1),
      doc:
        "Seeds of each point, numbered from 1; the same seed means the same data, batches and initial weights in all points.",
      example: "5"),
  ])

/// Turns experiment blocks into experiments.
public struct ExperimentPlanner {
  /// More runs than this in one experiment are refused.
  public static let mostRuns = 100_000
  private let profile: String
  private let profiles: [String]
  private let library: DatasetLibrary

  /// Plans for one of the paper's `profiles`.
  public init(profile: String, profiles: [String], library: DatasetLibrary) {
    self.profile = profile
    self.profiles = profiles
    self.library = library
  }

  /// The experiment of a block; `nil` with diagnostics when something in it is wrong.
  public func plan(_ block: ExperimentBlock, _ diagnostics: inout Diagnostics) -> Experiment? {
    var found = Diagnostics()
    defer { diagnostics.add(contentsOf: found.all) }
    guard let body = selectingProfile(block.body, &found) else { return nil }
    guard checkKeys(body, &found) else { return nil }
    let axes = axes(of: body, &found)
    let seeds =
      body["seeds"].map { experimentRecord["seeds"]?.type.resolve($0, label: "seeds", &found) ?? nil }
      ?? .number(1)
    if found.hasErrors { return nil }
    guard let seedCount = seeds?.integer, let points = expand(axes, seeds: seedCount, body, &found) else {
      return nil
    }
    let base = Node(
      .mapping((body.members ?? []).filter { configurationKeys.contains($0.key) }), at: body.position)
    var runs: [Run] = []
    var declarations: [TableDeclaration] = []
    var digests: [String: String] = [:]
    for point in points {
      guard let prepared = prepare(point.apply(to: base), body, &found) else { continue }
      if declarations.isEmpty {
        declarations =
          prepared.configuration.runProtocol.tables(prepared.configuration)
          + prepared.configuration.measurements.map { type(of: $0).table }
      }
      digests[prepared.configuration.data.name.rawValue] = prepared.digest
      for seed in 1...seedCount {
        runs.append(
          Run(
            experiment: block.id, configuration: prepared.configuration, seed: seed, axes: point.cells,
            cost: prepared.cost, key: key(prepared.configuration.value, seed: seed, data: prepared.digest)))
      }
    }
    if found.hasErrors { return nil }
    let title = body["title"]?.text ?? block.id
    return Experiment(
      id: block.id, title: title, axes: axes.map(\.column), runs: runs, seeds: seedCount,
      declarations: declarations, dataDigests: digests)
  }

  private func key(_ value: Value, seed: Int, data: String) -> String {
    let content: Value = [
      "data": .string(data), "numeric_version": .number(Double(numericVersion)),
      "seed": .number(Double(seed)),
      "specification": value,
    ]
    return SHA256.hexDigest(of: content.canonicalJSON)
  }

  // MARK: - Profiles

  /// Replaces every mapping from profiles to values by the value for this profile.
  private func selectingProfile(_ node: Node, _ diagnostics: inout Diagnostics) -> Node? {
    switch node.content {
    case .scalar: return node
    case .sequence(let elements):
      return Node(.sequence(elements.compactMap { selectingProfile($0, &diagnostics) }), at: node.position)
    case .mapping(let members):
      if !members.isEmpty, members.allSatisfy({ profiles.contains($0.key) }) {
        guard let chosen = node[profile] ?? node["default"] else {
          diagnostics.add(
            Diagnostic(
              rule: "missing-profile", "there is no value for the profile '\(profile)'", at: node.position,
              expected: "a value under '\(profile)' or 'default'"))
          return nil
        }
        return selectingProfile(chosen, &diagnostics)
      }
      let selected = members.compactMap { member in
        selectingProfile(member.value, &diagnostics).map {
          Node.Member(key: member.key, position: member.position, value: $0)
        }
      }
      return Node(.mapping(selected), at: node.position)
    }
  }

  private let configurationKeys = ["data", "model", "train", "protocol", "record", "measure"]

  private func checkKeys(_ body: Node, _ diagnostics: inout Diagnostics) -> Bool {
    guard let members = body.members else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "an experiment cannot be \(body.summary)", at: body.position,
          expected: "a mapping"))
      return false
    }
    let names = experimentRecord.fields.map(\.name)
    for member in members where !names.contains(member.key) {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-key", "experiment has no option '\(member.key)'", at: member.position,
          length: member.key.utf8.count, hint: nameHint(for: member.key, in: names)))
    }
    return !diagnostics.hasErrors
  }

  // MARK: - Axes

  private struct Axis {
    var column: Column
    /// The name of each value with the options that it sets.
    var values: [(cell: Cell, settings: [Setting])]
  }

  private struct Setting {
    var path: [String]
    var position: SourcePosition
    var value: Node
  }

  private struct Point {
    var cells: [Cell]
    var settings: [Setting]

    func apply(to base: Node) -> Node {
      settings.reduce(base) { $0.setting($1.path[...], at: $1.position, to: $1.value) }
    }
  }

  private func axes(of body: Node, _ diagnostics: inout Diagnostics) -> [Axis] {
    var axes: [Axis] = []
    if let arms = body["arms"], let axis = armAxis(arms, body, &diagnostics) { axes.append(axis) }
    guard let vary = body["vary"], !vary.isNull else { return axes }
    guard let members = vary.members else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "'vary' cannot be \(vary.summary)", at: vary.position,
          expected: "a mapping from options to lists of values"))
      return axes
    }
    for member in members {
      guard let path = path(of: member.key, at: member.position, body, &diagnostics) else { continue }
      let values =
        isListValued(path) && member.value.elements?.first?.elements == nil
        ? [member.value] : member.value.elements ?? [member.value]
      if values.isEmpty {
        diagnostics.add(
          Diagnostic(rule: "empty-axis", "the axis '\(member.key)' has no values", at: member.value.position))
      }
      let name = member.key.split(separator: ".").last.map(String.init) ?? member.key
      var axis = Axis(column: Column(name, .axis, unit: unit(path, body), doc: doc(path, body)), values: [])
      for value in values {
        let cell = cell(value)
        if axis.values.contains(where: { $0.cell == cell }) {
          diagnostics.add(
            Diagnostic(
              rule: "duplicate-value", "'\(member.key)' has the value \(value.summary) twice",
              at: value.position, length: value.length))
        }
        axis.values.append((cell, [Setting(path: path, position: member.position, value: value)]))
      }
      axes.append(axis)
    }
    return axes
  }

  private func armAxis(_ node: Node, _ body: Node, _ diagnostics: inout Diagnostics) -> Axis? {
    guard let arms = node.elements, !arms.isEmpty else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "'arms' cannot be \(node.summary)", at: node.position,
          expected: "a list of mappings, each with a name"))
      return nil
    }
    var axis = Axis(column: Column("arm", .axis, doc: "Name of the arm."), values: [])
    for arm in arms {
      guard let members = arm.members, let name = arm["name"]?.text else {
        diagnostics.add(
          Diagnostic(
            rule: "missing-key", "an arm needs a name", at: arm.position,
            expected: "{name: …, option: value, …}"))
        continue
      }
      if axis.values.contains(where: { $0.cell == .text(name) }) {
        diagnostics.add(
          Diagnostic(rule: "duplicate-value", "there are two arms named '\(name)'", at: arm.position))
      }
      let settings = members.filter { $0.key != "name" }.compactMap { member in
        path(of: member.key, at: member.position, body, &diagnostics).map {
          Setting(path: $0, position: member.position, value: member.value)
        }
      }
      axis.values.append((.text(name), settings))
    }
    return axis
  }

  private func cell(_ node: Node) -> Cell {
    switch node.content {
    case .scalar(let text, let quoted):
      quoted ? .text(text) : yamlNumber(text).map(Cell.number) ?? .text(text)
    case .sequence(let elements): .text("[" + elements.map { cell($0).label }.joined(separator: ", ") + "]")
    case .mapping(let members): .text(members.first.map { cell($0.value).label } ?? "{}")
    }
  }

  // MARK: - Paths of options

  /// Every option that can be swept, as path, for the datasets and protocols at hand.
  private func sweepable(_ body: Node) -> [[String]] {
    func paths(_ prefix: String, _ fields: [Field]) -> [[String]] { fields.map { [prefix, $0.name] } }
    let name = { (node: Node?) in node?.text ?? node?["name"]?.text }
    var result = paths("model", modelRecord.fields) + paths("train", trainRecord.fields) + [["data", "name"]]
    if case .variant(_, let datasets) = dataType {
      result += paths("data", datasets.first { $0.name == name(body["data"]) }?.fields ?? [])
    }
    result += paths(
      "protocol", runProtocols.first { $0.record.name == name(body["protocol"]) }?.record.fields ?? [])
    return result
  }

  private func path(
    of name: String, at position: SourcePosition, _ body: Node, _ diagnostics: inout Diagnostics
  ) -> [String]? {
    let all = sweepable(body)
    let matches =
      name.contains(".") ? all.filter { $0.joined(separator: ".") == name } : all.filter { $0.last == name }
    if matches.count == 1 { return matches[0] }
    // `train` and `protocol` may both have `steps`: only one of them is in use.
    let used = matches.filter { body[$0[0]] != nil }
    if used.count == 1 { return used[0] }
    let candidates = all.map { path in
      all.count { $0.last == path.last } == 1 ? path[1] : path.joined(separator: ".")
    }
    diagnostics.add(
      Diagnostic(
        rule: matches.isEmpty ? "unknown-option" : "ambiguous-option",
        matches.isEmpty ? "there is no option '\(name)' to set" : "several options are called '\(name)'",
        at: position, length: name.utf8.count,
        hint: matches.isEmpty
          ? nameHint(for: name, in: candidates)
          : "write one of " + matches.map { $0.joined(separator: ".") }.joined(separator: ", ")))
    return nil
  }

  private func field(_ path: [String], _ body: Node) -> Field? {
    switch path[0] {
    case "model": return modelRecord[path[1]]
    case "train": return trainRecord[path[1]]
    case "protocol":
      let name = body["protocol"]?.text ?? body["protocol"]?["name"]?.text
      return runProtocols.first { $0.record.name == name }?.record[path[1]]
    default:
      guard case .variant(_, let datasets) = dataType else { return nil }
      return datasets.first { $0.name == body["data"]?.text || $0.name == body["data"]?["name"]?.text }?[
        path[1]]
    }
  }

  private func unit(_ path: [String], _ body: Node) -> String { field(path, body)?.unit ?? "" }
  private func doc(_ path: [String], _ body: Node) -> String { field(path, body)?.doc ?? "" }

  private func isListValued(_ path: [String]) -> Bool {
    if path == ["model", "mlp"] { return true }
    return path == ["data", "classes"]
  }

  // MARK: - Points

  private func expand(_ axes: [Axis], seeds: Int, _ body: Node, _ diagnostics: inout Diagnostics) -> [Point]?
  {
    var count = seeds
    for axis in axes {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(1, axis.values.count))
      count = overflow ? .max : product
    }
    guard count <= ExperimentPlanner.mostRuns else {
      let sizes = axes.map { "\($0.values.count) × " }.joined()
      let total = axes.reduce(Double(seeds)) { $0 * Double($1.values.count) }
      diagnostics.add(
        Diagnostic(
          rule: "too-many-runs", "this sweep has \(sizes)\(seeds) = \(Cell.format(total)) runs",
          at: (body["vary"] ?? body).position, expected: "at most \(ExperimentPlanner.mostRuns) runs"))
      return nil
    }
    var points = [Point(cells: [], settings: [])]
    for axis in axes {
      points = points.flatMap { point in
        axis.values.map { Point(cells: point.cells + [$0.cell], settings: point.settings + $0.settings) }
      }
    }
    return points
  }

  // MARK: - One point

  private func prepare(
    _ node: Node, _ body: Node, _ diagnostics: inout Diagnostics
  ) -> (configuration: Configuration, cost: RunCost, digest: String)? {
    let record = Record(
      "experiment", doc: "", fields: experimentRecord.fields.filter { configurationKeys.contains($0.name) })
    guard var value = record.resolve(node, &diagnostics) else { return nil }
    let kind = runProtocols.first { $0.record.name == value["protocol"]?["name"]?.string }
    guard let kind else { return nil }
    if kind.trainsModel, value["record"] == nil {
      value["record"] = recordRecord.resolve(Node(.mapping([]), at: node.position), &diagnostics)
    }
    guard check(value, kind, node, body, &diagnostics) else { return nil }
    do {
      let configuration = try Configuration(value)
      let description = try library.description(of: configuration.data)
      checkFit(configuration, description, node, &diagnostics)
      let digest = try library.digest(of: configuration.data)
      return (configuration, configuration.runProtocol.cost(configuration, description), digest)
    } catch let error as DatasetError {
      let data = node["data"] ?? body
      diagnostics.add(Diagnostic(rule: "data", "\(error)", at: data.position))
    } catch {
      diagnostics.add(Diagnostic(rule: "specification", "\(error)", at: body.position))
    }
    return nil
  }

  /// What no single declaration can say: which parts a protocol needs, and how they fit together.
  private func check(
    _ value: Value, _ kind: any RunProtocol.Type, _ node: Node, _ body: Node, _ diagnostics: inout Diagnostics
  ) -> Bool {
    let name = kind.record.name
    let before = diagnostics.all.count
    func complain(_ rule: String, _ message: String, _ key: String, expected: String? = nil) {
      diagnostics.add(Diagnostic(rule: rule, message, at: (node[key] ?? body).position, expected: expected))
    }
    for part in ["model", "train"] where kind.trainsModel && value[part] == nil {
      complain("missing-key", "the protocol '\(name)' needs '\(part)'", part)
    }
    for part in ["model", "train", "record", "measure"] where !kind.trainsModel && value[part] != nil {
      complain("unused-key", "the protocol '\(name)' does not use '\(part)'", part)
    }
    if let model = value["model"], ModelOptions(model) == nil {
      complain(
        "model-layers", "the model's hidden layers must be given in one way", "model",
        expected: "either mlp: [...], or width: (and depth:)")
    }
    if let data = value["data"]?["name"]?.string.flatMap(DatasetName.init), !kind.datasets.contains(data) {
      complain(
        "model-data", "the protocol '\(name)' cannot use the dataset '\(data.rawValue)'", "data",
        expected: "one of " + kind.datasets.map(\.rawValue).joined(separator: ", "))
    }
    var complaints = Complaints()
    kind.check(value, &complaints)
    checkRecord(value, &complaints)
    for found in complaints.all { complain(found.rule, found.message, found.key, expected: found.expected) }
    if value["model"]?["norm"]?.string != "batch",
      value["measure"]?.array?.contains(where: { $0["name"] == "inference_modes" }) == true
    {
      complain(
        "model-measurement", "'inference_modes' needs a batch-normalised model", "measure",
        expected: "model: {norm: batch}")
    }
    return diagnostics.all.count == before
  }

  private func checkFit(
    _ configuration: Configuration, _ description: DatasetDescription, _ node: Node,
    _ diagnostics: inout Diagnostics
  ) {
    guard let train = configuration.train else { return }
    let place = node["train"]?["batch"] ?? node["train"] ?? node
    if let batch = train.batch, batch > description.train {
      diagnostics.add(
        Diagnostic(
          rule: "batch-size", "a batch of \(batch) is more than the \(description.train) training examples",
          at: place.position, length: place.length, expected: "at most \(description.train), or full"))
    }
    let size = train.batch ?? description.train
    if configuration.model?.batchNorm == true, configuration.model?.normStatistics == .batch, size < 2 {
      diagnostics.add(
        Diagnostic(
          rule: "batch-size",
          "batch normalisation cannot be trained on batches of 1: every output would be constant",
          at: place.position, length: place.length, expected: "batch: at least 2"))
    }
    let memory =
      16
      * (configuration.weightCount(description) + Double(size)
        * Double(configuration.model?.hidden.reduce(0, +) ?? 0))
    if memory > 64e9 {
      diagnostics.add(
        Diagnostic(
          rule: "model-size", "this model would need about \(Int(memory / 1e9)) GB",
          at: (node["model"] ?? node).position,
          expected: "at most 64 GB"))
    }
  }
}

extension Node {
  /// The same node with `value` at `path`, mappings added where they are missing.
  fileprivate func setting(_ path: ArraySlice<String>, at position: SourcePosition, to value: Node) -> Node {
    guard let key = path.first else { return self }
    if path.count == 1 { return expanded.setting(key, at: position, to: value) }
    let child = self[key] ?? Node(.mapping([]), at: position)
    return setting(key, at: position, to: child.expanded.setting(path.dropFirst(), at: position, to: value))
  }

  /// A bare name as the mapping that it is short for.
  private var expanded: Node {
    guard case .scalar = content, !isNull else { return self }
    return Node(.mapping([Member(key: "name", position: position, value: self)]), at: position)
  }
}
