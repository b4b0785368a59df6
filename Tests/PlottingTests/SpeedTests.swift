// What a figure costs: run with OFFPRINT_BENCH=1 in a release build.
import Tables
import Testing

@testable import Plotting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct SpeedTests {
  @Test(.enabled(if: getenv("OFFPRINT_BENCH") != nil)) func fiveSeriesOfAThousandPoints() throws {
    var random = TestRandom(12)
    var rows: [[Cell]] = []
    for series in 0..<5 {
      var value = Double(series)
      for step in 0..<1000 {
        value += 0.05 * random.normal()
        rows.append([
          .text("series \(series)"), .number(Double(step)), .number(value), .number(value - 0.4),
          .number(value + 0.4),
        ])
      }
    }
    let names = ["series", "step", "value", "low", "high"]
    let table = Table(name: "t", columns: names.map { Column($0, .metric) }, rows: rows)
    let example = Example(
      name: "speed",
      yaml: """
        data: t
        height: 380
        encoding: {x: {field: step}, y: {field: value}, color: {field: series}}
        layer:
          - {mark: band, encoding: {y: {field: low, title: value}, y2: {field: high}}}
          - {mark: line}
        """, tables: [table])
    let figure = try example.figure()
    let picture = try example.draw()
    try Gallery.keep(picture.png, "speed.png")
    func milliseconds(_ body: () throws -> Void) rethrows -> Double {
      let start = clock()
      for _ in 0..<20 { try body() }
      return Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1000 / 20
    }
    let whole = try milliseconds { _ = try draw(figure, tables: example.table, theme: .light) }
    let data = try FigureData(figure, tables: example.table)
    let layouter = FigureLayouter(figure, data, .light)
    let layout = layouter.layout()
    let scene = layout.scene()
    let image = scene.rasterized(scale: 2)
    let parts = [
      ("data", try milliseconds { _ = try FigureData(figure, tables: example.table) }),
      ("layout", milliseconds { _ = FigureLayouter(figure, data, .light).layout() }),
      ("scene", milliseconds { _ = layout.scene() }),
      ("raster", milliseconds { _ = scene.rasterized(scale: 2) }),
      ("encode", try milliseconds { _ = try encodePNG(image, scale: 2, texts: []) }),
    ]
    print(
      "\(picture.pixelWidth)×\(picture.pixelHeight), \(picture.png.count) bytes: \(whole) ms of CPU, \(parts)"
    )
    #expect(whole < 100)
  }
}
