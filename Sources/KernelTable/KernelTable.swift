// Serves execute: the one list of what every instruction-set level provides.

/// Reads of single-precision values.
public typealias Floats = UnsafePointer<Float>
/// Writes of single-precision values.
public typealias MutableFloats = UnsafeMutablePointer<Float>

/// Reads of double-precision values.
public typealias Doubles = UnsafePointer<Double>
/// Writes of double-precision values.
public typealias MutableDoubles = UnsafeMutablePointer<Double>

/// Rows of double-precision values in memory: row i begins at `start + i * stride`.
public struct DoubleRows {
  /// Address of the first row.
  public var start: Doubles
  /// Distance between rows, in elements.
  public var stride: Int
  /// Number of rows.
  public var count: Int

  /// Describes rows in memory.
  @inlinable public init(_ start: Doubles, stride: Int, count: Int) {
    self.start = start
    self.stride = stride
    self.count = count
  }
}

/// Rows of double-precision values that change: row i begins at `start + i * stride`.
public struct MutableDoubleRows {
  /// Address of the first row.
  public var start: MutableDoubles
  /// Distance between rows, in elements.
  public var stride: Int
  /// Number of rows.
  public var count: Int

  /// Describes rows in memory.
  @inlinable public init(_ start: MutableDoubles, stride: Int, count: Int) {
    self.start = start
    self.stride = stride
    self.count = count
  }
}

/// A matrix in memory: element (i, j) is at `start[i * rowStride + j * columnStride]`.
public struct StridedMatrix {
  /// Address of element (0, 0).
  public var start: Floats
  /// Distance between rows, in elements.
  public var rowStride: Int
  /// Distance between columns, in elements.
  public var columnStride: Int

  /// Describes a matrix in memory.
  @inlinable public init(_ start: Floats, rowStride: Int, columnStride: Int = 1) {
    self.start = start
    self.rowStride = rowStride
    self.columnStride = columnStride
  }
}

/// A matrix whose columns come in segments and whose rows come in groups: the windows of a convolution, read where they lie.
///
/// Element (g · `rowsPerGroup` + i, s · `depth` + j) is at
/// `start[g * groupStride + i * rowStride + s * segmentStride + j * columnStride]`. Nothing needs to be padded or aligned.
///
/// A convolution with weights stored [kernel row][kernel column][channel in][channel out] over an input stored [row][column]
/// [channel] that is padded in space is one product an image: a row an output position, a segment a kernel row
/// (`depth` = kernel width · channels, `segmentStride` = one input row), a group an output row. Its weight gradient has a row
/// a weight, a segment an output row and a group a kernel row.
public struct SegmentedMatrix {
  /// Address of element (0, 0).
  public var start: Floats
  /// Distance between rows of a group, in elements.
  public var rowStride: Int
  /// Distance between columns of a segment, in elements.
  public var columnStride: Int
  /// Number of segments in a row.
  public var segments: Int
  /// Columns in a segment.
  public var depth: Int
  /// Distance between segments, in elements.
  public var segmentStride: Int
  /// Rows in a group, at least 1; the last group may be short.
  public var rowsPerGroup: Int
  /// Distance between groups, in elements.
  public var groupStride: Int

  /// Describes a matrix in memory; one group unless told otherwise.
  @inlinable public init(
    _ start: Floats, rowStride: Int, columnStride: Int = 1, segments: Int = 1, depth: Int,
    segmentStride: Int = 0, rowsPerGroup: Int = .max, groupStride: Int = 0
  ) {
    self.start = start
    self.rowStride = rowStride
    self.columnStride = columnStride
    self.segments = segments
    self.depth = depth
    self.segmentStride = segmentStride
    self.rowsPerGroup = rowsPerGroup
    self.groupStride = groupStride
  }
}

/// A matrix of which only the surviving elements are stored, row after row and in order of columns.
public struct SparseMatrix {
  /// Number of rows.
  public var rows: Int
  /// Row i has the elements `starts[i]` to `starts[i + 1]`; one more than there are rows.
  public var starts: UnsafePointer<Int32>
  /// The column of each element.
  public var columns: UnsafePointer<Int32>
  /// Where the value of each element is in `values`.
  public var places: UnsafePointer<Int32>
  /// The values, in any order.
  public var values: Floats

