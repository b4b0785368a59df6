// Prints the digests of the kernels of the processor it is compiled for, without a Swift standard library's runtime.
import KernelDigests
import KernelTable
import KernelsBaseline

/// Calls `print` with the name and digest of each kernel.
@_cdecl("print_kernel_digests")
public func printKernelDigests(_ print: @convention(c) (UnsafePointer<CChar>?, UInt64) -> Void) {
  reportKernelDigests(makeKernels()) { name, digest in
    name.withUTF8Buffer { buffer in
      buffer.baseAddress?.withMemoryRebound(to: CChar.self, capacity: buffer.count) { print($0, digest) }
    }
  }
}
