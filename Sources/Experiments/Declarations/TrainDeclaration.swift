// Serves plan: training options of the language, declared once.
import Specification
import Tables
import Training

let selectorChoices = [
  Choice("all", "Every parameter."), Choice("weights", "Weights of dense layers and convolutions."),
  Choice("hidden-weights", "Weights of all layers but the last."),
  Choice("normed-weights", "Weights of layers that feed a normalisation."), Choice("biases", "Biases."),
  Choice("norm", "Scales and shifts of normalisations."),
  Choice("output", "Weights and biases of the last layer."),
]

private let groupRecord = Record(
  "group", doc: "Settings of a set of parameters.",
  fields: [
    Field(
      "on", .choice(selectorChoices), default: .required, doc: "Which parameters.", example: "norm"),
    Field(
      "lr_factor", .number(.nonNegative), default: .value(1), doc: "Factor on the learning rate.",
      example: "0.1"),
    Field(
      "weight_decay", .number(.nonNegative), doc: "Their weight decay; the common one when absent.",
      example: "0"),
  ])

/// How a model is trained.
let trainRecord = Record(
  "train", doc: "How the model is trained. Names and defaults are PyTorch's.",
  fields: [
    Field(
      "loss",
      .choice([
        Choice("cross-entropy", "Softmax cross-entropy."),
        Choice(
          "mse", "½‖f − t‖² with the one-hot label, or the data's own target, as t (Cohen et al. 2021)."),
      ]), default: .value("cross-entropy"), doc: "What is minimised.", example: "mse"),
    Field(
      "optimizer",
      .choice([
        Choice("sgd", "Stochastic gradient descent with (Nesterov) momentum: v ← μv + g, w ← w − ηv."),
        Choice("adam", "Adam (Kingma & Ba 2015)."),
        Choice("adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)."),
        Choice("normalized-sgd", "`sgd` on the gradient divided by its norm."),
      ]), default: .value("sgd"), doc: "The update rule.", example: "adam"),
    Field(
      "lr", .number(.positive), default: .required, doc: "Learning rate η at the first step.", example: "0.1"),
    Field(
      "momentum", .number(NumberRange(0, 0.9999)), default: .value(0), doc: "Momentum μ of SGD.",
      example: "0.9"),
    Field(
      "momentum_growth", .number(NumberRange(0, 0.9)), default: .value(0),
      doc: "Added to the momentum after every epoch, to 0.9 at most (Neyshabur, Tomioka & Srebro 2015).",
      example: "0.02"),
    Field(
      "nesterov", .boolean, default: .value(false), doc: "Whether the momentum is Nesterov's.",
      example: "true"),
    Field(
      "beta1", .number(NumberRange(0, 0.9999)), default: .value(0.9), doc: "Decay of Adam's first moment.",
      example: "0.9"),
    Field(
      "beta2", .number(NumberRange(0, 0.999999)), default: .value(0.999),
      doc: "Decay of Adam's second moment.", example: "0.999"),
    Field("eps", .number(.positive), default: .value(1e-8), doc: "Adam's ε.", example: "1e-8"),
    Field(
      "weight_decay", .number(.nonNegative), default: .value(0),
      doc:
        "L2 penalty λ: λ·w is added to the gradient of every parameter; with `adamw`, lr·λ·w is subtracted from the parameter instead.",
      example: "5e-4"),
    Field(
      "groups", .list(.record(groupRecord), count: 1...20),
      doc: "Sets of parameters with settings of their own; a parameter belongs to the first that selects it.",
      example: "[{on: norm, weight_decay: 0}, {on: output, lr_factor: 0.1}]"),
    Field(
      "trainable", .list(.choice(selectorChoices), count: 1...10), default: .value(["all"]),
      doc: "What is trained; other parameters keep their initial values.", example: "[norm]"),
    Field(
      "trainable_random", .choice(selectorChoices),
      doc:
        "Trains, instead of `trainable`, as many weights, chosen at random over all layers, as this set has parameters (Frankle, Schwab & Morcos 2021).",
      example: "norm"),
    Field(
      "sam", .number(NumberRange(0, 10)), default: .value(0),
      doc:
        "Radius ρ of sharpness-aware minimisation (Foret et al. 2021), two gradients a step; 0 for none.",
      example: "0.05"),
    Field(
      "batch", .either([.integer(1...10_000_000), .choice([Choice("full", "All training examples.")])]),
      default: .value(100), unit: "examples",
      doc: "Examples a step, drawn without replacement; or `full`.", example: "100"),
    Field(
      "shuffle", .boolean, default: .value(true),
      doc: "Whether each epoch has a new random order; else examples come in the order of the data.",
      example: "false"),
    Field(
      "augment",
      .record(
        Record(
          "augment", doc: "Random changes of the inputs every time they are trained on.",
          fields: [
            Field(
              "shift", .integer(0...64), default: .value(0), unit: "positions",
              doc:
                "Largest shift: images move in both directions and zeros come in, signals rotate. With 4, the same as cropping CIFAR images at random from a border of 4 zeros (He et al. 2016).",
              example: "4"),
            Field(
              "flip", .boolean, default: .value(false),
              doc: "Whether images are mirrored left to right with probability ½.", example: "true"),
          ])), doc: "Random changes of the training inputs.", example: "{shift: 2, flip: true}"),
    Field(
      "steps", .integer(1...1_000_000_000), default: .required, unit: "steps",
      doc: "Number of steps at most.", example: "600"),
    Field(
      "warmup", .integer(0...1_000_000_000), default: .value(0), unit: "steps",
      doc:
        "Steps over which the learning rate rises linearly from 0; the schedule runs over the others, `multistep` over all.",
      example: "100"),
    Field(
      "schedule",
      .variant(
        tag: "name",
        [
          Record("constant", doc: "The learning rate stays.", fields: []),
          Record(
            "cosine", doc: "It falls to zero along half a cosine (Loshchilov & Hutter 2017).", fields: []),
          Record(
            "step", doc: "It is multiplied by a factor at regular steps.",
            fields: [
              Field(
                "every", .integer(1...1_000_000_000), default: .required, unit: "steps",
                doc: "Steps between changes.", example: "1000"),
              Field("gamma", .number(.positive), default: .value(0.1), doc: "The factor.", example: "0.1"),
            ]),
          Record(
            "multistep", doc: "It is multiplied by a factor at named steps or epochs (He et al. 2016).",
            fields: [
              Field(
                "milestones", .list(.integer(1...1_000_000_000), count: 1...100), default: .required,
                doc: "When it changes, counted from the start of training, warm-up included.",
                example: "[20000, 25000]"),
              Field(
                "unit",
                .choice([
                  Choice("steps", "Milestones are numbers of steps."),
                  Choice("epochs", "Milestones are numbers of epochs."),
                ]), default: .value("steps"), doc: "What milestones count.", example: "epochs"),
              Field("gamma", .number(.positive), default: .value(0.1), doc: "The factor.", example: "0.1"),
            ]),
          Record(
            "exponential", doc: "It is multiplied by a factor after every epoch.",
            fields: [
              Field("gamma", .number(.positive), default: .required, doc: "The factor.", example: "0.95")
            ]),
        ]), default: .value(["name": "constant"]), doc: "How the learning rate changes.", example: "cosine"),
    Field(
      "stop",
      .record(
        Record(
          "stop", doc: "Ends training early, looked at whenever a record is made.",
          fields: [
            Field(
              "train_loss", .number(.positive), unit: "nats", doc: "Stop at a training loss of at most this.",
              example: "0.01"),
            Field(
              "train_accuracy", .number(.fraction), doc: "Stop at a training accuracy of at least this.",
              example: "1"),
          ])), doc: "When training ends before `steps`.", example: "{train_loss: 0.01}"),
  ])

