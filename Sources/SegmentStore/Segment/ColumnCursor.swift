// Owns reading the values of one column at ascending or random rows, keeping the current block at hand.
// Invariants: rows are relative to the dataset chunk and inside it; a missing column reads as null.

/// Reads one column of a dataset chunk.
package struct ColumnCursor {
  private let segment: SegmentReader
  private let column: ColumnEntry?
  private var block: DecodedBlock?
  /// The same block, without counting references for every value; `block` keeps it alive.
  private var current: Unmanaged<DecodedBlock>?
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

  /// Makes the block of a row the current one; false for a missing column.
  @inline(__always)
  private mutating func find(_ row: Int) throws(StoreError) -> Bool {
    if row >= start, row < end { return true }
    return try load(row)
  }

  private mutating func load(_ row: Int) throws(StoreError) -> Bool {
    guard let column, !column.blocks.isEmpty else { return false }
    let entry = column.blocks[column.blockIndex(of: UInt32(row))]
    let loaded = try segment.block(entry, of: column)
    let first = Int(entry.firstRow)
    guard row >= first, row - first < loaded.rowCount else {
      throw StoreError.damaged(
        "a row lies outside its block", file: segment.id.fileName, offset: entry.location.offset)
    }
    block = loaded
    current = Unmanaged.passUnretained(loaded)
    start = first
    end = first + loaded.rowCount
    return true
  }

  /// The integer of a row, or `nil`.
  package mutating func integer(_ row: Int) throws(StoreError) -> Int64? {
    guard try find(row), let current else { return nil }
    let index = row - start
    return current._withUnsafeGuaranteedRef { $0.isNull(index) ? nil : $0.integer(index) }
  }

  /// The text of a row, or `nil`; valid until the next text is asked for.
  ///
  /// - Parameter key: the subject key of the row.
  package mutating func text(_ row: Int, key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard try find(row), let current else { return nil }
    let index = row - start
    let (form, plain) = current._withUnsafeGuaranteedRef {
      block -> (DecodedBlock.TextForm, UnsafeRawBufferPointer?) in
      if block.isNull(index) { return (.none, nil) }
      let hasBytes = block.form == .plain || block.form == .dictionary
      return (block.form, hasBytes ? block.text(index) : nil)
    }
    switch form {
    case .none: return nil
    case .plain, .dictionary: return plain
    case .coded: return try codedText(current, index)
    case .key:
      let target = scratchMemory(CodedRow.maximumKeyTextBytes)
      let count = segment.keyText(key, target)
      guard count > 0 else {
        throw StoreError.damaged(
          "a key without a text stands for a text", file: segment.id.fileName, offset: segment.fileLength)
      }
      return UnsafeRawBufferPointer(start: target, count: count)
    }
  }

  /// How the texts of the block of a row are stored; `nil` for a missing column.
  package mutating func form(_ row: Int) throws(StoreError) -> DecodedBlock.TextForm? {
    guard try find(row), let current else { return nil }
    return current._withUnsafeGuaranteedRef { $0.form }
  }

  /// The code of a row in a coded block, or `nil`.
  package mutating func code(_ row: Int) throws(StoreError) -> Int? {
    guard try find(row), let current else { return nil }
    let index = row - start
    return current._withUnsafeGuaranteedRef { $0.form != .coded || $0.isNull(index) ? nil : $0.code(index) }
  }

  /// A number of the row whose code was asked for last.
  package func number(_ hole: Int, _ row: Int) -> UInt64 {
    guard let current, row >= start, row < end else { return 0 }
    let index = row - start
    return current._withUnsafeGuaranteedRef { hole < $0.numberCount ? $0.number(hole, index) : 0 }
  }

  private mutating func scratchMemory(_ bytes: Int) -> UnsafeMutableRawPointer {
    let arena = scratch ?? ByteArena(capacity: 256)
    scratch = arena
    arena.truncate(to: 0)
    return arena.reserve(bytes)
  }

  private mutating func codedText(_ current: Unmanaged<DecodedBlock>, _ index: Int) throws(StoreError)
    -> UnsafeRawBufferPointer?
  {
    let code = current._withUnsafeGuaranteedRef { $0.code(index) }
    let number = code / ColumnDictionary.pageEntries
    if number >= pages.count || pages[number] == nil { try loadPage(number) }
    guard let page = pages[number] else { return nil }
    let entry = code % ColumnDictionary.pageEntries
    guard entry < page.count else {
      throw StoreError.damaged(
        "a code is not in the dictionary of its column", file: segment.id.fileName, offset: segment.fileLength
      )
    }
    let template = page.text(entry)
    let holes = page.holes(entry)
    guard holes > 0 else { return template }
    guard holes <= current._withUnsafeGuaranteedRef({ $0.numberCount }) else {
      throw StoreError.damaged(
        "a template has more numbers than its column", file: segment.id.fileName, offset: segment.fileLength)
    }
    let target = scratchMemory(TextTemplate.textCount(template))
    let count = current._withUnsafeGuaranteedRef { block in
      TextTemplate.render(template, to: target) { block.number($0, index) }
    }
    return UnsafeRawBufferPointer(start: target, count: count)
  }

  private mutating func loadPage(_ number: Int) throws(StoreError) {
    guard let column else { return }
    if pages.isEmpty { pages = Array(repeating: nil, count: column.dictionaryPages.count) }
    let page = try segment.dictionaryPage(number, of: column)
    pages[number] = page
  }
}
