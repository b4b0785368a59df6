// Serves plan and run: everything that can be wrong with a dataset, in words that say what to do.

/// What is wrong with a dataset or with what was asked of it.
public enum DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The files of a dataset are in none of the folders of the search path.
  case missing(dataset: String, folders: [String], remedy: String)
  /// A file exists but the system does not let it be read.
  case unreadable(file: String, reason: String)
  /// A file's content is not what its format demands; `byte` counts from 0 in the uncompressed content.
  case malformed(file: String, byte: Int, problem: String)
  /// An option asks for something that the dataset cannot give.
  case invalidRequest(dataset: String, option: String, problem: String)

  /// The error in one sentence, with the remedy when there is one.
  public var description: String {
    switch self {
    case .missing(let dataset, let folders, let remedy):
      "the dataset '\(dataset)' is not on this machine (looked in \(folders.joined(separator: ", "))); \(remedy)"
    case .unreadable(let file, let reason):
      "\(file): cannot be read (\(reason))"
    case .malformed(let file, let byte, let problem):
      "\(file): byte \(byte): \(problem)"
    case .invalidRequest(let dataset, let option, let problem):
      "\(dataset): \(option): \(problem)"
    }
  }
}
