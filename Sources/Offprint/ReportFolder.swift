// Serves write: the files of a report, of which only those that changed are made and written.
import BitExact
import Report
import RunStore
import Tables

/// A file that a report may need.
struct ReportFile {
  /// Its path, relative to the report.
  var path: String
  /// The digest of everything that its bytes depend on; `nil` when only the bytes themselves tell.
  var recipe: String?
  /// Makes the bytes.
  var make: () throws -> [UInt8]

  /// A file with the same bytes for the same recipe.
  init(_ path: String, recipe: String?, make: @escaping () throws -> [UInt8]) {
    self.path = path
    self.recipe = recipe
    self.make = make
  }

  /// A text that is as quickly made as looked up.
  init(_ path: String, _ text: String) {
    self.init(path, recipe: nil) { Array(text.utf8) }
  }
}

/// The folder of a report, and what earlier builds put into it.
///
/// A file is left alone when it was made by the same recipe, or of the same bytes, and its stamp says that nobody has touched it
/// since. What was made before is only remembered to save time.
struct ReportFolder {
  /// A file that is in place.
  struct Made: Hashable {
    /// What crates and manifests say of it.
    var file: PublishedFile
    /// How it was made; empty when only its bytes tell.
    var recipe: String
    /// Its stamp since.
    var stamp: String
  }

  /// The folder.
  let path: String
  /// The files that this build has put or left there, in order.
  private(set) var made: [Made] = []
  private var earlier: [String: Made] = [:]
  private let memory: BuildMemory

  private var name: String { "reports/\(SHA256.hexDigest(of: path))" }

  /// The folder at `path`, as `memory` knows it.
  init(_ path: String, memory: BuildMemory) {
    self.path = path
    self.memory = memory
    let kept = memory.recall(name, madeOf: path).flatMap { [Made](stored: $0) } ?? []
    earlier = Dictionary(kept.map { ($0.file.path, $0) }) { first, _ in first }
  }

  /// The files of this build as others list them.
  var files: [PublishedFile] { made.map(\.file) }

  /// Whether all of these are still in place as they were made; they then count as files of this build.
  mutating func holds(_ files: [Made]) -> Bool {
    guard files.allSatisfy({ isInPlace($0) }) else { return false }
    made += files
    return true
  }

  /// Makes the file unless it is in place.
  mutating func put(_ file: ReportFile) throws {
    let known = earlier[file.path].flatMap { isInPlace($0) ? $0 : nil }
    if let known, let recipe = file.recipe, known.recipe == recipe {
      made.append(known)
      return
    }
    let bytes = try file.make()
    let published = PublishedFile(path: file.path, size: bytes.count, sha256: SHA256.hexDigest(of: bytes))
    if known == nil {
      try Files.makeFolder("\(path)/\(file.path)".parentFolder)
      try Files.update(bytes, at: "\(path)/\(file.path)")
    } else if known?.file != published {
      try Files.write(bytes, to: "\(path)/\(file.path)", durable: false)
    }
    made.append(Made(file: published, recipe: file.recipe ?? "", stamp: stamp(file.path)))
  }

  /// A part of a file that is worth keeping by itself.
  func part(_ part: String, madeOf seal: String?, make: () -> [UInt8]) -> [UInt8] {
    guard let seal else { return make() }
    if let kept = memory.recall("\(name)-\(part)", madeOf: seal) { return kept }
    let bytes = make()
    memory.keep(bytes, as: "\(name)-\(part)", madeOf: seal)
    return bytes
  }

  /// Remembers the files of this build for the next one.
  func remember() {
    if Set(made) != Set(earlier.values) { memory.keep(made.stored, as: name, madeOf: path) }
  }

  private func isInPlace(_ made: Made) -> Bool { !made.stamp.isEmpty && stamp(made.file.path) == made.stamp }

  private func stamp(_ file: String) -> String { FileStamp("\(path)/\(file)")?.description ?? "" }
}

extension ReportFolder.Made: Storable {
  init?(_ reader: inout RowReader) {
    guard let path = String(&reader), let size = Int(&reader), let sha256 = String(&reader),
      let recipe = String(&reader), let stamp = String(&reader)
    else { return nil }
    self.init(
      file: PublishedFile(path: path, size: size, sha256: sha256), recipe: recipe, stamp: stamp)
  }

  func store(_ writer: inout RowWriter) {
    file.path.store(&writer)
    file.size.store(&writer)
    file.sha256.store(&writer)
    recipe.store(&writer)
    stamp.store(&writer)
  }
}
