// The idx reader, on files written for each test.
import CZlib
import Foundation
import Testing

@testable import Datasets

/// A folder that goes away with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "offprint-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record(error, "\(path) remains") }
  }

  func write(_ bytes: [UInt8], to name: String, compressed: Bool = false) throws {
    let file = "\(path)/\(name)"
    let folder = URL(filePath: file).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if compressed {
      let handle = try #require(gzopen(file, "wb"))
      _ = bytes.withUnsafeBytes { gzwrite(handle, $0.baseAddress, UInt32($0.count)) }
      #expect(gzclose(handle) == Z_OK)
    } else {
      try Data(bytes).write(to: URL(filePath: file))
    }
  }

  func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
  }
}

func idx(_ dimensions: [Int], _ elements: [UInt8]) -> [UInt8] {
  [0, 0, 8, UInt8(dimensions.count)]
    + dimensions.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } } + elements
}

/// `train` + `test` images of 28 × 28 whose pixels are all the number of the image, with labels 0, 1, 2, …
func writeImages(_ folder: TemporaryFolder, train: Int, test: Int, compressed: Bool = true) throws {
  let suffix = compressed ? ".gz" : ""
  for (stem, count) in [("train", train), ("t10k", test)] {
    let pixels = (0..<count).flatMap { [UInt8](repeating: UInt8($0 % 256), count: 784) }
    let labels = (0..<count).map { UInt8($0 % 10) }
    try folder.write(
      idx([count, 28, 28], pixels), to: "mnist/\(stem)-images-idx3-ubyte\(suffix)", compressed: compressed)
    try folder.write(
      idx([count], labels), to: "mnist/\(stem)-labels-idx1-ubyte\(suffix)", compressed: compressed)
  }
}

