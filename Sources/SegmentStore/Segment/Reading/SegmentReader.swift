// Owns reading one segment: its directories, leaves and column blocks.
// Invariants: opening reads trailer and footer only, whatever the size of the segment; every block is checked against
// the checksum its parent knows; damage of one block leaves the others readable.
// Does not know commits, marks or snapshots.

import Synchronization

/// An open segment.
package final class SegmentReader: Sendable {
  package let id: SegmentID
  package let footer: SegmentFooter
  package let fileLength: Int64
  package let trailerChecksum: UInt64
  let blocks: BlockReader
  let context: ReadingContext
  /// What the header says a reader must know.
  private let features: UInt32
  /// Bytes the cache of decoded blocks may hold.
  package var cacheBudget: Int { context.cache?.budget ?? 0 }
  private static let serials = Atomic<UInt64>(0)
  /// Tells this reader from all others of the process.
  private let serial = serials.add(1, ordering: .relaxed).oldValue
  /// Asked by every look-up, and small: kept outside the cache.
  private let tree = AtomicLazyReference<SubjectTree>()
  private let directory = AtomicLazyReference<DatasetDirectory>()
  private let keys = AtomicLazyReference<SubjectKeys>()

  /// Opens a segment that the state or a commit names.
  package init(
    _ finished: FinishedSegment, file: any StoreFile, store: StoreIdentifier, context: ReadingContext
  ) throws(StoreError) {
    let name = finished.id.fileName
    id = finished.id
    fileLength = finished.fileLength
    trailerChecksum = finished.checksum
    footer = finished.footer
    blocks = BlockReader(
      file: file, name: name, segment: finished.id.rawValue, fileLength: finished.fileLength,
      counters: context.counters)
    self.context = context
    guard fileLength >= Int64(SegmentFormat.headerSize + SegmentFormat.trailerSize),
      try file.size() == fileLength
    else {
      throw StoreError.damaged("the segment has a wrong length", file: name, offset: try file.size())
    }
    let header = try file.read(count: SegmentFormat.headerSize, at: 0)
    features = try SegmentHeader.check(header, store: store, segment: finished.id, file: name)
    guard (features & SegmentFormat.subjectTextsFeature != 0) == (footer.subjectTexts != nil) else {
      throw StoreError.damaged("header and footer disagree about texts of subjects", file: name, offset: 16)
    }
    let read = try Self.readFooter(blocks, checksum: finished.checksum)
    guard read.rowCount == footer.rowCount, read.minimumKey == footer.minimumKey,
      read.maximumKey == footer.maximumKey
    else {
      throw StoreError.damaged("the footer is not the one that was committed", file: name, offset: fileLength)
    }
    context.open.opened(serial, id, bytes: fileLength)
  }

  deinit { context.open.closed(serial) }

  /// The same segment read through another cache.
  package init(_ other: SegmentReader, context: ReadingContext) {
    id = other.id
    footer = other.footer
    fileLength = other.fileLength
    trailerChecksum = other.trailerChecksum
    blocks = other.blocks
    features = other.features
    self.context = context
    context.open.opened(serial, id, bytes: fileLength)
  }

  /// A damaged segment whose footer was found in some other way; nothing but its blocks is checked.
  package init(
    salvaging id: SegmentID, footer: SegmentFooter, blocks: BlockReader, context: ReadingContext
  ) {
    self.id = id
    // The header may be what is damaged.
    features = SegmentFormat.knownIncompatibleFeatures
    self.footer = footer
    fileLength = blocks.fileLength
    trailerChecksum = 0
    self.blocks = blocks
    self.context = context
    context.open.opened(serial, id, bytes: fileLength)
  }

  /// Copies the file, reading it through the open handle, so that it need not have its name any more.
  package func copy(to path: String, files: any FileSystem) throws(StoreError) {
    let target = try files.create(path)
    var offset: Int64 = 0
    while offset < fileLength {
      let bytes = try blocks.file.read(count: Int(min(1 << 20, fileLength - offset)), at: offset)
      try target.write(bytes, at: offset)
      offset += Int64(bytes.count)
    }
    try target.sync()
  }

  /// Renders the keys of rows whose text is that of their key.
  package var keyText: KeyText { context.keyText }

  private static func readFooter(_ blocks: BlockReader, checksum: UInt64) throws(StoreError) -> SegmentFooter
  {
    let place = blocks.fileLength - Int64(SegmentFormat.trailerSize)
    let trailer = try blocks.file.read(count: SegmentFormat.trailerSize, at: place)
    guard XXHash64.hash(trailer, seed: blocks.segment) == checksum,
      Array(trailer[24...]) == SegmentFormat.endMagic
    else {
      throw StoreError.damaged(
        "the trailer is not the one that was committed", file: blocks.name, offset: place)
    }
    var reader = ByteReader(trailer, file: blocks.name, offset: place)
    let offset = try reader.read(UInt64.self)
    let length = try reader.read(UInt32.self)
    try reader.skip(4)
    guard offset <= UInt64(Int64.max) else { throw reader.damage("impossible footer offset") }
    let location = BlockLocation(offset: Int64(offset), length: Int(length), checksum: try reader.read())
    let raw = try blocks.read(location, kind: .footer).raw
    return try SegmentFooter(Array(raw.buffer), file: blocks.name, offset: location.offset)
  }

  /// Reads the footer of a segment file on its own, as recovery and tools do.
  package static func footer(
    of id: SegmentID, file: any StoreFile, length: Int64, checksum: UInt64
  ) throws(StoreError) -> SegmentFooter {
    guard length >= Int64(SegmentFormat.headerSize + SegmentFormat.trailerSize), try file.size() == length
    else {
      throw StoreError.damaged("the segment has a wrong length", file: id.fileName, offset: length)
    }
    return try readFooter(
      BlockReader(file: file, name: id.fileName, segment: id.rawValue, fileLength: length), checksum: checksum
    )
  }

  // MARK: Directories

  /// The tree over the subject leaves.
  package func subjectTree() throws(StoreError) -> SubjectTree {
    if let tree = tree.load() { return tree }
    let location = footer.subjectFences
    let raw = try blocks.read(location, kind: .subjectFences).raw
    let found = try SubjectTree(Array(raw.buffer), file: blocks.name, offset: location.offset)
    // Texts of subjects are found by the number of subjects before one.
    guard found.subjectCount == Int(footer.subjectCount) else {
      throw StoreError.damaged("the fences miss subjects", file: blocks.name, offset: location.offset)
    }
    return tree.storeIfNil(found)
  }

  /// Takes leaves that were found without their parent for those it names, if none is missing.
  ///
  /// - Parameter fences: ascending.
  func adoptFences(_ fences: [SubjectFence]) {
    let found = SubjectTree(fences)
    if !fences.isEmpty, found.subjectCount == Int(footer.subjectCount) { _ = tree.storeIfNil(found) }
  }

  /// The keys of all subjects; made when many are asked for, and kept: 16 bytes each.
  func subjectKeys() throws(StoreError) -> SubjectKeys {
    if let keys = keys.load() { return keys }
    return keys.storeIfNil(try SubjectKeys(self))
  }

  /// All dataset chunks, ascending by dataset.
  package func datasetChunks() throws(StoreError) -> [DatasetChunk] { try datasetDirectory().chunks() }

  /// All datasets with rows, ascending.
  package func datasets() throws(StoreError) -> [DatasetID] { try datasetDirectory().datasets }

  /// The chunk of one dataset, or `nil`.
  package func chunk(of dataset: DatasetID) throws(StoreError) -> DatasetChunk? {
    try datasetDirectory().chunk(of: dataset)
  }

  /// The chunk with the row at a position of the segment, or `nil`.
  func chunk(withRow position: UInt32) throws(StoreError) -> DatasetChunk? {
    try datasetDirectory().chunk(withRow: position)
  }

  private func datasetDirectory() throws(StoreError) -> DatasetDirectory {
    if let directory = directory.load() { return directory }
    let location = footer.datasetDirectory
    let raw = try blocks.read(location, kind: .datasetDirectory).raw
    return directory.storeIfNil(
      try DatasetDirectory(
        Array(raw.buffer), rowCount: footer.rowCount, file: blocks.name, offset: location.offset))
  }

  /// The columns of a dataset chunk.
  package func columns(of chunk: DatasetChunk) throws(StoreError) -> ChunkColumns {
    let part = chunk.place.map { $0 &+ 1 } ?? 0
    let found = try cached(chunk.columns, part: part, cost: { $0.cost }) { (location) throws(StoreError) in
      let columns: [ColumnEntry]
      if let place = chunk.place {
        columns = try smallChunk(chunk, place: place).columns
      } else {
        columns = try columnDirectory(chunk, location)
      }
      func damage(_ message: String) -> StoreError {
        .damaged(message, file: blocks.name, offset: location.offset)
      }
      let isSound = zip(columns, SystemColumn.always).allSatisfy {
        $0.id == $1.rawValue && $0.type == .integer
      }
      let others = columns.dropFirst(SystemColumn.always.count)
      guard others.allSatisfy({ $0.id >= 16 || $0.id == SystemColumn.superseded.rawValue }), isSound,
        Set(columns.map(\.id)).count == columns.count
      else { throw damage("impossible column directory") }
      for (place, column) in columns.enumerated() {
        guard let reference = column.reference, !column.followsSubjects else { continue }
        let other = columns[..<place].first { $0.id == reference.column }
        let isUsable =
          other?.type == column.type && other?.reference == nil
          && (column.type == .integer || other?.dictionaryCount ?? 0 > 0 && other?.phraseCode == nil)
        guard isUsable else {
          throw damage("a column is relative to one that cannot be it")
        }
      }
      return ChunkColumns(columns, rowCount: chunk.rowCount)
    }
    guard found.rowCount == chunk.rowCount else {
      throw StoreError.damaged(
        "two datasets share a directory", file: blocks.name, offset: chunk.columns.offset)
    }
    return found
  }

  /// The columns of texts of subjects, one row for each subject; `nil` where the segment has none.
  func subjectTexts() throws(StoreError) -> ChunkColumns? {
    guard let location = footer.subjectTexts else { return nil }
    // A part of its own: directories of datasets are checked otherwise.
    return try cached(location, part: .max, cost: { $0.cost }) { (location) throws(StoreError) in
      let raw = try blocks.read(location, kind: .columnDirectory).raw
      var reader = ByteReader(Array(raw.buffer), file: blocks.name, offset: location.offset)
      let count = try reader.readCount(width: ColumnEntry.minimumSize, limit: SubjectTexts.columnIDs.count)
      var columns: [ColumnEntry] = []
      for _ in 0..<count {
        let column = try ColumnEntry(&reader, rowCount: footer.subjectCount)
        guard SubjectTexts.columnIDs.contains(column.id), column.type == .text, column.reference == nil,
          columns.last.map({ $0.id < column.id }) ?? true
        else { throw reader.damage("an impossible column of texts of subjects") }
        columns.append(column)
      }
      guard count > 0, reader.remaining == 0 else {
        throw reader.damage("an impossible directory of the texts of subjects")
      }
      return ChunkColumns(columns, rowCount: footer.subjectCount)
    }
  }

  /// The columns of a chunk where they are at hand.
  func knownColumns(of chunk: DatasetChunk) -> ChunkColumns? {
    let part = chunk.place.map { $0 &+ 1 } ?? 0
    return context.cache?.object(
      BlockCache.Key(reader: serial, offset: chunk.columns.offset, part: part), as: ChunkColumns.self)
  }

  /// Reads a column directory.
  ///
  /// - Parameter limit: columns that are wanted, the first ones; the others are not read.
  func columnDirectory(
    _ chunk: DatasetChunk, _ location: BlockLocation, limit: Int = .max
  ) throws(StoreError) -> [ColumnEntry] {
    let raw = try blocks.read(location, kind: .columnDirectory).raw
    var reader = ByteReader(Array(raw.buffer), file: blocks.name, offset: location.offset)
    let count = try reader.readCount(
      width: ColumnEntry.minimumSize, limit: DatasetSchema.maximumColumns + SystemColumn.always.count + 1)
    guard count == Int(chunk.columnCount), count >= SystemColumn.always.count else {
      throw reader.damage("a wrong number of columns")
    }
    var columns: [ColumnEntry] = []
    for _ in 0..<min(count, limit) { columns.append(try ColumnEntry(&reader, rowCount: chunk.rowCount)) }
    guard reader.remaining == 0 || limit < count else { throw reader.damage("impossible column directory") }
    return columns
  }

  /// The raw bytes of a bundle.
  package func bundle(_ location: BlockLocation) throws(StoreError) -> BlockBytes {
    try cached(location, cost: { $0.count + 64 }) { (location) throws(StoreError) in
      try blocks.read(location, kind: .bundle).raw
    }
  }

  /// A small chunk, put into columns in memory.
  package func smallChunk(_ chunk: DatasetChunk, place: UInt32) throws(StoreError) -> SmallChunk.Decoded {
    let bundle = try bundle(chunk.columns)
    defer { withExtendedLifetime(bundle) {} }
    return try SmallChunk.decode(
      bundle.buffer, at: Int(place), rowCount: Int(chunk.rowCount), columnCount: Int(chunk.columnCount)
    ) {
      StoreError.damaged($0, file: blocks.name, offset: chunk.columns.offset)
    }
  }

  /// A leaf of the subject directory.
  package func leaf(_ fence: SubjectFence) throws(StoreError) -> SubjectLeaf {
    try cached(fence.location, cost: { $0.cost }) { (location) throws(StoreError) in
      let raw = try blocks.read(location, kind: .subjectLeaf).raw
      let leaf = try SubjectLeaf(raw, rowLimit: footer.rowCount, file: blocks.name, offset: location.offset)
      guard leaf.subjectCount == Int(fence.subjects), leaf.key(0) == fence.firstKey else {
        throw StoreError.damaged(
          "a leaf is not the one its parent names", file: blocks.name, offset: location.offset)
      }
      return leaf
    }
  }

  /// One block of a column.
  package func block(_ entry: ColumnBlockEntry, of column: ColumnEntry) throws(StoreError) -> DecodedBlock {
    if let block = column.inMemory { return block }
    let block = try cached(entry.location, cost: { $0.cost }) { (location) throws(StoreError) in
      let (header, raw) = try blocks.read(location, kind: .column)
      let block = try DecodedBlock(header, raw, file: blocks.name, offset: location.offset)
      return block
    }
    // Also for blocks from the cache: two entries of a damaged directory may name one block.
    guard block.columnID == column.id, block.rowCount == Int(entry.rowCount),
      block.isText == (column.type == .text), (block.form == .phrases) == (column.phraseCode != nil),
      (block.form == .mapped) == (column.map != nil), (block.form == .coded) == column.isCoded,
      (block.form == .subject) == column.followsSubjects,
      // What older readers do not know must have been announced, and the text of a key is no text of a subject: it takes no room anyway.
      !block.isMultiples || features & SegmentFormat.multiplesFeature != 0,
      block.form != .key || !SubjectTexts.columnIDs.contains(column.id)
    else {
      throw StoreError.damaged(
        "a block is not the one its parent names", file: blocks.name, offset: entry.location.offset)
    }
    guard block.fits(dictionaryCount: Int(column.dictionaryCount), holes: column.holes) else {
      throw StoreError.damaged(
        "a code is not in the dictionary of its column", file: blocks.name, offset: entry.location.offset)
    }
    return block
  }

  /// The map of a mapped column, from the codes of the column it follows.
  package func map(of column: ColumnEntry, from other: ColumnEntry) throws(StoreError) -> CodeMap {
    guard let location = column.map else {
      throw StoreError.damaged("a mapped column has no map", file: blocks.name, offset: fileLength)
    }
    let count = Int(other.dictionaryCount)
    let map = try cached(location, cost: { $0.cost }) { (location) throws(StoreError) in
      let (header, raw) = try blocks.read(location, kind: .map)
      guard header.columnID == column.id, Int(header.rowCount) == count else {
        throw StoreError.damaged(
          "a map is not the one its parent names", file: blocks.name, offset: location.offset)
      }
      return try CodeMap(
        raw, count: count, codes: Int(column.dictionaryCount), file: blocks.name, offset: location.offset)
    }
    guard map.count == count, map.codeLimit == Int(column.dictionaryCount) else {
      throw StoreError.damaged(
        "a map is not the one its parent names", file: blocks.name, offset: location.offset)
    }
    return map
  }

  /// A page of a column's dictionary.
  package func dictionaryPage(_ page: Int, of column: ColumnEntry) throws(StoreError) -> DictionaryPage {
    guard page < column.dictionaryPages.count else {
      throw StoreError.damaged("a dictionary misses a page", file: blocks.name, offset: fileLength)
    }
    let location = column.dictionaryPages[page]
    let found = try cached(location, cost: { $0.cost }) { (location) throws(StoreError) in
      let (header, raw) = try blocks.read(location, kind: .dictionaryPage)
      return try DictionaryPage(header, raw, file: blocks.name, offset: location.offset)
    }
    let first = page * ColumnDictionary.pageEntries
    guard found.columnID == column.id,
      found.count == min(ColumnDictionary.pageEntries, Int(column.dictionaryCount) - first),
      found.largestHoles <= column.holes
    else {
      throw StoreError.damaged(
        "a dictionary page is not the one its parent names", file: blocks.name, offset: location.offset)
    }
    return found
  }

  func cached<T: AnyObject & Sendable>(
    _ location: BlockLocation, part: UInt32 = 0, cost: (T) -> Int,
    _ load: (BlockLocation) throws(StoreError) -> T
  ) throws(StoreError) -> T {
    let key = BlockCache.Key(reader: serial, offset: location.offset, part: part)
    if let found = context.cache?.object(key, as: T.self) { return found }
    let loaded = try load(location)
    context.cache?.insert(loaded, cost: cost(loaded), for: key)
    return loaded
  }

  // MARK: Look-up

  /// The runs of a subject, or an empty slice.
  package func runs(of key: UInt128) throws(StoreError) -> ArraySlice<RowRun> {
    let isInRange = key >= footer.minimumKey && key <= footer.maximumKey
    context.counters.countLookup(isInRange: isInRange)
    guard isInRange else { return [] }
    let tree = try subjectTree()
    guard let index = tree.leafIndex(of: key) else { return [] }
    let leaf = try leaf(tree.fences[index])
    let position = leaf.lowerBound(key)
    return position < leaf.subjectCount && leaf.key(position) == key ? leaf.runs(position) : []
  }
}

