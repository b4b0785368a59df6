// Serves run: finds, checks and decodes datasets, and prepares what a run asks for.

import BitExact
import Synchronization

/// Keeps digests of sources from one process to the next.
public protocol DigestMemory: Sendable {
  /// The digest of the source that `identity` stands for; `nil` when it is not known.
  func digest(of identity: String) -> String?
  /// Keeps a digest.
  func remember(_ digest: String, of identity: String)
}

/// The datasets of this machine. Decoded sources are kept, so that the runs of one process share them.
public final class DatasetLibrary: Sendable {
  /// Where to look for the folder of a dataset, in this order.
  public let searchPath: [String]
  private let sources = Mutex<[String: Source]>([:])
  /// Layouts of the datasets whose files have been looked at; every point of a sweep asks for one.
  private let layouts = Mutex<[DatasetName: Layout]>([:])
  private let digests: (any DigestMemory)?
  /// Whether a dataset whose files are missing is described by its published sizes.
  public let assumesPublishedSizes: Bool

  /// Creates a library over a search path; each folder is expected to hold a folder named after the dataset.
  ///
  /// - Parameters:
  ///   - digests: where digests of sources are kept, so that a later process need not read or make the source.
  ///   - assumesPublishedSizes: whether a dataset whose files are missing is described by its published sizes. It has
  ///     no digest then, and cannot be loaded.
  public init(
    searchPath: [String], digests: (any DigestMemory)? = nil, assumesPublishedSizes: Bool = false
  ) {
    self.searchPath = searchPath
    self.digests = digests
    self.assumesPublishedSizes = assumesPublishedSizes
  }

  /// The same datasets, with digests of sources kept in `digests`.
  public func remembering(in digests: any DigestMemory) -> DatasetLibrary {
    DatasetLibrary(searchPath: searchPath, digests: digests, assumesPublishedSizes: assumesPublishedSizes)
  }

  /// The same datasets, for a look ahead: those that are missing are described by their published sizes.
  public var withPublishedSizes: DatasetLibrary {
    DatasetLibrary(searchPath: searchPath, digests: digests, assumesPublishedSizes: true)
  }

  /// Why a request cannot be met on this machine; `nil` when its files are here.
  public func missing(_ request: DatasetRequest) -> DatasetError? {
    do {
      switch request.name {
      case .mnist, .fashionMNIST: _ = try IdxFiles.find(request.name, in: searchPath)
      case .cifar10: _ = try CifarFiles.find(in: searchPath)
      default: break
      }
      return nil
    } catch {
      return error
    }
  }

  /// `OFFPRINT_DATA`, when it is set; then `data` in the current folder; then Debian's folder for datasets.
  public static func defaultSearchPath(environment: [String: String]) -> [String] {
    let own = environment["OFFPRINT_DATA"].flatMap { $0.isEmpty ? nil : $0 }
    return (own.map { [$0] } ?? []) + ["data", "/usr/share/datasets"]
  }

  // MARK: - What a request will yield

  /// Checks a request and says what it yields, without decoding any image.
  public func description(of request: DatasetRequest) throws(DatasetError) -> DatasetDescription {
    try checkOptions(request)
    switch request.name {
    case .separable:
      return DatasetDescription(shape: [2], classes: 2, train: 4 + request.points, validation: 0, test: 0)
    case .digitPair:
      let rows = DigitPair.rows(first: request.first, second: request.second).count
      let counts = try pairCounts(request, available: rows)
      return DatasetDescription(
        shape: [DigitPair.inputCount], classes: 2, train: counts.train, validation: counts.validation,
        test: counts.test)
    case .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition:
      return Generated(request).description
    case .fashionMNIST, .mnist, .digits, .mnist1d, .cifar10:
      let layout = try layout(of: request)
      // How many examples some of the classes have is known only from the labels.
      let available = try classCounts(request, layout)
      let counts = try counts(request, train: available.train, test: available.test)
      return DatasetDescription(
        shape: request.shape(of: layout.shape), classes: request.classes?.count ?? 10, train: counts.train,
        validation: counts.validation,
        test: counts.test)
    }
  }

