// Serves publish: the picture that stands for a paper where somebody links to it, 1200 by 630 pixels.

/// What a card says about a paper.
public struct SocialCard: Sendable {
  /// A number of claims with one verdict.
  public struct Tally: Sendable, Hashable {
    /// The verdict in words.
    public var label: String
    /// How many claims have it.
    public var count: Int
    /// Its colour, `0xRRGGBB`.
    public var color: UInt32

    /// Creates a tally.
    public init(label: String, count: Int, color: UInt32) {
      self.label = label
      self.count = count
      self.color = color
    }
  }

  /// The title of the paper.
  public var title: String
  /// Its subtitle.
  public var subtitle: String
  /// Its authors, as one text.
  public var authors: String
  /// The verdicts of its claims.
  public var tallies: [Tally]

  /// Creates a card.
  public init(title: String, subtitle: String = "", authors: String = "", tallies: [Tally] = []) {
    self.title = title
    self.subtitle = subtitle
    self.authors = authors
    self.tallies = tallies
  }

  /// The card as a PNG; equal cards give equal bytes.
  public func png() throws -> [UInt8] {
    try encodePNG(scene().rasterized(scale: 2), scale: 1, texts: FigureProvenance(caption: title).texts)
  }

  private static let (width, height, margin) = (600.0, 315.0, 36.0)
  private static let (ink, soft) = (Color(0x1B1D22), Color(0x555B66))

  private func scene() -> Scene {
    var scene = Scene(width: SocialCard.width, height: SocialCard.height, background: Color(0xFFFFFF))
    scene.fill(Rect(left: 0, top: 0, right: SocialCard.width, bottom: 8), Color(0x0B57A4))
    // A long title is set smaller, and cut where three lines do not hold it.
    let size =
      SocialCard.lines(title, TextStyle(size: 36, cut: .semibold, color: SocialCard.ink), most: 9).count > 3
      ? 28.0 : 36.0
    var y = SocialCard.margin + 8
    for line in SocialCard.lines(title, TextStyle(size: size, cut: .semibold, color: SocialCard.ink), most: 3)
    {
      y += size * 1.2
      scene.text(line, at: Point(SocialCard.margin, y - size * 0.3))
    }
    for line in SocialCard.lines(subtitle, TextStyle(size: 16, color: SocialCard.soft), most: 2) {
      y += 23
      scene.text(line, at: Point(SocialCard.margin, y))
    }
    drawTallies(&scene)
    if let line = SocialCard.lines(authors, TextStyle(size: 14, color: SocialCard.soft), most: 1).first {
      scene.text(line, at: Point(SocialCard.margin, SocialCard.height - 20))
    }
    return scene
  }

  /// A bar in proportion to the counts, and their names above it.
  private func drawTallies(_ scene: inout Scene) {
    let shown = tallies.filter { $0.count > 0 }
    let total = shown.reduce(0) { $0 + $1.count }
    guard total > 0 else { return }
    let width = SocialCard.width - 2 * SocialCard.margin
    let top = SocialCard.height - 66
    var left = SocialCard.margin
    var labelLeft = SocialCard.margin
    for tally in shown {
      let right = left + width * Double(tally.count) / Double(total)
      scene.fill(
        Rect(left: left, top: top, right: max(right - 2, left + 1), bottom: top + 12), Color(tally.color))
      left = right
      let line = TextLine(
        "\(tally.count) \(tally.label)", TextStyle(size: 16, cut: .semibold, color: Color(tally.color)))
      scene.text(line, at: Point(labelLeft, top - 12))
      labelLeft += line.width + 22
    }
  }

  /// The words in lines that fit, at most `most` of them; the last ends with … where there is more.
  private static func lines(_ text: String, _ style: TextStyle, most: Int) -> [TextLine] {
    var lines: [TextLine] = []
    var words: [Substring] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      let longer = TextLine((words + [word]).joined(separator: " "), style)
      if longer.width <= width - 2 * margin || words.isEmpty {
        words.append(word)
        continue
      }
      if lines.count == most - 1 { return lines + [TextLine(words.joined(separator: " ") + " …", style)] }
      lines.append(TextLine(words.joined(separator: " "), style))
      words = [word]
    }
    return words.isEmpty ? lines : lines + [TextLine(words.joined(separator: " "), style)]
  }
}
