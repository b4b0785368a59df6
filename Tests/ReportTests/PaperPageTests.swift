// Serves the tests of write: whole pages, and what must hold for every page.
import Foundation
import Manuscript
import Report
import Specification
import Testing

@Suite struct PaperPageTests {
  private let paper: ResolvedPaper
  private let pages: [ReportPage]
  private let html: String

  init() throws {
    paper = try samplePaper()
    pages = reportPages(paper, sha256: sha256)
    html = pages[0].html
  }

  @Test func wholePageMatchesRecording() throws {
    try expectSnapshot(html, "paper.html", in: fixtures)
  }

  @Test func listOfPapersMatchesRecording() throws {
    let draft = try samplePaper(profile: ReportProfile(name: "smoke", isDraft: true))
    let site = sitePage(title: "Papers", papers: papers(paper, draft), sha256: sha256)
    try expectSnapshot(site, "site.html", in: fixtures)
  }

  @Test func listOfPapersLinksOtherPages() {
    let site = sitePage(
      title: "Papers", papers: [], others: [("gallery/index.html", "Gallery of figures")], sha256: sha256)
    #expect(site.contains("<a href=gallery/index.html>Gallery of figures</a>"))
    #expect(!sitePage(title: "Papers", papers: [], sha256: sha256).contains("<footer"))
  }

  @Test func provenanceMatchesRecording() throws {
    #expect(pages.map(\.path) == ["index.html", "provenance/exp-rate.html", "provenance/exp-labels.html"])
    try expectSnapshot(pages[1].html, "provenance.html", in: fixtures)
  }

  @Test func equalInputGivesEqualBytes() throws {
    #expect(reportPages(try samplePaper(), sha256: sha256) == pages)
  }

  @Test func idsAreUnique() {
    for page in pages {
      let ids = ids(page.html)
      #expect(Set(ids).count == ids.count, "\(page.path)")
    }
  }

