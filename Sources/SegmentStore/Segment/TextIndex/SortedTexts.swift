// Owns a block of an index: texts in their order, each with a row that has it.
// Invariants: texts ascend by (length in bytes, bytes, key of the row); groups of eight can be read without those before; lengths are checked
// before a byte is copied. Marked kernel: packed rows have 16 readable bytes behind them.
// Does not find texts (TextIndexWalk).
//
// 0 u8 row width  1 u8 0  2 u16 runs of equal length  4 u32 bytes of all rests
// 8 [u16 first text, u16 length] for each run  [u8 bytes shared with the text before] for each text, padded to 8  [packed rows]  [rests]

package enum SortedTexts {
  /// Texts of a block; the last one of a part has fewer.
  package static let blockTexts = 256
  /// Texts of a group, the first of which shares nothing with the one before. Lists of pairs name groups: smaller ones make the lists longer, larger
  /// ones hold more often all pairs of a text that is not in them.
  package static let groupTexts = 8
  /// Bytes of a text at most.
  package static let maximumTextBytes = 4096

  /// Below 0 when a text comes before another, 0 when they are equal: by length in bytes, then by bytes.
  @inline(__always)
  package static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    left.count != right.count ? left.count - right.count : ByteSearch.order(left, right)
  }

  /// A text of an index, while the index is made.
  package struct Entry {
    package var key: UInt128
    /// Where its bytes begin, and how many they are: 32 bits each, because there is one of these for every name of a city.
    private var start: UInt32
    private var length: UInt32
    package var row: UInt32

    package init(offset: Int, count: Int, row: UInt32, key: UInt128) {
      start = UInt32(truncatingIfNeeded: offset)
      length = UInt32(truncatingIfNeeded: count)
      self.row = row
      self.key = key
    }

    @inline(__always)
    package var offset: Int { Int(start) }
    @inline(__always)
    package var count: Int { Int(length) }
  }

  /// Appends the raw bytes of a block.
  ///
  /// - Parameter texts: where the bytes of the entries lie.
  package static func encode(
    _ entries: ArraySlice<Entry>, texts: UnsafeRawPointer, to arena: ByteArena
  ) {
    var runs: [(first: Int, length: Int)] = []
    var shared: [UInt8] = []
    var rests = 0
    var largest: UInt32 = 0
    var previous: Entry?
    for (place, entry) in entries.enumerated() {
      if runs.last?.length != entry.count { runs.append((place, entry.count)) }
      var common = 0
      if let previous, !place.isMultiple(of: groupTexts) {
        let limit = min(previous.count, entry.count, 255)
        while common < limit, byte(texts, previous, common) == byte(texts, entry, common) { common += 1 }
      }
      shared.append(UInt8(truncatingIfNeeded: common))
      rests += entry.count - common
      largest = max(largest, entry.row)
      previous = entry
    }
    let width = BitPacking.width(of: UInt64(largest))
    let start = arena.appendZeros((8 + runs.count * 4 + entries.count + 7) & ~7)
    arena.store(UInt8(width), at: start)
    arena.store(UInt16(truncatingIfNeeded: runs.count), at: start + 2)
    arena.store(UInt32(truncatingIfNeeded: rests), at: start + 4)
    for (index, run) in runs.enumerated() {
      arena.store(UInt16(truncatingIfNeeded: run.first), at: start + 8 + index * 4)
      arena.store(UInt16(truncatingIfNeeded: run.length), at: start + 10 + index * 4)
    }
    for (place, common) in shared.enumerated() {
      arena.store(common, at: start + 8 + runs.count * 4 + place)
    }
    BitPacking.append(count: entries.count, width: width, to: arena) {
      UInt64(entries[entries.startIndex + $0].row)
    }
    for (place, entry) in entries.enumerated() {
      let common = Int(shared[place])
      arena.append(
        UnsafeRawBufferPointer(start: texts + entry.offset + common, count: entry.count - common))
    }
  }

  @inline(__always)
  private static func byte(_ texts: UnsafeRawPointer, _ entry: Entry, _ place: Int) -> UInt8 {
    texts.load(fromByteOffset: entry.offset + place, as: UInt8.self)
  }
}

