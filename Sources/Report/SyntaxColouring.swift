// Serves write: source code with its keywords, strings and comments told apart.

/// What tells the parts of a language's text apart.
private struct CodeLanguage {
  var keywords: Set<String>
  /// What starts a comment that ends with its line.
  var lineComments: [String]
  /// What encloses a comment over several lines.
  var blockComment: (open: String, close: String)?
  /// The quotation marks of strings; the longest first.
  var quotes: [String]
  /// Whether a line that starts with `+`, `-` or `@` is set as a whole.
  var isDiff = false
  /// Whether a backslash starts a command.
  var isTeX = false

  init(
    _ keywords: String, comments: [String] = [], block: (open: String, close: String)? = nil,
    quotes: [String] = ["\"", "'"]
  ) {
    self.keywords = Set(keywords.split(whereSeparator: \.isWhitespace).map(String.init))
    lineComments = comments
    blockComment = block
    self.quotes = quotes
  }

  private static let cWords = """
    auto break case char const continue default do double else enum extern float for goto if inline int long return short
    signed sizeof static struct switch typedef union unsigned void volatile while
    """
  private static let python = CodeLanguage(
    """
    and as assert async await break class continue def del elif else except False finally for from global if import in is
    lambda None nonlocal not or pass raise return True try while with yield match case
    """, comments: ["#"], quotes: ["\"\"\"", "'''", "\"", "'"])
  private static let shell = CodeLanguage(
    "if then else elif fi for while until do done case esac in function return export local set unset exit cd echo",
    comments: ["#"])
  private static let c = CodeLanguage(cWords, comments: ["//"], block: ("/*", "*/"))
  private static let cpp = CodeLanguage(
    cWords + """
       class namespace template typename public private protected virtual override new delete this try catch throw using bool
      true false nullptr constexpr noexcept operator
      """, comments: ["//"], block: ("/*", "*/"))
  private static let swift = CodeLanguage(
    """
    actor any as associatedtype async await break case catch class continue default defer do else enum extension false for
    func guard if import in init inout internal is let mutating nil operator private protocol public repeat return self Self
    some static struct subscript super switch throw throws true try typealias var where while
    """, comments: ["//"], block: ("/*", "*/"), quotes: ["\"\"\"", "\""])
  private static let rust = CodeLanguage(
    """
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub
    ref return self Self static struct super trait true type unsafe use where while
    """, comments: ["//"], block: ("/*", "*/"), quotes: ["\""])
  private static let javascript = CodeLanguage(
    """
    async await break case catch class const continue default delete do else export extends false finally for function if
    import in instanceof let new null of return static super switch this throw true try typeof undefined var void while
    yield interface type
    """, comments: ["//"], block: ("/*", "*/"), quotes: ["\"", "'", "`"])
  private static let julia = CodeLanguage(
    """
    begin break catch const continue do else elseif end export false finally for function global if import in let local
    macro module mutable nothing return struct true try using where while
    """, comments: ["#"], block: ("#=", "=#"), quotes: ["\"\"\"", "\""])
  private static let r = CodeLanguage(
    "break else FALSE for function if in Inf library NA NULL next repeat return TRUE while", comments: ["#"])
  private static let sql = CodeLanguage(
    """
    SELECT FROM WHERE AND OR NOT INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE JOIN LEFT RIGHT INNER OUTER ON GROUP BY
    ORDER HAVING LIMIT AS DISTINCT UNION NULL IS IN LIKE
    """, comments: ["--"], block: ("/*", "*/"))
  private static let toml = CodeLanguage("true false", comments: ["#"])
  private static let json = CodeLanguage("true false null", quotes: ["\""])
  private static let tex: CodeLanguage = {
    var language = CodeLanguage("", comments: ["%"], quotes: [])
    language.isTeX = true
    return language
  }()
  private static let diff: CodeLanguage = {
    var language = CodeLanguage("", quotes: [])
    language.isDiff = true
    return language
  }()

  /// The language that a fence names.
  static func named(_ name: String) -> CodeLanguage? {
    switch name.lowercased() {
    case "python", "py": python
    case "bash", "sh", "shell", "zsh", "console": shell
    case "c", "h": c
    case "cpp", "c++", "cuda": cpp
    case "swift": swift
    case "rust", "rs": rust
    case "javascript", "js", "typescript", "ts": javascript
    case "julia", "jl": julia
    case "r": r
    case "sql": sql
    case "toml", "ini": toml
    case "json": json
    case "tex", "latex": tex
    case "diff": diff
    default: nil
    }
  }
}

/// Source code with `b` round keywords, `i` round comments and `s` round strings; plain text where the language is not known.
func highlighted(_ text: String, _ name: String) -> HTML {
  guard let language = CodeLanguage.named(name) else { return HTML(text) }
  var lexer = CodeLexer(text: Array(text), language: language)
  return lexer.markup()
}

private struct CodeLexer {
  private let text: [Character]
  private let language: CodeLanguage
  private var index = 0
  private var plain = ""
  private var result = HTML.empty

  init(text: [Character], language: CodeLanguage) {
    self.text = text
    self.language = language
  }

  mutating func markup() -> HTML {
    while index < text.count { step() }
    flush()
    return result
  }

  private mutating func step() {
    let character = text[index]
    if language.isDiff, index == 0 || text[index - 1].isNewline,
      let mark = ["-": "i", "+": "s", "@": "b"][character]
    {
      emit(mark, endOfLine)
    } else if let block = language.blockComment, isAt(block.open) {
      emit("i", end(of: block.close, from: index + block.open.count, acrossLines: true))
    } else if language.lineComments.contains(where: isAt), character != "#" || !isInsideWord {
      emit("i", endOfLine)
    } else if let quote = language.quotes.first(where: isAt) {
      emit("s", end(of: quote, from: index + quote.count, acrossLines: quote.count == 3 || quote == "`"))
    } else if language.isTeX, character == "\\" {
      emit("b", endOfWord(from: index + 1))
    } else if character.isLetter || character == "_" {
      word()
    } else {
      plain.append(character)
      index += 1
    }
  }

  private mutating func word() {
    let end = endOfWord(from: index)
    let word = String(text[index..<end])
    if language.keywords.contains(word) {
      emit("b", end)
    } else {
      plain += word
      index = end
    }
  }

  /// `$#` and `a#b` of a shell start no comment.
  private var isInsideWord: Bool { index > 0 && !text[index - 1].isWhitespace }
  private var endOfLine: Int { text[index...].firstIndex(where: \.isNewline) ?? text.count }

  private func isAt(_ mark: String) -> Bool { text[index...].starts(with: mark) }

  private func endOfWord(from start: Int) -> Int {
    var end = start
    while end < text.count, text[end].isLetter || text[end].isNumber || text[end] == "_" { end += 1 }
    return min(max(end, start + 1), text.count)
  }

  /// The index after `mark`; the end of the line, or of the text, where it is missing.
  private func end(of mark: String, from start: Int, acrossLines: Bool) -> Int {
    var place = start
    while place < text.count {
      if text[place] == "\\" {
        place += 2
      } else if text[place...].starts(with: mark) {
        return place + mark.count
      } else if text[place].isNewline, !acrossLines {
        return place
      } else {
        place += 1
      }
    }
    return text.count
  }

  private mutating func emit(_ element: String, _ end: Int) {
    flush()
    let end = min(end, text.count)
    result += tag(element, [:], HTML(String(text[index..<end])))
    index = end
  }

  private mutating func flush() {
    if !plain.isEmpty { result += HTML(plain) }
    plain = ""
  }
}
