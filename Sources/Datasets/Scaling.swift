// Serves run: ways to scale inputs that are not a mean and a deviation.

import BitExact

extension Transform {
  /// Each example less its own mean, over its own standard deviation (Zhang et al., arXiv:1611.03530, appendix A).
  func standardizeEach(_ split: inout DataSplit) {
    for part in [\DataSplit.train, \.validation, \.test] {
      let width = split[keyPath: part].inputCount
      let inputs = split[keyPath: part].inputs
      split[keyPath: part].inputs = stride(from: 0, to: inputs.count, by: max(1, width)).flatMap { start in
        let example = Array(inputs[start..<start + width])
        let statistics = PixelStatistics(of: example)
        return example.map(statistics.standardized)
      }
    }
  }

  /// The square of `side` × `side` pixels in the middle of an image of shape [channels, height, width]; of an odd border
  /// the smaller half comes first.
  func center(of image: [Float], _ shape: [Int], side: Int) -> [Float] {
    let (height, width) = (shape[1], shape[2])
    let (top, left) = ((height - side) / 2, (width - side) / 2)
    return (0..<shape[0]).flatMap { channel in
      (top..<top + side).flatMap { row in
        let start = (channel * height + row) * width + left
        return image[start..<start + side]
      }
    }
  }

  /// The numbers as they are stored: 0…255 for images, 0…16 for the optical digits; signals stay.
  func scaleToRaw(_ split: inout DataSplit) {
    guard case .bytes(_, let divisor) = source.train.inputs else { return }
    for part in [\DataSplit.train, \.validation, \.test] {
      split[keyPath: part].inputs = split[keyPath: part].inputs.map { $0 * Float(divisor) }
    }
  }

  /// Principal components of the training part, the largest first, each divided by its standard deviation.
  ///
  /// Components with less than 10⁻⁶ of the largest variance carry nothing but rounding and become 0.
  func whiten(_ split: inout DataSplit) {
    let width = split.train.inputCount
    let means = (0..<width).map { PixelStatistics(of: split.train.inputs, from: $0, by: width).mean }
    func centered(_ data: LabelledData) -> DoubleMatrix {
      DoubleMatrix(
        rows: data.count, columns: width,
        values: data.inputs.indices.map { Double(data.inputs[$0]) - means[$0 % width] })
    }
    let train = centered(split.train)
    let eigen = SymmetricEigen(train.columnGram)
    let largest = eigen.values.first ?? 0
    let scales = eigen.values.map {
      $0 > 1e-6 * largest ? (Double(split.train.count) / $0).squareRoot() : 0
    }
    for part in [\DataSplit.train, \.validation, \.test] {
      let components = centered(split[keyPath: part]).timesTransposed(eigen.vectors)
      split[keyPath: part].inputs = components.values.indices.map {
        Float(components.values[$0] * scales[$0 % width])
      }
    }
  }
}
