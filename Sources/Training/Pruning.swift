// Serves execute: which weights a pruned network keeps (Frankle & Carbin 2019).
import BitExact

/// A binary mask over the weights of a network; biases and normalisation are never pruned.
public struct PruningMask {
  /// 1 for a surviving parameter and 0 for a pruned one, laid out as the network's parameters.
  public let values: Buffer
  private let layout: ParameterLayout
  private var weights: [Parameter] { layout.parameters.filter { $0.kind == .weight } }

  /// A mask that keeps everything.
  public init(layout: ParameterLayout) {
    self.layout = layout
    values = Buffer(layout.size)
    for parameter in layout.parameters { parameter.forEachIndex { [values] in values.start[$0] = 1 } }
  }

  private init(layout: ParameterLayout, values: Buffer) {
    self.layout = layout
    self.values = values
  }

  /// Surviving weights of each layer, from input to output.
  public var survivors: [Int] {
    weights.map { parameter in
      var count = 0
      parameter.forEachIndex { if values.start[$0] != 0 { count += 1 } }
      return count
    }
  }

  /// Surviving weights as a fraction of all weights (P_m of Frankle & Carbin, as a fraction).
  public var remaining: Double {
    Double(survivors.reduce(0, +)) / Double(weights.reduce(0) { $0 + $1.count })
  }

  /// How many weights each layer keeps after one round: `rate` of the survivors go, in the last layer `outputRate`.
  public static func survivorsAfterRound(_ survivors: [Int], rate: Double, outputRate: Double) -> [Int] {
    survivors.enumerated().map { index, count in
      let share = index == survivors.count - 1 ? outputRate : rate
      return count - Int((share * Double(count)).rounded())
    }
  }

  /// Keeps, in each layer, the `keeping[layer]` weights of largest magnitude among the survivors.
  ///
  /// Of equal magnitudes the one that comes first in memory stays.
  public func pruned(by magnitudes: Buffer, keeping: [Int]) -> PruningMask {
    let result = values.duplicate()
    for (parameter, count) in zip(weights, keeping) {
      var alive: [Int] = []
      parameter.forEachIndex { if values.start[$0] != 0 { alive.append($0) } }
      alive.sort { a, b in
        let (x, y) = (abs(magnitudes.start[a]), abs(magnitudes.start[b]))
        // A weight that is not a number counts as the smallest, so that the order stays total.
        let (p, q) = (x.isNaN ? -1 : x, y.isNaN ? -1 : y)
        return p == q ? a < b : p > q
      }
      for index in alive.dropFirst(count) { result.start[index] = 0 }
    }
    return PruningMask(layout: layout, values: result)
  }

  /// As many survivors in each layer, at random places.
  public func shuffled(seed: UInt64, purpose: String) -> PruningMask {
    let result = values.duplicate()
    for parameter in weights {
      var places: [Int] = []
      parameter.forEachIndex { places.append($0) }
      var stream = RandomStream(seed: seed, purpose: "\(purpose)/\(parameter.name)")
      var kept = places.map { values.start[$0] }
      stream.shuffle(&kept)
      for (place, value) in zip(places, kept) { result.start[place] = value }
    }
    return PruningMask(layout: layout, values: result)
  }
}
