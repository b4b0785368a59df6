// Serves plan, execute and verify: names of contents. OpenSSL's libcrypto does the work.
import CCrypto

/// SHA-256 digests (FIPS 180-4).
public struct SHA256: ~Copyable {
  private let context: OpaquePointer?

  /// Starts a digest.
  public init() {
    context = unsafe EVP_MD_CTX_new()
    unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// Adds the bytes of an array of trivial elements.
  public mutating func update<Element: BitwiseCopyable>(_ values: [Element]) {
    unsafe values.withUnsafeBytes { unsafe update($0) }
  }

  /// The digest of everything added, as 64 lower-case hexadecimal digits.
  public consuming func hexDigest() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    unsafe EVP_DigestFinal_ex(context, &bytes, nil)
    func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
    return String(decoding: bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] }, as: UTF8.self)
  }

  /// The digest of `bytes` in hexadecimal.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    var digest = SHA256()
    digest.update(bytes)
    return digest.hexDigest()
  }

  /// The digest of the UTF-8 bytes of `text` in hexadecimal.
  public static func hexDigest(of text: String) -> String { hexDigest(of: Array(text.utf8)) }
}
