// Serves `make bench`: whole training steps, Hessian-vector products, pruned networks, and all cores at once.
import BitExact
import Dispatch
import KernelTable
import Specification
import Synchronization
import Training

/// Steps a second of a workload.
private func stepRate(_ workload: Workload) throws -> Double {
  let data = try workload.data()
  let size = workload.train.batch ?? data.count
  let network = try workload.network(capacity: size)
  let optimizer = Optimizer(workload.train, layout: network.layout)
  var order = BatchOrder(count: data.count, seed: 1)
  var batch = Array(0..<size)
  let rate = callsPerSecond(1) {
    order.fill(&batch)
    optimizer.step(network, data, batch, rate: workload.train.rate)
  }
  return rate
}

func train(_ workload: Workload, _ peak: Double) throws {
  let rate = try stepRate(workload)
  let operations = try workload.operations() * rate
  report(
    workload.name,
    [
      "gflops": .number(rounded(operations / 1e9)), "peak_fraction": .number(rounded(operations / peak)),
      "rss_mb": .number(rounded(peakMegabytes())), "steps_per_second": .number(rounded(rate)),
    ])
}

/// The largest eigenvalue of the Hessian of `mlp` by 20 power iterations, over and over.
func curvature(_ batch: Int) throws {
  guard let workload = Workload.all().first(where: { $0.name == "mlp" }) else { return }
  let data = try workload.data()
  let network = try workload.network(capacity: batch)
  let (direction, product) = (Buffer(network.layout.size), Buffer(network.layout.size))
  let rows = Array(0..<batch)
  let rate = callsPerSecond(1) {
    network.prepareCurvature(data, rows)
    direction.copy(from: network.gradient)
    for _ in 0..<20 {
      network.hessianVectorProduct(direction, into: product)
      normalize(product, into: direction)
    }
  }
  report("hvp_\(batch)", ["steps_per_second": .number(rounded(rate))])
}

/// result = values / ‖values‖; four sums of sixteen lanes, because each waits for itself.
private func normalize(_ values: Buffer, into result: Buffer) {
  func load(_ i: Int) -> SIMD16<Float> {
    UnsafeRawPointer(values.start + i).loadUnaligned(as: SIMD16<Float>.self)
  }
  var (a, b, c, d) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
  var i = 0
  while i + 64 <= values.count {
    let (p, q, r, s) = (load(i), load(i + 16), load(i + 32), load(i + 48))
    a += p * p
    b += q * q
    c += r * r
    d += s * s
    i += 64
  }
  while i < values.count {
    a += load(i) * load(i)
    i += 16
  }
  let factor = 1 / max((a + b + c + d).sum().squareRoot(), 1e-30)
  for i in stride(from: 0, to: values.count, by: 16) {
    UnsafeMutableRawPointer(result.start + i).storeBytes(of: load(i) * factor, as: SIMD16<Float>.self)
  }
}

/// `mlp` with a share of its weights, by the passes over survivors and by masked dense ones.
func masked(_ share: Double) throws {
  guard let workload = Workload.all().first(where: { $0.name == "mlp" }) else { return }
  let data = try workload.data()
  let size = workload.train.batch ?? 1
  let network = try workload.network(capacity: size)
  let mask = PruningMask(layout: network.layout)
    .pruned(by: network.parameters, keeping: network.layout.weightCounts.map { Int(share * Double($0)) })
  let optimizer = Optimizer(workload.train, layout: network.layout)
  network.kernels.mask(mask.values.count, network.parameters.start, mask.values.start)
  var order = BatchOrder(count: data.count, seed: 1)
  var batch = Array(0..<size)
  func rate(_ computeGradient: () -> Void) -> Double {
    callsPerSecond(0.5) {
      order.fill(&batch)
      computeGradient()
      optimizer.step(network, rate: workload.train.rate)
    }
  }
  let dense = rate {
    network.computeGradient(data, batch)
    network.kernels.mask(mask.values.count, network.gradient.start, mask.values.start)
  }
  network.keepOnly(mask.values)
  let sparse = rate { network.computeGradient(data, batch, keepingOnly: mask.values) }
  report(
    "masked_\(Int(share * 100))",
    [
      "dense_steps_per_second": .number(rounded(dense)), "steps_per_second": .number(rounded(sparse)),
      "ratio": .number(rounded(sparse / dense)),
    ])
}

extension ParameterLayout {
  fileprivate var weightCounts: [Int] { parameters.filter { $0.kind == .weight }.map(\.count) }
}

/// One run per core against one run: steps per processor second of each, summed.
func wholeMachine() throws {
  for name in ["mlp", "small1d"] {
    guard let workload = Workload.all().first(where: { $0.name == name }) else { continue }
    let alone = try stepRate(workload)
    let rates = Mutex<[Double]>([])
    let cores = processorCount()
    DispatchQueue.concurrentPerform(iterations: cores) { _ in
      guard let workload = Workload.all().first(where: { $0.name == name }),
        let rate = try? stepRate(workload)
      else { return }
      rates.withLock { $0.append(rate) }
    }
    let together = rates.withLock { $0.reduce(0, +) }
    report(
      "machine_\(name)",
      [
        "runs": .number(Double(cores)), "speedup": .number(rounded(together / alone)),
        "steps_per_second": .number(rounded(together)),
      ])
  }
}

/// Full-batch logistic loss, 200 × 2 points in double precision.
func separable() {
  var stream = RandomStream(seed: 1, purpose: "bench")
  let points = (0..<400).map { _ in stream.normal() }
  let labels = (0..<200).map { points[2 * $0] + points[2 * $0 + 1] > 0 ? 1.0 : -1.0 }
  var descent = SeparableDescent(
    SignedPoints(points: points, labels: labels, dimension: 2), method: .gd, rate: 0.1 / 200, seed: 1)
  report("logreg", ["steps_per_second": .number(rounded(callsPerSecond(0.5) { descent.step() }))])
}
