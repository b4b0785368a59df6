// Serves parse: the language of a figure block, declared once as data. Names are Vega-Lite's; captions are Quarto's.
import Specification

/// Every option of a figure block: the parser, the messages and the reference come from here.
public let figureRecord = Record(
  "figure",
  doc:
    "A figure drawn from the tables of the experiments: a mark, and which column each of its properties shows.",
  fields: unitFields(markRequired: false) + [
    layerField,
    Field(
      "hconcat", .list(.record(panelRecord), count: 1...6),
      doc: "Panels side by side, each a figure of its own with its own scales.",
      example: "[{mark: line, encoding: {x: {field: lr}, y: {field: loss}}}]"),
    Field(
      "vconcat", .list(.record(panelRecord), count: 1...6),
      doc: "Panels one below the other, each with its own scales."),
    Field(
      "resolve", .record(resolveRecord),
      doc: "Whether facets share their scales; they do unless this says otherwise."),
    Field(
      "columns", .integer(1...12),
      doc: "Facets in a row before the next row begins; chosen by their width when absent.",
      example: "2"),
    Field(
      "width",
      .choice([
        Choice("column", "As wide as the text, 680 CSS pixels."),
        Choice("full", "As wide as the page, 960 CSS pixels."),
      ]), default: .value("column"), doc: "The figure's width.", example: "full"),
    Field(
      "height", .number(NumberRange(40, 2000)), unit: "CSS px",
      doc: "Height of the plotting area of one panel; chosen for the data when absent.", example: "240"),
    Field(
      "aspect",
      .choice([
        Choice("auto", "The shape that suits the data."),
        Choice("equal", "One unit of x is as long as one unit of y: for images, maps and planes."),
      ]), default: .value("auto"), doc: "The shape of the plotting area.", example: "equal"),
    Field(
      "title", .string, doc: "A heading inside the picture; the caption usually makes it superfluous.",
      example: "Learning curves"),
    Field(
      "fig-cap", .string, doc: "The caption, as Markdown; expressions in `{val}` are filled in.",
      example: "Accuracy against width."),
    Field(
      "fig-alt", .string,
      doc: "Text for readers who do not see the picture; drafted from the data when absent.",
      example: "Accuracy rises with width."),
  ])

private let layerField = Field(
  "layer", .list(.record(layerRecord), count: 1...12),
  doc:
    "Several marks in one plot, drawn in order; each inherits `data`, `filter` and `encoding` from the figure.",
  example: "[{mark: line}, {mark: rule, encoding: {y: {datum: 0.1}}, label: chance}]")

private let layerRecord = Record(
  "layer", doc: "One mark of a plot with several.", fields: unitFields(markRequired: true))

private let panelRecord = Record(
  "panel", doc: "One panel of a figure with several.",
  fields: unitFields(markRequired: false) + [
    layerField, Field("title", .string, doc: "A heading over the panel.", example: "Training"),
  ])

/// The options that a figure, a panel and a layer have in common.
private func unitFields(markRequired: Bool) -> [Field] {
  [
    Field(
      "data", .string,
      doc:
        "The table: `exp-x` with a row per run, `exp-x.history` with a row per run and recorded step, and so on.",
      example: "exp-bn-rate"),
    Field(
      "calculate", .map(.string),
      doc:
        "Columns computed from others, row by row and in order: names of columns, numbers, `+ - * / ^` and the functions "
        + RowExpression.Function.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        + ". A difference needs spaces round its sign.", example: "{gap: test_error - train_error}"),
    Field(
      "filter", .list(.string, count: 1...20),
      doc:
        "Keeps the rows for which all comparisons hold: `column=value`, `!=`, `<`, `<=`, `>`, `>=`, separated by commas. "
        + "Both sides may be expressions as in `calculate`.",
      example: "norm=batch, test_error - train_error>0.1"),
    Field(
      "mark", markType, default: markRequired ? .required : .none, doc: "What is drawn.", example: "line"),
    Field("encoding", .record(encodingRecord), doc: "Which column each property of the mark shows."),
    Field(
      "seeds",
      .either([
        .boolean,
        .choice([
          Choice("dots", "A faint dot for every seed."), Choice("lines", "A faint line for every seed."),
        ]),
      ]),
      doc:
        "Whether each seed is drawn faintly behind the aggregate. By default lines and points with few places show "
        + "dots and long lines show lines; bars show dots.", example: "lines"),
    Field(
      "label", .string, doc: "Names the layer: written at a rule, or as a series of its own.",
      example: "chance"),
  ]
}

