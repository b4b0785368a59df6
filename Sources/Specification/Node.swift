// Serves parse: YAML as the author wrote it, every key and value with its place.
import Diagnostics
import Yams

/// A YAML value with its place, before it is checked against a declaration.
public struct Node: Sendable, Hashable {
  /// What the node is.
  public indirect enum Content: Sendable, Hashable {
    /// A scalar's text; a quoted one is never read as a number, truth value or null.
    case scalar(String, quoted: Bool)
    /// A list.
    case sequence([Node])
    /// Keys with values, in the author's order; keys are unique.
    case mapping([Member])
  }

  /// One key of a mapping with its value.
  public struct Member: Sendable, Hashable {
    /// The key's text.
    public var key: String
    /// Where the key stands.
    public var position: SourcePosition
    /// The value.
    public var value: Node

    /// Creates a member.
    public init(key: String, position: SourcePosition, value: Node) {
      self.key = key
      self.position = position
      self.value = value
    }
  }

  /// What the node is.
  public var content: Content
  /// Where it starts.
  public var position: SourcePosition

  /// Creates a node.
  public init(_ content: Content, at position: SourcePosition) {
    self.content = content
    self.position = position
  }

  /// The value of `key` in a mapping.
  public subscript(key: String) -> Node? { members?.first { $0.key == key }?.value }

  /// The members of a mapping.
  public var members: [Member]? { if case .mapping(let members) = content { members } else { nil } }
  /// The elements of a list.
  public var elements: [Node]? { if case .sequence(let nodes) = content { nodes } else { nil } }
  /// The text of a scalar.
  public var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

  /// Whether this is an empty scalar, `~` or `null`.
  public var isNull: Bool {
    if case .scalar(let text, quoted: false) = content { ["", "~", "null"].contains(text) } else { false }
  }

  /// The number of bytes that a caret line underlines.
  public var length: Int {
    if case .scalar(let text, let quoted) = content { max(1, text.utf8.count + (quoted ? 2 : 0)) } else { 1 }
  }

  /// `a list`, `a mapping` or the scalar's text in quotes, for messages.
  public var summary: String {
    switch content {
    case .scalar(let text, _): isNull ? "nothing" : "'\(text.count > 60 ? text.prefix(60) + "…" : text)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// The same mapping with `value` under `key`, replacing or appending.
  public func setting(_ key: String, at position: SourcePosition, to value: Node) -> Node {
    var members = members ?? []
    let member = Member(key: key, position: position, value: value)
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index] = member
    } else {
      members.append(member)
    }
    return Node(.mapping(members), at: self.position)
  }
}

extension Node {
  /// Reads YAML 1.2 text whose first character stands at `origin`.
  ///
  /// Anchors, aliases and tags are refused: a paper is data that reads the same everywhere, and an alias can
  /// stand for exponentially much.
  ///
  /// - Throws: `DiagnosticError` with the place of a syntax error, or of a key that stands twice.
  public init(yaml text: String, origin: SourcePosition) throws {
    do {
      guard let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() else {
        self.init(.mapping([]), at: origin)
        return
      }
      self = try Node(root, origin: origin, depth: 100)
    } catch let error as YamlError {
      throw DiagnosticError([Node.diagnostic(for: error, origin: origin)])
    }
  }

  private init(_ node: Yams.Node, origin: SourcePosition, depth: Int) throws {
    let position = Node.place(node.mark, origin)
    guard depth > 0 else {
      throw DiagnosticError(rule: "yaml-depth", "this is nested more than 100 levels deep", at: position)
    }
    guard node.anchor == nil else {
      throw DiagnosticError(
        rule: "yaml-anchor", "anchors and aliases are not part of the language", at: position,
        hint: "write the value out where it is used")
    }
    switch node {
    case .scalar(let scalar):
      let plain = scalar.style == .plain || scalar.style == .any
      self.init(.scalar(scalar.string, quoted: !plain), at: position)
    case .sequence(let sequence):
      self.init(
        .sequence(try sequence.map { try Node($0, origin: origin, depth: depth - 1) }), at: position)
    case .mapping(let mapping):
      var members: [Member] = []
      for (key, value) in mapping {
        let keyPosition = Node.place(key.mark, origin)
        guard let name = key.scalar?.string else {
          throw DiagnosticError(rule: "yaml-key", "a key must be a word", at: keyPosition)
        }
        let value = try Node(value, origin: origin, depth: depth - 1)
        members.append(Member(key: name, position: keyPosition, value: value))
      }
      self.init(.mapping(members), at: position)
    case .alias:
      throw DiagnosticError(
        rule: "yaml-anchor", "anchors and aliases are not part of the language", at: position,
        hint: "write the value out where it is used")
    }
  }

  private static func place(_ mark: Mark?, _ origin: SourcePosition) -> SourcePosition {
    guard let mark else { return origin }
    let column = mark.line == 1 ? origin.column + mark.column - 1 : mark.column + origin.column - 1
    return origin.advanced(lines: mark.line - 1, column: column)
  }

  private static func diagnostic(for error: YamlError, origin: SourcePosition) -> Diagnostic {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = context.map { " \($0.text)" } ?? ""
      return Diagnostic(
        rule: "yaml-syntax", "not YAML: \(problem)\(detail)", at: place(mark, origin),
        hint: "a value that contains ': ' or starts with one of [ { @ ` % needs quotes")
    case .duplicatedKeysInMapping(let keys, let context):
      return Diagnostic(
        rule: "duplicate-key", "the key '\(keys.map { "\($0)" }.joined(separator: "', '"))' stands twice",
        at: place(context.mark, origin), expected: "each key once")
    default:
      return Diagnostic(rule: "yaml-syntax", "not YAML: \(error)", at: origin)
    }
  }
}
