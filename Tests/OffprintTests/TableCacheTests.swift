// Tables that are kept from one build to the next: the same cells, and never those of records that changed.
import Datasets
import Diagnostics
import Experiments
import Foundation
import RunStore
import Specification
import Tables
import Testing

@testable import Offprint

@Suite struct TableCacheTests {
  @Test func rowsSurvive() throws {
    let rows: [[Cell]] = [
      [.number(0.1), .text("größer"), .missing], [.number(-0.0), .text(""), .number(.infinity)], [],
    ]
    var writer = RowWriter()
    writer.append("key")
    writer.append(rows)
    var reader = RowReader(writer.bytes)
    #expect(reader.text() == "key")
    #expect(reader.rows() == rows)
    #expect(reader.isAtEnd)
    for count in 0..<writer.bytes.count {
      var cut = RowReader(Array(writer.bytes.prefix(count)))
      #expect(cut.text() == nil || cut.rows() == nil)
    }
    var greedy = RowReader([UInt8](repeating: 0xFF, count: 64))
    #expect(greedy.rows() == nil)
  }

  @Test func tablesOfTouchedRecordsAreReadAgain() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = RunStore(folder: folder.path + "/store")
    let cache = TableCache(
      memory: BuildMemory(folder: folder.path, executable: "/proc/self/exe"), store: store)
    let experiment = try experiment()
    #expect(cache.load([experiment]).isEmpty)

    var results = ExperimentResults(tables: experiment.tables { _ in nil }, digests: [:])
    for run in experiment.runs {
      results.digests[run.key] = "digest \(run.seed)"
      results.tables[0].rows.append(
        Array(repeating: .number(Double(run.seed)), count: results.tables[0].columns.count))
      try store.save(StoredRun(key: run.key, specification: [:], result: [:], seconds: 1))
    }
    cache.save(results, of: experiment)
    let kept = try #require(cache.load([experiment])["exp-a"])
    #expect(kept.digests == results.digests)
    #expect(kept.tables.map(\.rows) == results.tables.map(\.rows))

    try store.save(StoredRun(key: experiment.runs[0].key, specification: [:], result: [:], seconds: 1))
    #expect(cache.load([experiment]).isEmpty)
    store.remove(experiment.runs[0].key)
    #expect(cache.load([experiment]).isEmpty)
  }

  private func experiment() throws -> Experiment {
    let body = try Node(
      yaml: """
        data: {name: digits, train: 100}
        model: {mlp: [5]}
        train: {optimizer: sgd, lr: 0.1, batch: 50, steps: 2}
        seeds: 2
        """, origin: SourcePosition(file: "a.md", line: 1, column: 1))
    var diagnostics = Diagnostics()
    let planner = ExperimentPlanner(
      profile: "default", profiles: ["default"], library: DatasetLibrary(searchPath: []))
    return try #require(planner.plan(ExperimentBlock(id: "exp-a", body: body), &diagnostics))
  }
}
