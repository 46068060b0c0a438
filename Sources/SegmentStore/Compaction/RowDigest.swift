// Owns the proof that a merge lost, doubled and changed nothing: a sum over hashes of whole rows.
// Invariants: independent of the order of rows, of segments and of encodings; equal rows count as often as they are there. Read
// through cursors alone, not through the plan or the encoder of the merge.
// Does not say which row differs.

/// A count of rows and a sum of their hashes.
package struct RowDigest: Equatable {
  package private(set) var rows = 0
  package private(set) var sum: UInt64 = 0
  private static let piece = 8192

  package init() {}

  /// Adds the rows of a key range of a segment, with the marks a merge at `commit` sees, but for those it drops.
  package mutating func add(
    _ view: SegmentView, keys: ClosedRange<UInt128>, asOf commit: UInt64,
    without dropped: DroppedRows = .none,
    pace: (Int) throws(StoreError) -> Void = { _ in }
  ) throws(StoreError) {
    let lists = try SubjectLists(view.reader, keys: keys)
    for (dataset, runs) in lists.byDataset {
      try pace(0)
      guard var source = try MergeSource(view, dataset: dataset, asOf: commit, dropped: dropped) else {
        throw StoreError.damaged(
          "a subject names a dataset that is not there", file: view.reader.id.fileName, offset: 0)
      }
      let known = source.columns
      var columns = known.entries.filter { $0.id >= 16 || $0.id > 1 && $0.id < 5 }.map {
        (
          id: UInt64($0.id), isText: $0.type == .text,
          cursor: ColumnCursor(view.reader, known, id: $0.id, type: $0.type)
        )
      }
      var rows: [(row: Int, key: UInt128, hash: UInt64)] = []
      for run in runs {
        for position in run.first..<run.first + run.count {
          guard position >= source.chunk.firstRow, position - source.chunk.firstRow < source.chunk.rowCount
          else { continue }
          let row = Int(position - source.chunk.firstRow)
          guard !source.isDropped(row) else { continue }
          var hash = TextHash.combine(UInt64(dataset.rawValue), key: run.key)
          hash = TextHash.combine(hash, try source.commit(row))
          hash = TextHash.combine(hash, try source.superseded(row))
          rows.append((row, run.key, hash))
          if rows.count == Self.piece { try finish(&rows, &columns) }
        }
      }
      try finish(&rows, &columns)
    }
  }

  private mutating func finish(
    _ rows: inout [(row: Int, key: UInt128, hash: UInt64)],
    _ columns: inout [(id: UInt64, isText: Bool, cursor: ColumnCursor)]
  ) throws(StoreError) {
    // Columns may come in another order and absent ones are null: the hashes of cells are added up.
    var cells = [UInt64](repeating: 0, count: rows.count)
    for column in columns.indices {
      let id = columns[column].id
      for index in rows.indices {
        if columns[column].isText {
          if let text = try columns[column].cursor.text(rows[index].row, key: rows[index].key) {
            cells[index] &+= TextHash.combine(id, TextHash.hash(text))
          }
        } else if let value = try columns[column].cursor.integer(rows[index].row) {
          cells[index] &+= TextHash.combine(id, UInt64(bitPattern: value))
        }
      }
    }
    for index in rows.indices {
      sum &+= TextHash.combine(rows[index].hash, cells[index])
    }
    self.rows += rows.count
    rows.removeAll(keepingCapacity: true)
  }
}
