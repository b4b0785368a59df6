// The granulated rank correlation on designs small enough to count by hand.
import Statistics
import Testing

@Suite struct GranulatedKendallTests {
  /// Widths 1, 2 by depths 1, 2: the measure follows width and runs against depth.
  @Test func axesAreTakenOneAtATime() {
    let settings = [["1", "1"], ["1", "2"], ["2", "1"], ["2", "2"]]
    let result = GranulatedKendall(measure: [1, 3, 5, 9], outcome: [2, 1, 4, 3], settings: settings)
    #expect(result.byAxis == [1, -1])
    #expect(result.mean == 0)
  }

  @Test func tiesAndConstantsAreZero() {
    let settings = [["a"], ["b"], ["c"]]
    #expect(GranulatedKendall(measure: [1, 1, 1], outcome: [1, 2, 3], settings: settings).mean == 0)
    let half = GranulatedKendall(measure: [1, 2, 2], outcome: [1, 2, 3], settings: settings)
    #expect(abs(half.mean - 2.0 / 3) < 1e-15)
  }

  @Test func anAxisThatDoesNotVaryIsLeftOut() {
    let result = GranulatedKendall(measure: [1, 2], outcome: [5, 6], settings: [["x", "1"], ["x", "2"]])
    #expect(result.byAxis == [nil, 1])
    #expect(result.mean == 1)
    #expect(GranulatedKendall(measure: [], outcome: [], settings: []).mean.isNaN)
  }
}
