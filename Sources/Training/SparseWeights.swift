// Serves execute: the surviving weights of a pruned dense layer, so that a ticket's training costs what is left of it.
import KernelTable

/// Which weights of a dense layer survive, in the two orders that its passes need, and room for their operands.
///
/// The values stay where the dense layer has them. The passes give the bits of the dense passes over the same weights with
/// +0 for the pruned ones: a fused multiply-add with a zero weight changes no finite sum but −0, and where an operand is not
/// finite or a sum ends as −0 the dense pass is made instead.
final class SparseWeights {
  /// One row an output unit: for the forward pass and the gradient of the weights.
  private let byOutput: Survivors
  /// One row an input: for the gradient of the input.
  private let byInput: Survivors
  /// A row for each input, a column for each example.
  private let inputs: Buffer
  /// A row for each output unit, a column for each example.
  private let outputs: Buffer
  /// Survivors as a fraction of all weights.
  let share: Double
  private let weight: Parameter
  private let mask: Buffer

  /// Below this fraction of survivors the sparse gradient of the weights is faster than the dense one.
  private static let sparseGradientShare = 0.14

  /// `nil` where so many weights survive that the dense passes are faster.
  init?(_ weight: Parameter, mask: Buffer, capacity: Int, largestShare: Double = 0.3) {
    var (byOutput, byInput) = (Survivors(rows: weight.columns), Survivors(rows: weight.rows))
    for row in 0..<weight.rows {
      for column in 0..<weight.columns where mask.start[weight.index(row, column)] != 0 {
        byInput.add(row, column, place: row * weight.stride + column)
      }
    }
    for column in 0..<weight.columns {
      for row in 0..<weight.rows where mask.start[weight.index(row, column)] != 0 {
        byOutput.add(column, row, place: row * weight.stride + column)
      }
    }
    share = Double(byInput.count) / Double(max(1, weight.count))
    guard share <= largestShare else { return nil }
    byOutput.close()
    byInput.close()
    self.byOutput = byOutput
    self.byInput = byInput
    self.weight = weight
    self.mask = mask
    let columns = paddedWidth(capacity)
    inputs = Buffer(weight.rows * columns)
    outputs = Buffer(weight.stride * columns)
  }

  /// output (rows × out) = bias + input · weights; `false` where only the dense pass has its bits.
  func forward(
    _ input: Floats, _ inputStride: Int, _ weights: Floats, _ bias: Floats?, _ output: MutableFloats,
    rows: Int,
    _ kernels: KernelTable
  ) -> Bool {
    let columns = paddedWidth(rows)
    kernels.transpose(rows, weight.rows, input, inputStride, inputs.start, columns)
    guard kernels.allFinite(rows * inputStride, input) else { return false }
    let hasNegativeZero = byOutput.withMatrix(weights) {
      kernels.multiplySparse($0, columns, inputs.start, columns, bias, outputs.start, columns)
    }
    if hasNegativeZero { return false }
    kernels.transpose(weight.columns, rows, outputs.start, columns, output, weight.stride)
    return true
  }

  /// result (in × out) = inputᵀ · gradient for the survivors, after `forward`; `false` where the dense gradient, masked, is
  /// faster.
  func weightGradient(_ gradient: Floats, _ result: MutableFloats, rows: Int, _ kernels: KernelTable) -> Bool
  {
    let columns = paddedWidth(rows)
    kernels.transpose(rows, weight.columns, gradient, weight.stride, outputs.start, columns)
    guard share <= SparseWeights.sparseGradientShare else { return false }
    byOutput.withMatrix(result) {
      kernels.sparseGradient($0, rows, inputs.start, columns, outputs.start, columns, result)
    }
    return true
  }

  /// Clears what a dense pass wrote for pruned weights.
  func clearPruned(_ gradient: MutableFloats, _ kernels: KernelTable) {
    kernels.mask(weight.size, gradient, mask.start + weight.offset)
  }

  /// result (rows × in) = gradient · weightsᵀ, after `weightGradient`; `false` where only the dense pass has its bits.
  func inputGradient(
    _ gradient: Floats, _ weights: Floats, _ result: MutableFloats, _ inputStride: Int, rows: Int,
    _ kernels: KernelTable
  ) -> Bool {
    let columns = paddedWidth(rows)
    guard kernels.allFinite(rows * weight.stride, gradient) else { return false }
    let hasNegativeZero = byInput.withMatrix(weights) {
      kernels.multiplySparse($0, columns, outputs.start, columns, nil, inputs.start, columns)
    }
    if hasNegativeZero { return false }
    kernels.transpose(weight.rows, rows, inputs.start, columns, result, inputStride)
    return true
  }
}

/// Places of survivors, row after row.
private struct Survivors {
  private let rows: Int
  private var starts: [Int32] = [0]
  private var columns: [Int32] = []
  private var places: [Int32] = []

  init(rows: Int) { self.rows = rows }

  var count: Int { places.count }

  /// Rows come in order, and columns within a row.
  mutating func add(_ row: Int, _ column: Int, place: Int) {
    while starts.count <= row { starts.append(Int32(places.count)) }
    columns.append(Int32(column))
    places.append(Int32(place))
  }

  /// Ends the last rows and leaves one element more, so that the arrays are never empty.
  mutating func close() {
    while starts.count <= rows { starts.append(Int32(places.count)) }
    columns.append(0)
    places.append(0)
  }

  func withMatrix<Result>(_ values: Floats, _ body: (SparseMatrix) -> Result) -> Result {
    starts.withUnsafeBufferPointer { starts in
      columns.withUnsafeBufferPointer { columns in
        places.withUnsafeBufferPointer { places in
          guard let starts = starts.baseAddress, let columns = columns.baseAddress,
            let places = places.baseAddress
          else { preconditionFailure("a closed list has elements") }
          return body(
            SparseMatrix(rows: rows, starts: starts, columns: columns, places: places, values: values))
        }
      }
    }
  }
}