  private func classCounts(
    _ request: DatasetRequest, _ layout: Layout
  ) throws(DatasetError) -> (train: Int, test: Int) {
    guard let classes = request.classes else { return (layout.train, layout.test) }
    if assumesPublishedSizes, missing(request) != nil {
      return (layout.train * classes.count / 10, layout.test * classes.count / 10)
    }
    let rows = try keptRows(request, in: source(of: request))
    return (rows.train.count, rows.test.count)
  }

  /// SHA-256 of the content that a request draws from; it belongs to the key of a run.
  ///
  /// For idx files it covers the uncompressed files, so that it does not depend on how they are packed.
  public func digest(of request: DatasetRequest) throws(DatasetError) -> String {
    switch request.name {
    case .separable: SHA256.hexDigest(of: Array("separable 1".utf8))
    case .digitPair: Digits.digest
    case .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition:
      SHA256.hexDigest(of: Array("\(request.name.rawValue) 1".utf8))
    case .fashionMNIST, .mnist, .digits, .mnist1d, .cifar10: try sourceDigest(of: request)
    }
  }

  private func sourceDigest(of request: DatasetRequest) throws(DatasetError) -> String {
    if assumesPublishedSizes, missing(request) != nil { return "" }
    guard let digests, let identity = try identity(of: request) else { return try source(of: request).digest }
    if let known = digests.digest(of: identity) { return known }
    let digest = try source(of: request).digest
    digests.remember(digest, of: identity)
    return digest
  }

  /// Paths and stamps of files; `nil` when one of them has vanished.
  private func fileIdentity(_ paths: [String]) -> String? {
    let parts = paths.compactMap { path in FileStamp(path).map { "\(path) \($0)" } }
    return parts.count == paths.count ? parts.joined(separator: " ") : nil
  }

  /// Paths and stamps of the files of a dataset, which tell whether they are those that were there before; empty for one that
  /// is made, unknown or missing.
  public func stamps(of name: String) -> String {
    switch DatasetName(rawValue: name) {
    case .some(let name) where [.mnist, .fashionMNIST, .cifar10].contains(name):
      ((try? identity(of: DatasetRequest(name))) ?? nil) ?? ""
    default: ""
    }
  }

  /// What a source is known by without its content: of files their paths, sizes and times of change.
  private func identity(of request: DatasetRequest) throws(DatasetError) -> String? {
    switch request.name {
    case .mnist1d:
      let sizes = mnist1dSizes(request)
      return "mnist1d \(MNIST1D.version) \(sizes.train) \(sizes.test)"
    case .mnist, .fashionMNIST: return fileIdentity(try IdxFiles.find(request.name, in: searchPath).paths)
    case .cifar10: return fileIdentity(try CifarFiles.find(in: searchPath).paths)
    case .digits, .digitPair, .separable, .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition:
      return nil
    }
  }

  // MARK: - Preparing the data of a run

  /// Prepares the data of one run.
  ///
  /// Every random choice has a stream of its own, and choices about one example are keyed by its row in the source:
  /// a smaller training set is part of a larger one, and a wrong label stays wrong when the noise increases.
  public func load(_ request: DatasetRequest, seed: UInt64) throws(DatasetError) -> DataSplit {
    try checkOptions(request)
    switch request.name {
    case .separable:
      let data = Separable.make(arrangement: request.arrangement, points: request.points, seed: seed)
      let none = LabelledData(inputs: [], shape: [2], labels: [], classes: 2)
      return DataSplit(
        train: data, validation: none, test: none, trueTrainLabels: data.labels,
        trainRows: Array(0..<data.count))
    case .digitPair:
      return try digitPair(request, seed: seed)
    case .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition:
      return Generated(request).split(seed: seed)
    case .fashionMNIST, .mnist, .digits, .mnist1d, .cifar10:
      return try prepared(request, from: source(of: request), seed: seed)
    }
  }

