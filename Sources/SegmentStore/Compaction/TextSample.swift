// Owns the choice of how a column of texts is stored in the output of a merge: as words, as phrases or as they are.
// Invariants: decided on a sample, so only sizes and times depend on it, never values; the sample's memory is bounded.
// Does not encode.

/// Texts of a column, spread evenly over its rows; those of the row before are left out, as blocks leave them out.
package struct TextSample {
  /// Rows looked at together: blocks are read whole anyway.
  private static let runRows = 64
  /// Below this a dictionary of phrases does not pay.
  private static let leastBytes = 64 << 10
  /// A quarter of the column says enough, but no less than this where there is memory: training takes a hundred times as long as copying. With an eighth, and 128 KiB, a
  /// city's store was a fortieth larger and took no less time: phrases that a sample does not have are spelled letter by letter.
  private static let share = 4
  private static let leastSample = 512 << 10
  /// Words of so many bits a row are kept without looking further: they can be searched and grouped by code.
  private static let cheapWordBits = 20.0
  /// Bytes compressed together for comparison.
  private static let pieceBytes = 32 << 10
  /// Bytes of one text that are looked at.
  private static let textBytes = 16 << 10

  private let memory = StableArena()
  private var texts: [UnsafeRawBufferPointer] = []
  /// Rows looked at, nulls too.
  private var rowsSeen = 0
  /// Rows looked at that have a text.
  private var textedRows = 0
  private var bytes = 0
  /// Bytes of the same texts, also what was cut off.
  private var wholeBytes = 0
  private let rowCount: Int

  /// - Parameters:
  ///   - text: the text of a row of the output, valid until the next call.
  ///   - byteLimit: bytes of the sample at most, roughly.
  package init(
    rowCount: Int, byteLimit: Int, _ text: (Int) throws(StoreError) -> UnsafeRawBufferPointer?
  ) throws(StoreError) {
    self.rowCount = rowCount
    let runs = (rowCount + Self.runRows - 1) / Self.runRows
    // First a few runs, to learn how long texts are; then as many as fit.
    let taken = try take(every: max(1, runs / 64), of: runs, byteLimit, text)
    let mean = max(1, bytes / max(1, taken))
    (texts, rowsSeen, textedRows, bytes, wholeBytes) = ([], 0, 0, 0, 0)
    memory.removeAll()
    let limit = min(byteLimit, max(Self.leastSample, runs * mean / Self.share))
    _ = try take(every: max(1, runs * mean / limit), of: runs, limit, text)
  }

  /// Looks at some of the runs of rows; returns how many.
  private mutating func take(
    every step: Int, of runs: Int, _ byteLimit: Int,
    _ text: (Int) throws(StoreError) -> UnsafeRawBufferPointer?
  ) throws(StoreError) -> Int {
    var taken = 0
    for run in stride(from: 0, to: runs, by: step) where bytes <= byteLimit * 2 {
      taken += 1
      for row in run * Self.runRows..<min(rowCount, (run + 1) * Self.runRows) where bytes <= byteLimit * 2 {
        rowsSeen += 1
        guard let found = try text(row) else { continue }
        textedRows += 1
        let part = UnsafeRawBufferPointer(rebasing: found.prefix(Self.textBytes))
        if let last = texts.last, ByteSearch.areSame(last, part) { continue }
        texts.append(UnsafeRawBufferPointer(start: memory.copy(part), count: part.count))
        bytes += part.count
        wholeBytes += found.count
      }
    }
    return taken
  }

  /// A book of phrases, if it makes the column clearly smaller than its words or its texts as they are.
  ///
  /// - Parameters:
  ///   - words: bits a text takes as a word of a dictionary, and bits of the dictionary itself; `nil` without one.
  ///   - memo: what the outputs before know of the column, and what those behind shall know.
  package func book(
    words: (text: Double, dictionary: Double)?, memo: PhraseMemo? = nil, column: PhraseMemo.Column
  ) -> PhraseBook? {
    guard !texts.isEmpty,
      Double(wholeBytes) * Double(rowCount) / Double(max(1, rowsSeen)) >= Double(Self.leastBytes)
    else { return nil }
    // Texts that are stored: all but those of the row before.
    let stored = Double(texts.count) * Double(rowCount) / Double(rowsSeen)
    let wordBits = words.map { ($0.text * stored + $0.dictionary) / Double(rowCount) }
    if let wordBits, wordBits <= Self.cheapWordBits { return nil }
    let hasWords = words != nil
    if case .noPhrases(let rows, let hadWords)? = memo?.finding(of: column), hadWords == hasWords,
      rowCount <= rows * 2
    {
      return nil
    }
    guard let book = book(storedRows: Int(stored), memo, column) else { return nil }
    let stream = book.estimatedBits * Double(wholeBytes) / Double(max(1, bytes))
    let phrased = (stream + Double(book.estimatedDictionaryBytes) * 8) / Double(rowCount)
    guard phrased < (wordBits.map { $0 * 0.75 } ?? plainBits * 0.9) else {
      memo?.keep(.noPhrases(rows: rowCount, hasWords: hasWords), of: column)
      return nil
    }
    return book
  }

  private func book(storedRows: Int, _ memo: PhraseMemo?, _ column: PhraseMemo.Column) -> PhraseBook? {
    if case .phrases(let learned)? = memo?.finding(of: column),
      let book = PhraseBook(sample: texts, rowCount: storedRows, learned: learned)
    {
      return book
    }
    let book = PhraseBook(sample: texts, rowCount: storedRows)
    if let memo, let book { memo.keep(.phrases(book.learned(from: texts)), of: column) }
    return book
  }

  /// Bits a row takes as compressed blocks of texts.
  private var plainBits: Double {
    let piece = ByteArena(capacity: Self.pieceBytes * 2)
    var compressed = 0
    var seen = 0
    // A few pieces tell enough.
    for text in texts where seen < 16 * Self.pieceBytes {
      piece.append(text)
      if piece.count >= Self.pieceBytes {
        compressed += Self.compressedSize(piece.bytes)
        seen += piece.count
        piece.truncate(to: 0)
      }
    }
    if seen == 0 {
      compressed = Self.compressedSize(piece.bytes)
      seen = piece.count
    }
    let lengths = 9.0 * Double(texts.count)
    return (Double(wholeBytes) * Double(compressed) / Double(max(1, seen)) * 8 + lengths)
      / Double(max(1, rowsSeen))
  }

  private static func compressedSize(_ bytes: UnsafeRawBufferPointer) -> Int {
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    defer { target.deallocate() }
    return LZ4.compressHard(bytes, into: target) ?? bytes.count
  }
}
