// Serves every stage: what a build leaves for the next one, so that work on the same input is done once.
import BitExact
import RunStore

/// Bytes with their digest before them, by which damage is seen.
func sealed(_ body: [UInt8]) -> [UInt8] { Array(SHA256.hexDigest(of: body).utf8) + body }

/// The bytes inside; `nil` when they are not those that were sealed.
func unsealed(_ bytes: [UInt8]) -> [UInt8]? {
  let body = Array(bytes.dropFirst(64))
  return bytes.prefix(64).elementsEqual(SHA256.hexDigest(of: body).utf8) ? body : nil
}

/// Bytes under names, each with a seal: the digest of everything that they were made of.
///
/// It only saves time, and may be removed at any time: what was made of anything else or by another build of the program, and
/// what is damaged, is as good as absent.
struct BuildMemory: Sendable {
  private let folder: String
  /// Tells this build of the program from others.
  let program: String

  /// A memory in `folder` for the program that `executable` is.
  init(folder: String, executable: String) {
    self.folder = folder
    program = FileStamp(executable)?.description ?? ""
  }

  /// The bytes that were kept under `name`; `nil` unless they were made of what `seal` stands for.
  func recall(_ name: String, madeOf seal: String) -> [UInt8]? {
    guard let content = try? Files.read("\(folder)/\(name)"), let newline = content.firstIndex(of: 10) else {
      return nil
    }
    let body = Array(content[(newline + 1)...])
    return content[..<newline].elementsEqual(header(seal, body).utf8) ? body : nil
  }

  /// Keeps bytes in the place of earlier ones of that name; a folder that cannot be written costs the time again, and
  /// nothing else.
  func keep(_ body: [UInt8], as name: String, madeOf seal: String) {
    let path = "\(folder)/\(name)"
    try? Files.makeFolder(path.parentFolder)
    try? Files.write(Array("\(header(seal, body))\n".utf8) + body, to: path, durable: false)
  }

  /// Removes everything that is kept.
  func forget() {
    for part in ["tables", "findings", "reports"] { emptyFolder("\(folder)/\(part)") }
  }

  private func header(_ seal: String, _ body: [UInt8]) -> String {
    "\(SHA256.hexDigest(of: "\(program)\n\(seal)")) \(SHA256.hexDigest(of: body))"
  }
}
