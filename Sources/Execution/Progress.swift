// Serves execute: what the user sees while runs are made.
import Experiments
import Tables

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Something that follows an execution.
public protocol ExecutionProgress {
  /// The runs that will be made.
  mutating func begin(_ runs: [Run])
  /// A run has done some of its steps.
  mutating func advanced(_ run: Run, done: Int, of total: Int)
  /// A run is in the store.
  mutating func finished(_ run: Run, seconds: Double)
  /// A run could not be had.
  mutating func failed(_ run: Run, _ reason: String)
  /// Something about the execution as a whole, in a line.
  mutating func noted(_ text: String)
  /// No more will be said.
  mutating func end()
}

/// Progress on standard error: live lines on a terminal, plain lines in a log.
public struct ConsoleProgress: ExecutionProgress {
  private let live: Bool
  private let place: String
  private let lines: Int
  private var total = 0.0
  private var done = 0.0
  private var runs = 0
  private var finishedRuns = 0
  private var perExperiment: [String: (left: Int, all: Int)] = [:]
  private var active: [(run: Run, fraction: Double)] = []
  private var started = 0.0
  private var drawnLines = 0
  private var lastDraw = 0.0

  /// `live` redraws lines in place; otherwise a line is written whenever an experiment is complete.
  ///
  /// - Parameters:
  ///   - place: where runs are made: `with 2 workers`.
  ///   - lines: runs under way that are shown at most.
  public init(live: Bool, place: String, lines: Int) {
    self.live = live
    self.place = place
    self.lines = lines
  }

  /// Counts the runs.
  public mutating func begin(_ runs: [Run]) {
    started = wallSeconds()
    self.runs = runs.count
    total = runs.reduce(0) { $0 + $1.cost.operations }
    for run in runs { perExperiment[run.experiment, default: (0, 0)].all += 1 }
    for (id, count) in perExperiment { perExperiment[id] = (count.all, count.all) }
    if runs.isEmpty { return }
    say("training \(runs.count) \(runs.count == 1 ? "run" : "runs") \(place)")
  }

  /// Redraws at most five times a second.
  public mutating func advanced(_ run: Run, done: Int, of total: Int) {
    let fraction = total > 0 ? min(1, Double(done) / Double(total)) : 0
    if let index = active.firstIndex(where: { $0.run.key == run.key }) {
      active[index].fraction = fraction
    } else {
      active.append((run, fraction))
    }
    if live, wallSeconds() - lastDraw > 0.2 { draw() }
  }

  /// Counts a finished run.
  public mutating func finished(_ run: Run, seconds: Double) { close(run) }

  /// Writes why, and counts the run.
  public mutating func failed(_ run: Run, _ reason: String) {
    erase()
    say("failed: \(describe(run)): \(reason)")
    close(run)
  }

  /// Writes the line.
  public mutating func noted(_ text: String) {
    erase()
    say(text)
  }

  private mutating func close(_ run: Run) {
    active.removeAll { $0.run.key == run.key }
    done += run.cost.operations
    finishedRuns += 1
    perExperiment[run.experiment]?.left -= 1
    if let count = perExperiment[run.experiment], count.left == 0 {
      erase()
      say(
        "\(run.experiment): \(count.all) \(count.all == 1 ? "run" : "runs") done [\(clock(wallSeconds() - started)), \(remaining)]"
      )
    }
    if live { draw() }
  }

  /// Removes the live lines.
  public mutating func end() { erase() }

  private var remaining: String {
    let progressed = done + active.reduce(0) { $0 + $1.run.cost.operations * $1.fraction }
    guard progressed > 0, total > progressed else { return "nothing left" }
    let elapsed = wallSeconds() - started
    return "about \(clock(elapsed * (total - progressed) / progressed)) left"
  }

  private mutating func draw() {
    erase()
    lastDraw = wallSeconds()
    var lines = active.prefix(lines).map { item in
      let filled = Int((item.fraction * 20).rounded())
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
      return "  \(bar) \(describe(item.run))"
    }
    lines.append("  \(finishedRuns) of \(runs) runs, \(remaining)")
    let width = terminalWidth() - 1
    writeError(lines.map { String($0.prefix(width)) }.joined(separator: "\n") + "\n")
    drawnLines = lines.count
  }

  private mutating func erase() {
    if drawnLines > 0 { writeError("\u{1B}[\(drawnLines)A\u{1B}[J") }
    drawnLines = 0
  }

  private func say(_ text: String) { writeError(text + "\n") }

  private func terminalWidth() -> Int {
    var size = winsize()
    let known = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
    return known ? Int(size.ws_col) : 80
  }
}

/// `exp-bn-rate [norm=batch, lr=0.1] seed 3`, as a run is named in messages.
public func describe(_ run: Run) -> String {
  let axes = run.axes.map(\.label)
  return "\(run.experiment)\(axes.isEmpty ? "" : " [\(axes.joined(separator: ", "))]") seed \(run.seed)"
}

/// `1:05`, or `2:01:05` for an hour and more.
public func clock(_ seconds: Double) -> String {
  let whole = Int(max(0, seconds.isFinite ? seconds : 0).rounded())
  func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  let (hours, minutes) = (whole / 3600, whole / 60 % 60)
  return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
}

/// Seconds on the monotonic clock; for people, never for a result.
public func wallSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Writes to standard error, whatever becomes of it.
public func writeError(_ text: String) {
  let bytes = Array(text.utf8)
  _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}
