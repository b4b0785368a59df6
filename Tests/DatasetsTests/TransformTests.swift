// What experiments do to their data: sizes, noise, shuffles, standardisation, separable sets.
import BitExact
import Testing

@testable import Datasets

@Suite struct ResizeTests {
  @Test func fourteenIsTheMeanOfTwoByTwo() {
    let pixels = (0..<784).map { UInt8(truncatingIfNeeded: $0 * 37 % 251) }
    let found = ImageAreas(side: 28, to: 14).means(pixels[...], divisor: 255)
    for row in 0..<14 {
      for column in 0..<14 {
        let sum = [0, 1, 28, 29].reduce(0) { $0 + Int(pixels[56 * row + 2 * column + $1]) }
        #expect(found[14 * row + column] == Float(sum) / Float(4 * 255))
      }
    }
  }

  @Test func tenKeepsTheMeanAndSharesPixels() {
    var pixels = [UInt8](repeating: 0, count: 784)
    // Row 0, column 2 lies 0.8 in cell 0 and 0.2 in cell 1; a cell covers 2.8 × 2.8 pixels.
    pixels[2] = 255
    let found = ImageAreas(side: 28, to: 10).means(pixels[...], divisor: 255)
    #expect(abs(found[0] - 0.8 / 7.84) < 1e-7 && abs(found[1] - 0.2 / 7.84) < 1e-7)
    #expect(found.dropFirst(2).allSatisfy { $0 == 0 })
    let flat = ImageAreas(side: 28, to: 10).means([UInt8](repeating: 200, count: 784)[...], divisor: 255)
    #expect(flat.allSatisfy { abs($0 - 200 / 255) < 1e-7 })
  }
}

@Suite struct DigitsTests {
  let library = DatasetLibrary(searchPath: [])

  @Test func contentIsTheSources() throws {
    #expect(Digits.all.count == 1797)
    var counts = [Int](repeating: 0, count: 10)
    for label in Digits.all.labels { counts[Int(label)] += 1 }
    #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    let first: [Float] = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]
    #expect(Digits.all.row(0).prefix(16) == ArraySlice(first.map { $0 / 16 }))
    let digest = try library.digest(of: DatasetRequest(.digits))
    #expect(digest == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826")
  }

  @Test func partsAreDisjointAndTheTestPartIsFixed() throws {
    let one = try library.load(DatasetRequest(.digits, validation: 100), seed: 1)
    let two = try library.load(DatasetRequest(.digits, validation: 100), seed: 2)
    #expect(one.train.count == 1247 && one.validation.count == 100 && one.test.count == 450)
    #expect(one.test.labels == two.test.labels)
    #expect(one.trainRows != two.trainRows)
    let rows = Digits.source.train
    let validationRows = Set(0..<rows.count).subtracting(one.trainRows).sorted()
    #expect(one.validation.labels == validationRows.map { Int32(rows.labels[$0]) })
  }

  @Test func smallerTrainingSetsAreContainedInLargerOnes() throws {
    let small = try library.load(DatasetRequest(.digits, train: 50, validation: 200), seed: 5)
    let large = try library.load(DatasetRequest(.digits, train: 400, validation: 200), seed: 5)
    #expect(Set(small.trainRows).isSubset(of: large.trainRows))
    #expect(small.validation.labels == large.validation.labels)
  }

  @Test func classesAreKeptAndRenumbered() throws {
    let request = DatasetRequest(.digits, classes: [7, 1])
    let split = try library.load(request, seed: 1)
    #expect(split.train.classes == 2 && Set(split.train.labels) == [0, 1])
    for (row, label) in zip(split.trainRows, split.train.labels) {
      #expect(Digits.source.train.labels[row] == [7, 1][Int(label)])
    }
    let described = try library.description(of: request)
    #expect(
      described.train == split.train.count && described.test == split.test.count && described.classes == 2)
  }
}

@Suite struct TransformTests {
  let library = DatasetLibrary(searchPath: [])

  func load(_ change: (inout DatasetRequest) -> Void = { _ in }, seed: UInt64 = 1) throws -> DataSplit {
    var request = DatasetRequest(.digits, train: 200, validation: 40, test: 60)
    change(&request)
    return try library.load(request, seed: seed)
  }

