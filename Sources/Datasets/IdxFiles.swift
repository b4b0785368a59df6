// Serves run: the four files of MNIST and its relatives, found on the search path and checked against each other.

import BitExact

/// The four idx files of a dataset in one folder.
struct IdxFiles {
  var dataset: DatasetName
  var trainImages: String
  var trainLabels: String
  var testImages: String
  var testLabels: String

  /// All four.
  var paths: [String] { [trainImages, trainLabels, testImages, testLabels] }

  /// Finds the first folder of the search path that has the dataset.
  static func find(_ dataset: DatasetName, in searchPath: [String]) throws(DatasetError) -> IdxFiles {
    let folders = searchPath.map { "\($0)/\(dataset.rawValue)" }
    for folder in folders {
      guard let trainImages = try existing(folder, "train-images", rank: 3) else { continue }
      func sibling(_ stem: String, rank: Int) throws(DatasetError) -> String {
        if let path = try existing(folder, stem, rank: rank) { return path }
        throw .missing(
          dataset: dataset.rawValue, folders: [folder],
          remedy: "it has \(trainImages), but not \(stem)-idx\(rank)-ubyte.gz beside it")
      }
      return IdxFiles(
        dataset: dataset, trainImages: trainImages, trainLabels: try sibling("train-labels", rank: 1),
        testImages: try sibling("t10k-images", rank: 3), testLabels: try sibling("t10k-labels", rank: 1))
    }
    throw .missing(dataset: dataset.rawValue, folders: folders, remedy: remedy(dataset))
  }

  /// The path of an idx file under any of the names in use.
  private static func existing(_ folder: String, _ stem: String, rank: Int) throws(DatasetError) -> String? {
    for name in ["\(stem)-idx\(rank)-ubyte", "\(stem).idx\(rank)-ubyte"] {
      for path in ["\(folder)/\(name).gz", "\(folder)/\(name)"] {
        if try GzipReader(path: path) != nil { return path }
      }
    }
    return nil
  }

  private static func remedy(_ dataset: DatasetName) -> String {
    switch dataset {
    case .fashionMNIST:
      "on Debian and Ubuntu, 'apt-get install dataset-fashion-mnist' brings it; elsewhere put the four "
        + "idx.gz files into data/fashion-mnist, or into a folder 'fashion-mnist' under OFFPRINT_DATA"
    default:
      "put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
        + "t10k-labels-idx1-ubyte.gz into data/\(dataset.rawValue), or into a folder '\(dataset.rawValue)' "
        + "under OFFPRINT_DATA"
    }
  }

  /// Reads the header of one of the image files.
  func dimensions(_ file: KeyPath<IdxFiles, String>) throws(DatasetError) -> [Int] {
    if let dimensions = try IdxFile.readDimensions(path: self[keyPath: file], rank: 3) { return dimensions }
    throw .unreadable(file: self[keyPath: file], reason: "the file has vanished")
  }

  /// Reads and checks all four files.
  func source() throws(DatasetError) -> Source {
    let files = [
      try read(trainImages, rank: 3), try read(trainLabels, rank: 1), try read(testImages, rank: 3),
      try read(testLabels, rank: 1),
    ]
    let train = try part(images: files[0], labels: files[1])
    let test = try part(images: files[2], labels: files[3])
    if train.shape != test.shape {
      throw .malformed(
        file: testImages, byte: 8, problem: "its images have another size than those of \(trainImages)")
    }
    let digests = files.map { SHA256.hexDigest(of: $0.elements) + " \($0.dimensions)" }
    return Source(
      train: train, test: test, classes: 10,
      digest: SHA256.hexDigest(of: Array(digests.joined(separator: "\n").utf8)))
  }

  private func read(_ path: String, rank: Int) throws(DatasetError) -> IdxFile {
    if let file = try IdxFile.read(path: path, rank: rank) { return file }
    throw .unreadable(file: path, reason: "the file has vanished")
  }

  private func part(images: IdxFile, labels: IdxFile) throws(DatasetError) -> SourcePart {
    if images.dimensions[0] != labels.dimensions[0] {
      throw .malformed(
        file: labels.path, byte: 4,
        problem: "\(labels.dimensions[0]) labels, but \(images.path) has \(images.dimensions[0]) images")
    }
    if let index = labels.elements.firstIndex(where: { $0 > 9 }) {
      throw .malformed(
        file: labels.path, byte: IdxFile.headerLength(rank: 1) + index,
        problem: "label \(labels.elements[index]) is not one of the classes 0 to 9")
    }
    return SourcePart(
      inputs: .bytes(images.elements, divisor: 255), shape: [1, images.dimensions[1], images.dimensions[2]],
      labels: labels.elements)
  }
}
