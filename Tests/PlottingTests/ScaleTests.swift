// Ticks, numbers and arithmetic.
import Testing

@testable import Plotting

@Suite struct ScaleTests {
  @Test(arguments: 1...200) func linearTicksAreRoundAndInside(seed: UInt64) {
    var random = TestRandom(seed)
    let size = tenToThe(random.uniform() * 12 - 6)
    let low = (random.uniform() - 0.5) * size
    let high = low + size * (0.05 + random.uniform())
    let values = linearTickValues(low, high, count: 5, inside: true)
    #expect(values.count >= 2 && values.count <= 12)
    #expect(values.allSatisfy { $0 >= low - size * 1e-6 && $0 <= high + size * 1e-6 })
    let steps = zip(values, values.dropFirst()).map { $1 - $0 }
    let step = steps[0]
    #expect(steps.allSatisfy { abs($0 - step) < step * 1e-6 })
    let mantissa = step / tenToThe(decimalLogarithm(step * 1.0000001).rounded(.down))
    let round = [1.0, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 9, 10]
    #expect(round.contains { abs($0 - mantissa) < 1e-4 }, "step \(step)")
    let labels = labelled(values, .number).map(\.label)
    #expect(Set(labels).count == labels.count, "\(labels)")
  }

  @Test func knownTicks() {
    #expect(linearTickValues(0, 1, count: 6) == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1])
    #expect(labelled([0, 0.5, 1], .percent).map(\.label) == ["0%", "50%", "100%"])
    #expect(labelled([-0.5, 0, 0.5], .number).map(\.label) == ["\u{2212}0.5", "0.0", "0.5"])
    #expect(labelled([0, 5000, 10_000], .number).map(\.label) == ["0", "5,000", "10,000"])
    #expect(labelled([0, 2e8, 4e8], .number).map(\.label) == ["0", "2×10$^{8}$", "4×10$^{8}$"])
    #expect(labelled([0.974, 0.976], .percent).map(\.label) == ["97.4%", "97.6%"])
  }

  @Test func wholeNumbersHaveWholeTicks() {
    let layers = Scale.fitted(
      to: (2...20).map(Double.init), kind: .linear, request: ScaleRequest(), zero: false)
    let ticks = layers.ticks(count: 9, .number)
    #expect(ticks.count > 4 && ticks.allSatisfy { $0.value == $0.value.rounded() })
    let few = Scale.fitted(to: [1, 2, 3], kind: .linear, request: ScaleRequest(), zero: false)
    #expect(few.ticks(count: 8, .number).map(\.label) == ["1", "2", "3"])
    let share = Scale.fitted(to: [0, 1], kind: .linear, request: ScaleRequest(), zero: false)
    #expect(share.ticks(count: 6, .number).count > 3, "the ends of a share do not make it whole")
  }

