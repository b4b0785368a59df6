// `make bench`: one JSON object a line for every workload, matrix shape and the peak of the core.
import BitExact
import KernelTable
import Plotting
import Specification
import Training

@main
enum Main {
  static func main() throws {
    let wanted = Array(CommandLine.arguments.dropFirst())
    func selected(_ name: String) -> Bool { wanted.isEmpty || wanted.contains(name) }
    let peak = peakRate()
    if selected("peak") { report("fma_peak", ["gflops": .number(rounded(peak / 1e9))]) }
    for workload in Workload.all() where selected(workload.name) { try train(workload, peak) }
    if selected("logreg") { separable() }
    for workload in FigureWorkload.all where selected(workload.name) { draw(workload) }
    if selected("gemm") { for shape in shapes { multiply(shape, peak) } }
  }

  /// Operations a second of the fastest matrix product there is: a tile that never leaves the registers and the
  /// first cache.
  private static func peakRate() -> Double {
    let (m, n, k) = (48, 64, 256)
    return 2 * Double(m * n * k) * productRate(m, n, k, transposed: false)
  }

  private static let shapes: [(m: Int, n: Int, k: Int, transposed: Bool)] = [
    (60, 300, 784, false), (60, 100, 300, false), (128, 512, 512, false), (100, 8192, 784, false),
    (512, 512, 512, false), (1024, 1024, 1024, false), (100, 100, 40, false), (60, 10, 100, false),
    (784, 300, 60, true), (784, 8192, 100, true), (512, 512, 128, true),
  ]

  private static func productRate(_ m: Int, _ n: Int, _ k: Int, transposed: Bool) -> Double {
    let stride = paddedWidth(n)
    let (a, b, c) = (Buffer(m * k + 16), Buffer(k * stride), Buffer(m * stride))
    let scratch = Buffer(scratchSize)
    for i in 0..<m * k { a.start[i] = Float(i % 7) - 3 }
    for i in 0..<k * stride { b.start[i] = Float(i % 5) - 2 }
    let left = StridedMatrix(a.start, rowStride: transposed ? 1 : k, columnStride: transposed ? m : 1)
    return callsPerSecond(0.1) {
      Kernels.current.multiply(m, stride, k, left, b.start, stride, .zero, c.start, stride, scratch.start)
    }
  }

  private static func multiply(_ shape: (m: Int, n: Int, k: Int, transposed: Bool), _ peak: Double) {
    let rate = productRate(shape.m, shape.n, shape.k, transposed: shape.transposed)
    let operations = 2 * Double(shape.m * shape.n * shape.k) * rate
    report(
      "gemm_\(shape.m)x\(shape.n)x\(shape.k)_\(shape.transposed ? "TN" : "NN")",
      ["gflops": .number(rounded(operations / 1e9)), "peak_fraction": .number(rounded(operations / peak))])
  }

  private static func train(_ workload: Workload, _ peak: Double) throws {
    let data = try workload.data()
    let batchSize = workload.train.batch ?? data.count
    let network = Network(
      workload.model, features: data.features, classes: workload.classes, capacity: batchSize)
    network.initialize(seed: 1)
    let optimizer = Optimizer(workload.train, size: network.layout.size)
    var order = BatchOrder(count: data.count, seed: 1)
    var batch = Array(0..<batchSize)
    let rate = callsPerSecond(1) {
      order.fill(&batch)
      network.computeGradient(data, batch)
      optimizer.step(network, rate: workload.train.rate)
    }
    let operations = workload.operations(features: data.features) * rate
    report(
      workload.name,
      [
        "gflops": .number(rounded(operations / 1e9)), "peak_fraction": .number(rounded(operations / peak)),
        "rss_mb": .number(rounded(peakMegabytes())), "steps_per_second": .number(rounded(rate)),
      ])
  }

  /// Full-batch logistic loss, 200 × 2 points in double precision.
  private static func separable() {
    var stream = RandomStream(seed: 1, purpose: "bench")
    let points = (0..<400).map { _ in stream.normal() }
    let labels = (0..<200).map { points[2 * $0] + points[2 * $0 + 1] > 0 ? 1.0 : -1.0 }
    var descent = SeparableDescent(
      SignedPoints(points: points, labels: labels, dimension: 2), method: .gd, rate: 0.1 / 200, seed: 1)
    report("logreg", ["steps_per_second": .number(rounded(callsPerSecond(0.5) { descent.step() }))])
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

  private static func report(_ name: String, _ figures: [String: Value]) {
    var line: [String: Value] = [
      "isa": .string(Kernels.current.name), "threads": 1, "workload": .string(name),
    ]
    line.merge(figures) { $1 }
    print(Value.object(line).canonicalJSON)
  }

  private static func rounded(_ value: Double) -> Double {
    value < 10 ? (value * 1000).rounded() / 1000 : (value * 10).rounded() / 10
  }
}