private let markType = FieldType.variant(
  tag: "type",
  [
    Record(
      "line", doc: "A line through the values in the order of x.",
      fields: [
        Field("point", .boolean, default: .value(false), doc: "A marker at each value.", example: "true"),
        Field(
          "interpolate",
          .choice([
            Choice("linear", "Straight lines."), Choice("step-after", "A value holds until the next."),
          ]), default: .value("linear"), doc: "How neighbouring values are joined.",
          example: "step-after"),
        Field(
          "strokeDash", .boolean,
          doc: "Whether series also differ by dashes; by default they do when they have no markers.",
          example: "false"),
      ]),
    Record(
      "point",
      doc: "A marker at each value. With a continuous `color` it shows a third number.",
      fields: [
        opacityField,
        Field(
          "filled", .boolean, default: .value(true), doc: "Filled markers, or rings.",
          example: "false"),
        Field(
          "size", .number(NumberRange(4, 400)), default: .value(40), unit: "CSS px²", doc: "A marker's area.",
          example: "60"),
      ]),
    Record("bar", doc: "Bars from zero, side by side for the values of colour.", fields: [opacityField]),
    Record(
      "area", doc: "The area between the values and zero, or between y and y2.", fields: [opacityField]),
    Record(
      "band", doc: "The area between two bounds: `band:` of y over rows, or y and y2.", fields: [opacityField]
    ),
    Record("errorband", doc: "Another name of band.", fields: [opacityField]),
    Record("errorbar", doc: "An interval at each x: `band:` of y over rows, or y and y2.", fields: []),
    Record(
      "rule",
      doc:
        "A straight line across the plot at a fixed value or at the values of a column; with x2 and y2, a piece of one.",
      fields: [
        Field(
          "slope", .number(.any),
          doc:
            "A guide through the place of x and y, to compare slopes with: on two logarithmic axes the exponent of a "
            + "power law, else the rise of y, as its axis measures, for each unit of x.", example: "-0.5")
      ]),
    Record("tick", doc: "A short line at each value.", fields: []),
    Record("text", doc: "The `text` channel written at each place.", fields: []),
    Record(
      "rect",
      doc:
        "A cell for each x and y, its colour the value of `color`: a heat map, a confusion matrix, an image. Names and "
        + "at most 20 different short numbers are categories; more numbers, or `type: quantitative`, lie on a continuous "
        + "axis. With x2 and y2, rectangles between two places.",
      fields: [
        opacityField,
        Field(
          "labels", .boolean, doc: "Whether each cell has its number; by default when all fit.",
          example: "false"),
      ]),
    Record(
      "contour",
      doc:
        "Lines of equal `color` over a grid of x and y, by linear interpolation between its places (marching squares), "
        + "with the levels between them filled.",
      fields: [
        Field(
          "filled", .boolean, default: .value(true), doc: "Levels filled with their colours, or lines only.",
          example: "false"),
        Field(
          "levels", .either([.integer(2...40), .list(.number(.any), count: 1...40)]), default: .value(10),
          doc: "About how many lines at round values, or the values themselves.", example: "[-1, 0, 1]"),
        Field(
          "labels", .boolean, default: .value(false), doc: "Whether lines carry their values.",
          example: "true"),
        opacityField,
      ]),
    Record(
      "boxplot",
      doc:
        "The quartiles of the rows at each place as a box, the median as a line in it, whiskers to the outermost values "
        + "within `extent` lengths of the box, and what lies beyond as rings (Tukey 1977).",
      fields: [
        Field(
          "extent",
          .either([
            .number(NumberRange(0, 100)), .choice([Choice("min-max", "Whiskers to the extremes.")]),
          ]), default: .value(1.5), doc: "How far whiskers reach, in lengths of the box.", example: "min-max")
      ]),
  ])