  @Test func everyLinkInsideTheReportLeadsToAnId() throws {
    let known = Dictionary(uniqueKeysWithValues: pages.map { ($0.path, Set(ids($0.html))) })
    var count = 0
    for page in pages {
      for link in page.html.matches(of: /href="?([^" >]*)#([^" >]+)/).map({ (String($0.1), String($0.2)) }) {
        let path = link.0.isEmpty ? page.path : resolved(link.0, from: page.path)
        #expect(try #require(known[path], "\(link)").contains(link.1), "\(link) in \(page.path)")
        count += 1
      }
    }
    #expect(count > 70)
  }

  @Test func everyIdInARoleExists() {
    for reference in html.matches(of: /aria-labelledby=([a-z]+)/) {
      #expect(ids(html).contains(String(reference.1)))
    }
  }

  private func ids(_ html: String) -> [String] {
    html.matches(of: /<[^>]*\sid="?([^" >]+)/).map { String($0.1) }
  }

  private func resolved(_ link: String, from page: String) -> String {
    let path = page.contains("/") && !link.hasPrefix("../") ? "provenance/\(link)" : link
    return path.hasPrefix("../") ? String(path.dropFirst(3)) : path
  }

  @Test func everyNumberLeadsToItsSamples() {
    let rows = pages.dropFirst().flatMap { ids($0.html) }.filter { $0.wholeMatch(of: /v[0-9]+/) != nil }
    let links = Set(html.matches(of: /provenance\/exp-[a-z]+\.html#(v[0-9]+)/).map { String($0.1) })
    #expect(!links.isEmpty)
    #expect(Set(rows) == links)
    #expect(pages[1].html.contains("0.8212, 0.8197, 0.8301, 0.8254, 0.8188"))
  }

  @Test func pageHasNoScriptStyleAttributeOrRequest() {
    #expect(!html.contains("<script"))
    #expect(!html.contains(" style=\""))
    #expect(html.firstMatch(of: /\son[a-z]+="/) == nil)
    #expect(html.firstMatch(of: /(src|srcset)="?(https?:)?\/\//) == nil)
    #expect(html.firstMatch(of: /url\(/) == nil)
    #expect(html.firstMatch(of: /(src|href)="?\//) == nil)
  }

  @Test func policyAdmitsTheStyleSheetAndNothingElse() throws {
    let style = try #require(html.firstMatch(of: /<style>([^<]*)<\/style>/)).1
    let hex = sha256(String(style))
    var bytes: [UInt8] = []
    var rest = hex[...]
    while let byte = UInt8(rest.prefix(2), radix: 16), !rest.isEmpty {
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    let digest = Data(bytes).base64EncodedString()
    #expect(
      html.contains(
        "content=\"default-src 'none'; img-src 'self'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'\""
      ))
    #expect(html.matches(of: /<style/).count == 1)
  }

  @Test func textFromOutsideIsEscaped() throws {
    var hostile = paper
    let attack = "<script>alert(1)</script>\"'><img src=x onerror=y>"
    for index in hostile.values.keys {
      hostile.values[index] = ResolvedValue(
        text: attack, title: attack, experiments: ["exp-rate"], samples: [attack])
    }
    hostile.claims["clm-rate"] = ResolvedClaim(
      verdict: .supported, assertion: attack, differenceText: attack, pText: attack, note: attack,
      published: PublishedComparison(published: attack, here: attack, comparison: attack), errata: [attack])
    hostile.figures["fig-rate"]?.altText = attack
    hostile.figures["fig-rate"]?.picture.path = attack
    hostile.figures["fig-rate"]?.data = DataTable(header: [attack], rows: [[attack]])
    hostile.experiments["exp-rate"]?.command = attack
    hostile.experiments["exp-rate"]?.runs[0].label = attack
    hostile.experiments["exp-rate"]?.axes[0].values = [attack]
    hostile.profile.name = attack
    hostile.manuscript.configuration.title = attack
    hostile.manuscript.configuration.authors[0].name = attack
    for page in reportPages(hostile, sha256: sha256) {
      #expect(!page.html.contains("<script"))
      #expect(!page.html.contains("<img src=x"))
      #expect(page.html.firstMatch(of: /="[^"]*<script/) == nil)
    }
  }

  @Test func dangerousLinkInTheModelIsDefused() throws {
    var hostile = paper
    hostile.manuscript.sections[0].blocks = [
      .paragraph([.link(url: "javascript:alert(1)", title: "", [.text("x")])]), .html("<script>x</script>"),
    ]
    let page = reportPage(hostile, sha256: sha256)
    #expect(!page.contains("javascript:"))
    #expect(!page.contains("<script"))
  }

  @Test func draftIsMarked() throws {
    let draft = reportPage(
      try samplePaper(profile: ReportProfile(name: "smoke", isDraft: true)), sha256: sha256)
    #expect(draft.contains("<title>Draft: Three"))
    #expect(draft.contains("<b>Draft.</b>"))
    #expect(draft.contains("class=\"profile draft\">profile: smoke"))
    #expect(!html.contains("class=banner"))
  }

  @Test func missingResultsAreShownAsHoles() throws {
    let bare = ResolvedPaper(
      manuscript: paper.manuscript, profile: paper.profile, engine: paper.engine, sitePath: nil,
      resultsPath: nil)
    let pages = reportPages(bare, sha256: sha256)
    let page = pages[0].html
    #expect(page.contains("not computed"))
    #expect(page.contains("This figure could not be drawn."))
    #expect(pages[1].html.contains("This experiment has no results yet."))
    #expect(page.matches(of: /class=unjudged/).count >= 4)
    #expect(!page.contains("All papers"))
  }

  /// What the text says of an experiment that was not run leads to its page all the same.
  @Test func anExperimentOfAnotherProfileAnswersForItsNumbers() throws {
    var partial = paper
    partial.experiments["exp-rate"] = nil
    partial.elsewhere["exp-rate"] = "Runs only in the profile “full”: 3 runs"
    let pages = reportPages(partial, sha256: sha256)
    let home = try #require(pages.first { $0.path == "provenance/exp-rate.html" }).html
    #expect(home.contains("<p>Runs only in the profile “full”: 3 runs."))
    let places = pages[0].html.matches(of: /provenance\/exp-rate\.html#((v[0-9]+)|(clm-[a-z-]+))/).map {
      $0.1
    }
    #expect(places.count > 3)
    for place in places {
      #expect(home.contains("id=\"\(place)\"") || home.contains("id=\(place)"), "\(place)")
    }
  }

  @Test func scorecardCountsEveryVerdictAndStartsWithWhatFailed() throws {
    let heads = html.matches(of: /<h3><b class=([a-z]+)>[a-z ]+<\/b> 1 of 4<\/h3>/).map { String($0.1) }
    #expect(heads == ["contradicted", "inconclusive", "supported", "unjudged"])
  }

  @Test func failedRunsAreNamed() {
    #expect(html.contains("<b>1</b> of 5 runs failed: seed 4 (the loss became NaN at step 120)."))
  }

  @Test func equalValuesShareARow() {
    let links = html.matches(of: /html#(v[0-9]+)/).map { String($0.1) }
    #expect(links.count > Set(links).count)
  }

  @Test func citationsHaveNumbersNamesAndWaysBack() {
    #expect(html.contains("Ioffe and Szegedy\u{A0}[<a href=#ref-1"))
    #expect(html.contains("[see\u{A0}<a href=#ref-3"))
    #expect(html.contains(", p. 67; <a href=#ref-4"))
    #expect(html.contains("<a href=https://doi.org/10.2307/4615733>DOI</a>"))
    #expect(html.contains("<a href=https://arxiv.org/abs/1502.03167>arXiv:1502.03167</a>"))
  }

  @Test func referencesAreWorded() {
    #expect(html.contains("<a href=#sec-norm>Section\u{A0}2</a>"))
    #expect(html.contains("<a href=#eq-bn>equation\u{A0}(1)</a>, <a href"))
    #expect(html.contains("<a href=#fig-rate>1</a>"))
  }

  @Test func pageIsLight() { #expect(html.utf8.count < 34_500) }
}

@Suite struct ExportTests {
  @Test func claimsMatchRecording() throws {
    try expectSnapshot(claimsExport(try samplePaper()).prettyJSON, "claims.json", in: fixtures)
  }

  @Test func resultsMatchRecording() throws {
    try expectSnapshot(resultsExport(try samplePaper()).prettyJSON, "results.json", in: fixtures)
  }
}

@Suite struct SectionPageTests {
  private let pages: [ReportPage]
  private let whole: [ReportPage]

  init() throws {
    var paper = try samplePaper()
    whole = reportPages(paper, sha256: sha256)
    paper.manuscript.configuration.layout = .sections
    pages = reportPages(paper, sha256: sha256)
  }

  @Test func eachSectionHasAPage() {
    #expect(
      pages.prefix(4).map(\.path) == [
        "index.html", "00-introduction.html", "01-normalisation.html", "02-formats.html",
      ])
    #expect(pages.dropFirst(4).map(\.path) == whole.dropFirst().map(\.path))
    for page in pages { #expect(page.html.matches(of: /<h1/).count == 1, "\(page.path)") }
  }

  @Test func everyLinkLeadsToAnIdOfItsPage() throws {
    let ids = Dictionary(
      uniqueKeysWithValues: pages.map { page in
        (page.path, page.html.matches(of: /<[^>]*\sid="?([^" >]+)/).map { String($0.1) })
      })
    for (path, own) in ids { #expect(Set(own).count == own.count, "\(path)") }
    var count = 0
    for page in pages {
      for link in page.html.matches(of: /href="?([^" >#]*)#([^" >]+)/).map({ (String($0.1), String($0.2)) }) {
        var path = link.0.isEmpty ? page.path : link.0
        if path.hasPrefix("../") { path = String(path.dropFirst(3)) }
        #expect(
          try #require(ids[path], "\(link) in \(page.path)").contains(link.1), "\(link) in \(page.path)")
        count += 1
      }
    }
    #expect(count > 70)
  }

  @Test func pathsAreThoseInsideThePaper() throws {
    var paper = try samplePaper()
    paper.manuscript.configuration.layout = .sections
    for index in paper.manuscript.sections.indices {
      paper.manuscript.sections[index].file = "/somewhere/" + paper.manuscript.sections[index].file
    }
    #expect(reportPages(paper, sha256: sha256).map(\.path) == pages.map(\.path))
  }

  @Test func sectionsLeadToTheirNeighbours() {
    #expect(pages[2].html.contains("<a href=00-introduction.html rel=prev>"))
    #expect(pages[2].html.contains("<a href=02-formats.html rel=next>"))
    #expect(!pages[1].html.contains("rel=prev"))
  }
}

@Suite struct CitationFormTests {
  private func page(_ style: String) throws -> String {
    var paper = try samplePaper()
    paper.manuscript.configuration.citationStyle = try #require(CitationStyle.all.first { $0.name == style })
    return reportPage(paper, sha256: sha256)
  }

  @Test func authorsAndYearsStandInRoundBrackets() throws {
    let html = try page("author-year")
    #expect(html.contains("Ioffe and Szegedy\u{A0}(<a href=#ref-1>2015</a>"))
    #expect(html.contains("(see\u{A0}<a href=#ref-3>"))
    #expect(html.contains("<li id=ref-1>S.\u{A0}Ioffe and C.\u{A0}Szegedy (2015). "))
    #expect(html.contains("<ul class=plain>\n<li id=ref-"))
  }

  @Test func everyStyleLeadsToTheSameEntries() throws {
    let targets = try CitationStyle.all.map { style in
      Set(try page(style.name).matches(of: /href=#(ref-[0-9]+)/).map { String($0.1) })
    }
    #expect(Set(targets).count == 1)
  }
}
