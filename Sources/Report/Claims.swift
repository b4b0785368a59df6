// Serves write: claims in the text, and the scorecard of all of them.
import Manuscript

extension ReportVerdict {
  /// A sign beside the word, so that colour is never alone.
  var symbol: String {
    switch self {
    case .supported: "✓"
    case .contradicted: "✗"
    case .inconclusive: "?"
    case .notJudged: "–"
    }
  }

  var style: String { self == .notJudged ? "unjudged" : rawValue }
}

func badge(_ verdict: ReportVerdict) -> HTML {
  tag(
    "span", ["class": "badge \(verdict.style)"],
    tag("span", ["aria-hidden": "true"], HTML(verdict.symbol)) + HTML(" \(verdict.rawValue)"))
}

extension PageRenderer {
  func verdict(_ id: String) -> ReportVerdict { paper.claims[id]?.verdict ?? .notJudged }

  func verdictLink(_ id: String) -> HTML {
    guard manuscript.targets[id] != nil else { return HTML(id) }
    return link("#" + id, class: "verdict", badge(verdict(id)))
  }

  mutating func claim(_ block: PaperBlock) -> HTML {
    if let section = headings.last { claimSections[block.id] = section }
    let claim = paper.claims[block.id]
    let verdict = claim?.verdict ?? .notJudged
    let head =
      link("#" + block.id, class: "label", HTML("Claim \(block.number)")) + " " + badge(verdict)
    var content = line("p", ["class": "claim-head"], head)
    content += line("p", ["class": "says"], inlines(block.caption) + source(block, claim))
    if let claim { content += evidence(claim, of: block) }
    if let erratum = claim?.erratum, !erratum.isEmpty {
      content += line("p", ["class": "erratum-note"], tag("b", [:], "Erratum ") + HTML(erratum))
    }
    return line(
      "div",
      [
        "class": "claim \(verdict.style)", "id": block.id, "role": "group",
        "aria-label": "Claim \(block.number)",
      ],
      .raw("\n") + content)
  }

  private mutating func source(_ block: PaperBlock, _ claim: ResolvedClaim?) -> HTML {
    let comparison = claim?.published?.source
    let items = block.sources.filter { $0.key != comparison || block.sources.count == 1 }
    return items.isEmpty ? .empty : " " + bracketed(items)
  }

  /// What the verdict rests on.
  private mutating func evidence(_ claim: ResolvedClaim, of block: PaperBlock) -> HTML {
    var rows: [(String, HTML)] = []
    if !claim.differenceText.isEmpty { rows.append(("Difference", HTML(claim.differenceText))) }
    var test: [String] = []
    if let seeds = claim.seeds { test.append("n = \(seeds) \(seeds == 1 ? "seed" : "seeds")") }
    if let p = claim.pText {
      test.append(p.hasPrefix("<") ? "p \(p) after Holm’s correction" : "p = \(p) after Holm’s correction")
    }
    if !test.isEmpty { rows.append(("Test", HTML(test.joined(separator: ", ")))) }
    rows.append(("Asserts", tag("code", [:], HTML(claim.assertion))))
    if let published = claim.published { rows.append(("Published", comparison(published, block.sources))) }
    if !claim.note.isEmpty { rows.append(("Note", HTML(claim.note))) }
    let experiments = sources(csv: nil, experiments: claim.experiments)
    if !experiments.isEmpty { rows.append(("From", experiments)) }
    return definitions(rows, class: "evidence")
  }

  private mutating func comparison(_ published: PublishedComparison, _ sources: [Citation.Item]) -> HTML {
    var text = HTML(published.published)
    if let item = sources.last(where: { $0.key == published.source }) { text += " " + bracketed([item]) }
    text += HTML("; here \(published.here)")
    if !published.comparison.isEmpty { text += HTML(" — \(published.comparison)") }
    return text
  }

  // MARK: Scorecard

  mutating func scorecard() -> HTML {
    let claims = manuscript.blocks(.claim)
    guard !claims.isEmpty else { return .empty }
    let counts = ReportVerdict.allCases.map { verdict in
      (verdict, claims.count { self.verdict($0.id) == verdict })
    }
    let tally = counts.filter { $0.1 > 0 }.map { verdict, count in
      line("li", ["class": verdict.style], tag("b", [:], HTML("\(count)")) + " " + badge(verdict))
    }
    var rows = HTML.empty
    var section: String?
    for claim in claims {
      let heading = chapter(of: claim)
      if let heading, heading.id != section { rows += scorecardHeading(heading) }
      section = heading?.id
      rows += scorecardRow(claim)
    }
    return line(
      "section", ["class": "scorecard", "aria-labelledby": "scorecard"],
      .raw("\n") + line("h2", ["id": "scorecard"], "Claims and verdicts")
        + line("p", ["class": "lead"], HTML(scorecardSummary(claims.count)))
        + line("ul", ["class": "tally"], .raw("\n") + tally.joined())
        + line("ol", ["class": "scores"], .raw("\n") + rows))
  }

  private func scorecardSummary(_ count: Int) -> String {
    let claims =
      count == 1
      ? "The article’s one claim is a comparison" : "Each of the article’s \(count) claims is a comparison"
    return
      "\(claims) that was judged on fresh runs. It is supported when the interval of the difference over seeds lies "
      + "wholly on the claimed side, contradicted when wholly on the other."
  }

  /// The section under which a claim stands.
  private func chapter(of claim: PaperBlock) -> Heading? {
    guard let heading = claimSections[claim.id] else { return nil }
    let number = heading.number.prefix { $0 != "." }
    return headings.first { $0.number == number && $0.level == 1 } ?? heading
  }

  private mutating func scorecardHeading(_ heading: Heading) -> HTML {
    let number =
      heading.number.isEmpty ? HTML.empty : tag("span", ["class": "no"], HTML(heading.number)) + " "
    return line("li", ["class": "chapter"], link("#" + heading.id, number + HTML(plainText(heading.content))))
  }

  private func scorecardRow(_ block: PaperBlock) -> HTML {
    let statement = link("#" + block.id, HTML(plainText(block.caption)))
    let detail = paper.claims[block.id]?.differenceText ?? ""
    return line(
      "li", [:],
      badge(verdict(block.id)) + tag("span", [:], statement) + tag("span", ["class": "detail"], HTML(detail)))
  }

  /// Running text without markup; computed numbers are spelt out.
  func plainText(_ inlines: [Inline]) -> String {
    inlines.map { inline in
      switch inline {
      case .value(let reference): paper.values[reference.index]?.text ?? "…"
      case .reference(let reference): manuscript.targets[reference.id]?.label(reference) ?? reference.id
      case .emphasis(let content), .strong(let content), .link(_, _, let content): plainText(content)
      default: [inline].plainText
      }
    }.joined()
  }
}

/// A list of terms with what they stand for.
func definitions(_ rows: [(String, HTML)], class style: String?) -> HTML {
  let content = rows.map { tag("div", [:], tag("dt", [:], HTML($0.0)) + tag("dd", [:], $0.1)) + .raw("\n") }
  return line("dl", ["class": style], .raw("\n") + content.joined())
}
