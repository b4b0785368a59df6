// Serves preview: what a browser asks for, and which file of the reports that is.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The head of a request, as far as a preview cares.
struct PreviewRequest: Equatable {
  /// What to answer.
  enum Answer: Equatable {
    /// The frame round the report, which reloads it.
    case frame
    /// The stream of changes.
    case events
    /// A file of the reports, by its path on disk.
    case file(String)
    /// A folder whose address lacks its slash.
    case redirect(String)
    /// Nothing, with a status and its reason.
    case refused(Int, String)
  }

  var method: String
  /// The path without query, percent signs decoded; `nil` when it is not one.
  var path: String?
  var host: String

  /// Reads the head of a request; `nil` when it is none.
  init?(_ head: String) {
    let lines = head.split(omittingEmptySubsequences: false) { $0.isNewline }
    let words = (lines.first ?? "").split(separator: " ")
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
    method = String(words[0])
    path = PreviewRequest.decoded(words[1].prefix { $0 != "?" && $0 != "#" })
    host = ""
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "host" else { continue }
      host = line[line.index(after: colon)...].split(separator: " ").joined()
    }
  }

  /// The answer for reports in `root` at `port`.
  ///
  /// A page elsewhere must not read the reports through a name that it has pointed at this machine, so that only
  /// the names of the loopback are served.
  func answer(root: String, port: Int) -> Answer {
    guard ["127.0.0.1:\(port)", "localhost:\(port)"].contains(host) else {
      return .refused(403, "Forbidden")
    }
    guard method == "GET" || method == "HEAD" else { return .refused(405, "Method Not Allowed") }
    guard let path, path.hasPrefix("/") else { return .refused(400, "Bad Request") }
    if path == "/" { return .frame }
    if path == "/.events" { return .events }
    return file(path, root)
  }

  private func file(_ path: String, _ root: String) -> Answer {
    let parts = path.split(separator: "/")
    if parts.contains(where: { $0.hasPrefix(".") || $0.utf8.contains { $0 == 0 || $0 == 92 } }) {
      return .refused(404, "Not Found")
    }
    guard let home = resolved(root), var found = resolved(home + path),
      found == home || found.hasPrefix(home + "/")
    else { return .refused(404, "Not Found") }
    var status = stat()
    guard unsafe stat(found, &status) == 0 else { return .refused(404, "Not Found") }
    if status.st_mode & S_IFMT == S_IFDIR {
      guard path.hasSuffix("/") else { return .redirect(path + "/") }
      found += "/index.html"
      guard let page = resolved(found), page.hasPrefix(home + "/"), unsafe stat(page, &status) == 0 else {
        return .refused(404, "Not Found")
      }
      found = page
    }
    return status.st_mode & S_IFMT == S_IFREG ? .file(found) : .refused(404, "Not Found")
  }

  /// Where a path leads, its links followed; `nil` when nothing is there.
  private func resolved(_ path: String) -> String? {
    guard let pointer = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(pointer) }
    return unsafe String(cString: pointer)
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// The media type of a published file.
func mediaType(ofFile path: String) -> String {
  switch path.split(separator: ".").last?.lowercased() {
  case "html": "text/html; charset=utf-8"
  case "png": "image/png"
  case "jpg", "jpeg": "image/jpeg"
  case "webp": "image/webp"
  case "gif": "image/gif"
  case "avif": "image/avif"
  case "json": "application/json"
  case "csv": "text/csv; charset=utf-8"
  case "xml": "application/xml"
  default: "application/octet-stream"
  }
}
