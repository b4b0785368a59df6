// Serves the command plan: what a build would run, how long it takes on this machine, how much memory and disk.
import Datasets
import Diagnostics
import Execution
import Experiments
import RunStore
import Specification
import Tables

/// What a build would run.
public struct PlanEstimate: Sendable {
  /// One experiment.
  public struct Line: Sendable {
    /// Its id.
    public var experiment: String
    /// Runs, and how many of them are stored.
    public var runs: Int, stored: Int
    /// Training steps of all runs.
    public var steps: Double
    /// Floating-point operations of all runs.
    public var operations: Double
    /// Seconds of one core for the runs that are missing.
    public var secondsLeft: Double
    /// Bytes of memory of its largest run.
    public var memory: Double
  }

  /// The paper's folder, the profile, and how many workers there are.
  public var paper: String, profile: String, workers: Int
  /// The experiments in the order of the text.
  public var lines: [Line] = []
  /// Bytes that the records of the missing runs will take on disk.
  public var disk = 0.0

  /// Datasets that are not on this machine, and how to get them; their published sizes are counted with.
  public var missingData: [String] = []

  /// Seconds on the clock until everything is there, with all workers busy.
  ///
  /// A run is not divided: where one takes longer than an equal share, it decides.
  public var seconds = 0.0
}

/// Estimates a build from the runs in the store and from a second of measurement.
public func estimatePlan(_ request: BuildRequest, in workspace: Workspace) throws -> PlanEstimate {
  var summary = BuildSummary()
  // Data that are not here yet are no reason not to say what a build would take.
  var workspace = workspace
  workspace.library = workspace.library.withPublishedSizes
  let plan = try loadPlan(ParsedPaper(request), request, workspace, &summary)
  let experiments = request.selected(plan.experiments)
  let pace = Pace(distinctRuns(experiments), workspace)
  var estimate = PlanEstimate(paper: request.folder, profile: request.profile, workers: workspace.workers)
  var left: [Double] = []
  for experiment in experiments {
    let missing = experiment.runs.filter { pace.storedSeconds[$0.key] == nil }
    let seconds = missing.map(pace.seconds)
    left += seconds
    var memories: [String: Double] = [:]
    for run in experiment.runs where memories[run.configuration.paceClass] == nil {
      let data = try? workspace.library.description(of: run.configuration.data)
      memories[run.configuration.paceClass] = data.map { run.configuration.memory($0) } ?? 0
    }
    estimate.lines.append(
      PlanEstimate.Line(
        experiment: experiment.id, runs: experiment.runs.count,
        stored: experiment.runs.count - missing.count,
        steps: experiment.runs.reduce(0) { $0 + $1.cost.steps },
        operations: experiment.runs.reduce(0) { $0 + $1.cost.operations },
        secondsLeft: seconds.reduce(0, +), memory: memories.values.max() ?? 0))
    estimate.disk += missing.reduce(0) { $0 + recordBytes($1) }
  }
  estimate.seconds = clockTime(left, workers: workspace.workers)
  for run in distinctRuns(experiments) {
    guard let error = workspace.library.missing(run.configuration.data) else { continue }
    if !estimate.missingData.contains("\(error)") { estimate.missingData.append("\(error)") }
  }
  return estimate
}

/// When the last of several workers is done that take the longest task first.
func clockTime(_ tasks: [Double], workers: Int) -> Double {
  var ends = [Double](repeating: 0, count: max(1, workers))
  for task in tasks.sorted(by: >) {
    guard let index = ends.indices.min(by: { ends[$0] < ends[$1] }) else { continue }
    ends[index] += task
  }
  return ends.max() ?? 0
}

/// Bytes of a record: some for the specification and digests, and each cell of the history.
private func recordBytes(_ run: Run) -> Double {
  let records = run.configuration.record.every.map { run.cost.steps / Double(max(1, $0)) } ?? 1
  return 3000 + 18 * records * Double(run.configuration.record.metrics.count + 1)
}

