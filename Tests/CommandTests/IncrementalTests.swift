// Builds that go on from earlier ones: whatever was edited, the report is the one that a build from nothing writes.
import Foundation
import Testing

@Suite struct IncrementalTests {
  /// Something that may happen between two builds.
  struct Event: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var apply: @Sendable (Project) throws -> Void

    init(_ name: String, _ apply: @escaping @Sendable (Project) throws -> Void) {
      testDescription = name
      self.apply = apply
    }
  }

  static let events = [
    Event("nothing") { _ in },
    Event("a word") { try $0.edit("the accuracy is", "the hit rate is") },
    Event("a new first line, which moves everything") { try $0.edit("# Widths", "Hello.\n\n# Widths") },
    Event("a value") { try $0.edit("[width=16].test_accuracy | %`", "[width=2].test_accuracy | %`") },
    Event("another value before the first") {
      try $0.edit("With 16 units", "With `{val} exp-width[width=2].test_accuracy` and 16 units")
    },
    Event("a figure's mark") { try $0.edit("mark: {type: line, point: true}", "mark: point") },
    Event("a caption") { try $0.edit("Accuracy against width.", "Accuracy, see @clm-width.") },
    Event("a claim") { try $0.edit("test_accuracy > exp", "test_accuracy < exp") },
    Event("the order of the text") { project in
      let text = try project.read("papers/small/text.md")
      let cut = try #require(text.range(of: "```{claim"))
      try project.write(
        "papers/small/text.md", text[cut.lowerBound...] + "\n" + text[..<cut.lowerBound])
    },
    Event("an axis, which needs runs") { try $0.edit("width: [2, 16]", "width: [2, 4, 16]") },
    Event("an id") { project in
      let text = try project.read("papers/small/text.md")
      try project.write(
        "papers/small/text.md", text.replacingOccurrences(of: "fig-width", with: "fig-other"))
    },
    Event("the bibliography") {
      try $0.write("papers/small/r.bib", "@misc{k, title = {Other}, author = {Cee, Dan}, year = 2003}")
    },
    Event("the title") { project in
      let text = try project.read("papers/small/paper.yml")
      try project.write(
        "papers/small/paper.yml", text.replacingOccurrences(of: "A small paper", with: "Another"))
    },
    Event("the abstract") { project in
      let text = try project.read("papers/small/paper.yml")
      try project.write("papers/small/paper.yml", text.replacingOccurrences(of: "Few words", with: "Many"))
    },
    Event("a picture of the author's") { try $0.write("papers/small/a.png", "two") },
    Event("a record that is touched") { project in
      let record = try #require(try project.records.first)
      try project.write(record, try project.read(record))
    },
    Event("a record that is damaged") { project in
      let record = try #require(try project.records.first)
      try project.write(record, try project.read(record) + "x")
    },
    Event("a record that is gone") { project in
      let record = try #require(try project.records.first)
      try FileManager.default.removeItem(atPath: "\(project.folder)/\(record)")
    },
    Event("tables altered by hand") { try $0.write("output/small/data/exp-width.csv", "width\n1\n") },
    Event("a page altered by hand") { try $0.write("output/small/provenance/exp-width.html", "<p>") },
    Event("a picture that is gone") {
      try FileManager.default.removeItem(atPath: "\($0.folder)/output/small/figures/fig-width.png")
    },
    Event("a report that is gone") {
      try FileManager.default.removeItem(atPath: "\($0.folder)/output/small")
    },
    Event("everything kept is damaged") { project in
      for part in ["findings", "reports", "tables"] {
        let folder = ".offprint/\(part)"
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(project.folder)/\(folder)") {
          let file = URL(fileURLWithPath: "\(project.folder)/\(folder)/\(name)")
          var bytes = try Data(contentsOf: file)
          bytes[bytes.count / 2] ^= 1
          try bytes.write(to: file)
        }
      }
    },
  ]

  @Test(arguments: events) func reportIsThatOfABuildFromNothing(_ event: Event) throws {
    let project = try Project()
    try project.write("papers/small/r.bib", "@misc{k, title = {One}, author = {Bee, Ann}, year = 2001}")
    try project.write("papers/small/a.png", "one")
    try project.write(
      "papers/small/paper.yml",
      """
      title: A small paper
      authors: [{name: A. Author}]
      abstract: Few words [@k].
      bibliography: r.bib
      sections: [text.md]
      profiles: [smoke, default]

      """)
    try project.edit(
      "see @fig-width and @clm-width.", "see @fig-width and @clm-width.\n\n![A picture](a.png)")
    #expect(try project.run("build").status == 0)
    #expect(try project.run("build").status == 0)
    try event.apply(project)
    #expect(try project.run("build").errors.contains("error") == false)
    let warm = try project.files("output")
    try FileManager.default.createDirectory(
      atPath: project.folder + "/cold", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: project.folder + "/.offprint/store", toPath: project.folder + "/cold/store")
    try project.run("build", "--cache", "cold", "--output", "elsewhere")
    let cold = try project.files("elsewhere")
    #expect(warm.keys.sorted() == cold.keys.sorted())
    for (name, bytes) in cold { #expect(warm[name] == bytes, "\(name) after \(event.testDescription)") }
  }

  @Test func warningsComeAgain() throws {
    let project = try Project()
    try project.write("papers/small/r.bib", "@misc{k, title = {One}, author = {Bee, Ann}, year = 2001}")
    try project.write(
      "papers/small/paper.yml",
      "title: A small paper\nsections: [text.md]\nbibliography: r.bib\nprofiles: [smoke, default]\n")
    let first = try project.run("build").errors
    #expect(first.contains("warning[unused-entry]"))
    #expect(try project.run("build").errors.contains("warning[unused-entry]"))
    try project.edit("With 16 units", "With 16 units @nobody")
    let outcome = try project.run("build")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("error[unknown-citation]"))
  }

  @Test func anotherProgramTrustsNothing() throws {
    let project = try Project()
    #expect(try project.run("build").status == 0)
    let page = try project.read("output/small/index.html")
    let kept = try project.files(".offprint/findings")
    let pictures = try project.files(".offprint/figures")
    try FileManager.default.copyItem(atPath: Project.binary, toPath: project.folder + "/other")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: project.folder + "/other")
    process.arguments = ["build"]
    process.currentDirectoryURL = URL(fileURLWithPath: project.folder)
    process.standardOutput = nil
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try project.read("output/small/index.html") == page)
    #expect(try project.files(".offprint/findings") != kept)
    // Another build of the plotter may draw otherwise.
    #expect(!pictures.isEmpty)
    #expect(try project.files(".offprint/figures") != pictures)
  }
}