  private func digitPair(_ request: DatasetRequest, seed: UInt64) throws(DatasetError) -> DataSplit {
    var rows = DigitPair.rows(first: request.first, second: request.second)
    let counts = try pairCounts(request, available: rows.count)
    var stream = RandomStream(seed: seed, purpose: "train-subset")
    stream.shuffle(&rows)
    let train = rows.prefix(counts.train).sorted()
    let validation = rows.dropFirst(counts.train).prefix(counts.validation).sorted()
    let test = rows.dropFirst(counts.train + counts.validation).prefix(counts.test).sorted()
    let data = DigitPair.data(train, first: request.first)
    return DataSplit(
      train: data, validation: DigitPair.data(validation, first: request.first),
      test: DigitPair.data(test, first: request.first), trueTrainLabels: data.labels, trainRows: train)
  }

  private func prepared(
    _ request: DatasetRequest, from source: Source, seed: UInt64
  ) throws(DatasetError) -> DataSplit {
    var (pool, testRows) = try keptRows(request, in: source)
    let counts = try counts(request, train: pool.count, test: testRows.count)
    shuffle(&pool, seed: seed, purpose: "train-subset", sourceCount: source.train.count)
    shuffle(&testRows, seed: seed, purpose: "test-subset", sourceCount: source.test.count)
    // From both ends, so that neither the size of one part nor its presence changes the other.
    let train = pool.prefix(counts.train).sorted()
    let validation = pool.suffix(counts.validation).sorted()
    let test = testRows.prefix(counts.test).sorted()

    let transform = Transform(request: request, source: source, seed: seed)
    var split = DataSplit(
      train: transform.selected(train, of: .train), validation: transform.selected(validation, of: .train),
      test: transform.selected(test, of: .test), trueTrainLabels: [], trainRows: train)
    split.trueTrainLabels = split.train.labels
    transform.replaceInputs(of: &split, validationRows: validation, testRows: test)
    transform.standardize(&split)
    transform.corruptLabels(of: &split)
    return split
  }

  /// Shuffles rows; the order of some classes is that of all classes with the others left out.
  private func shuffle(_ rows: inout [Int], seed: UInt64, purpose: String, sourceCount: Int) {
    var order = Array(0..<sourceCount)
    var stream = RandomStream(seed: seed, purpose: purpose)
    stream.shuffle(&order)
    var kept = [Bool](repeating: false, count: sourceCount)
    for row in rows { kept[row] = true }
    rows = order.filter { kept[$0] }
  }

  /// The rows of the wanted classes in both parts.
  private func keptRows(
    _ request: DatasetRequest, in source: Source
  ) throws(DatasetError) -> (train: [Int], test: [Int]) {
    guard let classes = request.classes else {
      return (Array(0..<source.train.count), Array(0..<source.test.count))
    }
    func rows(_ part: SourcePart) -> [Int] {
      part.labels.indices.filter { classes.contains(Int(part.labels[$0])) }
    }
    return (rows(source.train), rows(source.test))
  }

  // MARK: - Checks

