// Serves execute: what passes between a build and its workers, one JSON value a line.
import Specification

/// A run as a worker receives it.
public struct Job: Sendable {
  /// The run's key.
  public var key: String
  /// The resolved specification.
  public var specification: Value
  /// The seed.
  public var seed: Int
  /// Whether a record that is there already is made again.
  public var isFresh: Bool
  /// Whether to wait for another process that is making the run.
  public var waits: Bool

  /// Creates a job.
  public init(key: String, specification: Value, seed: Int, isFresh: Bool = false, waits: Bool = false) {
    self.key = key
    self.specification = specification
    self.seed = seed
    self.isFresh = isFresh
    self.waits = waits
  }

  var line: String {
    let value: Value = [
      "fresh": .bool(isFresh), "key": .string(key), "seed": .number(Double(seed)),
      "specification": specification,
      "waits": .bool(waits),
    ]
    return value.canonicalJSON + "\n"
  }

  init?(line: some Sequence<UInt8>) {
    guard let value = try? Value(json: line), let key = value["key"]?.string,
      let seed = value["seed"]?.integer,
      let specification = value["specification"]
    else { return nil }
    self.init(
      key: key, specification: specification, seed: seed, isFresh: value["fresh"]?.bool ?? false,
      waits: value["waits"]?.bool ?? false)
  }
}

/// What a worker says.
enum Report: Sendable {
  /// Steps done of all steps.
  case progress(key: String, done: Int, total: Int)
  /// The record is in the store.
  case finished(key: String, seconds: Double)
  /// The run cannot be had, for this reason.
  case failed(key: String, reason: String)
  /// Another process is making the run.
  case busy(key: String)
  /// The store refuses records, so that no run can be kept.
  case storeFailed(key: String, reason: String)
  /// A task has done what it was given.
  case ended

  var line: String {
    let value: Value =
      switch self {
      case .progress(let key, let done, let total):
        ["progress": .string(key), "done": .number(Double(done)), "total": .number(Double(total))]
      case .finished(let key, let seconds): ["finished": .string(key), "seconds": .number(seconds)]
      case .failed(let key, let reason): ["failed": .string(key), "reason": .string(reason)]
      case .busy(let key): ["busy": .string(key)]
      case .storeFailed(let key, let reason): ["store-failed": .string(key), "reason": .string(reason)]
      case .ended: ["ended": .bool(true)]
      }
    return value.canonicalJSON + "\n"
  }

  init?(line: some Sequence<UInt8>) {
    guard let value = try? Value(json: line) else { return nil }
    if let key = value["progress"]?.string, let done = value["done"]?.integer,
      let total = value["total"]?.integer
    {
      self = .progress(key: key, done: done, total: total)
    } else if let key = value["finished"]?.string {
      self = .finished(key: key, seconds: value["seconds"]?.number ?? 0)
    } else if let key = value["busy"]?.string {
      self = .busy(key: key)
    } else if let key = value["store-failed"]?.string {
      self = .storeFailed(key: key, reason: value["reason"]?.string ?? "no reason given")
    } else if let key = value["failed"]?.string {
      self = .failed(key: key, reason: value["reason"]?.string ?? "no reason given")
    } else if value["ended"]?.bool == true {
      self = .ended
    } else {
      return nil
    }
  }
}
