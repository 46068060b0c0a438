// Owns leaving out values of a block that are those of the row before: name and address of a subject stand beside each of its bills.
// Invariants: the first row has a value; a null counts as a value; what is left is encoded as a block of fewer rows.
//
// behind the values: one bit a row, 1 = the row has a value of its own, padded to 8 bytes

/// Which rows of a block have a value of their own.
package struct RepeatedRows: Sendable {
  /// Where the bits begin in the block.
  package let offset: Int
  /// Rows with a value of their own before each 64 rows.
  private let ranks: [UInt16]
  /// Rows with a value of their own.
  package let valueCount: Int

  /// Bytes the bits of so many rows take.
  package static func byteCount(_ rows: Int) -> Int { NullBitmap.byteCount(rows) }

  package var cost: Int { ranks.count * 2 }

  /// Reads the bits; `nil` unless the first row has a value, and nothing stands behind the last.
  package init?(_ raw: BlockBytes, at offset: Int, rows: Int) {
    guard offset >= 0, offset + Self.byteCount(rows) <= raw.count, rows > 0 else { return nil }
    var ranks: [UInt16] = []
    var count = 0
    for start in stride(from: 0, to: rows, by: 64) {
      ranks.append(UInt16(truncatingIfNeeded: count))
      let word = Self.word(raw.base + offset, start >> 6)
      if rows - start < 64, word >> UInt64(rows - start) != 0 { return nil }
      count += word.nonzeroBitCount
    }
    guard Self.word(raw.base + offset, 0) & 1 == 1 else { return nil }
    self.offset = offset
    self.ranks = ranks
    valueCount = count
  }

  @inline(__always)
  private static func word(_ bits: UnsafeRawPointer, _ number: Int) -> UInt64 {
    UInt64(littleEndian: bits.loadUnaligned(fromByteOffset: number &* 8, as: UInt64.self))
  }

  /// The number of the value of a row.
  ///
  /// - Parameter base: the first byte of the block.
  @inline(__always)
  func value(of row: Int, _ base: UnsafeRawPointer) -> Int {
    let word = Self.word(base + offset, row >> 6)
    let upTo = word & (UInt64.max &>> UInt64(63 &- row & 63))
    return Int(ranks[row >> 6]) &+ upTo.nonzeroBitCount &- 1
  }

  /// Spreads the values of consecutive rows, which stand at the beginning of the target, over the rows.
  func spread<Value>(_ rows: Range<Int>, _ base: UnsafeRawPointer, in target: UnsafeMutablePointer<Value>) {
    guard !rows.isEmpty else { return }
    var from = value(of: rows.upperBound - 1, base) - value(of: rows.lowerBound, base)
    for place in (0..<rows.count).reversed() {
      target[place] = target[from]
      let row = rows.lowerBound + place
      if from > 0, Self.word(base + offset, row >> 6) >> UInt64(row & 63) & 1 == 1 { from -= 1 }
    }
  }

  /// Appends the bits.
  package static func append(_ fresh: UnsafeBufferPointer<Bool>, to arena: ByteArena) {
    NullBitmap.append(rows: fresh.count, to: arena) { fresh[$0] }
  }
}
