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
    Field("erratum", .string, doc: "Number of the erratum that the claim illustrates.", example: "E12"),
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
          ])),
      doc:
        """
        A published value of the left side, compared on a ladder: the same number; equivalent within `margin`, or inside \
        the interval; another number but the same direction; contradicted.
        """,
      example: "{value: 0.9934, source: zhang2017}"),
  ])

/// The table block.
public let tableRecord = Record(
  "table",
  doc:
    "A table of text and values (`header` and `rows`), or of an experiment (`data`, `rows`, `columns`, `value`).",
  fields: [
    Field(
      "header", .list(.string, count: 1...50), doc: "Titles of the columns, in Markdown.",
      example: "[quantity, published, here]"),
    Field(
      "rows", .either([.string, .list(.list(.string, count: 1...50), count: 1...1000)]), default: .required,
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
    Field("tbl-cap", .string, doc: "Caption, in Markdown.", example: "Published results and ours."),
  ])
