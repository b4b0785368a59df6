// What a build leaves for the next one as bytes: all of it comes back, and nothing else is taken for it.
import Report
import Testing

@testable import Offprint

@Suite struct StorableTests {
  private var findings: Findings {
    let value = ResolvedValue(
      text: "0.5 ± 0.1", title: "mean", experiments: ["exp-a"], samples: ["0.4", "0.6"], expression: "exp-a.x"
    )
    var claim = ResolvedClaim(
      verdict: .contradicted, assertion: "a > b", difference: -0.5, interval: -1...0.25,
      differenceText: "−0.5", seeds: 5, adjustedP: 0.01, pText: "0.01", note: "n",
      published: PublishedComparison(published: "1", here: "2", source: "k", comparison: "above"),
      errata: ["E3", "E4"], experiments: ["exp-a", "exp-b"])
    claim.overPaper = .inconclusive
    claim.samples = ["−0.5"]
    let picture = ResolvedPicture(path: "a.png", darkPath: "b.png", width: 3, height: 4)
    let experiment = ResolvedExperiment(
      axes: [.init(name: "lr", values: ["0.1"])], seeds: 2,
      runs: [
        .init(key: "k", result: "r", label: "l"), .init(key: "m", result: nil, label: "o", failure: "NaN"),
      ], parameters: [("a", "1"), ("b", "2")], dataName: "digits", dataDigest: "d",
      files: [.init(name: "exp-a", path: "data/exp-a.csv")], command: "c")
    return Findings(
      profile: "default", runs: 2, values: [0: value, 7: value],
      claims: ["clm-a": claim, "clm-b": ResolvedClaim(verdict: .notJudged, assertion: "")],
      figures: [
        "fig-a": ResolvedFigure(
          picture: picture, narrowPicture: picture, isFullWidth: true, altText: "größer", csvPath: "a.csv",
          data: DataTable(header: ["x"], rows: [["1"], []]), experiments: ["exp-a"])
      ],
      tables: [
        "tbl-a": .written, "tbl-b": .ledger,
        "tbl-c": .comparison([
          ComparedNumber(claim: "clm-a", entry: 2, published: "1", fresh: value, place: "above"),
          ComparedNumber(claim: nil, entry: 0, published: "1", fresh: nil, place: "–"),
        ]),
        "tbl-d": .computed(
          ComputedCells(
            rowAxis: "lr", rows: ["0.1"], columns: ["a"], cells: [[value]], experiments: ["exp-a"])),
      ], experiments: ["exp-a": experiment], elsewhere: ["exp-b": "runs elsewhere"])
  }

  @Test func findingsComeBack() {
    let findings = findings
    #expect(Findings(stored: findings.stored) == findings)
  }

  @Test func nothingElseIsTakenForThem() {
    let bytes = findings.stored
    for count in 0..<bytes.count { #expect(Findings(stored: Array(bytes.prefix(count))) == nil) }
    #expect(Findings(stored: bytes + [0]) == nil)
    #expect(Findings(stored: [UInt8](repeating: 0xFF, count: 100)) == nil)
  }

  @Test func damageIsSeen() {
    let bytes = sealed([1, 2, 3])
    #expect(unsealed(bytes) == [1, 2, 3])
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 1
      #expect(unsealed(other) == nil)
    }
    #expect(unsealed([]) == nil)
  }
}