  private func checkOptions(_ request: DatasetRequest) throws(DatasetError) {
    for (option, count) in [
      ("train", request.train), ("validation", request.validation), ("test", request.test),
      ("points", request.points),
    ] {
      if let count, count < (option == "train" ? 1 : 0) {
        throw request.invalid(option, "\(count) examples are not possible")
      }
    }
    if !(0...1).contains(request.labelNoise) {
      throw request.invalid("label_noise", "\(request.labelNoise) is not a fraction in 0…1")
    }
    let plain = DatasetRequest(request.name)
    let synthetic = request.name.isGenerated || request.name == .digitPair
    if synthetic {
      let options: [(String, Bool)] = [
        ("label_noise", request.labelNoise == 0 || request.name == .linearTeacher),
        ("labels", request.labels == .true),
        ("inputs", request.inputs == .true), ("classes", request.classes == nil),
        ("standardize", request.standardization == nil || request.standardization == Standardization.none),
      ]
      for (option, fits) in options where !fits {
        throw request.invalid(option, "this dataset has no such option")
      }
    }
    try checkGenerated(request)
    if request.name == .separable {
      for (option, count) in [
        ("train", request.train), ("validation", request.validation), ("test", request.test),
      ] where count != nil {
        throw request.invalid(option, "this dataset has no such option; set 'points'")
      }
    } else if request.arrangement != plain.arrangement || request.points != plain.points {
      throw request.invalid("arrangement", "only 'separable' has this option")
    }
    if request.name == .digitPair {
      for (option, digit) in [("first", request.first), ("second", request.second)]
      where !(0...9).contains(digit) {
        throw request.invalid(option, "\(digit) is not a digit")
      }
      if request.first == request.second { throw request.invalid("second", "the two digits must differ") }
    }
    if let size = request.size {
      if request.name != .mnist && request.name != .fashionMNIST {
        throw request.invalid("size", "only images of 28 × 28 pixels can be resized")
      }
      if ![28, 14, 10].contains(size) { throw request.invalid("size", "\(size) is not one of 28, 14, 10") }
    }
    if let crop = request.crop {
      if request.name != .cifar10 { throw request.invalid("crop", "only 'cifar-10' has this option") }
      if !(1...32).contains(crop) { throw request.invalid("crop", "\(crop) is not a side in 1…32") }
    }
    if let classes = request.classes {
      for label in classes where !(0...9).contains(label) {
        throw request.invalid("classes", "there is no class \(label); the classes are 0 to 9")
      }
      if classes.count < 2 || classes.sorted() != Array(Set(classes)).sorted() {
        throw request.invalid("classes", "at least two different classes are needed, each once")
      }
    }
  }

  /// What the declared ranges of the options of generated sets cannot say.
  private func checkGenerated(_ request: DatasetRequest) throws(DatasetError) {
    guard request.name.isGenerated, request.name != .separable else { return }
    for (option, value) in [
      ("features", request.features), ("outputs", request.outputs), ("modulus", request.modulus),
    ] where value < 1 {
      throw request.invalid(option, "\(value) is not possible")
    }
    if request.name == .modularAddition {
      if request.train != nil || request.test != nil || request.validation != nil {
        throw request.invalid("train", "this dataset has no such option; set 'fraction'")
      }
      if !(0...1).contains(request.fraction) {
        throw request.invalid("fraction", "\(request.fraction) is not a fraction in 0…1")
      }
    }
    if request.name == .sines, request.frequencies.isEmpty {
      throw request.invalid("frequencies", "at least one is needed")
    }
    let described = Generated(request).description
    let rows = described.train + described.validation + described.test
    let (numbers, overflow) = rows.multipliedReportingOverflow(by: described.inputCount + described.classes)
    if overflow || numbers > 1 << 30 {
      throw request.invalid(
        "train", "\(rows) examples of \(described.inputCount) inputs are more than fit into memory")
    }
  }

  private func counts(
    _ request: DatasetRequest, train: Int, test: Int
  ) throws(DatasetError) -> (train: Int, validation: Int, test: Int) {
    let validation = request.validation ?? 0
    let wanted = request.train ?? max(1, train - validation)
    if wanted > train || validation > train - wanted {
      let cut = validation > 0 ? " and \(validation) for validation" : ""
      throw request.invalid(
        "train", "\(wanted) training examples\(cut) were asked for, but the training part has \(train)")
    }
    let tests = request.test ?? test
    if tests > test {
      throw request.invalid("test", "\(tests) test examples were asked for, but the test part has \(test)")
    }
    return (wanted, validation, tests)
  }

  private func pairCounts(
    _ request: DatasetRequest, available: Int
  ) throws(DatasetError) -> (train: Int, validation: Int, test: Int) {
    let test = request.test ?? 0
    let wanted = request.train ?? min(240, available)
    let validation = request.validation ?? max(0, available - wanted - test)
    if wanted > available || test > available - wanted || validation > available - wanted - test {
      throw request.invalid(
        "train",
        "\(wanted) + \(validation) + \(test) examples were asked for, but there are \(available) of these digits"
      )
    }
    return (wanted, validation, test)
  }

