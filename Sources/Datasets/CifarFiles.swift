// Serves run: the binary version of CIFAR-10, found on the search path and checked.

import BitExact

/// The six files of CIFAR-10's binary version in one folder (Krizhevsky 2009).
///
/// A file is a sequence of records: one byte for the class, then 32 × 32 bytes each of red, green and blue.
struct CifarFiles {
  static let shape = [3, 32, 32]
  private static let pixels = 3 * 32 * 32
  private static let record = 1 + pixels
  /// More records than this in a file are not CIFAR-10's.
  private static let mostRecords = 1_000_000

  private var train: [String]
  private var test: String

  /// All six.
  var paths: [String] { train + [test] }

  /// Finds the first folder of the search path that has the dataset.
  static func find(in searchPath: [String]) throws(DatasetError) -> CifarFiles {
    let folders = searchPath.flatMap {
      ["\($0)/cifar-10", "\($0)/cifar-10/cifar-10-batches-bin", "\($0)/cifar-10-batches-bin"]
    }
    for folder in folders {
      guard let first = try existing("\(folder)/data_batch_1.bin") else { continue }
      var paths = [first]
      for name in ["data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        guard let path = try existing("\(folder)/\(name).bin") else {
          throw .missing(
            dataset: DatasetName.cifar10.rawValue, folders: [folder],
            remedy: "it has \(first), but not \(name).bin beside it")
        }
        paths.append(path)
      }
      return CifarFiles(train: Array(paths.prefix(5)), test: paths[5])
    }
    throw .missing(
      dataset: DatasetName.cifar10.rawValue, folders: folders,
      remedy:
        "unpack cifar-10-binary.tar.gz, so that data_batch_1.bin … data_batch_5.bin and test_batch.bin lie in "
        + "data/cifar-10, or in a folder 'cifar-10' under OFFPRINT_DATA")
  }

  private static func existing(_ path: String) throws(DatasetError) -> String? {
    for candidate in [path, "\(path).gz"] where try GzipReader(path: candidate) != nil { return candidate }
    return nil
  }

  /// Number of training images.
  func trainCount() throws(DatasetError) -> Int {
    var count = 0
    for path in train { count += try read(path).count / CifarFiles.record }
    return count
  }

  /// Number of test images.
  func testCount() throws(DatasetError) -> Int { try read(test).count / CifarFiles.record }

  /// Reads and checks all six files.
  func source() throws(DatasetError) -> Source {
    var bytes: [UInt8] = []
    for path in train { bytes += try read(path) }
    let tests = try read(test)
    return Source(
      train: CifarFiles.part(bytes), test: CifarFiles.part(tests), classes: 10,
      digest: SHA256.hexDigest(
        of: Array("\(SHA256.hexDigest(of: bytes))\n\(SHA256.hexDigest(of: tests))".utf8)))
  }

  private func read(_ path: String) throws(DatasetError) -> [UInt8] {
    guard let reader = try GzipReader(path: path) else {
      throw .unreadable(file: path, reason: "the file has vanished")
    }
    let bytes = try reader.read(CifarFiles.mostRecords * CifarFiles.record)
    if bytes.isEmpty || bytes.count % CifarFiles.record != 0 {
      throw .malformed(
        file: path, byte: bytes.count,
        problem: "the file ends here, which is not after a whole record of \(CifarFiles.record) bytes")
    }
    for start in stride(from: 0, to: bytes.count, by: CifarFiles.record) where bytes[start] > 9 {
      throw .malformed(
        file: path, byte: start, problem: "label \(bytes[start]) is not one of the classes 0 to 9")
    }
    return bytes
  }

  private static func part(_ bytes: [UInt8]) -> SourcePart {
    var (images, labels): ([UInt8], [UInt8]) = ([], [])
    images.reserveCapacity(bytes.count)
    for start in stride(from: 0, to: bytes.count, by: record) {
      labels.append(bytes[start])
      images += bytes[start + 1..<start + record]
    }
    return SourcePart(inputs: .bytes(images, divisor: 255), shape: shape, labels: labels)
  }
}
