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

  /// Bytes of a record on disk.
  public func size(_ key: String) -> Int { Files.size(path(key)) }

  /// Removes a record; nothing happens when there is none.
  public func remove(_ key: String) { Files.remove(path(key)) }
}
