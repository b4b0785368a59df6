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
    let (least, equals) = values.withUnsafeBufferPointer { leastOfLargest($0, count: count) }
    let chosen = values.sorted(by: >).prefix(count)
    #expect(chosen.last == least)
    #expect(chosen.count { $0 == least } == equals)
  }

  /// Values that differ in high, middle and low bits alone, up to the largest there is.
  @Test func everyBitCounts() {
    let values: [UInt32] = [0, 1, 1 << 9, 1 << 10, 1 << 20, 1 << 21, 1 << 31, .max, .max - 1, 0x7F80_0000]
    for count in 1...values.count {
      let (least, equals) = values.withUnsafeBufferPointer { leastOfLargest($0, count: count) }
      #expect(least == values.sorted(by: >)[count - 1])
      #expect(equals == 1)
    }
  }
}
