// Owns the frame-of-reference encoding of integers.
// Invariants: lossless for every 64-bit value; null slots hold the base and are never read.
//
//  0 u8 flags (bit 0: null bitmap)  1 u8 width  2 u16 0  4 u32 0  8 i64 base  16 [null bitmap] [packed differences]

package enum IntegerEncoding {
  package static let headerSize = 16

  /// Appends the raw bytes of a block; returns the smallest and largest value (0, 0 when all are null).
  package static func encode(
    values: UnsafeBufferPointer<Int64>, nulls: UnsafeBufferPointer<Bool>, nullCount: Int, to arena: ByteArena
  ) -> (minimum: Int64, maximum: Int64) {
    var minimum = Int64.max
    var maximum = Int64.min
    for row in values.indices where !nulls[row] {
      minimum = min(minimum, values[row])
      maximum = max(maximum, values[row])
    }
    if nullCount == values.count { (minimum, maximum) = (0, 0) }
    let range = UInt64(bitPattern: maximum) &- UInt64(bitPattern: minimum)
    let width = BitPacking.width(of: range)
    let start = arena.appendZeros(headerSize)
    arena.store(UInt8(nullCount > 0 ? 1 : 0), at: start)
    arena.store(UInt8(width), at: start + 1)
    arena.store(minimum, at: start + 8)
    if nullCount > 0 { NullBitmap.append(rows: values.count, to: arena) { nulls[$0] } }
    BitPacking.append(count: values.count, width: width, to: arena) {
      nulls[$0] ? 0 : UInt64(bitPattern: values[$0]) &- UInt64(bitPattern: minimum)
    }
    return (minimum, maximum)
  }
}
