// Serves explain, reference and schema: the declarations of the language in one list.
import Experiments
import Expressions
import Manuscript
import Plotting
import Specification
import Tables

/// A group of declarations with a title, in the order of the reference.
struct LanguageGroup {
  /// Title of the group.
  var title: String
  /// What the group is, in Markdown.
  var introduction: String
  /// Its records.
  var records: [Record]
}

/// Every record of the language: the blocks first, then what their options choose from.
func languageGroups() -> [LanguageGroup] {
  let blocks = [experimentRecord, figureRecord, figureGroupRecord, claimRecord, tableRecord]
  var groups = [
    LanguageGroup(
      title: "A paper", introduction: "`paper.yml` describes the paper.", records: [PaperConfiguration.record]
    ),
    LanguageGroup(
      title: "Blocks",
      introduction: """
        A block is a fence with a YAML body, for example `{experiment #exp-x}`. In an experiment any value may be a mapping \
        from profile to value.
        """, records: blocks),
  ]
  for record in blocks {
    for field in record.fields {
      let records = field.type.records
      if records.isEmpty { continue }
      groups.append(
        LanguageGroup(
          title: "\(record.name).\(field.name)",
          introduction: records.count > 1
            ? "One of these; the bare name is short for a mapping with that name." : "", records: records))
    }
  }
  return groups
}

extension FieldType {
  /// The records that a value of this type may be.
  var records: [Record] {
    switch self {
    case .record(let record): [record]
    case .variant(_, let records): records
    case .list(let element, _), .map(let element): element.records
    case .either(let types): types.flatMap(\.records)
    default: []
    }
  }
}
