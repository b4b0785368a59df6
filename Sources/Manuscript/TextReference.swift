// Serves the reference: what the text of a paper may hold besides GitHub-flavoured Markdown.

/// The forms of a paper's text, each as it is written and with what it stands for, in Markdown.
public let textForms: [(written: String, meaning: String)] = [
  ("`$x^2$`, `$$…$$`", "A formula, in the text or displayed; `{#eq-loss}` after a displayed one numbers it."),
  ("`[@key]`, `[see @a, p. 3; @b]`", "Works of the bibliography, with what stands before and after each."),
  (
    "`@key`, `@key [p. 3]`, `[-@key]`",
    "A work whose authors are part of the sentence, also with a place in it; a work without its authors."
  ),
  (
    "`@fig-x`, `@Fig-x`, `[-@fig-x]`",
    "A reference: figure 3, Figure 3 at the start of a sentence, or 3 alone."
  ),
  ("`# Title {#sec-x .unnumbered}`", "A heading with an id; without `.unnumbered` it has a number."),
  ("`[^note]`", "A footnote, which a wide page shows in the margin."),
  (
    "`> [!NOTE] Title`",
    "A callout: `NOTE`, `TIP`, `IMPORTANT`, `WARNING`, `CAUTION`, or `ERRATUM` with labels, as in `E3, E4 Dates`."
  ),
  ("`> [!MARGIN]`", "An aside beside the text that follows."),
  ("`Term` and, in the next line, `: meaning`", "A term with what it means; several make a list."),
  ("`{{< include part.md >}}`", "Another file of the paper, as if it stood here."),
  ("a fence with a language", "Source code with its keywords, strings and comments told apart."),
  ("`<sub>2</sub>`", "HTML is shown as it is written; `html: basic` in paper.yml allows a few elements."),
]
