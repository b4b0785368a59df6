// Serves run: datasets that a recipe makes, with known truth.

import BitExact

/// The recipe of one generated dataset; every example has a stream of its own, so more examples leave the others alone.
struct Generated {
  private let request: DatasetRequest

  init(_ request: DatasetRequest) { self.request = request }

  /// Examples of each part unless the author says otherwise.
  private var sizes: (train: Int, validation: Int, test: Int) {
    let pairs = request.modulus * request.modulus
    let trained = Int((request.fraction * Double(pairs)).rounded())
    return switch request.name {
    case .modularAddition: (min(max(1, trained), pairs), 0, pairs - min(max(1, trained), pairs))
    case .sines: (request.train ?? 100, request.validation ?? 0, request.test ?? 1000)
    default: (request.train ?? 1000, request.validation ?? 0, request.test ?? 1000)
    }
  }

  var description: DatasetDescription {
    let sizes = sizes
    let (width, classes) =
      switch request.name {
      case .modularAddition: (2 * request.modulus, request.modulus)
      case .sines: (1, 1)
      case .linearMap: (request.features, request.outputs)
      default: (request.features, 2)
      }
    return DatasetDescription(
      shape: [width], classes: classes, train: sizes.train, validation: sizes.validation, test: sizes.test)
  }

  func split(seed: UInt64) -> DataSplit {
    var split =
      switch request.name {
      case .modularAddition: modularAddition(seed)
      case .sines: sines(seed)
      default: normalPoints(seed)
      }
    split.trainRows = Array(0..<split.train.count)
    return split
  }

  private func parts(_ make: (_ part: String, _ count: Int) -> LabelledData) -> DataSplit {
    let sizes = sizes
    let train = make("train", sizes.train)
    return DataSplit(
      train: train, validation: make("validation", sizes.validation), test: make("test", sizes.test),
      trueTrainLabels: train.labels, trainRows: [])
  }

  // MARK: - Normal points

  private func normalPoints(_ seed: UInt64) -> DataSplit {
    let width = request.features
    var stream = RandomStream(seed: seed, purpose: "generated-truth")
    let outputs = request.name == .linearMap ? request.outputs : 1
    // A·x keeps the variance of x when the elements have variance 1/width.
    let truth = (0..<outputs * width).map { _ in stream.normal() / Double(width).squareRoot() }
    var split = parts { part, count in
      var (inputs, labels, targets): ([Float], [Int32], [Float]) = ([], [], [])
      for row in 0..<count {
        var stream = RandomStream(seed: seed, purpose: "generated-\(part)", index: UInt32(row))
        let x = (0..<width).map { _ in stream.normal() }
        inputs += x.map(Float.init)
        switch request.name {
        case .linearTeacher: labels.append(dot(Array(truth), x) > 0 ? 1 : 0)
        case .randomPoints: labels.append(Int32(stream.below(2)))
        default:
          labels.append(0)
          for k in 0..<outputs {
            let value = dot(Array(truth[k * width..<(k + 1) * width]), x)
            let noise = part == "train" ? request.targetNoise * stream.normal() : 0
            targets.append(Float(value + noise))
          }
        }
      }
      let isRegression = request.name == .linearMap
      return LabelledData(
        inputs: inputs, shape: [width], labels: labels, classes: isRegression ? outputs : 2,
        targets: isRegression ? targets : nil)
    }
    if request.labelNoise > 0 { corruptLabels(of: &split, seed) }
    return split
  }

  /// The same rule as for datasets with a source: exactly round(q·n) labels are drawn anew, uniformly.
  private func corruptLabels(of split: inout DataSplit, _ seed: UInt64) {
    split.trainRows = Array(0..<split.train.count)
    let none = SourcePart(inputs: .numbers([]), shape: [request.features], labels: [])
    Transform(
      request: request, source: Source(train: none, test: none, classes: 2, digest: ""), seed: seed
    ).corruptLabels(of: &split)
  }

  // MARK: - Sines

  /// Σₖ sin(2πkx + φₖ) at equispaced x in [0, 1); the network sees 2x − 1. Test points lie between training points.
  private func sines(_ seed: UInt64) -> DataSplit {
    var stream = RandomStream(seed: seed, purpose: "generated-truth")
    let phases = request.frequencies.map { _ in 2 * Double.pi * stream.uniform() }
    return parts { part, count in
      var noise = RandomStream(seed: seed, purpose: "generated-\(part)")
      let shift = part == "train" ? 0 : 0.5
      let places = (0..<count).map { (Double($0) + shift) / Double(max(1, count)) }
      let targets = places.map { x in
        let value = zip(request.frequencies, phases).reduce(0) {
          $0 + Elementary.sin(2 * Double.pi * $1.0 * x + $1.1)
        }
        return Float(part == "train" ? value + request.targetNoise * noise.normal() : value)
      }
      return LabelledData(
        inputs: places.map { Float(2 * $0 - 1) }, shape: [1], labels: [Int32](repeating: 0, count: count),
        classes: 1, targets: targets)
    }
  }

  // MARK: - Modular addition

  /// One-hot a beside one-hot b; which pairs are trained on is drawn.
  private func modularAddition(_ seed: UInt64) -> DataSplit {
    let p = request.modulus
    var stream = RandomStream(seed: seed, purpose: "train-subset")
    let order = stream.permutation(p * p)
    let trained = sizes.train
    func data(_ pairs: some Sequence<Int>) -> LabelledData {
      var (inputs, labels): ([Float], [Int32]) = ([], [])
      for pair in pairs.sorted() {
        var row = [Float](repeating: 0, count: 2 * p)
        row[pair / p] = 1
        row[p + pair % p] = 1
        inputs += row
        labels.append(Int32((pair / p + pair % p) % p))
      }
      return LabelledData(inputs: inputs, shape: [2 * p], labels: labels, classes: p)
    }
    let train = data(order.prefix(trained))
    return DataSplit(
      train: train, validation: data([]), test: data(order.dropFirst(trained)), trueTrainLabels: train.labels,
      trainRows: [])
  }
}
