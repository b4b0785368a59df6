// Serves claims about rankings: whether a measure orders outcomes when one setting changes at a time.

/// Granulated rank correlation (Jiang et al. 2020, equation 5).
public struct GranulatedKendall: Sendable, Hashable {
  /// For each axis, the mean over all choices of the other settings of Kendall's τ-a along the axis; `nil` for an axis
  /// along which nothing varies.
  public let byAxis: [Double?]
  /// Ψ, the mean over the axes that vary; NaN when none does.
  public let mean: Double

  /// Compares a measure with an outcome over points whose settings are given, one list a point, one entry an axis.
  ///
  /// Ties count as neither agreement nor disagreement, so a constant measure has τ = 0.
  public init(measure: [Double], outcome: [Double], settings: [[String]]) {
    precondition(
      measure.count == outcome.count && outcome.count == settings.count, "one measure and outcome a point")
    let axes = settings.first?.count ?? 0
    byAxis = (0..<axes).map { axis in
      // Groups in the order of their first points, so that sums have one order.
      var groups: [[Int]] = []
      var places: [[String]: Int] = [:]
      for (point, values) in settings.enumerated() {
        var others = values
        others.remove(at: axis)
        if let place = places[others] {
          groups[place].append(point)
        } else {
          places[others] = groups.count
          groups.append([point])
        }
      }
      let correlations = groups.filter { $0.count > 1 }.map { group in
        GranulatedKendall.correlation(group.map { measure[$0] }, group.map { outcome[$0] })
      }
      return correlations.isEmpty ? nil : correlations.reduce(0, +) / Double(correlations.count)
    }
    let known = byAxis.compactMap { $0 }
    mean = known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
  }

  /// τ-a: the mean of sign(xᵢ − xⱼ)·sign(yᵢ − yⱼ) over pairs.
  private static func correlation(_ x: [Double], _ y: [Double]) -> Double {
    func sign(_ value: Double) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }
    var (sum, pairs) = (0.0, 0.0)
    for i in x.indices {
      for j in 0..<i {
        sum += sign(x[i] - x[j]) * sign(y[i] - y[j])
        pairs += 1
      }
    }
    return pairs > 0 ? sum / pairs : 0
  }
}
