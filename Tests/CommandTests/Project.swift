// A folder with a small paper in it, on which tests run the built command.
import Foundation
import Testing

/// The result of a command.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String
}

/// A folder with a small paper in it.
final class Project {
  let folder: String
  static let binary = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".build/debug/offprint").path

  init() throws {
    folder = NSTemporaryDirectory() + "offprint-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder + "/papers/small", withIntermediateDirectories: true)
    try write(
      "papers/small/paper.yml",
      "title: A small paper\nauthors: [{name: A. Author}]\nsections: [text.md]\nprofiles: [smoke, default]\n")
    try write("papers/small/text.md", Project.text)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static let text = """
    # Widths {#sec-widths}

    With 16 units the accuracy is `{val} exp-width[width=16].test_accuracy | %`; see @fig-width and @clm-width.

    ```{experiment #exp-width}
    data: {name: digits, train: 200, test: 100}
    model: {depth: 1}
    train: {lr: 0.2, batch: 20, steps: 60}
    vary: {width: [2, 16]}
    seeds: {smoke: 1, default: 3}
    ```

    ```{figure #fig-width}
    data: exp-width
    mark: {type: line, point: true}
    encoding:
      x: {field: width, scale: {type: log}}
      y: {field: test_accuracy, aggregate: mean, band: ci95, format: "%"}
    fig-cap: Accuracy against width.
    ```

    ```{claim #clm-width}
    says: Sixteen units do better than two.
    assert: exp-width[width=16].test_accuracy > exp-width[width=2].test_accuracy
    ```

    """

  func write(_ path: String, _ text: String) throws {
    try text.write(toFile: "\(folder)/\(path)", atomically: true, encoding: .utf8)
  }

  func read(_ path: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
  }

  func edit(_ old: String, _ new: String) throws {
    let text = try read("papers/small/text.md")
    #expect(text.contains(old))
    try write("papers/small/text.md", text.replacingOccurrences(of: old, with: new))
  }

  /// Every file of the report with its bytes.
  func report() throws -> [String: Data] { try files("output").filter { $0.key.contains(".") } }

  /// Every file in a folder with its bytes.
  func files(_ name: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(name)") {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)/\(path)", isDirectory: &isFolder)
      if !isFolder.boolValue {
        files[path] = FileManager.default.contents(atPath: "\(folder)/\(name)/\(path)")
      }
    }
    return files
  }

  /// The records in the store, sorted.
  var records: [String] {
    get throws {
      try files(".offprint/store").keys.filter { $0.hasSuffix(".json") }.map { ".offprint/store/\($0)" }
        .sorted()
    }
  }

  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> (Process, Pipe, Pipe) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Project.binary)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    return (process, output, errors)
  }

  @discardableResult
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    let (process, output, errors) = try start(arguments, environment: environment)
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text, errors: complaints)
  }
}
