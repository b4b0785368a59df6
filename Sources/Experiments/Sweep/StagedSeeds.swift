// Serves plan: numbers of seeds that the spread of the first seeds decides.
import Diagnostics
import Specification

/// `seeds` as a mapping.
let stagedSeedsRecord = Record(
  "seeds",
  doc:
    """
    Two stages (Stein 1945): the spread of an expression over the `first` seeds decides how many seeds there are in all, so \
    that its 95 % interval is as short as `until.ci95` asks. Intervals and claims then use the spread of the first seeds \
    only, with first − 1 degrees of freedom; so they keep their level, which stopping at a short interval would not.
    """,
  fields: [
    Field(
      "first", .integer(3...1000), default: .value(5),
      doc: "Seeds of the first stage; ten or more lose little power.",
      example: "10"),
    Field(
      "until",
      .record(
        Record(
          "until", doc: "What the second stage is to reach.",
          fields: [
            Field(
              "ci95", .number(.positive), default: .required, doc: "Half-width of the 95 % interval.",
              example: "0.003"),
            Field(
              "of", .string, default: .required,
              doc: "The expression whose interval it is, over this experiment.",
              example: "exp-x[lr=0.1].test_accuracy"),
          ])), default: .required, doc: "What the second stage is to reach.",
      example: "{ci95: 0.003, of: \"exp-x[lr=0.1].test_accuracy\"}"),
    Field(
      "at_most", .integer(3...10_000), default: .required, doc: "Seeds in all, whatever the spread.",
      example: "30"),
  ])

/// The rule by which first seeds decide how many seeds an experiment has.
public struct StagedSeeds: Sendable, Hashable {
  /// Seeds of the first stage.
  public let first: Int
  /// Half-width of the 95 % interval that is asked for.
  public let halfWidth: Double
  /// The expression whose interval it is.
  public let expression: String
  /// Seeds in all, at most.
  public let atMost: Int
  /// Where the rule stands in the paper.
  public let position: SourcePosition

  init?(_ value: Value, at position: SourcePosition) {
    guard let first = value["first"]?.integer, let width = value["until"]?["ci95"]?.number,
      let expression = value["until"]?["of"]?.string, let most = value["at_most"]?.integer
    else { return nil }
    (self.first, halfWidth, self.expression, atMost) = (first, width, expression, max(first, most))
    self.position = position
  }

  /// What the declaration cannot say of a rule.
  func check(_ body: Node, _ diagnostics: inout Diagnostics) {
    let node = body["seeds"]?["at_most"]
    if let most = node?.text.flatMap(yamlNumber), most < Double(first) {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "'at_most' is below the \(first) seeds of the first stage",
          at: node?.position ?? position,
          expected: "at least \(first)"))
    }
    for arm in body["arms"]?.elements ?? [] where arm["seeds"] != nil {
      diagnostics.add(
        Diagnostic(
          rule: "wrong-value", "an arm cannot have its own seeds where the first seeds decide their number",
          at: arm["seeds"]?.position ?? position))
    }
  }
}
