// `make bench`: one JSON object a line for every workload, matrix and convolution shape, and the peak of the core.
import BitExact
import KernelDigests
import KernelTable
import Plotting
import Specification
import Training

@main
enum Main {
  /// Without arguments everything is timed; `names` lists what there is; `bits` prints the digest of every kernel at every
  /// level of this processor.
  static func main() throws {
    let wanted = Array(CommandLine.arguments.dropFirst())
    let benches = all()
    if wanted == ["names"] { return benches.forEach { print($0.name) } }
    if wanted == ["bits"] { return printDigests() }
    for name in wanted where !benches.contains(where: { $0.name == name }) {
      throw UnknownBench(description: "no benchmark '\(name)'; `names` lists them")
    }
    let peak = peakRate()
    for bench in benches where wanted.isEmpty || wanted.contains(bench.name) { try bench.run(peak) }
  }

  private static func all() -> [(name: String, run: (Double) throws -> Void)] {
    var benches: [(name: String, run: (Double) throws -> Void)] = [
      ("peak", { report("fma_peak", ["gflops": .number(rounded($0 / 1e9))]) })
    ]
    for workload in Workload.all() { benches.append((workload.name, { try train(workload, $0) })) }
    for batch in [60, 1000] { benches.append(("hvp_\(batch)", { _ in try curvature(batch) })) }
    for share in [0.2, 0.1, 0.05, 0.02] {
      benches.append(("masked_\(Int(share * 100))", { _ in try masked(share) }))
    }
    benches.append(("logreg", { _ in separable() }))
    for workload in FigureWorkload.all { benches.append((workload.name, { _ in draw(workload.make()) })) }
    benches.append(("article", { _ in try DocumentBench.article() }))
    benches.append(("paper_200_sections", { _ in try DocumentBench.longPaper() }))
    benches.append(("machine", { _ in try wholeMachine() }))
    benches.append(("gemm", { peak in matrixShapes.forEach { timeProduct($0, peak) } }))
    benches.append(("conv", { peak in convolutionShapes.forEach { timeConvolution($0, peak) } }))
    return benches
  }

  /// Processor time of a whole figure, its PNG included.
  private static func draw(_ workload: FigureWorkload) {
    let picture = workload.draw()
    let rate = callsPerSecond(0.5) { _ = workload.draw() }
    report(
      workload.name,
      [
        "milliseconds": .number(rounded(1000 / rate)),
        "png_kilobytes": .number(rounded(Double(picture.png.count) / 1000)),
        "pixels": .string("\(picture.pixelWidth)×\(picture.pixelHeight)"),
      ])
  }

  private static func printDigests() {
    for kernels in Kernels.available {
      reportKernelDigests(kernels) { name, digest in
        let line: [String: Value] = [
          "digest": .string(String(digest, radix: 16)), "isa": .string(kernels.name),
          "kernel": .string("\(name)"),
        ]
        print(Value.object(line).canonicalJSON)
      }
    }
  }
}

/// A name that is not in the list.
struct UnknownBench: Error, CustomStringConvertible {
  var description: String
}

/// Prints one line.
func report(_ name: String, _ figures: [String: Value]) {
  var line: [String: Value] = [
    "isa": .string(Kernels.current.name), "threads": 1, "workload": .string(name),
  ]
  line.merge(figures) { $1 }
  print(Value.object(line).canonicalJSON)
}

/// Three or four digits.
func rounded(_ value: Double) -> Double {
  value < 10 ? (value * 1000).rounded() / 1000 : (value * 10).rounded() / 10
}
