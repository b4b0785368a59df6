// Serves parse: MathML Core as a tree, and its text.

/// An element of a formula.
indirect enum MathNode: Equatable {
  /// An element with text: `mi`, `mn`, `mo`, `mtext`.
  case leaf(String, attributes: [(String, String)], String)
  /// An element with children.
  case element(String, attributes: [(String, String)], [MathNode])

  static func == (a: MathNode, b: MathNode) -> Bool { a.markup == b.markup }

  static func leaf(_ name: String, _ text: String) -> MathNode { .leaf(name, attributes: [], text) }
  static func element(_ name: String, _ children: [MathNode]) -> MathNode {
    .element(name, attributes: [], children)
  }

  /// Several nodes as one; a single one needs no row round it.
  static func row(_ nodes: [MathNode]) -> MathNode { nodes.count == 1 ? nodes[0] : .element("mrow", nodes) }

  /// What `\hline` leaves at the start of a row, until the row is made.
  static let ruleAbove = MathNode.element("rule", [])

  /// Space of a width in ems.
  static func space(_ width: String) -> MathNode { .element("mspace", attributes: [("width", width)], []) }

  /// The node as markup, its text escaped.
  var markup: String {
    switch self {
    case .leaf(let name, let attributes, let text):
      "<\(name)\(MathNode.markup(attributes))>\(text.escapedMarkup)</\(name)>"
    case .element(let name, let attributes, let children) where children.isEmpty:
      "<\(name)\(MathNode.markup(attributes))/>"
    case .element(let name, let attributes, let children):
      "<\(name)\(MathNode.markup(attributes))>\(children.map(\.markup).joined())</\(name)>"
    }
  }

  private static func markup(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\($0.1.escapedMarkup)\"" }.joined()
  }

  /// Whether this is a big operator or `lim`, whose scripts stand above and below in a displayed formula.
  var takesLimits: Bool {
    if case .leaf("mo", let attributes, _) = self {
      attributes.contains { $0 == ("movablelimits", "true") }
    } else {
      false
    }
  }

  /// Whether this is nothing but primes.
  var isPrime: Bool {
    if case .leaf("mo", _, let text) = self { text.allSatisfy { $0 == "′" } } else { false }
  }

  /// Whether this is a brace over or under something, whose script is a label.
  var isBraced: Bool {
    if case .element(_, let attributes, _) = self {
      attributes.contains { $0 == ("class", "brace") }
    } else {
      false
    }
  }
}

extension String {
  /// The text with the characters that markup reserves written as entities.
  var escapedMarkup: String {
    guard utf8.contains(where: { [38, 60, 62, 34].contains($0) }) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
