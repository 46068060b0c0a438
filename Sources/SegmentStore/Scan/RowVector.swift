// Owns some thousand rows of a scan, column by column: which of them the snapshot sees, and their values once they are asked for.
// Invariants: places count from 0 within the vector; selected places ascend; a column is read at most once a vector; what is given out
// stays valid until the vector moves on. Marked kernel: buffers have room for `capacity` values.
// Does not decide which rows it holds (VectorScan).

import CStorageKernels

/// Integers of the rows of a vector.
package struct IntegerVector {
  /// 0 where there is none.
  package let values: UnsafePointer<Int64>
  /// 1 where there is none.
  package let nulls: UnsafePointer<UInt8>
  /// Whether some row has none.
  package let hasAbsent: Bool
}

/// Subject keys of consecutive rows, once for neighbours that share one.
package struct KeyRuns {
  package let keys: UnsafePointer<UInt128>
  /// The place at which each begins, and that behind the last row.
  package let starts: UnsafePointer<UInt16>
  package let count: Int

  /// The places of the rows of a key.
  @inline(__always)
  package func places(_ run: Int) -> Range<Int> { Int(starts[run])..<Int(starts[run + 1]) }
}

/// Texts that rows share with the others of their subject; valid until the vector moves on, as long as nothing else is read of the column.
package struct SharedTextRows {
  /// The rows of each subject.
  package let runs: KeyRuns
  /// By place, whose text a row has (``SharedText``); `nil` where all share.
  fileprivate let kinds: UnsafePointer<UInt8>?
  /// Whether what is shared is the text of the key itself.
  package let isOfKeys: Bool

  /// Whether all rows have a text, which they share.
  package var isWhole: Bool { kinds == nil }

  /// Whose text the row at a place has (``SharedText``).
  @inline(__always)
  package func kind(_ place: Int) -> UInt8 { kinds.map { $0[place] } ?? SharedText.shared }
}

/// Tells the rows of one dataset in one segment from all others of a snapshot.
package struct ChunkIdentity: Hashable {
  fileprivate let segment: UInt64
  fileprivate let dataset: DatasetID
}

