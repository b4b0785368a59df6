// Serves the memory of builds: values of the report as bytes, for a program that reads back only what it wrote itself.
import Report
import Tables

/// A value that can be written as bytes and read back. Bytes that nobody wrote so end in `nil`, never in a trap.
protocol Storable {
  init?(_ reader: inout RowReader)
  func store(_ writer: inout RowWriter)
}

extension Storable {
  /// The value as bytes.
  var stored: [UInt8] {
    var writer = RowWriter()
    store(&writer)
    return writer.bytes
  }

  /// The value that `bytes` hold, and nothing else.
  init?(stored bytes: [UInt8]) {
    var reader = RowReader(bytes)
    self.init(&reader)
    if !reader.isAtEnd { return nil }
  }
}

// MARK: - Values of the language

extension String: Storable {
  init?(_ reader: inout RowReader) {
    guard let text = reader.text() else { return nil }
    self = text
  }
  func store(_ writer: inout RowWriter) { writer.append(self) }
}

extension Int: Storable {
  init?(_ reader: inout RowReader) {
    guard let number = reader.integer() else { return nil }
    self = number
  }
  func store(_ writer: inout RowWriter) { writer.append(self) }
}

extension Double: Storable {
  init?(_ reader: inout RowReader) {
    guard let number = reader.number() else { return nil }
    self = number
  }
  func store(_ writer: inout RowWriter) { writer.append(self) }
}

extension Bool: Storable {
  init?(_ reader: inout RowReader) {
    guard let number = reader.integer() else { return nil }
    self = number != 0
  }
  func store(_ writer: inout RowWriter) { writer.append(self ? 1 : 0) }
}

extension Optional: Storable where Wrapped: Storable {
  init?(_ reader: inout RowReader) {
    guard let isThere = Bool(&reader) else { return nil }
    self = .none
    guard isThere else { return }
    guard let value = Wrapped(&reader) else { return nil }
    self = value
  }
  func store(_ writer: inout RowWriter) {
    (self != nil).store(&writer)
    self?.store(&writer)
  }
}

extension Array: Storable where Element: Storable {
  init?(_ reader: inout RowReader) {
    guard let count = reader.count() else { return nil }
    self = []
    reserveCapacity(count)
    for _ in 0..<count {
      guard let element = Element(&reader) else { return nil }
      append(element)
    }
  }
  func store(_ writer: inout RowWriter) {
    writer.append(count)
    for element in self { element.store(&writer) }
  }
}

extension Dictionary: Storable where Key: Storable & Comparable, Value: Storable {
  init?(_ reader: inout RowReader) {
    guard let keys = [Key](&reader), let values = [Value](&reader), keys.count == values.count else {
      return nil
    }
    self.init(zip(keys, values)) { first, _ in first }
  }
  func store(_ writer: inout RowWriter) {
    let members = sorted { $0.key < $1.key }
    members.map(\.key).store(&writer)
    members.map(\.value).store(&writer)
  }
}

extension Storable where Self: RawRepresentable, RawValue: Storable {
  init?(_ reader: inout RowReader) {
    guard let raw = RawValue(&reader) else { return nil }
    self.init(rawValue: raw)
  }
  func store(_ writer: inout RowWriter) { rawValue.store(&writer) }
}

// MARK: - Values of the report

extension ReportVerdict: Storable {}
extension ResolvedTable.Style: Storable {}

extension ResolvedValue: Storable {
  init?(_ reader: inout RowReader) {
    guard let text = String(&reader), let title = String(&reader), let experiments = [String](&reader),
      let samples = [String](&reader), let expression = String(&reader)
    else { return nil }
    self.init(text: text, title: title, experiments: experiments, samples: samples, expression: expression)
  }
  func store(_ writer: inout RowWriter) {
    text.store(&writer)
    title.store(&writer)
    experiments.store(&writer)
    samples.store(&writer)
    expression.store(&writer)
  }
}

extension PublishedComparison: Storable {
  init?(_ reader: inout RowReader) {
    guard let published = String(&reader), let here = String(&reader), let source = String?(&reader),
      let comparison = String(&reader)
    else { return nil }
    self.init(published: published, here: here, source: source, comparison: comparison)
  }
  func store(_ writer: inout RowWriter) {
    published.store(&writer)
    here.store(&writer)
    source.store(&writer)
    comparison.store(&writer)
  }
}

