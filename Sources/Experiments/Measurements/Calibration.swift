// Serves execute: how far a network's confidence is from its accuracy (Guo et al. 2017).
import BitExact
import Training

/// Confidence and expected calibration error over a set of examples.
struct Calibration {
  /// Σ over bins of (examples in the bin / all) · |accuracy − mean confidence|.
  let expectedError: Double
  /// Mean largest probability.
  let confidence: Double

  /// Measures in `bins` equal bins of the largest probability.
  init(_ network: Network, _ data: ExampleMatrix, bins: Int = 15) {
    var outcomes: [(confidence: Double, isCorrect: Bool)] = []
    network.forEachLogits(data) { row, logits in
      let (best, probability) = Calibration.prediction(logits)
      outcomes.append((probability, best == Int(data.labels[row])))
    }
    self.init(outcomes, bins: bins)
  }

  /// Measures given outcomes.
  init(_ outcomes: [(confidence: Double, isCorrect: Bool)], bins: Int) {
    var counts = [Double](repeating: 0, count: bins)
    var (confidences, hits) = (counts, counts)
    for outcome in outcomes {
      let place = outcome.confidence * Double(bins)
      // A probability on the border belongs to the bin below it, as bins are (lower, upper].
      let bin = place.isNaN ? 0 : min(bins - 1, max(0, Int(place.rounded(.up)) - 1))
      counts[bin] += 1
      confidences[bin] += outcome.confidence
      hits[bin] += outcome.isCorrect ? 1 : 0
    }
    let total = Double(max(1, outcomes.count))
    expectedError = (0..<bins).reduce(0) { $0 + abs(hits[$1] - confidences[$1]) } / total
    confidence = confidences.reduce(0, +) / total
  }

  /// The predicted class and its softmax probability.
  static func prediction(_ logits: [Float]) -> (Int, Double) {
    var best = 0
    for j in logits.indices where logits[j] > logits[best] { best = j }
    let sum = logits.reduce(0.0) { $0 + Elementary.exp(Double($1) - Double(logits[best])) }
    return (best, 1 / sum)
  }
}

extension Network {
  /// Calls `body` with the logits of every row, in order, in evaluation mode unless another mode is given.
  func forEachLogits(
    _ data: ExampleMatrix, mode: Mode = .evaluation, _ body: (_ row: Int, _ logits: [Float]) -> Void
  ) {
    for first in stride(from: 0, to: data.count, by: capacity) {
      let range = first..<min(first + capacity, data.count)
      for (offset, logits) in self.logits(data, range, mode: mode).enumerated() {
        body(first + offset, logits)
      }
    }
  }
}
