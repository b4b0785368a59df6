// Serves every stage: the hint "did you mean …?" of an error message.

/// The candidate closest to `name`, or `nil` when none is close enough to be what was meant.
///
/// Distance is the optimal string alignment distance (insertion, deletion, substitution, transposition of
/// neighbours), ignoring case; a third of the longer name may differ.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
  var best: (name: String, distance: Int)?
  // A hint for an absurdly long word would cost more than it helps.
  guard name.utf8.count <= 100 else { return nil }
  for candidate in candidates where candidate != name {
    let distance = alignmentDistance(Array(name.lowercased()), Array(candidate.lowercased()))
    let limit = max(1, max(name.count, candidate.count) / 3)
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

/// `did you mean 'x'?` for the candidate nearest to `name`, or the list of candidates when it is short.
public func nameHint(for name: String, in candidates: some Sequence<String>) -> String? {
  if let nearest = nearestName(to: name, in: candidates) { return "did you mean '\(nearest)'?" }
  let all = Array(candidates)
  if all.isEmpty || all.count > 12 { return nil }
  return "valid: " + all.joined(separator: ", ")
}

private func alignmentDistance(_ a: [Character], _ b: [Character]) -> Int {
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      row[j] = min(last[j] + 1, row[j - 1] + 1, substitution)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
