// Serves plan: the datasets of the language and their options, declared once.
import Datasets
import Specification

private let imageFields: [Field] = [
  Field(
    "train", .integer(1...10_000_000), unit: "examples",
    doc: "Training examples; all that validation leaves when absent.", example: "10000"),
  Field(
    "validation", .integer(1...10_000_000), unit: "examples",
    doc: "Examples cut from the training part for validation.", example: "5000"),
  Field(
    "test", .integer(1...10_000_000), unit: "examples",
    doc: "Test examples; the whole test part when absent.", example: "10000"),
  Field(
    "standardize",
    .choice([
      Choice("global", "One mean and one standard deviation for all inputs, from the training part."),
      Choice("pixel", "A mean and a standard deviation for each input, from the training part."),
      Choice("none", "Inputs stay as they are."),
      Choice("raw", "Images as stored: 0…255, the optical digits 0…16."),
      Choice("unit", "Images in 0…1, the same as `none`."),
      Choice("center", "The mean of each input, from the training part, is subtracted."),
      Choice("whiten", "Principal components of the training part, each with mean 0 and variance 1."),
      Choice("image", "Each example has its own mean and standard deviation (Zhang et al. 2017)."),
    ]), doc: "How inputs are scaled (LeCun et al. 1998). Images: `global`; mnist1d: `none`.",
    example: "global"),
  Field(
    "label_noise", .number(.fraction), default: .value(0),
    doc:
      "Fraction of the training examples whose label is drawn uniformly over all classes, the true one included.",
    example: "0.05"),
  Field(
    "labels",
    .choice([
      Choice("true", "The dataset's labels."),
      Choice("random", "Training labels drawn uniformly over all classes (Zhang et al. 2017)."),
    ]), default: .value("true"),
    doc: "Where training labels come from; test labels are always the true ones.",
    example: "random"),
  Field(
    "inputs",
    .choice([
      Choice("true", "The dataset's inputs."),
      Choice("permuted", "One random order of the pixels for all examples."),
      Choice("shuffled", "A random order of the pixels for each example."),
      Choice("gaussian", "Normal numbers with the inputs' mean and standard deviation."),
    ]), default: .value("true"), doc: "What the network sees (Zhang et al. 2017, figure 1).",
    example: "shuffled"),
  Field(
    "classes", .list(.integer(0...9), count: 2...10),
    doc: "Keeps only these classes, renumbered in this order.",
    example: "[4, 9]"),
]

private let sizeField = Field(
  "size", .integer(1...28), unit: "pixels",
  doc: "Side of the image: 28 as it is, 14 or 10 averaged over areas.", example: "14")

private let cropField = Field(
  "crop", .integer(1...32), unit: "pixels",
  doc: "Side of the square that is cut from the centre of each image; the whole image when absent.",
  example: "28")

private func generatedFields(_ own: [Field], train: Int, test: Int = 1000) -> [Field] {
  own + [
    Field(
      "train", .integer(1...10_000_000), default: .value(.number(Double(train))), unit: "examples",
      doc: "Training examples.", example: "\(train)"),
    Field(
      "validation", .integer(1...10_000_000), unit: "examples", doc: "Validation examples; none when absent.",
      example: "200"),
    Field(
      "test", .integer(1...10_000_000), default: .value(.number(Double(test))), unit: "examples",
      doc: "Test examples.", example: "\(test)"),
  ]
}

private func featuresField(_ count: Int) -> Field {
  Field(
    "features", .integer(1...100_000), default: .value(.number(Double(count))), unit: "inputs",
    doc: "Coordinates of a point, independent standard normal numbers.", example: "\(count)")
}

private let targetNoiseField = Field(
  "target_noise", .number(.nonNegative), default: .value(0),
  doc: "Standard deviation of the normal noise on training targets.", example: "0.3")

