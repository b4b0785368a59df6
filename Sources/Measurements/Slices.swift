// Serves landscape: the loss on lines and planes through a trained network.
public import BitExact
public import Training

extension ParameterLayout {
  /// A random direction in the space of weights whose every filter, the incoming weights of one output unit, is as long as the
  /// filter of `parameters` at its place; biases and what normalisations learn stay (Li et al. 2018, section 4).
  public func filterNormalizedDirection(_ parameters: Buffer, _ stream: inout RandomStream) -> Buffer {
    let direction = normalVector(&stream)
    for parameter in self.parameters {
      guard parameter.kind == .weight else {
        parameter.forEachIndex { direction.start[$0] = 0 }
        continue
      }
      for column in 0..<parameter.columns {
        var (own, target) = (0.0, 0.0)
        for row in 0..<parameter.rows {
          let place = parameter.index(row, column)
          own += Double(direction.start[place]) * Double(direction.start[place])
          target += Double(parameters.start[place]) * Double(parameters.start[place])
        }
        let factor = Float(target.squareRoot() / (own.squareRoot() + 1e-10))
        for row in 0..<parameter.rows { direction.start[parameter.index(row, column)] *= factor }
      }
    }
    return direction
  }
}

/// Values of the loss on a grid of `side` × `side` points around a network, or on a line of `side` points.
public struct LossGrid: Sendable {
  /// Coordinates of the points of one axis, symmetric about 0, which is one of them.
  public let coordinates: [Double]
  /// Loss at (α, β), β after β; one row for a line.
  public let losses: [[Double]]

  /// Describes a grid; `losses` has a row for each β, all as long as `coordinates`.
  public init(coordinates: [Double], losses: [[Double]]) {
    self.coordinates = coordinates
    self.losses = losses
  }

  /// `side` points from −`radius` to `radius`; one more when `side` is even, so that 0 is among them.
  public static func coordinates(_ side: Int, radius: Double) -> [Double] {
    let half = side / 2
    return (-half...half).map { half == 0 ? 0 : radius * Double($0) / Double(half) }
  }

  private var isLine: Bool { losses.count == 1 }
  private var middle: Int { coordinates.count / 2 }
  /// The loss of the network itself.
  public var center: Double { losses[losses.count / 2][middle] }

  /// Variance of the second differences of the loss along both axes: how rugged the surface is. `nil` on fewer than three
  /// points a side.
  public var ruggedness: Double? {
    let differences = secondDifferences
    guard !differences.isEmpty else { return nil }
    let mean = differences.reduce(0, +) / Double(differences.count)
    return differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(differences.count)
  }

  private var secondDifferences: [Double] {
    func along(_ values: [Double]) -> [Double] {
      values.indices.dropFirst().dropLast().map { values[$0 - 1] - 2 * values[$0] + values[$0 + 1] }
    }
    let rows = losses.flatMap(along)
    if isLine { return rows }
    return rows + coordinates.indices.flatMap { column in along(losses.map { $0[column] }) }
  }

  /// Fraction of inner points where the matrix of second differences has a negative eigenvalue, or, on a line, where the
  /// second difference is negative. Differences below `tolerance` count as zero.
  public func nonconvexFraction(tolerance: Double = 1e-6) -> Double? {
    let inner = coordinates.indices.dropFirst().dropLast()
    guard !inner.isEmpty else { return nil }
    if isLine {
      let negative = inner.filter { second(0, $0) < -tolerance }
      return Double(negative.count) / Double(inner.count)
    }
    var negative = 0
    for row in inner {
      for column in inner {
        let (a, b) = (second(row, column), secondAcross(row, column))
        let mixed =
          (losses[row + 1][column + 1] - losses[row + 1][column - 1] - losses[row - 1][column + 1]
            + losses[row - 1][column - 1]) / 4
        let root = ((a - b) * (a - b) / 4 + mixed * mixed).squareRoot()
        if (a + b) / 2 - root < -tolerance { negative += 1 }
      }
    }
    return Double(negative) / Double(inner.count * inner.count)
  }

  private func second(_ row: Int, _ column: Int) -> Double {
    losses[row][column - 1] - 2 * losses[row][column] + losses[row][column + 1]
  }

  private func secondAcross(_ row: Int, _ column: Int) -> Double {
    losses[row - 1][column] - 2 * losses[row][column] + losses[row + 1][column]
  }

  /// Mean over both sides of the distance |α| at which the loss first reaches `level` on the line β = 0, between points by
  /// proportion; `nil` where it never does on a side.
  public func distance(to level: Double) -> Double? {
    let values = losses[losses.count / 2]
    func side(_ step: Int) -> Double? {
      var at = middle
      while values.indices.contains(at + step) {
        let (low, high) = (values[at], values[at + step])
        if high >= level {
          let share = high > low ? max(0, (level - low) / (high - low)) : 1
          return abs(coordinates[at]) + share * abs(coordinates[at + step] - coordinates[at])
        }
        at += step
      }
      return nil
    }
    guard let left = side(-1), let right = side(1) else { return nil }
    return (left + right) / 2
  }
}

extension LossGrid {
  /// Evaluates `loss` at `origin` + α·`first` + β·`second` for all points; without `second` on the line β = 0.
  ///
  /// The parameters of `network` are put back.
  public init(
    _ network: Network, along first: Buffer, and second: Buffer?, coordinates: [Double], loss: () -> Double
  ) {
    let origin = network.parameters.duplicate()
    let row = Buffer(origin.count)
    let losses = (second == nil ? [0] : coordinates).map { beta in
      row.copy(from: origin)
      if let second { row.add(second, times: Float(beta)) }
      return coordinates.map { alpha in
        network.parameters.set(row, plus: first, times: Float(alpha))
        return loss()
      }
    }
    network.parameters.copy(from: origin)
    self.init(coordinates: coordinates, losses: losses)
  }
}
