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
    Field(
      "profiles", .list(.string, count: 1...20),
      doc:
        """
        The profiles that run it; all of the paper's when it does not say. Elsewhere its place in the report says what it \
        would take, and its claims are not judged. Its data need not be there.
        """,
      example: "[full]"),
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
    probeField,
    Field(
      "vary", .map(.either([.list(.string, count: 1...1000), .map(.string)])),
      doc:
        """
        Swept options: a cross product. An axis is an option's name when only one option has it, else its path \
        (`train.batch`, `train.schedule.every`), or a whole part (`model`). Values that are mappings or long lists are \
        given names: `schedule: {flat: constant, steps: {name: step, every: 100}}`; they are merged into what the \
        block says of that option, unless they give another `name`.
        """,
      example: "{lr: [0.01, 0.1], norm: [none, batch]}"),
    Field(
      "arms", .list(.map(.string), count: 1...100),
      doc:
        """
        Named sets of options, each a list element with `name`; adds the axis `arm`. An arm may set any option by name \
        or path, a whole part (`model: {mlp: [500]}`, merged), its own `seeds`, and `null` to take an option away.
        """,
      example:
        "[{name: plain, norm: none}, {name: normed, norm: batch, train: {schedule: cosine}, seeds: 10}]"),
    Field(
      "exclude", .list(.map(.string), count: 0...1000),
      doc:
        "Points that are not run: those with all the values of one element. A value may be a list of values or a comparison.",
      example: "[{norm: none, lr: \">= 1\"}]"),
    Field(
      "derive", .map(.string),
      doc:
        """
        Numbers computed at each point from axes and options, in order. One that is called as an option sets it \
        (`steps: 60000 / batch`); each becomes an axis whose value follows from the others.
        """,
      example: "{steps: round(60000 / batch), noise_scale: lr / batch}"),
    Field(
      "seeds", .either([.integer(1...10_000), .record(stagedSeedsRecord)]), default: .value(1),
      doc:
        """
        Seeds of each point, numbered from 1. Comparisons are paired by design: the same seed means the same data, label \
        noise and batch order in all points, and the same initial weights wherever the shapes agree. A mapping lets the \
        first seeds decide how many there are.
        """,
      example: "5"),
  ])

/// Turns experiment blocks into experiments.
public struct ExperimentPlanner {
  /// More runs than this in one experiment are refused.
  public static let mostRuns = 100_000
  private let profile: String
  private let profiles: [String]
  private let library: DatasetLibrary
  private let decidedSeeds: (String, StagedSeeds) -> Int

  /// Plans for one of the paper's `profiles`.
  ///
  /// - Parameter decidedSeeds: the number of seeds of an experiment whose first seeds decide it; their own number
  ///   until they have.
  public init(
    profile: String, profiles: [String], library: DatasetLibrary,
    decidedSeeds: @escaping (String, StagedSeeds) -> Int = { $1.first }
  ) {
    self.profile = profile
    self.profiles = profiles
    self.library = library
    self.decidedSeeds = decidedSeeds
  }

  /// The profile to plan a block for: this planner's own, or the first of those that it is restricted to.
  public func profile(of block: ExperimentBlock) -> String {
    guard let node = block.body["profiles"] else { return profile }
    let names = (node.elements ?? [node]).compactMap(\.text)
    return names.isEmpty || names.contains(profile) ? profile : names[0]
  }

  /// The experiment of a block; `nil` with diagnostics when something in it is wrong.
  public func plan(_ block: ExperimentBlock, _ diagnostics: inout Diagnostics) -> Experiment? {
    var found = Diagnostics()
    defer { diagnostics.add(contentsOf: found.all) }
    guard let body = selectingProfile(block.body, &found) else { return nil }
    guard checkKeys(body, &found) else { return nil }
    let seeds =
      body["seeds"].map { experimentRecord["seeds"]?.type.resolve($0, label: "seeds", &found) ?? nil }
      ?? .number(1)
    let base = Node(
      .mapping((body.members ?? []).filter { OptionPaths.parts.contains($0.key) }), at: body.position)
    let rule = seeds.flatMap { StagedSeeds($0, at: (body["seeds"] ?? body).position) }
    rule?.check(body, &found)
    let decided = rule.map { min(max(decidedSeeds(block.id, $0), $0.first), $0.atMost) }
    guard let seedCount = decided ?? seeds?.integer,
      let sweep = Sweep(body, base: base, seeds: seedCount, &found)
    else {
      return nil
    }
    var runs: [Run] = []
    var declarations: [TableDeclaration] = []
    var digests: [String: String] = [:]
    for point in sweep.points {
      guard let prepared = prepare(point.apply(to: base), body, &found) else { continue }
      if declarations.isEmpty {
        declarations =
          prepared.configuration.runProtocol.tables(prepared.configuration)
          + prepared.configuration.measurements.map { type(of: $0).table }
          + prepared.configuration.probes.map(\.declaration)
      }
      digests[prepared.configuration.data.name.rawValue] = prepared.digest
      let specification = prepared.configuration.value.canonicalJSON
      for seed in 1...(point.seeds ?? seedCount) {
        runs.append(
          Run(
            experiment: block.id, configuration: prepared.configuration, seed: seed, axes: point.cells,
            cost: prepared.cost, key: key(specification, seed: seed, data: prepared.digest)))
      }
    }
    if found.hasErrors { return nil }
    let title = body["title"]?.text ?? block.id
    return Experiment(
      id: block.id, title: title, axes: sweep.columns, runs: runs,
      seeds: runs.reduce(1) { max($0, $1.seed) }, stagedSeeds: rule, declarations: declarations,
      dataDigests: digests)
  }

