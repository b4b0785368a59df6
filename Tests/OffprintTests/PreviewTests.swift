// The preview: which requests are answered with which files.
import Foundation
import Testing

@testable import Offprint

@Suite struct PreviewTests {
  private let root: URL

  init() throws {
    root = FileManager.default.temporaryDirectory.appending(path: "preview-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: root.appending(path: "site/p"), withIntermediateDirectories: true)
    for name in ["secret.txt", "site/index.html", "site/p/index.html", "site/p/a b.png", "site/.hidden"] {
      try Data("x".utf8).write(to: root.appending(path: name))
    }
    try FileManager.default.createSymbolicLink(
      at: root.appending(path: "site/link.txt"), withDestinationURL: root.appending(path: "secret.txt"))
  }

  private func answer(_ target: String, method: String = "GET", host: String = "127.0.0.1:80") -> String {
    let request = PreviewRequest("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    switch request?.answer(root: root.appending(path: "site").path, port: 80) {
    case .frame: return "frame"
    case .events: return "events"
    case .file(let path): return path.split(separator: "/site/").last.map(String.init) ?? path
    case .redirect(let path): return "to \(path)"
    case .refused(let status, _): return "\(status)"
    case nil: return "none"
    }
  }

  @Test(arguments: [
    ("/", "frame"), ("/.events", "events"), ("/index.html", "index.html"), ("/p/", "p/index.html"),
    ("/p", "to /p/"),
    ("/p/a%20b.png?x=1", "p/a b.png"), ("/p/index.html#x", "p/index.html"), ("/nothing", "404"),
    ("/.hidden", "404"),
    ("/../secret.txt", "404"), ("/%2e%2e/secret.txt", "404"), ("/..%2fsecret.txt", "404"),
    ("/p/%2e%2e/%2e%2e/secret.txt", "404"), ("/p/..%5c..%5csecret.txt", "404"), ("/link.txt", "404"),
    ("//etc/passwd", "404"), ("/%00", "404"), ("/%zz", "400"), ("x", "400"), ("*", "400"),
  ])
  func onlyFilesOfTheReportsAreServed(target: String, expected: String) {
    #expect(answer(target) == expected)
  }

  @Test func onlyThisMachineIsAnswered() {
    #expect(answer("/index.html", host: "localhost:80") == "index.html")
    for host in ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:81", ""] {
      #expect(answer("/index.html", host: host) == "403", "\(host)")
    }
    #expect(answer("/index.html", method: "POST") == "405")
    #expect(PreviewRequest("nonsense\r\n\r\n") == nil)
  }

  @Test func frameStartsAtThePage() {
    #expect(previewFrame("a \"b\"/index.html").contains(#"src="a%20%22b%22/index.html""#))
  }

  @Test func changesAreSeen() throws {
    let folder = root.appending(path: "site").path
    let before = WatchedFiles(in: [folder])
    #expect(before == WatchedFiles(in: [folder]))
    try Data("longer".utf8).write(to: root.appending(path: "site/p/index.html"))
    #expect(before != WatchedFiles(in: [folder]))
    let lock = WatchedFiles(in: [folder])
    try Data("x".utf8).write(to: root.appending(path: "site/offprint.lock"))
    #expect(lock == WatchedFiles(in: [folder]))
  }
}
