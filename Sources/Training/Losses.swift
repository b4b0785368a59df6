// Serves execute: what a network is trained to make small.
import KernelTable

/// The loss of one example; the loss of a batch is the mean over its examples.
public enum Loss: String, Sendable, CaseIterable {
  /// −log softmax(f)ᵧ.
  case crossEntropy = "cross-entropy"
  /// ½‖f − t‖² with the one-hot label, or the example's own target, as t (Cohen et al. 2021).
  case meanSquaredError = "mse"
}

/// The loss of a batch, its gradient with respect to the outputs, and the derivative of that.
final class LossLayer {
  let loss: Loss
  private let outputs: Int
  private let stride: Int
  private let room: Buffer
  private var tangent: LazyBuffer
  private var perExample: [Double]

  /// Gradient of the mean loss with respect to the outputs of the last call.
  var gradient: MutableFloats { room.start }

  init(_ loss: Loss, outputs: Int, capacity: Int) {
    self.loss = loss
    self.outputs = outputs
    stride = paddedWidth(outputs)
    room = Buffer(capacity * stride)
    tangent = LazyBuffer(room.count)
    perExample = Array(repeating: 0, count: capacity)
  }

  /// Sum of the losses of `rows` examples; the gradient is that of `scale` times the sum.
  func evaluate(
    _ values: Floats, rows: Int, labels: [Int32], targets: Floats?, scale: Float, _ kernels: KernelTable
  ) -> Double {
    switch loss {
    case .crossEntropy:
      kernels.softmaxCrossEntropy(rows, outputs, values, stride, labels, scale, room.start, &perExample)
      var sum = 0.0
      for row in 0..<rows { sum -= perExample[row] }
      return sum
    case .meanSquaredError: return squares(values, rows, labels, targets, scale)
    }
  }

  private func squares(_ values: Floats, _ rows: Int, _ labels: [Int32], _ targets: Floats?, _ scale: Float)
    -> Double
  {
    var sum = 0.0
    for row in 0..<rows {
      for j in 0..<outputs {
        let at = row * stride + j
        let target = targets.map { $0[at] } ?? (Int(labels[row]) == j ? 1 : 0)
        let difference = values[at] - target
        sum += 0.5 * Double(difference) * Double(difference)
        room.start[at] = difference * scale
      }
    }
    return sum
  }

  /// The derivative of `gradient` along a tangent of the outputs.
  func gradientTangent(_ values: Floats, rows: Int, labels: [Int32], scale: Float) -> MutableFloats {
    let result = tangent.start()
    for row in 0..<rows {
      let (z, g, h) = (values + row * stride, room.start + row * stride, result + row * stride)
      switch loss {
      case .meanSquaredError: for j in 0..<outputs { h[j] = z[j] * scale }
      case .crossEntropy:
        // p·(ż − Σ p·ż), with p·scale = g + onehot·scale.
        let label = Int(labels[row])
        var mean: Float = 0
        for j in 0..<outputs { mean += (g[j] + (j == label ? scale : 0)) * z[j] }
        mean /= scale
        for j in 0..<outputs { h[j] = (g[j] + (j == label ? scale : 0)) * (z[j] - mean) }
      }
    }
    return result
  }
}
