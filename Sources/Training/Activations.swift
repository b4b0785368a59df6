// Serves measurements: what the layers of a network put out.
public import BitExact
import KernelTable

/// The outputs of one layer for several examples.
public struct LayerOutputs: Sendable {
  /// Number of the layer, from 1 at the input: after each nonlinearity or residual block, and last the logits.
  public var layer: Int
  /// One row an example; padding between channels is zero.
  public var values: DoubleMatrix
}

extension Network {
  /// The outputs of every hidden layer and the logits, for the first `count` rows of `data`.
  public func activations(
    _ data: ExampleMatrix, count: Int? = nil, mode: Mode = .evaluation
  ) -> [LayerOutputs] {
    let total = min(count ?? data.count, data.count)
    let places = stack.layers.indices.filter { index in
      let layer = stack.layers[index]
      return layer is ActivationLayer || layer is ResidualLayer || index == stack.layers.count - 1
    }
    var rows = places.map { _ in [Double]() }
    let widths = places.map { stack.outputSizes[$0] / capacity }
    for first in stride(from: 0, to: total, by: capacity) {
      let range = first..<min(first + capacity, total)
      let count = copy(data, range)
      var values = batch.start
      var next = 0
      for (index, layer) in stack.layers.enumerated() {
        values = layer.forward(values, rows: count, mode: mode, workspace)
        guard next < places.count, places[next] == index else { continue }
        rows[next].reserveCapacity(total * widths[next])
        for i in 0..<count * widths[next] { rows[next].append(Double(values[i])) }
        next += 1
      }
    }
    return places.indices.map { place in
      LayerOutputs(
        layer: place + 1, values: DoubleMatrix(rows: total, columns: widths[place], values: rows[place]))
    }
  }

  /// The weights of the dense layers when the network is a plain chain of them with a nonlinearity between, from input
  /// to output, as out × in matrices; `nil` for any other network.
  public var denseChain: [DoubleMatrix]? { denseChain(of: parameters) }

  /// The same with other values of the parameters.
  public func denseChain(of values: Buffer) -> [DoubleMatrix]? {
    let isChain = stack.layers.allSatisfy { $0 is DenseLayer || $0 is ActivationLayer }
    guard isChain else { return nil }
    return layout.parameters.filter { $0.kind == .weight }.map { parameter in
      var matrix = DoubleMatrix(rows: parameter.columns, columns: parameter.rows)
      for i in 0..<parameter.rows {
        for j in 0..<parameter.columns { matrix[j, i] = Double(values.start[parameter.index(i, j)]) }
      }
      return matrix
    }
  }
}
