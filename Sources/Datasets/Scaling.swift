// Serves run: ways to scale inputs that are not a mean and a deviation.

import BitExact

extension Transform {
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
