// Serves draw: the one way in from the report, from a checked figure to the bytes of its picture.
import Diagnostics
import Tables

/// A picture with what belongs to it.
public struct RenderedFigure: Sendable {
  /// The bytes of the PNG file.
  public var png: [UInt8]
  /// Width in device pixels.
  public var pixelWidth: Int
  /// Height in device pixels.
  public var pixelHeight: Int
  /// Width in CSS pixels, for the page.
  public var cssWidth: Int
  /// Height in CSS pixels, for the page.
  public var cssHeight: Int
  /// Text for readers who do not see the picture: the author's, or drafted from the data when asked for.
  public var alternativeText: String { makeText() }
  private let makeText: @Sendable () -> String
  /// The numbers that the picture shows, gathered when asked for.
  public var table: Table { makeTable() }
  private let makeTable: @Sendable () -> Table
  /// Remarks for the author, for example about values that could not be shown.
  public var remarks: [String]

  fileprivate init(
    png: [UInt8], picture: Picture, layout: FigureLayout, figure: Figure, data: FigureData,
    remarks: [String]
  ) {
    self.png = png
    (pixelWidth, pixelHeight) = (picture.width, picture.height)
    cssWidth = Int(layout.width)
    cssHeight = Int(layout.height)
    makeText = { figure.alternativeText ?? data.description(of: figure) }
    makeTable = { data.table(figure) }
    self.remarks = remarks
  }
}

extension RenderedFigure {
  /// The pixels row by row, three bytes of sRGB each, read back from the file.
  ///
  /// - Throws: `PNGError` when the file cannot be read.
  public func pixels() throws(PNGError) -> [UInt8] {
    let rgba = try decodePNG(png).rgba
    return [UInt8](unsafeUninitializedCapacity: rgba.count / 4 * 3) { pixels, count in
      for place in stride(from: 0, to: rgba.count, by: 4) {
        for channel in 0..<3 { pixels[count + channel] = rgba[place + channel] }
        count += 3
      }
    }
  }
}

/// What a picture says about its own making, in the text chunks of its file.
public struct FigureProvenance: Sendable {
  /// The caption as plain text.
  public var caption: String
  /// Digest of the resolved specification.
  public var specificationDigest: String
  /// Digest of the tables' data.
  public var dataDigest: String

  /// Describes a figure's making.
  public init(caption: String = "", specificationDigest: String = "", dataDigest: String = "") {
    self.caption = caption
    self.specificationDigest = specificationDigest
    self.dataDigest = dataDigest
  }

  var texts: [(keyword: String, text: String)] {
    [
      ("Description", caption), ("Specification digest", specificationDigest), ("Data digest", dataDigest),
      ("Software", "Offprint"),
    ].filter { !$0.1.isEmpty }
  }
}

/// What a figure is drawn for.
public enum FigureSize: String, Sendable, CaseIterable {
  /// A page as wide as the figure asks for, column or full.
  case page
  /// A phone: 358 CSS pixels, panels one below the other.
  case phone
}

/// Draws a figure from its tables. The same figure and tables give the same pixels on every machine.
///
/// - Throws: `DiagnosticError` for tables and columns that do not exist, `PNGError` when the picture cannot be encoded.
public func draw(
  _ figure: Figure, tables: (String) -> Table?, theme: Theme, size: FigureSize = .page,
  provenance: FigureProvenance = FigureProvenance()
) throws -> RenderedFigure {
  let data = try FigureData(figure, tables: tables)
  let layout = FigureLayouter(figure, data, theme, size).layout()
  let picture = layout.scene().rasterized(scale: Metrics.density)
  let png = try encodePNG(picture, scale: Metrics.density, texts: provenance.texts)
  var remarks = data.remarks
  remarks += layout.notes.isEmpty ? [] : data.droppedRemarks
  return RenderedFigure(
    png: png, picture: picture, layout: layout, figure: figure, data: data, remarks: remarks)
}

extension FigureData {
  fileprivate var droppedRemarks: [String] {
    var remarks: [String] = []
    if droppedNotFinite > 0 { remarks.append("\(droppedNotFinite) values are not finite and not shown") }
    if droppedNotPositive > 0 {
      remarks.append("\(droppedNotPositive) values have no logarithm and are not shown")
    }
    return remarks
  }
}
