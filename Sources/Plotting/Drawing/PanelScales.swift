// Serves draw: the axes of each plot, shared or not, fitted to what is drawn.

/// The two axes of a plot.
struct PlotScales: Sendable {
  var x: Scale
  var y: Scale
  var xFormat: NumberStyle
  var yFormat: NumberStyle
  /// Distinct places along x, when they are few.
  var xValues: [Double]
}

extension FigureData {
  /// The axes of every plot, in the order of `plots`.
  func scales(_ figure: Figure) -> [PlotScales] {
    plots.map { plot in
      let together = plots.filter { $0.panel == plot.panel }
      let forX = figure.sharesX ? together : [plot]
      let forY = figure.sharesY ? together : [plot]
      let channels = figure.panels[plot.panel].layers.sorted {
        ($0.mark.kind == .rule ? 1 : 0) < ($1.mark.kind == .rule ? 1 : 0)
      }.map(\.encoding)
      let xs = channels.compactMap(\.x)
      let ys = channels.compactMap(\.y)
      var values: [Double] = []
      let isLogarithmic = xs.contains { $0.scale.kind == .log }
      for layer in forX.flatMap(\.layers)
      where isLogarithmic && !layer.isHorizontal && layer.layer.mark.kind != .rule {
        for series in layer.series { values += series.points.compactMap(\.x.number) }
      }
      var distinct: [Double] = []
      for value in values.sorted() where distinct.last != value {
        distinct.append(value)
        if distinct.count > 20 { break }
      }
      return PlotScales(
        x: scale(
          forX, \.x, xs, names: isOrdinal[plot.panel].x ? categories[plot.panel].x : nil, isVertical: false),
        y: scale(
          forY, \.y, ys, names: isOrdinal[plot.panel].y ? categories[plot.panel].y : nil, isVertical: true),
        xFormat: xs.first?.format ?? .number, yFormat: ys.first?.format ?? .number,
        xValues: distinct.count > 20 ? [] : distinct)
    }
  }

  private func scale(
    _ plots: [PlotData], _ path: KeyPath<DataPoint, Coordinate>, _ channels: [Figure.Channel],
    names: [String]?, isVertical: Bool
  ) -> Scale {
    let request = channels.lazy.map(\.scale).first { $0 != ScaleRequest() } ?? ScaleRequest()
    if let names {
      let categories = ordered(names, in: plots, path, channels, request)
      // The first category is at the left, or at the top.
      return Scale(categories: categories, reversed: request.reversed != isVertical)
    }
    func coordinate(_ point: DataPoint) -> Coordinate { isVertical ? point.y : point.x }
    var (values, bounds): ([Double], [Double]) = ([], [])
    var zero = false
    var isTight = false
    for layer in plots.flatMap(\.layers) {
      let kind = layer.layer.mark.kind
      let isValueAxis = layer.isHorizontal != isVertical
      let isGiven = isVertical ? layer.layer.encoding.y != nil : layer.layer.encoding.x != nil
      if kind == .rule, !isGiven { continue }
      if isValueAxis, kind == .bar || (kind == .area && layer.layer.encoding.y2 == nil) { zero = true }
      if kind.isField { isTight = true }
      for series in layer.series {
        for point in series.points {
          if let span = isVertical ? point.spanY : point.spanX {
            values += [span.start, span.end]
          } else if let value = coordinate(point).number {
            values.append(isValueAxis ? point.end(of: value) : value)
          }
          if let box = point.box, isValueAxis { values += box.outliers }
          if point.box != nil {
            values += [point.low, point.high].compactMap { isValueAxis ? $0 : nil }
          } else if isValueAxis {
            if let low = point.low { bounds.append(low) }
            if let high = point.high { bounds.append(high) }
          }
        }
        for seed in series.seeds { values += seed.compactMap { coordinate($0).number } }
      }
    }
    if let low = values.min(), let high = values.max() {
      // An interval from few seeds may be far wider than the data; it must not press the data flat, nor leave the
      // range that the quantity has.
      let reach = (high - low) * 0.6
      var (floor, ceiling) = (low - reach, high + reach)
      if reach == 0 { (floor, ceiling) = (bounds.min() ?? low, bounds.max() ?? high) }
      if low >= 0 { floor = max(floor, 0) }
      if low >= 0, high <= 1, high > 0.5 { ceiling = min(ceiling, 1) }
      let kind = request.kind ?? .linear
      for bound in bounds where bound.isFinite {
        let limited = min(max(bound, min(floor, low)), max(ceiling, high))
        values.append(kind == .log && limited <= 0 ? low : limited)
      }
    }
    return Scale.fitted(
      to: values, kind: request.kind ?? .linear, request: request, zero: zero, tight: isTight)
  }

  /// The names that some plots show, in the author's order or in their own.
  private func ordered(
    _ names: [String], in plots: [PlotData], _ path: KeyPath<DataPoint, Coordinate>,
    _ channels: [Figure.Channel], _ request: ScaleRequest
  ) -> [String] {
    var seen: Set<String> = []
    for layer in plots.flatMap(\.layers) where layer.layer.mark.kind != .rule {
      for point in layer.series.flatMap(\.points) { seen.insert(point[keyPath: path].label) }
    }
    var labels = names.filter(seen.contains)
    let numbers = labels.compactMap(Double.init)
    if numbers.count == labels.count {
      labels = zip(labels, numbers).sorted { $0.1 < $1.1 }.map(\.0)
    }
    if let order = request.categories {
      return order + labels.filter { !order.contains($0) }
    }
    switch channels.lazy.compactMap(\.sort).first {
    case nil: return labels
    case .byValue(let isDescending):
      return sorted(labels, in: plots, path, isDescending: isDescending)
    case .ascending: return numbers.count == labels.count ? labels : labels.sorted()
    case .descending: return (numbers.count == labels.count ? labels : labels.sorted()).reversed()
    case .explicit(let order): return order.filter(seen.contains) + labels.filter { !order.contains($0) }
    }
  }

  /// Names in the order of their values: the mean of what is shown at each.
  private func sorted(
    _ labels: [String], in plots: [PlotData], _ path: KeyPath<DataPoint, Coordinate>, isDescending: Bool
  ) -> [String] {
    var values: [String: [Double]] = [:]
    for layer in plots.flatMap(\.layers) where layer.layer.mark.kind != .rule {
      for point in layer.series.flatMap(\.points) {
        guard let value = (path == \DataPoint.x ? point.y : point.x).number ?? point.shade else { continue }
        values[point[keyPath: path].label, default: []].append(value)
      }
    }
    let means = labels.map { label in Summary.of(values[label] ?? [], .mean, .none)?.value }
    // Names without a value stand last; equal values keep their order.
    return labels.indices.sorted { first, second in
      switch (means[first], means[second]) {
      case (let a?, let b?) where a != b: return isDescending ? a > b : a < b
      case (nil, _?): return false
      case (_?, nil): return true
      default: return first < second
      }
    }.map { labels[$0] }
  }
}
