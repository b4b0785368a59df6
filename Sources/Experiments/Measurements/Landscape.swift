// Serves execute: slices of the loss through a trained network (Li et al. 2018).
import BitExact
import Datasets
import Measurements
import Specification
import Tables
import Training

struct Landscape: RunMeasurement {
  static let record = Record(
    "landscape",
    doc: """
      The training loss at w + α·δ + β·η on a grid of α and β, δ and η random directions whose filters are as long as those of \
      w; biases, scales and shifts stay (Li et al. 2018). In the row of the network itself, α = β = 0, the table sums up the slice.
      """,
    fields: [
      Field(
        "points", .integer(3...201), default: .value(25), unit: "points",
        doc: "Points a side; an even number gets one more, so that 0 is among them.", example: "51"),
      Field("radius", .number(.positive), default: .value(1), doc: "Largest |α| and |β|.", example: "0.5"),
      Field(
        "dimensions", .integer(1...2), default: .value(2), doc: "1 for lines (β = 0), 2 for planes.",
        example: "1"),
      Field(
        "pairs", .integer(1...100), default: .value(3), unit: "pairs", doc: "Pairs of random directions.",
        example: "1"),
      Field(
        "examples", .integer(2...100_000), default: .value(1000), unit: "examples",
        doc: "Training examples of the loss, the first ones.", example: "1000"),
      curvatureFields[1],
    ])

  static let table = TableDeclaration(
    suffix: record.name, doc: "One row a run, pair of directions and point.",
    axes: [
      Column("pair", .axis, doc: "Number of the pair of directions."),
      Column("alpha", .axis, doc: "α, in lengths of the filters."),
      Column("beta", .axis, doc: "β, in lengths of the filters."),
    ],
    metrics: [
      Column("loss", .metric, unit: "nats", doc: "Mean loss of the examples."),
      Column(
        "ruggedness", .metric,
        doc: "Variance of the second differences of the loss along both axes; only where α = β = 0."),
      Column(
        "nonconvex_fraction", .metric,
        doc: "Fraction of inner points with negative curvature in the slice; only where α = β = 0."),
      Column(
        "rise_distance", .metric,
        doc: "|α| at which the loss has risen by 0.1, the mean of both sides; only where α = β = 0."),
      Column(
        "doubling_distance", .metric,
        doc: "|α| at which the loss has doubled, the mean of both sides; only where α = β = 0."),
    ])

  private let coordinates: [Double]
  private let isPlane: Bool
  private let pairs: Int
  private let examples: Int
  private let mode: Mode

  init(_ value: Value) {
    coordinates = LossGrid.coordinates(
      value["points"]?.integer ?? 25, radius: value["radius"]?.number ?? 1)
    isPlane = value["dimensions"]?.integer != 1
    pairs = value["pairs"]?.integer ?? 3
    examples = value["examples"]?.integer ?? 1000
    mode = value["statistics"]?.string == "running" ? .evaluation : .batchStatistics
  }

  func measure(_ network: Network, _ data: TrainingData, seed: UInt64) throws -> RunTable {
    let rows = firstRows(examples, of: data.train)
    let twin = try network.twin(capacity: rows.count)
    var table = RunTable(Landscape.table)
    for pair in 1...pairs {
      var stream = RandomStream(seed: seed, purpose: "landscape", index: UInt32(pair))
      let first = twin.layout.filterNormalizedDirection(twin.parameters, &stream)
      let second = isPlane ? twin.layout.filterNormalizedDirection(twin.parameters, &stream) : nil
      let grid = LossGrid(twin, along: first, and: second, coordinates: coordinates) {
        twin.evaluate(data.train, mode: mode, indices: rows).loss
      }
      add(grid, pair, to: &table)
    }
    return table
  }

  private func add(_ grid: LossGrid, _ pair: Int, to table: inout RunTable) {
    for (row, beta) in (isPlane ? coordinates : [0]).enumerated() {
      for (column, alpha) in coordinates.enumerated() {
        var values = ["pair": Double(pair), "alpha": alpha, "beta": beta, "loss": grid.losses[row][column]]
        if alpha == 0, beta == 0 {
          values["ruggedness"] = grid.ruggedness
          values["nonconvex_fraction"] = grid.nonconvexFraction()
          values["rise_distance"] = grid.distance(to: grid.center + 0.1)
          values["doubling_distance"] = grid.distance(to: 2 * grid.center)
        }
        table.addRow(values)
      }
    }
  }

  func examples(_ data: DatasetDescription) -> Int {
    min(examples, data.train) * pairs * coordinates.count * (isPlane ? coordinates.count : 1)
  }
}