  @Test func noiseChangesOnlyTrainingLabelsAndGrows() throws {
    let clean = try load()
    let little = try load { $0.labelNoise = 0.2 }
    let much = try load { $0.labelNoise = 0.5 }
    func changed(_ split: DataSplit) -> [Int] {
      split.train.labels.indices.filter { split.train.labels[$0] != clean.train.labels[$0] }
    }
    #expect(little.train.inputs == clean.train.inputs && little.test.labels == clean.test.labels)
    #expect(little.validation.labels == clean.validation.labels && little.trainRows == clean.trainRows)
    // 40 labels drawn, a tenth of them as they were.
    #expect((28...40).contains(changed(little).count), "\(changed(little).count)")
    #expect((75...100).contains(changed(much).count))
    let firstHalf = changed(little).count { $0 < 100 }
    #expect((8...30).contains(firstHalf), "the noisy examples are spread over the rows: \(firstHalf)")
    for index in changed(little) { #expect(much.train.labels[index] == little.train.labels[index]) }
    #expect(much.trueTrainLabels == clean.train.labels)
    let everything = try load { $0.labelNoise = 1 }
    #expect(everything.train.labels.allSatisfy { (0..<10).contains($0) })
  }

  @Test func noiseBelongsToTheExampleNotToItsPosition() throws {
    let small = try library.load(DatasetRequest(.digits, train: 100, labels: .random), seed: 9)
    let large = try library.load(DatasetRequest(.digits, train: 300, labels: .random), seed: 9)
    let labels = Dictionary(uniqueKeysWithValues: zip(large.trainRows, large.train.labels))
    for (row, label) in zip(small.trainRows, small.train.labels) { #expect(labels[row] == label) }
    #expect(large.train.labelCounts.allSatisfy { (12...50).contains($0) }, "uniform over classes")
    let agreeing = zip(large.train.labels, large.trueTrainLabels).filter { $0 == $1 }.count
    #expect((10...55).contains(agreeing))
  }

  @Test func onePermutationMovesAllImagesAlike() throws {
    let plain = try load { $0.standardization = Standardization.none }
    let permuted = try load {
      $0.standardization = Standardization.none
      $0.inputs = .permuted
    }
    var stream = RandomStream(seed: 1, purpose: "pixel-permutation")
    var order = Array(0..<64)
    stream.shuffle(&order)
    for (before, after) in [(plain.train, permuted.train), (plain.test, permuted.test)] {
      for row in 0..<before.count {
        let image = Array(before.input(row))
        #expect(Array(after.input(row)) == order.map { image[$0] })
      }
    }
    #expect(permuted.train.labels == plain.train.labels)
  }

  @Test func aShuffleOfItsOwnKeepsEachImagesPixels() throws {
    let plain = try load { $0.standardization = Standardization.none }
    let shuffled = try load {
      $0.standardization = Standardization.none
      $0.inputs = .shuffled
    }
    var moved = 0
    for row in 0..<plain.train.count {
      #expect(plain.train.input(row).sorted() == shuffled.train.input(row).sorted())
      if Array(plain.train.input(row)) != Array(shuffled.train.input(row)) { moved += 1 }
    }
    #expect(moved == plain.train.count)
  }

  @Test func gaussianInputsHaveTheDatasMoments() throws {
    let plain = try load { $0.standardization = Standardization.none }
    let gaussian = try load {
      $0.standardization = Standardization.none
      $0.inputs = .gaussian
    }
    let (a, b) = (plain.train.pixelStatistics, gaussian.train.pixelStatistics)
    #expect(abs(a.mean - b.mean) < 0.02 && abs(a.standardDeviation / b.standardDeviation - 1) < 0.03)
    #expect(gaussian.train.inputs.contains { $0 < 0 })
    #expect(gaussian.train.inputs != (try load({ $0.inputs = .gaussian }, seed: 2)).train.inputs)
  }

  @Test func standardizationUsesTheTrainingPart() throws {
    let global = try load()
    let statistics = global.train.pixelStatistics
    #expect(abs(statistics.mean) < 1e-6 && abs(statistics.standardDeviation - 1) < 1e-6)
    #expect(abs(global.test.pixelStatistics.mean) > 1e-5, "the test part has moments of its own")
    let pixel = try load { $0.standardization = .pixel }
    for column in 0..<64 {
      let statistics = PixelStatistics(of: pixel.train.inputs, from: column, by: 64)
      #expect(abs(statistics.mean) < 1e-6)
      let deviation = statistics.standardDeviation
      #expect(abs(deviation - 1) < 1e-5 || deviation == 0)
    }
    // The first pixel of all these images is empty.
    #expect(pixel.train.input(0).first == 0)
    let raw = try load { $0.standardization = Standardization.none }
    #expect(raw.train.inputs.allSatisfy { (0...1).contains($0) })
  }

  @Test func theSameSeedGivesTheSameBits() throws {
    let change: (inout DatasetRequest) -> Void = {
      $0.labelNoise = 0.3
      $0.inputs = .shuffled
    }
    let one = try load(change)
    let two = try DatasetLibrary(searchPath: []).load(
      DatasetRequest(.digits, train: 200, validation: 40, test: 60, labelNoise: 0.3, inputs: .shuffled),
      seed: 1)
    #expect(one.train.inputs == two.train.inputs && one.train.labels == two.train.labels)
    #expect(one.train.labels != (try load(change, seed: 2)).train.labels)
  }

  static let invalid: [(request: DatasetRequest, message: String)] = [
    (DatasetRequest(.digits, train: 0), "digits: train: 0 examples are not possible"),
    (
      DatasetRequest(.digits, train: 1300, validation: 100),
      "digits: train: 1300 training examples and 100 for validation were asked for, but the training part has 1347"
    ),
    (
      DatasetRequest(.digits, test: 451),
      "digits: test: 451 test examples were asked for, but the test part has 450"
    ),
    (DatasetRequest(.digits, size: 10), "digits: size: only images of 28 × 28 pixels can be resized"),
    (DatasetRequest(.mnist, size: 12), "mnist: size: 12 is not one of 28, 14, 10"),
    (DatasetRequest(.digits, labelNoise: 1.5), "digits: label_noise: 1.5 is not a fraction in 0…1"),
    (DatasetRequest(.digits, labelNoise: .nan), "digits: label_noise: nan is not a fraction in 0…1"),
    (
      DatasetRequest(.digits, classes: [3]),
      "digits: classes: at least two different classes are needed, each once"
    ),
    (
      DatasetRequest(.digits, classes: [3, 12]),
      "digits: classes: there is no class 12; the classes are 0 to 9"
    ),
    (
      DatasetRequest(.separable, train: 10), "separable: train: this dataset has no such option; set 'points'"
    ),
    (DatasetRequest(.separable, labelNoise: 0.1), "separable: label_noise: this dataset has no such option"),
    (DatasetRequest(.digitPair, first: 4, second: 4), "digit-pair: second: the two digits must differ"),
    (DatasetRequest(.digitPair, first: 12), "digit-pair: first: 12 is not a digit"),
    (DatasetRequest(.digits, points: 3), "digits: arrangement: only 'separable' has this option"),
  ]

  @Test(arguments: invalid.indices) func impossibleRequestsAreRefused(index: Int) throws {
    let (request, message) = Self.invalid[index]
    let described = try #require(throws: DatasetError.self) { try library.description(of: request) }
    #expect(described.description == message)
    let loaded = try #require(throws: DatasetError.self) { try library.load(request, seed: 1) }
    #expect(loaded.description == message)
  }
}

@Suite struct SeparableTests {
  let library = DatasetLibrary(searchPath: [])

  @Test(arguments: SeparableArrangement.allCases)
  func theSeparatorIsTheSupportVectors(arrangement: SeparableArrangement) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let data = try library.load(DatasetRequest(.separable, arrangement: arrangement), seed: seed).train
      #expect(data.count == 16 && data.shape == [2])
      #expect(data.labels.reduce(0, +) == 0)
      for row in 0..<data.count {
        let input = Array(data.input(row))
        let margin = Float(data.labels[row]) * (input[0] + input[1]) / 2
        #expect(row < 4 ? margin == 1 : margin >= 1.5, "row \(row) of seed \(seed)")
      }
      // ŵ = Σ α y x with the dual weights of the arrangement, α ≥ 0 on the support vectors only.
      let weights: [Float] = arrangement == .symmetric ? [0.125, 0.125] : [0.1875, 0.0625]
      var separator: [Float] = [0, 0]
      for row in 0..<4 {
        let input = Array(data.input(row))
        for axis in 0..<2 { separator[axis] += weights[row % 2] * Float(data.labels[row]) * input[axis] }
      }
      #expect(separator == [0.5, 0.5])
    }
  }

