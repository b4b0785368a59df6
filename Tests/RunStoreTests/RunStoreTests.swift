// The store: records are found whole, found damaged, or not found.
import RunStore
import Specification
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func temporaryFolder() throws -> String {
  var template = Array("/tmp/offprint-test-XXXXXX".utf8CString)
  let made = unsafe mkdtemp(&template) != nil
  try #require(made)
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

@Suite struct RunStoreTests {
  private let key = String(repeating: "ab", count: 32)
  private var run: StoredRun {
    StoredRun(
      key: key, specification: ["lr": 0.1], result: ["loss": 0.25, "worst": .finite(.nan)], seconds: 1.5)
  }

  private func file(_ store: RunStore) -> String { "\(store.folder)/ab/\(key.dropFirst(2)).json" }

  @Test func recordsComeBackAsTheyWere() throws {
    let store = RunStore(folder: try temporaryFolder() + "/store")
    guard case .absent = store.load(key) else {
      Issue.record("an empty store has a record")
      return
    }
    try store.save(run)
    guard case .found(let found) = store.load(key) else {
      Issue.record("the record is not there")
      return
    }
    #expect(found.result == run.result)
    #expect(found.seconds == 1.5)
    #expect(store.keys == [key])
    #expect(Files.list("\(store.folder)/ab").count == 1)
  }

  @Test(arguments: ["torn", "altered", "empty", "other", "not JSON"])
  func damagedRecordsAreNoticed(how: String) throws {
    let store = RunStore(folder: try temporaryFolder())
    try store.save(run)
    var bytes = try #require(try Files.read(file(store)))
    switch how {
    case "torn": bytes.removeLast(10)
    case "altered": bytes[bytes.count - 20] ^= 1
    case "empty": bytes = []
    case "other":
      var other = run
      other.key = String(repeating: "ac", count: 32)
      try store.save(other)
      bytes = try #require(try Files.read("\(store.folder)/ac/\(other.key.dropFirst(2)).json"))
    default: bytes = Array("nonsense\n{".utf8)
    }
    try Files.write(bytes, to: file(store))
    guard case .damaged(let reason) = store.load(key) else {
      Issue.record("a damaged record was taken")
      return
    }
    #expect(!reason.isEmpty)
    try store.save(run)
    guard case .found = store.load(key) else {
      Issue.record("the record could not be made again")
      return
    }
  }

  @Test func anUnwritableFolderIsAnErrorAndLeavesNothing() throws {
    let store = RunStore(folder: "/proc/offprint")
    #expect(throws: FileError.self) { try store.save(run) }
  }

  @Test func filesAreOnlyWrittenWhenTheyChange() throws {
    let path = try temporaryFolder() + "/file"
    #expect(try Files.update([1, 2, 3], at: path))
    #expect(try !Files.update([1, 2, 3], at: path))
    #expect(try Files.update([1, 2], at: path))
    #expect(try Files.read(path) == [1, 2])
  }

  @Test func checkpointsComeBackWholeOrNotAtAll() throws {
    let store = RunStore(folder: try temporaryFolder() + "/store")
    #expect(store.checkpoint(key) == nil)
    try store.saveCheckpoint(key, [1, 2, 10, 3])
    #expect(store.checkpoint(key) == [1, 2, 10, 3])
    try store.saveCheckpoint(key, [4])
    #expect(store.checkpoint(key) == [4])
    #expect(store.checkpoints.map(\.key) == [key])
    #expect(store.keys.isEmpty)
    let path = "\(store.folder)/checkpoints/\(key)"
    let bytes = try #require(try Files.read(path))
    for altered in [Array(bytes.dropLast()), bytes + [0], [0] + bytes.dropFirst(), []] {
      try Files.write(altered, to: path)
      #expect(store.checkpoint(key) == nil)
    }
    store.removeCheckpoint(key)
    #expect(store.checkpoints.isEmpty)
  }

  @Test func oneProcessMakesARun() throws {
    let store = RunStore(folder: try temporaryFolder() + "/store")
    let first = try #require(store.lock(key, waits: false))
    // Another descriptor of the file is what another process has.
    #expect(store.lock(key, waits: false) == nil)
    #expect(store.lock(String(repeating: "cd", count: 32), waits: false) != nil)
    first.release()
    let second = try #require(store.lock(key, waits: true))
    second.release()
    #expect(Files.list("\(store.folder)/locks").isEmpty)
  }

  @Test func halfWrittenFilesOfDeadProcessesAreRemoved() throws {
    let store = RunStore(folder: try temporaryFolder() + "/store")
    try store.save(run)
    let folder = "\(store.folder)/ab"
    let host = try #require(Files.processName.split(separator: ".").first)
    // Another machine that shares the folder may be writing what no process of this one is.
    for name in [
      "x.json.\(host).999999999.tmp", "x.json.\(Files.processName).tmp", "notes.tmp",
      "x.json.elsewhere.999999999.tmp",
    ] {
      #expect(creat("\(folder)/\(name)", 0o644) >= 0)
    }
    #expect(store.removeLeftovers(dryRun: true).files == 1)
    #expect(store.removeLeftovers().files == 1)
    #expect(Files.list(folder).count == 4)
    guard case .found = store.load(key) else {
      Issue.record("the record is gone")
      return
    }
  }
}
