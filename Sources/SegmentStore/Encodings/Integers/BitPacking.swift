// Owns numbers packed with a fixed count of bits, least significant first.
// Invariants: width 0 to 64; reading needs 16 bytes behind the packed ones (ByteArena and BlockBytes give them).
// Marked kernel: no bounds are checked here, callers have checked `byteCount(count, width)` against the block.

import CStorageKernels

package enum BitPacking {
  /// Bits needed for a value.
  @inline(__always)
  package static func width(of value: UInt64) -> Int { 64 - value.leadingZeroBitCount }

  /// Bytes that `count` numbers take, padded to eight.
  package static func byteCount(_ count: Int, width: Int) -> Int { ((count * width + 7) / 8 + 7) & ~7 }

  /// Packs numbers behind what the arena holds.
  package static func append(
    count: Int, width: Int, to arena: ByteArena, _ value: (Int) -> UInt64
  ) {
    guard width > 0, count > 0 else { return }
    let size = byteCount(count, width: width)
    let target = arena.reserve(size)
    var word: UInt64 = 0
    var filled = 0
    var offset = 0
    for index in 0..<count {
      let next = value(index)
      word |= next << UInt64(filled)
      filled += width
      if filled >= 64 {
        (target + offset).storeBytes(of: word.littleEndian, as: UInt64.self)
        offset += 8
        filled -= 64
        word = filled == 0 ? 0 : next >> UInt64(width - filled)
      }
    }
    // The last word is written whole: the padding bits are zero and `size` is a multiple of eight.
    if offset < size { (target + offset).storeBytes(of: word.littleEndian, as: UInt64.self) }
    arena.advance(size)
  }

  /// The number at an index.
  @inline(__always)
  package static func value(_ base: UnsafeRawPointer, _ index: Int, width: Int) -> UInt64 {
    guard width > 0 else { return 0 }
    let bit = index &* width
    let byte = bit >> 3
    let shift = bit & 7
    var word =
      UInt64(littleEndian: base.loadUnaligned(fromByteOffset: byte, as: UInt64.self)) >> UInt64(shift)
    if shift &+ width > 64 {
      word |= UInt64(base.load(fromByteOffset: byte &+ 8, as: UInt8.self)) << UInt64(64 &- shift)
    }
    return width == 64 ? word : word & (1 << UInt64(width) &- 1)
  }

  /// Writes the sums of a number and those of a range of indexes.
  package static func unpack(
    _ base: UnsafeRawPointer, _ indexes: Range<Int>, width: Int, adding smallest: UInt64,
    to target: UnsafeMutablePointer<UInt64>
  ) {
    guard width > 0, width <= cstorage_wide_bits else {
      forEach(base, indexes, width: width) { place, number in target[place] = smallest &+ number }
      return
    }
    cstorage_unpack64(base, indexes.lowerBound, indexes.count, UInt32(width), smallest, target)
  }

  /// The same in 32 bits, which the numbers fit.
  package static func unpack(
    _ base: UnsafeRawPointer, _ indexes: Range<Int>, width: Int, adding smallest: UInt32,
    to target: UnsafeMutablePointer<UInt32>
  ) {
    guard width > 0, width <= cstorage_narrow_bits else {
      forEach(base, indexes, width: width) { place, number in
        target[place] = smallest &+ UInt32(truncatingIfNeeded: number)
      }
      return
    }
    cstorage_unpack32(base, indexes.lowerBound, indexes.count, UInt32(width), smallest, target)
  }

  /// Gives the numbers of a range of indexes one after the other, each with its place in the range.
  @inline(__always)
  package static func forEach(
    _ base: UnsafeRawPointer, _ indexes: Range<Int>, width: Int, _ body: (Int, UInt64) -> Void
  ) {
    guard width > 0 else {
      for place in 0..<indexes.count { body(place, 0) }
      return
    }
    // A number of up to 57 bits lies within the eight bytes from the one it begins in.
    guard width <= 57 else {
      for place in 0..<indexes.count { body(place, value(base, indexes.lowerBound &+ place, width: width)) }
      return
    }
    let mask: UInt64 = 1 << UInt64(width) &- 1
    var bit = indexes.lowerBound &* width
    for place in 0..<indexes.count {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
      body(place, word &>> UInt64(bit & 7) & mask)
      bit &+= width
    }
  }
}
