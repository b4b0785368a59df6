// Generated datasets against their definitions; ways to scale inputs; CIFAR-10's files.
import BitExact
import Datasets
import Foundation
import Testing

private let library = DatasetLibrary(searchPath: [])

@Suite struct GeneratedTests {
  @Test func scalingsKeepTheirPromise() throws {
    func split(_ way: Standardization) throws -> DataSplit {
      try library.load(DatasetRequest(.digits, train: 300, test: 50, standardization: way), seed: 3)
    }
    let unit = try split(.unit)
    #expect(try unit.train.inputs == split(.none).train.inputs)
    #expect(try zip(unit.train.inputs, split(.raw).train.inputs).allSatisfy { $0 * 16 == $1 })
    let centered = try split(.center)
    let shift = unit.train.inputs[5] - centered.train.inputs[5]
    #expect(abs(unit.train.inputs[64 + 5] - centered.train.inputs[64 + 5] - shift) < 1e-6)
    for pixel in 0..<64 {
      let mean = stride(from: pixel, to: 300 * 64, by: 64).reduce(0.0) {
        $0 + Double(centered.train.inputs[$1])
      }
      #expect(abs(mean / 300) < 1e-6)
    }
  }

  /// Whitened inputs have the identity as covariance, but for components that were constant.
  @Test func whiteningGivesTheIdentity() throws {
    let data = try library.load(
      DatasetRequest(.digits, train: 400, test: 50, standardization: .whiten), seed: 1
    ).train
    let matrix = DoubleMatrix(rows: 400, columns: 64, values: data.inputs.map(Double.init))
    let covariance = matrix.columnGram
    var kept = 0
    for i in 0..<64 {
      for j in 0..<64 where i != j { #expect(abs(covariance[i, j] / 400) < 1e-4) }
      let variance = covariance[i, i] / 400
      #expect(abs(variance - 1) < 1e-4 || variance == 0)
      if variance > 0 { kept += 1 }
    }
    #expect(kept > 50)
  }

  @Test func noisyLabelsAreKnown() throws {
    let plain = try library.load(DatasetRequest(.digits, train: 200), seed: 2)
    #expect(plain.isNoisy.isEmpty)
    let noisy = try library.load(DatasetRequest(.digits, train: 200, labelNoise: 0.3), seed: 2)
    #expect(noisy.isNoisy.count { $0 } == 60)
    #expect(noisy.trueTrainLabels == plain.train.labels)
    for row in 0..<200 where !noisy.isNoisy[row] {
      #expect(noisy.train.labels[row] == plain.train.labels[row])
    }
    let random = try library.load(DatasetRequest(.digits, train: 200, labels: .random), seed: 2)
    #expect(random.isNoisy.allSatisfy { $0 })
  }

  @Test func aTeacherIsLinear() throws {
    var request = DatasetRequest(.linearTeacher, train: 100, test: 60)
    request.features = 5
    let split = try library.load(request, seed: 4)
    #expect(split.train.count == 100 && split.test.count == 60 && split.train.shape == [5])
    // The perceptron finds a separator of both parts together: the same plane labelled them.
    var w = [Double](repeating: 0, count: 5)
    var mistakes = 1
    var passes = 0
    while mistakes > 0, passes < 5000 {
      mistakes = 0
      passes += 1
      for part in [split.train, split.test] {
        for row in 0..<part.count {
          let x = part.input(row).map(Double.init)
          let y = part.labels[row] == 1 ? 1.0 : -1
          if y * zip(w, x).reduce(0, { $0 + $1.0 * $1.1 }) <= 0 {
            mistakes += 1
            for d in 0..<5 { w[d] += y * x[d] }
          }
        }
      }
    }
    #expect(mistakes == 0)
    request.labelNoise = 0.5
    let noisy = try library.load(request, seed: 4)
    #expect(noisy.train.inputs == split.train.inputs)
    #expect(noisy.isNoisy.count { $0 } == 50)
    // More examples leave the others alone.
    request.train = 130
    #expect(try Array(library.load(request, seed: 4).train.inputs.prefix(500)) == split.train.inputs)
  }

  @Test func aLinearMapIsRecoveredByLeastSquares() throws {
    var request = DatasetRequest(.linearMap, train: 40, test: 10)
    (request.features, request.outputs) = (6, 3)
    let split = try library.load(request, seed: 1)
    let x = DoubleMatrix(rows: 40, columns: 6, values: split.train.inputs.map(Double.init))
    let targets = try #require(split.train.targets)
    let testTargets = try #require(split.test.targets)
    for k in 0..<3 {
      let row = leastSquares(x, (0..<40).map { Double(targets[$0 * 3 + k]) })
      for n in 0..<10 {
        let value = zip(row, split.test.input(n)).reduce(0.0) { $0 + $1.0 * Double($1.1) }
        #expect(abs(value - Double(testTargets[n * 3 + k])) < 1e-5)
      }
    }
  }

  @Test func sinesHaveTheirFrequencies() throws {
    var request = DatasetRequest(.sines, train: 64, test: 64)
    request.frequencies = [2, 7]
    let targets = try #require(try library.load(request, seed: 5).train.targets)
    for k in 0..<32 {
      var (real, imaginary) = (0.0, 0.0)
      for n in 0..<64 {
        let angle = 2 * Double.pi * Double(k * n) / 64
        real += Double(targets[n]) * Elementary.cos(angle)
        imaginary += Double(targets[n]) * Elementary.sin(angle)
      }
      let amplitude = (real * real + imaginary * imaginary).squareRoot() / 32
      #expect(abs(amplitude - (k == 2 || k == 7 ? 1 : 0)) < 1e-5)
    }
  }

  @Test func modularAdditionCoversAllPairs() throws {
    var request = DatasetRequest(.modularAddition)
    (request.modulus, request.fraction) = (7, 0.6)
    let split = try library.load(request, seed: 1)
    #expect(split.train.count == 29 && split.test.count == 20)
    var seen: Set<[Float]> = []
    for part in [split.train, split.test] {
      for row in 0..<part.count {
        let x = Array(part.input(row))
        let a = try #require(x.prefix(7).firstIndex(of: 1))
        let b = try #require(x.suffix(7).firstIndex(of: 1)) - 7
        #expect(Int(part.labels[row]) == (a + b) % 7)
        seen.insert(x)
      }
    }
    #expect(seen.count == 49)
  }

  @Test func descriptionsAgreeWithWhatIsLoaded() throws {
    for name in [DatasetName.linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition] {
      let request = DatasetRequest(name)
      let description = try library.description(of: request)
      let split = try library.load(request, seed: 1)
      #expect(description.train == split.train.count && description.test == split.test.count)
      #expect(description.shape == split.train.shape && description.classes == split.train.classes)
    }
  }

  @Test func impossibleRequestsAreExplained() {
    var huge = DatasetRequest(.randomPoints, train: 10_000_000)
    huge.features = 100_000
    #expect(throws: DatasetError.self) { try library.description(of: huge) }
    #expect(throws: DatasetError.self) {
      try library.description(of: DatasetRequest(.modularAddition, train: 5))
    }
    #expect(throws: DatasetError.self) {
      try library.description(of: DatasetRequest(.sines, labelNoise: 0.1))
    }
  }
}

