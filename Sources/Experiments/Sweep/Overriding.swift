// Serves plan: one option of an experiment block set to another value, the rest left as it is.
import Diagnostics
import Specification

extension Node {
  /// The same node with `value` at `path`, mappings added where they are missing.
  ///
  /// A mapping is merged into the mapping that stands there, unless it gives another `name`: then it stands for itself,
  /// as the options of one dataset or schedule mean nothing to another. Nothing (`null`) removes the option, so that
  /// its default holds again.
  func overriding(_ path: ArraySlice<String>, at position: SourcePosition, with value: Node) -> Node {
    guard let key = path.first else { return merging(value) }
    let old = self[key]
    if path.count == 1 {
      if value.isNull { return removing(key) }
      return expanded.setting(key, at: position, to: old.map { $0.merging(value) } ?? value)
    }
    let child = old ?? Node(.mapping([]), at: position)
    return setting(
      key, at: position, to: child.expanded.overriding(path.dropFirst(), at: position, with: value))
  }

  private func merging(_ other: Node) -> Node {
    guard let members = other.members else { return other }
    if let name = other["name"]?.text, name != expanded["name"]?.text { return other }
    guard expanded.members != nil else { return other }
    return members.reduce(expanded) { node, member in
      node.overriding([member.key], at: member.position, with: member.value)
    }
  }

  private func removing(_ key: String) -> Node {
    guard let members else { return self }
    return Node(.mapping(members.filter { $0.key != key }), at: position)
  }

  /// A bare name as the mapping that it is short for.
  private var expanded: Node {
    guard case .scalar = content, !isNull else { return isNull ? Node(.mapping([]), at: position) : self }
    return Node(.mapping([Member(key: "name", position: position, value: self)]), at: position)
  }
}
