// Serves the tests of export: other forms of a paper, and what must hold for each.
import Manuscript
import Report
import Specification
import Testing

@Suite struct ExportFormTests {
  private let paper: ResolvedPaper

  init() throws { paper = try samplePaper() }

  @Test func markdownMatchesRecording() throws {
    try expectSnapshot(markdownExport(paper), "paper.md", in: fixtures)
  }

  @Test func markdownEscapesWhatIsNotMarkup() {
    var hostile = paper
    hostile.manuscript.sections[0].blocks = [
      .paragraph([
        .text("a*b_c <script>|$"), .code("x`y"), .link(url: "javascript:x", title: "", [.text("l")]),
      ])
    ]
    let text = markdownExport(hostile)
    #expect(text.contains("a\\*b\\_c \\<script\\>\\|\\$``x`y``[l](<#>)"))
    #expect(!text.contains("javascript:"))
  }

  @Test func notebookHasUniqueCellsOfKnownTypes() throws {
    let notebook = notebookExport(paper)
    let cells = try #require(notebook["cells"]?.array)
    #expect(notebook["nbformat"]?.integer == 4 && notebook["nbformat_minor"]?.integer == 5)
    let ids = cells.compactMap { $0["id"]?.string }
    #expect(Set(ids).count == cells.count)
    #expect(cells.count { $0["cell_type"]?.string == "markdown" } >= 3)
    #expect(cells.count { $0["cell_type"]?.string == "code" && $0["outputs"]?.array == [] } == 1)
    let title = cells[0]["source"]?.array?.compactMap(\.string).joined() ?? ""
    #expect(title.hasPrefix("# "))
  }

  @Test func crateHasAnActionForEachRunAndNoDanglingReference() throws {
    let file = PublishedFile(path: "data/exp-rate.csv", size: 3, sha256: sha256("abc"))
    let crate = researchObject(paper, files: [file])
    #expect(researchObject(paper, files: [file], actions: crateActions(paper)) == crate.prettyBytes)
    let entities = try #require(crate["@graph"]?.array)
    let ids = entities.compactMap { $0["@id"]?.string }
    #expect(Set(ids).count == entities.count)
    let actions = entities.filter { $0["@type"]?.string == "CreateAction" }
    #expect(actions.count == 65)
    #expect(actions.count { $0["error"]?.string == "the loss became NaN at step 120" } == 1)
    let root = try #require(entities.first { $0["@id"]?.string == "./" })
    #expect(root["hasPart"]?.array?.compactMap { $0["@id"]?.string } == ["data/exp-rate.csv"])
    let mentioned = root["mentions"]?.array?.compactMap { $0["@id"]?.string } ?? []
    #expect(mentioned.count == 65 && Set(mentioned).isSubset(of: ids))
    for action in actions {
      #expect(ids.contains(try #require(action["object"]?["@id"]?.string)))
    }
  }

  @Test func citationFileNamesTitleAndAuthors() {
    let text = citationFile(paper)
    #expect(text.hasPrefix("cff-version: 1.2.0\n"))
    #expect(text.contains("title: \"\(paper.manuscript.configuration.title)\""))
    for author in paper.manuscript.configuration.authors {
      #expect(text.contains("  - name: \"\(author.name)\""))
    }
  }

  @Test func standalonePageCarriesPicturesAndProvenance() throws {
    let pictures = Dictionary(uniqueKeysWithValues: paper.picturePaths.map { ($0, Array("x".utf8)) })
    let page = standalonePage(paper, pictures: pictures, sha256: sha256)
    #expect(page.contains("img-src data:;"))
    #expect(page.firstMatch(of: /(src|srcset)="?figures/) == nil)
    #expect(page.contains("src=\"data:image/png;base64,eA==\""))
    #expect(!page.contains("provenance/exp-"))
    let ids = page.matches(of: /<[^>]*\sid="?([^" >]+)/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    let links = page.matches(of: /href="?#([^" >]+)/).map { String($0.1) }
    #expect(links.count > 60)
    #expect(Set(links).subtracting(ids) == [])
  }

  @Test func schemasNameEveryMemberThatTheFilesHave() throws {
    let claim = try #require(claimsExport(paper)["claims"]?.array?.first?.object)
    let properties = try #require(claimsSchema["properties"]?["claims"]?["items"]?["properties"]?.object)
    #expect(Set(claim.keys).isSubset(of: Set(properties.keys)))
    let results = try #require(resultsExport(paper).object)
    #expect(Set(results.keys) == Set(try #require(resultsSchema["properties"]?.object).keys))
  }

  @Test func feedAndSitemapNameEveryPageUnderTheBase() {
    let papers = [PaperSummary(path: "a&b/index.html", paper: paper)]
    let feed = atomFeed(title: "<Papers>", papers: papers, base: "https://example.org/x/")
    #expect(feed.contains("<title>&lt;Papers&gt;</title>"))
    #expect(feed.contains("<link href=\"https://example.org/x/a%26b/index.html\"/>"))
    let map = sitemap(papers: papers, base: "https://example.org/x/")
    #expect(map.contains("<loc>https://example.org/x/a%26b/provenance/exp-rate.html</loc>"))
    #expect(map.matches(of: /<url>/).count == 4)
  }
}

@Suite struct LaTeXTests {
  @Test func wholePaperMatchesRecording() throws {
    try expectSnapshot(latexExport(try samplePaper()), "paper.tex", in: fixtures)
  }

  @Test func nothingOfTheTextIsACommand() throws {
    var hostile = try samplePaper()
    hostile.manuscript.sections[0].blocks = [
      .paragraph([
        .text("50% of #1 & $2 \\input{x} ~^_{} <|> −±≈→ é Ł 漢"), .code("a-b_c\\"),
        .link(url: "https://example.org/a%20b#c_d", title: "", [.text("l")]),
        .link(url: "javascript:x", title: "", [.text("m")]),
      ])
    ]
    let text = latexExport(hostile)
    #expect(
      text.contains(
        "50\\% of \\#1 \\& \\$2 \\textbackslash{}input\\{x\\} \\textasciitilde{}\\textasciicircum{}\\_\\{\\} \\ensuremath{<}\\ensuremath{|}\\ensuremath{>} \\ensuremath{-}±\\ensuremath{\\approx}\\ensuremath{\\to} é Ł \\texttt{[U+6F22]}"
      ))
    #expect(
      text.contains("\\texttt{a{-}b\\_c\\textbackslash{}}\\href{https://example.org/a\\%20b\\#c\\_d}{l}m"))
  }
}
