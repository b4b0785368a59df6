// Serves check and resolve: numbers in texts that are not Markdown, such as the alternative text of a figure.
import Diagnostics
import Expressions
import Tables

/// A text in which code spans that begin with `{val}` stand for numbers.
struct TextValues {
  private enum Piece {
    case text(String)
    case value(FormattedExpression)
  }

  private var pieces: [Piece] = []

  /// The values of the text.
  var values: [FormattedExpression] {
    pieces.compactMap { if case .value(let value) = $0 { value } else { nil } }
  }

  /// Finds the values; throws a `DiagnosticError` for the first that is no expression.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - position: where it stands; all mistakes are placed there, as a YAML text may be folded.
  init(_ text: String, at position: SourcePosition) throws {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      let isSpan = index % 2 == 1 && index + 1 < parts.count
      guard isSpan, part.hasPrefix("{val}") else {
        // A backquote that opens nothing stands for itself.
        let opens = index % 2 == 1 && index + 1 == parts.count
        pieces.append(.text(isSpan ? "`\(part)`" : (opens ? "`" : "") + part))
        continue
      }
      pieces.append(
        .value(try FormattedExpression(parsing: String(part.dropFirst("{val}".count)), at: position)))
    }
  }

  /// The text with the numbers in their places; a dash where a result is missing.
  func filled(_ tables: [String: Table]) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): return text
      case .value(let value):
        let sample = try? value.expression.evaluate(tables: { tables[$0] })
        return sample.map(value.text(of:)) ?? "–"
      }
    }.joined()
  }
}
