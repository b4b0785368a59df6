// Serves parse: the Markdown files and tables of the gallery.
import Diagnostics
import Plotting
import RunStore
import Specification
import Tables

/// One picture of the gallery: its figure block as written.
public struct GalleryFigure: Sendable {
  /// The name after `#`.
  public var id: String
  /// The body of the block.
  public var source: String
  /// Where the body begins.
  public var position: SourcePosition

  /// The figure; throws its mistakes.
  public func figure() throws -> Figure {
    var diagnostics = Diagnostics()
    let node = try Node(yaml: source, origin: position)
    guard let figure = Figure(resolving: node, &diagnostics) else {
      throw DiagnosticError(diagnostics.sorted)
    }
    return figure
  }
}

/// What stands in a file of the gallery, in order.
public enum GalleryPart: Sendable {
  /// A heading of level 1 or 2.
  case heading(String, level: Int)
  /// A paragraph, on one line.
  case paragraph(String)
  /// A picture.
  case figure(GalleryFigure)
  /// A picture by another program, to stand beside the figure called `id`.
  case comparison(id: String, path: String)
}

/// Reads headings, paragraphs and figure blocks; nothing else of Markdown is used here.
public func galleryParts(of text: String, file: String) -> [GalleryPart] {
  var parts: [GalleryPart] = []
  var paragraph: [String] = []
  func close() {
    if !paragraph.isEmpty { parts.append(.paragraph(paragraph.joined(separator: " "))) }
    paragraph = []
  }
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  var index = 0
  while index < lines.count {
    let line = lines[index]
    if line.hasPrefix("```{figure #") {
      close()
      let id = String(line.dropFirst(12).prefix { $0 != "}" })
      let first = index + 1
      index = lines[first...].firstIndex(of: "```") ?? lines.count
      parts.append(
        .figure(
          GalleryFigure(
            id: id, source: lines[first..<min(index, lines.count)].joined(separator: "\n"),
            position: SourcePosition(file: file, line: first + 1, column: 1))))
    } else if line.hasPrefix("!["), let middle = line.firstIndex(of: "]") {
      close()
      let id = line[line.index(line.startIndex, offsetBy: 2)..<middle]
      parts.append(.comparison(id: String(id), path: String(line[middle...].dropFirst(2).dropLast())))
    } else if line.hasPrefix("#") {
      close()
      let level = line.prefix { $0 == "#" }.count
      parts.append(.heading(String(line.dropFirst(level + 1)), level: level))
    } else if line.isEmpty {
      close()
    } else {
      paragraph.append(line)
    }
    index += 1
  }
  close()
  return parts
}

/// Reads a table of comma-separated values with a header line. A column `seed` numbers seeds; a column whose cells are
/// all numbers, or empty, is numeric. `NaN` and `inf` are numbers.
public func galleryTable(_ name: String, csv: String) -> Table {
  let lines = csv.split(whereSeparator: \.isNewline)
  let names = lines.first.map { cells(of: $0) } ?? []
  let columns = names.map { Column($0, $0 == "seed" ? .seed : .metric) }
  let rows = lines.dropFirst().map { line in
    cells(of: line).map { text -> Cell in
      text.isEmpty ? .missing : Double(text).map(Cell.number) ?? .text(text)
    }
  }
  return Table(name: name, columns: columns, rows: rows.map { Array($0.prefix(names.count)) })
}

private func cells(of line: Substring) -> [String] {
  var cells: [String] = []
  var cell = ""
  var isQuoted = false
  for character in line {
    switch character {
    case "\"": isQuoted.toggle()
    case "," where !isQuoted:
      cells.append(cell)
      cell = ""
    default: cell.append(character)
    }
  }
  return cells + [cell]
}

/// The gallery's folder: its parts in the order of its files, and its tables.
public struct GallerySource: Sendable {
  /// Headings, paragraphs and pictures.
  public var parts: [GalleryPart] = []
  /// Tables by name.
  public var tables: [String: Table] = [:]

  /// The pictures in order.
  public var figures: [GalleryFigure] {
    parts.compactMap { if case .figure(let figure) = $0 { figure } else { nil } }
  }

  /// Reads `*.md` and `data/*.csv` of a folder.
  public init(folder: String) throws {
    for name in Files.list(folder).sorted() where name.hasSuffix(".md") && name != "README.md" {
      let path = "\(folder)/\(name)"
      parts += galleryParts(of: String(decoding: try Files.read(path) ?? [], as: UTF8.self), file: path)
    }
    for name in Files.list("\(folder)/data").sorted() where name.hasSuffix(".csv") {
      let table = String(name.dropLast(4))
      let text = String(decoding: try Files.read("\(folder)/data/\(name)") ?? [], as: UTF8.self)
      tables[table] = galleryTable(table, csv: text)
    }
  }
}
