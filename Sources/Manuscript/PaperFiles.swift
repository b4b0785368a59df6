// Serves parse: the only part of the stage that touches the disk; it reads a paper's files.
import Diagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files of a paper, read.
public struct PaperFiles: Sendable {
  /// paper.yml.
  public var configuration: SourceText
  /// Returns a file inside the paper's folder, or why it cannot be had.
  public var read: @Sendable (_ path: String) throws(UnreadableFile) -> SourceText

  /// Files that `read` provides; `configuration` is paper.yml.
  public init(
    configuration: SourceText, read: @escaping @Sendable (_ path: String) throws(UnreadableFile) -> SourceText
  ) {
    self.configuration = configuration
    self.read = read
  }

  /// Files held in memory, by their path inside the paper; for tests and generated papers.
  public init(_ files: [String: String]) {
    self.init(configuration: SourceText(path: "paper.yml", files["paper.yml"] ?? "")) {
      path throws(UnreadableFile) in
      guard let text = files[path] else { throw UnreadableFile(reason: "there is no such file") }
      return SourceText(path: path, text)
    }
  }

  /// The files in `folder`, which is how the author knows the paper.
  public init(folder: String) throws {
    let prefix = folder == "." || folder.isEmpty ? "" : folder.hasSuffix("/") ? folder : folder + "/"
    let path = prefix + "paper.yml"
    do {
      configuration = SourceText(path: path, bytes: try contents(of: path))
    } catch {
      throw DiagnosticError(
        rule: "unreadable-file", "cannot read \(path): \(error.reason)",
        hint: "a paper is a folder with a file paper.yml")
    }
    read = { name throws(UnreadableFile) in
      guard staysInside(name) else { throw UnreadableFile(reason: "the path leaves the paper's folder") }
      try checkSymbolicLinks(of: prefix + name, folder: prefix.isEmpty ? "." : prefix)
      return SourceText(path: prefix + name, bytes: try contents(of: prefix + name))
    }
  }
}

/// Why a file could not be read.
public struct UnreadableFile: Error, Sendable {
  /// What is wrong, as a clause.
  public var reason: String

  /// Creates an error with a reason.
  public init(reason: String) { self.reason = reason }
}

/// Whether a relative path names something below its folder.
func staysInside(_ path: String) -> Bool {
  !path.isEmpty && !path.hasPrefix("/") && !path.contains { $0 == "\\" || $0 == "\0" || $0 == ":" }
    && !path.split(separator: "/").contains("..")
}

/// Refuses a path that leads out of the paper through a symbolic link.
private func checkSymbolicLinks(of path: String, folder: String) throws(UnreadableFile) {
  guard let target = resolved(path), let root = resolved(folder) else {
    throw UnreadableFile(reason: "there is no such file")
  }
  guard target.hasPrefix(root + "/") else {
    throw UnreadableFile(reason: "it is a link to a place outside the paper's folder")
  }
}

private func resolved(_ path: String) -> String? {
  guard let pointer = realpath(path, nil) else { return nil }
  defer { free(pointer) }
  return String(cString: pointer)
}

private func contents(of path: String) throws(UnreadableFile) -> [UInt8] {
  var status = stat()
  guard stat(path, &status) == 0 else { throw UnreadableFile(reason: String(cString: strerror(errno))) }
  // A pipe or a device could keep the reader waiting for ever.
  guard status.st_mode & S_IFMT == S_IFREG else { throw UnreadableFile(reason: "it is not a file") }
  guard let file = fopen(path, "rb") else { throw UnreadableFile(reason: String(cString: strerror(errno))) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  // One byte beyond the limit is enough to see that a file is too large.
  while bytes.count <= SourceText.largestSize {
    let count = fread(&buffer, 1, buffer.count, file)
    if count == 0 { break }
    bytes += buffer[..<count]
  }
  guard ferror(file) == 0 else { throw UnreadableFile(reason: "reading stopped with an error") }
  return bytes
}
