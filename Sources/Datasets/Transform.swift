// Serves run: what an experiment does to its data before training, each random step from a stream of its own.

import BitExact

/// The options of a request applied to a source.
struct Transform {
  var request: DatasetRequest
  var source: Source
  var seed: UInt64

  /// Which part of the source a row belongs to.
  enum Part: UInt32 {
    case train = 0
    case test = 1
  }

  /// The rows as they are in the source, resized, with classes renumbered.
  func selected(_ rows: [Int], of part: Part) -> LabelledData {
    let data = part == .train ? source.train : source.test
    let shape = request.shape(of: data.shape)
    var inputs: [Float] = []
    inputs.reserveCapacity(rows.count * shape.reduce(1, *))
    let areas = data.areas(request.size)
    for row in rows {
      let input = data.row(row, over: areas)
      inputs += request.crop.map { center(of: input, data.shape, side: $0) } ?? input
    }
    let labels = rows.map { row in
      let label = Int(data.labels[row])
      return Int32(request.classes.flatMap { $0.firstIndex(of: label) } ?? label)
    }
    return LabelledData(
      inputs: inputs, shape: shape, labels: labels, classes: request.classes?.count ?? source.classes)
  }

  /// Replaces inputs by shuffled or random ones, in all parts alike.
  func replaceInputs(of split: inout DataSplit, validationRows: [Int], testRows: [Int]) {
    let trainRows = split.trainRows
    switch request.inputs {
    case .true:
      return
    case .permuted:
      let order = permutation(split.train.inputCount, purpose: "pixel-permutation", index: 0)
      for part in [\DataSplit.train, \.validation, \.test] {
        reorder(&split[keyPath: part], by: { _ in order })
      }
    case .shuffled:
      let count = split.train.inputCount
      func order(_ row: Int, _ part: Part) -> [Int] {
        permutation(count, purpose: "image-shuffle", index: key(row, part))
      }
      reorder(&split.train, by: { order(trainRows[$0], .train) })
      reorder(&split.validation, by: { order(validationRows[$0], .train) })
      reorder(&split.test, by: { order(testRows[$0], .test) })
    case .gaussian:
      let statistics = split.train.pixelStatistics
      randomize(&split.train, like: statistics, keys: trainRows.map { key($0, .train) })
      randomize(&split.validation, like: statistics, keys: validationRows.map { key($0, .train) })
      randomize(&split.test, like: statistics, keys: testRows.map { key($0, .test) })
    }
  }

  /// Standardises all parts by the statistics of the training part.
  func standardize(_ split: inout DataSplit) {
    let width = split.train.inputCount
    let statistics: [PixelStatistics]
    switch request.standardization ?? (source.train.shape.count == 3 ? .global : .none) {
    case .none, .unit: return
    case .raw: return scaleToRaw(&split)
    case .whiten: return whiten(&split)
    case .image: return standardizeEach(&split)
    case .center:
      statistics = (0..<width).map {
        PixelStatistics(
          mean: PixelStatistics(of: split.train.inputs, from: $0, by: width).mean, standardDeviation: 1)
      }
    case .global: statistics = [split.train.pixelStatistics]
    case .pixel:
      statistics = (0..<width).map { PixelStatistics(of: split.train.inputs, from: $0, by: width) }
    }
    for part in [\DataSplit.train, \.validation, \.test] {
      let inputs = split[keyPath: part].inputs
      split[keyPath: part].inputs = inputs.indices.map {
        statistics[statistics.count == 1 ? 0 : $0 % width].standardized(inputs[$0])
      }
    }
  }

  /// Replaces training labels: all of them, or the wanted fraction of them.
  ///
  /// A label is drawn uniformly over all classes, so it is wrong with probability 1 − 1/classes. The noisy examples
  /// are those with the smallest of independent uniform numbers: exactly round(q·n) of them, and those of a
  /// smaller fraction are among those of a larger one.
  func corruptLabels(of split: inout DataSplit) {
    let rows = split.trainRows
    let classes = split.train.classes
    func draw(_ row: Int, _ purpose: String) -> Int32 {
      var stream = RandomStream(seed: seed, purpose: purpose, index: UInt32(row))
      return Int32(stream.below(classes))
    }
    if request.labels == .random {
      split.train.labels = rows.map { draw($0, "random-labels") }
      split.isNoisy = [Bool](repeating: true, count: rows.count)
    }
    let noisy = Int((request.labelNoise * Double(rows.count)).rounded())
    if noisy == 0 { return }
    let rank = rows.map { row in
      var stream = RandomStream(seed: seed, purpose: "label-noise-choice", index: UInt32(row))
      return stream.uniform()
    }
    let order = rows.indices.sorted { (rank[$0], $0) < (rank[$1], $1) }
    if split.isNoisy.isEmpty { split.isNoisy = [Bool](repeating: false, count: rows.count) }
    for position in order.prefix(noisy) {
      split.isNoisy[position] = true
      split.train.labels[position] = draw(rows[position], "label-noise-value")
    }
  }

  private func key(_ row: Int, _ part: Part) -> UInt32 { part.rawValue << 31 | UInt32(row) }

  private func permutation(_ count: Int, purpose: String, index: UInt32) -> [Int] {
    var order = Array(0..<count)
    var stream = RandomStream(seed: seed, purpose: purpose, index: index)
    stream.shuffle(&order)
    return order
  }

  private func reorder(_ data: inout LabelledData, by order: (Int) -> [Int]) {
    let width = data.inputCount
    var inputs: [Float] = []
    inputs.reserveCapacity(data.inputs.count)
    for row in 0..<data.count {
      for position in order(row) { inputs.append(data.inputs[row * width + position]) }
    }
    data.inputs = inputs
  }

  private func randomize(_ data: inout LabelledData, like statistics: PixelStatistics, keys: [UInt32]) {
    let width = data.inputCount
    var inputs: [Float] = []
    inputs.reserveCapacity(data.inputs.count)
    for key in keys {
      var stream = RandomStream(seed: seed, purpose: "gaussian-inputs", index: key)
      for _ in 0..<width {
        inputs.append(Float(statistics.mean + statistics.standardDeviation * stream.normal()))
      }
    }
    data.inputs = inputs
  }
}
