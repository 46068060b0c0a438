// Owns the layout of a block of texts that are put together of phrases, and the bits it is made of.
// Invariants: a row ends with the code that ends texts; nulls take no bits; the sizes of groups of 16 rows allow access to any row.
//
// 0 u8 flags (bit 0: null bitmap)  1 u8 width of group sizes  2 u16 0  4 u32 base of group sizes  8 u32 bytes of the stream  12 u32 0
// 16 [null bitmap] [packed group sizes in bits] [stream, padded to 8 bytes]

package enum PhraseEncoding {
  package static let headerSize = 16
  /// Rows that are found together: reading one means passing the rows of its group before it.
  package static let groupRows = 16

  package static func groupCount(_ rows: Int) -> Int { (rows + groupRows - 1) / groupRows }

  /// Appends the raw bytes of a block.
  package static func encode(
    texts: UnsafeBufferPointer<TextReference>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int,
    book: PhraseBook, to arena: ByteArena
  ) {
    var stream = BitWriter()
    var sizes: [UInt32] = []
    var before = 0
    for row in texts.indices {
      if !nulls[row] {
        book.write(UnsafeRawBufferPointer(start: texts[row].base, count: texts[row].count), to: &stream)
      }
      if row % groupRows == groupRows - 1 || row == texts.count - 1 {
        sizes.append(UInt32(truncatingIfNeeded: stream.bitCount - before))
        before = stream.bitCount
      }
    }
    stream.finish()
    let base = sizes.min() ?? 0
    let width = BitPacking.width(of: UInt64((sizes.max() ?? 0) - base))
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(base, at: start + 4)
    arena.store(UInt32(stream.arena.count), at: start + 8)
    if nullCount > 0 { NullBitmap.append(rows: texts.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: sizes.count, width: width, to: arena) { UInt64(sizes[$0] - base) }
    arena.append(stream.arena.bytes)
  }

  /// Whether the codes of every group end exactly with it, and what is left of the stream is zero.
  package static func isSound(_ block: DecodedBlock, _ code: PhraseCode) -> Bool {
    let groups = groupCount(block.valueCount)
    for group in 0..<groups {
      var bit = block.groupStart(group)
      let end = block.groupStart(group + 1)
      for value in group * groupRows..<min(block.valueCount, (group + 1) * groupRows)
      where !block.isNull(value: value) {
        while true {
          guard bit < end else { return false }
          let entry = code.next(block.phraseBytes, &bit)
          guard entry >= 0 else { return false }
          if entry == code.end { break }
        }
      }
      guard bit == end else { return false }
    }
    return (block.groupStart(groups)..<block.phraseEnd).allSatisfy { bit in
      block.phraseBytes.load(fromByteOffset: bit >> 3, as: UInt8.self) >> UInt8(7 - bit & 7) & 1 == 0
    }
  }
}

/// Bits one after the other, most significant first.
package struct BitWriter {
  package let arena = ByteArena(capacity: 1 << 14)
  private var word: UInt64 = 0
  private var filled = 0
  /// Bits appended.
  package private(set) var bitCount = 0

  /// Appends the lowest bits of a number, 32 at most.
  @inline(__always)
  package mutating func append(_ value: UInt32, bits: Int) {
    word = word << UInt64(bits) | UInt64(value)
    filled &+= bits
    bitCount &+= bits
    if filled >= 32 {
      let top = UInt32(truncatingIfNeeded: word >> UInt64(filled &- 32))
      arena.reserve(4).storeBytes(of: top.bigEndian, as: UInt32.self)
      arena.advance(4)
      filled &-= 32
    }
  }

  /// Fills up with zeros to a multiple of eight bytes.
  package mutating func finish() {
    if filled > 0 {
      let rest = 32 - filled
      append(0, bits: rest)
      bitCount -= rest
    }
    _ = arena.appendZeros((8 - arena.count % 8) % 8)
  }
}
