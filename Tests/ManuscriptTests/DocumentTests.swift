// Serves the tests of parse: Markdown and the document trees it becomes.
import Diagnostics
import Foundation
import Specification
import Testing

@testable import Manuscript

@Suite struct DocumentTests {
  /// Every `.md` file of the fixtures has a recorded tree, with its diagnostics first.
  @Test(arguments: ["commonmark", "gfm", "extensions", "blocks", "mistakes", "positions"])
  func treeMatchesRecording(name: String) throws {
    let source = try String(contentsOf: fixtures.appending(path: "\(name).md"), encoding: .utf8)
    let references = try String(contentsOf: fixtures.appending(path: "references.bib"), encoding: .utf8)
    try expectSnapshot(tree(source, bibliography: references), "\(name).tree", in: fixtures)
  }

  @Test func valuesKeepExpressionOptionsAndPlace() throws {
    let values = try #require(parse("# A\n\nä `{val} exp-x[a=1].m | %, digits=3` b").manuscript?.values)
    #expect(values.count == 1)
    #expect(values[0].expression == "exp-x[a=1].m")
    #expect(values[0].options == "%, digits=3")
    #expect((values[0].position.line, values[0].position.column) == (3, 11))
    #expect((values[0].optionsPosition.line, values[0].optionsPosition.column) == (3, 26))
  }

  @Test func valuesWorkInHeadingsTablesAndCaptions() throws {
    let section = """
      # About `{val} exp-a.m`

      | a | b |
      |---|---|
      | 1 | `{val} exp-b.m` |

      ```{figure #fig-x}
      fig-cap: The mean is `{val} exp-c.m`.
      ```

      ```{table #tbl-x}
      rows:
        - [one, "{val} exp-d.m"]
      ```
      """
    let (manuscript, messages) = parse(section)
    #expect(messages == [])
    let places = manuscript?.values.map { "\($0.expression) \($0.position.line):\($0.position.column)" }
    #expect(places == ["exp-a.m 1:16", "exp-b.m 5:14", "exp-c.m 8:29", "exp-d.m 13:18"])
  }

  @Test func yamlBodiesHaveFilePositions() throws {
    let section = "# A\n\n- item\n\n  ```{figure #fig-x}\n  data: exp-a\n  fig-cap: c\n  ```\n"
    let block = try #require(parse(section).manuscript?.blocks.first)
    let data = try #require(block.body["data"])
    #expect((data.position.line, data.position.column) == (6, 9))
  }

