// Serves execute: which weights a pruned network keeps (Frankle & Carbin 2019).
import BitExact

/// Whether weights compete within their layer or with all weights of the network.
public enum PruningScope: String, Sendable, CaseIterable {
  /// Each layer keeps its own share.
  case layer
  /// The network keeps its share, whichever layers it comes from.
  case global
}

/// Which share of its surviving weights each layer loses in a round.
public struct PruningRates: Sendable, Hashable {
  /// Of dense and recurrent layers.
  public var dense: Double
  /// Of convolutions.
  public var convolution: Double
  /// Of the output layer.
  public var output: Double

  /// Sets the shares; convolutions lose as much as dense layers when theirs is `nil`.
  public init(dense: Double, convolution: Double? = nil, output: Double) {
    self.dense = dense
    self.convolution = convolution ?? dense
    self.output = output
  }

  /// The share of each of a network's layers, from input to output.
  func ofEach(_ weights: [Parameter]) -> [Double] {
    weights.dropLast().map { $0.role.isConvolution ? convolution : dense } + [output]
  }
}

/// A binary mask over the weights of a network; biases and normalisation are never pruned.
public struct PruningMask {
  /// 1 for a surviving parameter and 0 for a pruned one, laid out as the network's parameters.
  public let values: Buffer
  /// The layout of the network that it belongs to.
  public let layout: ParameterLayout
  /// The parameters that can be pruned, from input to output.
  public var weights: [Parameter] { layout.parameters.filter { $0.kind == .weight } }

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

  /// Weights of each layer, surviving or not.
  public var sizes: [Int] { weights.map(\.count) }

  /// Surviving weights as a fraction of all weights (P_m of Frankle & Carbin, as a fraction).
  public var remaining: Double {
    Double(survivors.reduce(0, +)) / Double(weights.reduce(0) { $0 + $1.count })
  }

  /// How many weights each layer keeps after one round, in which it loses its share of the survivors.
  public func survivorsAfterRound(_ rates: PruningRates) -> [Int] {
    PruningMask.survivorsAfterRound(survivors, rates: rates.ofEach(weights))
  }

  /// The same of layers with so many survivors.
  public static func survivorsAfterRound(_ survivors: [Int], rates: [Double]) -> [Int] {
    zip(survivors, rates).map { count, rate in count - Int((rate * Double(count)).rounded()) }
  }

  /// Keeps, in each layer, the `keeping[layer]` weights of largest magnitude among the survivors.
  ///
  /// Of equal magnitudes the one that comes first in memory stays.
  public func pruned(by magnitudes: Buffer, keeping: [Int]) -> PruningMask {
    selected(keeping: keeping) { abs(magnitudes.start[$0]) }
  }

  /// Keeps, in each layer, the `keeping[layer]` survivors with the largest scores; `score` gets a place in memory.
  ///
  /// Of equal scores the one that comes first in memory stays; a score that is not a number is the smallest.
  public func selected(keeping: [Int], by score: (Int) -> Float) -> PruningMask {
    let result = values.duplicate()
    for (parameter, count) in zip(weights, keeping) {
      var alive: [Int] = []
      parameter.forEachIndex { if values.start[$0] != 0 { alive.append($0) } }
      for index in PruningMask.ranked(alive, by: score).dropFirst(count) { result.start[index] = 0 }
    }
    return PruningMask(layout: layout, values: result)
  }

  /// Keeps the `count` survivors of the whole network with the largest scores.
  public func selectedGlobally(keeping count: Int, by score: (Int) -> Float) -> PruningMask {
    let result = values.duplicate()
    var alive: [Int] = []
    for parameter in weights { parameter.forEachIndex { if values.start[$0] != 0 { alive.append($0) } } }
    for index in PruningMask.ranked(alive, by: score).dropFirst(count) { result.start[index] = 0 }
    return PruningMask(layout: layout, values: result)
  }

  /// Keeps a fraction of all weights, pruned or not, within a scope; at least one weight of a layer stays.
  public func keeping(
    _ fraction: Double, within scope: PruningScope, by score: (Int) -> Float
  ) -> PruningMask {
    switch scope {
    case .layer:
      return selected(keeping: sizes.map { max(1, Int((fraction * Double($0)).rounded())) }, by: score)
    case .global:
      let count = Int((fraction * Double(sizes.reduce(0, +))).rounded())
      return selectedGlobally(keeping: max(1, count), by: score)
    }
  }

  /// Places in the order of falling scores.
  private static func ranked(_ places: [Int], by score: (Int) -> Float) -> [Int] {
    let keyed = places.map { place -> (score: Float, place: Int) in
      let value = score(place)
      return (value.isNaN ? -.infinity : value, place)
    }
    return keyed.sorted { $0.score == $1.score ? $0.place < $1.place : $0.score > $1.score }.map(\.place)
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

  /// The weights that this mask prunes and no others; biases and normalisation belong to both.
  public var complement: PruningMask {
    let result = values.duplicate()
    for parameter in weights { parameter.forEachIndex { result.start[$0] = 1 - values.start[$0] } }
    return PruningMask(layout: layout, values: result)
  }
}

/// Independent uniform scores for every weight, each layer from a stream of its own.
public func randomScores(_ layout: ParameterLayout, seed: UInt64, purpose: String) -> Buffer {
  let scores = Buffer(layout.size)
  for parameter in layout.parameters where parameter.kind == .weight {
    var stream = RandomStream(seed: seed, purpose: "\(purpose)/\(parameter.name)")
    parameter.forEachIndex { scores.start[$0] = Float(stream.uniform()) }
  }
  return scores
}