/// The columns of a dataset chunk, system columns first.
package final class ChunkColumns: Sendable {
  package let entries: [ColumnEntry]
  /// The same, to be held by many cursors.
  private let stored: [StoredColumn]
  /// Rows each column covers.
  package let rowCount: UInt32
  private let positions: [UInt32: Int]
  /// Columns of which it was found out whether all their texts are those of the rows' keys.
  private let keyTexts = Guarded<[UInt32: Bool]>([:])

  init(_ entries: [ColumnEntry], rowCount: UInt32) {
    self.entries = entries
    stored = entries.map(StoredColumn.init)
    self.rowCount = rowCount
    positions = Dictionary(entries.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package var cost: Int {
    entries.reduce(200) {
      $0 + 100 + $1.blocks.count * 56 + $1.dictionaryPages.count * 24 + ($1.inMemory?.cost ?? 0)
    }
  }

  /// Whether all texts of a column are those of the rows' keys; blocks are asked once.
  package func isKeyText(
    _ id: UInt32, form: (ColumnBlockEntry, ColumnEntry) throws(StoreError) -> DecodedBlock.TextForm
  )
    throws(StoreError) -> Bool
  {
    guard let entry = column(id), entry.type == .text, entry.dictionaryCount == 0 else { return false }
    if let known = keyTexts.withLock({ $0[id] }) { return known }
    var isKeyText = true
    for block in entry.blocks where try form(block, entry) != .key {
      isKeyText = false
      break
    }
    keyTexts.withLock { $0[id] = isKeyText }
    return isKeyText
  }

  /// The column with an id, if this chunk has it.
  package func column(_ id: UInt32) -> ColumnEntry? { positions[id].map { entries[$0] } }

  /// The same, to be held by a cursor.
  ///
  /// - Parameter place: where it is likely to stand.
  func storedColumn(_ id: UInt32, type: ColumnType, near place: Int = 0) -> StoredColumn? {
    if place < stored.count, stored[place].entry.id == id {
      return stored[place].entry.type == type ? stored[place] : nil
    }
    return positions[id].flatMap { stored[$0].entry.type == type ? stored[$0] : nil }
  }
}

/// A column's entry behind one reference: cursors are made for every look-up, and an entry has many parts to copy.
final class StoredColumn: Sendable {
  let entry: ColumnEntry
  init(_ entry: ColumnEntry) { self.entry = entry }
}
