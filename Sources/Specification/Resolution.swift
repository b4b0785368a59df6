// Serves plan: checks what an author wrote against its declaration and fills in the defaults.
import Diagnostics

extension Record {
  /// The checked value of `node`, an object with every option that has a value.
  ///
  /// Mistakes are recorded in `diagnostics`, all of them; the result is `nil` when there was any.
  public func resolve(_ node: Node, _ diagnostics: inout Diagnostics) -> Value? {
    resolve(node, tag: nil, &diagnostics)
  }

  fileprivate func resolve(_ node: Node, tag: String?, _ diagnostics: inout Diagnostics) -> Value? {
    guard let members = node.isNull ? [] : node.members else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-type", "\(name) cannot be \(node.summary)", at: node.position, length: node.length,
          expected: FieldType.record(self).summary))
      return nil
    }
    var result: [String: Value] = [:]
    var complete = true
    if let tag { result[tag] = .string(name) }
    for member in members where member.key != tag && self[member.key] == nil {
      let names = fields.map(\.name) + (tag.map { [$0] } ?? [])
      diagnostics.add(
        Diagnostic(
          rule: "unknown-key", "\(name) has no option '\(member.key)'", at: member.position,
          length: member.key.utf8.count, hint: nameHint(for: member.key, in: names)))
      complete = false
    }
    for field in fields {
      if let value = node[field.name], !(value.isNull && field.isOptional) {
        if let resolved = field.type.resolve(value, label: field.name, &diagnostics) {
          result[field.name] = resolved
        } else {
          complete = false
        }
      } else if case .value(let value) = field.default {
        result[field.name] = value
      } else if case .required = field.default {
        diagnostics.add(
          Diagnostic(
            rule: "missing-key", "\(name) needs '\(field.name)'", at: node.position,
            expected: "\(field.name): \(field.type.summary)"))
        complete = false
      }
    }
    return complete ? .object(result) : nil
  }
}

extension Field {
  fileprivate var isOptional: Bool { if case .none = self.default { true } else { false } }
}

extension FieldType {
  /// The checked value of `node`, or `nil` with a diagnostic; `label` names the option in messages.
  public func resolve(_ node: Node, label: String, _ diagnostics: inout Diagnostics) -> Value? {
    switch self {
    case .record(let record): return record.resolve(node, tag: nil, &diagnostics)
    case .variant(let tag, let cases):
      return resolveVariant(node, tag: tag, cases: cases, label: label, &diagnostics)
    case .list(let element, let count):
      return resolveList(node, element: element, count: count, label: label, &diagnostics)
    case .map(let element):
      guard let members = node.members else { return refuse(node, label, &diagnostics) }
      var result: [String: Value] = [:]
      for member in members {
        guard let value = element.resolve(member.value, label: "\(label).\(member.key)", &diagnostics) else {
          return nil
        }
        result[member.key] = value
      }
      return .object(result)
    case .either(let types):
      for type in types {
        var attempt = Diagnostics()
        if let value = type.resolve(node, label: label, &attempt) { return value }
      }
      // When only one alternative has the node's shape, its own messages say more than a list of types.
      let similar = types.filter { $0.hasShape(of: node) }
      if similar.count == 1 { return similar[0].resolve(node, label: label, &diagnostics) }
      return refuse(node, label, &diagnostics)
    default:
      guard let value = scalar(node) else { return refuse(node, label, &diagnostics) }
      return value
    }
  }

  private func hasShape(of node: Node) -> Bool {
    switch (self, node.content) {
    case (.record, .mapping), (.variant, .mapping), (.map, .mapping), (.list, .sequence): true
    case (.record, _), (.map, _), (.list, _), (_, .mapping), (_, .sequence): false
    default: true
    }
  }

  /// The value of a scalar type, or `nil` when the node does not fit.
  private func scalar(_ node: Node) -> Value? {
    guard case .scalar(let text, let quoted) = node.content else { return nil }
    switch self {
    case .boolean: return quoted ? nil : ["true": true, "false": false][text]
    case .integer(let range):
      guard !quoted, let number = yamlNumber(text), let value = Int(exactly: number), range.contains(value)
      else {
        return nil
      }
      return .number(Double(value))
    case .number(let range):
      guard !quoted, let number = yamlNumber(text), range.contains(number) else { return nil }
      return .number(number)
    case .string: return node.isNull ? nil : .string(text)
    case .choice(let choices): return choices.contains { $0.name == text } ? .string(text) : nil
    default: return nil
    }
  }

  private func refuse(_ node: Node, _ label: String, _ diagnostics: inout Diagnostics) -> Value? {
    var hint: String?
    if case .choice(let choices) = self, let text = node.text {
      hint = nearestName(to: text, in: choices.map(\.name)).map { "did you mean '\($0)'?" }
    }
    diagnostics.add(
      Diagnostic(
        rule: "wrong-value", "'\(label)' cannot be \(node.summary)", at: node.position, length: node.length,
        expected: summary, hint: hint))
    return nil
  }

  private func resolveList(
    _ node: Node, element: FieldType, count: ClosedRange<Int>, label: String, _ diagnostics: inout Diagnostics
  ) -> Value? {
    let nodes = node.elements ?? [node]
    guard count.contains(nodes.count) else {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-count", "'\(label)' has \(nodes.count) elements", at: node.position,
          expected: count.upperBound == .max
            ? "at least \(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"))
      return nil
    }
    let values = nodes.map { element.resolve($0, label: label, &diagnostics) }
    return values.contains(nil) ? nil : .array(values.compactMap(\.self))
  }

  private func resolveVariant(
    _ node: Node, tag: String, cases: [Record], label: String, _ diagnostics: inout Diagnostics
  ) -> Value? {
    let tagNode = node.members == nil ? node : node[tag]
    guard let tagNode else {
      diagnostics.add(
        Diagnostic(
          rule: "missing-key", "'\(label)' needs '\(tag)'", at: node.position,
          expected: "\(tag): one of " + cases.map(\.name).joined(separator: ", ")))
      return nil
    }
    guard let name = tagNode.text, let chosen = cases.first(where: { $0.name == name }) else {
      diagnostics.add(
        Diagnostic(
          rule: "unknown-name", "'\(label)' cannot be \(tagNode.summary)", at: tagNode.position,
          length: tagNode.length, expected: "one of " + cases.map(\.name).joined(separator: ", "),
          hint: tagNode.text.flatMap { nearestName(to: $0, in: cases.map(\.name)) }.map {
            "did you mean '\($0)'?"
          }))
      return nil
    }
    let body = node.members == nil ? Node(.mapping([]), at: node.position) : node
    return chosen.resolve(body, tag: tag, &diagnostics)
  }
}

/// A number as YAML 1.2's core schema writes it (no octal, no sexagesimal, no underscores).
public func yamlNumber(_ text: String) -> Double? {
  guard let first = text.utf8.first, text.utf8.count <= 40 else { return nil }
  let allowed = text.utf8.allSatisfy { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
  guard allowed, (48...57).contains(first) || first == 45 || first == 43 || first == 46 else { return nil }
  return Double(text)
}
