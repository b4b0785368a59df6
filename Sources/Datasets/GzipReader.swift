// Serves run: the only file that calls zlib; everything else sees bytes and typed errors.

import CZlib

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file read through zlib. A file that is not compressed is read as it is.
struct GzipReader: ~Copyable {
  let path: String
  private let handle: gzFile

  /// Opens `path`; returns `nil` when there is no such file.
  init?(path: String) throws(DatasetError) {
    guard let handle = gzopen(path, "rb") else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { return nil }
      throw .unreadable(file: path, reason: String(cString: strerror(code)))
    }
    self.path = path
    self.handle = handle
    gzbuffer(handle, 1 << 17)
  }

  deinit { gzclose(handle) }

  /// The next bytes, `count` of them unless the file ends first.
  ///
  /// Memory grows with what the file really holds, not with `count`, so that a false header cannot ask for it.
  func read(_ count: Int) throws(DatasetError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let wanted = min(count - bytes.count, 1 << 22)
      var failed = false
      let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
        let got = gzread(handle, buffer.baseAddress, UInt32(wanted))
        failed = got < 0
        filled = max(0, Int(got))
      }
      bytes += chunk
      if chunk.count < wanted {
        try checkStream(at: bytes.count, failed: failed)
        break
      }
    }
    return bytes
  }

  /// Throws when the compressed stream is damaged or ends in the middle.
  private func checkStream(at byte: Int, failed: Bool) throws(DatasetError) {
    var code: Int32 = 0
    let message = gzerror(handle, &code).map { String(cString: $0) } ?? ""
    switch code {
    case Z_OK where !failed, Z_STREAM_END: return
    case Z_BUF_ERROR:
      throw .malformed(file: path, byte: byte, problem: "the compressed file is cut short")
    case Z_ERRNO:
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    default:
      throw .malformed(file: path, byte: byte, problem: "the compressed file is damaged (\(message))")
    }
  }
}

/// The bytes of a zlib stream that holds `count` bytes, or `nil` when it is damaged.
func inflated(_ compressed: [UInt8], count: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: count)
  var length = uLongf(count)
  let code = bytes.withUnsafeMutableBufferPointer { output in
    compressed.withUnsafeBufferPointer { input in
      uncompress(output.baseAddress, &length, input.baseAddress, uLong(input.count))
    }
  }
  return code == Z_OK && Int(length) == count ? bytes : nil
}
