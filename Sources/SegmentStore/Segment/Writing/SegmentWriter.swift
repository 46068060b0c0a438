// Owns the writing of one segment file.
// Invariants: datasets ascend; blocks are sealed with their final offset; the file is synced and read back before
// anybody names it; on any error the temporary file is removed.
// Does not sort or encode rows (PartitionEncoder) and does not commit (SegmentEngine).

/// A finished, durable segment that no commit names yet.
package struct FinishedSegment: Sendable {
  package var id: SegmentID
  package var fileLength: Int64
  /// Checksum of the trailer, which in turn covers the footer: what the state keeps of the segment.
  package var checksum: UInt64
  package var footer: SegmentFooter
}

/// Writes partitions of ascending datasets into a new segment.
package final class SegmentWriter {
  package let id: SegmentID
  private let files: any FileSystem
  private let store: StoreIdentifier
  private let folder: String
  private let temporaryPath: String
  private let compression: BlockCompression
  /// Gathers the texts of searched columns; `nil` when they are not indexed.
  private let index: TextIndexBuilder?
  private var file: (any StoreFile)?
  private var offset: Int64
  private var chunks: [DatasetChunk] = []
  private var schema: DatasetSchema?
  private var dictionaries: [ColumnDictionary?] = []
  private var maps: [UInt32: CodeMap] = [:]
  /// Keeps the entries of the dictionaries in memory.
  private var owner: AnyObject?
  private var systemCount = SystemColumn.always.count
  private var columns: [ColumnEntry] = []
  private var chunkFirstRow: UInt32 = 0
  private var rowCount: UInt32 = 0
  /// Keys and counts of the runs of each dataset, in row order.
  private var runs: [(dataset: DatasetID, firstRow: UInt32, keys: [UInt128], counts: [UInt32])] = []
  /// Small chunks that wait for their bundle to be full: its raw bytes, and which chunks they are.
  private let bundle = ByteArena(capacity: SmallChunk.bundleBytes + SmallChunk.byteLimit * 2)
  private var bundled: [Int] = []
  private var leaves = ByteArena(capacity: 1 << 16)
  private var fences: [SubjectFence] = []
  /// What a reader has to know beyond the first version of the format.
  private var features: UInt32 = 0
  /// Texts that columns may follow; `nil` when none shall.
  package let subjectTexts: SubjectTextTables?
  private var followsSubjects: Bool { !followed.isEmpty }
  /// The columns of texts that some column follows.
  private var followed: Set<UInt32> = []

  /// - Parameters:
  ///   - compression: how hard directories and dictionaries are compressed.
  ///   - index: gathers the texts of searched columns.
  ///   - subjectTexts: holds the texts of subjects that columns may follow.
  package init(
    id: SegmentID, store: StoreIdentifier, folder: String, files: any FileSystem,
    compression: BlockCompression = .fast, index: TextIndexBuilder? = nil,
    subjectTexts: SubjectTextTables? = nil
  ) throws(StoreError) {
    self.index = index
    self.subjectTexts = subjectTexts
    self.compression = compression
    self.id = id
    self.store = store
    self.folder = folder
    self.files = files
    temporaryPath = folder + "/tmp/" + String(id.rawValue, radix: 16) + ".seg"
    let file = try files.create(temporaryPath)
    do throws(StoreError) {
      try file.write(SegmentHeader.bytes(store: store, segment: id), at: 0)
    } catch {
      try? files.remove(temporaryPath)
      throw error
    }
    self.file = file
    offset = Int64(SegmentFormat.headerSize)
  }

  deinit { if file != nil { try? files.remove(temporaryPath) } }

  /// Starts the rows of a dataset; datasets must ascend.
  ///
  /// - Parameters:
  ///   - dictionaries: of the columns whose partitions come coded, by column of the schema.
  ///   - references: of the columns whose blocks hold differences or mapped codes, by id.
  ///   - maps: of those with mapped codes.
  ///   - owner: keeps the entries of the dictionaries alive.
  ///   - isHistory: whether every row says by which commit it was superseded.
  package func begin(
    _ schema: DatasetSchema, dictionaries: [ColumnDictionary?] = [],
    references: [UInt32: ColumnReference] = [:], maps: [UInt32: CodeMap] = [:], owner: AnyObject? = nil,
    isHistory: Bool = false
  ) throws(StoreError) {
    try endDataset()
    if let last = chunks.last, last.dataset >= schema.dataset {
      throw StoreError(.invalidArgument, "datasets of a segment must ascend")
    }
    self.schema = schema
    self.dictionaries = dictionaries
    self.maps = maps
    self.owner = owner
    let system = SystemColumn.always + (isHistory ? [.superseded] : [])
    systemCount = system.count
    chunkFirstRow = rowCount
    columns =
      system.map { ColumnEntry(id: $0.rawValue, type: .integer) }
      + schema.columns.map { ColumnEntry(id: $0.id, type: $0.type) }
    for index in columns.indices { columns[index].reference = references[columns[index].id] }
    for column in columns where column.followsSubjects {
      if let reference = column.reference { followed.insert(reference.column) }
    }
    runs.append((schema.dataset, rowCount, [], []))
  }

  /// Appends an encoded partition behind the rows written so far; its subjects must not precede them.
  package func append(_ partition: EncodedPartition) throws(StoreError) {
    guard let file else { throw StoreError(.closed, "the segment is finished") }
    guard partition.rowCount > 0 else { return }
    let (rows, overflow) = rowCount.addingReportingOverflow(UInt32(clamping: partition.rowCount))
    guard !overflow, Int(rows) < SegmentFormat.maximumRows else {
      throw StoreError(.limit, "too many rows for one segment")
    }
    for block in partition.blocks {
      columns[block.column].blocks.append(
        seal(block, in: partition.arena, firstRow: rowCount - chunkFirstRow + block.firstRow))
    }
    try file.write(partition.arena.bytes, at: offset)
    offset += Int64(partition.arena.count)
    rowCount = rows
    appendRuns(partition)
  }

  /// Seals a block of memory that will be written next, and says where it will lie.
  private func seal(_ block: PendingBlock, in arena: ByteArena, firstRow: UInt32) -> ColumnBlockEntry {
    let place = offset + Int64(block.offset)
    let bytes = UnsafeMutableRawBufferPointer(start: arena.base + block.offset, count: block.length)
    if BlockHeader.encoding(of: bytes) & ~Encoding.repeats == Encoding.multiples.rawValue {
      features |= SegmentFormat.multiplesFeature
    }
    let checksum = BlockHeader.seal(bytes, segment: id.rawValue, offset: place)
    return ColumnBlockEntry(
      firstRow: firstRow, rowCount: block.rowCount,
      location: BlockLocation(offset: place, length: block.length, checksum: checksum),
      minimum: block.minimum, maximum: block.maximum)
  }

  /// Appends a whole dataset of few rows, which stand in their final order; datasets must ascend.
  package func append(
    small rows: [SmallRow], of schema: DatasetSchema, isHistory: Bool = false, keyText: KeyText
  ) throws(StoreError) {
    guard !rows.isEmpty else { return }
    try begin(schema, isHistory: isHistory)
    self.schema = nil
    let (count, overflow) = rowCount.addingReportingOverflow(UInt32(clamping: rows.count))
    guard !overflow, Int(count) < SegmentFormat.maximumRows else {
      throw StoreError(.limit, "too many rows for one segment")
    }
    let place = bundle.count
    guard SmallChunk.encode(rows, schema, isHistory: isHistory, keyText: keyText, to: bundle) else {
      throw StoreError(.invalidArgument, "a row does not fit its schema")
    }
    bundled.append(chunks.count)
    chunks.append(
      DatasetChunk(
        dataset: schema.dataset, schemaVersion: schema.version, firstRow: rowCount,
        rowCount: UInt32(rows.count),
        columnCount: UInt32(columns.count),
        orderColumn: schema.orderColumnID, searchColumn: schema.searchColumnID, place: UInt32(place),
        columns: BlockLocation(offset: 0, length: 0, checksum: 0)))
    columns = []
    rowCount = count
    let last = runs.count - 1
    for row in rows {
      if runs[last].keys.last == row.key {
        runs[last].counts[runs[last].counts.count - 1] += 1
      } else {
        runs[last].keys.append(row.key)
        runs[last].counts.append(1)
      }
    }
    if bundle.count >= SmallChunk.bundleBytes { try writeBundle() }
  }

  private func writeBundle() throws(StoreError) {
    guard !bundled.isEmpty else { return }
    let location = try write(bundle.bytes, kind: .bundle, rows: bundled.count)
    for index in bundled { chunks[index].columns = location }
    bundled = []
    bundle.truncate(to: 0)
  }

  private func appendRuns(_ partition: EncodedPartition) {
    let last = runs.count - 1
    var start = 0
    if let key = runs[last].keys.last, key == partition.keys.first {
      runs[last].counts[runs[last].counts.count - 1] += partition.counts[0]
      start = 1
    }
    runs[last].keys.append(contentsOf: partition.keys[start...])
    runs[last].counts.append(contentsOf: partition.counts[start...])
  }

  private func endDataset() throws(StoreError) {
    guard let schema else { return }
    self.schema = nil
    guard rowCount > chunkFirstRow else {
      runs.removeLast()
      return
    }
    for (index, dictionary) in dictionaries.enumerated() {
      if let dictionary { try write(dictionary, of: &columns[systemCount + index]) }
    }
    dictionaries = []
    owner = nil
    try writeMaps()
    var buffer = ByteBuffer(capacity: 4096)
    buffer.append(UInt32(columns.count))
    for column in columns { column.encode(to: &buffer) }
    let location = try write(buffer.bytes, kind: .columnDirectory, rows: columns.count)
    chunks.append(
      DatasetChunk(
        dataset: schema.dataset, schemaVersion: schema.version, firstRow: chunkFirstRow,
        rowCount: rowCount - chunkFirstRow, columnCount: UInt32(columns.count),
        orderColumn: schema.orderColumnID, searchColumn: schema.searchColumnID, columns: location))
    columns = []
  }

  private func write(_ dictionary: ColumnDictionary, of column: inout ColumnEntry) throws(StoreError) {
    column.dictionaryCount = UInt32(dictionary.entries.count)
    column.holes = dictionary.holes
    column.phraseCode = dictionary.phraseCode
    for page in 0..<dictionary.pageCount {
      let raw = ByteArena(capacity: 1 << 15)
      let rows = dictionary.encodePage(page, to: raw)
      column.dictionaryPages.append(
        try write(raw.bytes, kind: .dictionaryPage, rows: rows, columnID: column.id))
    }
  }

  /// Writes the texts of subjects, if some column follows them.
  private func writeSubjectTexts(
    _ keys: [UInt128], _ makeBook: SubjectBook
  ) throws(StoreError) -> BlockLocation? {
    guard let tables = subjectTexts, followsSubjects else { return nil }
    features |= SegmentFormat.subjectTextsFeature
    var columns: [ColumnEntry] = []
    for table in tables.all where followed.contains(table.id) {
      columns.append(try write(table, keys, makeBook))
    }
    var buffer = ByteBuffer(capacity: 4096)
    buffer.append(UInt32(columns.count))
    for column in columns { column.encode(to: &buffer) }
    return try write(buffer.bytes, kind: .columnDirectory, rows: columns.count)
  }

  private func write(
    _ table: SubjectTextTable, _ keys: [UInt128], _ makeBook: SubjectBook
  ) throws(StoreError) -> ColumnEntry {
    guard let file else { throw StoreError(.closed, "the segment is finished") }
    let book = try makeBook(table.id, keys.count) { table.text(of: keys[$0]) }
    var column = ColumnEntry(id: table.id, type: .text)
    var builder = ColumnBlockBuilder(
      column: 0, columnID: column.id, kind: book.map { .phrases($0) } ?? .texts, scratch: DictionaryScratch(),
      compression: .hard)
    defer { builder.deallocate() }
    let arena = ByteArena(capacity: 1 << 16)
    for (place, key) in keys.enumerated() {
      if let text = table.text(of: key), let base = text.baseAddress {
        builder.append(text: base, count: text.count)
      } else {
        builder.appendNull(place: arena.base)
      }
      guard builder.isFull || (place + 1).isMultiple(of: SubjectTexts.blockRows) || place + 1 == keys.count
      else { continue }
      arena.truncate(to: 0)
      guard let block = builder.close(into: arena) else { continue }
      column.blocks.append(seal(block, in: arena, firstRow: block.firstRow))
      try file.write(arena.bytes, at: offset)
      offset += Int64(arena.count)
    }
    if let dictionary = book?.dictionary { try write(dictionary, of: &column) }
    return column
  }

  private func writeMaps() throws(StoreError) {
    for index in columns.indices {
      guard let map = maps[columns[index].id] else { continue }
      let raw = ByteArena(capacity: map.cost)
      map.encode(to: raw)
      columns[index].map = try write(raw.bytes, kind: .map, rows: map.count, columnID: columns[index].id)
    }
    maps = [:]
  }

  /// Makes a book of phrases for so many texts of subjects of a column, or none.
  package typealias SubjectBook = (
    UInt32, Int, (Int) -> UnsafeRawBufferPointer?
  ) throws(StoreError) -> PhraseBook?

  /// Writes directories and footer, syncs, reads everything back, and moves the file to its place.
  ///
  /// - Parameter makeBook: asked for phrases of the texts of subjects.
  package func finish(
    _ makeBook: SubjectBook = { (_, _, _) throws(StoreError) in nil }
  ) throws(StoreError) -> FinishedSegment {
    try endDataset()
    try writeBundle()
    guard let file, rowCount > 0 else { throw StoreError(.invalidArgument, "a segment needs rows") }
    let subjects = try writeSubjects()
    let subjectTexts = try writeSubjectTexts(subjects.keys, makeBook)
    var directory = ByteBuffer(capacity: 4096)
    directory.append(UInt32(chunks.count))
    for chunk in chunks { chunk.encode(to: &directory) }
    let datasets = try write(directory.bytes, kind: .datasetDirectory, rows: chunks.count)
    var fenceBytes = ByteBuffer(capacity: 4096)
    fenceBytes.append(UInt32(fences.count))
    for fence in fences { fence.encode(to: &fenceBytes) }
    let fencesLocation = try write(fenceBytes.bytes, kind: .subjectFences, rows: fences.count)
    let footer = SegmentFooter(
      rowCount: rowCount, subjectCount: UInt32(subjects.count), minimumKey: subjects.minimum,
      maximumKey: subjects.maximum,
      datasetDirectory: datasets, subjectFences: fencesLocation, textIndex: try writeIndex(),
      subjectTexts: subjectTexts)
    let footerLocation = try write(footer.encode(), kind: .footer, rows: 0)
    var trailer = ByteBuffer(capacity: SegmentFormat.trailerSize)
    trailer.append(UInt64(footerLocation.offset))
    trailer.append(UInt32(footerLocation.length))
    trailer.append(UInt32(SegmentFormat.version))
    trailer.append(footerLocation.checksum)
    trailer.append(contentsOf: SegmentFormat.endMagic)
    try file.write(trailer.bytes, at: offset)
    offset += Int64(SegmentFormat.trailerSize)
    if features != 0 {
      try file.write(SegmentHeader.bytes(store: store, segment: id, features: features), at: 0)
    }
    try file.sync()
    let finished = FinishedSegment(
      id: id, fileLength: offset, checksum: XXHash64.hash(trailer.bytes, seed: id.rawValue), footer: footer)
    try SegmentReader(finished, file: file, store: store, context: ReadingContext(cache: nil)).verifyBlocks()
    try files.rename(temporaryPath, to: folder + "/" + id.fileName)
    do throws(StoreError) {
      try files.syncDirectory(folder + "/seg")
    } catch {
      try? files.remove(folder + "/" + id.fileName)
      throw error
    }
    self.file = nil
    return finished
  }

  // MARK: Index of texts

  /// The position that the next row will have in the segment; `nil` when texts are not indexed.
  package var nextIndexedRow: UInt32? { index == nil ? nil : rowCount }

  /// Goes on indexing with a column of a dataset, every text of which will be added.
  package func beginIndex(of dataset: DatasetID, column: UInt32) { index?.begin(dataset, column: column) }

  /// Adds the text of a row to the index.
  package func addToIndex(_ text: UnsafeRawBufferPointer, key: UInt128, row: UInt32) throws(StoreError) {
    guard let index, index.add(text, key: key, row: row) else { return }
    try writeIndexPart(index)
  }

  private func writeIndexPart(_ index: TextIndexBuilder) throws(StoreError) {
    try index.writePart { (raw, kind, rows) throws(StoreError) in try write(raw, kind: kind, rows: rows) }
  }

  private func writeIndex() throws(StoreError) -> BlockLocation? {
    guard let index else { return nil }
    try writeIndexPart(index)
    guard let directory = index.finish() else { return nil }
    return try write(directory.encode(), kind: .textIndex, rows: directory.parts.count)
  }

  private func write(_ raw: [UInt8], kind: BlockKind, rows: Int) throws(StoreError) -> BlockLocation {
    let arena = ByteArena(capacity: raw.count)
    raw.withUnsafeBytes { arena.append($0) }
    return try write(arena.bytes, kind: kind, rows: rows)
  }

  private func write(
    _ raw: UnsafeRawBufferPointer, kind: BlockKind, rows: Int, columnID: UInt32 = 0
  ) throws(StoreError) -> BlockLocation {
    guard raw.count <= BlockHeader.maximumLength else {
      throw StoreError(.limit, "a directory is larger than 64 MiB")
    }
    guard let file else { throw StoreError(.closed, "the segment is finished") }
    let arena = ByteArena(capacity: raw.count + BlockHeader.size)
    BlockWriter.append(
      raw, kind: kind, rowCount: rows, columnID: columnID, compression: compression, to: arena)
    let bytes = UnsafeMutableRawBufferPointer(start: arena.base, count: arena.count)
    let checksum = BlockHeader.seal(bytes, segment: id.rawValue, offset: offset)
    try file.write(arena.bytes, at: offset)
    let location = BlockLocation(offset: offset, length: arena.count, checksum: checksum)
    offset += Int64(arena.count)
    return location
  }

  /// Merges the runs of all datasets by subject into leaves. The keys are only given where texts of subjects are written.
  private func writeSubjects() throws(StoreError) -> (
    minimum: UInt128, maximum: UInt128, count: Int, keys: [UInt128]
  ) {
    var keys: [UInt128] = []
    var cursors = runs.map { (index: 0, row: $0.firstRow) }
    var pending: [SubjectRuns] = []
    var pendingRuns = 0
    var minimum = UInt128.max
    var maximum: UInt128 = 0
    var count = 0
    var heap = SubjectHeap()
    for (index, list) in runs.enumerated() where !list.keys.isEmpty { heap.insert(list.keys[0], index) }
    while let key = heap.smallest {
      var subject = SubjectRuns(key: key, runs: [])
      // Lists of the same key come out by their number: datasets ascend.
      while heap.smallest == key, let index = heap.removeFirst() {
        let cursor = cursors[index]
        let rows = runs[index].counts[cursor.index]
        subject.runs.append(RowRun(dataset: runs[index].dataset, first: cursor.row, count: rows))
        cursors[index] = (cursor.index + 1, cursor.row + rows)
        if cursor.index + 1 < runs[index].keys.count {
          heap.insert(runs[index].keys[cursor.index + 1], index)
        }
      }
      minimum = Swift.min(minimum, key)
      maximum = key
      count += 1
      if followsSubjects { keys.append(key) }
      pendingRuns += subject.runs.count
      pending.append(subject)
      if pending.count == SubjectLeafFormat.subjects || pendingRuns >= SubjectLeafFormat.runs {
        try writeLeaf(&pending)
        pendingRuns = 0
      }
    }
    try writeLeaf(&pending)
    return (minimum, maximum, count, keys)
  }

  private func writeLeaf(_ subjects: inout [SubjectRuns]) throws(StoreError) {
    guard let first = subjects.first, let file else { return }
    let raw = ByteArena(capacity: 1 << 14)
    SubjectLeafFormat.encode(subjects[...], to: raw)
    leaves.truncate(to: 0)
    BlockWriter.append(
      raw.bytes, kind: .subjectLeaf, rowCount: subjects.count, compression: .none, to: leaves)
    let bytes = UnsafeMutableRawBufferPointer(start: leaves.base, count: leaves.count)
    let checksum = BlockHeader.seal(bytes, segment: id.rawValue, offset: offset)
    try file.write(leaves.bytes, at: offset)
    fences.append(
      SubjectFence(
        firstKey: first.key, subjects: UInt32(subjects.count),
        location: BlockLocation(offset: offset, length: leaves.count, checksum: checksum)))
    offset += Int64(leaves.count)
    subjects.removeAll(keepingCapacity: true)
  }
}
