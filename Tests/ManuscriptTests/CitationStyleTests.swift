// Serves the tests of parse: CSL-JSON, the styles of citing, and bibliographies of real size.
import Diagnostics
import Testing

@testable import Manuscript

@Suite struct CitationStyleTests {
  private func readJSON(_ text: String) -> (entries: [String: BibliographyEntry], messages: [String]) {
    var diagnostics = Diagnostics()
    let bibliography = Bibliography(cslJSON: text, file: "r.json", &diagnostics)
    return (bibliography.entries, diagnostics.sorted.map(\.line))
  }

  @Test func itemsOfCSLBecomeEntries() throws {
    let (entries, messages) = readJSON(
      """
      [{"id": "ioffe2015", "type": "paper-conference", "title": "Batch <i>Normalization</i>", "page": "448-456",
        "container-title": "ICML", "issued": {"date-parts": [[2015, 7]]}, "DOI": "10.1/x", "volume": 37,
        "author": [{"family": "Ioffe", "given": "Sergey"}, {"family": "Maaten", "non-dropping-particle": "van der"}]},
       {"id": 7, "type": "webpage", "title": "Seven", "author": [{"literal": "The Group"}], "issued": {"raw": "2001-02"}},
       {"id": "ed", "type": "book", "title": "Edited", "editor": [{"family": "Roe", "given": "A"}]}]
      """)
    #expect(messages == [])
    let paper = try #require(entries["ioffe2015"])
    #expect(paper.type == "inproceedings" && paper["title"] == "Batch Normalization" && paper.year == "2015")
    #expect(paper["booktitle"] == "ICML" && paper["doi"] == "10.1/x" && paper["volume"] == "37")
    #expect(paper.citedNames == "Ioffe and van der Maaten")
    #expect(entries["7"]?.citedNames == "The Group" && entries["7"]?.year == "2001")
    #expect(entries["ed"]?.areEditors == true)
  }

  @Test(arguments: [
    ("[{", "r.json:1:1+1: error[csl-json]: this is not JSON"),
    ("{\"a\": 1}", "r.json:1:1+1: error[csl-json]: this is not a bibliography"),
    ("[{\"title\": \"x\"}]", "r.json:1:1+1: error[csl-json]: item 1 has no 'id'"),
    (
      "[{\"id\": \"a\"},\n {\"id\": \"a\"}]", "r.json:1:9+3: error[duplicate-key]: the entry 'a' stands twice"
    ),
  ])
  func mistakesInCSLHaveTheirPlace(text: String, message: String) throws {
    #expect(try #require(readJSON(text).messages.first).hasPrefix(message), "\(readJSON(text).messages)")
  }

  @Test func namesAndYearsAreOrderedAndToldApart() {
    var diagnostics = Diagnostics()
    let bibliography = Bibliography(
      bibTeX: """
        @misc{b, author = {Zo\\"e Zeta}, year = 2001, title = {B}}
        @misc{a, author = {Zo\\"e Zeta}, year = 2001, title = {A}}
        @misc{c, author = {{\\O}stergaard, Bo}, year = 1999, title = {C}}
        @misc{d, title = {Anonymous work}}
        """, file: "r.bib", &diagnostics)
    #expect(diagnostics.all.map(\.line) == [])
    let keys = ["b", "a", "c", "d"]
    #expect(bibliography.sortedByName(keys) == ["d", "c", "a", "b"])
    #expect(bibliography.yearLabels(keys) == ["a": "2001a", "b": "2001b", "c": "1999", "d": "n.d."])
    #expect([0, 25, 26, 27, 52].map(CitationStyle.letters) == ["a", "z", "aa", "ab", "ba"])
  }

