// Serves draw: which plot of a figure stands in which row and column.

/// Which plot stands where.
struct PlotGrid {
  var rows: Int
  var columns: Int
  /// Row and column of each plot.
  var places: [(row: Int, column: Int)]
  /// Whether facets of one column run over several rows.
  var isWrapped = false
  /// Whether the number of columns is free.
  var isFlow = false
  var count: Int { places.count }

  init(_ figure: Figure, _ data: FigureData, width: Double, columns limit: Int? = nil) {
    let facetRows = max(1, data.rowValues.count)
    let facetColumns = max(1, data.columnValues.count)
    let panels = figure.panels.count
    places = []
    if panels == 1, facetRows == 1, facetColumns > 1 {
      // Facets of one variable flow like text.
      let most = width < Metrics.narrowest ? 1 : Int(width / 165)
      isFlow = true
      let wished =
        limit ?? (most == 1 ? 1 : figure.facetColumns)
        ?? (facetColumns <= most ? facetColumns : Self.evenRow(facetColumns, most))
      columns = min(wished, facetColumns)
      rows = (facetColumns + columns - 1) / columns
      places = (0..<facetColumns).map { ($0 / columns, $0 % columns) }
      isWrapped = rows > 1
    } else if panels > 1, facetRows == 1, facetColumns == 1 {
      let isStacked = figure.isStacked || width < Metrics.narrowest
      let most = isStacked ? 1 : figure.facetColumns ?? (panels <= 3 ? panels : panels == 4 ? 2 : 3)
      columns = min(most, panels)
      rows = (panels + columns - 1) / columns
      places = (0..<panels).map { ($0 / columns, $0 % columns) }
    } else {
      rows = figure.isStacked ? panels * facetRows : facetRows
      columns = figure.isStacked ? facetColumns : panels * facetColumns
      for panel in 0..<panels {
        for row in 0..<facetRows {
          for column in 0..<facetColumns {
            places.append(
              figure.isStacked
                ? (panel * facetRows + row, column) : (row, panel * facetColumns + column))
          }
        }
      }
    }
  }

  /// The fewest columns that need no more rows than `most` columns would.
  private static func evenRow(_ count: Int, _ most: Int) -> Int {
    let rows = (count + most - 1) / most
    return (count + rows - 1) / rows
  }
}
