// Owns reading the values of one column at ascending or random rows, keeping the current block at hand.
// Invariants: rows are relative to the dataset chunk and inside it; a missing column reads as null.

/// Reads one column of a dataset chunk.
package struct ColumnCursor {
  private let segment: SegmentReader
  private let column: ColumnEntry?
  private var block: DecodedBlock?
  private var start = 0
  private var end = 0
  /// Pages of the column's dictionary met so far.
  private var pages: [DictionaryPage?] = []
  /// Where texts are put together that lie nowhere whole.
  private var scratch: ByteArena?

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

  /// The text of a row, or `nil`; valid until the next text is asked for.
  ///
  /// - Parameter key: the subject key of the row.
  package mutating func text(_ row: Int, key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let (block, index) = try locate(row), !block.isNull(index) else { return nil }
    switch block.form {
    case .plain, .dictionary: return block.text(index)
    case .coded: return try codedText(block, index)
    case .key:
      let target = scratchMemory(CodedRow.maximumKeyTextBytes)
      return UnsafeRawBufferPointer(start: target, count: segment.keyText(key, target))
    case .none: return nil
    }
  }

  private mutating func scratchMemory(_ bytes: Int) -> UnsafeMutableRawPointer {
    let arena = scratch ?? ByteArena(capacity: 256)
    scratch = arena
    arena.truncate(to: 0)
    return arena.reserve(bytes)
  }

  private mutating func codedText(_ block: DecodedBlock, _ index: Int) throws(StoreError)
    -> UnsafeRawBufferPointer?
  {
    guard let column else { return nil }
    let code = block.code(index)
    let number = code / ColumnDictionary.pageEntries
    if pages.isEmpty { pages = Array(repeating: nil, count: column.dictionaryPages.count) }
    let page: DictionaryPage
    if number < pages.count, let known = pages[number] {
      page = known
    } else {
      page = try segment.dictionaryPage(number, of: column)
      pages[number] = page
    }
    let entry = code % ColumnDictionary.pageEntries
    let template = page.text(entry)
    guard page.holes(entry) > 0 else { return template }
    guard page.holes(entry) <= block.numberCount else {
      throw StoreError.damaged(
        "a template has more numbers than its column", file: segment.id.fileName, offset: segment.fileLength)
    }
    let target = scratchMemory(TextTemplate.textCount(template))
    return UnsafeRawBufferPointer(
      start: target, count: TextTemplate.render(template, to: target) { block.number($0, index) })
  }
}
