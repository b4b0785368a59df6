// Serves clean, data and new: the store's size, the datasets, and a start for an author.
import Datasets
import Diagnostics
import Experiments
import Manuscript
import RunStore
import Specification

// MARK: - clean

/// Removes records and saved states that no profile of the papers needs, half-written files, and what was drawn and tabulated before.
///
/// - Throws: `DiagnosticError` when a paper has mistakes: what it needs is not known then, and nothing is removed.
public func cleanStore(
  _ folders: [String], in workspace: Workspace, dryRun: Bool
) throws -> (records: Int, bytes: Int) {
  var needed: Set<String> = []
  // Keys of runs on data that are not here are not known: all their records are kept.
  var missingData: Set<String> = []
  let library = workspace.library.withPublishedSizes
  for folder in folders {
    var diagnostics = Diagnostics()
    guard let manuscript = parsePaper(folder: folder, &diagnostics) else {
      throw DiagnosticError(diagnostics.sorted)
    }
    for profile in manuscript.configuration.profiles {
      let plan = planPaper(
        manuscript, folder: folder, profile: profile, library: library,
        decidedSeeds: { $1.atMost }, &diagnostics)
      guard let plan else { throw DiagnosticError(diagnostics.sorted) }
      needed.formUnion(plan.runs.map(\.key))
      for data in plan.runs.map(\.configuration.data) where library.missing(data) != nil {
        missingData.insert(data.name.rawValue)
      }
    }
  }
  var removed = (records: 0, bytes: 0)
  for key in workspace.store.keys where !needed.contains(key) {
    if !missingData.isEmpty, case .found(let record) = workspace.store.load(key),
      missingData.contains(record.specification["data"]?["name"]?.string ?? "")
    {
      continue
    }
    removed.records += 1
    removed.bytes += workspace.store.size(key)
    if !dryRun { workspace.store.remove(key) }
  }
  for checkpoint in workspace.store.checkpoints where !needed.contains(checkpoint.key) {
    removed.bytes += checkpoint.bytes
    if !dryRun { workspace.store.removeCheckpoint(checkpoint.key) }
  }
  removed.bytes += workspace.store.removeLeftovers(dryRun: dryRun).bytes
  if !dryRun {
    emptyFolder(workspace.figureCache)
    workspace.memory.forget()
    emptyFolder(workspace.taskFolder)
  }
  return removed
}

/// `12.3 MB`, in decimal units.
public func byteText(_ bytes: Int) -> String {
  if bytes < 1000 { return "\(bytes) bytes" }
  var value = Double(bytes) / 1000
  var unit = "kB"
  for larger in ["MB", "GB", "TB"] where value >= 1000 {
    value /= 1000
    unit = larger
  }
  return "\((value * 10).rounded() / 10) \(unit)"
}

// MARK: - data

/// A line a dataset: whether it is here, its sizes, its digest and its licence.
public func datasetReport(_ library: DatasetLibrary) -> String {
  let licences: [DatasetName: String] = [
    .fashionMNIST: "MIT", .mnist: "the user's files", .digits: "CC BY 4.0",
    .mnist1d: "generated (recipe Apache-2.0)",
    .separable: "generated", .digitPair: "CC BY 4.0", .cifar10: "the user's files",
    .linearTeacher: "generated", .randomPoints: "generated", .linearMap: "generated", .sines: "generated",
    .modularAddition: "generated",
  ]
  return DatasetName.allCases.map { name in
    let request = DatasetRequest(name)
    let licence = licences[name] ?? ""
    do {
      let description = try library.description(of: request)
      let digest = try library.digest(of: request)
      let shape = description.shape.map { "\($0)" }.joined(separator: "×")
      return
        "\(name.rawValue): \(description.train) training and \(description.test) test examples of \(shape), "
        + "\(description.classes) \(name.isRegression ? "targets" : "classes"); \(licence); sha256 \(digest.prefix(16))"
    } catch {
      return "\(name.rawValue): \(error)"
    }
  }.joined(separator: "\n")
}

// MARK: - new

/// Makes a folder with a small paper that builds in seconds.
///
/// - Throws: `DiagnosticError` when the folder has a paper already; `FileError` when it cannot be written.
public func makePaper(_ folder: String) throws {
  if Files.exists("\(folder)/paper.yml") {
    throw DiagnosticError(rule: "paper-exists", "\(folder) is a paper already", hint: "choose another folder")
  }
  try Files.makeFolder(folder)
  for (name, text) in [
    ("paper.yml", newConfiguration), ("01-widths.md", newSection), ("references.bib", newBibliography),
  ] { try Files.write(Array(text.utf8), to: "\(folder)/\(name)", durable: false) }
}

private let newConfiguration = """
  title: Does a wider network read digits better?
  authors:
    - name: A. Author
  abstract: A first experiment.
  date: 2026-01-01
  license: CC-BY-4.0
  bibliography: references.bib
  sections: [01-widths.md]
  profiles: [smoke, default, full]

  """

private let newBibliography = """
  @article{neyshabur2015,
    author = {Neyshabur, Behnam and Tomioka, Ryota and Srebro, Nathan},
    title = {In Search of the Real Inductive Bias: On the Role of Implicit Regularization in Deep Learning},
    year = {2015},
    eprint = {1412.6614},
    archivePrefix = {arXiv},
  }

  """

private let newSection = """
  # Width {#sec-width}

  Wider networks often predict better [@neyshabur2015]. @Exp-width trains networks with one hidden layer.

  ```{experiment #exp-width}
  title: Width of the hidden layer
  data: {name: digits, train: 500, test: 450}
  model: {depth: 1}
  train: {optimizer: sgd, momentum: 0.9, lr: 0.05, batch: 50, steps: {smoke: 50, default: 400}}
  vary:
    width: {smoke: [4, 64], default: [2, 4, 8, 16, 32, 64]}
  seeds: {smoke: 1, default: 5, full: 20}
  ```

  ```{figure #fig-width}
  data: exp-width
  mark: {type: line, point: true}
  encoding:
    x: {field: width, scale: {type: log}, title: hidden units}
    y: {field: test_accuracy, aggregate: mean, band: ci95, title: test accuracy, format: "%"}
  fig-cap: Test accuracy against width. The line is the mean, the band a 95 % interval over seeds.
  ```

  With 64 units `{val} exp-width[width=64].test_accuracy | %` of the test images are read correctly (@fig-width).

  ```{claim #clm-width}
  says: Sixty-four units read more digits correctly than four.
  assert: exp-width[width=64].test_accuracy > exp-width[width=4].test_accuracy
  source: neyshabur2015
  ```

  """