  @Test func rangesInLocatorsGetTheirDash() {
    let (manuscript, messages) = parse(
      "[see @a, pp. 3-5, fig. A-1; -@b]", bibliography: "@misc{a, title={A}}\n@misc{b, title={B}}")
    #expect(messages == [])
    guard case .paragraph(let inlines)? = manuscript?.sections.first?.blocks.first,
      case .citation(let citation)? = inlines.first
    else { return #expect(Bool(false)) }
    #expect(citation.items.map(\.locator) == ["pp. 3–5, fig. A-1", ""])
    #expect(citation.items.map(\.omitsAuthor) == [false, true])
  }

  @Test(arguments: [
    ("@a [p. 3] says", "<cite-text a, p. 3 @1:1>' says'"),
    ("@a[pp. 3-5].", "<cite-text a, pp. 3–5 @1:1>'.'"),
    ("@a\n[ch. 2], and @b [@a]", "<cite-text a, ch. 2 @1:1>', and '<cite-text b @2:14>' '<cite a @2:18>"),
    ("@a [] and @b [c [d]", "<cite-text a @1:1>' [] and '<cite-text b @1:11>' [c [d]'"),
    ("@a [p. *3*]", "<cite-text a @1:1>' [p. '<em '3'>']'"), ("@a", "<cite-text a @1:1>"),
  ]) func placesInWorksOfTheSentence(_ text: String, _ expected: String) {
    let (manuscript, messages) = parse(
      text, bibliography: "@misc{a, title={A}}\n@misc{b, title={B}}")
    #expect(messages.filter { !$0.contains("unused-entry") } == [])
    guard case .paragraph(let inlines)? = manuscript?.sections.first?.blocks.first else {
      return #expect(Bool(false))
    }
    #expect(inlines.dump == expected)
  }

  /// A thousand entries with all that reference managers and people write.
  @Test func aThousandEntriesAreRead() {
    var text =
      "% exported\n@string{jmlr = \"Journal of Machine Learning Research\"}\n@comment{jabref-meta: x}\n"
    for index in 0..<250 {
      text += """
        @article{art\(index),
          author  = {M{\\"u}ller, J{\\'e}r{\\^o}me and {\\L}ukasz O'Brien and van der Berg, Jr., Jan and others},
          title   = "{N}ested {{B}races {\\bf \(index)}} \\& {$L_2$} ``quotes''", journal = jmlr # { (Online)},
          year = \(1950 + index % 70), pages = {\(index)--\(index + 9)}, month = jan # "~1", note = {100\\% {"} ok},
          doi = {10.1000/a_\(index)%2F}, url = {https://example.org/~x/\(index)?a=b&c=d#e}, }
        @InProceedings(conf\(index), Author = {\(index) and {The {\\TeX} Group}}, TITLE = {A, comma}, crossref = {proc\(index)})
        @proceedings{proc\(index), title = {Proc. of the \(index)th}, editor = "Doe, A. and Roe, B.", year = {2\\,000}, publisher = {P}}
        Free text @ between, with a \\@ and an address me@example.org
        @misc{misc:\(index)/x.y_z+\(index), title = {\\`A \\c{c}a \\v{S}}, howpublished = {\\url{https://example.org/a_b}}, eprint = {2401.0\(index)}, archivePrefix = {arXiv}}

        """
    }
    var diagnostics = Diagnostics()
    let bibliography = Bibliography(bibTeX: text, file: "r.bib", &diagnostics)
    #expect(diagnostics.all.map(\.line) == [])
    #expect(bibliography.entries.count == 1000)
    #expect(
      bibliography.entries["art7"]?.authors.map(\.cited) == ["Müller", "O’Brien", "van der Berg", "et al."])
    #expect(bibliography.entries["art7"]?["title"] == "Nested Braces 7 & L_2 “quotes”")
    #expect(bibliography.entries["conf9"]?["booktitle"] == "Proc. of the 9th")
    #expect(bibliography.entries["conf9"]?["publisher"] == "P")
    #expect(bibliography.entries["misc:3/x.y_z+3"]?["title"] == "À ça Š")
  }
}