/// Rows that a scan looks at together.
package struct RowVector: ~Copyable {
  /// Rows of a vector at most.
  package static let capacity = 8192

  /// Where the rows are read.
  enum Source {
    case segment(SegmentView, DatasetChunk)
    case memory([MemoryCells])
  }

  /// A row in memory, taken apart.
  struct MemoryCells {
    var position: UInt32
    var row: MemoryRow
    var cells: [RowPayload.Cell]
  }

  /// Room for the values of one column, taken once they are asked for.
  private struct Buffer {
    private(set) var integers: UnsafeMutablePointer<Int64>?
    private(set) var nulls: UnsafeMutablePointer<UInt8>?
    private(set) var codes: UnsafeMutablePointer<UInt32>?
    var isRead = false
    var hasAbsent = false
    var hasCodes: Bool?

    mutating func integerRoom() -> (values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>) {
      let room = (integers ?? .allocate(capacity: capacity), nulls ?? .allocate(capacity: capacity))
      (integers, nulls) = room
      return room
    }

    mutating func codeRoom() -> UnsafeMutablePointer<UInt32> {
      let room = codes ?? .allocate(capacity: capacity)
      codes = room
      return room
    }

    func deallocate() {
      integers?.deallocate()
      nulls?.deallocate()
      codes?.deallocate()
    }
  }

  private var schema = DatasetSchema(dataset: DatasetID(rawValue: 0), version: 1, columns: [])
  private var source = Source.memory([])
  private var cursors: [ColumnCursor] = []
  private var buffers: [Buffer] = []
  private var scratch = Buffer()
  private var keyWalk: KeyWalk?
  /// Taken once keys are asked for, which most questions do not.
  private var keyBuffer: UnsafeMutablePointer<UInt128>?
  private var hasKeys = false
  private var runBuffers: (keys: UnsafeMutablePointer<UInt128>, starts: UnsafeMutablePointer<UInt16>)?
  /// -1 = not known yet.
  private var runCount = -1
  private var chosen = VectorSelection()

  /// Rows of the vector, selected or not.
  package private(set) var count = 0
  /// First row within the dataset of the segment; 0 in memory.
  package private(set) var firstRow = 0
  /// Tells the chunk from all others of the scan: what is known of its dictionaries holds as long as this stays.
  package private(set) var chunkNumber = 0

  package init() {}

  deinit {
    for buffer in buffers { buffer.deallocate() }
    scratch.deallocate()
    keyBuffer?.deallocate()
    runBuffers?.keys.deallocate()
    runBuffers?.starts.deallocate()
  }

  // MARK: Moving

  /// Goes on with the rows of a chunk.
  mutating func begin(
    _ segment: SegmentView, _ chunk: DatasetChunk, _ schema: DatasetSchema
  ) throws(StoreError) {
    keyWalk = nil
    if case .segment(let present, let presentChunk) = source, present.reader === segment.reader,
      presentChunk.dataset == chunk.dataset, self.schema.columns == schema.columns
    {
      return
    }
    self.schema = schema
    let columns = try segment.reader.columns(of: chunk)
    cursors = schema.columns.map { ColumnCursor(segment.reader, columns, id: $0.id, type: $0.type) }
    for column in SystemColumn.always + [.superseded] {
      cursors.append(ColumnCursor(segment.reader, columns, id: column.rawValue))
    }
    source = .segment(segment, chunk)
    begin()
  }

  /// Goes on with rows in memory, at most `capacity`.
  mutating func begin(_ rows: [MemoryCells], _ schema: DatasetSchema) {
    self.schema = schema
    source = .memory(rows)
    cursors = []
    begin()
    move(to: 0..<rows.count)
  }

  private mutating func begin() {
    chunkNumber += 1
    while buffers.count < schema.columns.count + SystemColumn.always.count + 1 { buffers.append(Buffer()) }
  }

  /// Goes on with consecutive rows of the chunk, all of them selected.
  mutating func move(to rows: Range<Int>) {
    firstRow = rows.lowerBound
    count = rows.count
    (hasKeys, runCount) = (false, -1)
    for index in buffers.indices {
      buffers[index].isRead = false
      buffers[index].hasCodes = nil
    }
    chosen.selectAll(count)
  }

  // MARK: Selecting

  /// Rows that are still of interest.
  package var selectedCount: Int { chosen.count }

  /// The selected places as they are now.
  package var selection: RowSelection { mutating get { chosen.rows } }

  /// Keeps the selected places for which the predicate holds.
  @inline(__always)
  package mutating func keep(_ predicate: (Int) -> Bool) { chosen.keep(predicate) }

  /// Keeps the selected places at which a byte has a value; there is memory for all places of the vector.
  package mutating func keep(_ bytes: UnsafePointer<UInt8>, equalTo wanted: UInt8) {
    let count = count
    chosen.keepBits { cstorage_equal_bytes(bytes, count, wanted, $0) }
  }

  /// Selects nothing.
  package mutating func clear() { chosen.clear() }

  // MARK: Integers

  /// The integers of a column of the scan.
  package mutating func integers(_ column: Int) throws(StoreError) -> IntegerVector {
    let room = buffers[column].integerRoom()
    if !buffers[column].isRead {
      buffers[column].hasAbsent = try read(column, to: room.values, nulls: room.nulls)
      buffers[column].isRead = true
    }
    return IntegerVector(values: room.values, nulls: room.nulls, hasAbsent: buffers[column].hasAbsent)
  }

  /// Keeps the selected rows whose integer in a column of the scan lies in a range, or outside of it; rows without one go.
  package mutating func keepIntegers(
    _ column: Int, in range: ClosedRange<Int64>, isOutside: Bool
  ) throws(StoreError) {
    let (low, count) = (range.lowerBound, count)
    let span = UInt64(bitPattern: range.upperBound &- low)
    if case .segment = source, !buffers[column].isRead {
      if selectedCount < count / 32 {
        // Few rows are left: reading these alone is cheaper than reading all.
        let first = firstRow
        try chosen.keepEach { (place) throws(StoreError) in
          guard let value = try cursors[column].integer(first + place) else { return false }
          return (UInt64(bitPattern: value &- low) <= span) != isOutside
        }
        return
      }
      if let packed = try cursors[column].packedNumbers(firstRow..<firstRow + count) {
        chosen.keepBits { packed.compare(range, isOutside: isOutside, count: count, to: $0) }
        return
      }
    }
    let integers = try integers(column)
    chosen.keepBits { cstorage_in_range(integers.values, count, low, span, isOutside, $0) }
    if integers.hasAbsent { keep(integers.nulls, equalTo: 0) }
  }

  /// Keeps the selected rows whose system value lies in a range, or outside of it.
  package mutating func keepSystem(
    _ column: SystemColumn, in range: ClosedRange<Int64>, isOutside: Bool = false
  ) throws(StoreError) {
    let (values, count) = (try integers(schema.columns.count + column.index).values, count)
    let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
    chosen.keepBits { cstorage_in_range(values, count, range.lowerBound, span, isOutside, $0) }
  }

  /// A system value of each row. The commit of a row that names none is that of its segment.
  package mutating func system(_ column: SystemColumn) throws(StoreError) -> UnsafePointer<Int64> {
    try integers(schema.columns.count + column.index).values
  }

  /// The batch of each row.
  package mutating func batches() throws(StoreError) -> IntegerVector {
    try integers(schema.columns.count + SystemColumn.batch.index)
  }

  private mutating func read(
    _ column: Int, to values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) -> Bool {
    switch source {
    case .segment(let segment, _):
      let hasAbsent = try cursors[column].integers(
        firstRow..<firstRow + count, to: values, nulls: nulls, scratch: scratch.integerRoom())
      if column == schema.columns.count + SystemColumn.commit.index {
        let added = Int64(bitPattern: segment.addedCommit)
        for place in 0..<count where values[place] == 0 { values[place] = added }
      }
      return hasAbsent
    case .memory(let rows):
      var hasAbsent = false
      for place in 0..<count {
        let value = rows[place].number(column, of: schema.columns.count)
        values[place] = value ?? 0
        nulls[place] = value == nil ? 1 : 0
        if value == nil { hasAbsent = true }
      }
      return hasAbsent
    }
  }

  /// Smallest and largest value that a column of the scan can have here, or code, without reading a block; `nil` = unknown.
  package func bounds(_ column: Int) -> ClosedRange<Int64>? {
    guard case .segment = source else { return nil }
    return cursors[column].bounds(firstRow..<firstRow + count)
  }

  /// The same for a system column.
  package func bounds(_ column: SystemColumn) -> ClosedRange<Int64>? {
    bounds(schema.columns.count + column.index)
  }

  // MARK: Texts

  /// Whether a column of the scan holds texts.
  package func isText(_ column: Int) -> Bool { schema.columns[column].type == .text }

  /// The codes of a text column of the scan, `absentCode` for rows without a value; `nil` where its texts are not kept as codes.
  package mutating func codes(_ column: Int) throws(StoreError) -> UnsafePointer<UInt32>? {
    if let known = buffers[column].hasCodes { return known ? UnsafePointer(buffers[column].codeRoom()) : nil }
    var hasCodes = false
    if case .segment = source, cursors[column].wordCount > 0 {
      hasCodes = try cursors[column].codes(
        firstRow..<firstRow + count, to: buffers[column].codeRoom())
    }
    buffers[column].hasCodes = hasCodes
    return hasCodes ? UnsafePointer(buffers[column].codeRoom()) : nil
  }

  /// Entries of the dictionary of a text column here; 0 where it has none.
  package func wordCount(_ column: Int) -> Int {
    guard case .segment = source else { return 0 }
    return cursors[column].wordCount
  }

  /// Where the rows lie; `nil` in memory.
  package var chunkIdentity: ChunkIdentity? {
    guard case .segment(let segment, let chunk) = source else { return nil }
    return ChunkIdentity(segment: segment.reader.id.rawValue, dataset: chunk.dataset)
  }

  /// The words of a column in a segment; stays valid when the vector moves on.
  package func columnWords(_ column: Int) -> ColumnWords { cursors[column].words }

  /// Whether some entries of the dictionary of a text column here are templates, whose texts have numbers of their own.
  package func hasTemplates(_ column: Int) -> Bool {
    guard case .segment = source else { return false }
    return cursors[column].hasTemplates
  }

  /// An entry of a dictionary and how many numbers it needs; valid while the chunk stays.
  package mutating func word(_ column: Int, _ code: Int) throws(StoreError) -> (
    text: UnsafeRawBufferPointer, holes: Int
  ) {
    try cursors[column].word(code)
  }

  /// The text of a row, or `nil`; `body` gets it while it is valid.
  @inline(__always)
  package mutating func withText<Result>(
    _ column: Int, _ place: Int, _ body: (UnsafeRawBufferPointer?) -> Result
  ) throws(StoreError) -> Result {
    guard case .memory(let rows) = source else {
      let key = try needsKey(column, place) ? key(place) : 0
      return body(try cursors[column].text(firstRow + place, key: key))
    }
    guard case .text(let text) = rows[place].cells[column] else { return body(nil) }
    return text.withUnsafeBytes { body($0) }
  }

  /// Where the texts of a column are those of its rows' keys or subjects but for a few: whose text each row has; `nil` elsewhere.
  package mutating func sharedTexts(_ column: Int) throws(StoreError) -> SharedTextRows? {
    guard case .segment = source else { return nil }
    let kinds = buffers[column].integerRoom().nulls
    guard let hasOthers = try cursors[column].sharedTexts(firstRow..<firstRow + count, to: kinds) else {
      return nil
    }
    return SharedTextRows(
      runs: try keyRuns(), kinds: hasOthers ? UnsafePointer(kinds) : nil,
      isOfKeys: !cursors[column].followsSubjects)
  }

  /// The sum of all integers of a column of the scan, if all rows are selected, none is absent, and it is known without taking them out.
  package mutating func packedSum(_ column: Int) throws(StoreError) -> Int128? {
    guard case .segment = source, selectedCount == count, !buffers[column].isRead else { return nil }
    return try cursors[column].packedNumbers(firstRow..<firstRow + count)?.sum(count)
  }

  /// A number of each row of a coded column, by place; meaningful where the row's template has such a number.
  package mutating func numbers(_ column: Int, hole: Int) throws(StoreError) -> UnsafePointer<Int64> {
    let room = buffers[column].integerRoom()
    try cursors[column].numbers(hole, firstRow..<firstRow + count, to: room.values)
    return UnsafePointer(room.values)
  }

  /// For a number of each selected row of a coded column, by place, behind how many of its last digits the wanted ones end first; 255 where that is not
  /// behind fewer than `places`. Meaningful where the row's template has such a number.
  ///
  /// - Parameters:
  ///   - wanted: the number with the wanted digits.
  ///   - digits: how many there are, 1 to 9.
  package mutating func digitPlaces(
    _ column: Int, hole: Int, wanted: UInt64, digits: Int, places: Int
  ) throws(StoreError) -> UnsafePointer<UInt8> {
    let numbers = try numbers(column, hole: hole)
    let found = buffers[column].integerRoom().nulls
    if selectedCount < count / 16 {
      // Few rows are left: looking at these alone is cheaper than looking at four at a time.
      let rows = selection
      for index in 0..<rows.count {
        let place = Int(rows.places[index])
        cstorage_find_digits(numbers + place, 1, wanted, UInt32(digits), UInt32(places), found + place)
      }
      return UnsafePointer(found)
    }
    cstorage_find_digits(numbers, count, wanted, UInt32(digits), UInt32(places), found)
    return UnsafePointer(found)
  }

  /// Whether a row has a text.
  package mutating func hasText(_ column: Int, _ place: Int) throws(StoreError) -> Bool {
    guard case .memory(let rows) = source else { return try cursors[column].hasValue(firstRow + place) }
    if case .text = rows[place].cells[column] { return true } else { return false }
  }

  /// Whether the text of a row is known to be that of its key.
  package mutating func isKeyText(_ column: Int, _ place: Int) throws(StoreError) -> Bool {
    guard case .segment = source else { return false }
    return try cursors[column].form(firstRow + place) == .key
  }

  /// Whether the text of a row is found by its key.
  private mutating func needsKey(_ column: Int, _ place: Int) throws(StoreError) -> Bool {
    let form = try cursors[column].form(firstRow + place)
    return form == .key || form == .subject
  }

  // MARK: Places of rows

  /// The subject keys of the rows, once for neighbours that share one.
  package mutating func keyRuns() throws(StoreError) -> KeyRuns {
    // The number of rows stands behind the last start.
    let (runKeys, runStarts) =
      runBuffers ?? (.allocate(capacity: Self.capacity), .allocate(capacity: Self.capacity + 1))
    runBuffers = (runKeys, runStarts)
    if runCount < 0 {
      switch source {
      case .segment(let segment, let chunk):
        if keyWalk?.isFar(firstRow) ?? true { keyWalk = try KeyWalk(segment.reader, chunk, near: firstRow) }
        runCount = try keyWalk?.keyRuns(firstRow..<firstRow + count, to: runKeys, starts: runStarts) ?? 0
      case .memory(let rows):
        runCount = 0
        for place in 0..<count where runCount == 0 || runKeys[runCount - 1] != rows[place].row.key {
          runKeys[runCount] = rows[place].row.key
          runStarts[runCount] = UInt16(truncatingIfNeeded: place)
          runCount += 1
        }
      }
      runStarts[runCount] = UInt16(truncatingIfNeeded: count)
    }
    return KeyRuns(keys: runKeys, starts: runStarts, count: runCount)
  }

  /// The subject keys of all rows, by place.
  package mutating func keys() throws(StoreError) -> UnsafePointer<UInt128> {
    let keyBuffer = keyBuffer ?? .allocate(capacity: Self.capacity)
    self.keyBuffer = keyBuffer
    if hasKeys { return UnsafePointer(keyBuffer) }
    let runs = try keyRuns()
    for run in 0..<runs.count {
      let places = runs.places(run)
      (keyBuffer + places.lowerBound).update(repeating: runs.keys[run], count: places.count)
    }
    hasKeys = true
    return UnsafePointer(keyBuffer)
  }

  /// Whether the rows ascend by their keys; those in memory stand in the order of their commits.
  package var isOrderedByKey: Bool { if case .segment = source { true } else { false } }

  /// The subject key of a row.
  package mutating func key(_ place: Int) throws(StoreError) -> UInt128 { try keys()[place] }

  /// Where a row lies.
  package func address(_ place: Int) -> RowAddress {
    switch source {
    case .memory(let rows): RowAddress(segment: 0, position: rows[place].position)
    case .segment(let segment, let chunk):
      RowAddress(
        segment: segment.reader.id.rawValue, position: chunk.firstRow + UInt32(firstRow + place))
    }
  }
}

extension RowVector.MemoryCells {
  /// The integer of a column of the scan, the system columns behind the others.
  fileprivate func number(_ column: Int, of columns: Int) -> Int64? {
    switch column - columns {
    case SystemColumn.commit.index: return Int64(bitPattern: row.system.commit)
    case SystemColumn.batch.index: return Int64(bitPattern: row.system.batch)
    case SystemColumn.version.index: return Int64(row.system.version)
    case SystemColumn.state.index: return Int64(row.system.state)
    case SystemColumn.superseded.index: return nil
    default: if case .integer(let value) = cells[column] { return value } else { return nil }
    }
  }
}
