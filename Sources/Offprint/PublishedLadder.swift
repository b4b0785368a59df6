// Serves resolve: how a fresh number compares with a published one, on a ladder.
import Expressions
import Report
import Statistics
import Tables

/// How far the fresh number bears out a published one, from best to worst.
enum PublishedRung: Hashable {
  /// Every seed gives exactly the published number.
  case sameNumber
  /// The mean is equivalent to it within the declared margin, by two one-sided tests.
  case equivalent(within: Double)
  /// Without a margin: it lies inside the 95 % interval.
  case inside
  /// It is another number, but the claim decides of both in the same way.
  case sameDirection
  /// The runs decide neither way.
  case undecided(above: Bool)
  /// The runs decide the claim, and the published number would have decided it the other way.
  case contradicted(above: Bool)

  /// A clause for readers.
  var text: String {
    switch self {
    case .sameNumber: "the same number"
    case .equivalent(let margin): "equivalent within ±\(Cell.format(margin))"
    case .inside: "the published number lies inside the 95 % interval"
    case .sameDirection: "another number, the same verdict"
    case .undecided(let above): "the published number lies \(above ? "above" : "below") the 95 % interval"
    case .contradicted(let above):
      "the published number lies \(above ? "above" : "below") the 95 % interval, and would decide the claim the other way"
    }
  }
}

/// The rung that a published value reaches; `nil` when the sample has no interval.
func publishedRung(
  _ value: PublishedValue, _ sample: Sample, _ assertion: Assertion, _ tables: [String: Table]
) -> PublishedRung? {
  let numbers = sample.numbers
  if numbers.allSatisfy({ $0 == value.value }) { return .sameNumber }
  guard numbers.allSatisfy(\.isFinite), let interval = tInterval(numbers, firstStage: sample.firstStage)
  else { return nil }
  if let margin = value.margin {
    let gaps = numbers.map { $0 - value.value }
    if equivalenceTest(gaps, margin: margin, firstStage: sample.firstStage) < significanceLevel {
      return .equivalent(within: margin)
    }
  }
  if interval.lower <= value.value, value.value <= interval.upper { return .inside }
  let above = value.value > interval.upper
  let side = assertion.publishedSide
  guard side != 0, let measured = try? assertion.measure(tables: { tables[$0] }),
    let difference = measured.parts.first?.sample
  else { return .undecided(above: above) }
  // The difference that the claim would speak of, had its left side been the published number.
  let published = mean(difference.numbers) + Double(side) * (value.value - mean(numbers))
  switch judge(measured.kind, all: [difference.staged]).judgement.verdict {
  case .supported:
    return measured.kind.holds(for: published) ? .sameDirection : .contradicted(above: above)
  case .contradicted:
    return measured.kind.holds(for: published) ? .contradicted(above: above) : .sameDirection
  default: return .undecided(above: above)
  }
}
