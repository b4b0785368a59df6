// Serves write: the style sheet, one typographic system for screen, phone, dark pages and paper.
import Synchronization

/// The style sheet of an article, which is also the base of the other pages’.
///
/// The text column is as wide as a figure of one column (680 px), and column, gap and margin together as wide as a
/// full one (960 px). `--line` is the height of a line of text; vertical space comes in halves of it.
let articleStyle = compact(
  """

  :root {
    --page: #ffffff; --text: #1b1d22; --soft: #555b66; --rule: #d9dce2; --panel: #f5f6f8; --link: #0b57a4;
    --good: #0a6b48; --good-panel: #eaf6f0; --bad: #b3261e; --bad-panel: #fdefed; --open: #855300;
    --open-panel: #fdf4e1; --idle: #555b66; --idle-panel: #f1f2f4; --erratum: #7a2e8e; --erratum-panel: #f8effa;
    --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Noto Serif", Cambria, Georgia, serif;
    --sans: system-ui, "Segoe UI", Roboto, "Open Sans", Arial, sans-serif;
    --mono: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    --line: 1.85rem; --measure: 42.5rem; --gap: 2.5rem; --margin: 15rem;
    color-scheme: light dark;
  }
  @media screen and (prefers-color-scheme: dark) {
    :root {
      --page: #14161a; --text: #e3e5ea; --soft: #a3aab6; --rule: #343943; --panel: #1d2026; --link: #8ab8f0;
      --good: #6fd0a4; --good-panel: #15271f; --bad: #ff9c92; --bad-panel: #321b1a; --open: #f0c26b;
      --open-panel: #2c2415; --idle: #a3aab6; --idle-panel: #22252b; --erratum: #dba3ea; --erratum-panel: #2a1c2f;
    }
  }
  * { box-sizing: border-box; }
  html { background: var(--page); color: var(--text); scroll-padding-top: 1.5rem; text-size-adjust: 100%;
    -webkit-text-size-adjust: 100%; }
  body { margin: 0; padding: 0 1.25rem; font: 1.1875rem/1.56 var(--serif); font-kerning: normal;
    overflow-wrap: break-word; }
  header.title, main, footer, nav.toc { max-width: var(--measure); margin-inline: auto; }
  p, ul, ol, dl, figure, table, pre, blockquote { margin: 0 0 calc(var(--line) * .6); }
  h1, h2, h3, h4, h5, h6 { font-family: var(--sans); line-height: 1.2; font-weight: 650; text-wrap: balance;
    margin: calc(var(--line) * 1.2) 0 calc(var(--line) * .4); letter-spacing: -.01em; break-after: avoid; }
  h1 { font-size: 2.5rem; margin: var(--line) 0 .5rem; letter-spacing: -.022em; line-height: 1.12; }
  h2 { font-size: 1.6rem; margin-top: calc(var(--line) * 2); }
  h3 { font-size: 1.2rem; }
  h4, h5, h6 { font-size: 1.05rem; }
  a { color: var(--link); text-decoration-thickness: .06em; text-underline-offset: .16em; }
  a:hover { text-decoration-thickness: .12em; }
  a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--link);
    outline-offset: 2px; border-radius: 2px; }
  :is(h1, h2, h3, h4, h5, h6) > a { color: inherit; text-decoration: none; }
  :is(h1, h2, h3, h4, h5, h6) > a:hover { text-decoration: underline; }
  :is(h1, h2, h3, h4, h5, h6, .toc) i { font-style: normal; color: var(--soft); font-weight: 400; margin-right: .35em; font-variant-numeric: tabular-nums; }
  :target { scroll-margin-top: 1.5rem; }
  tr:target, li:target, .test:target, .sidenote:target { background: var(--open-panel); }
  hr { border: 0; border-top: 1px solid var(--rule); margin: calc(var(--line) * 1.2) auto; width: 30%; }
  code, pre { font-family: var(--mono); font-size: .84em; }
  code { overflow-wrap: anywhere; }
  td:first-child code { overflow-wrap: break-word; }
  pre { background: var(--panel); border-radius: 4px; padding: .8rem 1rem; overflow-x: auto; line-height: 1.5;
    font-size: .85rem; }
  pre code { font-size: inherit; overflow-wrap: normal; }
  pre b { font-weight: 400; color: var(--link); }
  pre i { color: var(--soft); }
  pre.raw { white-space: pre-wrap; }
  blockquote { margin-left: 0; padding-left: 1.2rem; border-left: 3px solid var(--rule); color: var(--soft); }
  li { margin-bottom: .25rem; }
  .terms dt { font-weight: 600; }
  .terms dd { margin: 0 0 .5rem 1.5rem; }
  dfn { font-style: normal; }
  pre s { text-decoration: none; color: var(--good); }
  kbd { font: .84em var(--mono); border: 1px solid var(--rule); border-radius: 3px; padding: 0 .3em; }
  mark { background: var(--open-panel); color: inherit; }
  .task-item { list-style: none; margin-left: -1.3em; }
  .task { margin-right: .4em; }
  img { max-width: 100%; height: auto; }
  mtd.ml { text-align: left; }
  mtd.mr { text-align: right; }
  mtd.mv { border-left: 1px solid; }
  mtd.mh { border-top: 1px solid; }
  mtable.aligned mtd.mg { padding-left: 2em; }
  mrow.overline { border-top: .06em solid; padding-top: .12em; }
  mrow.underline { border-bottom: .06em solid; padding-bottom: .12em; }
  mrow.boxed { border: 1px solid; padding: .25em .4em; }
  mtable.aligned mtd { padding-inline: 0; }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .skip { position: absolute; left: -100vw; top: 0; padding: .6rem 1rem; background: var(--page); z-index: 2;
    font-family: var(--sans); }
  .skip:focus { left: 0; }

  .site { font: .85rem var(--sans); margin: 1.5rem 0 0; }
  .subtitle { font: 400 1.3rem/1.35 var(--sans); color: var(--soft); text-wrap: balance; }
  .authors { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem 2rem;
    font: 1rem/1.4 var(--sans); margin-top: var(--line); }
  .authors .name { font-weight: 600; }
  .authors .place { display: block; color: var(--soft); font-size: .875rem; }
  .orcid { font-size: .75rem; }
  .facts, .keywords { font: .875rem/1.6 var(--sans); color: var(--soft); }
  .profile { border: 1px solid var(--rule); border-radius: 1em; padding: .1em .7em; white-space: nowrap; }
  .profile.draft { border-color: var(--open); color: var(--open); background: var(--open-panel); font-weight: 600; }
  .banner { background: var(--open-panel); border: 1px solid var(--open); border-left-width: 6px; padding: .7rem 1rem;
    border-radius: 4px; font: .95rem/1.5 var(--sans); }
  .abstract h2 { font-size: 1rem; margin: var(--line) 0 .4rem; }
  .abstract { font-size: 1.0625rem; line-height: 1.55; }

  .toc { font: .875rem/1.4 var(--sans); margin-block: var(--line); padding-block: .9rem;
    border-block: 1px solid var(--rule); }
  .toc h2 { display: inline; font-size: .875rem; margin: 0; letter-spacing: 0; }
  .toc summary { cursor: pointer; padding: .2rem 0; }
  .toc ul { list-style: none; padding: 0; margin: 0; }
  .toc li { margin: 0; }
  .toc a { display: block; padding: .25rem 0; color: var(--soft); text-decoration: none; }
  .toc a:hover { color: var(--link); text-decoration: underline; }
  .toc .sub { display: none; }

  :is(b, a):is(.supported, .contradicted, .inconclusive, .unjudged) {
    font: 600 .8125rem/1.75 var(--sans); padding: 0 .55em; border-radius: 1em; border: 1px solid; white-space: nowrap;
    text-decoration: none; }
  td :is(b, a):is(.supported, .contradicted, .inconclusive, .unjudged) { display: inline-block; }
  :is(a, b).supported { color: var(--good); background: var(--good-panel); }
  :is(a, b).contradicted { color: var(--bad); background: var(--bad-panel); }
  :is(a, b).inconclusive { color: var(--open); background: var(--open-panel); }
  :is(a, b).unjudged { color: var(--idle); background: var(--idle-panel); }
  :is(a, b).supported::before { content: "✓ "; }
  :is(a, b).contradicted::before { content: "✗ "; }
  :is(a, b).inconclusive::before { content: "? "; }
  :is(a, b).unjudged::before { content: "– "; }
  .lead { font: .95rem/1.55 var(--sans); color: var(--soft); }
  .scorecard h2 { margin-top: var(--line); }
  .scorecard h3 { font-size: .9375rem; font-weight: 400; margin: var(--line) 0 .5rem; }
  .scores { list-style: none; padding: 0; font: .9375rem/1.45 var(--sans); }
  .scores li { padding: .4rem 0; margin: 0; border-top: 1px solid var(--rule); break-inside: avoid; }
  .scores a { color: inherit; text-decoration-color: var(--soft); }

  .claim, .experiment, .callout { font: .9375rem/1.5 var(--sans); border-radius: 4px; padding: .9rem 1.1rem;
    margin: calc(var(--line) * .9) 0; }
  .claim p, .experiment p, .callout p { margin-bottom: .5rem; }
  .claim > :last-child, .experiment > :last-child, .callout > :last-child { margin-bottom: 0; }
  .claim { border-left: 5px solid var(--idle); border-radius: 0; padding-block: .2rem; break-inside: avoid;
    color: var(--soft); font-size: .8438rem; font-variant-numeric: tabular-nums; }
  .claim.supported { border-color: var(--good); }
  .claim.contradicted { border-color: var(--bad); }
  .claim.inconclusive { border-color: var(--open); }
  .claim > p:nth-child(2) { color: var(--text); font: 1.1875rem/1.45 var(--serif); }
  :is(.claim, .experiment, figcaption) b { font-weight: 650; color: var(--text); }
  p.erratum { color: var(--erratum); }
  .experiment { background: var(--panel); }
  .experiment > p:first-child { color: var(--soft); font-size: .8125rem; }
  .failed { color: var(--bad); }
  .callout { background: var(--panel); border-left: 5px solid var(--soft); }
  .callout.tip { border-color: var(--good); }
  .callout.important { border-color: var(--link); }
  .callout.warning, .callout.caution { border-color: var(--open); background: var(--open-panel); }
  .callout.erratum { border: 1px dashed var(--erratum); border-left: 5px solid var(--erratum);
    background: var(--erratum-panel); }
  .callout.erratum > :first-child { color: var(--erratum); }
  .val, a[href*="#v"] { color: inherit; text-decoration: underline dotted var(--link); text-decoration-thickness: .1em;
    font-variant-numeric: tabular-nums lining-nums; white-space: nowrap; }
  .missing { color: var(--bad); }
  .mark { line-height: 0; font-size: .7em; font-family: var(--sans); padding-left: .1em; }

  figure { margin: calc(var(--line) * 1.1) 0; }
  figure img { display: block; }
  figcaption { font: .9063rem/1.5 var(--sans); color: var(--soft); margin-top: .6rem; }
  .panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem 2rem; }
  .panels figure { margin: 0; }
  .table figcaption { margin: 0 0 .5rem; }
  .scroll { overflow-x: auto; margin-bottom: calc(var(--line) * .6); }
  table { border-collapse: collapse; font: .9063rem/1.45 var(--sans); font-variant-numeric: tabular-nums lining-nums;
    border-block: 1.5px solid var(--text); margin: 0; min-width: 50%; }
  th, td { padding: .35rem 1.2rem .35rem 0; text-align: left; vertical-align: baseline; }
  th:last-child, td:last-child { padding-right: 0; }
  thead th { border-bottom: 1px solid var(--text); font-weight: 600; }
  th { font-weight: 600; }
  tbody th { font-weight: 400; }
  .right { text-align: right; }
  .center { text-align: center; }
  .equation { display: flex; align-items: center; overflow-x: auto; overflow-y: hidden; padding: .3rem 0;
    margin: 0 0 calc(var(--line) * .6); }
  .equation math { flex: 1; }
  .eqno { font: .9375rem var(--sans); color: var(--soft); padding-left: 1rem; }
  math { font-size: 1.05em; }

  .sidenote { font: .875rem/1.5 var(--sans); color: var(--soft); margin: 0 0 calc(var(--line) * .6); padding-left: 1.1rem;
    border-left: 1px solid var(--rule); }
  .sidenote b { color: var(--text); }
  .sidenote p { margin-bottom: .4rem; }
  .back, .references small { text-decoration: none; font-family: var(--sans); font-size: .8em; }
  .references small a { display: inline-block; min-width: 1.6rem; padding: .2rem 0; text-align: center; }
  .appendix { font-size: 1rem; line-height: 1.5; }
  .references ol { padding-left: 2.2rem; font-size: .9688rem; }
  .references li { margin-bottom: .5rem; }
  .references ol li::marker { color: var(--soft); font-variant-numeric: tabular-nums; content: "[" counter(list-item) "]\\00a0"; }
  .plain { list-style: none; padding: 0; }
  footer { font: .8125rem/1.6 var(--sans); color: var(--soft); border-top: 1px solid var(--rule);
    margin-block: calc(var(--line) * 2) var(--line); padding-top: .8rem; }

  .pager { display: flex; justify-content: space-between; gap: 1rem; font: .9375rem/1.5 var(--sans);
    margin-top: calc(var(--line) * 2); }
  .pager a { padding: .4rem 0; }
  .pager a:only-child[rel=next] { margin-left: auto; }

  @media screen and (min-width: 64rem) {
    header.title, main, footer { width: calc(var(--measure) + var(--gap) + var(--margin)); max-width: none; }
    nav.toc { max-width: calc(var(--measure) + var(--gap) + var(--margin)); }
    header.title > *, main > section, footer > * { max-width: var(--measure); }
    .noted { display: grid; grid-template-columns: var(--measure) var(--margin); column-gap: var(--gap);
      width: calc(var(--measure) + var(--gap) + var(--margin)); }
    .noted > * { min-width: 0; }
    .notes { height: 0; padding-top: .25rem; }
    .tall .notes { height: auto; }
    .sidenote { border: 0; padding: 0; font-size: .8125rem; line-height: 1.45; margin-bottom: .8rem; }
    main > .scorecard { max-width: none; }
    .scorecard > .lead { max-width: var(--measure); }
    .scores { columns: 2; column-gap: var(--gap); }
    .claim { display: grid; grid-template-columns: calc(var(--measure) - 2.4rem) var(--margin); column-gap: var(--gap);
      grid-template-rows: auto 1fr; align-items: start; width: calc(var(--measure) + var(--gap) + var(--margin)); }
    .claim > p:nth-child(3) { grid-area: 1 / 2 / span 2; }
    .claim > p { grid-column: 1; }
    figure.full, figure.ledger { width: calc(var(--measure) + var(--gap) + var(--margin)); }
    :is(figure.full, figure.ledger) figcaption { max-width: var(--measure); }
    .toc ul { columns: 3; }
    .toc summary { list-style: none; pointer-events: none; }
    .toc ::details-content { content-visibility: visible; block-size: auto; opacity: 1; }
  }
  @media screen and (min-width: 79rem) {
    body { display: grid; grid-template-columns: 13rem calc(var(--measure) + var(--gap) + var(--margin));
      column-gap: 3rem; justify-content: center; align-items: start; }
    header.title, main, footer { grid-column: 2; }
    body > header:only-of-type + main { min-width: 0; }
    nav.toc { grid-column: 1; grid-row: 1 / span 3; position: sticky; top: 0; max-height: 100vh; overflow-y: auto;
      margin: 0; padding: 2.6rem 0 2rem; border: 0; }
    .toc ul { columns: auto; }
    .toc .sub { display: block; padding-left: 1.1rem; font-size: .8125rem; }
    .toc .sub a { padding: .22rem 0; }
    .toc ul { scroll-target-group: auto; }
    .toc a:target-current { color: var(--text); font-weight: 650; }
  }
  @media screen and (max-width: 40rem) {
    body { font-size: 1.0625rem; padding: 0 1rem; }
    :root { --line: 1.65rem; }
    h1 { font-size: 1.9rem; }
    h2 { font-size: 1.4rem; }
    .subtitle { font-size: 1.1rem; }
    .claim > p:nth-child(2) { font-size: 1.0625rem; }
    .toc a { padding: .35rem 0; }
    pre { padding: .7rem .8rem; }
    th, td { padding-right: .6rem; }
  }
  @media print {
    @page { size: A4; margin: 20mm 22mm 22mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
    body { font-size: 10.5pt; line-height: 1.45; padding: 0; }
    :root { --line: 15pt; }
    .toc, .skip, .site, .back { display: none; }
    h1 { font-size: 22pt; }
    h2 { font-size: 15pt; }
    h3 { font-size: 12pt; }
    p, li { orphans: 3; widows: 3; }
    figure, .claim, .experiment, .callout, .scores li, tr, pre { break-inside: avoid; }
    .ledger { break-inside: auto; }
    a { color: inherit; text-decoration: none; }
    .claim > p:nth-child(2) { font-size: 11pt; }
    .abstract, .appendix, .references ol { font-size: 9.5pt; }
    .claim, .experiment, .callout, .lead, figcaption, table, .sidenote { font-size: 9pt; }
    .scores { font-size: 9pt; columns: 2; }
    .scores li { padding: .2rem 0; }
    main a[href^="http"]::after, .facts a[href^="http"]::after { content: " (" attr(href) ")"; font-size: 8pt; overflow-wrap: anywhere; }
    .references a[href*="arxiv"]::after { content: none; }
    .scroll, pre { overflow: visible; white-space: pre-wrap; }
    .scroll { white-space: normal; }
    .references a { overflow-wrap: anywhere; }
    .pager { display: none; }
  }

  """)

