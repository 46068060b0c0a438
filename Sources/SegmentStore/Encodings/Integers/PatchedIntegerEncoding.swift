// Owns the encoding of integers of which few are far from the others: packed low parts, and the high parts of exceptions.
// Invariants: lossless for every 64-bit value (differences wrap around); nulls have low part 0 and are no exceptions.
//
// 0 u8 flags (bit 0: null bitmap)  1 u8 width  2 u8 high width  3 u8 0  4 u32 exceptions  8 i64 base
// 16 [null bitmap] [packed low parts] [packed rows of exceptions, 13 bits] [packed high parts]

/// Patched frame of reference (after Zukowski and others, "Super-Scalar RAM-CPU Cache Compression", 2006).
package enum PatchedIntegerEncoding {
  package static let headerSize = 16
  /// Bits of the row of an exception: blocks have at most 8,192 rows.
  package static let rowBits = 13

  /// How a block would be patched.
  package struct Plan {
    package var base: Int64
    package var width: Int
    package var highWidth: Int
    package var exceptions: Int
    /// Bits of the packed parts.
    package var bits: Int
  }

  /// The cheapest width for a base.
  ///
  /// - Parameter base: any value; those below it become exceptions.
  package static func plan(
    _ values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>, base: Int64
  ) -> Plan {
    // Rows by the bits of their difference.
    var histogram = InlineArray<65, Int>(repeating: 0)
    for row in values.indices where !nulls[row] {
      histogram[BitPacking.width(of: UInt64(bitPattern: values[row] &- base))] &+= 1
    }
    var widest = 64
    while widest > 0, histogram[widest] == 0 { widest -= 1 }
    var best = Plan(base: base, width: widest, highWidth: 0, exceptions: 0, bits: values.count * widest)
    var exceptions = 0
    var width = widest
    while width > 0 {
      exceptions += histogram[width]
      width -= 1
      let bits = values.count * width + exceptions * (rowBits + widest - width)
      if bits < best.bits, exceptions < values.count {
        best = Plan(
          base: base, width: width, highWidth: widest - width, exceptions: exceptions, bits: bits)
      }
    }
    return best
  }

  /// Appends the raw bytes of a block.
  package static func encode(
    _ values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int, plan: Plan,
    to arena: ByteArena
  ) {
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(plan.width), at: start + 1)
    arena.store(UInt8(plan.highWidth), at: start + 2)
    arena.store(UInt32(plan.exceptions), at: start + 4)
    arena.store(plan.base, at: start + 8)
    if nullCount > 0 { NullBitmap.append(rows: values.count, to: arena) { nulls[$0] } }
    let mask: UInt64 = 1 << UInt64(plan.width) - 1
    func difference(_ row: Int) -> UInt64 {
      nulls[row] ? 0 : UInt64(bitPattern: values[row] &- plan.base)
    }
    BitPacking.append(count: values.count, width: plan.width, to: arena) { difference($0) & mask }
    let rows = values.indices.filter { difference($0) > mask }
    BitPacking.append(count: rows.count, width: rowBits, to: arena) { UInt64(rows[$0]) }
    BitPacking.append(count: rows.count, width: plan.highWidth, to: arena) {
      difference(rows[$0]) >> UInt64(plan.width)
    }
  }
}
