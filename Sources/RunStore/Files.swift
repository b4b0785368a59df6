// Serves execute and write: files that are there whole or not at all.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the system refused, in its own words.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or folder.
  public var path: String
  /// What was attempted, for example `write`.
  public var action: String
  /// The system's error number.
  public var number: Int32

  /// `cannot write x: No space left on device`.
  public var description: String { unsafe "cannot \(action) \(path): \(String(cString: strerror(number)))" }
}

/// Reading and writing whole files.
public enum Files {
  /// The bytes of a file, those before `offset` left out; `nil` when there is no file.
  public static func read(_ path: String, from offset: Int = 0) throws(FileError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw FileError(path: path, action: "read", number: errno)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var information = stat()
    if unsafe fstat(descriptor, &information) == 0 {
      bytes.reserveCapacity(max(0, Int(information.st_size) - offset))
    }
    if offset > 0, lseek(descriptor, off_t(offset), SEEK_SET) < 0 {
      throw FileError(path: path, action: "read", number: errno)
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, action: "read", number: errno)
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Writes `bytes` beside the file, syncs, and puts the new file in the old one's place.
  ///
  /// With `durable` the content has reached the disk when this returns, so that a crash of the machine cannot leave a
  /// torn file under the name.
  public static func write(_ bytes: [UInt8], to path: String, durable: Bool = true) throws(FileError) {
    let temporary = "\(path).\(processName).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw FileError(path: path, action: "write", number: errno) }
    do throws(FileError) {
      try writeAll(bytes, descriptor, path)
      if durable, fsync(descriptor) != 0 { throw FileError(path: path, action: "write", number: errno) }
      if close(descriptor) != 0 { throw FileError(path: path, action: "write", number: errno) }
      if rename(temporary, path) != 0 { throw FileError(path: path, action: "write", number: errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
  }

  /// Writes unless the file has exactly these bytes already; returns whether it wrote.
  @discardableResult
  public static func update(_ bytes: [UInt8], at path: String) throws(FileError) -> Bool {
    if let existing = try? read(path), existing == bytes { return false }
    try write(bytes, to: path, durable: false)
    return true
  }

  private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(FileError) {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, action: "write", number: errno)
      }
      offset += count
    }
  }

  /// Makes a folder and those above it.
  public static func makeFolder(_ path: String) throws(FileError) {
    if path.isEmpty || isFolder(path) { return }
    let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    if !parent.isEmpty { try makeFolder(parent) }
    if mkdir(path, 0o755) != 0, errno != EEXIST {
      throw FileError(path: path, action: "make the folder", number: errno)
    }
  }

  /// Whether there is a folder at `path`.
  public static func isFolder(_ path: String) -> Bool {
    var information = stat()
    return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// Bytes of a file; 0 when there is none.
  public static func size(_ path: String) -> Int {
    var information = stat()
    return unsafe stat(path, &information) == 0 ? Int(information.st_size) : 0
  }

  /// Whether there is anything at `path`.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Throws unless files can be made in the folder, which is made when it is missing.
  public static func requireWritable(_ folder: String) throws(FileError) {
    try makeFolder(folder)
    if access(folder, W_OK | X_OK) != 0 { throw FileError(path: folder, action: "write into", number: errno) }
  }

  /// This machine's name without dots: of the processes on others that share a folder nothing is known here.
  static let host: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "here" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self).replacing(".", with: "-")
  }()

  /// A name that no other process has, on any of the machines that share a folder.
  public static var processName: String { "\(host).\(getpid())" }

  /// Whether a name is that of a file that a process of this machine, no longer there, was writing.
  static func isAbandoned(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    guard parts.count >= 4, parts.last == "tmp", parts[parts.count - 3] == host,
      let process = pid_t(parts[parts.count - 2])
    else { return false }
    return process != getpid() && kill(process, 0) != 0 && errno == ESRCH
  }

  /// Names in a folder, sorted; empty when there is no such folder.
  public static func list(_ folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file; nothing happens when there is none.
  public static func remove(_ path: String) { unlink(path) }

  /// Removes an empty folder; nothing happens when there is none or it is not empty.
  public static func removeFolder(_ path: String) { rmdir(path) }
}