private let encodingRecord = Record(
  "encoding", doc: "Which column each property of a mark shows.",
  fields: [
    Field("x", .record(positionRecord("x", several: false)), doc: "The place along the horizontal axis."),
    Field("y", .record(positionRecord("y", several: true)), doc: "The place along the vertical axis."),
    Field("x2", .record(boundRecord("x2")), doc: "The other end of a bar, band or errorbar along x."),
    Field("y2", .record(boundRecord("y2")), doc: "The other end of a bar, band or errorbar along y."),
    Field("color", .record(groupRecord("color")), doc: "Tells series apart; for rect, the value of a cell."),
    Field(
      "strokeDash", .record(groupRecord("strokeDash")),
      doc: "A second column that tells series apart, by dashes and shapes."),
    Field("shape", .record(groupRecord("shape")), doc: "As strokeDash."),
    Field(
      "detail", .record(groupRecord("detail")),
      doc: "A column that separates lines without a look of its own."),
    Field("text", .record(groupRecord("text")), doc: "What a text mark writes."),
    Field("row", .record(groupRecord("row")), doc: "A row of panels for each value."),
    Field("column", .record(groupRecord("column")), doc: "A panel for each value, side by side."),
  ])

private let aggregateField = Field(
  "aggregate",
  .either([
    .choice([
      Choice("mean", "The arithmetic mean."), Choice("median", "The middle value."),
      Choice("min", "The smallest."), Choice("max", "The largest."), Choice("count", "How many rows."),
      Choice("none", "Every row for itself."),
    ]), .number(.fraction),
  ]),
  doc:
    "What is shown of the rows that share a place and a series; a number is a quantile (type 7 of Hyndman and Fan "
    + "1996). Lines, bars, bands and areas show the mean over seeds by default; points and ticks show each row.",
  example: "median")
private let bandField = Field(
  "band",
  .either([
    .choice([
      Choice("ci95", "The 95 % t-interval of the mean."), Choice("sd", "Mean ± standard deviation."),
      Choice("range", "From the smallest to the largest."), Choice("iqr", "The middle half."),
      Choice("none", "No interval."),
    ]), .list(.number(.fraction), count: 2...2),
  ]),
  doc: "The interval shown with the aggregate; two numbers are the quantiles at its ends.",
  example: "[0.05, 0.95]")
private let binField = Field(
  "bin",
  .either([
    .boolean,
    .record(
      Record(
        "bin", doc: "How numbers are gathered into intervals.",
        fields: [
          Field(
            "maxbins", .integer(2...1000), default: .value(20), doc: "The most intervals there may be.",
            example: "40"),
          Field(
            "step", .number(.positive), doc: "The width of an interval, in units of the axis.", example: "0.5"
          ),
        ])),
  ]),
  doc:
    "Gathers numbers into intervals of equal width with round ends, for histograms: with `aggregate: count` on the other "
    + "axis, or on `color` for two binned axes.", example: "{maxbins: 40}")
private let stackField = Field(
  "stack",
  .choice([
    Choice("none", "Each series from zero: bars side by side, areas over each other."),
    Choice("zero", "Each series begins where the one before it ends."),
    Choice("normalize", "The same, as shares of the sum at each place."),
  ]), default: .value("none"),
  doc:
    "Whether the bars or areas of the values of colour stand on each other; values below zero hang on each other.",
  example: "normalize")
private let opacityField = Field(
  "opacity", .number(NumberRange(0, 1, excludesLower: true)),
  doc: "How much of what is behind the mark it hides; chosen by the mark when absent.", example: "0.5")
private let titleField = Field(
  "title", .string, doc: "The axis or legend title; the column's name with its unit when absent.",
  example: "learning rate")
private let formatField = Field(
  "format", .choice([Choice("number", "As it is."), Choice("%", "A fraction as a percentage.")]),
  default: .value("number"), doc: "How numbers are written.", example: "\"%\"")
private let sortField = Field(
  "sort",
  .either([
    .choice([
      Choice("ascending", "From small to large."), Choice("descending", "From large to small."),
      Choice("y", "By the values of y, rising."), Choice("-y", "By the values of y, falling."),
      Choice("x", "By the values of x, rising."), Choice("-x", "By the values of x, falling."),
    ]),
    .list(categoryType, count: 1...200),
  ]),
  doc:
    "The order of categories: numbers ascend and names keep the order of the table unless this says otherwise.",
  example: "[none, batch]")
