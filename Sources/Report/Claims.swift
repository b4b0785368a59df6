// Serves write: claims in the text, and the scorecard of all of them.
import Manuscript

extension ReportVerdict {
  /// The class of its badge, whose sign and colour the style sheet gives.
  var style: String { self == .notJudged ? "unjudged" : rawValue }
}

func badge(_ verdict: ReportVerdict) -> HTML {
  tag("b", ["class": verdict.style], HTML(verdict.rawValue))
}

extension PageRenderer {
  func verdict(_ id: String) -> ReportVerdict { paper.claims[id]?.verdict ?? .notJudged }

  func verdictLink(_ id: String) -> HTML {
    guard manuscript.targets[id] != nil else { return HTML(id) }
    return link(address(id), class: verdict(id).style, HTML(verdict(id).rawValue))
  }

  mutating func claim(_ block: PaperBlock) -> HTML {
    let claim = paper.claims[block.id]
    let verdict = claim?.verdict ?? .notJudged
    let label = tag("b", [:], HTML("Claim \(block.number)"))
    var content = line("p", [:], label + " " + verdictBadge(verdict, block, claim))
    content += line("p", [:], inlines(block.caption) + source(block, claim))
    if let claim { content += evidence(claim, of: block) }
    for erratum in claim?.errata ?? [] {
      let note =
        manuscript.errata[erratum] == nil
        ? tag("b", [:], "Erratum ") + HTML(erratum)
        : link(address(erratumAnchor(erratum)), HTML("Erratum \(erratum)"))
      content += line("p", ["class": "erratum"], note)
    }
    return line("div", ["class": "claim \(verdict.style)", "id": block.id], .raw("\n") + content)
  }

  /// The verdict, which leads to its test on the page of the experiment.
  private func verdictBadge(_ verdict: ReportVerdict, _ block: PaperBlock, _ claim: ResolvedClaim?) -> HTML {
    guard let claim, let home = home(of: claim.experiments) else { return badge(verdict) }
    let url = kind.provenance(home, kind.anchor(block.id))
    return link(url, class: verdict.style, HTML(verdict.rawValue))
  }

  private mutating func source(_ block: PaperBlock, _ claim: ResolvedClaim?) -> HTML {
    let comparison = claim?.published?.source
    let items = block.sources.filter { $0.key != comparison || block.sources.count == 1 }
    return items.isEmpty ? .empty : " " + bracketed(items)
  }

  /// What the verdict rests on; the test itself is on the page of the experiment.
  private mutating func evidence(_ claim: ResolvedClaim, of block: PaperBlock) -> HTML {
    var facts: [String] = []
    if !claim.differenceText.isEmpty { facts.append("difference \(claim.differenceText)") }
    if let seeds = claim.seeds { facts.append("\(seeds) \(seeds == 1 ? "seed" : "seeds")") }
    if let p = claim.pText { facts.append(p.hasPrefix("<") ? "p \(p)" : "p = \(p)") }
    if !claim.note.isEmpty { facts.append(claim.note) }
    let text = facts.joined(separator: "; ")
    var result = text.isEmpty ? .empty : line("p", [:], kept(text.prefix(1).uppercased() + text.dropFirst()))
    if let published = claim.published {
      result += line("p", [:], "Published " + comparison(published, block.sources))
    }
    return result
  }

  private mutating func comparison(_ published: PublishedComparison, _ sources: [Citation.Item]) -> HTML {
    var text = kept(published.published)
    if let item = sources.last(where: { $0.key == published.source }) { text += " " + bracketed([item]) }
    text += kept("; here \(published.here)")
    if !published.comparison.isEmpty { text += kept(" — \(published.comparison)") }
    return text
  }

  // MARK: Scorecard

  /// The claims by verdict; what did not reproduce comes first.
  func scorecard() -> HTML {
    let claims = manuscript.blocks(.claim)
    guard !claims.isEmpty else { return .empty }
    let order: [ReportVerdict] = [.contradicted, .inconclusive, .supported, .notJudged]
    let groups = order.map { verdict in
      scores(verdict, claims.filter { self.verdict($0.id) == verdict }, of: claims.count)
    }
    return line(
      "section", ["class": "scorecard", "aria-labelledby": "scorecard"],
      .raw("\n") + line("h2", ["id": "scorecard"], "Claims and verdicts")
        + line("p", ["class": "lead"], HTML(scorecardSummary(claims))) + groups.joined())
  }

  private func scores(_ verdict: ReportVerdict, _ claims: [PaperBlock], of total: Int) -> HTML {
    guard !claims.isEmpty else { return .empty }
    let items = claims.map { line("li", [:], link(address($0.id), HTML(plainText($0.caption)))) }
    let head = badge(verdict) + HTML(" \(claims.count) of \(total)")
    return line("h3", [:], head) + line("ul", ["class": "scores"], .raw("\n") + items.joined())
  }

  private func scorecardSummary(_ claims: [PaperBlock]) -> String {
    let (count, judged) = (claims.count, claims.count { verdict($0.id) != .notJudged })
    let subject =
      count == 1
      ? "The article’s one claim is a comparison" : "Each of the article’s \(count) claims is a comparison"
    let extent =
      judged == count
      ? " that was judged on fresh runs"
      : judged == 0
        ? "; none is judged here" : "; \(judged) were judged on fresh runs, the others are not judged here"
    return
      "\(subject)\(extent). A claim is supported when the interval of the difference over seeds lies "
      + "wholly on the claimed side, contradicted when wholly on the other. p-values carry Holm’s correction over \(correctionFamily)\(overPaperSummary). A "
      + "verdict leads to its test, a number to its samples, the name of an experiment or a figure to where it comes from. What follows ± is the half-width of the 95 % t-interval of "
      + "the mean over seeds."
  }

  /// The claims that Holm's correction takes together, in words.
  var correctionFamily: String {
    switch manuscript.configuration.correction {
    case .paper: "all claims"
    case .experiment: "the claims of one experiment"
    }
  }

  /// How the verdicts would count if the correction ran over all claims; empty where it does.
  private var overPaperSummary: String {
    let verdicts = manuscript.blocks(.claim).compactMap { paper.claims[$0.id]?.overPaper }
    guard !verdicts.isEmpty, !paper.profile.isDraft else { return "" }
    func count(_ verdict: ReportVerdict) -> Int { verdicts.count { $0 == verdict } }
    return
      "; over all claims of the article at once, which is stricter, \(count(.supported)) would be supported, "
      + "\(count(.contradicted)) contradicted and \(count(.inconclusive)) inconclusive"
  }

  /// Running text without markup; computed numbers are spelt out.
  func plainText(_ inlines: [Inline]) -> String {
    inlines.map { inline in
      switch inline {
      case .value(let reference): paper.values[reference.index]?.text ?? "…"
      case .reference(let reference): manuscript.targets[reference.id]?.label(reference) ?? reference.id
      case .emphasis(let content), .strong(let content), .strikethrough(let content),
        .link(_, _, let content),
        .element(_, let content):
        plainText(content)
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
