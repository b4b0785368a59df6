// Serves draw: where an axis has ticks, and what they say.

/// One tick of an axis.
struct Tick: Hashable, Sendable {
  var value: Double
  /// Empty for a minor tick.
  var label: String
}

/// Ticks for a linear axis: "An extension of Wilkinson's algorithm for positioning tick labels on axes" by Talbot, Lin and
/// Hanrahan (2010). The best of all sequences by simplicity, coverage and density of `count` ticks; the first and last
/// may lie a little outside the data unless all must lie `inside`; `whole` numbers have whole ticks.
func linearTickValues(
  _ low: Double, _ high: Double, count: Double, inside: Bool = false, whole: Bool = false
) -> [Double] {
  guard low.isFinite, high.isFinite, low < high, high - low < 1e300, high - low > 1e-300 else { return [low] }
  let steps = [1.0, 5, 2, 2.5, 4, 3]
  var best: (score: Double, values: [Double]) = (-2, inside ? [] : [low, high])
  let slack = (high - low) * 1e-9
  let span = high - low
  func coverage(_ first: Double, _ last: Double) -> Double {
    let (a, b) = (high - last, low - first)
    return 1 - 0.5 * (a * a + b * b) / (0.01 * span * span)
  }
  func bestCoverage(_ width: Double) -> Double {
    guard width > span else { return 1 }
    let half = (width - span) / 2
    return 1 - half * half / (0.01 * span * span)
  }
  func simplicity(_ index: Int, _ skip: Int, _ hasZero: Bool) -> Double {
    1 - Double(index) / Double(steps.count - 1) - Double(skip) + (hasZero ? 1 : 0)
  }
  func total(_ simplicity: Double, _ coverage: Double, _ density: Double) -> Double {
    0.25 * simplicity + 0.2 * coverage + 0.5 * density + 0.05
  }
  search: for skip in 1...20 {
    for (index, step) in steps.enumerated() {
      let simplest = simplicity(index, skip, true)
      if total(simplest, 1, 1) < best.score { break search }
      for ticks in 2...60 {
        let wanted = Double(ticks)
        let densest = 2 - max(wanted / count, count / wanted)
        if total(simplest, 1, densest) < best.score { if wanted > count { break } else { continue } }
        let delta = span / (wanted + 1) / (Double(skip) * step)
        let smallest = decimalExponent(delta)
        for exponent in smallest...(smallest + 12) {
          let interval = Double(skip) * step * powerOfTen(exponent)
          if total(simplest, bestCoverage(interval * (wanted - 1)), densest) < best.score { break }
          let unit = interval / Double(skip)
          if whole, unit != unit.rounded() { continue }
          let first = (high / unit).rounded(.down) - Double(skip) * (wanted - 1)
          let last = (low / unit).rounded(.up)
          guard first <= last, last - first < 1000 else { continue }
          for start in stride(from: first, through: last, by: 1) {
            let (lowest, highest) = (start * unit, start * unit + interval * (wanted - 1))
            if inside, lowest < low - slack || highest > high + slack { continue }
            let hasZero =
              lowest <= 0 && highest >= 0 && start.truncatingRemainder(dividingBy: Double(skip)) == 0
            let density = (wanted - 1) / (highest - lowest)
            let wish = (count - 1) / (max(highest, high) - min(low, lowest))
            let score = total(
              simplicity(index, skip, hasZero), coverage(lowest, highest),
              2 - max(density / wish, wish / density))
            if score > best.score {
              best = (score, (0..<ticks).map { (start + Double($0 * skip)) * unit })
            }
          }
        }
      }
    }
  }
  return best.values
}

