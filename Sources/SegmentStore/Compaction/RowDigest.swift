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
      let columns = DigestedColumns(view.reader, source.columns)
      var piece = DigestedRows()
      for run in runs {
        for position in run.first..<run.first + run.count {
          guard position >= source.chunk.firstRow, position - source.chunk.firstRow < source.chunk.rowCount
          else { continue }
          let row = Int(position - source.chunk.firstRow)
          guard !source.isDropped(row) else { continue }
          var hash = TextHash.combine(UInt64(dataset.rawValue), key: run.key)
          hash = TextHash.combine(hash, try source.commit(row))
          hash = TextHash.combine(hash, try source.superseded(row))
          piece.append(row, run.key, hash)
          if piece.rows.count == Self.piece { try finish(&piece, columns) }
        }
      }
      try finish(&piece, columns)
    }
  }

  private mutating func finish(
    _ piece: inout DigestedRows, _ columns: DigestedColumns
  ) throws(StoreError) {
    try columns.addCells(&piece)
    for index in piece.rows.indices { sum &+= TextHash.combine(piece.hashes[index], piece.cells[index]) }
    rows += piece.rows.count
    piece.removeAll()
  }
}

/// Rows of one dataset of which cells are read together.
private struct DigestedRows {
  private(set) var rows: [Int] = []
  private(set) var keys: [UInt128] = []
  /// Of what is no cell: the key, when the row came and when it was superseded.
  private(set) var hashes: [UInt64] = []
  /// Columns may come in another order and absent ones are null: the hashes of cells are added up.
  var cells: [UInt64] = []

  mutating func append(_ row: Int, _ key: UInt128, _ hash: UInt64) {
    rows.append(row)
    keys.append(key)
    hashes.append(hash)
    cells.append(0)
  }

  mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    cells.removeAll(keepingCapacity: true)
  }
}

/// The columns of a dataset in one segment, all that say something of a row.
private final class DigestedColumns {
  private var integers: [(id: UInt64, cursor: ColumnCursor)] = []
  private var texts: [(id: UInt64, cursor: ColumnCursor)] = []

  init(_ segment: SegmentReader, _ known: ChunkColumns) {
    for column in known.entries where column.id >= 16 || column.id > 1 && column.id < 5 {
      let cursor = ColumnCursor(segment, known, id: column.id, type: column.type)
      if column.type == .text {
        texts.append((UInt64(column.id), cursor))
      } else {
        integers.append((UInt64(column.id), cursor))
      }
    }
  }

  /// Adds the hashes of the cells of rows.
  func addCells(_ piece: inout DigestedRows) throws(StoreError) {
    let rows = piece.rows
    for place in integers.indices {
      let id = integers[place].id
      try integers[place].cursor.forEachInteger(rows) { index, value in
        piece.cells[index] &+= TextHash.combine(id, UInt64(bitPattern: value))
      }
    }
    for place in texts.indices {
      let id = texts[place].id
      for index in rows.indices {
        guard let text = try texts[place].cursor.text(rows[index], key: piece.keys[index]) else { continue }
        piece.cells[index] &+= TextHash.combine(id, TextHash.hash(text))
      }
    }
  }
}
