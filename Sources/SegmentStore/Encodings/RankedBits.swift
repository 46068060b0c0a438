// Owns bits of a block of which it is known how many stand before each: which values are marked, and the how manieth of them a value is.
// Invariants: bits behind the last are 0; every question is answered from one word and one count. Marked kernel: places lie below `count`, and the block lives.
// Does not know what a mark means.

/// Bits of a block with their ranks.
struct RankedBits: Sendable {
  /// Where the bits begin in the block.
  let offset: Int
  /// Bits set before each 64.
  private let ranks: [UInt16]
  /// Bits set.
  let marked: Int

  /// Bytes that so many bits take.
  static func byteCount(_ count: Int) -> Int { NullBitmap.byteCount(count) }

  var cost: Int { ranks.count * 2 }

  /// Reads the bits; `nil` where the block has less, or something stands behind the last.
  init?(_ raw: BlockBytes, at offset: Int, count: Int) {
    // Ranks are 16 bits: no block has more rows.
    guard offset >= 0, count <= ColumnBlockLimits.rows, offset + Self.byteCount(count) <= raw.count else {
      return nil
    }
    var ranks: [UInt16] = []
    ranks.reserveCapacity((count + 63) >> 6)
    var marked = 0
    for start in stride(from: 0, to: count, by: 64) {
      ranks.append(UInt16(truncatingIfNeeded: marked))
      let word = Self.word(raw.base + offset, start >> 6)
      if count - start < 64, word >> UInt64(count - start) != 0 { return nil }
      marked += word.nonzeroBitCount
    }
    self.offset = offset
    self.ranks = ranks
    self.marked = marked
  }

  @inline(__always)
  private static func word(_ bits: UnsafeRawPointer, _ number: Int) -> UInt64 {
    UInt64(littleEndian: bits.loadUnaligned(fromByteOffset: number &* 8, as: UInt64.self))
  }

  /// Whether a place is marked.
  ///
  /// - Parameter base: the first byte of the block.
  @inline(__always)
  func contains(_ place: Int, _ base: UnsafeRawPointer) -> Bool {
    Self.word(base + offset, place >> 6) >> UInt64(place & 63) & 1 == 1
  }

  /// How many places before this one are marked.
  @inline(__always)
  func rank(_ place: Int, _ base: UnsafeRawPointer) -> Int {
    let before = Self.word(base + offset, place >> 6) & (1 &<< UInt64(place & 63) &- 1)
    return Int(ranks[place >> 6]) &+ before.nonzeroBitCount
  }

  /// Visits the marked places of a range, ascending.
  @inline(__always)
  func forEach(in range: Range<Int>, _ base: UnsafeRawPointer, _ body: (Int) -> Void) {
    var first = range.lowerBound
    while first < range.upperBound {
      let start = first & ~63
      var word = Self.word(base + offset, first >> 6) & (UInt64.max &<< UInt64(first & 63))
      if range.upperBound - start < 64 { word &= 1 &<< UInt64(range.upperBound - start) &- 1 }
      while word != 0 {
        body(start &+ word.trailingZeroBitCount)
        word &= word &- 1
      }
      first = start + 64
    }
  }
}
