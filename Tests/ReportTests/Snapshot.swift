// Serves the tests: compares text with a recorded file and shows where they part.
import Foundation
import Testing

/// Compares `text` with the fixture `name`; on a difference the test fails with the first lines that differ.
///
/// With `OFFPRINT_RECORD=1` in the environment the fixture is written instead, and the test still fails, so that a
/// recording is never mistaken for a comparison. `CI` in the environment forbids recording.
func expectSnapshot(
  _ text: String, _ name: String, in folder: URL, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = folder.appending(path: name)
  let environment = ProcessInfo.processInfo.environment
  if environment["OFFPRINT_RECORD"] == "1", environment["CI"] == nil {
    try text.write(to: file, atomically: true, encoding: .utf8)
    Issue.record("recorded \(name)", sourceLocation: sourceLocation)
    return
  }
  guard let recorded = try? String(contentsOf: file, encoding: .utf8) else {
    Issue.record("there is no recording \(name); run with OFFPRINT_RECORD=1", sourceLocation: sourceLocation)
    return
  }
  if text != recorded {
    Issue.record("\(name) differs:\n\(difference(recorded, text))", sourceLocation: sourceLocation)
  }
}

/// The first lines that differ, `-` as recorded and `+` as made now.
private func difference(_ recorded: String, _ text: String) -> String {
  let old = recorded.split(separator: "\n", omittingEmptySubsequences: false)
  let new = text.split(separator: "\n", omittingEmptySubsequences: false)
  let same = zip(old, new).prefix { $0 == $1 }.count
  let lines = old[same...].prefix(5).map { "- \($0)" } + new[same...].prefix(5).map { "+ \($0)" }
  return "line \(same + 1):\n" + lines.map { String($0.prefix(400)) }.joined(separator: "\n")
}
