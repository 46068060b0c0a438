// Owns checking a whole segment: every block, and what its structures say of each other.
// Invariants: nothing is taken from the cache of others when the reader has none; the first fault is thrown, or all are listed.
// Does not know commits or marks.

extension SegmentReader {
  /// Reads every block once and checks structure: used before a segment is named and by `verify`.
  ///
  /// - Parameter comparesBounds: also compare the smallest and largest value of each block with its directory.
  /// - Returns: rows seen.
  @discardableResult
  package func verifyBlocks(comparesBounds: Bool = false) throws(StoreError) -> Int {
    var rows = 0
    var nextRow: [DatasetID: UInt32] = [:]
    var followers = try SubjectTextFollowers(self)
    for chunk in try datasetChunks() {
      nextRow[chunk.dataset] = chunk.firstRow
      let columns = try columns(of: chunk)
      try followers.add(chunk, columns, of: self)
      for column in columns.entries {
        try verifyDictionary(of: column)
        for entry in column.blocks {
          let block = try soundBlock(entry, of: column)
          guard comparesBounds, [.none, .coded, .mapped].contains(block.form) else { continue }
          guard try bounds(of: block, entry, column, columns) == (entry.minimum, entry.maximum) else {
            throw StoreError.damaged(
              "a directory has wrong bounds", file: blocks.name, offset: entry.location.offset)
          }
        }
      }
      rows += Int(chunk.rowCount)
    }
    try verifyBundles()
    try verifyTextIndex()
    for column in try subjectTexts()?.entries ?? [] {
      try verifyDictionary(of: column)
      for entry in column.blocks { _ = try soundBlock(entry, of: column) }
    }
    var previous: UInt128?
    var covered = 0
    for fence in try subjectTree().fences {
      let leaf = try leaf(fence)
      for index in 0..<leaf.subjectCount {
        let key = leaf.key(index)
        if let previous, previous >= key {
          throw StoreError.damaged("subjects do not ascend", file: blocks.name, offset: fence.location.offset)
        }
        previous = key
        for run in leaf.runs(index) {
          guard nextRow[run.dataset] == run.first else {
            throw StoreError.damaged(
              "the runs of a dataset do not join", file: blocks.name, offset: fence.location.offset)
          }
          nextRow[run.dataset] = run.first + run.count
          covered += Int(run.count)
        }
        try followers.check(leaf.runs(index), of: key)
      }
    }
    guard covered == rows, rows == Int(footer.rowCount) else {
      throw StoreError.damaged("the subject directory does not cover all rows", file: blocks.name, offset: 0)
    }
    return rows
  }

  private func soundBlock(
    _ entry: ColumnBlockEntry, of column: ColumnEntry
  ) throws(StoreError) -> DecodedBlock {
    let block = try block(entry, of: column)
    if let code = column.phraseCode, !PhraseEncoding.isSound(block, code) {
      throw StoreError.damaged(
        "the phrases of a block do not add up", file: blocks.name, offset: entry.location.offset)
    }
    return block
  }

  /// Smallest and largest value of a block: of codes and plain integers as they are stored, of a relative column put together.
  private func bounds(
    of block: DecodedBlock, _ entry: ColumnBlockEntry, _ column: ColumnEntry, _ columns: ChunkColumns
  ) throws(StoreError) -> (minimum: Int64, maximum: Int64) {
    guard column.reference != nil else { return block.bounds }
    var cursor = ColumnCursor(self, columns, id: column.id, type: column.type)
    var bounds: (minimum: Int64, maximum: Int64)?
    for row in Int(entry.firstRow)..<Int(entry.firstRow) + Int(entry.rowCount) {
      let found = column.type == .text ? try cursor.code(row).map(Int64.init) : try cursor.integer(row)
      guard let value = found else { continue }
      bounds = (min(bounds?.minimum ?? value, value), max(bounds?.maximum ?? value, value))
    }
    return bounds ?? (0, 0)
  }

  /// The entries of a dictionary ascend strictly and none has more holes than the column; phrases ascend within a length of code, and the
  /// one without bytes is the one that ends texts.
  private func verifyDictionary(of column: ColumnEntry) throws(StoreError) {
    if let code = column.phraseCode { return try verifyPhrases(of: column, code) }
    var previous: (bytes: [UInt8], holes: Int)?
    for index in column.dictionaryPages.indices {
      let page = try dictionaryPage(index, of: column)
      for entry in 0..<page.count {
        let current = (bytes: Array(page.text(entry)), holes: page.holes(entry))
        let ascends =
          previous.map {
            $0.bytes == current.bytes
              ? $0.holes < current.holes : $0.bytes.lexicographicallyPrecedes(current.bytes)
          } ?? true
        guard ascends, current.holes <= column.holes else {
          throw StoreError.damaged(
            "a dictionary is out of order", file: blocks.name, offset: column.dictionaryPages[index].offset)
        }
        previous = current
      }
    }
  }

