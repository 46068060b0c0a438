// Owns what a merge reads of one dataset in one segment: when its rows came, when they were superseded, how they are ordered.
// Invariants: marks newer than the commit of the merge are not seen, so that the merge of a subject can be repeated later and
// comes out the same.
// Does not read values of items but the one that orders rows.

/// One dataset of one segment that is being merged.
package struct MergeSource {
  package let view: SegmentView
  package let chunk: DatasetChunk
  package let columns: ChunkColumns
  private let commit: UInt64
  /// Positions of the segment that no output shall have, ascending.
  private let dropped: [UInt32]
  private var commits: ColumnCursor
  private var supersededBy: ColumnCursor
  private var order: ColumnCursor

  /// `nil` when the segment has no rows of the dataset.
  package init?(
    _ view: SegmentView, dataset: DatasetID, asOf commit: UInt64, dropped: DroppedRows
  ) throws(StoreError) {
    guard let chunk = try view.reader.chunk(of: dataset) else { return nil }
    self.view = view
    self.chunk = chunk
    self.commit = commit
    self.dropped = dropped.positions(of: view.reader.id)
    columns = try view.reader.columns(of: chunk)
    commits = ColumnCursor(view.reader, columns, id: SystemColumn.commit.rawValue)
    supersededBy = ColumnCursor(view.reader, columns, id: SystemColumn.superseded.rawValue)
    order = ColumnCursor(view.reader, columns, id: chunk.orderColumn)
  }

  /// The schema the rows were written with.
  package var schema: DatasetSchema {
    let own = columns.entries.filter { $0.id >= 16 }.map { ColumnSchema(id: $0.id, type: $0.type) }
    return DatasetSchema(
      dataset: chunk.dataset, version: chunk.schemaVersion, columns: own,
      orderColumn: own.firstIndex { $0.id == chunk.orderColumn && $0.type == .integer },
      searchColumn: own.firstIndex { $0.id == chunk.searchColumn && $0.type == .text })
  }

  /// The commit of a row of the chunk.
  package mutating func commit(_ row: Int) throws(StoreError) -> UInt64 {
    let commit = UInt64(bitPattern: try commits.integer(row) ?? 0)
    return commit == 0 ? view.addedCommit : commit
  }

  /// The commit that superseded a row; 0 when none had at the commit of the merge.
  package mutating func superseded(_ row: Int) throws(StoreError) -> UInt64 {
    if view.isHistory { return UInt64(bitPattern: try supersededBy.integer(row) ?? 0) }
    return view.marks.superseded(chunk.firstRow + UInt32(row), asOf: commit) ?? 0
  }

  /// Whether a row of the chunk shall be in no output.
  package func isDropped(_ row: Int) -> Bool { dropped.holds(chunk.firstRow + UInt32(row)) }

  /// The value by which a subject's rows are ordered; rows without one come first.
  package mutating func order(_ row: Int) throws(StoreError) -> Int64 {
    chunk.orderColumn == 0 ? 0 : try order.integer(row) ?? .min
  }
}
