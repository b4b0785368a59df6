// Serves measurements: what the units of the hidden layers receive, before and after normalisation.
import KernelTable

/// The values at one place of a network for a set of examples.
public struct UnitValues {
  /// What lies directly before the place.
  public enum Place: String, Sendable {
    /// The weights of a layer: what a normalisation gets, or the nonlinearity where there is none.
    case weights
    /// A normalisation.
    case normalisation
    /// Dropout.
    case dropout
  }

  /// What lies directly before the place.
  public var place: Place
  /// Number of the weights that the values come from, from 1.
  public var layer: Int
  /// One list a unit, the values of all examples and positions in order.
  public var units: [[Float]]
}

extension Network {
  /// The values after every layer of weights, every normalisation and every dropout, from input to output, for the rows
  /// `rows` of `data` in one pass.
  ///
  /// Layers inside residual branches are not seen.
  public func unitValues(_ data: ExampleMatrix, _ rows: Range<Int>, mode: Mode) -> [UnitValues] {
    let count = copy(data, rows)
    var (found, layer, values) = ([UnitValues](), 0, batch.start)
    for (index, kind) in stack.layers.enumerated() {
      values = kind.forward(values, rows: count, mode: mode, workspace)
      let place: UnitValues.Place
      switch kind {
      case is DenseLayer, is ConvolutionLayer:
        layer += 1
        place = .weights
      case is BatchNormLayer, is GroupNormLayer: place = .normalisation
      case is DropoutLayer: place = .dropout
      default: continue
      }
      found.append(
        UnitValues(place: place, layer: layer, units: outputShapes[index].units(values, rows: count)))
    }
    return found
  }
}

extension FeatureShape {
  /// The values of every channel over examples and positions.
  fileprivate func units(_ values: MutableFloats, rows: Int) -> [[Float]] {
    (0..<channels).map { channel in
      (0..<rows).flatMap { row in
        (0..<positions).map { values[row * rowStride + $0 * channelStride + channel] }
      }
    }
  }
}
