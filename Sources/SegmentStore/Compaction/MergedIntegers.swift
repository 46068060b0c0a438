// Owns reading one integer column of a merge across its sources.
// Invariants: the commit column never reads 0: a row that names no commit has that of its segment.
// Does not decide how a column is stored.

/// The values of an integer column, whichever source a row comes from.
package struct MergedIntegers {
  private var cursors: [ColumnCursor]
  /// For the commit column: what 0 stands for, by source.
  private let commits: [Int64]

  package init(_ id: UInt32, sources: [MergeSource]) {
    cursors = sources.map { ColumnCursor($0.view.reader, $0.columns, id: id) }
    commits =
      id == SystemColumn.commit.rawValue ? sources.map { Int64(bitPattern: $0.view.addedCommit) } : []
  }

  /// The value of a row, or `nil`.
  package mutating func value(_ row: RowSource) throws(StoreError) -> Int64? {
    let value = try cursors[row.source].integer(row.row)
    return commits.isEmpty || value ?? 0 != 0 ? value : commits[row.source]
  }
}