  /// Describes a matrix in memory.
  @inlinable public init(
    rows: Int, starts: UnsafePointer<Int32>, columns: UnsafePointer<Int32>, places: UnsafePointer<Int32>,
    values: Floats
  ) {
    self.rows = rows
    self.starts = starts
    self.columns = columns
    self.places = places
    self.values = values
  }
}

/// A line of windows over positions with channels: `count` windows, `step` elements apart, of `height` × `width` positions.
public struct PoolingLine {
  /// Number of windows.
  public var count: Int
  /// Distance between windows, in elements.
  public var step: Int
  /// Lines of a window.
  public var height: Int
  /// Positions in a line of a window.
  public var width: Int
  /// Distance between lines, in elements.
  public var lineStride: Int
  /// Distance between positions, in elements: the padded number of channels.
  public var channels: Int

  /// Describes a line of windows.
  @inlinable public init(
    count: Int, step: Int, height: Int, width: Int, lineStride: Int, channels: Int
  ) {
    self.count = count
    self.step = step
    self.height = height
    self.width = width
    self.lineStride = lineStride
    self.channels = channels
  }
}

/// What becomes of a finished chain of a matrix product.
public enum Finish {
  /// It is the result.
  case store
  /// It is added to what the result holds: one chain an example, the examples in order.
  case add
  /// It is the gradient of parameters, which the result holds and which follow it at once.
  case update(ParameterUpdate)
}

/// How parameters follow their gradient.
public struct ParameterUpdate {
  /// The rule with its constants.
  public var rule: UpdateRule
  /// The velocity or the first moment, laid out as the parameters.
  public var first: MutableFloats
  /// The second moment, laid out as the parameters; not used by SGD.
  public var second: MutableFloats

  /// Describes an update.
  @inlinable public init(_ rule: UpdateRule, first: MutableFloats, second: MutableFloats) {
    self.rule = rule
    self.first = first
    self.second = second
  }
}

/// An update rule with the constants of one step.
public enum UpdateRule: Sendable {
  /// SGD with (Nesterov) momentum and L2 weight decay, in PyTorch's form (velocity = momentum·velocity + gradient).
  case sgd(SGDStep)
  /// Adam (Kingma & Ba 2015, algorithm 1) with bias corrections given as factors.
  case adam(AdamStep)
}

/// What a matrix product's accumulators start from.
public enum Start {
  /// Zero.
  case zero
  /// What the result holds already.
  case result
  /// The same row (a bias) for every row of the result.
  case row(Floats)
}

/// Elements of scratch memory that a matrix product needs: columns of b, rows of a, and a tile of the result.
public let scratchSize = 320 * 256 + 320 * 204 + 512

/// One function a stage of the numeric contract, compiled for one instruction-set level.
///
/// Every vector length is a multiple of 16 elements: rows of matrices are padded with zeros, and all functions keep
/// the padding zero. Results are the same to the last bit at every level.
public struct KernelTable: Sendable {
  /// `name` as in `OFFPRINT_ISA`.
  public var name: String

  /// result (m×n) = start + a (m×k) · b (k×n); each element is a chain of fused multiply-adds in order of k.
  ///
  /// `n` and the strides of `b` and `result` are multiples of 16. `scratch` holds at least `scratchSize` elements.
  public var multiply:
    @Sendable (
      _ m: Int, _ n: Int, _ k: Int, _ a: StridedMatrix, _ b: Floats, _ bStride: Int, _ start: Start,
      _ result: MutableFloats, _ resultStride: Int, _ scratch: MutableFloats
    ) -> Void

  /// The same with a segmented `a` (m×k, k = segments · depth): each element is one chain in order of k, whatever `finish`
  /// does with it. `multiply` is the case of one segment that is stored; an update starts from zero.
  public var multiplySegments:
    @Sendable (
      _ m: Int, _ n: Int, _ a: SegmentedMatrix, _ b: Floats, _ bStride: Int, _ start: Start, _ finish: Finish,
      _ result: MutableFloats, _ resultStride: Int, _ scratch: MutableFloats
    ) -> Void

  /// result (rows×n) = start + a (sparse) · b (columns×n), each element one chain over the survivors in order of columns.
  ///
  /// Row i starts from `starts[i]`, or from zero without them. Where b is finite and the result is not −0, that is what
  /// `multiply` makes of the same matrix with +0 for what is missing; returns whether any element is −0.
  public var multiplySparse:
    @Sendable (
      _ a: SparseMatrix, _ n: Int, _ b: Floats, _ bStride: Int, _ starts: Floats?, _ result: MutableFloats,
      _ resultStride: Int
    ) -> Bool