  /// Faults of the segment, one for each block that cannot be read, instead of stopping at the first.
  package func faults() -> [StoreError] {
    var faults: [StoreError] = []
    func attempt(_ body: () throws(StoreError) -> Void) {
      do throws(StoreError) { try body() } catch { faults.append(error) }
    }
    attempt { () throws(StoreError) in
      for chunk in try datasetChunks() {
        attempt { () throws(StoreError) in
          for column in try columns(of: chunk).entries {
            for page in column.dictionaryPages.indices {
              attempt { () throws(StoreError) in _ = try dictionaryPage(page, of: column) }
            }
            if let map = column.map {
              attempt { () throws(StoreError) in _ = try blocks.header(map, kind: .map) }
            }
            for entry in column.blocks {
              attempt { () throws(StoreError) in _ = try block(entry, of: column) }
              // A damaged dictionary or map hides the blocks read through it: whether they are sound is told all the same.
              if chunk.place == nil, let last = faults.last, last.offset != entry.location.offset {
                attempt { () throws(StoreError) in _ = try blocks.header(entry.location, kind: .column) }
              }
            }
          }
        }
      }
    }
    attempt { () throws(StoreError) in
      for fence in try subjectTree().fences { attempt { () throws(StoreError) in _ = try leaf(fence) } }
    }
    textIndexFaults(attempt)
    attempt { () throws(StoreError) in
      for column in try subjectTexts()?.entries ?? [] {
        for page in column.dictionaryPages.indices {
          attempt { () throws(StoreError) in _ = try dictionaryPage(page, of: column) }
        }
        for entry in column.blocks { attempt { () throws(StoreError) in _ = try block(entry, of: column) } }
      }
    }
    if faults.isEmpty { attempt { () throws(StoreError) in try verifyBlocks(comparesBounds: true) } }
    if faults.isEmpty, let form = context.searchForm {
      attempt { () throws(StoreError) in try verifyIndexedTexts(form) }
    }
    // The chunks of a bundle all say the same of it.
    var seen: Set<Int64> = []
    return faults.filter { fault in fault.offset.map { seen.insert($0).inserted } ?? true }
  }

  /// The chunks of a bundle follow each other without gaps and fill it.
  private func verifyBundles() throws(StoreError) {
    var ends: [BlockLocation: Int] = [:]
    func damage(_ location: BlockLocation) -> StoreError {
      .damaged("the chunks of a bundle do not join", file: blocks.name, offset: location.offset)
    }
    for chunk in try datasetChunks() {
      guard let place = chunk.place else { continue }
      guard ends[chunk.columns, default: 0] == Int(place) else { throw damage(chunk.columns) }
      ends[chunk.columns] = try smallChunk(chunk, place: place).end
    }
    for (location, end) in ends where try bundle(location).count != end { throw damage(location) }
  }
}

/// The columns of a segment whose texts are those of their subjects.
private struct SubjectTextFollowers {
  private var texts: [UInt32: SubjectTextCursor] = [:]
  private var cursors: [DatasetID: (chunk: DatasetChunk, columns: [Follower])] = [:]

  private struct Follower {
    /// The column of texts of subjects.
    var followed: UInt32
    var cursor: ColumnCursor
  }

  init(_ segment: SegmentReader) throws(StoreError) {
    for column in try segment.subjectTexts()?.entries ?? [] {
      texts[column.id] = try SubjectTextCursor(segment, column: column.id)
    }
  }

  /// Takes the columns of a chunk that follow texts.
  mutating func add(
    _ chunk: DatasetChunk, _ columns: ChunkColumns, of segment: SegmentReader
  ) throws(StoreError) {
    let followers = columns.entries.filter(\.followsSubjects)
    if followers.isEmpty { return }
    guard followers.allSatisfy({ texts[$0.reference?.column ?? 0] != nil }) else {
      throw StoreError.damaged(
        "a column follows texts of subjects that are not there", file: segment.blocks.name,
        offset: chunk.columns.offset)
    }
    cursors[chunk.dataset] = (
      chunk,
      followers.map {
        Follower(
          followed: $0.reference?.column ?? 0,
          cursor: ColumnCursor(segment, columns, id: $0.id, type: .text))
      }
    )
  }

  /// A subject without a text has rows only that have none, or one of their own.
  mutating func check(_ runs: ArraySlice<RowRun>, of key: UInt128) throws(StoreError) {
    var missing: Set<UInt32> = []
    for (id, text) in texts where try !text.hasText(key) { missing.insert(id) }
    // Nearly always there is nothing to look at.
    guard !missing.isEmpty else { return }
    for run in runs {
      guard let chunk = cursors[run.dataset]?.chunk, let rows = chunk.rows(of: run) else { continue }
      for (index, column) in (cursors[run.dataset]?.columns ?? []).enumerated()
      where missing.contains(column.followed) {
        for row in rows { _ = try cursors[run.dataset]?.columns[index].cursor.text(row, key: key) }
      }
    }
  }
}

extension SegmentReader {
  private func verifyPhrases(of column: ColumnEntry, _ code: PhraseCode) throws(StoreError) {
    // The first entry of each length begins anew.
    var starts: Set<Int> = []
    var next = 0
    for count in code.counts {
      starts.insert(next)
      next += Int(count)
    }
    var previous: [UInt8] = []
    var number = 0
    for index in column.dictionaryPages.indices {
      let page = try dictionaryPage(index, of: column)
      for entry in 0..<page.count {
        let bytes = Array(page.text(entry))
        let ascends = starts.contains(number) || previous.lexicographicallyPrecedes(bytes)
        guard ascends, bytes.isEmpty == (number == code.end), page.holes(entry) == 0 else {
          throw StoreError.damaged(
            "a dictionary of phrases is out of order", file: blocks.name,
            offset: column.dictionaryPages[index].offset)
        }
        previous = bytes
        number += 1
      }
    }
  }
}
