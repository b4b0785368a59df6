// Serves run: the form in which data reach training and measurement.

/// Inputs with their labels, in memory.
public struct LabelledData: Sendable {
  /// The inputs, row-major: `count` rows of `inputCount` numbers.
  public var inputs: [Float]
  /// The shape of one input: `[1, 28, 28]` (channels, rows, columns) for images, `[40]` for signals.
  public var shape: [Int]
  /// One label per row: `0..<classes`, or −1 and +1 in the binary sets made for linear separators.
  public var labels: [Int32]
  /// The number of classes; of regression sets, the number of targets of a row.
  public var classes: Int
  /// Real-valued targets of regression sets, row-major with `classes` numbers a row; their labels are all 0.
  public var targets: [Float]?

  /// Creates data; `inputs` must hold as many rows as there are labels.
  public init(
    inputs: [Float], shape: [Int], labels: [Int32], classes: Int, targets: [Float]? = nil
  ) {
    precondition(inputs.count == labels.count * shape.reduce(1, *), "one input row per label")
    precondition(targets.map { $0.count == labels.count * classes } ?? true, "one target row per label")
    self.targets = targets
    self.inputs = inputs
    self.shape = shape
    self.labels = labels
    self.classes = classes
  }

  /// The number of rows.
  public var count: Int { labels.count }

  /// The number of features of a row.
  public var inputCount: Int { shape.reduce(1, *) }

  /// The features of one row.
  public func input(_ row: Int) -> ArraySlice<Float> {
    inputs[row * inputCount..<(row + 1) * inputCount]
  }

  /// How many rows carry each of the labels `0..<classes`.
  public var labelCounts: [Int] {
    var counts = [Int](repeating: 0, count: classes)
    for label in labels where label >= 0 && Int(label) < classes { counts[Int(label)] += 1 }
    return counts
  }

  /// Mean and standard deviation over all inputs.
  public var pixelStatistics: PixelStatistics { PixelStatistics(of: inputs) }
}

/// Mean and population standard deviation of a set of inputs.
public struct PixelStatistics: Hashable, Sendable {
  /// The mean, Σx / n.
  public var mean: Double
  /// The population standard deviation, √(Σ(x − mean)² / n).
  public var standardDeviation: Double

  /// Creates statistics from known numbers.
  public init(mean: Double, standardDeviation: Double) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Computes both in two passes, summing from first to last in double precision; 0 and 0 for no inputs.
  public init(of inputs: [Float]) {
    self.init(of: inputs, from: 0, by: 1)
  }

  /// The same over every `step`-th number from `first`: one pixel of every image.
  init(of inputs: [Float], from first: Int, by step: Int) {
    var sum = 0.0
    var count = 0
    for index in stride(from: first, to: inputs.count, by: step) {
      sum += Double(inputs[index])
      count += 1
    }
    mean = count == 0 ? 0 : sum / Double(count)
    var squares = 0.0
    for index in stride(from: first, to: inputs.count, by: step) {
      let deviation = Double(inputs[index]) - mean
      squares += deviation * deviation
    }
    standardDeviation = count == 0 ? 0 : (squares / Double(count)).squareRoot()
  }

  /// `(value − mean) / standardDeviation`; a constant input becomes zero.
  func standardized(_ value: Float) -> Float {
    standardDeviation > 0 ? Float((Double(value) - mean) / standardDeviation) : 0
  }
}

/// The three parts of a dataset, ready for one run.
public struct DataSplit: Sendable {
  /// What the run learns from.
  public var train: LabelledData
  /// What the run may be steered by; cut from the training part of the source. May be empty.
  public var validation: LabelledData
  /// What the run is judged by. May be empty.
  public var test: LabelledData
  /// The labels of `train` before label noise.
  public var trueTrainLabels: [Int32]
  /// The row of each training example in the training part of the source.
  public var trainRows: [Int]
  /// Whether each training example's label was drawn at random (and so may be wrong); empty when none was.
  public var isNoisy: [Bool] = []

  /// Creates a split.
  public init(
    train: LabelledData, validation: LabelledData, test: LabelledData, trueTrainLabels: [Int32],
    trainRows: [Int]
  ) {
    self.train = train
    self.validation = validation
    self.test = test
    self.trueTrainLabels = trueTrainLabels
    self.trainRows = trainRows
  }
}