@Suite struct IdxTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [true, false]) func readsPlainAndCompressed(compressed: Bool) throws {
    try folder.write(idx([2, 1, 3], [1, 2, 3, 4, 5, 6]), to: "x", compressed: compressed)
    let file = try #require(try IdxFile.read(path: "\(folder.path)/x", rank: 3))
    #expect(file.dimensions == [2, 1, 3] && file.elements == [1, 2, 3, 4, 5, 6])
    #expect(try IdxFile.readDimensions(path: "\(folder.path)/x", rank: 3) == [2, 1, 3])
    #expect(try IdxFile.read(path: "\(folder.path)/y", rank: 3) == nil)
  }

  static let broken: [(bytes: [UInt8], message: String)] = [
    ([], "byte 0: not an idx file of unsigned bytes with 1 dimensions (expected 00 00 08 01, found nothing)"),
    (
      [0, 0, 13, 1, 0, 0, 0, 1, 5],
      "byte 0: not an idx file of unsigned bytes with 1 dimensions (expected 00 00 08 01, found 00 00 0d 01)"
    ),
    ([0, 0, 8, 1, 0, 0], "byte 6: the file ends within its header"),
    (idx([0], []), "byte 4: dimension 1 is 0, which cannot be"),
    (idx([3], [1, 2]), "byte 10: the file ends here, but its header promises 11 bytes"),
    (idx([2], [1, 2, 3]), "byte 10: the file goes on, but its header promises 10 bytes"),
  ]

  @Test(arguments: broken.indices) func brokenFilesAreNamedWithTheByte(index: Int) throws {
    let (bytes, message) = Self.broken[index]
    for compressed in [false, true] where !(bytes.isEmpty && compressed) {
      try folder.write(bytes, to: "labels", compressed: compressed)
      let path = "\(folder.path)/labels"
      let error = try #require(throws: DatasetError.self) { try IdxFile.read(path: path, rank: 1) }
      #expect(error.description == "\(path): \(message)")
    }
  }

  @Test func aFalseHeaderAsksForNoMemory() throws {
    // 2³² − 1 promised bytes, three present.
    try folder.write([0, 0, 8, 1, 255, 255, 255, 255, 1, 2, 3], to: "labels")
    let error = try #require(throws: DatasetError.self) {
      try IdxFile.read(path: "\(folder.path)/labels", rank: 1)
    }
    #expect(
      error.description.hasSuffix("byte 11: the file ends here, but its header promises 4294967303 bytes"))
    // Dimensions whose product overflows.
    try folder.write([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12), to: "images")
    #expect(throws: DatasetError.self) { try IdxFile.read(path: "\(folder.path)/images", rank: 3) }
  }

  @Test func aTruncatedArchiveIsAnError() throws {
    try folder.write(idx([9000], (0..<9000).map { UInt8($0 * $0 % 251) }), to: "whole", compressed: true)
    let whole = try folder.bytes(of: "whole")
    try folder.write(Array(whole.dropLast(whole.count / 2)), to: "cut")
    let cut = try #require(throws: DatasetError.self) {
      try IdxFile.read(path: "\(folder.path)/cut", rank: 1)
    }
    #expect(cut.description.hasSuffix("the compressed file is cut short"))
    var damaged = whole
    damaged[whole.count / 2] ^= 0xFF
    damaged[whole.count / 2 + 1] ^= 0xFF
    try folder.write(damaged, to: "damaged")
    #expect(throws: DatasetError.self) { try IdxFile.read(path: "\(folder.path)/damaged", rank: 1) }
  }

  @Test(arguments: [true, false]) func aDatasetIsFoundAndResized(compressed: Bool) throws {
    try writeImages(folder, train: 30, test: 10, compressed: compressed)
    let library = DatasetLibrary(searchPath: ["/nonexistent", folder.path])
    for size in [28, 14, 10] {
      let request = DatasetRequest(.mnist, size: size, standardization: Standardization.none)
      let split = try library.load(request, seed: 1)
      #expect(split.train.shape == [1, size, size] && split.train.count == 30 && split.test.count == 10)
      #expect(split.train.input(7).allSatisfy { $0 == Float(7) / 255 })
      #expect(split.train.labels[17] == 7)
      #expect(try library.description(of: request).inputCount == size * size)
    }
  }

  @Test func digestCoversTheContentNotThePacking() throws {
    try writeImages(folder, train: 3, test: 2, compressed: true)
    let packed = try DatasetLibrary(searchPath: [folder.path]).digest(of: DatasetRequest(.mnist))
    let other = try TemporaryFolder()
    try writeImages(other, train: 3, test: 2, compressed: false)
    let library = DatasetLibrary(searchPath: [other.path])
    #expect(try library.digest(of: DatasetRequest(.mnist)) == packed)
    try writeImages(other, train: 4, test: 2, compressed: false)
    #expect(try library.digest(of: DatasetRequest(.mnist)) == packed, "decoded files are kept")
    #expect(try DatasetLibrary(searchPath: [other.path]).digest(of: DatasetRequest(.mnist)) != packed)
  }

  @Test func aMissingDatasetSaysHowToGetIt() throws {
    let library = DatasetLibrary(searchPath: ["/nonexistent"])
    let error = try #require(throws: DatasetError.self) {
      try library.description(of: DatasetRequest(.fashionMNIST))
    }
    #expect(error.description.contains("looked in /nonexistent/fashion-mnist"))
    #expect(error.description.contains("apt-get install dataset-fashion-mnist"))
    try writeImages(folder, train: 3, test: 2)
    try FileManager.default.removeItem(atPath: "\(folder.path)/mnist/t10k-labels-idx1-ubyte.gz")
    let partial = try #require(throws: DatasetError.self) {
      try DatasetLibrary(searchPath: [folder.path]).load(DatasetRequest(.mnist), seed: 1)
    }
    #expect(partial.description.contains("but not t10k-labels-idx1-ubyte.gz beside it"))
  }

  @Test func contradictingFilesAreAnError() throws {
    try writeImages(folder, train: 3, test: 2)
    try folder.write(idx([4], [0, 1, 2, 3]), to: "mnist/train-labels-idx1-ubyte.gz")
    let counts = try #require(throws: DatasetError.self) {
      try DatasetLibrary(searchPath: [folder.path]).load(DatasetRequest(.mnist), seed: 1)
    }
    #expect(counts.description.contains("train-labels-idx1-ubyte.gz: byte 4: 4 labels, but"))
    try folder.write(idx([3], [0, 10, 2]), to: "mnist/train-labels-idx1-ubyte.gz")
    let label = try #require(throws: DatasetError.self) {
      try DatasetLibrary(searchPath: [folder.path]).load(DatasetRequest(.mnist), seed: 1)
    }
    #expect(label.description.contains("byte 9: label 10 is not one of the classes 0 to 9"))
  }

  @Test func searchPathStartsWithTheUsers() {
    #expect(DatasetLibrary.defaultSearchPath(environment: [:]) == ["data", "/usr/share/datasets"])
    #expect(
      DatasetLibrary.defaultSearchPath(environment: ["OFFPRINT_DATA": "/d"]) == [
        "/d", "data", "/usr/share/datasets",
      ])
    #expect(DatasetLibrary.defaultSearchPath(environment: ["OFFPRINT_DATA": ""]).count == 2)
  }

  static let debian = "/usr/share/datasets"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "\(debian)/fashion-mnist")))
  func fashionMNISTIsTheKnownOne() throws {
    let library = DatasetLibrary(searchPath: [Self.debian])
    let request = DatasetRequest(.fashionMNIST, train: 100, test: 50, size: 10)
    let described = try library.description(of: request)
    #expect(described.shape == [1, 10, 10] && described.train == 100)
    #expect(try library.description(of: DatasetRequest(.fashionMNIST)).train == 60_000)
    let digest = try library.digest(of: request)
    #expect(digest == "0784a717f03ad525ec6a0a3764b845a35537e540b11fc3e332db89b274614949")
    let split = try library.load(request, seed: 3)
    #expect(split.train.count == 100 && split.test.count == 50)
    let statistics = split.train.pixelStatistics
    #expect(abs(statistics.mean) < 1e-6 && abs(statistics.standardDeviation - 1) < 1e-6)
  }
}
