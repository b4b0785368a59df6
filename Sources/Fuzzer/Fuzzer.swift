// The entry point of libFuzzer; built only when OFFPRINT_FUZZ is set, see CONTRIBUTING.md.
import FuzzTargets
import Glibc

private let target: FuzzTarget = {
  let name = unsafe getenv("OFFPRINT_FUZZ").map { unsafe String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    print("OFFPRINT_FUZZ must be one of", FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))
    exit(64)
  }
  return target
}()

/// Hands the bytes to the target; libFuzzer calls it with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe target.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
