// Serves execute: chooses the instruction-set level once; no result depends on the choice.
import CProcessor
public import KernelTable
import KernelsBaseline

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The numeric version of the engine: part of every run's key, raised whenever a golden digest changes.
public let numericVersion = 2

/// The instruction-set levels of the engine.
public enum Kernels {
  /// The levels that this processor can run, slowest first.
  public static let available: [KernelTable] = {
    var tables = [KernelsBaseline.makeKernels()]
    #if arch(x86_64)
      let level = offprint_processor_level()
      if level >= 1 { tables.append(KernelsAVX2.makeKernels()) }
      if level >= 2 { tables.append(KernelsAVX512.makeKernels()) }
    #endif
    return tables
  }()

  /// The level in use: the fastest, or the one that the environment variable `OFFPRINT_ISA` names.
  public static let current: KernelTable = chosen ?? available[available.count - 1]

  /// Why `OFFPRINT_ISA` cannot be followed, or `nil`.
  public static var complaint: String? {
    guard let name = requested, chosen == nil else { return nil }
    let names = available.map(\.name).joined(separator: ", ")
    return "OFFPRINT_ISA is '\(name)', but this processor has: \(names)"
  }

  private static let requested = unsafe getenv("OFFPRINT_ISA").map { unsafe String(cString: $0) }
  private static let chosen = requested.flatMap { name in available.first { $0.name == name } }
}