/// The datasets, told apart by `name`.
let dataType = FieldType.variant(
  tag: "name",
  [
    Record(
      "fashion-mnist",
      doc:
        "Fashion-MNIST: 60,000 training and 10,000 test images of clothing, 28 × 28, ten classes (Xiao et al. 2017).",
      fields: [sizeField] + imageFields),
    Record(
      "mnist",
      doc: "MNIST: 60,000 training and 10,000 test digits, 28 × 28; the user supplies the idx files.",
      fields: [sizeField] + imageFields),
    Record(
      "digits",
      doc: "UCI optical digits: 1,797 images, 8 × 8, ten classes (Alpaydin & Kaynak 1998); built in.",
      fields: imageFields),
    Record(
      "mnist1d",
      doc:
        "MNIST-1D: 4,000 training and 1,000 test signals of 40 points (Greydanus & Kobak 2024); generated.",
      fields: imageFields),
    Record(
      "separable",
      doc: "Points of the plane with a known hard-margin separator (Soudry et al. 2018, figure 1).",
      fields: [
        Field(
          "arrangement",
          .choice([
            Choice("symmetric", "Support vectors (½, 3⁄2), (3⁄2, ½) and their negatives."),
            Choice("asymmetric", "Support vectors (½, 3⁄2), (5⁄2, −½) and their negatives."),
          ]), default: .value("symmetric"), doc: "Where the support vectors are.", example: "asymmetric"),
        Field(
          "points", .integer(0...100_000), default: .value(12), doc: "Further points beyond the margin.",
          example: "12"),
      ]),
    Record(
      "digit-pair",
      doc: "Two of the optical digits with labels ±1, 64 pixels and a constant input; built in.",
      fields: [
        Field("first", .integer(0...9), default: .value(4), doc: "The digit labelled +1.", example: "4"),
        Field("second", .integer(0...9), default: .value(9), doc: "The digit labelled −1.", example: "9"),
        Field(
          "train", .integer(2...360), default: .value(240), unit: "examples", doc: "Training examples.",
          example: "240"),
        Field(
          "validation", .integer(1...360), unit: "examples",
          doc: "Validation examples; all that remain when absent.", example: "100"),
      ]),
    Record(
      "cifar-10",
      doc:
        "CIFAR-10: 50,000 training and 10,000 test colour images, 32 × 32, ten classes (Krizhevsky 2009); the user supplies the binary files.",
      fields: [cropField] + imageFields),
    Record(
      "linear-teacher",
      doc: "Normal points with the side of a random plane through the origin that they lie on; generated.",
      fields: generatedFields(
        [
          featuresField(20),
          Field(
            "label_noise", .number(.fraction), default: .value(0),
            doc: "Fraction of the training labels that a fair coin draws anew: half of them become wrong.",
            example: "0.2"),
        ], train: 200)),
    Record(
      "random-points",
      doc: "Normal points with labels from fair coins: random dichotomies (Cover 1965); generated.",
      fields: generatedFields([featuresField(40)], train: 100)),
    Record(
      "linear-map",
      doc: "Normal x with real-valued targets A·x, the elements of A of variance 1/features; generated.",
      fields: generatedFields(
        [
          featuresField(50),
          Field(
            "outputs", .integer(1...100_000), default: .value(50), unit: "targets",
            doc: "Coordinates of a target.", example: "50"), targetNoiseField,
        ], train: 1000)),
    Record(
      "sines",
      doc:
        "Σₖ sin(2πkx + φₖ), random phases, at equispaced x of the unit interval, seen as 2x − 1 (Rahaman et al. 2019); generated.",
      fields: generatedFields(
        [
          Field(
            "frequencies", .list(.number(.positive), count: 1...100), default: .value([1, 5, 10]),
            unit: "1/interval", doc: "The frequencies k.", example: "[1, 5, 10]"), targetNoiseField,
        ], train: 100)),
    Record(
      "modular-addition",
      doc:
        "All pairs (a, b), one-hot a beside one-hot b, with the class (a + b) mod p (Power et al. 2022); pairs that are not trained on are the test data.",
      fields: [
        Field("modulus", .integer(2...1000), default: .value(31), doc: "The modulus p.", example: "31"),
        Field(
          "fraction", .number(NumberRange(0, 0.999, excludesLower: true)), default: .value(0.6),
          doc: "Fraction of the p² pairs that is trained on.", example: "0.6"),
      ]),
  ])

/// The datasets with classes that a network can be trained on.
let classificationData: [DatasetName] = [
  .fashionMNIST, .mnist, .digits, .mnist1d, .cifar10, .linearTeacher, .randomPoints, .modularAddition,
]

/// The datasets with real-valued targets.
let regressionData: [DatasetName] = [.linearMap, .sines]

extension DatasetRequest {
  /// Reads a resolved `data` value.
  init?(_ value: Value) {
    guard let name = value["name"]?.string.flatMap(DatasetName.init) else { return nil }
    self.init(
      name, train: value["train"]?.integer, validation: value["validation"]?.integer,
      test: value["test"]?.integer,
      size: value["size"]?.integer,
      standardization: value["standardize"]?.string.flatMap(Standardization.init),
      labelNoise: value["label_noise"]?.number ?? 0,
      labels: value["labels"]?.string.flatMap(LabelSource.init) ?? .true,
      inputs: value["inputs"]?.string.flatMap(InputSource.init) ?? .true,
      classes: value["classes"]?.array?.compactMap(\.integer),
      arrangement: value["arrangement"]?.string.flatMap(SeparableArrangement.init) ?? .symmetric,
      points: value["points"]?.integer ?? 12, first: value["first"]?.integer ?? 4,
      second: value["second"]?.integer ?? 9)
    crop = value["crop"]?.integer
    features = value["features"]?.integer ?? features
    outputs = value["outputs"]?.integer ?? outputs
    targetNoise = value["target_noise"]?.number ?? targetNoise
    frequencies = value["frequencies"]?.array?.compactMap(\.number) ?? frequencies
    modulus = value["modulus"]?.integer ?? modulus
    fraction = value["fraction"]?.number ?? fraction
  }
}
