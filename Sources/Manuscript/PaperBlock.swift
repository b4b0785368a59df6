// Serves parse: the blocks that Offprint adds to Markdown, each with a YAML body.
import Diagnostics
import Specification

/// An experiment, figure, claim or table block.
public struct PaperBlock: Hashable, Sendable {
  /// What the block declares; the raw value is its name in a paper.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Runs.
    case experiment
    /// A picture of results.
    case figure
    /// A statement that is checked against results.
    case claim
    /// Results in rows and columns.
    case table
    /// Figures side by side under one caption.
    case figures

    /// What the block's id starts with.
    public var target: Target.Kind {
      switch self {
      case .experiment: .experiment
      case .figure: .figure
      case .claim: .claim
      case .table: .table
      case .figures: .figure
      }
    }
  }

  /// What the block declares.
  public var kind: Kind
  /// Its id, for example `fig-rate`.
  public var id: String
  /// Its number among the blocks of its kind, from 1.
  public var number: Int
  /// Its number as it is printed: `3`, or `3a` for a figure of a group.
  public var label: String
  /// The group that a figure stands in.
  public var group: String?
  /// Its body, with the places of keys and values in the file.
  public var body: Node
  /// Its body as written.
  public var source: String
  /// Where its opening fence stands.
  public var position: SourcePosition
  /// `fig-cap`, `tbl-cap`, the claim's `says` or the experiment's `title`, read as inline Markdown.
  public var caption: [Inline]
  /// The cells of a table's `header`, read as inline Markdown.
  public var header: [[Inline]]
  /// The cells of a table's `rows`, read as inline Markdown.
  public var rows: [[[Inline]]]
  /// The bibliography keys that a claim names: its `source`, then that of `published`.
  public var sources: [Citation.Item]
  /// What a claim bears on, its `statement`, read as inline Markdown.
  public var statement: [Inline] = []
  /// The labels of the errata that a claim illustrates.
  public var errata: [String] = []
  /// The figures of a group, by id.
  public var panels: [String] = []
  /// The rows of a ledger or of a comparison.
  public var entries: [TableEntry] = []
}

extension PaperBlock.Kind {
  /// The key whose text is shown with the block.
  var captionKey: String {
    switch self {
    case .experiment: "title"
    case .figure: "fig-cap"
    case .claim: "says"
    case .table: "tbl-cap"
    case .figures: "fig-cap"
    }
  }
}

/// Something that `@id` can refer to.
public struct Target: Hashable, Sendable {
  /// What it is; the raw value is the prefix of its ids.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A figure.
    case figure = "fig"
    /// A table.
    case table = "tbl"
    /// A heading.
    case section = "sec"
    /// A claim.
    case claim = "clm"
    /// An experiment.
    case experiment = "exp"
    /// A displayed formula.
    case equation = "eq"

    /// What a reference calls it.
    public var noun: String {
      switch self {
      case .figure: "figure"
      case .table: "table"
      case .section: "section"
      case .claim: "claim"
      case .experiment: "experiment"
      case .equation: "equation"
      }
    }
  }

  /// What it is.
  public var kind: Kind
  /// Its id.
  public var id: String
  /// `3`, or `2.1` for a heading; empty for an unnumbered heading.
  public var number: String
  /// Where it is defined.
  public var position: SourcePosition

  /// The kind whose prefix `id` carries, in any case.
  static func kind(of id: String) -> Kind? {
    guard let dash = id.firstIndex(of: "-") else { return nil }
    return Kind(rawValue: id[..<dash].lowercased())
  }
}
