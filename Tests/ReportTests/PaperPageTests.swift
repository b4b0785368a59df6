// Serves the tests of write: whole pages, and what must hold for every page.
import Foundation
import Manuscript
import Report
import Specification
import Testing

@Suite struct PaperPageTests {
  private let paper: ResolvedPaper
  private let html: String

  init() throws {
    paper = try samplePaper()
    html = reportPage(paper, sha256: sha256)
  }

  @Test func wholePageMatchesRecording() throws {
    try expectSnapshot(html, "paper.html", in: fixtures)
  }

  @Test func listOfPapersMatchesRecording() throws {
    let draft = try samplePaper(profile: ReportProfile(name: "smoke", isDraft: true))
    let site = sitePage(title: "Papers", papers: papers(paper, draft), sha256: sha256)
    try expectSnapshot(site, "site.html", in: fixtures)
  }

  @Test func equalInputGivesEqualBytes() throws {
    #expect(reportPage(try samplePaper(), sha256: sha256) == html)
  }

  @Test func everyInternalLinkLeadsToOneId() {
    let ids = html.matches(of: /\sid="([^"]+)"/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    let links = html.matches(of: /href="#([^"]+)"/).map { String($0.1) }
    #expect(links.count > 60)
    #expect(Set(links).subtracting(ids) == [])
  }

  @Test func everyIdInARoleExists() {
    let ids = Set(html.matches(of: /\sid="([^"]+)"/).map { String($0.1) })
    for reference in html.matches(of: /aria-labelledby="([^"]+)"/) {
      #expect(ids.contains(String(reference.1)))
    }
  }

  @Test func pageHasNoScriptStyleAttributeOrRequest() {
    #expect(!html.contains("<script"))
    #expect(!html.contains(" style=\""))
    #expect(html.firstMatch(of: /\son[a-z]+="/) == nil)
    #expect(html.firstMatch(of: /(src|srcset)="(https?:)?\/\//) == nil)
    #expect(html.firstMatch(of: /url\(/) == nil)
    #expect(html.firstMatch(of: /(src|href)="\//) == nil)
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
      published: PublishedComparison(published: attack, here: attack, comparison: attack), erratum: attack)
    hostile.figures["fig-rate"]?.altText = attack
    hostile.figures["fig-rate"]?.picture.path = attack
    hostile.figures["fig-rate"]?.data = DataTable(header: [attack], rows: [[attack]])
    hostile.experiments["exp-rate"]?.command = attack
    hostile.experiments["exp-rate"]?.runs[0].label = attack
    hostile.experiments["exp-rate"]?.axes[0].values = [attack]
    hostile.profile.name = attack
    hostile.manuscript.configuration.title = attack
    hostile.manuscript.configuration.authors[0].name = attack
    let page = reportPage(hostile, sha256: sha256)
    #expect(!page.contains("<script"))
    #expect(!page.contains("<img src=x"))
    #expect(page.firstMatch(of: /="[^"]*<script/) == nil)
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
    #expect(!html.contains("class=\"banner\""))
  }

  @Test func missingResultsAreShownAsHoles() throws {
    let bare = ResolvedPaper(
      manuscript: paper.manuscript, profile: paper.profile, engine: paper.engine, sitePath: nil,
      resultsPath: nil)
    let page = reportPage(bare, sha256: sha256)
    #expect(page.contains("not computed"))
    #expect(page.contains("This figure could not be drawn."))
    #expect(page.contains("This experiment has no results yet."))
    #expect(page.matches(of: /class="badge unjudged"/).count >= 4)
    #expect(!page.contains("All papers"))
  }

  @Test func scorecardCountsEveryVerdict() {
    for style in ["supported", "contradicted", "inconclusive", "unjudged"] {
      #expect(html.contains("<li class=\"\(style)\"><b>1</b> <span class=\"badge \(style)\">"))
    }
  }

  @Test func failedRunsAreNamed() {
    #expect(html.contains("<b>1</b> of 5 runs failed: seed 4 (the loss became NaN at step 120)."))
  }

  @Test func equalValuesShareARow() {
    let links = html.matches(of: /href="#(v[0-9]+)"/).map { String($0.1) }
    #expect(links.count > Set(links).count)
  }

  @Test func citationsHaveNumbersNamesAndWaysBack() {
    #expect(html.contains("Ioffe and Szegedy\u{A0}<span class=\"cite\">[<a href=\"#ref-1\""))
    #expect(html.contains("[see\u{A0}<a href=\"#ref-3\""))
    #expect(html.contains(", p. 67; <a href=\"#ref-4\""))
    #expect(html.contains("<a href=\"https://doi.org/10.2307/4615733\">doi:10.2307/4615733</a>"))
    #expect(html.contains("<a href=\"https://arxiv.org/abs/1502.03167\">arXiv:1502.03167</a>"))
  }

  @Test func referencesAreWorded() {
    #expect(html.contains("<a class=\"ref\" href=\"#sec-norm\">Section\u{A0}2</a>"))
    #expect(html.contains("<a class=\"ref\" href=\"#eq-bn\">equation\u{A0}(1)</a>, <a class"))
    #expect(html.contains("<a class=\"ref\" href=\"#fig-rate\">1</a>"))
  }

  @Test func pageIsLight() { #expect(html.utf8.count < 60_000) }
}

@Suite struct ExportTests {
  @Test func claimsMatchRecording() throws {
    try expectSnapshot(claimsExport(try samplePaper()).prettyJSON, "claims.json", in: fixtures)
  }

  @Test func resultsMatchRecording() throws {
    try expectSnapshot(resultsExport(try samplePaper()).prettyJSON, "results.json", in: fixtures)
  }
}
