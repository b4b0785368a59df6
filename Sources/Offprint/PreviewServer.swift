// Serves preview: the reports on the loopback, built again and reloaded whenever a file of a paper changes.
//
// One thread waits for browsers and looks at the papers' files in turn; builds are child processes, so that the pages
// stay there while something is trained.
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import RunStore

/// A server of the reports in a folder, for browsers on this machine only.
public struct PreviewServer: ~Copyable {
  private let socket: Int32
  /// The port that it listens on.
  public let port: Int
  private let root: String
  private let frame: String
  private var listeners: [Int32] = []

  /// Starts to listen on 127.0.0.1; port 0 takes any that is free. `nil` when the port is taken.
  ///
  /// `start` is the page that a browser sees first, by its path below `root`.
  public init?(root: String, start: String, port wanted: Int) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { return nil }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    var on: Int32 = 1
    _ = unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: wanted)).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(socket, generic, size) == 0 && listen(socket, 16) == 0
          && getsockname(socket, generic, &size) == 0
      }
    }
    guard isBound else {
      close(socket)
      return nil
    }
    self.socket = socket
    self.root = root
    frame = previewFrame(start)
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit {
    for listener in listeners { close(listener) }
    close(socket)
  }

  /// Answers what browsers ask for within `milliseconds`.
  public mutating func serve(milliseconds: Int32) {
    var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&wait, 1, milliseconds) > 0 else { return }
    let client = accept(socket, nil, nil)
    guard client >= 0 else { return }
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    // A browser that opens a connection and says nothing must not keep the others waiting.
    var patience = timeval(tv_sec: 2, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      _ = unsafe setsockopt(client, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    if !answer(client) { close(client) }
  }

  /// Tells every open page to load its report again, or that a build failed.
  public mutating func announce(_ event: String) {
    listeners = listeners.filter { listener in
      if send(Array("event: \(event)\ndata: now\n\n".utf8), to: listener) { return true }
      close(listener)
      return false
    }
  }

  /// Answers one request; whether the connection stays open.
  private mutating func answer(_ client: Int32) -> Bool {
    guard let head = readHead(client), let request = PreviewRequest(head) else { return false }
    let hasBody = request.method != "HEAD"
    switch request.answer(root: root, port: port) {
    case .frame:
      respond(client, "200 OK", "text/html; charset=utf-8", Array(frame.utf8), hasBody, isFrame: true)
    case .events:
      let start =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: keep-alive\r\n\r\n: open\n\n"
      if send(Array(start.utf8), to: client) {
        listeners.append(client)
        return true
      }
    case .file(let path):
      let bytes = (try? Files.read(path)) ?? []
      respond(client, "200 OK", mediaType(ofFile: path), bytes, hasBody)
    case .redirect(let path):
      _ = send(
        Array("HTTP/1.1 301 Moved Permanently\r\nLocation: \(path)\r\nContent-Length: 0\r\n\r\n".utf8),
        to: client)
    case .refused(let status, let reason):
      respond(client, "\(status) \(reason)", "text/plain; charset=utf-8", Array("\(reason)\n".utf8), hasBody)
    }
    return false
  }

  private func readHead(_ client: Int32) -> String? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 16_384 {
      let count = unsafe read(client, &chunk, chunk.count)
      guard count > 0 else { return nil }
      bytes += chunk[..<count]
      if bytes.suffix(count + 3).contains(subsequence: [13, 10, 13, 10]) {
        return String(validating: bytes, as: UTF8.self)
      }
    }
    return nil
  }

  private func respond(
    _ client: Int32, _ status: String, _ type: String, _ bytes: [UInt8], _ hasBody: Bool,
    isFrame: Bool = false
  ) {
    let policy = isFrame ? "" : "X-Frame-Options: SAMEORIGIN\r\n"
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\nCache-Control: no-store\r\n"
      + "X-Content-Type-Options: nosniff\r\n\(policy)Connection: close\r\n\r\n"
    _ = send(Array(head.utf8) + (hasBody ? bytes : []), to: client)
  }

  private func send(_ bytes: [UInt8], to client: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes { unsafe write(client, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      offset += count
    }
    return true
  }
}

extension ArraySlice<UInt8> {
  fileprivate func contains(subsequence: [UInt8]) -> Bool {
    indices.contains { self[$0...].starts(with: subsequence) }
  }
}

/// The page round a report: it keeps the reader's place while the report is loaded again.
func previewFrame(_ start: String) -> String {
  """
  <!doctype html>
  <html lang="en"><meta charset="utf-8"><title>Preview</title>
  <style>html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block}
  p{position:fixed;inset:auto 0 0 0;margin:0;padding:.5rem 1rem;background:#b3261e;color:#fff;font:1rem sans-serif}</style>
  <iframe title="Report" src="\(attribute(start))"></iframe><p hidden>The build failed; the terminal says why.</p>
  <script>
  const frame = document.querySelector("iframe"), note = document.querySelector("p");
  const events = new EventSource("/.events");
  events.addEventListener("reload", () => {
    const place = frame.contentWindow.scrollY;
    note.hidden = true;
    frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, place), {once: true});
    frame.contentWindow.location.reload();
  });
  events.addEventListener("failed", () => { note.hidden = false; });
  frame.addEventListener("load", () => { document.title = frame.contentDocument.title; });
  </script></html>

  """
}

/// The path as an address inside quotes.
private func attribute(_ path: String) -> String {
  let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/".utf8)
  let digits = Array("0123456789ABCDEF")
  return path.utf8.map {
    plain.contains($0) ? String(UnicodeScalar($0)) : "%\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])"
  }
  .joined()
}

/// The files of papers with what tells that one has changed.
public struct WatchedFiles: Equatable {
  private var stamps: [String: [Int]] = [:]

  /// Looks at every file in the folders, hidden ones and locks left out.
  public init(in folders: [String]) {
    for folder in folders { look(folder, depth: 8) }
  }

  private mutating func look(_ folder: String, depth: Int) {
    for name in Files.list(folder)
    where !name.hasPrefix(".") && name != "offprint.lock" && !name.hasSuffix("~") {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        if depth > 0 { look(path, depth: depth - 1) }
      } else {
        stamps[path] = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec), Int(status.st_size)]
      }
    }
  }
}