  /// gradient[p] = Σ_i left[column of p, i] · right[row of p, i] for every survivor p, each one chain in order of i < depth.
  ///
  /// Rows of `left` and `right` are padded to whole vectors.
  public var sparseGradient:
    @Sendable (
      _ pattern: SparseMatrix, _ depth: Int, _ left: Floats, _ leftStride: Int, _ right: Floats,
      _ rightStride: Int, _ gradient: MutableFloats
    ) -> Void

  /// target row i = source row indices[i], for `count` rows of `length` elements that follow each other.
  public var gatherRows:
    @Sendable (
      _ count: Int, _ length: Int, _ source: Floats, _ indices: UnsafePointer<Int>, _ target: MutableFloats
    ) -> Void

  /// Whether no element is infinite or not a number.
  public var allFinite: @Sendable (_ count: Int, _ values: Floats) -> Bool

  /// values = +0 where the mask is zero, whatever was there.
  public var mask: @Sendable (_ count: Int, _ values: MutableFloats, _ mask: Floats) -> Void

  /// The largest element of each window, channel by channel, and its place from `source`; of equals the first in memory.
  ///
  /// An element that is not a number is the largest where it is the first, and never else. Writes `count` × `channels`.
  public var maxPool:
    @Sendable (
      _ line: PoolingLine, _ source: Floats, _ result: MutableFloats, _ places: UnsafeMutablePointer<Int32>
    ) -> Void

  /// result (columns×rows) = source (rows×columns) transposed; both strides are multiples of 16, and each row of the
  /// result is written to the next multiple of 16, with zeros.
  public var transpose:
    @Sendable (
      _ rows: Int, _ columns: Int, _ source: Floats, _ sourceStride: Int, _ result: MutableFloats,
      _ resultStride: Int
    ) -> Void

  /// values = activation(values).
  public var activate: @Sendable (_ activation: Activation, _ values: MutableFloats, _ count: Int) -> Void
  /// gradient *= activation′, from the activation's output.
  public var activationGradient:
    @Sendable (_ activation: Activation, _ output: Floats, _ gradient: MutableFloats, _ count: Int) -> Void

  /// Softmax cross-entropy of `rows` rows of logits with `classes` classes.
  ///
  /// gradient = (softmax − one-hot) · scale; `probability[i]` is the softmax of the label of row i.
  public var softmaxCrossEntropy:
    @Sendable (
      _ rows: Int, _ classes: Int, _ logits: Floats, _ stride: Int, _ labels: UnsafePointer<Int32>,
      _ scale: Float, _ gradient: MutableFloats, _ logProbability: UnsafeMutablePointer<Double>
    ) -> Void

  /// sums[j] = Σ_i values[i, j], in order of i.
  public var columnSums:
    @Sendable (_ rows: Int, _ columns: Int, _ values: Floats, _ stride: Int, _ sums: MutableFloats) -> Void

  /// Batch statistics per column: mean and biased variance over the rows, each summed in order of rows.
  public var columnMoments:
    @Sendable (
      _ rows: Int, _ columns: Int, _ values: Floats, _ stride: Int, _ mean: MutableFloats,
      _ variance: MutableFloats
    ) -> Void

  /// normalized = (values − mean) · inverseDeviation; output = scale · normalized + shift, per column.
  public var normalize:
    @Sendable (
      _ rows: Int, _ columns: Int, _ values: Floats, _ stride: Int, _ mean: Floats,
      _ inverseDeviation: Floats,
      _ scale: Floats, _ shift: Floats, _ normalized: MutableFloats, _ output: MutableFloats
    ) -> Void

  /// The backward pass of `normalize`: writes the gradients of scale and shift and turns `gradient` into the input's.
  ///
  /// With `throughStatistics` the mean and variance are functions of the input, otherwise constants.
  public var normalizeGradient:
    @Sendable (
      _ rows: Int, _ columns: Int, _ normalized: Floats, _ stride: Int, _ inverseDeviation: Floats,
      _ scale: Floats, _ gradient: MutableFloats, _ scaleGradient: MutableFloats,
      _ shiftGradient: MutableFloats,
      _ throughStatistics: Bool
    ) -> Void

