// Serves run: binary sets whose maximum-margin separator is known or can be found exactly.

import BitExact

/// Points of the plane around the separator ŵ = (½, ½) through the origin.
enum Separable {
  /// The support vectors with label +1; their negatives carry −1. Each has margin ŵ·x = 1.
  static func supportVectors(_ arrangement: SeparableArrangement) -> [[Float]] {
    switch arrangement {
    case .symmetric: [[0.5, 1.5], [1.5, 0.5]]
    case .asymmetric: [[0.5, 1.5], [2.5, -0.5]]
    }
  }

  /// The support vectors followed by `points` others, of alternating label.
  ///
  /// Another point is y·(t, t) + y·(s, −s) with margin t = ŵ·x·y ∈ [3/2, 4) and s ∈ [−2, 2): every t exceeds 1, so
  /// the conditions of Karush, Kuhn and Tucker hold at ŵ with the same dual weights, and the separator is the
  /// support vectors' own. Coordinates are multiples of 2⁻¹⁰, so they and all these margins are exact.
  static func make(arrangement: SeparableArrangement, points: Int, seed: UInt64) -> LabelledData {
    var inputs: [Float] = []
    var labels: [Int32] = []
    for sign in [1, -1] as [Int32] {
      for vector in supportVectors(arrangement) {
        inputs += vector.map { Float(sign) * $0 }
        labels.append(sign)
      }
    }
    for index in 0..<points {
      var stream = RandomStream(seed: seed, purpose: "separable-points", index: UInt32(index))
      let margin = Float(stream.below(2560) + 1536) / 1024
      let across = Float(stream.below(4096) - 2048) / 1024
      let sign: Int32 = index % 2 == 0 ? 1 : -1
      inputs += [Float(sign) * (margin + across), Float(sign) * (margin - across)]
      labels.append(sign)
    }
    return LabelledData(inputs: inputs, shape: [2], labels: labels, classes: 2)
  }
}

/// Two optical digits, labelled +1 and −1.
enum DigitPair {
  /// The 64 pixels (0…1) and a constant 1, so that a separator without bias may still be shifted.
  static let inputCount = Digits.pixels + 1

  /// The rows of both digits among all 1,797 images, in the order of the source.
  static func rows(first: Int, second: Int) -> [Int] {
    Digits.all.labels.indices.filter { [first, second].contains(Int(Digits.all.labels[$0])) }
  }

  static func data(_ rows: [Int], first: Int) -> LabelledData {
    LabelledData(
      inputs: rows.flatMap { Digits.all.row($0) + [1] }, shape: [inputCount],
      labels: rows.map { Int(Digits.all.labels[$0]) == first ? 1 : -1 }, classes: 2)
  }
}
