// Serves parse: the result of the stage, a whole paper as values.
import Diagnostics
import Specification

/// A parsed paper.
public struct Manuscript: Sendable {
  /// What paper.yml says.
  public var configuration: PaperConfiguration
  /// The abstract as Markdown.
  public var abstract: [Block]
  /// The statement about data and code, as Markdown.
  public var statement: [Block]
  /// The sections, in order.
  public var sections: [Section]
  /// The footnotes, in order of number.
  public var footnotes: [Footnote]
  /// Every experiment, figure, claim and table block, in order.
  public var blocks: [PaperBlock]
  /// Every number that the text asks for, in order.
  public var values: [ValueReference]
  /// Everything that can be referred to, by id.
  public var targets: [String: Target]
  /// Where the note of each erratum stands, by its label.
  public var errata: [String: SourcePosition] = [:]
  /// The author's own pictures, in order of first use.
  public var images: [ImageFile]
  /// The bibliography's entries, by key.
  public var bibliography: Bibliography
  /// The keys of the cited works, in order of first citation; the first is number 1.
  public var citedKeys: [String]

  /// The blocks of one kind, in order.
  public func blocks(_ kind: PaperBlock.Kind) -> [PaperBlock] { blocks.filter { $0.kind == kind } }

  /// The number of a cited work, from 1.
  public func citationNumber(_ key: String) -> Int? { citedKeys.firstIndex(of: key).map { $0 + 1 } }
}

/// A picture of the author's that the report needs.
public struct ImageFile: Hashable, Sendable {
  /// Its path inside the paper's folder.
  public var path: String
  /// Where it is first used.
  public var position: SourcePosition
}
