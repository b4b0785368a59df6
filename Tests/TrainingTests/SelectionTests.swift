// The largest of many values, found by counting, against sorting.
import BitExact
import Testing

@testable import Training

@Suite struct SelectionTests {
  @Test(arguments: [1, 2, 7, 100, 999, 1000])
  func countingFindsWhatSortingDoes(count: Int) {
    var stream = RandomStream(seed: 5, purpose: "selection")
    // Few distinct values, so that many are equal.
    let values = (0..<1000).map { _ in abs(Float(stream.below(40)) - 20).bitPattern }
    let (least, equals) = leastOfLargest(values, count: count)
    let chosen = values.sorted(by: >).prefix(count)
    #expect(chosen.last == least)
    #expect(chosen.count { $0 == least } == equals)
  }
}
