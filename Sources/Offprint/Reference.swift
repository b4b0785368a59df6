// Serves reference and schema: the language as a page for people and as JSON Schema for editors.
import BitExact
import Diagnostics
import Experiments
import Expressions
import Manuscript
import Report
import RunStore
import Specification
import Tables

// MARK: - The page

/// Writes the reference page and the JSON Schema under `output/reference`.
public func publishReference(in workspace: Workspace) throws {
  var folder = ReportFolder("\(workspace.output)/reference", memory: workspace.memory)
  // They depend on the program alone, without which nothing is remembered.
  try folder.put(ReportFile("index.html", recipe: "reference") { Array(try referencePage().utf8) })
  try folder.put(schema("schema", languageSchema))
  try folder.put(schema("results.schema") { resultsSchema })
  try folder.put(schema("claims.schema") { claimsSchema })
  folder.remember()
}

private func schema(_ name: String, _ make: @escaping () -> Value) -> ReportFile {
  ReportFile("\(name).json", recipe: "schema") { make().prettyBytes }
}

/// The reference as one HTML page, made from the declarations.
func referencePage() throws -> String {
  var diagnostics = Diagnostics()
  let files = PaperFiles([
    "paper.yml":
      "title: The language of a paper\nsubtitle: Every block, option, metric and function\nsections: [reference.md]\n",
    "reference.md": referenceMarkdown(),
  ])
  guard let manuscript = parsePaper(files, &diagnostics), !diagnostics.hasErrors else {
    throw DiagnosticError(diagnostics.sorted)
  }
  let paper = ResolvedPaper(
    manuscript: manuscript, profile: ReportProfile(name: "reference", isDraft: false),
    engine: EngineInfo(name: "Offprint", numericVersion: String(numericVersion)))
  return reportPage(paper, sha256: { SHA256.hexDigest(of: $0) })
}

/// The reference in Markdown: a section a group, a table of options a record, each option with its example.
func referenceMarkdown() -> String {
  var text =
    "# Text\n\nSections are GitHub-flavoured Markdown with these forms besides.\n\n| written | meaning |\n|---|---|\n"
  for form in textForms { text += "| \(form.written) | \(cell(form.meaning)) |\n" }
  text += "\n"
  for group in languageGroups() {
    text += "# \(group.title)\n\n\(group.introduction)\n\n"
    for record in group.records { text += markdown(of: record, isAlone: group.records.count == 1) }
  }
  text += "# Metrics and columns\n\n| name | unit | meaning |\n|---|---|---|\n"
  for column in metricColumns { text += "| `\(column.name)` | \(column.unit) | \(cell(column.doc)) |\n" }
  return text + expressionMarkdown()
}

/// The expression language: its meaning, its functions with examples, its grammar.
private func expressionMarkdown() -> String {
  var text = "\n# Expressions\n\n" + expressionIntroduction + "\n\n## Functions\n\n"
  text += "| function | meaning |\n|---|---|\n"
  for function in Function.allCases {
    text += "| `\(function.usage)` | \(cell(function.doc)) Example: `\(function.example)` |\n"
  }
  return text + "\n## Grammar\n\n" + grammarIntroduction + "\n\n```text\n\(expressionGrammar)\n```\n"
}

private let expressionIntroduction = """
  `exp-x[axis=value, …].metric` is a *sample*: one number per seed. After the filters exactly one row per seed must remain, \
  unless a function goes over an axis. `+ - * /` work on samples, paired by seed: a seed that one side lacks is left out. \
  `exp-x.history` and the tables of measurements are read in the same way. Functions over several axes at once take \
  `over: (a, b)`. Experiments, columns, axes, values and units are checked before anything runs.

  A claim compares two expressions with `>`, `<`, `>=`, `<=`, by Student's test of the paired differences; with `≈` and a \
  margin (`a ≈ b ± 0.01`, in ASCII `a ~= b +- 0.01`) or `a in [low, high]`, by two one-sided tests; or says \
  `increasing(x, over: axis)`, `decreasing(x, over: axis)`: then every step from one value of the axis to the next must \
  have its sign (an intersection-union test). For a mere tendency write `kendall(x, over: axis) > 0`. Holm's \
  correction runs over all claims of a paper, or with `correction: experiment` in paper.yml over those of one experiment.

  In prose, captions, headings and table cells a code span that starts with {val} prints a sample: its mean and the \
  half-width of its 95 % t-interval. Options follow a bar: `%`, `sd`, `plain`, `digits=3`, `bca`.
  """

private let grammarIntroduction =
  "Spaces may stand between all parts, but not inside a sample (outside its filters). A hyphen between letters belongs to the "
  + "name, so a difference needs spaces. `2%` is 0.02. A NaN (a run that diverged) makes every result with it NaN."

private func markdown(of record: Record, isAlone: Bool) -> String {
  var text = isAlone ? "" : "## \(record.name)\n\n"
  text += record.doc + "\n\n"
  if record.fields.isEmpty { return text }
  text += "| option | meaning |\n|---|---|\n"
  for field in record.fields { text += "| `\(field.name)` | \(cell(field.meaning)) |\n" }
  return text + "\n"
}

