// Owns gathering the texts of a segment for its index, and putting them in order.
// Invariants: each pair of text and key stands once in a part; memory stays below the budget, about: a full part is written and the next begun;
// a dataset with a text too long for the index is not covered, though others of its texts may be in it.
// Does not write (SegmentWriter).

/// Gathers the texts of a segment that is being written.
package final class TextIndexBuilder {
  private let form: SearchForm
  private let budgetBytes: Int
  private var texts = ByteArena(capacity: 1 << 16)
  /// Bytes that the lists of pairs take for each text, about, when a part is written.
  private static let listBytes = 26
  private var entries: [SortedTexts.Entry] = []
  /// Open addressing: one more than the place of an entry, 0 = free.
  private var slots: [UInt32]
  private var columns: [DatasetID: UInt32] = [:]
  private var parts: [TextIndexPart] = []
  private var dataset = DatasetID(rawValue: 0)
  private var lastKey: UInt128?
  private var lastText: [UInt8] = []
  private var scratch: [UInt8] = []

  /// - Parameter budgetBytes: bytes of texts and tables of a part, about.
  package init(form: SearchForm, budgetBytes: Int) {
    self.form = form
    // Places of texts and entries are 32 bits.
    self.budgetBytes = min(max(budgetBytes, 1 << 16), 1 << 31)
    slots = [UInt32](repeating: 0, count: 1024)
  }

  /// Goes on with a column of a dataset, every text of which will be added.
  package func begin(_ dataset: DatasetID, column: UInt32) {
    self.dataset = dataset
    columns[dataset] = column
    lastKey = nil
  }

  /// Adds the text of a row.
  ///
  /// - Returns: whether the part is full and is to be written.
  package func add(_ text: UnsafeRawBufferPointer, key: UInt128, row: UInt32) -> Bool {
    // The rows of a subject stand together and mostly say the same.
    if lastKey == key, lastText.count == text.count, lastText.elementsEqual(text) { return false }
    lastKey = key
    lastText.removeAll(keepingCapacity: true)
    lastText.append(contentsOf: text)
    scratch.removeAll(keepingCapacity: true)
    form.normalize(text, &scratch)
    guard !scratch.isEmpty else { return false }
    guard scratch.count <= SortedTexts.maximumTextBytes else {
      columns[dataset] = nil
      return false
    }
    scratch.withUnsafeBytes { insert($0, key, row) }
    let perEntry = MemoryLayout<SortedTexts.Entry>.stride + Self.listBytes
    return texts.count + entries.count * perEntry + slots.count * 4 > budgetBytes
  }

  private func insert(_ text: UnsafeRawBufferPointer, _ key: UInt128, _ row: UInt32) {
    if (entries.count + 1) * 2 > slots.count { growSlots() }
    var place = self.place(text, key)
    while slots[place] != 0 {
      let known = entries[Int(slots[place]) - 1]
      if known.key == key, known.count == text.count, bytes(known).elementsEqual(text) { return }
      place = (place + 1) & (slots.count - 1)
    }
    slots[place] = UInt32(entries.count + 1)
    entries.append(SortedTexts.Entry(offset: texts.count, count: text.count, row: row, key: key))
    texts.append(text)
  }

  private func bytes(_ entry: SortedTexts.Entry) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: texts.base + entry.offset, count: entry.count)
  }

  private func place(_ text: UnsafeRawBufferPointer, _ key: UInt128) -> Int {
    let hash = TextHash.combine(TextHash.hash(text), key: key)
    return Int(truncatingIfNeeded: hash) & (slots.count - 1)
  }

  private func growSlots() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for (index, entry) in entries.enumerated() {
      var place = self.place(bytes(entry), entry.key)
      while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
      slots[place] = UInt32(index + 1)
    }
  }

  // MARK: Writing

  /// Writes what was gathered as a part; nothing when nothing was.
  ///
  /// - Parameter write: writes a block from its raw bytes and its count of rows.
  package func writePart(
    _ write: (UnsafeRawBufferPointer, BlockKind, Int) throws(StoreError) -> BlockLocation
  ) throws(StoreError) {
    guard !entries.isEmpty else { return }
    let base = UnsafeRawPointer(texts.base)
    entries.sort { left, right in
      let order = SortedTexts.order(
        UnsafeRawBufferPointer(start: base + left.offset, count: left.count),
        UnsafeRawBufferPointer(start: base + right.offset, count: right.count))
      return order != 0 ? order < 0 : left.key < right.key
    }
    var blocks: [BlockLocation] = []
    var fences: [[UInt8]] = []
    let raw = ByteArena(capacity: 1 << 15)
    for first in stride(from: 0, to: entries.count, by: SortedTexts.blockTexts) {
      let slice = entries[first..<min(entries.count, first + SortedTexts.blockTexts)]
      raw.truncate(to: 0)
      SortedTexts.encode(slice, texts: base, to: raw)
      blocks.append(try write(raw.bytes, .sortedTexts, slice.count))
      fences.append(Array(bytes(entries[first])))
    }
    let bits = TextPairs.bits(forTexts: entries.count)
    let postings = PairPostings(textCount: entries.count, bits: bits) { [self] body in
      for entry in entries { body(bytes(entry)) }
    }
    defer { postings.deallocate() }
    var pages: [BlockLocation] = []
    for page in 0..<postings.pageCount {
      raw.truncate(to: 0)
      postings.encodePage(page, to: raw)
      pages.append(try write(raw.bytes, .postings, PairPostings.pageBuckets))
    }
    var lengths: [(length: Int, first: Int)] = []
    for (index, entry) in entries.enumerated() where lengths.last?.length != entry.count {
      lengths.append((entry.count, index))
    }
    parts.append(
      TextIndexPart(
        textCount: entries.count, bucketBits: bits, lengths: lengths, blocks: blocks, pages: pages,
        fences: fences))
    removeAll()
  }

  private func removeAll() {
    entries = []
    slots = [UInt32](repeating: 0, count: 1024)
    texts = ByteArena(capacity: 1 << 16)
    lastKey = nil
  }

  /// The directory of the parts written; `nil` when there is nothing to say.
  package func finish() -> TextIndex? {
    columns.isEmpty && parts.isEmpty
      ? nil : TextIndex(formVersion: form.version, columns: columns, parts: parts)
  }
}