/// How many seconds of a core runs take here.
private struct Pace {
  /// Seconds of the runs in the store, by key.
  private(set) var storedSeconds: [String: Double] = [:]
  /// Seconds an operation, of experiments with stored runs.
  private var byExperiment: [String: Double] = [:]
  private var byClass: [String: Double] = [:]
  private var typical = 1 / assumedPace

  /// Reads the store, then measures the kinds of runs that it has none of, for about a second altogether.
  init(_ runs: [Run], _ workspace: Workspace) {
    var sums: [String: (seconds: Double, operations: Double)] = [:]
    for run in runs {
      guard case .found(let record) = workspace.store.load(run.key) else { continue }
      storedSeconds[run.key] = record.seconds
      sums[run.experiment, default: (0, 0)].seconds += record.seconds
      sums[run.experiment, default: (0, 0)].operations += run.cost.operations
    }
    for (experiment, sum) in sums where sum.operations > 0 && sum.seconds > 0 {
      byExperiment[experiment] = sum.seconds / sum.operations
    }
    measure(runs, workspace)
    let known = Array(byClass.values) + Array(byExperiment.values)
    if !known.isEmpty { typical = known.sorted()[known.count / 2] }
  }

  private mutating func measure(_ runs: [Run], _ workspace: Workspace) {
    var classes: [(name: String, run: Run)] = []
    var seen: Set<String> = []
    for run in runs where byExperiment[run.experiment] == nil {
      if seen.insert(run.configuration.paceClass).inserted {
        classes.append((run.configuration.paceClass, run))
      }
    }
    let most = 60
    let chosen = classes.count <= most ? classes : (0..<most).map { classes[$0 * classes.count / most] }
    for (name, run) in chosen {
      guard let data = try? workspace.library.description(of: run.configuration.data) else { continue }
      let pace = run.configuration.measuredPace(
        data, seconds: 1 / Double(chosen.count), clock: processorSeconds)
      if let pace, pace > 0 { byClass[name] = 1 / pace }
    }
  }

  func seconds(_ run: Run) -> Double {
    run.cost.operations * (byExperiment[run.experiment] ?? byClass[run.configuration.paceClass] ?? typical)
  }
}

extension PlanEstimate {
  /// For a terminal: a line an experiment.
  public var text: String {
    var rows = [["experiment", "runs", "stored", "steps", "TFLOP", "memory", "time left"]]
    for line in lines {
      rows.append([
        line.experiment, "\(line.runs)", "\(line.stored)", Cell.format(line.steps),
        Cell.format((line.operations / 1e10).rounded() / 100), byteText(Int(line.memory)),
        line.stored == line.runs ? "–" : clock(line.secondsLeft / Double(workers)),
      ])
    }
    rows.append([
      "all", "\(lines.reduce(0) { $0 + $1.runs })", "\(lines.reduce(0) { $0 + $1.stored })", "",
      Cell.format((lines.reduce(0) { $0 + $1.operations } / 1e10).rounded() / 100),
      byteText(Int((lines.map(\.memory).max() ?? 0) * Double(workers))), clock(seconds),
    ])
    return "\(paper), profile \(profile), \(workers) \(workers == 1 ? "worker" : "workers"), "
      + "\(byteText(Int(disk))) of new records\n" + aligned(rows) + missingData.map { "\n\($0)" }.joined()
  }

  /// For programs.
  public var json: Value {
    [
      "disk_bytes": .number(disk.rounded()), "missing_data": .array(missingData.map { .string($0) }),
      "paper": .string(paper), "profile": .string(profile),
      "seconds": .number(seconds), "workers": .number(Double(workers)),
      "experiments": .array(
        lines.map {
          [
            "experiment": .string($0.experiment), "memory_bytes": .number($0.memory.rounded()),
            "operations": .number($0.operations), "runs": .number(Double($0.runs)),
            "seconds_left": .number($0.secondsLeft), "steps": .number($0.steps),
            "stored": .number(Double($0.stored)),
          ]
        }),
    ]
  }
}
