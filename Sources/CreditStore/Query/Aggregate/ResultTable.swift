// Owns the cells of an aggregate result, column by column: a cell is made when somebody looks at it.
// Invariants: never changes once made; every column has as many cells as the table has rows. Any thread may read it.
// Does not order rows.

import CreditModel

/// All cells of a result.
final class ResultTable: Sendable {
  /// The cells of one column.
  enum Column: Sendable {
    case cells([AggregateResult.Cell])
    /// Values of a group, by row.
    case values(ResultValues, numbers: [UInt32])
    /// Counts by group, and the group of each row.
    case counts(RowCounts, groups: [UInt32])
    /// Sums of numbers with so many places (`nil` = whole numbers); absent where nothing was added up.
    case sums([Int128?], scale: Int?)
  }

  /// Columns of the groups first, then those of the measures.
  let columns: [Column]
  let groupColumns: Int
  let rowCount: Int

  init(_ columns: [Column], groupColumns: Int, rowCount: Int) {
    self.columns = columns
    self.groupColumns = groupColumns
    self.rowCount = rowCount
  }

  /// The cell of a row in a column.
  func cell(_ row: Int, _ column: Int) -> AggregateResult.Cell {
    switch columns[column] {
    case .cells(let cells): return cells[row]
    case .values(let values, let numbers): return values.cell(numbers[row])
    case .counts(let counts, let groups): return .integer(Int128(counts[Int(groups[row])]))
    case .sums(let sums, let scale):
      guard let sum = sums[row] else { return .null }
      return scale.map { .text(WideDecimal.text(sum, scale: $0, isShortest: true)) } ?? .integer(sum)
    }
  }
}
