// Serves the tests of write: the small functions that pages are made of.
import Manuscript
import Testing

@testable import Report

@Suite struct PieceTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64MatchesRFC4648(text: String, encoded: String) {
    #expect(base64(Array(text.utf8)) == encoded)
  }

  @Test(arguments: [
    ("1 024 units", "1\u{A0}024 units"), ("95 % of", "95\u{A0}% of"), ("10 000 000", "10\u{A0}000\u{A0}000"),
    ("in 2017 10 seeds", "in 2017 10 seeds"), ("a 123", "a 123"), ("7 1234", "7 1234"),
    ("é 1 000", "é 1\u{A0}000"),
    (" ", " "), ("", ""),
  ])
  func numbersStayTogether(text: String, kept: String) {
    #expect(keepingNumbersTogether(text) == kept)
  }

  @Test func attributesAndTextAreEscaped() {
    let element = tag("a", ["title": "\"<&>\"", "href": nil], HTML("<b> & \u{1}"))
    #expect(element.markup == "<a title=\"&quot;&lt;&amp;&gt;&quot;\">&lt;b&gt; &amp; \u{FFFD}</a>")
  }

  @Test(arguments: [
    ("a-b.c/d#e:f_9%20é", "=a-b.c/d#e:f_9%20é"), ("a b", "=\"a b\""), ("a=b", "=\"a=b\""),
    ("a`b", "=\"a`b\""),
    ("a'b", "=\"a'b\""), ("a/", "=\"a/\""), ("a\u{A0}b", "=\"a\u{A0}b\""), ("", ""),
  ])
  func quotesAreLeftOutOnlyWhereHTMLAllows(value: String, written: String) {
    #expect(tag("a", ["href": value]).markup == "<a href\(written)></a>")
  }

  @Test func namesOfVariablesAreShortenedWhole() {
    #expect(
      shorteningNames("x{--ab:1;--abc:2}y{m:var(--abc) var(--ab)}") == "x{--b:1;--a:2}y{m:var(--a) var(--b)}")
  }

  @Test func thousandsArePartedInWholeNumbersOnly() {
    #expect(groupingThousands("10000") == "10\u{202F}000")
    #expect(
      ["1000", "1e-05", "0.12345", "12345x"].map(groupingThousands) == ["1000", "1e-05", "0.12345", "12345x"])
  }

  @Test func voidElementsHaveNoEnd() {
    #expect(tag("img", ["src": "a.png", "alt": ""]).markup == "<img src=a.png alt=\"\">")
  }

  @Test func pathsBecomeRelativeURLs() {
    #expect(relativeURL("figures/a b?#%ü.png") == "figures/a%20b%3F%23%25%C3%BC.png")
  }

  @Test func datesAndNumbersAreReadable() {
    #expect(readableDate("2026-11-03") == "3 November 2026")
    #expect(grouped(1234) == "1234")
    #expect(grouped(1_234_567) == "1\u{202F}234\u{202F}567")
  }

  @Test func yamlKeysAndCommentsAreTold() {
    let text = "# why\nlr: 0.1  # rate\n- name: <x>\n  plain"
    #expect(
      highlightedYAML(text).markup
        == "<i># why</i>\n<b>lr</b>: 0.1  # rate\n- <b>name</b>: &lt;x&gt;\n  plain")
  }

  @Test(arguments: [
    (
      "python", "def f(x):  # why\n  return \"a\\\"b\"",
      "<b>def</b> f(x):  <i># why</i>\n  <b>return</b> <s>&quot;a\\&quot;b&quot;</s>"
    ),
    ("swift", "let x = 1 /* a\nb */ // c", "<b>let</b> x = 1 <i>/* a\nb */</i> <i>// c</i>"),
    ("sh", "echo $# 'x", "<b>echo</b> $# <s>'x</s>"),
    ("latex", "\\frac{a}{b} % c", "<b>\\frac</b>{a}{b} <i>% c</i>"),
    ("diff", "-a\n+b\n c", "<i>-a</i>\n<s>+b</s>\n c"),
    ("json", "{\"a\": true}", "{<s>&quot;a&quot;</s>: <b>true</b>}"),
    ("python", "'''a\nb", "<s>'''a\nb</s>"), ("nothing", "def <x>", "def &lt;x&gt;"),
    ("c", "\"a\\", "<s>&quot;a\\</s>"),
  ])
  func codeIsColoured(language: String, text: String, markup: String) {
    #expect(highlighted(text, language).markup == markup)
  }
}