  /// Parameters follow their gradient.
  public var update:
    @Sendable (_ count: Int, _ parameters: MutableFloats, _ gradient: Floats, _ update: ParameterUpdate) ->
      Void

  /// values *= factors, element by element.
  public var scale: @Sendable (_ count: Int, _ values: MutableFloats, _ factors: Floats) -> Void

  /// Gradient of Σₙ log(1 + exp(−zₙ·w)) in double precision, examples in eight lanes with a fixed tree.
  ///
  /// `points` is (dimension × stride), one row a coordinate, with zeros beyond `count`; `sums` has room for 8 · dimension
  /// numbers. With `scalesBySmallestMargin`, gradient and returned loss are multiplied by exp(max(0, min zₙ·w)), so that
  /// their quotient stays exact when the loss is too small for a number; without it nothing is returned but 0.
  public var logisticGradient:
    @Sendable (
      _ count: Int, _ dimension: Int, _ points: UnsafePointer<Double>, _ stride: Int,
      _ weights: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>,
      _ gradient: UnsafeMutablePointer<Double>, _ scalesBySmallestMargin: Bool
    ) -> Double

  /// result[i, j] = Σ_k a[i, k] · b[j, k] over the first `length` elements of rows, in eight lanes that are joined by halves.
  public var rowProducts:
    @Sendable (_ a: DoubleRows, _ b: DoubleRows, _ length: Int, _ result: MutableDoubles, _ resultStride: Int)
      -> Void

  /// target[i, k] += factors[i] · source[k] over the first `length` elements of rows.
  public var addRow:
    @Sendable (_ factors: Doubles, _ source: Doubles, _ target: MutableDoubleRows, _ length: Int) -> Void

  /// Turns two rows of `length` elements: (x, y) becomes (cosine·x − sine·y, sine·x + cosine·y).
  public var rotateRows:
    @Sendable (_ x: MutableDoubles, _ y: MutableDoubles, _ length: Int, _ cosine: Double, _ sine: Double) ->
      Void

  /// values = cos(values), by the operations of `Elementary.cos`; NaN beyond ±10⁶.
  public var cosines: @Sendable (_ values: MutableDoubles, _ count: Int) -> Void

  /// Four words each of `count` blocks of Philox 4×32-10, from `counter` on; its first word counts the blocks.
  public var randomBlocks:
    @Sendable (
      _ key: SIMD2<UInt32>, _ counter: SIMD4<UInt32>, _ count: Int, _ target: UnsafeMutablePointer<UInt32>
    ) -> Void