  @Test func powersDoNotCrowdTheZeroOfASymlogAxis() {
    let scale = Scale.fitted(
      to: [-150, 150], kind: .symlog(constant: 0.01), request: ScaleRequest(), zero: false)
    let labels = scale.ticks(count: 9, .number).filter { !$0.label.isEmpty }
    #expect(
      labels.map(\.label) == [
        "\u{2212}100", "\u{2212}10", "\u{2212}1", "\u{2212}0.1", "0", "0.1", "1", "10", "100",
      ])
  }

  @Test func squareRootsHaveSpacedTicks() {
    let scale = Scale.fitted(to: [1, 64], kind: .sqrt, request: ScaleRequest(), zero: false)
    let places = scale.ticks(count: 10, .number).map { scale.position($0.value) }
    #expect(places.count > 4 && zip(places, places.dropFirst()).allSatisfy { $1 - $0 > 0.05 })
  }

  @Test func logTicksAreDecades() {
    let wide = logTicks(-6, 0, count: 8, .number).filter { !$0.label.isEmpty }
    #expect(wide.map(\.label).contains("10$^{-3}$"))
    #expect(wide.count == 7)
    let narrow = logTicks(0, 2, count: 8, .number).filter { !$0.label.isEmpty }
    #expect(narrow.map(\.label) == ["1", "2", "5", "10", "20", "50", "100"])
    #expect(logTicks(-300, 300, count: 5, .number).filter { !$0.label.isEmpty }.count <= 5)
    // Less than a decade: round numbers on a linear grid.
    let short = logTicks(decimalLogarithm(20), decimalLogarithm(50), count: 5, .number)
    #expect(short.filter { !$0.label.isEmpty }.count >= 3)
  }

  @Test func logarithmsAreClose() {
    for exponent in -300...300 { #expect(decimalLogarithm(powerOfTen(exponent)) == Double(exponent)) }
    let known = [(2.0, 0.30102999566398120), (3.0, 0.47712125471966244), (7.0, 0.84509804001425683)]
    for (value, logarithm) in known { #expect(abs(decimalLogarithm(value) - logarithm) < 2e-16) }
    #expect(decimalLogarithm(0) == -.infinity && decimalLogarithm(-1).isNaN)
    #expect(abs(tenToThe(0.3010299956639812) - 2) < 1e-12)
  }

  @Test func numbersAsText() {
    #expect(formatFixed(-1234567.891, decimals: 2) == "\u{2212}1,234,567.89")
    #expect(formatFixed(-0.001, decimals: 1) == "0.0")
    #expect(formatSignificant(0.000012345) == "1.23×10$^{-5}$")
    #expect(formatSignificant(0.30000000000000004) == "0.3")
    #expect(formatSignificant(.infinity) == "∞" && formatSignificant(.nan) == "NaN")
    #expect(formatScientific(9.99e9, digits: 2) == "10$^{10}$")
    #expect(formatScientific(Double.leastNonzeroMagnitude, digits: 2) == "4.9×10$^{-324}$")
    #expect(formatValue(0.8345, .percent) == "83.5%")
  }

  @Test func quantilesOfStudent() {
    #expect(tQuantile975(degreesOfFreedom: 4) == 2.776445)
    // NIST/SEMATECH e-Handbook, table 1.3.6.7.2.
    #expect(abs(tQuantile975(degreesOfFreedom: 40) - 2.021) < 5e-4)
    #expect(abs(tQuantile975(degreesOfFreedom: 100) - 1.984) < 5e-4)
    #expect(abs(tQuantile975(degreesOfFreedom: 31) - 2.039513) < 2e-5)
  }

  @Test func summaries() throws {
    let values = [2.0, 4, 4, 4, 5, 5, 7, 9]
    let mean = try #require(Summary.of(values, .mean, .sd))
    #expect(mean.value == 5 && abs((mean.high ?? 0) - 5 - 2.13809) < 1e-5)
    let interval = try #require(Summary.of(values, .mean, .ci95))
    #expect(abs((interval.high ?? 0) - 5 - 2.364624 * 2.13809 / 2.828427) < 1e-5)
    let middle = try #require(Summary.of(values, .median, .iqr))
    #expect(middle.value == 4.5 && middle.low == 4 && middle.high == 5.5)
    #expect(Summary.of(values, .count, .none)?.value == 8)
    #expect(Summary.of([], .mean, .ci95) == nil)
    #expect(Summary.of([3], .mean, .ci95) == Summary(value: 3, low: nil, high: nil, count: 1))
  }

  @Test func scalesKeepTheirPromises() {
    let log = Scale.fitted(to: [0.001, 1], kind: .log, request: ScaleRequest(), zero: false)
    #expect(abs(log.position(0.0316227766) - 0.5) < 1e-6)
    var reversed = ScaleRequest()
    reversed.reversed = true
    let backwards = Scale.fitted(to: [0, 10], kind: .linear, request: reversed, zero: false)
    #expect(backwards.position(0) > backwards.position(10))
    let symlog = Scale.fitted(
      to: [-100, 100], kind: .symlog(constant: 1), request: ScaleRequest(), zero: false)
    #expect(abs(symlog.position(0) - 0.5) < 1e-9)
    let equal = Scale.fitted(to: [5, 5, 5], kind: .linear, request: ScaleRequest(), zero: false)
    #expect(equal.position(5) == 0.5)
    let fraction = Scale.fitted(to: [0.02, 0.99], kind: .linear, request: ScaleRequest(), zero: false)
    #expect(fraction.low == 0 && fraction.high < 1.1)
    let bars = Scale.fitted(to: [3, 4], kind: .linear, request: ScaleRequest(), zero: true)
    #expect(bars.low == 0)
  }
}