  @Test func otherPointsDependOnTheSeed() throws {
    let one = try library.load(DatasetRequest(.separable), seed: 1).train
    let two = try library.load(DatasetRequest(.separable), seed: 2).train
    #expect(one.inputs.prefix(8) == two.inputs.prefix(8) && one.inputs != two.inputs)
    #expect(one.inputs.allSatisfy { $0 * 1024 == ($0 * 1024).rounded() })
    #expect(try library.load(DatasetRequest(.separable, points: 0), seed: 1).train.count == 4)
  }

  @Test func digitPairsAreSignedAndCarryAConstant() throws {
    let request = DatasetRequest(.digitPair, train: 240, test: 20, first: 1, second: 8)
    let split = try library.load(request, seed: 4)
    #expect(split.train.count == 240 && split.test.count == 20 && split.validation.count == 182 + 174 - 260)
    #expect(split.train.shape == [65] && Set(split.train.labels) == [1, -1])
    for row in 0..<split.train.count {
      #expect(split.train.input(row).last == 1)
      #expect(Digits.all.labels[split.trainRows[row]] == (split.train.labels[row] == 1 ? 1 : 8))
    }
    let described = try library.description(of: request)
    #expect(described.validation == split.validation.count && described.inputCount == 65)
    #expect(throws: DatasetError.self) { try library.load(DatasetRequest(.digitPair, train: 400), seed: 1) }
  }
}
