// `make bench`: processor time of whole reports by the command itself, as an author waits for it.
import RunStore
import Specification

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder with a paper, on which the built command is timed.
struct DocumentBench {
  /// The folder in which the command is started; it holds the folder of the paper.
  let folder: String
  /// The paper, as it is called from there.
  let paper: String
  /// The folder of the run store.
  let cache: String
  /// A file of the paper, and a word of it that is changed.
  let section: String

  /// Builds from stored results and nothing else, again with nothing changed, and with one other word.
  func run(_ name: String, peer: [String]? = nil) throws {
    let output = "\(folder)/output"
    try build(output)
    for part in ["findings", "reports", "tables"] { _ = try spawn(["rm", "-rf", "\(cache)/\(part)"]) }
    let fresh = try build("\(folder)/fresh")
    var same = Double.infinity
    var word = Double.infinity
    try build(output)
    for count in 0..<5 {
      same = min(same, try build(output))
      try edit(count)
      word = min(word, try build(output))
    }
    var figures: [String: Value] = [
      "fresh_ms": .number(rounded(1000 * fresh)), "unchanged_ms": .number(rounded(1000 * same)),
      "one_word_ms": .number(rounded(1000 * word)),
    ]
    if let peer, let seconds = try? spawn(peer) { figures["pandoc_ms"] = .number(rounded(1000 * seconds)) }
    report(name, figures)
  }

  @discardableResult
  private func build(_ output: String) throws -> Double {
    let offprint = try siblingExecutable("offprint")
    return try spawn([offprint, "build", paper, "--cache", cache, "--output", output])
  }

  private func edit(_ count: Int) throws {
    let path = "\(folder)/\(section)"
    let text = String(decoding: try Files.read(path) ?? [], as: UTF8.self)
    let marks = (0..<5).map { "wordy\($0)" }
    let old = marks.first { text.contains($0) }
    let new = old.map { text.replacing($0, with: marks[count]) } ?? text + "\nAnother \(marks[count]).\n"
    try Files.write(Array(new.utf8), to: path, durable: false)
  }

  /// Starts a program in the folder and waits for it; returns the seconds of processor time that it and its own took.
  private func spawn(_ words: [String]) throws -> Double {
    let line = "cd '\(folder)' && exec \"$@\" >/dev/null 2>&1"
    var pointers = (["/bin/sh", "-c", line, "sh"] + words).map { unsafe strdup($0) } + [nil]
    defer { for pointer in pointers { unsafe free(pointer) } }
    var child: pid_t = 0
    guard unsafe posix_spawn(&child, "/bin/sh", nil, nil, &pointers, environ) == 0 else {
      throw UnknownBench(description: "\(words[0]) cannot be started")
    }
    var status: Int32 = 0
    var usage = rusage()
    while unsafe wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
    guard status == 0 else { throw UnknownBench(description: "\(words.joined(separator: " ")) failed") }
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }
}

/// A product that was built beside this program.
private func siblingExecutable(_ name: String) throws -> String {
  guard let path = unsafe realpath(CommandLine.arguments[0], nil) else {
    throw UnknownBench(description: "this program does not know where it is")
  }
  defer { unsafe free(path) }
  let parts = unsafe String(cString: path).split(separator: "/").dropLast()
  return "/" + parts.joined(separator: "/") + "/\(name)"
}

extension DocumentBench {
  /// A folder that goes when the system cleans up.
  private static func temporaryFolder() throws -> String {
    var name = Array("/tmp/offprint-bench-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&name) != nil else { throw UnknownBench(description: "no temporary folder") }
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// 200 sections of 215 words with a formula each, 40 figures and 200 numbers, beside pandoc where it is installed.
  static func longPaper() throws {
    let folder = try temporaryFolder()
    try Files.makeFolder("\(folder)/long")
    let names = (1...200).map { "section-\($0).md" }
    for (index, name) in names.enumerated() {
      try Files.write(Array(section(index + 1).utf8), to: "\(folder)/long/\(name)", durable: false)
    }
    let configuration = "title: A long paper\nsections: [\(names.joined(separator: ", "))]\n"
    try Files.write(Array(configuration.utf8), to: "\(folder)/long/paper.yml", durable: false)
    let bench = DocumentBench(
      folder: folder, paper: "long", cache: "\(folder)/cache", section: "long/section-100.md")
    try bench.run(
      "paper_200_sections",
      peer: ["pandoc", "--standalone", "--mathml", "-o", "pandoc.html"] + names.map { "long/\($0)" })
  }

  private static func section(_ number: Int) -> String {
    let words = [
      "training", "loss", "of", "the", "network", "with", "a", "rate", "that", "falls", "*slowly*", "and",
      "weights", "in", "`float32`", "as", "seen", "before",
    ]
    var state = UInt64(number)
    let paragraphs = (0..<5).map { _ in
      (0..<43).map { _ in words[Int(FigureWorkload.uniform(&state) * Double(words.count))] }.joined(
        separator: " ") + "."
    }
    var text = "# Section \(number) {#sec-\(number)}\n\n" + paragraphs.joined(separator: "\n\n")
    text +=
      "\n\n$$\n\\mathcal{L}(w) = \\frac{1}{n} \\sum_{i=1}^{n} \\ell(f_w(x_i), y_i) + \(number) \\|w\\|^2\n$$ "
    text += "{#eq-\(number)}\n\nThe accuracy of @sec-\(number) is `{val} exp-a[lr=0.1].test_accuracy | %`.\n"
    if number == 1 { text += experiment }
    if number % 5 == 0 {
      text += """

        ```{figure #fig-\(number)}
        data: exp-a.history
        mark: line
        height: \(200 + number)
        encoding: {x: {field: step}, y: {field: train_loss, aggregate: mean, band: ci95}, color: {field: lr}}
        fig-cap: The loss of section \(number).
        ```

        """
    }
    return text
  }

  private static let experiment = """

    ```{experiment #exp-a}
    data: {name: digits, train: 200, test: 100}
    model: {mlp: [16]}
    train: {optimizer: sgd, batch: 20, steps: 60}
    vary: {lr: [0.01, 0.1, 0.3]}
    record: {every: 5, metrics: [train_loss]}
    seeds: 3
    ```

    """

  /// The article of this repository, where its results are stored.
  static func article() throws {
    let keys = String(
      decoding: try Files.read("papers/four-open-questions/offprint.lock") ?? [], as: UTF8.self
    )
    .split(separator: "\n").map { $0.prefix(64) }
    let areStored = keys.allSatisfy {
      Files.exists(".offprint/store/\($0.prefix(2))/\($0.dropFirst(2)).json")
    }
    guard !keys.isEmpty, areStored, let here = unsafe realpath(".", nil) else {
      return report("article", ["skipped": "its results are not stored: run `make` first"])
    }
    defer { unsafe free(here) }
    let root = unsafe String(cString: here)
    let folder = try temporaryFolder()
    try Files.makeFolder("\(folder)/papers")
    let bench = DocumentBench(
      folder: folder, paper: "papers/four-open-questions", cache: "\(folder)/cache",
      section: "papers/four-open-questions/00-introduction.md")
    _ = try bench.spawn(["cp", "-r", "\(root)/papers/four-open-questions", "papers/"])
    _ = try bench.spawn(["cp", "-r", "--reflink=auto", "\(root)/.offprint", "cache"])
    try bench.run("article")
  }
}