  @Test func equationsFiguresAndHeadingsAreNumberedAcrossSections() throws {
    let files = [
      "paper.yml": "title: T\nsections: [a.md, b.md]\n",
      "a.md": "# One {#sec-one}\n## Sub\n\n$$x$$ {#eq-a}\n\n```{figure #fig-a}\nfig-cap: a\n```\n",
      "b.md":
        "# Free {.unnumbered}\n# Two {#sec-two}\n\n$$\ny\n$$ {#eq-b}\n\n```{figure #fig-b}\nfig-cap: b\n```\n",
    ]
    var diagnostics = Diagnostics()
    let targets = try #require(parsePaper(PaperFiles(files), &diagnostics)).targets
    #expect(diagnostics.all.map(\.line) == [])
    #expect(
      ["sec-one", "sec-sub", "sec-two", "sec-free"].map { targets[$0]?.number } == ["1", "1.1", "2", ""])
    #expect(["eq-a", "eq-b", "fig-a", "fig-b"].map { targets[$0]?.number } == ["1", "2", "1", "2"])
  }

  @Test func termsHaveTheirMeanings() {
    let text = "*Seed*\n: Where randomness\nstarts, $x$.\n: A grain.\n\nArm\n: One of several.\n\nNo: term\n"
    #expect(
      tree(text) == """
        definitions
          <em 'Seed'>: 'Where randomness'⏎'starts, '$x$'.' | 'A grain.'
          'Arm': 'One of several.'
        paragraph 'No: term'

        """)
  }

  @Test func allowedElementsArePaired() {
    func first(_ html: String, _ text: String) -> String {
      parse(text, configuration: "html: \(html)\n").manuscript.map { manuscript in
        manuscript.sections[0].blocks.map { $0.dump(0) }.joined()
      } ?? ""
    }
    let text = "H<sub>2</sub>O<br>a <kbd>b *c*</kbd> <sup>d <script>x</script> <b onclick=y>"
    #expect(
      first("basic", text)
        == "paragraph 'H'<sub '2'>'O'<br>'a '<kbd 'b '<em 'c'>>' '<html <sup>>'d '<html <script>>'x'<html </script>>' '<html <b onclick=y>>\n"
    )
    #expect(first("text", "H<sub>2</sub>O") == "paragraph 'H'<html <sub>>'2'<html </sub>>'O'\n")
  }

  private func including(_ files: [String: String]) -> (tree: String, messages: [String]) {
    var all = files
    all["paper.yml"] = "title: T\nsections: [a.md]\n"
    var diagnostics = Diagnostics()
    let manuscript = parsePaper(PaperFiles(all), &diagnostics)
    return (
      manuscript?.sections.first?.blocks.map { $0.dump(0) }.joined() ?? "", diagnostics.sorted.map(\.line)
    )
  }

  @Test func filesAreIncludedWithTheirOwnPlaces() {
    let result = including([
      "a.md": "# A\n\nsee[^1]\n\n{{< include part.md >}}\n\nend[^2] @fig-no\n\n[^1]: one\n\n[^2]: two\n",
      "part.md": "from part[^1] @fig-nothing\n\n$$\nx\n$$ {#eq-p}\n\n[^1]: three\n",
    ])
    #expect(result.tree.contains("paragraph 'from part'<note 3>"))
    #expect(result.tree.contains("equation \"x\" #eq-p 1"))
    #expect(result.tree.contains("'end'<note 2>"))
    #expect(
      result.messages.map { $0.prefix { $0 != " " } } == ["a.md:7:9+7:", "part.md:1:15+12:"])
  }

  @Test(arguments: [
    (["a.md": "{{< include a.md >}}"], "a.md:1:13+4: error[include]: the file includes itself: a.md → a.md"),
    (
      ["a.md": "{{< include b.md >}}", "b.md": "x\n\n{{< include a.md >}}"],
      "b.md:3:13+4: error[include]: the file includes itself: a.md → b.md → a.md"
    ),
    (
      ["a.md": "{{< include ../x.md >}}"],
      "a.md:1:13+7: error[path-outside]: cannot read '../x.md': the path leaves the paper's folder"
    ),
    (
      ["a.md": "{{< include no.md >}}"],
      "a.md:1:13+5: error[unreadable-file]: cannot read 'no.md': there is no such file"
    ),
  ])
  func wrongIncludesHaveTheirPlace(files: [String: String], message: String) {
    #expect(including(files).messages == [message])
  }

  @Test func figuresOfAGroupShareItsNumber() throws {
    let text =
      "```{figures #fig-all}\nof: [fig-a, fig-b]\nfig-cap: All.\n```\n\n```{figure #fig-a}\nfig-cap: A.\n```\n\n```{figure #fig-b}\nfig-cap: B.\n```\n\n```{figure #fig-c}\nfig-cap: C.\n```\n"
    let (manuscript, messages) = parse(text)
    #expect(messages == [])
    #expect(manuscript?.blocks.map(\.label) == ["1", "1a", "1b", "2"])
    #expect(manuscript?.targets["fig-b"]?.number == "1b")
    #expect(manuscript?.blocks[2].group == "fig-all")
  }

  @Test(arguments: [
    (
      "```{figure #fig-a}\nfig-cap: A.\n```\n\n```{figures #fig-all}\nof: [fig-a]\nfig-cap: All.\n```\n",
      "a.md:6:6+5: error[figure-group]: 'fig-a' stands before its group, or in two groups | expected: the id of a figure that follows"
    ),
    (
      "```{figures #fig-all}\nof: [fig-a]\nfig-cap: All.\n```\n",
      "a.md:2:6+6: error[unknown-reference]: there is no 'fig-a'"
    ),
  ])
  func wrongGroupsHaveTheirPlace(text: String, message: String) {
    #expect(parse(text).messages.map { $0.split(separator: " | hint")[0] } == [message[...]])
  }

  @Test func errataHaveAPlaceForEachOfTheirLabels() {
    let (manuscript, messages) = parse(
      "> [!ERRATUM] E4, E5 Two things\n> Text.\n\n> [!ERRATUM] Nothing\n> Text.\n")
    #expect(messages == [])
    #expect(manuscript?.errata.keys.sorted() == ["E4", "E5"])
    guard case .callout(let callout)? = manuscript?.sections[0].blocks.first else {
      return #expect(Bool(false))
    }
    #expect(callout.ids == ["erratum-e4", "erratum-e5"])
  }
}
