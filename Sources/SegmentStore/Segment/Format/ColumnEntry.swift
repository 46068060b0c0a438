// Owns the column directory's entry of one column: its blocks, its dictionary, and what it is relative to.
// Invariants: docs/file-format.md draws every byte; blocks join and cover all rows of the chunk; counts are checked before memory is taken.
// Does not read blocks.

/// One block of a column: where it lies and what it spans.
package struct ColumnBlockEntry: Sendable {
  package static let encodedSize = 48
  package var firstRow: UInt32
  package var rowCount: UInt32
  package var location: BlockLocation
  package var minimum: Int64
  package var maximum: Int64
}

/// Of a column stored as differences: value = stored + factor times the value of another column.
package struct ColumnReference: Sendable, Hashable {
  package var column: UInt32
  package var factor: UInt32

  package init(column: UInt32, factor: UInt32) {
    self.column = column
    self.factor = factor
  }

  /// What a value of the other column contributes.
  @inline(__always)
  package func contribution(_ other: Int64?) -> Int64 { (other ?? 0) &* Int64(factor) }

  /// Whether it is a column of texts of subjects, for a column of texts.
  var isOfSubjects: Bool { SubjectTexts.columnIDs.contains(column) }
}

/// All blocks of one column of a dataset chunk, and its dictionary where it has one.
package struct ColumnEntry: Sendable {
  package static let minimumSize = 24
  package var id: UInt32
  package var type: ColumnType
  package var blocks: [ColumnBlockEntry]
  /// Entries of the column's dictionary; 0 when it has none.
  package var dictionaryCount: UInt32 = 0
  /// Numbers each row of a coded block has.
  package var holes: Int = 0
  package var dictionaryPages: [BlockLocation] = []
  /// The codes of a dictionary of phrases; `nil` when it has whole texts.
  package var phraseCode: PhraseCode?
  /// Of a column whose codes follow from those of `reference`.
  package var map: BlockLocation?
  /// What the stored integers are relative to, or the codes.
  package var reference: ColumnReference?
  /// Of a column of a small chunk: its only block, which has no place of its own in the file.
  package var inMemory: DecodedBlock?

  package init(id: UInt32, type: ColumnType, blocks: [ColumnBlockEntry] = []) {
    self.id = id
    self.type = type
    self.blocks = blocks
  }

  /// Whether all blocks hold codes of the column's own dictionary.
  package var isCoded: Bool {
    dictionaryCount > 0 && phraseCode == nil && map == nil && !followsSubjects
  }

  /// Whether texts are those of their subjects; the dictionary has those that are not.
  package var followsSubjects: Bool { type == .text && reference.map(\.isOfSubjects) ?? false }

  package func encode(to buffer: inout ByteBuffer) {
    buffer.append(id)
    buffer.append(UInt32(type.rawValue) | UInt32(holes) << 8 | UInt32(phraseCode == nil ? 0 : 1) << 16)
    buffer.append(UInt32(blocks.count))
    buffer.append(dictionaryCount)
    buffer.append(reference?.column ?? 0)
    buffer.append(reference?.factor ?? 0)
    for block in blocks {
      buffer.append(block.firstRow)
      buffer.append(block.rowCount)
      buffer.append(block.location)
      buffer.append(block.minimum)
      buffer.append(block.maximum)
    }
    for page in dictionaryPages { buffer.append(page) }
    if let map { buffer.append(map) }
    guard let phraseCode else { return }
    buffer.append(UInt32(phraseCode.end))
    buffer.append(UInt32(phraseCode.counts.count))
    for count in phraseCode.counts { buffer.append(count) }
  }

  package init(_ reader: inout ByteReader, rowCount: UInt32) throws(StoreError) {
    id = try reader.read()
    let kind = try reader.read(UInt32.self)
    let (holes, form) = (Int(kind >> 8 & 0xFF), kind >> 16)
    guard let type = ColumnType(rawValue: UInt8(truncatingIfNeeded: kind)),
      holes <= TextTemplate.maximumHoles, form <= 1
    else {
      throw reader.damage("unknown column type")
    }
    self.type = type
    self.holes = holes
    let count = Int(try reader.read(UInt32.self))
    dictionaryCount = try reader.read()
    let reference = ColumnReference(column: try reader.read(), factor: try reader.read())
    guard count <= reader.remaining / ColumnBlockEntry.encodedSize,
      dictionaryCount <= ColumnDictionary.maximumEntries, dictionaryCount == 0 || type == .text
    else {
      throw reader.damage("an impossible number of blocks")
    }
    let isRelative = reference.column != 0 && type == .text
    let isMapped = isRelative && !reference.isOfSubjects
    guard reference.column == 0 ? reference.factor == 0 : reference.factor > 0,
      !isRelative || reference.factor == 1 && form == 0 && holes == 0, !isMapped || dictionaryCount > 0
    else {
      throw reader.damage("an impossible relative column")
    }
    self.reference = reference.column == 0 ? nil : reference
    blocks = []
    blocks.reserveCapacity(count)
    var next: UInt32 = 0
    for _ in 0..<count {
      let firstRow = try reader.read(UInt32.self)
      let rows = try reader.read(UInt32.self)
      let block = ColumnBlockEntry(
        firstRow: firstRow, rowCount: rows, location: try reader.readLocation(), minimum: try reader.read(),
        maximum: try reader.read())
      let (end, overflow) = firstRow.addingReportingOverflow(rows)
      guard firstRow == next, rows > 0, Int(rows) <= ColumnBlockLimits.rows, !overflow, end <= rowCount else {
        throw reader.damage("the blocks of a column do not join")
      }
      next = end
      blocks.append(block)
    }
    guard next == rowCount else { throw reader.damage("a column does not cover all rows") }
    let entries = Int(dictionaryCount)
    for _ in 0..<(entries + ColumnDictionary.pageEntries - 1) / ColumnDictionary.pageEntries {
      dictionaryPages.append(try reader.readLocation())
    }
    if isMapped { map = try reader.readLocation() }
    if form == 1 { phraseCode = try Self.readPhraseCode(&reader, entries: entries, holes: holes) }
  }

  private static func readPhraseCode(
    _ reader: inout ByteReader, entries: Int, holes: Int
  ) throws(StoreError) -> PhraseCode {
    let end = Int(try reader.read(UInt32.self))
    let longest = try reader.readCount(width: 4, limit: PhraseCode.maximumLength)
    var counts: [UInt32] = []
    for _ in 0..<longest { counts.append(try reader.read()) }
    guard holes == 0, let code = PhraseCode(counts: counts, end: end), code.entryCount == entries else {
      throw reader.damage("the codes of a dictionary of phrases are impossible")
    }
    return code
  }

  /// Index of the block that holds a row.
  ///
  /// - Parameter number: a block of which it is likely to be this one or the next.
  package func blockIndex(of row: UInt32, near number: Int) -> Int {
    for index in number..<number + 2 where index < blocks.count && blocks[index].firstRow <= row {
      if index + 1 == blocks.count || row < blocks[index + 1].firstRow { return index }
    }
    return blockIndex(of: row)
  }

  /// The same from anywhere.
  package func blockIndex(of row: UInt32) -> Int {
    var low = 0
    var high = blocks.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if blocks[middle].firstRow <= row { low = middle } else { high = middle }
    }
    return low
  }
}
