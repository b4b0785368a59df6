// Serves parse: the document model, a section of the paper as values with positions.
import Diagnostics

/// A piece of a section that stands on its own lines.
public indirect enum Block: Hashable, Sendable {
  /// A heading, numbered across the paper.
  case heading(Heading)
  /// A paragraph of running text.
  case paragraph([Inline])
  /// A bullet, ordered or task list.
  case list(ListBlock)
  /// A table written in Markdown.
  case table(MarkdownTable)
  /// Terms with what they mean.
  case definitions([Definition])
  /// A quotation.
  case quote([Block])
  /// A note, a warning or an erratum, set apart from the text.
  case callout(Callout)
  /// Source code, shown as written.
  case code(language: String, text: String)
  /// A displayed formula.
  case equation(Equation)
  /// A horizontal rule between two thoughts.
  case thematicBreak
  /// Raw HTML, which a report shows as text.
  case html(String)
  /// An experiment, figure, claim or table block.
  case paper(PaperBlock)
}

/// A piece of running text.
public indirect enum Inline: Hashable, Sendable {
  /// Plain text.
  case text(String)
  /// Emphasis, usually italic.
  case emphasis([Inline])
  /// Strong emphasis, usually bold.
  case strong([Inline])
  /// Text that is struck through.
  case strikethrough([Inline])
  /// Code, shown as written.
  case code(String)
  /// A link to a place outside the cross references.
  case link(url: String, title: String, [Inline])
  /// A picture of the author's; its content is the alternative text.
  case image(url: String, title: String, [Inline])
  /// Raw HTML, which a report shows as text.
  case html(String)
  /// One of the few HTML elements that a paper may allow, such as `sub`.
  case element(String, [Inline])
  /// A line end in the source.
  case softBreak
  /// A line end that readers see.
  case lineBreak
  /// A formula in running text.
  case math(Formula)
  /// A number computed from an experiment.
  case value(ValueReference)
  /// The verdict of a claim.
  case verdict(claim: String, SourcePosition)
  /// A reference to a figure, table, section, claim, experiment or equation.
  case reference(CrossReference)
  /// A citation of the bibliography.
  case citation(Citation)
  /// A mark that points at a footnote, by its number in the paper.
  case footnote(Int)
}

/// A heading.
public struct Heading: Hashable, Sendable {
  /// 1 for a section, 2 for a subsection …
  public var level: Int
  /// `2.1`, empty for an unnumbered heading.
  public var number: String
  /// The id that links lead to.
  public var id: String
  /// Classes given in its attributes.
  public var classes: [String]
  /// Its text.
  public var content: [Inline]
  /// Where it starts.
  public var position: SourcePosition
}

/// A list.
public struct ListBlock: Hashable, Sendable {
  /// One entry of a list.
  public struct Item: Hashable, Sendable {
    /// Whether a task is done; `nil` for an ordinary item.
    public var isDone: Bool?
    /// What the item holds.
    public var blocks: [Block]
  }

  /// The first number of an ordered list; `nil` for a bullet list.
  public var start: Int?
  /// Whether the items are set without space between them.
  public var isTight: Bool
  /// The entries.
  public var items: [Item]
}

/// A term with what it means.
public struct Definition: Hashable, Sendable {
  /// The term.
  public var term: [Inline]
  /// What it means; each stands on lines of its own.
  public var meanings: [[Inline]]
}

/// A table written in Markdown.
public struct MarkdownTable: Hashable, Sendable {
  /// How a column is set.
  public enum Alignment: String, Hashable, Sendable {
    /// As the column's content suggests.
    case none
    /// Flush left.
    case left
    /// Centred.
    case center
    /// Flush right.
    case right
  }

  /// One alignment a column.
  public var alignments: [Alignment]
  /// The header's cells.
  public var header: [[Inline]]
  /// The body's cells.
  public var rows: [[[Inline]]]
}

/// A note, a warning or an erratum, set apart from the text.
public struct Callout: Hashable, Sendable {
  /// What it is for; the raw value is what stands in `> [!NOTE]`.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Something worth knowing.
    case note = "NOTE"
    /// Advice.
    case tip = "TIP"
    /// Something a reader must not miss.
    case important = "IMPORTANT"
    /// Something that may go wrong.
    case warning = "WARNING"
    /// Something that will go wrong.
    case caution = "CAUTION"
    /// A mistake in the article that the paper examines.
    case erratum = "ERRATUM"
    /// An aside, which a wide page shows in the margin.
    case margin = "MARGIN"
  }

  /// What it is for.
  public var kind: Kind
  /// Its title; empty when the kind's name serves.
  public var title: [Inline]
  /// What it says.
  public var blocks: [Block]
  /// The ids of an erratum, one for each label that it starts with: `erratum-e3`.
  public var ids: [String] = []
}

/// A formula.
public struct Formula: Hashable, Sendable {
  /// The TeX source without its dollar signs.
  public var tex: String
  /// The same as a `math` element (MathML Core).
  public var mathML: String
}

/// A displayed formula.
public struct Equation: Hashable, Sendable {
  /// The formula.
  public var formula: Formula
  /// Its id, when it can be referred to.
  public var id: String?
  /// Its number, when it has an id.
  public var number: Int?
}

/// A number computed from an experiment, where the text asks for it.
public struct ValueReference: Hashable, Sendable {
  /// Its index in ``Manuscript/values``.
  public var index: Int
  /// The expression as written, without options.
  public var expression: String
  /// What stands after ` | `, for example `sd, digits=3`; empty without.
  public var options: String
  /// The expression's first byte.
  public var position: SourcePosition
  /// The first byte of the options; the expression's place when there are none.
  public var optionsPosition: SourcePosition
}

/// A reference to something numbered.
public struct CrossReference: Hashable, Sendable {
  /// The id of its target, for example `fig-rate`.
  public var id: String
  /// Whether it starts a sentence (`@Fig-rate`).
  public var isCapitalised: Bool
  /// Whether only the number is shown (`[-@fig-rate]`).
  public var isNumberOnly: Bool
  /// Where it stands.
  public var position: SourcePosition

  /// Creates a reference, by default one inside a sentence.
  public init(
    id: String, isCapitalised: Bool = false, isNumberOnly: Bool = false, position: SourcePosition
  ) {
    self.id = id
    self.isCapitalised = isCapitalised
    self.isNumberOnly = isNumberOnly
    self.position = position
  }
}

/// A citation of one or more works.
public struct Citation: Hashable, Sendable {
  /// One cited work.
  public struct Item: Hashable, Sendable {
    /// The key of the entry.
    public var key: String
    /// Text before it, for example `see`.
    public var prefix: String
    /// Text after it, for example `p. 3`.
    public var locator: String
    /// Whether the authors are already named in the text (`[-@key]`).
    public var omitsAuthor: Bool
    /// Where its key stands.
    public var position: SourcePosition
  }

  /// Whether the authors' names are part of the sentence (`@key`).
  public var isTextual: Bool
  /// The works.
  public var items: [Item]

  /// Creates a citation.
  public init(isTextual: Bool, items: [Item]) {
    self.isTextual = isTextual
    self.items = items
  }
}

/// A footnote, which a wide report shows in the margin.
public struct Footnote: Hashable, Sendable {
  /// Its number, from 1 across the paper.
  public var number: Int
  /// What it says.
  public var blocks: [Block]
}

/// One Markdown file of a paper.
public struct Section: Hashable, Sendable {
  /// Its path as the author knows it.
  public var file: String
  /// Its path inside the paper's folder.
  public var path: String
  /// What it holds.
  public var blocks: [Block]
}
