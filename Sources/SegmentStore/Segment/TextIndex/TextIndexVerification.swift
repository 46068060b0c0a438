// Owns checking an index of texts: that it is what would be made of its texts, and that it has every text of the columns it covers.
// Invariants: lists are compared with lists made anew; texts with those of the rows, none of which may be missing.
// Does not repair: a merge makes an index anew.

extension SegmentReader {
  /// All blocks of the index, its directory first.
  package func textIndexBlocks() throws(StoreError) -> [BlockLocation] {
    guard let location = footer.textIndex, let index = try textIndex() else { return [] }
    return [location] + index.parts.flatMap { $0.blocks + $0.pages }
  }

  /// Reads every block of the index; checks the order of texts, and that each pair of characters is listed where it stands.
  func verifyTextIndex() throws(StoreError) {
    guard let index = try textIndex() else { return }
    for part in index.parts {
      try verifyOrder(of: part)
      var fault: StoreError?
      let postings = PairPostings(textCount: part.textCount, bits: part.bucketBits) { [self] body in
        do throws(StoreError) {
          if fault == nil { try forEachText(of: part) { text, _ in body(text) } }
        } catch { fault = error }
      }
      defer { postings.deallocate() }
      if let fault { throw fault }
      let raw = ByteArena(capacity: 1 << 15)
      for number in 0..<postings.pageCount {
        raw.truncate(to: 0)
        postings.encodePage(number, to: raw)
        guard try self.postings(number, of: part).holds(raw.bytes) else {
          throw StoreError.damaged(
            "an index of texts does not list its texts rightly", file: id.fileName,
            offset: part.pages[number].offset)
        }
      }
    }
  }

  /// One fault for each block of the index that cannot be read.
  func textIndexFaults(_ attempt: @escaping (() throws(StoreError) -> Void) -> Void) {
    attempt { () throws(StoreError) in
      guard let index = try textIndex() else { return }
      for part in index.parts {
        for number in part.blocks.indices {
          attempt { () throws(StoreError) in _ = try sortedTexts(number, of: part) }
        }
        for number in part.pages.indices {
          attempt { () throws(StoreError) in _ = try postings(number, of: part) }
        }
      }
    }
  }

  private func verifyOrder(of part: TextIndexPart) throws(StoreError) {
    func damage() -> StoreError {
      .damaged("the texts of an index are out of order", file: id.fileName, offset: part.blocks[0].offset)
    }
    var previous: [UInt8] = []
    var lengths: [(length: Int, first: Int)] = []
    var isSound = true
    var number = 0
    try forEachText(of: part) { text, _ in
      if text.count != previous.count {
        if text.count < previous.count { isSound = false }
        lengths.append((text.count, number))
      } else if previous.withUnsafeBytes({ ByteSearch.order($0, text) }) > 0 {
        isSound = false
      }
      previous.removeAll(keepingCapacity: true)
      previous.append(contentsOf: text)
      number += 1
    }
    guard isSound, number == part.textCount, lengths.elementsEqual(part.lengths, by: ==) else {
      throw damage()
    }
  }

  private func forEachText(
    of part: TextIndexPart, _ body: (UnsafeRawBufferPointer, UInt32) -> Void
  ) throws(StoreError) {
    let texts = GroupOfTexts()
    for number in part.blocks.indices {
      let block = try sortedTexts(number, of: part)
      for group in 0..<block.groupCount {
        block.read(group: group, into: texts)
        for place in 0..<texts.count {
          body(texts.text(place), block.row(group * SortedTexts.groupTexts + place))
        }
      }
    }
  }

  // MARK: Rows

  /// Compares the index with the rows: each of its texts is that of its row, and no text of a covered column is missing. Nothing is compared
  /// when the index has another form. Texts are compared by hashes of 64 bits: this looks for mistakes, not for forgeries.
  func verifyIndexedTexts(_ form: SearchForm) throws(StoreError) {
    guard let index = try textIndex(), index.formVersion == form.version else { return }
    func damage(_ message: String) -> StoreError {
      .damaged(message, file: id.fileName, offset: footer.textIndex?.offset ?? 0)
    }
    var named: [(row: UInt32, hash: UInt64)] = []
    for part in index.parts {
      try forEachText(of: part) { text, row in named.append((row, TextHash.hash(text))) }
    }
    named.sort { $0.row < $1.row }
    // Hashes of a text with its key: those the index has, and then every row's must be among them.
    var known: [UInt64] = []
    var isSound = true
    var met = 0
    try forEachIndexedText(index, form) { _, row, key, hash in
      let first = named.partitioningIndex { $0.row >= row }
      for place in first..<named.count {
        guard named[place].row == row else { break }
        met += 1
        if named[place].hash != hash { isSound = false }
        known.append(TextHash.combine(hash, key: key))
      }
    }
    guard isSound, met == named.count else { throw damage("an index has texts its rows do not have") }
    known.sort()
    try forEachIndexedText(index, form) { isCovered, _, key, hash in
      guard isCovered else { return }
      let wanted = TextHash.combine(hash, key: key)
      let place = known.partitioningIndex { $0 >= wanted }
      if place == known.count || known[place] != wanted { isSound = false }
    }
    guard isSound else { throw damage("an index misses texts of its rows") }
  }

  /// Visits every text of a search column: whether the index covers it, the position and the key of its row and the hash of its form.
  private func forEachIndexedText(
    _ index: TextIndex, _ form: SearchForm, _ body: (Bool, UInt32, UInt128, UInt64) -> Void
  ) throws(StoreError) {
    var cursors: [DatasetID: (chunk: DatasetChunk, cursor: ColumnCursor)] = [:]
    // All datasets of a subject ask for its text one after the other.
    var texts: [UInt32: SubjectTextCursor] = [:]
    for column in try subjectTexts()?.entries ?? [] {
      texts[column.id] = try SubjectTextCursor(self, column: column.id)
    }
    for chunk in try datasetChunks() {
      // A column with a text too long is not covered, but its other texts may be in the index.
      let column = index.columns[chunk.dataset] ?? chunk.searchColumn
      guard column != 0 else { continue }
      let columns = try columns(of: chunk)
      let followed = columns.column(column)?.reference?.column
      cursors[chunk.dataset] = (
        chunk,
        ColumnCursor(self, columns, id: column, type: .text, subjects: followed.flatMap { texts[$0] })
      )
    }
    var scratch: [UInt8] = []
    for fence in try subjectTree().fences {
      let leaf = try leaf(fence)
      for subject in 0..<leaf.subjectCount {
        for run in leaf.runs(subject) {
          guard let chunk = cursors[run.dataset]?.chunk, let rows = chunk.rows(of: run) else { continue }
          for row in rows {
            guard let text = try cursors[run.dataset]?.cursor.text(row, key: leaf.key(subject)) else {
              continue
            }
            scratch.removeAll(keepingCapacity: true)
            form.normalize(text, &scratch)
            guard !scratch.isEmpty else { continue }
            body(
              index.columns[run.dataset] != nil, chunk.firstRow + UInt32(row), leaf.key(subject),
              scratch.withUnsafeBytes { TextHash.hash($0) })
          }
        }
      }
    }
  }
}
