// Serves plan: the claim and table blocks, declared once.
import Specification

/// The claim block.
public let claimRecord = Record(
  "claim", doc: "A statement that the runs decide.",
  fields: [
    Field(
      "says", .string, default: .required, doc: "The statement, in Markdown.",
      example: "Batch normalisation tolerates a ten times larger rate."),
    Field(
      "assert", .string, default: .required,
      doc:
        """
        What must hold of expressions, over seeds: `a > b`, `a < b`, `a >= b`, `a <= b`; `a ≈ b ± margin` and \
        `a in [low, high]`, by two one-sided tests; `increasing(x, over: axis)` or `decreasing(…)`, at every step.
        """,
      example: "exp-x[norm=batch].test_accuracy > exp-x[norm=none].test_accuracy + 0.2"),
    Field("source", .list(.string, count: 1...20), doc: "Keys of the bibliography.", example: "ioffe2015"),
    Field(
      "statement", .string, doc: "What the article says, in our words, for the ledger.",
      example: "Batch normalisation accelerates training."),
    Field(
      "erratum", .list(.string, count: 1...20), doc: "Labels of the errata that the claim illustrates.",
      example: "[E12, E13]"),
    Field(
      "published",
      .record(
        Record(
          "published", doc: "A value from the literature.",
          fields: [
            Field("value", .number(.any), default: .required, doc: "The number.", example: "0.83"),
            Field(
              "source", .string, default: .required, doc: "Key of the bibliography.", example: "frankle2021bn"
            ),
            Field(
              "margin", .number(.positive),
              doc: "How far a fresh mean may be off and still count as the same, by two one-sided tests.",
              example: "0.01"),
            Field("note", .string, doc: "Its setting.", example: "ResNet-866, CIFAR-10"),
            Field(
              "quantity", .string, doc: "What was measured, for a table of published numbers.",
              example: "Test accuracy"),
          ])),
      doc:
        """
        A published value of the left side, compared on a ladder: the same number; equivalent within `margin`, or inside \
        the interval; another number but the same direction; contradicted.
        """,
      example: "{value: 0.9934, source: zhang2017}"),
  ])

private func collectingClaims(_ option: String) -> Choice {
  Choice("claims", "Every claim of the paper with `\(option)`, in order.")
}

/// A row of a ledger.
public let ledgerRecord = Record(
  "statement", doc: "A statement of the article that is examined, and what came of it.",
  fields: [
    Field(
      "statement", .string, default: .required, doc: "The statement in our words, in Markdown.",
      example: "Training is faster"),
    Field("label", .string, doc: "What the plan of the experiments calls it.", example: "BN-06"),
    Field("source", .list(.string, count: 1...20), doc: "Keys of the bibliography.", example: "ioffe2015"),
    Field("claims", .list(.string, count: 1...50), doc: "The claims that bear on it.", example: "[clm-rate]"),
    Field(
      "experiments", .list(.string, count: 1...50),
      doc: "The experiments that bear on it; those of its claims when absent.", example: "[exp-rate]"),
    Field(
      "outcome", .string,
      doc:
        "What to say beside the verdicts or in their place, in Markdown; `not tested here` when there is nothing.",
      example: "definition"),
    Field(
      "erratum", .list(.string, count: 1...20), doc: "Labels of the errata that correct it.", example: "[E3]"),
  ])

/// A row of a comparison.
public let comparisonRecord = Record(
  "published number", doc: "A number from the literature and the one found here.",
  fields: [
    Field(
      "quantity", .string, default: .required, doc: "What was measured, in Markdown.",
      example: "Test accuracy"),
    Field("published", .number(.any), default: .required, doc: "The published number.", example: "0.9934"),
    Field(
      "source", .list(.string, count: 1...20), default: .required, doc: "Keys of the bibliography.",
      example: "zhang2017"),
    Field("note", .string, doc: "Its setting, in Markdown.", example: "CIFAR-10"),
    Field(
      "here", .string, doc: "The expression of the number found here, with the options of `{val}`.",
      example: "\"exp-x[arm=wide].test_accuracy | %\""),
  ])

/// The figures block.
public let figureGroupRecord = Record(
  "figures", doc: "Figures side by side under one caption; they follow as blocks of their own.",
  fields: [
    Field(
      "of", .list(.string, count: 2...12), default: .required, doc: "The figures, by id.",
      example: "[fig-a, fig-b]"),
    Field("fig-cap", .string, doc: "Caption of the whole, in Markdown.", example: "Both norms."),
  ])

/// The table block.
public let tableRecord = Record(
  "table",
  doc:
    """
    A table of text and values (`header` and `rows`), of an experiment (`data`, `rows`, `columns`, `value`), of statements \
    with their verdicts (`ledger`), or of published numbers beside fresh ones (`compare`).
    """,
  fields: [
    Field(
      "header", .list(.string, count: 1...50), doc: "Titles of the columns, in Markdown.",
      example: "[quantity, published, here]"),
    Field(
      "rows", .either([.string, .list(.list(.string, count: 1...50), count: 1...1000)]),
      doc: "Rows of Markdown cells; or the axis that gives a row each.",
      example: "[[accuracy, \"{val} exp-x.test_accuracy\"]]"),
    Field("columns", .string, doc: "The axis that gives a column each.", example: "norm"),
    Field("data", .string, doc: "The table of an experiment.", example: "exp-x"),
    Field("filter", .string, doc: "Rows of the data that are used.", example: "lr>=0.1"),
    Field(
      "value", .string, doc: "The metric in the cells: mean over seeds with the half-width of its interval.",
      example: "test_accuracy"),
    Field(
      "format", .choice([Choice("%", "Percent."), Choice("number", "As it is.")]), default: .value("number"),
      doc: "How values are written.", example: "\"%\""),
    Field(
      "ledger",
      .either([.choice([collectingClaims("statement")]), .list(.record(ledgerRecord), count: 1...1000)]),
      doc: "Statements, each with the claims that bear on it; `claims` collects them from the paper’s claims."
    ),
    Field(
      "compare",
      .either([
        .choice([collectingClaims("published")]),
        .list(.either([.record(comparisonRecord), .string]), count: 1...1000),
      ]),
      doc:
        "Published numbers beside those found here: ids of claims with a `published` value, or numbers by themselves."
    ),
    Field("tbl-cap", .string, doc: "Caption, in Markdown.", example: "Published results and ours."),
  ])
