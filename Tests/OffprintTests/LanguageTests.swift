// The declarations of the language: complete, and with examples that are right.
import Diagnostics
import Specification
import Testing

@testable import Offprint

@Suite struct LanguageTests {
  private func allRecords() -> [Record] {
    var records: [Record] = []
    func visit(_ record: Record) {
      records.append(record)
      for field in record.fields { field.type.records.forEach(visit) }
    }
    languageGroups()[0].records.forEach(visit)
    languageGroups()[1].records.forEach(visit)
    return records
  }

  @Test func everyOptionHasAMeaningAndARightExample() throws {
    var count = 0
    for record in allRecords() {
      #expect(!record.doc.isEmpty, "\(record.name)")
      for field in record.fields {
        #expect(!field.doc.isEmpty, "\(record.name).\(field.name)")
        // What a record takes is shown by the examples of its own options.
        #expect(
          !field.example.isEmpty || !field.type.records.isEmpty, "\(record.name).\(field.name) has no example"
        )
        if field.example.isEmpty || ["vary", "arms"].contains(field.name) { continue }
        let node = try Node(
          yaml: "\(field.name): \(field.example)", origin: SourcePosition(file: "example", line: 1, column: 1)
        )
        var diagnostics = Diagnostics()
        let value = try #require(node[field.name])
        let resolved = field.type.resolve(value, label: field.name, &diagnostics)
        #expect(
          resolved != nil, "\(record.name).\(field.name): \(field.example): \(diagnostics.all.map(\.message))"
        )
        count += 1
      }
    }
    #expect(count > 80)
  }

  @Test func defaultsAreValuesOfTheirType() {
    for record in allRecords() {
      for field in record.fields {
        guard case .value(let value) = field.default, value.object == nil, value.array == nil else {
          continue
        }
        let text = value.string ?? value.canonicalJSON
        let node = Node(.scalar(text, quoted: false), at: SourcePosition(file: "default", line: 1, column: 1))
        var diagnostics = Diagnostics()
        #expect(
          field.type.resolve(node, label: field.name, &diagnostics) != nil,
          "\(record.name).\(field.name) = \(text)")
      }
    }
  }

  @Test func theReferenceNamesEverything() throws {
    let text = referenceMarkdown()
    for name in [
      "label_noise", "iterative-pruning", "early_stop_step", "spearman", "fig-cap", "says", "mnist1d",
    ] {
      #expect(text.contains(name))
    }
    #expect(try referencePage().contains("The language of a paper"))
  }

  @Test func theSchemaIsClosed() throws {
    let schema = languageSchema()
    #expect(schema["$defs"]?["claim"]?["required"] == ["says", "assert"])
    #expect(schema["$defs"]?["experiment"]?["additionalProperties"] == .bool(false))
    #expect(try Value(json: schema.prettyJSON.utf8) == schema)
  }

  @Test func explanationsComeFromTheDeclarations() throws {
    #expect(try explanation(of: "norm_momentum").contains("Weight of the newest batch"))
    #expect(try explanation(of: "gap").contains("|test_error − train_error|"))
    #expect(throws: DiagnosticError.self) { try explanation(of: "no-such-name") }
  }
}
