// Serves `make bench`: matrix products and convolutions of the shapes that the workloads have.
import BitExact
import KernelTable
import Specification
import Training

/// A product of an m×k and a k×n matrix; the first is stored by columns where it is transposed.
struct MatrixShape {
  var m: Int
  var n: Int
  var k: Int
  var isTransposed = false

  init(_ m: Int, _ n: Int, _ k: Int, isTransposed: Bool = false) {
    (self.m, self.n, self.k, self.isTransposed) = (m, n, k, isTransposed)
  }

  var name: String { "gemm_\(m)x\(n)x\(k)_\(isTransposed ? "TN" : "NN")" }
}

let matrixShapes = [
  MatrixShape(60, 300, 784), MatrixShape(60, 100, 300), MatrixShape(128, 512, 512),
  MatrixShape(100, 8192, 784), MatrixShape(512, 512, 512), MatrixShape(1024, 1024, 1024),
  MatrixShape(100, 100, 40), MatrixShape(60, 10, 100), MatrixShape(784, 300, 60, isTransposed: true),
  MatrixShape(784, 8192, 100, isTransposed: true), MatrixShape(512, 512, 128, isTransposed: true),
  MatrixShape(100, 784, 8192),
]

/// Operations a second of the fastest matrix product there is: a tile that never leaves the registers and the first cache.
func peakRate() -> Double {
  2 * Double(48 * 64 * 256) * productRate(MatrixShape(48, 64, 256))
}

private func productRate(_ shape: MatrixShape) -> Double {
  let (m, k, stride) = (shape.m, shape.k, paddedWidth(shape.n))
  let (a, b, c) = (Buffer(m * k + 16), Buffer(k * stride), Buffer(m * stride))
  let scratch = Buffer(scratchSize)
  for i in 0..<m * k { a.start[i] = Float(i % 7) - 3 }
  for i in 0..<k * stride { b.start[i] = Float(i % 5) - 2 }
  let left = StridedMatrix(
    a.start, rowStride: shape.isTransposed ? 1 : k, columnStride: shape.isTransposed ? m : 1)
  return callsPerSecond(0.1) {
    Kernels.current.multiply(m, stride, k, left, b.start, stride, .zero, c.start, stride, scratch.start)
  }
}

func timeProduct(_ shape: MatrixShape, _ peak: Double) {
  let operations = 2 * Double(shape.m * shape.n * shape.k) * productRate(shape)
  report(
    shape.name,
    ["gflops": .number(rounded(operations / 1e9)), "peak_fraction": .number(rounded(operations / peak))])
}

/// A convolution of `batch` images of `side` × `side` (or signals of length `side`) with padding kernel / 2.
struct ConvolutionShape {
  var batch: Int
  var side: Int
  var inputs: Int
  var outputs: Int
  var kernel = 3
  var isSignal = false

  var name: String {
    "conv_\(batch)x\(inputs)x\(side)\(isSignal ? "" : "x\(side)")_\(outputs)_\(kernel)"
  }
  var height: Int { isSignal ? 1 : side }
  var multiplications: Double {
    Double(batch * height * side) * Double((isSignal ? 1 : kernel) * kernel * inputs * outputs)
  }
}

let convolutionShapes = [
  ConvolutionShape(batch: 100, side: 20, inputs: 25, outputs: 25, kernel: 5, isSignal: true),
  ConvolutionShape(batch: 64, side: 28, inputs: 1, outputs: 16, kernel: 5),
  ConvolutionShape(batch: 64, side: 14, inputs: 16, outputs: 32, kernel: 5),
  ConvolutionShape(batch: 16, side: 32, inputs: 3, outputs: 64),
  ConvolutionShape(batch: 16, side: 32, inputs: 16, outputs: 16),
  ConvolutionShape(batch: 16, side: 16, inputs: 32, outputs: 32),
  ConvolutionShape(batch: 16, side: 8, inputs: 64, outputs: 64),
  ConvolutionShape(batch: 16, side: 32, inputs: 64, outputs: 64),
  ConvolutionShape(batch: 16, side: 16, inputs: 128, outputs: 128),
]

/// Times the forward pass and the gradients of weights and input, each by the product that the layer makes of it.
func timeConvolution(_ shape: ConvolutionShape, _ peak: Double) {
  for (pass, rate) in [
    ("forward", forwardRate(shape, from: shape.inputs, to: shape.outputs)),
    ("weights", weightGradientRate(shape)),
    ("input", forwardRate(shape, from: shape.outputs, to: shape.inputs)),
  ] {
    let operations = 2 * shape.multiplications * rate
    report(
      "\(shape.name)_\(pass)",
      ["gflops": .number(rounded(operations / 1e9)), "peak_fraction": .number(rounded(operations / peak))])
  }
}

/// Memory of a convolution: images padded in space, weights, and what comes out.
private struct Operands {
  let image: Buffer
  let weights: Buffer
  let output: Buffer
  let scratch = Buffer(scratchSize)
  let width: Int
  let imageSize: Int
  let lines: Int

  init(_ shape: ConvolutionShape, from inputs: Int, to outputs: Int) {
    let margin = shape.kernel / 2 * 2
    lines = shape.isSignal ? 1 : shape.kernel
    width = shape.side + margin
    imageSize = (shape.height + (shape.isSignal ? 0 : margin)) * width * inputs
    image = Buffer(shape.batch * imageSize)
    weights = Buffer(lines * shape.kernel * inputs * paddedWidth(outputs))
    output = Buffer(shape.batch * shape.height * shape.side * paddedWidth(outputs))
    for i in 0..<image.count { image.start[i] = Float(i % 7) - 3 }
    for i in 0..<weights.count { weights.start[i] = Float(i % 5) - 2 }
    for i in 0..<output.count { output.start[i] = Float(i % 3) - 1 }
  }
}

private func forwardRate(_ shape: ConvolutionShape, from inputs: Int, to outputs: Int) -> Double {
  let memory = Operands(shape, from: inputs, to: outputs)
  let (n, positions) = (paddedWidth(outputs), shape.height * shape.side)
  return callsPerSecond(0.1) {
    for example in 0..<shape.batch {
      Kernels.current.multiplySegments(
        positions, n,
        SegmentedMatrix(
          memory.image.start + example * memory.imageSize, rowStride: inputs, segments: memory.lines,
          depth: shape.kernel * inputs, segmentStride: memory.width * inputs, rowsPerGroup: shape.side,
          groupStride: memory.width * inputs),
        memory.weights.start, n, .zero, .store, memory.output.start + example * positions * n, n,
        memory.scratch.start)
    }
  }
}

private func weightGradientRate(_ shape: ConvolutionShape) -> Double {
  let inputs = shape.inputs
  let memory = Operands(shape, from: inputs, to: shape.outputs)
  let (n, positions) = (paddedWidth(shape.outputs), shape.height * shape.side)
  return callsPerSecond(0.1) {
    memory.weights.clear()
    for example in 0..<shape.batch {
      Kernels.current.multiplySegments(
        memory.lines * shape.kernel * inputs, n,
        SegmentedMatrix(
          memory.image.start + example * memory.imageSize, rowStride: 1, columnStride: inputs,
          segments: shape.height, depth: shape.side, segmentStride: memory.width * inputs,
          rowsPerGroup: shape.kernel * inputs, groupStride: memory.width * inputs),
        memory.output.start + example * positions * n, n, .zero, .add, memory.weights.start, n,
        memory.scratch.start)
    }
  }
}