/// Text that stays inside one cell of a Markdown table.
private func cell(_ text: String) -> String {
  // A code span that begins with {val} would be a value.
  text.replacing("`{val}`", with: "{val}").split(separator: "\n").joined(separator: " ")
    .split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
}

extension FieldType {
  /// The type in a few words; records have a section of their own.
  fileprivate var brief: String {
    switch self {
    case .choice: "a name"
    case .record, .variant: "a mapping, see below"
    case .list(let element, _): "a list: \(element.brief)"
    case .map(let element): "a mapping from names: \(element.brief)"
    case .either(let types): types.map(\.brief).joined(separator: "; or ")
    default: summary
    }
  }
}

extension Field {
  /// What the option is, what it takes, what holds without it, and an example.
  fileprivate var meaning: String {
    var text = doc
    if case .choice(let choices) = type {
      text += " " + choices.map { "`\($0.name)`: \($0.doc)" }.joined(separator: " ")
    }
    text += " Takes \(type.brief)\(unit.isEmpty ? "" : " (\(unit))")"
    switch self.default {
    case .required: text += "; must be given."
    case .none: text += "."
    case .value(let value):
      let name = value["name"]?.string ?? value.string ?? value.canonicalJSON
      text += "; `\(name)` when absent."
    }
    return example.isEmpty ? text : text + " Example: `\(name): \(example)`"
  }
}

// MARK: - The schema

/// JSON Schema (2020-12) of `paper.yml` and of the bodies of all blocks; each record once, under `$defs`.
public func languageSchema() -> Value {
  var builder = SchemaBuilder()
  let blocks = ([PaperConfiguration.record] + languageGroups()[1].records).map { record in
    builder.reference(record, tag: nil)
  }
  return [
    "$defs": .object(builder.definitions), "$schema": "https://json-schema.org/draft/2020-12/schema",
    "anyOf": .array(blocks), "title": "The language of a paper",
  ]
}

/// Collects the schemas of records, equal ones once.
private struct SchemaBuilder {
  private(set) var definitions: [String: Value] = [:]

  /// A reference to the schema of a record; in a variant, `tag` names the member that holds the record's name.
  mutating func reference(_ record: Record, tag: String?) -> Value {
    let value = schema(of: record, tag: tag)
    var name = record.name
    var number = 1
    while let other = definitions[name], other != value {
      number += 1
      name = "\(record.name)-\(number)"
    }
    definitions[name] = value
    return ["$ref": .string("#/$defs/\(name)")]
  }

  private mutating func schema(of record: Record, tag: String?) -> Value {
    var properties: [String: Value] = [:]
    var required: [Value] = []
    if let tag {
      properties[tag] = ["const": .string(record.name)]
      required.append(.string(tag))
    }
    for field in record.fields {
      var property = schema(of: field.type)
      property["description"] = .string(field.unit.isEmpty ? field.doc : "\(field.doc) Unit: \(field.unit).")
      if case .value(let value) = field.default { property["default"] = value }
      if case .required = field.default { required.append(.string(field.name)) }
      properties[field.name] = property
    }
    var result: Value = [
      "additionalProperties": false, "description": .string(record.doc), "properties": .object(properties),
      "type": "object",
    ]
    if !required.isEmpty { result["required"] = .array(required) }
    return result
  }

  private mutating func schema(of type: FieldType) -> Value {
    switch type {
    case .boolean: return ["type": "boolean"]
    case .string: return ["type": "string"]
    case .integer(let range):
      var result: Value = ["type": "integer"]
      if range.lowerBound != .min { result["minimum"] = .number(Double(range.lowerBound)) }
      if range.upperBound != .max { result["maximum"] = .number(Double(range.upperBound)) }
      return result
    case .number(let range):
      var result: Value = ["type": "number"]
      if range.lower.isFinite {
        result[range.excludesLower ? "exclusiveMinimum" : "minimum"] = .number(range.lower)
      }
      if range.upper.isFinite { result["maximum"] = .number(range.upper) }
      return result
    case .choice(let choices): return ["enum": .array(choices.map { .string($0.name) })]
    case .list(let element, let count):
      let item = schema(of: element)
      var list: Value = ["items": item, "minItems": .number(Double(count.lowerBound)), "type": "array"]
      if count.upperBound != .max { list["maxItems"] = .number(Double(count.upperBound)) }
      return ["anyOf": [list, item]]
    case .map(let element): return ["additionalProperties": schema(of: element), "type": "object"]
    case .record(let record): return ["allOf": [reference(record, tag: nil)]]
    case .variant(let tag, let records):
      let names: Value = ["enum": .array(records.map { .string($0.name) })]
      return ["anyOf": .array([names] + records.map { reference($0, tag: tag) })]
    case .either(let types): return ["anyOf": .array(types.map { schema(of: $0) })]
    }
  }
}