  /// The digest of the canonical JSON of everything that a result depends on. It is put together here because all
  /// seeds of a point share the specification, which is most of it.
  private func key(_ specification: String, seed: Int, data: String) -> String {
    SHA256.hexDigest(
      of:
        #"{"data":"\#(data)","numeric_version":\#(numericVersion),"seed":\#(seed),"specification":\#(specification)}"#
    )
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
    for name in body["profiles"].map({ $0.elements ?? [$0] }) ?? [] where !profiles.contains(name.text ?? "")
    {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-profile", "the paper has no profile '\(name.text ?? name.summary)'",
          at: name.position,
          length: name.length, expected: "one of " + profiles.joined(separator: ", "),
          hint: nameHint(for: name.text ?? "", in: profiles)))
    }
    return !diagnostics.hasErrors
  }

  // MARK: - One point

  private func prepare(
    _ node: Node, _ body: Node, _ diagnostics: inout Diagnostics
  ) -> (configuration: Configuration, cost: RunCost, digest: String)? {
    let record = Record(
      "experiment", doc: "", fields: experimentRecord.fields.filter { OptionPaths.parts.contains($0.name) })
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
        "model-layers", "the model's architecture must be given in one way", "model",
        expected:
          "one of mlp: [...], width: (and depth:), blocks: (and width:), cnn: [...], resnet: 6n + 2, gru:")
    }
    if let data = value["data"]?["name"]?.string.flatMap(DatasetName.init), !kind.datasets.contains(data) {
      complain(
        "model-data", "the protocol '\(name)' cannot use the dataset '\(data.rawValue)'", "data",
        expected: "one of " + kind.datasets.map(\.rawValue).joined(separator: ", "))
    }
    var complaints = Complaints()
    kind.check(value, &complaints)
    checkRecord(value, &complaints)
    checkProbes(value, takesProbes: kind.takesProbes, &complaints)
    for measurement in runMeasurements
    where value["measure"]?.array?.contains(where: { $0["name"]?.string == measurement.record.name }) == true
    {
      measurement.check(value, &complaints)
    }
    for found in complaints.all { complain(found.rule, found.message, found.key, expected: found.expected) }
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
    if configuration.model?.batchNorm == true, configuration.model?.norm.statistics == .batch, size < 2 {
      diagnostics.add(
        Diagnostic(
          rule: "batch-size",
          "batch normalisation cannot be trained on batches of 1: every output would be constant",
          at: place.position, length: place.length, expected: "batch: at least 2"))
    }
    checkModel(configuration, description, batch: size, node["model"] ?? node, &diagnostics)
  }

  private func checkModel(
    _ configuration: Configuration, _ description: DatasetDescription, batch: Int, _ node: Node,
    _ diagnostics: inout Diagnostics
  ) {
    guard let model = configuration.model else { return }
    if case .cnn(let stack) = model.architecture, let side = stack.kernels.min(), stack.stride > side {
      diagnostics.add(
        Diagnostic(
          rule: "model-layers", "a stride of \(stack.stride) skips inputs of a kernel of \(side)",
          at: node.position, expected: "a stride of at most the kernel's side"))
      return
    }
    do {
      let size = try model.size(.input(description.shape), classes: description.classes)
      let memory = 4 * (4 * Double(size.paddedParameters) + 2 * Double(batch) * size.activations)
      if memory > 64e9 {
        diagnostics.add(
          Diagnostic(
            rule: "model-size", "this model would need about \(Int(memory / 1e9)) GB", at: node.position,
            expected: "at most 64 GB"))
      }
    } catch {
      diagnostics.add(
        Diagnostic(
          rule: "model-data", "the model does not fit the data: \(error)", at: node.position,
          expected: "inputs of shape \(description.shape)"))
    }
  }
}
