// Serves plan: what an experiment asks of a dataset, as plain values.

/// A dataset that Offprint can load or make.
public enum DatasetName: String, CaseIterable, Hashable, Sendable {
  /// Fashion-MNIST: 60,000 / 10,000 images of clothing, 28 × 28 (Xiao, Rasul and Vollgraf, arXiv:1708.07747).
  case fashionMNIST = "fashion-mnist"
  /// MNIST: 60,000 / 10,000 handwritten digits, 28 × 28; the user supplies the files.
  case mnist
  /// Optical digits: 1,797 images, 8 × 8 (UCI, DOI 10.24432/C50P49); built in.
  case digits
  /// MNIST-1D: signals of 40 points, generated (Greydanus and Kobak, arXiv:2011.14439).
  case mnist1d
  /// Points of the plane with a known maximum-margin separator through the origin; generated.
  case separable
  /// Two of the optical digits, labelled +1 and −1, with a constant feature; built in.
  case digitPair = "digit-pair"
  /// CIFAR-10: 50,000 / 10,000 colour images, 32 × 32 (Krizhevsky 2009); the user supplies the binary files.
  case cifar10 = "cifar-10"
  /// Normal points with the class that a random hyperplane through the origin gives them; generated.
  case linearTeacher = "linear-teacher"
  /// Normal points with classes drawn by fair coins: random dichotomies (Cover 1965); generated.
  case randomPoints = "random-points"
  /// Pairs of normal inputs x and real-valued targets A·x; generated.
  case linearMap = "linear-map"
  /// A sum of sines on a grid of the unit interval, with real-valued targets (Rahaman et al. 2019); generated.
  case sines
  /// All pairs (a, b) with the class (a + b) mod p (Power et al. 2022); generated.
  case modularAddition = "modular-addition"

  /// Whether the dataset is made by a recipe, without any source.
  var isGenerated: Bool {
    switch self {
    case .separable, .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition: true
    case .fashionMNIST, .mnist, .digits, .mnist1d, .digitPair, .cifar10: false
    }
  }

  /// Whether its targets are real numbers, for the squared loss.
  public var isRegression: Bool { self == .linearMap || self == .sines }
}

/// How inputs are brought to mean zero and unit standard deviation; from the training part but for `image`.
public enum Standardization: String, CaseIterable, Hashable, Sendable {
  /// One mean and one standard deviation for all pixels.
  case global
  /// A mean and a standard deviation for each pixel; a constant pixel becomes zero.
  case pixel
  /// Inputs stay as they are: images in 0…1.
  case none
  /// Images as stored, 0…255 (0…16 for the optical digits).
  case raw
  /// Images in 0…1; the same as `none`, by the name it has among the ways to scale.
  case unit
  /// The mean of each input is subtracted.
  case center
  /// Principal components of the training part, each with mean 0 and variance 1.
  case whiten
  /// A mean and a standard deviation for each example, its own; a constant example becomes zero.
  case image
}

/// Where training labels come from.
public enum LabelSource: String, CaseIterable, Hashable, Sendable {
  /// The labels of the dataset.
  case `true`
  /// Drawn uniformly over all classes, for training data only.
  case random
}

/// Where inputs come from (Zhang et al., arXiv:1611.03530, figure 1).
public enum InputSource: String, CaseIterable, Hashable, Sendable {
  /// The inputs of the dataset.
  case `true`
  /// The pixels of every image in one and the same shuffled order.
  case permuted
  /// The pixels of each image in an order of its own.
  case shuffled
  /// Independent normal numbers with the mean and standard deviation of the training part.
  case gaussian
}

/// The two arrangements of support vectors in the plane (Soudry et al., arXiv:1710.10345, figure 1).
public enum SeparableArrangement: String, CaseIterable, Hashable, Sendable {
  /// (½, 3/2), (3/2, ½) and their negatives: equal dual weights.
  case symmetric
  /// (½, 3/2), (5/2, −½) and their negatives: dual weights 3/8 and 1/8.
  case asymmetric
}

/// What an experiment asks of a dataset. Options that a dataset does not have must keep their defaults.
public struct DatasetRequest: Hashable, Sendable {
  /// The dataset.
  public var name: DatasetName
  /// Training examples; `nil` takes all that validation leaves.
  public var train: Int?
  /// Examples cut from the training part of the source for validation. For `digit-pair`, `nil` takes all that remain.
  public var validation: Int?
  /// Test examples; `nil` takes the whole test part (none for `digit-pair`).
  public var test: Int?
  /// Side length of the images: 28 as they are, 14 or 10 averaged over areas. Only for 28 × 28 images.
  public var size: Int?
  /// Side length of the square that is cut from the centre of an image. Only for CIFAR-10.
  public var crop: Int?
  /// How inputs are standardised; `nil` is `global` for images and `none` for the others.
  public var standardization: Standardization?
  /// Fraction of the training examples that get a label drawn uniformly over all classes, the true one included.
  public var labelNoise: Double
  /// Where training labels come from.
  public var labels: LabelSource
  /// Where inputs come from.
  public var inputs: InputSource
  /// Keeps only these classes and numbers them in this order; `nil` keeps all.
  public var classes: [Int]?
  /// `separable`: where the support vectors are.
  public var arrangement: SeparableArrangement
  /// `separable`: the number of points beyond the margin.
  public var points: Int
  /// `digit-pair`: the digit labelled +1.
  public var first: Int
  /// `digit-pair`: the digit labelled −1.
  public var second: Int
  /// `linear-teacher`, `random-points`, `linear-map`: coordinates of a point.
  public var features = 20
  /// `linear-map`: coordinates of a target.
  public var outputs = 50
  /// `linear-map`, `sines`: standard deviation of the normal noise on training targets.
  public var targetNoise = 0.0
  /// `sines`: the frequencies k of the terms sin(2πkx + φₖ).
  public var frequencies: [Double] = [1, 5, 10]
  /// `modular-addition`: the modulus p.
  public var modulus = 31
  /// `modular-addition`: fraction of the p² pairs that is trained on.
  public var fraction = 0.6

  /// Creates a request for a whole dataset; options are set on the value.
  public init(
    _ name: DatasetName, train: Int? = nil, validation: Int? = nil, test: Int? = nil, size: Int? = nil,
    standardization: Standardization? = nil, labelNoise: Double = 0, labels: LabelSource = .true,
    inputs: InputSource = .true, classes: [Int]? = nil, arrangement: SeparableArrangement = .symmetric,
    points: Int = 12, first: Int = 4, second: Int = 9
  ) {
    self.name = name
    self.train = train
    self.validation = validation
    self.test = test
    self.size = size
    self.standardization = standardization
    self.labelNoise = labelNoise
    self.labels = labels
    self.inputs = inputs
    self.classes = classes
    self.arrangement = arrangement
    self.points = points
    self.first = first
    self.second = second
  }

  /// The shape of an input that the source has in another shape.
  func shape(of source: [Int]) -> [Int] { (size ?? crop).map { [source[0], $0, $0] } ?? source }

  func invalid(_ option: String, _ problem: String) -> DatasetError {
    .invalidRequest(dataset: name.rawValue, option: option, problem: problem)
  }
}

/// What a request will yield, known before any example is prepared.
public struct DatasetDescription: Hashable, Sendable {
  /// The shape of one input.
  public var shape: [Int]
  /// The number of classes.
  public var classes: Int
  /// Training examples.
  public var train: Int
  /// Validation examples.
  public var validation: Int
  /// Test examples.
  public var test: Int

  /// The number of features of an input.
  public var inputCount: Int { shape.reduce(1, *) }
}