/// Labels for equally spaced values: as many decimals as tell them apart, the same for all.
func labelled(_ values: [Double], _ style: NumberStyle) -> [Tick] {
  let factor = style == .percent ? 100.0 : 1
  let largest = values.map { abs($0 * factor) }.max() ?? 0
  let smallestStep = zip(values, values.dropFirst()).map { abs($1 - $0) * factor }.min() ?? largest
  let isExtreme = style == .number && (largest >= 1e7 || (largest > 0 && largest < 1e-3))
  if isExtreme, smallestStep > 0 {
    let digits = decimalExponent(largest) - decimalExponent(smallestStep) + 2
    return values.map { value in
      let isZero = abs(value) < smallestStep / 1000
      return Tick(value: value, label: isZero ? "0" : formatScientific(value, digits: min(max(digits, 1), 8)))
    }
  }
  let decimals =
    (0...12).first { decimals in
      values.allSatisfy { value in
        let scaled = value * factor * powerOfTen(decimals)
        return abs(scaled - scaled.rounded()) <= 1e-4 * max(1, smallestStep * powerOfTen(decimals) * 1e-3)
          && (scaled.rounded() != 0 || abs(value * factor) < smallestStep / 1000)
      }
    } ?? 12
  return values.map { value in
    let rounded = (value * factor * powerOfTen(decimals)).rounded() / powerOfTen(decimals)
    let text = formatFixed(rounded, decimals: decimals)
    return Tick(value: value, label: style == .percent ? text + "%" : text)
  }
}

/// Ticks for a logarithmic axis from 10^`low` to 10^`high`: decades, with 2 and 5 between them when there are few, and
/// unlabelled ticks at the other multiples. `count` is the number of labels that there is room for.
func logTicks(_ low: Double, _ high: Double, count: Int, _ style: NumberStyle) -> [Tick] {
  let firstDecade = Int(low.rounded(.down))
  let lastDecade = Int(high.rounded(.up))
  guard lastDecade - firstDecade < 700 else { return [] }
  let decades = high - low
  let inside: (Double) -> Bool = {
    let position = decimalLogarithm($0)
    return position >= low - 1e-9 && position <= high + 1e-9
  }
  func values(_ multiples: [Double], every step: Int = 1) -> [Double] {
    (firstDecade...lastDecade).filter { $0 % step == 0 }
      .flatMap { decade in multiples.map { $0 * powerOfTen(decade) } }.filter(inside)
  }
  var major: [Double]
  let all: [Double] = decades <= 6 ? values([1, 2, 3, 4, 5, 6, 7, 8, 9]) : []
  if decades < 0.7, count >= 2 {
    let linear = linearTickValues(tenToThe(low), tenToThe(high), count: Double(min(count, 6)), inside: true)
    major = linear.count >= 2 ? linear : values([1, 2, 3, 5, 7])
    if style == .number, major.count <= count { return labelled(major, style) }
  }
  major = values([1, 2, 5])
  if major.count > count { major = values([1, 3]) }
  if major.count > count || (decades > 2.5 && values([1]).count >= 3) { major = values([1]) }
  var step = 2
  while major.count > max(count, 2), step < 400 {
    major = values([1], every: step)
    step += 1
  }
  let labels = major.map { Tick(value: $0, label: logLabel($0, among: major, style)) }
  let minor = decades <= 4 ? all : decades > 6 ? [] : values([1])
  return labels + minor.filter { !major.contains($0) }.map { Tick(value: $0, label: "") }
}

/// Plain numbers where all of them are short, else powers of ten.
func logLabel(_ value: Double, among values: [Double], _ style: NumberStyle) -> String {
  if style == .percent { return formatValue(value, .percent) }
  let (smallest, largest) = (values.min() ?? 1, values.max() ?? 1)
  let isPlain = smallest >= 0.000999 && largest < 100_000.5 && largest / smallest < 2000
  return isPlain ? formatSignificant(value) : formatScientific(value, digits: 2)
}

/// 10 to a real power to about 1e-12, enough to choose ticks by: whole part from the table, e^x by its series.
func tenToThe(_ x: Double) -> Double {
  let whole = x.rounded(.down)
  guard abs(whole) < 300 else { return whole > 0 ? .infinity : 0 }
  let power = (x - whole) * 2.302585092994046
  var sum = 1.0
  for n in stride(from: 30, through: 1, by: -1) { sum = 1 + sum * power / Double(n) }
  return powerOfTen(Int(whole)) * sum
}