  // MARK: - Sources

  private struct Layout {
    var shape: [Int]
    var train: Int
    var test: Int
  }

  /// Shape and sizes of a source; of files only the headers are read.
  private func layout(of request: DatasetRequest) throws(DatasetError) -> Layout {
    if assumesPublishedSizes, missing(request) != nil {
      return request.name == .cifar10
        ? Layout(shape: CifarFiles.shape, train: 50_000, test: 10_000)
        : Layout(shape: [1, 28, 28], train: 60_000, test: 10_000)
    }
    if let layout = layouts.withLock({ $0[request.name] }) { return try checked(layout, request) }
    switch request.name {
    case .mnist, .fashionMNIST:
      let files = try IdxFiles.find(request.name, in: searchPath)
      let train = try files.dimensions(\.trainImages)
      let test = try files.dimensions(\.testImages)
      let layout = Layout(shape: [1, train[1], train[2]], train: train[0], test: test[0])
      layouts.withLock { $0[request.name] = layout }
      return try checked(layout, request)
    case .cifar10:
      let files = try CifarFiles.find(in: searchPath)
      let layout = Layout(
        shape: CifarFiles.shape, train: try files.trainCount(), test: try files.testCount())
      layouts.withLock { $0[request.name] = layout }
      return layout
    case .mnist1d:
      let sizes = mnist1dSizes(request)
      return Layout(shape: [MNIST1D.inputCount], train: sizes.train, test: sizes.test)
    case .digits, .digitPair, .separable, .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition:
      return Layout(
        shape: Digits.all.shape, train: Digits.count - Digits.testCount, test: Digits.testCount)
    }
  }

  /// The layout, when the request's size fits it.
  private func checked(_ layout: Layout, _ request: DatasetRequest) throws(DatasetError) -> Layout {
    if let size = request.size, layout.shape != [1, 28, 28], layout.shape != [1, size, size] {
      throw request.invalid("size", "only images of 28 × 28 pixels can be resized")
    }
    return layout
  }

  private func mnist1dSizes(_ request: DatasetRequest) -> (train: Int, test: Int) {
    // Asking for more of some classes than there are does not make more: the class sizes are then unknown.
    if request.classes != nil { return (MNIST1D.publishedTrain, MNIST1D.publishedTest) }
    return MNIST1D.sizes(train: (request.train ?? 0) + (request.validation ?? 0), test: request.test ?? 0)
  }

  /// The decoded source, from memory when another run has asked for it.
  private func source(of request: DatasetRequest) throws(DatasetError) -> Source {
    switch request.name {
    case .digits, .digitPair, .separable, .linearTeacher, .randomPoints, .linearMap, .sines, .modularAddition:
      return Digits.source
    case .mnist1d:
      let sizes = mnist1dSizes(request)
      return try kept("mnist1d \(sizes.train) \(sizes.test)") {
        MNIST1D.source(train: sizes.train, test: sizes.test)
      }
    case .mnist, .fashionMNIST:
      _ = try layout(of: request)
      let searchPath = self.searchPath
      return try kept(request.name.rawValue) { () throws(DatasetError) -> Source in
        try IdxFiles.find(request.name, in: searchPath).source()
      }
    case .cifar10:
      let searchPath = self.searchPath
      return try kept(request.name.rawValue) { () throws(DatasetError) -> Source in
        try CifarFiles.find(in: searchPath).source()
      }
    }
  }

  /// Keeps what `make` returns. The lock is held meanwhile: two runs that want one source read it once.
  private func kept(
    _ key: String, make: () throws(DatasetError) -> Source
  ) throws(DatasetError) -> Source {
    try sources.withLock { sources throws(DatasetError) -> Source in
      if let source = sources[key] { return source }
      let source = try make()
      sources[key] = source
      return source
    }
  }
}
