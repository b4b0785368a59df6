// Serves the tests of parse: input made to break it ends in a positioned diagnostic, in time.
import Diagnostics
import Foundation
import Testing

@testable import Manuscript

@Suite struct HostileInputTests {
  private func errors(_ bytes: [UInt8]) -> [String] {
    var diagnostics = Diagnostics()
    let configuration = SourceText(path: "paper.yml", "title: T\nsections: [a.md]\n")
    let files = PaperFiles(configuration: configuration) { path throws(UnreadableFile) in
      SourceText(path: path, bytes: bytes)
    }
    _ = parsePaper(files, &diagnostics)
    return diagnostics.sorted.map(\.line)
  }

  @Test func invalidUTF8IsLocated() {
    #expect(
      errors(Array("# A\n\nok ".utf8) + [0xC3, 0x28] + Array(" more".utf8)) == [
        "a.md:3:4+1: error[not-utf8]: this byte is not part of UTF-8 text | hint: save the file with the encoding UTF-8"
      ])
    #expect(errors([0xFF]).first?.hasPrefix("a.md:1:1+1: error[not-utf8]") == true)
    #expect(errors(Array("ä".utf8) + [0xE2, 0x82]).first?.hasPrefix("a.md:1:3+1: error[not-utf8]") == true)
  }

  @Test func hugeSectionIsRefused() {
    #expect(
      errors([UInt8](repeating: 65, count: 50_000_000)).first?.contains("error[file-too-large]") == true)
  }

  @Test(arguments: [
    String(repeating: ">", count: 10_000) + " x", String(repeating: "- ", count: 10_000) + "x",
    (0..<2_000).map { String(repeating: "  ", count: min($0, 400)) + "- x\n" }.joined(),
  ])
  func deepBlocksAreRefused(text: String) {
    #expect(errors(Array(text.utf8)).first?.contains("error[nested-too-deeply]") == true)
  }

  @Test(arguments: [
    String(repeating: "*a _b ", count: 20_000), String(repeating: "[", count: 50_000),
    String(repeating: "![", count: 20_000), String(repeating: "$", count: 50_000),
    String(repeating: "$a ", count: 50_000),
    String(repeating: "@", count: 50_000), String(repeating: "[@a;", count: 2_000),
    String(repeating: "`", count: 50_001),
    String(repeating: "{", count: 50_000), String(repeating: "$$\n", count: 20_001),
    String(repeating: "<", count: 50_000),
    "# " + String(repeating: "{#sec-x} ", count: 5_000), String(repeating: "[^a]", count: 10_000),
    String(repeating: "| a ", count: 10_000) + "|\n" + String(repeating: "|-", count: 10_000) + "|\n",
    String(repeating: "~~a ", count: 20_000), "\u{1}@ 1 1\u{1}x \u{1}$ \0 y", "```math\u{1}99999\nx\n```",
  ])
  func strangeTextIsReadToItsEnd(text: String) {
    // What takes quadratic time here would not end while somebody waits.
    _ = errors(Array(text.utf8))
  }

  @Test(arguments: ["../a.md", "/etc/passwd", "x/../../a.md", "a\\b.md", "file:a.md", ""])
  func pathsOutsideThePaperAreRefused(path: String) {
    var diagnostics = Diagnostics()
    _ = parsePaper(
      PaperFiles(["paper.yml": "title: T\nsections: [\"\(path.replacing("\\", with: "\\\\"))\"]\n"]),
      &diagnostics)
    #expect(diagnostics.all.first?.rule == "path-outside")
    #expect(diagnostics.all.first?.position == SourcePosition(file: "paper.yml", line: 2, column: 12))
  }

  @Test func linksOutOfThePaperAndPipesAreRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "offprint-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "title: T\nsections: [out.md, in.md, none.md, sub]\n".write(
      to: folder.appending(path: "paper.yml"), atomically: true, encoding: .utf8)
    try "# In".write(to: folder.appending(path: "in.md"), atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(
      at: folder.appending(path: "sub"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "out.md"), withDestinationURL: URL(filePath: "/etc/hostname"))
    var diagnostics = Diagnostics()
    let manuscript = parsePaper(folder: folder.path(), &diagnostics)
    #expect(manuscript?.sections.count == 1)
    #expect(
      diagnostics.sorted.map(\.message) == [
        "cannot read 'out.md': it is a link to a place outside the paper's folder",
        "cannot read 'none.md': there is no such file", "cannot read 'sub': it is not a file",
      ])
  }

  @Test(arguments: [
    "javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "java\tscript:x",
    "//evil.example", "file:///x",
    "\\\\host\\x", " javascript:x", "blob:x",
  ])
  func dangerousLinksAreUnsafe(url: String) { #expect(!isSafeLink(url)) }

  @Test(arguments: [
    "https://a.b/c?d=e#f", "mailto:a@b.c", "#sec-x", "data/x.csv", "?q=a:b", "a/b:c", "HTTP://x.y",
  ])
  func ordinaryLinksAreSafe(url: String) { #expect(isSafeLink(url)) }

  @Test func configurationMistakesAreLocated() {
    var diagnostics = Diagnostics()
    let text = """
      titel: T
      title: T
      authors:
        - {name: A, orcid: 0000-0002-1825-0098}
      date: 2026-13-01
      sections: [a.md, a.md]
      """
    _ = parsePaper(PaperFiles(["paper.yml": text, "a.md": "# A"]), &diagnostics)
    #expect(
      diagnostics.sorted.map(\.line) == [
        "paper.yml:1:1+5: error[unknown-key]: paper has no option 'titel' | hint: did you mean 'title'?"
      ])
    diagnostics = Diagnostics()
    _ = parsePaper(
      PaperFiles(["paper.yml": text.replacing("titel: T\n", with: ""), "a.md": "# A"]), &diagnostics)
    #expect(diagnostics.sorted.map(\.rule) == ["wrong-value", "wrong-value", "duplicate-section"])
  }

  @Test func parsingOnManyThreadsGivesTheSameTree() async {
    let section = "# A\n\n" + String(repeating: "x $a*b*c$ @k ~~d~~ | `c` *e*\n\n", count: 50)
    let expected = tree(section)
    await withTaskGroup(of: String.self) { group in
      for _ in 0..<16 { group.addTask { tree(section) } }
      for await result in group { #expect(result == expected) }
    }
  }
}