/// What pages of provenance need besides.
let provenanceStyle = compact(
  """
  .facts-list { font: .8438rem/1.5 var(--sans); font-variant-numeric: tabular-nums; }
  dl > div { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 .8rem; padding: .1rem 0; }
  dt { color: var(--soft); }
  dd { margin: 0; min-width: 0; }
  details { margin-bottom: .6rem; }
  summary { cursor: pointer; color: var(--link); font: .8438rem/1.8 var(--sans); width: fit-content; }
  .links { font: .8438rem/1.6 var(--sans); }
  .data, .values { font-size: .8125rem; border-block-width: 1px; border-color: var(--rule); }
  .provenance { font-size: 1rem; line-height: 1.5; }
  .test { border-top: 1px solid var(--rule); padding: .5rem 0; }
  .runs { max-height: 24rem; overflow: auto; }
  .values td:first-child { white-space: nowrap; }
  .provenance h2 { font-size: 1.2rem; margin-top: var(--line); }
  @media screen and (max-width: 40rem) {
    dl > div { grid-template-columns: 1fr; padding: .2rem 0; }
  }

  """)

/// What the list of papers needs besides.
let siteStyle = compact(
  """
  .tally { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; font-family: var(--sans); }
  .papers { list-style: none; padding: 0; }
  .papers > li { border-top: 1px solid var(--rule); padding-bottom: 1rem; }
  .papers h2 { margin-top: 1.2rem; }
  .papers .subtitle { font-size: 1.05rem; margin-bottom: .4rem; }

  """)

