// Owns reading the values of one column at ascending or random rows, keeping the current block at hand.
// Invariants: rows are relative to the dataset chunk and inside it; a missing column reads as null.

/// Reads one column of a dataset chunk.
package struct ColumnCursor {
  private let segment: SegmentReader
  private let column: ColumnEntry?
  private var block: DecodedBlock?
  private var start = 0
  private var end = 0

  /// A cursor over a column; without one every row is null (the column came with a later schema version).
  package init(_ segment: SegmentReader, _ column: ColumnEntry?) {
    self.segment = segment
    self.column = column
  }

  /// The block that holds a row and the row's place in it; `nil` for a missing column.
  @inline(__always)
  package mutating func locate(_ row: Int) throws(StoreError) -> (DecodedBlock, Int)? {
    if let block, row >= start, row < end { return (block, row - start) }
    return try load(row)
  }

  private mutating func load(_ row: Int) throws(StoreError) -> (DecodedBlock, Int)? {
    guard let column, !column.blocks.isEmpty else { return nil }
    let entry = column.blocks[column.blockIndex(of: UInt32(row))]
    let loaded = try segment.block(entry, of: column)
    let first = Int(entry.firstRow)
    guard row >= first, row - first < loaded.rowCount else {
      throw StoreError.damaged(
        "a row lies outside its block", file: segment.id.fileName, offset: entry.location.offset)
    }
    block = loaded
    start = first
    end = first + loaded.rowCount
    return (loaded, row - start)
  }

  /// The integer of a row, or `nil`.
  package mutating func integer(_ row: Int) throws(StoreError) -> Int64? {
    guard let (block, index) = try locate(row), !block.isNull(index) else { return nil }
    return block.integer(index)
  }

  /// The text of a row, or `nil`; valid until the cursor moves to another block.
  package mutating func text(_ row: Int) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let (block, index) = try locate(row), !block.isNull(index) else { return nil }
    return block.text(index)
  }
}
