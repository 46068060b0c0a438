// Owns reading the values of one column at ascending or random rows, keeping the current block at hand.
// Invariants: rows are relative to the dataset chunk and inside it; a missing column reads as null; a relative column's values are put
// together with those of the column it is relative to.

/// Reads one column of a dataset chunk.
package struct ColumnCursor {
  let segment: SegmentReader
  let column: StoredColumn?
  private var block: DecodedBlock?
  /// The same block, without counting references for every value; `block` keeps it alive.
  private(set) var current: Unmanaged<DecodedBlock>?
  private(set) var start = 0
  private(set) var end = 0
  /// The number of the current block, or of any other.
  private var blockNumber = 0
  var pages: DictionaryPages
  private var phrases = PhrasePosition()
  /// Where texts are put together that lie nowhere whole.
  private var scratch: ByteArena?
  /// The key rendered last: neighbours have the same.
  private var rendered: (key: UInt128, text: ByteArena)?
  /// A cursor over the column this one is relative to, or none.
  var other: [ColumnCursor] = []
  /// From its codes to those of this column.
  private var map: CodeMap?
  /// The texts of subjects, once one was asked for.
  private var subjects: SubjectTextCursor?

  /// A cursor over a column of a chunk; where the chunk has none with this id and type, every row is null (the column came with a later
  /// schema version).
  package init(_ segment: SegmentReader, _ columns: ChunkColumns, id: UInt32, type: ColumnType = .integer) {
    self.init(segment, columns, id: id, type: type, subjects: nil)
  }

  /// - Parameter subjects: reads the texts of subjects that the column follows, for several cursors of one thread.
  init(
    _ segment: SegmentReader, _ columns: ChunkColumns, id: UInt32, type: ColumnType,
    subjects: SubjectTextCursor?
  ) {
    self.subjects = subjects
    let column = columns.storedColumn(id, type: type)
    self.segment = segment
    self.column = column
    pages = DictionaryPages(segment, column)
    if let reference = column?.entry.reference, column?.entry.followsSubjects == false {
      other = [ColumnCursor(segment, columns, id: reference.column, type: type)]
    }
  }

  /// The words of the column.
  var words: ColumnWords { ColumnWords(DictionaryPages(segment, column)) }

  /// Makes the block of a row the current one; false for a missing column.
  @inline(__always)
  mutating func find(_ row: Int) throws(StoreError) -> Bool {
    if row >= start, row < end { return true }
    return try load(row)
  }

  private mutating func load(_ row: Int) throws(StoreError) -> Bool {
    guard let column = column?.entry, !column.blocks.isEmpty else { return false }
    blockNumber = column.blockIndex(of: UInt32(row), near: blockNumber)
    let entry = column.blocks[blockNumber]
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
    phrases = PhrasePosition()
    return true
  }

  /// The number of the block of a row; there is one.
  func blockIndex(of row: Int, in column: ColumnEntry) -> Int {
    column.blockIndex(of: UInt32(row), near: blockNumber)
  }

  /// The integer of a row, or `nil`.
  package mutating func integer(_ row: Int) throws(StoreError) -> Int64? {
    guard try find(row), let current else { return nil }
    let index = row - start
    guard let stored = current._withUnsafeGuaranteedRef({ $0.isNull(index) ? nil : $0.integer(index) }) else {
      return nil
    }
    guard !other.isEmpty, let reference = column?.entry.reference else { return stored }
    return stored &+ reference.contribution(try other[0].integer(row))
  }

  /// Gives the integers of rows, those that are there, with their place in the list.
  mutating func forEachInteger(_ rows: [Int], _ body: (Int, Int64) -> Void) throws(StoreError) {
    var place = 0
    while place < rows.count {
      guard other.isEmpty else {
        if let value = try integer(rows[place]) { body(place, value) }
        place += 1
        continue
      }
      guard try find(rows[place]), let current else { return }
      // What lies in one block is read without asking for it again.
      let (first, range) = (place, start..<end)
      place = current._withUnsafeGuaranteedRef { block in
        var place = first
        while place < rows.count, range.contains(rows[place]) {
          let index = rows[place] - range.lowerBound
          if !block.isNull(index) { body(place, block.integer(index)) }
          place += 1
        }
        return place
      }
    }
  }

  /// The integer of all of some rows where their block says that it has but one; `nil` where that is not known.
  mutating func constant(_ rows: Range<Int>) throws(StoreError) -> Int64? {
    guard other.isEmpty, !rows.isEmpty, try find(rows.lowerBound), rows.upperBound <= end, let current else {
      return nil
    }
    return current._withUnsafeGuaranteedRef { $0.constantInteger }
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
    case .coded: return try codedText(current, index, current._withUnsafeGuaranteedRef { $0.code(index) })
    case .mapped: return try codedText(current, index, try mappedCode(current, row))
    case .phrases: return try phraseText(current, index)
    case .key: return try keyText(key)
    case .subject:
      if let code = current._withUnsafeGuaranteedRef({ $0.exception(index) }) {
        return try codedText(current, index, code)
      }
      return try subjectText(key)
    }
  }

  private mutating func subjectText(_ key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer {
    if subjects == nil, let id = column?.entry.reference?.column {
      subjects = try SubjectTextCursor(segment, column: id)
    }
    guard let text = try subjects?.text(of: key) else { throw damage("a subject has no text") }
    return text
  }

  private mutating func keyText(_ key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer {
    if let rendered, rendered.key == key { return rendered.text.bytes }
    let arena = rendered?.text ?? ByteArena(capacity: CodedRow.maximumKeyTextBytes)
    arena.truncate(to: 0)
    let count = segment.keyText(key, arena.reserve(CodedRow.maximumKeyTextBytes))
    guard count > 0 else { throw damage("a key without a text stands for a text") }
    arena.advance(count)
    rendered = (key, arena)
    return arena.bytes
  }

  /// Whether the text asked for last is known to be that of its row's key.
  package var isKeyText: Bool { current?._withUnsafeGuaranteedRef { $0.form == .key } ?? false }

  /// Whether a row has a value.
  package mutating func hasValue(_ row: Int) throws(StoreError) -> Bool {
    guard try find(row), let current else { return false }
    let index = row - start
    return current._withUnsafeGuaranteedRef { !$0.isNull(index) }
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
    let (form, isNull) = current._withUnsafeGuaranteedRef { ($0.form, $0.isNull(index)) }
    guard !isNull else { return nil }
    switch form {
    case .coded: return current._withUnsafeGuaranteedRef { $0.code(index) }
    case .mapped: return try mappedCode(current, row)
    default: return nil
    }
  }

  /// The code of a row that is not null in a mapped block.
  private mutating func mappedCode(_ current: Unmanaged<DecodedBlock>, _ row: Int) throws(StoreError) -> Int {
    let index = row - start
    if let code = current._withUnsafeGuaranteedRef({ $0.exception(index) }) { return code }
    let map = try codeMap()
    guard let otherCode = try other[0].code(row), let code = map.code(otherCode) else {
      throw damage("a map does not know a code")
    }
    return Int(code)
  }

  /// The map of a mapped column; there is another column then.
  mutating func codeMap() throws(StoreError) -> CodeMap {
    if let map { return map }
    guard let column, !other.isEmpty, let from = other[0].column else {
      throw damage("a mapped column without the other one")
    }
    let found = try segment.map(of: column.entry, from: from.entry)
    map = found
    return found
  }

  /// A number of the row whose code was asked for last.
  package func number(_ hole: Int, _ row: Int) -> UInt64 {
    guard let current, row >= start, row < end else { return 0 }
    let index = row - start
    return current._withUnsafeGuaranteedRef { hole < $0.numberCount ? $0.number(hole, index) : 0 }
  }

  func damage(_ message: String) -> StoreError {
    .damaged(message, file: segment.id.fileName, offset: segment.fileLength)
  }

  private mutating func scratchArena() -> ByteArena {
    let arena = scratch ?? ByteArena(capacity: 256)
    scratch = arena
    arena.truncate(to: 0)
    return arena
  }

  private mutating func scratchMemory(_ bytes: Int) -> UnsafeMutableRawPointer {
    scratchArena().reserve(bytes)
  }

  private mutating func codedText(
    _ current: Unmanaged<DecodedBlock>, _ index: Int, _ code: Int
  ) throws(StoreError) -> UnsafeRawBufferPointer? {
    let (page, entry) = try pages.find(code)
    let (template, holes) = page._withUnsafeGuaranteedRef { ($0.text(entry), $0.holes(entry)) }
    guard holes > 0 else { return template }
    guard holes <= current._withUnsafeGuaranteedRef({ $0.numberCount }) else {
      throw damage("a template has more numbers than its column")
    }
    let target = scratchMemory(TextTemplate.textCount(template))
    let count = current._withUnsafeGuaranteedRef { block in
      TextTemplate.render(template, to: target) { block.number($0, index) }
    }
    return UnsafeRawBufferPointer(start: target, count: count)
  }

  private mutating func phraseText(
    _ current: Unmanaged<DecodedBlock>, _ index: Int
  ) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let code = column?.entry.phraseCode else { throw damage("phrases without a dictionary of phrases") }
    let value = current._withUnsafeGuaranteedRef { $0.value(of: index) }
    // The text asked for last still stands there.
    if let scratch, phrases.isBehind(value) { return scratch.bytes }
    let arena = scratchArena()
    guard try phrases.move(to: value, current, code) else {
      phrases = PhrasePosition()
      throw damage("the phrases of a block do not add up")
    }
    // Until the text is whole the position counts for nothing.
    var position = phrases
    phrases = PhrasePosition()
    while true {
      let entry = position.next(current, code)
      if entry == code.end { break }
      guard entry >= 0 else { throw damage("the phrases of a block do not add up") }
      let (page, place) = try pages.find(entry)
      page._withUnsafeGuaranteedRef { arena.append($0.text(place)) }
      guard arena.count <= ColumnBlockLimits.valueBytes else { throw damage("a text of phrases is too long") }
    }
    position.row = value + 1
    phrases = position
    return arena.bytes
  }
}