private let categoryType = FieldType.either([.number(.any), .string, .boolean])
private let datumField = Field(
  "datum", categoryType, doc: "A fixed value instead of a column.", example: "0.1")
private let kindField = Field(
  "type",
  .choice([
    Choice("quantitative", "A number on a continuous axis."), Choice("ordinal", "Categories in order."),
    Choice("nominal", "Categories."),
  ]), doc: "Whether numbers are read as numbers or as categories.",
  example: "ordinal")

private func positionRecord(_ name: String, several: Bool) -> Record {
  Record(
    name, doc: "A column along an axis.",
    fields: [
      Field(
        "field", .list(.string, count: 1...(several ? 6 : 1)),
        doc: several ? "The column; several give a panel each." : "The column.",
        example: several ? "[train_loss, test_loss]" : "lr"),
      datumField,
      kindField,
      aggregateField, bandField, binField, stackField,
      Field(
        "axis", .boolean, default: .value(true),
        doc: "Whether the axis has ticks, numbers and a title; images have none.", example: "false"),
      Field("scale", .record(scaleRecord), doc: "How values are laid along the axis."),
      titleField, formatField, sortField,
    ])
}

private func boundRecord(_ name: String) -> Record {
  Record(
    name, doc: "The second bound of a mark.",
    fields: [
      Field(
        "field", .string, doc: "The column.",
        example: "lr"), datumField,
    ])
}

private func groupRecord(_ name: String) -> Record {
  Record(
    name, doc: "A column whose values are told apart.",
    fields: [
      Field("field", .string, doc: "The column.", example: "norm"),
      datumField, kindField, aggregateField, titleField, formatField, sortField,
      Field(
        "scale", .record(scaleRecord),
        doc: "The order of categories, or the interval and the scheme of a continuous colour."),
    ])
}

private let scaleRecord = Record(
  "scale", doc: "How values are laid along an axis.",
  fields: [
    Field(
      "type",
      .choice([
        Choice("linear", "Equal differences, equal distances."),
        Choice("log", "Equal ratios, equal distances."),
        Choice("symlog", "Linear near zero, logarithmic beyond."), Choice("sqrt", "By the square root."),
        Choice("ordinal", "A place for each category."),
      ]), doc: "The kind of scale.", example: "log"),
    Field(
      "domain", .list(categoryType, count: 1...200),
      doc: "The ends of the axis, or its categories in order.", example: "[0, 1]"),
    Field(
      "zero", .boolean, doc: "Whether the axis includes zero; bars always do.",
      example: "true"),
    Field(
      "reverse", .boolean, default: .value(false), doc: "Runs the axis the other way.",
      example: "true"),
    Field(
      "scheme",
      .choice([
        Choice("sequential", "From little to much."),
        Choice("diverging", "Two hues away from a neutral middle, `domainMid`."),
        Choice("greys", "From the colour of the page to that of ink."),
        Choice("intensity", "From black to white in both themes, as a photograph."),
      ]), doc: "The colours of a continuous `color`: sequential unless there is a `domainMid`.",
      example: "diverging"),
    Field(
      "domainMid", .number(.any),
      doc:
        "The value in the middle of a diverging scale, 0 (1 if logarithmic) when absent; the scale reaches equally far "
        + "to both sides of it.", example: "0"),
    Field(
      "constant", .number(.positive), default: .value(1),
      doc: "Where a symlog scale turns from linear to logarithmic.",
      example: "0.1"),
  ])

private let resolveRecord = Record(
  "resolve", doc: "Which scales facets share.",
  fields: [
    Field(
      "scale",
      .record(
        Record(
          "scale", doc: "Which scales facets share.",
          fields: ["x", "y"].map {
            Field(
              $0,
              .choice([Choice("shared", "One scale for all facets."), Choice("independent", "A scale each.")]
              ),
              default: .value("shared"), doc: "The scale of \($0).", example: "independent")
          })), doc: "Which scales facets share.", example: "{y: independent}")
  ])
