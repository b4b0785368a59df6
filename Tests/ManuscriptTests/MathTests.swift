// Serves the tests of parse: TeX formulas, the MathML they become, and the mistakes in them.
import Foundation
import Testing

@testable import Manuscript

/// The folder of this target's fixtures.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

@Suite struct MathTests {
  /// Each line of the fixture is a formula; the recording has the MathML below each.
  @Test func formulasBecomeTheRecordedMathML() throws {
    let source = try String(contentsOf: fixtures.appending(path: "formulas.tex"), encoding: .utf8)
    let formulas = source.split(separator: "\n").map(String.init)
    #expect(formulas.count >= 300)
    var text = ""
    for formula in formulas {
      let (mathML, faults) = renderMath(formula, isDisplay: false)
      #expect(faults == [], "\(formula)")
      text += formula + "\n    " + mathML + "\n"
    }
    try expectSnapshot(text, "formulas.txt", in: fixtures)
  }

  @Test func displayIsMarked() {
    #expect(
      renderMath("x", isDisplay: true).mathML == "<math display=\"block\"><mi>x</mi></math>")
  }

  @Test func markupInsideAFormulaIsEscaped() {
    let text = renderMath("a < b \\text{<script>\"} & x", isDisplay: false).mathML
    #expect(!text.contains("<script"))
    #expect(renderMath("a < b", isDisplay: false).mathML.contains("<mo>&lt;</mo>"))
  }

  @Test(
    arguments: [
      ("\\frca{a}{b}", 0, "there is no command '\\frca'", "did you mean '\\frac'?"),
      ("x + \\alhpa", 4, "there is no command '\\alhpa'", "did you mean '\\alpha'?"),
      ("{x", 0, "this brace is not closed", nil), ("x}", 1, "this closes nothing", nil),
      ("a^b^c", 3, "a second superscript", "put braces round the first"),
      ("x_", 2, "'_' needs an argument", nil), ("\\left( x", 0, "\\left without \\right", nil),
      ("x \\right)", 2, "\\right without \\left", nil),
      ("\\begin{pmatrx} a", 0, "there is no environment 'pmatrx'", "did you mean 'pmatrix'?"),
      ("\\begin{cases} a \\end{matrix}", 16, "\\end{matrix} closes \\begin{cases}", "\\end{cases}"),
      ("\\sqrt[3", 5, "this bracket is not closed", nil), ("\\frac{a}", 8, "\\frac needs an argument", nil),
      (
        "\\left q x \\right)", 6, "this is not a delimiter",
        "one of ( ) [ ] \\{ \\} | \\| . \\langle \\rangle"
      ),
      ("\\text{a $x$}", 8, "a formula cannot stand inside \\text", nil),
      ("é \\foo", 3, "there is no command '\\foo'", nil),
    ] as [(String, Int, String, String?)])
  func mistakesHaveTheirPlace(tex: String, offset: Int, message: String, hint: String?) throws {
    let fault = try #require(renderMath(tex, isDisplay: false).faults.first)
    #expect(fault.message == message)
    #expect(fault.offset == offset)
    #expect(fault.hint == hint)
  }

  private func parseWithMacros(_ math: String, _ formula: String) -> (mathML: String, messages: [String]) {
    let (manuscript, messages) = parse("Text $\(formula)$.\n", configuration: "math:\n\(math)\n")
    guard case .paragraph(let inlines)? = manuscript?.sections.first?.blocks.first,
      case .math(let formula)? = inlines.dropFirst().first
    else { return ("", messages) }
    return (formula.mathML, messages)
  }

  @Test func commandsOfTheAuthorsStandForTheirBodies() {
    let math =
      "  R: \\mathbb{R}\n  \\norm: '\\lVert #1 \\rVert_{#2}'\n  both: '\\norm{#1}{2} \\R'\n  why: '\\text{why not}'"
    for (own, plain) in [
      ("x \\in \\R^d", "x \\in \\mathbb{R}^d"), ("\\norm{x}{2}", "\\lVert x \\rVert_{2}"),
      ("\\norm x1", "\\lVert x \\rVert_{1}"), ("\\both{w + v}", "\\lVert w + v \\rVert_{2} \\mathbb{R}"),
      ("\\why", "\\text{why not}"),
    ] {
      let result = parseWithMacros(math, own)
      #expect(result.messages == [])
      #expect(result.mathML == renderMath(plain, isDisplay: false).mathML, "\(own)")
    }
  }

  @Test(arguments: [
    (
      "  loop: x \\loop", "x",
      "paper.yml:4:9+7: error[math-macro]: the command '\\loop' is not usable: the command '\\loop' stands for itself without end"
    ),
    (
      "  twice: \\twice\\twice", "x",
      "paper.yml:4:10+12: error[math-macro]: the command '\\twice' is not usable: the command '\\twice' stands for itself without end"
    ),
    (
      "  a1: x", "x",
      "paper.yml:4:3+2: error[math-macro]: 'a1' cannot be the name of a command | expected: letters, for example \\norm"
    ),
    (
      "  bad: \\fraq{1}{2}", "x",
      "paper.yml:4:8+11: error[math-macro]: the command '\\bad' is not usable: there is no command '\\fraq' | hint: did you mean '\\frac'?"
    ),
    ("  n: '|#1|'", "\\n", "a.md:1:9+1: error[math]: \\n needs an argument"),
  ])
  func mistakesInCommandsHaveTheirPlace(math: String, formula: String, message: String) {
    #expect(parseWithMacros(math, formula).messages == [message])
  }

  @Test func deepNestingIsRefused() throws {
    let tex = String(repeating: "{", count: 9_000) + String(repeating: "}", count: 9_000)
    #expect(renderMath(tex, isDisplay: false).faults.first?.message == "this formula is nested too deeply")
  }

  @Test func hugeFormulaIsRefused() throws {
    let fault = try #require(renderMath(String(repeating: "x", count: 30_000), isDisplay: false).faults.first)
    #expect(fault.message == "this formula is too long")
  }
}
