// Owns the dictionary of a column of a dataset chunk, in pages of blocks: its distinct texts or templates, or the phrases of its texts.
// Invariants: texts and templates ascend strictly by (bytes, holes), so that codes compare as plain texts do; phrases ascend within one length
// of code; a page holds 512 entries, the last one fewer; a template's holes are counted from its bytes when a page is read.
//
// page: 0 u8 flags (bit 0: templates)  1 u8 length width  2 u16 0  4 u32 length base  8 u32 data bytes  12 u32 0
//       16 [packed lengths] [with templates: u8 holes each, padded to 8] [data]

/// The dictionary of a column while a chunk is written.
package struct ColumnDictionary {
  /// Entries of one page; a code's page is `code / 512`.
  package static let pageEntries = 512
  /// Entries of one dictionary at most.
  package static let maximumEntries = 1 << 22

  package var entries: [TextPool.Entry]
  /// Most holes of an entry: so many numbers each row of the column has.
  package var holes: Int
  /// The codes of phrases; `nil` when entries are whole texts.
  package var phraseCode: PhraseCode?

  package init(entries: [TextPool.Entry]) {
    self.entries = entries
    holes = entries.reduce(0) { max($0, Int($1.holes)) }
  }

  /// A dictionary of phrases, in the order of their codes.
  package init(phrases: [TextPool.Entry], code: PhraseCode?) {
    entries = phrases
    holes = 0
    phraseCode = code
  }

  package var pageCount: Int { (entries.count + Self.pageEntries - 1) / Self.pageEntries }

  /// Appends the raw bytes of a page; returns its entries.
  package func encodePage(_ page: Int, to arena: ByteArena) -> Int {
    let first = page * Self.pageEntries
    let slice = entries[first..<min(entries.count, first + Self.pageEntries)]
    var shortest = Int.max
    var longest = 0
    var total = 0
    for entry in slice {
      shortest = min(shortest, Int(entry.count))
      longest = max(longest, Int(entry.count))
      total += Int(entry.count)
    }
    let width = BitPacking.width(of: UInt64(longest - shortest))
    let start = arena.appendZeros(16)
    arena.store(UInt8(holes > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(UInt32(shortest), at: start + 4)
    arena.store(UInt32(total), at: start + 8)
    BitPacking.append(count: slice.count, width: width, to: arena) {
      UInt64(Int(slice[slice.startIndex + $0].count) - shortest)
    }
    if holes > 0 {
      let place = arena.appendZeros((slice.count + 7) & ~7)
      for (index, entry) in slice.enumerated() { arena.store(UInt8(entry.holes), at: place + index) }
    }
    for entry in slice { arena.append(entry.bytes) }
    return slice.count
  }
}

/// A page of a column's dictionary, checked and ready to read.
package final class DictionaryPage: Sendable {
  private let bytes: BlockBytes
  private let offsets: [UInt32]
  private let holesOffset: Int  // -1 = no templates
  package let columnID: UInt32
  /// The most numbers that an entry needs.
  package let largestHoles: Int

  package var count: Int { offsets.count - 1 }
  package var cost: Int { bytes.count + offsets.count * 4 + 120 }

  package init(_ header: BlockHeader, _ raw: BlockBytes, file: String, offset: Int64) throws(StoreError) {
    func damage(_ message: String) -> StoreError { .damaged(message, file: file, offset: offset) }
    let count = Int(header.rowCount)
    guard raw.count >= 16, count > 0, count <= ColumnDictionary.pageEntries else {
      throw damage("impossible dictionary page")
    }
    let flags = raw.load(0, as: UInt8.self)
    let width = Int(raw.load(1, as: UInt8.self))
    guard flags <= 1, width <= 32 else { throw damage("unknown flags in a dictionary page") }
    let holesOffset = 16 + BitPacking.byteCount(count, width: width)
    let data = holesOffset + (flags == 1 ? (count + 7) & ~7 : 0)
    guard data <= raw.count, data + Int(raw.load(8, as: UInt32.self)) == raw.count else {
      throw damage("a dictionary page has a wrong length")
    }
    let base = UInt64(raw.load(4, as: UInt32.self))
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count + 1)
    var position = UInt64(data)
    for index in 0..<count {
      offsets.append(UInt32(truncatingIfNeeded: position))
      position += BitPacking.value(raw.base + 16, index, width: width) + base
      guard position <= UInt64(raw.count) else {
        throw damage("the lengths of a dictionary page do not add up")
      }
    }
    offsets.append(UInt32(truncatingIfNeeded: position))
    guard position == UInt64(raw.count) else {
      throw damage("the lengths of a dictionary page do not add up")
    }
    bytes = raw
    columnID = header.columnID
    self.offsets = offsets
    self.holesOffset = flags == 1 ? holesOffset : -1
    var largest = 0
    for index in 0..<count where flags == 1 {
      let holes = Int(raw.load(holesOffset + index, as: UInt8.self))
      guard holes > 0 else { continue }
      let text = UnsafeRawBufferPointer(
        start: raw.base + Int(offsets[index]), count: Int(offsets[index + 1]) - Int(offsets[index]))
      guard TextTemplate.holes(text) == holes else { throw damage("a template has a wrong number of holes") }
      largest = max(largest, holes)
    }
    largestHoles = largest
  }

  /// The bytes of an entry; valid while the page lives.
  @inline(__always)
  package func text(_ index: Int) -> UnsafeRawBufferPointer {
    let start = Int(offsets[index])
    return UnsafeRawBufferPointer(start: bytes.base + start, count: Int(offsets[index + 1]) - start)
  }

  /// Numbers an entry needs.
  @inline(__always)
  package func holes(_ index: Int) -> Int {
    holesOffset < 0 ? 0 : Int(bytes.base.load(fromByteOffset: holesOffset + index, as: UInt8.self))
  }
}
