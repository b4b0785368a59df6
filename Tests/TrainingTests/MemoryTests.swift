// Memory: training allocates its buffers once, and their size is known before.
import BitExact
import Testing
import Training

/// Every buffer that an object holds, itself or through others.
private struct HeldBuffers {
  private(set) var found: [ObjectIdentifier: Buffer] = [:]
  private var seen: Set<ObjectIdentifier> = []

  init(_ roots: [Any]) { for root in roots { visit(root) } }

  private mutating func visit(_ value: Any) {
    if let buffer = value as? Buffer {
      found[ObjectIdentifier(buffer)] = buffer
      return
    }
    if value is [Int] || value is [Int32] || value is [Float] || value is [Double] { return }
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .class, !seen.insert(ObjectIdentifier(value as AnyObject)).inserted { return }
    var part: Mirror? = mirror
    while let reflected = part {
      for child in reflected.children { visit(child.value) }
      part = reflected.superclassMirror
    }
  }

  var floats: Int { found.values.reduce(0) { $0 + $1.count } }
}

@Suite struct MemoryTests {
  @Test(arguments: ModelCase.all)
  func stepsMakeNoBuffers(_ model: ModelCase) throws {
    let network = try model.network(capacity: 12)
    var options = TrainOptions(optimizer: .adam, rate: 0.01, batch: 12, steps: 3)
    options.loss = model.loss
    let optimizer = Optimizer(options, layout: network.layout)
    let data = model.examples(24)
    let before = HeldBuffers([network, optimizer]).found.keys
    for step in 0..<3 {
      network.setDraw(seed: 1, step: step)
      optimizer.step(network, data, Array(6 * step..<6 * step + 12), rate: 0.01)
    }
    #expect(Set(before) == Set(HeldBuffers([network, optimizer]).found.keys))
  }

  /// Parameters, gradient, both moments, room for a transposed weight and for the kernels, and the activations of a batch.
  @Test(arguments: ModelCase.all.filter { $0.loss == .crossEntropy })
  func memoryIsKnownBefore(_ model: ModelCase) throws {
    let capacity = 400
    let network = try model.network(capacity: capacity)
    let optimizer = Optimizer(TrainOptions(optimizer: .adam, rate: 0.01, steps: 1), layout: network.layout)
    let held = Double(HeldBuffers([network, optimizer]).floats - kernelRoom)
    let size = try model.options.size(network.input, classes: network.classes)
    let expected = 4 * Double(size.paddedParameters) + Double(capacity) * size.activations
    #expect(abs(held - expected) < 0.2 * expected, "\(held) floats, not \(expected)")
  }

  /// Scratch memory that is the same for every network.
  private var kernelRoom: Int { 320 * 256 + 320 * 204 + 512 }
}