extension ResolvedClaim: Storable {
  init?(_ reader: inout RowReader) {
    guard let verdict = ReportVerdict(&reader), let assertion = String(&reader),
      let difference = Double?(&reader), let bounds = [Double](&reader), let differenceText = String(&reader),
      let seeds = Int?(&reader), let adjustedP = Double?(&reader), let overPaper = ReportVerdict?(&reader),
      let pText = String?(&reader), let note = String(&reader), let published = PublishedComparison?(&reader),
      let errata = [String](&reader), let experiments = [String](&reader), let samples = [String](&reader)
    else { return nil }
    let hasInterval = bounds.count == 2 && bounds[0] <= bounds[1]
    self.init(
      verdict: verdict, assertion: assertion, difference: difference,
      interval: hasInterval ? bounds[0]...bounds[1] : nil, differenceText: differenceText, seeds: seeds,
      adjustedP: adjustedP, pText: pText, note: note, published: published, errata: errata,
      experiments: experiments)
    self.overPaper = overPaper
    self.samples = samples
  }
  func store(_ writer: inout RowWriter) {
    verdict.store(&writer)
    assertion.store(&writer)
    difference.store(&writer)
    (interval.map { [$0.lowerBound, $0.upperBound] } ?? []).store(&writer)
    differenceText.store(&writer)
    seeds.store(&writer)
    adjustedP.store(&writer)
    overPaper.store(&writer)
    pText.store(&writer)
    note.store(&writer)
    published.store(&writer)
    errata.store(&writer)
    experiments.store(&writer)
    samples.store(&writer)
  }
}

extension ResolvedPicture: Storable {
  init?(_ reader: inout RowReader) {
    guard let path = String(&reader), let darkPath = String(&reader), let width = Int(&reader),
      let height = Int(&reader)
    else { return nil }
    self.init(path: path, darkPath: darkPath, width: width, height: height)
  }
  func store(_ writer: inout RowWriter) {
    path.store(&writer)
    darkPath.store(&writer)
    width.store(&writer)
    height.store(&writer)
  }
}

extension DataTable: Storable {
  init?(_ reader: inout RowReader) {
    guard let header = [String](&reader), let rows = [[String]](&reader) else { return nil }
    self.init(header: header, rows: rows)
  }
  func store(_ writer: inout RowWriter) {
    header.store(&writer)
    rows.store(&writer)
  }
}

extension ResolvedFigure: Storable {
  init?(_ reader: inout RowReader) {
    guard let picture = ResolvedPicture(&reader), let narrow = ResolvedPicture?(&reader),
      let isFullWidth = Bool(&reader), let altText = String(&reader), let csvPath = String?(&reader),
      let data = DataTable?(&reader), let experiments = [String](&reader)
    else { return nil }
    self.init(
      picture: picture, narrowPicture: narrow, isFullWidth: isFullWidth, altText: altText, csvPath: csvPath,
      data: data, experiments: experiments)
  }
  func store(_ writer: inout RowWriter) {
    picture.store(&writer)
    narrowPicture.store(&writer)
    isFullWidth.store(&writer)
    altText.store(&writer)
    csvPath.store(&writer)
    data.store(&writer)
    experiments.store(&writer)
  }
}

extension ResolvedExperiment.Axis: Storable {
  init?(_ reader: inout RowReader) {
    guard let name = String(&reader), let values = [String](&reader) else { return nil }
    self.init(name: name, values: values)
  }
  func store(_ writer: inout RowWriter) {
    name.store(&writer)
    values.store(&writer)
  }
}

extension ResolvedExperiment.Run: Storable {
  init?(_ reader: inout RowReader) {
    guard let key = String(&reader), let result = String?(&reader), let label = String(&reader),
      let failure = String?(&reader)
    else { return nil }
    self.init(key: key, result: result, label: label, failure: failure)
  }
  func store(_ writer: inout RowWriter) {
    key.store(&writer)
    result.store(&writer)
    label.store(&writer)
    failure.store(&writer)
  }
}

extension ResolvedExperiment.File: Storable {
  init?(_ reader: inout RowReader) {
    guard let name = String(&reader), let path = String(&reader) else { return nil }
    self.init(name: name, path: path)
  }
  func store(_ writer: inout RowWriter) {
    name.store(&writer)
    path.store(&writer)
  }
}

extension ResolvedExperiment: Storable {
  init?(_ reader: inout RowReader) {
    guard let axes = [Axis](&reader), let seeds = Int(&reader), let runs = [Run](&reader),
      let names = [String](&reader), let values = [String](&reader), names.count == values.count,
      let dataName = String(&reader), let dataDigest = String(&reader), let files = [File](&reader),
      let command = String(&reader)
    else { return nil }
    self.init(
      axes: axes, seeds: seeds, runs: runs,
      parameters: zip(names, values).map { (name: $0, value: $1) }, dataName: dataName,
      dataDigest: dataDigest,
      files: files, command: command)
  }
  func store(_ writer: inout RowWriter) {
    axes.store(&writer)
    seeds.store(&writer)
    runs.store(&writer)
    parameters.map(\.name).store(&writer)
    parameters.map(\.value).store(&writer)
    dataName.store(&writer)
    dataDigest.store(&writer)
    files.store(&writer)
    command.store(&writer)
  }
}
