// Serves the tests of write: a paper with everything in it, its results made up.
import BitExact
import Diagnostics
import Foundation
import Manuscript
import Report
import Testing

/// The folder of this target's fixtures.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

/// SHA-256 as the pipeline passes it in.
let sha256: @Sendable (String) -> String = { SHA256.hexDigest(of: $0) }

/// The manuscript of the sample paper.
func sampleManuscript() throws -> Manuscript {
  var diagnostics = Diagnostics()
  let files = PaperFiles(
    configuration: SourceText(path: "paper.yml", try sampleFile("paper.yml"))
  ) { path throws(UnreadableFile) in
    do {
      return SourceText(path: path, try sampleFile(path))
    } catch {
      throw UnreadableFile(reason: "there is no such file")
    }
  }
  let manuscript = parsePaper(files, &diagnostics)
  #expect(diagnostics.sorted.map(\.message) == [])
  return try #require(manuscript)
}

private func sampleFile(_ name: String) throws -> String {
  try String(contentsOf: fixtures.appending(path: "paper").appending(path: name), encoding: .utf8)
}

/// The sample paper with made-up results.
func samplePaper(profile: ReportProfile = ReportProfile(name: "default", isDraft: false)) throws
  -> ResolvedPaper
{
  let manuscript = try sampleManuscript()
  var paper = ResolvedPaper(
    manuscript: manuscript, profile: profile, engine: EngineInfo(name: "Offprint 0.1", numericVersion: "1"))
  for value in manuscript.values { paper.values[value.index] = sampleValue(value) }
  paper.claims = sampleClaims
  paper.figures = ["fig-rate": figure("fig-rate", width: 680, height: 400), "fig-wide": wideFigure]
  paper.experiments = ["exp-rate": sampleExperiment, "exp-labels": failingExperiment]
  return paper
}

private func sampleValue(_ reference: ValueReference) -> ResolvedValue {
  let isPercent = reference.options.contains("%")
  let mean = 0.80 + Double(reference.expression.utf8.count % 17) / 100
  let text = isPercent ? "\(Int((mean * 100).rounded())).3 ± 0.4 %" : "\(mean.rounded(2)) ± 0.004"
  return ResolvedValue(
    text: text, title: "mean ± half-width of the 95 % t-interval over n = 5 seeds",
    experiments: [String(reference.expression.prefix { $0 != "[" && $0 != "." })],
    samples: ["0.8212", "0.8197", "0.8301", "0.8254", "0.8188"])
}

extension Double {
  fileprivate func rounded(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

private let sampleClaims: [String: ResolvedClaim] = [
  "clm-rate": ResolvedClaim(
    verdict: .supported,
    assertion: "exp-rate[norm=batch, lr=1.0].test_accuracy > exp-rate[norm=none, lr=1.0].test_accuracy + 0.2",
    difference: 0.51, interval: 0.48...0.54, differenceText: "+0.51 (95 % interval 0.48 to 0.54)", seeds: 5,
    adjustedP: 0.0004, pText: "< 0.001",
    published: PublishedComparison(
      published: "30 times the rate", here: "10 times the rate", source: "ioffe2015",
      comparison: "the direction agrees, the setting differs"), experiments: ["exp-rate"]),
  "clm-labels": ResolvedClaim(
    verdict: .contradicted, assertion: "exp-labels.test_accuracy ≈ 0.1 ± 0.005", difference: -0.021,
    interval: -0.027 ... -0.015, differenceText: "−0.021 (95 % interval −0.027 to −0.015)", seeds: 5,
    adjustedP: 0.99,
    pText: "0.99", errata: ["The article does not say on which classes chance was computed."],
    experiments: ["exp-labels"]),
  "clm-width": ResolvedClaim(
    verdict: .inconclusive, assertion: "exp-labels.test_error > exp-labels.train_error + 0.9",
    difference: 0.004,
    interval: -0.010...0.018, differenceText: "+0.004 (95 % interval −0.010 to 0.018)", seeds: 5,
    adjustedP: 0.31,
    pText: "0.31", note: "about 17 more seeds would probably decide it", experiments: ["exp-labels"]),
]

private func figure(_ name: String, width: Int, height: Int) -> ResolvedFigure {
  ResolvedFigure(
    picture: ResolvedPicture(
      path: "figures/\(name).png", darkPath: "figures/\(name)-dark.png", width: width, height: height),
    altText:
      "Two lines: with normalisation the accuracy stays above 0.8 up to a rate of 1; without it, it falls to 0.1.",
    csvPath: "data/\(name).csv",
    data: DataTable(
      header: ["norm", "lr", "mean", "lower", "upper"],
      rows: (0..<48).map { ["batch", "0.\($0)", "0.82", "0.81", "0.83"] }),
    experiments: ["exp-rate"])
}

private var wideFigure: ResolvedFigure {
  var wide = figure("fig-wide", width: 960, height: 360)
  wide.isFullWidth = true
  wide.experiments = ["exp-labels"]
  return wide
}

private func run(_ index: Int, _ label: String) -> ResolvedExperiment.Run {
  let digest = sha256("run \(index)")
  return ResolvedExperiment.Run(key: digest, result: String(digest.reversed()), label: label)
}

private let sampleExperiment = ResolvedExperiment(
  axes: [
    .init(name: "norm", values: ["none", "batch"]),
    .init(name: "lr", values: ["0.003", "0.01", "0.03", "0.1", "0.3", "1"]),
  ], seeds: 5,
  runs: (0..<60).map { run($0, "norm=\($0 < 30 ? "none" : "batch"), lr=0.1, seed \($0 % 5 + 1)") },
  parameters: [
    ("data.name", "fashion-mnist"), ("data.train", "10000"), ("model.mlp", "[100, 100]"), ("train.lr", "0.1"),
  ],
  dataName: "fashion-mnist", dataDigest: String(repeating: "0123456789abcdef", count: 4),
  files: [
    .init(name: "exp-rate", path: "data/exp-rate.csv"),
    .init(name: "exp-rate.history", path: "data/exp-rate.history.csv"),
  ],
  command: "offprint build three-things --only exp-rate")

private var failingExperiment: ResolvedExperiment {
  var runs = (100..<105).map { run($0, "seed \($0 - 99)") }
  runs[3].result = nil
  runs[3].failure = "the loss became NaN at step 120"
  return ResolvedExperiment(
    axes: [], seeds: 5, runs: runs, parameters: [("train.lr", "0.1")], dataName: "fashion-mnist",
    dataDigest: String(repeating: "fedcba9876543210", count: 4),
    files: [.init(name: "exp-labels", path: "data/exp-labels.csv")],
    command: "offprint build three-things --only exp-labels")
}
