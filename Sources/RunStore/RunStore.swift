// Serves execute: results by the name of their run, immutable, checked whenever they are read.
import BitExact
import Specification

/// One stored result.
public struct StoredRun: Sendable {
  /// The run's key.
  public var key: String
  /// The resolved specification and seed, for people who look into the store.
  public var specification: Value
  /// The result.
  public var result: Value
  /// Seconds of processor time that it took.
  public var seconds: Double

  /// Collects the parts of a record.
  public init(key: String, specification: Value, result: Value, seconds: Double) {
    self.key = key
    self.specification = specification
    self.result = result
    self.seconds = seconds
  }
}

/// What the store has under a key.
public enum StoreEntry: Sendable {
  /// A whole record.
  case found(StoredRun)
  /// Nothing.
  case absent
  /// A file that is not the record that was written; the reason for people.
  case damaged(String)
}

/// A folder of immutable records. Any number of processes may use it at once: records are written aside, synced and
/// renamed, and two writers of one key write the same content.
public struct RunStore: Sendable {
  /// The folder.
  public let folder: String

  /// Opens a store; the folder is made at the first write.
  public init(folder: String) { self.folder = folder }

  private func path(_ key: String) -> String { "\(folder)/\(key.prefix(2))/\(key.dropFirst(2)).json" }

  /// The record of a run.
  public func load(_ key: String) -> StoreEntry {
    do {
      guard let bytes = try Files.read(path(key)) else { return .absent }
      return RunStore.read(bytes, key: key)
    } catch {
      return .damaged("\(error)")
    }
  }

  /// The record in the bytes of its file.
  public static func read(_ bytes: [UInt8], key: String) -> StoreEntry {
    do {
      guard let newline = bytes.firstIndex(of: 10) else { return .damaged("it is cut short") }
      let body = Array(bytes[(newline + 1)...])
      guard String(decoding: bytes[..<newline], as: UTF8.self) == SHA256.hexDigest(of: body) else {
        return .damaged("its checksum does not fit its content")
      }
      let value = try Value(json: body)
      guard value["key"]?.string == key, let result = value["result"],
        let specification = value["specification"]
      else {
        return .damaged("it is the record of another run")
      }
      return .found(
        StoredRun(
          key: key, specification: specification, result: result, seconds: value["seconds"]?.number ?? 0))
    } catch {
      return .damaged("\(error)")
    }
  }

  /// Stores a record durably.
  public func save(_ run: StoredRun) throws(FileError) {
    let value: Value = [
      "key": .string(run.key), "result": run.result, "seconds": .finite(run.seconds),
      "specification": run.specification,
    ]
    let body = Array((value.canonicalJSON + "\n").utf8)
    let path = path(run.key)
    try Files.makeFolder("\(folder)/\(run.key.prefix(2))")
    try Files.write(Array(SHA256.hexDigest(of: body).utf8) + [10] + body, to: path)
  }

  /// Keys of all records.
  public var keys: [String] {
    Files.list(folder).filter { $0.count == 2 }.flatMap { prefix in
      Files.list("\(folder)/\(prefix)").filter { $0.hasSuffix(".json") }.map { prefix + $0.dropLast(5) }
    }
  }

  // MARK: - Checkpoints

  private func checkpointPath(_ key: String) -> String { "\(folder)/checkpoints/\(key)" }

  /// The state that an interrupted run left; `nil` when there is none or it is not what was written.
  public func checkpoint(_ key: String) -> [UInt8]? {
    guard let bytes = try? Files.read(checkpointPath(key)), let newline = bytes.firstIndex(of: 10) else {
      return nil
    }
    let body = Array(bytes[(newline + 1)...])
    let header = "\(RunStore.checkpointFormat) \(SHA256.hexDigest(of: body))"
    return String(decoding: bytes[..<newline], as: UTF8.self) == header ? body : nil
  }

  /// Keeps the state of a run under way; an older one of the same run is replaced.
  public func saveCheckpoint(_ key: String, _ state: [UInt8]) throws(FileError) {
    try Files.makeFolder("\(folder)/checkpoints")
    let header = "\(RunStore.checkpointFormat) \(SHA256.hexDigest(of: state))\n"
    // A state that a crash of the machine takes away costs time and no result, so it need not be synced.
    try Files.write(Array(header.utf8) + state, to: checkpointPath(key), durable: false)
  }

  /// Removes the state of a run that is done.
  public func removeCheckpoint(_ key: String) { Files.remove(checkpointPath(key)) }

  /// Keys of runs that left a state, with its bytes on disk.
  public var checkpoints: [(key: String, bytes: Int)] {
    Files.list("\(folder)/checkpoints").filter { $0.count == 64 }.map { ($0, Files.size(checkpointPath($0))) }
  }

  /// What stands before the checksum of a state; another form gets another word, and older states are not read.
  private static let checkpointFormat = "offprint-checkpoint-1"

  // MARK: - One process a run

  /// Keeps other processes from making the same run; `nil` when one is at it and `waits` is false.
  ///
  /// The system releases the lock when its process ends, however it ends. Where locks cannot be had (some network file
  /// systems), the result is a lock that holds nobody off: two processes then make the same record.
  public func lock(_ key: String, waits: Bool) -> RunLock? {
    RunLock("\(folder)/locks/\(key)", in: "\(folder)/locks", waits: waits)
  }

  // MARK: - Housekeeping

  /// Removes files that processes left half written when they were killed, except those of processes still there.
  ///
  /// - Returns: how many there were, and their bytes.
  @discardableResult
  public func removeLeftovers(dryRun: Bool = false) -> (files: Int, bytes: Int) {
    var removed = (files: 0, bytes: 0)
    for folder in Files.list(folder).map({ "\(folder)/\($0)" }) where Files.isFolder(folder) {
      for name in Files.list(folder) where Files.isAbandoned(name) {
        removed.files += 1
        removed.bytes += Files.size("\(folder)/\(name)")
        if !dryRun { Files.remove("\(folder)/\(name)") }
      }
    }
    return removed
  }

  /// What changes when a record is written, altered or replaced; `nil` when there is none.
  public func stamp(_ key: String) -> FileStamp? { FileStamp(path(key)) }

  /// Bytes of a record on disk.
  public func size(_ key: String) -> Int { Files.size(path(key)) }

  /// Removes a record; nothing happens when there is none.
  public func remove(_ key: String) { Files.remove(path(key)) }
}