/// The style sheet without its indentation and line ends, which are a tenth of it.
private func compact(_ style: String) -> String {
  var result = ""
  for line in style.split(separator: "\n") {
    let text = line.drop { $0 == " " }
    if text.isEmpty { continue }
    if let last = result.last, !"{};,".contains(last) { result += " " }
    result += text
  }
  for (spaced, tight) in [(" { ", "{"), ("; }", "}"), (": ", ":"), ("; ", ";"), (", ", ","), (";}", "}")] {
    result = result.split(separator: spaced, omittingEmptySubsequences: false).joined(separator: tight)
  }
  return result
}

/// The style sheets with short names that were made already; every page of a report has one of three.
private let shortStyles = Mutex<[String: String]>([:])

/// The style sheet with letters for the names of its variables, made once.
func shortenedStyle(_ style: String) -> String {
  shortStyles.withLock { known in
    if let short = known[style] { return short }
    let short = shorteningNames(style)
    known[style] = short
    return short
  }
}

/// The style sheet with letters for the names of its variables.
func shorteningNames(_ style: String) -> String {
  let tokens = variableTokens(style)
  let names = Set(tokens.filter(\.isDeclared).map(\.text))
  var letters: [String: String] = [:]
  for (index, name) in names.sorted(by: { ($1.count, $0) < ($0.count, $1) }).enumerated() {
    let letter = Character(UnicodeScalar(UInt8(ascii: index < 26 ? "a" : "A") + UInt8(index % 26)))
    letters[name] = "--\(letter)"
  }
  return tokens.map { letters[$0.text] ?? $0.text }.joined()
}

/// A piece of a style sheet: the name of a variable, or what stands between two.
private struct StyleToken {
  var text: String
  var isDeclared = false
}

private func variableTokens(_ style: String) -> [StyleToken] {
  let bytes = Array(style.utf8)
  let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
  var tokens: [StyleToken] = []
  var start = 0
  var index = 0
  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
  while index + 1 < bytes.count {
    guard bytes[index] == dash, bytes[index + 1] == dash else {
      index += 1
      continue
    }
    let end = bytes[index...].firstIndex { $0 != dash && !(97...122).contains($0) } ?? bytes.count
    tokens.append(StyleToken(text: text(start..<index)))
    tokens.append(
      StyleToken(text: text(index..<end), isDeclared: end < bytes.count && bytes[end] == colon))
    (start, index) = (end, end)
  }
  tokens.append(StyleToken(text: text(start..<bytes.count)))
  return tokens
}