/// A block of sorted texts, checked and ready to read.
package final class SortedTextBlock: Sendable {
  private let bytes: BlockBytes
  package let count: Int
  private let lengths: [UInt16]
  private let sharedOffset: Int
  private let rowWidth: Int
  private let rowsOffset: Int
  /// Where the rests of each group begin.
  private let groupOffsets: [Int]

  package var groupCount: Int { groupOffsets.count }
  package var cost: Int { bytes.count + count * 2 + groupOffsets.count * 8 + 160 }

  package init(
    _ header: BlockHeader, _ raw: BlockBytes, rowLimit: UInt32, file: String, offset: Int64
  ) throws(StoreError) {
    func damage(_ message: String) -> StoreError { .damaged(message, file: file, offset: offset) }
    let count = Int(header.rowCount)
    guard raw.count >= 8, count > 0, count <= SortedTexts.blockTexts else {
      throw damage("an impossible block of sorted texts")
    }
    let width = Int(raw.load(0, as: UInt8.self))
    let runs = Int(raw.load(2, as: UInt16.self))
    let head = (8 + runs * 4 + count + 7) & ~7
    let rests = head + BitPacking.byteCount(count, width: width)
    guard raw.load(1, as: UInt8.self) == 0, width <= 32, runs > 0, runs <= count, rests <= raw.count,
      rests + Int(raw.load(4, as: UInt32.self)) == raw.count
    else { throw damage("a block of sorted texts has a wrong length") }
    var lengths: [UInt16] = []
    lengths.reserveCapacity(count)
    for run in 0..<runs {
      let first = Int(raw.load(8 + run * 4, as: UInt16.self))
      let end = run + 1 < runs ? Int(raw.load(12 + run * 4, as: UInt16.self)) : count
      let length = raw.load(10 + run * 4, as: UInt16.self)
      guard first == lengths.count, end > first, end <= count, length > lengths.last ?? 0,
        Int(length) <= SortedTexts.maximumTextBytes
      else { throw damage("the lengths of sorted texts do not ascend") }
      lengths.append(contentsOf: repeatElement(length, count: end - first))
    }
    let sharedOffset = 8 + runs * 4
    var groups: [Int] = []
    var place = rests
    for index in 0..<count {
      let shared = UInt16(raw.load(sharedOffset + index, as: UInt8.self))
      if index.isMultiple(of: SortedTexts.groupTexts) { groups.append(place) }
      let limit = index.isMultiple(of: SortedTexts.groupTexts) ? 0 : lengths[index - 1]
      guard shared <= limit, shared <= lengths[index] else { throw damage("sorted texts share too much") }
      place += Int(lengths[index] - shared)
    }
    guard place == raw.count else { throw damage("the rests of sorted texts do not add up") }
    var isSound = true
    BitPacking.forEach(raw.base + head, 0..<count, width: width) { _, row in
      if row >= UInt64(rowLimit) { isSound = false }
    }
    guard isSound else { throw damage("a sorted text names a row that is not there") }
    bytes = raw
    self.count = count
    self.lengths = lengths
    self.sharedOffset = sharedOffset
    rowWidth = width
    rowsOffset = head
    groupOffsets = groups
  }

  /// The row of a text.
  package func row(_ index: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: BitPacking.value(bytes.base + rowsOffset, index, width: rowWidth))
  }

  /// Compares the first text of a group with another by length and bytes: below 0 when it comes before.
  package func order(firstOf group: Int, _ other: UnsafeRawBufferPointer) -> Int {
    let length = Int(lengths[group * SortedTexts.groupTexts])
    return SortedTexts.order(
      UnsafeRawBufferPointer(start: bytes.base + groupOffsets[group], count: length), other)
  }

  /// Whether some text of a group may have the bytes that are looked for; false only when none has them.
  ///
  /// In the first text of a group that has them they end behind what it shares with the text before, which else would have them too: they stand in
  /// its rest, or its rest begins with an end of them. So texts need not be put together to tell that none has them.
  package func mayContain(_ wanted: WantedBytes, group: Int) -> Bool {
    let begin = groupOffsets[group]
    let end = group + 1 < groupOffsets.count ? groupOffsets[group + 1] : bytes.count
    if wanted.occur(in: UnsafeRawBufferPointer(start: bytes.base + begin, count: end - begin)) { return true }
    let first = group * SortedTexts.groupTexts
    var place = begin
    for index in first..<min(count, first + SortedTexts.groupTexts) {
      let shared = Int(bytes.base.load(fromByteOffset: sharedOffset + index, as: UInt8.self))
      let rest = Int(lengths[index]) - shared
      if shared > 0, wanted.endBegins(UnsafeRawBufferPointer(start: bytes.base + place, count: rest)) {
        return true
      }
      place += rest
    }
    return false
  }

  /// Puts the texts of a group together.
  package func read(group: Int, into texts: GroupOfTexts) {
    let first = group * SortedTexts.groupTexts
    let end = min(count, first + SortedTexts.groupTexts)
    var total = 0
    for index in first..<end { total += Int(lengths[index]) }
    texts.removeAll(reserving: total)
    var place = groupOffsets[group]
    for index in first..<end {
      let length = Int(lengths[index])
      let shared = Int(bytes.base.load(fromByteOffset: sharedOffset + index, as: UInt8.self))
      texts.append(sharing: shared, bytes.base + place, count: length - shared)
      place += length - shared
    }
  }
}