@Suite struct CifarTests {
  /// A folder with six small files in the format of the binary version.
  private func folder(recordsPerFile: Int = 3, damage: (String, inout [UInt8]) -> Void = { _, _ in }) throws
    -> String
  {
    let root = FileManager.default.temporaryDirectory.appending(path: "cifar-\(UUID().uuidString)")
    let place = root.appending(path: "cifar-10")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
    for (index, name) in names.enumerated() {
      var bytes: [UInt8] = []
      for record in 0..<recordsPerFile {
        bytes.append(UInt8((index + record) % 10))
        bytes += (0..<3072).map { UInt8(($0 + index) % 256) }
      }
      damage(name, &bytes)
      try Data(bytes).write(to: place.appending(path: name))
    }
    return root.path
  }

  @Test func filesAreRead() throws {
    let library = DatasetLibrary(searchPath: [try folder()])
    let request = DatasetRequest(.cifar10, standardization: .raw)
    let description = try library.description(of: request)
    #expect(description.shape == [3, 32, 32] && description.train == 15 && description.test == 3)
    let split = try library.load(request, seed: 1)
    #expect(split.train.count == 15)
    #expect(split.test.labels == [5, 6, 7])
    #expect(split.test.input(0).first == 5)
    #expect(try library.digest(of: request).count == 64)
  }

  @Test func imagesAreCroppedAndStandardizedOneByOne() throws {
    let library = DatasetLibrary(searchPath: [try folder()])
    var request = DatasetRequest(.cifar10, standardization: .raw)
    let whole = try library.load(request, seed: 1).test.input(0)
    request.crop = 27
    #expect(try library.description(of: request).shape == [3, 27, 27])
    let cut = try library.load(request, seed: 1).test
    // Five pixels of the border are to be left out, two of them above and to the left.
    #expect(cut.shape == [3, 27, 27] && cut.input(0).count == 3 * 27 * 27)
    #expect(cut.input(0)[0] == whole[2 * 32 + 2] && cut.input(0)[28] == whole[3 * 32 + 3])
    #expect(cut.input(0).last == whole[2 * 1024 + 28 * 32 + 28])
    request.crop = 33
    #expect(throws: DatasetError.self) { try library.description(of: request) }

    let each = try library.load(DatasetRequest(.cifar10, standardization: .image), seed: 1).train
    for example in 0..<each.count {
      let values = each.input(example).map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      #expect(abs(mean) < 1e-6 && abs(square - 1) < 1e-5)
    }
  }

  @Test func damageIsNamed() throws {
    let short = DatasetLibrary(searchPath: [
      try folder { name, bytes in if name == "data_batch_3.bin" { bytes.removeLast() } }
    ])
    #expect(throws: DatasetError.self) { try short.description(of: DatasetRequest(.cifar10)) }
    let wrong = DatasetLibrary(searchPath: [
      try folder { name, bytes in if name == "test_batch.bin" { bytes[3073] = 77 } }
    ])
    do {
      _ = try wrong.load(DatasetRequest(.cifar10), seed: 1)
      Issue.record("label 77 was accepted")
    } catch {
      #expect("\(error)".contains("byte 3073: label 77"))
    }
    #expect(throws: DatasetError.self) {
      try DatasetLibrary(searchPath: ["/nowhere"]).description(of: DatasetRequest(.cifar10))
    }
  }
}