/// The words of a column's dictionary, apart from the rows that have them.
package struct ColumnWords {
  private var pages: DictionaryPages

  fileprivate init(_ pages: DictionaryPages) { self.pages = pages }

  /// The bytes of the word of a code; valid while this lives.
  package mutating func word(_ code: Int) throws(StoreError) -> UnsafeRawBufferPointer {
    let (page, entry) = try pages.find(code)
    return page._withUnsafeGuaranteedRef { $0.text(entry) }
  }
}

/// The pages of a column's dictionary that a cursor met so far.
struct DictionaryPages {
  private let segment: SegmentReader
  private let column: StoredColumn?
  private var pages: [DictionaryPage?] = []

  init(_ segment: SegmentReader, _ column: StoredColumn?) {
    self.segment = segment
    self.column = column
  }

  /// The page of an entry, which lives as long as this does, and the entry's place in it.
  @inline(__always)
  mutating func find(_ entry: Int) throws(StoreError) -> (page: Unmanaged<DictionaryPage>, entry: Int) {
    let number = entry / ColumnDictionary.pageEntries
    if number >= pages.count || pages[number] == nil { try load(number) }
    guard let page = pages[number] else { throw outside }
    let place = entry % ColumnDictionary.pageEntries
    guard place < page.count else { throw outside }
    return (Unmanaged.passUnretained(page), place)
  }

  private var outside: StoreError {
    .damaged(
      "a code is not in the dictionary of its column", file: segment.id.fileName, offset: segment.fileLength)
  }

  private mutating func load(_ number: Int) throws(StoreError) {
    guard let column = column?.entry else { throw outside }
    if pages.isEmpty { pages = Array(repeating: nil, count: column.dictionaryPages.count) }
    pages[number] = try segment.dictionaryPage(number, of: column)
  }
}
