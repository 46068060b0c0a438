// Owns the two encodings of texts: plain and dictionary.
// Invariants: lossless byte for byte; a null text has length 0 and its own bit, so empty text and null differ.
//
// plain:      0 u8 flags  1 u8 length width  2 u16 0  4 u32 length base  8 u32 data bytes  12 u32 0
//             16 [null bitmap] [packed lengths] [data]
// dictionary: 0 u8 flags  1 u8 index width  2 u8 length width  3 u8 0  4 u32 entries  8 u32 data bytes
//             12 u32 length base  16 [null bitmap] [packed indexes] [packed lengths] [data]

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A text inside memory the encoder's caller keeps alive.
package struct TextReference {
  package var base: UnsafeRawPointer
  package var count: Int
}

package enum TextEncoding {
  package static let headerSize = 16

  /// Appends the raw bytes of a block in whichever encoding is smaller.
  package static func encode(
    texts: UnsafeBufferPointer<TextReference>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int,
    scratch: DictionaryScratch, to arena: ByteArena
  ) -> Encoding {
    if let entries = scratch.build(texts, nulls) {
      encodeDictionary(texts, nulls, nullCount, scratch, entries, arena)
      return .dictionaryText
    }
    return encodePlain(texts: texts, nulls: nulls, nullCount: nullCount, to: arena)
  }

  /// Appends the raw bytes of a plain block.
  package static func encodePlain(
    texts: UnsafeBufferPointer<TextReference>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int,
    to arena: ByteArena
  ) -> Encoding {
    let start = arena.appendZeros(headerSize)
    let lengths = bounds(texts.indices) { texts[$0].count }
    var total = 0
    for text in texts { total += text.count }
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(lengths.width), at: start + 1)
    arena.store(UInt32(lengths.base), at: start + 4)
    arena.store(UInt32(total), at: start + 8)
    if nullCount > 0 { NullBitmap.append(rows: texts.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: texts.count, width: lengths.width, to: arena) {
      UInt64(texts[$0].count - lengths.base)
    }
    for text in texts { arena.append(UnsafeRawBufferPointer(start: text.base, count: text.count)) }
    return .plainText
  }

  private static func encodeDictionary(
    _ texts: UnsafeBufferPointer<TextReference>, _ nulls: UnsafeBufferPointer<Bool>, _ nullCount: Int,
    _ scratch: DictionaryScratch, _ entries: Int, _ arena: ByteArena
  ) {
    let start = arena.appendZeros(headerSize)
    let width = BitPacking.width(of: UInt64(max(0, entries - 1)))
    let lengths = bounds(0..<entries) { texts[Int(scratch.entryRows[$0])].count }
    var total = 0
    for entry in 0..<entries { total += texts[Int(scratch.entryRows[entry])].count }
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(UInt8(lengths.width), at: start + 2)
    arena.store(UInt32(entries), at: start + 4)
    arena.store(UInt32(total), at: start + 8)
    arena.store(UInt32(lengths.base), at: start + 12)
    if nullCount > 0 { NullBitmap.append(rows: texts.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: texts.count, width: width, to: arena) { UInt64(scratch.indexes[$0]) }
    BitPacking.append(count: entries, width: lengths.width, to: arena) {
      UInt64(texts[Int(scratch.entryRows[$0])].count - lengths.base)
    }
    for entry in 0..<entries {
      let text = texts[Int(scratch.entryRows[entry])]
      arena.append(UnsafeRawBufferPointer(start: text.base, count: text.count))
    }
  }

  private static func bounds(_ range: Range<Int>, _ length: (Int) -> Int) -> (base: Int, width: Int) {
    guard let first = range.first else { return (0, 0) }
    var low = length(first)
    var high = low
    for index in range {
      low = min(low, length(index))
      high = max(high, length(index))
    }
    return (low, BitPacking.width(of: UInt64(high - low)))
  }
}

/// Memory for finding the distinct texts of a block, reused from block to block. Marked kernel: every index is below the
/// capacity the memory was made with.
package final class DictionaryScratch {
  private static let tableSize = 2 * ColumnBlockLimits.rows
  private let table = UnsafeMutablePointer<Int32>.allocate(capacity: DictionaryScratch.tableSize)
  private let hashes = UnsafeMutablePointer<UInt32>.allocate(capacity: ColumnBlockLimits.rows)
  /// For each row the index of its entry.
  package let indexes = UnsafeMutablePointer<UInt32>.allocate(capacity: ColumnBlockLimits.rows)
  /// For each entry the first row that has it.
  package let entryRows = UnsafeMutablePointer<UInt32>.allocate(capacity: ColumnBlockLimits.rows)

  package init() {}

  deinit {
    table.deallocate()
    hashes.deallocate()
    indexes.deallocate()
    entryRows.deallocate()
  }

  /// A cheap hash over the ends of a text: equality is always decided on the bytes.
  @inline(__always)
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let count = bytes.count
    guard let base = bytes.baseAddress, count > 0 else { return 0 }
    var mixed = UInt64(count) &* 0x9E37_79B1_85EB_CA87
    if count >= 8 {
      mixed ^= base.loadUnaligned(as: UInt64.self) &* 0xC2B2_AE3D_27D4_EB4F
      mixed = (mixed ^ mixed >> 29) &* 0x1656_67B1_9E37_79F9
      mixed ^= base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      mixed = (mixed ^ mixed >> 32) &* 0x9E37_79B1_85EB_CA87
      if count >= 24 {
        mixed ^= base.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self)
        mixed = (mixed ^ mixed >> 29) &* 0xC2B2_AE3D_27D4_EB4F
        mixed ^= base.loadUnaligned(fromByteOffset: count >> 1 &- 4, as: UInt64.self)
        mixed = (mixed ^ mixed >> 32) &* 0x1656_67B1_9E37_79F9
      }
    } else {
      for byte in bytes { mixed = (mixed ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    return UInt32(truncatingIfNeeded: mixed ^ mixed >> 32)
  }

  /// Finds distinct texts in order of appearance; `nil` when a dictionary would not pay.
  package func build(
    _ texts: UnsafeBufferPointer<TextReference>, _ nulls: UnsafeBufferPointer<Bool>
  ) -> Int? {
    let rows = texts.count
    guard rows <= ColumnBlockLimits.rows else { return nil }
    // Twice as many slots as there can be entries (half of the rows), so that probing stays short.
    var slots = 64
    while slots < rows { slots *= 2 }
    let mask = slots - 1
    table.update(repeating: -1, count: slots)
    let limit = max(1, rows / 2)
    var entries = 0
    for row in 0..<rows {
      let text = texts[row]
      let hash = Self.hash(UnsafeRawBufferPointer(start: text.base, count: text.count))
      var slot = Int(hash) & mask
      while true {
        let entry = table[slot]
        if entry < 0 {
          guard entries < limit, row < 64 || entries * 8 <= row * 7 else { return nil }
          table[slot] = Int32(entries)
          entryRows[entries] = UInt32(row)
          hashes[entries] = hash
          indexes[row] = UInt32(entries)
          entries += 1
          break
        }
        if hashes[Int(entry)] == hash {
          let other = texts[Int(entryRows[Int(entry)])]
          if other.count == text.count, memcmp(other.base, text.base, text.count) == 0 {
            indexes[row] = UInt32(entry)
            break
          }
        }
        slot = (slot + 1) & mask
      }
    }
    return entries
  }
}
