// Serves the tests of write: the whole page of the sample paper.
import Foundation
import Manuscript
import Report
import Specification
import Testing

@Suite struct PaperPageTests {
  @Test func wholePageMatchesRecording() throws {
    try expectSnapshot(reportPage(try samplePaper(), sha256: sha256), "paper.html", in: fixtures)
  }
}
