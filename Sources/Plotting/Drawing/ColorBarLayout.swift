// Serves draw: the scale of colours beside a heat map.
import Tables

extension FigureLayouter {
  /// What stands beside a heat map.
  struct ColorBar {
    var scale: Scale
    var format: NumberStyle
    var title: TextLine
    /// All of its width with the gap before it.
    var room: Double
  }

  func colorBar() -> ColorBar? {
    let layers = data.plots.flatMap(\.layers).filter { $0.layer.mark.kind == .rect }
    guard let channel = layers.first?.layer.encoding.color else { return nil }
    let values = layers.flatMap(\.series).flatMap(\.points).compactMap(\.extra.number)
    let request = channel.scale
    let kind = request.kind == .ordinal ? .linear : request.kind ?? .linear
    var scale = Scale.fitted(to: values, kind: kind, request: request, zero: false)
    if request.domain == nil, let low = values.min(), let high = values.max(), low < high {
      let ends = (kind.transform(low), kind.transform(high))
      if ends.0.isFinite, ends.1.isFinite { (scale.low, scale.high) = ends }
    }
    let name = channel.title ?? channel.field?.name.split(separator: "_").joined(separator: " ") ?? ""
    let title = TextLine.shortened(name, mutedStyle, width: 110)
    let axis = AxisLayout.vertical(scale, height: 200, format: channel.format, style: tickStyle, widest: 90)
    return ColorBar(
      scale: scale, format: channel.format, title: title,
      room: 18 + max(title.width, 12 + 8 + axis.extent) + 4)
  }

  func place(
    _ bar: ColorBar, top: Double, bottom: Double, left: Double, into result: inout FigureLayout
  ) {
    let barTop = top + 28
    let frame = snapped(
      Rect(
        left: left + 18, top: barTop, right: left + 30, bottom: min(max(bottom, barTop + 40), barTop + 220)))
    let axis = AxisLayout.vertical(
      bar.scale, height: frame.height, format: bar.format, style: tickStyle, widest: 90)
    result.colorBar = (frame, bar.scale, axis, bar.title)
  }
}
