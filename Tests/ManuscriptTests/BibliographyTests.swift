// Serves the tests of parse: BibTeX, names, TeX in texts, and the numbering of citations.
import Diagnostics
import Foundation
import Testing

@testable import Manuscript

@Suite struct BibliographyTests {
  private func read(_ text: String) -> (entries: [String: BibliographyEntry], messages: [String]) {
    var diagnostics = Diagnostics()
    let bibliography = Bibliography(bibTeX: text, file: "r.bib", &diagnostics)
    return (bibliography.entries, diagnostics.sorted.map(\.line))
  }

  @Test func stringsMonthsAndPiecesAreJoined() {
    let (entries, messages) = read(
      """
      Text between entries is a comment, even with me@example.org inside.
      @STRING{jmlr = "Journal of Machine " # {Learning}}
      @preamble{"\\newcommand{\\x}{}"}
      @comment{@article{no, title = {None}}}
      @Article(a, Title = "A {Big} " # {Title}, journal = jmlr # " Research", MONTH = mar # "~3", year = 1999,)
      """)
    #expect(messages == [])
    #expect(entries.keys.sorted() == ["a"])
    #expect(entries["a"]?["title"] == "A Big Title")
    #expect(entries["a"]?["journal"] == "Journal of Machine Learning Research")
    #expect(entries["a"]?["month"] == "March\u{A0}3")
    #expect(entries["a"]?.year == "1999")
  }

  @Test(arguments: [
    ("\\\"{o}", "ö"), ("{\\\"o}", "ö"), ("\\'e", "é"), ("\\`{a}", "à"), ("\\^{\\i}", "î"), ("\\~n", "ñ"),
    ("\\v{c}", "č"), ("\\c{c}", "ç"), ("\\H o", "ő"), ("\\k{a}", "ą"), ("\\r{a}", "å"), ("\\u{g}", "ğ"),
    ("\\aa\\ and \\O", "å and Ø"), ("\\ss", "ß"), ("{\\L}ukasz", "Łukasz"), ("a--b---c", "a–b—c"),
    ("``q''", "“q”"),
    ("50\\% \\& more", "50% & more"), ("\\emph{x} \\textbf{y}", "x y"), ("$n$-gram", "n-gram"),
    ("a~b", "a\u{A0}b"),
    ("{{Nested {Braces}}}", "Nested Braces"), ("\\.{z}", "ż"), ("two\n   lines", "two lines"),
  ])
  func texBecomesText(tex: String, text: String) {
    #expect(plainText(tex: tex) == text)
  }

  @Test(arguments: [
    ("Ada Lovelace", "A. Lovelace", "Lovelace"), ("Lovelace, Ada Augusta", "A. A. Lovelace", "Lovelace"),
    ("Laurens van der Maaten", "L. van der Maaten", "van der Maaten"),
    ("van der Maaten, Laurens", "L. van der Maaten", "van der Maaten"),
    ("{van der Berg}, Jan", "J. van der Berg", "van der Berg"),
    ("King, Jr., Martin Luther", "M. L. King Jr.", "King"),
    ("{Open Science Collaboration}", "Open Science Collaboration", "Open Science Collaboration"),
    ("Jean-Paul Sartre", "J.-P. Sartre", "Sartre"), ("Plato", "Plato", "Plato"),
    ("{\\L}ukasz Kaiser", "Ł. Kaiser", "Kaiser"),
    ("de la Fuente, J. M.", "J. M. de la Fuente", "de la Fuente"),
  ])
  func namesAreTakenApart(field: String, listed: String, cited: String) throws {
    let name = try #require(PersonName.list(field).first)
    #expect(name.listed.replacing("\u{A0}", with: " ") == listed)
    #expect(name.cited == cited)
  }

  @Test func authorsAreSeparatedByAndOutsideBraces() {
    #expect(
      PersonName.list("A. One and {Black and White Ltd} and Two, B. and others").map(\.cited) == [
        "One", "Black and White Ltd", "Two", "et al.",
      ])
  }

  @Test func crossrefGivesWhatIsMissing() {
    let (entries, messages) = read(
      """
      @inproceedings{a, title = {Paper}, crossref = {p}}
      @proceedings{p, title = {Proceedings}, year = 2001, publisher = {Press}}
      """)
    #expect(messages == [])
    #expect(entries["a"]?["title"] == "Paper")
    #expect(entries["a"]?["booktitle"] == "Proceedings")
    #expect(entries["a"]?.year == "2001")
  }

  @Test func mistakesHaveTheirPlaceAndTheRestIsRead() {
    let (entries, messages) = read(
      """
      @article{, title = {x}}
      @article{a, title {x}}
      @article{b, title = nosuch}
      @article{c, title = {x} year = 2000}
      @misc{good, title = {y}}
      @misc{good, title = {z}}
      @misc{d, crossref = {goo}}
      @article{e, title = {never closed}
      """)
    #expect(entries.keys.sorted() == ["d", "good"])
    #expect(
      messages == [
        "r.bib:1:10+1: error[bibtex-syntax]: this entry has no key | expected: @article{key, …}",
        "r.bib:2:19+1: error[bibtex-syntax]: '=' is missing after the name of a field | expected: name = {value}",
        "r.bib:3:21+1: error[bibtex-syntax]: there is no string 'nosuch' | expected: {text}, \"text\", a number or the name of an @string",
        "r.bib:4:25+1: error[bibtex-syntax]: this is not part of the entry 'c' | expected: ',' or '}'",
        "r.bib:6:7+4: error[duplicate-key]: the entry 'good' stands twice | hint: it is first defined at r.bib:5",
        "r.bib:7:7+1: error[unknown-crossref]: 'd' refers to 'goo', which is not in the bibliography | hint: did you mean 'good'?",
        "r.bib:8:10+1: error[bibtex-syntax]: the entry 'e' is not closed | expected: ',' or '}'",
      ])
  }

  @Test func citationsAreNumberedByFirstUse() throws {
    let bibliography = "@misc{a, title={A}}\n@misc{b, title={B}}\n@misc{c, title={C}}\n@misc{d, title={D}}"
    let section = """
      # T

      First [@b], then @a and again [@b; @c].

      ```{claim #clm-x}
      says: cites
      source: d
      ```
      """
    let (manuscript, messages) = parse(section, bibliography: bibliography)
    #expect(messages == [])
    #expect(manuscript?.citedKeys == ["b", "a", "c", "d"])
    #expect(manuscript?.citationNumber("c") == 3)
  }

  @Test func thousandEntriesAreQuick() {
    let text = (0..<1000).map {
      "@article{k\($0), title = {Title {\($0)} \\'e}, author = {A. B and C, D and others}, year = 2000}\n"
    }.joined()
    let start = ContinuousClock.now
    #expect(read(text).entries.count == 1000)
    #expect(ContinuousClock.now - start < .seconds(5))
  }
}
