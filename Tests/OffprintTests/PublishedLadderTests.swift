// The rungs of the ladder on which a fresh number is compared with a published one.
import Diagnostics
import Expressions
import Tables
import Testing

@testable import Offprint

private func rung(
  _ numbers: [Double], published: Double, margin: Double? = nil, claim: String = "exp-a.x > 0.5"
) throws -> PublishedRung? {
  var table = Table(name: "exp-a", columns: [Column("seed", .seed), Column("x", .metric)])
  for (index, number) in numbers.enumerated() {
    table.rows.append([.number(Double(index + 1)), .number(number)])
  }
  let assertion = try Assertion(parsing: claim, at: SourcePosition(file: "a.md", line: 1, column: 1))
  let sample = try assertion.left.evaluate { _ in table }
  let value = PublishedValue(value: published, source: "a", note: "", margin: margin)
  return publishedRung(value, sample, assertion, ["exp-a": table])
}

@Suite struct PublishedLadderTests {
  private let fresh = [0.80, 0.81, 0.79, 0.80, 0.805]

  @Test func eachRungIsReached() throws {
    #expect(try rung([0.25, 0.25], published: 0.25) == .sameNumber)
    #expect(try rung(fresh, published: 0.81, margin: 0.05) == .equivalent(within: 0.05))
    #expect(try rung(fresh, published: 0.802) == .inside)
    #expect(try rung(fresh, published: 0.802, margin: 0.001) == .inside)
    #expect(try rung(fresh, published: 0.9) == .sameDirection)
    #expect(try rung(fresh, published: 0.4) == .contradicted(above: false))
    #expect(try rung(fresh, published: 0.9, claim: "exp-a.x > 0.8") == .undecided(above: true))
    #expect(try rung(fresh, published: 0.9, claim: "exp-a.x < 0.85") == .contradicted(above: true))
    #expect(try rung(fresh, published: 0.6, claim: "exp-a.x < 0.5") == .sameDirection)
    #expect(try rung(fresh, published: 0.4, claim: "exp-a.x < 0.5") == .contradicted(above: false))
    #expect(try rung(fresh, published: 0.85, claim: "exp-a.x in [0.7, 0.9]") == .sameDirection)
    #expect(try rung(fresh, published: 0.95, claim: "exp-a.x in [0.7, 0.9]") == .contradicted(above: true))
  }

  @Test func whatCannotBeComparedHasNoRung() throws {
    #expect(try rung([0.5], published: 0.4) == nil)
    #expect(try rung([0.5, .nan], published: 0.4) == nil)
  }
}