  /// Collects the functions of one level.
  public init(
    name: String,
    multiply:
      @escaping @Sendable (
        Int, Int, Int, StridedMatrix, Floats, Int, Start, MutableFloats, Int, MutableFloats
      ) -> Void,
    multiplySegments:
      @escaping @Sendable (
        Int, Int, SegmentedMatrix, Floats, Int, Start, Finish, MutableFloats, Int, MutableFloats
      ) -> Void,
    multiplySparse:
      @escaping @Sendable (SparseMatrix, Int, Floats, Int, Floats?, MutableFloats, Int) -> Bool,
    sparseGradient:
      @escaping @Sendable (SparseMatrix, Int, Floats, Int, Floats, Int, MutableFloats) -> Void,
    gatherRows: @escaping @Sendable (Int, Int, Floats, UnsafePointer<Int>, MutableFloats) -> Void,
    allFinite: @escaping @Sendable (Int, Floats) -> Bool,
    mask: @escaping @Sendable (Int, MutableFloats, Floats) -> Void,
    maxPool: @escaping @Sendable (PoolingLine, Floats, MutableFloats, UnsafeMutablePointer<Int32>) -> Void,
    transpose: @escaping @Sendable (Int, Int, Floats, Int, MutableFloats, Int) -> Void,
    activate: @escaping @Sendable (Activation, MutableFloats, Int) -> Void,
    activationGradient: @escaping @Sendable (Activation, Floats, MutableFloats, Int) -> Void,
    softmaxCrossEntropy:
      @escaping @Sendable (
        Int, Int, Floats, Int, UnsafePointer<Int32>, Float, MutableFloats, UnsafeMutablePointer<Double>
      ) -> Void,
    columnSums: @escaping @Sendable (Int, Int, Floats, Int, MutableFloats) -> Void,
    columnMoments: @escaping @Sendable (Int, Int, Floats, Int, MutableFloats, MutableFloats) -> Void,
    normalize:
      @escaping @Sendable (
        Int, Int, Floats, Int, Floats, Floats, Floats, Floats, MutableFloats, MutableFloats
      ) -> Void,
    normalizeGradient:
      @escaping @Sendable (
        Int, Int, Floats, Int, Floats, Floats, MutableFloats, MutableFloats, MutableFloats, Bool
      ) -> Void,
    update: @escaping @Sendable (Int, MutableFloats, Floats, ParameterUpdate) -> Void,
    scale: @escaping @Sendable (Int, MutableFloats, Floats) -> Void,
    logisticGradient:
      @escaping @Sendable (
        Int, Int, UnsafePointer<Double>, Int, UnsafePointer<Double>, UnsafeMutablePointer<Double>,
        UnsafeMutablePointer<Double>, Bool
      ) -> Double,
    rowProducts: @escaping @Sendable (DoubleRows, DoubleRows, Int, MutableDoubles, Int) -> Void,
    addRow: @escaping @Sendable (Doubles, Doubles, MutableDoubleRows, Int) -> Void,
    rotateRows: @escaping @Sendable (MutableDoubles, MutableDoubles, Int, Double, Double) -> Void,
    cosines: @escaping @Sendable (MutableDoubles, Int) -> Void,
    randomBlocks:
      @escaping @Sendable (SIMD2<UInt32>, SIMD4<UInt32>, Int, UnsafeMutablePointer<UInt32>) -> Void
  ) {
    self.name = name
    self.multiply = multiply
    self.multiplySegments = multiplySegments
    self.multiplySparse = multiplySparse
    self.sparseGradient = sparseGradient
    self.gatherRows = gatherRows
    self.allFinite = allFinite
    self.mask = mask
    self.maxPool = maxPool
    self.transpose = transpose
    self.activate = activate
    self.activationGradient = activationGradient
    self.softmaxCrossEntropy = softmaxCrossEntropy
    self.columnSums = columnSums
    self.columnMoments = columnMoments
    self.normalize = normalize
    self.normalizeGradient = normalizeGradient
    self.update = update
    self.scale = scale
    self.logisticGradient = logisticGradient
    self.rowProducts = rowProducts
    self.addRow = addRow
    self.rotateRows = rotateRows
    self.cosines = cosines
    self.randomBlocks = randomBlocks
  }
}

/// An element-wise nonlinearity.
public enum Activation: String, Sendable, CaseIterable {
  /// max(0, x).
  case relu
  /// x where positive, 0.01·x elsewhere.
  case leakyRelu = "leaky-relu"
  /// Hyperbolic tangent.
  case tanh
  /// 1 / (1 + exp(−x)).
  case sigmoid
  /// x itself.
  case identity
}

/// The constants of one step of SGD.
public struct SGDStep: Sendable {
  /// Step size.
  public var rate: Float
  /// What is kept of the velocity.
  public var momentum: Float
  /// Whether the momentum is Nesterov's.
  public var nesterov: Bool
  /// L2 penalty added to the gradient.
  public var decay: Float

  /// Collects the constants.
  public init(rate: Float, momentum: Float, nesterov: Bool, decay: Float) {
    self.rate = rate
    self.momentum = momentum
    self.nesterov = nesterov
    self.decay = decay
  }
}

/// The constants of one Adam step.
public struct AdamStep: Sendable {
  /// Step size.
  public var rate: Float
  /// Decay of the first moment.
  public var beta1: Float
  /// Decay of the second moment.
  public var beta2: Float
  /// Added to the root of the second moment.
  public var epsilon: Float
  /// 1 / (1 − beta1^t).
  public var firstCorrection: Float
  /// 1 / (1 − beta2^t).
  public var secondCorrection: Float
  /// L2 penalty added to the gradient.
  public var decay: Float

  /// Collects the constants.
  public init(
    rate: Float, beta1: Float, beta2: Float, epsilon: Float, firstCorrection: Float, secondCorrection: Float,
    decay: Float
  ) {
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.firstCorrection = firstCorrection
    self.secondCorrection = secondCorrection
    self.decay = decay
  }
}
