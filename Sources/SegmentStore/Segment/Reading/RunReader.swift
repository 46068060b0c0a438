// Owns reading a few rows of one dataset in a segment that are asked for once, as the records of a subject are.
// Invariants: says what a `RowAssembler` says of the same rows; nothing is kept open between columns, so that reading a row costs what its values cost.
// Does not decide which rows a snapshot sees.

/// Reads rows of a dataset chunk column by column.
///
/// The records of a subject lie in hundreds of chunks, a row or two in each: there, opening a cursor over every column costs several times what reading the
/// value does. Where many rows of a chunk are wanted, cursors are opened all the same.
package struct RunReader {
  /// Rows up to which blocks and pages are asked for one by one.
  private static let fewRows = 16

  private let schema: DatasetSchema
  private let view: SegmentView
  private let chunk: DatasetChunk
  private let columns: ChunkColumns
  private let subjectTexts: SubjectTextMemo?
  /// The text of the key, once it was asked for.
  private var rendered: (key: UInt128, text: ByteArena)?

  /// `nil` when the segment has no rows of the dataset.
  ///
  /// - Parameter subjectTexts: what was read of the only subject whose rows are read; it lives as long as this does.
  init?(
    _ segment: SegmentView, schema: DatasetSchema, _ subjectTexts: SubjectTextMemo? = nil
  ) throws(StoreError) {
    self.subjectTexts = subjectTexts
    guard let chunk = try segment.reader.chunk(of: schema.dataset) else { return nil }
    columns = try segment.reader.columns(of: chunk)
    self.schema = schema
    self.chunk = chunk
    view = segment
  }

  /// The places of the rows of a run within the dataset.
  package func rows(at run: RowRun) throws(StoreError) -> Range<Int> {
    guard let rows = chunk.rows(of: run) else {
      throw StoreError(.damaged, "a run points outside its dataset")
    }
    return rows
  }

  /// The address of a row of the chunk.
  package func address(of row: Int) -> RowAddress {
    RowAddress(segment: view.reader.id.rawValue, position: chunk.firstRow + UInt32(row))
  }

  // MARK: The engine's columns

  /// The system values of consecutive rows of the chunk.
  package func systemValues(_ rows: Range<Int>) throws(StoreError) -> [RowSystemValues] {
    var values = [RowSystemValues](
      repeating: RowSystemValues(commit: view.addedCommit, batch: 0, version: 1, state: 0), count: rows.count)
    for column in SystemColumn.always {
      guard let stored = stored(column) else { continue }
      try forEachInteger(stored, rows) { Self.set(column, $1, &values[$0 - rows.lowerBound]) }
    }
    return values
  }

  /// Gives the integers of consecutive rows of a stored column, those that are there.
  private func forEachInteger(
    _ column: StoredColumn, _ rows: Range<Int>, _ body: (Int, Int64) -> Void
  ) throws(StoreError) {
    guard let reference = column.entry.reference else {
      return try forEachBlock(column, rows) { (block, range, first) throws(StoreError) in
        // Rows of one batch, all in their first version: nearly always there is but one value.
        let constant = block.constantInteger
        for row in range where constant != nil || !block.isNull(row - first) {
          body(row, constant ?? block.integer(row - first))
        }
      }
    }
    // A batch that follows from its commit, say.
    var others = [Int64](repeating: 0, count: rows.count)
    if let other = columns.storedColumn(reference.column, type: .integer), other.entry.reference == nil {
      try forEachInteger(other, rows) { others[$0 - rows.lowerBound] = $1 }
    }
    try forEachBlock(column, rows) { (block, range, first) throws(StoreError) in
      for row in range where !block.isNull(row - first) {
        body(row, block.integer(row - first) &+ reference.contribution(others[row - rows.lowerBound]))
      }
    }
  }

  /// Whether some of consecutive rows came with a commit or before it.
  func hasRow(upTo commit: UInt64, among rows: Range<Int>) throws(StoreError) -> Bool {
    try commits(rows).contains { $0 <= commit }
  }

  /// The commits of consecutive rows.
  func commits(_ rows: Range<Int>) throws(StoreError) -> [UInt64] {
    var commits = [UInt64](repeating: view.addedCommit, count: rows.count)
    guard let stored = stored(.commit) else { return commits }
    try forEachInteger(stored, rows) { if $1 != 0 { commits[$0 - rows.lowerBound] = UInt64(bitPattern: $1) } }
    return commits
  }

  private static func set(_ column: SystemColumn, _ value: Int64, _ values: inout RowSystemValues) {
    switch column {
    // 0 stands for the commit that added the segment.
    case .commit: if value != 0 { values.commit = UInt64(bitPattern: value) }
    case .batch: values.batch = UInt64(bitPattern: value)
    case .version: values.version = UInt32(clamping: value)
    case .state: values.state = UInt8(clamping: value)
    case .superseded: break
    }
  }

  /// Whether each of consecutive rows of the chunk is superseded as a snapshot at `commit` sees it; empty where none can be.
  func superseded(_ rows: Range<Int>, asOf commit: UInt64) throws(StoreError) -> [Bool] {
    guard view.isHistory else {
      guard view.marks.count > 0 else { return [] }
      return rows.map { view.marks.superseded(chunk.firstRow + UInt32($0), asOf: commit) != nil }
    }
    var superseded = [Bool](repeating: true, count: rows.count)
    guard let stored = stored(.superseded) else { return superseded }
    try forEachInteger(stored, rows) { superseded[$0 - rows.lowerBound] = UInt64(bitPattern: $1) <= commit }
    return superseded
  }

  private func stored(_ column: SystemColumn) -> StoredColumn? {
    columns.storedColumn(column.rawValue, type: .integer, near: column.index)
  }

  /// Visits the blocks of a column that hold consecutive rows of the chunk, with the rows in each and the first row it has.
  private func forEachBlock(
    _ column: StoredColumn, _ rows: Range<Int>,
    _ body: (DecodedBlock, Range<Int>, Int) throws(StoreError) -> Void
  ) throws(StoreError) {
    var next = rows.lowerBound
    while next < rows.upperBound {
      let (block, first) = try block(of: next, in: column)
      let end = min(rows.upperBound, first + block.rowCount)
      try body(block, next..<end, first)
      next = end
    }
  }

  /// The block of a row, and its first row.
  private func block(of row: Int, in column: StoredColumn) throws(StoreError) -> (DecodedBlock, Int) {
    guard
      let number = column.entry.blocks.indices.last.map({
        $0 == 0 ? 0 : column.entry.blockIndex(of: UInt32(row))
      })
    else { throw damage("a row lies outside its block") }
    let first = Int(column.entry.blocks[number].firstRow)
    let block = try view.reader.block(column.entry.blocks[number], of: column.entry)
    guard row >= first, row - first < block.rowCount else { throw damage("a row lies outside its block") }
    return (block, first)
  }

  private func damage(_ message: String) -> StoreError {
    .damaged(message, file: view.reader.id.fileName, offset: view.reader.fileLength)
  }

  // MARK: Values

  /// The stored column of a column of the schema; `nil` where the segment does not have it.
  private func stored(_ column: Int) -> StoredColumn? {
    let wanted = schema.columns[column]
    return columns.storedColumn(wanted.id, type: wanted.type, near: SystemColumn.always.count + column)
  }

  private func cursor(_ column: Int) -> ColumnCursor {
    ColumnCursor(view.reader, columns, id: schema.columns[column].id, type: schema.columns[column].type)
  }

  /// Gives the integers of a column of the schema, those that are there, with their place in the list of rows.
  package func integers(
    _ column: Int, _ rows: [Int], _ body: (Int, Int64) -> Void
  ) throws(StoreError) {
    guard let stored = stored(column) else { return }
    guard stored.entry.reference == nil, rows.count <= Self.fewRows else {
      var cursor = cursor(column)
      return try cursor.forEachInteger(rows, body)
    }
    var place = 0
    while place < rows.count {
      let (block, first) = try block(of: rows[place], in: stored)
      while place < rows.count, rows[place] >= first, rows[place] < first + block.rowCount {
        let index = rows[place] - first
        if !block.isNull(index) { body(place, block.integer(index)) }
        place += 1
      }
    }
  }

  /// Gives the texts of a column of the schema, those that are there, with their place in the list of rows and whether they are known to be
  /// that of the key; each is valid until the next.
  package mutating func texts(
    _ column: Int, _ rows: [Int], key: UInt128, _ body: (Int, UnsafeRawBufferPointer, Bool) -> Void
  ) throws(StoreError) {
    guard let stored = stored(column) else { return }
    let isWhole =
      stored.entry.reference == nil || stored.entry.followsSubjects && subjectTexts != nil
    guard isWhole, rows.count <= Self.fewRows else {
      var cursor = cursor(column)
      for (place, row) in rows.enumerated() {
        if let text = try cursor.text(row, key: key) { body(place, text, cursor.isKeyText) }
      }
      return
    }
    var pages = LastPage(segment: view.reader, column: stored)
    var place = 0
    while place < rows.count {
      let (block, first) = try block(of: rows[place], in: stored)
      while place < rows.count, rows[place] >= first, rows[place] < first + block.rowCount {
        let index = rows[place] - first
        if !block.isNull(index) { try text(index, of: block, &pages, key) { body(place, $0, $1) } }
        place += 1
      }
    }
  }

  /// Gives the text of a row of a block that has one.
  @inline(__always)
  private mutating func text(
    _ index: Int, of block: DecodedBlock, _ pages: inout LastPage, _ key: UInt128,
    _ body: (UnsafeRawBufferPointer, Bool) -> Void
  ) throws(StoreError) {
    switch block.form {
    case .plain, .dictionary: withExtendedLifetime(block) { body(block.text(index), false) }
    case .coded: try codedText(index, of: block, &pages) { body($0, false) }
    case .phrases: body(try pages.phrases(index, of: block).bytes, false)
    case .key: body(try keyText(key), true)
    case .subject:
      if let code = block.exception(index) {
        let (page, entry) = try pages.find(code)
        return withExtendedLifetime(page) { body(page.text(entry), false) }
      }
      guard let followed = pages.column.entry.reference?.column,
        let text = try subjectTexts?.text(followed, of: key, in: view.reader)
      else { throw damage("a subject has no text") }
      body(text, false)
    case .none, .mapped: throw damage("a column of texts with a block of something else")
    }
  }

  private func codedText(
    _ index: Int, of block: DecodedBlock, _ pages: inout LastPage, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    let (page, entry) = try pages.find(block.code(index))
    defer { withExtendedLifetime(page) {} }
    let holes = page.holes(entry)
    guard holes > 0 else { return body(page.text(entry)) }
    guard holes <= block.numberCount else { throw damage("a template has more numbers than its column") }
    let template = page.text(entry)
    withUnsafeTemporaryAllocation(byteCount: TextTemplate.textCount(template), alignment: 1) { target in
      guard let base = target.baseAddress else { return }
      let count = TextTemplate.render(template, to: base) { block.number($0, index) }
      body(UnsafeRawBufferPointer(start: base, count: count))
    }
  }

  private mutating func keyText(_ key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer {
    if let rendered, rendered.key == key { return rendered.text.bytes }
    let arena = ByteArena(capacity: CodedRow.maximumKeyTextBytes)
    let count = view.reader.keyText(key, arena.reserve(CodedRow.maximumKeyTextBytes))
    guard count > 0 else { throw damage("a key without a text stands for a text") }
    arena.advance(count)
    rendered = (key, arena)
    return arena.bytes
  }
}

/// The dictionary of a column, of which the page used last is at hand.
private struct LastPage {
  // Invariant: the reader that makes this holds both while it is used; counting references for every column costs as much as reading a value.
  private unowned(unsafe) let segment: SegmentReader
  fileprivate unowned(unsafe) let column: StoredColumn
  private var number = -1
  private var page: DictionaryPage?
  private var scratch: ByteArena?

  init(segment: SegmentReader, column: StoredColumn) {
    self.segment = segment
    self.column = column
  }

  /// The page of an entry, and the entry's place in it.
  @inline(__always)
  mutating func find(_ entry: Int) throws(StoreError) -> (page: DictionaryPage, entry: Int) {
    let place = entry % ColumnDictionary.pageEntries
    if number == entry / ColumnDictionary.pageEntries, let page, place < page.count { return (page, place) }
    let found = try segment.dictionaryPage(entry / ColumnDictionary.pageEntries, of: column.entry)
    guard place < found.count else {
      throw damage("a code is not in the dictionary of its column")
    }
    page = found
    number = entry / ColumnDictionary.pageEntries
    return (found, place)
  }

  /// Puts a text together from its phrases; it is valid until the next.
  mutating func phrases(_ index: Int, of block: DecodedBlock) throws(StoreError) -> ByteArena {
    guard let code = column.entry.phraseCode else { throw damage("phrases without a dictionary of phrases") }
    let arena = scratch ?? ByteArena(capacity: 256)
    scratch = arena
    arena.truncate(to: 0)
    var position = PhrasePosition()
    // Invariant: the block outlives this call, its caller holds it.
    let current = Unmanaged.passUnretained(block)
    guard try position.move(to: block.value(of: index), current, code) else {
      throw damage("the phrases of a block do not add up")
    }
    while true {
      let entry = position.next(current, code)
      if entry == code.end { return arena }
      guard entry >= 0 else { throw damage("the phrases of a block do not add up") }
      let (page, place) = try find(entry)
      arena.append(page.text(place))
      guard arena.count <= ColumnBlockLimits.valueBytes else { throw damage("a text of phrases is too long") }
    }
  }

  private func damage(_ message: String) -> StoreError {
    .damaged(message, file: segment.id.fileName, offset: segment.fileLength)
  }
}