extension TrainOptions {
  /// Reads a resolved `train` value.
  init?(_ value: Value) {
    guard let rate = value["lr"]?.number, let steps = value["steps"]?.integer else { return nil }
    let schedule: Schedule =
      switch value["schedule"]?["name"]?.string {
      case "cosine": .cosine
      case "step":
        .step(
          every: value["schedule"]?["every"]?.integer ?? steps,
          factor: value["schedule"]?["gamma"]?.number ?? 0.1)
      case "multistep":
        .multistep(
          milestones: value["schedule"]?["milestones"]?.array?.compactMap(\.integer) ?? [],
          areEpochs: value["schedule"]?["unit"]?.string == "epochs",
          factor: value["schedule"]?["gamma"]?.number ?? 0.1)
      case "exponential": .exponential(factor: value["schedule"]?["gamma"]?.number ?? 1)
      default: .constant
      }
    self.init(
      optimizer: value["optimizer"]?.string.flatMap(OptimizerKind.init) ?? .sgd, rate: rate,
      momentum: value["momentum"]?.number ?? 0, nesterov: value["nesterov"]?.bool ?? false,
      beta1: value["beta1"]?.number ?? 0.9, beta2: value["beta2"]?.number ?? 0.999,
      epsilon: value["eps"]?.number ?? 1e-8, weightDecay: value["weight_decay"]?.number ?? 0,
      batch: value["batch"]?.integer, steps: steps, schedule: schedule,
      stopLoss: value["stop"]?["train_loss"]?.number, stopAccuracy: value["stop"]?["train_accuracy"]?.number)
    loss = value["loss"]?.string.flatMap(Loss.init) ?? .crossEntropy
    momentumGrowth = value["momentum_growth"]?.number ?? 0
    sharpnessRadius = value["sam"]?.number ?? 0
    shuffles = value["shuffle"]?.bool ?? true
    warmup = value["warmup"]?.integer ?? 0
    groups = value["groups"]?.array?.compactMap(ParameterGroup.init) ?? []
    augmentation = value["augment"].map {
      Augmentation(shift: $0["shift"]?.integer ?? 0, flip: $0["flip"]?.bool ?? false)
    }
    trainable = .sets(selectors(value["trainable"]))
    if let set = value["trainable_random"]?.string.flatMap(ParameterSelector.init) {
      trainable = .randomWeights(asManyAs: set)
    }
  }
}

private func selectors(_ value: Value?) -> [ParameterSelector] {
  value?.array?.compactMap { $0.string.flatMap(ParameterSelector.init) } ?? [.all]
}

extension ParameterGroup {
  fileprivate init?(_ value: Value) {
    guard let selector = value["on"]?.string.flatMap(ParameterSelector.init) else { return nil }
    self.init(
      selector, rateFactor: value["lr_factor"]?.number ?? 1, weightDecay: value["weight_decay"]?.number)
  }
}

/// What is recorded while a model is trained.
let recordRecord = Record(
  "record", doc: "What goes into the table `exp-x.history`, and how often.",
  fields: [
    Field(
      "every", .integer(1...1_000_000_000), unit: "steps",
      doc: "Steps between records; only the last step when absent.", example: "50"),
    Field(
      "metrics", .list(.choice(historyMetrics.map { Choice($0.name, $0.doc) }), count: 1...20),
      default: .value(["train_loss", "train_accuracy", "test_loss", "test_accuracy"]),
      doc: "The metrics of each record.", example: "[train_loss, test_accuracy]"),
    Field(
      "fit_accuracy", .number(.fraction), default: .value(0.9995),
      doc: "Training accuracy from which on the data count as fitted, for `steps_to_fit`.", example: "0.999"),
    stepsToField,
  ])
